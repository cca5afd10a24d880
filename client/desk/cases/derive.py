"""The state of a case, derived from its letters and the entries about it. See `board.md`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlite_utils import Database

from client.desk.cases import attention, groups, origins, people, places, search
from client.desk.cases import flags as cases_flags
from client.desk.cases.people import Account, FactRow, LawyerProgress, PeopleEntries
from client.desk.cases.places import Stations, Stay, Where
from client.desk.cases.rows import CaseRows, EntryRow, LetterRow, Values
from client.desk.deadlines import clocks
from client.organisation.origins import Origin
from client.report import sort_facts
from client.stations.pack import fold


def refresh(db: Database, touched: set[str], values: Values | None = None) -> None:
    """Write the rows of these cases anew, and count anew whatever hangs together with them.

    `values`: of facts that were decoded a moment ago.
    """
    db.execute("DELETE FROM touched")
    db.conn.executemany("INSERT INTO touched VALUES (?)", ((case,) for case in touched))
    _write_stated_facts(db)
    waiting = [row[0] for row in db.execute(_AS_THEY_CAME)]
    for at in range(0, len(waiting), _AT_ONCE):
        _write_isolated(db, waiting[at : at + _AT_ONCE], values or Values())
    groups.refresh(db)
    _add_unit_reasons(db)


_AS_THEY_CAME = """SELECT "case" FROM touched JOIN letter USING ("case") GROUP BY "case" ORDER BY min(letter.number)"""
_AT_ONCE = 500  # cases held in memory as objects


def _write_isolated(db: Database, chosen: Sequence[str], values: Values) -> None:
    """Write these cases; one that cannot be worked out is written without what its letters say, and marked `broken`.

    A fault of ours that one person's words bring to light must not keep the desk from everybody else.
    """
    db.execute("SAVEPOINT apart")
    try:
        _write(db, load_rows(db, chosen, values))
    except Exception:
        db.execute("ROLLBACK TO apart")
        if len(chosen) > 1:
            half = len(chosen) // 2
            _write_isolated(db, chosen[:half], values)
            _write_isolated(db, chosen[half:], values)
        else:
            _write(db, {case: rows.without_facts() for case, rows in load_rows(db, chosen, values).items()})
    finally:
        db.execute("RELEASE apart")


# Reading


def _write_stated_facts(db: Database) -> None:
    """Write the facts that caseworkers added as rows beside those of the letters."""
    db.execute(_FORGET_STATED)
    latest: dict[str, int] = defaultdict(int)
    for case, number, order, at, kind, fields in db.execute(_STATED).fetchall():
        latest[case] = max(latest[case], at)
        facts = _make_fact_rows(kind, msgspec.json.decode(fields))
        ord_ = f"{latest[case]:016x}~{order}"
        rows = ((case, *fact, latest[case], number, ord_) for fact in facts)
        db.conn.executemany(_NEW_FACT, rows)


def _make_fact_rows(kind: str, fields: dict[str, Any]) -> list[tuple[Any, ...]]:
    """k, own, field, value, whether it fits, when it happened, and the source of each fact of an entry."""
    facts, when, person = dict(fields["facts"]), fields.get("when", {}), fields.get("person") or ""
    if kind == "named":
        facts["name"] = fields["name"]
    fits, _ = sort_facts(facts)
    k, own, source = int(person.partition("#")[2] or 0), int(bool(person)), fields.get("source", "")
    return [
        (k, own, name, msgspec.json.encode(value).decode(), int(name in fits), when.get(name), source)
        for name, value in facts.items()
    ]


_FORGET_STATED = 'DELETE FROM fact WHERE entry IS NOT NULL AND "case" IN (SELECT "case" FROM touched)'
_STATED = """SELECT "case", number, ord, at, kind, what FROM touched JOIN about USING ("case") JOIN entry
  ON entry = number WHERE kind IN ('stated', 'named') ORDER BY ord"""
_NEW_FACT = """INSERT INTO fact ("case", k, own, field, value, fits, happened, source, said, entry, ord)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def load_rows(db: Database, chosen: Iterable[str], known: Values | None = None) -> dict[str, CaseRows]:
    """Return the rows of these cases, in this order, without those of which no letter is here."""
    known = known or Values()
    asked = {case: CaseRows() for case in chosen}
    values = {"cases": msgspec.json.encode(list(asked)).decode()}
    for row in db.execute(_LETTERS, values):
        letter_row = LetterRow(*row)
        asked[letter_row.case].letters.append(letter_row)
    found = {case: rows for case, rows in asked.items() if rows.letters}
    for case, k, own, name, value, said_at, happened, letter, entry, source, order, fits in db.execute(_FACTS, values):
        if case in found:
            fact = FactRow(k, own, name, known.decode(value), said_at, happened, letter, entry, source, order)
            found[case].facts.append((fact, bool(fits)))
    for case, number, entry_id, order, at, by, kind, fields in db.execute(_DONE, values):
        if case in found:
            entries = found[case].entries
            since = max(at, entries[-1].at) if entries else at
            entries.append(EntryRow(number, entry_id, order, since, by, kind, msgspec.json.decode(fields)))
    return found


