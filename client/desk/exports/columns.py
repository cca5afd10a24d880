"""The columns of a table about persons, and which audience may see which."""

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
class SubjectRow:
    """A subject and what its cells need. `others`: the names that nobody allowed to be told."""

    subject: Subject
    zone: tzinfo
    others: Names

    def get_fact(self, name: str) -> Any:
        """Return the value of a fact, None when nobody stated it."""
        return self.subject.facts.get(name)

    def format_day(self, at: int | None) -> str | None:
        """Return the day of a time (Unix seconds) as `2026-11-20`, None when no calendar holds it. Nobody needs the
        minute, and it tells one case from another."""
        try:
            return None if at is None else datetime.fromtimestamp(at, UTC).astimezone(self.zone).date().isoformat()
        except (ValueError, OverflowError, OSError):
            return None

    def redact_words(self, value: Any) -> str | None:
        """Return somebody's own words, without the names of those who did not allow it. None when they are empty."""
        return self.others.remove(str(value)) if value else None

    def redact_name(self, value: Any) -> str | None:
        """Return this person's own name, without the names of others in it. None when it is empty."""
        return self.others.remove_beside(str(value)) if value else None

    def redact_all(self, values: Any) -> str | None:
        """Return several words of somebody's own as one cell. None when there are none."""
        return join_values(self.redact_words(value) for value in values) if isinstance(values, list) else None

    def get_part(self, name: str, inner: str) -> Any:
        """Return the value `inner` of a fact that has several, None when nobody stated it."""
        value = self.get_fact(name)
        return value.get(inner) if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `field`: of a report, where its names in other vocabularies are found; `many`: a cell may hold several
    values."""

    name: str
    field: str
    type: Type
    level: Level
    read_value: Callable[[SubjectRow], Cell]
    many: bool = False


SEPARATOR = "|"


def join_values(values: Iterable[str | None]) -> str | None:
    """Join several values into one cell. None when all of them are empty."""
    return SEPARATOR.join(line(value).replace(SEPARATOR, "/") for value in values if value) or None


def _plain_column(name: str, type_: Type = "string", level: Level = "full") -> Column:
    """Make a column that is a field as it stands."""
    if type_ == "string":
        return Column(name, name, type_, level, lambda row: row.redact_words(row.get_fact(name)))
    return Column(name, name, type_, level, lambda row: row.get_fact(name))


def _asked_column(name: str) -> Column:
    """Make a column that says what became of asking for something, the worst first."""

    def read_value(row: SubjectRow) -> Cell:
        value = row.get_fact(name)
        return next((answer for answer in ("refused", "given", "asked") if value and value.get(answer)), None)

    return Column(name, name, "string", "open", read_value)


def _list_column(name: str) -> Column:
    return Column(name, name, "string", "full", lambda row: row.redact_all(row.get_fact(name)), many=True)


def _degrees_column(name: str, inner: str) -> Column:
    def read_value(row: SubjectRow) -> Cell:
        value = row.get_part("place", inner)
        return None if value is None else value / 100_000

    return Column(name, "place", "number", "full", read_value)


def _get_station(row: SubjectRow) -> Cell:
    """Return the name of a place from a pack, else None: what somebody typed may name anybody."""
    return row.subject.place.name if row.subject.place.listed else None


def _get_detained_day(row: SubjectRow) -> Cell:
    return row.format_day(row.get_part("detained_at", "time"))


# `coerced` is in no export at all: it is a silent signal, and whoever forces somebody must not learn that it was given.
# `role` and `phone_taken` are not published: they tell who spoke to whom, and which report a seized phone wrote.
COLUMNS: Sequence[Column] = (
    Column("name", "name", "string", "name", lambda row: row.redact_name(row.subject.name)),
    Column("other_names", "other_names", "string", "name", lambda row: row.redact_name(row.get_fact("other_names"))),
    _plain_column("role"),
    Column("stage", "stage", "string", "open", lambda row: row.subject.stage),
    Column("held", "stage", "boolean", "open", lambda row: row.subject.is_detained),
    Column("detained_at", "detained_at", "date", "open", _get_detained_day),
    Column("since", "station", "date", "open", lambda row: row.format_day(row.subject.since)),
    Column("station", "station", "string", "open", _get_station),
    Column("city", "station", "string", "open", lambda row: row.subject.place.city if _get_station(row) else None),
    Column("station_words", "station", "string", "full", lambda row: row.redact_words(row.subject.place.name)),
    Column("by", "by", "string", "open", lambda row: row.get_part("by", "kind")),
    Column("by_names", "by", "string", "full", lambda row: row.redact_all(row.get_part("by", "names")), many=True),
    Column("by_badges", "by", "string", "full", lambda row: row.redact_all(row.get_part("by", "badges")), many=True),
    _plain_column("force", "boolean", "open"),
    _plain_column("phone_taken", "boolean"),
    _asked_column("lawyer"),
    _asked_column("call"),
    _asked_column("interpreter"),
    _asked_column("food"),
    _asked_column("doctor"),
    _plain_column("birth"),
    _plain_column("citizenship"),
    _plain_column("sex"),
    _plain_column("occupation"),
    _list_column("languages"),
    Column("place", "place", "string", "full", lambda row: row.redact_words(row.get_part("place", "text"))),
    _degrees_column("lat", "lat"),
    _degrees_column("lon", "lon"),
    Column("van_plate", "van", "string", "full", lambda row: row.redact_words(row.get_part("van", "plate"))),
    Column("van_side", "van", "string", "full", lambda row: row.redact_words(row.get_part("van", "side"))),
    _plain_column("event"),
    _plain_column("reason"),
    _plain_column("article"),
    _plain_column("warrant"),
    _plain_column("papers"),
    _list_column("violence"),
    _plain_column("injuries"),
    _plain_column("health"),
    _plain_column("medicines"),
    _plain_column("dependants"),
    _list_column("needs"),
    _plain_column("account"),
)


def select_columns(audience: str) -> list[Column]:
    """Return the columns that this audience may be given at all."""
    return [column for column in COLUMNS if audience != "publish" or column.level != "full"]


def is_allowed(column: Column, subject: Subject, audience: str) -> bool:
    """Tell whether this person lets this audience see this column."""
    return audience != "publish" or column.level == "open" or subject.consent.allows("name")
