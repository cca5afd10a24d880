"""Pairings go on and alerts arrive: send what is due, collect, send what follows from it. Survives being stopped."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from client.contacts import mail
from client.contacts.book import Book, Contact, NotPaired, PairExpired, StoredAlert
from client.outbox.retry import OutboxLetter, relay_order
from client.outbox.sender import OutboxSender, Outcome
from client.outbox.store import OutboxStore, Waiting
from client.transport.relay_client import BadAnswer, Frame, Problem, Transport, Unreachable
from keys import message
from keys.address import is_onion
from keys.envelope import Sealed
from keys.errors import TocsinError
from keys.mailbox import MailboxKey
from keys.pairing import CodeExpired, PairCard, Wake, seal_alert
from keys.wire import DAY_SECONDS, ID_BYTES, TTL_DAYS, RandomBytes, b64

PAGE = 64  # letters asked for at once
PAGES = 16  # of one mailbox in one sync: a relay that invents letters without end must not hold up the others
# A relay may lose what it gave a receipt for. Said again once a day, and no more: a door holds 64 letters.
AGAIN_SECONDS = DAY_SECONDS
LAST_LETTERS = TTL_DAYS * DAY_SECONDS  # a relay may still hold letters that were sent on a pair's last day


class AlertWords(NamedTuple):
    """What an alert says; `passed`: in an organisation's words, which it replied to the sender."""

    type: message.AlertType
    text: str
    passed: bool = False


@dataclass
class SyncResult:
    """What a sync came to: pairs that are now finished, new alerts, what was wrong with whom, what failed where."""

    paired: list[str] = field(default_factory=list)
    alerts: list[StoredAlert] = field(default_factory=list)
    troubles: list[tuple[str, TocsinError]] = field(default_factory=list)
    failures: dict[str, TocsinError] = field(default_factory=dict)
    pending: int = 0


