"""Keys that heal: fresh ones after a theft and every six weeks; phones that slept meanwhile are heard all the same."""

import dataclasses
import os
import shutil

import pytest

from client.organisation.home import Profile, create, unlock_home
from client.organisation.inbox import report_address
from client.organisation.publish import publish
from keys.envelope import seal
from keys.errors import NotForUs
from keys.keystore import Cost
from keys.opening import open_envelope
from keys.wire import CHAIN_DAYS, DAY_SECONDS, LAST_RESORT_DAYS, WEEK_SECONDS, WEEKS_AHEAD, week_of
from tests.support.fake_relay import Post

NOW = 1_795_168_800
NORTH = "https://north.example"
QUICK = Cost(1, 8 * 1024)
FAR = 40 * WEEK_SECONDS  # past every week of a card


def words() -> str:
    return "words"


class Office:
    """An organisation whose root lies apart, and its relay."""

    def __init__(self, folder, root_inside=False):
        self.folder, self.post = folder / "office", Post()
        self.root_file = None if root_inside else folder / "root"
        profile = Profile("Помощь", (NORTH,))
        create(self.folder, words(), profile, now=NOW, root_file=self.root_file, cost=QUICK)
        self.publish(NOW)

    @property
    def home(self):
        return unlock_home(self.folder, words)

    def publish(self, now, *, fresh_keys=False):
        self.post.clock = lambda: now
        return publish(
            self.folder, words, self.post, root_file=self.root_file, fresh_keys=fresh_keys, clock=lambda: now
        ).card

    def rotate(self, now):
        self.home.rotate(now)


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def letter(card, now):
    address = report_address(card.root, card.mailbox)
    return seal(b"{}", b"", key=card.key_for(now), address=address, random_bytes=os.urandom).envelope


def can_open(home, card, envelope):
    try:
        open_envelope(envelope, home.secrets.open_keys(), report_address(card.root, card.mailbox))
    except NotForUs:
        return False
    return True


def test_a_copied_keystore_opens_nothing_that_is_sealed_after_the_keys_were_renewed(office, tmp_path):
    shutil.copytree(office.folder, tmp_path / "stolen")
    stolen = unlock_home(tmp_path / "stolen", words)
    old = office.home.card
    new = office.publish(NOW + DAY_SECONDS, fresh_keys=True)

    for week in range(WEEKS_AHEAD + 1):
        at = NOW + week * WEEK_SECONDS
        assert can_open(stolen, old, letter(old, at))
        assert not can_open(stolen, new, letter(new, at))
        assert can_open(office.home, new, letter(new, at))
    assert not can_open(stolen, new, letter(new, NOW + FAR)), "the last-resort key is another too"
    assert can_open(office.home, new, letter(new, NOW + FAR))
    stolen.rotate(NOW + 6 * WEEK_SECONDS)
    assert not can_open(stolen, new, letter(new, NOW + 6 * WEEK_SECONDS)), "going on leads nowhere"
    assert new.mailbox == old.mailbox


def test_where_the_root_is_inside_a_copy_still_opens_no_weekly_letter(tmp_path):
    office = Office(tmp_path, root_inside=True)
    shutil.copytree(office.folder, tmp_path / "stolen")
    new = office.publish(NOW + DAY_SECONDS, fresh_keys=True)
    stolen = unlock_home(tmp_path / "stolen", words)
    stolen.secrets.recover_last_resorts(stolen.secrets.root, new, NOW)  # what somebody can who has read this page
    assert not can_open(stolen, new, letter(new, NOW + DAY_SECONDS))
    assert can_open(stolen, new, letter(new, NOW + FAR)), "SECURITY.md says so"


def test_a_card_keeps_its_keys_for_six_weeks_and_then_gets_fresh_ones_by_itself(office):
    first = office.home.card
    office.post.key = dataclasses.replace(office.post.key, name="other")
    before = NOW + CHAIN_DAYS * DAY_SECONDS - 1
    same_keys = office.publish(before)
    assert same_keys.seq > first.seq, "another relay key is a reason for a new card"
    i = same_keys.week - first.week
    assert (same_keys.weekly[: 13 - i], same_keys.last_resort) == (first.weekly[i:], first.last_resort)
    assert office.publish(before).seq == same_keys.seq
    fresh = office.publish(before + 1)
    assert not set(fresh.weekly) & {*first.weekly, *same_keys.weekly}
    assert fresh.last_resort != first.last_resort


