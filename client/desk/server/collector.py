"""Threads beside the pages: they listen at each relay's mailbox and send replies. Specified in `desk.md`.

A relay that fails is tried again later and later; nothing is lost by that, since only what is on the disk is
acknowledged.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from client.desk.desk import Desk, DeskClosed
from client.organisation.inbox import PullResult
from client.outbox.sender import OutboxSender
from client.outbox.store import OutboxStore
from client.transport.relay_client import Problem, Transport
from keys.errors import TocsinError
from keys.wire import WAIT_SECONDS

FIRST_REST_SECONDS = 5.0  # after a failure; doubled each time
LONGEST_REST_SECONDS = 120.0
PAUSE_SECONDS = 1.0  # between two calls that went well: a relay may not hold a call open
OUTBOX_CHECK_SECONDS = 15.0  # at least so often the outbox is looked at: another relay may be due

_SYSTEM = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """Status of one relay: whether it answered last, when it did (Unix seconds), else the error's code; how many
    envelopes it gave without a valid receipt since the desk was unlocked."""

    relay: str
    ok: bool = False
    last: int | None = None
    problem: str = ""
    unproved: int = 0


@dataclass(frozen=True, slots=True)
class CollectorState:
    """Status of all relays. `ok`: at least one listens. `problem`: code of the first that does not, though others may.
    `waiting`: envelopes of replies that no relay has yet."""

    relays: tuple[RelayStatus, ...] = ()
    waiting: int = 0

    @property
    def ok(self) -> bool:
        return any(status.ok for status in self.relays)

    @property
    def last(self) -> int | None:
        """When a relay answered last, Unix seconds; None when none has."""
        return max((status.last for status in self.relays if status.last is not None), default=None)

    @property
    def unproved(self) -> list[str]:
        """The relays that gave envelopes without a valid receipt."""
        return [status.relay for status in self.relays if status.unproved]

    @property
    def problem(self) -> str:
        return next((status.problem for status in self.relays if status.problem), "")


class Collector:
    """Threads that listen at each relay and send replies, from `start` until the desk closes or `stop`. `wait_seconds`:
    how long a relay may hold a call open; `rest_seconds`: after a failure; `pause_seconds`: between two calls."""

    def __init__(
        self, desk: Desk, *, transport: Callable[[], Transport] = lambda: Transport(os.urandom),
        clock: Callable[[], float] = time.time, wait_seconds: int = WAIT_SECONDS,
        rest_seconds: float = FIRST_REST_SECONDS, pause_seconds: float = PAUSE_SECONDS,
    ) -> None:  # fmt: skip
        self._desk, self._transport, self._clock = desk, transport, clock
        self._wait_seconds, self._rest_seconds, self._pause_seconds = wait_seconds, rest_seconds, pause_seconds
        self._stopped = threading.Event()
        self._statuses = {relay: RelayStatus(relay) for relay in desk.home.secrets.relays}
        self._waiting = 0
        self._threads = [
            threading.Thread(target=self._listen, args=(relay,), daemon=True) for relay in self._statuses
        ] + [threading.Thread(target=self._run_outbox, daemon=True)]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask the threads to end; a call that is held open by a relay may keep one for a while."""
        self._stopped.set()

    def join(self, seconds: float) -> None:
        """Wait so many seconds for each thread to end."""
        for thread in self._threads:
            thread.join(seconds)

    @property
    def state(self) -> CollectorState:
        return CollectorState(tuple(self._statuses.values()), self._waiting)

    def _listen(self, relay: str) -> None:
        rest_seconds, wait_seconds = self._rest_seconds, 0
        with self._transport() as transport:
            while not self._stopped.is_set():
                problem = self._listen_once(transport, relay, wait_seconds)
                if problem is None:
                    self._stopped.wait(self._pause_seconds)
                    rest_seconds, wait_seconds = self._rest_seconds, self._wait_seconds
                else:
                    self._set_status(relay, replace(self._statuses[relay], ok=False, problem=problem))
                    self._desk.relay_watch.canaries.note_pull_failure(relay, problem)
                    self._stopped.wait(rest_seconds * _SYSTEM.uniform(0.8, 1.2))
                    rest_seconds, wait_seconds = min(rest_seconds * 2, LONGEST_REST_SECONDS), 0

    def _listen_once(self, transport: Transport, relay: str, wait_seconds: int) -> str | None:
        """Listen once, and see to the week's keys. Returns the code of what went wrong, None when nothing did."""
        collected = self._attempt(lambda: self._collect(transport, relay, wait_seconds))
        # Also when no relay answers: that keys outlive their time has to be seen on the pages.
        rotated = self._attempt(lambda: self._desk.rotate_if_due(transport))
        return collected or rotated

    def _collect(self, transport: Transport, relay: str, wait_seconds: int) -> None:
        tally = PullResult()
        try:
            self._desk.collect(
                transport, relay, wait=wait_seconds, tally=tally, tick=lambda _: self._note_success(relay)
            )
        finally:
            self._note_lack(relay, tally.unproved.get(relay, 0))
        self._note_success(relay)

    def _attempt(self, act: Callable[[], object]) -> str | None:
        try:
            act()
        except DeskClosed:
            self._stopped.set()
        except Problem as problem:
            return problem.error.code
        except TocsinError as error:
            return error.code
        except Exception:  # a thread that ends silently would look like a quiet night
            return TocsinError.code
        return None

    def _note_success(self, relay: str) -> None:
        before = self._statuses[relay]
        self._set_status(relay, replace(before, ok=True, last=int(self._clock()), problem=""))

    def _note_lack(self, relay: str, envelopes: int) -> None:
        if envelopes:
            before = self._statuses[relay]
            self._statuses[relay] = replace(before, unproved=before.unproved + envelopes)
            self._desk.touch()

    def _set_status(self, relay: str, status: RelayStatus) -> None:
        has_turned = status.ok != self._statuses[relay].ok
        self._statuses[relay] = status
        if has_turned:
            self._desk.touch()

    def _run_outbox(self) -> None:
        with OutboxStore(self._desk.folder) as outbox, self._transport() as transport:
            version = -1
            while not self._stopped.is_set():
                try:
                    self._desk.release()
                    self._send_outbox(outbox, transport)
                    self._waiting = self._desk.count_waiting()
                except DeskClosed:
                    return
                except TocsinError:
                    pass  # the outbox is kept and looked at again
                version = self._desk.wait(version, OUTBOX_CHECK_SECONDS)

    def _send_outbox(self, outbox: OutboxStore, transport: Transport) -> None:
        sender = OutboxSender(outbox, transport, clock=self._clock, note=self._desk.append_receipts)
        for hash_ in outbox.hashes():
            if self._stopped.is_set():
                return
            sender.carry([hash_])
