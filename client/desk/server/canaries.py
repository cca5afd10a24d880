"""Threads that send a desk's practice letters, one for each relay. Specified in `client/folders.md`, "Canaries"."""

import os
import random
import threading
from collections.abc import Callable

from client.desk.desk import Desk, DeskClosed
from client.organisation.canary import Canary
from client.organisation.canary_sender import STEP_SECONDS, CanaryPlan, CanarySender
from client.transport.relay_client import Transport, isolate_circuit
from keys.errors import TocsinError

_SYSTEM = random.SystemRandom()


class Canaries:
    """The practice letters of an unlocked desk, from `start` until the desk closes or `stop`. `open_transport` opens
    fresh connections."""

    def __init__(
        self, desk: Desk, *,
        open_transport: Callable[[], Transport] = lambda: Transport(os.urandom, tor=isolate_circuit(os.urandom)),
        exponential: Callable[[float], float] = lambda mean: _SYSTEM.expovariate(1 / mean),
    ) -> None:  # fmt: skip
        self._desk = desk
        self._stopped = threading.Event()
        self._senders = {
            relay: CanarySender(
                relay, desk.relay_watch.canaries, self._plan, open_transport=open_transport, random_bytes=os.urandom,
                exponential=exponential,
            )
            for relay in desk.home.secrets.relays
        }  # fmt: skip
        desk.relay_watch.on_foreign = self._echo
        self._threads = [
            threading.Thread(target=self._run, args=(sender,), daemon=True) for sender in self._senders.values()
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask the threads to end; a call to a relay may keep one for a while."""
        self._stopped.set()

    def join(self, seconds: float) -> None:
        """Wait so many seconds for each thread to end."""
        for thread in self._threads:
            thread.join(seconds)

    def _plan(self) -> CanaryPlan:
        with self._desk.reading():  # a locked desk sends nothing
            return self._desk.relay_watch.make_plan()

    def _echo(self, canary: Canary, relay: str) -> None:
        if relay in self._senders:
            self._senders[relay].add_echo(canary)

    def _run(self, sender: CanarySender) -> None:
        seconds = 0.0
        while not self._stopped.wait(seconds):
            seconds = self._step(sender)

    def _step(self, sender: CanarySender) -> float:
        try:
            seconds = sender.step()
            with self._desk.reading():
                has_news = self._desk.relay_watch.refresh()
            if has_news:
                self._desk.touch()
            return seconds
        except DeskClosed:
            self._stopped.set()
        except TocsinError:
            pass  # a disk that is full, a card that is not there: the desk says so elsewhere
        return STEP_SECONDS
