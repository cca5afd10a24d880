"""Replies to a reporter: collected, opened, checked, sealed again for the disk."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nacl.public import PrivateKey as BoxKey

from client import files
from client.organisation.inbox import PAGE
from client.organisation.trusted_date import DateCheck, DateTooEarly, check_date, check_typed_date
from client.reporter.folder import ReplyRoute, Reporter, StoredReply
from client.transport.relay_client import BadAnswer, Frame, Problem, Transport, Unreachable
from keys import message
from keys.envelope import Address
from keys.errors import BadMessage, EnvelopeError, TocsinError
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.message import Reply
from keys.note import NoteKey
from keys.opening import OpenedEnvelope, open_envelope
from keys.wire import Purpose


@dataclass(frozen=True, slots=True)
class CaseReplies:
    """Every reply to a case that is kept here, oldest first, and why a relay could not be asked (relay to error).
    `put_off`: what the relays say of this clock, when keys of replies that seem to be over could not be destroyed."""

    case: str
    replies: list[StoredReply]
    failures: dict[str, TocsinError]
    put_off: DateCheck | None


def read_replies(
    folder: Path,
    case_start: str,
    passphrase: Callable[[], str],
    transport: Transport,
    *,
    today: date | None = None,
    clock: Callable[[], float] = time.time,
) -> CaseReplies:
    """Fetch what came back in a case, and return all of it that is kept here.

    `case_start`: the case's id or its first letters. Reply routes on which nothing can come any more are destroyed once
    all was fetched, if most relays of the route sign this date; `today`: the date as a person gives it.
    Blocks for the network.
    Raises FolderBusy, UnknownCase, StateDamaged, NoReporter, KeystoreError, SpoolBroken, CannotWrite.
    """
    with files.locked(folder):
        reporter = Reporter(folder)
        case = reporter.find_case(case_start)
        key = reporter.unlock(passphrase)
        now = int(clock())
        failures = fetch(reporter, reporter.reply_routes(key, case), transport)
        put_off = _forget_expired_routes(reporter, key, case, transport, now=now, today=today)
        return CaseReplies(case, reporter.replies(key, case), failures, put_off)


def _forget_expired_routes(
    reporter: Reporter, key: BoxKey, case: str, transport: Transport, *, now: int, today: date | None
) -> DateCheck | None:
    """Destroy the routes that are over, by a date that most of their relays sign. Returns what they say if they do not.

    What still lies at the end of another case's route is fetched before. A route counts as last confirmed when it
    ended: a person's date destroys what has been over for 14 days.
    """
    put_off: DateCheck | None = None
    checked: dict[tuple[tuple[str, ...], tuple[str, ...]], DateCheck] = {}
    over = reporter.expired_routes(key, now)
    fetch(reporter, [route for route in over if route.case != case], transport)
    gone = []
    for route in over:
        where = (route.relays, route.receipts)
        if where not in checked:
            verifiers = [NoteKey.parse(text) for text in route.receipts]
            checked[where] = check_date(route.relays, verifiers, transport, now)
        check = checked[where]
        if check.is_confirmed or (today is not None and _is_over_by_date(route, today, now, check)):
            gone.append(route)
        else:
            put_off = check
    reporter.forget_routes(key, gone)
    return put_off


def _is_over_by_date(route: ReplyRoute, today: date, now: int, check: DateCheck) -> bool:
    try:
        return route.until < check_typed_date(today, now, route.until, check)
    except DateTooEarly:  # for this route; others may have been over for longer
        return False


def fetch(reporter: Reporter, routes: list[ReplyRoute], transport: Transport) -> dict[str, TocsinError]:
    """Collect along every route, store what is authentic, then let the relay delete it. Return errors by relay."""
    failures: dict[str, TocsinError] = {}
    for route in routes:
        for relay in route.relays:
            try:
                _empty(reporter, route, relay, transport)
            except Problem as problem:
                failures[relay] = problem.error
            except (BadAnswer, Unreachable) as error:
                failures[relay] = error
    return failures


def _empty(reporter: Reporter, route: ReplyRoute, relay: str, transport: Transport) -> None:
    for frames in transport.pages(relay, MailboxKey(route.mailbox), PAGE):
        for frame in frames:
            reply = open_reply(route, frame)
            if reply is not None:
                reporter.keep_reply(reply)


def open_reply(route: ReplyRoute, frame: Frame) -> StoredReply | None:
    """Return the reply in an envelope; None when it is not from who opened the report: a forger learns nothing.

    Specified in `keys/message.md`, *Reply block*.
    """
    key = PrivateKey(route.key)
    address = Address(Purpose.REPLY, key.recipient, MailboxKey(route.mailbox).id)
    try:
        opened = open_envelope(frame.envelope, [key], address)
        message.check_mac(_mac(route, address, frame, opened), opened.body)
        reply = message.read(opened.fields).message
        if not isinstance(reply, Reply) or reply.case != route.case:
            raise BadMessage("$.kind")
    except EnvelopeError:
        return None
    return StoredReply(reply.case, reply.id, reply.text, reply.status, reply.at)


def _mac(route: ReplyRoute, address: Address, frame: Frame, opened: OpenedEnvelope) -> bytes:
    return message.reply_mac(route.secret, address, len(frame.envelope), opened.salt, opened.header)
