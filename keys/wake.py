"""Opening the push address that a contact sealed for one relay. Only a relay opens. Specified in `keys/wake.md`."""

from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from keys.errors import BadPadding, BadPlaintext, NotForUs, WrongSize
from keys.wire import WAKE_BYTES, domain

HPKE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
LENGTH_BYTES = 2
_WAKE = domain("wake")


def wake_info(origin: str) -> bytes:
    """Return `tocsin/1/wake\\0` | origin: what one relay was given cannot be opened for another.

    Specified in `keys/wake.md`, *The push address, sealed*.
    """
    return _WAKE + origin.encode()


class WakeKey:
    """A relay's X25519 key, from its seed of 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def open(self, sealed: bytes, origins: Iterable[str]) -> str:
        """Return the endpoint sealed for any of the relay's origins. Raises WrongSize, NotForUs, BadPlaintext.

        Source: HPKE in base mode (RFC 9180).
        """
        if len(sealed) != WAKE_BYTES:
            raise WrongSize(f"{len(sealed)} bytes")
        for origin in origins:
            try:
                return _endpoint(HPKE.decrypt(sealed, self._key, info=wake_info(origin)))
            except InvalidTag:
                continue
        raise NotForUs()


def _endpoint(plaintext: bytes) -> str:
    length = int.from_bytes(plaintext[:LENGTH_BYTES], "big")
    endpoint, rest = plaintext[LENGTH_BYTES:][:length], plaintext[LENGTH_BYTES + length :]
    if len(endpoint) < length or not endpoint.isascii():
        raise BadPlaintext()
    if rest.strip(b"\0"):
        raise BadPadding()
    return endpoint.decode("ascii")
