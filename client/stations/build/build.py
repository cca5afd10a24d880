"""From somebody's list of stations to ours: read the source, place every station, say what is doubtful."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from client import files
from client.stations.build import check, countries, csv_table, geojson, osm
from client.stations.build.candidate import CandidateStation, Credit, Source
from client.stations.build.check import Doubt, DoubtKind
from client.stations.build.countries import Outline
from client.stations.errors import SourceEmpty, SourceUnreadable
from client.stations.pack import distance
from client.stations.pack.columns import EAST, ID, NORTH, PackStation
from keys.wire import digest

SOURCE_BYTES = 536_870_912  # of a table or GeoJSON, which are held whole; an .osm.pbf is not
_OSM_ENDINGS = (".pbf", ".osm", ".osm.bz2", ".osm.gz", ".o5m")


@dataclass(frozen=True, slots=True)
class PackOptions:
    """What the person said about the source."""

    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    encoding: str | None = None
    country: str = ""
    drop_bad: bool = False
    phones: bool = True


@dataclass(frozen=True, slots=True)
class Built:
    """Stations ready to be packed. `guessed`: the country the points were compared with, if nobody named one."""

    stations: list[PackStation]
    doubts: list[Doubt]
    left_out: frozenset[int]  # indices of `doubts` whose station is not among `stations`
    credit: Credit
    guessed: Outline | None


def read_source(path: Path, wish: PackOptions) -> Source:
    """Read any of the forms, told apart by ending and first byte.

    Raises SourceUnreadable, ColumnsUnknown, CannotRead.
    """
    if path.name.lower().endswith(_OSM_ENDINGS):
        if not path.is_file():
            raise files.CannotRead(str(path))
        return osm.read(path)
    data = files.read(path)
    if len(data) > SOURCE_BYTES:
        raise SourceUnreadable("too long")
    is_json = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return geojson.read(data) if is_json else csv_table.read(data, wish.columns, wish.encoding)


def build(source: Source, wish: PackOptions) -> Built:
    """Judge every station of the source. Raises SourceEmpty, UnknownCountry."""
    named = countries.outline(wish.country) if wish.country else None
    placed = [one for one in source.drafts if _is_placed(one)]
    guessed = None if named else countries.guess((*_whole(one),) for one in placed)
    outline = named or guessed
    stations, renamed = _stations(placed)
    if not wish.phones:
        stations = [replace(one, phone="") for one in stations]
    lost = [_unplaced(one, outline) for one in source.drafts if not _is_placed(one)]
    found = check.doubts(stations, outline)
    wrong = {one.id for one in found if one.kind.is_wrong} if wish.drop_bad else set()
    kept = [one for one in stations if one.id not in wrong]
    if not kept:
        raise SourceEmpty()
    doubts = [*lost, *renamed, *found]
    left_out = frozenset(at for at, one in enumerate(doubts) if at < len(lost) or one.id in wrong)
    return Built(kept, doubts, left_out, source.credit, guessed)


def _is_placed(one: CandidateStation) -> bool:
    return one.lat is not None and one.lon is not None and distance.is_position(one.lat, one.lon)


def _whole(one: CandidateStation) -> tuple[int, int]:
    assert one.lat is not None and one.lon is not None  # noqa: S101, PT018 - only for those that are placed
    return distance.position(one.lat, one.lon)


def _unplaced(one: CandidateStation, outline: Outline | None) -> Doubt:
    """A pack holds only places on the globe, so these are left out whether asked or not."""
    name = one.names[0] if one.names else ""
    if one.lat is None or one.lon is None or not math.isfinite(one.lat) or not math.isfinite(one.lon):
        return Doubt(DoubtKind.NO_POSITION, one.id or one.where, name, one.where)
    lat, lon = round(one.lon * distance.DEGREE), round(one.lat * distance.DEGREE)
    fits = outline.has(lat, lon) if outline else abs(lat) <= NORTH and abs(lon) <= EAST
    return Doubt(DoubtKind.SWAPPED if fits else DoubtKind.OFF_GLOBE, one.id or one.where, name, f"{one.lat}, {one.lon}")


def _stations(drafts: Iterable[CandidateStation]) -> tuple[list[PackStation], list[Doubt]]:
    """Every draft as a station with an id of its own, and those that could not keep theirs."""
    stations: list[PackStation] = []
    renamed: list[Doubt] = []
    taken: set[str] = set()
    for one in drafts:
        wanted = one.id if ID.match(one.id) else _made_id(one)
        name = wanted if wanted not in taken else _free_id(one, taken)
        taken.add(name)
        stations.append(PackStation(name, one.names, one.address, *_whole(one), one.phone))
        if name != wanted:
            renamed.append(check.doubt(DoubtKind.SAME_ID, stations[-1]))
    return stations, renamed


def _made_id(one: CandidateStation, salt: int = 0) -> str:
    """An id from what the station is, so that the next pack of the same list names it alike."""
    told = "\n".join((one.id, *one.names, one.address, *map(str, _whole(one)), str(salt)))
    return "x" + base64.b32encode(digest(told.encode()))[:7].decode().lower()


def _free_id(one: CandidateStation, taken: set[str]) -> str:
    salt = 1
    while (made := _made_id(one, salt)) in taken:
        salt += 1
    return made
