"""The rules: deposit, collect, acknowledge, expire. No HTTP and no SQL."""

import concurrent.futures
import enum
from contextlib import suppress
from typing import Any

from keys.mailbox import Collect
from keys.problems import BadEnvelopeSize, BadSuite, RelayError, RelayFull
from keys.wire import HOUR_SECONDS, SIZES, SUITE, digest
from relay.admission import Admission
from relay.batch_writer import Deposit, Writer, WriteTask
from relay.config import Clock
from relay.confirmed_day import ConfirmedDay
from relay.futures import Future, resolve_all
from relay.long_poll import LongPolls
from relay.receipts import ReceiptSigner
from relay.replay import Replays
from relay.store.base import UNDATED, Envelope, Store, StoreError, StoreFull, seen_id

PAGE_BYTES = 4 * 1024 * 1024  # the most envelope bytes in one collect answer
# Answers on their way to slow readers. Beyond this a page has one frame: nobody fills the memory by not reading.
SENDING_BYTES = 32 * 1024 * 1024
COMPACT_SECONDS = 60  # how long at most the order of arrival shows in the store
MEASURE_BYTES = 8 * 1024 * 1024  # written between two looks at the disk


class Stored(enum.Enum):
    """What became of a deposit that was not refused."""

    CREATED = 201
    DUPLICATE = 200