_LETTERS = """SELECT number, l."case", l.id, kind, seq, at, said, pulled, practice, doubt, last_resort, reply_until,
    EXISTS (SELECT 1 FROM letter AS n WHERE n.id = l.id AND n.number <> l.number), other, owner, named_keys, signed_by
  FROM json_each(:cases) AS chosen CROSS JOIN letter AS l ON l."case" = chosen.value ORDER BY said, seq, l.id, header"""
_FACTS = """SELECT fact."case", k, own, field, fact.value, said, happened, letter, entry, source, ord, fits
  FROM json_each(:cases) AS chosen CROSS JOIN fact ON fact."case" = chosen.value ORDER BY fact."case", ord, number"""
_DONE = """SELECT about."case", number, entry.id, ord, at, by, kind, what
  FROM json_each(:cases) AS chosen CROSS JOIN about ON about."case" = chosen.value JOIN entry ON entry = number
  WHERE entry.id NOT IN (SELECT id FROM taken) ORDER BY ord"""


# Working out


@dataclass(frozen=True, slots=True)
class CaseState:
    """A case as worked out."""

    account: Account
    holding: list[FactRow]  # facts that fit and may hold, in the order in which they were said
    facts: dict[str, Any]
    practice: bool
    flags: dict[int, tuple[str, ...]]
    origins: dict[int, Origin]  # of each letter by its number: who said it


def derive_state(db: Database, rows: CaseRows) -> CaseState:
    """Work a case out from its rows."""
    return _derive_state(rows, Stations(db))


def load_case(db: Database, case: str) -> tuple[CaseRows, CaseState]:
    """Return the rows of a case and the state they come to. Of a case that is `broken` both say only that letters
    came. Raises KeyError when no letter of the case is here."""
    rows = load_rows(db, [case])[case]
    try:
        return rows, derive_state(db, rows)
    except Exception:  # as when it was written
        rows = rows.without_facts()
        return rows, derive_state(db, rows)


def _derive_state(rows: CaseRows, stations: Stations) -> CaseState:
    practice = all(letter.practice for letter in rows.letters)
    trial = frozenset() if practice else {letter.number for letter in rows.letters if letter.practice}
    facts = [fact for fact, fits in rows.facts if fits and fact.letter not in trial]
    account = people.describe_people(facts, _collect_people_entries(rows.entries), stations)
    said_by = origins.name_origins(rows)
    flags = cases_flags.of_case(_make_checked_letters(rows, said_by))
    if rows.is_broken:
        flags = {number: (*found, "broken") for number, found in flags.items()}
    last = people.find_last_values(fact for fact in facts if not fact.own)
    return CaseState(account, facts, last, practice, flags, said_by)


