"""`tocsin stations`: lists of stations; built, checked and asked as a phone would ask them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from client import files
from client.cli import options, output
from keys.errors import Malformed
from keys.organisation import fingerprint, read_card
from keys.wire import unb64

if TYPE_CHECKING:
    from nacl.signing import SigningKey

    from client.stations.build.build import Built, PackOptions
    from client.stations.build.check import Doubt
    from client.stations.build.signed_pack import SignedPack
    from client.stations.pack.columns import PackStation
    from client.stations.pack.pack import Pack

LINE = 250  # characters: a pack takes 500, and an OpenStreetMap notice is put before what is said here

pack_file = click.option("--pack", "path", type=options.FILE, required=True, help="The pack to ask.")
root = click.option("--root", "root_text", help="Root public key (base64url) that must have signed the pack.")
card = click.option("--card", type=options.FILE, help="Card of the organisation that must have signed the pack.")


def _short(_: click.Context, option: click.Parameter, text: str) -> str:
    if len(text) > LINE:
        raise click.BadParameter(f"longer than {LINE} characters", param=option)
    return text


@click.group(cls=options.CommandGroup)
def stations() -> None:
    """Build, check and search lists of stations."""


@stations.command(context_settings={"show_default": True})
@click.argument("source", type=options.FILE)
@click.option("--home", "home", type=options.FOLDER, required=True, help="The organisation's folder.")
@click.option("--out", type=options.FILE, required=True, help="Where the pack is written.")
@click.option("--column", "columns", multiple=True, metavar="FIELD=HEADER", help="Which column of a CSV is id, name, "
              "other (names), address, phone, lat, lon; repeatable. The rest is guessed.")  # fmt: skip
@click.option("--encoding", help="Encoding of a CSV that is not UTF-8, such as cp1251.")
@click.option(
    "--country", default="", help="Two letters; points outside are reported. Guessed for the check if absent."
)
@click.option("--drop-bad", is_flag=True, help="Leave out what cannot be right: at 0, 0, outside, swapped, duplicate.")
@click.option("--no-phones", is_flag=True, help="Leave out telephones: a fifth less to load where all have one.")
@click.option("--id", "title", help="Name of the list, a-z 0-9 and hyphens; default: the name of the pack's file.")
@click.option("--source", "origin", default="", callback=_short, help="Who made the list.")
@click.option("--licence", default="", callback=_short, help="On which terms it may be passed on.")
@click.option("--notice", default="", callback=_short, help="What must be said wherever the list is shown.")
@click.option("--root-file", type=options.FILE, help="Where the root key is kept, if apart from the home.")
@options.passphrase_file
@options.as_json
def build(source: Path, home: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Make a signed pack from a CSV table, GeoJSON or an .osm.pbf extract."""
    from client.stations.build.build import build as build_stations  # noqa: PLC0415
    from client.stations.build.build import read_source  # noqa: PLC0415
    from client.stations.build.signed_pack import PackTerms, write_pack  # noqa: PLC0415

    choice = _pack_options(options)
    title = _title(options["title"], out)
    with output.progress("reading the stations") as tick:
        built = build_stations(read_source(source, choice), choice)
        tick(1)
    _tell_doubts(built, as_json)
    key = _root_key(home, options["root_file"], options["passphrase_file"])
    terms = PackTerms(options["country"], options["origin"], options["licence"], options["notice"])
    with output.progress("packing and signing") as tick:
        signed = write_pack(out, title, built, terms, key)
        tick(1)
    _tell_built(out, signed, built, as_json)


def _pack_options(options: dict[str, Any]) -> "PackOptions":
    from client.stations.build.build import PackOptions  # noqa: PLC0415
    from client.stations.build.csv_table import FIELDS  # noqa: PLC0415

    columns: dict[str, list[str]] = {}
    for text in options["columns"]:
        name, equals, header = text.partition("=")
        if not equals or name not in FIELDS:
            raise click.BadParameter(f"{text}: FIELD=HEADER, where FIELD is one of {', '.join(FIELDS)}")
        columns.setdefault(name, []).append(header)
    return PackOptions(columns, options["encoding"], options["country"], options["drop_bad"], not options["no_phones"])


def _title(wanted: str | None, out: Path) -> str:
    from client.stations.build.signed_pack import title_for  # noqa: PLC0415
    from client.stations.pack.pack import TITLE  # noqa: PLC0415

    title = wanted or title_for(out)
    if not TITLE.match(title):
        raise click.BadParameter(f"--id {title}: small letters, digits and hyphens, at most 40")
    return title


def _root_key(home: Path, root_file: Path | None, passphrase_file: Path | None) -> "SigningKey":
    from client.organisation.home import unlock_home  # noqa: PLC0415

    passphrase = output.Passphrase(passphrase_file)
    return unlock_home(home, passphrase.ask).root_key(root_file, passphrase.ask)


def _tell_doubts(built: "Built", as_json: bool) -> None:
    for at, doubt in enumerate(built.doubts):
        _tell_doubt(doubt, as_json, left_out=at in built.left_out)
    if built.guessed:
        output.say(f"note: nobody named the country; the points were compared with {built.guessed.code} (--country)")
    if any(doubt.kind.is_wrong for at, doubt in enumerate(built.doubts) if at not in built.left_out):
        output.hint("--drop-bad leaves out what cannot be right")


