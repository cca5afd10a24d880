"""The weekly chain and the card, where no vector looks."""

import pytest
from nacl.signing import SigningKey

from keys import note
from keys.errors import BadCard, CardOlder, CardOtherRoot, ClockBehind, NoteUnsigned
from keys.organisation import (
    Card,
    LastResortKey,
    WeeklyChain,
    check_clock,
    expiry,
    fingerprint,
    first_number,
    last_resort_seed,
    mailbox_seed,
    next_chain_key,
    order_seeds,
    read_card,
    weekly_seed,
)
from keys.wire import CHAIN_DAYS, DAY_SECONDS, GRACE_DAYS, WEEK_SECONDS, b64, digest

WEEK = 2_968
START = WEEK * WEEK_SECONDS
CHAIN = WeeklyChain(WEEK, digest(b"chain"))
ROOT = SigningKey(digest(b"root"))


def seed(week: int) -> bytes:
    key = CHAIN.chain_key
    for _ in range(week - WEEK):
        key = next_chain_key(key)
    return weekly_seed(key)


# The chain


def test_a_chain_begins_this_week_with_a_key_drawn_by_chance():
    chain = WeeklyChain.new(START + 5, lambda length: digest(b"x")[:length])
    assert chain == WeeklyChain(WEEK, digest(b"x"), began=START + 5)


def test_a_chain_moves_on_at_the_first_second_of_a_week():
    assert CHAIN.advance(START + WEEK_SECONDS - 1) == CHAIN
    assert CHAIN.advance(START + WEEK_SECONDS).week == WEEK + 1


def test_moving_one_week_at_a_time_or_all_at_once_comes_to_the_same():
    now, slowly = START + 9 * WEEK_SECONDS + 17, CHAIN
    for week in range(9):
        slowly = slowly.advance(START + week * WEEK_SECONDS + 3)
    assert slowly.advance(now) == CHAIN.advance(now)


def test_a_past_week_keeps_its_seed_for_35_days_and_not_a_second_longer():
    over = START + WEEK_SECONDS + GRACE_DAYS * DAY_SECONDS
    assert CHAIN.advance(over - 1).past[WEEK] == seed(WEEK)
    after = CHAIN.advance(over)
    assert WEEK not in after.past
    assert sorted(after.past) == [WEEK + 1, WEEK + 2, WEEK + 3, WEEK + 4, WEEK + 5]
    assert seed(WEEK) not in [*after.seeds(), *after.ahead(), after.chain_key]
    assert CHAIN.chain_key not in [*after.seeds(), *after.ahead(), after.chain_key]


def test_a_past_seed_opens_its_own_week_and_is_no_chain_key():
    later = CHAIN.advance(START + 2 * WEEK_SECONDS)
    assert later.past == {WEEK: seed(WEEK), WEEK + 1: seed(WEEK + 1)}
    assert CHAIN.chain_key not in later.past.values()


def test_a_clock_that_is_behind_changes_nothing():
    later = CHAIN.advance(START + 3 * WEEK_SECONDS)
    for before in (START, START - 1, 0):
        assert later.advance(before) == later
        with pytest.raises(ClockBehind):
            check_clock(later, before)
    check_clock(later, START + 3 * WEEK_SECONDS)
    check_clock(later, START + 4 * WEEK_SECONDS)


def test_seeds_are_tried_from_this_week_backwards():
    later = CHAIN.advance(START + 3 * WEEK_SECONDS)
    assert later.seeds() == [seed(WEEK + 3), seed(WEEK + 2), seed(WEEK + 1), seed(WEEK)]


def test_a_card_publishes_this_week_and_twelve_more():
    assert CHAIN.ahead() == [seed(WEEK + i) for i in range(13)]
    assert expiry(WEEK) == (WEEK + 13) * WEEK_SECONDS


def test_a_fresh_chain_is_due_after_six_weeks_and_not_a_second_sooner():
    chain = WeeklyChain.new(START, lambda length: digest(b"x")[:length])
    assert not chain.is_due(START + CHAIN_DAYS * DAY_SECONDS - 1)
    assert chain.is_due(START + CHAIN_DAYS * DAY_SECONDS)
    assert CHAIN.is_due(START), "nobody knows when it began"


