"""The board, the desk's first page: heads, clocks and lawyers by place. `board.md` says what is counted and how."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from client.stations.pack import fold

EVENTS = 100  # offered to choose from, those with the most reports


@dataclass(frozen=True, slots=True)
class Lawyers:
    """Numbers of heads by how near a lawyer is; the five add up to the row's `reported`."""

    on_way: int = 0
    inside: int = 0
    refused: int = 0
    asked: int = 0
    none: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """Heads. `claimed`: beyond `reported`, said by one unconfirmed report of more people than are believed. `cases`:
    reports that tell of them."""

    reported: int = 0
    claimed: int = 0
    named: int = 0
    confirmed: int = 0
    minors: int = 0
    injured: int = 0
    lawyers: Lawyers = Lawyers()
    cases: int = 0


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place by its number in this session. `kind`: a stage of a report. Positions in 1e-5 degree."""

    number: int
    kind: str
    name: str
    address: str
    city: str
    country: str
    lat: int | None
    lon: int | None
    phone: str
    pack: str
    station: str


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One place. `clock_ends`: Unix seconds, of the clock there that runs out first. `heard`: when last something was
    said of somebody there. `since`: when the first who is still there came."""

    place: PlaceRow
    count: Count
    clock: str
    clock_ends: int | None
    heard: int
    since: int
    is_flagged: bool  # one report here claims more people than are believed


@dataclass(frozen=True, slots=True)
class Board:
    """Rows sorted by the clock that runs out first, then by heads. Totals add up the rows; who was released, or is not
    held yet, stands apart (heads), and so do practice presses (cases)."""

    rows: tuple[BoardRow, ...]
    total: Count
    released: int
    free: int
    practice: int
    cities: tuple[str, ...]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DetaineeRow:
    """A person, or (`rest`) the unnamed rest of a crowd, at a place. `cases`: numbers of those that tell of them."""

    number: int
    name: str
    birth: str
    rest: bool
    heads: int
    claimed: int
    confirmed: int
    minors: int
    injured: int
    lawyer: str
    lawyer_name: str
    stage: str
    since: int
    heard: int
    clock: str
    clock_ends: int | None
    cases: tuple[int, ...]


def load_board(db: Database, now: int, city: str | None = None, event: str | None = None) -> Board:
    """Return the board at `now` (Unix seconds), or the part of it that is in one city or belongs to one event."""
    only = _Only(city, event)
    cases = dict(only.ask(db, _CASES))
    rows = [_row(row, cases, _clock(db, row["number"], now, only)) for row in only.query(db, _ROWS)]
    rows.sort(key=lambda row: (*_urgency(row.clock_ends, now), -row.count.reported, row.place.name, row.place.number))
    apart = dict(only.ask(db, _APART))
    return Board(
        rows=tuple(rows),
        total=_sum([row.count for row in rows], only.ask(db, _ALL_CASES)[0][0]),
        released=apart.get("released", 0),
        free=apart.get("free", 0),
        practice=db.execute('SELECT count(*) FROM "case" WHERE practice').fetchone()[0],
        cities=tuple(row[0] for row in db.execute(_CITIES)),
        events=tuple(row[0] for row in db.execute(_EVENTS, [EVENTS])),
    )


def _urgency(ends: int | None, now: int) -> tuple[int, int]:
    """Return a sort key: the clock that runs out next first; behind it clocks that are over, the latest first; then
    none."""
    if ends is None:
        return (2, 0)
    return (0, ends) if ends > now else (1, -ends)


class _Only:
    """The conditions that a board is narrowed to."""

    def __init__(self, city: str | None = None, event: str | None = None) -> None:
        self._parts = {"city": "AND city = :city" if city is not None else "", "event": "", "unit": ""}
        self._values = {"city": city, "event": f"\n{' '.join(fold.tokens(event or ''))}\n"}
        if event is not None:
            self._parts["event"] = "AND instr(events, :event)"
            self._parts["unit"] = "JOIN unit ON unit = unit.number"

    def ask(self, db: Database, question: str, **values: Any) -> list[Any]:
        """Run a query of this module with the conditions put in. Returns rows as tuples."""
        return db.execute(question.format(**self._parts), {**self._values, **values}).fetchall()

    def query(self, db: Database, question: str, **values: Any) -> list[dict[str, Any]]:
        """Run a query of this module with the conditions put in. Returns rows by column name."""
        return list(db.query(question.format(**self._parts), {**self._values, **values}))


_ROWS = """
SELECT * FROM (
  SELECT place, sum(heads) AS reported, sum(claimed) AS claimed, sum(confirmed) AS confirmed, sum(minors) AS minors,
    sum(injured) AS injured, sum(NOT rest AND name <> '') AS named, max(heard) AS heard, min(nullif(since, 0)) AS since,
    sum(heads * (lawyer = 'on_way')) AS on_way, sum(heads * (lawyer = 'inside')) AS inside,
    sum(heads * (lawyer = 'refused')) AS refused, sum(heads * (lawyer = 'asked')) AS asked,
    sum(heads * (lawyer = 'none')) AS none
  FROM unit WHERE held {event} GROUP BY place
) AS counted JOIN place ON place = number WHERE true {city}
"""
_APART = """SELECT stage, sum(heads) FROM unit JOIN place ON place = place.number
  WHERE NOT held {event} {city} GROUP BY stage"""
