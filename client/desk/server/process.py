"""The process around the desk: who may come in, when it locks, and how a lock wipes. Specified in `journal.md`.

A lock replaces the process by a fresh one that inherits the listening socket and the digest of the browser's cookie and
nothing else: whatever was readable in memory, down to the last garbage, is gone.
"""

import hmac
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NoReturn, Self

from client import files
from client.desk.desk import Desk
from client.desk.server.canaries import Canaries
from client.desk.server.collector import Collector, CollectorState
from client.stations.pack import pack
from keys.wire import digest, domain

RESUMED = "TOCSIN_DESK"  # in the environment of the process that follows a lock
SHOWING_SECONDS = 3.0  # for the browser to ask for the page that the click on Lock leads to
DRAINING_SECONDS = 3.0  # for the responses to all who came before the exchange
CLOSING_SECONDS = 5.0  # for whatever still holds the desk; killed at any byte it loses nothing
IDLE_CHECK_SECONDS = 1.0  # how late an idle desk may notice

# A computer that slept for an hour was idle for an hour.
_AWAKE_AND_ASLEEP = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_COOKIE = domain("desk-cookie")


@dataclass(frozen=True, slots=True)
class LockHandover:
    """What a locked process is given by the one before: listening socket, digest of the cookie, last head."""

    socket: int
    cookie: bytes
    head_line: str

    @classmethod
    def take_from_environment(cls) -> Self | None:
        """Take it from the environment, which forgets it. None in a process that follows none."""
        handed = os.environ.pop(RESUMED, "")
        if not handed:
            return None
        fields = json.loads(handed)
        return cls(fields["socket"], bytes.fromhex(fields["cookie"]), fields["head_line"])

    def to_json(self) -> str:
        """Return the text that stands in the environment of the process that follows."""
        return json.dumps({"socket": self.socket, "cookie": self.cookie.hex(), "head_line": self.head_line})


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """How a desk is opened: its folder, packs of stations, whose laws hold (two letters), seconds until it locks, and
    whether a damaged journal is to be set aside."""

    folder: Path
    packs: tuple[Path, ...] = ()
    country: str = ""
    idle_seconds: int = 900
    mend: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What the main thread is to do: lock for this reason, or, with a `code`, close the desk and end with it."""

    reason: str
    code: int | None = None


STOPPED = 130  # what a command ends with that ctrl-c ended
BUTTON = "button"
SIGNALS = {
    signal.SIGTERM: Order("stopped", 0),
    signal.SIGHUP: Order("stopped", 0),
    signal.SIGINT: Order("stopped", STOPPED),
    signal.SIGUSR1: Order("signal"),
}


class DeskProcess:
    """The process as its pages see it. `desk` is None while it is locked."""

    def __init__(
        self, options: DeskOptions, listener: socket.socket, resumed: LockHandover | None = None, *,
        clock: Callable[[], float] = lambda: time.clock_gettime(_AWAKE_AND_ASLEEP),
    ) -> None:  # fmt: skip
        self._options, self._listener, self._clock = options, listener, clock
        self._token: str | None = secrets.token_urlsafe(32)
        self._cookie = resumed.cookie if resumed else b""
        self.head_line = resumed.head_line if resumed else ""
        self.origin = _format_origin(listener)
        self.link = f"{self.origin}/enter/{self._token}"
        self.idle_seconds = options.idle_seconds
        self._desk: Desk | None = None
        self._collector: Collector | None = None
        self._touched_seconds, self._has_tried = clock(), False
        self._turn, self._leaving, self._is_shown = threading.Lock(), threading.Event(), threading.Event()
        self._orders: SimpleQueue[Order] = SimpleQueue()

    @property
    def desk(self) -> Desk | None:
        return None if self._leaving.is_set() else self._desk

    def redeem(self, token: str) -> str | None:
        """Return the cookie for the browser that has the one-time link, and let the link die; None for any other."""
        with self._turn:
            if self._token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token, cookie = None, secrets.token_urlsafe(32)
            self._cookie = _hash_cookie(cookie)
            return cookie

    def is_admitted(self, cookie: str) -> bool:
        """Tell whether the browser with this cookie was let in."""
        return hmac.compare_digest(_hash_cookie(cookie), self._cookie)

    def unlock(self, passphrase: str, by: str) -> None:
        """Open the desk and listen to the relays; nothing happens when it is open or on its way to a lock.

        Raises as `Desk.unlock`, and what a bad pack raises.
        """
        with self._turn:
            if self._desk is not None or self._leaving.is_set():
                return
            self._has_tried = True
            self.touch()
            options = self._options
            packs = [pack.read(files.read(path)) for path in options.packs]
            desk = Desk.unlock(options.folder, passphrase, by, packs=packs, country=options.country, mend=options.mend)
            self._collector = Collector(desk)
            self._collector.start()
            Canaries(desk).start()
            self._desk = desk
            self.touch()

    def touch(self) -> None:
        """Note that a person did something: the idle time begins anew."""
        self._touched_seconds = self._clock()

    def get_collector_state(self) -> CollectorState:
        """Return the status of the relays; an empty one while the desk is locked."""
        return CollectorState() if self._collector is None else self._collector.state

    def lock(self, reason: str = BUTTON) -> None:
        """Lock, and be replaced by a fresh process as soon as the response to this has gone out. From any thread."""
        if not self._leaving.is_set():
            self._begin_leaving()
            self.put_order(Order(reason))

    def note_lock_shown(self) -> None:
        """Note that the browser has asked for the page that says `locked`: nothing more holds up the lock."""
        self._is_shown.set()

    def install_signal_handlers(self) -> None:
        """Turn signals into orders. What came while one process followed another waited for this. Main thread only."""
        for number, order in SIGNALS.items():
            signal.signal(number, lambda *_, order=order: self.put_order(order))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def put_order(self, order: Order) -> None:
        """Leave an order for the main thread, and do nothing else: a signal may come in the middle of a print or of a
        write, and whoever flushes, joins or closes there fails ("reentrant call")."""
        self._orders.put(order)  # the one way between threads that is safe in a signal handler

    def follow_order(self, drain: Callable[[float], None]) -> NoReturn:
        """Wait for an order and follow it; the main thread's only work while pages are served.

        `drain` lets nobody more in and waits for so many seconds until all who came were answered.
        """
        order = self._orders.get()
        self._begin_leaving()
        if order.code is None:
            order = self._replace_process(order, drain)
        self._close_and_wait(order.reason)
        _flush_output()
        os._exit(order.code or 0)

    def _begin_leaving(self) -> None:
        self._leaving.set()
        desk = self._desk
        if desk is not None:
            desk.touch()  # pages that wait for news hear at once that it is locked

    def start_idle_watch(self) -> None:
        """Start a thread that locks after the idle time. What a wrong passphrase left in memory is wiped in the same
        way."""
        threading.Thread(target=self._watch_idle, daemon=True).start()

    def _watch_idle(self) -> None:
        while not self._leaving.wait(min(IDLE_CHECK_SECONDS, self.idle_seconds / 2)):
            if self._has_tried and self._clock() - self._touched_seconds >= self.idle_seconds:
                self.lock("idle")

    def _replace_process(self, order: Order, drain: Callable[[float], None]) -> Order:
        """Become a locked process. Returns only to end after all, with the order that came meanwhile."""
        closing = self._begin_closing(order.reason)
        if order.reason == BUTTON:
            self._is_shown.wait(SHOWING_SECONDS)
        closing.join(CLOSING_SECONDS)
        drain(DRAINING_SECONDS)
        # From here on a signal waits for the process that follows: it would be lost with the orders of this one.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        end = self._find_end_order()
        if end is not None:
            return end
        number = self._listener.fileno()
        os.set_inheritable(number, True)
        given = LockHandover(number, self._cookie, self.head_line).to_json()
        _flush_output()
        try:
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, RESUMED: given})  # noqa: S606
        finally:
            os._exit(1)  # rather no desk than one that says it is locked and is not

    def _find_end_order(self) -> Order | None:
        with suppress(Empty):
            while True:
                order = self._orders.get_nowait()
                if order.code is not None:
                    return order
        return None

    def _close_and_wait(self, reason: str) -> None:
        self._begin_closing(reason).join(CLOSING_SECONDS)

    def _begin_closing(self, reason: str) -> threading.Thread:
        """Close the desk in a thread of its own: whatever holds the desk must not hold up the lock."""
        closing = threading.Thread(target=self._close_desk, args=(reason,), daemon=True)
        closing.start()
        return closing

    def _close_desk(self, reason: str) -> None:
        desk, self._desk = self._desk, None
        with suppress(Exception):
            if desk is not None:
                self.head_line = desk.close(reason)


def _hash_cookie(cookie: str) -> bytes:
    return digest(_COOKIE, cookie.encode("utf-8", "surrogatepass"))


def _format_origin(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _flush_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
