"""Whom the desk knows of, as exports need it: one subject for each person, however many reports tell of them.

Only reads the tables of `client/desk/cases/schema.sql`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from client.desk.consent import consent
from client.desk.consent.consent import ConsentAnswers, ConsentStatement
from client.desk.consent.redact import Names
from client.stations.pack.fold import tokens

# What is true of everybody in a report and not only of the one who wrote it.
SHARED = ("detained_at", "van", "by", "event")

EVERYBODY = -1  # stands for k where something was said of all whom a report is about


@dataclass(frozen=True, slots=True)
class SubjectPlace:
    """A place where somebody is. `listed`: it stands in a pack, so its name and position are public and nobody's own
    words."""

    kind: str
    name: str
    address: str
    city: str
    country: str
    lat: int | None
    lon: int | None
    listed: bool
    phone: str = ""


class SubjectFacts:
    """The values last said of somebody, by field."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> Any:
        """Return the value last said of a field; None when nothing was said."""
        value = self._values.get(name)
        return None if value is None else msgspec.json.decode(value)

    def __repr__(self) -> str:
        return "SubjectFacts(...)"


@dataclass(frozen=True, slots=True)
class Subject:
    """One person, or (`rest`) the unnamed rest of a crowd. `names`: all that were ever said of this person."""

    id: str
    rest: bool
    name: str
    names: frozenset[str] = field(repr=False)
    heads: int
    minors: int
    injured: int
    lawyer: str
    stage: str
    is_detained: bool
    place: SubjectPlace
    place_number: int
    since: int
    heard: int
    cases: tuple[str, ...]
    consent: ConsentAnswers
    facts: SubjectFacts = field(repr=False)


class _Value(NamedTuple):
    order: str
    value: Any


class _Person(NamedTuple):
    case: str
    k: int
    name: str
    other_names: str


_UNITS = """
SELECT number, id, rest, place, stage, held, heads, minors, injured, lawyer, since, heard, name FROM unit
WHERE :groups IS NULL OR id IN (SELECT value FROM json_each(:groups)) ORDER BY id
"""
_UNIT_CASES = """
SELECT unit, "case" FROM unit_case JOIN unit ON unit.number = unit
WHERE :groups IS NULL OR unit.id IN (SELECT value FROM json_each(:groups)) ORDER BY "case"
"""
_PERSONS = """
SELECT grp, "case", k, name, other_names FROM person
WHERE practice = 0 AND (:groups IS NULL OR grp IN (SELECT value FROM json_each(:groups)))
"""
_FACTS = """
SELECT "case", k, own, field, value, said, letter, ord FROM fact
WHERE fits = 1 AND (:every OR field IN ('consent', 'role', 'phone_taken', 'name', 'other_names', 'birth'))
  AND (:cases IS NULL OR "case" IN (SELECT value FROM json_each(:cases)))
ORDER BY "case", ord, number
"""


def list_subjects(db: Database, *, with_facts: bool = True, groups: Collection[str] | None = None) -> list[Subject]:
    """Return everybody but practice presses, or those of these ids. Without facts (but for names and birth) it takes a
    third of the time."""
    only = {"groups": None if groups is None else _json(groups)}
    cases = _group_pairs(db.execute(_UNIT_CASES, only))
    statements = _StatementIndex(
        db, with_facts, only, None if groups is None else {case for found in cases.values() for case in found}
    )
    places = _load_places(db)
    found = []
    for number, id_, rest, place, *counts, name in db.execute(_UNITS, only).fetchall():
        stage, is_held, heads, minors, injured, lawyer, since, heard = counts
        in_cases = tuple(cases[number])
        consent_, facts = statements.rest(in_cases) if rest else statements.person(id_)
        names_ = frozenset() if rest else statements.names(id_) | {name} - {""}
        found.append(
            Subject(
                id_, bool(rest), name, names_, heads, minors, injured, lawyer, stage, bool(is_held), places[place],
                place, since, heard, in_cases, consent_, facts,
            )
        )  # fmt: skip
    return found


def list_subjects_of_case(db: Database, case: str) -> list[Subject]:
    """Return everybody of whom this case tells."""
    units = db.execute('SELECT id FROM unit JOIN unit_case ON unit = unit.number WHERE "case" = ?', [case])
    return list_subjects(db, with_facts=False, groups=[id_ for (id_,) in units])


def find_mentioned(db: Database, texts: Iterable[str]) -> list[Subject]:
    """Return everybody all words of whose name stand in these texts."""
    words = {word for text in texts for word in tokens(text)}
    rows = db.execute("SELECT grp, folded, name, other_names FROM person WHERE practice = 0")
    near = (row for row in rows if not words.isdisjoint(row[1].split()))
    groups = {group for group, _, *written in near if any(name and words.issuperset(tokens(name)) for name in written)}
    return list_subjects(db, with_facts=False, groups=groups)


