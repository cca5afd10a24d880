"""What stands in a row about a person, and for whom."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from client.desk.consent.redact import Names
from client.desk.consent.subjects import Subject
from client.desk.consent.text import line
from client.desk.exports.csv_cells import Cell

AUDIENCES = ("help", "store", "UN", "publish")

Type = Literal["string", "integer", "number", "boolean", "date"]
# Who sees a column: everybody, also where no name may stand; where the name may be published; or nobody but those to
# whom the person let everything be given.
Level = Literal["open", "name", "full"]


@dataclass(frozen=True, slots=True)
class Row:
    """A subject and what is needed to write it down."""

    subject: Subject
    zone: tzinfo
    others: Names

    def fact(self, name: str) -> Any:
        return self.subject.facts.get(name)

    def day(self, at: int | None) -> str | None:
        """A time as its day: nobody needs the minute, and it tells one case from another."""
        try:
            return None if at is None else datetime.fromtimestamp(at, UTC).astimezone(self.zone).date().isoformat()
        except (ValueError, OverflowError, OSError):
            return None

    def words(self, value: Any) -> str | None:
        """Somebody's own words, without the names of those who did not allow it."""
        return self.others.remove(str(value)) if value else None

    def named(self, value: Any) -> str | None:
        """This person's own name."""
        return self.others.remove_beside(str(value)) if value else None

    def all(self, values: Any) -> str | None:
        """Several words of somebody's own in one cell."""
        return joined(self.words(one) for one in values) if isinstance(values, list) else None

    def part(self, name: str, inner: str) -> Any:
        value = self.fact(name)
        return value.get(inner) if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Column:
    """`field`: of a report, where its names in other vocabularies are found."""

    name: str
    field: str
    type: Type
    level: Level
    of: Callable[[Row], Cell]
    many: bool = False


SEPARATOR = "|"


def joined(values: Iterable[str | None]) -> str | None:
    """Several values in one cell."""
    return SEPARATOR.join(line(one).replace(SEPARATOR, "/") for one in values if one) or None


def _plain(name: str, type_: Type = "string", level: Level = "full") -> Column:
    """A column that is a field as it stands."""
    if type_ == "string":
        return Column(name, name, type_, level, lambda row: row.words(row.fact(name)))
    return Column(name, name, type_, level, lambda row: row.fact(name))


def _count(name: str) -> Column:
    def of(row: Row) -> Cell:
        value = row.fact(name)
        return int(value) if isinstance(value, int) else None

    return Column(name, name, "integer", "open", of)


def _asked(name: str) -> Column:
    """What became of asking for it, the worst first."""

    def of(row: Row) -> Cell:
        value = row.fact(name)
        return next((one for one in ("refused", "given", "asked") if value and value.get(one)), None)

    return Column(name, name, "string", "open", of)


def _many(name: str) -> Column:
    return Column(name, name, "string", "full", lambda row: row.all(row.fact(name)), many=True)


def _degrees(name: str, inner: str) -> Column:
    def of(row: Row) -> Cell:
        value = row.part("place", inner)
        return None if value is None else value / 100_000

    return Column(name, "place", "number", "full", of)


def _station(row: Row) -> Cell:
    """Only from a pack: what somebody typed may name anybody."""
    return row.subject.place.name if row.subject.place.listed else None


def _detained(row: Row) -> Cell:
    return row.day(row.part("detained_at", "time"))


# `coerced` is in no export at all: it is a silent signal, and whoever forces somebody must not learn that it was given.
# `role` and `phone_taken` are not published: they tell who spoke to whom, and which report a seized phone wrote.
COLUMNS: Sequence[Column] = (
    Column("name", "name", "string", "name", lambda row: row.named(row.subject.name)),
    Column("other_names", "other_names", "string", "name", lambda row: row.named(row.fact("other_names"))),
    _plain("role"),
    Column("stage", "stage", "string", "open", lambda row: row.subject.stage),
    Column("held", "stage", "boolean", "open", lambda row: row.subject.held),
    Column("detained_at", "detained_at", "date", "open", _detained),
    Column("since", "station", "date", "open", lambda row: row.day(row.subject.since)),
    Column("station", "station", "string", "open", _station),
    Column("city", "station", "string", "open", lambda row: row.subject.place.city if _station(row) else None),
    Column("station_words", "station", "string", "full", lambda row: row.words(row.subject.place.name)),
    Column("by", "by", "string", "open", lambda row: row.part("by", "kind")),
    Column("by_names", "by", "string", "full", lambda row: row.all(row.part("by", "names")), many=True),
    Column("by_badges", "by", "string", "full", lambda row: row.all(row.part("by", "badges")), many=True),
    _plain("force", "boolean", "open"),
    _plain("phone_taken", "boolean"),
    _asked("lawyer"),
    _asked("call"),
    _asked("interpreter"),
    _asked("food"),
    _asked("doctor"),
    _plain("birth"),
    _plain("citizenship"),
    _plain("sex"),
    _plain("occupation"),
    _many("languages"),
    Column("place", "place", "string", "full", lambda row: row.words(row.part("place", "text"))),
    _degrees("lat", "lat"),
    _degrees("lon", "lon"),
    Column("van_plate", "van", "string", "full", lambda row: row.words(row.part("van", "plate"))),
    Column("van_side", "van", "string", "full", lambda row: row.words(row.part("van", "side"))),
    _plain("event"),
    _plain("reason"),
    _plain("article"),
    _plain("warrant"),
    _plain("papers"),
    _many("violence"),
    _plain("injuries"),
    _plain("health"),
    _plain("medicines"),
    _plain("dependants"),
    _many("needs"),
    _plain("account"),
)


def columns(audience: str) -> list[Column]:
    """What this audience may be given at all."""
    return [one for one in COLUMNS if audience != "publish" or one.level != "full"]


def allowed(column: Column, subject: Subject, audience: str) -> bool:
    """Whether this person lets this audience see this column."""
    return audience != "publish" or column.level == "open" or subject.consent.allows("name")
