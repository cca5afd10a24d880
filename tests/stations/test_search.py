"""The index gives what the oracle gives; the rules of pack.md at their edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.stations.pack.columns import PackStation
from client.stations.pack.search import Index, candidates
from tests.stations import oracle
from tests.stations.lists import HIFLD, INDIA, OVD, SMALL, real
from tests.stations.questions import names, points, rng
from tests.support.soak import at_length

pytestmark = pytest.mark.xdist_group("stations")  # the large list is built once for all

coordinates = st.tuples(
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 0.0, 90.0])),
    st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 0.0, 180.0])),
)


def near(stations, lat, lon, accuracy):
    found = Index(stations).near(lat, lon, accuracy)
    return [{"id": hit.station.id, "m": hit.m, "highlight": hit.highlight} for hit in found]


def find(index, text):
    return [{"id": hit.station.id, "score": hit.score} for hit in index.find(text)]


@given(
    st.lists(
        st.tuples(st.integers(-9_000_000, 9_000_000), st.integers(-18_000_000, 18_000_000)), min_size=1, max_size=200
    ),
    coordinates,
    st.floats(0, 1e7),
)
def test_near_is_the_oracle_anywhere(places, here, accuracy):
    stations = [PackStation(f"s{at}", (), "", lat, lon) for at, (lat, lon) in enumerate(places)]
    assert near(stations, *here, accuracy) == oracle.near(stations, *here, accuracy)


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), min_size=1, max_size=120), st.integers(0, 500))
def test_near_is_the_oracle_where_stations_crowd(places, accuracy):
    """A few metres apart, so that whole metres are often equal and the id decides."""
    stations = [PackStation(f"s{at % 7}{at}", (), "", lat, 18_000_000 - lon) for at, (lat, lon) in enumerate(places)]
    assert near(stations, 0.0005, 179.9995, accuracy) == oracle.near(stations, 0.0005, 179.9995, accuracy)


@given(st.text(alphabet="абвгё 5۱۵полицяОВДtversk", max_size=30))
def test_find_is_the_oracle(text):
    assert find(Index(SMALL), text) == oracle.find(SMALL, text)


@pytest.mark.soak
@pytest.mark.slow
def test_near_is_the_oracle_on_all_real_stations():
    stations = real(HIFLD).stations
    index = Index(stations)
    for lat, lon, accuracy in points(stations, at_length(20, 300), rng(1)):
        found = index.near(lat, lon, accuracy)
        assert [{"id": hit.station.id, "m": hit.m, "highlight": hit.highlight} for hit in found] == oracle.near(
            stations, lat, lon, accuracy
        )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [(OVD, 150), (INDIA, 25)])
def test_find_is_the_oracle_on_real_stations(name, count):
    stations = real(name).stations
    index = Index(stations)
    for text in names(stations, count, rng(2)):
        assert find(index, text) == oracle.find(stations, text), text


@pytest.mark.parametrize(("name", "least"), [(OVD, 0.9), (INDIA, 0.9)])
def test_one_slip_of_the_finger_still_finds_the_station(name, least):
    stations = [station for station in real(name).stations if len(station.name) >= 8]
    index, dice = Index(real(name).stations), rng(3)
    asked = [
        (station, text)
        for station in dice.sample(stations, min(40, len(stations)))
        for text in names([station], 1, dice)
    ]
    found = sum(any(match.station.name == station.name for match in index.find(text)) for station, text in asked)
    assert found / len(asked) >= least


# Numbers


@pytest.fixture
def numbered() -> Index:
    return Index(
        [
            PackStation("a", ("ОВД №15",), "ул. Ленина, 5", 0, 0),
            PackStation("b", ("ОВД 5",), "ул. Мира, 15", 0, 0),
            PackStation("c", ("ОВД Тверской",), "ул. Мира, 5", 0, 0),
            PackStation("d", ("ОВД 55",), "", 0, 0),
        ]
    )


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("ОВД 5", ["b", "c"]),
        ("овд№05", ["b", "c"]),
        ("ОВД 15", ["a"]),
        ("ОВД 55", ["d"]),
        ("ОВД 1", []),
        ("ОВД ۵", ["b", "c"]),
    ],
)
def test_numbers_match_exactly(numbered, text, ids):
    assert [candidate.station.id for candidate in numbered.find(text)] == ids


# The rules of pack.md


def at(*metres: int) -> list[tuple[int, PackStation]]:
    return [(m, PackStation(f"s{i}", (), "", 0, 0)) for i, m in enumerate(metres)]


@pytest.mark.parametrize(
    ("metres", "accuracy", "offered", "highlight"),
    [
        ((50, 300), 20, 1, True),
        ((50, 240), 20, 2, True),  # the reach is 50 + 2 * 20 + 150
        ((50, 241), 20, 1, True),
        ((50, 180), 20, 2, True),  # 130 m further is 1.5 * 20 + 100
        ((50, 179), 20, 2, False),
        ((140, 5000), 20, 1, True),  # 140 is 2 * 20 + 100
        ((141, 5000), 20, 1, False),
        ((50, 5000), 300, 1, True),
        ((50, 5000), 301, 1, False),
        ((0, 202), 67, 2, True),  # 1.5 * 67 + 100 = 200.5
        ((0, 200), 67, 2, False),
        ((0, 201), 67, 2, True),
        ((0,), 0, 1, True),
        ((10, 11, 12, 13, 14, 15, 16, 17), 1000, 8, False),
        ((), 10, 0, False),
    ],
)
def test_who_is_offered_and_who_stands_out(metres, accuracy, offered, highlight):
    found = candidates(at(*metres), accuracy)
    assert len(found) == offered
    assert [candidate.highlight for candidate in found] == [highlight and place == 0 for place in range(offered)]
