"""The bundle that `npm run build` leaves in `client/phone/dist/`: the app before anybody's cards, title and relays are
in it."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec

from client import files
from keys.errors import TocsinError

PHONE = Path(__file__).parent.parent / "phone"
DIST = PHONE / "dist"
LISTING = "bundle.json"


class BundleMissing(TocsinError):
    """the phone app is not built on this computer"""

    code = "bundle-missing"
    hint = "in the project's folder, `make` builds it; the packaged program brings it along"


class BundleFailed(TocsinError):
    """the phone app could not be built"""

    code = "bundle-failed"
    hint = "`npm ci && npm run build` in client/phone says why"


class BundleMalformed(TocsinError):
    """the built phone app is not what this program expects"""

    code = "bundle-malformed"
    hint = "it was built by another version; build it again"


class Listing(msgspec.Struct, frozen=True):
    """What is in the bundle: the entry, what loads with it, what a press needs besides, and words by language."""

    main: str
    first: list[str]
    pressing: list[str]
    chunks: list[str]
    languages: dict[str, str]
    start: dict[str, dict[str, str]]
    directions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The built app: its listing, and the text of its files by name."""

    listing: Listing
    folder: Path

    def text(self, name: str) -> str:
        """Return a file of the bundle. Raises BundleMalformed."""
        path = self.folder / name
        if not path.is_file():
            raise BundleMalformed(name)
        return files.read(path).decode("utf-8")


def bundle(folder: Path = DIST) -> Bundle:
    """Return the built app; in a checkout with Node it is built when it is not there.

    Raises BundleMissing, BundleFailed, BundleMalformed.
    """
    if not (folder / LISTING).is_file():
        _npm_build(folder)
    try:
        listing = msgspec.json.decode(files.read(folder / LISTING), type=Listing)
    except msgspec.MsgspecError:
        raise BundleMalformed(LISTING) from None
    return Bundle(listing, folder)


def _npm_build(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or folder != DIST or not (PHONE / "node_modules").is_dir():
        raise BundleMissing()
    ended = subprocess.run([npm, "run", "--silent", "build"], cwd=PHONE, capture_output=True, check=False)  # noqa: S603
    if ended.returncode:
        lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BundleFailed(lines[-1] if lines else "")
