"""Persons and crowds as the desk's database has them, in the form in which they are compared. Only reads."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from client.desk.matching import names, scoring
from client.desk.matching.scoring import Crowd, Described, Sighting

NAMES = 4  # of one person that are compared, the newest
STAYS = 6
AT_ONCE = 500  # cases asked for in one query

_FACTS = """SELECT "case", k, field, value FROM fact
  WHERE fits AND field IN ('name', 'other_names', 'contact', 'tell', 'sex', 'role', 'van') AND "case" IN ({})
  ORDER BY ord DESC"""
_STAYS = """SELECT person, place.kind, place.key, since, place.lat, place.lon, certainty
  FROM stay JOIN place ON place.number = stay.place WHERE "case" IN ({}) ORDER BY ord DESC"""
_FIXES = 'SELECT id, lat, lon, fixed FROM "case" WHERE lat IS NOT NULL AND fixed IS NOT NULL AND id IN ({})'
_PEOPLE = """SELECT "case", id, k, name, other_names, birth FROM person
  WHERE NOT practice AND "case" IN ({}) ORDER BY k"""
_CROWDS = 'SELECT id, people FROM "case" WHERE NOT practice AND id IN ({})'


@dataclass(frozen=True, slots=True)
class CaseFeatures:
    """The features of one case. `persons` is empty when it is practice."""

    persons: tuple[Described, ...] = ()
    crowd: Crowd | None = None


def load_features(db: Database, cases: Sequence[str]) -> Iterator[tuple[str, CaseFeatures]]:
    """Return each of these cases with what it tells."""
    for start in range(0, len(cases), AT_ONCE):
        some = cases[start : start + AT_ONCE]
        facts, stays = _load_facts(db, some), _load_stays(db, some)
        people, found = _load_people(db, some), _load_crowds(db, some, facts, stays)
        for case in some:
            described = (_describe(row, facts, stays) for row in people[case])
            persons = tuple(person for person in described if person is not None)
            yield case, CaseFeatures(persons, found.get(case))


def _query(db: Database, sql: str, cases: Sequence[str]) -> list[Any]:
    return list(db.execute(sql.format(",".join("?" * len(cases))), cases).fetchall())


def _load_facts(db: Database, cases: Sequence[str]) -> dict[tuple[str, int, str], list[Any]]:
    """Return values by case, person and field, the newest first."""
    found: dict[tuple[str, int, str], list[Any]] = defaultdict(list)
    for case, k, name, value in _query(db, _FACTS, cases):
        decoded = json.loads(value)
        if decoded is not None:
            found[case, k, name].append(decoded)
    return found


def _load_stays(db: Database, cases: Sequence[str]) -> dict[str, list[Sighting]]:
    """Return stays by person, the newest first; positions of the phone by case."""
    found: dict[str, list[Sighting]] = defaultdict(list)
    for person, kind, key, since, lat, lon, certainty in _query(db, _STAYS, cases):
        found[person].append(Sighting("" if kind == "unknown" else key, since, lat, lon, certainty == "confirmed"))
    for case, lat, lon, fixed in _query(db, _FIXES, cases):
        found[case].append(Sighting("", fixed, lat, lon))
    return found


def _load_people(db: Database, cases: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in _query(db, _PEOPLE, cases):
        found[row[0]].append(row)
    return found


def _describe(
    row: Any, facts: dict[tuple[str, int, str], list[Any]], stays: dict[str, list[Sighting]]
) -> Described | None:
    """Return None for somebody whose words cannot be compared, whatever the reason: all others still are."""
    try:
        return _describe_person(row, facts, stays)
    except Exception:
        return None


def _describe_person(
    row: Any, facts: dict[tuple[str, int, str], list[Any]], stays: dict[str, list[Sighting]]
) -> Described:
    case, person, k, name, other, born = row

    def texts_of(*fields: str) -> list[str]:
        return [value for field in fields for value in facts.get((case, k, field), ()) if isinstance(value, str)]

    texts = dict.fromkeys([name, other, *texts_of("name", "other_names")])
    read = tuple(found for text in [text for text in texts if text][:NAMES] if (found := names.read(text)))
    own = k == 0 and texts_of("role")[:1] == ["self"]
    where = [*stays.get(person, ())[:STAYS], *(stays.get(case, ()) if k == 0 else ())]
    return Described(
        person=person,
        case=case,
        names=read,
        birth=born,
        sex=scoring.decide_sex(next(iter(texts_of("sex")), ""), read),
        phones=scoring.find_phones(texts_of("contact", "tell")),
        own=own,
        stays=tuple(where),
    )


def _load_crowds(
    db: Database, cases: Sequence[str], facts: dict[tuple[str, int, str], list[Any]], stays: dict[str, list[Sighting]]
) -> dict[str, Crowd]:
    found = {}
    for case, people in _query(db, _CROWDS, cases):
        vans = [van for van in facts.get((case, 0, "van"), ()) if isinstance(van, dict)]
        where = (*stays.get(f"{case}#0", ())[:STAYS], *stays.get(case, ()))
        found[case] = Crowd(
            case,
            people,
            _read_marks(vans, "plate", scoring.normalise_plate),
            _read_marks(vans, "side", scoring.normalise_side),
            where,
        )
    return found


def _read_marks(vans: Iterable[dict[str, Any]], name: str, read: Any) -> frozenset[str]:
    return frozenset(plain for van in vans if (plain := read(str(van.get(name, "")))))
