"""The letters that an organisation has opened, sealed again for the disk. Everything readable lives in memory only.

Letters are kept in batches: one SecretBox and one row for each page that was collected. Pieces of files are kept one by
one, so that a list of cases need not open every photo. Marks (HMAC of a commitment) tell what has been seen before.
"""

import hmac
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from client import files
from keys.errors import TocsinError
from keys.message import Read
from keys.wire import domain

MARK_BYTES = 16
SEEN_BYTES = MARK_BYTES + 1  # a mark, and whether the commitment was right
_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (number INTEGER PRIMARY KEY, seen BLOB NOT NULL, box BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS piece (mark BLOB PRIMARY KEY, box BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS aside (number INTEGER PRIMARY KEY, box BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS receipt (number INTEGER PRIMARY KEY, box BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS unproved (mark BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery (one INTEGER PRIMARY KEY CHECK (one = 1), box BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tail (one INTEGER PRIMARY KEY CHECK (one = 1), box BLOB NOT NULL);
"""
_SEEN = domain("seen")
_PIECE = domain("piece")


Kept = TypeVar("Kept")


class RecordsBroken(TocsinError):
    """the records of this organisation are damaged"""

    code = "records-damaged"
    hint = "keep the file; what relays still hold can be pulled again into a copy of the folder"


class RecordLetter(msgspec.Struct, frozen=True, array_like=True):
    """An opened letter as kept: its content, whether its commitment was the depositor's, H(envelope), how it opened."""

    content: bytes
    committed: bool
    envelope_hash: bytes
    last_resort: bool
    pulled: int

    def __repr__(self) -> str:
        return "RecordLetter(...)"  # what somebody said must not reach a log by way of a traceback


class StoredReceipt(msgspec.Struct, frozen=True, array_like=True):
    """A relay's receipt for the content with this commitment: its kind and hour (Unix seconds) as it says them, the
    verifier key it was checked with when it came, and its exact text."""

    commitment: bytes
    kind: str
    hour: int
    key: str
    text: str

    @property
    def relay(self) -> str:
        """The name of the key: the relay's first origin without its scheme."""
        return self.key.partition("+")[0]

    def __repr__(self) -> str:
        return "StoredReceipt(...)"


class Quarantined(msgspec.Struct, frozen=True, array_like=True):
    """What could not be used, and the code of the reason: the envelope, or its content when it did open (its week's
    key will be destroyed, and a newer version may understand it)."""

    data: bytes
    opened: bool
    reason: str
    pulled: int

    def __repr__(self) -> str:
        return f"Quarantined({self.reason})"


class Page(msgspec.Struct):
    """What one page of a relay came to, kept in one transaction; how many of its letters had come before.

    `read`: commitment and message of each letter as it was decoded to be sorted, for whoever goes on with the page.
    `unproved`: the marks of letters that a relay gave without a receipt that is kept.
    """

    letters: list[RecordLetter] = []
    read: list[tuple[bytes, Read]] = []
    pieces: list[tuple[bytes, bytes]] = []
    aside: list[Quarantined] = []
    receipts: list[StoredReceipt] = []
    unproved: list[bytes] = []
    seen: dict[bytes, bool] = {}
    duplicate: int = 0

    def __repr__(self) -> str:
        return "Page(...)"


class Tail(msgspec.Struct, frozen=True, array_like=True):
    """Where the desk's journal ended when it was last written: records, bytes, hash of the last frame."""

    records: int
    size: int
    hash: bytes


class Records:
    """The database in a home folder, under the storage key of its keystore. Use it in a `with` block.

    Threads that share it take turns.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._box, self._key = SecretBox(key), key
        path = folder / "inbox.db"
        with _translated():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, files.MODE))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def mark(self, commitment: bytes) -> bytes:
        """Return what stands on the disk for a letter that came: it must not tell which content was seen."""
        return hmac.digest(self._key, _SEEN + commitment, "sha256")[:MARK_BYTES]

    def piece_mark(self, case: str, of: str, i: int) -> bytes:
        """Return the mark under which piece `i` of file `of` of a case is stored."""
        return hmac.digest(self._key, _PIECE + f"{case} {of} {i}".encode(), "sha256")[:MARK_BYTES]

    @cached_property
    def seen(self) -> dict[bytes, bool]:
        """The mark of every letter that came, and whether a copy with the right commitment was among them."""
        found: dict[bytes, bool] = {}
        with _translated():
            rows = [row[0] for row in self._db.execute("SELECT seen FROM batch ORDER BY number")]
        for row in rows:
            for at in range(0, len(row), SEEN_BYTES):
                found[row[at : at + MARK_BYTES]] = bool(row[at + MARK_BYTES])
        return found

    def has(self, mark: bytes, committed: bool, page: Page) -> bool:
        """Return whether a letter need not be stored: it came before, in `page` or earlier, with the right commitment
        or with a commitment that is no better.

        A relay that gives a false commitment must not hide the honest copy of another relay.
        """
        before = page.seen.get(mark, self.seen.get(mark))
        return before is not None and (before or not committed)

    def keep(self, page: Page) -> int | None:
        """Keep a page; it is on the disk, whole, when this returns. The number of its batch, if it has letters.

        Raises CannotWrite.
        """
        with _translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                number = self._insert(page)
                self._db.execute("COMMIT")
                self.seen.update(page.seen)
                for receipt in page.receipts:
                    _add_receipt(self._receipts, receipt)
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return number

    def _insert(self, page: Page) -> int | None:
        number = None
        if page.seen:
            seen = b"".join(mark + bytes([committed]) for mark, committed in page.seen.items())
            box = self._seal(msgspec.msgpack.encode(page.letters))
            number = self._db.execute("INSERT INTO batch (seen, box) VALUES (?, ?)", (seen, box)).lastrowid
        boxes = [(mark, self._seal(data)) for mark, data in page.pieces]
        self._db.executemany("INSERT OR IGNORE INTO piece VALUES (?, ?)", boxes)
        asides = [(self._seal(msgspec.msgpack.encode(letter)),) for letter in page.aside]
        self._db.executemany("INSERT INTO aside (box) VALUES (?)", asides)
        self._db.executemany("INSERT OR IGNORE INTO unproved VALUES (?)", [(mark,) for mark in page.unproved])
        if fresh := [receipt for receipt in page.receipts if self._is_news(receipt)]:
            box = self._seal(msgspec.msgpack.encode(fresh))
            self._db.execute("INSERT INTO receipt (box) VALUES (?)", (box,))
        return number

    def receipts(self, commitment: bytes) -> list[StoredReceipt]:
        """Return the receipts for a content, the earliest hour first: of each kind and each relay's key, the
        earliest."""
        found = self._receipts.get(commitment, {}).values()
        return sorted(found, key=lambda receipt: (receipt.hour, receipt.key, receipt.kind))

    def all_receipts(self) -> list[StoredReceipt]:
        """Return every receipt that counts."""
        return [receipt for found in self._receipts.values() for receipt in found.values()]

    def is_unproved(self, mark: bytes) -> bool:
        """Return whether a relay gave this letter without a receipt that is kept."""
        with _translated():
            return self._db.execute("SELECT 1 FROM unproved WHERE mark = ?", (mark,)).fetchone() is not None

    def read_deliveries(self, kind: type[Kept]) -> Kept | None:
        """Return what was stored with `keep_deliveries`; None before that."""
        with _translated():
            row = self._db.execute("SELECT box FROM delivery").fetchone()
        return None if row is None else self._open(row[0], kind)

    def keep_deliveries(self, notes: msgspec.Struct) -> None:
        """Store what is known of relays and of the letters that they took. Raises CannotWrite."""
        with _translated():
            box = self._seal(msgspec.msgpack.encode(notes))
            self._db.execute("INSERT OR REPLACE INTO delivery VALUES (1, ?)", (box,))

    def _is_news(self, receipt: StoredReceipt) -> bool:
        before = self._receipts.get(receipt.commitment, {}).get((receipt.kind, receipt.key))
        return before is None or receipt.hour < before.hour

    @cached_property
    def _receipts(self) -> "dict[bytes, dict[tuple[str, str], StoredReceipt]]":
        found: dict[bytes, dict[tuple[str, str], StoredReceipt]] = {}
        with _translated():
            boxes = [row[0] for row in self._db.execute("SELECT box FROM receipt ORDER BY number")]
        for box in boxes:
            for receipt in self._open(box, list[StoredReceipt]):
                _add_receipt(found, receipt)
        return found

    def letters(self) -> Iterator[RecordLetter]:
        """Return every letter kept, in the order of arrival."""
        for number in self.batches():
            yield from self.batch(number)

    def batches(self) -> list[int]:
        """Return the numbers of all batches, in the order of arrival."""
        with _translated():
            return [row[0] for row in self._db.execute("SELECT number FROM batch ORDER BY number")]

    def batch(self, number: int) -> list[RecordLetter]:
        """Return the letters of one batch."""
        with _translated():
            row = self._db.execute("SELECT box FROM batch WHERE number = ?", (number,)).fetchone()
        return [] if row is None else self._open(row[0], list[RecordLetter])

    def asides(self) -> Iterator[Quarantined]:
        """Return every envelope that was put aside."""
        with _translated():
            boxes = [row[0] for row in self._db.execute("SELECT box FROM aside ORDER BY number")]
        for box in boxes:
            yield self._open(box, Quarantined)

    def piece(self, mark: bytes) -> bytes | None:
        """Return the bytes of a piece; None when it has not come."""
        with _translated():
            row = self._db.execute("SELECT box FROM piece WHERE mark = ?", (mark,)).fetchone()
        return None if row is None else self._decrypt(row[0])

    def piece_marks(self) -> list[bytes]:
        """Return the mark of every piece that has come."""
        with _translated():
            return [row[0] for row in self._db.execute("SELECT mark FROM piece ORDER BY mark")]

    def has_piece(self, mark: bytes) -> bool:
        """Return whether a piece has come."""
        with _translated():
            return self._db.execute("SELECT 1 FROM piece WHERE mark = ?", (mark,)).fetchone() is not None

    def tail(self) -> Tail | None:
        """Return where the journal ended when it was last written; None: no desk was ever opened here."""
        with _translated():
            row = self._db.execute("SELECT box FROM tail").fetchone()
        return None if row is None else self._open(row[0], Tail)

    def keep_tail(self, tail: Tail) -> None:
        """Store where the journal ends now. Raises CannotWrite."""
        with _translated():
            self._db.execute("INSERT OR REPLACE INTO tail VALUES (1, ?)", (self._seal(msgspec.msgpack.encode(tail)),))

    def _seal(self, data: bytes) -> bytes:
        return bytes(self._box.encrypt(data))

    def _decrypt(self, box: bytes) -> bytes:
        try:
            return self._box.decrypt(box)
        except CryptoError:
            raise RecordsBroken() from None

    def _open(self, box: bytes, kind: type[Kept]) -> Kept:
        try:
            return msgspec.msgpack.decode(self._decrypt(box), type=kind)
        except msgspec.DecodeError:
            raise RecordsBroken() from None


def _add_receipt(known: dict[bytes, dict[tuple[str, str], StoredReceipt]], receipt: StoredReceipt) -> None:
    named = known.setdefault(receipt.commitment, {})
    before = named.get((receipt.kind, receipt.key))
    if before is None or receipt.hour < before.hour:
        named[receipt.kind, receipt.key] = receipt


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise files.CannotWrite(f"the records ({error})") from None
    except sqlite3.DatabaseError:
        raise RecordsBroken() from None
