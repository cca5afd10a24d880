"""Persons as CSV for an import into Uwazi: ASCII heads, days as dates, `lat|lon` in `..._geolocation`."""

from collections import Counter
from datetime import tzinfo

from client.desk.consent.subjects import Subject
from client.desk.exports.columns import SEPARATOR, Column, SubjectRow, select_columns
from client.desk.exports.csv_cells import Cell
from client.desk.exports.people import People, PeopleTable
from client.desk.exports.terms import load_terms

TITLE = "title"
PLACE = "exact_location"
# What the title and the location say already.
_LEFT = ("name", "station", "lat", "lon", "place")


def build_uwazi(people: People, zone: tzinfo) -> PeopleTable:
    """Build the table. A person without a name that may be told is `Person N`."""
    shown = [column for column in select_columns(people.audience) if column.name not in _LEFT]
    heads = [TITLE, *_choose_heads(shown), PLACE, f"{PLACE}_geolocation"]

    def make_row(number: int, row: SubjectRow) -> list[Cell]:
        is_named = people.audience != "publish" or row.subject.consent.allows("name")
        title = (is_named and row.redact_name(row.subject.name)) or f"Person {number}"
        return [
            title,
            *people.select_cells(row, shown),
            _format_place(row, people.audience),
            _format_position(row.subject),
        ]

    return people.build_table(heads, zone, make_row)


def _choose_heads(shown: list[Column]) -> list[str]:
    """Return HURIDOCS names where they name one column only, else ours; both are ASCII."""
    slugs = {column.name: load_terms()[column.field].slug for column in shown}
    times = Counter(slugs.values())
    return [
        slugs[column.name] if slugs[column.name] and times[slugs[column.name]] == 1 else column.name for column in shown
    ]


def _format_place(row: SubjectRow, audience: str) -> str | None:
    if row.subject.place.listed:
        return row.subject.place.name
    return None if audience == "publish" else row.redact_words(row.subject.place.name)


def _format_position(subject: Subject) -> str | None:
    """Format the position of the station, never that of a phone."""
    place = subject.place
    if not place.listed or place.lat is None or place.lon is None:
        return None
    return f"{place.lat / 100_000:.5f}{SEPARATOR}{place.lon / 100_000:.5f}"
