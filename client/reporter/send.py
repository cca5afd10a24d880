"""Sealing a report and sending it: one call from a draft to the receipts of the relays."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from client import files
from client.outbox.retry import OutboxLetter, relay_order
from client.outbox.sender import OutboxSender, Outcome
from client.outbox.store import OutboxStore, Waiting
from client.reporter.card_source import OnProblem, get_card
from client.reporter.compose import Composed, Draft, compose, new_case
from client.reporter.folder import Reporter
from client.transport.relay_client import Transport
from keys.organisation import Card
from keys.wire import RandomBytes

UNSAID = {"stage": "unknown", "people": 1}  # what the first report of a case says where its draft does not

ShowProgress = Callable[[int], AbstractContextManager[Callable[[int], None]]]  # count of envelopes -> one tick each


@dataclass(frozen=True, slots=True)
class SentReport:
    """A report and where it went. `can_receive_replies`: a reply can reach the reporter. `brings_route`: it brings a
    new way for replies. `is_last_resort`: the card's
    weekly keys have run out, so it was sealed to the last-resort key."""

    composed: Composed
    outcome: Outcome
    can_receive_replies: bool
    brings_route: bool
    is_last_resort: bool


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
    without it the addition brings no new way for replies. What does not leave now stays sealed in the outbox. Blocks
    for the network.

    Raises FolderBusy, NoSuchFile, CardError, NoteUnsigned, BadCode, NoCardFound, CardOlder, UnknownCase, StateDamaged,
    TooMuchContent, KeystoreError, NoReporter, SpoolBroken, CannotWrite; then nothing was sent.
    """
    with files.locked(folder), OutboxStore(folder) as store:
        reporter = Reporter(folder)
        card = get_card(to, transport, on_problem)
        reporter.check_card(card)
        if passphrase is not None and not reporter.can_receive_replies:
            reporter.set_up(passphrase())
        case = reporter.find_case(case_start) if case_start else None
        now = int(clock())
        own = (case, _find_secret(reporter, case, passphrase)) if case else new_case(random_bytes)
        first = case is None
        composed, brings_route = _seal(reporter, card, draft, own, first=first, now=now, random_bytes=random_bytes)
        for_relays = ((sealed, OutboxLetter(relay_order(card.relays, random_bytes))) for sealed in composed.sealed)
        store.put([Waiting(sealed, letter, card.log) for sealed, letter in for_relays])
        outcome = _deliver(OutboxSender(store, transport, clock=clock), store, composed, show_progress)
        return SentReport(composed, outcome, reporter.can_receive_replies, brings_route, now >= card.expires)


def _find_secret(reporter: Reporter, case: str, passphrase: Callable[[], str] | None) -> bytes | None:
    """Return the secret of a case that is added to; None when nobody gave the passphrase that opens it."""
    return None if passphrase is None else reporter.case_secret(reporter.unlock(passphrase), case)


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
    if first and proof:
        reporter.keep_case(case, proof)
    reporter.has_sent(case, seq)
    return composed, route is not None


def _deliver(sender: OutboxSender, store: OutboxStore, composed: Composed, show_progress: ShowProgress) -> Outcome:
    """Send this report's envelopes, then those that waited before; the outcome is this report's alone."""
    hashes = [sealed.hash for sealed in composed.sealed]
    with show_progress(len(hashes)) as tick:
        outcome = sender.carry(hashes, tick=lambda: tick(1))
        sender.carry([hash_ for hash_ in store.hashes() if hash_ not in set(hashes)])
    return outcome