class Sync:
    """One round for every contact of a book; the folder is locked by whoever makes it."""

    def __init__(
        self,
        book: Book,
        outbox: OutboxStore,
        transport: Transport,
        *,
        clock: Callable[[], float] = time.time,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        self._book, self._outbox, self._transport = book, outbox, transport
        self._clock, self._random_bytes = clock, random_bytes
        self._sender = OutboxSender(outbox, transport, clock=clock)
        self.tally = SyncResult()

    def run(self) -> SyncResult:
        """Send, collect, send. A relay or contact that fails does not keep the others waiting."""
        self._each(self._say)
        self._carry()
        self._each(self._hear)
        self._each(self._say)
        self._carry()
        return self.tally

    def alert(self, label: str, words: AlertWords) -> Outcome:
        """Seal an alert and send it; what does not leave stays in the outbox.

        Raises UnknownContact, NotPaired, PairExpired, TooMuchContent."""
        contact, now = self._book.find(label), self._now()
        if contact.keys is None or contact.card is None:
            raise NotPaired()
        if contact.state(now) == "expired":
            raise PairExpired()
        card = contact.other(now)
        assert card is not None  # noqa: S101 - there is one
        sealed = self._sealed(contact, card, words, now)
        contact.seq += 1
        # Before the letter is kept: a number given twice would look like a letter that somebody held back.
        self._book.save()
        self._outbox.put([self._waiting(sealed, contact, card.relays, contact.rings(card))])
        return self._sender.carry([sealed.hash], hurry=True)

    def _sealed(self, contact: Contact, card: PairCard, words: AlertWords, now: int) -> Sealed:
        keys, id_ = contact.keys, b64(self._random_bytes(ID_BYTES))
        assert keys is not None  # noqa: S101 - `alert` looked
        alert = message.Alert(id=id_, case=contact.case, seq=contact.seq, at=now, type=words.type, text=words.text)
        header = message.header(alert, {"passed": True} if words.passed else None)
        return seal_alert(header, keys.sending, card, self._random_bytes)

    def _now(self) -> int:
        return int(self._clock())

    def _each(self, do: Callable[[Contact], None]) -> None:
        for contact in self._book.secrets.contacts:
            try:
                do(contact)
            except TocsinError as error:
                self._trouble(contact, error)

    def _trouble(self, contact: Contact, error: TocsinError) -> None:
        if all((label, earlier.code) != (contact.label, error.code) for label, earlier in self.tally.troubles):
            self.tally.troubles.append((contact.label, error))

    def _carry(self) -> None:
        outcome = self._sender.carry(self._outbox.hashes(), hurry=True)
        self.tally.pending = outcome.pending
        self.tally.failures.update(outcome.refusals)

    # What we say

    def _say(self, contact: Contact) -> None:
        now = self._now()
        if contact.state(now) == "expired":
            raise CodeExpired() if contact.share is None else PairExpired()
        letters = [*self._own_card(contact, now), *self._own_share(contact, now)]
        if letters:
            self._outbox.put(letters)
            self._book.save()

    def _own_card(self, contact: Contact, now: int) -> list[Waiting]:
        if contact.share is not None or now < contact.card_sent + AGAIN_SECONDS:
            return []
        contact.card_sent = now
        sealed = contact.meeting.card_letter(self._random_bytes)
        return [self._waiting(sealed, contact, _door_relays(contact))]

    def _own_share(self, contact: Contact, now: int) -> list[Waiting]:
        card = contact.other(now)
        if card is None:
            return []
        shares: list[bytes | None] = [*contact.progress.pending_shares]
        if not shares and contact.share is None and now >= contact.share_sent + AGAIN_SECONDS:
            shares.append(None)
        if shares:
            contact.share_sent = now
        letters = [contact.meeting.share_letter(card, share, self._random_bytes) for share in shares]
        contact.progress = contact.progress.mark_sent()
        return [self._waiting(sealed, contact, card.relays) for sealed in letters]

    def _waiting(self, sealed: Sealed, contact: Contact, relays: tuple[str, ...], wake: Wake | None = None) -> Waiting:
        order = relay_order(relays, os.urandom, first=wake.relay if wake else None)  # only one can ring
        # A relay that is not ours learns our address, unless it is reached as an onion service.
        learns = [relay for relay in order if relay not in contact.half.relays and not is_onion(relay)]
        order = tuple(sorted(order, key=lambda relay: relay in learns and relay not in (wake or ())))
        return Waiting(sealed, OutboxLetter(order, wake=dict([wake]) if wake else {}), ())

    # What we hear

    def _hear(self, contact: Contact) -> None:
        if contact.share is None and contact.state(self._now()) == "waiting":
            self._hear_at_the_door(contact)
        if self._now() < contact.half.until + LAST_LETTERS:
            self._hear_letters(contact)

    def _hear_at_the_door(self, contact: Contact) -> None:
        def take(frames: list[Frame]) -> None:
            for trouble in mail.take_card(contact, frames, self._now()):
                self._trouble(contact, trouble)

        self._empty(contact.meeting.door(mine=True).mailbox, _door_relays(contact), take)

    def _hear_letters(self, contact: Contact) -> None:
        def take(frames: list[Frame]) -> None:
            new = contact.share is None
            alerts = mail.take_letters(contact, frames)
            self.tally.alerts += self._book.add_alerts(alerts)
            if new and contact.share is not None:
                self.tally.paired.append(contact.label)

        self._empty(contact.half.mailbox_key, contact.half.relays, take)

    def _empty(self, key: MailboxKey, relays: tuple[str, ...], take: Callable[[list[Frame]], None]) -> None:
        for relay in relays:
            if isinstance(self.tally.failures.get(relay), Unreachable):
                continue  # one that cannot be reached now will not be reached for the next contact either
            try:
                for frames in islice(self._transport.pages(relay, key, PAGE), PAGES):
                    take(frames)
                    self._book.save()  # before the next call, which lets the relay delete them
            except Problem as problem:
                self.tally.failures[relay] = problem.error
            except (BadAnswer, Unreachable) as error:
                self.tally.failures[relay] = error


def _door_relays(contact: Contact) -> tuple[str, ...]:
    # Theirs and ours: whichever of them lives, the other side looks there too.
    return tuple(dict.fromkeys((*contact.code.relays, *contact.half.relays)))
