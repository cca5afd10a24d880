"""From somebody's list to ours: tables, GeoJSON, OpenStreetMap extracts."""

import json
import sys
from pathlib import Path

import osmium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.files import CannotRead
from client.stations.build import candidate, csv_table, geojson
from client.stations.build.build import PackOptions, build, read_source
from client.stations.build.candidate import OPENSTREETMAP, tidy
from client.stations.build.check import DoubtKind
from client.stations.errors import ColumnsUnknown, OsmReaderMissing, SourceEmpty, SourceUnreadable
from client.stations.pack.columns import PackStation, decode, encode
from keys.errors import TocsinError
from tests.stations.lists import HIFLD, INDIA, OVD, real

pytestmark = pytest.mark.xdist_group("stations")  # the large list is built once for all


def built(text: str, **options):
    return build(csv_table.read(text.encode(), options.pop("columns", {})), PackOptions(**options))


# Tables


def test_a_table_is_understood_by_its_headers():
    found = built(
        "ID,Station Name,LATITUDE,Longitude,Address,City\n7,ОВД Арбат,55.74781,37.58892,Кривоарбатский 14,Москва\n"
    )
    (station,) = found.stations
    assert (station.id, station.name, station.address, station.lat, station.lon) == (
        "7", "ОВД Арбат", "Кривоарбатский 14, Москва", 5_574_781, 3_758_892,
    )  # fmt: skip


def test_semicolons_decimal_commas_and_russian_headers():
    found = built('\ufeffНазвание;Широта;Долгота;Адрес\n"ОВД ""Арбат""";55,74781;37,58892;ул. Мира, 3\n')
    (station,) = found.stations
    assert (station.name, station.address, station.lat) == ('ОВД "Арбат"', "ул. Мира, 3", 5_574_781)


def test_columns_may_be_named():
    columns = {"name": ["what"], "lat": ["north"], "lon": ["EAST"], "address": ["b", "a"], "other": ["c"]}
    (station,) = built("a,b,c,what,north,east\nA,B,C,Name,1,2\n", columns=columns).stations
    assert (station.names, station.address, station.lat, station.lon) == (("Name", "C"), "B, A", 100_000, 200_000)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("a,b,c\n1,2,3\n", {}), ("name,lat,lon\nA,1,2\n", {"name": ["missing"]}), ("", {}), ("just text\n", {})],
)
def test_a_table_that_is_not_understood_is_refused(text, columns):
    with pytest.raises(ColumnsUnknown):
        csv_table.read(text.encode(), columns)


def test_other_encodings_are_named():
    data = "name;lat;lon\nОВД;55;37\n".encode("cp1251")
    with pytest.raises(SourceUnreadable):
        csv_table.read(data, {})
    assert csv_table.read(data, {}, "cp1251").drafts[0].names == ("ОВД",)
    assert csv_table.read("name\tlat\tlon\nОВД\t55\t37\n".encode("utf-16"), {}).drafts[0].names == ("ОВД",)
    with pytest.raises(SourceUnreadable):
        csv_table.read(data, {}, "no-such-encoding")


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_read_or_refused(data):
    for read in (lambda: csv_table.read(data, {}), lambda: geojson.read(data)):
        try:
            read()
        except TocsinError:
            pass


@given(st.text(max_size=100))
def test_tidy_texts_are_tidy(text):
    plain = tidy(text)
    assert tidy(plain) == plain
    assert plain == " ".join(plain.split())


# Telephones