def collect_names(persons: Iterable[Subject]) -> set[str]:
    """Return every name that was ever said of these persons."""
    return {name for person in persons for name in person.names}


def collect_refusing_names(persons: Iterable[Subject], audience: str) -> Names:
    """Return the names that this audience must not read. Where two people have one name, the person who refuses
    counts."""
    named = "name" if audience == "publish" else audience
    return Names(collect_names(person for person in persons if not person.rest and not person.consent.allows(named)))


class _StatementIndex:
    """Facts and consent by person. Values stay JSON until somebody asks for them."""

    def __init__(self, db: Database, every: bool, only: dict[str, Any], cases: Collection[str] | None) -> None:
        self._facts: dict[tuple[str, int], dict[str, _Value]] = defaultdict(dict)
        self._words: dict[tuple[str, int], list[tuple[int, bool, str]]] = defaultdict(list)
        self._names: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._taken: dict[str, int] = {}
        for case, k, own, name, value, said_at, letter, ord_ in db.execute(
            _FACTS, {"every": every, "cases": None if cases is None else _json(cases)}
        ):
            for whom in (k,) if own else (k, EVERYBODY):
                self._facts[case, whom][name] = _Value(ord_, value)
                if name == "consent":
                    self._words[case, whom].append((said_at, letter is not None, value))
            if name in ("name", "other_names"):
                self._names[case, k].add(str(_decode(value) or ""))
            elif name == "phone_taken" and value == "true":
                self._taken.setdefault(case, said_at)
        self._groups: dict[str, list[_Person]] = defaultdict(list)
        for group, *person in db.execute(_PERSONS, only):
            self._groups[group].append(_Person(*person))

    def person(self, group: str) -> tuple[ConsentAnswers, SubjectFacts]:
        """Return the consent of a person, and what was last said of them in any of their cases."""
        persons = self._groups[group]
        own = [self._consent(person) for person in persons if self._is_own(person)]
        others = [self._consent(person) for person in persons if not self._is_own(person)]
        newest: dict[str, _Value] = {}
        for person in persons:
            for name, value in self._of(person):
                if name not in newest or value.order >= newest[name].order:
                    newest[name] = value
        return consent.combine_answers(own, others), SubjectFacts({name: value.value for name, value in newest.items()})

    def names(self, group: str) -> frozenset[str]:
        """Return every name that was ever said of a person."""
        persons = self._groups[group]
        written = {name for person in persons for name in (person.name, person.other_names)}
        return frozenset(written.union(*(self._names.get((person.case, person.k), ()) for person in persons)) - {""})

    def rest(self, cases: Sequence[str]) -> tuple[ConsentAnswers, SubjectFacts]:
        """Return the consent of the unnamed rest of a crowd, who have no words of their own: that of their reports."""
        return consent.combine_answers([], [self._combine_consent(case, EVERYBODY) for case in cases]), SubjectFacts({})

    def _of(self, person: _Person) -> Iterable[tuple[str, _Value]]:
        if person.k:
            shared = self._facts.get((person.case, EVERYBODY), {})
            yield from ((name, shared[name]) for name in SHARED if name in shared)
        yield from self._facts.get((person.case, person.k), {}).items()

    def _is_own(self, person: _Person) -> bool:
        role = self._facts.get((person.case, 0), {}).get("role")
        return person.k == 0 and role is not None and role.value == '"self"'

    def _consent(self, person: _Person) -> ConsentAnswers:
        """Return the consent that a case states for a person; a case's consent holds for everybody in it who said
        nothing."""
        own = self._combine_consent(person.case, person.k)
        return own if own != consent.NOTHING else self._combine_consent(person.case, EVERYBODY)

    def _combine_consent(self, case: str, k: int) -> ConsentAnswers:
        taken_at = self._taken.get(case)
        return consent.combine_statements(
            # whoever holds the phone afterwards may forbid things, and allow nothing
            ConsentStatement(_decode(value), not by_phone or taken_at is None or said_at <= taken_at)
            for said_at, by_phone, value in self._words.get((case, k), ())
        )


@lru_cache(maxsize=4_096)
def _decode(value: str) -> Any:
    """JSON; a night has few different answers to most questions."""
    return msgspec.json.decode(value)


def _load_places(db: Database) -> dict[int, SubjectPlace]:
    rows = db.execute("SELECT number, kind, name, address, city, country, lat, lon, pack <> '', phone FROM place")
    return {number: SubjectPlace(*place) for number, *place in rows}


def _json(values: Iterable[str]) -> str:
    return msgspec.json.encode(sorted(values)).decode()


def _group_pairs(rows: Iterable[Sequence[Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return found
