"""`tocsin outbox`: what has not left yet."""

import os
import sys
from pathlib import Path

import click

from client import files
from client.cli import options, output
from client.cli.report import hint_what_waits, tell_left, tell_refusals
from client.outbox.sender import Courier
from client.outbox.store import Spool
from client.transport.relay_client import Transport


@click.group(cls=options.CommandGroup)
def outbox() -> None:
    """Letters that have not left yet: sealed, not readable here."""


@outbox.command("list")
@options.own_home
@options.as_json
def list_(folder: Path, as_json: bool) -> None:
    """What waits, for which relays, and what they said last."""
    with Spool(folder) as spool:
        letters = [waiting.letter for hash_ in spool.hashes() if (waiting := spool.get(hash_)) is not None]
    for letter in letters:
        said = {relay: tried.said for relay, tried in letter.attempts.items()}
        tries = ", ".join(f"{relay} ({code})" for relay, code in said.items()) or "not tried yet"
        value = {"left": letter.has_left, "next": letter.next_time(), "said": said}
        output.result(as_json, value, f"{'one relay holds it' if letter.has_left else 'waiting'}: {tries}")
    if not letters:
        output.say("nothing waits")


@outbox.command()
@options.own_home
@options.as_json
def send(folder: Path, as_json: bool) -> None:
    """Try all of it again, now."""
    with files.locked(folder), Transport(os.urandom) as transport, Spool(folder) as spool:
        hashes = spool.hashes()
        with output.progress("sending", len(hashes)) as tick:
            outcome = Courier(spool, transport).carry(hashes, hurry=True, tick=lambda: tick(1))
    receipts = [{"relay": relay, "receipt": receipt} for relay, receipt in outcome.receipts]
    words = tell_left(len(hashes) - outcome.pending, len(hashes))
    output.result(as_json, {"receipts": receipts, "pending": outcome.pending}, words)
    tell_refusals(outcome)
    if outcome.pending:
        hint_what_waits(folder)
        sys.exit(1)
