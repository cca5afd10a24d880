"""Building the site: a folder that any static host can serve, every file of it in one signed release."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from nacl.signing import SigningKey

from client import files
from client.invisible_characters import is_visible
from client.site import csp, icon, release
from client.site.bundle import Bundle, bundle
from client.site.release import RELEASE, Release, ReleaseMalformed, ReleaseOlder
from client.site.render import SiteConfig, manifest, single_page, site_page
from client.site.serve import HEADERS, INDEX
from client.stations.pack import pack
from keys.errors import TocsinError
from keys.organisation import Card
from keys.wire import b64

TITLE = "Notes"  # what an app with such an icon could be
TITLE_CHARACTERS = 40
SINGLE = "app.html"
WORKER = "sw.js"
MANIFEST = "app.webmanifest"
LICENCES = "licences.txt"
HOSTS = {"_host/Caddyfile": csp.caddy, "_host/nginx.conf": csp.nginx, HEADERS: csp.netlify}
FILE_MODE, FOLDER_MODE = 0o644, 0o755  # everybody may read what everybody is served


class NoSiteCard(TocsinError):
    """a site needs the card of at least one organisation"""

    code = "card-missing"
    hint = "`tocsin org card --out FILE` gives it; the site may call its relays and no other"


class BadTitle(TocsinError):
    """this cannot be the title"""

    code = "title"
    hint = f"one line of at most {TITLE_CHARACTERS} characters that says nothing about what the app is for"


class PackStranger(TocsinError):
    """no organisation of this site has signed this list of stations"""

    code = "pack-stranger"
    hint = "build the list with `tocsin stations build --home`, and name the card of the same organisation"


class FolderTaken(TocsinError):
    """there is something else in this folder"""

    code = "folder-taken"
    hint = "name an empty or a new folder; nothing was changed"


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """What goes into a site: cards and packs as signed, the title, who signs, and the time of signing."""

    cards: Sequence[Card]
    key: SigningKey = field(repr=False)
    issued: int
    packs: Sequence[bytes] = ()
    title: str = TITLE


@dataclass(frozen=True, slots=True)
class Site:
    """A built site in memory: its files by path, and the release that signs them."""

    files: dict[str, bytes]
    release: Release
    signed: bytes


def build(options: SiteOptions, out: Path, built: Bundle | None = None) -> Site:
    """Build the site and write it. What an earlier build left in `out` is replaced.

    Raises NoCard, BadTitle, PackStranger, StationsError, BundleMissing, FolderTaken, ReleaseOlder, CannotWrite.
    """
    _check(options)
    previous = _find_previous(out, options)
    site = assemble(options, built or bundle())
    _write(site, out, previous)
    return site


def assemble(options: SiteOptions, built: Bundle) -> Site:
    """Return the site's files, the same for the same options and the same bundle."""
    site_files = {name: built.text(name).encode() for name in built.listing.chunks if name != built.listing.main}
    script, code = _hashed(built.text(built.listing.main).encode(), ".js")
    cards = dict(_hashed(card.signed) for card in options.cards)
    packs = dict(_hashed(data) for data in options.packs)
    icons, icon_files = _icons()
    listing, manifest_data = _hashed(manifest(built, MANIFEST, options.title, icons), ".webmanifest")
    public = release.verifier(bytes(options.key.verify_key))
    relays = tuple(dict.fromkeys(relay for card in options.cards for relay in card.relays))
    config = SiteConfig(options.title, relays, tuple(cards), tuple(packs), public, WORKER)
    page = site_page(built, config, {"script": script, "icon": icons[0]["src"], "manifest": listing})
    alone = SiteConfig(options.title, relays, tuple(cards), tuple(packs), inline={**cards, **packs})
    site_files |= {script: code, listing: manifest_data, **cards, **packs, **icon_files}
    site_files |= {INDEX: page.encode(), SINGLE: single_page(built, alone, icon.svg()).encode()}
    site_files |= {WORKER: _worker(built, public, tuple(cards)), LICENCES: built.text(LICENCES).encode()}
    site_files |= _host_files(relays, built)
    signed = Release.of(site_files, seq=options.issued, issued=options.issued)
    return Site(site_files, signed, signed.sign(options.key))


def _check(options: SiteOptions) -> None:
    if not options.cards:
        raise NoSiteCard()
    if not options.title.strip() or len(options.title) > TITLE_CHARACTERS or not is_visible(options.title):
        raise BadTitle()
    roots = {card.root for card in options.cards}
    for data in options.packs:
        if not any(b64(root) == pack.read(data).about.root for root in roots):
            raise PackStranger()


def _hashed(data: bytes, suffix: str = "") -> tuple[str, bytes]:
    """Return a file with a name that follows from its content and says nothing else, spelt as the bundler spells its
    own."""
    return base64.b32encode(hashlib.sha256(data).digest())[:8].decode() + suffix, data


def _icons() -> tuple[list[dict[str, str]], dict[str, bytes]]:
    drawn = {f"{size}x{size}": _hashed(icon.png(size), ".png") for size in icon.SIZES}
    name, drawing = _hashed(icon.svg(), ".svg")
    listed = [{"src": name, "type": "image/svg+xml", "sizes": "any"}]
    listed += [{"src": file, "type": "image/png", "sizes": sizes} for sizes, (file, _) in drawn.items()]
    listed += [{**listed[-1], "purpose": "maskable"}]
    return listed, {name: drawing, **dict(drawn.values())}


def _worker(built: Bundle, public: str, cards: tuple[str, ...]) -> bytes:
    settings = msgspec.json.encode({"release": public, "cards": cards}).decode()
    return f"const SITE={settings};{built.text(WORKER)}".encode()


def _host_files(relays: tuple[str, ...], built: Bundle) -> dict[str, bytes]:
    sent = csp.headers(csp.policy(relays, style=built.text("style.css").strip()))
    return {path: write(sent).encode() for path, write in HOSTS.items()}


def _find_previous(out: Path, options: SiteOptions) -> Release | None:
    """Return the release that an earlier build left there. A folder with anything else in it is somebody's and stays as
    it is."""
    if not out.exists() or not any(out.iterdir()):
        return None
    try:
        previous = release.read_unverified(files.read(out / RELEASE))
    except (ReleaseMalformed, files.CannotRead):
        raise FolderTaken(str(out)) from None
    if previous.seq > options.issued:
        raise ReleaseOlder()
    return previous


def _write(site: Site, out: Path, previous: Release | None) -> None:
    # The release comes last: whoever fetches in between sees an old release that does not fit, and waits.
    for path, data in [*site.files.items(), (RELEASE, site.signed)]:
        target = out / path
        try:
            target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise files.CannotWrite(f"{target.parent} ({error.strerror})") from None
        files.replace(target, data, FILE_MODE)
    for path in set(previous.files if previous else ()) - set(site.files):
        (out / path).unlink(missing_ok=True)
