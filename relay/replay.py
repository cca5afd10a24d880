"""Signed requests are answered once. The nonces of the last minutes are remembered, for each mailbox by itself.

What had to be forgotten leaves a floor: requests dated before it cannot be told from replays, so they are refused as
`wrong-clock`, and the client signs again with the relay's time.
"""

import threading

from keys.problems import Busy, Replayed, WrongClock
from keys.wire import SIGNATURE_SECONDS

NONCES = 1_024  # remembered for one mailbox: more than three calls a second
MAILBOXES = 50_000


class Replays:
    """Nonces in memory. `floor` is the first second this process can vouch for; 0 if the relay has never run before."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self._seen: dict[bytes, dict[bytes, int]] = {}
        self._floors: dict[bytes, int] = {}
        self._lock = threading.Lock()
        self._cleared = 0
        self._jumps = 0

    def check(self, mailbox: bytes, nonce: bytes, at: int, now: int, jumps: int = 0) -> None:
        """Remember this nonce; `jumps` is how often the clock jumped. Raises Replayed, WrongClock, Busy."""
        with self._lock:
            if jumps != self._jumps:
                self._jumps = jumps
                self._restart(now + 1)
            self._clear(now)
            seen = self._seen.get(mailbox, {})
            if nonce in seen:
                raise Replayed()
            if at < max(self.floor, self._floors.get(mailbox, 0)):
                raise WrongClock()
            if mailbox not in self._seen and len(self._seen) >= MAILBOXES:
                raise Busy()
            seen[nonce] = at
            self._seen[mailbox] = seen
            if len(seen) > NONCES:
                self._floors[mailbox] = 1 + seen.pop(min(seen, key=seen.__getitem__))

    def _restart(self, floor: int) -> None:
        """Vouch from here on only. After a jump it is not known what was answered at these times of the clock, and a
        floor that lies ahead, from before the clock was put right, would refuse everybody until then."""
        self.floor = floor
        self._floors = {mailbox: min(floor, mine) for mailbox, mine in self._floors.items()}

    def _clear(self, now: int) -> None:
        """Once a minute, drop what is too old to be accepted anyway."""
        if 0 <= now - self._cleared < 60:  # noqa: PLR2004 - seconds
            return
        self._cleared = now
        oldest = now - SIGNATURE_SECONDS
        for mailbox, seen in list(self._seen.items()):
            live = {nonce: at for nonce, at in seen.items() if at >= oldest}
            if live:
                self._seen[mailbox] = live
            else:
                del self._seen[mailbox]
        self._floors = {mailbox: floor for mailbox, floor in self._floors.items() if floor >= oldest}
