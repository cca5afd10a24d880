"""A signed request is answered once, also across a restart, and nobody can push out another's memory."""

import os
from collections.abc import Callable

import pytest

from keys.problems import Busy, Replayed, WrongClock
from relay import replay
from relay.replay import Replays
from tests.support.relay_post import NOON, HandClock, Line, new_key

MINE, YOURS = b"\x11" * 32, b"\x22" * 32


def nonce(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_a_nonce_counts_once_for_each_mailbox() -> None:
    seen = Replays(0)
    seen.check(MINE, nonce(1), NOON, NOON)
    seen.check(YOURS, nonce(1), NOON, NOON)
    with pytest.raises(Replayed):
        seen.check(MINE, nonce(1), NOON, NOON)


def test_a_nonce_is_remembered_as_long_as_its_request_is_valid() -> None:
    seen = Replays(0)
    at = NOON + 300
    seen.check(MINE, nonce(1), at, NOON)
    with pytest.raises(Replayed):
        seen.check(MINE, nonce(1), at, NOON + 600)


def test_what_is_too_old_to_be_valid_is_forgotten() -> None:
    seen = Replays(0)
    seen.check(MINE, nonce(1), NOON, NOON)
    seen.check(YOURS, nonce(1), NOON + 400, NOON + 400)
    assert list(seen._seen) == [YOURS]


def test_a_flood_pushes_out_only_its_own_memory_and_leaves_a_floor() -> None:
    seen = Replays(0)
    seen.check(YOURS, nonce(0), NOON, NOON)
    for number in range(replay.NONCES + 1):
        seen.check(MINE, nonce(number), NOON + number // 100, NOON)
    with pytest.raises(WrongClock):
        seen.check(MINE, nonce(0), NOON, NOON)
    with pytest.raises(Replayed):
        seen.check(YOURS, nonce(0), NOON, NOON)


def test_too_many_mailboxes_are_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MAILBOXES", 2)
    seen = Replays(0)
    for mailbox in (MINE, YOURS):
        seen.check(mailbox, nonce(1), NOON, NOON)
    with pytest.raises(Busy):
        seen.check(bytes(32), nonce(1), NOON, NOON)
    with pytest.raises(Replayed):
        seen.check(MINE, nonce(1), NOON, NOON)


def test_a_request_from_before_a_restart_is_a_wrong_clock_and_the_corrected_one_works(
    open_relay: Callable[..., Line], clock: HandClock
) -> None:
    key = new_key()
    first = open_relay()
    request = key.collect(first.origin, at=clock.now, nonce=os.urandom(16))
    assert first.send(*request).status_code == 200
    first.app.extensions["mailbox"].close()
    second = open_relay()
    refused = second.send(*request)
    assert refused.get_json()["code"] == "wrong-clock"
    clock.now = refused.get_json()["time"]
    assert second.collect(key).status_code == 200


def test_a_relay_that_never_ran_before_takes_requests_from_before_its_start(line: Line) -> None:
    assert line.collect(new_key(), at=line.clock.now - 200).status_code == 200
