"""Who may stand in a table for whom."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from client.desk.consent import subjects as consent_subjects
from client.desk.consent.redact import Names
from client.desk.consent.subjects import Subject
from client.desk.exports.columns import Column, Row, allowed
from client.desk.exports.csv_cells import Cell, Written, as_csv, written


@dataclass(frozen=True, slots=True)
class Table:
    """CSV, how many rows it has, and the persons who could not be written."""

    data: bytes = field(repr=False)
    count: int
    failed: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Those who allow this audience to know of them, how many others there are, and the others' names."""

    audience: str
    subjects: Sequence[Subject]
    left_out: int
    others: Names

    def cells(self, row: Row, columns: Sequence[Column]) -> list[Cell]:
        """What this audience may see of a person in these columns."""
        return [one.of(row) if allowed(one, row.subject, self.audience) else None for one in columns]

    def table(self, heads: Sequence[str], zone: tzinfo, make_row: Callable[[int, Row], Sequence[Cell]]) -> Table:
        """One row for each person, by their number from 1 on. Whatever raises falls on that person alone."""
        rows, failed = list[list[Written]](), list[Subject]()
        for number, subject in enumerate(self.subjects, 1):
            try:
                rows.append(written(make_row(number, Row(subject, zone, self.others))))
            except Exception:  # whatever one person's words do, everybody else is in the table
                failed.append(subject)
        return Table(as_csv(heads, rows), len(rows), tuple(failed))


def people(everybody: Sequence[Subject], audience: str) -> People:
    """Persons, in an order that tells nothing."""
    persons = [subject for subject in everybody if not subject.rest]
    allowing = [subject for subject in persons if subject.consent.allows(audience)]
    return People(
        audience,
        sorted(allowing, key=_order),
        len(persons) - len(allowing),
        consent_subjects.collect_refusing_names(persons, audience),
    )


def _order(subject: Subject) -> bytes:
    return hashlib.sha256(subject.id.encode()).digest()
