"""What rows of the desk's tables are made of, decoded once: a letter as it was kept, the rows of a case.

Between the envelope and the board nobody decodes a letter again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import msgspec

from client.desk.cases.people import Fact
from client.organisation.records import Letter, Page
from keys import message
from keys.envelope import commit, unframe
from keys.errors import TocsinError
from keys.message import Amend, AnyMessage, Read, Report


@dataclass(frozen=True, slots=True)
class DecodedLetter:
    """A letter as it was kept, with what is in it. `header`: SHA-256 of the header. `message`: None for what no case is
    made of, which the inbox would have put aside; `other`: header fields that this version does not know."""

    letter: Letter
    commitment: bytes
    header: bytes
    case: str
    message: Report | Amend | None = field(repr=False)
    other: dict[str, Any] = field(repr=False)

    def copy(self, letter: Letter) -> "DecodedLetter":
        """Return the same content as it came in another envelope."""
        return replace(self, letter=letter)


def decode(letter: Letter) -> DecodedLetter:
    """Decode a letter. What cannot be decoded has no message."""
    return _decode(letter, commit(letter.content), None)


def decode_all(letters: Iterable[Letter | DecodedLetter]) -> Iterator[DecodedLetter]:
    """Decode those letters that are not decoded yet."""
    for one in letters:
        yield one if isinstance(one, DecodedLetter) else decode(one)


def decode_page(page: Page) -> list[DecodedLetter]:
    """The letters of a page; what the inbox decoded to sort them is not decoded again."""
    if len(page.read) != len(page.letters):
        return [decode(one) for one in page.letters]
    return [_decode(one, commitment, read) for one, (commitment, read) in zip(page.letters, page.read, strict=True)]


def _decode(letter: Letter, commitment: bytes, read: Read | None) -> DecodedLetter:
    header, case = b"", ""
    said: AnyMessage | None = None
    other: dict[str, Any] = {}
    try:
        _, raw, _ = unframe(letter.content)
        header = hashlib.sha256(raw).digest()
        if read is None:
            fields = msgspec.json.decode(raw)
            case = fields["case"]  # also of a kind that this version cannot read
            read = message.read(fields)
        said, other = read.message, read.other
    except (TocsinError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AttributeError, KeyError, TypeError):
        pass
    if isinstance(said, Report | Amend):
        return DecodedLetter(letter, commitment, header, said.case, said, other)
    return DecodedLetter(letter, commitment, header, case if isinstance(case, str) else "", None, other)


class LetterRow(NamedTuple):
    """A row of `letter`, as far as it tells of its case."""

    number: int
    case: str
    id: str
    kind: str
    seq: int
    at: int
    said: int
    pulled: int
    practice: int
    doubt: int
    last_resort: int
    reply_until: int | None
    repeated: int
    other: str


class EntryRow(NamedTuple):
    """A row of `entry` about a case. `at` never runs back: entries have an order, and a clock may be set back."""

    number: int
    id: str
    ord: str
    at: int
    by: str
    kind: str
    what: Mapping[str, Any]


_WORDLESS = frozenset({"assigned", "marked", "viewed"})  # entries that add nothing to what is known of a case


@dataclass(slots=True)
class CaseRows:
    """A case's rows as they were read: letters and facts in the order in which they were said, entries in theirs."""

    letters: list[LetterRow] = field(default_factory=list)
    facts: list[tuple[Fact, bool]] = field(default_factory=list)  # and whether it fits
    done: list[EntryRow] = field(default_factory=list)
    number: int = 0
    is_broken: bool = False

    def broken(self) -> "CaseRows":
        """The same case, of which nothing is known but that these letters came."""
        done = [one for one in self.done if one.kind in _WORDLESS]
        return CaseRows(self.letters, [], done, self.number, is_broken=True)


class Values:
    """Values of facts by their JSON, so that what a letter said is not decoded again to be worked out."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def encode(self, value: Any) -> str:
        """Return the JSON of a value, and remember what it stands for."""
        text = msgspec.json.encode(value).decode()
        self._known[text] = value
        return text

    def decode(self, text: str) -> Any:
        """Return the value that this JSON stands for."""
        return self._known[text] if text in self._known else msgspec.json.decode(text)
