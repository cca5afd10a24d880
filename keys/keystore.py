"""Secrets at rest, as bytes. Specified in `keys/keystore.md`."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from keys.errors import KeystoreCut, NotAKeystore, WrappingKeyMissing, WrongPassphrase
from keys.wire import RandomBytes, digest, domain

MAGIC = b"TOCSINKS"
VERSION = 1
WRAPPED_VERSION = 2  # a wrapping key is needed as well as the passphrase
WRAPPING_KEY_BYTES = 32
MARK_BYTES = 16
SALT_BYTES = 16
CHECK_BYTES = 32
_WRAPPING_KEY, _BOX_KEY = domain("wrapping-key"), domain("keystore")
HEAD_BYTES = len(MAGIC) + 1 + 1 + 4 + 4 + SALT_BYTES + 4
MEMORY_LIMIT = 2**30  # a file that asks for more is no keystore of ours but an attack on this computer
PASSES_LIMIT = 16


class KeystoreKind(IntEnum):
    """What the secrets belong to, so that one file is never taken for another."""

    ORGANISATION = 1
    ROOT = 2
    REPORTER = 3
    RELEASE = 4
    CONTACTS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of a passphrase costs: passes over so many bytes of memory (Argon2id). Source: RFC 9106."""

    passes: int = 3
    memory: int = 256 * 2**20


EARNEST = Cost()


@dataclass(frozen=True, slots=True)
class Keystore:
    """An unlocked keystore. It holds the stretched key, so that locking it again costs no second stretching."""

    kind: KeystoreKind
    cost: Cost
    salt: bytes
    _key: bytes = field(repr=False)

    @classmethod
    def new(cls, kind: KeystoreKind, passphrase: str, random_bytes: RandomBytes, cost: Cost = EARNEST) -> "Keystore":
        """Return a keystore with a fresh salt for this passphrase. Takes the time that `cost` says."""
        salt = random_bytes(SALT_BYTES)
        return cls(kind, cost, salt, _stretch(passphrase, salt, cost))

    def lock(self, secrets: bytes, random_bytes: RandomBytes, wrapping_key: bytes | None = None) -> bytes:
        """Return the file: head | SecretBox (nonce 24 | ciphertext | tag 16) | SHA-256 of all before it.

        With a `wrapping_key` of 32 bytes nobody opens the file without it, whoever knows the passphrase.
        Specified in `keys/keystore.md`, *Bytes*.
        """
        nonce = random_bytes(SecretBox.NONCE_SIZE)
        box = bytes(SecretBox(_box_key(self._key, wrapping_key)).encrypt(secrets, nonce))
        whole = b"".join(
            (
                MAGIC,
                bytes([VERSION if wrapping_key is None else WRAPPED_VERSION, self.kind]),
                self.cost.passes.to_bytes(4, "big"),
                self.cost.memory.to_bytes(4, "big"),
                self.salt,
                b"" if wrapping_key is None else mark_of(wrapping_key),
                len(box).to_bytes(4, "big"),
                box,
            )
        )
        return whole + digest(whole)


class _Parts(NamedTuple):
    """A keystore taken apart; `mark`: which wrapping key it takes, None when it takes none."""

    cost: Cost
    salt: bytes
    mark: bytes | None
    box: bytes


def unlock(
    data: bytes, passphrase: str, kind: KeystoreKind, wrapping_keys: Sequence[bytes] = ()
) -> tuple[Keystore, bytes]:
    """Return the keystore and its secrets; of `wrapping_keys` the one that the file names is used, if it names any.

    Raises NotAKeystore, KeystoreCut, WrappingKeyMissing, WrongPassphrase: four other evenings.
    Specified in `keys/keystore.md`, *Opening*.
    """
    parts = _parse(data, kind)
    wrapping_key = None
    if parts.mark is not None:
        wrapping_key = next((key for key in wrapping_keys if mark_of(key) == parts.mark), None)
        if wrapping_key is None:
            raise WrappingKeyMissing()
    keystore = Keystore(kind, parts.cost, parts.salt, _stretch(passphrase, parts.salt, parts.cost))
    try:
        return keystore, SecretBox(_box_key(keystore._key, wrapping_key)).decrypt(parts.box)
    except CryptoError:
        raise WrongPassphrase() from None


def mark_of(wrapping_key: bytes) -> bytes:
    """Return the first 16 bytes of H("tocsin/1/wrapping-key\\0" | key): which wrapping key it is, and nothing else."""
    return digest(_WRAPPING_KEY, wrapping_key)[:MARK_BYTES]


def read_mark(data: bytes, kind: KeystoreKind) -> bytes | None:
    """Return which wrapping key a keystore takes; None when it takes none. Raises NotAKeystore, KeystoreCut."""
    return _parse(data, kind).mark


def _box_key(stretched: bytes, wrapping_key: bytes | None) -> bytes:
    if wrapping_key is None:
        return stretched
    return HKDF(SHA256(), SecretBox.KEY_SIZE, wrapping_key, _BOX_KEY).derive(stretched)


def _parse(data: bytes, kind: KeystoreKind) -> _Parts:
    if not data.startswith(MAGIC[: len(data)]) or not data:
        raise NotAKeystore()
    if len(data) < HEAD_BYTES + SecretBox.NONCE_SIZE + SecretBox.MACBYTES + CHECK_BYTES:
        raise KeystoreCut()
    if digest(data[:-CHECK_BYTES]) != data[-CHECK_BYTES:]:
        raise KeystoreCut()
    fields = memoryview(data)[len(MAGIC) :]
    cost = Cost(int.from_bytes(fields[2:6], "big"), int.from_bytes(fields[6:10], "big"))
    if fields[0] not in (VERSION, WRAPPED_VERSION) or fields[1] != kind or not _bearable(cost):
        raise NotAKeystore()
    salt = bytes(fields[10:26])
    if fields[0] == VERSION:
        return _Parts(cost, salt, None, data[HEAD_BYTES:-CHECK_BYTES])
    if len(data) < HEAD_BYTES + MARK_BYTES + SecretBox.NONCE_SIZE + SecretBox.MACBYTES + CHECK_BYTES:
        raise KeystoreCut()
    return _Parts(cost, salt, bytes(fields[26 : 26 + MARK_BYTES]), data[HEAD_BYTES + MARK_BYTES : -CHECK_BYTES])


def _bearable(cost: Cost) -> bool:
    return 1 <= cost.passes <= PASSES_LIMIT and argon2id.MEMLIMIT_MIN <= cost.memory <= MEMORY_LIMIT


def _stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    # the same words typed on two keyboards may be different code points
    words = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return argon2id.kdf(SecretBox.KEY_SIZE, words, salt, opslimit=cost.passes, memlimit=cost.memory)
