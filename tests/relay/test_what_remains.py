"""What somebody finds who takes the relay's disk and its log: no plaintext, no address, no time, nothing deleted."""

import base64
import os
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from keys.wire import digest
from relay.server import sweep
from tests.support.relay_post import confirm, new_key, parcel
from tests.support.relay_process import Relay, running

pytestmark = pytest.mark.process

WINDOW = 16
SECRETS = (b"KIROV SQUARE", "улица Ленина".encode(), b"203.0.113.77")


def contents_of(folder: Path, log: Path) -> bytes:
    """Every byte of every file, -wal included, and the log. The ballast is zeros, the keys are the relay's own."""
    skipped = {"ballast", "relay.key", "wake.key", "vapid.key"}
    files = [path for path in folder.iterdir() if path.name not in skipped]
    return b"\0".join(path.read_bytes() for path in [*files, log])


def windows(data: bytes) -> set[bytes]:
    return {data[start : start + WINDOW] for start in range(len(data) - WINDOW + 1)}


def left_of(bodies: list[bytes], haystack: bytes) -> int:
    """How many of these envelopes have 16 bytes in a row somewhere in the haystack, however they are aligned."""
    found = windows(haystack)
    return sum(not found.isdisjoint(windows(body)) for body in bodies)


def spellings(moment: int) -> Iterator[bytes]:
    """A second, the way programs write it down: text, packed, as float, in milliseconds, as date."""
    for number in (moment, moment * 1_000, moment * 1_000_000, moment * 1_000_000_000):
        yield str(number).encode()
    for layout in (">I", "<I", ">q", "<q", ">d", "<d"):
        yield struct.pack(layout, moment)
    at = datetime.fromtimestamp(moment, UTC)
    yield at.strftime("%H:%M:%S").encode()
    yield base64.b64encode(struct.pack(">I", moment)).rstrip(b"=")


def bodies(count: int) -> list[bytes]:
    """Letters and a few parcels; random, as sealed bytes are."""
    return [b"\x01" + os.urandom(8191) for _ in range(count - 6)] + [parcel() for _ in range(6)]


def times_found(haystack: bytes, first: int, last: int) -> list[bytes]:
    return [spelling for moment in range(first, last + 1) for spelling in spellings(moment) if spelling in haystack]


def provoke(relay: Relay) -> bytes:
    """Wrong requests that carry secrets; what the relay answers."""
    answers = b""
    for path, headers in (
        ("/v1/deposit", {"Tocsin-Mailbox": "KIROV SQUARE", "X-Forwarded-For": "203.0.113.77"}),
        ("/v1/collect", {"Tocsin-Signature": "KIROV SQUARE"}),
        ("/v1/card", {"Tocsin-Root": "KIROV SQUARE"}),
        ("/v1/KIROV SQUARE", {}),
    ):
        answers += relay.http.post(path, content=b"KIROV SQUARE 203.0.113.77", headers=headers).content
    return answers


def test_after_two_hundred_letters_half_collected_half_expired_nothing_of_them_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    owner, silent = new_key(), [new_key() for _ in range(4)]
    collected, expired = bodies(100), bodies(100)
    with running(folder, "--clock-is-right") as relay:
        relay.collect(owner)
        first = int(time.time())
        for number, (mine, theirs) in enumerate(zip(collected, expired, strict=True)):
            assert relay.deposit(owner.id, mine, os.urandom(32)).status_code == 201
            assert relay.deposit(silent[number % 4].id, theirs, os.urandom(32)).status_code == 201
        last = int(time.time())
        answers = provoke(relay)
        before = contents_of(folder, relay.log)
        assert left_of([*collected[:3], *collected[-2:], *expired[:3]], before) == 8  # the search does find them

        assert set(relay.everything(owner)) == {digest(body) for body in collected}
        assert left_of(collected, contents_of(folder, relay.log)) == 0
        later = int(time.time()) + 36 * 86_400
        confirm(folder, later)
        assert sweep(folder, later) == 100
        after = contents_of(folder, relay.log)
        log = relay.log.read_bytes()
        assert relay.stop() == 0

    assert left_of([*collected, *expired], after) == 0
    for secret in SECRETS:
        assert secret not in after + log + answers
    assert b"127.0.0.1" not in after + log + answers
    assert times_found(after + log + answers, first, last) == []
    assert log == b""


def test_the_search_for_times_and_words_would_find_them() -> None:
    moment = 1_795_000_000
    for spelling in spellings(moment):
        assert times_found(b"xx" + spelling + b"yy", moment, moment) != []


def test_while_letters_lie_there_the_hour_of_their_arrival_stands_nowhere(tmp_path: Path) -> None:
    from relay.store.sqlite import DATABASE
    from tests.support.relay_post import contents

    folder = tmp_path / "data"
    with running(folder, "--clock-is-right") as relay:
        for _ in range(20):
            relay.deposit(new_key().id, b"\x01" + bytes(8191 - 32) + os.urandom(32), bytes(32))
        relay.stop()
    rows = contents(folder)
    assert len(rows["envelope"]) == 20
    today = int(time.time()) // 86_400
    numbers = {value for table in rows.values() for row in table for value in row if isinstance(value, int)}
    assert numbers <= {today + 34, today + 35}
    # bodies of zeros: nothing random is left in which a time could hide from the search
    assert times_found((folder / DATABASE).read_bytes(), int(time.time()) - 60, int(time.time())) == []


def test_everything_in_the_folder_is_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running(folder) as relay:
        relay.deposit(new_key().id, parcel(), bytes(32))
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
        assert folder.stat().st_mode & 0o777 == 0o700
    assert set(modes.values()) == {0o600}
    assert {"relay.sqlite3", "relay.sqlite3-wal", "relay.key"} <= set(modes)


def test_no_file_is_as_old_as_one_envelope(tmp_path: Path) -> None:
    """Files of the folder are all shared by all envelopes, so that their dates tell of none."""
    folder = tmp_path / "data"
    with running(folder) as relay:
        names = []
        for _ in range(3):
            relay.deposit(new_key().id, parcel(), bytes(32))
            names.append({path.name for path in folder.iterdir()})
    assert all(name == next_name for name, next_name in pairwise(names))
