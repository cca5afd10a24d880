"""`tocsin inbox`: the organisation's side."""

import json
import mimetypes
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from client import files
from client.cli import options, output
from client.cli.report import tell_refusals
from client.organisation import case_files
from client.organisation import reply as organisation_reply
from client.organisation.case_files import Case
from client.organisation.home import Home, unlock_home
from client.organisation.inbox import Inbox, Tally, keep_pace, report_address
from client.organisation.records import Records
from client.outbox.sender import Courier
from client.outbox.store import Spool
from client.transport.relay_client import Transport
from keys.errors import TocsinError
from keys.message import ParcelRef
from keys.wire import unb64


@click.group(cls=options.CommandGroup)
def inbox() -> None:
    """Collect, open, read, answer, save."""


@contextmanager
def _opened(folder: Path, passphrase_file: Path | None) -> Iterator[tuple[Home, Records]]:
    phrase = output.Passphrase(passphrase_file)
    with files.locked(folder):
        home = unlock_home(folder, phrase.ask)
        with Records(folder, home.secrets.store) as records:
            yield home, records


@inbox.command()
@options.home
@options.passphrase_file
@options.as_json
def pull(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Fetch what the relays hold, open it, keep it."""
    with _opened(folder, passphrase_file) as (home, records), Transport(os.urandom) as transport:
        if not keep_pace(home, transport, int(time.time())):
            output.hint(
                "no relay confirms this computer's date, so no old key was destroyed; "
                f"`{options.command('org', 'rotate', home=folder)}` does it"
            )
        kept = home.secrets
        address = report_address(kept.root_public, kept.mailbox_key.id)
        box = Inbox(records, address, kept.open_keys(), last_resort=kept.last_resort)
        with output.progress("collecting") as tick:
            tally = box.pull(transport, kept.relays, kept.mailbox_key, tick)
        relays = len(kept.relays)
    _tell_pulled(tally, relays, as_json)


def _tell_pulled(tally: Tally, relays: int, as_json: bool) -> None:
    value = {"new": tally.new, "duplicate": tally.duplicate, "bad": tally.bad}
    output.result(as_json, value, f"{tally.new} new, {tally.duplicate} duplicate, {tally.bad} put aside as bad")
    for relay, problem in tally.failures.items():
        output.error(problem, relay)
    if len(tally.failures) == relays:
        sys.exit(1)


@inbox.command("list")
@options.home
@click.option("--bad", is_flag=True, help="What was put aside instead, with the reason.")
@options.passphrase_file
@options.as_json
def list_(folder: Path, bad: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """Every case, the latest first."""
    with _opened(folder, passphrase_file) as (_, records):
        if bad:
            for aside in records.asides():
                value = {"reason": aside.reason, "bytes": len(aside.data), "opened": aside.opened, "at": aside.pulled}
                output.result(as_json, value, f"{_moment(aside.pulled)}  {aside.reason}")
            return
        found = sorted(case_files.load(records).values(), key=lambda case: case.last, reverse=True)
    for case in found:
        _tell_case(case, as_json)
    if not found:
        output.say("no case yet")


def _tell_case(case: Case, as_json: bool) -> None:
    value = {
        "case": case.id,
        "messages": len(case.said),
        "last": case.last,
        "name": case.fact("name"),
        "stage": case.fact("stage"),
        "practice": case.practice,
    }
    words = [case.id, _moment(case.last), output.count(len(case.said), "message"), str(value["stage"] or "?")]
    words += [str(value["name"] or "")] + ["practice"] * case.practice
    output.result(as_json, value, "  ".join(words).rstrip())


@inbox.command(context_settings=options.case_ids)
@click.argument("case_start", metavar="CASE")
@options.home
@options.passphrase_file
@options.as_json
def show(case_start: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Everything that was said in a case."""
    with _opened(folder, passphrase_file) as (_, records):
        case = case_files.find(case_files.load(records), case_start)
        listed = [_listed(records, case, ref) for ref in case.files()]
    value = {"case": case.id, "messages": [_message(one) for one in case.said], "files": listed}
    output.result(as_json, value, _in_words(case, listed))


def _message(one: case_files.Said) -> dict[str, Any]:
    return {
        "id": one.message.id,
        "kind": one.header["kind"],
        "header": one.header,
        "commitment": "ok" if one.committed else "mismatch",
        "last_resort": one.last_resort,
        "other": one.other,
    }


def _listed(records: Records, case: Case, ref: ParcelRef) -> dict[str, Any]:
    missing = case_files.missing(records, case.id, ref)
    return {"sha256": ref.sha256, "bytes": ref.bytes, "type": ref.type, "missing": missing}


def _in_words(case: Case, listed: list[dict[str, Any]]) -> str:
    lines = [f"case {case.id}"]
    for one in case.said:
        lines += ["", f"{_moment(one.message.at)}  {one.header['kind']}{_marks(one)}"]
        unknown = one.other.get("facts", {})
        for name, value in one.message.facts.items():
            lines.append(f"  {name if name not in unknown else 'other ' + name}: {_value(value)}")
        lines += [f"  other {name}: {_value(value)}" for name, value in one.other.items() if name != "facts"]
    for file in listed:
        gaps = f"; missing pieces: {', '.join(map(str, file['missing']))}" if file["missing"] else ""
        lines += ["", f"file  {file['type']}  {file['bytes']:,} bytes{gaps}"]
    return "\n".join(lines)


def _marks(one: case_files.Said) -> str:
    marks = ["practice"] * one.message.practice
    marks += ["commitment does not match: this may not be what the receipt was given for"] * (not one.committed)
    marks += ["sealed to the last-resort key"] * one.last_resort
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
@options.passphrase_file
@options.as_json
def reply(case_start: str, text: str, status: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Answer the reporter of a case."""
    with (
        _opened(folder, passphrase_file) as (home, records),
        Transport(os.urandom) as transport,
        Spool(folder) as spool,
    ):
        case = case_files.find(case_files.load(records), case_start)
        now = int(time.time())
        said, letters = organisation_reply.answer(case, text, status, home.secrets, now=now, chance=os.urandom)
        spool.put(letters)
        outcome = Courier(spool, transport).carry([letter.sealed.hash for letter in letters], hurry=True)
    receipts = [{"relay": relay, "receipt": receipt} for relay, receipt in outcome.receipts]
    value = {"case": case.id, "id": said.id, "receipts": receipts, "pending": outcome.pending}
    output.result(as_json, value, "the answer waits at the relay" if receipts else "the answer has not left yet")
    tell_refusals(outcome)
    if outcome.pending:
        output.hint(f"it is sealed and waits; `{options.command('outbox', 'send', home=folder)}` tries again")
        sys.exit(1)


@inbox.command(context_settings=options.case_ids)
@click.argument("case_start", metavar="CASE")
@click.argument("target", type=options.FOLDER, metavar="DIR")
@options.home
@options.passphrase_file
@options.as_json
def save(case_start: str, target: Path, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Write a case's messages and files, readable, into DIR."""
    complete = True
    with _opened(folder, passphrase_file) as (_, records):
        case = case_files.find(case_files.load(records), case_start)
        files.make_folder(target)
        lines = [json.dumps(_message(one), ensure_ascii=False) for one in case.said]
        files.replace(target / "messages.jsonl", "".join(line + "\n" for line in lines).encode())
        for ref in case.files():
            complete &= _save_file(records, case, ref, target, as_json)
    if not as_json:
        click.echo(f"wrote {target}")
    output.hint("what lies there is readable to anybody who gets this disk")
    if not complete:
        sys.exit(1)


class NotWhole(TocsinError):
    """a file is not whole"""

    code = "file-not-whole"
    hint = "pull again later: its other pieces may still be on their way"


def _save_file(records: Records, case: Case, ref: ParcelRef, target: Path, as_json: bool) -> bool:
    file = case_files.assemble(records, case.id, ref)
    # The sender's word for a type never becomes more than the end of a name; "page.html" could run.
    ending = mimetypes.guess_extension(ref.type) if ref.type.startswith(("image/", "audio/", "video/")) else None
    name = f"{unb64(ref.sha256).hex()}{ending or '.bin'}"
    if file.whole:
        files.replace(target / name, file.data)
    else:
        pieces = ", ".join(map(str, file.missing)) or "none is missing, but the hash is wrong"
        output.error(NotWhole(f"{name}, missing pieces: {pieces}"))
    if as_json:
        value = {"sha256": ref.sha256, "bytes": ref.bytes, "type": ref.type, "missing": file.missing}
        output.result(True, {**value, "path": str(target / name) if file.whole else None}, "")
    return file.whole
