"""A receipt is a promise: after every kill, whatever was receipted is there, whole, and needs no repair."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from keys import note
from keys.mailbox import MailboxKey
from keys.wire import b64, digest
from tests.bench.relay import shim
from tests.support.relay_post import frames, letter, new_key, parcel
from tests.support.relay_process import Relay, relay_command, running
from tests.support.soak import at_length

pytestmark = [pytest.mark.process, pytest.mark.slow]

KILLS = at_length(6, 60)
ENOUGH = 150  # receipts before each kill
PHONES = 8


class DepositingPhone(threading.Thread):
    """Deposits one envelope after the other until the line breaks; keeps what it has a receipt for."""

    def __init__(self, relay: Relay, mailbox: bytes, enough: threading.Semaphore) -> None:
        super().__init__()
        self.relay = relay
        self.mailbox = mailbox
        self.enough = enough
        self.receipted: dict[bytes, tuple[bytes, bytes, bytes]] = {}

    def run(self) -> None:
        with httpx.Client(base_url=self.relay.address, timeout=30) as http:
            relay = Relay(self.relay.process, self.relay.address, http, self.relay.log)
            for number in range(100_000):
                body, commitment = (parcel() if number % 10 == 9 else letter()), os.urandom(32)
                try:
                    answer = relay.deposit(self.mailbox, body, commitment)
                except httpx.HTTPError:
                    return
                assert answer.status_code == 201
                self.receipted[digest(body)] = (body, commitment, answer.content)
                self.enough.release()


def under_load_then_killed(relay: Relay, key: MailboxKey) -> dict[bytes, tuple[bytes, bytes, bytes]]:
    enough = threading.Semaphore(0)
    phones = [DepositingPhone(relay, key.id, enough) for _ in range(PHONES)]
    for phone in phones:
        phone.start()
    for _ in range(ENOUGH):
        assert enough.acquire(timeout=60)
    relay.process.send_signal(signal.SIGKILL)
    for phone in phones:
        phone.join()
    return {hash_: receipted for phone in phones for hash_, receipted in phone.receipted.items()}


@pytest.mark.soak
def test_after_kills_under_load_every_receipt_is_honoured(tmp_path: Path) -> None:
    folder, key = tmp_path / "data", new_key()
    receipted: dict[bytes, tuple[bytes, bytes, bytes]] = {}
    public = b""
    for _ in range(KILLS):
        with running(folder) as relay:
            relay.collect(key, want=0)
            public = relay.note_key()
            receipted |= under_load_then_killed(relay, key)
    with running(folder) as relay:
        assert relay.note_key() == public
        assert subprocess.run(relay_command("check", "--data", folder), check=False).returncode == 0
        got = relay.everything(key)
    assert len(receipted) >= KILLS * ENOUGH
    for hash_, (body, commitment, receipt) in receipted.items():
        assert got[hash_] == body
        lines = note.verify(receipt, public, "tocsin/1/receipt").lines
        assert lines[2:4] == [b64(commitment), b64(hash_)]
    # whatever else is there was written but not receipted before the kill; it is whole, too
    assert all(digest(body) == hash_ for hash_, body in got.items())


def seconds(call: Callable[[], httpx.Response]) -> float:
    started = time.monotonic()
    assert call().status_code in (200, 201)
    return time.monotonic() - started


def quickest(call: Callable[[], httpx.Response]) -> float:
    """Return the seconds of the quickest of five calls: what waits for the disk waits each time, a busy machine not."""
    return min(seconds(call) for _ in range(5))


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_nothing_is_answered_before_the_disk_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a disk that takes 0.4 s for every fsync, no receipt and no acknowledgement takes less."""
    monkeypatch.setenv("LD_PRELOAD", str(shim(tmp_path)))
    monkeypatch.setenv("SLOW_FSYNC_MS", "400")
    key, body = new_key(), letter()
    with running(tmp_path / "data") as relay:
        assert quickest(lambda: relay.http.get("/v1/relay")) < 0.4
        for sent in (letter(), letter(), body):  # the first after a start would be synced in any case
            assert seconds(lambda sent=sent: relay.deposit(key.id, sent, bytes(32))) >= 0.4
        relay.collect(key)
        assert quickest(lambda: relay.collect(key)) < 0.4
        assert seconds(lambda: relay.collect(key, ack=[digest(body)])) >= 0.4


def test_an_acknowledgement_that_was_answered_holds_after_a_kill(tmp_path: Path) -> None:
    folder, key = tmp_path / "data", new_key()
    bodies = [letter() for _ in range(20)]
    with running(folder) as relay:
        for body in bodies:
            relay.deposit(key.id, body, bytes(32))
        assert relay.collect(key, ack=[digest(body) for body in bodies[:10]]).status_code == 200
        relay.process.kill()
    with running(folder) as relay:
        for body in bodies[:10]:
            assert relay.deposit(key.id, body, bytes(32)).status_code == 200
        got = {envelope for _, _, envelope in frames(relay.collect(key).content)}
    assert got == set(bodies[10:])
