"""`tocsin org`: an organisation's keys, card and code."""

import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click
from nacl.signing import SigningKey

from client import files
from client.cli import options, output
from client.cli.options import command
from client.cli.rotation import rotation_value, tell_rotation
from client.organisation import home
from client.organisation.publish import PublishedCard, change_relays
from client.organisation.publish import publish as publish_card
from client.organisation.publish import rotate as rotate_keys
from client.organisation.shares import back_up_root_key, join_shares
from client.organisation.trusted_date import read_date
from client.transport.relay_client import Transport
from keys import code
from keys.organisation import Card, fingerprint, read_card
from keys.problems import OlderCard
from keys.wire import b64

IGNORED = {
    "misspelt": "and a word of it is misspelt: correct the paper",
    "other-backup": "and belongs to another backup",
    "changed": "and does not agree with the others: make a new backup",
}

root_file = click.option("--root-file", type=options.FILE, help="Where the root key is kept, if apart from the home.")


def root_place(function: options.Command) -> options.Command:
    """Add the options that say where the root key of a new home goes."""
    for option in (
        click.option("--root-inside", is_flag=True, help="Keep it in the home: who copies that has the root."),
        click.option("--root-file", type=options.FILE, help="Where the root key goes (default: HOME-root)."),
    ):
        function = option(function)
    return function


def profile(function: options.Command) -> options.Command:
    """Add the options that say what stands on a card."""
    for option in (
        click.option("--language", "languages", multiple=True, help="Language code you can reply in; repeatable."),
        click.option("--relay", "relays", multiple=True, required=True, help="Base URL of a relay; repeatable."),
        click.option("--neutral", is_flag=True, help="No name: a site made with this card names nobody."),
        click.option("--name", default="", help="What people read on the card, before they report."),
    ):
        function = option(function)
    return function


@click.group(cls=options.CommandGroup)
def org() -> None:
    """Make and look after an organisation: keys, card, code."""


