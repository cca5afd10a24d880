"""Constants that all sides share: sizes, domain strings, purposes, names of headers. Specified in `keys/wire.md`."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from enum import IntEnum
from typing import Final

from keys.errors import Malformed

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


class Purpose(IntEnum):
    """Who an envelope is for; part of the HPKE info, so that one can never be passed off as the other."""

    REPORT = 1
    CONTACT = 2
    REPLY = 3


class FrameKind(IntEnum):
    """First byte of each frame of a collect answer."""

    FILLER = 0
    LETTER = 1
    PARCEL = 2


def domain(name: str) -> bytes:
    """Return `tocsin/1/NAME` and a zero byte: what every hash, MAC and signature of ours begins with."""
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
    bytes are equal text. Raises Malformed."""
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
