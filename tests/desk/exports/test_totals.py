"""Totals: nobody's name, no small number, and no way to work one out."""

import io
import itertools
import json
import math
from zoneinfo import ZoneInfo

import hxl as libhxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.desk.consent.consent import ConsentAnswers
from client.desk.consent.subjects import Subject, SubjectFacts, SubjectPlace
from client.desk.exports.registry import Options, make
from client.desk.exports.totals import SMALL, SPREAD, Totals, totals
from tests.support.case_reports import ALL, NOW, at_station, case_id, db, letter, station
from tests.support.hostile_words import HOSTILE

STATIONS = tuple(
    station(n, f"ОВД {n}", city) for n, city in ((1, "Москва"), (2, "Москва"), (3, "Казань"), (4, "Казань"))
)
OPTIONS = Options(NOW, ZoneInfo("Europe/Moscow"), language="ru")
YES = ConsentAnswers(statistics=True)


def held(at: int, heads: int = 1, minors: int = 0, injured: int = 0, consent: ConsentAnswers = YES) -> Subject:
    where = SubjectPlace("station", f"ОВД {at}", "", "Москва", "RU", 5_575_000 + at, 3_761_000, True)
    counts = (heads, minors, injured, "none", "station", True)
    return Subject(f"{at}-{heads}", heads > 1, "", frozenset(), *counts, where, at, 0, 0, (), consent, SubjectFacts({}))


def crowd(**at_place: int) -> list[Subject]:
    return [held(int(place[1:]), heads) for place, heads in at_place.items()]


def night(persons: list[tuple[int, dict]], consent=ALL):
    """`persons`: the station, and more facts."""
    letters = [
        letter(case_id(n), {"name": f"Имярек {n}", "people": 1, "consent": consent, **at_station(STATIONS[at]), **more})
        for n, (at, more) in enumerate(persons)
    ]
    return db(letters, stations=STATIONS)


def shown(found: Totals, measure: str = "affected") -> list[int | None]:
    return [line.cells[measure].shown for line in found.lines]


def test_fewer_than_five_are_not_told():
    assert shown(totals(crowd(p1=4, p2=5, p3=1))) == [None, 5, None]


def test_a_sum_that_would_tell_the_one_hidden_number_is_hidden_too():
    assert totals(crowd(p1=4, p2=5, p3=9)).sums["affected"] is None
    assert totals(crowd(p1=5, p2=9)).sums["affected"] == 14


def test_two_hidden_numbers_whose_sum_leaves_no_choice_hide_the_sum():
    assert totals(crowd(p1=1, p2=1, p3=9)).sums["affected"] is None  # 2 is only 1 + 1
    assert totals(crowd(p1=4, p2=4, p3=9)).sums["affected"] is None  # 8 is only 4 + 4
    assert totals(crowd(p1=4, p2=3, p3=9)).sums["affected"] is None  # 7 is 3 + 4 or 4 + 3
    assert totals(crowd(p1=2, p2=3, p3=9)).sums["affected"] == 14


def test_all_but_a_few_tells_of_the_few():
    found = totals([held(1, 20, minors=18)])
    assert (shown(found), shown(found, "children")) == ([20], [None])
    assert shown(totals([held(1, 20, minors=20)]), "children") == [20]
    assert shown(totals([held(1, 20, minors=0)]), "children") == [0]


def test_of_a_place_with_few_nothing_is_told():
    found = totals([held(1, 3, minors=0, injured=3)])
    assert [cell.shown for cell in found.lines[0].cells.values()] == [None, None, None]


def test_only_who_allows_it_is_counted():
    found = totals(
        [held(1, 9), held(1, 7, consent=ConsentAnswers()), held(1, 6, consent=ConsentAnswers(statistics=False))]
    )
    assert (shown(found), found.count, found.left_out) == ([9], 9, 13)


lines = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), min_size=1, max_size=4)


@settings(deadline=None)
@given(lines)
def test_no_hidden_number_can_be_worked_out_from_what_is_published(counts):
    """Tries every night that would have been published in the same way, as somebody who knows all the rules can."""
    found = totals([held(at, heads, min(minors, heads)) for at, (heads, minors) in enumerate(counts)])
    for measure in ("affected", "children"):
        cells = [line.cells[measure] for line in found.lines]
        if found.sums[measure] is None:
            continue
        possible = [_possible(line, measure) for line in found.lines]
        fitting = [one for one in itertools.product(*possible) if sum(one) == found.sums[measure]]
        for at, cell in enumerate(cells):
            if cell.shown is None:
                assert len({one[at] for one in fitting}) >= SPREAD


