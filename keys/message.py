"""Messages: the header JSON of an envelope, typed. Specified in `keys/message.md`.

Fields that are not known here are kept in `other`, never dropped: a newer phone may speak to an older desk.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from keys.envelope import Address
from keys.errors import BadMessage, NotAuthentic, UnknownVersion
from keys.receipt import RECEIPT_BYTES
from keys.wire import ID_BYTES, MAC_BYTES, PARCEL_BYTES, b64, digest, domain, encode_json, unb64

VERSION = 1
# How much of a file one parcel carries: the room of a parcel less what its header may take.
PIECE_BYTES = 63_488
PIECES = 4_096  # 248 MiB: a long film, and still a bound on what a liar can announce
FILES = 64  # in one message
RECEIPTS = 8  # in one message
PERMITTED_TYPES = 16  # of alerts: more than there are, so that a newer phone can name its own

_REPLY = domain("reply")
_CASE_ID = domain("case-id")
_SAID = domain("said")
_CONTACT_CASE = domain("contact-case")

# base64url without padding of 16, 32 and 1,216 bytes; the last letter holds no stray bits
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]\Z")]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
KemKey = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1621}[AQgw]\Z")]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=PARCEL_BYTES)]
Short = Annotated[str, msgspec.Meta(max_length=255)]

ReceiptText = Annotated[str, msgspec.Meta(max_length=RECEIPT_BYTES)]

AlertType = Literal["detained", "moved", "unsafe", "safe", "missed", "text"]


class ParcelRef(msgspec.Struct, frozen=True):
    """A file that follows in `n` parcels: random id, SHA-256 of the whole, media type, size in bytes."""

    id: Id
    n: Annotated[int, msgspec.Meta(ge=1, le=PIECES)]
    sha256: Hash
    type: Short
    bytes: Number


class ReplyBlock(msgspec.Struct, frozen=True):
    """Where a reply may go: [[relay URL, mailbox id]], X-Wing public key, MAC secret of 32 bytes, last moment.

    Specified in `keys/message.md`, *Reply block*.
    """

    relays: Annotated[list[tuple[Short, Hash]], msgspec.Meta(min_length=1, max_length=8)]
    key: KemKey
    secret: Hash
    until: Number

    def __repr__(self) -> str:
        return "ReplyBlock(...)"  # the secret must not reach a log by way of a traceback


class CaseKeys(msgspec.Struct, frozen=True):
    """Keys of a case, each of 32 bytes: who writes under `pin` gave the PIN, under `forced` the one for being forced,
    under `open` holds the phone."""

    pin: Hash
    forced: Hash
    open: Hash

    def __repr__(self) -> str:
        return "CaseKeys(...)"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What every message has: version, its own id, the case's id, its place in the case, when it was said.

    Specified in `keys/message.md`, *All messages*.
    """

    v: int = VERSION
    id: Id
    case: Id
    seq: Number
    at: Number


class _Facts(Message, frozen=True, kw_only=True):
    facts: dict[str, Any] = {}
    when: dict[str, Any] = {}
    parcels: Annotated[list[ParcelRef], msgspec.Meta(max_length=FILES)] = []
    reply: ReplyBlock | None = None
    practice: bool = False
    receipts: Annotated[list[ReceiptText], msgspec.Meta(max_length=RECEIPTS)] = []
    case_secret: Hash | None = None
    keys: CaseKeys | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"  # nor what somebody said, nor what proves whose case it is


class Report(_Facts, frozen=True, kw_only=True, tag_field="kind", tag="report"):
    """The first message of a case. `when` says for a field when it happened, if not `at`."""


class Amend(_Facts, frozen=True, kw_only=True, tag_field="kind", tag="amend"):
    """New facts of a case; earlier ones stay."""


class Parcel(Message, frozen=True, kw_only=True, tag_field="kind", tag="parcel"):
    """Piece `i` (from 0) of `n` of a file; the bytes are the body."""

    of: Id
    i: Annotated[int, msgspec.Meta(ge=0, lt=PIECES)]
    n: Annotated[int, msgspec.Meta(ge=1, le=PIECES)]


class OpenPermission(msgspec.Struct, frozen=True):
    """What the open key of a case may say to a contact: which types of alert, a place or none, own words or none.

    Specified in `keys/pairing.md`, *What the open key may say*.
    """

    types: Annotated[list[Short], msgspec.Meta(max_length=PERMITTED_TYPES)]
    place: bool
    text: bool


