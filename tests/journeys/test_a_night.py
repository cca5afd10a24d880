"""A night of arrests, made from the numbers of a real one, from the phones through a relay to the board."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from client.desk.cases import board
from client.desk.desk import Desk
from client.desk.journal.entries import SameGroup, SamePerson, Stated
from client.desk.matching import candidates
from client.organisation.home import card_of
from client.organisation.inbox import PullResult
from client.stations.pack import pack as packs
from client.transport.relay_client import Transport
from keys.note import NoteKey
from tests.journeys.conftest import PASSPHRASE, OfficeCommand, RelayCommand, Shell, make_office
from tests.support import night_generator
from tests.support.night_generator import GeneratedNight, Place
from tests.support.sealed_letters import Phones

pytestmark = [pytest.mark.process, pytest.mark.slow]

LENGTH = 14 * 3_600
SEED = 2012
# What is found of the duplicates, and how much of what is offered is one; for each the least that is good enough.
RECALL, PRECISION, VANS = 0.9, 0.75, 0.8


@dataclass
class ReplayedNight:
    """The night as it was, and a desk that has it all."""

    night: GeneratedNight
    phones: Phones
    desk: Desk
    transport: Transport
    relay: RelayCommand

    def number(self, case: str) -> int:
        return next(number for number, id_ in self.phones.ids.items() if id_ == case)

    def board(self) -> board.Board:
        with self.desk.reading() as db:
            return board.load_board(db, int(time.time()))

    def heads(self) -> Counter[Place]:
        """The board, place by place."""
        rows = self.board()
        found = Counter({_place(row.place): row.count.reported for row in rows.rows})
        assert len(found) == len(rows.rows), "every place stands once"
        found[("released", "")] = rows.released
        assert rows.total.reported == sum(row.count.reported for row in rows.rows)
        return found


@dataclass
class Arrival:
    """What the desk had and offered when everything had come and nobody had put anything together."""

    tallies: tuple[PullResult, PullResult]
    versions: tuple[int, int]
    board: board.Board
    heads: Counter[Place]
    pairs: list[candidates.Pair]
    vans: list[candidates.Pair]
    seconds: float


def _place(place: board.PlaceRow) -> Place:
    return ("station", place.station) if place.pack else ("typed", place.name)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[ReplayedNight]:
    if not night_generator.DETENTIONS.exists() or not night_generator.STATIONS.exists():
        pytest.skip("the tables of real detentions and stations are not here")
    folder = tmp_path_factory.mktemp("night")
    relay, shell = RelayCommand(folder / "relay").start(), Shell(folder)
    desk = None
    try:
        office = make_office(shell, [relay])
        pack = _pack(shell, office)
        stations = [
            station
            for station in pack.stations
            if station.lon < 38_00000 and station.lat > 55_00000 and station.lat < 56_50000
        ]
        now = int(time.time())
        night = night_generator.replay(night_generator.events(), stations, pack.about.id, now - LENGTH, SEED)
        phones = Phones(card_of(office.home), now)
        desk = Desk.unlock(office.home, PASSPHRASE, "Анна", packs=[pack])
        with Transport(os.urandom) as transport:
            desk.pull(transport)
            _send(night, phones, relay, transport)
            yield ReplayedNight(night, phones, desk, transport, relay)
    finally:
        if desk is not None:
            desk.close()
        relay.stop()


def _pack(shell: Shell, office: OfficeCommand) -> packs.Pack:
    out = shell.folder / "pack"
    words = (
        "stations",
        "build",
        night_generator.STATIONS.resolve(),
        "--home",
        office.home,
        "--root-file",
        shell.folder / "office-root",
        "--out",
        out,
        "--id",
        "ovd",
    )
    shell.ok(*words)
    return packs.read(out.read_bytes(), card_of(office.home).root)


def _send(night: GeneratedNight, phones: Phones, relay: RelayCommand, transport: Transport) -> None:
    """Every letter once; every twentieth twice, as a phone does that did not hear the relay's answer."""
    keys: list[NoteKey] = [transport.info(relay.address).note_key]
    for number, letter in enumerate(night.letters):
        sealed = phones.seal(letter)
        for _ in range(2 if number % 20 == 0 else 1):
            transport.deposit(relay.address, sealed, keys)


def test_the_night_has_the_size_and_the_trouble_of_a_real_one(world):
    night = world.night
    assert len(night.people) >= 500
    in_vans = sum(len(van.people) for van in night.vans)
    assert 0.18 < in_vans / len(night.people) < 0.22
    assert len(night.same_persons()) > 0.07 * len(night.people)
    names = Counter(person.name.whole for person in night.people)
    assert len(night.same_vans()) > 3
    assert len({person.name.surname for person in night.people}) < len(names) * 0.8, "many have a surname in common"


@pytest.fixture(scope="module")
def arrived(world) -> Arrival:
    before = world.desk.version
    tallies = world.desk.pull(world.transport), world.desk.pull(world.transport)
    with world.desk.reading() as db:
        begin = time.perf_counter()
        assert candidates.work(db, 60)
        pairs = candidates.find_candidates(db, 10_000)
        seconds = time.perf_counter() - begin
        vans = candidates.find_group_candidates(db, 10_000)
    return Arrival(tallies, (before, world.desk.version), world.board(), world.heads(), pairs, vans, seconds)


