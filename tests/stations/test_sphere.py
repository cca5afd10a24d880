"""Distances: right to a metre, and the same in every direction."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.stations.errors import BadPosition
from client.stations.pack import distance

places = st.tuples(st.integers(-9_000_000, 9_000_000), st.integers(-18_000_000, 18_000_000))


def haversine(first: tuple[int, int], second: tuple[int, int]) -> float:
    (lat, lon), (lat2, lon2) = (tuple(math.radians(part / 1e5) for part in place) for place in (first, second))
    half = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * distance.EARTH * math.asin(min(1.0, math.sqrt(half)))


def metres(first: tuple[int, int], second: tuple[int, int]) -> int:
    return distance.metres(distance.chord_squared(distance.vector(*first), distance.vector(*second)))


@given(places, places)
def test_the_distance_is_the_haversine_in_whole_metres(first, second):
    assert abs(metres(first, second) - haversine(first, second)) <= 0.51
    assert metres(first, second) == metres(second, first)


@given(places, st.integers(-200, 200), st.integers(-200, 200))
def test_short_distances_are_right_to_the_half_metre(first, up, right):
    second = (max(-9_000_000, min(9_000_000, first[0] + up)), max(-18_000_000, min(18_000_000, first[1] + right)))
    assert abs(metres(first, second) - haversine(first, second)) <= 0.5001


@given(st.integers(-40_000_000, 80_000_000))
def test_sine_is_the_sine(angle):
    # Less than a half turn: the radians of two turns are known to 1e-15 only, and so is their sine.
    reduced = (angle + 18_000_000) % 36_000_000 - 18_000_000
    assert distance.sine(angle) == pytest.approx(math.sin(math.radians(reduced / 1e5)), abs=2e-15)


@given(st.floats(0, 1))
def test_arc_sine_is_the_arc_sine(value):
    assert distance.arc_sine(value) == pytest.approx(math.asin(value), abs=1e-14)


@given(st.integers(-9_000_000, 9_000_000))
def test_both_sides_of_the_date_line_are_one_place(lat):
    assert metres((lat, 18_000_000), (lat, -18_000_000)) == 0


def test_a_pole_is_one_place():
    assert metres((9_000_000, 0), (9_000_000, 12_345_678)) == 0
    assert metres((-9_000_000, 0), (9_000_000, 0)) == 20_015_087


@pytest.mark.parametrize(
    ("lat", "lon"), [(90.1, 0), (-91, 0), (0, 180.1), (0, -181), (math.nan, 0), (0, math.nan), (math.inf, 0)]
)
def test_what_is_not_on_the_globe_is_refused(lat, lon):
    with pytest.raises(BadPosition):
        distance.position(lat, lon)


@pytest.mark.parametrize("accuracy", [-1, -0.001, math.nan])
def test_an_accuracy_below_nothing_is_refused(accuracy):
    with pytest.raises(BadPosition):
        distance.whole_accuracy(accuracy)


def test_accuracy_is_rounded_up_and_ends_with_the_earth():
    assert [distance.whole_accuracy(a) for a in (0.0, 0.1, 30.0, 1e300, math.inf)] == [0, 1, 30, 20_000_000, 20_000_000]