def test_a_chain_lives_until_the_grace_time_of_its_last_published_week_is_over():
    chain = CHAIN.publish()
    end = (WEEK + 13) * WEEK_SECONDS + GRACE_DAYS * DAY_SECONDS
    last = chain.advance(end - 1)
    assert (last.is_over(end - 1), last.past) == (False, {WEEK + 12: seed(WEEK + 12)})
    assert chain.advance(end).is_over(end)
    assert not CHAIN.is_over(end), "no card is known yet"


def test_of_a_chain_that_is_followed_by_another_only_published_weeks_live():
    old = CHAIN.publish().advance(START + 15 * WEEK_SECONDS)
    assert old.living() == {week: seed(week) for week in (WEEK + 10, WEEK + 11, WEEK + 12)}
    assert CHAIN.publish().advance(START + 10 * WEEK_SECONDS).living() == {
        week: seed(week) for week in range(WEEK + 5, WEEK + 13)
    }


def test_keys_are_tried_likeliest_first_over_all_chains():
    old = CHAIN.publish().advance(START + WEEK_SECONDS)
    new = WeeklyChain(WEEK + 1, digest(b"new"), began=START, last_week=WEEK + 13)
    last = [LastResortKey(digest(name), 1, 0) for name in (b"second", b"first")]
    order = order_seeds([new, old], last)
    ahead = new.ahead()
    assert order[:5] == [ahead[0], seed(WEEK + 1), seed(WEEK), last[0].seed, last[1].seed]
    assert order[5:8] == [ahead[1], seed(WEEK + 2), ahead[2]]
    assert order[-1] == ahead[12]
    assert len(order) == len(set(order)) == 13 + 13 + 2


def test_what_comes_from_the_root_is_another_key_each():
    root = digest(b"root")
    keys = {root, mailbox_seed(root), *(last_resort_seed(root, number) for number in (0, 1, 2**53 - 1))}
    assert len(keys) == 5
    assert mailbox_seed(digest(b"other")) not in keys
    assert first_number(START + 1) - first_number(START) == 1_024


def test_a_chain_does_not_print_its_keys():
    shown = repr(CHAIN.advance(START + WEEK_SECONDS))
    for secret in (CHAIN.chain_key, seed(WEEK), seed(WEEK + 1), next_chain_key(CHAIN.chain_key)):
        assert repr(secret)[2:-1] not in shown
    assert "past" not in shown


def test_a_fingerprint_is_the_first_sixty_digits():
    root = bytes(ROOT.verify_key)
    shown = fingerprint(root)
    assert [len(group) for group in shown.split(" ")] == [5] * 12
    assert str(int.from_bytes(digest(root), "big")).startswith(shown.replace(" ", ""))


# The card. Its public keys are never read as keys here, so any bytes will do.

WEEKLY = tuple(bytes([number]) * 1_216 for number in range(13))
LAST = b"\xff" * 1_216
RELAY = "https://relay.example"


def card(**changed) -> Card:
    fields = {
        "name": "",
        "root": bytes(ROOT.verify_key),
        "seq": 7,
        "issued": START,
        "expires": expiry(WEEK),
        "relays": (RELAY,),
        "mailbox": digest(b"mailbox"),
        "week": WEEK,
        "weekly": WEEKLY,
        "last_resort": LAST,
    }
    return Card(**{**fields, **changed}).sign(ROOT)


def refused(**changed) -> bool:
    try:
        read_card(card(**changed).signed)
    except BadCard:
        return True
    return False


def test_a_card_comes_back_as_it_was_signed():
    whole = card(
        name="ОВД", languages=("ru", "kk"), sms="+7 700", log=(str(note.NoteKey("r", bytes(32))),),
        last_resort_number=2**53 - 1, sms_key=digest(b"sms"), log_keys=(digest(b"log"),), witness_keys=(digest(b"w"),),
    )  # fmt: skip
    again = read_card(whole.signed)
    assert again == whole
    assert again.signed == whole.signed
    assert [str(key) for key in again.receipt_keys] == list(whole.log)


