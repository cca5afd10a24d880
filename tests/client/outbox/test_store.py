"""The outbox on disk: whole after any end of the process, sealed bytes only, gone when it has gone."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import msgspec
import pytest

from client.files import CannotWrite
from client.outbox.retry import OutboxLetter
from client.outbox.store import OutboxStore, SpoolBroken, Waiting
from keys.envelope import Address, Sealed, blinding_key, frame, seal_content
from keys.kem import PrivateKey
from keys.wire import Purpose

RELAYS = ("https://a.example", "https://b.example")


def waiting(mark: bytes = b"") -> Waiting:
    envelope = b"\x01" + mark + os.urandom(8_191 - len(mark))
    return Waiting(Sealed(envelope, os.urandom(32), os.urandom(32)), OutboxLetter(RELAYS), ("key",))


def test_what_was_put_is_there_after_a_restart(tmp_path):
    entry = waiting()
    with OutboxStore(tmp_path) as outbox:
        outbox.put([entry])
    with OutboxStore(tmp_path) as outbox:
        assert outbox.hashes() == [entry.sealed.hash]
        assert outbox.get(entry.sealed.hash) == entry


def test_what_happened_to_a_letter_is_there_after_a_restart(tmp_path):
    entry = waiting()
    letter = entry.letter.failed(RELAYS[0], "busy", 1_000, lambda: 0.5).accepted(RELAYS[1], "receipt")
    with OutboxStore(tmp_path) as outbox:
        outbox.put([entry])
        outbox.update(entry.sealed.hash, letter)
    with OutboxStore(tmp_path) as outbox:
        assert outbox.get(entry.sealed.hash).letter == letter


def test_a_letter_follows_the_relays_of_its_own_organisation_and_of_no_other(tmp_path):
    mine = Waiting(waiting().sealed, OutboxLetter(RELAYS, organisation="mine").accepted(RELAYS[0], "receipt"), ("key",))
    others, nobodys = waiting(), Waiting(waiting().sealed, OutboxLetter(RELAYS, organisation="other"), ("key",))
    new = ("https://c.example", "https://d.example")
    with OutboxStore(tmp_path) as outbox:
        outbox.put([mine, others, nobodys])
        outbox.follow("mine", new, ("new key",), os.urandom)
        outbox.follow("", new, ("new key",), os.urandom)
        moved = outbox.get(mine.sealed.hash)
        assert (sorted(moved.letter.relays), moved.keys) == ([*new], ("new key",))
        assert (moved.sealed, dict(moved.letter.receipts)) == (mine.sealed, {}), "nobody collects at the old one"
        assert [outbox.get(entry.sealed.hash) for entry in (others, nobodys)] == [others, nobodys]


def test_a_letter_that_only_a_removed_relay_has_is_sent_again(tmp_path):
    at_both = OutboxLetter(RELAYS, organisation="mine").accepted(RELAYS[0], "receipt")
    mine = Waiting(waiting().sealed, at_both, ("key",))
    with OutboxStore(tmp_path) as outbox:
        outbox.put([mine])
        outbox.follow("mine", (RELAYS[1],), ("key",), os.urandom)
        assert not outbox.get(mine.sealed.hash).letter.has_left
        outbox.follow("mine", RELAYS, ("key",), os.urandom)
        outbox.update(mine.sealed.hash, outbox.get(mine.sealed.hash).letter.accepted(RELAYS[1], "another"))


def test_the_receipt_of_a_relay_that_stays_counts_on(tmp_path):
    mine = Waiting(waiting().sealed, OutboxLetter(RELAYS, organisation="mine").accepted(RELAYS[0], "receipt"), ("key",))
    with OutboxStore(tmp_path) as outbox:
        outbox.put([mine])
        outbox.follow("mine", (RELAYS[0], "https://c.example"), ("key",), os.urandom)
        assert dict(outbox.get(mine.sealed.hash).letter.receipts) == {RELAYS[0]: "receipt"}


def test_a_letter_of_before_that_names_no_organisation_is_read_and_goes_where_it_was_to_go(tmp_path):
    entry = waiting()
    with OutboxStore(tmp_path) as outbox:
        outbox.put([entry])
        before = {"relays": RELAYS, "receipts": {}, "attempts": {}, "wake": {}}
        outbox._db.execute("UPDATE letter SET state = ?", (msgspec.msgpack.encode(before),))
        outbox.follow("mine", ("https://c.example",), ("new key",), os.urandom)
        assert outbox.get(entry.sealed.hash) == entry


def test_a_finished_letter_leaves_no_byte_behind(tmp_path):
    mark = b"find me, I am sixteen bytes and more"
    marked, other = waiting(mark), waiting()
    with OutboxStore(tmp_path) as outbox:
        outbox.put([marked, other])
        assert mark in read_disk(tmp_path), "the search finds what is there"
        outbox.update(marked.sealed.hash, marked.letter.accepted(RELAYS[0], "r").accepted(RELAYS[1], "r"))
        assert mark not in read_disk(tmp_path)
        assert outbox.hashes() == [other.sealed.hash]


def read_disk(folder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.process
def test_a_process_killed_while_it_writes_loses_nothing_it_had_put(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.client.outbox.test_store import waiting; from client.outbox.store import OutboxStore\n"
        "outbox = OutboxStore(Path(sys.argv[1]))\n"
        "for n in range(20):\n"
        "    entry = waiting(); outbox.put([entry]); print(entry.sealed.hash.hex(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=False
    )
    assert ended.returncode == -9
    with OutboxStore(tmp_path) as outbox:
        assert [hash_.hex() for hash_ in outbox.hashes()] == sorted(ended.stdout.split())


def test_a_file_that_is_no_outbox_is_named(tmp_path):
    (tmp_path / "outbox.db").write_bytes(b"this is something else entirely" * 100)
    with pytest.raises(SpoolBroken):
        OutboxStore(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "outbox.db").mkdir()
    with pytest.raises(CannotWrite):
        OutboxStore(tmp_path)


def test_letters_are_put_all_or_none(tmp_path):
    good, broken = waiting(), Waiting(Sealed(b"\x01", None, bytes(32)), OutboxLetter(RELAYS), ())
    with OutboxStore(tmp_path) as outbox:
        with pytest.raises(SpoolBroken):
            outbox.put([good, broken])
        assert outbox.hashes() == []


def test_beside_each_envelope_lies_its_blinding_key_and_an_outbox_from_before_is_read(tmp_path):
    salt = os.urandom(32)
    key = PrivateKey(os.urandom(32)).public
    address = Address(Purpose.REPORT, os.urandom(32), os.urandom(32))
    sealed = seal_content(frame(salt, b"{}", b""), key=key, address=address)
    letter = Waiting(sealed, OutboxLetter(RELAYS), ("key",), (), b"o" * 32)
    with OutboxStore(tmp_path / "new") as store:
        store.hold([letter])
        store.release([sealed.hash])
        assert store.get(sealed.hash) == letter
        assert store.get(sealed.hash).sealed.blind == blinding_key(salt)
    (tmp_path / "old").mkdir()
    with closing(sqlite3.connect(tmp_path / "old" / "outbox.db")) as db, db:
        for table in ("letter", "held"):
            db.execute(
                f"CREATE TABLE {table} (hash BLOB PRIMARY KEY, mailbox BLOB NOT NULL, commitment BLOB NOT NULL, "
                "state BLOB NOT NULL, keys BLOB NOT NULL, envelope BLOB NOT NULL) WITHOUT ROWID"
            )
        packed = [msgspec.msgpack.encode(value) for value in (OutboxLetter(RELAYS), ("key",))]
        row = (sealed.hash, sealed.mailbox, sealed.commitment, *packed, sealed.envelope)
        db.execute("INSERT INTO letter VALUES (?, ?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)", (b"h" * 32, *row[1:]))
    for _ in range(2):
        with OutboxStore(tmp_path / "old") as store:
            found = store.get(sealed.hash)
            assert (found.sealed.envelope, found.sealed.blind, found.tickets) == (sealed.envelope, None, ())
            store.put([letter])
            store.release([b"h" * 32])
            assert store.hashes() == sorted([sealed.hash, b"h" * 32])
