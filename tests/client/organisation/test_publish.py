"""One call puts the card on every relay; it is signed anew only when it says too little."""

import dataclasses

import pytest
from nacl.signing import SigningKey

from client.files import FolderBusy, locked
from client.organisation import home
from client.organisation.home import HomeExists, Profile, card_of, found_home
from client.organisation.publish import PublishedCard, publish, rotate
from client.transport.relay_client import Unreachable
from keys.errors import ClockAhead
from keys.keystore import Cost
from keys.note import NoteKey
from keys.organisation import read_card
from keys.problems import OlderCard
from keys.wire import WEEK_SECONDS, WEEKS_AHEAD, week_of
from tests.support.fake_relay import KEY, Post

NOW = 1_795_168_800
NORTH, SOUTH = "https://north.example", "https://south.example"
QUICK = Cost(1, 8 * 1024)


@pytest.fixture
def folder(tmp_path):
    return home.create(tmp_path / "office", "words", Profile("Помощь", (NORTH, SOUTH)), now=NOW, cost=QUICK).path


def put(folder, post: Post, now: int = NOW) -> PublishedCard:
    return publish(folder, lambda: "words", post, clock=lambda: now)


def test_the_card_names_the_relays_keys_and_lies_on_each(folder):
    post = Post()
    published = put(folder, post)
    assert (published.relays, published.failures) == ([NORTH, SOUTH], {})
    assert published.card.log == (str(KEY),)
    assert post.cards == dict.fromkeys([NORTH, SOUTH], card_of(folder).signed)
    assert post.visited == [(NORTH, published.card.mailbox), (SOUTH, published.card.mailbox)]


def test_a_card_that_says_enough_is_not_signed_anew(folder):
    post = Post()
    first = put(folder, post).card
    assert put(folder, post, NOW + 60).card == first
    post.clock = lambda: NOW + (WEEKS_AHEAD - 2) * WEEK_SECONDS
    assert put(folder, post, NOW + (WEEKS_AHEAD - 2) * WEEK_SECONDS).card.seq > first.seq
    post.clock = None
    post.key = NoteKey("relay", bytes(SigningKey(b"8" * 32).verify_key))
    assert put(folder, post, NOW + (WEEKS_AHEAD - 2) * WEEK_SECONDS).card.log == (str(post.key),)


def test_a_relay_that_is_silent_keeps_its_known_key_and_is_named(folder):
    post = Post()
    put(folder, post)
    post.down, post.key = {SOUTH}, NoteKey("relay", bytes(SigningKey(b"8" * 32).verify_key))
    published = put(folder, post, NOW + 60)
    assert (published.relays, [type(error) for error in published.failures.values()]) == ([NORTH], [Unreachable])
    assert published.card.log == tuple(sorted([str(KEY), str(post.key)]))


def test_a_restored_folder_does_not_fall_behind_what_a_relay_holds(folder):
    post = Post()
    own = home.unlock_home(folder, lambda: "words")
    newer = dataclasses.replace(own.card, seq=NOW + 1_000).sign(own.root_key(None, lambda: "words"))
    post.cards[NORTH] = newer.signed
    assert put(folder, post).card.seq == NOW + 1_001


def test_a_copy_that_is_behind_is_refused_by_the_relay(folder):
    post = Post()
    card = put(folder, post).card
    root = home.unlock_home(folder, lambda: "words").root_key(None, lambda: "words")
    post.cards[NORTH] = dataclasses.replace(card, seq=card.seq + 1).sign(root).signed
    published = put(folder, post)
    assert (published.relays, [type(error) for error in published.failures.values()]) == ([SOUTH], [OlderCard])
    assert read_card(post.cards[NORTH]).seq == card.seq + 1


def test_keys_rotate_week_by_week(folder):
    post = Post(clock=lambda: NOW)
    put(folder, post)
    rotation = rotate(folder, lambda: "words", post, clock=lambda: NOW)
    assert (rotation.week, rotation.past_weeks, rotation.has_changed) == (week_of(NOW), [], False)
    post.clock = lambda: NOW + WEEK_SECONDS
    rotation = rotate(folder, lambda: "words", post, clock=lambda: NOW + WEEK_SECONDS)
    assert (rotation.week, rotation.past_weeks, rotation.has_changed) == (week_of(NOW) + 1, [week_of(NOW)], True)
    assert not rotation.is_card_due
    far = NOW + (WEEKS_AHEAD + 9) * WEEK_SECONDS
    post.clock = lambda: far
    with pytest.raises(ClockAhead):
        rotate(folder, lambda: "words", post, clock=lambda: far)
    assert rotate(folder, lambda: "words", post, force=True, clock=lambda: far).is_card_due


def test_nothing_is_asked_where_an_organisation_is_and_nobody_else_works_meanwhile(folder):
    profile = Profile("Помощь", (NORTH,))
    with pytest.raises(HomeExists):
        found_home(folder, lambda: pytest.fail("it was asked"), profile)
    with locked(folder), pytest.raises(FolderBusy):
        put(folder, Post())
