"""The store in one SQLite file. Built around two facts: what was answered is on disk, what was deleted is gone.

WAL with `synchronous=FULL`: a commit is one fsync. `secure_delete` overwrites what is deleted, and `scrub` empties the
-wal file, which would otherwise go on holding it. SQLite fills pages, and hands out new ones, in the order in which
rows come: `compact` writes all of them anew in the order of their keys.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TypeVar

from keys.wire import digest
from relay.store.ballast import Ballast, disk_free
from relay.store.base import (
    UNDATED,
    Envelope,
    MailboxState,
    Space,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreNewer,
    StoreReadOnly,
    seen_id,
)
from relay.store.files import make_private

DATABASE = "relay.sqlite3"
BALLAST = "ballast"
VERSION = 1

# An 8,192-byte body leaves 500 bytes in its leaf and fills two overflow pages; 8 and 16 KiB pages write more.
PAGE_BYTES = 4_096
CACHE_KIB = 12_288
# 32 MB. Finishing it is two fsyncs in the middle of the deposits, so it should come seldom.
WAL_PAGES_MOST = 8_000
WAL_PAGES_LEAST = 250
# After so many pages another thread copies back what it can: when the file is full there is little left to do, and no
# deposit waits 60 ms for it. Longer steps are cheaper, but the commits beside them wait for the disk longer.
COPY_PAGES = 120
READER_CACHE_KIB = 2_048
# Deleting overwrites every page of an envelope, and all of that goes through the -wal file. In short steps it stays
# small, in very short ones it fits what a full disk has left.
STEP = 128
SHORT_STEP = 8
PATIENCE_MS = 2_000  # for another process, a sweep by hand
# A collector reads a page in milliseconds; a copy being made takes longer, and then scrubbing is put off.
SCRUB_PATIENCE_MS = 50
# Compacting writes all of it twice while deposits wait: measured 0.2 s, and the memory of that size once more.
COMPACTED_BYTES_MOST = 32 * 1024 * 1024

T = TypeVar("T")


class SqliteStore:
    """See `Store`. `fresh` says that the folder held no database before."""

    def __init__(self, folder: Path, ballast_bytes: int = 0) -> None:
        self._path = folder / DATABASE
        self.fresh = not self._path.exists()
        make_private(self._path)
        self._ballast = Ballast(folder / BALLAST, ballast_bytes)
        self._writing = threading.Lock()
        self._copying = threading.Lock()
        self._copier = ThreadPoolExecutor(1, "copier")
        self._behind = 0
        self._readers = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._db = self._opened()
        self._ballast.fill()

    # Opening

    def _connect(self, cache_kib: int) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, cached_statements=48)
        db.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        db.execute(f"PRAGMA cache_size = -{cache_kib}")
        self._open.append(db)
        return db

    def _opened(self) -> sqlite3.Connection:
        """Open the writing connection; a full disk costs the ballast, for even opening writes."""
        try:
            return self._guarded(self._writer)
        except StoreFull:
            if not self._ballast.release():
                raise
            return self._guarded(self._writer)

    def _writer(self) -> sqlite3.Connection:
        db = self._connect(CACHE_KIB)
        for pragma in (
            f"page_size = {PAGE_BYTES}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
            "temp_store = MEMORY",  # compacting would write letters into a file that nobody overwrites
            f"wal_autocheckpoint = {self._wal_pages()}",
        ):
            db.execute(f"PRAGMA {pragma}")
        _upgrade(db)
        return db

    def _wal_pages(self) -> int:
        """Return the limit of the -wal file in pages: never beyond what giving up the ballast would let us copy
        back."""
        return max(WAL_PAGES_LEAST, min(WAL_PAGES_MOST, self._ballast.size // PAGE_BYTES // 2))

    @property
    def _reader(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._readers, "db", None)
        if db is None:
            db = self._connect(READER_CACHE_KIB)
            db.execute("PRAGMA query_only = ON")
            db.create_function("seen_id", 2, seen_id, deterministic=True)
            self._readers.db = db
        return db

    # Deposits

    def seen(self, ids: Sequence[bytes]) -> set[bytes]:
        with self._writing:
            rows = self._guarded(lambda: self._db.execute(_seen(len(ids)), ids).fetchall())
        return {id_ for (id_,) in rows}

    def mailbox_states(self, mailboxes: Sequence[bytes], bound: int) -> list[MailboxState]:
        with self._writing:
            (rows,) = self._guarded(
                lambda: self._db.execute(_mailbox_states(len(mailboxes)), [*mailboxes, bound]).fetchone()
            )
        return [MailboxState(bool(active), count) for _, active, count in sorted(json.loads(rows))]

    def keep(self, envelopes: Mapping[bytes, Envelope]) -> None:
        # in the order of the keys: within one commit no place tells what came first, also where nothing is compacted
        rows = sorted(envelopes.values(), key=lambda envelope: (envelope.mailbox, envelope.expires, envelope.hash))
        fields = [field for envelope in rows for field in envelope]
        ids = [field for id_ in sorted(envelopes) for field in (id_, envelopes[id_].expires)]

        def write() -> None:
            self._db.execute(_keep(len(envelopes)), fields)
            self._db.execute(_saw(len(envelopes)), ids)

        with self._writing:  # no ballast for this: it is there for deleting
            self._guarded(lambda: self._commit(write))
        self._behind += sum(len(envelope.body) // PAGE_BYTES + 2 for envelope in envelopes.values())
        if self._behind >= COPY_PAGES:
            self._behind = 0
            self._copier.submit(self._copy_back)

    def _copy_back(self) -> None:
        with self._copying, suppress(sqlite3.Error):  # the writer meets the same error and says so
            self._reader.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    # Collecting

    def page(self, mailbox: bytes, want: int, budget: int) -> list[Envelope]:
        return self._guarded(lambda: self._page(mailbox, want, budget))

    def _page(self, mailbox: bytes, want: int, budget: int) -> list[Envelope]:
        found: list[Envelope] = []
        rows = self._reader.execute(_PAGE, (mailbox, want))
        for row in rows:
            envelope = Envelope(*row)
            budget -= len(envelope.body)
            if found and budget < 0:
                break
            found.append(envelope)
        rows.close()  # an open cursor is an open read, and scrubbing would wait for it
        return found

    def delete(self, mailbox: bytes, hashes: Sequence[bytes]) -> int:
        rows = [(mailbox, seen_id(mailbox, hash_), hash_) for hash_ in hashes]
        try:
            return self._delete(rows, STEP)
        except StoreFull:
            self.scrub()
            return self._delete(rows, SHORT_STEP)

    def _delete(self, rows: list[tuple[bytes, bytes, bytes]], step: int) -> int:
        gone = 0
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            gone += self._write(lambda some=some: self._db.executemany(_DELETE, some).rowcount)  # type: ignore[misc]
            if step == SHORT_STEP:
                self.scrub()
        return gone

    def scrub(self) -> bool:
        with self._copying, self._writing:  # while somebody copies, nobody can truncate
            return self._guarded(self._truncate)

    def _truncate(self) -> bool:
        with self._impatient():
            (busy, _, _) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    @contextmanager
    def _impatient(self) -> Iterator[None]:
        self._db.execute(f"PRAGMA busy_timeout = {SCRUB_PATIENCE_MS}")
        try:
            yield
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")

    def compact(self) -> bool:
        with self._copying, self._writing:
            return self._guarded(self._compact)

    def _compact(self) -> bool:
        used, _ = self._bytes()
        spare_disk = disk_free(self._path.parent) - self._ballast.missing
        # From an empty -wal file, so that copying back writes only over what the database has already.
        if used > COMPACTED_BYTES_MOST or spare_disk < 2 * used or not self._truncate():
            return False
        try:
            with self._impatient():
                self._db.execute("VACUUM")
        except (sqlite3.OperationalError, MemoryError):
            self._truncate()  # the disk filled up, or another process is writing: all is as it was
            return False
        return self._truncate()

    def activity_epoch(self, mailbox: bytes) -> int | None:
        found = self._guarded(lambda: self._reader.execute(_ACTIVITY_EPOCH, (mailbox,)).fetchone())
        return found[0] if found else None

    def mark_active(self, mailbox: bytes, activity_epoch: int) -> None:
        self._write(lambda: self._db.execute(_MARK_ACTIVE, (mailbox, activity_epoch)))

    # Expiring

    def sweep(self, today: int, activity_epoch: int, now: int, periods: int = 0) -> Iterator[int]:
        gone = (0, today), (UNDATED, UNDATED + periods)  # from, to without
        yield from self._sweep_envelopes(gone)
        queries = (
            [(_SWEEP_SEEN, bounds) for bounds in gone],
            [(_SWEEP_ACTIVE, (activity_epoch,)), (_SWEEP_CARDS, (now,))],
        )
        for query, bounds in chain(*queries):
            while self._write(lambda query=query, bounds=bounds: self._db.execute(query, bounds).rowcount):  # type: ignore[misc]
                yield 0

    def _sweep_envelopes(self, gone: Sequence[tuple[int, int]]) -> Iterator[int]:
        asked = list(chain(*gone))
        mailbox = b""
        while True:
            with self._writing:
                found = self._guarded(lambda after=mailbox: self._db.execute(_NEXT, (after, *asked)).fetchone())  # type: ignore[misc]
            if not found:
                return
            mailbox, *over = found
            for bounds, any_ in zip(gone, over, strict=True):
                while any_ and (count := self._expire(mailbox, bounds)):
                    yield count
            yield 0

    def highest(self) -> int:
        (found,) = self._guarded(lambda: self._reader.execute("SELECT max(expires) FROM seen").fetchone())
        return found or 0

    def _expire(self, mailbox: bytes, bounds: tuple[int, int]) -> int:
        def step(most: int) -> int:
            return self._write(lambda: self._db.execute(_EXPIRE, (mailbox, *bounds, most)).rowcount)

        try:
            return step(STEP)
        except StoreFull:
            self.scrub()
            return step(SHORT_STEP)

    # Cards

    def card(self, root: bytes) -> tuple[int, bytes] | None:
        found: tuple[int, bytes] | None = self._guarded(lambda: self._reader.execute(_CARD, (root,)).fetchone())
        return found

    def cards(self) -> int:
        (count,) = self._guarded(lambda: self._reader.execute("SELECT count(*) FROM card").fetchone())
        return int(count)

    def put_card(self, root: bytes, seq: int, expires: int, note: bytes) -> None:
        self._write(lambda: self._db.execute(_PUT_CARD, (root, seq, expires, note)))

    # Looking over, copying

    def faults(self) -> Iterator[str]:
        """Return everything that is wrong inside the database, a sentence each."""
        for (finding,) in self._guarded(lambda: self._reader.execute("PRAGMA integrity_check").fetchall()):
            if finding != "ok":
                yield f"the database is damaged: {finding}"
        for body, hash_, is_seen in self._reader.execute(_ALL):
            if digest(body) != hash_:
                yield "an envelope does not match its hash"
            if not is_seen:
                yield "an envelope is not remembered as seen"

    def copy(self, path: Path) -> None:
        """Write a consistent copy in the order of the keys, while others read and write."""
        make_private(path)
        source = self._connect(READER_CACHE_KIB)
        self._guarded(lambda: source.execute("VACUUM INTO ?", (str(path),)))

    # Space

    def space(self) -> Space:
        with self._writing:
            used, spare = self._guarded(self._bytes)
        self._ballast.fill()
        # what stands in the -wal file may still have to grow the database when it is copied back
        free = disk_free(self._path.parent) - self._ballast.missing - self._wal_bytes()
        return Space(used, spare, max(0, free))

    def _bytes(self) -> tuple[int, int]:
        """Return the bytes in use, and those free inside the file."""
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        (spare,) = self._db.execute("PRAGMA freelist_count").fetchone()
        return (pages - spare) * PAGE_BYTES, spare * PAGE_BYTES

    def _wal_bytes(self) -> int:
        try:
            return self._path.with_name(f"{DATABASE}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        self._copier.shutdown()
        for db in self._open:
            db.close()
        self._open.clear()

    # The one way to write

    def _write(self, change: Callable[[], T]) -> T:
        """Make a change durable. On a full disk the ballast goes first and the change is tried once more."""
        with self._writing:
            try:
                return self._guarded(lambda: self._commit(change))
            except StoreFull:
                if not self._ballast.release():
                    raise
                self._guarded(self._truncate)
                return self._guarded(lambda: self._commit(change))

    def _commit(self, change: Callable[[], T]) -> T:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = change()
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return result

    def _guarded(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except sqlite3.Error as error:
            raise _ours(error, self._path.parent) from error


def _upgrade(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StoreNewer()
    if version == 0:
        schema = (Path(__file__).parent / "schema-1.sql").read_text()
        db.executescript(f"BEGIN IMMEDIATE;{schema}COMMIT;")


def _ours(error: sqlite3.Error, folder: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    full = code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and disk_free(folder) < PAGE_BYTES * 256)
    if full:
        return StoreFull()
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreReadOnly()
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamaged()
    return StoreError(getattr(error, "sqlite_errorname", ""))


def _rows(row: str, count: int) -> str:
    return ",".join([row] * count)


@cache
def _seen(count: int) -> str:
    return f"SELECT id FROM seen WHERE id IN ({_rows('?', count)})"  # noqa: S608 - only question marks are put in


@cache
def _mailbox_states(count: int) -> str:
    asked = ",".join(f"({n}, ?)" for n in range(count))
    # one row for all: every row fetched would be one more fight for the interpreter lock
    return f"""
        WITH asked(n, mailbox) AS (VALUES {asked})
        SELECT json_group_array(
            CASE WHEN EXISTS (SELECT 1 FROM proven WHERE proven.mailbox = asked.mailbox) THEN json_array(n, 1, 0)
            ELSE json_array(n, 0,
                (SELECT count(*) FROM (SELECT 1 FROM envelope WHERE envelope.mailbox = asked.mailbox LIMIT ?)))
            END)
        FROM asked"""  # noqa: S608 - only question marks and counted numbers are put in


@cache
def _keep(count: int) -> str:
    return f"INSERT INTO envelope (mailbox, hash, commitment, expires, body) VALUES {_rows('(?,?,?,?,?)', count)}"  # noqa: S608 - as above


@cache
def _saw(count: int) -> str:
    return f"INSERT INTO seen (id, expires) VALUES {_rows('(?,?)', count)}"  # noqa: S608 - as above


_PAGE = """
    SELECT mailbox, hash, commitment, expires, body FROM envelope
    WHERE mailbox = ? ORDER BY expires, hash LIMIT ?"""
_DELETE = """
    DELETE FROM envelope
    WHERE mailbox = ? AND expires = (SELECT seen.expires FROM seen WHERE seen.id = ?) AND hash = ?"""
_ACTIVITY_EPOCH = "SELECT season FROM proven WHERE mailbox = ?"
_MARK_ACTIVE = "INSERT INTO proven VALUES (?, ?) ON CONFLICT (mailbox) DO UPDATE SET season = excluded.season"
_NEXT = """
    SELECT mailbox,
        EXISTS (SELECT 1 FROM envelope WHERE envelope.mailbox = next.mailbox AND expires >= ?2 AND expires < ?3),
        EXISTS (SELECT 1 FROM envelope WHERE envelope.mailbox = next.mailbox AND expires >= ?4 AND expires < ?5)
    FROM (SELECT mailbox FROM envelope WHERE mailbox > ?1 ORDER BY mailbox LIMIT 1) AS next"""
_EXPIRE = """
    DELETE FROM envelope WHERE (mailbox, expires, hash) IN (
        SELECT mailbox, expires, hash FROM envelope WHERE mailbox = ? AND expires >= ? AND expires < ? LIMIT ?)"""
_SWEEP_SEEN = "DELETE FROM seen WHERE id IN (SELECT id FROM seen WHERE expires >= ? AND expires < ? LIMIT 4096)"
_SWEEP_ACTIVE = "DELETE FROM proven WHERE mailbox IN (SELECT mailbox FROM proven WHERE season < ? LIMIT 4096)"
_SWEEP_CARDS = "DELETE FROM card WHERE root IN (SELECT root FROM card WHERE expires < ? LIMIT 256)"
_ALL = "SELECT body, hash, EXISTS (SELECT 1 FROM seen WHERE seen.id = seen_id(mailbox, hash)) FROM envelope"
_CARD = "SELECT seq, note FROM card WHERE root = ?"
_PUT_CARD = """
    INSERT INTO card VALUES (?, ?, ?, ?)
    ON CONFLICT (root) DO UPDATE SET seq = excluded.seq, expires = excluded.expires, note = excluded.note"""
