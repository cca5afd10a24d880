"""The organisation's inbox: collects from its relays, opens, keeps. Specified in `client/folders.md`."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from client.organisation.home import Home
from client.organisation.records import Page, Quarantined, RecordLetter, Records
from client.transport.relay_client import BadAnswer, Frame, Problem, Transport, Unreachable
from keys import message
from keys.envelope import Address
from keys.errors import BadMessage, EnvelopeError, TocsinError
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.message import Amend, Parcel, Report
from keys.opening import OpenedEnvelope, open_envelope
from keys.wire import Purpose

PAGE = 256  # envelopes asked for at once; a relay gives 4 MiB at most


@dataclass
class PullResult:
    """What a pull came to; `failures` says for each relay that could not be emptied why."""

    new: int = 0
    duplicate: int = 0
    bad: int = 0
    failures: dict[str, TocsinError] = field(default_factory=dict)


class Inbox:
    """Opens what is collected with the live keys, likeliest first, and keeps it before the relay may delete it.

    `kept` is told of each page that is on the disk, with the number of its batch, before the relay may delete it.
    """

    def __init__(
        self,
        records: Records,
        address: Address,
        keys: list[PrivateKey],
        *,
        last_resort: bytes,
        clock: Callable[[], float] = time.time,
        on_page: Callable[[Page, int | None], None] = lambda page, batch: None,
    ) -> None:
        self._records, self._address, self._clock, self._on_page = records, address, clock, on_page
        self._keys, self._last_resort = list(keys), last_resort

    def pull(
        self, transport: Transport, relays: list[str], key: MailboxKey, tick: Callable[[int], None] = lambda _: None
    ) -> PullResult:
        """Empty the mailbox at every relay. A relay that fails does not keep the others from being emptied."""
        tally = PullResult()
        for relay in relays:
            try:
                for page in transport.pages(relay, key, PAGE):
                    self.take(page, tally)
                    tick(len(page))
            except Problem as problem:
                tally.failures[relay] = problem.error
            except (BadAnswer, Unreachable) as error:
                tally.failures[relay] = error
        return tally

    def take(self, frames: list[Frame], tally: PullResult) -> None:
        """Open a page of envelopes and keep it; it is on the disk when this returns."""
        page, now = Page(), int(self._clock())
        opened = [(frame, inner) for frame in frames if (inner := self._open(frame, page, now)) is not None]
        marks = [self._records.mark(inner.commitment) for _, inner in opened]
        for (frame, inner), mark in zip(opened, marks, strict=True):
            committed = frame.commitment == inner.commitment
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
            last_resort = inner.opened_by.seed == self._last_resort
            page.letters.append(RecordLetter(inner.content, committed, frame.hash, last_resort, now))
            page.read.append((inner.commitment, read))
        return True


def collect_all(home: Home, transport: Transport, clock: Callable[[], float] = time.time) -> PullResult:
    """Empty the mailbox at every relay into the home's records; the journal names what came at the next unlocking.

    Raises RecordsBroken, CannotWrite.
    """
    secrets = home.secrets
    address = report_address(secrets.root_public, secrets.mailbox_key.id)
    with Records(home.path, secrets.store) as records:
        inbox = Inbox(records, address, secrets.open_keys(), last_resort=secrets.last_resort, clock=clock)
        return inbox.pull(transport, secrets.relays, secrets.mailbox_key)


def report_address(root: bytes, mailbox: bytes) -> Address:
    """Return the address that reports to this organisation are sealed for."""
    return Address(Purpose.REPORT, root, mailbox)
