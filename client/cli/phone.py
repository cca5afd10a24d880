"""`tocsin phone`: the app for phones as a site of static files; built, tried, checked."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from client import files
from client.cli import options, output
from keys.note import NoteKey
from keys.organisation import read_card

if TYPE_CHECKING:
    from client.site.verify import Copy, VerifyReport

EPOCH = "SOURCE_DATE_EPOCH"  # the date of a build that somebody else repeats to compare it byte for byte
LISTEN = "127.0.0.1:8790"

key_file = click.option("--key", "key_path", type=options.FILE, help="The release key; made if it is not there. "
                        "Default: `release-key` in your own folder.")  # fmt: skip


@click.group(cls=options.CommandGroup)
def phone() -> None:
    """Build, try and check the phone app."""


@phone.command()
@click.option("--card", "cards", type=options.FILE, multiple=True, required=True, help="An organisation's card; "
              "repeatable. The app may call the relays on these cards and nothing else.")  # fmt: skip
@click.option("--stations", "packs", type=options.FILE, multiple=True, help="A pack of stations; repeatable.")
@click.option("--neutral-title", "title", help="What the app is called on the phone; says nothing by default.")
@click.option("--out", type=options.FOLDER, required=True, help="Where the site is written.")
@click.option("--home", type=options.FOLDER, help="Sign with the root of the organisation in this folder.")
@key_file
@click.option("--root-file", type=options.FILE, help="Where the root key is kept, if apart from the home.")
@options.passphrase_file
@options.as_json
def build(cards: tuple[Path, ...], packs: tuple[Path, ...], title: str | None, out: Path, **options: Any) -> None:
    """Write the app as a site that any static host can serve, signed, and as one file to pass on."""
    from client.site.build import SINGLE, TITLE, SiteOptions  # noqa: PLC0415 - heavy, and nobody else needs it
    from client.site.build import build as build_site  # noqa: PLC0415
    from client.site.release import verifier  # noqa: PLC0415
    from client.site.signing_key import load_signing_key  # noqa: PLC0415

    home, key_path = options["home"], options["key_path"]
    if home is not None and key_path is not None:
        raise click.UsageError("--home and --key are two different signers; name one")
    phrase = output.Passphrase(options["passphrase_file"])
    site_options = SiteOptions(
        cards=[read_card(files.read_note(path)) for path in cards],
        key=load_signing_key(home, options["root_file"], key_path or _own_key(), phrase, output.hint),
        issued=int(os.environ.get(EPOCH) or time.time()),
        packs=[files.read(path) for path in packs],
        title=TITLE if title is None else title,
    )
    site = build_site(site_options, out)
    public = verifier(bytes(site_options.key.verify_key))
    size = sum(map(len, site.files.values()))
    value = {"out": str(out), "files": len(site.files), "bytes": size, "seq": site.release.seq, "key": public}
    wrote = f"wrote {out}: {output.count(len(site.files), 'file')}, {size:,} bytes"
    words = f"{wrote}\nrelease {site.release.seq}\nkey     {public}"
    output.result(options["as_json"], value, words)
    if not options["as_json"]:
        _tell_what_next(out, SINGLE, [card.name for card in site_options.cards])


def _own_key() -> Path:
    from client.site.signing_key import RELEASE_KEY  # noqa: PLC0415

    return options.own_folder() / RELEASE_KEY


def _tell_what_next(out: Path, single: str, names: list[str]) -> None:
    if any(names):
        output.hint("a card names its organisation, and lies in the site for everybody to read")
    output.hint(f"{out / single} is the same app as one file, to pass on; most browsers give it no camera")
    output.hint(f"try it: `{options.command('phone', 'serve', str(out))}`; check a copy: `tocsin phone verify URL`")


@phone.command()
@click.argument("folder", metavar="DIR", type=options.FOLDER)
@click.option("--listen", type=options.Listen(), default=LISTEN, show_default=True, help="Port 0 takes a free one.")
@options.as_json
def serve(folder: Path, listen: tuple[str, int], as_json: bool) -> None:
    """Serve a built site from this machine, for trying it."""
    from client.site.serve import serving  # noqa: PLC0415

    with serving(folder, listen) as address:
        output.result(as_json, {"address": address}, address)
        output.hint("ctrl-c ends it; a phone needs https: without it the app can neither seal nor work offline")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


@phone.command()
@click.argument("where", metavar="URL_OR_DIR")
@click.option("--key", "key_text", metavar="VERIFIER", help="The key that must have signed: name+hash+key.")
@click.option("--card", type=options.FILE, help="The card of the organisation whose root must have signed.")
@click.option(
    "--held", "known_release", type=options.FILE, help="A release.json known to be good; an older one is refused."
)
@options.as_json
def verify(where: str, key_text: str | None, card: Path | None, known_release: Path | None, as_json: bool) -> None:
    """Check every file of a copy against the signed release.

    Without a key it is the one your own builds are signed with, else the one the copy names itself.
    """
    from client.site import release  # noqa: PLC0415
    from client.site.verify import check, open_copy  # noqa: PLC0415
    from client.transport.relay_client import Transport  # noqa: PLC0415

    with Transport(os.urandom) as transport:
        copy = open_copy(where, transport)
        public = _public(key_text, card, copy)
        previous = release.read(files.read_note(known_release), public) if known_release else None
        report = check(copy, public, previous=previous)
    _tell_report(report, release.verifier(public), as_json)
    sys.exit(0 if report.ok else 1)


def _public(key_text: str | None, card: Path | None, copy: "Copy") -> bytes:
    from client.site.signing_key import NoReleaseKey, known_verifier  # noqa: PLC0415
    from client.site.verify import find_named_key  # noqa: PLC0415

    if key_text and card:
        raise click.UsageError("--key and --card each name a key; name one")
    if card:
        return read_card(files.read_note(card)).root
    try:
        return NoteKey.parse(key_text or known_verifier(_own_key())).public
    except NoReleaseKey:
        named = NoteKey.parse(find_named_key(copy)).public
    output.hint(
        "no key was given, so this copy is held against the key it names itself: compare that key, or use --card"
    )
    return named


def _tell_report(report: "VerifyReport", key: str, as_json: bool) -> None:
    problems = [{"path": found.path, "problem": found.problem.code} for found in report.problems]
    value = {"files": report.files, "ok": report.ok, "key": key, "problems": problems}
    if not as_json:
        for found in report.problems:
            output.error(found.problem, found.path)
    signed = (
        f"{output.count(report.files, 'file')} {'is as it was' if report.files == 1 else 'are as they were'} signed"
    )
    words = signed if report.ok else "this copy is not what was signed"
    output.result(as_json, value, f"{words}\nkey  {key}")
