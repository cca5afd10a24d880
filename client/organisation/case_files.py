"""Cases, put together from the letters that were kept: messages in order, facts as last said, files with their gaps."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from client import files
from client.organisation.deliveries import Deliveries, MissingCanary, Withheld
from client.organisation.home import Home, unlock_home
from client.organisation.inbox import report_address
from client.organisation.origins import Origin, Signed, find_key, find_named_keys, may_bring_reply_block, name_origin
from client.organisation.records import Quarantined, RecordLetter, Records
from client.report import sort_facts
from client.reporter.folder import only_one
from keys import message
from keys.envelope import Address, commit, unframe
from keys.errors import BadReceipt
from keys.message import Amend, ParcelRef, ReplyBlock, Report
from keys.receipt import read_receipt
from keys.wire import b64, read_object

PROOFS = frozenset({"case_secret", "keys"})  # header fields that show whose case it is, and nothing to anybody else


@dataclass(frozen=True, slots=True)
class CaseMessage:
    """One message of a case: its header as it came, whether it was committed to as received, what we do not know.

    `origin`: who said it, "" when nothing shows that. `is_owner`: it shows the secret of its case.
    `at`: when it was said, and not later than it came. Messages are put in this order and not by their numbers: who
    finds a case's id on a phone could else have the last word for ever.
    """

    message: Report | Amend
    header: dict[str, Any] = field(repr=False)
    committed: bool
    last_resort: bool
    other: dict[str, Any] = field(repr=False)
    at: int
    content: bytes = field(default=b"", repr=False)
    origin: Origin = ""

    @property
    def is_owner(self) -> bool:
        """Whether it shows the secret of its case."""
        return message.shows_case_secret(self.message)

    @property
    def reply_block(self) -> ReplyBlock | None:
        """The reply block that it brings and that may be used."""
        return self.message.reply if may_bring_reply_block(self.is_owner, self.origin) else None

    @property
    def has_foreign_reply_block(self) -> bool:
        """Whether it offers a way to reply that nothing shows to be the owner's."""
        return self.message.reply is not None and self.reply_block is None


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

    @property
    def reply_block(self) -> ReplyBlock | None:
        """The newest reply block that its owner brought; None when there is none.

        Its `until` does not matter: it is the sender's clock, and a letter may have been sealed half a year before it
        was sent.
        """
        blocks = [entry.reply_block for entry in self.messages if entry.reply_block is not None]
        return blocks[-1] if blocks else None

    @property
    def is_disputed(self) -> bool:
        """Whether somebody who is not shown to be its owner offered a way to reply."""
        return any(entry.has_foreign_reply_block for entry in self.messages)

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


def load(records: Records, address: Address | None = None) -> dict[str, Case]:
    """Return every case by its id. `address`: as in `gather`."""
    return gather(records.letters(), address)


def gather(letters: Iterable[RecordLetter], address: Address | None = None) -> dict[str, Case]:
    """Return the cases of these letters by their ids.

    `address`: what reports to this organisation are sealed for; without it no message is known to be said by anybody.
    """
    cases: dict[str, Case] = {}
    marks: dict[str, list[Signed]] = {}
    for header, signed, letter in _distinct(letters):
        read = message.read(header)
        if not isinstance(read.message, Report | Amend):
            continue
        _, unknown = sort_facts(read.message.facts)
        other = {**read.other, **({"facts": unknown} if unknown else {})}
        at = min(read.message.at, letter.pulled)
        entry = CaseMessage(read.message, header, letter.committed, letter.last_resort, other, at, letter.content)
        cases.setdefault(read.message.case, Case(read.message.case)).messages.append(entry)
        marks.setdefault(read.message.case, []).append(signed)
    for case in cases.values():
        case.messages = _name_origins(case.messages, marks[case.id], address)
        case.messages.sort(key=lambda entry: (entry.at, entry.message.seq, entry.message.id))
    return cases


def _name_origins(entries: list[CaseMessage], marks: list[Signed], address: Address | None) -> list[CaseMessage]:
    named = [keys for entry in entries if (keys := find_named_keys(entry.message)) is not None]
    if not named:
        return entries
    return [
        replace(entry, origin=name_origin(find_key(signed, named, address), named))
        for entry, signed in zip(entries, marks, strict=True)
    ]


