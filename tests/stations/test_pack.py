"""What goes into a pack comes out of it; what is no pack is refused with our own error and nothing else."""

import json
import re
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.stations.build.candidate import tidy
from client.stations.errors import PackMalformed, PackOlder, PackOther, TooManyStations
from client.stations.pack import columns
from client.stations.pack.columns import PackStation, decode, encode
from client.stations.pack.pack import KIND, read
from keys.errors import NoteUnsigned, TocsinError
from keys.wire import b64, digest
from tests.stations.lists import HIFLD, INDIA, OTHER, OVD, ROOT, SMALL, packed, real, signer

pytestmark = pytest.mark.xdist_group("stations")  # the large list is built once for all

texts = st.text(min_size=1, max_size=60).map(tidy)
names = st.lists(texts.filter(bool), max_size=4, unique=True).map(tuple)
phones = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=columns.PHONE)
stations = st.lists(
    st.builds(
        PackStation,
        id=st.from_regex(columns.ID, fullmatch=True),
        names=names,
        address=texts,
        lat=st.integers(-columns.NORTH, columns.NORTH),
        lon=st.integers(-columns.EAST, columns.EAST),
        phone=st.one_of(st.just(""), phones),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda station: station.id,
)


@given(stations)
def test_stations_come_back_as_they_were(some):
    assert sorted(read(packed(some)).stations, key=lambda station: station.id) == sorted(
        some, key=lambda station: station.id
    )


@given(stations)
def test_the_body_keeps_the_order(some):
    assert decode(encode(some)) == tuple(some)


@given(stations)
def test_telephones_are_what_stands_behind_the_rest(some):
    """So that a pack without them has not a byte more, and a list is as long with them as its lines."""
    without = encode([replace(station, phone="") for station in some])
    phones = "\n".join(station.phone for station in some).encode() if any(station.phone for station in some) else b""
    assert encode(some) == without + phones


def test_a_pack_of_nobody_with_a_telephone_may_say_so_in_empty_lines():
    some = [replace(station, phone="") for station in SMALL]
    assert decode(encode(some) + b"\n" * (len(some) - 1)) == tuple(some)


def test_every_width_of_word_number_is_kept():
    """192 words have numbers of one byte, 15,616 of two, the others of three."""
    words = [PackStation(f"s{i}", (f"w{i}",), f"a{i % 7}", i, -i) for i in range(20_000)]
    assert decode(encode(words)) == tuple(words)


@pytest.mark.parametrize("name", [OVD, INDIA, HIFLD])
def test_real_stations_come_back_as_they_were(name):
    built = real(name)
    found = read(packed(built.stations)).stations
    assert sorted(found, key=lambda station: station.id) == sorted(built.stations, key=lambda station: station.id)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_no_pack(data):
    with pytest.raises(TocsinError):
        read(data)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_behind_a_good_note_are_refused(data):
    signed, _, _ = packed(SMALL).partition(b"\0")
    with pytest.raises(TocsinError):
        read(signed + b"\0" + data, bytes(ROOT.verify_key))


GOOD = encode(SMALL)
CALLED = encode([replace(station, phone=f"+7 495 {at}") for at, station in enumerate(SMALL)])


@given(st.integers(len(GOOD), len(CALLED) - 1), st.binary(max_size=70))
def test_telephones_with_a_hole_are_read_or_refused(at, patch):
    try:
        found = decode(CALLED[:at] + patch + CALLED[at + 1 :])
    except PackMalformed:
        return
    assert [replace(station, phone="") for station in found] == list(SMALL)
    assert all(
        len(station.phone) <= columns.PHONE and not re.search(r"[\x00-\x1f\x7f-\x9f]", station.phone)
        for station in found
    )


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8), st.integers(0, 8))
def test_a_signed_body_with_a_hole_is_read_or_refused(at, patch, skip):
    """An organisation may sign what a broken program made: the parser must not depend on the signature."""
    try:
        found = decode(GOOD[:at] + patch + GOOD[at + skip :])
    except PackMalformed:
        return
    assert all(abs(station.lat) <= columns.NORTH and abs(station.lon) <= columns.EAST for station in found)


@given(st.binary(max_size=200))
def test_arbitrary_bodies_are_refused_by_their_own_error(data):
    with pytest.raises(PackMalformed):
        decode(data)


def test_a_pack_that_unpacks_to_more_than_it_may_is_not_unpacked():
    bomb = zlib.compress(bytes(10_000_000), 9)
    good = packed(SMALL)
    with pytest.raises(TocsinError):
        read(good.partition(b"\0")[0] + b"\0" + bomb)


def test_nothing_may_follow_the_packed_stations():
    """Not among the shared vectors: browsers refuse it too, as their standard says, but Node 20 does not."""
    tail = zlib.compress(encode(SMALL)) + b"x"
    about = {**json.loads(packed(SMALL).split(b"\n")[1]), "hash": b64(digest(tail))}
    with pytest.raises(PackMalformed):
        read(signer()(f"{KIND}\n{json.dumps(about)}\n") + b"\0" + tail)


def test_the_signer_named_by_the_pack_is_enough_only_without_a_root():
    pack = packed(SMALL)
    assert read(pack).about.root
    with pytest.raises(NoteUnsigned):
        read(pack, bytes(OTHER.verify_key))


def test_only_a_newer_pack_replaces_the_one_held():
    replaced = read(packed(SMALL, seq=7))
    assert read(packed(SMALL, seq=8), previous=replaced).about.seq == 8
    assert read(packed(SMALL, seq=7), previous=replaced).about.seq == 7
    for data, refusal in [
        (packed(SMALL, seq=6), PackOlder),
        (packed(SMALL[1:], seq=7), PackOlder),
        (packed(SMALL, seq=9, id="other"), PackOther),
    ]:
        with pytest.raises(refusal):
            read(data, previous=replaced)


def test_a_pack_holds_at_least_one_station_and_no_more_than_a_phone_can():
    for some in ([], [SMALL[0]] * (columns.STATIONS + 1)):
        with pytest.raises(TooManyStations):
            packed(some)


def test_what_would_be_read_otherwise_is_not_signed():
    for station in (
        PackStation("a", ("two  blanks",), "", 0, 0),
        PackStation("a", (), "a , b", 0, 0),
        PackStation("a", (), "", 0, 0, "102\n103"),
        PackStation("a", (), "", 0, 0, "1" * 61),
    ):
        with pytest.raises(PackMalformed):
            packed([station])
