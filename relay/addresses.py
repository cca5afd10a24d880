"""How often one address may call. Addresses are never kept: only their keyed hash, under a salt that is forgotten.

Flask-Limiter does the same in 70-90 microseconds a call, as much as all the rest of an empty Flask route (measured);
this takes one.
"""

import hashlib
import ipaddress

from keys.errors import TooMany
from keys.wire import HOUR_SECONDS, Chance

WINDOW_SECONDS = 60
ADDRESSES = 100_000  # remembered in one window, about 15 MB; more share one count


class Addresses:
    """Counts calls in whole minutes. Salt and counts live in memory; a dump of it tells no address after the hour."""

    def __init__(self, per_address: int, per_loopback: int, chance: Chance) -> None:
        self._per_address = per_address
        self._per_loopback = per_loopback
        self._chance = chance
        self._window = self._hour = -1
        self._salt = b""
        self._counts: dict[bytes, int] = {}

    def count(self, address: str, now: int) -> None:
        """Raises TooMany, its detail being the seconds until the next window."""
        limit = self._per_loopback if _is_loopback(address) else self._per_address
        if not limit:
            return
        self._turn(now)
        key = hashlib.blake2s(_network(address), key=self._salt, digest_size=16).digest()
        if key not in self._counts and len(self._counts) >= ADDRESSES:
            key = b""
        self._counts[key] = count = self._counts.get(key, 0) + 1
        if count > limit and key:
            raise TooMany()

    def _turn(self, now: int) -> None:
        if now // WINDOW_SECONDS != self._window:
            self._window = now // WINDOW_SECONDS
            self._counts = {}
        if now // HOUR_SECONDS != self._hour:
            self._hour = now // HOUR_SECONDS
            self._salt = self._chance(32)
            self._counts = {}


def retry_after(now: int) -> int:
    """Seconds until counting begins anew."""
    return WINDOW_SECONDS - now % WINDOW_SECONDS


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _network(address: str) -> bytes:
    """The part of an address that stands for one customer: all of IPv4, the first 64 bits of IPv6."""
    if ":" not in address:
        return address.encode()
    try:
        return ipaddress.IPv6Address(address.partition("%")[0]).packed[:8]
    except ValueError:
        return address.encode()
