"""Groups of persons that are the same, crowds of cases, and their heads. Specified in `board.md`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlite_utils import Database

from client.desk.cases import places

# As many as stand in a large van or a station's corridor. Whoever reports more is heard, but one report alone does not
# move the sums by more than this.
BELIEVED = 60


class DisjointSet:
    """Sets of names that grow together."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def root(self, name: str) -> str:
        """Return the smallest name in the set of this name."""
        while (above := self._above.get(name, name)) != name:
            self._above[name] = self._above.get(above, above)
            name = above
        return name

    def join(self, a: str, b: str) -> None:
        """Make one set of the sets of two names."""
        a, b = sorted((self.root(a), self.root(b)))
        self._above[b] = a

    def sets(self, names: Iterable[str]) -> dict[str, list[str]]:
        """Return the sets that these names are in, each by the smallest of these names in it."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in sorted(names):
            found[self.root(name)].append(name)
        return {members[0]: members for members in found.values()}


class CountedPerson(NamedTuple):
    """The parts of a person that counting needs."""

    id: str
    case: str
    name: str
    birth: str
    is_name_stated: int
    minor: int
    injured: int
    is_confirmed: int
    lawyer: str
    lawyer_name: str
    lawyer_at: int


class CountedCase(NamedTuple):
    """The parts of a case that counting needs."""

    id: str
    people: int
    minors: int
    injured: int
    is_confirmed: int
    lawyer: str
    lawyer_name: str
    lawyer_at: int
    heard: int
    event: str


class LatestStay(NamedTuple):
    """The newest stay of a person, or of everybody else in a case."""

    order: str
    place: int
    stage: str
    since: int


class Running(NamedTuple):
    """A clock that was not stopped."""

    ends: int
    key: str


@dataclass(slots=True)
class Cluster:
    """Cases that hang together and everything needed to count them; no practice presses among them."""

    cases: dict[str, CountedCase]
    persons: dict[str, CountedPerson]
    stays: dict[str, LatestStay]
    clocks: dict[str, list[Running]]
    links: list[tuple[str, str, str]]  # kind, a, b


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """One row of `unit`: a person, or the unnamed rest of a crowd, with the cases that tell of them."""

    id: str
    rest: bool
    stay: LatestStay | None
    heads: int
    claimed: int
    confirmed: int
    minors: int
    injured: int
    lawyer: str
    lawyer_name: str
    heard: int
    name: str = ""
    birth: str = ""
    events: str = ""
    cases: tuple[str, ...] = ()
    clocks: tuple[Running, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """Everybody, once each; which person belongs to which group and which case to which crowd."""

    units: list[CountedGroup] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    crowds: dict[str, str] = field(default_factory=dict)


def count_heads(near: Cluster) -> Counted:
    """Count each person once, and of each crowd as many more as its reports make believable: the rule of `board.md`."""
    same, crowd = DisjointSet(), DisjointSet()
    for kind, a, b in near.links:
        (same if kind == "same_person" else crowd).join(a, b)
    groups = same.sets(near.persons)
    crowds = crowd.sets(near.cases)
    found = Counted(
        groups={person: name for name, members in groups.items() for person in members},
        crowds={case: name for name, members in crowds.items() for case in members},
    )
    found.units.extend(
        _count_person(name, [near.persons[member] for member in members], near) for name, members in groups.items()
    )
    inside = _group_by_case(near, groups)
    for name, members in crowds.items():
        rest = _count_rest(
            name, [near.cases[member] for member in members], [inside[member] for member in members], near
        )
        if rest is not None:
            found.units.append(rest)
    return found


def _count_person(name: str, members: Sequence[CountedPerson], near: Cluster) -> CountedGroup:
    cases = tuple(sorted({member.case for member in members}))
    stays = [near.stays[member.id] for member in members if member.id in near.stays]
    lawyer = _find_newest_lawyer(members)
    return CountedGroup(
        id=name,
        rest=False,
        stay=max(stays, default=None),
        heads=1,
        claimed=0,
        confirmed=int(len(cases) > 1 or any(member.is_confirmed for member in members)),
        minors=max(member.minor for member in members),
        injured=max(member.injured for member in members),
        lawyer=lawyer.lawyer or "none",
        lawyer_name=lawyer.lawyer_name,
        heard=max(near.cases[case].heard for case in cases),
        name=max(members, key=lambda member: (member.is_name_stated, len(member.name), member.name)).name,
        birth=max((member.birth for member in members), key=lambda birth: (len(birth), birth)),
        events=_join_events(near.cases[case] for case in cases),
        cases=cases,
        clocks=tuple(sorted(clock for case in cases for clock in near.clocks.get(case, ()))),
    )


class _CaseGroups(NamedTuple):
    """Groups of the persons of one case, and which of those groups are minors, which injured."""

    groups: frozenset[str]
    minors: frozenset[str]
    injured: frozenset[str]


def _group_by_case(near: Cluster, groups: dict[str, list[str]]) -> dict[str, _CaseGroups]:
    found: dict[str, list[set[str]]] = {case: [set(), set(), set()] for case in near.cases}
    for name, ids in groups.items():
        members = [near.persons[id_] for id_ in ids]
        marks = (True, any(member.minor for member in members), any(member.injured for member in members))
        for member in members:
            for group, mark in zip(found[member.case], marks, strict=True):
                if mark:
                    group.add(name)
    return {case: _CaseGroups(*map(frozenset, sets)) for case, sets in found.items()}


def _count_rest(
    name: str, cases: Sequence[CountedCase], inside: Sequence[_CaseGroups], near: Cluster
) -> CountedGroup | None:
    """Count the unnamed rest of a crowd; None when no report of it tells of more than one person."""
    groups = [case for case in cases if case.people > 1]
    if not groups:
        return None
    named = len(frozenset().union(*(named_in.groups for named_in in inside)))
    most, believed, vouched = _weigh_heads(groups)
    stays = [near.stays[case.id] for case in groups if case.id in near.stays]
    lawyer = _find_newest_lawyer(groups)
    return CountedGroup(
        id=name,
        rest=True,
        stay=max(stays, default=None),
        heads=max(0, believed - named),
        claimed=max(0, most - max(believed, named)),
        confirmed=max(0, min(believed, vouched) - named),
        minors=_count_beyond_named(
            [min(case.minors, believed) for case in groups], [named_in.minors for named_in in inside]
        ),
        injured=_count_beyond_named(
            [min(case.injured, believed) for case in groups], [named_in.injured for named_in in inside]
        ),
        lawyer=lawyer.lawyer or "none",
        lawyer_name=lawyer.lawyer_name,
        heard=max(case.heard for case in groups),
        events=_join_events(groups),
        cases=tuple(sorted(case.id for case in groups)),
        clocks=tuple(sorted(clock for case in groups for clock in near.clocks.get(case.id, ()))),
    )


def _weigh_heads(groups: Sequence[CountedCase]) -> tuple[int, int, int]:
    """Return the highest count, the part of it that is believed, and the part that several sources confirm."""
    claims = sorted((case.people for case in groups), reverse=True)
    vouched = max([*claims[1:2], *(case.people for case in groups if case.is_confirmed)], default=0)
    return claims[0], max(min(claims[0], BELIEVED), vouched), vouched


def _count_beyond_named(claims: Iterable[int], known: Iterable[frozenset[str]]) -> int:
    """Beyond those who are known by name."""
    return max(0, max(claims) - len(frozenset().union(*known)))


def _join_events(cases: Iterable[CountedCase]) -> str:
    return "\n".join(["", *sorted({case.event for case in cases if case.event}), ""])


def _find_newest_lawyer(sources: Sequence[CountedPerson | CountedCase]) -> CountedPerson | CountedCase:
    """Return the member with the newest word on a lawyer."""
    return max(sources, key=lambda source: (source.lawyer_at, source.lawyer, source.lawyer_name))


# Rows


def refresh(db: Database) -> None:
    """Count anew every case that hangs together with one in `touched`; they are left in `near`."""
    _spread(db)
    old = [row[0] for row in db.execute(_OLD_UNITS)]
    for statement in _FORGET:
        db.conn.executemany(statement, ((number,) for number in old))
    found = count_heads(_read(db))
    db.conn.executemany("UPDATE person SET grp = ? WHERE id = ?", ((to, person) for person, to in found.groups.items()))
    db.conn.executemany('UPDATE "case" SET crowd = ? WHERE id = ?', ((to, case) for case, to in found.crowds.items()))
    _write(db, found.units)
    db.execute(_OWN_UNIT)


def _spread(db: Database) -> None:
    db.execute("DELETE FROM near")
    db.execute(_SPREAD)


_SPREAD = """
INSERT INTO near
WITH RECURSIVE reached ("case") AS (
  SELECT "case" FROM touched
  UNION SELECT b_case FROM reached JOIN link ON a_case = "case" AND kind IN ('same_person', 'same_group')
  UNION SELECT a_case FROM reached JOIN link ON b_case = "case" AND kind IN ('same_person', 'same_group')
)
SELECT "case" FROM reached
"""
_OLD_UNITS = 'SELECT DISTINCT unit FROM near CROSS JOIN unit_case USING ("case")'
_FORGET = (
    "DELETE FROM unit WHERE number = ?",
    "DELETE FROM unit_case WHERE unit = ?",
    "DELETE FROM unit_clock WHERE unit = ?",
)


_OWN_UNIT = """UPDATE "case" SET unit = (SELECT unit.number FROM person JOIN unit ON unit.id = grp
    WHERE person.id = "case".id || '#0') WHERE id IN (SELECT "case" FROM near)"""


def _read(db: Database) -> Cluster:
    cases = {row[0]: CountedCase(*row) for row in db.execute(_CASES)}
    persons = {row[0]: CountedPerson(*row) for row in db.execute(_PERSONS)}
    stays: dict[str, LatestStay] = {}
    for person, *row in db.execute(_STAYS):
        stays[person] = max(stays.get(person, LatestStay("", 0, "", 0)), LatestStay(*row))
    clocks: dict[str, list[Running]] = defaultdict(list)
    for case, ends, key in db.execute(_CLOCKS):
        clocks[case].append(Running(ends, key))
    links = [row for row in db.execute(_LINKS) if _is_between(row, cases)]
    return Cluster(cases, persons, stays, clocks, links)


def _is_between(link: tuple[str, str, str], cases: dict[str, CountedCase]) -> bool:
    # A practice press, or a case whose letters are not here, joins nobody.
    return all(id_.partition("#")[0] in cases for id_ in link[1:])


# CROSS JOIN holds SQLite to this order: `near` is most often one case, and it would guess otherwise.
_CASES = """SELECT id, people, minors, injured, surely, lawyer, lawyer_name, lawyer_at, heard, event_key
  FROM near CROSS JOIN "case" ON id = near."case" WHERE NOT practice"""
_PERSONS = """SELECT id, "case", name, birth, told, minor, injured, surely, lawyer, lawyer_name, lawyer_at
  FROM near CROSS JOIN person USING ("case") WHERE NOT practice"""
_STAYS = 'SELECT person, ord, place, stage, since FROM near CROSS JOIN stay USING ("case")'
_CLOCKS = 'SELECT "case", ends, key FROM near CROSS JOIN clock USING ("case") WHERE stopped IS NULL'
_LINKS = """SELECT kind, a, b FROM near CROSS JOIN link ON a_case = "case"
  WHERE kind IN ('same_person', 'same_group')"""


def _write(db: Database, units: Sequence[CountedGroup]) -> None:
    unknown = places.number_places(db, [places.UNKNOWN])[places.UNKNOWN.key]
    nowhere = LatestStay("", unknown, "unknown", 0)
    last = int(db.execute("SELECT coalesce(max(number), 0) FROM unit").fetchone()[0])
    rows: list[tuple[Any, ...]] = []
    cases: list[tuple[int, str, int]] = []
    clocks: list[tuple[int, int, str, int]] = []
    for number, unit in enumerate(units, last + 1):
        stay = unit.stay or nowhere
        is_held = stay.stage not in places.NOT_HELD
        running = unit.clocks if is_held else ()
        rows.append(_row(number, unit, stay, is_held, running[0].ends if running else None))
        cases.extend((number, case, stay.place) for case in unit.cases)
        clocks.extend((stay.place, clock.ends, clock.key, number) for clock in running)
    db.conn.executemany(_NEW_UNIT, rows)
    db.conn.executemany("INSERT INTO unit_case VALUES (?, ?, ?)", cases)
    db.conn.executemany("INSERT OR IGNORE INTO unit_clock VALUES (?, ?, ?, ?)", clocks)


_NEW_UNIT = "INSERT INTO unit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def _row(number: int, unit: CountedGroup, stay: LatestStay, is_held: bool, ends: int | None) -> tuple[Any, ...]:
    return (
        number,
        unit.id,
        unit.rest,
        stay.place,
        stay.stage,
        is_held,
        unit.heads,
        unit.claimed,
        unit.confirmed,
        unit.minors,
        unit.injured,
        unit.lawyer,
        unit.lawyer_name,
        stay.since,
        unit.heard,
        ends,
        unit.name,
        unit.birth,
        unit.events,
    )
