"""An organisation's clock that is wrong, relays that lie or are silent: no key that is in use goes, and it is said."""

import itertools
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from client import files
from client.desk.brief_session import open_session
from client.organisation import case_files, home
from client.organisation.home import KEYSTORE, Profile, unlock_home
from client.organisation.inbox import PullResult, collect_all
from client.organisation.publish import Rotation, publish, rotate
from client.organisation.rotation import count_overdue, rotate_if_dated
from client.organisation.trusted_date import ClockContradicted, DateTooEarly, DateUnconfirmed
from client.reporter.compose import Draft
from client.reporter.send import send
from client.transport.relay_client import Unreachable
from keys.keystore import Cost
from keys.wire import DAY_SECONDS, WEEK_SECONDS, week_of
from tests.support.fake_relay import Post

NOW = 1_795_168_800
RELAYS = ("https://a.example", "https://b.example", "https://c.example")
A, B, C = RELAYS
QUICK = Cost(1, 8 * 1024)


def words() -> str:
    return "words"


class World:
    """An organisation with three relays. `now`: the true time; `ahead`: how far its clock is wrong."""

    def __init__(self, folder):
        self.now, self.ahead = NOW, 0
        self.folder, self.post = folder / "office", Post(clock=lambda: self.now)
        home.create(self.folder, "words", Profile("Помощь", RELAYS), now=NOW, cost=QUICK)
        self.people = (folder / f"person-{i}" for i in itertools.count())
        self.publish()

    def clock(self) -> float:
        return self.now + self.ahead

    def publish(self):
        return publish(self.folder, words, self.post, clock=self.clock)

    def rotate(self, **more) -> Rotation:
        return rotate(self.folder, words, self.post, clock=self.clock, **more)

    def pull(self):
        with open_session(self.folder, words, by="Анна", clock=self.clock) as session:
            return session.pull(self.post)

    def today(self):
        return datetime.fromtimestamp(self.now, UTC).date()

    def secrets(self):
        return unlock_home(self.folder, words).secrets

    def report(self, ahead: int = 0):
        """Somebody whose clock is so many seconds ahead sends a report."""
        person = next(self.people)
        sent = send(person, str(self.folder / home.CARD), Draft({}), self.post, clock=lambda: self.now + ahead)
        assert sent.outcome.pending == 0
        return sent


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.mark.parametrize("weeks", [6, 7, 8, 10, 12, 60])
@pytest.mark.parametrize("act", ["rotate", "publish", "pull"])
def test_a_clock_that_runs_ahead_alone_destroys_nothing_signs_nothing_and_is_told(world, act, weeks):
    world.report()
    before, card = files.read(world.folder / home.CARD), world.secrets().week
    world.ahead = weeks * WEEK_SECONDS
    if act == "rotate":
        report = world.rotate().report
    elif act == "publish":
        published = world.publish()
        report = published.rotation
        assert (published.refusal is not None) == (weeks >= 6)
    else:
        tally, report = world.pull()
        assert tally.new == 1
    assert (report.is_put_off, report.overdue > 0, report.check.is_contradicted) == (True, True, True)
    assert not report.can_type_date
    assert (world.secrets().week, files.read(world.folder / home.CARD)) == (card, before)
    world.ahead = 0
    assert not world.report().is_last_resort
    tally, report = world.pull()
    assert (tally.bad, tally.new) == (0, 1 if act == "pull" else 2)
    assert report.came_back_from == world.now + weeks * WEEK_SECONDS, "the clock that came back is named"


def test_with_most_relays_keys_go_when_their_time_is_over_and_what_waits_is_fetched_before(world):
    world.report()
    week = world.secrets().week
    world.now += 7 * WEEK_SECONDS
    tally, report = world.pull()
    assert (tally.new, tally.bad, report.has_rotated, report.is_put_off) == (1, 0, True, False)
    assert world.secrets().week == week + 7
    assert min(world.secrets().past_weeks) > week


