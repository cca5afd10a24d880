"""What a store must do; the rules are not its business. Every engine passes `tests/relay/store/test_store.py`."""

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
    """What is remembered of an envelope after it was acknowledged: SHA-256 of mailbox and hash, 32 bytes."""
    return digest(mailbox, hash_)


class Standing(NamedTuple):
    """What the lanes need to know about a mailbox: collected from, and how many are kept (counted up to a bound)."""

    proven: bool
    held: int


class Room(NamedTuple):
    """Bytes: in use, in the file but free, and free on the disk."""

    used: int
    spare: int
    disk: int


class Store(Protocol):
    """Sealed bytes at rest. Writing calls come from one thread at a time; `page`, `card` and `season` from any.

    Whatever a writing call has returned is on disk. Out of space: StoreFull, and nothing changed.
    """

    fresh: bool  # nothing was ever kept here before

    def known(self, ids: Sequence[bytes]) -> set[bytes]:
        """Which of these `seen_id` were deposited before and have not expired, collected or not."""

    def standings(self, mailboxes: Sequence[bytes], bound: int) -> list[Standing]:
        """How each mailbox stands, counting no further than `bound`; the same work for a mailbox never heard of."""

    def keep(self, envelopes: Mapping[bytes, Envelope]) -> None:
        """Keep all of them, each under its `seen_id`; none is `known`."""

    def page(self, mailbox: bytes, want: int, budget: int) -> list[Envelope]:
        """The first envelopes of a mailbox by last day, then hash: at most `want`, and no more than fit into `budget`
        bytes, but one if there is one."""

    def forget(self, mailbox: bytes, hashes: Sequence[bytes]) -> int:
        """Delete envelopes of this mailbox for good; unknown hashes are fine. They stay `known`. How many went."""

    def scrub(self) -> bool:
        """Remove what deleting left behind outside the tables. False: somebody is reading, ask again."""

    def arrange(self) -> bool:
        """Lay everything down anew in the order of its keys, so that no place on the disk tells what came when. False:
        there is too much of it, too little room, or somebody is reading: ask again later."""

    def season(self, mailbox: bytes) -> int | None:
        """The last season a mailbox was collected in, if that is remembered."""

    def prove(self, mailbox: bytes, season: int) -> None:
        """Remember that a mailbox was collected from in this season."""

    def sweep(self, today: int, season: int, now: int, periods: int = 0) -> Iterator[int]:
        """Forget, in short steps, envelopes and hashes whose last day is before `today` or whose undated period is
        below `periods`, mailboxes last collected from before `season`, cards that expired before `now`. Yields how many
        envelopes went in each step."""

    def highest(self) -> int:
        """Return the highest `expires` of all that is remembered; 0: nothing is."""

    def card(self, root: bytes) -> tuple[int, bytes] | None:
        """Sequence number and note of an organisation's card."""

    def cards(self) -> int:
        """How many cards are kept."""

    def put_card(self, root: bytes, seq: int, expires: int, note: bytes) -> None:
        """Keep a card in place of the one before it."""

    def room(self) -> Room:
        """How much space is in use and free."""

    def close(self) -> None:
        """Let go of the files; what is kept stays kept."""
