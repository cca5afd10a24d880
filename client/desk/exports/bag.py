"""A case for a court: messages as they came, in a BagIt bag (RFC 8493) that anybody can check without a network."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import msgspec
from sqlite_utils import Database

from client.desk.consent import subjects
from client.desk.consent.consent import NoConsent
from client.desk.consent.redact import Names
from client.desk.consent.text import line
from client.desk.exports.archive import zipped
from client.desk.exports.csv_cells import Cell, table
from client.desk.journal.entries import Entry, Received
from client.organisation.case_files import Assembled
from client.organisation.records import Letter
from keys import message
from keys.envelope import commit, unframe
from keys.errors import EnvelopeError, TocsinError
from keys.message import Amend, ParcelRef, Report
from keys.wire import unb64

FOLDER = "record"
ALGORITHMS = ("sha256", "sha512")
NEEDED = ("store", "help")
SIGNAL = "coerced"  # the one fact that no export has
TEXTS = ("README-en.txt", "README-ru.txt", "verify.py")
# Only for the ending of a name. What a file really is, its reader must find out.
ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "audio/ogg": "ogg", "audio/webm": "weba",
    "audio/mp4": "m4a", "audio/mpeg": "mp3", "video/mp4": "mp4", "video/webm": "webm",
}  # fmt: skip


class StillAnswerable(TocsinError):
    """the reporter may still be waiting for answers, and the messages hold the keys to write them"""

    code = "reply-open"
    hint = "wait until answers are no longer looked for, or hand the keys over knowing that others can then answer"


class OnlyUnderPressure(TocsinError):
    """every message of this case was written under pressure, and none of them may be handed over"""

    code = "case-coerced"
    hint = "the signal is silent: whoever forced it must not learn of it. Ask the person when they are safe"


class NothingReceived(TocsinError):
    """no message of this case is in the records"""

    code = "case-empty"
    hint = "pull again; only what was received can be handed over"


@dataclass(frozen=True, slots=True)
class Court:
    """What a record is made from, besides the database. `letters` of any cases; `entries` of the whole journal; `file`
    puts one together by case and b64 SHA-256. `disclose_entries`: the journal's own bytes, with what caseworkers wrote
    and their names. `disclose_replies`: also while an answer is still looked for."""

    letters: Iterable[Letter]
    entries: Sequence[Entry]
    head: str
    file: Callable[[str, str], Assembled]
    disclose_entries: bool = False
    disclose_replies: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """The zip, how many messages are in it, and how many are not because they tell of pressure."""

    data: bytes = field(repr=False)
    count: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Message:
    letter: Letter
    said: Report | Amend
    header: Any

    @property
    def commitment(self) -> bytes:
        return commit(self.letter.content)


def bag(db: Database, case: str, court: Court, organisation: str, now: int) -> Made:
    """The record of a case, without messages that give the silent signal of pressure (`coerced`).

    Raises NoConsent, StillAnswerable, NothingReceived, OnlyUnderPressure.
    """
    received = list(_messages(court.letters, case))
    if not received:
        raise NothingReceived()
    unforced = [one for one in received if SIGNAL not in one.said.facts]
    if not unforced:
        raise OnlyUnderPressure()
    messages = sorted(unforced, key=lambda one: (one.said.at, one.said.seq, one.commitment))
    _check_consent(db, case, messages)
    if not court.disclose_replies and any(one.said.reply and one.said.reply.until > now for one in messages):
        raise StillAnswerable()
    payload = dict(_payload(case, court, messages))
    info = _info(payload, organisation, now)
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": info,
        **{f"manifest-{one}.txt": _manifest(one, payload) for one in ALGORITHMS},
    }
    tags |= {f"tagmanifest-{one}.txt": _manifest(one, dict(tags)) for one in ALGORITHMS}
    return Made(
        zipped((f"{FOLDER}/{name}", data) for name, data in {**tags, **payload}.items()),
        len(messages),
        len(received) - len(messages),
    )


def _messages(letters: Iterable[Letter], case: str) -> Iterator[_Message]:
    """The messages of one case, each once; the copy whose commitment was right goes before another."""
    found: dict[bytes, _Message] = {}
    for letter in letters:
        try:
            _, header, _ = unframe(letter.content)
            fields = msgspec.json.decode(header)
            said = message.read(fields).message
        except (EnvelopeError, msgspec.DecodeError):
            continue
        if isinstance(said, Report | Amend) and said.case == case and (header not in found or letter.committed):
            found[header] = _Message(letter, said, fields)
    yield from found.values()


def _check_consent(db: Database, case: str, messages: Sequence[_Message]) -> None:
    inside = subjects.of_case(db, case)
    if not inside or not all(one.consent.allows(purpose) for one in inside for purpose in NEEDED):
        raise NoConsent("of everybody in the case, to keep it and to help")
    texts = [text for one in messages for text in _texts(one.header)]
    mentioned = subjects.find_mentioned(db, texts)
    refusing = (one for one in mentioned if not all(one.consent.allows(purpose) for purpose in NEEDED))
    others = Names(subjects.collect_names(refusing) - subjects.collect_names(inside))
    if any(others.occurs_in(text) for text in texts):
        raise NoConsent("a message names somebody else who has not")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _payload(case: str, court: Court, messages: Sequence[_Message]) -> Iterator[tuple[str, bytes]]:
    for name in TEXTS:
        yield f"data/{name}", files(__package__).joinpath("court", name).read_bytes()
    for number, one in enumerate(messages, 1):
        yield f"data/messages/{number:04}.content", one.letter.content
        yield f"data/messages/{number:04}.json", _readable(one.header)
    yield "data/messages.csv", table(_MESSAGE_HEADS, (_message_row(n, one) for n, one in enumerate(messages, 1)))
    yield from _files(case, court, messages)
    yield from _journal(case, court, {one.commitment for one in messages})


def _readable(header: Any) -> bytes:
    return json.dumps(header, ensure_ascii=True, indent=2).encode() + b"\n"


_MESSAGE_HEADS = (
    "content", "header", "kind", "seq", "said", "received",
    "commitment", "envelope", "commitment_right", "last_resort_key",
)  # fmt: skip


def _message_row(number: int, one: _Message) -> list[Cell]:
    names = [f"messages/{number:04}.content", f"messages/{number:04}.json"]
    kind = "report" if isinstance(one.said, Report) else "amend"
    times = [_moment(one.said.at), _moment(one.letter.pulled)]
    hashes = [one.commitment.hex(), one.letter.envelope_hash.hex()]
    return [*names, kind, one.said.seq, *times, *hashes, one.letter.committed, one.letter.last_resort]


def _moment(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return str(at)


def _files(case: str, court: Court, messages: Sequence[_Message]) -> Iterator[tuple[str, bytes]]:
    """Photos and recordings as far as they came. A file that is not whole has no name by its hash, so none is given."""
    rows: list[list[Cell]] = []
    for ref in {one.sha256: one for one_ in messages for one in one_.said.parcels}.values():
        assembled = court.file(case, ref.sha256)
        name = f"files/{unb64(ref.sha256).hex()}.{ENDINGS.get(ref.type, 'bin')}" if assembled.whole else ""
        rows.append(_file_row(ref, assembled, name))
        if assembled.whole:
            yield f"data/{name}", assembled.data
    yield "data/files.csv", table(("file", "sha256", "said_type", "bytes", "whole", "missing_pieces"), rows)


def _file_row(ref: ParcelRef, assembled: Assembled, name: str) -> list[Cell]:
    missing = " ".join(map(str, assembled.missing))
    return [name, unb64(ref.sha256).hex(), line(ref.type), ref.bytes, assembled.whole, missing]


def _journal(case: str, court: Court, commitments: set[bytes]) -> Iterator[tuple[str, bytes]]:
    entries = [one for one in court.entries if _is_about(one, case, commitments)]
    heads = ("session", "n", "turn", "at", "kind", "hash", "hash_before")
    yield "data/journal.csv", table(heads, (_entry_row(one) for one in entries))
    yield "data/head.txt", (line(court.head) + "\n").encode()
    if court.disclose_entries:
        for number, one in enumerate(entries, 1):
            yield f"data/journal/{number:04}.msgpack", one.data


def _is_about(entry: Entry, case: str, commitments: set[bytes]) -> bool:
    action = entry.action
    if SIGNAL in getattr(action, "facts", ()):
        return False
    if isinstance(action, Received):
        return any(one.commitment in commitments for one in action.letters)
    named = (getattr(action, name, None) for name in ("case", "a", "b"))
    return any(isinstance(one, str) and one.partition("#")[0] == case for one in named)


def _entry_row(entry: Entry) -> list[Cell]:
    kind = entry.action.kind or "other"  # a newer desk's entry may name none
    return [
        entry.session.hex(), entry.n, entry.turn, _moment(entry.at), kind, entry.hash.hex(), entry.before.hex(),
    ]  # fmt: skip


def _info(payload: dict[str, bytes], organisation: str, now: int) -> bytes:
    lines = [
        f"Bagging-Date: {datetime.fromtimestamp(now, UTC).date().isoformat()}",
        f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}",
    ]
    if organisation.strip():
        lines.insert(0, f"Source-Organization: {line(organisation)}")
    return ("\n".join(lines) + "\n").encode()


def _manifest(algorithm: str, named: dict[str, bytes]) -> bytes:
    rows = (f"{hashlib.new(algorithm, data).hexdigest()}  {name}\n" for name, data in sorted(named.items()))
    return "".join(rows).encode()
