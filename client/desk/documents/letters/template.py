"""Letters as data: text with named fields. Filling in is cutting and joining; nothing in a field is ever read again."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

LANGUAGES = ("ru", "en")

_FIELD = re.compile(r"\{([a-z_]+)\}")


class ConditionalParagraph(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A paragraph for letters in which the field `known` has a value, or for this country; empty: for all."""

    text: str
    known: str = ""
    country: str = ""


class LetterTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A letter with named fields: recipient and sender, title, paragraphs."""

    to: list[str]
    title: str
    body: list[str | ConditionalParagraph]

    def fields(self) -> set[str]:
        """Return the names of all fields in the text and in the conditions of paragraphs."""
        parts = [part if isinstance(part, ConditionalParagraph) else ConditionalParagraph(part) for part in self.body]
        texts = [*self.to, self.title, *(part.text for part in parts)]
        conditions = {part.known for part in parts if part.known}
        return conditions | {name for text in texts for name in _FIELD.findall(text)}


class LetterTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of fields, and terms that stand in them, by language. `{}` in a term is its only gap."""

    fields: dict[str, dict[str, str]]
    terms: dict[str, dict[str, str]]

    def fill_term(self, key: str, language: str, value: str = "") -> str:
        return self.terms[key][language].replace("{}", value) if key in self.terms else value


@dataclass(frozen=True, slots=True)
class FilledLetter:
    """A letter that is filled in. A field without a value is marked in the text and named in `gaps`."""

    kind: str
    language: str
    to: str
    title: str
    paragraphs: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(part for part in (self.to, self.title, *self.paragraphs) if part) + "\n"


def list_templates() -> list[tuple[str, str]]:
    """Return the kind and language of every template, sorted."""
    names = (entry.name.split(".") for entry in _folder().joinpath("texts").iterdir())
    return sorted((kind, language) for kind, language, _ in names)


@cache
def load_template(kind: str, language: str) -> LetterTemplate:
    """Return a template. Raises FileNotFoundError when the kind does not exist in this language."""
    return msgspec.json.decode(_folder().joinpath("texts", f"{kind}.{language}.json").read_bytes(), type=LetterTemplate)


@cache
def load_terms() -> LetterTerms:
    """Return the names of the fields and the terms, in all languages."""
    return msgspec.json.decode(_folder().joinpath("words.json").read_bytes(), type=LetterTerms)


def fill_template(kind: str, language: str, known: Mapping[str, str], country: str) -> FilledLetter:
    """Return the letter with the fields filled in. `known`: field to words; a field is empty when nobody stated it."""
    template = load_template(kind, language)
    gaps: dict[str, None] = {}
    to = "\n".join(_fill_gaps(text, language, known, gaps) for text in template.to)
    paragraphs = tuple(_fill_gaps(text, language, known, gaps) for text in _select_paragraphs(template, known, country))
    return FilledLetter(kind, language, to, template.title, paragraphs, tuple(gaps))


def _select_paragraphs(template: LetterTemplate, known: Mapping[str, str], country: str) -> Iterator[str]:
    for part in template.body:
        if isinstance(part, str):
            yield part
        elif (not part.known or known.get(part.known)) and part.country in ("", country):
            yield part.text


def join_fields(text: str, value: Callable[[str], str]) -> str:
    """Return the text with each `{field}` replaced by `value(field)`, in their order, as it is."""
    pieces = _FIELD.split(text)
    pieces[1::2] = map(value, pieces[1::2])
    return "".join(pieces)


def _fill_gaps(text: str, language: str, known: Mapping[str, str], gaps: dict[str, None]) -> str:
    def value(field: str) -> str:
        if known.get(field):
            return _separate_rtl(known[field])
        gaps[field] = None
        return _separate_rtl(load_terms().fill_term("gap", language, load_terms().fields[field][language]))

    return join_fields(text, value)


def _separate_rtl(value: str) -> str:
    """Put a value that is written from right to left on a line of its own.

    In the middle of a line, programs that lay out text do not agree where its numbers and commas go.
    """
    is_rtl = any(unicodedata.bidirectional(character) in ("R", "AL") for character in value)
    return f"\n{value}\n" if is_rtl else value


def _folder() -> Traversable:
    return files(__package__)
