"""Which station is meant: by position or by name. The phone's `core/stations/` give the same answers; see `pack.md`."""

import math
from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest

from client.stations.pack import distance, fold
from client.stations.pack.columns import PackStation
from client.stations.pack.distance import Vector

ANSWERS = 8  # as many as fit a small screen
# How much further than the nearest a station may be and still be offered, and when one stands out.
REACH = 150
SURE_ACCURACY = 300
SURE_NEAREST = 100
SURE_NEXT = 100

# This many stations, neighbours in the pack, share one box: small boxes cost more looks, large ones more sums.
BLOCK = 48

GRAMS = 40  # of a question: bounds the time on a slow phone
LEAST_SCORE = (
    200  # below this an answer has little to do with the question; a short word with one slip still gets above
)
_FIT = 900  # of 1,000 points: how much of the question the station has
_CLOSENESS = 100  # of 1,000 points: how much of the station's name the question has


@dataclass(frozen=True, slots=True)
class Candidate:
    """A station near a position. `m`: whole metres. `highlight`: it stands out and may be offered first."""

    station: PackStation
    m: int
    highlight: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A station whose name is like the question; `score` is at most 1,000."""

    station: PackStation
    score: int


@dataclass(frozen=True, slots=True)
class _Box:
    """The smallest box around a block of the pack; the block begins at `first`."""

    first: int
    low: Vector
    high: Vector

    def square_from(self, point: Vector) -> float:
        """Return a squared chord; no station of this block is nearer than that."""
        total = 0.0
        for low, here, high in zip(self.low, point, self.high, strict=True):
            off = low - here if here < low else here - high if here > high else 0.0
            total += off * off
        return total


class Index:
    """The stations of one pack, ready to be asked."""

    def __init__(self, stations: Sequence[PackStation]) -> None:
        self._stations = stations

    # By position

    def near(self, lat: float, lon: float, accuracy: float = 0.0) -> list[Candidate]:
        """Return the stations that may be meant, nearest first, ties by id. Raises BadPosition.

        Specified in `client/stations/pack/pack.md`, *Near*.
        """
        here = distance.vector(*distance.position(lat, lon))
        return candidates(self._nearest(here), distance.whole_accuracy(accuracy))

    @cached_property
    def _vectors(self) -> list[Vector]:
        return [distance.vector(station.lat, station.lon) for station in self._stations]

    @cached_property
    def _boxes(self) -> list[_Box]:
        return [_box(first, self._vectors[first : first + BLOCK]) for first in range(0, len(self._stations), BLOCK)]

    def _nearest(self, here: Vector) -> list[tuple[int, PackStation]]:
        nearest = _Nearest()
        for square, box in sorted(((box.square_from(here), box) for box in self._boxes), key=lambda pair: pair[0]):
            if square > nearest.square:
                break
            for at in range(box.first, min(box.first + BLOCK, len(self._stations))):
                nearest.offer(distance.chord_squared(here, self._vectors[at]), self._stations[at].id, at)
        return [(m, self._stations[at]) for m, _, at, _ in nearest.found]

    # By name

    def find(self, text: str) -> list[Match]:
        """Return the stations whose names and addresses are like this text, best first, ties by id.

        Specified in `client/stations/pack/pack.md`, *Find*.
        """
        words = fold.tokens(text)
        grams = fold.grams(words)[:GRAMS]
        numbers = [f" {word} " for word in dict.fromkeys(words) if fold.is_number(word)]
        judged = ((self._with_numbers(at, points, numbers), at) for at, points in self._scores(grams))
        best = nsmallest(ANSWERS, ((-points, self._stations[at].id, at) for points, at in judged if points))
        return [Match(self._stations[at], -negative) for negative, _, at in best]

    @cached_property
    def _names(self) -> list[str]:
        return [fold.spaced(" ".join(station.names)) for station in self._stations]

    @cached_property
    def _addresses(self) -> list[str]:
        return [fold.spaced(station.address) for station in self._stations]

    def _scores(self, grams: Sequence[str]) -> Iterator[tuple[int, int]]:
        count = len(self._stations)
        hits, in_name, total = [0] * count, [0] * count, 0
        for gram in grams:
            named = {at for at, name in enumerate(self._names) if gram in name}
            matching = {at for at, address in enumerate(self._addresses) if gram in address}
            gain = weight(count, len(named | matching))
            total += 2 * gain
            for at in named:
                hits[at] += 2 * gain
                in_name[at] += 1
            for at in matching - named:
                hits[at] += gain
        for at, hit in enumerate(hits):
            points = score(hit, total, in_name[at], self._shortest[at]) if hit else 0
            if points >= LEAST_SCORE:
                yield at, points

    @cached_property
    def _shortest(self) -> list[int]:
        return [min(map(_gram_count, station.names), default=1) for station in self._stations]

    def _with_numbers(self, at: int, points: int, numbers: Sequence[str]) -> int:
        """Return the points after the numbers of the question are compared; 0 when a number is missing."""
        name = self._names[at]
        if all(number in name for number in numbers):
            return points
        if not all(number in name or number in self._addresses[at] for number in numbers):
            return 0
        # "OVD 5" is not OVD 15 in a street's house 5: a name with numbers must have one of those asked for.
        is_other = any(mark.isdigit() for mark in name) and not any(number in name for number in numbers)
        return 0 if is_other else points // 2


class _Nearest:
    """The few nearest of the stations offered, as (metres, id, index, squared chord), sorted."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str, int, float]] = []
        self.square = 16.0  # beyond this nothing can get in; nothing on the ball is as far

    def offer(self, square: float, name: str, at: int) -> None:
        if square > self.square:
            return
        insort(self.found, (distance.metres(square), name, at, square))
        del self.found[ANSWERS:]
        if len(self.found) == ANSWERS:
            # Equal metres are decided by id, and whole metres may hide one metre: two more are let in.
            self.square = (math.sqrt(self.found[-1][3]) + 2.0 / distance.EARTH) ** 2


def _box(first: int, points: Sequence[Vector]) -> _Box:
    sides = list(zip(*points, strict=True))
    return _Box(first, Vector(*map(min, sides)), Vector(*map(max, sides)))


def weight(count: int, having: int) -> int:
    """Return how much a gram counts: 1 when every station of `count` has it, 1 more for each halving.

    Specified in `client/stations/pack/pack.md`, *Find*.
    """
    return (count // max(1, having)).bit_length()


def score(hits: int, total: int, in_name: int, name_grams: int) -> int:
    """Return points of 1,000, in whole numbers so that every language finds the same.

    Specified in `client/stations/pack/pack.md`, *Find*.
    """
    return _FIT * hits // total + _CLOSENESS * min(in_name, name_grams) // name_grams


def _gram_count(name: str) -> int:
    return sum(map(len, fold.tokens(name))) or 1


def candidates(nearest: Sequence[tuple[int, PackStation]], accuracy: int) -> list[Candidate]:
    """Return those of the nearest (metres, station; sorted) that the rule lets us offer.

    Specified in `client/stations/pack/pack.md`, *Near*.
    """
    if not nearest:
        return []
    first = nearest[0][0]
    highlight = (
        accuracy <= SURE_ACCURACY
        and first <= 2 * accuracy + SURE_NEAREST
        and (len(nearest) == 1 or 2 * (nearest[1][0] - first) >= 3 * accuracy + 2 * SURE_NEXT)
    )
    reach = first + 2 * accuracy + REACH
    return [Candidate(station, m, highlight and at == 0) for at, (m, station) in enumerate(nearest) if m <= reach]
