"""The journal on disk: one sealed file that only grows. Specified in `client/desk/journal/journal.md`."""

import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from client import files
from client.desk.journal import entries as journal_entries
from client.desk.journal.entries import BadEntry, Damaged, Entry
from client.desk.journal.sessions import Forked, Gap, Sessions
from client.files import CannotWrite
from client.organisation.records import Tail
from keys.errors import TocsinError
from keys.wire import HASH_BYTES, digest, domain

NAME = "journal"
MAGIC = b"tocsin/1/journal\n"
LENGTH_BYTES = 4
FRAME_BYTES = 2**26  # no entry comes near it; a length beyond it was damaged
_LEAST = SecretBox.NONCE_SIZE + SecretBox.MACBYTES + HASH_BYTES
_KEY = domain("journal")


class JournalDamaged(TocsinError):
    """the journal is damaged"""

    code = "journal-damaged"


class OtherFile(JournalDamaged):
    """the first line of the journal is not that of a journal this version reads"""

    code = "journal-first-line"
    hint = "nothing was changed; a newer version of Tocsin may have written it, or a backup has the right one"


class RecordChanged(JournalDamaged):
    """a record of the journal was changed"""

    code = "journal-record-changed"
    hint = "everything before it is shown and nothing is overwritten; `tocsin desk --mend` goes on from there"


class RecordMisplaced(JournalDamaged):
    """a record of the journal does not belong where it stands"""

    code = "journal-record-misplaced"
    hint = "everything before it is shown and nothing is overwritten; `tocsin desk --mend` goes on from there"


class JournalCut(JournalDamaged):
    """the last record of the journal was cut off"""

    code = "journal-cut"
    hint = "its bytes were set aside and the journal goes on; merging another desk's journal may bring it back"


class JournalShort(JournalDamaged):
    """records are missing at the end of the journal"""

    code = "journal-short"
    hint = "the file was cut or an older copy was put in its place; merging another desk's journal may bring them back"


class JournalReplaced(JournalDamaged):
    """this journal is not the one that was written here last"""

    code = "journal-replaced"
    hint = "another copy was put in its place; merging another desk's journal may bring back what is missing"


class JournalReadOnly(TocsinError):
    """the journal cannot be continued, so nothing can be changed at this desk"""

    code = "journal-read-only"
    hint = "everything that could be read is shown; `tocsin desk --mend` sets the damaged journal aside and goes on"


