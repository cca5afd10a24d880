"""Sealing. Specified in `keys/envelope.md`; opening is in `keys/opening.py`, which few may import."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.errors import BadPlaintext, Malformed, TooMuchContent, UnknownSuite, WrongSize
from keys.kem import public_key
from keys.wire import (
    ENC_BYTES,
    HASH_BYTES,
    LETTER_BYTES,
    PARCEL_BYTES,
    SALT_BYTES,
    SIZES,
    SUITE,
    TAG_BYTES,
    Purpose,
    RandomBytes,
    digest,
    domain,
)

HPKE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)

OVERHEAD_BYTES = 1 + ENC_BYTES + TAG_BYTES
FRAMING_BYTES = SALT_BYTES + 4 + 4  # the salt and two lengths
LETTER_ROOM = LETTER_BYTES - OVERHEAD_BYTES - FRAMING_BYTES  # header and body of a letter together
PARCEL_ROOM = PARCEL_BYTES - OVERHEAD_BYTES - FRAMING_BYTES

_ENVELOPE = domain("envelope")
_COMMIT = domain("commit")
_BLIND = b"tocsin/1/blind"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an envelope goes: all of it is bound into the HPKE info, so a letter cannot be re-addressed.

    `recipient` is the organisation's root public key for a report, else H of the X-Wing key it is sealed to.
    """

    purpose: Purpose
    recipient: bytes
    mailbox: bytes

    def info(self, size: int) -> bytes:
        """Return `tocsin/1/envelope\\0` | purpose u8 | recipient 32 | mailbox 32 | size u32.

        Specified in `keys/envelope.md`, *HPKE*.
        """
        return b"".join((_ENVELOPE, bytes([self.purpose]), self.recipient, self.mailbox, size.to_bytes(4, "big")))


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope ready to be deposited, what a receipt for it must name, and the key that blinds it in a log.

    `blind`: 32 bytes, made of the salt that is sealed inside; None of an envelope from before.
    """

    envelope: bytes
    commitment: bytes
    mailbox: bytes
    blind: bytes | None = field(default=None, repr=False)

    @property
    def hash(self) -> bytes:
        """H(envelope); 32 bytes."""
        return digest(self.envelope)


def frame(salt: bytes, header: bytes, body: bytes) -> bytes:
    """Return the content: salt 32 | u32 n | header | u32 m | body. Specified in `keys/envelope.md`, *Plaintext*."""
    return b"".join((salt, len(header).to_bytes(4, "big"), header, len(body).to_bytes(4, "big"), body))


def unframe(content: bytes) -> tuple[bytes, bytes, bytes]:
    """Return salt, header and body of a content that was opened and stored before. Raises BadPlaintext.

    Specified in `keys/envelope.md`, *Plaintext*.
    """
    if len(content) < FRAMING_BYTES:
        raise BadPlaintext("too short")
    header, end = counted(content, SALT_BYTES)
    body, end = counted(content, end)
    if end != len(content):
        raise BadPlaintext("bytes left over")
    return content[:SALT_BYTES], header, body


def counted(plaintext: bytes, start: int) -> tuple[bytes, int]:
    """Return the bytes behind a u32 length at `start`, and where they end. Raises BadPlaintext."""
    length = int.from_bytes(plaintext[start : start + 4], "big")
    end = start + 4 + length
    if start + 4 > len(plaintext) or end > len(plaintext):
        raise BadPlaintext("a length that does not fit")
    return plaintext[start + 4 : end], end


def commit(content: bytes) -> bytes:
    """Return C = H("tocsin/1/commit\\0" | content); 32 bytes. Hides the content because the salt in it is random.

    Specified in `keys/envelope.md`, *Commitment*.
    """
    return digest(_COMMIT, content)


def blinding_key(salt: bytes) -> bytes:
    """Return HKDF-SHA256(salt of the content, no salt, info "tocsin/1/blind"); 32 bytes. Kept beside an envelope that
    waits, because the salt itself is sealed."""
    return HKDF(algorithm=hashes.SHA256(), length=HASH_BYTES, salt=None, info=_BLIND).derive(salt)


def size_for(header: bytes, body: bytes) -> int:
    """Return the smaller of the two sizes that holds this header and body. Raises TooMuchContent.

    Specified in `keys/envelope.md`, *Plaintext*.
    """
    need = len(header) + len(body)
    if need > PARCEL_ROOM:
        raise TooMuchContent(f"{need:,} bytes where {PARCEL_ROOM:,} fit")
    return LETTER_BYTES if need <= LETTER_ROOM else PARCEL_BYTES


def seal(
    header: bytes, body: bytes, *, key: bytes, address: Address, random_bytes: RandomBytes, size: int = LETTER_BYTES
) -> Sealed:
    """Seal a header (JSON object) and body to an X-Wing public key; the envelope has exactly `size` bytes.

    `random_bytes` gives the salt; HPKE draws its own. Raises TooMuchContent, Malformed.
    Source: HPKE in base mode (RFC 9180).
    """
    return seal_content(frame(random_bytes(SALT_BYTES), header, body), key=key, address=address, size=size)


def seal_content(content: bytes, *, key: bytes, address: Address, size: int = LETTER_BYTES) -> Sealed:
    """Seal content that was framed already, as a message with a MAC over its salt has to be."""
    room = size - OVERHEAD_BYTES
    if len(content) > room:
        raise TooMuchContent(f"{len(content):,} bytes where {room:,} fit")
    try:
        sealed = HPKE.encrypt(content.ljust(room, b"\0"), public_key(key), info=address.info(size))
    except ValueError:  # the X25519 half has low order: whoever made this key wants everybody to share a secret
        raise Malformed("an X-Wing public key that is none") from None
    return Sealed(bytes([SUITE]) + sealed, commit(content), address.mailbox, blinding_key(content[:SALT_BYTES]))


def check_form(envelope: bytes) -> None:
    """Refuse what cannot be an envelope, before any key is touched. Raises WrongSize, UnknownSuite.

    Specified in `keys/envelope.md`, *Opening*.
    """
    if len(envelope) not in SIZES:
        raise WrongSize(f"{len(envelope):,} bytes")
    if envelope[0] != SUITE:
        raise UnknownSuite()
