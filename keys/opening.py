"""Opening. Only what may see plaintext imports this module. Specified in `keys/envelope.md`."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from keys.envelope import FRAMING_BYTES, HPKE, Address, check_form, commit
from keys.errors import BadHeader, BadPadding, BadPlaintext, Malformed, NotForUs
from keys.wire import PARCEL_BYTES, SALT_BYTES, SEED_BYTES, digest

_MLKEM_SEED_BYTES = 64
_EXPANDED_BYTES = 96
_ZEROS = bytes(PARCEL_BYTES)


@dataclass(frozen=True)
class PrivateKey:
    """An X-Wing private key, kept as its seed of 32 bytes: SHAKE256(seed, 96) = ML-KEM seed 64 | X25519 scalar 32."""

    seed: bytes

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise Malformed(f"an X-Wing seed has {SEED_BYTES} bytes")

    @cached_property
    def _halves(self) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        expanded = hashlib.shake_256(self.seed).digest(_EXPANDED_BYTES)
        return (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
            x25519.X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
        )

    @cached_property
    def key(self) -> hpke.MLKEM768X25519PrivateKey:
        return hpke.MLKEM768X25519PrivateKey(*self._halves)

    @cached_property
    def public(self) -> bytes:
        """ML-KEM-768 public key 1,184 | X25519 public key 32."""
        lattice, curve = self._halves
        return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    @cached_property
    def recipient(self) -> bytes:
        """H of the public key: what a contact message or reply is addressed to."""
        return digest(self.public)

    def __repr__(self) -> str:
        return "PrivateKey(...)"  # a seed must not reach a log by way of a traceback


class Opened(NamedTuple):
    """What was inside: raw header, the same as an object, body, and what binds them."""

    header: bytes
    fields: dict[str, Any]
    body: bytes
    salt: bytes
    commitment: bytes
    content: bytes
    opened_by: PrivateKey

    def __repr__(self) -> str:
        return "Opened(...)"


def open_envelope(envelope: bytes, keys: Iterable[PrivateKey], address: Address) -> Opened:
    """Try each key in turn. Raises WrongSize, UnknownSuite, NotForUs, BadPlaintext, BadPadding, BadHeader."""
    check_form(envelope)
    info = address.info(len(envelope))
    sealed = memoryview(envelope)[1:]
    for key in keys:
        try:
            plaintext = HPKE.decrypt(sealed, key.key, info=info)
        except InvalidTag:
            continue
        return _read(plaintext, key)
    raise NotForUs()


def _read(plaintext: bytes, key: PrivateKey) -> Opened:
    header, end = _counted(plaintext, SALT_BYTES)
    body, end = _counted(plaintext, end)
    if plaintext[end:] != _ZEROS[: len(plaintext) - end]:
        raise BadPadding()
    content = plaintext[:end]
    return Opened(header, _object(header), body, plaintext[:SALT_BYTES], commit(content), content, key)


def _counted(plaintext: bytes, start: int) -> tuple[bytes, int]:
    length = int.from_bytes(plaintext[start : start + 4], "big")
    end = start + 4 + length
    if start + 4 > len(plaintext) or end > len(plaintext):
        raise BadPlaintext("a length that does not fit")
    return plaintext[start + 4 : end], end


def _object(header: bytes) -> dict[str, Any]:
    try:
        return _OBJECT.decode(header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadHeader() from None


def unframe(content: bytes) -> tuple[bytes, bytes, bytes]:
    """Salt, header and body of a content that was opened and kept before. Raises BadPlaintext."""
    if len(content) < FRAMING_BYTES:
        raise BadPlaintext("too short")
    header, end = _counted(content, SALT_BYTES)
    body, end = _counted(content, end)
    if end != len(content):
        raise BadPlaintext("bytes left over")
    return content[:SALT_BYTES], header, body


_OBJECT = msgspec.json.Decoder(dict[str, Any])
