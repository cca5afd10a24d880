"""No single clock destroys a key: most relays have to sign the same date, or a person gives it."""

import os
import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.organisation.trusted_date import (
    AGREE_SECONDS,
    BLOCKED_SECONDS,
    FAR_SECONDS,
    ClockContradicted,
    DateCheck,
    DateDisagrees,
    DateTooEarly,
    SignedHour,
    check_date,
    check_typed_date,
    judge_date,
    read_date,
)
from client.transport.relay_client import Transport
from keys.errors import BadReceipt
from keys.wire import DAY_SECONDS, HOUR_SECONDS, WEEK_SECONDS
from tests.keys.vectors import each
from tests.support.fake_relay import Post
from tests.support.relay_process import running

NOW = 1_795_168_800
TODAY = datetime.fromtimestamp(NOW, UTC).date()
RELAYS = ("https://a.example", "https://b.example", "https://c.example")


def signed(*ahead: int | None) -> dict[str, SignedHour | str]:
    """Relay number i is so many seconds ahead of us; None is silent."""
    hours = [None if seconds is None else (NOW + seconds) // HOUR_SECONDS * HOUR_SECONDS for seconds in ahead]
    return {
        f"https://{i}.example": "relay-unreachable" if hour is None else SignedHour(hour, bytes([i]) * 32)
        for i, hour in enumerate(hours)
    }


@pytest.mark.parametrize(
    ("ahead", "is_confirmed"),
    [
        ((0,), True),
        ((None,), False),
        ((0, 0), True),
        ((0, None), False),
        ((0, 0, None), True),
        ((0, None, None), False),
        ((0, 0, 2 * DAY_SECONDS), True),
        ((0, 0, 8 * DAY_SECONDS), False),
        ((0, 0, -8 * DAY_SECONDS), False),
        ((0, 2 * DAY_SECONDS, 2 * DAY_SECONDS), False),
        ((-6 * WEEK_SECONDS,) * 3, False),
    ],
)
def test_most_relays_have_to_agree_to_a_day_and_none_may_be_a_week_off(ahead, is_confirmed):
    assert judge_date(NOW, signed(*ahead)).is_confirmed == is_confirmed


def test_one_relay_under_two_addresses_or_in_the_name_of_another_counts_once():
    own = SignedHour(NOW // HOUR_SECONDS * HOUR_SECONDS, b"a" * 32)
    two = {RELAYS[0]: own, RELAYS[1]: own}
    assert judge_date(NOW, two, known_keys=1).is_confirmed, "its onion address is no second relay"
    assert not judge_date(NOW, two, known_keys=2).is_confirmed, "it passed the other's letter on to itself"


@each("date")
def test_signed_hours_bear_out_a_clock_as_the_vectors_say(vector):
    hours = {
        f"https://{i}.example": found if isinstance(found, str) else SignedHour(found["hour"], found["key"].encode())
        for i, found in enumerate(vector["hours"])
    }
    check = judge_date(vector["now"], hours, vector["known_keys"])
    assert (check.agreeing, check.needed) == (vector["agreeing"], vector["needed"])
    assert (check.is_confirmed, check.is_contradicted) == (vector["confirmed"], vector["contradicted"])


AHEAD = st.lists(st.none() | st.integers(-12 * WEEK_SECONDS, 12 * WEEK_SECONDS), min_size=1, max_size=7)


@given(AHEAD)
def test_a_minority_never_confirms_and_never_contradicts(ahead):
    check = judge_date(NOW, signed(*ahead))
    agreeing = sum(seconds is not None and abs(seconds) <= AGREE_SECONDS + HOUR_SECONDS for seconds in ahead)
    if check.is_confirmed:
        assert agreeing * 2 > len(ahead)
        assert all(seconds is None or abs(seconds) <= FAR_SECONDS + HOUR_SECONDS for seconds in ahead)
        assert not check.is_contradicted
    if check.is_contradicted:
        others = sum(seconds is not None and abs(seconds) > AGREE_SECONDS - HOUR_SECONDS for seconds in ahead)
        assert others * 2 > len(ahead)


@given(AHEAD, st.data())
def test_a_relay_that_falls_silent_confirms_nothing_that_was_not_near_before(ahead, data):
    if judge_date(NOW, signed(*ahead)).is_confirmed:
        return
    i = data.draw(st.integers(0, len(ahead) - 1))
    near = sum(seconds is not None and abs(seconds) <= AGREE_SECONDS + HOUR_SECONDS for seconds in ahead)
    fewer = judge_date(NOW, signed(*ahead[:i], None, *ahead[i + 1 :]))
    assert not fewer.is_confirmed or near * 2 > len(ahead)


SILENT = DateCheck(1, 2, {}, {"https://b.example": "relay-unreachable"})


def test_a_persons_date_counts_as_fourteen_days_ago():
    assert check_typed_date(TODAY, NOW, NOW - BLOCKED_SECONDS, SILENT) == NOW - BLOCKED_SECONDS


def test_a_persons_date_is_not_enough_by_itself():
    with pytest.raises(DateTooEarly):
        check_typed_date(TODAY, NOW, NOW - BLOCKED_SECONDS + 1, SILENT)
    for other in (date(2026, 1, 14), date(2027, 1, 1), date(1970, 1, 1)):
        with pytest.raises(DateDisagrees):
            check_typed_date(other, NOW, 0, SILENT)
    with pytest.raises(ClockContradicted):
        check_typed_date(TODAY, NOW, 0, judge_date(NOW, signed(-6 * WEEK_SECONDS, -6 * WEEK_SECONDS, None)))


def test_a_date_that_was_confirmed_by_a_clock_that_ran_ahead_forbids_nobody_to_type_the_right_one():
    assert check_typed_date(TODAY, NOW, NOW + 60 * DAY_SECONDS, SILENT) == NOW - BLOCKED_SECONDS
    with pytest.raises(DateTooEarly):
        check_typed_date(TODAY, NOW, NOW + HOUR_SECONDS, SILENT)


def test_one_lying_relay_does_not_overrule_a_person():
    check = judge_date(NOW, signed(0, None, 40 * DAY_SECONDS))
    assert check_typed_date(TODAY, NOW, 0, check) == NOW - BLOCKED_SECONDS


def test_a_date_is_typed_as_year_month_day():
    assert read_date(" 2026-11-26 ") == date(2026, 11, 26)
    for text in ("", "26.11.2026", "tomorrow", "2026-13-01"):
        with pytest.raises(DateDisagrees):
            read_date(text)


# The relays


def ask(post: Post, *, keys=None) -> DateCheck:
    return check_date(RELAYS, [post.key_of(relay) for relay in RELAYS] if keys is None else keys, post, NOW)


def test_each_relay_signs_an_hour_on_a_letter_that_does_not_stay_there():
    post = Post(clock=lambda: NOW)
    assert ask(post) == DateCheck(3, 2, {}, {})
    assert len({sealed.mailbox for sealed in post.deposited}) == 3
    assert not any(letters for boxes in post.mailboxes.values() for letters in boxes.values())


def test_a_liar_is_named_with_its_date_and_a_silent_relay_with_the_reason():
    post = Post(clock=lambda: NOW, ahead={RELAYS[1]: 60 * DAY_SECONDS}, down={RELAYS[2]})
    check = ask(post)
    assert (check.agreeing, check.needed, check.is_confirmed) == (1, 2, False)
    assert (list(check.far), check.silent) == ([RELAYS[1]], {RELAYS[2]: "relay-unreachable"})


def test_an_hour_that_no_key_of_the_card_signed_is_none():
    post = Post(clock=lambda: NOW)
    assert ask(post, keys=[post.key_of("https://stranger.example")]).silent == dict.fromkeys(RELAYS, BadReceipt.code)
    assert ask(post, keys=[]).silent == dict.fromkeys(RELAYS, BadReceipt.code)


def test_a_real_relay_signs_its_hour(tmp_path):
    with running(tmp_path / "relay") as relay, Transport(os.urandom) as transport:
        key = transport.info(relay.address).note_key
        check = check_date([relay.address], [key], transport, int(time.time()))
    assert check == DateCheck(1, 1, {}, {})