def test_every_letter_arrives_once(world, arrived):
    first, second = arrived.tallies
    assert (first.new, first.bad, first.failures) == (len(world.night.letters), 0, {})
    assert arrived.versions[1] > arrived.versions[0]
    assert second.new == 0


def test_every_station_stands_once_with_the_heads_that_were_reported(world, arrived):
    """Before anybody put anything together every report counts, and nothing else."""
    assert arrived.heads == world.night.as_reported()
    rows = arrived.board
    assert rows.practice == 5
    assert rows.total.claimed == 0
    counted = {"minors": 0, "injured": 0}
    for case in world.night.earnest:
        if case.place[0] != "released":
            counted["minors"] += case.minors
            counted["injured"] += case.injured
    assert {"minors": rows.total.minors, "injured": rows.total.injured} == counted
    assert sum(not row.place.pack for row in rows.rows) <= night_generator.MISTYPED, "all else is a station of the pack"


def test_duplicates_are_found_and_little_else(world, arrived, capsys):
    true = {world.phones.pair(pair) for pair in world.night.same_persons()}
    # a person's own report and another's of the van are one person too when one of both tells of him
    found = {_cases(pair) for pair in arrived.pairs}
    true_vans = {world.phones.pair(pair) for pair in world.night.same_vans()}
    found_vans = {frozenset((pair.a, pair.b)) for pair in arrived.vans}
    precision, recall = len(found & true) / len(found), len(found & true) / len(true)
    with capsys.disabled():
        night = world.night
        print(
            f"\n{len(night.people)} people, {len(night.earnest)} cases, {len(night.letters)} letters; "
            f"{len(true)} reported twice: {len(found)} offered in {arrived.seconds:.2f} s, "
            f"precision {precision:.3f}, recall {recall:.3f}; "
            f"vans told twice {len(true_vans)}, offered {len(found_vans)}, right {len(found_vans & true_vans)}"
        )
    assert recall >= RECALL
    assert precision >= PRECISION
    assert len(found_vans & true_vans) >= VANS * len(true_vans)
    assert len(found_vans - true_vans) <= 0.2 * len(true_vans) + 1


def _cases(pair: candidates.Pair) -> frozenset[str]:
    return frozenset((pair.a.partition("#")[0], pair.b.partition("#")[0]))


def test_people_of_one_name_at_one_station_come_after_those_who_are_surely_one(world, arrived):
    """Nobody can tell two namesakes about whom nothing else is known; but the sure ones stand first."""
    first = arrived.pairs[: len(world.night.same_persons()) // 2]
    true = {world.phones.pair(pair) for pair in world.night.same_persons()}
    assert sum(_cases(pair) in true for pair in first) >= 0.85 * len(first)


@pytest.fixture(scope="module")
def merged(world, arrived) -> ReplayedNight:
    """The desk after every pair that is true was put together."""
    persons = [tuple(sorted(world.phones.pair(pair))) for pair in world.night.same_persons()]
    vans = [tuple(sorted(world.phones.pair(pair))) for pair in world.night.same_vans()]
    acts: list[Any] = [SamePerson(a=f"{a}#0", b=f"{b}#0") for a, b in persons]
    acts += [SameGroup(a=a, b=b) for a, b in vans]
    for act in acts:
        world.desk.append(act)
    for case in world.night.earnest:
        if case.is_mistyped:
            world.desk.append(_found_out(world, case))
    return world


def test_when_the_duplicates_are_put_together_everybody_counts_once(merged):
    """And the board is the truth itself."""
    world = merged
    persons = [tuple(sorted(world.phones.pair(pair))) for pair in world.night.same_persons()]
    vans = [tuple(sorted(world.phones.pair(pair))) for pair in world.night.same_vans()]
    assert world.heads() == world.night.as_it_is()
    with world.desk.reading() as db:
        left = {_cases(pair) for pair in candidates.find_candidates(db, 10_000)}
        assert not left & {frozenset(pair) for pair in persons}, "what was decided is not offered again"
        assert not candidates.find_group_candidates(db, 10_000) or all(
            {pair.a, pair.b} not in map(set, vans) for pair in candidates.find_group_candidates(db, 10_000)
        )


def _found_out(world: ReplayedNight, case: night_generator.Case) -> Stated:
    """A caseworker calls the station whose name was mistyped."""
    station = {"pack": world.night.pack, "id": case.person.station.id, "certainty": "confirmed"}
    return Stated(case=world.phones.case(case.number), facts={"station": station}, source="звонок в отдел")


def test_the_same_board_stands_after_a_lock(merged):
    world = merged
    before = world.heads()
    folder = world.desk.folder
    pack = _pack_of(world)
    world.desk.close()
    world.desk = Desk.unlock(folder, PASSPHRASE, "Борис", packs=[pack])
    assert world.heads() == before == world.night.as_it_is()


def _pack_of(world: ReplayedNight) -> packs.Pack:
    return packs.read((world.desk.folder.parent / "pack").read_bytes())
