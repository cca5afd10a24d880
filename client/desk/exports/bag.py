"""A case for a court: messages as they came, in a BagIt bag (RFC 8493) that anybody can check without a network."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from sqlite_utils import Database

from client.desk.cases import origins
from client.desk.consent import subjects
from client.desk.consent.consent import NoConsent
from client.desk.consent.redact import Names
from client.desk.consent.text import line
from client.desk.exports.archive import zip_files
from client.desk.exports.csv_cells import Cell, build_csv
from client.desk.journal.entries import Entry, Received
from client.organisation.case_files import Assembled
from client.organisation.records import RecordLetter, StoredReceipt
from keys.envelope import commit, unframe
from keys.errors import EnvelopeError, TocsinError
from keys.message import Amend, ParcelRef, Report
from keys.message import read as read_message
from keys.receipt import HANDOVER_KIND
from keys.wire import read_object, unb64

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
    """the reporter may still be waiting for replies, and the messages hold the keys to write them"""

    code = "reply-open"
    hint = "wait until replies are no longer looked for, or hand the keys over knowing that others can then reply"


class CaseKeysInside(TocsinError):
    """the messages hold what shows whose case it is, and the keys that tell with which PIN something was said"""

    code = "case-keys"
    hint = "whoever has them can be replied to, and with the phone learns which PIN they were given"


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
    puts a file together by case and b64 SHA-256; `receipts` returns those for a commitment, the earliest first.
    `disclose_entries`: the journal's own bytes, with what caseworkers wrote and their names. `disclose_replies`: also
    while replies are still looked for. `disclose_keys`: also messages
    that show the secret of their case or name its keys."""

    letters: Iterable[RecordLetter]
    entries: Sequence[Entry]
    head: str
    file: Callable[[str, str], Assembled]
    receipts: Callable[[bytes], Sequence[StoredReceipt]] = lambda commitment: ()
    disclose_entries: bool = False
    disclose_replies: bool = False
    disclose_keys: bool = False


@dataclass(frozen=True, slots=True)
class CourtRecord:
    """The zip, how many messages are in it, and how many are not because they tell of pressure."""

    data: bytes = field(repr=False)
    count: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Message:
    letter: RecordLetter
    parsed: Report | Amend
    header: Any

    @property
    def header_hash(self) -> bytes:
        """SHA-256 of the header, which is what the desk knows a letter by."""
        return hashlib.sha256(unframe(self.letter.content)[1]).digest()

    @property
    def commitment(self) -> bytes:
        return commit(self.letter.content)


def build_bag(db: Database, case: str, court: Court, organisation: str, now: int) -> CourtRecord:
    """Build the record of a case, without messages that give the silent signal of pressure: the fact `coerced`, or
    that they were said under force.

    `organisation`: its name, may be empty; `now`: Unix seconds. Specified in `exports.md`, "A record for a court".
    Raises NoConsent, StillAnswerable, NothingReceived, OnlyUnderPressure, CaseKeysInside.
    """
    received = list(_find_messages(court.letters, case))
    if not received:
        raise NothingReceived()
    forced = origins.find_forced(db, case)
    unforced = [
        message for message in received if SIGNAL not in message.parsed.facts and message.header_hash not in forced
    ]
    if not unforced:
        raise OnlyUnderPressure()
    messages = sorted(unforced, key=lambda message: (message.parsed.at, message.parsed.seq, message.commitment))
    _check_consent(db, case, messages)
    if not court.disclose_keys and any(message.parsed.keys or message.parsed.case_secret for message in messages):
        raise CaseKeysInside()
    if not court.disclose_replies and any(
        message.parsed.reply and message.parsed.reply.until > now for message in messages
    ):
        raise StillAnswerable()
    payload = dict(_build_payload(case, court, messages))
    info = _build_info(payload, organisation, now)
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": info,
        **{f"manifest-{algorithm}.txt": _build_manifest(algorithm, payload) for algorithm in ALGORITHMS},
    }
    tags |= {f"tagmanifest-{algorithm}.txt": _build_manifest(algorithm, dict(tags)) for algorithm in ALGORITHMS}
    return CourtRecord(
        zip_files((f"{FOLDER}/{name}", data) for name, data in {**tags, **payload}.items()),
        len(messages),
        len(received) - len(messages),
    )


def _find_messages(letters: Iterable[RecordLetter], case: str) -> Iterator[_Message]:
    """Yield the messages of one case, each once; the copy whose commitment was right goes before another."""
    found: dict[bytes, _Message] = {}
    for letter in letters:
        try:
            _, header, _ = unframe(letter.content)
            fields = read_object(header)
            parsed = read_message(fields).message
        except EnvelopeError:
            continue
        if isinstance(parsed, Report | Amend) and parsed.case == case and (header not in found or letter.committed):
            found[header] = _Message(letter, parsed, fields)
    yield from found.values()


def _check_consent(db: Database, case: str, messages: Sequence[_Message]) -> None:
    inside = subjects.list_subjects_of_case(db, case)
    if not inside or not all(subject.consent.allows(purpose) for subject in inside for purpose in NEEDED):
        raise NoConsent("of everybody in the case, to keep it and to help")
    texts = [text for message in messages for text in _find_texts(message.header)]
    mentioned = subjects.find_mentioned(db, texts)
    refusing = (subject for subject in mentioned if not all(subject.consent.allows(purpose) for purpose in NEEDED))
    others = Names(subjects.collect_names(refusing) - subjects.collect_names(inside))
    if any(others.occurs_in(text) for text in texts):
        raise NoConsent("a message names somebody else who has not")


