"""The organisation's inbox: collects from its relays, opens, keeps. Specified in `client/folders.md`."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Self

from client.organisation.canary import Canary, canary_key, find_canary
from client.organisation.deliveries import Deliveries, MissingCanary
from client.organisation.home import Home
from client.organisation.receipts import ReceiptMissing, check_handover, find_carried
from client.organisation.records import Page, Quarantined, RecordLetter, Records, StoredReceipt
from client.transport.relay_client import BadAnswer, Frame, Problem, Transport, Unreachable
from keys import message
from keys.envelope import Address
from keys.errors import BadMessage, EnvelopeError, TocsinError
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.message import Amend, Parcel, Report
from keys.note import NoteKey
from keys.opening import OpenedEnvelope, open_envelope
from keys.wire import LETTER_BYTES, Purpose

PAGE = 256  # envelopes asked for at once; a relay gives 4 MiB at most


@dataclass
class PullResult:
    """What a pull came to; `failures` says for each relay that could not be emptied why, `unproved` how many envelopes
    came from a relay without a valid receipt of handing over. `late`: canaries that were said to be missing and came.
    Canaries count as nothing else."""

    new: int = 0
    duplicate: int = 0
    bad: int = 0
    failures: dict[str, TocsinError] = field(default_factory=dict)
    unproved: dict[str, int] = field(default_factory=dict)
    late: list[MissingCanary] = field(default_factory=list)

    def find_lacks(self) -> dict[str, TocsinError]:
        """Return for each relay that gave letters and no valid receipts what to say of it."""
        return {relay: ReceiptMissing(f"{count:,} of them") for relay, count in self.unproved.items()}


class Inbox:
    """Opens what is collected with the live keys, likeliest first, and keeps it before the relay may delete it.

    `last_resorts`: the seeds of those keys whose letters have no forward secrecy.
    `on_page` is called with each page that is on the disk, and the number of its batch, before the relay may delete it.
    `on_canary` is called with each practice letter of a desk, and its relay; without `canary_key` none is known.
    """

    def __init__(
        self,
        records: Records,
        address: Address,
        keys: list[PrivateKey],
        *,
        last_resorts: Collection[bytes],
        receipt_keys: Sequence[NoteKey] = (),
        clock: Callable[[], float] = time.time,
        on_page: Callable[[Page, int | None], None] = lambda page, batch: None,
        on_canary: Callable[[Canary, str], None] = lambda canary, relay: None,
        canary_key: bytes = b"",
        deliveries: Deliveries | None = None,
    ) -> None:
        self._records, self._address, self._clock, self._on_page = records, address, clock, on_page
        self._on_canary, self._canary_key = on_canary, canary_key
        self._deliveries = Deliveries(records, (), clock) if deliveries is None else deliveries
        self._keys, self._last_resorts = list(keys), frozenset(last_resorts)
        self._receipt_keys = list(receipt_keys)

    @classmethod
    def of(
        cls, home: Home, records: Records, deliveries: Deliveries, *, clock: Callable[[], float],
        on_page: Callable[[Page, int | None], None] = lambda page, batch: None,
        on_canary: Callable[[Canary, str], None] = lambda canary, relay: None,
    ) -> Self:  # fmt: skip
        """Return the inbox of an organisation, with all its live keys."""
        secrets = home.secrets
        return cls(
            records, report_address(secrets.root_public, secrets.mailbox_key.id), secrets.open_keys(),
            last_resorts=secrets.last_resort_seeds, receipt_keys=secrets.receipt_keys, clock=clock, on_page=on_page,
            on_canary=on_canary, canary_key=canary_key(secrets.mailbox_key), deliveries=deliveries,
        )  # fmt: skip

    def pull(
        self, transport: Transport, relays: list[str], key: MailboxKey, tick: Callable[[int], None] = lambda _: None
    ) -> PullResult:
        """Empty the mailbox at every relay. A relay that fails does not keep the others from being emptied."""
        tally = PullResult()
        for relay in relays:
            try:
                begun = int(self._clock())
                for page in transport.pages(relay, key, PAGE, receipts=True):
                    self.take(page, tally, relay)
                    tick(len(page))
                self._deliveries.note_pull(relay, begun)
            except Problem as problem:
                tally.failures[relay] = problem.error
            except (BadAnswer, Unreachable) as error:
                tally.failures[relay] = error
        return tally

    def take(self, frames: list[Frame], tally: PullResult, relay: str = "") -> None:
        """Open a page of envelopes and keep it; it is on the disk when this returns. A letter whose receipt is missing
        or bad is a letter like any other; the lack is counted for `relay`."""
        page, now = Page(), int(self._clock())
        opened = [(frame, inner) for frame in frames if (inner := self._open(frame, page, now)) is not None]
        opened, canaries = self._take_canaries(opened, tally, relay)
        marks = [self._records.mark(inner.commitment) for _, inner in opened]
        for (frame, inner), mark in zip(opened, marks, strict=True):
            committed = frame.commitment == inner.commitment
            receipt = self._check_receipt(frame, tally, relay)
            # A copy of a letter that came before brings another relay's word for the hour. Of parcels nothing is kept
            # but the piece, so that no receipt could be compared; the message names the whole file's hash.
            if len(frame.envelope) == LETTER_BYTES:
                if receipt is not None and committed:
                    page.receipts.append(receipt)
                else:
                    page.unproved.append(mark)
            is_new = mark not in page.seen and mark not in self._records.seen
            page.duplicate += not is_new
            if self._records.has(mark, committed, page):
                continue
            is_stored = self._sort(frame, inner, committed, page, now)
            tally.new += is_stored and is_new
            page.seen[mark] = committed
        tally.duplicate += page.duplicate
        tally.bad += len(page.aside)
        self._on_page(page, self._records.keep(page))
        for canary in canaries:
            self._on_canary(canary, relay)

    def _take_canaries(
        self, opened: list[tuple[Frame, OpenedEnvelope]], tally: PullResult, relay: str
    ) -> tuple[list[tuple[Frame, OpenedEnvelope]], list[Canary]]:
        """Return what is to be kept, and the practice letters, of which nothing is."""
        letters, canaries = [], []
        for frame, inner in opened:
            canary = None
            if self._canary_key:
                canary = find_canary(inner.content, inner.commitment, self._canary_key, self._address)
            if canary is None:
                letters.append((frame, inner))
                continue
            canaries.append(canary)
            self._check_receipt(frame, tally, relay)
            late = self._deliveries.note_canary(canary.commitment)
            tally.late += [] if late is None else [late]
        return letters, canaries

    def _open(self, frame: Frame, page: Page, now: int) -> OpenedEnvelope | None:
        try:
            inner = open_envelope(frame.envelope, self._keys, self._address)
        except EnvelopeError as error:
            page.aside.append(Quarantined(frame.envelope, False, error.code, now))
            return None
        if inner.opened_by is not self._keys[0]:
            # the next letter was most likely sealed in the same week
            self._keys.remove(inner.opened_by)
            self._keys.insert(0, inner.opened_by)
        return inner

    def _check_receipt(self, frame: Frame, tally: PullResult, relay: str) -> StoredReceipt | None:
        receipt = check_handover(frame, self._receipt_keys)
        if receipt is None:
            tally.unproved[relay] = tally.unproved.get(relay, 0) + 1
        else:
            self._deliveries.note_key(relay, receipt.key)
        return receipt

    def _sort(self, frame: Frame, inner: OpenedEnvelope, committed: bool, page: Page, now: int) -> bool:
        try:
            read = message.read(inner.fields)
            received = read.message
            if not isinstance(received, Report | Amend | Parcel):
                raise BadMessage("$.kind")
        except EnvelopeError as error:
            page.aside.append(Quarantined(inner.content, True, error.code, now))
            return False
        if isinstance(received, Parcel):
            page.pieces.append((self._records.piece_mark(received.case, received.of, received.i), inner.body))
        else:
            last_resort = inner.opened_by.seed in self._last_resorts
            page.letters.append(RecordLetter(inner.content, committed, frame.hash, last_resort, now))
            page.read.append((inner.commitment, read))
            page.receipts += find_carried(received.receipts, self._receipt_keys)
        return True


def collect_all(home: Home, transport: Transport, clock: Callable[[], float] = time.time) -> PullResult:
    """Empty the mailbox at every relay into the home's records; the journal names what came at the next unlocking.

    Raises RecordsBroken, CannotWrite.
    """
    secrets = home.secrets
    with Records(home.path, secrets.store) as records:
        inbox = Inbox.of(home, records, Deliveries(records, secrets.relays, clock), clock=clock)
        return inbox.pull(transport, secrets.relays, secrets.mailbox_key)


def report_address(root: bytes, mailbox: bytes) -> Address:
    """Return the address that reports to this organisation are sealed for."""
    return Address(Purpose.REPORT, root, mailbox)
