"""Only a receipt lets a letter go; a second relay is tried, but not for ever; nobody is hammered."""

from hypothesis import given
from hypothesis import strategies as st

from client.outbox.retry import FIRST_WAIT, GOAL, LONGEST_WAIT, SECOND_TRIES, OutboxLetter

RELAYS = ("https://a.example", "https://b.example", "https://c.example")


def half() -> float:
    return 0.5


def test_one_receipt_means_it_has_left_and_two_that_it_is_done():
    letter = OutboxLetter(RELAYS)
    assert not letter.has_left
    letter = letter.accepted(RELAYS[0], "receipt")
    assert letter.has_left
    assert not letter.is_finished
    assert letter.next_relay(0) == RELAYS[1]
    letter = letter.accepted(RELAYS[1], "receipt")
    assert letter.is_finished
    assert letter.next_relay(0) is None


def test_with_one_relay_one_receipt_is_all_there_can_be():
    assert OutboxLetter(RELAYS[:1]).accepted(RELAYS[0], "receipt").is_finished


def test_the_waits_double_and_end_at_a_quarter_of_an_hour():
    letter, waits, now = OutboxLetter(RELAYS[:1]), [], 0
    for _ in range(12):
        letter = letter.failed(RELAYS[0], "busy", now, half)
        waits.append(letter.next_time() - now)
        now = letter.next_time()
    assert waits[:4] == [FIRST_WAIT, 10, 20, 40]
    assert waits[-1] == LONGEST_WAIT


def test_a_relay_that_names_its_wait_is_believed_up_to_a_limit():
    assert OutboxLetter(RELAYS[:1]).failed(RELAYS[0], "busy", 100, half, retry_after=60).next_time() == 160
    assert OutboxLetter(RELAYS[:1]).failed(RELAYS[0], "busy", 0, half, retry_after=10**9).next_time() == LONGEST_WAIT


def test_another_relay_is_tried_while_the_first_one_waits():
    letter = OutboxLetter(RELAYS).failed(RELAYS[0], "relay-unreachable", 0, half)
    assert letter.next_relay(0) == RELAYS[1]


def test_a_second_relay_that_never_answers_does_not_keep_a_letter_for_ever():
    letter = OutboxLetter(RELAYS[:2]).accepted(RELAYS[0], "receipt")
    for _ in range(SECOND_TRIES):
        assert not letter.is_finished
        letter = letter.failed(RELAYS[1], "relay-unreachable", 0, half)
    assert letter.is_finished


def test_hurrying_makes_every_relay_due():
    letter = OutboxLetter(RELAYS)
    for relay in RELAYS:
        letter = letter.failed(relay, "busy", 1_000, half)
    assert letter.next_relay(1_000) is None
    assert letter.hurried().next_relay(1_000) in RELAYS


def test_a_clock_that_ran_ahead_and_was_set_back_keeps_no_letter_waiting():
    ahead = 10**6 + 60 * 86_400
    letter = OutboxLetter(RELAYS[:1]).failed(RELAYS[0], "busy", ahead, half)
    assert letter.next_relay(ahead) is None
    assert letter.next_relay(10**6) == RELAYS[0]
    longest = OutboxLetter(RELAYS[:1]).failed(RELAYS[0], "busy", 0, half, retry_after=10**9)
    assert longest.next_relay(0) is None


STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 2_000), st.integers(0, 5_000) | st.none()), max_size=60)


@given(STEPS, st.integers(1, 3), st.floats(0, 1, exclude_max=True))
def test_whatever_relays_do(steps, relays, random_bytes):
    letter, now, given_to = OutboxLetter(RELAYS[:relays]), 0, []
    for works, passes, retry_after in steps:
        now += passes
        relay = letter.next_relay(now)
        if relay is None:
            continue
        assert relay not in given_to, "never sent again where it is held"
        assert len(given_to) < min(GOAL, relays), "never sent on once it is finished"
        if works:
            letter = letter.accepted(relay, "receipt")
            given_to.append(relay)
        else:
            letter = letter.failed(relay, "busy", now, lambda: random_bytes, retry_after)
            assert letter.attempts[relay].not_before > now
            assert letter.attempts[relay].not_before <= now + 1.2 * LONGEST_WAIT
        assert letter.has_left == bool(given_to)
    if not given_to:
        assert not letter.is_finished, "without a receipt it is never given up"
        assert letter.next_time() is not None
