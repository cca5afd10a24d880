"""Who may stand in a table for whom."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from client.desk.consent import subjects as consent_subjects
from client.desk.consent.redact import Names
from client.desk.consent.subjects import Subject
from client.desk.exports.columns import Column, Row, allowed
from client.desk.exports.csv_cells import Cell


@dataclass(frozen=True, slots=True)
class People:
    """Those who allow this audience to know of them, how many others there are, and the others' names."""

    audience: str
    subjects: Sequence[Subject]
    left_out: int
    others: Names

    def rows(self, columns: Sequence[Column], zone: tzinfo) -> Iterator[list[Cell]]:
        for subject in self.subjects:
            row = Row(subject, zone, self.others)
            yield [one.of(row) if allowed(one, subject, self.audience) else None for one in columns]


def people(everybody: Sequence[Subject], audience: str) -> People:
    """Persons, in an order that tells nothing."""
    persons = [subject for subject in everybody if not subject.rest]
    allowing = [subject for subject in persons if subject.consent.allows(audience)]
    return People(
        audience, sorted(allowing, key=_order), len(persons) - len(allowing), consent_subjects.others(persons, audience)
    )


def _order(subject: Subject) -> bytes:
    return hashlib.sha256(subject.id.encode()).digest()
