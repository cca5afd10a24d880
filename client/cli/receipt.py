"""`tocsin receipt`: what a relay signed, compared without a network."""

from datetime import UTC, datetime
from pathlib import Path

import click

from client import files
from client.cli import options, output
from keys.envelope import commit
from keys.note import NoteKey
from keys.organisation import read_card
from keys.receipt import HANDOVER_KIND, Receipt, check_proof
from keys.wire import HOUR_SECONDS, b64


@click.group(cls=options.CommandGroup)
def receipt() -> None:
    """What a relay signed for a message, and when."""


@receipt.command()
@click.argument("path", type=options.FILE, metavar="RECEIPT")
@click.option("--content", type=options.FILE, required=True, help="The message, byte for byte (NNNN.content).")
@click.option("--key", "key_texts", multiple=True, help="A key the relay signs with (name+hash+key); repeatable.")
@click.option("--card", type=options.FILE, help="The organisation's card, which names its relays' keys.")
@options.as_json
def check(path: Path, content: Path, key_texts: tuple[str, ...], card: Path | None, as_json: bool) -> None:
    """Check a receipt against a message. Needs no network, no passphrase and neither relay nor organisation.

    Ends with 0 if the receipt is right, with 1 if it is not, with 2 if no key is named.
    """
    if not key_texts and card is None:
        raise click.UsageError("name the relay's key with --key, or the organisation's card with --card")
    keys = [NoteKey.parse(text.strip()) for text in key_texts]
    if card is not None:
        keys += read_card(files.read_note(card)).receipt_keys
    commitment = commit(files.read(content))
    found, signer = check_proof(files.read(path), keys, commitment)
    value = {
        "kind": "handover" if found.kind == HANDOVER_KIND else "deposit",
        "key": str(signer),
        "origin": found.origin,
        "hour": found.hour,
        "commitment": b64(commitment),
        "envelope": b64(found.envelope_hash),
    }
    output.result(as_json, value, _in_words(found, signer))


def _in_words(found: Receipt, signer: NoteKey) -> str:
    event = "handed this message over to" if found.kind == HANDOVER_KIND else "took this message in for"
    begin, end = (_format_hour(at) for at in (found.hour, found.hour + HOUR_SECONDS))
    return "\n".join(
        (
            f"the receipt is right, and {signer.name} signed it",
            "",
            f"it says:            {signer.name} {event} the organisation",
            f"                    between {begin} and {end} by its own clock",
            f"it proves:          the message was written before {end} and not changed since,",
            "                    if that clock was right and nobody else has that key",
            "it does not prove:  who wrote the message, that it is true, that anybody read it,",
            "                    or that there were no other messages",
        )
    )


def _format_hour(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"time {at}"
