"""Points that cannot be right are named; those that can are left alone."""

import pytest

from client.stations.build import countries
from client.stations.build.check import DoubtKind, doubts
from client.stations.errors import UnknownCountry
from client.stations.pack.columns import PackStation
from tests.stations.lists import HIFLD, INDIA, OVD, real

pytestmark = pytest.mark.xdist_group("stations")  # the large list is built once for all

RU, US, FJ = (countries.outline(code) for code in ("RU", "us", "FJ"))


def station(name: str, lat: float, lon: float, called: str | None = None) -> PackStation:
    return PackStation(name, (called or name,) if called != "" else (), "", round(lat * 1e5), round(lon * 1e5))


def kinds(stations, country=None):
    return [(doubt.id, doubt.kind) for doubt in doubts(stations, country)]


def test_places_in_the_country_are_left_alone():
    assert kinds([station("a", 55.75, 37.6), station("b", 54.7, 20.5), station("c", 66.2, -169.8)], RU) == []
    assert kinds([station("a", 64.8, -147.7), station("b", 21.3, -157.8), station("c", -14.3, -170.7)], US) == []
    assert kinds([station("a", -17.8, 178.0), station("b", -16.8, -179.9)], FJ) == []


@pytest.mark.parametrize(
    ("lat", "lon", "kind"),
    [
        (0, 0, DoubtKind.ZERO),
        (0.00001, -0.00999, DoubtKind.ZERO),
        (37.6, 55.75, DoubtKind.SWAPPED),
        (-55.75, 37.6, DoubtKind.OUTSIDE),
        (55.75, -37.6, DoubtKind.OUTSIDE),
        (40.7, -74.0, DoubtKind.OUTSIDE),
    ],
)
def test_places_that_cannot_be_right(lat, lon, kind):
    assert kinds([station("a", 55.75, 37.6), station("b", lat, lon)], RU) == [("b", kind)]


def test_without_a_country_only_the_sea_at_zero_is_certain():
    assert kinds([station("a", 0, 0), station("b", 37.6, 55.75)]) == [("a", DoubtKind.ZERO)]


def test_the_same_name_at_the_same_place_is_named_once():
    here = [
        station("a", 55.75, 37.6, "ОВД 5"),
        station("b", 55.7501, 37.6001, "овд № 5"),
        station("c", 55.76, 37.6, "ОВД 5"),
    ]
    assert kinds(here) == [("b", DoubtKind.DUPLICATE)]


def test_twins_over_the_date_line_are_found():
    assert kinds([station("a", -16.8, 180, "Taveuni"), station("b", -16.8, -180, "TAVEUNI")]) == [
        ("b", DoubtKind.DUPLICATE)
    ]


def test_other_names_at_the_same_place_are_worth_a_look():
    assert kinds([station("a", 55.75, 37.6), station("b", 55.75, 37.6)]) == [("b", DoubtKind.SAME_PLACE)]
    assert not DoubtKind.SAME_PLACE.is_wrong


def test_stations_without_name_are_the_same_only_at_the_very_same_place():
    here = [station("a", 50, 40, ""), station("b", 50.00001, 40, ""), station("c", 50, 40, "")]
    assert kinds(here) == [("c", DoubtKind.DUPLICATE)]


def test_one_far_from_all_others_is_worth_a_look():
    crowd = [station(f"s{at}", 55 + at / 100, 37) for at in range(20)]
    assert kinds([*crowd, station("far", 43.1, 131.9)], RU) == [("far", DoubtKind.LONELY)]
    assert not DoubtKind.LONELY.is_wrong


@pytest.mark.parametrize(("name", "code"), [(OVD, "RU"), (INDIA, "IN"), (HIFLD, "US")])
def test_the_country_of_real_lists_is_guessed_and_holds_all_of_them(name, code):
    built = real(name)
    assert built.guessed == countries.outline(code)
    assert not {DoubtKind.OUTSIDE, DoubtKind.SWAPPED, DoubtKind.ZERO} & {doubt.kind for doubt in built.doubts}


def test_a_country_nobody_knows_is_refused():
    with pytest.raises(UnknownCountry):
        countries.outline("XX")


def test_nothing_is_guessed_for_points_all_over_the_world():
    assert countries.guess([(0, 0), (5_000_000, 10_000_000), (-3_000_000, -6_000_000)]) is None
    assert countries.guess([]) is None


@pytest.mark.parametrize("outline", countries.outlines().values(), ids=lambda outline: outline.code)
def test_every_outline_is_a_part_of_the_globe(outline):
    assert all(-9_000_000 <= s < n <= 9_000_000 and -18_000_000 <= w < e <= 18_000_000 for s, w, n, e in outline.boxes)


CAPITALS = {
    "AF": (34.53, 69.17), "AM": (40.18, 44.51), "AZ": (40.41, 49.87), "BY": (53.9, 27.57), "CN": (39.9, 116.4),
    "DE": (52.52, 13.4), "EE": (59.44, 24.75), "EG": (30.04, 31.24), "FR": (48.86, 2.35), "GB": (51.51, -0.13),
    "GE": (41.72, 44.79), "HK": (22.3, 114.17), "IN": (28.61, 77.21), "IQ": (33.31, 44.37), "IR": (35.69, 51.39),
    "KG": (42.87, 74.59), "KZ": (51.17, 71.43), "LT": (54.69, 25.28), "LV": (56.95, 24.11), "MD": (47.01, 28.86),
    "MM": (19.76, 96.08), "NI": (12.13, -86.25), "PL": (52.23, 21.01), "RS": (44.79, 20.45), "RU": (55.75, 37.62),
    "SD": (15.5, 32.56), "SY": (33.51, 36.29), "TJ": (38.56, 68.77), "TM": (37.95, 58.38), "TR": (39.93, 32.86),
    "UA": (50.45, 30.52), "US": (38.91, -77.04), "UZ": (41.3, 69.24), "VE": (10.48, -66.9), "ZW": (-17.83, 31.05),
}  # fmt: skip


@pytest.mark.parametrize("code", CAPITALS)
def test_capitals_lie_in_their_countries(code):
    lat, lon = CAPITALS[code]
    assert countries.outline(code).has(round(lat * 1e5), round(lon * 1e5))