def test_rotate_fetches_before_it_destroys(world):
    world.report()
    world.now += 7 * WEEK_SECONDS
    assert world.rotate().has_changed
    own = unlock_home(world.folder, words)
    assert collect_all(own, world.post, world.clock).new == 0, "it was fetched already"
    with open_session(world.folder, words, by="Анна", clock=world.clock) as session:
        assert len(list(session.records.letters())) == 1


def test_one_silent_relay_of_three_holds_nothing_up(world):
    world.post.down = {C}
    world.now += 7 * WEEK_SECONDS
    assert world.rotate().has_changed


def test_one_lying_relay_of_three_puts_it_off_and_is_named(world):
    week = world.secrets().week
    world.now += 7 * WEEK_SECONDS
    world.post.ahead = {B: 6 * WEEK_SECONDS}
    report = world.rotate().report
    assert (report.is_put_off, list(report.check.far), report.overdue) == (True, [B], 2)
    assert world.secrets().week == week
    world.post.ahead = {}
    assert world.rotate().has_changed


def test_a_lying_relay_that_agrees_with_a_wrong_clock_does_not_help_it(world):
    week = world.secrets().week
    world.ahead, world.post.ahead = 7 * WEEK_SECONDS, {A: 7 * WEEK_SECONDS}
    assert world.rotate().report.is_put_off
    assert world.secrets().week == week


def test_two_of_three_relays_blocked_for_months_keep_no_key_alive_once_a_person_gave_the_date(world):
    first = world.secrets().week
    world.post.down = {B, C}
    world.now += 13 * DAY_SECONDS
    with pytest.raises(DateTooEarly):
        world.rotate(today=world.today())
    world.now += 10 * WEEK_SECONDS
    report = world.rotate().report
    assert (report.is_put_off, report.can_type_date, world.secrets().week) == (True, True, first), "never silently"
    assert world.rotate(today=world.today()).has_changed
    until = week_of(world.now - 14 * DAY_SECONDS)
    assert world.secrets().week == until
    assert first not in world.secrets().past_weeks
    assert count_overdue(world.secrets(), world.now - 14 * DAY_SECONDS) == 0
    with pytest.raises(DateTooEarly):
        world.rotate(today=world.today())
    world.report()
    assert world.pull()[0].bad == 0
    world.post.down = set()
    assert not world.pull()[1].is_put_off


def test_a_date_that_is_typed_with_nothing_to_destroy_changes_nothing_and_is_not_called_put_off(world):
    world.now += 15 * DAY_SECONDS
    assert world.rotate().has_changed
    world.post.down = {A, B, C}
    world.now += 14 * DAY_SECONDS
    before = world.secrets().past_weeks
    rotation = world.rotate(today=world.today())
    assert (rotation.has_changed, rotation.report.is_put_off, rotation.report.is_typed) == (False, False, True)
    assert world.secrets().past_weeks == before


def test_a_person_who_reads_the_date_off_a_wrong_clock_destroys_nothing_that_most_relays_date_as_live(world):
    before = files.read(world.folder / KEYSTORE), world.secrets().week
    world.ahead = 8 * WEEK_SECONDS
    world.post.down = {C}
    wrong = datetime.fromtimestamp(world.clock(), UTC).date()
    with pytest.raises(ClockContradicted):
        world.rotate(today=wrong)
    assert (files.read(world.folder / KEYSTORE), world.secrets().week) == before


def test_the_command_line_can_renew_a_card_while_relays_are_silent(world):
    world.post.down = {B, C}
    world.now += 8 * WEEK_SECONDS
    seq = home.card_of(world.folder).seq
    published = world.publish()
    assert (published.card.seq > seq, published.refusal, published.rotation.is_put_off) == (True, None, True)


