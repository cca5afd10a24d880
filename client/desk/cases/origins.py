"""Who said the letters of a case, from the keys that its own letters name. Specified in `keys/message.md`."""

from collections.abc import Iterable

import msgspec
from sqlite_utils import Database

from client.desk.cases.rows import CaseRows, LetterRow
from client.organisation.decoded_letters import DecodedLetter
from client.organisation.origins import Origin, Signed, find_key, find_named_keys, may_bring_reply_block, name_origin
from keys.envelope import Address, unframe
from keys.message import CaseKeys
from keys.wire import Purpose


def sign_letters(db: Database, number: int, letter: DecodedLetter) -> None:
    """Find the key that a new letter's body is a MAC under; when it names keys, also those of letters that waited."""
    message, signed = letter.message, Signed(*unframe(letter.letter.content))
    if message is None:
        return
    if signed.is_marked:
        db.execute("INSERT INTO unsigned VALUES (?, ?, ?, ?, ?)", [number, message.case, *signed])
    names_keys = find_named_keys(message) is not None
    if not (signed.is_marked or names_keys):
        return
    named = _read_named_keys(db, message.case)
    if not named:
        return
    address = _read_address(db)
    waiting = db.execute(_UNSIGNED, {"case": message.case, "letter": None if names_keys else number}).fetchall()
    for waits, *parts in waiting:
        if key := find_key(Signed(*parts), named, address):
            db.execute("UPDATE letter SET signed_by = ? WHERE number = ?", [key, waits])
            db.execute("DELETE FROM unsigned WHERE letter = ?", [waits])


def name_origins(rows: CaseRows) -> dict[int, Origin]:
    """Return who said each letter, by its number."""
    named = _decode_keys(letter.named_keys for letter in rows.letters if letter.named_keys)
    return {letter.number: name_origin(letter.signed_by, named) for letter in rows.letters}


def is_answerable(letter: LetterRow, origin: Origin) -> bool:
    """Tell whether a reply can go where this letter says."""
    return letter.reply_until is not None and may_bring_reply_block(bool(letter.owner), origin)


def find_reply_until(rows: CaseRows, origins: dict[int, Origin]) -> int | None:
    """Return until when a reply is looked for that goes where it would go now; None when it can go nowhere."""
    usable = [letter for letter in rows.letters if is_answerable(letter, origins[letter.number])]
    return usable[-1].reply_until if usable else None


def find_forced(db: Database, case: str) -> set[bytes]:
    """Return the letters of a case that were said under force, by the SHA-256 of their headers."""
    named = _read_named_keys(db, case)
    signed = db.execute("""SELECT header, signed_by FROM letter WHERE "case" = ? AND signed_by <> ''""", [case])
    return {header for header, key in signed if name_origin(key, named) == "forced"}


def _read_named_keys(db: Database, case: str) -> list[CaseKeys]:
    return _decode_keys(row[0] for row in db.execute(_NAMED_KEYS, [case]).fetchall())


def _decode_keys(texts: Iterable[str]) -> list[CaseKeys]:
    return [msgspec.json.decode(text, type=CaseKeys) for text in texts]


def _read_address(db: Database) -> Address | None:
    root, mailbox = db.execute("SELECT root, mailbox FROM desk").fetchone()
    return None if root is None else Address(Purpose.REPORT, root, mailbox)


_NAMED_KEYS = """SELECT DISTINCT named_keys FROM letter WHERE "case" = ? AND named_keys <> '' ORDER BY 1"""
_UNSIGNED = """SELECT letter, salt, header, body FROM unsigned
  WHERE "case" = :case AND (:letter IS NULL OR letter = :letter)"""
