"""Journals of several desks: handed over, merged, compared."""

import io
from typing import Any

from client.desk.desk import Desk
from client.desk.journal.entries import Damaged, Exported, Locked, Merged, Received, Unlocked

ABOUT_THE_DESK = (Unlocked, Locked, Merged, Received, Exported, Damaged)


def exported(desk: Desk) -> bytes:
    return b"".join(desk.export_journal())


def merge(into: Desk, data: bytes) -> Merged:
    return into.merge_journal(io.BytesIO(data))


def acts(desk: Desk) -> list[str]:
    """What people did, in its true order."""
    return [entry.id for entry in desk.entries if not isinstance(entry.action, ABOUT_THE_DESK)]


_STATE = (
    'SELECT header, id, "case", kind, seq, at, said, pulled, practice, doubt, last_resort, envelope FROM letter',
    'SELECT "case", k, field, value, said, happened, source, fits FROM fact',
    "SELECT id, grp, name FROM person",
    'SELECT id, crowd, people, practice, status, assigned FROM "case"',
    "SELECT unit.id, rest, place.key, unit.stage, held, heads, claimed, confirmed, unit.minors, unit.injured, lawyer "
    "FROM unit JOIN place ON place.number = unit.place",
)


def state(desk: Desk) -> list[Any]:
    """Everything a caseworker could see, without the numbers that are given anew at each unlocking."""
    with desk.reading() as db:
        return [sorted(map(repr, db.execute(query))) for query in _STATE]
