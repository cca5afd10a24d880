"""Stations whose position cannot be right, or is worth a second look."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from client.stations.build import countries
from client.stations.build.countries import Outline
from client.stations.pack import distance, fold
from client.stations.pack.columns import EAST, NORTH, PackStation
from client.stations.pack.distance import Vector
from client.stations.pack.pack import Pack

NULL_ISLAND = 1_000  # 1e-5 degree, about a kilometre: what geocoders answer when they know nothing
SAME_METRES = 100  # two entries of the same name this near are one station
LONELY_METRES = 250_000  # nothing else this near
LONELY_OF = 10  # among fewer stations, being alone says nothing


class DoubtKind(Enum):
    """What is doubtful. The value is stable; the sentence is for people."""

    def __init__(self, code: str, words: str, is_wrong: bool) -> None:
        self.code, self.words, self.is_wrong = code, words, is_wrong

    NO_POSITION = ("no-position", "has no position", True)
    OFF_GLOBE = ("off-globe", "has a position that is not on the globe", True)
    ZERO = ("zero", "lies at 0, 0, where there is only sea", True)
    SWAPPED = ("swapped", "lies in its country only with latitude and longitude swapped", True)
    OUTSIDE = ("outside-country", "lies outside its country", True)
    DUPLICATE = ("duplicate", "stands in the list already, at the same place", True)
    SAME_ID = ("same-id", "had the id of another station and got a new one", False)
    SAME_PLACE = ("same-place", "lies exactly where another station lies: perhaps only its town was known", False)
    LONELY = ("lonely", "is 250 km or more away from every other", False)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One station and what is doubtful about it. `place`: its position as text."""

    kind: DoubtKind
    id: str
    name: str
    place: str

    @property
    def sentence(self) -> str:
        """The doubt in words."""
        return f"{self.name or '(no name)'} [{self.id}] at {self.place} {self.kind.words}"


def check_pack(pack: Pack) -> list[Doubt]:
    """Return everything doubtful about a pack; its country is guessed where it names none that is known."""
    named = countries.outlines().get(pack.about.country)
    return doubts(pack.stations, named or countries.guess((station.lat, station.lon) for station in pack.stations))


def doubts(stations: Sequence[PackStation], country: Outline | None) -> list[Doubt]:
    """Return everything doubtful about these stations, in their order; a station may be named twice."""
    points = [distance.vector(station.lat, station.lon) for station in stations]
    found = [*_misplaced(stations, country), *_twice(stations, points), *_lonely(stations, points)]
    rank = {station.id: at for at, station in enumerate(stations)}
    return sorted((doubt(kind, station) for kind, station in found), key=lambda station: rank[station.id])


def doubt(kind: DoubtKind, station: PackStation) -> Doubt:
    """Return a doubt about a station."""
    return Doubt(
        kind, station.id, station.name, f"{station.lat / distance.DEGREE:.5f}, {station.lon / distance.DEGREE:.5f}"
    )


def _misplaced(stations: Iterable[PackStation], country: Outline | None) -> Iterator[tuple[DoubtKind, PackStation]]:
    for station in stations:
        if max(abs(station.lat), abs(station.lon)) <= NULL_ISLAND:
            yield DoubtKind.ZERO, station
        elif country and not country.has(station.lat, station.lon):
            swapped = abs(station.lon) <= NORTH and abs(station.lat) <= EAST and country.has(station.lon, station.lat)
            yield (DoubtKind.SWAPPED if swapped else DoubtKind.OUTSIDE), station


def _twice(stations: Sequence[PackStation], points: Sequence[Vector]) -> Iterator[tuple[DoubtKind, PackStation]]:
    cells: dict[tuple[str, Cell], list[Vector]] = {}
    places: set[tuple[int, int]] = set()
    for station, point in zip(stations, points, strict=True):
        name, here = fold.spaced(station.name).strip(), (station.lat, station.lon)
        near = (cells.get((name, cell), []) for cell in _around(_cell(point, SAME_METRES)))
        if (here in places) if not name else any(_is_near(point, other) for group in near for other in group):
            yield DoubtKind.DUPLICATE, station
            continue
        if here in places:
            yield DoubtKind.SAME_PLACE, station
        places.add(here)
        cells.setdefault((name, _cell(point, SAME_METRES)), []).append(point)


def _is_near(point: Vector, other: Vector) -> bool:
    return distance.metres(distance.chord_squared(point, other)) <= SAME_METRES


def _lonely(stations: Sequence[PackStation], points: Sequence[Vector]) -> Iterator[tuple[DoubtKind, PackStation]]:
    if len(stations) < LONELY_OF:
        return
    cells = [_cell(point, LONELY_METRES) for point in points]
    counts: dict[Cell, int] = {}
    for cell in cells:
        counts[cell] = counts.get(cell, 0) + 1
    for station, cell in zip(stations, cells, strict=True):
        if sum(counts.get(beside, 0) for beside in _around(cell)) == 1:
            yield DoubtKind.LONELY, station


Cell = tuple[int, int, int]


def _cell(point: Vector, side: int) -> Cell:
    """Return the cube of this many metres around a point of the ball; it knows no date line and no pole."""
    x, y, z = (math.floor(part * distance.EARTH / side) for part in point)
    return x, y, z


def _around(cell: Cell) -> Iterator[Cell]:
    """Return the cube and the 26 that touch it."""
    near = (-1, 0, 1)
    return ((cell[0] + x, cell[1] + y, cell[2] + z) for x in near for y in near for z in near)
