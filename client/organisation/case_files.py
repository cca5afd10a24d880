"""Cases, put together from the letters that were kept: messages in order, facts as last said, files with their gaps."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client import files
from client.organisation.home import unlock_home
from client.organisation.records import Quarantined, RecordLetter, Records
from client.report import sort_facts
from client.reporter.folder import only_one
from keys import message
from keys.envelope import unframe
from keys.message import Amend, ParcelRef, ReplyBlock, Report
from keys.wire import b64, read_object


@dataclass(frozen=True, slots=True)
class CaseMessage:
    """One message of a case: its header as it came, whether it was committed to as received, what we do not know.

    `at`: when it was said, and not later than it came. Messages are put in this order and not by their numbers: who
    finds a case's id on a phone could else have the last word for ever.
    """

    message: Report | Amend
    header: dict[str, Any]
    committed: bool
    last_resort: bool
    other: dict[str, Any]
    at: int
    content: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Case:
    """Everything that was said in one case."""

    id: str
    messages: list[CaseMessage] = field(default_factory=list)

    @property
    def last(self) -> int:
        """When the last message was said: Unix seconds, by the clock of whoever sent it."""
        return max(entry.message.at for entry in self.messages)

    @property
    def practice(self) -> bool:
        """Whether every message of it is a trial."""
        return all(entry.message.practice for entry in self.messages)

    def fact(self, name: str) -> Any:
        """Return the value last said of this field, if it fits the schema; None otherwise."""
        for entry in reversed(self.messages):
            if name in entry.message.facts and name not in entry.other.get("facts", {}):
                return entry.message.facts[name]
        return None

    def reply_block(self, now: int) -> ReplyBlock | None:
        """Return the newest reply block that still holds; None when there is none."""
        blocks = [entry.message.reply for entry in self.messages if entry.message.reply is not None]
        return next((block for block in reversed(blocks) if block.until > now), None)

    def files(self) -> list[ParcelRef]:
        """Return the references of every file, in the order of the messages."""
        return [ref for entry in self.messages for ref in entry.message.parcels]


@dataclass(frozen=True, slots=True)
class Assembled:
    """A file put together from its pieces: the numbers of those that are missing, and whether its hash is right."""

    ref: ParcelRef
    missing: list[int]
    whole: bool
    data: bytes = field(repr=False)


def load(records: Records) -> dict[str, Case]:
    """Return every case by its id."""
    return gather(records.letters())


def gather(letters: Iterable[RecordLetter]) -> dict[str, Case]:
    """Return the cases of these letters by their ids."""
    cases: dict[str, Case] = {}
    for header, letter in _distinct(letters):
        read = message.read(header)
        if not isinstance(read.message, Report | Amend):
            continue
        _, unknown = sort_facts(read.message.facts)
        other = {**read.other, **({"facts": unknown} if unknown else {})}
        at = min(read.message.at, letter.pulled)
        entry = CaseMessage(read.message, header, letter.committed, letter.last_resort, other, at, letter.content)
        cases.setdefault(read.message.case, Case(read.message.case)).messages.append(entry)
    for case in cases.values():
        case.messages.sort(key=lambda entry: (entry.at, entry.message.seq, entry.message.id))
    return cases


def _distinct(letters: Iterable[RecordLetter]) -> list[tuple[dict[str, Any], RecordLetter]]:
    """Return headers with their letters; a message that came twice stands once, with the copy whose commitment was
    right."""
    found: dict[bytes, tuple[dict[str, Any], RecordLetter]] = {}
    for letter in letters:
        _, header, _ = unframe(letter.content)
        if header not in found or letter.committed:
            found[header] = (read_object(header), letter)
    return list(found.values())


def as_json(entry: CaseMessage) -> dict[str, Any]:
    """Return a message as it is written for a program."""
    return {
        "id": entry.message.id,
        "kind": entry.header["kind"],
        "header": entry.header,
        "commitment": "ok" if entry.committed else "mismatch",
        "last_resort": entry.last_resort,
        "other": entry.other,
    }


def find(cases: dict[str, Case], start: str) -> Case:
    """Return the case whose id begins so. Raises UnknownCase."""
    return cases[only_one(start, list(cases))]


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a case, and the numbers of its pieces that have not come."""

    ref: ParcelRef
    missing: list[int]


@contextmanager
def open_records(folder: Path, passphrase: Callable[[], str]) -> Iterator[Records]:
    """Open an organisation's records for reading, and keep other commands out of its folder.

    Raises FolderBusy, NoHome, KeystoreError, RecordsBroken, CannotWrite.
    """
    with files.locked(folder):
        home = unlock_home(folder, passphrase, is_locked=True)
        with Records(folder, home.secrets.store) as records:
            yield records


def list_cases(folder: Path, passphrase: Callable[[], str]) -> list[Case]:
    """Return every case, the latest first. Raises as `open_records`."""
    with open_records(folder, passphrase) as records:
        return sorted(load(records).values(), key=lambda case: case.last, reverse=True)


def list_quarantined(folder: Path, passphrase: Callable[[], str]) -> list[Quarantined]:
    """Return what came and could not be used. Raises as `open_records`."""
    with open_records(folder, passphrase) as records:
        return list(records.asides())


def read_case(folder: Path, passphrase: Callable[[], str], start: str) -> tuple[Case, list[ListedFile]]:
    """Return the case whose id begins so, and its files. Raises UnknownCase, and as `open_records`."""
    with open_records(folder, passphrase) as records:
        case = find(load(records), start)
        return case, [ListedFile(ref, missing(records, case.id, ref)) for ref in case.files()]


def missing(records: Records, case: str, ref: ParcelRef) -> list[int]:
    """Return the numbers of the pieces that have not come."""
    return [i for i in range(ref.n) if not records.has_piece(records.piece_mark(case, ref.id, i))]


def assemble(records: Records, case: str, ref: ParcelRef) -> Assembled:
    """Put a file together. Pieces may have come in any order; one that is missing leaves the file not whole."""
    pieces = [records.piece(records.piece_mark(case, ref.id, i)) for i in range(ref.n)]
    gaps = [i for i, piece in enumerate(pieces) if piece is None]
    data = b"".join(piece for piece in pieces if piece is not None)
    whole = not gaps and len(data) == ref.bytes and b64(hashlib.sha256(data).digest()) == ref.sha256
    return Assembled(ref, gaps, whole, data)
