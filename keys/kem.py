"""X-Wing keys: ML-KEM-768 and X25519 together. Specified in `keys/envelope.md`; they open nothing by themselves."""

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from keys.errors import Malformed
from keys.wire import KEM_PUBLIC_BYTES, SEED_BYTES, digest

_MLKEM_SEED_BYTES = 64
_EXPANDED_BYTES = 96
_MLKEM_PUBLIC_BYTES = 1_184


@dataclass(frozen=True)
class PrivateKey:
    """An X-Wing private key, kept as its seed of 32 bytes: SHAKE256(seed, 96) = ML-KEM seed 64 | X25519 scalar 32.

    Specified in `keys/envelope.md`, *HPKE*.
    """

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


def public_key(key: bytes) -> hpke.MLKEM768X25519PublicKey:
    """Read an X-Wing public key: ML-KEM-768 1,184 | X25519 32. Raises Malformed.

    Specified in `keys/envelope.md`, *HPKE*.
    """
    if len(key) != KEM_PUBLIC_BYTES:
        raise Malformed(f"an X-Wing public key has {KEM_PUBLIC_BYTES:,} bytes")
    try:
        return _public_key(key)
    except ValueError:
        raise Malformed("an X-Wing public key that is none") from None


@lru_cache(maxsize=32)
def _public_key(key: bytes) -> hpke.MLKEM768X25519PublicKey:
    return hpke.MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(key[:_MLKEM_PUBLIC_BYTES]),
        x25519.X25519PublicKey.from_public_bytes(key[_MLKEM_PUBLIC_BYTES:]),
    )
