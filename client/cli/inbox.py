"""`tocsin inbox`: the organisation's side."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from client.cli import options, output
from client.cli.report import tell_refusals
from client.cli.rotation import tell_rotation
from client.desk.brief_session import BriefSession, SavedFile, open_session
from client.organisation import case_files
from client.organisation.case_files import Case, ListedFile
from client.organisation.deliveries import Withheld
from client.organisation.inbox import PullResult
from client.organisation.reply import is_over
from client.transport.relay_client import Transport
from keys.errors import TocsinError
from keys.wire import b64, unb64

ORIGINS = {
    "pin": "said with the PIN",
    "forced": "said under force",
    "open": "said by whoever holds the phone",
    "": "nothing shows who said it",
}


@click.group(cls=options.CommandGroup)
def inbox() -> None:
    """Collect, open, read, reply, save."""


@contextmanager
def _acting(folder: Path, passphrase_file: Path | None, by: str) -> Iterator[BriefSession]:
    with open_session(folder, output.Passphrase(passphrase_file).ask, by=by) as session:
        for damaged in session.damage:
            output.say(f"the journal is damaged ({damaged.code}); look at it in the desk")
        yield session


@inbox.command()
@options.home
@options.by
@options.passphrase_file
@options.as_json
def pull(folder: Path, by: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Fetch what the relays hold, open it, keep it."""
    with _acting(folder, passphrase_file, by) as session, Transport(os.urandom) as transport:
        with output.progress("collecting") as tick:
            tally, rotation = session.pull(transport, tick)
        relays = len(session.home.secrets.relays)
        missing, withheld = session.deliveries.missing, session.deliveries.find_withheld()
    tell_rotation(rotation, folder)
    _tell_pulled(tally, relays, as_json)
    for late in tally.late:
        output.hint(f"{late.relay} gave a practice letter of {_moment(late.sent_at)} out after all")
    for relay in dict.fromkeys([*(canary.relay for canary in missing), *(letter.relay for letter in withheld)]):
        seen = options.command("inbox", "relays", home=folder)
        output.hint(f"{relay} took a letter and does not give it out; `{seen}` shows its receipts")


def _tell_pulled(tally: PullResult, relays: int, as_json: bool) -> None:
    lacks = {"unproved": tally.unproved} if tally.unproved else {}
    value = {"new": tally.new, "duplicate": tally.duplicate, "bad": tally.bad, **lacks}
    output.result(as_json, value, f"{tally.new} new, {tally.duplicate} duplicate, {tally.bad} put aside as bad")
    for relay, problem in [*tally.failures.items(), *tally.find_lacks().items()]:
        output.error(problem, relay)
    if len(tally.failures) == relays:
        sys.exit(1)


