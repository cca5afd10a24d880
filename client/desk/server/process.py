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
from client.desk.server.collector import Pulling, State
from client.stations.pack import pack
from keys.wire import digest, domain

RESUMED = "TOCSIN_DESK"  # in the environment of the process that follows a lock
SHOWING_SECONDS = 1.0  # for the browser to ask for the page that the click on Lock leads to
LEAVING_SECONDS = 0.3  # for an answer to go out
CLOSING_SECONDS = 5.0  # for whatever still holds the desk; killed at any byte it loses nothing
LOOKING_SECONDS = 1.0  # how late an idle desk may notice

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
    def take(cls) -> Self | None:
        """From the environment, which forgets it."""
        said = os.environ.pop(RESUMED, "")
        if not said:
            return None
        fields = json.loads(said)
        return cls(fields["socket"], bytes.fromhex(fields["cookie"]), fields["head_line"])

    def give(self) -> str:
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

    why: str
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
        self, wish: DeskOptions, listener: socket.socket, resumed: LockHandover | None = None, *,
        clock: Callable[[], float] = lambda: time.clock_gettime(_AWAKE_AND_ASLEEP),
    ) -> None:  # fmt: skip
        self._wish, self._listener, self._clock = wish, listener, clock
        self._token: str | None = secrets.token_urlsafe(32)
        self._cookie = resumed.cookie if resumed else b""
        self.head_line = resumed.head_line if resumed else ""
        self.origin = _origin(listener)
        self.link = f"{self.origin}/enter/{self._token}"
        self.idle_seconds = wish.idle_seconds
        self._desk: Desk | None = None
        self._pulling: Pulling | None = None
        self._touched, self._tried = clock(), False
        self._turn, self._leaving, self._is_shown = threading.Lock(), threading.Event(), threading.Event()
        self._orders: SimpleQueue[Order] = SimpleQueue()

    @property
    def desk(self) -> Desk | None:
        return None if self._leaving.is_set() else self._desk

    def redeem(self, token: str) -> str | None:
        """The cookie for the browser that has the one-time link, which is dead then; None for any other."""
        with self._turn:
            if self._token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token, cookie = None, secrets.token_urlsafe(32)
            self._cookie = _digest(cookie)
            return cookie

    def admits(self, cookie: str) -> bool:
        """Whether this browser was let in."""
        return hmac.compare_digest(_digest(cookie), self._cookie)

    def unlock(self, passphrase: str, by: str) -> None:
        """Open the desk and listen to the relays. Raises as `Desk.unlock`, and what a bad pack raises."""
        with self._turn:
            if self._desk is not None or self._leaving.is_set():
                return
            self._tried = True
            self.touch()
            wish = self._wish
            packs = [pack.read(files.read(path)) for path in wish.packs]
            desk = Desk.unlock(wish.folder, passphrase, by, packs=packs, country=wish.country, mend=wish.mend)
            self._pulling = Pulling(desk)
            self._pulling.start()
            self._desk = desk
            self.touch()

    def touch(self) -> None:
        """A person did something."""
        self._touched = self._clock()

    def state(self) -> State:
        """How it stands with the relays."""
        return State() if self._pulling is None else self._pulling.state

    def lock(self, why: str = BUTTON) -> None:
        """Lock, and be replaced by a fresh process as soon as the answer to this has gone out. From any thread."""
        if not self._leaving.is_set():
            self._leave()
            self.order(Order(why))

    def lock_was_shown(self) -> None:
        """Note that the browser has asked for the page that says so: nothing more holds up the lock."""
        self._is_shown.set()

    def heed_signals(self) -> None:
        """Turn signals into orders. What came while one process followed another waited for this. Main thread only."""
        for number, order in SIGNALS.items():
            signal.signal(number, lambda *_, order=order: self.order(order))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def order(self, order: Order) -> None:
        """Tell the main thread what to do, and do nothing else: a signal may come in the middle of a print or of a
        write, and whoever flushes, joins or closes there fails ("reentrant call")."""
        self._orders.put(order)  # the one way between threads that is safe in a signal handler

    def carry_out(self) -> NoReturn:
        """Wait for an order and follow it; the main thread's only work while pages are served."""
        order = self._orders.get()
        self._leave()
        if order.code is None:
            order = self._replace(order)
        self._close(order.why)
        _flush()
        os._exit(order.code or 0)

    def _leave(self) -> None:
        self._leaving.set()
        desk = self._desk
        if desk is not None:
            desk.touch()  # pages that wait for news hear at once that it is locked

    def watch(self) -> None:
        """Lock by itself after the idle time. What a wrong passphrase left in memory is wiped in the same way."""
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._leaving.wait(min(LOOKING_SECONDS, self.idle_seconds / 2)):
            if self._tried and self._clock() - self._touched >= self.idle_seconds:
                self.lock("idle")

    def _replace(self, order: Order) -> Order:
        """Become a locked process. Returns only to end after all, with the order that came meanwhile."""
        closing = self._begin_closing(order.why)
        if order.why == BUTTON:
            self._is_shown.wait(SHOWING_SECONDS)
        time.sleep(LEAVING_SECONDS)
        closing.join(CLOSING_SECONDS)
        # From here on a signal waits for the process that follows: it would be lost with the orders of this one.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        end = self._order_to_end()
        if end is not None:
            return end
        number = self._listener.fileno()
        os.set_inheritable(number, True)
        given = LockHandover(number, self._cookie, self.head_line).give()
        _flush()
        try:
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, RESUMED: given})  # noqa: S606
        finally:
            os._exit(1)  # rather no desk than one that says it is locked and is not

    def _order_to_end(self) -> Order | None:
        with suppress(Empty):
            while True:
                order = self._orders.get_nowait()
                if order.code is not None:
                    return order
        return None

    def _close(self, why: str) -> None:
        self._begin_closing(why).join(CLOSING_SECONDS)

    def _begin_closing(self, why: str) -> threading.Thread:
        """In a thread of its own: whatever holds the desk must not hold up the lock."""
        closing = threading.Thread(target=self._close_desk, args=(why,), daemon=True)
        closing.start()
        return closing

    def _close_desk(self, why: str) -> None:
        desk, self._desk = self._desk, None
        with suppress(Exception):
            if desk is not None:
                self.head_line = desk.close(why)


def _digest(cookie: str) -> bytes:
    return digest(_COOKIE, cookie.encode("utf-8", "surrogatepass"))


def _origin(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
