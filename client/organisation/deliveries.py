"""What relays took, by their own receipts, and never gave out. Specified in `client/folders.md`, "Taken, never given".

The sealed notes hold what has to outlive a command: which key signs at which relay, since when a letter is waited for
and how often its relay was emptied since, and canaries that did not come back, with the receipts that prove it.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import msgspec

from client.organisation.records import Records, StoredReceipt
from keys.receipt import HANDOVER_KIND, RECEIPT_KIND
from keys.wire import DAY_SECONDS, TTL_DAYS

PULLS = 2  # complete pulls of a relay, begun after its receipt was known, before it is said that it keeps a letter back
SHOWN_SECONDS = 7 * DAY_SECONDS  # so long every page says it; afterwards only who asks is told
MISSING = 256  # canaries that are noted at most, the newest


class MissingCanary(msgspec.Struct, frozen=True, array_like=True):
    """A practice letter that a relay took and did not give out: when it was sent (Unix seconds), the
    relay's receipt."""

    relay: str
    commitment: bytes
    sent_at: int
    receipt: str


class _Awaited(msgspec.Struct, frozen=True, array_like=True):
    relay: str
    commitment: bytes
    since: int
    pulls: int = 0


class _Notes(msgspec.Struct):
    began: int  # nothing is concluded from receipts that are older: another computer, or no code, was there then
    keys: dict[str, str] = {}
    awaited: list[_Awaited] = []
    missing: list[MissingCanary] = []


@dataclass(frozen=True, slots=True)
class Withheld:
    """A letter of somebody that a relay took, by the receipt, and never gave out here. `since`: when that was first
    noticed; `has_arrived`: another relay gave it."""

    relay: str
    receipt: StoredReceipt
    since: int
    has_arrived: bool


class Deliveries:
    """The notes on relays in a home's records. `relays`: those of the card; of others nothing is said. Threads that
    share it take turns."""

    def __init__(self, records: Records, relays: Collection[str], clock: Callable[[], float]) -> None:
        self._records, self._relays, self._clock = records, relays, clock
        found = records.read_deliveries(_Notes)
        self._notes = _Notes(int(clock())) if found is None else found
        if found is None:
            self._save()

    @property
    def missing(self) -> list[MissingCanary]:
        """The practice letters that did not come back, the oldest first."""
        return list(self._notes.missing)

    def note_key(self, relay: str, key: str) -> None:
        """Note the verifier key that a relay signed with just now. Raises CannotWrite."""
        if self._notes.keys.get(relay) != key:
            self._notes.keys[relay] = key
            self._save()

    def note_missing(self, missing: MissingCanary) -> None:
        """Note a practice letter that did not come back. Raises CannotWrite."""
        self._notes.missing = [*self._notes.missing, missing][-MISSING:]
        self._save()

    def note_canary(self, commitment: bytes) -> MissingCanary | None:
        """Note that a practice letter came; what was said of it is taken back and returned. Raises CannotWrite."""
        found = next((missing for missing in self._notes.missing if missing.commitment == commitment), None)
        if found is not None:
            self._notes.missing.remove(found)
            self._save()
        return found

    def note_pull(self, relay: str, begun: int) -> bool:
        """Note that a relay was emptied by a pull that began then (Unix seconds); whether something that is withheld
        became known. Raises CannotWrite."""
        key = self._notes.keys.get(relay)
        waits = {receipt.commitment for receipt in self._find_waits() if receipt.key == key}
        known = {awaited.commitment: awaited for awaited in self._notes.awaited if awaited.relay == relay}
        now, fresh, has_news = int(self._clock()), list[_Awaited](), False
        for commitment in waits:
            before = known.get(commitment, _Awaited(relay, commitment, now))
            is_later = commitment in known and begun >= before.since and before.pulls < PULLS
            after = msgspec.structs.replace(before, pulls=before.pulls + is_later)
            has_news |= is_later and after.pulls == PULLS
            fresh.append(after)
        fresh.sort(key=lambda awaited: awaited.commitment)
        if fresh != sorted(known.values(), key=lambda awaited: awaited.commitment):
            self._notes.awaited = [awaited for awaited in self._notes.awaited if awaited.relay != relay] + fresh
            self._save()
        return has_news

    def find_withheld(self) -> list[Withheld]:
        """Return the letters that a relay took and never gave out here, although it was emptied since; the earliest
        receipt first."""
        found, awaited = list[Withheld](), {(entry.relay, entry.commitment): entry for entry in self._notes.awaited}
        for receipt in self._find_waits():
            entries = [awaited.get((relay, receipt.commitment)) for relay in self._relays_of(receipt.key)]
            counted = [entry for entry in entries if entry is not None and entry.pulls >= PULLS]
            if counted and len(counted) == len(entries):
                has_arrived = self._records.mark(receipt.commitment) in self._records.seen
                found.append(Withheld(counted[0].relay, receipt, counted[0].since, has_arrived))
        return sorted(found, key=lambda withheld: (withheld.receipt.hour, withheld.relay))

    def _find_waits(self) -> Iterator[StoredReceipt]:
        """Yield the receipts of deposits whose relay gave no receipt for handing the letter over."""
        now = int(self._clock())
        given: dict[bytes, set[str]] = {}
        taken: list[StoredReceipt] = []
        for receipt in self._records.all_receipts():
            if receipt.kind == HANDOVER_KIND:
                given.setdefault(receipt.commitment, set()).add(receipt.key)
            elif receipt.kind == RECEIPT_KIND and receipt.hour >= self._notes.began:
                taken.append(receipt)
        known = {(entry.commitment, self._notes.keys.get(entry.relay)) for entry in self._notes.awaited}
        for receipt in taken:
            keys = given.get(receipt.commitment, set())
            # Later the relay may have deleted what nobody had collected.
            is_alive = now < receipt.hour + TTL_DAYS * DAY_SECONDS or (receipt.commitment, receipt.key) in known
            if receipt.key not in keys and is_alive and self._can_judge(receipt.commitment, is_given=bool(keys)):
                yield receipt

    def _can_judge(self, commitment: bytes, *, is_given: bool) -> bool:
        # Of parcels no receipt of handing over is kept, and some relays give none: then nothing is known.
        mark = self._records.mark(commitment)
        return not self._records.is_unproved(mark) and (is_given or mark not in self._records.seen)

    def _relays_of(self, key: str) -> list[str]:
        return [relay for relay in self._relays if self._notes.keys.get(relay) == key]

    def _save(self) -> None:
        self._records.keep_deliveries(self._notes)
