"""The relay's folder tells nobody which letters came one after the other."""

import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from keys.wire import digest
from relay.store import sqlite
from relay.store.base import Envelope, seen_id
from relay.store.files import make_folder
from relay.store.sqlite import DATABASE, SqliteStore
from tests.support.files.small_disk import fill, mounted
from tests.support.relay_post import HandClock, Line, letter, new_key, parcel
from tests.support.relay_process import PATIENCE, ROOT, relay_command, running

LETTERS = 300
# Counters of changes in the header of a SQLite file; they grow with every commit, whatever was in it.
COUNTERS = (slice(24, 28), slice(40, 44), slice(92, 96))


End = Callable[[SqliteStore, list[Envelope]], object]


def letters(count: int = LETTERS) -> list[Envelope]:
    bodies = [parcel() if number % 50 == 0 else letter() for number in range(count)]
    return [Envelope(os.urandom(32), digest(body), os.urandom(32), 100, body) for body in bodies]


def ids(envelopes: Iterable[Envelope]) -> dict[bytes, Envelope]:
    return {seen_id(envelope.mailbox, envelope.hash): envelope for envelope in envelopes}


def batched(envelopes: list[Envelope], size: int) -> Iterator[list[Envelope]]:
    return (envelopes[start : start + size] for start in range(0, len(envelopes), size))


def open_store(folder: Path) -> SqliteStore:
    make_folder(folder)
    return SqliteStore(folder)


def file_after(folder: Path, envelopes: list[Envelope], batch: int, end: End) -> bytes:
    """The database file, without its counters, after these envelopes came in this order; `end` is done early, too."""
    store = open_store(folder)
    for number, some in enumerate(batched(envelopes, batch)):
        store.keep(ids(some))
        if number == 1:
            end(store, some)
    end(store, envelopes)
    assert store.scrub()
    store.close()
    data = bytearray((folder / DATABASE).read_bytes())
    for counter in COUNTERS:
        data[counter] = bytes(4)
    return bytes(data)


def acknowledged(store: SqliteStore, envelopes: list[Envelope]) -> None:
    for envelope in envelopes:
        assert store.delete(envelope.mailbox, [envelope.hash]) == 1


def test_in_whatever_order_letters_came_the_file_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    first = letters()
    second, gone = random.sample(first, LETTERS), random.sample(first, 40)

    def end(store: SqliteStore, order: list[Envelope]) -> None:
        for envelope in order:
            store.mark_active(envelope.mailbox, 7)
            if envelope in gone:
                store.delete(envelope.mailbox, [envelope.hash])
        assert store.compact()

    assert file_after(tmp_path / "1", first, 1, end) == file_after(tmp_path / "2", second, 7, end)


def nothing(_store: SqliteStore, _order: list[Envelope]) -> None: ...


def test_without_compacting_the_file_does_tell(tmp_path: Path) -> None:
    first = letters()
    second = random.sample(first, LETTERS)
    files = [file_after(tmp_path / str(number), order, 1, nothing) for number, order in enumerate((first, second))]
    assert files[0] != files[1]


def test_letters_of_one_commit_lie_there_as_if_they_had_come_in_any_order(tmp_path: Path) -> None:
    first = letters(100)
    second = random.sample(first, 100)
    files = [file_after(tmp_path / str(number), order, 100, nothing) for number, order in enumerate((first, second))]
    assert files[0] == files[1]


def test_a_backup_tells_no_order_either(tmp_path: Path) -> None:
    first = letters()
    copies = []
    for order in (first, random.sample(first, LETTERS)):
        store = open_store(tmp_path / f"data{len(copies)}")
        for envelope in order:
            store.keep(ids([envelope]))
        store.copy(tmp_path / f"copy{len(copies)}")
        store.close()
        copies.append(bytearray((tmp_path / f"copy{len(copies)}").read_bytes()))
    for copy in copies:
        for counter in COUNTERS:
            copy[counter] = bytes(4)
    assert copies[0] == copies[1]


