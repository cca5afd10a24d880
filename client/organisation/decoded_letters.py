"""A letter as it was kept, decoded once: between the envelope and the desk's board nobody decodes it again."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from client.organisation.records import Page, RecordLetter
from keys import message
from keys.envelope import commit, unframe
from keys.errors import TocsinError
from keys.message import Amend, AnyMessage, Read, Report
from keys.wire import read_object


@dataclass(frozen=True, slots=True)
class DecodedLetter:
    """A letter as it was kept, with what is in it. `header`: SHA-256 of the header. `message`: None for what no case is
    made of, which the inbox would have put aside; `other`: header fields that this version does not know."""

    letter: RecordLetter
    commitment: bytes
    header: bytes
    case: str
    message: Report | Amend | None = field(repr=False)
    other: dict[str, Any] = field(repr=False)

    def copy(self, letter: RecordLetter) -> "DecodedLetter":
        """Return the same content as it came in another envelope."""
        return replace(self, letter=letter)


def decode(letter: RecordLetter) -> DecodedLetter:
    """Decode a letter. What cannot be decoded has no message."""
    return _decode(letter, commit(letter.content), None)


def decode_all(letters: Iterable[RecordLetter | DecodedLetter]) -> Iterator[DecodedLetter]:
    """Decode those letters that are not decoded yet."""
    for letter in letters:
        yield letter if isinstance(letter, DecodedLetter) else decode(letter)


def decode_page(page: Page) -> list[DecodedLetter]:
    """Return the letters of a page; what the inbox decoded to sort them is not decoded again."""
    if len(page.read) != len(page.letters):
        return [decode(letter) for letter in page.letters]
    return [
        _decode(letter, commitment, read) for letter, (commitment, read) in zip(page.letters, page.read, strict=True)
    ]


def _decode(letter: RecordLetter, commitment: bytes, read: Read | None) -> DecodedLetter:
    header, case = b"", ""
    decoded: AnyMessage | None = None
    other: dict[str, Any] = {}
    try:
        _, raw, _ = unframe(letter.content)
        header = hashlib.sha256(raw).digest()
        if read is None:
            fields = read_object(raw)
            case = fields["case"]  # also of a kind that this version cannot read
            read = message.read(fields)
        decoded, other = read.message, read.other
    except (TocsinError, KeyError):
        pass
    if isinstance(decoded, Report | Amend):
        return DecodedLetter(letter, commitment, header, decoded.case, decoded, other)
    return DecodedLetter(letter, commitment, header, case if isinstance(case, str) else "", None, other)
