"""Practice letters that a desk sends to its own organisation, to see whether a relay gives out what it takes.

Specified in `client/folders.md`, "Canaries". A relay sees an ordinary letter to the organisation's mailbox. Inside is a
MAC under a key that only the organisation has: nobody else can send a letter that is not shown.
"""

import hmac
from dataclasses import dataclass, field, replace

import msgspec

from keys.envelope import Address, Sealed, frame, seal, seal_content, unframe
from keys.errors import Malformed, NotAuthentic
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.message import VERSION, Hash, Id, Number, check_mac
from keys.organisation import Card
from keys.wire import (
    ID_BYTES,
    LETTER_BYTES,
    SALT_BYTES,
    SEED_BYTES,
    Purpose,
    RandomBytes,
    b64,
    digest,
    domain,
    encode_json,
    unb64,
)

KIND = "canary"

_CANARY = domain("canary")
_CANARY_KEY = domain("canary-key")
_ECHO = domain("canary-echo")
_ECHO_MAILBOX = domain("canary-echo-mailbox")


class _Header(msgspec.Struct, frozen=True, tag_field="kind", tag=KIND):
    v: int
    id: Id
    at: Number
    desk: Hash


@dataclass(frozen=True, slots=True)
class Canary:
    """A practice letter: its commitment, when it was sealed (Unix seconds), and the secret of the desk that sent it, 32
    random bytes drawn at each unlocking."""

    commitment: bytes
    at: int
    desk: bytes = field(repr=False)


def canary_key(mailbox: MailboxKey) -> bytes:
    """Return H("tocsin/1/canary-key\\0" | seed of the organisation's mailbox); 32 bytes, the same on all its
    computers and after a restore. Specified in `client/folders.md`, *Canaries*."""
    return digest(_CANARY_KEY, mailbox.seed)


def seal_canary(card: Card, key: bytes, desk: bytes, *, now: int, random_bytes: RandomBytes) -> tuple[Canary, Sealed]:
    """Return a practice letter, sealed as a report to this card is. `key`: of `canary_key`; `desk`: its secret."""
    address = Address(Purpose.REPORT, card.root, card.mailbox)
    header = encode_json(_Header(VERSION, b64(random_bytes(ID_BYTES)), now, b64(desk)))
    salt = random_bytes(SALT_BYTES)
    content = frame(salt, header, _mac(key, address, salt, header))
    sealed = seal_content(content, key=card.key_for(now), address=address)
    return Canary(sealed.commitment, now, desk), sealed


def find_canary(content: bytes, commitment: bytes, key: bytes, address: Address) -> Canary | None:
    """Return the practice letter that an opened content is; None for anything else, also for a forged one."""
    salt, raw, body = unframe(content)
    try:
        check_mac(_mac(key, address, salt, raw), body)
        header = msgspec.json.decode(raw, type=_Header)
        return Canary(commitment, header.at, unb64(header.desk))
    except (NotAuthentic, Malformed, msgspec.DecodeError):
        return None


def echo_mailbox(desk: bytes) -> MailboxKey:
    """Return the mailbox where a desk hears of its practice letters that another computer collected."""
    return MailboxKey(digest(_ECHO_MAILBOX, desk))


def echo_mark(desk: bytes, commitment: bytes) -> bytes:
    """Return HMAC(secret of the desk, "tocsin/1/canary-echo\\0" | commitment); 32 bytes, the commitment under which an
    echo of this practice letter is deposited."""
    return hmac.digest(desk, _ECHO + commitment, "sha256")


def seal_echo(canary: Canary, random_bytes: RandomBytes) -> Sealed:
    """Return a letter about nothing, to the desk that sent this practice letter: the commitment it is deposited with
    says which one arrived."""
    mailbox, key = echo_mailbox(canary.desk), PrivateKey(random_bytes(SEED_BYTES))
    address = Address(Purpose.REPORT, key.recipient, mailbox.id)
    sealed = seal(b"{}", b"", key=key.public, address=address, random_bytes=random_bytes)
    return replace(sealed, commitment=echo_mark(canary.desk, canary.commitment))


def _mac(key: bytes, address: Address, salt: bytes, header: bytes) -> bytes:
    return hmac.digest(key, b"".join((_CANARY, address.info(LETTER_BYTES), salt, header)), "sha256")
