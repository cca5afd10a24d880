"""Beside the pages: each relay's mailbox is listened to, and answers are carried. Specified in `journal.md`.

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
from client.outbox.sender import OutboxSender
from client.outbox.store import OutboxStore
from client.transport.relay_client import Problem, Transport
from keys.errors import TocsinError
from keys.wire import WAIT_SECONDS

FIRST_REST = 5.0  # seconds after a failure; doubled each time
LONGEST_REST = 120.0
PAUSE = 1.0  # between two calls that went well: a relay may not hold a call open
LOOK_SECONDS = 15.0  # at least so often the outbox is looked at: another relay may be due

_SYSTEM = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Line:
    """How it stands with one relay: whether it answered last, when it did (Unix seconds), else the error's code."""

    relay: str
    ok: bool = False
    last: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """How it stands with all of them. `ok`: at least one listens. `problem`: of the first that does not, though others
    may. `waiting`: envelopes of answers that no relay holds yet."""

    lines: tuple[Line, ...] = ()
    waiting: int = 0

    @property
    def ok(self) -> bool:
        return any(line.ok for line in self.lines)

    @property
    def last(self) -> int | None:
        return max((line.last for line in self.lines if line.last is not None), default=None)

    @property
    def problem(self) -> str:
        return next((line.problem for line in self.lines if line.problem), "")


class Pulling:
    """Threads that listen at each relay and carry answers, from `start` until the desk closes or `stop`."""

    def __init__(
        self, desk: Desk, *, transport: Callable[[], Transport] = lambda: Transport(os.urandom),
        clock: Callable[[], float] = time.time, wait: int = WAIT_SECONDS, rest: float = FIRST_REST,
        pause: float = PAUSE,
    ) -> None:  # fmt: skip
        self._desk, self._transport, self._clock = desk, transport, clock
        self._wait, self._rest, self._pause = wait, rest, pause
        self._stopped = threading.Event()
        self._lines = {relay: Line(relay) for relay in desk.home.secrets.relays}
        self._waiting = 0
        self._threads = [threading.Thread(target=self._listen, args=(relay,), daemon=True) for relay in self._lines] + [
            threading.Thread(target=self._carry, daemon=True)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask the threads to end; a call that is held open by a relay may keep one for a while."""
        self._stopped.set()

    def join(self, seconds: float) -> None:
        for thread in self._threads:
            thread.join(seconds)

    @property
    def state(self) -> State:
        return State(tuple(self._lines.values()), self._waiting)

    def _listen(self, relay: str) -> None:
        rest, wait = self._rest, 0
        with self._transport() as transport:
            while not self._stopped.is_set():
                problem = self._collect(transport, relay, wait)
                if problem is None:
                    self._stopped.wait(self._pause)
                    rest, wait = self._rest, self._wait
                else:
                    self._note(relay, replace(self._lines[relay], ok=False, problem=problem))
                    self._stopped.wait(rest * _SYSTEM.uniform(0.8, 1.2))
                    rest, wait = min(rest * 2, LONGEST_REST), 0

    def _collect(self, transport: Transport, relay: str, wait: int) -> str | None:
        """Listen once; the code of what went wrong."""
        try:
            self._desk.collect(transport, relay, wait=wait, tick=lambda _: self._hear(relay))
            self._hear(relay)
            self._desk.rotate_if_due(transport)
        except DeskClosed:
            self._stopped.set()
        except Problem as problem:
            return problem.error.code
        except TocsinError as error:
            return error.code
        except Exception:  # a thread that ends silently would look like a quiet night
            return TocsinError.code
        return None

    def _hear(self, relay: str) -> None:
        self._note(relay, Line(relay, ok=True, last=int(self._clock())))

    def _note(self, relay: str, line: Line) -> None:
        has_turned = line.ok != self._lines[relay].ok
        self._lines[relay] = line
        if has_turned:
            self._desk.touch()

    def _carry(self) -> None:
        with OutboxStore(self._desk.folder) as spool, self._transport() as transport:
            version = -1
            while not self._stopped.is_set():
                try:
                    self._desk.release()
                    self._send(spool, transport)
                    self._waiting = self._desk.count_waiting()
                except DeskClosed:
                    return
                except TocsinError:
                    pass  # the outbox is kept and looked at again
                version = self._desk.wait(version, LOOK_SECONDS)

    def _send(self, spool: OutboxStore, transport: Transport) -> None:
        courier = OutboxSender(spool, transport, clock=self._clock, note=self._desk.append_receipts)
        for hash_ in spool.hashes():
            if self._stopped.is_set():
                return
            courier.carry([hash_])
