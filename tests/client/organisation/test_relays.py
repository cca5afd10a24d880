"""Relays change and keys stay: the new card goes everywhere, and who has an older one is still heard."""

import os

import pytest

from client.files import FolderBusy, locked
from client.organisation.home import Profile, RootElsewhere, TooManyRelays, card_of, create, unlock_home
from client.organisation.inbox import Inbox, report_address
from client.organisation.publish import NoRelayLeft, UnknownRelay, change_relays, choose_relays, publish
from client.organisation.records import Records
from client.reporter.compose import Draft, compose, new_id
from client.transport.relay_client import Unreachable
from keys.errors import BadAddress
from keys.keystore import Cost
from keys.organisation import read_card
from keys.wire import DAY_SECONDS, WEEK_SECONDS
from tests.support.fake_relay import Post

NOW = 1_795_168_800
NORTH, SOUTH, EAST = "https://north.example", "https://south.example", "https://east.example"
QUICK = Cost(1, 8 * 1024)
FAR = 40 * WEEK_SECONDS


def words() -> str:
    return "words"


@pytest.fixture
def folder(tmp_path):
    return create(tmp_path / "office", words(), Profile("Помощь", (NORTH, SOUTH)), now=NOW, cost=QUICK).path


@pytest.fixture
def post(folder):
    post = Post()
    publish(folder, words, post, clock=lambda: NOW)
    return post


def change(folder, post, *, add=(), remove=(), now=NOW + DAY_SECONDS):
    return change_relays(folder, words, post, add=add, remove=remove, clock=lambda: now)


def test_a_relay_is_added_and_one_removed_with_the_same_keys(folder, post):
    before = card_of(folder)
    published = change(folder, post, add=[EAST + "/"], remove=[SOUTH])
    card = published.card
    assert card.relays == (NORTH, EAST)
    assert (published.relays, published.failures, published.unaware) == ([NORTH, EAST], {}, ())
    assert (card.weekly, card.last_resort, card.mailbox) == (before.weekly, before.last_resort, before.mailbox)
    assert card.seq > before.seq
    assert read_card(post.cards[SOUTH]) == card, "who knows only this one learns of the change"
    assert post.visited[-1] == (EAST, card.mailbox), "the new one learns that somebody collects"
    assert unlock_home(folder, words).secrets.relays == [NORTH, EAST]


def test_a_removed_relay_that_is_gone_is_named_and_hinders_nothing(folder, post):
    post.down = {SOUTH}
    published = change(folder, post, remove=[SOUTH])
    assert (published.card.relays, published.failures, published.unaware) == ((NORTH,), {}, (SOUTH,))


def test_a_relay_that_does_not_answer_is_not_added(folder, post):
    before, post.down = card_of(folder), {EAST}
    with pytest.raises(Unreachable):
        change(folder, post, add=[EAST])
    assert card_of(folder) == before
    assert unlock_home(folder, words).secrets.relays == [NORTH, SOUTH]


def test_what_cannot_be_is_refused_and_changes_nothing(folder, post):
    before = card_of(folder)
    many = [f"https://relay{number}.example" for number in range(15)]
    for error, changed in (
        (UnknownRelay, {"remove": [EAST]}),
        (NoRelayLeft, {"remove": [NORTH, SOUTH]}),
        (TooManyRelays, {"add": many}),
        (BadAddress, {"add": ["http://relay.example"]}),
    ):
        with pytest.raises(error):
            change(folder, post, **changed)
    with locked(folder), pytest.raises(FolderBusy):
        change(folder, post, add=[EAST])
    assert card_of(folder) == before
    assert choose_relays([NORTH, SOUTH], [EAST, NORTH], []) == [NORTH, SOUTH, EAST]
    assert choose_relays([NORTH], [EAST], [NORTH]) == [EAST], "all of them at once"
    assert len(choose_relays([NORTH], many, [])) == 16


def test_a_new_organisation_names_no_more_than_a_card_takes(tmp_path):
    many = tuple(f"https://relay{number}.example" for number in range(17))
    with pytest.raises(TooManyRelays):
        create(tmp_path / "home", words(), Profile("Помощь", many), now=NOW, cost=QUICK)
    assert not (tmp_path / "home").exists()


def test_the_root_is_needed_when_it_lies_apart(tmp_path, post):
    apart = create(
        tmp_path / "apart", words(), Profile("Помощь", (NORTH,)), now=NOW, root_file=tmp_path / "root", cost=QUICK
    )
    with pytest.raises(RootElsewhere):
        change(apart.path, Post(), add=[EAST])
    assert unlock_home(apart.path, words).secrets.relays == [NORTH]


def report(card, now):
    draft = Draft({"people": 1})
    return compose(card, draft, case=new_id(os.urandom), first=True, seq=0, now=now, random_bytes=os.urandom).sealed[0]


def test_phones_that_slept_through_two_thefts_and_a_change_of_relays_in_one_month_are_heard(folder, post):
    """Each phone woke with the card it had, and sealed by its clock: this week, or far past every week of a card."""
    cards = [card_of(folder)]
    now = NOW
    post.clock = lambda: now

    def renew():
        return publish(folder, words, post, fresh_keys=True, clock=lambda: now).card

    now = NOW + 5 * DAY_SECONDS
    cards.append(renew())
    now = NOW + 12 * DAY_SECONDS
    cards.append(change(folder, post, add=[EAST], now=now).card)
    now = NOW + 24 * DAY_SECONDS
    cards.append(renew())
    assert len({card.weekly for card in cards}) == 4
    assert cards[1].last_resort == cards[2].last_resort
    later = NOW + 30 * DAY_SECONDS
    for card in cards:
        for now in (later, later + FAR):
            post.lay(card.relays[-1], report(card, now))
    home = unlock_home(folder, words)
    home.rotate(later)
    secrets = home.secrets
    with Records(folder, secrets.store) as records:
        inbox = Inbox(
            records,
            report_address(secrets.root_public, secrets.mailbox_key.id),
            secrets.open_keys(),
            last_resorts=secrets.last_resort_seeds,
            clock=lambda: later,
        )
        result = inbox.pull(post, secrets.relays, secrets.mailbox_key)
        letters = list(records.letters())
    assert (result.new, result.bad, result.failures) == (8, 0, {})
    assert sum(letter.last_resort for letter in letters) == 4
