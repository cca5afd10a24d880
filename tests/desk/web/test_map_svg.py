"""The map: everybody is on it, nothing covers anything."""

import csv
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desk.web.map_svg import HEIGHT, LABELS, WIDTH, Spot, _is_covering, _measure_box, draw

STATIONS = Path("../shared/data/stations/ovdinfo_2013_ovds.csv")

many_spots = st.lists(
    st.builds(
        Spot,
        st.integers(1, 10**6),
        st.text(max_size=60),
        st.sampled_from(["", "Москва"]),
        st.integers(-9_000_000, 9_000_000),
        st.integers(-18_000_000, 18_000_000),
        st.integers(0, 20_000),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda spot: spot.number,
)


@given(many_spots)
def test_everybody_is_on_the_map_once(spots):
    drawing = draw(spots)
    assert sorted(spot.number for circle in drawing.circles for spot in circle.spots) == sorted(
        spot.number for spot in spots
    )
    assert sum(circle.heads for circle in drawing.circles) == sum(spot.heads for spot in spots)
    for circle in drawing.circles:
        assert 0 <= circle.x <= WIDTH
        assert 0 <= circle.y <= HEIGHT


@given(many_spots)
def test_no_label_covers_a_circle_or_another_label(spots):
    drawing = draw(spots)
    labels = [_measure_box(circle.label) for circle in drawing.circles if circle.label]
    assert len(labels) <= LABELS
    assert not [pair for pair in combinations(labels, 2) if _is_covering(*pair)]
    for circle in drawing.circles:
        r = circle.radius
        assert not [
            box for box in labels if _is_covering(box, (circle.x - r, circle.y - r, circle.x + r, circle.y + r))
        ]


def load_spots(seed: int = 1) -> list[Spot]:
    if not STATIONS.exists():
        pytest.skip("the shared list of stations is not here")
    random_bytes = Random(seed)  # noqa: S311 - not a secret
    with STATIONS.open(encoding="utf-8-sig") as file:
        return [
            Spot(
                n,
                row["Name"],
                "",
                int(float(row["lat"]) * 1e5),
                int(float(row["lon"]) * 1e5),
                random_bytes.randint(1, 200),
            )
            for n, row in enumerate(csv.DictReader(file), 1)
        ]


def test_stations_of_one_city_can_be_told_apart():
    moscow = [
        spot for spot in load_spots() if 5_550_000 < spot.lat_e5 < 5_600_000 and 3_720_000 < spot.lon_e5 < 3_800_000
    ]
    assert len(moscow) > 20
    drawing = draw(moscow)
    assert len(drawing.circles) > len(moscow) * 0.6
    assert sum(circle.label is not None for circle in drawing.circles) > 10
    biggest = max(drawing.circles, key=lambda circle: circle.heads)
    assert biggest.label is not None
    assert biggest.radius == max(circle.radius for circle in drawing.circles)


def test_north_is_up_and_east_is_right_also_over_the_date_line():
    south_west, north_east = Spot(1, "a", "", 6_000_000, 17_900_000, 5), Spot(2, "b", "", 6_100_000, -17_900_000, 5)
    drawing = draw([south_west, north_east])
    where = {circle.spots[0].number: circle for circle in drawing.circles}
    assert where[1].x < where[2].x
    assert where[1].y > where[2].y
    assert where[2].x - where[1].x < WIDTH


def test_the_bar_is_as_long_as_it_says():
    drawing = draw([Spot(1, "a", "", 5_500_000, 3_700_000, 1), Spot(2, "b", "", 5_600_000, 3_700_000, 1)])
    [low, high] = sorted((circle.y for circle in drawing.circles), reverse=True)
    metres_per_unit = 111_320 / (low - high)
    assert drawing.metres == pytest.approx(drawing.bar * metres_per_unit, rel=0.01)


def test_no_spot_no_map():
    assert draw([]) is None


def test_other_stations_are_dots_and_only_within_the_frame():
    drawing = draw([Spot(1, "a", "", 5_575_000, 3_760_000, 1)], [(5_575_500, 3_760_500), (0, 0)])
    assert len(drawing.dots) == 1
