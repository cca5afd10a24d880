"""Ringing a contact's closed phone: opened, rung once, forgotten. Specified in `keys/wake.md` and `relay/http.md`.

Nothing here is ever written or logged, not even that it failed: a line in a log would tell when somebody was rung.
"""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from keys.wake import WakeKey
from keys.wire import SEED_BYTES, WAKE_BYTES, b64, unb64
from relay.config import Clock, Config
from relay.push.client import Endpoint, PushHost, push, tls
from relay.push.vapid import Vapid
from relay.store.files import own_secret

KEY_FILE = "wake.key"
SEALED_CHARACTERS = len(b64(bytes(WAKE_BYTES)))
# Letters that wait to be rung for, and pushes that wait for one push service. The next ones ring nobody; they lie where
# they belong all the same.
WAITING = 1_024
# A push takes a few hundred milliseconds: a night of arrests rings through, and a push service that hangs holds up only
# its own.
PUSHES_AT_ONCE = 8
# A press sends several letters to the same contact; and nobody shall use a relay to flood a phone.
QUIET_SECONDS = 60
REMEMBERED = 100_000  # endpoints rung in the last minute, about 10 MB


class PushNotifier:
    """Rings for a relay. `ring` costs the depositor nothing and answers nothing."""

    def __init__(self, config: Config) -> None:
        self._key = WakeKey(own_secret(config.data / KEY_FILE, lambda: config.random_bytes(SEED_BYTES), SEED_BYTES))
        self._vapid = Vapid(config.data, config.push.contact or _contact(config.origins))
        self._origins, self._clock = config.origins, config.clock
        self._hosts = tuple(PushHost.parse(host) for host in config.push.hosts)
        self._tls = tls(config.push.ca)
        self._rung = Rung(config.clock, config.random_bytes)
        self._opening = Hands("wake", 1)
        self._pushing = {host: Hands("push", PUSHES_AT_ONCE) for host in self._hosts}

    @property
    def about(self) -> dict[str, Any]:
        """What relay info says of it."""
        hosts = [_named(host) for host in self._hosts]
        return {"wake_key": b64(self._key.public), "vapid": b64(self._vapid.public), "push_hosts": hosts}

    def ring(self, sealed: str) -> None:
        """Ring the endpoint inside, some time. Good or bad, nobody is told."""
        if len(sealed) == SEALED_CHARACTERS:
            self._opening.do(lambda: self._open(sealed))

    def close(self) -> None:
        """Ring nobody from here on."""
        for hands in (self._opening, *self._pushing.values()):
            hands.close()

    def _open(self, sealed: str) -> None:
        endpoint = Endpoint.parse(self._key.open(unb64(sealed), self._origins), self._hosts)
        if self._rung.is_new(endpoint):
            self._pushing[endpoint.by].do(lambda: self._push(endpoint))

    def _push(self, endpoint: Endpoint) -> None:
        push(endpoint, self._vapid.authorization(endpoint.origin, self._clock()), self._tls)


class Hands:
    """A few threads of their own, there from the first job on. What goes wrong in a job ends there and is not told."""

    def __init__(self, name: str, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, name)
        self._room = threading.BoundedSemaphore(WAITING)

    def do(self, job: Callable[[], None]) -> None:
        """Run it, or drop it when too much waits or all is over."""
        if self._room.acquire(blocking=False):
            try:
                self._threads.submit(self._run, job)
            except RuntimeError:
                self._room.release()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Callable[[], None]) -> None:
        with suppress(Exception):
            job()
        self._room.release()


class Rung:
    """Who was rung within the last minute, as keyed hashes; the key is new whenever nothing is remembered."""

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._clock, self._random_bytes = clock, random_bytes
        self._salt = b""
        self._since: dict[bytes, int] = {}

    def is_new(self, endpoint: Endpoint) -> bool:
        """Return whether this subscription may be rung now. Called from one thread."""
        now = self._clock()
        self._forget(now)
        if not self._since:
            self._salt = self._random_bytes(32)
        mark = hashlib.blake2s(repr(endpoint).encode(), key=self._salt, digest_size=16).digest()
        if mark in self._since or len(self._since) >= REMEMBERED:
            return False
        self._since[mark] = now
        return True

    def _forget(self, now: int) -> None:
        while self._since:
            mark, since = next(iter(self._since.items()))
            if 0 <= now - since < QUIET_SECONDS:
                return
            del self._since[mark]


def push_notifier(config: Config) -> PushNotifier | None:
    """None when the operator does not want it. An onion service that called out would show where it stands: it rings
    only when it is told to. Raises StoreError, NoAuthority."""
    wanted = config.push.on
    if wanted is None:
        wanted = not all(is_onion(origin) for origin in config.origins)
    return PushNotifier(config) if wanted else None


def _contact(origins: tuple[str, ...]) -> str:
    """Return a contact address that is public anyway; none for an onion service."""
    return next((origin for origin in origins if origin.startswith("https://") and not is_onion(origin)), "")


def is_onion(origin: str) -> bool:
    """Return whether this origin hides the relay's location."""
    return (urlsplit(origin).hostname or "").endswith(".onion")


def _named(host: PushHost) -> str:
    return f"{'*.' * host.wild}{host.name}{f':{host.port}' * host.own}"
