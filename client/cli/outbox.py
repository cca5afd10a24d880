"""`tocsin outbox`: what has not left yet."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from client.cli import options, output
from client.cli.report import hint_what_waits, tell_left, tell_refusals
from client.desk.brief_session import open_session
from client.organisation.home import is_home
from client.outbox.sender import Outcome, send_waiting
from client.outbox.store import OutboxStore
from client.reporter.folder import Reporter
from client.transport.relay_client import Transport


@click.group(cls=options.CommandGroup)
def outbox() -> None:
    """Letters that have not left yet: sealed, not readable here."""


@outbox.command("list")
@options.own_home
@options.as_json
def list_(folder: Path, as_json: bool) -> None:
    """What waits, for which relays, and what they said last."""
    with OutboxStore(folder) as store:
        letters = store.letters()
    for letter in letters:
        last_codes = {relay: tried.said for relay, tried in letter.attempts.items()}
        tries = ", ".join(f"{relay} ({code})" for relay, code in last_codes.items()) or "not tried yet"
        value = {"left": letter.has_left, "next": letter.next_time(), "said": last_codes}
        output.result(as_json, value, f"{'one relay holds it' if letter.has_left else 'waiting'}: {tries}")
    if not letters:
        output.say("nothing waits")


@outbox.command()
@options.own_home
@options.by
@options.passphrase_file
@options.as_json
def send(folder: Path, by: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Try all of it again, now."""
    phrase = output.Passphrase(passphrase_file)
    with Transport(os.urandom) as transport, output.progress("sending") as tick:
        if is_home(folder):
            count, outcome = _send_noted(folder, by, phrase, transport, tick)
        else:
            count, outcome = send_waiting(folder, transport, tick, Reporter(folder).keep_receipts)
    receipts = [{"relay": relay, "receipt": receipt} for relay, receipt in outcome.receipts]
    words = tell_left(count - outcome.pending, count)
    output.result(as_json, {"receipts": receipts, "pending": outcome.pending}, words)
    tell_refusals(outcome)
    if outcome.pending:
        hint_what_waits(folder)
        sys.exit(1)


def _send_noted(
    folder: Path, by: str, phrase: output.Passphrase, transport: Transport, tick: Callable[[int], None]
) -> tuple[int, Outcome]:
    """Send what waits at an organisation, whose journal notes which replies have left."""
    try:
        with open_session(folder, phrase.ask, by=by) as session:
            return session.send(transport, tick)
    except output.NoPassphrase:
        output.hint("without the passphrase the desk's journal cannot note what leaves now")
        return send_waiting(folder, transport, tick)