def test_who_slept_through_two_thefts_and_a_change_of_relays_is_heard(office):
    """Weekly letters under each card, until the last week it published and 35 days; the last resort for 400 days."""
    cards = [office.home.card]
    for day in (3, 17):
        cards.append(office.publish(NOW + day * DAY_SECONDS, fresh_keys=True))
    assert len({card.last_resort for card in cards}) == len(cards)

    for week in range(WEEKS_AHEAD + 1):
        now = NOW + week * WEEK_SECONDS
        sealed = [(card, letter(card, max(now, card.issued))) for card in cards]
        if week_of(now) > office.home.secrets.week:
            office.rotate(now)
        for card, envelope in sealed:
            assert can_open(office.home, card, envelope)
    late = letter(cards[0], NOW + WEEKS_AHEAD * WEEK_SECONDS)
    last_day = (cards[0].week + WEEKS_AHEAD + 1) * WEEK_SECONDS + 35 * DAY_SECONDS
    office.publish(NOW + 12 * WEEK_SECONDS)
    office.rotate(last_day - 1)
    assert can_open(office.home, cards[0], late)
    office.rotate(last_day)
    assert not can_open(office.home, cards[0], late), "its time is over"

    asleep = letter(cards[0], NOW + FAR)
    office.publish(NOW + 23 * WEEK_SECONDS)
    at = NOW + 3 * DAY_SECONDS
    for now in (*range(NOW + 24 * WEEK_SECONDS, NOW + LAST_RESORT_DAYS * DAY_SECONDS, 9 * WEEK_SECONDS),):
        office.publish(now)
        at = now
    office.rotate(NOW + LAST_RESORT_DAYS * DAY_SECONDS - 1)
    assert can_open(office.home, cards[0], asleep)
    office.rotate(max(at, NOW + LAST_RESORT_DAYS * DAY_SECONDS))
    assert not can_open(office.home, cards[0], asleep)
    assert can_open(office.home, cards[1], letter(cards[1], NOW + FAR)), "three days younger"


def test_what_was_destroyed_is_in_no_byte_of_the_folder_and_its_secrets(office):
    old = office.home.secrets
    office.publish(NOW + DAY_SECONDS, fresh_keys=True)
    for week in range(6, 66, 6):
        office.publish(NOW + week * WEEK_SECONDS)
    left = office.home.secrets
    assert all(chain.chain_key != old.chain.chain_key for chain in left.chains)
    assert old.last_resorts[0].seed not in left.last_resort_seeds
    assert len(left.chains) <= 4


def test_a_relay_that_shows_an_old_card_brings_no_destroyed_key_back(office):
    first = office.home.card
    gone = office.home.secrets.last_resorts[0].seed
    for week in range(6, 72, 6):
        card = office.publish(NOW + week * WEEK_SECONDS)
    assert gone not in office.home.secrets.last_resort_seeds
    office.post.cards[NORTH] = first.signed
    office.publish(card.issued + DAY_SECONDS, fresh_keys=True)
    assert gone not in office.home.secrets.last_resort_seeds


def test_the_keys_to_try_stay_few_and_begin_with_this_weeks(office):
    """Every six weeks fresh keys, and two thefts in one month: the most that a letter that opens with none can cost."""
    now, most = NOW, 0
    for number in range(20):
        now += CHAIN_DAYS * DAY_SECONDS
        office.publish(now)
        if number == 15:
            office.publish(now + 3 * DAY_SECONDS, fresh_keys=True)
            card = office.publish(now + 17 * DAY_SECONDS, fresh_keys=True)
            keys = office.home.secrets.open_keys()
            assert keys[0].public == card.key_for(now + 17 * DAY_SECONDS)
        most = max(most, len(office.home.secrets.open_keys()))
    assert most <= 90


def test_a_new_card_that_a_kill_kept_from_being_written_is_due_again(office):
    home = office.home
    before = (office.folder / "card").read_bytes()
    seq = home.renew_card(home.root_key(office.root_file, words), NOW + DAY_SECONDS, fresh_keys=True).seq
    (office.folder / "card").write_bytes(before)
    published = office.publish(NOW + DAY_SECONDS)
    assert published.seq > seq
    (office.folder / "card").unlink()
    assert office.publish(NOW + DAY_SECONDS).seq > published.seq


def test_the_secrets_do_not_show_themselves(office):
    secrets = office.home.secrets
    for shown in (repr(secrets), repr(secrets.chains), repr(secrets.last_resorts), repr(office.home)):
        assert repr(secrets.chain.chain_key)[2:-1] not in shown
        assert repr(secrets.last_resorts[0].seed)[2:-1] not in shown