@pytest.mark.parametrize(
    "header", ["phone", "TELEPHONE", "Tel", "Phone Number", "contact:phone", "Телефон", "тел.", "телефони", "تلفن"]
)
def test_telephones_are_found_by_their_header(header):
    (station,) = built(f"name;lat;lon;{header}\nA;1;2;+7 (495) 123-45-67\n").stations
    assert station.phone == "+7 (495) 123-45-67"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("251-275-3153", "251-275-3153"),
        ("02", "02"),
        ("  8  (495)\t123-45-67 ", "8 (495) 123-45-67"),
        ("+91-11-2669-1861;+91-11-2669-1862", "+91-11-2669-1861; +91-11-2669-1862"),
        ("8 495 1234567, 8 495 1234568", "8 495 1234567; 8 495 1234568"),
        ("8 495 1234567 / 8 495 1234568", "8 495 1234567; 8 495 1234568"),
        ("8 495 1234567\n8 495 1234567", "8 495 1234567"),
        ("8 495 1234567, доб. 105", "8 495 1234567, доб. 105"),
        ("0883-2442953, 2468050", "0883-2442953, 2468050"),
        ("дежурная часть, 8 495 1234567, круглосуточно", "8 495 1234567"),
        ("08554-274033 , 9440796805", "08554-274033; 9440796805"),
        ("030/1234567", "030/1234567"),
        ("۰۲۱-۱۲۳۴۵۶۷", "021-1234567"),
        ("NOT AVAILABLE", ""),
        ("нет", ""),
        ("-", ""),
        ("0", ""),
        ("000-000-0000", ""),
        ("NOT AVAILABLE; 102", "102"),
        ("1234567890; " * 3 + "2234567890; 3234567890; 4234567890; 5234567890; 6234567890; 102",
         "1234567890; 2234567890; 3234567890; 4234567890; 5234567890"),
        ("8 (495) 123-45-67 (дежурная часть отдела полиции, звонить круглосуточно, приём 9-18)",
         "8 (495) 123-45-67"),
        ("1" * 30 + "2" * 31, ""),
    ],
)  # fmt: skip
def test_telephones_are_kept_as_told_and_words_without_one_are_not(typed, stored):
    assert candidate.phone_of([typed]) == stored


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",))), max_size=3))
def test_whatever_is_told_as_a_telephone_fits_into_a_pack(typed):
    phone = candidate.phone_of(typed)
    (station,) = decode(encode([PackStation("a", (), "", 0, 0, phone)]))
    assert station.phone == phone
    assert all(any(mark in "0123456789" for mark in number) for number in phone.split("; ") if phone)


def test_several_columns_of_telephones_make_one():
    (station,) = built("name,lat,lon,phone,tel\nA,1,2,102,+7 495 1\n").stations
    assert station.phone == "102; +7 495 1"
    (station,) = built("name,lat,lon,a,b\nA,1,2,102,103\n", columns={"phone": ["b", "a"]}).stations
    assert station.phone == "103; 102"


def test_telephones_are_left_out_when_asked():
    (station,) = built("name,lat,lon,phone\nA,1,2,102\n", phones=False).stations
    assert (station.name, station.phone) == ("A", "")


def test_the_id_of_a_station_does_not_change_with_its_telephone():
    station, other = (built(f"name,lat,lon,phone\nA,1,2,{phone}\n").stations[0].id for phone in ("102", "103"))
    assert station == other


def test_telephones_of_geojson():
    point = {"type": "Point", "coordinates": [37.6, 55.7]}
    tags = [{"phone": "102"}, {"contact:phone": "103"}, {"phone": "102", "contact:phone": "102"},
            {"telephone": "104"}, {"tel": 105}, {"phone": "yes"}, {}]  # fmt: skip
    drafts = geojson.read(collection(*(feature(tag, point) for tag in tags))).drafts
    assert [draft.phone for draft in drafts] == ["102", "103", "102", "104", "105", "", ""]


# What is doubtful


ROWS = """id,name,lat,lon
1,Good,55.75,37.61
2,Zero,0,0
3,Swapped,37.61,55.75
4,New York,40.7,-74
5,Good,55.75001,37.61
6,No position,,
7,Off the globe,95.0,200
7,Same id,55.8,37.7
7,Same id again,55.9,37.7
8,Text,north,east
9,Swapped far east,131.9,43.1
"""


