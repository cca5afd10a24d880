"""`tocsin report` and `tocsin replies`: the reporter's side."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from client import files, report
from client.cli import options, output
from client.cli.rotation import describe_doubts
from client.organisation.trusted_date import read_date
from client.outbox.sender import Outcome
from client.reporter.compose import Draft, attachment
from client.reporter.folder import Reporter
from client.reporter.replies import read_replies
from client.reporter.send import SentReport, send
from client.transport.relay_client import Transport

CHOOSE = "choose a passphrase for the replies: "


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
    draft = Draft(facts, [attachment(path, files.read(path)) for path in paths], practice=practice)
    phrase = output.Passphrase(passphrase_file)
    with Transport(os.urandom) as transport:
        sent = send(
            folder,
            to,
            draft,
            transport,
            case_start=case_start,
            passphrase=_choose_asking(folder, phrase, case_start),
            on_problem=output.error,
            show_progress=partial(output.progress, "sending"),
        )
    _tell(sent, folder, as_json)


def _choose_asking(folder: Path, phrase: output.Passphrase, case_start: str | None) -> Callable[[], str] | None:
    """Return how the passphrase is asked for. Whoever adds to a case, or has a key for replies, is not kept by a
    question: then it comes from a file only."""
    if case_start is not None or Reporter(folder).can_receive_replies:
        return phrase.ask if phrase.has_file else None
    return partial(phrase.choose, CHOOSE) if phrase.is_at_hand else None


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


def _tell(sent: SentReport, folder: Path, as_json: bool) -> None:
    composed, outcome = sent.composed, sent.outcome
    if not sent.can_receive_replies:
        output.hint("no reply can reach you: give a passphrase once, with --passphrase-file, to have replies sealed")
    elif not sent.brings_route:
        output.hint("this addition brings no new way for replies: --passphrase-file shows that the case is yours")
    if sent.is_clock_behind:
        output.hint("this computer's clock is wrong, it is before the day of the card: sealed to the last-resort key")
    elif sent.is_last_resort:
        output.hint("this card's weekly keys have run out: sealed to the last-resort key; ask for the newest card")
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
@click.option("--today", metavar="YYYY-MM-DD", help="Today, from a calendar, after 14 days without the relays.")
@options.as_json
def replies_(case_start: str, folder: Path, today: str | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Fetch and show what came back to you in a case."""
    with Transport(os.urandom) as transport:
        ask, typed = output.Passphrase(passphrase_file).ask, None if today is None else read_date(today)
        found = read_replies(folder, case_start, ask, transport, today=typed)
    for reply in found.replies:
        when = datetime.fromtimestamp(reply.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        value = {"case": found.case, "id": reply.id, "text": reply.text, "status": reply.status, "at": reply.at}
        output.result(as_json, value, f"{when}  [{reply.status}]\n{reply.text}")
    if not found.replies:
        output.say("no reply yet")
    if found.put_off is not None:
        doubts = "; ".join(describe_doubts(found.put_off))
        output.hint(f"keys of replies that are over by this computer's date could not be destroyed: {doubts}")
    for relay, problem in found.failures.items():
        output.error(problem, relay)
    if found.failures and not found.replies:
        sys.exit(1)
