"""What came back to a reporter: collected, opened, checked, sealed again for the disk."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from client import files
from client.organisation.inbox import PAGE
from client.reporter.folder import Answer, ReplyRoute, Reporter
from client.transport.relay_client import BadAnswer, Frame, Problem, Transport, Unreachable
from keys import message
from keys.envelope import Address
from keys.errors import BadMessage, EnvelopeError, TocsinError
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.message import Reply
from keys.opening import Opened, open_envelope
from keys.wire import Purpose


@dataclass(frozen=True, slots=True)
class CaseReplies:
    """Every reply to a case that is kept here, oldest first, and why a relay could not be asked (relay to error)."""

    case: str
    replies: list[Answer]
    failures: dict[str, TocsinError]


def read_replies(
    folder: Path,
    case_start: str,
    passphrase: Callable[[], str],
    transport: Transport,
    *,
    clock: Callable[[], float] = time.time,
) -> CaseReplies:
    """Fetch what came back in a case, and return all of it that is kept here.

    `case_start`: the case's id or its first letters. Reply routes on which nothing can come any more are destroyed.
    Blocks for the network.
    Raises FolderBusy, UnknownCase, StateDamaged, NoReporter, KeystoreError, SpoolBroken, CannotWrite.
    """
    with files.locked(folder):
        reporter = Reporter(folder)
        case = reporter.find_case(case_start)
        key = reporter.unlock(passphrase)
        reporter.forget_ways(key, int(clock()))
        failures = fetch(reporter, reporter.ways(key, case), transport)
        return CaseReplies(case, reporter.answers(key, case), failures)


def fetch(reporter: Reporter, ways: list[ReplyRoute], transport: Transport) -> dict[str, TocsinError]:
    """Collect along every way, keep what is authentic, then let the relay delete it; errors by relay."""
    failures: dict[str, TocsinError] = {}
    for way in ways:
        for relay in way.relays:
            try:
                _empty(reporter, way, relay, transport)
            except Problem as problem:
                failures[relay] = problem.error
            except (BadAnswer, Unreachable) as error:
                failures[relay] = error
    return failures


def _empty(reporter: Reporter, way: ReplyRoute, relay: str, transport: Transport) -> None:
    for frames in transport.pages(relay, MailboxKey(way.mailbox), PAGE):
        for frame in frames:
            answer = open_reply(way, frame)
            if answer is not None:
                reporter.keep_answer(answer)


def open_reply(way: ReplyRoute, frame: Frame) -> Answer | None:
    """The answer in an envelope; None when it is not from who opened the report: a forger learns nothing from us."""
    key = PrivateKey(way.key)
    address = Address(Purpose.REPLY, key.recipient, MailboxKey(way.mailbox).id)
    try:
        opened = open_envelope(frame.envelope, [key], address)
        message.check_mac(_mac(way, address, frame, opened), opened.body)
        said = message.read(opened.fields).message
        if not isinstance(said, Reply) or said.case != way.case:
            raise BadMessage("$.kind")
    except EnvelopeError:
        return None
    return Answer(said.case, said.id, said.text, said.status, said.at)


def _mac(way: ReplyRoute, address: Address, frame: Frame, opened: Opened) -> bytes:
    return message.reply_mac(way.secret, address, len(frame.envelope), opened.salt, opened.header)