def test_doubtful_points_are_named_and_kept():
    found = built(ROWS, country="RU")
    assert {(doubt.name, doubt.kind) for doubt in found.doubts} == {
        ("Zero", DoubtKind.ZERO),
        ("Swapped", DoubtKind.SWAPPED),
        ("New York", DoubtKind.OUTSIDE),
        ("Good", DoubtKind.DUPLICATE),
        ("No position", DoubtKind.NO_POSITION),
        ("Off the globe", DoubtKind.OFF_GLOBE),
        ("Same id again", DoubtKind.SAME_ID),
        ("Text", DoubtKind.NO_POSITION),
        ("Swapped far east", DoubtKind.SWAPPED),
    }
    assert [station.name for station in found.stations] == [
        "Good", "Zero", "Swapped", "New York", "Good", "Same id", "Same id again",
    ]  # fmt: skip
    assert {found.doubts[at].kind for at in found.left_out} == {
        DoubtKind.NO_POSITION,
        DoubtKind.OFF_GLOBE,
        DoubtKind.SWAPPED,
    }


def test_they_are_left_out_when_asked():
    found = built(ROWS, country="RU", drop_bad=True)
    assert [station.name for station in found.stations] == ["Good", "Same id", "Same id again"]


def test_ids_are_kept_made_and_never_twice_the_same():
    rows = "id,name,lat,lon\nОВД 1,A,1,1\n,B,2,2\n5,C,3,3\n5,D,4,4\n5,D,4,4\n"
    first, second = (built(rows).stations for _ in range(2))
    assert first == second
    assert len({station.id for station in first}) == 5
    assert first[2].id == "5"


def test_a_list_without_positions_is_refused():
    with pytest.raises(SourceEmpty):
        built("name,lat,lon\nA,,\n")
    with pytest.raises(SourceEmpty):
        built("name,lat,lon\nA,0,0\n", drop_bad=True)


# GeoJSON


def feature(tags, geometry, **more):
    return {"type": "Feature", "properties": tags, "geometry": geometry, **more}


def collection(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def test_points_and_outlines():
    square = {"type": "Polygon", "coordinates": [[[37, 55], [38, 55], [38, 56], [37, 56], [37, 55]]]}
    source = geojson.read(
        collection(
            feature({"name": "Point"}, {"type": "Point", "coordinates": [37.6, 55.7, 120]}, id=5),
            feature({"name": "Square", "address": "Here"}, square),
            feature({"name": "Nowhere"}, None),
            None,
        )
    )
    found = build(source, PackOptions())
    assert [(station.id, station.name, station.lat, station.lon) for station in found.stations[:1]] == [
        ("5", "Point", 5_570_000, 3_760_000)
    ]
    assert (found.stations[1].address, found.stations[1].lat) == ("Here", 5_550_000)
    assert [doubt.kind for doubt in found.doubts] == [DoubtKind.NO_POSITION] * 2
    assert source.credit.notice == ""


def test_names_in_other_languages_are_searched_too():
    tags = {"@id": "way/12", "name": "Алмалы", "name:ru": "Алмалинское", "name:en": "Almaly", "alt_name": "УП; Алмалы"}
    source = geojson.read(collection(feature(tags, {"type": "Point", "coordinates": [76.9, 43.2]})))
    assert (source.drafts[0].id, source.drafts[0].names) == ("w12", ("Алмалы", "Almaly", "Алмалинское", "УП"))
    assert source.credit == OPENSTREETMAP


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"type":"Feature"}', b"[" * 100_000, b'{"features":{}}', b"\xff\xfe{"]
)
def test_what_is_no_collection_is_refused(data):
    with pytest.raises(SourceUnreadable):
        geojson.read(data)


