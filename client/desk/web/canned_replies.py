"""Replies that are written beforehand, in the reporter's language: `reply_texts/*.json`, each with the same keys."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from client.desk.documents.letters.template import join_fields

FOLDER = Path(__file__).parent / "reply_texts"
LANGUAGES = ("ru", "en", "uk", "be", "kk", "fa")
# Template -> the status that the reporter's phone shows; the order is that of the keys 1 to 4.
TEMPLATES = {"received": "received", "lawyer": "lawyer", "rights": "received", "released": "received"}


@cache
def _load_texts(language: str) -> Mapping[str, Any]:
    texts: Mapping[str, Any] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return texts


def find_name(language: str) -> str:
    """Return the name of a language in its own words."""
    return str(_load_texts(language)["name"])


def find_direction(language: str) -> str:
    """Return the direction of writing of a language, `ltr` or `rtl`."""
    return str(_load_texts(language)["dir"])


def fill_reply(template: str, language: str, *, lawyer: str = "", country: str = "") -> str:
    """Return the text of a reply. `country`: of the station, empty when nobody knows it; then no law is named."""
    texts = _load_texts(language)
    law = texts["laws"].get(country, "")
    text: str = texts[f"{template}_named" if template == "lawyer" and lawyer else template]
    values = {"law": f" ({law})" if law else "", "lawyer": lawyer}
    return join_fields(text, values.__getitem__)


def choose_language(spoken: Iterable[str], own: Iterable[str]) -> str:
    """Return the first language that has replies: of the reporter's, else of the organisation's, else `ru`."""
    codes = (code.strip().lower().replace("_", "-").partition("-")[0] for code in (*spoken, *own))
    return next((code for code in codes if code in LANGUAGES), "ru")
