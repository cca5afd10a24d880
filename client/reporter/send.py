"""Sealing a report and sending it: one call from a draft to the receipts of the relays."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from nacl.public import PrivateKey as BoxKey

from client import files
from client.outbox.retry import OutboxLetter, relay_order
from client.outbox.sender import OutboxSender, Outcome
from client.outbox.store import OutboxStore, SpoolBroken, Waiting
from client.reporter.card_source import OnProblem, get_card
from client.reporter.compose import Composed, Draft, compose, new_case
from client.reporter.folder import Reporter, SentMessage, mark_organisation
from client.transport.relay_client import Transport
from keys.envelope import Sealed
from keys.errors import BadReceipt
from keys.organisation import Card
from keys.receipt import read_receipt
from keys.wire import HOUR_SECONDS, WEEK_SECONDS, RandomBytes

UNSAID = {"stage": "unknown", "people": 1}  # what the first report of a case says where its draft does not

ShowProgress = Callable[[int], AbstractContextManager[Callable[[int], None]]]  # count of envelopes -> one tick each


@dataclass(frozen=True, slots=True)
class SentReport:
    """A report and where it went. `can_receive_replies`: a reply can reach the reporter. `brings_route`: it brings a
    new way for replies. `is_last_resort`: it was sealed to the last-resort key; `is_clock_behind`: because this clock
    is before the day of the card."""

    composed: Composed
    outcome: Outcome
    can_receive_replies: bool
    brings_route: bool
    is_last_resort: bool
    is_clock_behind: bool


@contextmanager
def hide_progress(_: int) -> Iterator[Callable[[int], None]]:
    """Show nothing while envelopes are sent."""
    yield lambda _: None


def send(
    folder: Path,
    to: str,
    draft: Draft,
    transport: Transport,
    *,
    case_start: str | None = None,
    passphrase: Callable[[], str] | None = None,
    on_problem: OnProblem = lambda error, relay: None,
    show_progress: ShowProgress = hide_progress,
    clock: Callable[[], float] = time.time,
    random_bytes: RandomBytes = os.urandom,
) -> SentReport:
    """Seal a report for an organisation and send it, together with whatever else waits in this folder's outbox.

    `to`: the organisation's card (a file) or its code. `case_start`: the case it adds to, or the first letters of it;
    None begins a case. `passphrase`: asked when the folder has no key yet that replies are sealed under, without which
    no reply can reach the reporter; and when a case is added to, because only what it opens shows whose case that is:
    without it the addition brings no new way for replies and no receipts for earlier messages. What does not leave now
    stays sealed in the outbox. Blocks for the network.

    Raises FolderBusy, NoSuchFile, CardError, NoteUnsigned, BadCode, NoCardFound, CardOlder, UnknownCase, StateDamaged,
    TooMuchContent, KeystoreError, NoReporter, SpoolBroken, CannotWrite; then nothing was sent.
    """
    with files.locked(folder), OutboxStore(folder) as store:
        reporter = Reporter(folder)
        card = get_card(to, transport, on_problem, reporter.newest_card)
        reporter.check_card(card)
        store.follow(mark_organisation(card.root), card.relays, card.log, random_bytes)
        is_new = passphrase is not None and not reporter.can_receive_replies
        if passphrase is not None and is_new:
            reporter.set_up(passphrase())
        case = reporter.find_case(case_start) if case_start else None
        now = int(clock())
        key = reporter.unlock(passphrase) if case and passphrase is not None and not is_new else None
        receipts = _find_receipts(reporter, case, key)
        draft = replace(draft, receipts=tuple(receipts))
        own = (case, _find_secret(reporter, case, key)) if case else new_case(random_bytes)
        first = case is None
        composed, brings_route = _seal(reporter, card, draft, own, first=first, now=now, random_bytes=random_bytes)
        _put(store, card, composed.sealed, random_bytes)
        reporter.mark_carried(row for text in list(receipts)[: composed.receipts] for row in receipts[text])
        sender = OutboxSender(store, transport, clock=clock, note=reporter.keep_receipts)
        outcome = _deliver(sender, store, composed, show_progress)
        _send_again(sender, store, card, composed, outcome, now=now, random_bytes=random_bytes)
        return SentReport(
            composed,
            outcome,
            reporter.can_receive_replies,
            brings_route,
            is_last_resort=card.key_for(now) == card.last_resort,
            is_clock_behind=now < card.issued,
        )


def _find_receipts(reporter: Reporter, case: str | None, key: BoxKey | None) -> dict[str, list[int]]:
    """Return the receipts that a message of this case may carry, with their rows; none where nothing opens them."""
    if case is None or key is None:
        return {}
    with suppress(SpoolBroken):  # receipts that are damaged keep no report back
        return reporter.find_receipts(key, case)
    return {}


def _find_secret(reporter: Reporter, case: str, key: BoxKey | None) -> bytes | None:
    """Return the secret of a case that is added to; None when nobody gave the passphrase that opens it."""
    return None if key is None else reporter.case_secret(key, case)


def _seal(
    reporter: Reporter, card: Card, draft: Draft, own: tuple[str, bytes | None], *,
    first: bool, now: int, random_bytes: RandomBytes,
) -> tuple[Composed, bool]:  # fmt: skip
    """Return the sealed report, and whether it brings a way for replies. `own`: the case, and its secret if known."""
    case, secret = own
    seq = reporter.next_seq(None if first else case)
    facts = {**UNSAID, **draft.facts} if first else draft.facts
    route = reporter.new_reply_route(case, card, now, random_bytes) if secret and reporter.can_receive_replies else None
    proof = secret if route else None
    whole = replace(draft, facts=facts, reply=route.block() if route else None, case_secret=proof)
    composed = compose(card, whole, case=case, first=first, seq=seq, now=now, random_bytes=random_bytes)
    if route:
        reporter.keep_reply_route(route)
    if reporter.can_receive_replies:  # sealing takes the public key only
        reporter.keep_sent(SentMessage(case, composed.sealed[0].commitment))
    if first and proof:
        reporter.keep_case(case, proof)
    reporter.has_sent(case, seq)
    return composed, route is not None


def _put(store: OutboxStore, card: Card, sealed: list[Sealed], random_bytes: RandomBytes) -> None:
    mark = mark_organisation(card.root)
    orders = [relay_order(card.relays, random_bytes) for _ in sealed]
    letters = [OutboxLetter(order, organisation=mark) for order in orders]
    store.put([Waiting(envelope, letter, card.log) for envelope, letter in zip(sealed, letters, strict=True)])


def _send_again(
    sender: OutboxSender, store: OutboxStore, card: Card, composed: Composed, outcome: Outcome, *, now: int,
    random_bytes: RandomBytes,
) -> None:  # fmt: skip
    """Seal the same contents to the weeks that relays name, where those are far from this clock, and send them too.

    Only now is it possible: later nothing here can be read any more. See `keys/receipt.md`, "An hour that is far off".
    """
    used = card.key_for(now)
    for key in dict.fromkeys(map(card.key_for, _find_far_hours(outcome, card, now))):
        if used not in (key, card.last_resort):  # the last resort is opened at any time
            sealed = composed.seal_again(card, key)
            _put(store, card, sealed, random_bytes)
            again = sender.carry([copy.hash for copy in sealed])
            outcome.refusals.update(again.refusals)


def _find_far_hours(outcome: Outcome, card: Card, now: int) -> list[int]:
    """Return the hours on receipts that are more than a week from this clock. One before the card is no hour at all."""
    hours = []
    for _, text in outcome.receipts:
        with suppress(BadReceipt):
            hours.append(read_receipt(text.encode())[0].hour)
    return [hour for hour in hours if abs(hour - now) > WEEK_SECONDS and hour + HOUR_SECONDS > card.issued]


def _deliver(sender: OutboxSender, store: OutboxStore, composed: Composed, show_progress: ShowProgress) -> Outcome:
    """Send this report's envelopes, then those that waited before; the outcome is this report's alone."""
    hashes = [sealed.hash for sealed in composed.sealed]
    with show_progress(len(hashes)) as tick:
        outcome = sender.carry(hashes, tick=lambda: tick(1))
        sender.carry([hash_ for hash_ in store.hashes() if hash_ not in set(hashes)])
    return outcome
