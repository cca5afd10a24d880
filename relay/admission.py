"""Limits and proof of work for deposits. A report is never silently refused: every refusal names what is missing."""

from collections import Counter
from collections.abc import Mapping

from keys import work
from keys.problems import MailboxFull, RelayError, RelayFull, WorkNeeded
from keys.wire import HOUR_SECONDS, LETTER_BYTES, SEED_BYTES, RandomBytes
from relay.config import Limits
from relay.store.base import Envelope, MailboxState, Space

# Estimates of a batch may be off by this much. What deleting needs while it frees space is the store's ballast.
RESERVE_BYTES = 512 * 1024
# Below this every look at the disk counts.
SCARCE_BYTES = 64 * 1024 * 1024
# An envelope with its hashes and its share of the tree, once in the -wal file and once in the database
OVERHEAD = 2.3

LIGHT_BITS = 16  # under a second on an old phone
HEAVY_BITS = 20


class Admission:
    """Weighs deposits against the space there is. Told about the space by `measure`; all in memory."""

    def __init__(self, limits: Limits, space: Space, random_bytes: RandomBytes) -> None:
        self._limits = limits
        self._random_bytes = random_bytes
        whole = space.used + space.spare + space.disk
        self._cap = limits.max_bytes or whole * 4 // 5
        self._seeds = (random_bytes(SEED_BYTES), random_bytes(SEED_BYTES))
        self._seed_hour = 0
        self.measure(space)

    # Space

    def measure(self, space: Space) -> None:
        """Set how much space there is now."""
        whole = max(1, min(self._cap, space.used + space.spare + space.disk))
        self._left = whole - space.used
        self._share = space.used / whole

    @property
    def scarce(self) -> bool:
        """Return whether space is so short that it is measured after every batch."""
        return self._left < SCARCE_BYTES

    @property
    def bound(self) -> int:
        """How far it is worth counting the envelopes of one mailbox."""
        return self._limits.unproven_envelopes

    def refused(
        self, envelopes: Mapping[bytes, Envelope], mailbox_states: Mapping[bytes, MailboxState]
    ) -> dict[bytes, RelayError]:
        """Return why envelopes are refused, by their `seen_id`, and set space aside for the others."""
        refused: dict[bytes, RelayError] = {}
        counts = Counter({mailbox: state.envelopes for mailbox, state in mailbox_states.items()})
        for id_, envelope in envelopes.items():
            size, mailbox = len(envelope.body), envelope.mailbox
            verdict = self._verdict(size, mailbox_states[mailbox].active, counts[mailbox])
            if verdict is None:
                counts[mailbox] += 1
                self._left -= int(size * OVERHEAD)
            else:
                refused[id_] = verdict
        return refused

    def _verdict(self, size: int, active: bool, envelopes: int) -> RelayError | None:
        if self._left < size + RESERVE_BYTES:
            return RelayFull()
        if not active and self._share > self._limits.unproven_share:
            return RelayFull()
        if not active and envelopes >= self._limits.unproven_envelopes:
            return MailboxFull()
        return None

    # Work

    def asked(self, now: int) -> tuple[bytes, int]:
        """Return the seed of this hour (32 bytes) and how many bits of work a deposit needs; 0: none."""
        return self._hourly(now)[0], self._bits()

    def check_work(self, mailbox: bytes, hash_: bytes, nonce: bytes | None, now: int) -> None:
        """Check a deposit's work. Raises WorkNeeded.

        The seed of the hour before is good too: the work may have been done in it. Nobody works for a full relay.
        """
        bits = self._bits()
        if not bits or self._left < LETTER_BYTES + RESERVE_BYTES:
            return
        weights = (work.weighs(seed, mailbox, hash_, nonce) for seed in self._hourly(now) if nonce is not None)
        if max(weights, default=-1) < bits:
            raise WorkNeeded()

    def _bits(self) -> int:
        bits = self._limits.work_floor
        start = self._limits.work_share
        if self._share > start:
            crowded = (self._share - start) / max(1 - start, 1e-6)
            bits = max(bits, LIGHT_BITS + round(crowded * (HEAVY_BITS - LIGHT_BITS)))
        return min(bits, work.MAX_BITS)

    def _hourly(self, now: int) -> tuple[bytes, bytes]:
        hour = now // HOUR_SECONDS
        if hour != self._seed_hour:
            self._seeds = (self._random_bytes(SEED_BYTES), self._seeds[0])
            self._seed_hour = hour
        return self._seeds