def _distinct(letters: Iterable[RecordLetter]) -> list[tuple[dict[str, Any], Signed, RecordLetter]]:
    """Return headers with their letters; a message that came twice stands once, with the copy whose commitment was
    right."""
    found: dict[bytes, tuple[dict[str, Any], Signed, RecordLetter]] = {}
    for letter in letters:
        signed = Signed(*unframe(letter.content))
        if signed.header not in found or letter.committed:
            found[signed.header] = (read_object(signed.header), signed, letter)
    return list(found.values())


def as_json(entry: CaseMessage) -> dict[str, Any]:
    """Return a message as it is written for a program, without what would let a reader speak as its owner."""
    return {
        "id": entry.message.id,
        "kind": entry.header["kind"],
        "header": {
            name: _without_secret(value) if name == "reply" else value
            for name, value in entry.header.items()
            if name not in PROOFS
        },
        "commitment": "ok" if entry.committed else "mismatch",
        "last_resort": entry.last_resort,
        "origin": entry.origin,
        "owner": entry.is_owner,
        "reply": _name_reply(entry),
        "other": entry.other,
    }


def _without_secret(block: Any) -> Any:
    """Return a reply block without what writes replies in the organisation's name."""
    return {name: value for name, value in block.items() if name != "secret"} if isinstance(block, dict) else block


def _name_reply(entry: CaseMessage) -> str:
    if entry.message.reply is None:
        return ""
    return "not-used" if entry.has_foreign_reply_block else "usable"


def find(cases: dict[str, Case], start: str) -> Case:
    """Return the case whose id begins so. Raises UnknownCase."""
    return cases[only_one(start, list(cases))]


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a case, and the numbers of its pieces that have not come."""

    ref: ParcelRef
    missing: list[int]


@contextmanager
def open_records(folder: Path, passphrase: Callable[[], str]) -> Iterator[tuple[Home, Records]]:
    """Open an organisation's records for reading, and keep other commands out of its folder; with them the home.

    Raises FolderBusy, NoHome, KeystoreError, RecordsBroken, CannotWrite.
    """
    with files.locked(folder):
        home = unlock_home(folder, passphrase, is_locked=True)
        with Records(folder, home.secrets.store) as records:
            yield home, records


def list_cases(folder: Path, passphrase: Callable[[], str]) -> list[Case]:
    """Return every case, the latest first. Raises as `open_records`."""
    with open_records(folder, passphrase) as (home, records):
        return sorted(load(records, _address_of(home)).values(), key=lambda case: case.last, reverse=True)


def list_quarantined(folder: Path, passphrase: Callable[[], str]) -> list[Quarantined]:
    """Return what came and could not be used. Raises as `open_records`."""
    with open_records(folder, passphrase) as (_, records):
        return list(records.asides())


def read_case(
    folder: Path, passphrase: Callable[[], str], start: str, clock: Callable[[], float] = time.time
) -> tuple[Case, list[ListedFile], list[Withheld]]:
    """Return the case whose id begins so, its files, and those of its letters that a relay took and never gave out.
    Raises UnknownCase, and as `open_records`."""
    with open_records(folder, passphrase) as (home, records):
        case = find(load(records, _address_of(home)), start)
        listed = [ListedFile(ref, missing(records, case.id, ref)) for ref in case.files()]
        withheld = Deliveries(records, home.secrets.relays, clock).find_withheld()
        return case, listed, find_withheld_of(case, withheld)


def list_kept_back(
    folder: Path, passphrase: Callable[[], str], clock: Callable[[], float] = time.time
) -> tuple[list[MissingCanary], list[Withheld]]:
    """Return the practice letters and the letters of people that a relay took and did not give out. Raises as
    `open_records`."""
    with open_records(folder, passphrase) as (home, records):
        deliveries = Deliveries(records, home.secrets.relays, clock)
        return deliveries.missing, deliveries.find_withheld()


def find_withheld_of(case: Case, withheld: Iterable[Withheld]) -> list[Withheld]:
    """Return those of these letters that are messages of the case, or that one of its messages has a receipt for."""
    own = {commit(entry.content) for entry in case.messages}
    for text in (text for entry in case.messages for text in entry.message.receipts):
        with suppress(BadReceipt, UnicodeEncodeError):
            own.add(read_receipt(text.encode())[0].commitment)
    return [letter for letter in withheld if letter.receipt.commitment in own]


def _address_of(home: Home) -> Address:
    return report_address(home.secrets.root_public, home.secrets.mailbox_key.id)


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