@inbox.command()
@options.home
@options.passphrase_file
@options.as_json
def relays(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """What relays took, by their own receipts, and did not give out."""
    missing, withheld = case_files.list_kept_back(folder, output.Passphrase(passphrase_file).ask)
    for canary in missing:
        value = {"relay": canary.relay, "kind": "practice", "at": canary.sent_at, "receipt": canary.receipt}
        words = f"{canary.relay} took a practice letter on {_moment(canary.sent_at)} and does not give it out"
        output.result(as_json, value, words)
    for letter in withheld:
        output.result(as_json, _withheld_value(letter), describe_withheld(letter))
    if withheld:
        output.hint("or who sent it put it into another mailbox there; other computers of yours may have it, too")
    if not missing and not withheld:
        output.say("no relay is known to keep a letter back")


def _withheld_value(letter: Withheld) -> dict[str, Any]:
    receipt = letter.receipt
    value = {"relay": letter.relay, "kind": "letter", "at": receipt.hour, "receipt": receipt.text}
    return {**value, "commitment": b64(receipt.commitment), "arrived": letter.has_arrived}


def describe_withheld(letter: Withheld) -> str:
    """Return in words that a relay took a letter and never gave it out."""
    how = "another relay gave it" if letter.has_arrived else "it never came"
    hour = _moment(letter.receipt.hour)
    return f"{letter.relay} signed that it took a letter in the hour of {hour}, and never gave it out here ({how})"


@inbox.command("list")
@options.home
@click.option("--bad", is_flag=True, help="What was put aside instead, with the reason.")
@options.passphrase_file
@options.as_json
def list_(folder: Path, bad: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """Every case, the latest first."""
    ask = output.Passphrase(passphrase_file).ask
    if bad:
        for letter in case_files.list_quarantined(folder, ask):
            value = {"reason": letter.reason, "bytes": len(letter.data), "opened": letter.opened, "at": letter.pulled}
            output.result(as_json, value, f"{_moment(letter.pulled)}  {letter.reason}")
        return
    found = case_files.list_cases(folder, ask)
    for case in found:
        _tell_case(case, as_json)
    if not found:
        output.say("no case yet")


def _tell_case(case: Case, as_json: bool) -> None:
    value = {
        "case": case.id,
        "messages": len(case.messages),
        "last": case.last,
        "name": case.fact("name"),
        "stage": case.fact("stage"),
        "practice": case.practice,
        "disputed": case.is_disputed,
    }
    words = [case.id, _moment(case.last), output.count(len(case.messages), "message"), str(value["stage"] or "?")]
    words += [str(value["name"] or "")] + ["practice"] * case.practice + ["disputed"] * case.is_disputed
    output.result(as_json, value, "  ".join(words).rstrip())


@inbox.command(context_settings=options.case_ids)
@click.argument("case_start", metavar="CASE")
@options.home
@options.passphrase_file
@options.as_json
def show(case_start: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Everything that was said in a case."""
    case, files, withheld = case_files.read_case(folder, output.Passphrase(passphrase_file).ask, case_start)
    listed = [_listed(file) for file in files]
    value = {"case": case.id, "messages": [case_files.as_json(entry) for entry in case.messages], "files": listed}
    kept_back = {"withheld": [_withheld_value(letter) for letter in withheld]} if withheld else {}
    words = "\n\n".join([_in_words(case, listed), *map(describe_withheld, withheld)])
    output.result(as_json, {**value, **kept_back}, words)


def _listed(file: ListedFile) -> dict[str, Any]:
    return {"sha256": file.ref.sha256, "bytes": file.ref.bytes, "type": file.ref.type, "missing": file.missing}


def _in_words(case: Case, listed: list[dict[str, Any]]) -> str:
    disputed = "disputed: somebody who is not shown to be the reporter offered another way to reply; it is not used"
    lines = [f"case {case.id}", *[disputed] * case.is_disputed]
    for entry in case.messages:
        lines += ["", f"{_moment(entry.message.at)}  {entry.header['kind']}{_marks(entry)}"]
        unknown = entry.other.get("facts", {})
        for name, value in entry.message.facts.items():
            lines.append(f"  {name if name not in unknown else 'other ' + name}: {_value(value)}")
        lines += [f"  other {name}: {_value(value)}" for name, value in entry.other.items() if name != "facts"]
    for file in listed:
        gaps = f"; missing pieces: {', '.join(map(str, file['missing']))}" if file["missing"] else ""
        lines += ["", f"file  {file['type']}  {file['bytes']:,} bytes{gaps}"]
    return "\n".join(lines)


def _marks(entry: case_files.CaseMessage) -> str:
    marks = ["practice"] * entry.message.practice
    marks += ["commitment does not match: this may not be what the receipt was given for"] * (not entry.committed)
    marks += [ORIGINS[entry.origin]]
    marks += ["another way to reply was offered and not used"] * entry.has_foreign_reply_block
    marks += ["sealed to the last-resort key"] * entry.last_resort
    return f"  ({'; '.join(marks)})" if marks else ""


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moment(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"time {at}"


@inbox.command(context_settings=options.case_ids)
@click.argument("case_start", metavar="CASE")
@click.argument("text")
@click.option("--status", default="received", show_default=True, help="received, lawyer, closed, ...")
@options.home
@options.by
@options.passphrase_file
@options.as_json
def reply(
    case_start: str, text: str, status: str, folder: Path, by: str, passphrase_file: Path | None, as_json: bool
) -> None:
    """Reply to the reporter of a case."""
    with _acting(folder, passphrase_file, by) as session, Transport(os.urandom) as transport:
        case = case_files.find(session.load_cases(), case_start)
        over = is_over(case.reply_block, session.now())
        sent_reply, outcome = session.reply(case, text, status, transport)
    receipts = [{"relay": relay, "receipt": receipt} for relay, receipt in outcome.receipts]
    sent = {"case": case.id, "id": sent_reply.id, "receipts": receipts, "pending": outcome.pending}
    value = {**sent, "over": over, "disputed": case.is_disputed}
    output.result(as_json, value, "the reply waits at the relay" if receipts else "the reply has not left yet")
    tell_refusals(outcome)
    if over:
        output.hint("the time the reporter gave for replies is over: whether anybody still looks there is not known")
    if case.is_disputed:
        output.hint("somebody who is not shown to be the reporter offered another way to reply; it was not used")
    if outcome.pending:
        output.hint(f"it is sealed and waits; `{options.command('outbox', 'send', home=folder)}` tries again")
        sys.exit(1)


@inbox.command(context_settings=options.case_ids)
@click.argument("case_start", metavar="CASE")
@click.argument("target", type=options.FOLDER, metavar="DIR")
@options.home
@options.by
@options.passphrase_file
@options.as_json
def save(case_start: str, target: Path, folder: Path, by: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Write a case's messages and files, readable, into DIR."""
    with _acting(folder, passphrase_file, by) as session:
        saved = session.save(case_files.find(session.load_cases(), case_start), target)
    for saved_file in saved:
        _tell_saved(saved_file, as_json)
    if not as_json:
        click.echo(f"wrote {target}")
    output.hint(
        "what lies there is readable to anybody who gets this disk, with the keys of the case: hand none of it on"
    )
    if any(saved_file.path is None for saved_file in saved):
        sys.exit(1)


class NotWhole(TocsinError):
    """a file is not whole"""

    code = "file-not-whole"
    hint = "pull again later: its other pieces may still be on their way"


def _tell_saved(saved_file: SavedFile, as_json: bool) -> None:
    ref, missing = saved_file.file.ref, saved_file.file.missing
    if saved_file.path is None:
        pieces = ", ".join(map(str, missing)) or "none is missing, but the hash is wrong"
        output.error(NotWhole(f"{unb64(ref.sha256).hex()}, missing pieces: {pieces}"))
    if as_json:
        value = {"sha256": ref.sha256, "bytes": ref.bytes, "type": ref.type, "missing": missing}
        output.result(True, {**value, "path": None if saved_file.path is None else str(saved_file.path)}, "")