_CITIES = """SELECT DISTINCT city FROM place WHERE city <> ''
  AND EXISTS (SELECT 1 FROM unit WHERE unit.place = place.number AND held) ORDER BY city"""
_EVENTS = """SELECT event FROM (SELECT min(event) AS event FROM "case" WHERE event_key <> '' AND NOT practice
  GROUP BY event_key ORDER BY count(*) DESC, event LIMIT ?) ORDER BY event"""
_TOLD = """FROM unit_case {unit} WHERE unit_case.place IN (
  SELECT number FROM place WHERE kind NOT IN ('free', 'released') {city}) {event}"""
_CASES = f'SELECT unit_case.place, count(DISTINCT "case") {_TOLD} GROUP BY unit_case.place'
_ALL_CASES = f'SELECT count(DISTINCT "case") {_TOLD}'

Ends = tuple[str, int | None]


def _clock(db: Database, place: int, now: int, only: _Only) -> Ends:
    """Return the clock at a place that runs out next, else the latest that ran out."""
    rows = only.ask(db, _AHEAD, place=place, now=now) or only.ask(db, _OVER, place=place, now=now)
    return (rows[0][0], rows[0][1]) if rows else ("", None)


_AHEAD = """SELECT key, c.ends FROM unit_clock AS c CROSS JOIN unit ON unit = number
  WHERE c.place = :place AND c.ends > :now {event} ORDER BY c.ends LIMIT 1"""
_OVER = """SELECT key, c.ends FROM unit_clock AS c CROSS JOIN unit ON unit = number
  WHERE c.place = :place AND c.ends <= :now {event} ORDER BY c.ends DESC LIMIT 1"""


def _row(row: dict[str, Any], cases: dict[int, int], clock: Ends) -> BoardRow:
    count = Count(
        row["reported"], row["claimed"], row["named"], row["confirmed"], row["minors"], row["injured"],
        Lawyers(row["on_way"], row["inside"], row["refused"], row["asked"], row["none"]),
        cases.get(row["number"], 0),
    )  # fmt: skip
    return BoardRow(_place(row), count, *clock, row["heard"], row["since"] or 0, row["claimed"] > 0)


def _place(row: dict[str, Any]) -> PlaceRow:
    return PlaceRow(row["number"], row["kind"], row["name"], row["address"], row["city"], row["country"], row["lat"],
                 row["lon"], row["phone"], row["pack"], row["station"])  # fmt: skip


def _sum(counts: list[Count], cases: int) -> Count:
    def of(name: str) -> int:
        return sum(getattr(count, name) for count in counts)

    def lawyers(name: str) -> int:
        return sum(getattr(count.lawyers, name) for count in counts)

    near = Lawyers(*(lawyers(name) for name in ("on_way", "inside", "refused", "asked", "none")))
    return Count(of("reported"), of("claimed"), of("named"), of("confirmed"), of("minors"), of("injured"), near, cases)


def load_place(db: Database, number: int) -> PlaceRow | None:
    """Return a place by its number in this session; None when no place has it."""
    return next((_place(row) for row in db.query("SELECT * FROM place WHERE number = ?", [number])), None)


def load_detainees(db: Database, place: int, event: str | None = None) -> list[DetaineeRow]:
    """Return everybody at a place: named persons by name, then the unnamed."""
    only = _Only(event=event)
    cases: dict[int, list[int]] = defaultdict(list)
    for unit, number in only.ask(db, _HELD_CASES, place=place):
        cases[unit].append(number)
    rows = only.query(db, _HELD, place=place)
    rows.sort(key=lambda row: (row["rest"], row["name"] == "", _surname(row["name"]), row["number"]))
    return [
        DetaineeRow(row["number"], row["name"], row["birth"], bool(row["rest"]), row["heads"], row["claimed"],
             row["confirmed"], row["minors"], row["injured"], row["lawyer"], row["lawyer_name"], row["stage"],
             row["since"], row["heard"], row["clock"] or "", row["ends"], tuple(cases[row["number"]]))
        for row in rows
    ]  # fmt: skip


def _surname(name: str) -> str:
    return name.casefold().replace("ё", "е")


_HELD = """SELECT unit.*, (SELECT key FROM unit_clock WHERE unit = unit.number AND unit_clock.ends = unit.ends) AS clock
  FROM unit WHERE place = :place AND held {event}"""
_HELD_CASES = """SELECT unit_case.unit, "case".number FROM unit JOIN unit_case ON unit_case.unit = unit.number
  JOIN "case" ON "case".id = unit_case."case" WHERE unit.place = :place AND held {event} ORDER BY "case".number"""


def list_surnames(db: Database, place: int, event: str | None = None) -> list[str]:
    """Return the names of those held at a place, in the order of the alphabet: the lawyer's list."""
    return [detainee.name for detainee in load_detainees(db, place, event) if detainee.name]


def list_station_positions(db: Database) -> list[tuple[int, int]]:
    """Return latitude and longitude of every station of the packs, in 1e-5 degree."""
    return db.execute("SELECT lat, lon FROM station").fetchall()