def _make_checked_letters(rows: CaseRows, said_by: Mapping[int, Origin]) -> list[cases_flags.CheckedLetter]:
    facts: dict[int, dict[str, Any]] = defaultdict(dict)
    for fact, _ in rows.facts:
        if fact.letter is not None:
            facts[fact.letter][fact.field] = fact.value
    return [
        cases_flags.CheckedLetter(
            row.number, row.id, row.kind, row.seq, row.at, row.stated_at, row.pulled, row.practice, row.doubt,
            row.last_resort, row.repeated,
            int(row.reply_until is not None and not origins.is_answerable(row, said_by[row.number])), facts[row.number],
        )
        for row in rows.letters
    ]  # fmt: skip


def _collect_people_entries(entries: Sequence[EntryRow]) -> PeopleEntries:
    confirmed = [_k(entry.fields.get("person")) for entry in entries if entry.kind == "confirmed"]
    lawyers = [
        (
            _k(entry.fields.get("person")),
            LawyerProgress(entry.at, f"~{entry.order}", entry.fields["state"], entry.fields.get("name", "")),
        )
        for entry in entries
        if entry.kind == "lawyer"
    ]
    return PeopleEntries(tuple(confirmed), tuple(lawyers))


def _k(person: str | None) -> int | None:
    return int(person.partition("#")[2]) if person else None


# Writing


def _write(db: Database, cases: Mapping[str, CaseRows]) -> None:
    stations = Stations(db)
    known = {case: _derive_state(rows, stations) for case, rows in cases.items()}
    old = {row[0] for case in cases for row in db.execute(_OLD_PLACES, [case])}
    for forget in ('DELETE FROM stay WHERE "case" = ?', 'DELETE FROM clock WHERE "case" = ?'):
        db.conn.executemany(forget, ((case,) for case in cases))
    numbers = places.number_places(db, _find_wheres(known.values()))
    _write_stays(db, known, numbers)
    places.rename(db, old | set(numbers.values()))
    _number_cases(db, cases)
    db.conn.executemany(_PUT_CASE, (_case_row(db, case, cases[case], state, numbers) for case, state in known.items()))
    _write_persons(db, known)
    _write_clocks(db, cases, known)
    _write_words(db, cases)


def _find_wheres(known: Iterable[CaseState]) -> Iterable[Where]:
    for state in known:
        for stays in (state.account.stays, *(person.stays for person in state.account.persons)):
            yield from (stay.where for stay in stays)


def _number_cases(db: Database, cases: Mapping[str, CaseRows]) -> None:
    """Number the new cases as they come. A case keeps its number as long as the desk is unlocked."""
    last = int(db.execute('SELECT coalesce(max(number), 0) FROM "case"').fetchone()[0])
    for case, rows in cases.items():
        row = db.execute('SELECT number FROM "case" WHERE id = ?', [case]).fetchone()
        rows.number, last = (row[0], last) if row else (last + 1, last + 1)


