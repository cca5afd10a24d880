"""Tables of persons: who may stand in one for which audience."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from client.desk.consent import subjects as consent_subjects
from client.desk.consent.redact import Names
from client.desk.consent.subjects import Subject
from client.desk.exports.columns import Column, SubjectRow, is_allowed
from client.desk.exports.csv_cells import Cell, SafeCell, encode_row, write_csv


@dataclass(frozen=True, slots=True)
class PeopleTable:
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

    def select_cells(self, row: SubjectRow, columns: Sequence[Column]) -> list[Cell]:
        """Return what this audience may see of a person in these columns; None for what it may not."""
        return [
            column.read_value(row) if is_allowed(column, row.subject, self.audience) else None for column in columns
        ]

    def build_table(
        self, heads: Sequence[str], zone: tzinfo, make_row: Callable[[int, SubjectRow], Sequence[Cell]]
    ) -> PeopleTable:
        """Build a row for each person, by their number from 1 on. Whatever raises falls on that person alone."""
        rows, failed = list[list[SafeCell]](), list[Subject]()
        for number, subject in enumerate(self.subjects, 1):
            try:
                rows.append(encode_row(make_row(number, SubjectRow(subject, zone, self.others))))
            except Exception:  # whatever one person's words do, everybody else is in the table
                failed.append(subject)
        return PeopleTable(write_csv(heads, rows), len(rows), tuple(failed))


def select_people(everybody: Sequence[Subject], audience: str) -> People:
    """Select the persons who allow this audience to know of them, in an order that tells nothing."""
    persons = [subject for subject in everybody if not subject.rest]
    allowing = [subject for subject in persons if subject.consent.allows(audience)]
    return People(
        audience,
        sorted(allowing, key=_hash_id),
        len(persons) - len(allowing),
        consent_subjects.collect_refusing_names(persons, audience),
    )


def _hash_id(subject: Subject) -> bytes:
    return hashlib.sha256(subject.id.encode()).digest()