def test_each_week_has_its_key_and_every_other_time_the_last_resort():
    whole = card()
    for week in range(13):
        for second in (0, WEEK_SECONDS - 1):
            assert whole.key_for(START + week * WEEK_SECONDS + second) == WEEKLY[week]
    later = card(issued=START + 1_000)
    assert {later.key_for(at) for at in (0, START - 1, START, START + 999)} == {LAST}, "such a clock is wrong"
    assert later.key_for(START + 1_000) == WEEKLY[0]
    assert whole.key_for(START + 13 * WEEK_SECONDS) == LAST


def test_the_keys_ahead_begin_with_this_week():
    whole = card()
    assert whole.keys_ahead(START + 11 * WEEK_SECONDS) == [(WEEK + 11, WEEKLY[11]), (WEEK + 12, WEEKLY[12])]
    assert len(whole.keys_ahead(START)) == 13
    assert whole.keys_ahead(START + 13 * WEEK_SECONDS) == []


def test_a_card_past_its_time_is_still_read():
    # only who knows the time can say what to do with it, and sealing to the last resort beats not sealing
    assert read_card(card(expires=0).signed)


def test_only_a_lower_seq_is_older():
    signed = card().signed
    assert read_card(signed, newer_than=6) == read_card(signed, newer_than=7)
    with pytest.raises(CardOlder):
        read_card(signed, newer_than=8)


def test_a_card_must_be_signed_by_its_own_root_and_be_the_one_asked_for():
    other = SigningKey(digest(b"other"))
    assert read_card(card().signed, root=bytes(ROOT.verify_key))
    with pytest.raises(CardOtherRoot):
        read_card(card().signed, root=bytes(other.verify_key))
    with pytest.raises(NoteUnsigned):
        read_card(card().sign(other).signed)


def test_a_card_is_one_line_of_json():
    text = note.read(card().signed).text
    for changed in (text + "\n", text + "more\n", "tocsin/1/card\n", text.replace("/card", "/pack", 1)):
        with pytest.raises(BadCard):
            read_card(note.sign(changed, "tocsin/card", ROOT))


def test_the_limits_of_a_cards_lists_and_words():
    for fits in (
        {"relays": (RELAY,) * 16},
        {"weekly": WEEKLY[:1] * 26},
        {"log_keys": (bytes(32),) * 16, "witness_keys": (bytes(32),) * 16},
        {"last_resort_number": 0},
        {"weekly": WEEKLY[:1]},
        {"languages": ("ru",) * 64},
        {"log": (str(note.NoteKey("r", bytes(32))),) * 16},
        {"name": "x" * 200},
        {"seq": 2**53 - 1},
    ):
        assert not refused(**fits), fits.keys()
    for does_not in (
        {"relays": ()},
        {"relays": (RELAY,) * 17},
        {"weekly": ()},
        {"weekly": WEEKLY[:1] * 27},
        {"log_keys": (bytes(32),) * 17},
        {"witness_keys": (bytes(32),) * 17},
        {"log_keys": (bytes(31),)},
        {"witness_keys": (bytes(33),)},
        {"sms_key": bytes(31)},
        {"sms_key": bytes(33)},
        {"last_resort_number": -1},
        {"last_resort_number": 2**53},
        {"languages": ("ru",) * 65},
        {"log": (str(note.NoteKey("r", bytes(32))),) * 17},
        {"log": ("no key",)},
        {"name": "x" * 201},
        {"sms": "x" * 201},
        {"seq": 2**53},
        {"seq": -1},
        {"relays": (RELAY + "/",)},
        {"relays": ("http://relay.example",)},
        {"mailbox": bytes(31)},
        {"mailbox": bytes(33)},
        {"last_resort": LAST[:-1]},
        {"last_resort": LAST + b"\0"},
        {"weekly": (WEEKLY[0] + b"\0",)},
    ):
        assert refused(**does_not), does_not.keys()


def test_a_root_of_another_length_is_none():
    text = note.read(card().signed).text
    root = bytes(ROOT.verify_key)
    for changed in (root[:-1], root + b"\0"):
        with pytest.raises(BadCard):
            read_card(note.sign(text.replace(b64(root), b64(changed)), "tocsin/card", ROOT))


def test_a_field_of_a_newer_card_is_passed_over_and_stays_in_the_signed_note():
    text = note.read(card().signed).text
    newer = note.sign(text.replace('{"name"', '{"colour":"red","name"', 1), "tocsin/card", ROOT)
    assert read_card(newer) == card()
    assert read_card(newer).signed == newer
