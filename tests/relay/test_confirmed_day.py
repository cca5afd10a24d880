"""Whatever the clock does, nothing that has a receipt is deleted before the confirmed day says so."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from keys.wire import TTL_DAYS, day_of, digest
from relay.confirmed_day import ACTIVITY_EPOCH_DAYS, FILE, ConfirmedDay, Due, read_due
from relay.store.base import UNDATED, Envelope, Store, seen_id
from tests.support.memory_store import MemoryStore
from tests.support.relay_post import NOON, HandClock, confirm

HOUR, DAY = 3_600, 86_400
TODAY = day_of(NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def opened(folder: Path, clock: HandClock, *, clock_is_right: bool = False, highest: int = 0) -> ConfirmedDay:
    return ConfirmedDay(folder, clock, clock.monotonic, lambda: highest, clock_is_right)


def today_of(day: ConfirmedDay) -> int | None:
    due = day.due()
    return due.today if due else None


# What confirms a day, and what does not


def test_a_day_is_confirmed_by_a_clock_that_ran_on_for_twenty_four_hours(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock)
    clock.now += DAY - 1
    assert day.due() is None
    assert day.last_day() == UNDATED
    clock.now += 1
    assert today_of(day) == TODAY + 1
    assert day.last_day() == TODAY + 1 + TTL_DAYS


def test_from_then_on_it_follows_the_clock(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock, clock_is_right=True)
    for number in range(1, 4):
        clock.now += DAY
        assert today_of(day) == TODAY + number


def test_the_operators_word_confirms_the_day_at_once_and_for_later_starts(folder: Path, clock: HandClock) -> None:
    opened(folder, clock, clock_is_right=True).save()
    day = opened(folder, clock)
    assert (today_of(day), day.last_day()) == (TODAY, TODAY + TTL_DAYS)


@pytest.mark.parametrize("jump", [40 * DAY, -40 * DAY, 2 * HOUR, -2 * HOUR, 61, -61])
def test_after_a_jump_the_clock_must_run_on_for_another_day(folder: Path, clock: HandClock, jump: int) -> None:
    day = opened(folder, clock, clock_is_right=True)
    clock.jump(jump)
    assert day.last_day() >= UNDATED
    clock.now += DAY - 1
    assert day.last_day() >= UNDATED
    assert today_of(day) == min(TODAY, day_of(clock.now))
    clock.now += 1
    assert day.last_day() == day_of(clock.now) + TTL_DAYS


def test_a_leap_second_and_a_small_correction_are_no_jump(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock, clock_is_right=True)
    for jump in (1, -1, 45):
        clock.jump(jump)
        assert day.last_day() < UNDATED
        clock.now += DAY
        assert day.last_day() < UNDATED
    assert day.observe() == 0


def test_small_steps_do_not_add_up_to_a_large_one(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock, clock_is_right=True)
    for _ in range(3):
        clock.jump(45)
        day.observe()
    assert day.observe() > 0


def test_being_stopped_between_two_looks_is_no_jump(folder: Path, clock: HandClock) -> None:
    pauses = [DAY]

    def stopped_once() -> int:
        now = clock.now
        clock.now += pauses.pop() if pauses else 0
        return now

    day = ConfirmedDay(folder, stopped_once, clock.monotonic, lambda: 0, clock_is_right=True)
    pauses.append(DAY)
    assert day.observe() == 0


# Across restarts


def test_the_run_goes_on_across_restarts(folder: Path, clock: HandClock) -> None:
    for _ in range(24):
        day = opened(folder, clock)
        assert day.due() is None
        clock.now += HOUR
        day.close()
    assert today_of(opened(folder, clock)) == TODAY + 1


def test_a_process_that_is_killed_loses_an_hour_of_the_run_at_most(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock)
    for _ in range(24 * 60 - 1):
        clock.now += 60
        day.save()
    day = opened(folder, clock)
    clock.now += 60
    assert day.due() is None
    clock.now += HOUR
    assert today_of(day) == TODAY + 1


def restarted(clock: HandClock, off: int) -> HandClock:
    """The machine was off for so many seconds: its monotonic clock begins anew."""
    return HandClock(clock.now + off)


def test_the_run_goes_on_when_the_machine_starts_anew(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock)
    clock.now += 12 * HOUR
    day.close()
    clock = restarted(clock, 5 * 60)
    day = opened(folder, clock)
    clock.now += 12 * HOUR
    assert today_of(day) == TODAY + 1


@pytest.mark.parametrize("off", [3 * HOUR, 3 * DAY, 40 * DAY, -HOUR, -40 * DAY])
def test_after_a_longer_time_off_or_a_clock_that_stands_elsewhere_it_begins_anew(
    folder: Path, clock: HandClock, off: int
) -> None:
    opened(folder, clock, clock_is_right=True).close()
    clock = restarted(clock, off)
    day = opened(folder, clock)
    assert day.last_day() >= UNDATED
    assert today_of(day) == min(TODAY, day_of(clock.now))
    clock.now += DAY
    assert today_of(day) == day_of(clock.now)


def test_a_machine_that_starts_again_and_again_gains_no_days(folder: Path, clock: HandClock) -> None:
    opened(folder, clock, clock_is_right=True).close()
    passed = 0
    for _ in range(200):  # each start stands almost two hours too late, and lasts ten minutes
        clock = restarted(clock, 2 * HOUR - 601)
        day = opened(folder, clock)
        clock.now += 600
        passed += 600
        day.close()
    assert today_of(day) is not None
    assert today_of(day) <= TODAY + 1 + passed // DAY  # type: ignore[operator]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"day": "x"}', b"\xff" * 20])
def test_a_damaged_file_is_no_confirmed_day(folder: Path, clock: HandClock, data: bytes) -> None:
    confirm(folder, clock.now)
    (folder / FILE).write_bytes(data)
    assert read_due(folder, clock.now) is None
    day = opened(folder, clock, highest=UNDATED + 6)
    assert day.due() is None
    assert day.last_day() == UNDATED + 7, "a period that was used before ends with this one, not sooner"


def test_the_file_says_no_second_and_is_for_the_owner_only(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock)
    clock.now += 12_345
    day.close()
    assert str(clock.now).encode() not in (folder / FILE).read_bytes()
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600


# What goes by it


def test_what_came_in_a_period_lives_for_thirty_five_days_from_its_end(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock)
    assert day.last_day() == UNDATED
    clock.now += DAY
    end = day.last_day() - TTL_DAYS
    clock.now += TTL_DAYS * DAY
    assert day.due() == Due(end + 35, (end + 35) // ACTIVITY_EPOCH_DAYS - 1, (end + 35) * DAY, 0)
    clock.now += DAY
    assert day.due() == Due(end + 36, (end + 36) // ACTIVITY_EPOCH_DAYS - 1, (end + 36) * DAY, 1)
    day.save()
    assert read_due(folder, clock.now) == day.due()


def test_a_period_that_was_never_written_down_ends_all_the_same(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock, clock_is_right=True)
    day.save()
    clock.jump(DAY)
    undated = day.last_day()  # a letter is stored by it, and the power fails
    clock.jump(-DAY)
    day = opened(folder, clock)
    clock.now += 36 * DAY
    due = day.due()
    assert due is not None
    assert due.periods > undated - UNDATED


def test_a_wrong_day_that_was_confirmed_is_put_right_again_and_shortens_no_life(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock)
    clock.jump(100 * DAY)
    day.observe()
    clock.now += DAY
    assert today_of(day) == TODAY + 101
    early = day.last_day()
    clock.jump(-100 * DAY)
    day.observe()
    clock.now += DAY
    assert today_of(day) == TODAY + 2
    assert day.last_day() < early
    clock.now += 40 * DAY
    due = day.due()
    assert due is not None
    assert due.periods == 0, "what came before waits for the day that was confirmed first"


def test_a_mailbox_is_remembered_for_the_latest_epoch_there_is_a_reason_for(folder: Path, clock: HandClock) -> None:
    day = opened(folder, clock, clock_is_right=True)
    epoch = TODAY // ACTIVITY_EPOCH_DAYS
    assert (day.activity_epoch(None), day.activity_epoch(epoch + 7)) == (epoch, epoch)
    clock.jump(-300 * DAY)
    assert (day.activity_epoch(None), day.activity_epoch(epoch + 7), day.activity_epoch(2)) == (epoch, epoch + 7, epoch)


# A relay that is killed, a machine that always starts at the same time


def test_no_period_is_given_out_again_after_a_kill(folder: Path, clock: HandClock) -> None:
    """What came in a period that the relay forgot would stay for ever."""
    given = UNDATED + 7
    day = opened(folder, clock, highest=given)
    day.close()
    assert opened(folder, clock, highest=given + 2).last_day() == given + 3


def test_a_machine_that_always_starts_at_the_same_time_confirms_no_day(folder: Path, clock: HandClock) -> None:
    begin = clock.now
    day = opened(folder, clock)
    clock.now += DAY
    assert day.last_day() == TODAY + 1 + 35
    day.close()
    again = opened(folder, HandClock(begin))
    assert again.last_day() >= UNDATED
    assert today_of(again) == TODAY


@pytest.mark.parametrize("back", [1, 59])
def test_a_small_correction_over_the_hour_while_the_relay_is_off_ends_no_run(
    folder: Path, clock: HandClock, back: int
) -> None:
    day = opened(folder, clock)
    clock.now += DAY + HOUR - clock.now % HOUR  # the hour has just begun
    assert day.last_day() < UNDATED
    day.close()
    clock.jump(-back)
    assert opened(folder, clock).last_day() < UNDATED


# Any sequence of jumps


WAITS = st.sampled_from([1, HOUR, 12 * HOUR, DAY, 3 * DAY, 36 * DAY]) | st.integers(0, 40 * DAY)
JUMPS = (
    st.sampled_from([40 * DAY, -40 * DAY, DAY, -DAY])
    | st.integers(3 * HOUR, 50 * DAY)
    | st.integers(-50 * DAY, -3 * HOUR)
)
NEXT = st.sampled_from(["letter", "housekeeping", "letter and housekeeping", "nothing"])


class AnyClock(RuleBasedStateMachine):
    """Beside the relay: when the clock last jumped, and for each envelope the first day it may be deleted on."""

    folder: Path
    store: Store

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = MemoryStore()
        self.clock = HandClock()
        self.steady = 0  # seconds without a jump
        self.waiting: dict[bytes, int | None] = {}  # hash to last day; None: not yet known
        self.number = 0
        self.latest = 0  # day that a clock has confirmed until now
        self.furthest = 0  # day the clock ever stood at
        self.start()

    def start(self) -> None:
        self.day = opened(self.folder, self.clock, highest=self.store.highest())

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.last_of_all()
            shutil.rmtree(self.folder)

    def last_of_all(self) -> None:
        """Nothing is kept for ever: when the clock has run on, all of it goes."""
        for _ in range(2):
            self.day.observe()
            self.wait(DAY)
            self.housekeeping()
            self.wait(max(0, self.furthest - day_of(self.clock.now) + TTL_DAYS + 1) * DAY)
            self.housekeeping()
        assert self.store.page(bytes(32), 10_000, 1 << 40) == []

    @property
    def is_confirmed(self) -> bool:
        """One that was killed before it wrote its file waits for a day once more, and gives no last day before."""
        return self.steady >= DAY and self.day.last_day() < UNDATED

    def wait(self, seconds: int, *, relay_runs: bool = True) -> None:
        self.clock.now += seconds
        self.steady += seconds
        self.furthest = max(self.furthest, day_of(self.clock.now))
        if self.steady >= DAY:
            self.latest = max(self.latest, day_of(self.clock.now))
        if relay_runs and self.is_confirmed:
            first = day_of(self.clock.now - (self.steady - DAY))  # the first day that was confirmed in this run
            for hash_, last in self.waiting.items():
                self.waiting[hash_] = first + TTL_DAYS if last is None else last

    def housekeeping(self) -> None:
        self.day.save()
        if due := self.day.due():
            sum(self.store.sweep(*due))

    def goes_on(self, then: str) -> None:
        """A letter comes, the relay tidies up, or both."""
        if "letter" in then:
            self.number += 1
            hash_ = digest(self.number.to_bytes(8, "big"))
            envelope = Envelope(bytes(32), hash_, bytes(32), self.day.last_day(), b"x")
            self.store.keep({seen_id(bytes(32), hash_): envelope})
            self.waiting[hash_] = day_of(self.clock.now) + TTL_DAYS if self.is_confirmed else None
        if "housekeeping" in then:
            self.housekeeping()

    @rule(seconds=WAITS, then=NEXT)
    def time_passes(self, seconds: int, then: str) -> None:
        self.wait(seconds)
        self.goes_on(then)

    @rule(seconds=JUMPS, then=NEXT)
    def the_clock_jumps(self, seconds: int, then: str) -> None:
        self.clock.jump(seconds)
        self.steady = 0
        self.day.observe()  # two jumps that take each other back unseen are none
        self.goes_on(then)

    @rule()
    def somebody_sweeps_by_hand(self) -> None:
        if due := read_due(self.folder, self.clock.now):
            sum(self.store.sweep(*due))

    @rule(killed=st.booleans(), then=NEXT)
    def the_relay_starts_anew(self, killed: bool, then: str) -> None:
        if not killed:
            self.day.close()
        self.start()
        self.goes_on(then)

    @rule(off=st.integers(0, 30 * 60), killed=st.booleans(), then=NEXT)
    def the_machine_starts_anew(self, off: int, killed: bool, then: str) -> None:
        if not killed:
            self.day.close()
        self.wait(off, relay_runs=False)
        self.clock = HandClock(self.clock.now)
        self.start()
        self.goes_on(then)

    @rule(seconds=JUMPS, then=NEXT)
    def the_machine_starts_with_another_time(self, seconds: int, then: str) -> None:
        self.day.close()
        self.clock = HandClock(self.clock.now + seconds)
        self.steady = 0
        self.start()
        self.goes_on(then)

    @invariant()
    def whatever_has_a_receipt_is_there_until_the_confirmed_day_says_so(self) -> None:
        if not hasattr(self, "store"):
            return
        there = {envelope.hash for envelope in self.store.page(bytes(32), 10_000, 1 << 40)}
        for hash_ in set(self.waiting) - there:
            last = self.waiting.pop(hash_)
            assert last is not None, "deleted before any day was confirmed after it came"
            assert self.latest > last, "deleted before its day"


TestAnyClock = AnyClock.TestCase
TestAnyClock.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