@pytest.mark.parametrize("fresh_keys", [False, True])
def test_a_clock_that_nobody_confirms_signs_no_card_from_the_future(world, fresh_keys):
    before, seq = files.read(world.folder / KEYSTORE), home.card_of(world.folder).seq
    world.post.down, world.ahead = {A, B, C}, 9 * WEEK_SECONDS
    refused = publish(world.folder, words, world.post, fresh_keys=fresh_keys, clock=world.clock)
    assert isinstance(refused.refusal, DateUnconfirmed)
    assert (home.card_of(world.folder).seq, world.secrets().week) == (seq, unlock_home(world.folder, words).card.week)
    assert before != b""
    world.post.down, world.ahead = set(), 0
    world.now += DAY_SECONDS
    card = publish(world.folder, words, world.post, fresh_keys=True, clock=world.clock).card
    assert (card.seq > seq, card.issued) == (True, world.now)


class Closed(Exception):
    pass


def closing_after(count: int):
    """What surrounds changes of a home that is closed after so many."""
    left = itertools.count(count, -1)

    @contextmanager
    def changing():
        if next(left) <= 0:
            raise Closed
        yield

    return changing


@pytest.mark.parametrize("way", ["confirmed", "put off", "typed"])
def test_a_home_that_was_closed_while_relays_were_asked_is_not_written(world, way):
    """A desk that was locked meanwhile has let go of the folder: somebody else may have written new keys there."""
    world.now += 9 * WEEK_SECONDS
    world.post.down = set() if way == "confirmed" else {A, B, C}
    today = world.today() if way == "typed" else None
    own = unlock_home(world.folder, words)
    publish_elsewhere = files.read(world.folder / KEYSTORE)
    with pytest.raises(Closed):
        rotate_if_dated(own, world.post, world.now, today=today, changing=closing_after(1))
    assert files.read(world.folder / KEYSTORE) == publish_elsewhere


def test_a_relay_that_signs_and_cannot_be_emptied_puts_it_off_and_is_named(world):
    """What it still holds may need the keys."""
    world.now += 9 * WEEK_SECONDS
    week = world.secrets().week
    failing = PullResult(failures={B: Unreachable("cut")})
    own = unlock_home(world.folder, words)
    report = rotate_if_dated(own, world.post, world.now, collect=lambda: failing)
    assert (report.is_put_off, report.check.silent) == (True, {B: "relay-unreachable"})
    assert world.secrets().week == week
    assert rotate_if_dated(own, world.post, world.now, collect=PullResult).has_rotated


def test_nothing_is_asked_of_a_relay_while_nothing_is_due(world):
    calls = len(world.post.deposited)
    assert world.rotate().report.check is None
    assert len(world.post.deposited) == calls


OFF = [0, *(sign * weeks * WEEK_SECONDS for weeks in (6, 7, 9, 12) for sign in (-1, 1))]


@pytest.mark.parametrize("age", [0, 6, 8, 10, 12])
def test_whatever_a_senders_clock_says_and_however_old_the_card_is_the_report_is_read(world, age):
    issued = home.card_of(world.folder).issued
    world.now += age * WEEK_SECONDS
    sent = [world.report(ahead) for ahead in (*OFF, -world.now, issued - DAY_SECONDS - world.now)]
    world.pull()
    tally, _ = world.pull()
    assert tally.new == 0
    with open_session(world.folder, words, by="Анна", clock=world.clock) as session:
        assert session.home.secrets.week == week_of(world.now), "what was over was destroyed"
        found = case_files.load(session.records)
    assert found.keys() == {report.composed.case for report in sent}


@pytest.mark.parametrize("age", [6, 8, 10, 12])
def test_the_report_is_read_also_when_keys_were_destroyed_before_it_came(world, age):
    world.now += age * WEEK_SECONDS
    world.pull()
    sent = [world.report(ahead) for ahead in OFF]
    world.pull()
    with open_session(world.folder, words, by="Анна", clock=world.clock) as session:
        found = case_files.load(session.records)
    assert found.keys() == {report.composed.case for report in sent}
