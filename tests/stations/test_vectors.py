"""The shared vectors: what the phone's `core/stations/` is held to as well (vectors.test.mjs)."""

from dataclasses import asdict

import pytest

from client.stations.pack.pack import Pack, read
from client.stations.pack.search import Index
from keys.errors import TocsinError
from keys.wire import unb64
from tests.stations.vectors import VECTORS

ROOT = unb64(VECTORS["root"])


@pytest.fixture(scope="module")
def vector_pack() -> Pack:
    return read(unb64(VECTORS["pack"]), ROOT)


def test_the_pack_holds_the_stations_in_its_order(vector_pack):
    stations = [
        {**asdict(station), "names": list(station.names), "name": station.name} for station in vector_pack.stations
    ]
    assert stations == VECTORS["stations"]


def test_each_station_has_its_telephones():
    found = read(unb64(VECTORS["called"]), ROOT).stations
    assert [station.phone for station in found] == VECTORS["called_phones"]


@pytest.mark.parametrize("vector", VECTORS["near"], ids=lambda v: f"{v['lat']},{v['lon']},{v['accuracy']}")
def test_near(vector_pack, vector):
    found = Index(vector_pack.stations).near(vector["lat"], vector["lon"], vector["accuracy"])
    assert [{"id": hit.station.id, "m": hit.m, "highlight": hit.highlight} for hit in found] == vector["answer"]


@pytest.mark.parametrize("vector", VECTORS["crowd_near"], ids=lambda v: str(v["lon"]))
def test_near_in_a_crowd_where_ids_decide(vector):
    found = Index(read(unb64(VECTORS["crowd"]), ROOT).stations).near(vector["lat"], vector["lon"], vector["accuracy"])
    assert [{"id": hit.station.id, "m": hit.m, "highlight": hit.highlight} for hit in found] == vector["answer"]


@pytest.mark.parametrize("vector", VECTORS["find"], ids=lambda v: v["text"][:30])
def test_find(vector_pack, vector):
    found = Index(vector_pack.stations).find(vector["text"])
    assert [{"id": hit.station.id, "score": hit.score} for hit in found] == vector["answer"]


@pytest.mark.parametrize("vector", VECTORS["packs"], ids=lambda v: v["name"])
def test_packs(vector_pack, vector):
    if vector["expect"] == "ok":
        assert read(unb64(vector["pack"]), ROOT, vector_pack).about.id == vector_pack.about.id
        return
    with pytest.raises(TocsinError) as caught:
        read(unb64(vector["pack"]), ROOT, vector_pack)
    assert caught.value.code == vector["expect"]
