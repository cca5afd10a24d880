"""A signed pack on the disk: its heading from what the person and the source say, its number after the pack before."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from client import files
from client.stations.build.build import Built
from client.stations.errors import OutTaken
from client.stations.pack import pack
from client.stations.pack.pack import Heading, Pack
from keys import note
from keys.errors import TocsinError

PUBLIC_MODE = 0o644  # a pack is for everybody
_TITLE_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class PackTerms:
    """What the person says of a list: two letters of its country, who made it, on which terms, what must be said."""

    country: str = ""
    source: str = ""
    licence: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class SignedPack:
    """A pack as it was written."""

    heading: Heading
    data: bytes


def title_for(path: Path) -> str:
    """Return the name of a list that follows from its file's name; it may still be none, see `pack.TITLE`."""
    return re.sub(r"[^a-z0-9]+", "-", path.name.split(".")[0].lower()).strip("-")[:_TITLE_CHARACTERS] or "stations"


def find_replaced(out: Path, title: str, key: SigningKey) -> Pack | None:
    """Return the pack that is replaced; None when there is none.

    Raises OutTaken for any other file of that name: it may be the only copy of the source.
    """
    if not out.exists():
        return None
    try:
        replaced = pack.read(files.read(out), bytes(key.verify_key))
    except TocsinError as error:
        raise OutTaken(f"{out}, {error.sentence}") from None
    if replaced.about.id != title:
        raise OutTaken(f"{out}, it is the list {replaced.about.id}")
    return replaced


def write_pack(
    out: Path, title: str, built: Built, terms: PackTerms, key: SigningKey, *, clock: Callable[[], float] = time.time
) -> SignedPack:
    """Sign the stations with the root key and write the pack; an older pack of the same list is replaced.

    Raises OutTaken, TooManyStations, PackMalformed, CannotWrite.
    """
    heading = _heading(
        title, built, terms, root=bytes(key.verify_key), replaced=find_replaced(out, title, key), now=int(clock())
    )
    data = pack.write(heading, built.stations, lambda text: note.sign(text, pack.KEY_NAME, key))
    files.replace(out, data, PUBLIC_MODE)
    return SignedPack(heading, data)


def _heading(title: str, built: Built, terms: PackTerms, *, root: bytes, replaced: Pack | None, now: int) -> Heading:
    credit = built.credit
    notices = dict.fromkeys(text for text in (credit.notice, terms.notice) if text)
    return Heading(
        id=title,
        root=root,
        seq=max(now, replaced.about.seq + 1 if replaced else 1),
        issued=now,
        country=terms.country.upper(),
        source=terms.source or credit.source,
        licence=credit.licence or terms.licence,
        notice="; ".join(notices),
    )
