"""`tocsin contact`: people who are told, and who tell you."""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click

from client import files
from client.cli import options, output
from client.cli.report import hint_what_waits, tell_holders, tell_refusals
from client.contacts import book as contacts_book
from client.contacts import pairing
from client.contacts.alerts import pass_on_reply, send_alert, write_back
from client.contacts.book import Contact, open_book
from client.contacts.permission import MoreThanAllowed
from client.contacts.sync import AlertWords, SyncResult
from client.outbox.sender import Outcome
from client.transport.relay_client import Transport
from keys import code
from keys.message import AlertType

DEGREE = 100_000  # positions are whole numbers of 1e-5 degree
ID_SHOWN = 6  # of an alert, enough to name it
SOON_SECONDS = 60 * 86_400  # from when on it is said that a pair ends: two people need time to meet
LAST_MOMENT = 253_402_300_799  # the end of the year 9999: whatever a phone says, a calendar has to take it

label_ = click.argument("label")


@click.group(cls=options.CommandGroup)
def contact() -> None:
    """People who are told when something happens to you, and who tell you."""


@contact.command()
@click.option("--relay", "relays", multiple=True, help="Base URL of a relay to be met at; repeatable.")
@options.own_home
@options.passphrase_file
@options.as_json
def new(relays: tuple[str, ...], folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Make a fresh code for one contact; one that nobody scanned yet no longer counts."""
    phrase = output.Passphrase(passphrase_file)
    offer = pairing.make_code(folder, relays, ask=phrase.ask, choose=phrase.choose)
    text = str(offer.half.code)
    output.result(as_json, {"code": text, "relays": list(offer.half.relays)}, text)
    if not as_json:
        drawn, scanned = (options.command("contact", word, home=folder) for word in ("code", "scan"))
        output.hint(f"`{drawn}` draws it; then scan theirs with `{scanned}`")


@contact.command("code")
@click.option("--label", help="The code made for this contact.")
@click.option("--digits", is_flag=True, help="The 60 digits of this contact, to be scanned on a video call.")
@click.option("--png", type=options.FILE, help="Draw it into a PNG picture.")
@options.own_home
@options.passphrase_file
@options.as_json
def code_(
    label: str | None, digits: bool, png: Path | None, folder: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """The code that the other person scans; drawn here when no file is named."""
    if digits and label is None:
        raise click.UsageError("--digits belongs to one contact: name it with --label")
    book = open_book(folder, output.Passphrase(passphrase_file).ask)
    if digits and label is not None:
        whose, text = label, code.digits_code(book.find(label).meeting.safety_number)
    else:
        whose, own = book.code_to_show(label, int(time.time()))
        text = str(own)
    if png is not None:
        files.replace(png, code.draw_png(text))
    words = [f"for {whose}"] * bool(whose) + [code.draw_text(text)] * (png is None) + [text]
    output.result(as_json, {"code": text, "label": whose or None}, "\n".join(words))


@contact.command()
@click.argument("found", metavar="CODE_OR_IMAGE")
@click.option("--label", required=True, help="What you call this person; it stays here.")
@click.option("--seen", is_flag=True, help="You read it off their own screen, face to face.")
@click.option(
    "--other-relay", is_flag=True, help="Use their relay, which is not yours: it learns your address each time."
)
@options.own_home
@options.passphrase_file
@options.as_json
def scan(
    found: str, label: str, seen: bool, other_relay: bool, folder: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Take the code of another person, as text or out of a picture.

    Unless you saw it on their own screen it is unverified, until you compared the 60 digits.
    """
    ask, other = output.Passphrase(passphrase_file).ask, pairing.read_code(found)
    scanned = pairing.scan_code(folder, ask, other, label, seen=seen, other_relay=other_relay)
    value = {**_shown(scanned), "code": str(scanned.half.code)}
    output.result(as_json, value, f"{scanned.label}: {_words(scanned)}\n{scanned.meeting.safety_number}")
    if not as_json:
        drawn, finished = (options.command("contact", word, home=folder) for word in ("code", "sync"))
        output.hint(f"they have to scan your code too: `{drawn}`; then both `{finished}`")


@contact.command()
@options.own_home
@options.passphrase_file
@options.as_json
def sync(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Finish pairings and fetch alerts, as far as the network goes."""
    with Transport(os.urandom) as transport:
        finished = pairing.sync_contacts(folder, output.Passphrase(passphrase_file).ask, transport)
    tally, waiting = finished.result, finished.waiting
    value = {"paired": tally.paired, "alerts": len(tally.alerts), "waiting": waiting, "pending": tally.pending}
    words = [f"{label}: paired" for label in tally.paired]
    verb = "is" if waiting == 1 else "are"
    words.append(
        f"{output.count(len(tally.alerts), 'new alert')}; {output.count(waiting, 'pairing')} {verb} not finished"
    )
    output.result(as_json, value, "\n".join(words))
    if tally.pending:
        hint_what_waits(folder)
    _tell_troubles(tally)


def _tell_troubles(tally: SyncResult) -> None:
    for label, trouble in tally.troubles:
        output.error(trouble, label)
    for relay, failure in tally.failures.items():
        output.error(failure, relay)
    if tally.troubles or tally.failures:
        sys.exit(1)


@contact.command("list")
@options.own_home
@options.passphrase_file
@options.as_json
def list_(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Everybody, with the digits to compare."""
    book = open_book(folder, output.Passphrase(passphrase_file).ask)
    for person in book.secrets.contacts:
        output.result(as_json, _shown(person), f"{person.label}: {_words(person)}\n  {person.meeting.safety_number}")
    if not book.secrets.contacts:
        output.say("nobody yet")


def _shown(person: Contact) -> dict[str, Any]:
    return {
        "label": person.label,
        "state": person.state(int(time.time())),
        "verified": person.verified,
        "seized": person.seized,
        "swapped": person.swapped,
        "digits": person.meeting.safety_number,
        "until": person.half.until,
    }


def _words(person: Contact) -> str:
    now = int(time.time())
    remarks = [person.state(now)]
    if not person.verified:
        remarks.append("unverified: compare the digits below")
    if person.seized:
        remarks.append("THEIR PHONE WAS SEIZED")
    if person.swapped:
        remarks.append("somebody tried to put another card in the place of theirs")
    if now > person.half.until - SOON_SECONDS:
        remarks.append("ends soon: scan each other again")
    return "; ".join(remarks)


@contact.command()
@label_
@click.argument("digits", metavar="[DIGITS_OR_IMAGE]", default="")
@options.own_home
@options.passphrase_file
@options.as_json
def verify(label: str, digits: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Compare the 60 digits that the other person reads aloud, or their `code --digits`; without digits, show yours."""
    person = pairing.verify_safety_number(folder, output.Passphrase(passphrase_file).ask, label, digits)
    output.result(as_json, _shown(person), f"{person.label}: {_words(person)}\n{person.meeting.safety_number}")


@contact.command()
@label_
@click.option("--returned", is_flag=True, help="The phone is back with its owner.")
@options.own_home
@options.passphrase_file
@options.as_json
def seized(label: str, returned: bool, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Mark a contact's phone as seized: whatever comes from it is shown so."""
    person = pairing.mark_seized(folder, output.Passphrase(passphrase_file).ask, label, is_seized=not returned)
    output.result(as_json, _shown(person), f"{person.label}: {_words(person)}")


@contact.command()
@label_
@options.own_home
@options.passphrase_file
@options.as_json
def remove(label: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Forget a contact: keys, alerts, and what waits in the outbox for them. The other side is not told."""
    withdrawn = pairing.forget_contact(folder, output.Passphrase(passphrase_file).ask, label)
    words = f"{label}: forgotten" + f"; {output.count(withdrawn, 'letter')} had not left and will not" * bool(withdrawn)
    output.result(as_json, {"removed": label, "withdrawn": withdrawn}, words)


@contact.command()
@click.option("--to", "label", required=True, help="Whom to tell.")
@click.option("--type", "kind", type=click.Choice(get_args(AlertType)), required=True, help="What happened.")
@click.option("--text", default="", help="In your own words; - reads them from stdin.")
@options.own_home
@options.passphrase_file
@options.as_json
def alert(label: str, kind: AlertType, text: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Tell a contact. What does not leave now waits sealed in the outbox.

    What you type here may stay in the shell's history and can be seen by others on this computer: --text - does not.
    """
    words = AlertWords(kind, _typed(text))
    with Transport(os.urandom) as transport:
        outcome = send_alert(folder, output.Passphrase(passphrase_file).ask, label, words, transport)
    _tell(folder, label, outcome, as_json)


@contact.command("answer", context_settings=options.case_ids)
@click.argument("alert_id")
@click.option("--text", required=True, help="In your own words; - reads them from stdin.")
@options.own_home
@options.passphrase_file
@options.as_json
def write_back_(alert_id: str, text: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Write back to whoever sent an alert, named by its id or the first letters of it."""
    words = _typed(text)
    with Transport(os.urandom) as transport:
        label, outcome = write_back(folder, output.Passphrase(passphrase_file).ask, alert_id, words, transport)
    _tell(folder, label, outcome, as_json)


@contact.command("pass", context_settings=options.case_ids)
@click.argument("reply_id")
@click.option("--to", "label", required=True, help="Whom to tell.")
@options.own_home
@options.passphrase_file
@options.as_json
def pass_(reply_id: str, label: str, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Pass on to a contact what an organisation replied to you, as `tocsin replies` keeps it.

    Nothing is passed on but by this command.
    """
    ask_other = _ask_other_passphrase if sys.stdin.isatty() else None  # most people have one passphrase for both
    ask = output.Passphrase(passphrase_file).ask
    with Transport(os.urandom) as transport:
        outcome = pass_on_reply(folder, ask, reply_id, label, transport, other_passphrase=ask_other)
    _tell(folder, label, outcome, as_json)


def _ask_other_passphrase() -> str:
    output.say("the replies were sealed under another passphrase")
    return output.Passphrase(None).ask()


def _typed(text: str) -> str:
    return files.decode_text(sys.stdin.buffer.read()).strip() if text == "-" else text


def _tell(folder: Path, label: str, outcome: Outcome, as_json: bool) -> None:
    relays = [relay for relay, _ in outcome.receipts]
    words = tell_holders(len(relays), 1) if relays else "it has not left yet"
    output.result(as_json, {"to": label, "relays": relays, "pending": outcome.pending}, words)
    tell_refusals(outcome)
    if outcome.pending:
        hint_what_waits(folder)
        sys.exit(1)


@contact.command()
@options.own_home
@options.passphrase_file
@options.as_json
def alerts(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """What contacts told you, as far as it was fetched, oldest first."""
    book = open_book(folder, output.Passphrase(passphrase_file).ask)
    known = {person.label: person for person in book.secrets.contacts}
    for stored in sorted(book.secrets.alerts, key=lambda alert: alert.at):
        _show(stored, known[stored.label], as_json)
    if not book.secrets.alerts:
        output.say("no alert yet")


def _show(stored: contacts_book.StoredAlert, who: Contact, as_json: bool) -> None:
    marks = {
        "forced": stored.origin == "forced",
        "seized": who.seized,
        "unverified": not who.verified,
        "open_key": stored.origin == "open",
        "cut": stored.is_cut,
        "practice": stored.practice,
        "passed": stored.is_passed_on,
    }
    value = {
        "from": stored.label,
        "id": stored.id,
        "case": stored.case,
        "type": stored.type,
        "text": stored.text,
        "place": stored.place,
        "at": stored.at,
        "origin": stored.origin,
        **marks,
    }
    when = datetime.fromtimestamp(min(stored.at, LAST_MOMENT), UTC).strftime("%Y-%m-%d %H:%M UTC")
    warned = "".join(f"  !! {WARNINGS[name]}" for name, is_so in marks.items() if is_so)
    place = "" if stored.place is None else f"\nplace: {where(stored.place)}"
    meaning = MEANINGS[stored.type] + (", said with the PIN" if stored.origin == "pin" else "")
    words = f"{when}  {stored.label}: {meaning}{warned}  ({stored.id[:ID_SHOWN]})\n{stored.text + place}"
    output.result(as_json, value, words)


def where(place: object) -> str:
    """Return a place as phones say it (`message.md`) in words; what is said otherwise stands as it came."""
    if not isinstance(place, dict):
        return json.dumps(place, ensure_ascii=False)
    station, other = place.get("station"), {name: value for name, value in place.items() if name not in PLACE}
    words = [station.get("text") if isinstance(station, dict) else None, place.get("text"), place.get("stage")]
    lat, lon, accuracy, age = (place.get(name) for name in ("lat", "lon", "accuracy", "age"))
    if isinstance(lat, int) and isinstance(lon, int):
        words.append(f"{lat / DEGREE:.5f}, {lon / DEGREE:.5f}")
        words += [f"give or take {accuracy} m"] * isinstance(accuracy, int)
        words += [f"{output.count(age, 'second')} old"] if isinstance(age, int) else []
    words += [json.dumps(other, ensure_ascii=False)] * bool(other)
    return ", ".join(str(word) for word in words if word) or "unknown"


PLACE = ("station", "text", "stage", "lat", "lon", "accuracy", "age")
MEANINGS = {
    "detained": "detained",
    "moved": "taken to another place",
    "unsafe": "not safe",
    "safe": "safe",
    "missed": "did not say in time that all is well",
    "text": "writes",
    "unknown": "something that this version cannot read",
    "refused": "something was left out",
}
WARNINGS = {
    "forced": "said under force",
    "seized": "from a phone that was seized",
    "unverified": "the 60 digits were never compared",
    "open_key": "said by whoever holds their phone",
    "cut": str(MoreThanAllowed()),
    "practice": "a trial",
    "passed": "passed on from an organisation",
}
