"""`tocsin report` and `tocsin replies`: the reporter's side."""

import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from client import files, report
from client.cli import options, output
from client.outbox.retry import Letter, relay_order
from client.outbox.sender import OutboxSender, Outcome
from client.outbox.store import OutboxStore, Waiting
from client.reporter import replies
from client.reporter.compose import Composed, Draft, attachment, compose, new_id
from client.reporter.folder import ReplyRoute, Reporter
from client.transport.relay_client import BadAnswer, Problem, Transport, Unreachable
from keys import code
from keys.errors import CardError, NoteUnsigned, TocsinError
from keys.organisation import Card, read_card


class NoCardFound(TocsinError):
    """no relay in this code gave the organisation's card"""

    code = "card-not-found"
    hint = "check the network; with the card as a file a report can be sealed now and sent later"


def _fields_help() -> str:
    return "\n".join(f"  {name:<12} {takes}" for name, takes in report.TAKES.items())


@click.command("report", epilog="\b\nFields:\n" + _fields_help())
@click.option("--to", required=True, help="The organisation's card (a file) or its code (TOCSIN:1:O:...).")
@click.option("--set", "pairs", multiple=True, metavar="FIELD=VALUE", help="A fact; repeatable.")
@click.option("--fields", type=click.File("rb"), help="Facts as a JSON object; - is stdin.")
@click.option("--file", "paths", type=options.FILE, multiple=True, help="A photo or recording; repeatable.")
@click.option("--case", "case_start", help="Add to this case.")
@click.option("--practice", is_flag=True, help="A trial: marked so at the organisation.")
@options.own_home
@options.passphrase_file
@options.as_json
def report_(
    to: str,
    pairs: tuple[str, ...],
    fields: BinaryIO | None,
    paths: tuple[Path, ...],
    case_start: str | None,
    practice: bool,
    folder: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Seal a report for an organisation and send it.

    What you type here may stay in the shell's history and can be seen by others on this computer: --fields - reads it
    from stdin instead. Nothing that was sent can be read back here.
    """
    facts = {**_read_fields(fields), **report.from_words(list(pairs))}
    if case_start is None:
        facts = {"stage": "unknown", "people": 1, **facts}
    draft = Draft(facts, [attachment(path, files.read(path)) for path in paths], practice=practice)
    with files.locked(folder), Transport(os.urandom) as transport, OutboxStore(folder) as spool:
        reporter = Reporter(folder)
        card = _card(to, transport)
        reporter.check_card(card)
        _offer_answers(reporter, output.Passphrase(passphrase_file))
        case = reporter.find_case(case_start) if case_start else None
        composed = _compose(reporter, card, draft, case)
        letters = [
            Waiting(sealed, Letter(relay_order(card.relays, os.urandom)), card.log) for sealed in composed.sealed
        ]
        spool.put(letters)
        outcome = _send(spool, transport, composed)
    _tell(composed, outcome, folder, as_json)


def _read_fields(file: BinaryIO | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        facts = msgspec.json.decode(files.decode_text(file.read()), type=dict[str, Any])
    except (msgspec.DecodeError, files.NotText, RecursionError):
        raise report.BadFact("--fields takes one JSON object, in UTF-8") from None
    for name, value in facts.items():
        report.check_fact(name, value)
    return facts


def _card(to: str, transport: Transport) -> Card:
    if "".join(to.split()).upper().startswith(code.PREFIX):
        return _fetch_card(code.read_card_code(to), transport)
    if not Path(to).exists():
        raise files.NoSuchFile(to)
    return read_card(files.read_note(Path(to)))


def _fetch_card(named: code.CardCode, transport: Transport) -> Card:
    """The newest card that any relay of the code gives: one of them may be offering an old one on purpose."""
    found: list[Card] = []
    for relay in named.relays:
        try:
            found.append(read_card(transport.card(relay, named.root), root=named.root))
        except Problem as problem:
            output.error(problem.error, relay)
        except (BadAnswer, Unreachable, CardError, NoteUnsigned) as error:
            output.error(error, relay)
    if not found:
        raise NoCardFound()
    return max(found, key=lambda card: card.seq)


def _offer_answers(reporter: Reporter, phrase: output.Passphrase) -> None:
    if reporter.can_be_answered:
        return
    if not phrase.is_at_hand:
        output.hint("no answer can reach you: give a passphrase once, with --passphrase-file, to have answers sealed")
        return
    reporter.set_up(phrase.choose("choose a passphrase for the answers: "))


def _compose(reporter: Reporter, card: Card, draft: Draft, case: str | None) -> Composed:
    now = int(time.time())
    seq = reporter.next_seq(case)
    id_ = case or new_id(os.urandom)
    way = _way(reporter, id_, card, now)
    whole = replace(draft, reply=way.block() if way else None)
    composed = compose(card, whole, case=id_, first=case is None, seq=seq, now=now, random_bytes=os.urandom)
    if way:
        reporter.keep_way(way)
    reporter.has_sent(id_, seq)
    if now >= card.expires:
        output.hint("this card's weekly keys have run out: sealed to the last-resort key; ask for the newest card")
    return composed


def _way(reporter: Reporter, case: str, card: Card, now: int) -> ReplyRoute | None:
    return reporter.new_way(case, card, now) if reporter.can_be_answered else None


def _send(spool: OutboxStore, transport: Transport, composed: Composed) -> Outcome:
    own = [sealed.hash for sealed in composed.sealed]
    courier = OutboxSender(spool, transport)
    with output.progress("sending", len(own)) as tick:
        outcome = courier.carry(own, tick=lambda: tick(1))
        courier.carry([hash_ for hash_ in spool.hashes() if hash_ not in set(own)])
    return outcome


def _tell(composed: Composed, outcome: Outcome, folder: Path, as_json: bool) -> None:
    value = {
        "case": composed.case,
        "id": composed.id,
        "receipts": [{"relay": relay, "receipt": receipt} for relay, receipt in outcome.receipts],
        "pending": outcome.pending,
    }
    whole, holders = len(composed.sealed), len({relay for relay, _ in outcome.receipts})
    words = f"case {composed.case}\n{tell_left(whole - outcome.pending, whole)}; {tell_holders(holders, whole)}"
    output.result(as_json, value, words)
    tell_refusals(outcome)
    if outcome.pending:
        hint_what_waits(folder)
        sys.exit(1)


def tell_left(left: int, whole: int) -> str:
    """Return how many of the envelopes have left, in words."""
    return f"{left} of {output.count(whole, 'envelope')} {'has' if whole == 1 else 'have'} left"


def tell_holders(relays: int, letters: int) -> str:
    """Return how many relays hold what was sent, in words."""
    verb = "holds" if relays == 1 else "hold"
    return f"{output.count(relays, 'relay')} {verb} {'it' if letters == 1 else 'them'}"


def hint_what_waits(folder: Path) -> None:
    """Say what becomes of what has not left."""
    again = options.command("outbox", "send", home=folder)
    output.hint(f"it is sealed and waits here; `{again}` tries again, and so does your next report")


def tell_refusals(outcome: Outcome) -> None:
    """Say for each relay that did not take everything why."""
    for relay, problem in outcome.refusals.items():
        output.error(problem, relay)


@click.command("replies", context_settings=options.case_ids)
@click.option("--case", "case_start", required=True, help="The case, as `tocsin report` named it.")
@options.own_home
@options.passphrase_file
@options.as_json
def replies_(case_start: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Fetch and show what came back to you in a case."""
    phrase = output.Passphrase(passphrase_file)
    with files.locked(folder), Transport(os.urandom) as transport:
        reporter = Reporter(folder)
        case = reporter.find_case(case_start)
        key = reporter.unlock(phrase.ask)
        reporter.forget_ways(key, int(time.time()))
        failures = replies.fetch(reporter, reporter.ways(key, case), transport)
        answers = reporter.answers(key, case)
    for answer in answers:
        when = datetime.fromtimestamp(answer.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        value = {"case": case, "id": answer.id, "text": answer.text, "status": answer.status, "at": answer.at}
        output.result(as_json, value, f"{when}  [{answer.status}]\n{answer.text}")
    if not answers:
        output.say("no answer yet")
    for relay, problem in failures.items():
        output.error(problem, relay)
    if failures and not answers:
        sys.exit(1)
