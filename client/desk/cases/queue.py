"""The cases that need a human, the most pressing first. The reasons and their order stand in `board.md`."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlite_utils import Database

from client.desk.cases import attention
from client.desk.cases.attention import REASONS, SOON

__all__ = ["REASONS", "SOON", "Item", "Queue", "load_items", "load_queue"]


@dataclass(frozen=True, slots=True)
class Item:
    """A case as it stands in the queue. `case` is its id, `number` good for this session. Place, stage, lawyer, minors
    and injured are those of the person and the crowd, whichever of their cases told of them."""

    case: str
    number: int
    reasons: tuple[str, ...]
    flags: tuple[str, ...]
    name: str
    place: str
    place_kind: str
    place_number: int | None
    city: str
    people: int
    minors: int
    injured: int
    stage: str
    lawyer: str
    clock: str
    clock_ends: int | None
    heard: int
    status: str
    assigned: str
    practice: bool
    answerable_until: int | None


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, and how many there are in all."""

    items: tuple[Item, ...]
    total: int


def load_queue(
    db: Database,
    now: int,
    mine: str | None = None,
    status: str | None = None,
    *,
    practice: bool = False,
    place: int | None = None,
    first: int = 0,
    limit: int = 100,
) -> Queue:
    """Return a page of the cases that need somebody, the most pressing first.

    `mine`: only cases assigned to that name. `status`: only that status, otherwise all but closed. `practice`: the
    practice presses instead. `place`: only cases at that place.
    """
    where = ["c.practice = :practice", "c.status = :status" if status else "c.status <> 'closed'"]
    if mine is not None:
        where.append("c.assigned = :mine")
    if place is not None:
        where.append("c.unit IN (SELECT number FROM unit WHERE place = :place)")
    values = {"practice": practice, "status": status, "mine": mine, "place": place, **_BITS}
    values.update(past=now - SOON, soon=now + SOON, first=first, limit=limit)
    question = (_CHOSEN + _ORDER).format(where=" AND ".join(where))
    numbers = [row[0] for row in db.execute(question, values)]
    total = db.execute(_TOTAL.format(where=" AND ".join(where)), values).fetchone()[0]
    return Queue(tuple(load_items(db, now, numbers)), total)


_BITS = {"clock": attention.BIT["clock"], "waiting": attention.encode_reasons(attention.WAITING)}
_CHOSEN = """
SELECT c.number, began, ends, status = 'waiting' AS rests,
  reasons | CASE WHEN ends IS NULL THEN 0 ELSE :clock END AS bits
FROM "case" AS c LEFT JOIN (
  SELECT unit, min(ends) AS ends FROM unit_clock WHERE ends > :past AND ends <= :soon GROUP BY unit
) AS soon ON soon.unit = c.unit
WHERE {where}
"""
_ORDER = """ORDER BY rests, (bits & :waiting) = 0, bits DESC, ends IS NULL, ends, began, c.number
LIMIT :limit OFFSET :first"""
_TOTAL = 'SELECT count(*) FROM "case" AS c WHERE {where}'


def load_items(db: Database, now: int, numbers: list[int]) -> list[Item]:
    """Return cases by their numbers, in this order; unknown numbers are left out."""
    found = (next(db.query(_ITEM, [number]), None) for number in numbers)
    return [_item(db, now, row) for row in found if row is not None]


_ITEM = """
SELECT c.*, p.name AS own_name, u.number AS unit, u.stage AS unit_stage, u.lawyer AS unit_lawyer,
  u.minors AS unit_minors, u.injured AS unit_injured, u.name AS unit_name,
  w.number AS place_number, w.name AS place_name, w.kind AS place_kind, w.city
FROM "case" AS c JOIN person AS p ON p.id = c.id || '#0' LEFT JOIN unit AS u ON u.number = c.unit
LEFT JOIN place AS w ON w.number = u.place
WHERE c.number = ?
"""


def _item(db: Database, now: int, row: dict[str, Any]) -> Item:
    key, ends = _clock(db, now, row["unit"])
    is_soon = ends is not None and now - SOON < ends <= now + SOON
    pressing = row["reasons"] | (_BITS["clock"] if is_soon else 0)
    return Item(
        case=row["id"],
        number=row["number"],
        reasons=attention.decode_reasons(pressing),
        flags=tuple(msgspec.json.decode(row["flags"])),
        name=row["own_name"] or row["unit_name"] or "",
        place=row["place_name"] or "",
        place_kind=row["place_kind"] or "unknown",
        place_number=row["place_number"],
        city=row["city"] or "",
        people=row["people"],
        minors=max(row["minors"], row["unit_minors"] or 0),
        injured=max(row["injured"], row["unit_injured"] or 0),
        stage=row["unit_stage"] or "unknown",
        lawyer=row["unit_lawyer"] or "none",
        clock=key,
        clock_ends=ends,
        heard=row["heard"],
        status=row["status"],
        assigned=row["assigned"],
        practice=bool(row["practice"]),
        answerable_until=row["reply_until"],
    )


def _clock(db: Database, now: int, unit: int | None) -> tuple[str, int | None]:
    """Return the clock that ran out within the hour or runs out next, else the latest that ran out."""
    row = db.execute(_AHEAD, [unit, now - SOON]).fetchone() or db.execute(_OVER, [unit]).fetchone()
    return (row[0], row[1]) if row else ("", None)


_AHEAD = "SELECT key, ends FROM unit_clock WHERE unit = ? AND ends > ? ORDER BY ends LIMIT 1"
_OVER = "SELECT key, ends FROM unit_clock WHERE unit = ? ORDER BY ends DESC LIMIT 1"