def test_a_large_database_and_a_reader_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path / "data")
    store.keep(ids(letters(20)))
    reader = sqlite3.connect(tmp_path / "data" / DATABASE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM envelope").fetchone()
    store.keep(ids(letters(1)))
    assert not store.compact()
    reader.close()
    assert store.compact()
    monkeypatch.setattr(sqlite, "COMPACTED_BYTES_MOST", 20 * 8_192)
    assert not store.compact()
    store.close()


def test_somebody_else_writing_puts_it_off(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    store.keep(ids(letters(20)))
    other = sqlite3.connect(tmp_path / "data" / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not store.compact()
    other.close()
    assert store.compact()
    assert list(store.faults()) == []
    store.close()


# The relay: when


class Watched(SqliteStore):
    """Says when it begins to compact, and does so when it may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.begun = threading.Semaphore(0)
        self.may = threading.Semaphore(0)

    def compact(self) -> bool:
        self.begun.release()
        assert self.may.acquire(timeout=PATIENCE)
        return super().compact()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    make_folder(tmp_path / "data")
    return Watched(tmp_path / "data")


def begins(store: Watched) -> None:
    assert store.begun.acquire(timeout=PATIENCE)


def test_compacted_at_the_start_a_minute_after_a_letter_and_at_the_end(
    open_relay: Callable[..., Line], watched: Watched, clock: HandClock
) -> None:
    line = open_relay(store=watched)
    begins(watched)
    watched.may.release()
    for _ in range(2):
        assert line.deposit(new_key().id, letter()).status_code == 201
    line.collect(new_key())  # answered after the housekeeping that follows it
    assert not watched.begun.acquire(blocking=False)
    clock.now += 60
    begins(watched)
    watched.may.release()
    clock.now += 60  # nothing came: nothing to do
    for _ in range(2):
        line.app.extensions["mailbox"].run(bool)
    assert not watched.begun.acquire(blocking=False)
    assert line.deposit(new_key().id, letter()).status_code == 201
    watched.may.release()
    watched.may.release()
    line.app.extensions["services"].close()
    begins(watched)


def test_deposits_and_acknowledgements_wait_for_it_and_succeed(
    open_relay: Callable[..., Line], watched: Watched, clock: HandClock
) -> None:
    line, key, body = open_relay(store=watched), new_key(), letter()
    begins(watched)
    with ThreadPoolExecutor() as phones:
        sent = phones.submit(line.deposit, key.id, body)
        assert not sent.done()
        watched.may.release()
        assert sent.result(PATIENCE).status_code == 201
        clock.now += 60
        begins(watched)
        sent = phones.submit(line.deposit, key.id, letter())
        acked = phones.submit(line.collect, key, ack=[digest(body)])
        assert [sent.done(), acked.done()] == [False, False]
        for _ in range(4):
            watched.may.release()
        assert (sent.result(PATIENCE).status_code, acked.result(PATIENCE).status_code) == (201, 200)
    assert len(line.envelopes(key)) == 1


# Killed, and on a full disk


QUIET = 15  # seconds after which a -wal file that stays empty was filled and emptied unseen


def wal_reaches(process: subprocess.Popen[str], wal: Path, size: int) -> bool:
    """Wait until the -wal file has this size; False if it was emptied before we saw that, or filled and emptied between
    two looks of a busy machine: then the database was written, and nothing more happens for a while."""
    database, most = wal.with_name(DATABASE), 0
    written_at, quiet, until = database.stat().st_mtime_ns, time.monotonic() + QUIET, time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        now = wal.stat().st_size if wal.exists() else 0
        if now >= size:
            return True
        if now < most:
            return False
        most = now
        if not most and time.monotonic() > quiet and database.stat().st_mtime_ns != written_at:
            return False
    raise AssertionError("the relay did not compact")


@pytest.mark.process
@pytest.mark.slow
def test_killed_in_the_middle_it_loses_nothing(tmp_path: Path) -> None:
    folder, stored, key = tmp_path / "data", letters(2_000), new_key()
    mine = [Envelope(key.id, *envelope[1:3], 30_000, envelope[4]) for envelope in stored]
    store = open_store(folder)
    for some in batched(mine, 100):
        store.keep(ids(some))
    store.mark_active(key.id, 1)
    store.close()
    whole = (folder / DATABASE).stat().st_size
    caught = 0
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0):
        process = subprocess.Popen(
            relay_command("serve", "--data", folder, "--listen", "127.0.0.1:0"),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        caught += wal_reaches(process, folder / f"{DATABASE}-wal", max(4_096, int(whole * share)))
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        store = SqliteStore(folder)
        assert list(store.faults()) == []
        store.close()  # an empty -wal file to watch the next time
    assert caught  # on a busy machine we see some too late
    with running(folder) as relay:
        assert set(relay.everything(key).values()) == {envelope.body for envelope in mine}


@pytest.mark.process
def test_a_disk_that_fills_up_meanwhile_is_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = letters(400)
    with mounted(tmp_path / "disk", "size=24m") as disk:
        make_folder(disk / "data")
        store = SqliteStore(disk / "data", 1 << 20)
        store.keep(ids(stored[:200]))
        store.keep(ids(stored[200:]))
        assert store.scrub()
        before = (disk / "data" / DATABASE).read_bytes()
        fill(disk / "other")
        assert not store.compact()  # sees that there is no space
        monkeypatch.setattr(sqlite, "disk_free", lambda _: 1 << 40)
        assert not store.compact()  # runs into the wall
        assert (disk / "data" / DATABASE).read_bytes() == before
        with (disk / "other").open("r+b") as other:
            other.truncate((disk / "other").stat().st_size - (1 << 20))
        assert not store.compact()  # runs into it half way
        assert (disk / "data" / DATABASE).read_bytes() == before
        assert (disk / "data" / "ballast").exists()
        acknowledged(store, stored[:300])
        assert list(store.faults()) == []
        (disk / "other").unlink()
        assert store.compact()
        assert all(store.page(envelope.mailbox, 1, 1) == [envelope] for envelope in stored[300:])
        assert list(store.faults()) == []
        store.close()
