"""Which practice letters are out, which came back, and what each relay is to be told of. Nothing here calls a relay.

Specified in `client/folders.md`, "Canaries".
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from client.organisation.canary import Canary
from client.organisation.trusted_date import SignedHour

OVERDUE_SECONDS = 120.0  # since the receipt; a relay that has a letter on the disk gives it at once
ECHO_SECONDS = 3_600.0  # so long after its receipt another computer's word for a letter is looked for
STUCK_SECONDS = 480.0  # since the receipt, while the mailbox cannot be emptied
SLOW_SECONDS = 60.0  # from the deposit to the desk: longer is said
LATE_SECONDS = 3_600.0  # so long it is said that a warning was taken back
FRESH_SECONDS = 900.0  # a signed hour counts as now for so long
PULLS = 2  # complete pulls that began after the receipt


def read_timer() -> float:
    """Return seconds that go on while the computer sleeps and that no clock sets."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A practice letter on its way: its relay, when it was sent (Unix seconds) and when by the timer; the receipt and
    when by the timer it came, None before; complete pulls that began after the receipt."""

    relay: str
    canary: Canary
    sent_at: int
    sent_timer: float
    receipt: str = ""
    receipt_timer: float | None = None
    pulls: int = 0
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class RelayNotice:
    """What has to be said of a relay, of one kind: `withheld` (practice letters), `kept` (letters of people), `stuck`,
    `refused`, `silent`, `senseless`, `slow`, `late`.

    `code`: of the error; `count`: of letters; `minutes`: from the deposit to the desk, at least 1.
    """

    kind: str
    relay: str
    code: str = ""
    count: int = 0
    minutes: int = 0


@dataclass(slots=True)
class _RelayState:
    failure: tuple[str, str] | None = None  # kind and code of what became of the last deposit
    slow_seconds: float = 0.0
    late: tuple[float, float] | None = None  # when by the timer, and after how many seconds
    hour: tuple[float, SignedHour] | None = None
    problem: str = ""  # of the last pull that failed


@dataclass
class CanaryWatch:
    """The practice letters of one unlocked desk. From any thread. `timer`: seconds that no clock sets."""

    desk: bytes = field(repr=False)
    timer: Callable[[], float] = read_timer
    _out: dict[bytes, Outstanding] = field(default_factory=dict, repr=False)
    _states: dict[str, _RelayState] = field(default_factory=dict, repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note_sending(self, relay: str, canary: Canary) -> None:
        """Note a practice letter before it is deposited: it may be back before its receipt is."""
        with self._turn:
            self._out[canary.commitment] = Outstanding(relay, canary, canary.at, self.timer())

    def note_receipt(self, canary: Canary, receipt: str, hour: SignedHour | None) -> None:
        """Note that the relay took it, and the hour it signed."""
        with self._turn:
            now, out = self.timer(), self._out.get(canary.commitment)
            if out is not None:
                self._out[canary.commitment] = replace(out, receipt=receipt, receipt_timer=now)
                state = self._state(out.relay)
                state.failure = None
                if hour is not None:
                    state.hour = now, hour

    def note_failure(self, canary: Canary, kind: str, code: str) -> None:
        """Note that the relay took it not. `kind`: `refused`, `silent` or `senseless`."""
        with self._turn:
            out = self._out.pop(canary.commitment, None)
            if out is not None:
                self._state(out.relay).failure = kind, code

    def note_arrival(self, commitment: bytes, *, is_echo: bool = False) -> bool:
        """Note that a practice letter came; whether it was said to be missing. `is_echo`: to another computer, which
        said so later; how long it took is not known then."""
        with self._turn:
            out = self._out.pop(commitment, None)
            if out is None:
                return False
            now, state = self.timer(), self._state(out.relay)
            seconds = now - out.sent_timer
            state.failure, state.slow_seconds = None, 0.0 if is_echo else seconds
            if out.is_missing:
                state.late = now, seconds
            return out.is_missing

    def note_late(self, relay: str, seconds: float) -> None:
        """Note that a practice letter of an earlier session came so late after all."""
        with self._turn:
            self._state(relay).late = self.timer(), seconds

    def note_pull(self, relay: str, begun: float) -> None:
        """Note that the relay's mailbox was emptied by a pull that began then, by the timer."""
        with self._turn:
            self._state(relay).problem = ""
            for commitment, out in self._out.items():
                if out.relay == relay and out.receipt_timer is not None and begun >= out.receipt_timer:
                    self._out[commitment] = replace(out, pulls=out.pulls + 1)

    def note_pull_failure(self, relay: str, code: str) -> None:
        """Note that the relay's mailbox could not be emptied."""
        with self._turn:
            self._state(relay).problem = code

    def find_overdue(self, relay: str, seconds: float) -> list[bytes]:
        """Return the commitments that this relay took so many seconds ago or earlier, within the last hour, and that
        are not back."""
        with self._turn:
            return [
                commitment
                for commitment, out in self._out.items()
                if out.relay == relay and self._is(out, seconds) and not self._is(out, ECHO_SECONDS)
            ]

    def take_missing(self) -> list[Outstanding]:
        """Return what has become missing since the last call: the relay took it, was emptied since, and did not give
        it."""
        with self._turn:
            found = [
                out
                for out in self._out.values()
                if not out.is_missing and out.pulls >= PULLS and self._is(out, OVERDUE_SECONDS)
            ]
            for out in found:
                self._out[out.canary.commitment] = replace(out, is_missing=True)
            return found

    def find_notices(self) -> list[RelayNotice]:
        """Return what has to be said of relays beside what is missing."""
        with self._turn:
            return [notice for relay, state in self._states.items() for notice in self._describe(relay, state)]

    def find_signed_hours(self) -> Mapping[str, SignedHour]:
        """Return the hours that relays signed within the last quarter of an hour."""
        with self._turn:
            oldest = self.timer() - FRESH_SECONDS
            hours = {relay: state.hour for relay, state in self._states.items() if state.hour is not None}
            return {relay: hour for relay, (at, hour) in hours.items() if at >= oldest}

    def _describe(self, relay: str, state: _RelayState) -> Iterable[RelayNotice]:
        stuck = [o for o in self._out.values() if o.relay == relay and o.pulls < PULLS and self._is(o, STUCK_SECONDS)]
        if stuck:
            yield RelayNotice("stuck", relay, code=state.problem, count=len(stuck))
        if state.failure is not None:
            yield RelayNotice(state.failure[0], relay, code=state.failure[1])
        if state.late is not None and self.timer() - state.late[0] < LATE_SECONDS:
            yield RelayNotice("late", relay, minutes=_to_minutes(state.late[1]))
        elif state.slow_seconds >= SLOW_SECONDS:
            yield RelayNotice("slow", relay, minutes=_to_minutes(state.slow_seconds))

    def _is(self, out: Outstanding, seconds: float) -> bool:
        return out.receipt_timer is not None and self.timer() - out.receipt_timer >= seconds

    def _state(self, relay: str) -> _RelayState:
        return self._states.setdefault(relay, _RelayState())


def _to_minutes(seconds: float) -> int:
    return max(1, round(seconds / 60))
