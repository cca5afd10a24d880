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


def read_source(path: Path, options: PackOptions) -> Source:
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
    return geojson.read(data) if is_json else csv_table.read(data, options.columns, options.encoding)


def build(source: Source, options: PackOptions) -> Built:
    """Judge every station of the source. Raises SourceEmpty, UnknownCountry."""
    named = countries.outline(options.country) if options.country else None
    placed = [draft for draft in source.drafts if _is_placed(draft)]
    guessed = None if named else countries.guess((*_whole(draft),) for draft in placed)
    outline = named or guessed
    stations, renamed = _stations(placed)
    if not options.phones:
        stations = [replace(station, phone="") for station in stations]
    lost = [_unplaced(draft, outline) for draft in source.drafts if not _is_placed(draft)]
    found = check.doubts(stations, outline)
    wrong = {doubt.id for doubt in found if doubt.kind.is_wrong} if options.drop_bad else set()
    remaining = [station for station in stations if station.id not in wrong]
    if not remaining:
        raise SourceEmpty()
    doubts = [*lost, *renamed, *found]
    left_out = frozenset(at for at, doubt in enumerate(doubts) if at < len(lost) or doubt.id in wrong)
    return Built(remaining, doubts, left_out, source.credit, guessed)


def _is_placed(draft: CandidateStation) -> bool:
    return draft.lat is not None and draft.lon is not None and distance.is_position(draft.lat, draft.lon)


def _whole(draft: CandidateStation) -> tuple[int, int]:
    assert draft.lat is not None and draft.lon is not None  # noqa: S101, PT018 - only for those that are placed
    return distance.position(draft.lat, draft.lon)


def _unplaced(draft: CandidateStation, outline: Outline | None) -> Doubt:
    """Return the doubt about a place without a position on the globe: such places are left out whether asked or not."""
    name = draft.names[0] if draft.names else ""
    if draft.lat is None or draft.lon is None or not math.isfinite(draft.lat) or not math.isfinite(draft.lon):
        return Doubt(DoubtKind.NO_POSITION, draft.id or draft.where, name, draft.where)
    lat, lon = round(draft.lon * distance.DEGREE), round(draft.lat * distance.DEGREE)
    fits = outline.has(lat, lon) if outline else abs(lat) <= NORTH and abs(lon) <= EAST
    return Doubt(
        DoubtKind.SWAPPED if fits else DoubtKind.OFF_GLOBE, draft.id or draft.where, name, f"{draft.lat}, {draft.lon}"
    )


def _stations(drafts: Iterable[CandidateStation]) -> tuple[list[PackStation], list[Doubt]]:
    """Return every draft as a station with an id of its own, and those that could not keep theirs."""
    stations: list[PackStation] = []
    renamed: list[Doubt] = []
    used_ids: set[str] = set()
    for draft in drafts:
        wanted = draft.id if ID.match(draft.id) else _derive_id(draft)
        name = wanted if wanted not in used_ids else _free_id(draft, used_ids)
        used_ids.add(name)
        stations.append(PackStation(name, draft.names, draft.address, *_whole(draft), draft.phone))
        if name != wanted:
            renamed.append(check.doubt(DoubtKind.SAME_ID, stations[-1]))
    return stations, renamed


def _derive_id(draft: CandidateStation, salt: int = 0) -> str:
    """Derive an id from the station's own words, so that the next pack of the same list names it alike."""
    identity = "\n".join((draft.id, *draft.names, draft.address, *map(str, _whole(draft)), str(salt)))
    return "x" + base64.b32encode(digest(identity.encode()))[:7].decode().lower()


def _free_id(draft: CandidateStation, used_ids: set[str]) -> str:
    salt = 1
    while (new_id := _derive_id(draft, salt)) in used_ids:
        salt += 1
    return new_id
