"""Signed receipts, for every envelope it has on disk."""

import base64
from pathlib import Path

from nacl.signing import SigningKey

from keys import note
from keys.wire import HOUR_SECONDS, SEED_BYTES, RandomBytes, b64
from relay.store.files import RELAY_KEY, own_secret

RECEIPT = "tocsin/1/receipt"
HANDOVER = "tocsin/1/handover"


class ReceiptSigner:
    """Signs under the relay's first origin, without its scheme, as the key's name."""

    def __init__(self, origin: str, seed: bytes) -> None:
        self._origin = origin
        self._name = origin.split("://", 1)[-1]
        self._key = SigningKey(seed)
        public = bytes(self._key.verify_key)
        self._key_id = note.key_id(self._name, public)
        self.note_key = str(note.NoteKey(self._name, public))

    def receipt(self, commitment: bytes, hash_: bytes, now: int) -> bytes:
        """Sign the note that says: this commitment came with this envelope, in this hour."""
        return self._sign(RECEIPT, commitment, hash_, now)

    def handover(self, commitment: bytes, hash_: bytes, now: int) -> bytes:
        """Sign the note that says: this envelope, and the commitment that came with it, were handed to the mailbox's
        owner in this hour."""
        return self._sign(HANDOVER, commitment, hash_, now)

    def _sign(self, kind: str, commitment: bytes, hash_: bytes, now: int) -> bytes:
        """Return the same bytes as `note.sign`, which looks at every letter of the text for what cannot stand in ours
        and takes a third longer."""
        hour = now - now % HOUR_SECONDS
        text = f"{kind}\n{self._origin}\n{b64(commitment)}\n{b64(hash_)}\n{hour}\n"
        signature = self._key.sign(text.encode()).signature
        line = base64.b64encode(self._key_id + signature).decode("ascii")
        return f"{text}\n— {self._name} {line}\n".encode()


def relay_seed(folder: Path, random_bytes: RandomBytes) -> bytes:
    """Return the relay's Ed25519 seed (32 bytes), made at the first start."""
    return own_secret(folder / RELAY_KEY, lambda: random_bytes(SEED_BYTES), SEED_BYTES)
