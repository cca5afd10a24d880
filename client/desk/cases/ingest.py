"""Letters and journal entries become rows. In any order, twice or at once: the same tables follow. See `board.md`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from client.desk.cases import derive
from client.desk.cases.rows import Values
from client.desk.journal.entries import (
    DifferentGroup,
    DifferentPerson,
    Entry,
    Exported,
    Linked,
    Official,
    Other,
    SameGroup,
    SamePerson,
    Unlinked,
)
from client.organisation.decoded_letters import DecodedLetter, decode_all
from client.organisation.records import Letter
from client.report import sort_facts
from keys.message import Amend, Report

_LATEST = 2**53 - 1  # seconds

# How an entry that links two is named in `link_entry` and `link`.
_LINK_KINDS: dict[type, str] = {
    SamePerson: "same_person",
    DifferentPerson: "different_person",
    SameGroup: "same_group",
    DifferentGroup: "different_group",
}


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """All of it or, when something fails, nothing."""
    db.execute("BEGIN")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def add_letter(db: Database, new: Letter | DecodedLetter) -> None:
    """A letter that came. One that came before changes nothing, or gives way to a better copy."""
    add_all(db, [new], [])


def add_letters(db: Database, new: Iterable[Letter | DecodedLetter]) -> None:
    """Many at once."""
    add_all(db, new, [])


def add_entry(db: Database, done: Entry) -> None:
    """An entry of the journal, this desk's or another's."""
    add_all(db, [], [done])


def add_entries(db: Database, done: Iterable[Entry]) -> None:
    """Many at once."""
    add_all(db, [], done)


def add_all(db: Database, new: Iterable[Letter | DecodedLetter], done: Iterable[Entry]) -> None:
    """Letters and entries together, in one transaction. Letters that are decoded already are not decoded again."""
    with transaction(db):
        values = Values()
        touched = _put_letters(db, decode_all(new), values) | _put_entries(db, done)
        derive.refresh(db, touched, values)


# Letters


class _Copy(NamedTuple):
    """Of copies of one letter the one whose commitment was right is kept, then the one that was not sealed to the last
    resort; the hash decides between equals, so that two desks keep the same one."""

    doubt: int  # 1: the commitment was not the depositor's
    last_resort: int
    envelope: bytes
    commitment: bytes
    pulled: int


def _put_letters(db: Database, new: Iterable[DecodedLetter], values: Values) -> set[str]:
    """The cases that something was added to."""
    touched: set[str] = set()
    for one in new:
        touched |= _put_letter(db, one, values)
    return touched


def _put_letter(db: Database, one: DecodedLetter, values: Values) -> set[str]:
    kept, said = one.letter, one.message
    if said is None:
        return set()
    copy = _Copy(int(not kept.committed), int(kept.last_resort), kept.envelope_hash, one.commitment, kept.pulled)
    known = db.execute(_KNOWN, [one.header]).fetchone()
    if known is None:
        number = _insert_letter(db, one.header, said, one.other, copy)
    else:
        number, held = known[0], _Copy(*known[1:])
        better = min(copy, held)._replace(pulled=min(copy.pulled, held.pulled))
        if better == held:
            return set()
        copy = better
        db.execute(_BETTER, [*copy, copy.pulled, number])
        db.execute("DELETE FROM fact WHERE letter = ?", [number])
    _add_facts(db, number, one, copy.pulled, values)
    return {said.case, *_find_namesakes(db, said)}


def _insert_letter(db: Database, header: bytes, said: Report | Amend, other: dict[str, Any], copy: _Copy) -> int:
    until = said.reply.until if said.reply else None
    kind = "report" if isinstance(said, Report) else "amend"
    wrong = {field: at for field, at in said.when.items() if not _is_time(at)}
    other = {**other, **({"when": wrong} if wrong else {})}
    row = [header, said.id, said.case, kind, said.seq, said.at, min(said.at, copy.pulled), int(said.practice), until]
    row += [_json(other), *copy]
    number = db.execute(_NEW_LETTER, row).lastrowid or 0
    if said.parcels:
        files = [(number, said.case, ref.id, ref.n, ref.sha256, ref.type, ref.bytes) for ref in said.parcels]
        db.conn.executemany("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?)", files)
    return number


def _add_facts(db: Database, number: int, one: DecodedLetter, pulled: int, values: Values) -> None:
    """Nothing is said or happens after it came: a clock that is ahead must not have the last word for ever."""
    said = one.message
    assert said is not None  # noqa: S101 - its only caller looked
    at = min(said.at, pulled)
    order = f"{at:016x}{said.seq:016x}{said.id}{one.header.hex()[:16]}"
    fits, _ = sort_facts(said.facts)
    rows = []
    for field, value in said.facts.items():
        when = said.when.get(field)
        happened = min(when, pulled) if when is not None and _is_time(when) else None
        rows.append((said.case, field, values.encode(value), at, happened, number, int(field in fits), order))
    db.conn.executemany(_NEW_FACT, rows)


def _is_time(at: Any) -> bool:
    return type(at) is int and 0 <= at <= _LATEST


def _find_namesakes(db: Database, said: Report | Amend) -> set[str]:
    """The other case in which a message calls itself by this id: it becomes doubtful when the second one comes."""
    found = db.execute('SELECT "case" FROM letter WHERE id = ? LIMIT 3', [said.id]).fetchall()
    return {row[0] for row in found} if len(found) <= 2 else set()  # noqa: PLR2004 - it and its first namesake


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_KNOWN = "SELECT number, doubt, last_resort, envelope, commitment, pulled FROM letter WHERE header = ?"
_BETTER = """UPDATE letter SET doubt = ?, last_resort = ?, envelope = ?, commitment = ?, pulled = ?, said = min(at, ?)
  WHERE number = ?"""
_NEW_LETTER = """INSERT INTO letter (header, id, "case", kind, seq, at, said, practice, reply_until, other,
  doubt, last_resort, envelope, commitment, pulled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_NEW_FACT = """INSERT INTO fact ("case", k, own, field, value, said, happened, letter, source, fits, ord)
  VALUES (?, 0, 0, ?, ?, ?, ?, ?, '', ?, ?)"""


# Entries of the journal


def _put_entries(db: Database, done: Iterable[Entry]) -> set[str]:
    """The cases that something was done about."""
    touched: set[str] = set()
    for one in done:
        touched |= _put_entry(db, one)
    return touched


def _put_entry(db: Database, entry: Entry) -> set[str]:
    action, order = entry.action, order_of(entry)
    kind, fields = ("other", action.fields) if isinstance(action, Other) else (action.kind, action)
    target = action.entry if isinstance(action, Unlinked) else None
    row = [entry.id, order, entry.at, entry.by, kind, target, _json(fields)]
    number = db.execute(_NEW_ENTRY, row).lastrowid
    if not db.execute("SELECT changes()").fetchone()[0]:
        return set()  # another desk's journal may be merged twice
    touched = _find_cases(action)
    db.conn.executemany("INSERT OR IGNORE INTO about VALUES (?, ?)", ((number, case) for case in touched))
    match action:
        case SamePerson() | DifferentPerson() | SameGroup() | DifferentGroup():
            a, b = sorted((action.a, action.b))
            db.execute(
                "INSERT INTO link_entry VALUES (?, ?, ?, ?, ?, ?)",
                [number, order, entry.id, _LINK_KINDS[type(action)], a, b],
            )
            derive.relink(db, a, b)
        case Unlinked():
            touched |= _unlink(db, action.entry)
        case Official():
            touched |= {row[0] for row in db.execute('SELECT "case" FROM part WHERE official = ?', [action.id])}
            derive.describe_official(db, action.id)
        case Linked():
            row = [number, entry.id, action.official, action.case, action.part]
            db.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?)", row)
    return touched


def order_of(one: Entry) -> str:
    """The one true order of entries as text that sorts alike."""
    turn, session, n = one.order
    return f"{turn:016x}{session.hex()}{n:016x}"


def _find_cases(what: Any) -> set[str]:
    """The cases that an entry is about. A person's case stands before the `#`."""
    named = [getattr(what, field, None) for field in ("case", "a", "b")]
    if isinstance(what, Exported):
        named.append(what.options.get("case"))
    return {one.partition("#")[0] for one in named if isinstance(one, str)}


def _unlink(db: Database, taken: str) -> set[str]:
    """The entry may come after the one that takes it back: journals of two desks are merged in any order."""
    db.execute("INSERT OR IGNORE INTO taken VALUES (?)", [taken])
    for a, b in db.execute("SELECT a, b FROM link_entry WHERE id = ?", [taken]).fetchall():
        derive.relink(db, a, b)
    return {row[0] for row in db.execute(_ABOUT_TAKEN, [taken])}


_NEW_ENTRY = "INSERT OR IGNORE INTO entry (id, ord, at, by, kind, target, what) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ABOUT_TAKEN = 'SELECT "case" FROM about JOIN entry ON entry = number WHERE id = ?'
