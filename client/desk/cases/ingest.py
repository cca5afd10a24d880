"""Letters and journal entries become rows. In any order, twice or at once: the same tables follow. See `board.md`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from client.desk.cases import derive, origins
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
from client.organisation.origins import find_named_keys
from client.organisation.records import RecordLetter
from client.report import sort_facts
from keys.message import Amend, Report, shows_case_secret

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
    """Keep everything that happens inside or, when something fails, nothing."""
    db.execute("BEGIN")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def add_letter(db: Database, new: RecordLetter | DecodedLetter) -> None:
    """Add a letter that came. A letter that came before changes nothing, or gives way to a better copy."""
    add_all(db, [new], [])


def add_letters(db: Database, new: Iterable[RecordLetter | DecodedLetter]) -> None:
    """Add many letters in one transaction."""
    add_all(db, new, [])


def add_entry(db: Database, new: Entry) -> None:
    """Add an entry of the journal, this desk's or another's. An entry that is here already changes nothing."""
    add_all(db, [], [new])


def add_entries(db: Database, entries: Iterable[Entry]) -> None:
    """Add many entries in one transaction."""
    add_all(db, [], entries)


def add_all(db: Database, new: Iterable[RecordLetter | DecodedLetter], entries: Iterable[Entry]) -> None:
    """Add letters and entries in one transaction. Letters that are decoded already are not decoded again."""
    with transaction(db):
        values = Values()
        touched = _put_letters(db, decode_all(new), values) | _put_entries(db, entries)
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
    """Write letters. Returns the cases that something was added to."""
    touched: set[str] = set()
    for letter in new:
        touched |= _put_letter(db, letter, values)
    return touched


def _put_letter(db: Database, letter: DecodedLetter, values: Values) -> set[str]:
    sealed, message = letter.letter, letter.message
    if message is None:
        return set()
    copy = _Copy(
        int(not sealed.committed), int(sealed.last_resort), sealed.envelope_hash, letter.commitment, sealed.pulled
    )
    known = db.execute(_KNOWN, [letter.header]).fetchone()
    if known is None:
        number = _insert_letter(db, letter.header, message, letter.other, copy)
        origins.sign_letters(db, number, letter)
    else:
        number, older = known[0], _Copy(*known[1:])
        better = min(copy, older)._replace(pulled=min(copy.pulled, older.pulled))
        if better == older:
            return set()
        copy = better
        db.execute(_BETTER, [*copy, copy.pulled, number])
        db.execute("DELETE FROM fact WHERE letter = ?", [number])
    _add_facts(db, number, letter, copy.pulled, values)
    return {message.case, *_find_namesakes(db, message)}


def _insert_letter(db: Database, header: bytes, message: Report | Amend, other: dict[str, Any], copy: _Copy) -> int:
    until = message.reply.until if message.reply else None
    kind = "report" if isinstance(message, Report) else "amend"
    wrong = {field: at for field, at in message.when.items() if not _is_time(at)}
    other = {**other, **({"when": wrong} if wrong else {})}
    row = [header, message.id, message.case, kind, message.seq, message.at]
    named = find_named_keys(message)
    row += [min(message.at, copy.pulled), int(message.practice), until, int(shows_case_secret(message))]
    row += [_json(named) if named else "", _json(other), *copy]
    number = db.execute(_NEW_LETTER, row).lastrowid or 0
    if message.parcels:
        files = [(number, message.case, ref.id, ref.n, ref.sha256, ref.type, ref.bytes) for ref in message.parcels]
        db.conn.executemany("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?)", files)
    return number


def _add_facts(db: Database, number: int, letter: DecodedLetter, pulled: int, values: Values) -> None:
    """Write the facts of a letter, none later than it came: a clock that is ahead must not have the last word for
    ever."""
    message = letter.message
    assert message is not None  # noqa: S101 - its only caller looked
    at = min(message.at, pulled)
    order = f"{at:016x}{message.seq:016x}{message.id}{letter.header.hex()[:16]}"
    fits, _ = sort_facts(message.facts)
    rows = []
    for field, value in message.facts.items():
        when = message.when.get(field)
        happened = min(when, pulled) if when is not None and _is_time(when) else None
        rows.append((message.case, field, values.encode(value), at, happened, number, int(field in fits), order))
    db.conn.executemany(_NEW_FACT, rows)


def _is_time(at: Any) -> bool:
    return type(at) is int and 0 <= at <= _LATEST


def _find_namesakes(db: Database, message: Report | Amend) -> set[str]:
    """Return the cases with a message of this id: the first becomes doubtful when the second comes."""
    found = db.execute('SELECT "case" FROM letter WHERE id = ? LIMIT 3', [message.id]).fetchall()
    return {row[0] for row in found} if len(found) <= 2 else set()  # noqa: PLR2004 - it and its first namesake


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_KNOWN = "SELECT number, doubt, last_resort, envelope, commitment, pulled FROM letter WHERE header = ?"
_BETTER = """UPDATE letter SET doubt = ?, last_resort = ?, envelope = ?, commitment = ?, pulled = ?, said = min(at, ?)
  WHERE number = ?"""
_NEW_LETTER = """INSERT INTO letter (header, id, "case", kind, seq, at, said, practice, reply_until, owner,
  named_keys, signed_by, other, doubt, last_resort, envelope, commitment, pulled)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)"""
_NEW_FACT = """INSERT INTO fact ("case", k, own, field, value, said, happened, letter, source, fits, ord)
  VALUES (?, 0, 0, ?, ?, ?, ?, ?, '', ?, ?)"""


# Entries of the journal


def _put_entries(db: Database, entries: Iterable[Entry]) -> set[str]:
    """Write entries. Returns the cases that they are about."""
    touched: set[str] = set()
    for entry in entries:
        touched |= _put_entry(db, entry)
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


def order_of(entry: Entry) -> str:
    """Return the one true order of entries as text that sorts alike."""
    turn, session, n = entry.order
    return f"{turn:016x}{session.hex()}{n:016x}"


def _find_cases(action: Any) -> set[str]:
    """Return the cases that an entry is about. A person's case stands before the `#`."""
    named = [getattr(action, field, None) for field in ("case", "a", "b")]
    if isinstance(action, Exported):
        named.append(action.options.get("case"))
    return {id_.partition("#")[0] for id_ in named if isinstance(id_, str)}


def _unlink(db: Database, entry: str) -> set[str]:
    """Take an entry back, also one that comes later: journals of two desks are merged in any order."""
    db.execute("INSERT OR IGNORE INTO taken VALUES (?)", [entry])
    for a, b in db.execute("SELECT a, b FROM link_entry WHERE id = ?", [entry]).fetchall():
        derive.relink(db, a, b)
    return {row[0] for row in db.execute(_ABOUT_TAKEN, [entry])}


_NEW_ENTRY = "INSERT OR IGNORE INTO entry (id, ord, at, by, kind, target, what) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ABOUT_TAKEN = 'SELECT "case" FROM about JOIN entry ON entry = number WHERE id = ?'
