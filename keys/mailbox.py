"""Mailbox keys and the requests they sign. Specified in `relay/http.md`."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from keys.errors import Malformed
from keys.problems import BadRequest, NotYours, WrongClock
from keys.wire import (
    HASH_BYTES,
    ID_BYTES,
    SEED_BYTES,
    SIGNATURE_SECONDS,
    WAIT_SECONDS,
    RandomBytes,
    b64,
    digest,
    domain,
    unb64,
)

SIGNED_BYTES = 65_536  # the largest signed request; 1,000 acknowledgements have 46,000
ACKS = 1_000  # the most acknowledgements in one request
WANT = 256  # the most frames in one answer

_ID = domain("mailbox")
_COLLECT = domain("collect")


def mailbox_id(public: bytes) -> bytes:
    """Return D = H("tocsin/1/mailbox\\0" | public key); 32 bytes that look random.

    Specified in `relay/http.md`, *Collect*.
    """
    return digest(_ID, public)


@dataclass(frozen=True, slots=True)
class MailboxKey:
    """The private half of a mailbox: an Ed25519 seed of 32 bytes. Source: RFC 8032."""

    seed: bytes = field(repr=False)

    @classmethod
    def new(cls, random_bytes: RandomBytes) -> "MailboxKey":
        """Return a fresh mailbox key."""
        return cls(random_bytes(SEED_BYTES))

    @property
    def public(self) -> bytes:
        """The Ed25519 public key; 32 bytes."""
        return bytes(SigningKey(self.seed).verify_key)

    @property
    def id(self) -> bytes:
        """The mailbox's id; 32 bytes."""
        return mailbox_id(self.public)

    def collect(
        self,
        origin: str,
        *,
        at: int,
        nonce: bytes,
        ack: list[bytes] | None = None,
        want: int = WANT,
        wait: int = 0,
        cover: bool = False,
        commits: bool = False,
        receipts: bool = False,
    ) -> tuple[bytes, bytes]:
        """Return a collect request for this origin: JSON body, and Ed25519 signature (64 bytes).

        Specified in `relay/http.md`, *Collect*.
        """
        fields: dict[str, Any] = {
            "key": b64(self.public),
            "at": at,
            "nonce": b64(nonce),
            "ack": [b64(hash_) for hash_ in ack or []],
            "want": want,
            "wait": wait,
            "cover": cover,
            "commits": commits,
            **({"receipts": True} if receipts else {}),
        }
        body = json.dumps(fields, separators=(",", ":")).encode()
        return body, SigningKey(self.seed).sign(_signed(origin, body)).signature


class _Collect(msgspec.Struct):
    key: str
    at: int
    nonce: str
    ack: Annotated[list[str], msgspec.Meta(max_length=ACKS)] = []
    want: Annotated[int, msgspec.Meta(ge=0)] = WANT
    wait: Annotated[int, msgspec.Meta(ge=0)] = 0
    cover: bool = False
    commits: bool = False
    receipts: bool = False


@dataclass(frozen=True, slots=True)
class Collect:
    """A collect request whose signature and time were checked. `want` and `wait` are already cut to what is allowed."""

    mailbox: bytes
    at: int
    nonce: bytes
    ack: tuple[bytes, ...]
    want: int
    wait: int
    cover: bool
    commits: bool
    receipts: bool = False


def check_collect(body: bytes, signature: str | None, origins: tuple[str, ...], now: int) -> Collect:
    """Read a collect request addressed to one of `origins`. Raises BadRequest, NotYours, WrongClock.

    That `nonce` was not seen before within 300 seconds is for the caller to check: it takes memory.
    Specified in `relay/http.md`, *Collect*.
    """
    try:
        asked = msgspec.json.decode(body, type=_Collect)
        key = unb64(asked.key, 32)
        nonce = unb64(asked.nonce, ID_BYTES)
        ack = tuple(unb64(hash_, HASH_BYTES) for hash_ in asked.ack)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Malformed) as error:
        raise BadRequest(_where(error)) from None
    _check_signature(key, signature, origins, body)
    if abs(now - asked.at) > SIGNATURE_SECONDS:
        raise WrongClock()
    return Collect(
        mailbox=mailbox_id(key),
        at=asked.at,
        nonce=nonce,
        ack=ack,
        want=min(asked.want, WANT),
        wait=min(asked.wait, WAIT_SECONDS),
        cover=asked.cover,
        commits=asked.commits,
        receipts=asked.receipts,
    )


def _signed(origin: str, body: bytes) -> bytes:
    return _COLLECT + origin.encode() + b"\0" + body


def _where(error: Exception) -> str:
    # msgspec names the field; its text never repeats a value that was sent
    return str(error) if isinstance(error, msgspec.ValidationError) else "not the JSON of a collect request"


def _check_signature(key: bytes, signature: str | None, origins: tuple[str, ...], body: bytes) -> None:
    try:
        sealed = unb64(signature or "", 64)
    except Malformed:
        raise NotYours() from None
    for origin in origins:
        try:
            VerifyKey(key).verify(_signed(origin, body), sealed)
            return
        except (BadSignatureError, ValueError):
            continue
    raise NotYours()
