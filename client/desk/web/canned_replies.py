"""Answers that stand ready, in the reporter's language: `reply_texts/*.json`, the same keys in all of them."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from client.desk.documents.letters.template import join_fields

FOLDER = Path(__file__).parent / "reply_texts"
LANGUAGES = ("ru", "en", "uk", "be", "kk", "fa")
# Template -> the status the reporter's phone is told; the order is that of the keys 1 to 4.
TEMPLATES = {"received": "received", "lawyer": "lawyer", "rights": "received", "released": "received"}


@cache
def _ready(language: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def name(language: str) -> str:
    """The language in its own words."""
    return str(_ready(language)["name"])


def direction(language: str) -> str:
    """`ltr` or `rtl`."""
    return str(_ready(language)["dir"])


def fill(template: str, language: str, *, lawyer: str = "", country: str = "") -> str:
    """The words of a template. `country`: of the station, when it is known; only then a law is named."""
    ready = _ready(language)
    law = ready["laws"].get(country, "")
    text: str = ready[f"{template}_named" if template == "lawyer" and lawyer else template]
    values = {"law": f" ({law})" if law else "", "lawyer": lawyer}
    return join_fields(text, values.__getitem__)


def choose(spoken: Iterable[str], own: Iterable[str]) -> str:
    """The first language in which answers stand ready: of those the reporter speaks, else of the organisation's."""
    codes = (one.strip().lower().replace("_", "-").partition("-")[0] for one in (*spoken, *own))
    return next((code for code in codes if code in LANGUAGES), "ru")