def _find_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _find_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _find_texts(inner)


def _build_payload(case: str, court: Court, messages: Sequence[_Message]) -> Iterator[tuple[str, bytes]]:
    for name in TEXTS:
        yield f"data/{name}", files(__package__).joinpath("court", name).read_bytes()
    for number, message in enumerate(messages, 1):
        yield f"data/messages/{number:04}.content", message.letter.content
        yield f"data/messages/{number:04}.json", _format_header(message.header)
    yield (
        "data/messages.csv",
        build_csv(_MESSAGE_HEADS, (_build_message_row(n, message) for n, message in enumerate(messages, 1))),
    )
    yield from _build_receipts(court, messages)
    yield from _build_files(case, court, messages)
    yield from _build_journal(case, court, {message.commitment for message in messages})


def _format_header(header: Any) -> bytes:
    return json.dumps(header, ensure_ascii=True, indent=2).encode() + b"\n"


_MESSAGE_HEADS = (
    "content", "header", "kind", "seq", "said", "received",
    "commitment", "envelope", "commitment_right", "last_resort_key",
)  # fmt: skip


def _build_message_row(number: int, message: _Message) -> list[Cell]:
    names = [f"messages/{number:04}.content", f"messages/{number:04}.json"]
    kind = "report" if isinstance(message.parsed, Report) else "amend"
    times = [_format_time(message.parsed.at), _format_time(message.letter.pulled)]
    hashes = [message.commitment.hex(), message.letter.envelope_hash.hex()]
    return [*names, kind, message.parsed.seq, *times, *hashes, message.letter.committed, message.letter.last_resort]


def _build_receipts(court: Court, messages: Sequence[_Message]) -> Iterator[tuple[str, bytes]]:
    """Yield every receipt for a message, byte for byte as the relay gave it, then their list."""
    rows: list[list[Cell]] = []
    for number, message in enumerate(messages, 1):
        for k, receipt in enumerate(court.receipts(message.commitment), 1):
            name = f"receipts/{number:04}-{k}.txt"
            kind = "handover" if receipt.kind == HANDOVER_KIND else "deposit"
            rows.append([name, f"messages/{number:04}.content", kind, _format_time(receipt.hour), receipt.key])
            yield f"data/{name}", receipt.text.encode()
    yield "data/receipts.csv", build_csv(("receipt", "content", "kind", "hour", "key"), rows)


def _format_time(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return str(at)


def _build_files(case: str, court: Court, messages: Sequence[_Message]) -> Iterator[tuple[str, bytes]]:
    """Yield photos and recordings as far as they came, then their list. A file that is not whole has no name by its
    hash, so none is given."""
    rows: list[list[Cell]] = []
    for ref in {ref.sha256: ref for message in messages for ref in message.parsed.parcels}.values():
        assembled = court.file(case, ref.sha256)
        name = f"files/{unb64(ref.sha256).hex()}.{ENDINGS.get(ref.type, 'bin')}" if assembled.whole else ""
        rows.append(_build_file_row(ref, assembled, name))
        if assembled.whole:
            yield f"data/{name}", assembled.data
    yield "data/files.csv", build_csv(("file", "sha256", "said_type", "bytes", "whole", "missing_pieces"), rows)


def _build_file_row(ref: ParcelRef, assembled: Assembled, name: str) -> list[Cell]:
    missing = " ".join(map(str, assembled.missing))
    return [name, unb64(ref.sha256).hex(), line(ref.type), ref.bytes, assembled.whole, missing]


def _build_journal(case: str, court: Court, commitments: set[bytes]) -> Iterator[tuple[str, bytes]]:
    entries = [entry for entry in court.entries if _is_about(entry, case, commitments)]
    heads = ("session", "n", "turn", "at", "kind", "hash", "hash_before")
    yield "data/journal.csv", build_csv(heads, (_build_entry_row(entry) for entry in entries))
    yield "data/head.txt", (line(court.head) + "\n").encode()
    if court.disclose_entries:
        for number, entry in enumerate(entries, 1):
            yield f"data/journal/{number:04}.msgpack", entry.data


def _is_about(entry: Entry, case: str, commitments: set[bytes]) -> bool:
    action = entry.action
    if SIGNAL in getattr(action, "facts", ()):
        return False
    if isinstance(action, Received):
        return any(arrival.commitment in commitments for arrival in action.letters)
    named = (getattr(action, name, None) for name in ("case", "a", "b"))
    return any(isinstance(id_, str) and id_.partition("#")[0] == case for id_ in named)


def _build_entry_row(entry: Entry) -> list[Cell]:
    kind = entry.action.kind or "other"  # a newer desk's entry may name none
    return [
        entry.session.hex(), entry.n, entry.turn, _format_time(entry.at), kind, entry.hash.hex(), entry.before.hex(),
    ]  # fmt: skip


def _build_info(payload: dict[str, bytes], organisation: str, now: int) -> bytes:
    lines = [
        f"Bagging-Date: {datetime.fromtimestamp(now, UTC).date().isoformat()}",
        f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}",
    ]
    if organisation.strip():
        lines.insert(0, f"Source-Organization: {line(organisation)}")
    return ("\n".join(lines) + "\n").encode()


def _build_manifest(algorithm: str, named: dict[str, bytes]) -> bytes:
    rows = (f"{hashlib.new(algorithm, data).hexdigest()}  {name}\n" for name, data in sorted(named.items()))
    return "".join(rows).encode()
