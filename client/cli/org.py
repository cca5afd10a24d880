"""`tocsin org`: an organisation's keys, card and code."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

import click

from client import files
from client.cli import options, output
from client.cli.options import command
from client.cli.rotation import rotation_value, tell_rotation
from client.organisation import home
from client.organisation.publish import publish as publish_card
from client.organisation.publish import rotate as rotate_keys
from client.organisation.shares import join_shares, split_root_key
from client.organisation.trusted_date import ClockContradicted, read_date
from client.transport.relay_client import Transport
from keys import code
from keys.organisation import fingerprint
from keys.problems import OlderCard
from keys.wire import b64

IGNORED = {
    "misspelt": "and a word of it is misspelt: correct the paper",
    "other-backup": "and belongs to another backup",
    "changed": "and does not agree with the others: make a new backup",
}

root_file = click.option("--root-file", type=options.FILE, help="Where the root key is kept, if apart from the home.")


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
@root_file
@options.passphrase_file
@options.as_json
def new(
    folder: Path,
    name: str,
    neutral: bool,
    relays: tuple[str, ...],
    languages: tuple[str, ...],
    root_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make an organisation in a new folder."""
    _create(folder, home.Profile(_name(name, neutral), relays, languages), root_file, passphrase_file, as_json)


def _name(name: str, neutral: bool) -> str:
    if neutral and name:
        raise click.UsageError("--neutral is a card without a name; give one of both")
    return "" if neutral else home.readable_name(name)


def _create(
    folder: Path,
    profile: home.Profile,
    root_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
    *,
    root_seed: bytes | None = None,
) -> None:
    phrase = output.Passphrase(passphrase_file)
    new_home = home.found_home(folder, phrase.choose, profile, root_file=root_file, root_seed=root_seed)
    secrets = new_home.secrets
    output.result(
        as_json,
        {
            "home": str(folder),
            "root": b64(secrets.root_public),
            "mailbox": b64(secrets.mailbox_key.id),
            "fingerprint": new_home.fingerprint,
        },
        f"made {folder}\nfingerprint  {new_home.fingerprint}",
    )
    if not as_json:
        output.hint(f"next: `{command('org', 'publish', home=folder)}`, then `{command('org', 'backup', home=folder)}`")


@org.command()
@options.home
@root_file
@options.passphrase_file
@options.as_json
def publish(folder: Path, root_file: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Put the card on every relay of the organisation, renewed when it is due."""
    phrase = output.Passphrase(passphrase_file)
    with Transport(os.urandom) as transport:
        published = publish_card(folder, phrase.ask, transport, root_file=root_file)
    for problem in published.failures.values():
        if isinstance(problem, OlderCard):
            output.hint("another copy of this organisation's folder has published since")
    for relay, problem in published.failures.items():
        output.error(problem, relay)
    tell_rotation(published.rotation, folder)
    if published.is_renewal_refused:
        output.error(ClockContradicted())
    card, relays = published.card, published.relays
    value = {"seq": card.seq, "week": card.week, "published": relays, "failed": list(published.failures)}
    output.result(as_json, value, f"card {card.seq} is on {len(relays)} of {output.count(len(card.relays), 'relay')}")
    if published.failures or published.is_renewal_refused:
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
        output.hint(f"the published card runs out soon: `{command('org', 'publish', home=folder)}` renews it")
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
    phrase = output.Passphrase(passphrase_file)
    mine = home.unlock_home(folder, phrase.ask)
    all_shares = split_root_key(mine.root_key(root_file, phrase.ask), threshold, shares)
    words = "\n\n".join(f"share {number} of {shares}\n{share}" for number, share in enumerate(all_shares, 1))
    output.result(as_json, {"threshold": threshold, "shares": all_shares, "fingerprint": mine.fingerprint}, words)
    if not as_json:
        output.hint(f"any {threshold} give back the root key; write them on paper, and clear this screen")


@org.command()
@options.home
@click.option("--shares-file", type=click.File("rb"), default="-", help="One share per line; stdin when not named.")
@profile
@root_file
@options.passphrase_file
@options.as_json
def restore(
    folder: Path,
    shares_file: BinaryIO,
    name: str,
    neutral: bool,
    relays: tuple[str, ...],
    languages: tuple[str, ...],
    root_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make a new folder for an organisation whose root key comes from shares.

    The old weekly keys are gone: letters sealed to them stay closed. Publish the new card at once.
    """
    profile = home.Profile(_name(name, neutral), relays, languages)
    if sys.stdin.isatty() and shares_file.name == "<stdin>":
        output.say("type or paste the shares, one per line; end with ctrl-d")
    root = join_shares(files.decode_text(shares_file.read()).split("\n"))
    for share in root.ignored:
        output.hint(f"share {share.number} was not needed, {IGNORED[share.reason]}")
    _create(folder, profile, root_file, passphrase_file, as_json, root_seed=root.seed)