@dataclass
class Journal:
    """The journal of a home folder. What was read of it is in `sessions`; `damage` says what was found wrong."""

    path: Path
    sessions: Sessions = field(default_factory=Sessions, repr=False)
    damage: list[Damaged] = field(default_factory=list)
    read_only: bool = False
    _box: SecretBox = field(kw_only=True, repr=False)
    _records: int = 0
    _size: int = len(MAGIC)
    _last: bytes = field(default=digest(MAGIC), repr=False)
    _hashes: list[bytes] = field(default_factory=list, repr=False)

    @classmethod
    def open(cls, folder: Path, store: bytes, tail: Tail | None) -> "Journal":
        """Read all of it. `store`: the storage key of the keystore; `tail`: where the journal ended when it was last
        written. Raises CannotRead, CannotWrite."""
        journal = cls(folder / NAME, _box=SecretBox(hmac.digest(store, _KEY, "sha256")))
        data = files.read(journal.path) if journal.path.exists() else b""
        if MAGIC.startswith(data):
            files.replace(journal.path, data := MAGIC)
        problem = journal._read(data)
        if problem is None:
            journal._compare(tail)
        elif journal._is_unfinished(problem, data, tail):
            journal._set_aside(data)
        else:
            changed = RecordChanged() if isinstance(problem, JournalCut) else problem
            journal._note(changed, bytes=len(data) - journal._size)
            journal.read_only = True
        return journal

    @property
    def tail(self) -> Tail:
        return Tail(self._records, self._size, self._last)

    def append(self, entries: Iterable[Entry]) -> Tail:
        """Write entries; they are on the disk when this returns, and in `sessions` only then.

        Raises CannotWrite (the journal is as it was before), JournalReadOnly, Forked, Gap.
        """
        fresh = list(entries)
        self.check_writable()
        frames, last = list[bytes](), self._last
        for entry in fresh:
            frames.append(self._frame(last, entry.data))
            last = digest(frames[-1])
        whole = b"".join(frames)
        self._write(whole)
        self._records, self._size, self._last = self._records + len(fresh), self._size + len(whole), last
        for entry in fresh:
            self.sessions.add(entry)
        return self.tail

    def check_writable(self) -> None:
        """Check that the journal can be continued. Raises JournalReadOnly."""
        if self.read_only:
            raise JournalReadOnly()

    # Reading

    def _read(self, data: bytes) -> JournalDamaged | None:
        """Take in what can be read; what stopped it, if it was not the end."""
        if not data.startswith(MAGIC):
            self._size = 0
            return OtherFile()
        while self._size < len(data):
            frame = self._next(data)
            if isinstance(frame, JournalDamaged):
                return frame
            self._records, self._size, self._last = self._records + 1, self._size + len(frame), digest(frame)
            self._hashes.append(self._last)
        return None

    def _next(self, data: bytes) -> bytes | JournalDamaged:
        start = self._size
        length = int.from_bytes(data[start : start + LENGTH_BYTES], "big")
        end = start + LENGTH_BYTES + length
        if len(data) - start < LENGTH_BYTES:
            return JournalCut()
        if not _LEAST <= length <= FRAME_BYTES:
            return RecordChanged()
        if end > len(data):
            return JournalCut()
        try:
            plain = self._box.decrypt(data[start + LENGTH_BYTES : end])
        except CryptoError:
            return RecordChanged()
        return self._add_record(plain) or data[start:end]

    def _add_record(self, plain: bytes) -> JournalDamaged | None:
        if plain[:HASH_BYTES] != self._last:
            return RecordMisplaced()
        try:
            if not self.sessions.add(journal_entries.read(plain[HASH_BYTES:])):
                return RecordMisplaced()
        except (BadEntry, Forked, Gap):
            return RecordMisplaced()
        return None

    def _is_unfinished(self, problem: JournalDamaged, data: bytes, tail: Tail | None) -> bool:
        """Tell whether what cannot be read is a record that was never finished, or one whose end was cut off.

        What lies behind the tail was being written when the power failed. Before it all was whole once: it is
        unfinished only if the file has become shorter.
        """
        if isinstance(problem, OtherFile):
            return False
        if tail is None:
            return isinstance(problem, JournalCut)
        return self._records >= tail.records or (isinstance(problem, JournalCut) and len(data) < tail.size)

    def _set_aside(self, data: bytes) -> None:
        rest = data[self._size :]
        try:
            name = _write_aside(self.path, rest)
            with self.path.open("r+b") as file:
                file.truncate(self._size)
                os.fsync(file.fileno())
        except (CannotWrite, OSError):
            self._note(JournalCut(), bytes=len(rest))
            self.read_only = True
            return
        self._note(JournalCut(), bytes=len(rest), aside=name)

    def _compare(self, tail: Tail | None) -> None:
        if tail is None:
            return
        if self._records < tail.records:
            self._note(JournalShort(f"{tail.records - self._records} of {tail.records}"))
        elif tail.records and self._hashes[tail.records - 1] != tail.hash:
            self._note(JournalReplaced())

    def _note(self, problem: JournalDamaged, *, bytes: int = 0, aside: str = "") -> None:
        self.damage.append(
            Damaged(code=problem.code, record=self._records, offset=self._size, bytes=bytes, aside=aside)
        )

    # Writing

    def mend(self, store: bytes) -> "Journal":
        """Set a damaged journal aside whole, and go on with a copy of what could be read. Raises CannotWrite."""
        whole = files.read(self.path)
        name = _write_aside(self.path, whole, "damaged")
        files.replace(self.path, whole[: self._size] or MAGIC)
        mended = Journal.open(self.path.parent, store, None)
        mended.damage = [msgspec.structs.replace(damage, aside=name) for damage in self.damage]
        return mended

    def _frame(self, last: bytes, data: bytes) -> bytes:
        box = bytes(self._box.encrypt(last + data))
        return len(box).to_bytes(LENGTH_BYTES, "big") + box

    def _write(self, frames: bytes) -> None:
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise CannotWrite(f"the journal ({error.strerror})") from None
        try:
            _write_at(descriptor, frames, self._size)
            os.fsync(descriptor)
        except OSError as error:
            self._take_back(descriptor)
            raise CannotWrite(f"the journal ({error.strerror})") from None
        finally:
            os.close(descriptor)

    def _take_back(self, descriptor: int) -> None:
        # After a sync that failed nobody knows what is on the disk: only a file that can be synced goes on.
        try:
            os.ftruncate(descriptor, self._size)
            os.fsync(descriptor)
        except OSError:
            self.read_only = True


def _write_aside(path: Path, data: bytes, why: str = "torn") -> str:
    number = 1
    while (target := path.with_name(f"{path.name}.{why}-{number}")).exists():
        number += 1
    files.replace(target, data)
    return target.name


def _write_at(descriptor: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written
