"""The outbox on disk: sealed envelopes and where they go, nothing else. Survives a restart and a killed process."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from client.files import MODE, CannotWrite, make_folder
from client.outbox.retry import OutboxLetter, relay_order
from keys.envelope import Sealed
from keys.errors import TocsinError
from keys.wire import RandomBytes

_COLUMNS = """(
  hash       BLOB PRIMARY KEY,
  mailbox    BLOB NOT NULL,
  commitment BLOB NOT NULL,
  state      BLOB NOT NULL,
  keys       BLOB NOT NULL,
  envelope   BLOB NOT NULL,
  blind      BLOB,
  tickets    BLOB,
  opened     BLOB
) WITHOUT ROWID"""
_LATER = ("blind", "tickets", "opened")  # columns that an outbox from before has not
_SCHEMA = f"CREATE TABLE IF NOT EXISTS letter {_COLUMNS}; CREATE TABLE IF NOT EXISTS held {_COLUMNS};"


class SpoolBroken(TocsinError):
    """the outbox on this disk is damaged"""

    code = "outbox-damaged"
    hint = "keep the file for whoever can repair it, move it away, and send again what is missing"


class Waiting(msgspec.Struct, frozen=True):
    """A letter in the outbox: the envelope, its state, and the verifier keys its receipts may be signed with.

    `tickets`: none yet; `opened`: 32 bytes that would show that it was opened, None as long as nobody asks for it.
    """

    sealed: Sealed
    letter: OutboxLetter
    keys: tuple[str, ...]
    tickets: tuple[str, ...] = ()
    opened: bytes | None = None


class OutboxStore:
    """Letters that have not left yet. Deleted bytes are overwritten, not just forgotten.

    Threads that share it take turns.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        path = folder / "outbox.db"
        with _translated():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, MODE)
            os.close(descriptor)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
            self._add_columns()

    def _add_columns(self) -> None:
        for table in ("letter", "held"):
            known = {row[1] for row in self._db.execute(f"PRAGMA table_info({table})")}
            for column in _LATER:
                if column not in known:
                    self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column} BLOB")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def put(self, letters: list[Waiting]) -> None:
        """Add letters, all or none; they are on the disk when this returns. Raises CannotWrite."""
        self._insert("letter", letters)

    def hold(self, letters: list[Waiting]) -> None:
        """Add letters that wait for a word before anybody sends them. Raises CannotWrite."""
        self._insert("held", letters)

    def held(self) -> list[bytes]:
        """Return H of every envelope that is held."""
        with _translated(), closing(self._db.execute("SELECT hash FROM held ORDER BY hash")) as rows:
            return [row[0] for row in rows]

    def release(self, hashes: list[bytes]) -> None:
        """Let held letters go. Raises CannotWrite."""
        named = [(hash_,) for hash_ in hashes]
        with _translated(), self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO letter SELECT * FROM held WHERE hash = ?", named)
            self._db.executemany("DELETE FROM held WHERE hash = ?", named)

    def drop(self, hashes: list[bytes]) -> None:
        """Forget held letters: nobody gave the word. Raises CannotWrite."""
        with _translated(), self._transaction():
            self._db.executemany("DELETE FROM held WHERE hash = ?", [(hash_,) for hash_ in hashes])

    def _insert(self, table: str, letters: list[Waiting]) -> None:
        rows = [
            (
                w.sealed.hash, w.sealed.mailbox, w.sealed.commitment, _pack(w.letter), _pack(w.keys),
                w.sealed.envelope, w.sealed.blind, _pack(w.tickets), w.opened,
            )
            for w in letters
        ]  # fmt: skip
        with _translated(), self._transaction():
            add = f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING"  # noqa: S608 - ours
            self._db.executemany(add, rows)

    def hashes(self) -> list[bytes]:
        """Return H of every envelope that waits."""
        with _translated(), closing(self._db.execute("SELECT hash FROM letter ORDER BY hash")) as rows:
            return [row[0] for row in rows]

    def get(self, hash_: bytes) -> Waiting | None:
        """Return the letter with this H(envelope); None when none waits."""
        query = "SELECT envelope, commitment, mailbox, blind, state, keys, tickets, opened FROM letter WHERE hash = ?"
        with _translated(), closing(self._db.execute(query, (hash_,))) as rows:
            row = rows.fetchone()
            if row is None:
                return None
            letter = msgspec.msgpack.decode(row[4], type=OutboxLetter)
            keys, tickets = (_unpack_texts(texts) for texts in (row[5], row[6]))
            return Waiting(Sealed(*row[:4]), letter, keys, tickets, row[7])

    def letters(self) -> list[OutboxLetter]:
        """Return the state of every letter that waits."""
        return [waiting.letter for hash_ in self.hashes() if (waiting := self.get(hash_)) is not None]

    def update(self, hash_: bytes, letter: OutboxLetter) -> None:
        """Note what happened to a letter; a finished one is deleted."""
        with _translated():
            if letter.is_finished:
                self._db.execute("DELETE FROM letter WHERE hash = ?", (hash_,))
            else:
                self._db.execute("UPDATE letter SET state = ? WHERE hash = ?", (_pack(letter), hash_))

    def follow(self, organisation: str, relays: tuple[str, ...], keys: tuple[str, ...], draw: RandomBytes) -> None:
        """Let every letter for this organisation go to the relays of its newest card. `keys`: those of their receipts.

        Raises CannotWrite, SpoolBroken.
        """
        for hash_ in self.hashes():
            waiting = self.get(hash_)
            if waiting is None or not organisation or waiting.letter.organisation != organisation:
                continue
            if sorted(waiting.letter.relays) == sorted(relays) and waiting.keys == keys:
                continue
            letter = waiting.letter.moved(relay_order(relays, draw))
            with _translated(), self._transaction():
                named = (_pack(letter), _pack(keys), hash_)
                self._db.execute("UPDATE letter SET state = ?, keys = ? WHERE hash = ?", named)
                if letter.is_finished:
                    self._db.execute("DELETE FROM letter WHERE hash = ?", (hash_,))

    def withdraw(self, mailboxes: Iterable[bytes]) -> int:
        """Delete every letter for these mailboxes; how many went. What a relay holds already is out of reach."""
        with _translated(), self._transaction():
            named = [(mailbox,) for mailbox in mailboxes]
            return self._db.executemany("DELETE FROM letter WHERE mailbox = ?", named).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _unpack_texts(packed: bytes | None) -> tuple[str, ...]:
    return () if packed is None else msgspec.msgpack.decode(packed, type=tuple[str, ...])


def _pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise CannotWrite(f"the outbox ({error})") from None
    except (sqlite3.DatabaseError, msgspec.DecodeError):
        raise SpoolBroken() from None