class Alert(Message, frozen=True, kw_only=True, tag_field="kind", tag="alert"):
    """What a contact reads; the body is a MAC. `keys` and `open` stand in the one that was sealed in advance."""

    type: AlertType
    text: Text = ""
    place: Any = None
    keys: CaseKeys | None = None
    open: OpenPermission | None = None

    def __repr__(self) -> str:
        return "Alert(...)"


class Reply(Message, frozen=True, kw_only=True, tag_field="kind", tag="reply"):
    """A reply to the reporter; the body is a MAC under the secret of the reply block it goes to."""

    text: Text = ""
    status: Short = "received"
    reply: ReplyBlock | None = None

    def __repr__(self) -> str:
        return "Reply(...)"


AnyMessage = Report | Amend | Parcel | Alert | Reply

_KINDS: Mapping[str, type[Any]] = {
    "report": Report,
    "amend": Amend,
    "parcel": Parcel,
    "alert": Alert,
    "reply": Reply,
}
_KNOWN = {kind: {"kind", *(field.name for field in msgspec.structs.fields(cls))} for kind, cls in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Read:
    """A message and the fields of its header that this version does not know."""

    message: AnyMessage
    other: dict[str, Any]


def read(fields: dict[str, Any]) -> Read:
    """Check a header that was opened. Raises UnknownVersion, BadMessage. Specified in `keys/message.md`, *Versions*."""
    version = fields.get("v")
    if type(version) is not int:
        raise BadMessage("$.v")
    if version != VERSION:
        raise UnknownVersion()
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise BadMessage("$.kind")
    try:
        message = msgspec.convert(fields, type=_KINDS[kind])
    except msgspec.ValidationError as error:
        raise BadMessage(_path(error)) from None
    if isinstance(message, Parcel) and message.i >= message.n:
        raise BadMessage("$.i")
    known = _KNOWN[kind]
    return Read(message, {name: value for name, value in fields.items() if name not in known})


def header(message: AnyMessage, other: Mapping[str, Any] | None = None) -> bytes:
    """Return the header JSON, compact UTF-8."""
    if other:
        return encode_json({**msgspec.to_builtins(message), **other})
    return encode_json(message)


def case_id(secret: bytes) -> str:
    """Return the id of the case that this secret of 32 bytes opens: 16 bytes of H("tocsin/1/case-id\\0" | secret)."""
    return b64(digest(_CASE_ID, secret)[:ID_BYTES])


def shows_case_secret(message: AnyMessage) -> bool:
    """Tell whether a message carries the secret that its case id was made of: it comes from who began the case."""
    secret = message.case_secret if isinstance(message, Report | Amend) else None
    return secret is not None and case_id(unb64(secret)) == message.case


def said_mac(key: bytes, address: Address, size: int, salt: bytes, header: bytes) -> bytes:
    """Return HMAC(key, "tocsin/1/said\\0" | info | salt | header); 32 bytes, the body of what a phone says."""
    return hmac.digest(key, b"".join((_SAID, address.info(size), salt, header)), "sha256")


def contact_key(key: bytes, mailbox: bytes, case: str) -> bytes:
    """Return what a key of a phone is to one contact (their mailbox id, 32 bytes) in one case; 32 bytes.

    Specified in `keys/pairing.md`, *Keys of a case*. Source: HMAC-SHA256 (RFC 2104).
    """
    return hmac.digest(key, b"".join((_CONTACT_CASE, mailbox, unb64(case))), "sha256")


def reply_mac(secret: bytes, address: Address, size: int, salt: bytes, header: bytes) -> bytes:
    """Return HMAC(secret, "tocsin/1/reply\\0" | info | salt | header); 32 bytes, the body of a reply.

    Source: HMAC-SHA256 (RFC 2104).
    """
    return hmac.digest(secret, b"".join((_REPLY, address.info(size), salt, header)), "sha256")


def check_mac(expected: bytes, body: bytes) -> None:
    """Compare in constant time. Raises NotAuthentic."""
    if len(body) != MAC_BYTES or not hmac.compare_digest(expected, body):
        raise NotAuthentic()


def _path(error: msgspec.ValidationError) -> str:
    # msgspec says where ("- at `$.facts`"); what it quotes before that could be the message's own words
    _, _, where = str(error).rpartition(" at ")
    return where.strip("`") if where.startswith("`$") else ""
