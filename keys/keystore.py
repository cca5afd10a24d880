"""Secrets at rest, as bytes. Specified in `keys/keystore.md`."""

import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from keys.errors import KeystoreCut, NotAKeystore, WrongPassphrase
from keys.wire import RandomBytes, digest

MAGIC = b"TOCSINKS"
VERSION = 1
SALT_BYTES = 16
CHECK_BYTES = 32
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

    def lock(self, secrets: bytes, random_bytes: RandomBytes) -> bytes:
        """Return the file: head | SecretBox (nonce 24 | ciphertext | tag 16) | SHA-256 of all before it.

        Specified in `keys/keystore.md`, *Bytes*.
        """
        box = bytes(SecretBox(self._key).encrypt(secrets, random_bytes(SecretBox.NONCE_SIZE)))
        whole = b"".join(
            (
                MAGIC,
                bytes([VERSION, self.kind]),
                self.cost.passes.to_bytes(4, "big"),
                self.cost.memory.to_bytes(4, "big"),
                self.salt,
                len(box).to_bytes(4, "big"),
                box,
            )
        )
        return whole + digest(whole)


def unlock(data: bytes, passphrase: str, kind: KeystoreKind) -> tuple[Keystore, bytes]:
    """Return the keystore and its secrets. Raises NotAKeystore, KeystoreCut, WrongPassphrase: three other evenings.

    Specified in `keys/keystore.md`, *Opening*.
    """
    cost, salt, box = _parse(data, kind)
    keystore = Keystore(kind, cost, salt, _stretch(passphrase, salt, cost))
    try:
        return keystore, SecretBox(keystore._key).decrypt(box)
    except CryptoError:
        raise WrongPassphrase() from None


def _parse(data: bytes, kind: KeystoreKind) -> tuple[Cost, bytes, bytes]:
    if not data.startswith(MAGIC[: len(data)]) or not data:
        raise NotAKeystore()
    if len(data) < HEAD_BYTES + SecretBox.NONCE_SIZE + SecretBox.MACBYTES + CHECK_BYTES:
        raise KeystoreCut()
    if digest(data[:-CHECK_BYTES]) != data[-CHECK_BYTES:]:
        raise KeystoreCut()
    fields = memoryview(data)[len(MAGIC) :]
    cost = Cost(int.from_bytes(fields[2:6], "big"), int.from_bytes(fields[6:10], "big"))
    if fields[0] != VERSION or fields[1] != kind or not _bearable(cost):
        raise NotAKeystore()
    return cost, bytes(fields[10:26]), data[HEAD_BYTES:-CHECK_BYTES]


def _bearable(cost: Cost) -> bool:
    return 1 <= cost.passes <= PASSES_LIMIT and argon2id.MEMLIMIT_MIN <= cost.memory <= MEMORY_LIMIT


def _stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    # the same words typed on two keyboards may be different code points
    words = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return argon2id.kdf(SecretBox.KEY_SIZE, words, salt, opslimit=cost.passes, memlimit=cost.memory)
