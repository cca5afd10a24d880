"""The entries of a journal: who did what when at a desk. Specified in `client/desk/journal/journal.md`.

A case is named by its id (b64, as in messages), a person by `CASE#k`: k is 0 for the one whom the report is about, and
from 1 on for others whom a caseworker named. An entry's own id is the b64 of its hash.
"""

import unicodedata
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

import msgspec

from client.invisible_characters import is_visible
from client.report import Line, Text
from keys.errors import TocsinError
from keys.message import Hash, Id, Number
from keys.wire import HASH_BYTES, ID_BYTES, b64, digest, domain

FIRST = bytes(HASH_BYTES)  # stands where the hash of the entry before would, in the first entry of a session

Hash32 = Annotated[bytes, msgspec.Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
Session = Annotated[bytes, msgspec.Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
_CASE_AND_K = r"[A-Za-z0-9_-]{21}[AQgw]#(0|[1-9][0-9]{0,3})"
Person = Annotated[str, msgspec.Meta(pattern=rf"^{_CASE_AND_K}\Z")]
Anybody = Annotated[str, msgspec.Meta(pattern=rf"^({_CASE_AND_K})?\Z")]
BY_CHARACTERS = 80
By = Annotated[str, msgspec.Meta(max_length=BY_CHARACTERS)]
Status = Literal["new", "open", "waiting", "closed"]
LawyerState = Literal["asked", "on_way", "inside", "refused", "none"]

_ENTRY = domain("entry")


class BadEntry(TocsinError):
    """this cannot stand in the journal"""

    code = "entry-malformed"
    hint = "nothing was written; the field that does not fit is named"


class NoName(TocsinError):
    """the journal needs the name of whoever sits at the desk"""

    code = "by"
    hint = f"1 to {BY_CHARACTERS} characters on one line; the name by which colleagues know you"


def plain_name(by: str) -> str:
    """Return the name as the journal keeps it: NFC, single blanks, at most `BY_CHARACTERS`. Raises NoName."""
    # The same name typed on two keyboards may be different code points.
    plain = unicodedata.normalize("NFC", " ".join(by.split()))
    if not 0 < len(plain) <= BY_CHARACTERS or not is_visible(plain):
        raise NoName()
    return plain


class Head(msgspec.Struct, frozen=True, array_like=True):
    """The last entry of a session that is known: session 16, its number n, its hash 32."""

    session: Session
    n: Number
    hash: Hash32


class Arrival(msgspec.Struct, frozen=True, array_like=True):
    """One letter as it came: commitment 32, H(envelope) 32, whether the depositor gave that commitment, whether it was
    sealed to the last-resort key, when it was pulled (Unix seconds)."""

    commitment: Hash32
    envelope: Hash32
    committed: bool
    last_resort: bool
    pulled: Number


class _Action(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower):
    # The kind on the disk is the class's name in small letters; a class that is renamed names the old one as its tag.

    @property
    def kind(self) -> str:
        """The kind as it stands on the disk."""
        return kind_of(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"  # what a caseworker wrote must not reach a log by way of a traceback


class Unlocked(_Action, frozen=True, kw_only=True, tag="opened"):
    """The first entry of a session: the desk was unlocked. `heads`: of every session that no other head stands upon."""

    heads: list[Head] = []
    version: Line = ""


class Locked(_Action, frozen=True, kw_only=True):
    """The desk was locked. `why`: `button`, `idle`, or `stopped`. `heads` as in Unlocked: its hash covers all."""

    why: Line = ""
    heads: list[Head] = []


class Received(_Action, frozen=True, kw_only=True):
    """Letters were opened and kept; how many files' pieces, duplicates, and envelopes put aside came with them.

    `late`: they lay in the records without an entry (pulled by a command, or the power failed in between).
    """

    letters: list[Arrival] = []
    pieces: Number = 0
    duplicate: Number = 0
    bad: Number = 0
    late: bool = False


class Viewed(_Action, frozen=True, kw_only=True):
    """A case was opened; noted once for each session and case."""

    case: Id


class Noted(_Action, frozen=True, kw_only=True):
    """A caseworker's note."""

    case: Id
    text: Text


class Assigned(_Action, frozen=True, kw_only=True):
    """The caseworker whose case it is from now on; empty: nobody's."""

    case: Id
    to: By


class Marked(_Action, frozen=True, kw_only=True):
    """The new status of a case."""

    case: Id
    status: Status


class Replied(_Action, frozen=True, kw_only=True):
    """A reply was sealed for the reporter: its message id, place in the case, words, status, template's name.

    `ways`: H of each envelope, one for each mailbox of the reply block.
    """

    case: Id
    id: Id
    text: Text
    status: Line
    seq: Number = 0
    template: Line = ""
    ways: list[Hash32] = []


class Sent(_Action, frozen=True, kw_only=True):
    """One envelope of a reply is at a relay: the reply's message id, H(envelope), the relay and its receipt."""

    case: Id
    id: Id
    envelope: Hash32
    relay: Line
    receipt: Text


class Stated(_Action, frozen=True, kw_only=True):
    """Facts (fields of a report) that a caseworker adds, and from where they are known: "phone call to the station".

    `when` says for a field when it happened. `person` when it is about one of several; empty: the report's own.
    """

    case: Id
    facts: dict[str, Any]
    source: Line
    when: dict[str, Number] = {}
    person: Anybody = ""


class Named(_Action, frozen=True, kw_only=True):
    """One more person of a case (k from 1 on), or more about one: `facts` are fields of a report about that person."""

    case: Id
    person: Person
    name: Line
    facts: dict[str, Any] = {}
    source: Line = ""


class Lawyer(_Action, frozen=True, kw_only=True):
    """The new state of a lawyer; without `person`, for everybody whom the case is about."""

    case: Id
    state: LawyerState
    person: Person | None = None
    name: Line = ""


class Confirmed(_Action, frozen=True, kw_only=True):
    """A second source says the same: `how` names it. Without `person`, for everybody whom the case is about."""

    case: Id
    how: Line
    person: Person | None = None


class SamePerson(_Action, frozen=True, kw_only=True):
    """Two are one."""

    a: Person
    b: Person


class DifferentPerson(_Action, frozen=True, kw_only=True):
    """Two are not one, however alike: not to be offered again."""

    a: Person
    b: Person


class SameGroup(_Action, frozen=True, kw_only=True):
    """Two cases tell of one van, cell or crowd."""

    a: Id
    b: Id


class DifferentGroup(_Action, frozen=True, kw_only=True):
    """Two cases do not, however alike: not to be offered again."""

    a: Id
    b: Id


class Unlinked(_Action, frozen=True, kw_only=True, tag="apart"):
    """Takes back an entry that joins, tells apart, confirms or links: its id."""

    entry: Hash


class Official(_Action, frozen=True, kw_only=True):
    """An official, or more about one; an empty field says nothing new."""

    id: Id
    name: Line = ""
    rank: Line = ""
    badge: Line = ""
    unit: Line = ""


class Linked(_Action, frozen=True, kw_only=True):
    """An official had a part in a case: "arrested", "drew up the papers"."""

    official: Id
    case: Id
    part: Line = ""


class HandedOver(_Action, frozen=True, kw_only=True):
    """The words with which a shift goes to the next one; `to` may be empty."""

    text: Text
    to: By = ""


class ClockSet(_Action, frozen=True, kw_only=True):
    """The time at which a clock of a case starts or was stopped (Unix seconds), if not as the facts say (None)."""

    case: Id
    clock: Line
    starts: Number | None = None
    stopped: Number | None = None


class Exported(_Action, frozen=True, kw_only=True):
    """Something left the desk: which export, with which options, how many rows or cases, SHA-256 of the file (hex)."""

    what: Line
    options: dict[str, Any] = {}
    count: Number = 0
    sha256: Line = ""


class Merged(_Action, frozen=True, kw_only=True):
    """Another desk's bundle was merged: heads of the sessions that grew by it, entries and letters that were new.

    `forked`: sessions of which both desks have the same number with another entry; nothing of these was merged.
    """

    sessions: list[Head] = []
    entries: Number = 0
    letters: Number = 0
    forked: list[Session] = []


class Damaged(_Action, frozen=True, kw_only=True):
    """Damage was found at unlocking: code of the error, record (from 0) and byte offset in the journal, how many bytes
    were set aside under which name; `letters`: commitments that stand in the journal and not in the records."""

    code: Line
    record: Number = 0
    offset: Number = 0
    bytes: Number = 0
    aside: Line = ""
    letters: list[Hash32] = []


@dataclass(frozen=True, slots=True)
class Other:
    """An action that a newer desk wrote: its kind ("" when it has none), and all its fields."""

    kind: str
    fields: dict[str, Any] = field(repr=False)


Action = (
    Unlocked
    | Locked
    | Received
    | Viewed
    | Noted
    | Assigned
    | Marked
    | Replied
    | Sent
    | Stated
    | Named
    | Lawyer
    | Confirmed
    | SamePerson
    | DifferentPerson
    | SameGroup
    | DifferentGroup
    | Unlinked
    | Official
    | Linked
    | HandedOver
    | ClockSet
    | Exported
    | Merged
    | Damaged
)


def kind_of(action: type[_Action]) -> str:
    """Return the kind by which the actions of a class stand on the disk."""
    return str(action.__struct_config__.tag)


KINDS = tuple(kind_of(action) for action in get_args(Action))


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """An entry as written. A newer desk may add fields behind these."""

    session: Session
    n: Number
    before: Hash32
    turn: Number
    at: Number
    by: By
    action: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `before` is the hash of entry n-1 of its session; `turn` orders entries of all sessions.

    `data` are the bytes as first written; they are never encoded anew.
    """

    session: bytes
    n: int
    before: bytes
    turn: int
    at: int
    by: str
    action: Action | Other
    data: bytes = field(repr=False)
    hash: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The name by which other entries and pages call it."""
        return b64(self.hash)

    @property
    def order(self) -> tuple[int, bytes, int]:
        """The one true order; a clock may have been set back."""
        return (self.turn, self.session, self.n)

    @property
    def head(self) -> Head:
        return Head(self.session, self.n, self.hash)

    def __repr__(self) -> str:
        return f"Entry({self.session.hex()[:8]} {self.n}, {type(self.action).__name__})"


_ROW = msgspec.msgpack.Decoder(_Row)
_ACTION: msgspec.msgpack.Decoder[Action] = msgspec.msgpack.Decoder(Action)
_FIELDS = msgspec.msgpack.Decoder(dict[str, Any])


def write(session: bytes, n: int, before: bytes, turn: int, *, at: int, by: str, action: Action) -> Entry:
    """Make a fresh entry. Raises BadEntry naming the field that does not fit, never its value."""
    try:
        packed = msgspec.msgpack.encode(action)
        _ACTION.decode(packed)
        data = msgspec.msgpack.encode((session, n, before, turn, at, by, msgspec.Raw(packed)))
        return read(data)
    except msgspec.ValidationError as error:
        raise BadEntry(_path(error)) from None
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise BadEntry() from None


def read(data: bytes) -> Entry:
    """Read an entry from its bytes; its action is Other when this version does not know its kind or form. Raises
    BadEntry."""
    try:
        row = _ROW.decode(data)
        action = _read_action(row.action)
    except msgspec.ValidationError as error:
        raise BadEntry(_path(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadEntry() from None
    return Entry(row.session, row.n, row.before, row.turn, row.at, row.by, action, data, digest(_ENTRY, data))


def _read_action(packed: msgspec.Raw) -> Action | Other:
    try:
        return _ACTION.decode(packed)
    except msgspec.ValidationError:
        fields = _FIELDS.decode(packed)
        return Other(str(fields.get("kind", "")), fields)


def _path(error: msgspec.ValidationError) -> str:
    # msgspec says where ("- at `$.text`"); what it quotes before that could be the caseworker's own words
    _, _, where = str(error).rpartition(" at ")
    return where.strip("`") if where.startswith("`$") else ""
