"""Whom a case is about: what its facts say of the report as a whole and of each person. Specified in `board.md`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from client.desk.cases import places
from client.desk.cases.places import Moment, Stations, Stay
from client.stations.pack import fold

# A caseworker who has one of these from another source has heard of the detention itself, not of a spelling.
CONFIRMING = frozenset({"stage", "station", "van", "people"})
FOLDED = 400  # characters of a name as it is compared


class FactRow(NamedTuple):
    """A row of `fact`, its value decoded."""

    k: int
    own: int
    field: str
    value: Any
    stated_at: int
    happened: int | None
    letter: int | None
    entry: int | None
    source: str
    order: str


class LawyerProgress(NamedTuple):
    """The progress of a lawyer, and since when it is known (Unix seconds). Sorts by time; `order` decides between
    equals."""

    at: int
    order: str
    state: str
    name: str


NOBODY = LawyerProgress(0, "", "", "")


@dataclass(frozen=True, slots=True)
class PeopleEntries:
    """The journal's words on a case's people beside facts. `k` None: everybody."""

    confirmed: tuple[int | None, ...] = ()
    lawyers: tuple[tuple[int | None, LawyerProgress], ...] = ()


@dataclass(frozen=True, slots=True)
class CasePerson:
    """A person of a case. `is_name_stated`: a caseworker wrote the name. `is_confirmed`: from a source beside the
    report."""

    k: int
    name: str
    other_names: str
    birth: str
    is_name_stated: bool
    minor: bool
    injured: bool
    is_confirmed: bool
    lawyer: LawyerProgress
    stays: tuple[Stay, ...]

    @property
    def folded(self) -> str:
        return " ".join(sorted(fold.tokens(f"{self.name} {self.other_names}")))[:FOLDED]


@dataclass(frozen=True, slots=True)
class Account:
    """The people of a case, as it tells of them. `stays`: of everybody but the person whom the report is about."""

    people: int
    minors: int
    injured: int
    is_confirmed: bool
    lawyer: LawyerProgress
    persons: tuple[CasePerson, ...]
    stays: tuple[Stay, ...]


def find_last_values(facts: Iterable[FactRow]) -> dict[str, Any]:
    """Return the value last said of each field. Facts come in the order in which they were said."""
    return {fact.field: fact.value for fact in facts}


def count(value: Any, most: int) -> int:
    """Return the heads of a count: a plain yes is one, and never more than `most`."""
    if value is True:
        return min(1, most)
    return min(value, most) if isinstance(value, int) else 0


def describe_people(facts: Sequence[FactRow], named: PeopleEntries, stations: Stations) -> Account:
    """Work out whom a case is about. `facts`: those that fit and may hold, in the order in which they were said."""
    whole = [fact for fact in facts if not fact.own]
    values = find_last_values(whole)
    people = max(1, values["people"]) if isinstance(values.get("people"), int) else 1
    is_confirmed = None in named.confirmed or _is_stated(whole)
    rest = tuple(places.find_stays(_collect_moments(whole), stations)) if people > 1 else ()
    numbers = sorted({0, *(fact.k for fact in facts)})
    persons = tuple(_describe_person(k, facts, whole, named, stations, alone=people == 1) for k in numbers)
    return Account(
        people,
        count(values.get("minors"), people),
        count(values.get("injured"), people),
        is_confirmed,
        _find_lawyer(None, whole, named),
        persons,
        rest,
    )


def _is_stated(facts: Iterable[FactRow]) -> bool:
    return any(fact.entry is not None and fact.source.strip() and fact.field in CONFIRMING for fact in facts)


def _describe_person(
    k: int, facts: Sequence[FactRow], whole: Sequence[FactRow], named: PeopleEntries, stations: Stations, *, alone: bool
) -> CasePerson:
    own = [fact for fact in facts if fact.k == k and fact.own]
    mine = [fact for fact in facts if fact.k == 0] if k == 0 else own
    about = mine if k == 0 and alone else own  # "two minors" of twenty tells nothing about one of them
    values, marks = find_last_values(mine), find_last_values(about)
    name = _as_line(values.get("name"))
    return CasePerson(
        k=k,
        name=name,
        other_names=_as_line(values.get("other_names")),
        birth=_as_line(values.get("birth")),
        is_name_stated=bool(name) and any(fact.field == "name" and fact.entry is not None for fact in mine),
        minor=count(marks.get("minors"), 1) > 0,
        injured=count(marks.get("injured"), 1) > 0,
        is_confirmed=None in named.confirmed or k in named.confirmed or _is_stated([*whole, *own]),
        lawyer=_find_lawyer(k, [*whole, *own], named),
        stays=_find_stays(k, mine, whole, stations),
    )


def _find_stays(k: int, mine: Sequence[FactRow], whole: Sequence[FactRow], stations: Stations) -> tuple[Stay, ...]:
    """Return the stays of a person: those of the van until a report says something of this person alone."""
    found = places.find_stays(_collect_moments(mine), stations)
    if k and not found:
        found = places.find_stays(_collect_moments(whole), stations)
    return tuple(found)


def _as_line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _find_lawyer(k: int | None, facts: Iterable[FactRow], named: PeopleEntries) -> LawyerProgress:
    reported = [_read_lawyer(fact) for fact in facts if fact.field == "lawyer" and isinstance(fact.value, dict)]
    sent = [lawyer for whom, lawyer in named.lawyers if whom in (None, k)]
    return max([*(lawyer for lawyer in reported if lawyer.state), *sent], default=NOBODY)


def _read_lawyer(fact: FactRow) -> LawyerProgress:
    """Return the report's word on a lawyer: one who was given is there."""
    answers = (("given", "inside"), ("refused", "refused"), ("asked", "asked"))
    state = next((state for answer, state in answers if fact.value.get(answer) is True), "")
    return LawyerProgress(fact.stated_at, fact.order, state, "")


# Moments: what one source said at one time of where somebody is


def _collect_moments(facts: Iterable[FactRow]) -> list[Moment]:
    sources: dict[tuple[int | None, int | None], dict[str, FactRow]] = {}
    for fact in facts:
        if fact.field in places.FACTS and fact.value is not None:
            sources.setdefault((fact.letter, fact.entry), {})[fact.field] = fact
    return [_make_moment(facts) for facts in sources.values() if facts.keys() != {"place"}]


def _make_moment(facts: dict[str, FactRow]) -> Moment:
    first = next(facts[field] for field in places.FACTS if field in facts)
    happened = next((fact.happened for fact in facts.values() if fact.happened is not None), None)
    value = {field: fact.value for field, fact in facts.items()}
    station = value.get("station") or []
    return Moment(
        since=first.stated_at if happened is None else happened,
        stated_at=first.stated_at,
        order=first.order,
        stage=value.get("stage"),
        stations=station if isinstance(station, list) else [station],
        van=value.get("van"),
        words=_as_line((value.get("place") or {}).get("text")),
    )