def _write_stays(db: Database, known: Mapping[str, CaseState], numbers: Mapping[str, int]) -> None:
    rows: list[tuple[Any, ...]] = []
    for case, state in known.items():
        rows.extend(_stay_row(case, case, stay, numbers) for stay in state.account.stays)
        for person in state.account.persons:
            rows.extend(_stay_row(f"{case}#{person.k}", case, stay, numbers) for stay in person.stays)
    db.conn.executemany("INSERT INTO stay VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _stay_row(person: str, case: str, stay: Stay, numbers: Mapping[str, int]) -> tuple[Any, ...]:
    place = numbers[stay.where.key]
    return (person, case, place, stay.stage, stay.since, stay.until, stay.stated_at, stay.order, stay.certainty,
            stay.where.words)  # fmt: skip


_OLD_PLACES = 'SELECT DISTINCT place FROM stay WHERE "case" = ?'


def _write_persons(db: Database, known: Mapping[str, CaseState]) -> None:
    number = int(db.execute("SELECT coalesce(max(number), 0) FROM person").fetchone()[0])
    rows = []
    for case, state in known.items():
        for person in state.account.persons:
            number += 1
            rows.append((f"{case}#{person.k}", number, case, person.k, f"{case}#{person.k}", person.name,
                         person.other_names, person.birth, person.folded, person.is_name_stated, person.minor,
                         person.injured, person.is_confirmed, person.lawyer.state, person.lawyer.name, person.lawyer.at,
                         state.practice))  # fmt: skip
    db.conn.executemany(_PUT_PERSON, rows)


_PUT_PERSON = f"""INSERT INTO person VALUES ({",".join("?" * 17)}) ON CONFLICT (id) DO UPDATE SET
  grp = excluded.grp, name = excluded.name, other_names = excluded.other_names, birth = excluded.birth,
  folded = excluded.folded, told = excluded.told, minor = excluded.minor, injured = excluded.injured,
  surely = excluded.surely, lawyer = excluded.lawyer, lawyer_name = excluded.lawyer_name,
  lawyer_at = excluded.lawyer_at, practice = excluded.practice"""  # noqa: S608 - question marks only


def _case_row(db: Database, case: str, rows: CaseRows, known: CaseState, numbers: Mapping[str, int]) -> dict[str, Any]:
    account, facts, letters = known.account, known.facts, rows.letters
    last_stays = account.persons[0].stays
    return {
        "number": rows.number,
        "id": case,
        "practice": known.practice,
        "people": account.people,
        "minors": account.minors,
        "injured": account.injured,
        "surely": account.is_confirmed,
        "lawyer": account.lawyer.state,
        "lawyer_name": account.lawyer.name,
        "lawyer_at": account.lawyer.at,
        "role": facts.get("role") or "",
        "event": _line(facts.get("event")),
        "event_key": " ".join(fold.tokens(_line(facts.get("event")))),
        "language": next(iter(facts.get("languages") or ()), ""),
        "country": _find_country(db, last_stays, numbers),
        "place": numbers[last_stays[-1].where.key] if last_stays else None,
        **_find_position(rows),
        "began": _find_beginning(rows),
        "heard": max(letter.stated_at for letter in letters),
        "came": max(letter.pulled for letter in letters),
        "reply_until": origins.find_reply_until(rows, known.origins),
        **_derive_handling(rows, known),
    }


def _line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _find_country(db: Database, stays: Sequence[Stay], numbers: Mapping[str, int]) -> str:
    for stay in reversed(stays):
        row = db.execute("SELECT country FROM place WHERE number = ?", [numbers[stay.where.key]]).fetchone()
        if row[0]:
            return str(row[0])
    return str(db.execute("SELECT country FROM desk").fetchone()[0])


def _find_position(rows: CaseRows) -> dict[str, int | None]:
    """Return the newest fix and its time."""
    fixes = []
    for fact, fits in rows.facts:
        if fits and fact.field == "place" and fact.value and None not in (fact.value.get("lat"), fact.value.get("lon")):
            fixed = max(0, (fact.happened or fact.stated_at) - (fact.value.get("age") or 0))
            fixes.append((fixed, fact.order, fact.value["lat"], fact.value["lon"], fact.value.get("accuracy")))
    if not fixes:
        return {"lat": None, "lon": None, "accuracy": None, "fixed": None}
    fixed, _, lat, lon, accuracy = max(fixes, key=lambda fix: fix[:2])
    return {"lat": lat, "lon": lon, "accuracy": accuracy, "fixed": fixed}


def _find_beginning(rows: CaseRows) -> int:
    """Return the time of the first word on where somebody is: a phone may have sealed other facts weeks before."""
    times = [fact.stated_at for fact, fits in rows.facts if fits and fact.field in places.FACTS]
    return min(times, default=min(letter.pulled for letter in rows.letters))


def _derive_handling(rows: CaseRows, known: CaseState) -> dict[str, Any]:
    """Return the columns that say how far the case has come, and why it asks for somebody."""
    brought: dict[int, set[str]] = defaultdict(set)
    for fact, _ in rows.facts:
        if fact.letter is not None:
            brought[fact.letter].add(fact.field)
    came = [attention.ArrivedLetter(letter.pulled, frozenset(brought[letter.number])) for letter in rows.letters]
    marked = next((entry for entry in reversed(rows.entries) if entry.kind == "marked"), None)
    assigned = next((entry.fields["to"] for entry in reversed(rows.entries) if entry.kind == "assigned"), "")
    handled_at = max((entry.at for entry in rows.entries), default=None)
    replied_at = max((entry.at for entry in rows.entries if entry.kind == "replied"), default=None)
    is_answerable = origins.find_reply_until(rows, known.origins) is not None
    pressing = attention.find_reasons(came, handled_at, replied_at, answerable=is_answerable)
    flags = {flag for found in known.flags.values() for flag in found}
    pressing += ["coerced"] * (known.facts.get("coerced") is True or "forced" in known.origins.values())
    pressing += ["disputed"] * (bool(flags & cases_flags.DISPUTED) or _is_doubtful_release(known))
    news = attention.find_last_news(came)
    status = marked.fields["status"] if marked else "new"
    return {
        "news": news,
        "status": "open" if status == "closed" and marked and news > marked.at else status,
        "assigned": assigned,
        "pressing": attention.encode_reasons(pressing),
        "flags": msgspec.json.encode([flag for flag in cases_flags.FLAGS if flag in flags]).decode(),
    }


def _is_doubtful_release(known: CaseState) -> bool:
    """Whoever holds a phone that was taken can say that its owner is free."""
    last = next((fact for fact in reversed(known.holding) if fact.field == "stage" and not fact.own), None)
    if last is None or last.letter is None or last.value not in places.NOT_HELD:
        return False
    return "after_taken" in known.flags[last.letter]


_COLUMNS = (
    *(
        "number",
        "id",
        "practice",
        "people",
        "minors",
        "injured",
        "surely",
        "lawyer",
        "lawyer_name",
        "lawyer_at",
        "role",
    ),
    *("event", "event_key", "language", "country", "place", "lat", "lon", "accuracy", "fixed", "began", "heard"),
    *("came", "news", "reply_until", "status", "assigned", "pressing", "flags"),
)
_PUT_CASE = (
    f'INSERT INTO "case" ({", ".join(_COLUMNS)}, crowd, reasons) '  # noqa: S608 - the names above
    f"VALUES ({', '.join(':' + name for name in _COLUMNS)}, :id, 0) ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[2:], "crowd", "reasons"))
)


def _write_clocks(db: Database, cases: Mapping[str, CaseRows], known: Mapping[str, CaseState]) -> None:
    rows: list[tuple[Any, ...]] = []
    for case in known:
        for clock in find_clocks(db, case, cases[case]):
            rows.append((case, clock.key, clock.starts, clock.ends, clock.certain, clock.stopped))
    db.conn.executemany("INSERT INTO clock VALUES (?, ?, ?, ?, ?, ?)", rows)


def find_clocks(db: Database, case: str, rows: CaseRows) -> list[clocks.Clock]:
    """Return the clocks of a case by the law of its country, the soonest end first."""
    country = db.execute('SELECT country FROM "case" WHERE id = ?', [case]).fetchone()[0]
    facts = [
        clocks.TimedFact(fact.field, fact.value, fact.stated_at, fact.happened)
        for fact, fits in rows.facts
        if fits and not fact.k
    ]
    settings = {
        entry.fields["clock"]: clocks.Setting(entry.fields.get("starts"), entry.fields.get("stopped"))
        for entry in rows.entries
        if entry.kind == "clockset"
    }
    return clocks.find_clocks(facts, clocks.load_table(country), settings)


def _write_words(db: Database, cases: Mapping[str, CaseRows]) -> None:
    db.conn.executemany("DELETE FROM words WHERE rowid = ?", ((rows.number,) for rows in cases.values()))
    documents = ((rows.number, *search.make_document(db, case, rows)) for case, rows in cases.items())
    db.conn.executemany("INSERT INTO words (rowid, names, said) VALUES (?, ?, ?)", documents)


# What the persons and the crowd of a case add to its reasons


def _add_unit_reasons(db: Database) -> None:
    db.execute('UPDATE "case" SET reasons = pressing WHERE id IN (SELECT "case" FROM near)')
    found: dict[str, int] = defaultdict(int)
    for case, minors, injured, claimed, refused, alone in db.execute(_OF_UNITS):
        is_true = {"minor": minors, "injured": injured, "crowd": claimed, "refused": refused, "no_lawyer": alone}
        found[case] |= attention.encode_reasons(reason for reason, holds in is_true.items() if holds)
    for (case,) in db.execute(_CONTRADICTED):
        found[case] |= attention.BIT["disputed"]
    db.conn.executemany(
        'UPDATE "case" SET reasons = reasons | ? WHERE id = ?', ((bits, case) for case, bits in found.items())
    )


_OF_UNITS = """SELECT unit_case."case", max(minors), max(injured), max(claimed), max(lawyer = 'refused'),
    max(lawyer IN ('none', 'asked') AND heads > 0)
  FROM near CROSS JOIN unit_case USING ("case") JOIN unit ON unit = number WHERE held GROUP BY unit_case."case" """
# Said to be one and not one, by way of others.
_CONTRADICTED = """
WITH torn AS (
  SELECT a_case, b_case FROM near CROSS JOIN link ON a_case = near."case"
  JOIN person AS p ON p.id = a JOIN person AS q ON q.id = b WHERE kind = 'different_person' AND p.grp = q.grp
)
SELECT a_case FROM torn UNION SELECT b_case FROM torn
"""


# Links and officials


def relink(db: Database, a: str, b: str) -> None:
    """Write the newest word on these two that was not taken back into `link`."""
    db.execute("DELETE FROM link WHERE a = ? AND b = ?", [a, b])
    row = db.execute(_NEWEST_LINK_ENTRY, [a, b]).fetchone()
    if row:
        a_case, b_case = (id_.partition("#")[0] for id_ in (a, b))
        db.execute("INSERT INTO link VALUES (?, ?, ?, ?, ?, ?)", [*row, a, b, a_case, b_case])


_NEWEST_LINK_ENTRY = """SELECT entry, kind FROM link_entry WHERE a = ? AND b = ? AND id NOT IN (SELECT id FROM taken)
  ORDER BY ord DESC LIMIT 1"""


def describe_official(db: Database, official: str) -> None:
    """Write an official as the journal tells: of each field the newest value that is not empty."""
    fields: dict[str, str] = {"name": "", "rank": "", "badge": "", "unit": ""}
    for (text,) in db.execute(_OFFICIAL, [official]).fetchall():
        newer = msgspec.json.decode(text)
        fields.update({name: newer[name] for name in fields if newer.get(name)})
    number = int(db.execute("SELECT coalesce(max(number), 0) FROM official").fetchone()[0]) + 1
    db.execute(_PUT_OFFICIAL, [official, number, *fields.values()])


_OFFICIAL = """SELECT what FROM entry WHERE kind = 'official' AND json_extract(what, '$.id') = ? ORDER BY ord"""
_PUT_OFFICIAL = """INSERT INTO official VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,
  rank = excluded.rank, badge = excluded.badge, unit = excluded.unit"""
