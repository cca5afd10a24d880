"""A pack: many stations in few bytes, with the organisation's signature before them. Specified in `pack.md`."""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from client.stations.errors import PackChanged, PackMalformed, PackOlder, PackOther, TooManyStations
from client.stations.pack.columns import STATIONS, PackStation, decode, encode
from client.stations.pack.hilbert import place_on_curve
from keys import note
from keys.errors import BadHeader, Malformed, NoteUnsigned
from keys.wire import HASH_BYTES, b64, digest, encode_json, read_object, unb64

KIND = "tocsin/1/pack"
KEY_NAME = "tocsin/pack"  # the same for every organisation: a name would name it
PUBLIC_BYTES = 32

PACK_BYTES = 8_388_608  # what a phone on a slow network may be asked to keep; 23,611 stations need 480,000
BODY_BYTES = 33_554_432  # what an old phone may be asked to unpack
TITLE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
_LINES = 2  # of a pack's note: its kind and what it says

Sign = Callable[[str], bytes]  # the text of a note -> the note, signed by the organisation's root


Title = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,39}\Z")]
Line = Annotated[str, msgspec.Meta(max_length=500)]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]  # a number JavaScript still tells from its neighbour


class About(msgspec.Struct, frozen=True):
    """What the note says of the stations behind it."""

    id: Title
    root: str
    seq: Number
    issued: Number
    country: Annotated[str, msgspec.Meta(pattern=r"\A([A-Z]{2})?\Z")]
    source: Line
    licence: Line
    notice: Line
    count: Annotated[int, msgspec.Meta(ge=1, le=STATIONS)]
    size: Annotated[int, msgspec.Meta(ge=1, le=BODY_BYTES)]
    hash: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack as read: signature and hash were right."""

    about: About
    stations: tuple[PackStation, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """What an organisation says of a list it signs."""

    id: str
    root: bytes
    seq: int
    issued: int
    country: str = ""
    source: str = ""
    licence: str = ""
    notice: str = ""


# Writing


def write(heading: Heading, stations: Sequence[PackStation], sign: Sign) -> bytes:
    """Return the pack's bytes. `sign` puts the root's signature under the note.

    Raises TooManyStations, PackMalformed.
    Specified in `client/stations/pack/pack.md`, *The file*.
    """
    if not 1 <= len(stations) <= STATIONS:
        raise TooManyStations(f"{len(stations)} stations")
    ordered = tuple(sorted(stations, key=lambda station: (place_on_curve(station.lat, station.lon), station.id)))
    body = encode(ordered)
    packed = zlib.compress(body, 9)
    about = About(
        id=heading.id,
        root=b64(heading.root),
        seq=heading.seq,
        issued=heading.issued,
        country=heading.country,
        source=heading.source,
        licence=heading.licence,
        notice=heading.notice,
        count=len(stations),
        size=len(body),
        hash=b64(digest(packed)),
    )
    whole = sign(f"{KIND}\n{encode_json(about).decode()}\n") + b"\0" + packed
    if len(whole) > PACK_BYTES:
        raise TooManyStations(f"{len(whole)} bytes")
    if read(whole, heading.root).stations != ordered:  # what a phone would read otherwise must not go out
        raise PackMalformed("a name or an address that was not tidied")
    return whole


# Reading


def read(data: bytes, root: bytes | None = None, previous: Pack | None = None) -> Pack:
    """Check a pack and take it apart. `root`: the key that must have signed it; without one, the key it names itself.
    `previous`: the pack it would replace.

    Raises PackMalformed, NotANote, NoteUnsigned, PackChanged, PackOlder, PackOther.
    Specified in `client/stations/pack/pack.md`, *Taking a pack*.
    """
    signed, packed = _halves(data)
    about = _about(signed, root)
    if digest(packed) != _unb64(about.hash, HASH_BYTES):
        raise PackChanged()
    if previous is not None:
        _check_follows(about, previous.about)
    stations = decode(_inflated(packed, about.size))
    if len(stations) != about.count:
        raise PackMalformed("another number of stations than signed")
    return Pack(about, stations)


def _halves(data: bytes) -> tuple[bytes, bytes]:
    if len(data) > PACK_BYTES:
        raise PackMalformed("too long")
    signed, zero, packed = data.partition(b"\0")
    if not zero:
        raise PackMalformed("no zero byte after the note")
    return signed, packed


def _about(signed: bytes, root: bytes | None) -> About:
    found = note.read(signed)
    if found.kind != KIND or len(found.lines) != _LINES:
        raise PackMalformed("a note of another kind")
    try:
        about = msgspec.convert(read_object(found.lines[1]), type=About)
    except (msgspec.ValidationError, BadHeader):
        raise PackMalformed("the note's second line is not what it should be") from None
    named = _unb64(about.root, PUBLIC_BYTES)
    if not found.signed_by(root or named):
        raise NoteUnsigned()
    if root not in (None, named):
        raise PackMalformed("signed by one key and naming another")
    return about


def _unb64(text: str, length: int) -> bytes:
    try:
        return unb64(text, length)
    except Malformed as error:
        raise PackMalformed(error.detail) from None


def _check_follows(new: About, previous: About) -> None:
    if (new.id, new.root) != (previous.id, previous.root):
        raise PackOther()
    if new.seq < previous.seq or (new.seq == previous.seq and new.hash != previous.hash):
        raise PackOlder()


def _inflated(packed: bytes, size: int) -> bytes:
    engine = zlib.decompressobj()
    try:
        body = engine.decompress(packed, size + 1)
    except zlib.error:
        raise PackMalformed("the stations cannot be unpacked") from None
    if len(body) != size or not engine.eof or engine.unused_data:
        raise PackMalformed("the stations unpack to another size than signed")
    return body
