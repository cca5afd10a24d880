"""Constants that all sides share: sizes, domain strings, purposes, names of headers. Specified in `keys/wire.md`."""

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

import msgspec

from keys.errors import BadHeader, Malformed

RandomBytes = Callable[[int], bytes]  # how many random bytes are wanted -> that many bytes; `os.urandom` in earnest

SUITE: Final = 0x01  # HPKE base mode, KEM 0x647a, KDF 0x0001, AEAD 0x0003

# Two sizes and no other, always full, so that a size tells only "letter" or "piece of a file".
LETTER_BYTES: Final = 8_192
PARCEL_BYTES: Final = 65_536
SIZES: Final = (LETTER_BYTES, PARCEL_BYTES)

ENC_BYTES: Final = 1_120  # what X-Wing encapsulates: ML-KEM-768 1,088 and X25519 32
TAG_BYTES: Final = 16
KEM_PUBLIC_BYTES: Final = 1_216
SEED_BYTES: Final = 32
SALT_BYTES: Final = 32
HASH_BYTES: Final = 32
MAC_BYTES: Final = 32
ID_BYTES: Final = 16
WAKE_BYTES: Final = 1_072  # a sealed push address: X25519 32, always 1,024 inside, tag 16

WEEK_SECONDS: Final = 604_800
DAY_SECONDS: Final = 86_400
HOUR_SECONDS: Final = 3_600
TTL_DAYS: Final = 35  # how long a relay keeps what nobody collects
GRACE_DAYS: Final = 35  # how long an organisation keeps the key of a past week: as long as a relay keeps its letters
CHAIN_DAYS: Final = 42  # a fresh chain of weekly keys begins at the latest after six weeks
LAST_RESORT_DAYS: Final = 400  # how long a last-resort key lives after its card: a phone may sleep for a year
WEEKS_AHEAD: Final = 12  # weeks a card publishes: a phone may be offline for a summer
SIGNATURE_SECONDS: Final = 300  # how far the clock of a signed request may be off
WAIT_SECONDS: Final = 50  # the longest a collect call is held open; nginx cuts a line after 60
UNPROVEN_ENVELOPES: Final = 64  # kept for a mailbox that nobody ever collected from

MAILBOX_HEADER: Final = "Tocsin-Mailbox"
COMMIT_HEADER: Final = "Tocsin-Commit"
WORK_HEADER: Final = "Tocsin-Work"
SIGNATURE_HEADER: Final = "Tocsin-Signature"
ROOT_HEADER: Final = "Tocsin-Root"
SEQ_HEADER: Final = "Tocsin-Seq"
WAKE_HEADER: Final = "Tocsin-Wake"

ENVELOPE_TYPE: Final = "application/octet-stream"
NOTE_TYPE: Final = "text/plain; charset=utf-8"
PROBLEM_TYPE: Final = "application/problem+json"

# All white space there is where a code, an address or a note is read: other marks differ from language to language.
BLANKS: Final = "\t\n\v\f\r "


class Purpose(IntEnum):
    """Who an envelope is for; part of the HPKE info, so that one can never be passed off as the other.

    Specified in `keys/wire.md`, *Numbers and names*.
    """

    REPORT = 1
    CONTACT = 2
    REPLY = 3


class FrameKind(IntEnum):
    """First byte of each frame of a collect answer. Specified in `relay/http.md`, *Collect*."""

    FILLER = 0
    LETTER = 1
    PARCEL = 2


FRAME_RECEIPT = 0x10  # added to the first byte of a frame that carries a receipt of handing over


def domain(name: str) -> bytes:
    """Return `tocsin/1/NAME` and a zero byte: what every hash, MAC and signature of ours begins with.

    Specified in `keys/wire.md`, *Domain strings*.
    """
    return b"tocsin/1/" + name.encode("ascii") + b"\0"


def digest(*parts: bytes) -> bytes:
    """Return SHA-256 of the parts one after the other; 32 bytes."""
    return hashlib.sha256(parts[0] if len(parts) == 1 else b"".join(parts)).digest()


def b64(data: bytes) -> str:
    """Return base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


_B64 = re.compile(r"[A-Za-z0-9_-]*\Z")


def unb64(text: str, length: int | None = None) -> bytes:
    """Decode `b64`, to `length` bytes if given. Only the one canonical spelling is taken, so that equal
    bytes are equal text. Raises Malformed.

    Source: RFC 4648 section 5.
    """
    if not _B64.match(text):
        raise Malformed("not base64url without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Malformed("not base64url without padding") from None
    if b64(data) != text:
        raise Malformed("not the canonical base64url")
    if length is not None and len(data) != length:
        raise Malformed(f"{len(data)} bytes where {length} should be")
    return data


def week_of(now: int) -> int:
    """Return the week a Unix time lies in; week 0 began on 1 January 1970."""
    return now // WEEK_SECONDS


def day_of(now: int) -> int:
    """Return the day a Unix time lies in."""
    return now // DAY_SECONDS


# JSON. The two languages' own readers differ in lone surrogates, `-0`, numbers without end, and depth.

DEPTH = 64  # nested deeper than anything of ours, and not so deep that a reader of any language gives up
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_HEX = r"[0-9a-fA-F]"
# A backslash stands only inside a string. A pair comes first, so what is left of the halves stands alone.
_ESCAPE = re.compile(
    rf"\\(?:u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}|(u[dD][89a-fA-F]{_HEX}{{2}})|.)", re.DOTALL
)
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][-+.0-9eE]*', re.DOTALL)
# what has none of these reads alike everywhere: an escaped surrogate, a zero behind a minus, 300 digits in a row
_SUSPECT = re.compile(r"\\u[dD][89a-fA-F]|-0|[0-9]{300}")


def read_object(data: bytes | str) -> dict[str, Any]:
    """Return the JSON object in this UTF-8. A half of a surrogate pair reads as U+FFFD; a number with a fraction, an
    exponent or a minus before zero is a float, so that no typed field takes it. Raises BadHeader."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        if _SUSPECT.search(text):
            text = _TOKEN.sub(_mend_number, _ESCAPE.sub(_mend_escape, text))
        fields = _OBJECT.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadHeader() from None
    # only what has that many brackets can be nested that deep
    if text.count("{") + text.count("[") > DEPTH and _is_deep(fields):
        raise BadHeader("nested too deep")
    return fields


def encode_json(value: Any) -> bytes:
    """Return compact JSON in UTF-8; a lone surrogate, which UTF-8 cannot spell, goes out as U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_well_formed(msgspec.to_builtins(value)))


def _mend_escape(found: re.Match[str]) -> str:
    return r"\ufffd" if found[1] else found[0]


def _mend_number(found: re.Match[str]) -> str:
    text = found[0]
    if text[0] == '"':
        return text
    if text == "-0":
        return "-0.0"
    try:
        if math.isfinite(float(text)):
            return text
    except ValueError:
        return text  # no number of JSON either: the reader behind refuses it
    raise BadHeader("a number without end")


def _is_deep(fields: dict[str, Any]) -> bool:
    level: list[Any] = [fields]
    for _ in range(DEPTH):
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        level = [value for value in level if isinstance(value, dict | list)]
    return bool(level)


def _well_formed(value: Any) -> Any:
    if isinstance(value, str):
        # a pair in two halves is one character; what is left of the halves stands alone
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {_well_formed(name): _well_formed(inner) for name, inner in value.items()}
    return [_well_formed(inner) for inner in value] if isinstance(value, list | tuple) else value
