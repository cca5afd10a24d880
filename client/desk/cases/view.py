"""One case with everything that is known of it, and how it is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlite_utils import Database

from client.desk.cases import attention, derive, people, places
from client.desk.cases.rows import CaseRows, LetterRow
from client.desk.deadlines.clocks import Clock
from client.organisation.origins import Origin
from keys.message import ParcelRef


@dataclass(frozen=True, slots=True)
class LetterView:
    """A message as it came. `at` is what it says, `said` never later than `pulled`. `origin`: who said it. Hashes: 32
    bytes."""

    number: int
    id: str
    kind: str
    seq: int
    at: int
    stated_at: int
    pulled: int
    flags: tuple[str, ...]
    origin: Origin
    other: dict[str, Any]
    commitment: bytes
    envelope: bytes


@dataclass(frozen=True, slots=True)
class FactView:
    """One thing that was said. `source`: words of the caseworker who added it, "" for the report itself; then `by` is
    that caseworker. `letter`: number of the letter it came in. `holds`: it is the last word on its field.
    `fits`: the value has the form of its field, else it is "other". `person`: `case#k`; `own`: said of that person
    alone, not of everybody in the report."""

    person: str
    own: bool
    field: str
    value: Any
    stated_at: int
    happened: int | None
    source: str
    by: str
    letter: int | None
    entry: str | None
    holds: bool
    fits: bool
    flags: tuple[str, ...]
    origin: Origin = ""


@dataclass(frozen=True, slots=True)
class StayView:
    """Somebody's stay at a place, from when to when. `said`: when it was last said. `words`: the place as it was
    written."""

    place: int
    kind: str
    name: str
    stage: str
    since: int
    until: int | None
    stated_at: int
    certainty: str
    words: str


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody whom the case is about. `facts`: what holds, field to value: for k = 0 the report's own, for others what
    was said of them alone. `same`: the other persons (`case#k`) who are linked as the same, with their cases' numbers.
    `confirmed`: two sources that do not depend on each other."""

    id: str
    number: int
    k: int
    group: str
    name: str
    facts: dict[str, Any]
    stays: tuple[StayView, ...]
    lawyer: str
    lawyer_name: str
    confirmed: bool
    same: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class FileView:
    """A file announced by the case. `missing`: numbers of the pieces that have not come."""

    ref: ParcelRef
    letter: int
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NoteView:
    """A caseworker's words; `entry` is the entry's id."""

    at: int
    by: str
    text: str
    entry: str


@dataclass(frozen=True, slots=True)
class ReplyView:
    """An answer that went out. `status`, `template`: as chosen."""

    at: int
    by: str
    text: str
    status: str
    template: str
    entry: str
    id: str


@dataclass(frozen=True, slots=True)
class OfficialView:
    """An official who had a part in the case. `cases`: numbers of the other cases they are linked to. `entry`: of the
    link, to take it back."""

    id: str
    number: int
    name: str
    rank: str
    badge: str
    unit: str
    part: str
    entry: str
    cases: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LinkView:
    """Two that were said to be one (`same_person`), not one (`different_person`), or in one van (`same_group`); the
    numbers of their cases. It can be taken back by `Unlinked(entry)`."""

    entry: str
    kind: str
    a: str
    b: str
    a_number: int | None
    b_number: int | None
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry of the journal. `fields`: those of its action, with the kind. `case_number`: of a case it is about."""

    entry: str
    at: int
    by: str
    kind: str
    fields: dict[str, Any]
    case_number: int | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case. `facts`: what holds of the report itself, field to value. `timeline`: everything ever said, in the order
    it was said. `flags`: those of all its letters; `reasons`: why it needs somebody, but for the clock. `crowd`:
    numbers of the other cases in the same van or cell. `lat`, `lon`: newest fix in 1e-5 degree, true at `fixed`."""

    id: str
    number: int
    practice: bool
    status: str
    assigned: str
    flags: tuple[str, ...]
    reasons: tuple[str, ...]
    people: int
    minors: int
    injured: int
    began: int
    heard: int
    came: int
    role: str
    language: str
    country: str
    event: str
    lat: int | None
    lon: int | None
    accuracy: int | None
    fixed: int | None
    answerable_until: int | None
    clocks: tuple[Clock, ...]
    facts: dict[str, Any]
    timeline: tuple[FactView, ...]
    letters: tuple[LetterView, ...]
    persons: tuple[PersonView, ...]
    files: tuple[FileView, ...]
    notes: tuple[NoteView, ...]
    replies: tuple[ReplyView, ...]
    officials: tuple[OfficialView, ...]
    links: tuple[LinkView, ...]
    crowd: tuple[int, ...]
    history: tuple[EntryView, ...]

    @property
    def place(self) -> StayView | None:
        """The newest stay of the person whom the report is about, as this case says; None when it says none."""
        stays = self.persons[0].stays
        return stays[-1] if stays else None


