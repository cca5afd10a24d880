"""The outbox: what is to be tried where and when, as a pure state machine. Specified in `client/folders.md`.

One receipt means the letter has left; the outbox still tries to reach a second relay, because relays are seized.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from keys.wire import RandomBytes

GOAL = 2  # relays that should hold a letter
FIRST_WAIT = 5  # seconds before the second try; doubled each time
LONGEST_WAIT = 900
FARTHEST_WAIT = 2 * LONGEST_WAIT  # a try planned later than this counts as due
SECOND_TRIES = 5  # tries at a second relay once a first one holds the letter

_LOT_BYTES = 8

Jitter = Callable[[], float]  # 0 <= x < 1, so that a thousand phones do not come back in the same second


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often one relay was tried in vain, when it may be tried again, and what it said last (an error's code)."""

    count: int = 0
    not_before: int = 0
    said: str = ""


def relay_order(relays: Iterable[str], random_bytes: RandomBytes, *, first: str | None = None) -> tuple[str, ...]:
    """Return the relays in an order drawn by lot, `first` before all others if it is among them.

    A fixed order would send every letter to the same relay first: that one alone would see who writes how often.
    """
    return tuple(sorted(relays, key=lambda relay: (relay != first, random_bytes(_LOT_BYTES))))


@dataclass(frozen=True, slots=True)
class OutboxLetter:
    """One envelope on its way: the relays it may go to, in the order to try them; those that gave a receipt."""

    relays: tuple[str, ...]
    receipts: Mapping[str, str] = field(default_factory=dict)
    attempts: Mapping[str, Attempts] = field(default_factory=dict)
    wake: Mapping[str, str] = field(default_factory=dict)  # handed to this relay along with it (relay -> sealed)
    organisation: str = ""  # a hash of the root it is for, if its relays follow that organisation's newest card

    @property
    def has_left(self) -> bool:
        """Whether at least one relay holds it."""
        return bool(self.receipts)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to try: enough relays hold it, or one does and the others were tried enough."""
        return len(self.receipts) >= min(GOAL, len(self.relays)) or (self.has_left and not self._open())

    def _open(self) -> list[str]:
        return [
            relay
            for relay in self.relays
            if relay not in self.receipts and not (self.has_left and self._tries(relay).count >= SECOND_TRIES)
        ]

    def _tries(self, relay: str) -> Attempts:
        return self.attempts.get(relay, Attempts())

    def next_relay(self, now: int) -> str | None:
        """Return the relay to try now; None when none is due."""
        if self.is_finished:
            return None
        # A moment further ahead than any wait was not planned by this clock: it ran ahead and was set back.
        far = now + FARTHEST_WAIT
        due = [relay for relay in self._open() if not now < self._tries(relay).not_before <= far]
        return min(due, key=lambda relay: self._tries(relay).count, default=None)

    def next_time(self) -> int | None:
        """Return the earliest time at which a relay is due; None when finished."""
        if self.is_finished:
            return None
        return min(self._tries(relay).not_before for relay in self._open())

    def accepted(self, relay: str, receipt: str) -> "OutboxLetter":
        """Return the letter after the relay gave a valid receipt."""
        return replace(self, receipts={**self.receipts, relay: receipt})

    def failed(self, relay: str, code: str, now: int, jitter: Jitter, retry_after: int | None = None) -> "OutboxLetter":
        """Return the letter after a try in vain. It stays, whatever the reason: only a receipt lets it go."""
        count = self._tries(relay).count + 1
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(count - 1, 16))
        wait = max(round(wait * (0.8 + 0.4 * jitter())), min(retry_after or 0, LONGEST_WAIT))
        return replace(self, attempts={**self.attempts, relay: Attempts(count, now + wait, code)})

    def moved(self, relays: tuple[str, ...]) -> "OutboxLetter":
        """Return the letter on its way to other relays; what one that stays said is not forgotten. The receipt of one
        that is gone counts no more: nobody collects there."""
        attempts = {relay: tried for relay, tried in self.attempts.items() if relay in relays}
        receipts = {relay: receipt for relay, receipt in self.receipts.items() if relay in relays}
        return replace(self, relays=relays, receipts=receipts, attempts=attempts)

    def hurried(self) -> "OutboxLetter":
        """Return the letter with every relay due, because somebody asks to try at once."""
        return replace(self, attempts={relay: replace(tried, not_before=0) for relay, tried in self.attempts.items()})
