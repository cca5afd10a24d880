"""The day that the lives of envelopes are counted by. A clock that jumps deletes nothing; see *Clocks* in http.md.

A day is confirmed by a clock that ran on for 24 hours beside the monotonic clock, or by the operator. What is deposited
while none is confirmed, or after a jump, gets no last day but the number of its *period*: the time up to the next
confirmation, which then gives all of the period one last day without a row being written.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from keys.wire import DAY_SECONDS, HOUR_SECONDS, TTL_DAYS, day_of
from relay import error_log
from relay.store.base import UNDATED, StoreError
from relay.store.files import write_private

FILE = "clock.json"
ACTIVITY_EPOCH_DAYS = 90  # how exactly it is known when somebody last collected
STEADY_SECONDS = DAY_SECONDS  # a clock that ran on for so long is believed
JUMP_SECONDS = 60  # the clock may part from the monotonic one by so much in a day: leap seconds, small corrections
# A monotonic clock begins anew when the machine does. What passed meanwhile cannot be measured: the run goes on if the
# clock stands in the hour it was left in or the next, and not more often than this.
RESTART_SECONDS = 6 * HOUR_SECONDS
READINGS = 5


class _State(msgspec.Struct):
    """What stands in the file. No second of any call: it is written once an hour and when the clock jumped."""

    day: int | None = None  # the confirmed day, in days since 1970
    period: int = 0  # of what comes without a last day
    dated: list[tuple[int, int]] = []  # (period, the day that was confirmed at its end), in their order
    over: int = 0  # periods below this one have had their 35 days
    steady: float = 0  # seconds the clock ran on without a jump, counted up to STEADY_SECONDS
    measured: float = 0  # the same since the monotonic clock last began anew, up to RESTART_SECONDS
    line: int = 0  # clock less monotonic clock
    hour: int = 0  # the clock when this was written, in hours since 1970


class Due(NamedTuple):
    """Say what may be deleted: last days before `today`, mailboxes last collected from before `activity_epoch`, cards
    that expired before `now`, and periods below `periods`."""

    today: int
    activity_epoch: int
    now: int
    periods: int


def activity_epoch_of(day: int) -> int:
    """Return the number of the 90 days a day lies in."""
    return day // ACTIVITY_EPOCH_DAYS


class ConfirmedDay:
    """The confirmed day of one data folder. Every question reads both clocks, from any thread; only `save` writes.

    `highest` returns the highest `expires` in the store; asked once, at the start.
    `jumps` counts how often the clock jumped since the start."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        highest: Callable[[], int],
        clock_is_right: bool = False,
    ) -> None:
        self.jumps = 0
        self._path = folder / FILE
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._state = _load(self._path) or _State()
        # Above every period that was given out: a relay that is killed may not have written down its last ones, and
        # what came in a period that is never reached again would stay for ever.
        self._state.period = max(self._state.period, highest() + 1 - UNDATED)
        self._changed = True
        now, self._last = self._reading()
        self._resume(now, now - self._last)
        if clock_is_right:
            self._state.steady, self._state.measured = STEADY_SECONDS, RESTART_SECONDS
        if self._is_confirmed:  # also what came in a period whose beginning was never written down
            self._confirm(now, now - self._last)

    # Questions

    def last_day(self) -> int:
        """Return the `expires` of what is deposited now: the last day it is kept, or UNDATED and the period."""
        with self._lock:
            self._observe()
            if self._is_confirmed and self._state.day is not None:
                return self._state.day + TTL_DAYS
            return UNDATED + self._state.period

    def activity_epoch(self, remembered: int | None) -> int:
        """Return the epoch to remember of a mailbox that is collected from now. Without a confirmed day: the latest
        there is a reason for, so that nobody is forgotten too early."""
        with self._lock:
            today = day_of(self._observe())
            if self._is_confirmed:
                return activity_epoch_of(today)
            return max(activity_epoch_of(today), activity_epoch_of(self._state.day or 0), remembered or 0)

    def due(self) -> Due | None:
        """Return what may be forgotten, by the confirmed day or the clock, whichever keeps longer. None: no day was
        ever confirmed, and nothing may."""
        with self._lock:
            return _due(self._state, self._observe())

    def observe(self) -> int:
        """Compare the clocks. Returns how often the clock jumped since the start."""
        with self._lock:
            self._observe()
            return self.jumps

    def save(self) -> None:
        """Write down what is new, and once an hour how far the clock ran. Raises StoreError."""
        with self._lock:
            hour = self._observe() // HOUR_SECONDS
            if not self._changed and hour == self._state.hour:
                return
            self._state.hour = hour
            data = msgspec.json.encode(self._state)
            self._changed = False
        try:
            write_private(self._path, data)
        except StoreError:
            self._changed = True
            raise

    def close(self) -> None:
        """Write down how far the clock ran. Raises StoreError."""
        self._changed = True
        self.save()

    # Measuring

    @property
    def _is_confirmed(self) -> bool:
        return self._state.steady >= STEADY_SECONDS

    def _reading(self) -> tuple[int, float]:
        """Read both clocks at one moment. A process that is stopped between the two has not seen a jump."""
        for _ in range(READINGS):
            before, now, after = self._monotonic(), self._clock(), self._monotonic()
            if after - before <= 1:
                break
        return now, after

    def _observe(self) -> int:
        """Bring the state up to this moment. Returns the clock."""
        state = self._state
        now, monotonic = self._reading()
        if abs(now - monotonic - state.line) > JUMP_SECONDS:
            self._jumped(now - monotonic)
        else:
            passed, was_confirmed = monotonic - self._last, self._is_confirmed
            state.steady = min(STEADY_SECONDS, state.steady + passed)
            state.measured = min(RESTART_SECONDS, state.measured + passed)
            if self._is_confirmed and (not was_confirmed or state.day != day_of(now)):
                if not was_confirmed and state.day is not None:
                    error_log.logger.warning("the clock ran on for a day: lives are counted by it again")
                self._confirm(now, now - monotonic, ends_period=not was_confirmed)
        self._last = monotonic
        return now

    def _jumped(self, line: float) -> None:
        if self._is_confirmed:
            error_log.logger.warning("the clock jumped: until it has run on for a day, nothing more is forgotten")
        self.jumps += 1
        self._state.steady = self._state.measured = 0
        self._state.line = round(line)
        self._changed = True

    def _confirm(self, now: int, line: float, *, ends_period: bool = True) -> None:
        state = self._state
        state.day, state.line = day_of(now), round(line)
        if ends_period:
            if state.dated and state.dated[-1][1] == state.day:
                state.dated.pop()
            state.dated.append((state.period, state.day))
            state.period += 1
        self._changed = True

    def _resume(self, now: int, line: float) -> None:
        """Go on with the run of an earlier process, if the clock went on as well."""
        state = self._state
        # A machine without a battery begins at the same time whenever it starts: its clocks agree, and both went back.
        went_back = now + JUMP_SECONDS < state.hour * HOUR_SECONDS
        if went_back or abs(line - state.line) > JUMP_SECONDS:
            if not (0 <= now // HOUR_SECONDS - state.hour <= 1 and state.measured >= RESTART_SECONDS):
                if state.day is not None:
                    error_log.logger.warning(
                        "the clock went its own way: until it has run on for a day, nothing is forgotten"
                    )
                state.steady = 0
            state.measured = 0
            state.line = round(line)


def read_due(folder: Path, now: int) -> Due | None:
    """Return what may be forgotten in this folder, without touching its file. None: no day was ever confirmed."""
    state = _load(folder / FILE)
    return _due(state, now) if state else None


def _load(path: Path) -> _State | None:
    """Read the file. None: there is none, or a damaged one; then no day is confirmed."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_State)
    except (OSError, msgspec.DecodeError):
        return None


def _due(state: _State, now: int) -> Due | None:
    """Return what may be forgotten; what is over is no longer listed afterwards."""
    if state.day is None:
        return None
    today = min(state.day, day_of(now))
    while state.dated and state.dated[0][1] + TTL_DAYS < today:
        state.over = state.dated.pop(0)[0] + 1
    return Due(today, activity_epoch_of(today) - 1, min(now, state.day * DAY_SECONDS), state.over)
