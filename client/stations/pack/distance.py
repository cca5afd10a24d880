"""Distances that come out alike, to the last bit, in Python and in JavaScript. Specified in `pack.md`.

Both languages round + - * / and the square root as IEEE 754 says, but each brings its own sine; so sine and arc sine
are written out here, in an order of operations that the phone's `distance.js` repeats.
"""

import math
from typing import NamedTuple

from client.stations.errors import BadPosition

EARTH = 6_371_000.0  # metres; the ball everybody reckons with, up to 0.5 % off the real Earth
DEGREE = 100_000
ACCURACY = 20_000_000  # half the way round the Earth: a worse accuracy says no more

_QUARTER = 9_000_000
_TURN = 36_000_000
_RADIANS = math.pi / 18_000_000
_SINE = [1.0 / f for f in (-6.0, 120.0, -5040.0, 362880.0, -39916800.0, 6227020800.0, -1307674368000.0)]
_COSINE = [1.0 / f for f in (-2.0, 24.0, -720.0, 40320.0, -3628800.0, 479001600.0, -87178291200.0, 20922789888000.0)]
_ARC = [1 / 6, 3 / 40, 15 / 336, 105 / 3456, 945 / 42240, 10395 / 599040, 135135 / 9676800, 2027025 / 175472640]


class Vector(NamedTuple):
    """A place as a point on the ball of radius 1. It knows no date line and no pole."""

    x: float
    y: float
    z: float


def sine(angle: int) -> float:
    """Return the sine of an angle in 1e-5 degree."""
    angle %= _TURN
    if angle > 2 * _QUARTER:
        return -sine(angle - 2 * _QUARTER)
    if angle > _QUARTER:
        angle = 2 * _QUARTER - angle
    if 2 * angle > _QUARTER:
        square = (_QUARTER - angle) * _RADIANS
        square = square * square
        return 1.0 + square * _horner(_COSINE, square)
    small = angle * _RADIANS
    square = small * small
    return small + small * square * _horner(_SINE, square)


def arc_sine(value: float) -> float:
    """Return the angle, in radians, whose sine this is; 0 <= value <= 1. Halved three times, then a short series."""
    for _ in range(3):
        value = value / math.sqrt(2.0 + 2.0 * math.sqrt(max(0.0, 1.0 - value * value)))
    square = value * value
    return 8.0 * (value + value * square * _horner(_ARC, square))


def _horner(series: list[float], square: float) -> float:
    total = 0.0
    for coefficient in reversed(series):
        total = total * square + coefficient
    return total


def vector(lat: int, lon: int) -> Vector:
    """Return the vector from the middle of the ball to this position (1e-5 degree).

    Specified in `client/stations/pack/pack.md`, *Distance*.
    """
    level = sine(lat + _QUARTER)
    return Vector(level * sine(lon + _QUARTER), level * sine(lon), sine(lat))


def chord_squared(first: Vector, second: Vector) -> float:
    """Return the square of the straight line through the ball; four times the haversine.

    Specified in `client/stations/pack/pack.md`, *Distance*.
    """
    x, y, z = first.x - second.x, first.y - second.y, first.z - second.z
    return x * x + y * y + z * z


def metres(square: float) -> int:
    """Return the length over the ground for a `chord_squared`, rounded half up to whole metres.

    Specified in `client/stations/pack/pack.md`, *Distance*.
    """
    return math.floor(2.0 * EARTH * arc_sine(math.sqrt(square) / 2.0) + 0.5)


def is_position(lat: float, lon: float) -> bool:
    """Return whether these degrees are a place on the globe; what is no number is none."""
    return abs(lat) * DEGREE <= _QUARTER and abs(lon) * DEGREE <= 2 * _QUARTER


def position(lat: float, lon: float) -> tuple[int, int]:
    """Return latitude and longitude in degrees as integers of 1e-5 degree, rounded half up. Raises BadPosition."""
    if not is_position(lat, lon):
        raise BadPosition()
    return math.floor(lat * DEGREE + 0.5), math.floor(lon * DEGREE + 0.5)


def whole_accuracy(accuracy: float) -> int:
    """Return metres rounded up. Raises BadPosition when it is less than nothing or no number."""
    if not accuracy >= 0.0:
        raise BadPosition("accuracy")
    return math.ceil(min(accuracy, ACCURACY))