class Mailboxes:
    """All mailboxes of one relay. Owns the writer; everything that changes the store goes through it."""

    def __init__(
        self,
        store: Store,
        *,
        signer: ReceiptSigner,
        admission: Admission,
        long_polls: LongPolls,
        clock: Clock,
        confirmed_day: ConfirmedDay,
        bound: int,
    ) -> None:
        self._store = store
        self._signer = signer
        self._admission = admission
        self._clock = clock
        self._confirmed_day = confirmed_day
        self.long_polls = long_polls
        self.sending = 0  # bytes of large answers on their way; kept by whoever sends them
        self.replays = Replays(0 if store.fresh else clock() + 1)
        self._unmeasured = 0
        self._unscrubbed = True
        self._uncompacted = True
        self._compacted_minute = -1
        self._closed = False
        self._swept_hour = -1
        self._sweep: Any = iter(())
        self.writer = Writer(self._keep, self._housekeeping, bound)
        self.writer.start()

    # Deposit

    def deposit(self, mailbox: bytes, commitment: bytes, body: bytes, nonce: bytes | None, wait: Future) -> bytes:
        """Queue an envelope and return its receipt, which is worth something once `wait` is resolved with Stored; a
        RelayError there means that it was refused. Raises BadEnvelopeSize, BadSuite, WorkNeeded, Busy."""
        if len(body) not in SIZES:
            raise BadEnvelopeSize()
        if body[0] != SUITE:
            raise BadSuite()
        now = self._clock()
        hash_ = digest(body)
        self._admission.check_work(mailbox, hash_, nonce, now)
        receipt = self._signer.receipt(commitment, hash_, now)
        envelope = Envelope(mailbox, hash_, commitment, UNDATED, body)  # the writer knows its last day
        self.writer.submit(Deposit(seen_id(mailbox, hash_), envelope, wait))
        return receipt

    def _keep(self, deposits: list[Deposit]) -> list[Stored | RelayError]:
        """Called by the writer with what queued up; one commit for all of it."""
        asked: dict[bytes, Envelope] = {}
        for deposit in deposits:
            asked.setdefault(deposit.id, deposit.envelope)
        seen = self._store.seen(list(asked))
        refused = self._keep_new({id_: envelope for id_, envelope in asked.items() if id_ not in seen})
        results: list[Stored | RelayError] = []
        for deposit in deposits:
            results.append(refused.get(deposit.id) or (Stored.DUPLICATE if deposit.id in seen else Stored.CREATED))
            seen.add(deposit.id)
        return results

    def _keep_new(self, envelopes: dict[bytes, Envelope]) -> dict[bytes, RelayError]:
        mailboxes = list({envelope.mailbox for envelope in envelopes.values()})
        if not mailboxes:
            return {}
        mailbox_states = dict(zip(mailboxes, self._store.mailbox_states(mailboxes, self._admission.bound), strict=True))
        refused = self._admission.refused(envelopes, mailbox_states)
        expires = self._confirmed_day.last_day()
        admitted = {
            id_: envelope._replace(expires=expires) for id_, envelope in envelopes.items() if id_ not in refused
        }
        try:
            if admitted:
                self._store.keep(admitted)
        except StoreFull:
            self._unscrubbed = True
            return refused | dict.fromkeys(admitted, RelayFull())
        self._after_keeping(list(admitted.values()))
        return refused

    def _after_keeping(self, envelopes: list[Envelope]) -> None:
        self._uncompacted = True
        self._unmeasured += sum(len(envelope.body) for envelope in envelopes)
        if self._admission.scarce:
            self._unscrubbed = True  # an empty -wal file is space, too
        elif self._unmeasured > MEASURE_BYTES:
            self._measure()
        resolve_all(self.long_polls.notify({envelope.mailbox for envelope in envelopes}))

    # Collect

    def collect(self, asked: Collect) -> list[Envelope]:
        """Acknowledge, then the first page. Waits for the writer when there is something to write: not for the event
        loop. Raises Replayed, WrongClock, Busy."""
        now = self._clock()
        self.replays.check(asked.mailbox, asked.nonce, asked.at, now, self._confirmed_day.observe())
        remembered = self._store.activity_epoch(asked.mailbox)
        activity_epoch = self._confirmed_day.activity_epoch(remembered)
        if asked.ack or remembered != activity_epoch:
            self.run(lambda: self._acknowledge(asked, activity_epoch))
        return self.page(asked)

    def page(self, asked: Collect) -> list[Envelope]:
        """Return the first page, without acknowledging anything."""
        budget = PAGE_BYTES if self.sending < SENDING_BYTES else 1
        return self._store.page(asked.mailbox, asked.want, budget) if asked.want else []

    def _acknowledge(self, asked: Collect, activity_epoch: int) -> None:
        try:
            if asked.ack and self._store.delete(asked.mailbox, asked.ack):
                self._unscrubbed = True
        except StoreFull:
            raise RelayFull() from None
        with suppress(StoreFull):  # not remembered today; collecting goes on
            if self._store.activity_epoch(asked.mailbox) != activity_epoch:
                self._store.mark_active(asked.mailbox, activity_epoch)
                self._uncompacted = True

    def run(self, call: Any) -> Any:
        """Have the writer do something, and wait for it. Raises what the call raised, if it is a RelayError."""
        wait: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self.writer.submit(WriteTask(call, wait))
        result = wait.result()
        if isinstance(result, RelayError):
            raise result
        return result

    # Expire

    def _housekeeping(self) -> bool:
        """Clean up between two batches: what was deleted leaves the -wal file too, once an hour what is too old goes,
        and once a minute the order of arrival. Returns True when there is more to do soon."""
        with suppress(StoreError):  # tried again after the next batch
            self._confirmed_day.save()
        hour = self._clock() // HOUR_SECONDS
        if hour != self._swept_hour:
            self._swept_hour = hour
            due = self._confirmed_day.due()
            self._sweep = self._store.sweep(*due) if due else iter(())
        gone = next(self._sweep, None)
        if gone or self._unscrubbed:
            self._unscrubbed = not self._store.scrub()
            self._measure()
        minute = self._clock() // COMPACT_SECONDS
        if self._uncompacted and minute != self._compacted_minute:
            self._compacted_minute = minute
            self._compact()
            self._measure()
        return gone is not None

    def _compact(self) -> None:
        with suppress(StoreFull):
            self._uncompacted = not self._store.compact()

    def _measure(self) -> None:
        self._unmeasured = 0
        self._admission.measure(self._store.space())

    def stop_long_polls(self) -> None:
        """Wake who waits; nobody waits from here on."""
        resolve_all(self.long_polls.close())

    def close(self) -> None:
        """Write what is queued, let go of the store. A second time is fine."""
        if self._closed:
            return
        self._closed = True
        self.stop_long_polls()
        self.writer.stop()
        if self._uncompacted:
            self._compact()
        self._store.scrub()
        with suppress(StoreError):  # then an hour of the run is missing at the next start
            self._confirmed_day.close()
        self._store.close()
