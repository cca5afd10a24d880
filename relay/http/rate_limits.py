"""Rate limits by address. Addresses are never stored: only their keyed hash, under a salt that is forgotten.

Flask-Limiter counts, in whole minutes. Its ordinary hook costs half of an empty Flask route (measured). Calls that
the relay's own server answers without Flask ask the limiter directly; every other call goes through the hook. Both
count the calls to each path by themselves.
"""

import hashlib
import ipaddress
from typing import Any

from flask import Flask, request
from flask_limiter import Limiter
from limits import RateLimitItemPerMinute
from limits.storage import Storage

from keys.problems import TooMany
from keys.wire import HOUR_SECONDS, RandomBytes
from relay.config import Clock

WINDOW_SECONDS = 60
ADDRESSES = (
    100_000  # remembered in one window, about 20 MB; a flood of more is let through rather than shutting out a town
)
SCHEME = "tocsin-minutes"
ANY_NUMBER = RateLimitItemPerMinute(10**12)


class FixedWindowStorage(Storage):
    """Counts of the current minute, in memory. The library's own keeps a timer that walks over all keys a hundred times
    a second, which a flood of addresses would turn into the relay's main work."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - as the base class has it

    def __init__(self, uri: str | None = None, *, clock: Clock, **options: Any) -> None:
        super().__init__(uri, **options)
        self._clock = clock
        self._window = -1
        self._counts: dict[str, int] = {}

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        counts = self._current()
        if key not in counts and len(counts) >= ADDRESSES:
            return 0
        counts[key] = count = counts.get(key, 0) + amount
        return count

    def get(self, key: str) -> int:
        return self._current().get(key, 0)

    def get_expiry(self, key: str) -> float:
        return float((self._clock() // WINDOW_SECONDS + 1) * WINDOW_SECONDS)

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        gone = len(self._counts)
        self._counts = {}
        return gone

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def _current(self) -> dict[str, int]:
        if self._clock() // WINDOW_SECONDS != self._window:
            self._window = self._clock() // WINDOW_SECONDS
            self._counts = {}
        return self._counts


class Addresses:
    """The limits of one relay, in calls a minute; 0: none. A dump of memory tells no address after the hour."""

    def __init__(
        self, app: Flask, *, per_address: int, per_loopback: int, clock: Clock, random_bytes: RandomBytes
    ) -> None:
        self._per_address = RateLimitItemPerMinute(per_address) if per_address else None
        self._per_loopback = RateLimitItemPerMinute(per_loopback) if per_loopback else None
        self._clock, self._random_bytes = clock, random_bytes
        self._hour = -1
        self._salt = b""
        self.limiter = Limiter(
            lambda: self._key(request.remote_addr or ""),
            app=app,
            default_limits=[lambda: str(self._limit(request.remote_addr or "") or ANY_NUMBER)],
            strategy="fixed-window",
            storage_uri=f"{SCHEME}://",
            storage_options={"clock": clock},  # type: ignore[dict-item]
            headers_enabled=False,
        )

    def count(self, address: str, path: str) -> None:
        """Count one call more from this address to this path, without a request around it. Raises TooMany."""
        limit = self._limit(address)
        if limit is not None and not self.limiter.limiter.hit(limit, self._key(address), path):
            raise TooMany()

    def _limit(self, address: str) -> RateLimitItemPerMinute | None:
        return self._per_loopback if _is_loopback(address) else self._per_address

    def _key(self, address: str) -> str:
        hour = self._clock() // HOUR_SECONDS
        if hour != self._hour:
            self._hour, self._salt = hour, self._random_bytes(32)
        return hashlib.blake2s(_network(address), key=self._salt, digest_size=16).hexdigest()


def retry_after(now: int) -> int:
    """Return the seconds until counting begins anew."""
    return WINDOW_SECONDS - now % WINDOW_SECONDS


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _network(address: str) -> bytes:
    """Return the part of an address that stands for one customer: all of IPv4, the first 64 bits of IPv6."""
    if ":" not in address:
        return address.encode()
    try:
        return ipaddress.IPv6Address(address.partition("%")[0]).packed[:8]
    except ValueError:
        return address.encode()