def _possible(line, measure):
    cell, affected = line.cells[measure], line.cells["affected"].shown
    if cell.shown is not None:
        return [cell.shown]
    if measure == "affected":
        return range(1, SMALL)
    if affected is None:
        return range(SMALL)
    return [n for n in range(affected + 1) if 0 < n < SMALL or 0 < affected - n < SMALL]


def test_a_country_full_of_stations_is_summed_up_in_a_moment():
    found = totals([held(at, 1 + at * 7 % 40, minors=at % 9) for at in range(1, 1_500)])
    assert found.sums["affected"] == sum(line.cells["affected"].true for line in found.lines)


PERSONS = [(0, {})] * 7 + [(0, {"minors": 1})] * 6 + [(1, {})] * 2 + [(2, {"injured": 1})] * 6 + [(3, {})] * 3


def test_libhxl_takes_it():
    data = make("hxl", night(PERSONS), OPTIONS).data
    source = libhxl.data(io.BytesIO(data), libhxl.InputOptions(allow_local=True))
    assert source.display_tags == [
        "#loc+type", "#loc+name", "#adm2+name", "#geo+lat", "#geo+lon", "#affected", "#affected+children",
        "#affected+injured", "#meta+note",
    ]  # fmt: skip
    report = libhxl.validate(libhxl.data(io.BytesIO(data), libhxl.InputOptions(allow_local=True)))
    assert (report["is_valid"], report["issues"]) == (True, [])
    rows = {row.get("#loc+name"): row for row in source}
    assert rows["ОВД 1"].get("#affected") == "13"
    assert rows["ОВД 1"].get("#affected+children") == "6"
    assert not rows["ОВД 2"].get("#affected")


@pytest.mark.parametrize("field", ["name", "station", "event"])
def test_totals_are_valid_whatever_people_write(field):
    letters = []
    for n, words in HOSTILE:
        more = {"station": {"text": words[:500]}, "stage": "station"} if field == "station" else {field: words[:500]}
        letters.append(letter(case_id(n), {"people": 1, "consent": ALL, **at_station(STATIONS[0]), **more}))
    database = db(letters, stations=STATIONS)
    data = make("hxl", database, OPTIONS).data
    assert libhxl.validate(libhxl.data(io.BytesIO(data), libhxl.InputOptions(allow_local=True)))["is_valid"]
    collection(make("geojson", database, OPTIONS).data)
    for _, words in HOSTILE:
        assert words.strip() == "" or words.encode("utf-8") not in data


def collection(data: bytes) -> list[dict]:
    """The features, after checking what RFC 7946 asks of a collection of points."""
    read = json.loads(data.decode("utf-8"), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert set(read) == {"type", "features"}  # no `crs`: section 4
    assert read["type"] == "FeatureCollection"
    for feature in read["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert feature["geometry"].keys() == {"type", "coordinates"}
        assert feature["geometry"]["type"] == "Point"
        lon, lat = feature["geometry"]["coordinates"]
        assert -180 <= lon <= 180
        assert -90 <= lat <= 90
        assert math.isfinite(lon * lat)
        assert isinstance(feature["properties"], dict)
    return read["features"]


def test_points_are_longitude_first_and_hidden_numbers_null():
    features = collection(make("geojson", night(PERSONS), OPTIONS).data)
    found = {one["properties"]["name"]: one for one in features}
    assert found["ОВД 1"]["geometry"]["coordinates"] == [37.6105, 55.751]
    assert found["ОВД 1"]["properties"]["affected"] == 13
    assert found["ОВД 2"]["properties"]["affected"] is None
    assert found["ОВД 1"]["properties"]["injured"] == 0


def test_never_a_name_and_never_a_place_that_is_not_public():
    letters = [
        letter(
            case_id(n), {"name": "Анна Первая", "people": 9, "consent": ALL, "stage": "van", "van": {"plate": "А123ВС"}}
        )
        for n in range(8)
    ]
    letters.append(
        letter(case_id(99), {"people": 30, "consent": ALL, "stage": "station", "station": {"text": "у Молчуна"}})
    )
    for key in ("hxl", "geojson"):
        data = make(key, db(letters, stations=STATIONS), OPTIONS).data.decode()
        assert not [word for word in ("Анна", "Первая", "А123ВС", "Молчун") if word in data]


def test_nobody_at_all_is_a_valid_file():
    assert collection(make("geojson", db([]), OPTIONS).data) == []
    data = make("hxl", db([]), OPTIONS).data
    assert libhxl.validate(libhxl.data(io.BytesIO(data), libhxl.InputOptions(allow_local=True)))["is_valid"]