@dataclass(frozen=True, slots=True)
class OfficialRow:
    """An official and their part in each case: case number, part, id of the entry that linked them."""

    id: str
    number: int
    name: str
    rank: str
    badge: str
    unit: str
    cases: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person, however many reports tell of them. `cases`: the numbers of those."""

    number: int
    name: str
    birth: str
    place: str
    place_kind: str
    place_number: int
    stage: str
    lawyer: str
    since: int
    cases: tuple[int, ...]


Missing = Callable[[str, ParcelRef], list[int]]


def load_case(db: Database, case: str, missing: Missing | None = None) -> CaseView | None:
    """Return a case by its id; None when it is not here.

    `missing` tells which pieces of a file have not come (`case_files.missing`); without it no piece counts as
    missing.
    """
    row = next(db.query('SELECT * FROM "case" WHERE id = ?', [case]), None)
    if row is None:
        return None
    rows, known = derive.load_case(db, case)
    entries = list(map(_make_entry, db.query(_HISTORY, {"case": case})))
    return CaseView(
        **{name: row[name] for name in _AS_STORED},
        practice=bool(row["practice"]),
        flags=tuple(msgspec.json.decode(row["flags"])),
        reasons=attention.decode_reasons(row["reasons"]),
        answerable_until=row["reply_until"],
        clocks=tuple(derive.find_clocks(db, case, rows)),
        facts=known.facts,
        timeline=_make_timeline(case, rows, known),
        letters=tuple(_load_letter(db, letter, known) for letter in rows.letters),
        persons=tuple(_load_person(db, case, person, rows, known) for person in known.account.persons),
        files=_load_files(db, case, missing),
        notes=tuple(_make_note(entry) for entry in entries if entry.kind == "noted"),
        replies=tuple(_make_reply(entry) for entry in entries if entry.kind == "replied"),
        officials=_load_officials_of(db, case),
        links=_load_links(db, case),
        crowd=_load_numbers(db, _IN_CROWD, row["crowd"], case),
        history=tuple(entries),
    )


_AS_STORED = (
    *("id", "number", "status", "assigned", "people", "minors", "injured", "began", "heard", "came", "role"),
    *("language", "country", "event", "lat", "lon", "accuracy", "fixed"),
)
_IN_CROWD = 'SELECT number FROM "case" WHERE crowd = ? AND id <> ? ORDER BY number'
_HISTORY = """WITH mine AS (SELECT entry FROM about WHERE "case" = :case)
SELECT entry.*, NULL AS case_number FROM mine JOIN entry ON entry = number
UNION SELECT entry.*, NULL FROM entry WHERE target IN (SELECT id FROM mine JOIN entry ON entry = number) ORDER BY ord"""


def _load_numbers(db: Database, query: str, *values: Any) -> tuple[int, ...]:
    return tuple(row[0] for row in db.execute(query, values))


def _make_entry(row: dict[str, Any]) -> EntryView:
    return EntryView(row["id"], row["at"], row["by"], row["kind"], msgspec.json.decode(row["what"]), row["case_number"])


def _make_timeline(case: str, case_rows: CaseRows, known: derive.CaseState) -> tuple[FactView, ...]:
    by = {entry.number: entry for entry in case_rows.entries}
    holds = {(fact.k, fact.own, fact.field): id(fact) for fact in known.holding}
    rows = []
    for fact, fits in case_rows.facts:
        entry = by.get(fact.entry) if fact.entry is not None else None
        rows.append(
            FactView(
                person=f"{case}#{fact.k}",
                own=bool(fact.own),
                field=fact.field,
                value=fact.value,
                stated_at=fact.stated_at,
                happened=fact.happened,
                source=fact.source,
                by=entry.by if entry else "",
                letter=fact.letter,
                entry=entry.id if entry else None,
                holds=holds.get((fact.k, fact.own, fact.field)) == id(fact),
                fits=fits,
                flags=known.flags.get(fact.letter or 0, ()),
                origin=known.origins.get(fact.letter or 0, ""),
            )
        )
    return tuple(rows)


def _load_letter(db: Database, row: LetterRow, known: derive.CaseState) -> LetterView:
    commitment, envelope = db.execute(_HASHES, [row.number]).fetchone()
    other = msgspec.json.decode(row.other)
    return LetterView(
        row.number, row.id, row.kind, row.seq, row.at, row.stated_at, row.pulled, known.flags[row.number],
        known.origins[row.number], other, commitment, envelope,
    )  # fmt: skip


_HASHES = "SELECT commitment, envelope FROM letter WHERE number = ?"


def _load_person(
    db: Database, case: str, described: people.CasePerson, rows: CaseRows, known: derive.CaseState
) -> PersonView:
    person = f"{case}#{described.k}"
    number, group = db.execute("SELECT number, grp FROM person WHERE id = ?", [person]).fetchone()
    unit = next(db.query("SELECT * FROM unit WHERE id = ?", [group]), {})
    same = db.execute(_SAME, [group, person]).fetchall()
    about = [fact for fact in known.holding if fact.k == described.k and (fact.own or not described.k)]
    return PersonView(
        id=person,
        number=number,
        k=described.k,
        group=group,
        name=described.name,
        facts=people.find_last_values(about),
        stays=tuple(_load_stay(db, stay) for stay in described.stays),
        lawyer=unit.get("lawyer") or described.lawyer.state or "none",
        lawyer_name=unit.get("lawyer_name") or described.lawyer.name,
        confirmed=bool(unit.get("confirmed")),
        same=tuple(same),
    )


_SAME = """SELECT person.id, "case".number FROM person JOIN "case" ON "case".id = person."case"
  WHERE grp = ? AND person.id <> ? ORDER BY "case".number"""


def _load_stay(db: Database, stay: places.Stay) -> StayView:
    number, kind, name = db.execute(_PLACE, [stay.where.key]).fetchone()
    at, words = stay.stated_at, stay.where.words
    return StayView(number, kind, name, stay.stage, stay.since, stay.until, at, stay.certainty, words)


_PLACE = "SELECT number, kind, name FROM place WHERE key = ?"


def _load_files(db: Database, case: str, missing: Missing | None) -> tuple[FileView, ...]:
    found: list[FileView] = []
    for letter, _, *ref in db.execute('SELECT * FROM file WHERE "case" = ? ORDER BY letter, id', [case]):
        found.append(FileView(ref := ParcelRef(*ref), letter, tuple(missing(case, ref)) if missing else ()))
    return tuple(found)


def _make_note(entry: EntryView) -> NoteView:
    return NoteView(entry.at, entry.by, entry.fields["text"], entry.entry)


def _make_reply(entry: EntryView) -> ReplyView:
    fields = entry.fields
    return ReplyView(
        entry.at, entry.by, fields["text"], fields["status"], fields.get("template", ""), entry.entry, fields["id"]
    )


def _load_officials_of(db: Database, case: str) -> tuple[OfficialView, ...]:
    return tuple(
        OfficialView(
            **{name: row[name] for name in ("id", "number", "name", "rank", "badge", "unit", "part", "entry")},
            cases=_load_numbers(db, _OTHER_CASES, row["id"], case),
        )
        for row in db.query(_PARTS, [case])
    )


_PARTS = """SELECT official.*, part, part.id AS entry FROM part JOIN official ON official = official.id
  WHERE "case" = ? AND part.id NOT IN (SELECT id FROM taken) ORDER BY official.name, official.number"""
_OTHER_CASES = """SELECT DISTINCT "case".number FROM part JOIN "case" ON "case".id = part."case"
  WHERE official = ? AND "case".id <> ? AND part.id NOT IN (SELECT id FROM taken) ORDER BY 1"""


def _load_links(db: Database, case: str) -> tuple[LinkView, ...]:
    return tuple(LinkView(**row) for row in db.query(_LINKS, {"case": case}))


_LINKS = """SELECT entry.id AS entry, link.kind, a, b, p.number AS a_number, q.number AS b_number, at, by
FROM link JOIN entry ON entry = entry.number
LEFT JOIN "case" AS p ON p.id = a_case LEFT JOIN "case" AS q ON q.id = b_case
WHERE :case IN (a_case, b_case) ORDER BY ord"""


# Names in this session


def find_case_id(db: Database, number: int) -> str | None:
    """Return the id of the case with this number in this session; None when no case has it."""
    row = db.execute('SELECT id FROM "case" WHERE number = ?', [number]).fetchone()
    return row[0] if row else None


def find_case_number(db: Database, case: str) -> int | None:
    """Return the number of a case in this session; None when it is not here."""
    row = db.execute('SELECT number FROM "case" WHERE id = ?', [case]).fetchone()
    return row[0] if row else None


def find_person_id(db: Database, number: int) -> str | None:
    """Return the id (`case#k`) of the person with this number in this session; None when no person has it."""
    row = db.execute("SELECT id FROM person WHERE number = ?", [number]).fetchone()
    return row[0] if row else None


def list_case_ids(db: Database, *, practice: bool = False) -> list[str]:
    """Return the ids of all cases in the order in which they began; with `practice` those of practice presses too."""
    rows = db.execute('SELECT id FROM "case" WHERE practice <= ? ORDER BY began, id', [practice])
    return [row[0] for row in rows]


# Lists over all cases


def list_persons(db: Database, first: int = 0, limit: int = 100) -> tuple[list[PersonRow], int]:
    """Return a page of all persons, each once, by name, the nameless last; and how many persons there are."""
    rows = [
        PersonRow(**row, cases=_load_numbers(db, _CASES_OF_UNIT, row["number"]))
        for row in db.query(_UNITS, [limit, first])
    ]
    return rows, db.execute("SELECT count(*) FROM unit WHERE NOT rest").fetchone()[0]


_UNITS = """SELECT unit.number, unit.name, birth, place.name AS place, kind AS place_kind,
    place.number AS place_number, stage, lawyer, since
  FROM unit JOIN place ON place = place.number WHERE NOT rest
  ORDER BY unit.name = '', unit.name COLLATE NOCASE, unit.number LIMIT ? OFFSET ?"""
_CASES_OF_UNIT = (
    """SELECT "case".number FROM unit_case JOIN "case" ON id = unit_case."case" WHERE unit_case.unit = ? ORDER BY 1"""
)


def list_officials(db: Database) -> list[OfficialRow]:
    """Return all officials by name."""
    return [_load_official(db, row) for row in db.query("SELECT * FROM official ORDER BY name, number")]


def load_official(db: Database, number: int) -> OfficialRow | None:
    """Return an official by the number in this session; None when no official has it."""
    rows = db.query("SELECT * FROM official WHERE number = ?", [number])
    return next((_load_official(db, row) for row in rows), None)


def _load_official(db: Database, row: dict[str, Any]) -> OfficialRow:
    return OfficialRow(**row, cases=tuple(db.execute(_CASES_OF_OFFICIAL, [row["id"]]).fetchall()))


_CASES_OF_OFFICIAL = """SELECT "case".number, part, part.id FROM part JOIN "case" ON "case".id = part."case"
  WHERE official = ? AND part.id NOT IN (SELECT id FROM taken) ORDER BY 1"""


def list_handovers(db: Database, limit: int = 20) -> list[EntryView]:
    """Return the newest entries with which a shift was handed over."""
    return load_history(db, 0, limit, ("handedover",))[0]


def load_history(db: Database, first: int, limit: int, kinds: Sequence[str] = ()) -> tuple[list[EntryView], int]:
    """Return a page of the journal, newest first, and how many entries there are; of these kinds, or of all."""
    chosen = f"WHERE kind IN ({','.join('?' * len(kinds))})" if kinds else ""
    rows = db.query(_JOURNAL.format(chosen=chosen), [*kinds, limit, first])
    total = db.execute(f"SELECT count(*) FROM entry {chosen}", [*kinds]).fetchone()[0]  # noqa: S608 - question marks
    return [_make_entry(row) for row in rows], total


_JOURNAL = """SELECT entry.*, (SELECT "case".number FROM about JOIN "case" ON "case".id = about."case"
    WHERE about.entry = entry.number LIMIT 1) AS case_number
  FROM entry {chosen} ORDER BY ord DESC LIMIT ? OFFSET ?"""
