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
from client.reporter.compose import Composed, Draft, compose, new_id
from client.reporter.folder import Reporter
from client.transport.relay_client import Transport
from keys.organisation import Card
from keys.wire import RandomBytes

UNSAID = {"stage": "unknown", "people": 1}  # what the first report of a case says where its draft does not

ShowProgress = Callable[[int], AbstractContextManager[Callable[[int], None]]]  # count of envelopes -> one tick each


@dataclass(frozen=True, slots=True)
class SentReport:
    """A report and where it went. `can_receive_replies`: a reply can reach the reporter. `is_last_resort`: it was
    sealed to the last-resort key; `is_clock_behind`: because this clock is before the day of the card."""

    composed: Composed
    outcome: Outcome
    can_receive_replies: bool
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
    None begins a case. `passphrase`: asked once, when the folder has no key yet that replies are sealed under; without
    it no reply can reach the reporter. What does not leave now stays sealed in the outbox. Blocks for the network.

    Raises FolderBusy, NoSuchFile, CardError, NoteUnsigned, BadCode, NoCardFound, CardOlder, UnknownCase, StateDamaged,
    TooMuchContent, CannotWrite; then nothing was sent.
    """
    with files.locked(folder), OutboxStore(folder) as store:
        reporter = Reporter(folder)
        card = get_card(to, transport, on_problem)
        reporter.check_card(card)
        if passphrase is not None and not reporter.can_receive_replies:
            reporter.set_up(passphrase())
        case = reporter.find_case(case_start) if case_start else None
        now = int(clock())
        composed = _seal(reporter, card, draft, case=case, now=now, random_bytes=random_bytes)
        for_relays = ((sealed, OutboxLetter(relay_order(card.relays, random_bytes))) for sealed in composed.sealed)
        store.put([Waiting(sealed, letter, card.log) for sealed, letter in for_relays])
        outcome = _deliver(OutboxSender(store, transport, clock=clock), store, composed, show_progress)
        is_last_resort = card.key_for(now) == card.last_resort
        return SentReport(composed, outcome, reporter.can_receive_replies, is_last_resort, now < card.issued)


def _seal(
    reporter: Reporter, card: Card, draft: Draft, *, case: str | None, now: int, random_bytes: RandomBytes
) -> Composed:
    seq = reporter.next_seq(case)
    id_ = case or new_id(random_bytes)
    facts = draft.facts if case else {**UNSAID, **draft.facts}
    route = reporter.new_reply_route(id_, card, now, random_bytes) if reporter.can_receive_replies else None
    whole = replace(draft, facts=facts, reply=route.block() if route else None)
    composed = compose(card, whole, case=id_, first=case is None, seq=seq, now=now, random_bytes=random_bytes)
    if route:
        reporter.keep_reply_route(route)
    reporter.has_sent(id_, seq)
    return composed


def _deliver(sender: OutboxSender, store: OutboxStore, composed: Composed, show_progress: ShowProgress) -> Outcome:
    """Send this report's envelopes, then those that waited before; the outcome is this report's alone."""
    hashes = [sealed.hash for sealed in composed.sealed]
    with show_progress(len(hashes)) as tick:
        outcome = sender.carry(hashes, tick=lambda: tick(1))
        sender.carry([hash_ for hash_ in store.hashes() if hash_ not in set(hashes)])
    return outcome