@org.command()
@options.home
@profile
@root_place
@options.passphrase_file
@options.as_json
def new(
    folder: Path,
    name: str,
    neutral: bool,
    relays: tuple[str, ...],
    languages: tuple[str, ...],
    root_file: Path | None,
    root_inside: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make an organisation in a new folder, and its root key in a file beside it."""
    root_file = _root_file(folder, root_file, root_inside)
    _create(folder, _profile(name, neutral, relays, languages), root_file, passphrase_file, as_json)


def _root_file(folder: Path, root_file: Path | None, root_inside: bool) -> Path | None:
    if root_inside and root_file is not None:
        raise click.UsageError("--root-inside keeps the root key in the home; give one of both")
    return None if root_inside else root_file or home.default_root_file(folder)


def _profile(name: str, neutral: bool, relays: tuple[str, ...], languages: tuple[str, ...]) -> home.Profile:
    if neutral and name:
        raise click.UsageError("--neutral is a card without a name; give one of both")
    return home.Profile("" if neutral else home.readable_name(name), relays, languages)


def _create(
    folder: Path,
    profile: home.Profile,
    root_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
    *,
    root_seed: bytes | None = None,
    former: Card | None = None,
) -> None:
    phrase = output.Passphrase(passphrase_file)
    new_home = home.found_home(folder, phrase.choose, profile, root_file=root_file, root_seed=root_seed, former=former)
    secrets = new_home.secrets
    output.result(
        as_json,
        {
            "home": str(folder),
            "root": b64(secrets.root_public),
            "mailbox": b64(secrets.mailbox_key.id),
            "fingerprint": new_home.fingerprint,
            "root_file": None if root_file is None else str(root_file),
        },
        f"made {folder}\nfingerprint  {new_home.fingerprint}"
        + ("" if root_file is None else f"\nroot key     {root_file}"),
    )
    if not as_json:
        _hint_at_next_steps(folder, root_file)


def _hint_at_next_steps(folder: Path, root_file: Path | None) -> None:
    where = () if root_file is None else ("--root-file", str(root_file))
    if root_file is not None:
        output.hint(f"move {root_file} to a stick in a drawer, away from this computer; commands that sign ask for it")
    publish, backup = (command("org", name, *where, home=folder) for name in ("publish", "backup"))
    output.hint(f"next: `{publish}`, then `{backup}`")


@org.command()
@options.home
@click.option("--fresh-keys", is_flag=True, help="Renew it now, with new keys: after a theft, or when somebody leaves.")
@root_file
@options.passphrase_file
@options.as_json
def publish(
    folder: Path, fresh_keys: bool, root_file: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Put the card on every relay of the organisation, renewed when it is due."""
    phrase = output.Passphrase(passphrase_file)
    with Transport(os.urandom) as transport:
        published = publish_card(folder, phrase.ask, transport, root_file=root_file, fresh_keys=fresh_keys)
    _show_published(published, folder, as_json)


@org.command()
@options.home
@click.option("--add", multiple=True, help="Base URL of a relay; repeatable.")
@click.option("--remove", multiple=True, help="Base URL of a relay as it stands on the card; repeatable.")
@root_file
@options.passphrase_file
@options.as_json
def relays(
    folder: Path,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    root_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Change the relays on the card; keys stay as they are.

    What senders with an older card deposit at a removed relay is not fetched any more: pull before, and add long before
    you remove.
    """
    if not add and not remove:
        raise click.UsageError("give --add or --remove")
    phrase = output.Passphrase(passphrase_file)
    with Transport(os.urandom) as transport:
        published = change_relays(folder, phrase.ask, transport, add=add, remove=remove, root_file=root_file)
    for relay in published.unaware:
        output.hint(f"{relay} did not take the new card: who knows no other relay does not learn of the change")
    _show_published(published, folder, as_json)


def _show_published(published: PublishedCard, folder: Path, as_json: bool) -> None:
    for problem in published.failures.values():
        if isinstance(problem, OlderCard):
            output.hint("another copy of this organisation's folder has published since")
    for relay, problem in published.failures.items():
        output.error(problem, relay)
    tell_rotation(published.rotation, folder)
    if published.refusal is not None:
        output.error(published.refusal)
    card, relays = published.card, published.relays
    value = {"seq": card.seq, "week": card.week, "published": relays, "failed": list(published.failures)}
    output.result(as_json, value, f"card {card.seq} is on {len(relays)} of {output.count(len(card.relays), 'relay')}")
    if published.failures or published.refusal is not None:
        sys.exit(1)


@org.command()
@options.home
@click.option("--force", is_flag=True, help="Rotate even past every published week. Destroys all their keys.")
@click.option("--today", metavar="YYYY-MM-DD", help="Today, from a calendar, after 14 days without the relays.")
@options.passphrase_file
@options.as_json
def rotate(folder: Path, force: bool, today: str | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Move on to this week's key and destroy those whose grace time is over, once most relays sign this date."""
    typed = None if today is None else read_date(today)
    with Transport(os.urandom) as transport:
        ask = output.Passphrase(passphrase_file).ask
        rotation = rotate_keys(folder, ask, transport, force=force, today=typed)
    week, past_weeks, report = rotation.week, rotation.past_weeks, rotation.report
    nothing = "" if rotation.has_changed else "; put off" if report.is_put_off else "; nothing to do"
    output.result(
        as_json,
        {"week": week, "changed": rotation.has_changed, "kept": past_weeks, **rotation_value(report)},
        f"week {week}; {output.count(len(past_weeks), 'past week')} can still be opened{nothing}",
    )
    tell_rotation(report, folder)
    if rotation.is_card_due:
        output.hint(f"a new card is due: `{command('org', 'publish', home=folder)}` signs it")
    if report.is_put_off:
        sys.exit(1)


@org.command()
@options.home
@click.option("--out", type=options.FILE, help="Write the card here instead of showing it.")
@options.as_json
def card(folder: Path, out: Path | None, as_json: bool) -> None:
    """The signed card, to hand on as a file."""
    signed = home.card_of(folder)
    if out is not None:
        files.replace(out, signed.signed, mode=0o644)
    if as_json:
        value = {"card": signed.signed.decode(), "root": b64(signed.root), "seq": signed.seq}
        output.result(True, value, "")
    elif out is None:
        click.echo(signed.signed.decode(), nl=False)
    else:
        click.echo(f"wrote {out}")


@org.command("code")
@options.home
@click.option("--png", type=options.FILE, help="Draw it into a PNG picture.")
@click.option("--svg", type=options.FILE, help="Draw it into an SVG picture.")
@options.as_json
def code_(folder: Path, png: Path | None, svg: Path | None, as_json: bool) -> None:
    """The code that people scan; drawn here when no file is named."""
    signed = home.card_of(folder)
    text = str(code.CardCode(signed.root, signed.relays))
    if png is not None:
        files.replace(png, code.draw_png(text), mode=0o644)
    if svg is not None:
        files.replace(svg, code.draw_svg(text), mode=0o644)
    words = text if png or svg else f"{code.draw_text(text)}\n{text}"
    output.result(as_json, {"code": text, "fingerprint": fingerprint(signed.root)}, words)


@org.command()
@options.home
@click.option("--shares", type=click.IntRange(1, 16), default=3, show_default=True, help="How many to make.")
@click.option("--threshold", type=click.IntRange(1, 16), default=2, show_default=True, help="How many are enough.")
@root_file
@options.passphrase_file
@options.as_json
def backup(
    folder: Path, shares: int, threshold: int, root_file: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Split the root key into shares of words (SLIP-39), to be kept by different people on paper."""
    if threshold > shares:
        raise click.UsageError("the threshold cannot be larger than the number of shares")
    backup = back_up_root_key(folder, output.Passphrase(passphrase_file).ask, threshold, shares, root_file=root_file)
    words = "\n\n".join(f"share {number} of {shares}\n{share}" for number, share in enumerate(backup.shares, 1))
    output.result(as_json, {"threshold": threshold, "shares": backup.shares, "fingerprint": backup.fingerprint}, words)
    if not as_json:
        output.hint(f"any {threshold} give back the root key; write them on paper, and clear this screen")


@org.command()
@options.home
@click.option("--shares-file", type=click.File("rb"), default="-", help="One share per line; stdin when not named.")
@click.option("--card", "card_file", type=options.FILE, help="The newest card you can find; else relays are asked.")
@profile
@root_place
@options.passphrase_file
@options.as_json
def restore(
    folder: Path,
    shares_file: BinaryIO,
    card_file: Path | None,
    root_file: Path | None,
    root_inside: bool,
    passphrase_file: Path | None,
    as_json: bool,
    **profile: Any,
) -> None:
    """Make a new folder for an organisation whose root key comes from shares.

    Letters still reach its mailbox. The old weekly keys are gone: letters sealed to them stay closed. Letters sealed
    to the last resort of --card, or of the card a relay has at the next `org publish`, open. Publish at once.
    """
    words = _profile(**profile)
    root_file = _root_file(folder, root_file, root_inside)
    if sys.stdin.isatty() and shares_file.name == "<stdin>":
        output.say("type or paste the shares, one per line; end with ctrl-d")
    root = join_shares(files.decode_text(shares_file.read()).split("\n"))
    for share in root.ignored:
        output.hint(f"share {share.number} was not needed, {IGNORED[share.reason]}")
    public = bytes(SigningKey(root.seed).verify_key)
    former = None if card_file is None else read_card(files.read_note(card_file), root=public)
    _create(folder, words, root_file, passphrase_file, as_json, root_seed=root.seed, former=former)
    if former is not None and former.mailbox != home.card_of(folder).mailbox:
        output.hint("that card has another mailbox, made by version 1: what is sent to it does not come any more")
