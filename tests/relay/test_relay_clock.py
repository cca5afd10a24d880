"""A relay whose clock jumps deletes nothing early, refuses no owner and forgets in time."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from keys.mailbox import MailboxKey
from relay.confirmed_day import FILE, read_due
from relay.store.base import UNDATED
from tests.support.relay.relay_command import run
from tests.support.relay_post import HandClock, Line, contents, frames, letter, new_key
from tests.support.relay_process import running

HOUR, DAY = 3_600, 86_400


def waiting(line: Line, key: MailboxKey) -> list[bytes]:
    """What waits for the owner of this mailbox, who signs anew when told that the clock was another."""
    answer = line.collect(key)
    if answer.status_code == 403:
        at = answer.get_json()["time"]
        assert at <= line.clock.now + 1
        answer = line.collect(key, at=at)
    assert answer.status_code == 200
    return sorted(envelope for _, _, envelope in frames(answer.data))


def housekeeping(line: Line) -> None:
    for _ in range(12):  # each write task is followed by one short step
        line.app.extensions["mailbox"].run(lambda: None)


def test_two_seconds_at_forty_days_ahead_delete_nothing(
    line: Line, clock: HandClock, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key, before, meanwhile, later = new_key(), letter(), letter(), letter()
    assert line.deposit(key.id, before).status_code == 201
    clock.jump(40 * DAY)
    assert line.deposit(key.id, meanwhile).status_code == 201
    housekeeping(line)
    clock.now += 2
    housekeeping(line)
    clock.jump(-40 * DAY)
    assert line.deposit(key.id, later).status_code == 201
    housekeeping(line)
    assert waiting(line, key) == sorted([before, meanwhile, later])
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    clock.now += DAY
    housekeeping(line)
    clock.now += 35 * DAY  # a day more than the first one has
    housekeeping(line)
    assert waiting(line, key) == sorted([meanwhile, later])
    clock.now += DAY
    housekeeping(line)
    assert contents(data)["envelope"] == contents(data)["seen"] == []


def test_what_came_at_a_start_in_the_past_is_there_after_the_next_start(
    open_relay: Callable[..., Line], clock: HandClock
) -> None:
    key, body = new_key(), letter()
    clock.jump(-1_000 * DAY)
    line = open_relay(clock_is_right=False)
    assert line.deposit(key.id, body).status_code == 201
    line.app.extensions["services"].close()
    clock.jump(1_000 * DAY)
    line = open_relay(clock_is_right=False)
    for _ in range(35):
        clock.now += DAY
        housekeeping(line)
        assert waiting(line, key) == [body]


def test_no_deposit_moves_the_day(open_relay: Callable[..., Line], clock: HandClock, data: Path) -> None:
    line = open_relay(clock_is_right=False)
    for _ in range(3):
        assert line.deposit(new_key().id, letter()).status_code == 201
        clock.jump(DAY)
    assert {row[1] for row in contents(data)["envelope"]} == {UNDATED}
    assert read_due(data, clock.now) is None


@pytest.mark.parametrize("ahead", [6 * HOUR, 40 * DAY])
def test_a_start_ahead_of_time_that_is_put_right_refuses_no_collect(
    open_relay: Callable[..., Line], clock: HandClock, ahead: int
) -> None:
    key, body = new_key(), letter()
    open_relay().app.extensions["services"].close()
    clock.jump(ahead)
    line = open_relay(clock_is_right=False)
    assert line.deposit(key.id, body).status_code == 201
    clock.jump(-ahead)
    assert waiting(line, key) == [body]


def test_what_was_answered_before_a_jump_is_not_answered_again_after_it(line: Line, clock: HandClock) -> None:
    key = new_key()
    request = key.collect(line.origin, at=clock.now, nonce=os.urandom(16))
    assert line.send(*request).status_code == 200
    clock.jump(40 * DAY)
    clock.now += HOUR
    assert line.collect(key).status_code in (200, 403)  # what is remembered of the day before is dropped
    clock.jump(-40 * DAY - HOUR)
    assert line.send(*request).get_json()["code"] in ("replayed", "wrong-clock")


def test_a_relay_that_was_off_for_three_days_goes_on_after_a_day(
    open_relay: Callable[..., Line], clock: HandClock, data: Path
) -> None:
    line = open_relay()
    line.deposit(new_key().id, letter())
    line.app.extensions["services"].close()
    clock._start, clock._passed = clock.now + 3 * DAY, 0
    line = open_relay(clock_is_right=False)
    clock.now += DAY
    housekeeping(line)
    clock.now += 32 * DAY
    housekeeping(line)
    assert contents(data)["envelope"] == []


def test_a_card_goes_by_the_confirmed_day_as_well(line: Line, clock: HandClock) -> None:
    store = line.app.extensions["mailbox"]._store
    store.put_card(bytes(32), 1, clock.now + DAY, b"card")
    clock.jump(40 * DAY)
    housekeeping(line)
    assert store.cards() == 1
    clock.now += DAY
    housekeeping(line)
    assert store.cards() == 0


def test_a_folder_without_the_file_opens_and_forgets_nothing_for_a_day(
    open_relay: Callable[..., Line], clock: HandClock, data: Path
) -> None:
    key, body = new_key(), letter()
    line = open_relay()
    line.deposit(key.id, body)
    line.app.extensions["services"].close()
    (data / FILE).unlink()  # as an older version left it
    clock.now += 50 * DAY
    line = open_relay(clock_is_right=False)
    housekeeping(line)
    assert waiting(line, key) == [body]
    assert run("sweep", "--data", data).stderr.startswith("hint: nothing is, until ")
    clock.now += DAY
    housekeeping(line)
    assert waiting(line, key) == []


@pytest.mark.process
def test_the_option_of_the_command_confirms_the_day(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running(folder) as relay:
        assert relay.deposit(new_key().id, letter(), bytes(32)).status_code == 201
        assert relay.stop() == 0
    assert run("sweep", "--data", folder).stderr != ""
    with running(folder, "--clock-is-right") as relay:
        assert run("sweep", "--data", folder).output == "forgotten: 0\n"
        assert relay.stop() == 0
