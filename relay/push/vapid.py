"""The relay's proof of identity to a push service (VAPID, RFC 8292), signed with a key of its own."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys.wire import HOUR_SECONDS, SEED_BYTES, b64
from relay.store.files import own_secret

KEY_FILE = "vapid.key"
# RFC 8292 allows a day; a push is sent at once, and half a day forgives a clock that is off.
VALID_SECONDS = 12 * HOUR_SECONDS
_SCALAR_BYTES = 32
_HEAD = b64(b'{"typ":"JWT","alg":"ES256"}')


class Vapid:
    """A P-256 key, kept as its scalar. `contact`: whom push services may turn to, an https or mailto URL, or nobody."""

    def __init__(self, folder: Path, contact: str) -> None:
        secret = own_secret(folder / KEY_FILE, _new_secret, SEED_BYTES)
        self._key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
        self._contact = contact
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def authorization(self, audience: str, now: int) -> str:
        """Return the header `Authorization` for the push service with this origin. Source: VAPID (RFC 8292)."""
        claims = {"aud": audience, "exp": now + VALID_SECONDS}
        if self._contact:
            claims["sub"] = self._contact
        signed_text = f"{_HEAD}.{b64(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self._key.sign(signed_text.encode(), ec.ECDSA(SHA256())))
        signature = r.to_bytes(_SCALAR_BYTES, "big") + s.to_bytes(_SCALAR_BYTES, "big")
        return f"vapid t={signed_text}.{b64(signature)}, k={b64(self.public)}"


def _new_secret() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(_SCALAR_BYTES, "big")