def _tell_doubt(doubt: "Doubt", as_json: bool, *, left_out: bool = False) -> None:
    if as_json:
        facts = {"doubt": doubt.kind.code, "id": doubt.id, "name": doubt.name, "place": doubt.place}
        _line({**facts, "left_out": left_out})
    else:
        output.say(f"{doubt.kind.code}: {doubt.sentence}{' (left out)' if left_out else ''}")


def _tell_built(out: Path, signed: "SignedPack", built: "Built", as_json: bool) -> None:
    heading, data = signed.heading, signed.data
    count, phones = len(built.stations), _phones(built.stations)
    if not heading.licence:
        output.say("note: the pack names no licence (--licence); who passes it on cannot know whether they may")
    facts = {"pack": str(out), "id": heading.id, "seq": heading.seq, "stations": count, "phones": phones}
    weight = f"{len(data):,} bytes, {len(data) / count:.1f} bytes each"
    words = f"{out}: {output.count(count, 'station')}, {phones} with a telephone, {weight}, number {heading.seq}"
    output.result(as_json, {**facts, "bytes": len(data), "left_out": len(built.left_out)}, words)


@stations.command(context_settings={"ignore_unknown_options": True})  # a longitude may begin with a hyphen
@click.argument("lat", type=click.FloatRange(-90, 90))
@click.argument("lon", type=click.FloatRange(-180, 180))
@click.option("--accuracy", type=click.FloatRange(0), default=0.0, help="How many metres the position may be off.")
@pack_file
@root
@card
@options.as_json
def near(
    lat: float, lon: float, accuracy: float, *, path: Path, root_text: str | None, card: Path | None, as_json: bool
) -> None:
    """The stations that may be meant by a position, in degrees."""
    from client.stations.pack.search import Index  # noqa: PLC0415

    for hit in Index(_read(path, root_text, card).stations).near(lat, lon, accuracy):
        facts = {"id": hit.station.id, "name": hit.station.name, "address": hit.station.address}
        words = f"{'*' if hit.highlight else ' '} {hit.m:>7,} m  {_words(hit.station)}"
        output.result(as_json, {**facts, "phone": hit.station.phone, "m": hit.m, "highlight": hit.highlight}, words)


@stations.command()
@click.argument("text")
@pack_file
@root
@card
@options.as_json
def find(text: str, path: Path, root_text: str | None, card: Path | None, as_json: bool) -> None:
    """The stations whose names are like this text; numbers in it must be right."""
    from client.stations.pack.search import Index  # noqa: PLC0415

    found = Index(_read(path, root_text, card).stations).find(text)
    for hit in found:
        facts = {"id": hit.station.id, "name": hit.station.name, "phone": hit.station.phone, "score": hit.score}
        output.result(as_json, facts, f"{hit.score:>5}  {_words(hit.station)}")
    if not found:
        output.say("no station's name is like this")


@stations.command()
@click.argument("path", metavar="PACK", type=options.FILE)
@root
@card
@options.as_json
def check(path: Path, root_text: str | None, card: Path | None, as_json: bool) -> None:
    """Check a pack: signature, bytes, and whether its points can be right."""
    from client.stations.build.check import check_pack  # noqa: PLC0415

    pack = _read(path, root_text, card)
    doubts = check_pack(pack)
    for doubt in doubts:
        _tell_doubt(doubt, as_json)
    about = pack.about
    facts = {"id": about.id, "seq": about.seq, "issued": about.issued, "country": about.country, "root": about.root}
    terms = {"source": about.source, "licence": about.licence, "notice": about.notice}
    counts = {"stations": about.count, "phones": _phones(pack.stations)}
    words = (f"{name}: {value}" for name, value in {**facts, **terms, **counts}.items() if value)
    everything = {**facts, **terms, **counts, "doubts": len(doubts)}
    output.result(as_json, everything, "\n".join([*words, f"doubtful: {len(doubts)}"]))


def _read(path: Path, root_text: str | None, card: Path | None) -> "Pack":
    from client.stations.pack import pack  # noqa: PLC0415

    known = _known_root(root_text, card)
    found = pack.read(files.read(path), known)
    if known is None:
        signer = fingerprint(unb64(found.about.root))
        output.say(f"note: signed, but by whom was not compared (--card, --root); the signer is {signer}")
    return found


def _known_root(text: str | None, card: Path | None) -> bytes | None:
    from client.stations.pack.pack import PUBLIC_BYTES  # noqa: PLC0415

    if text is not None and card is not None:
        raise click.UsageError("--root and --card say the same thing; give one")
    if card is not None:
        return read_card(files.read_note(card)).root
    try:
        return None if text is None else unb64(text, PUBLIC_BYTES)
    except Malformed as error:
        raise click.BadParameter(f"--root: {error.detail}") from None


def _phones(stations: Iterable["PackStation"]) -> int:
    return sum(bool(station.phone) for station in stations)


def _words(station: "PackStation") -> str:
    place = ", ".join(part for part in (station.name, station.address) if part) or "(no name)"
    return f"{place}, tel. {station.phone}" if station.phone else place


def _line(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