# OpenStreetMap


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    path = tmp_path / "small.osm.pbf"
    police = {"amenity": "police"}
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_node(
            osmium.osm.mutable.Node(
                id=1,
                location=(37.6, 55.7),
                tags={
                    **police,
                    "name": "Точка",
                    "addr:street": "Мира",
                    "addr:housenumber": "5",
                    "contact:phone": "102",
                },
            )
        )
        writer.add_node(osmium.osm.mutable.Node(id=2, location=(37.0, 55.0)))
        writer.add_node(osmium.osm.mutable.Node(id=3, location=(37.2, 55.1)))
        writer.add_node(osmium.osm.mutable.Node(id=4, location=(30.0, 60.0), tags={"amenity": "cafe"}))
        writer.add_node(osmium.osm.mutable.Node(id=5, location=(30.2, 60.2)))
        writer.add_way(osmium.osm.mutable.Way(id=10, nodes=[2, 3, 2], tags={**police, "operator": "МВД"}))
        writer.add_way(osmium.osm.mutable.Way(id=11, nodes=[4, 5, 4]))
        writer.add_way(osmium.osm.mutable.Way(id=12, nodes=[99, 98], tags={**police, "name": "Cut off"}))
        relation = {**police, "type": "multipolygon", "name": "Площадь"}
        writer.add_relation(osmium.osm.mutable.Relation(id=20, members=[("w", 11, "outer")], tags=relation))
    return path


def test_points_ways_and_relations_of_an_extract(extract):
    source = read_source(extract, PackOptions())
    found = build(source, PackOptions())
    assert [(station.id, station.name, station.address, station.lat, station.lon) for station in found.stations] == [
        ("n1", "Точка", "Мира, 5", 5_570_000, 3_760_000),
        ("w10", "МВД", "", 5_505_000, 3_710_000),
        ("r20", "Площадь", "", 6_010_000, 3_010_000),
    ]
    assert [(doubt.id, doubt.kind) for doubt in found.doubts] == [("w12", DoubtKind.NO_POSITION)]
    assert [station.phone for station in found.stations] == ["102", "", ""]
    assert found.credit == OPENSTREETMAP


def test_an_extract_that_is_none_is_refused(tmp_path):
    path = tmp_path / "bad.osm.pbf"
    path.write_bytes(b"no extract at all")
    with pytest.raises(SourceUnreadable):
        read_source(path, PackOptions())
    with pytest.raises(CannotRead):
        read_source(tmp_path / "missing.osm.pbf", PackOptions())


def test_a_missing_reader_is_named(extract, monkeypatch):
    monkeypatch.setitem(sys.modules, "osmium", None)
    with pytest.raises(OsmReaderMissing):
        read_source(extract, PackOptions())


def test_an_extract_cut_off_is_refused(extract):
    extract.write_bytes(extract.read_bytes()[:-40])
    with pytest.raises(SourceUnreadable):
        read_source(extract, PackOptions())


# The real lists


@pytest.mark.parametrize(("name", "count"), [(OVD, 67), (INDIA, 2_646), (HIFLD, 23_611)])
def test_no_station_of_a_real_list_is_lost(name, count):
    found = real(name)
    assert len(found.stations) == count
    assert not found.left_out


@pytest.mark.parametrize(("name", "count"), [(OVD, 0), (INDIA, 234), (HIFLD, 23_610)])
def test_every_telephone_of_a_real_list_is_kept(name, count):
    """In India there is one more, of which "N/A" is told."""
    assert sum(bool(station.phone) for station in real(name).stations) == count


def test_twice_counted_stations_of_a_real_list_are_named():
    twice = [doubt.name for doubt in real(OVD).doubts if doubt.kind is DoubtKind.DUPLICATE]
    assert twice == ["76 ОП", "28 ОП"]
    assert [doubt.name for doubt in real(OVD).doubts if doubt.kind is DoubtKind.SAME_PLACE] == ["121 ОП", "30 ОП"]


def test_openstreetmap_is_named_in_a_list_exported_from_it():
    assert real(INDIA).credit == OPENSTREETMAP
    assert real(HIFLD).credit.notice == ""
