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


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A paragraph that stands there only when this field is known, or for this country."""

    text: str
    known: str = ""
    country: str = ""


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom, from whom; the title; paragraphs."""

    to: list[str]
    title: str
    body: list[str | Part]

    def fields(self) -> set[str]:
        """Every field that is named."""
        parts = [part if isinstance(part, Part) else Part(part) for part in self.body]
        texts = [*self.to, self.title, *(part.text for part in parts)]
        conditions = {part.known for part in parts if part.known}
        return conditions | {name for text in texts for name in _FIELD.findall(text)}


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What fields are called, and words that are put into them, by language. `{}` in a word is its one gap."""

    fields: dict[str, dict[str, str]]
    terms: dict[str, dict[str, str]]

    def term(self, key: str, language: str, value: str = "") -> str:
        return self.terms[key][language].replace("{}", value) if key in self.terms else value


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it stands: what is not known is marked in the text and named in `gaps`."""

    kind: str
    language: str
    to: str
    title: str
    paragraphs: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(part for part in (self.to, self.title, *self.paragraphs) if part) + "\n"


def kinds() -> list[tuple[str, str]]:
    """Every letter there is: kind and language."""
    names = (entry.name.split(".") for entry in _folder().joinpath("texts").iterdir())
    return sorted((kind, language) for kind, language, _ in names)


@cache
def template(kind: str, language: str) -> Template:
    """Raises FileNotFoundError for a letter that does not exist in this language."""
    return msgspec.json.decode(_folder().joinpath("texts", f"{kind}.{language}.json").read_bytes(), type=Template)


@cache
def words() -> Words:
    return msgspec.json.decode(_folder().joinpath("words.json").read_bytes(), type=Words)


def fill(kind: str, language: str, known: Mapping[str, str], country: str) -> Letter:
    """The letter with everything that is known. `known`: field to words, empty for what is not known."""
    form = template(kind, language)
    gaps: dict[str, None] = {}
    to = "\n".join(_joined(text, language, known, gaps) for text in form.to)
    paragraphs = tuple(_joined(text, language, known, gaps) for text in _standing(form, known, country))
    return Letter(kind, language, to, form.title, paragraphs, tuple(gaps))


def _standing(form: Template, known: Mapping[str, str], country: str) -> Iterator[str]:
    for part in form.body:
        if isinstance(part, str):
            yield part
        elif (not part.known or known.get(part.known)) and part.country in ("", country):
            yield part.text


def join_fields(text: str, value: Callable[[str], str]) -> str:
    """Return the text with each `{field}` replaced by `value(field)`, in their order, as it is."""
    pieces = _FIELD.split(text)
    pieces[1::2] = map(value, pieces[1::2])
    return "".join(pieces)


def _joined(text: str, language: str, known: Mapping[str, str], gaps: dict[str, None]) -> str:
    def value(field: str) -> str:
        if known.get(field):
            return _apart(known[field])
        gaps[field] = None
        return _apart(words().term("gap", language, words().fields[field][language]))

    return join_fields(text, value)


def _apart(value: str) -> str:
    """A value that is written from right to left gets a line of its own: in the middle of a line, programs that lay
    out text do not agree where its numbers and commas go."""
    is_rtl = any(unicodedata.bidirectional(one) in ("R", "AL") for one in value)
    return f"\n{value}\n" if is_rtl else value


def _folder() -> Traversable:
    return files(__package__)
