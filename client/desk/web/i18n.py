"""The desk's own words in the caseworker's language: one JSON file each, the same keys in all of them."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.core import Locale
from babel.plural import PluralRule

FOLDER = Path(__file__).parent / "locales"
LANGUAGES = ("ru", "en")
DEFAULT = "en"


class NoSuchWords(KeyError):
    """A key that stands in no file of words: a mistake in the program, not of a person."""


@cache
def load_words(language: str) -> Mapping[str, str]:
    """Load the words of a language: key to words, keys joined by dots."""
    return dict(_flatten(json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))))


def _flatten(tree: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in tree.items():
        rows += _flatten(value, f"{before}{key}.") if isinstance(value, Mapping) else [(before + key, str(value))]
    return rows


class Speech:
    """One language: `say("board.title")`, `say.count("case.people", 3)`, `say.term("stage", "van")`."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else DEFAULT
        self._words = load_words(self.language)

    def __call__(self, key: str, **values: object) -> str:
        if key not in self._words:
            raise NoSuchWords(key)
        return self._words[key].format(**values) if values else self._words[key]

    def count(self, key: str, number: int, **values: object) -> str:
        """Return words with a number in them; `key` has a form for each plural of the language. Raises NoSuchWords."""
        return self(f"{key}.{choose_plural(self.language, number)}", n=f"{number:,}".replace(",", "\u202f"), **values)

    def term(self, kind: str, value: object) -> str:
        """Return a word of a fixed list in this language, or the value itself: a newer phone may know more of them."""
        return self._words.get(f"{kind}.{value}", str(value))

    def has_key(self, key: str) -> bool:
        """Tell whether this key has words."""
        return key in self._words


@lru_cache(1_024)
def choose_plural(language: str, number: int) -> str:
    """Return the form of CLDR for a whole number: `one`, `few` or `many`. Its `other` stands under `many` here."""
    form = _plural_rule(language)(number)
    return "many" if form == "other" else form


@cache
def _plural_rule(language: str) -> PluralRule:
    return Locale.parse(language).plural_form


def choose_language(accepted: str) -> str:
    """Return the first of our languages that a browser asks for (the header Accept-Language), else `en`."""
    wanted = [part.partition(";")[0].strip().lower()[:2] for part in accepted.split(",")]
    return next((language for language in wanted if language in LANGUAGES), DEFAULT)
