"""A store without a disk. It passes the same suite as the real ones, so rules can be tested on it."""

from collections.abc import Iterator, Mapping, Sequence

from relay.store.base import UNDATED, Envelope, MailboxState, Space, StoreFull


class MemoryStore:
    """See `relay.store.base.Store`. `capacity` is how many envelope bytes fit."""

    def __init__(self, capacity: int = 1 << 40) -> None:
        self.fresh = True
        self.capacity = capacity
        self._envelopes: dict[tuple[bytes, bytes], Envelope] = {}
        self._seen: dict[bytes, int] = {}
        self._active: dict[bytes, int] = {}
        self._cards: dict[bytes, tuple[int, int, bytes]] = {}

    def seen(self, ids: Sequence[bytes]) -> set[bytes]:
        return {id_ for id_ in ids if id_ in self._seen}

    def mailbox_states(self, mailboxes: Sequence[bytes], bound: int) -> list[MailboxState]:
        return [
            MailboxState(True, 0)
            if mailbox in self._active
            else MailboxState(False, min(bound, len(self._of(mailbox))))
            for mailbox in mailboxes
        ]

    def keep(self, envelopes: Mapping[bytes, Envelope]) -> None:
        if self._used() + sum(len(envelope.body) for envelope in envelopes.values()) > self.capacity:
            raise StoreFull()
        for id_, envelope in envelopes.items():
            self._envelopes[envelope.mailbox, envelope.hash] = envelope
            self._seen[id_] = envelope.expires

    def page(self, mailbox: bytes, want: int, budget: int) -> list[Envelope]:
        found: list[Envelope] = []
        for envelope in self._of(mailbox)[:want]:
            budget -= len(envelope.body)
            if found and budget < 0:
                break
            found.append(envelope)
        return found

    def delete(self, mailbox: bytes, hashes: Sequence[bytes]) -> int:
        return sum(self._envelopes.pop((mailbox, hash_), None) is not None for hash_ in hashes)

    def scrub(self) -> bool:
        return True

    def compact(self) -> bool:
        return True

    def activity_epoch(self, mailbox: bytes) -> int | None:
        return self._active.get(mailbox)

    def mark_active(self, mailbox: bytes, activity_epoch: int) -> None:
        self._active[mailbox] = activity_epoch

    def sweep(self, today: int, activity_epoch: int, now: int, periods: int = 0) -> Iterator[int]:
        def is_over(expires: int) -> bool:
            return expires < today or UNDATED <= expires < UNDATED + periods

        for pair, envelope in list(self._envelopes.items()):
            if is_over(envelope.expires):
                del self._envelopes[pair]
                yield 1
        self._seen = {id_: expires for id_, expires in self._seen.items() if not is_over(expires)}
        self._active = {mailbox: last for mailbox, last in self._active.items() if last >= activity_epoch}
        self._cards = {root: card for root, card in self._cards.items() if card[1] >= now}

    def highest(self) -> int:
        return max(self._seen.values(), default=0)

    def card(self, root: bytes) -> tuple[int, bytes] | None:
        found = self._cards.get(root)
        return (found[0], found[2]) if found else None

    def cards(self) -> int:
        return len(self._cards)

    def put_card(self, root: bytes, seq: int, expires: int, note: bytes) -> None:
        self._cards[root] = (seq, expires, note)

    def space(self) -> Space:
        return Space(self._used(), 0, self.capacity - self._used())

    def close(self) -> None:
        """Nothing is held open."""

    def _of(self, mailbox: bytes) -> list[Envelope]:
        mine = (envelope for envelope in self._envelopes.values() if envelope.mailbox == mailbox)
        return sorted(mine, key=lambda envelope: (envelope.expires, envelope.hash))

    def _used(self) -> int:
        return sum(len(envelope.body) for envelope in self._envelopes.values())
