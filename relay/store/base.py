"""The interface of a store; it decides no rules. Every engine passes `tests/relay/store/test_store.py`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from keys.errors import TocsinError
from keys.wire import digest

# From here on `expires` is no day: what came while no day was confirmed has UNDATED plus a number, see confirmed_day.
# An older version of the relay, which does not know this, keeps such an envelope.
UNDATED = 2**31


class StoreError(TocsinError):
    """the relay's store cannot be used"""

    code = "store"


class StoreReadOnly(StoreError):
    """the relay's data folder cannot be written"""

    code = "store-read-only"
    hint = "mount the disk writable, or give the folder to the user the relay runs as"


class StoreNewer(StoreError):
    """the relay's data folder was written by a newer version"""

    code = "store-newer"
    hint = "install the version that wrote it, or a later one"


class StoreDamaged(StoreError):
    """the relay's database is damaged"""

    code = "store-damaged"
    hint = "stop the relay and restore the last backup"


class StoreFull(StoreError):
    """the relay's disk is full"""

    code = "store-full"


class Envelope(NamedTuple):
    """A sealed envelope as kept: mailbox 32, H(envelope) 32, commitment 32, last day (days since 1970; or from
    UNDATED on, see there), the bytes."""

    mailbox: bytes
    hash: bytes
    commitment: bytes
    expires: int
    body: bytes


def seen_id(mailbox: bytes, hash_: bytes) -> bytes:
    """Return what is remembered of an envelope after it was acknowledged: SHA-256 of mailbox and hash, 32 bytes."""
    return digest(mailbox, hash_)


class MailboxState(NamedTuple):
    """Say if it is active: somebody has collected from it. If not: how many envelopes it holds, up to a limit."""

    active: bool
    envelopes: int


class Space(NamedTuple):
    """Bytes of a store: in use, in the file but free, and free on the disk."""

    used: int
    spare: int
    disk: int


class Store(Protocol):
    """Sealed bytes at rest. Writing calls come from one thread at a time; `page`, `card` and `activity_epoch` from any.

    Whatever a writing call has returned is on disk. Out of space: StoreFull, and nothing changed.
    """

    fresh: bool  # nothing was ever kept here before

    def seen(self, ids: Sequence[bytes]) -> set[bytes]:
        """Return which of these `seen_id` were deposited before and have not expired, collected or not."""

    def mailbox_states(self, mailboxes: Sequence[bytes], bound: int) -> list[MailboxState]:
        """Return the state of each mailbox, counting no further than `bound`. The same work for one never heard of."""

    def keep(self, envelopes: Mapping[bytes, Envelope]) -> None:
        """Keep all of them, each under its `seen_id`; none is `seen`."""

    def page(self, mailbox: bytes, want: int, budget: int) -> list[Envelope]:
        """Return the first envelopes of a mailbox by last day, then hash: at most `want`, and no more than fit into
        `budget` bytes, but one if there is one."""

    def delete(self, mailbox: bytes, hashes: Sequence[bytes]) -> int:
        """Delete envelopes of this mailbox for good; they stay `seen`. Unknown hashes are fine. Returns how many."""

    def scrub(self) -> bool:
        """Remove what deleting left behind outside the tables. False: somebody is reading, ask again."""

    def compact(self) -> bool:
        """Write everything anew in the order of its keys, so that no place on the disk tells what came when. False:
        there is too much of it, too little space, or somebody is reading: ask again later."""

    def activity_epoch(self, mailbox: bytes) -> int | None:
        """Return the last epoch of 90 days that a mailbox was collected from in. None: that is not remembered."""

    def mark_active(self, mailbox: bytes, activity_epoch: int) -> None:
        """Remember that a mailbox was collected from in this epoch."""

    def sweep(self, today: int, activity_epoch: int, now: int, periods: int = 0) -> Iterator[int]:
        """Delete, in short steps, envelopes and hashes whose last day is before `today` or whose undated period is
        below `periods`, mailboxes last collected from before `activity_epoch`, cards that expired before `now`. Yields
        how many envelopes went in each step."""

    def highest(self) -> int:
        """Return the highest `expires` of all that is remembered; 0: nothing is."""

    def card(self, root: bytes) -> tuple[int, bytes] | None:
        """Return sequence number and note of an organisation's card."""

    def cards(self) -> int:
        """Return how many cards are kept."""

    def put_card(self, root: bytes, seq: int, expires: int, note: bytes) -> None:
        """Keep a card in place of the one before it."""

    def space(self) -> Space:
        """Return how much space is in use and free."""

    def close(self) -> None:
        """Let go of the files; what is kept stays kept."""
