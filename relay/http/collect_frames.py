"""The body of a collect answer: frames of envelopes, one after the other, as in `http.md`, *Collect*."""

from collections.abc import Sequence

from keys.mailbox import Collect
from keys.wire import HASH_BYTES, LETTER_BYTES, SUITE, FrameKind, RandomBytes
from relay.store.base import Envelope


def encode_frames(asked: Collect, envelopes: Sequence[Envelope], random_bytes: RandomBytes) -> bytes:
    """Return a frame for each envelope: kind (1 byte), commitment (32 bytes, where the request asks for it), envelope.

    Without envelopes: nothing, or one frame of random bytes as large as a letter's, where the request asks for cover.
    """
    if not envelopes and asked.cover:
        commitment = random_bytes(HASH_BYTES) if asked.commits else b""
        filler = bytes([SUITE]) + random_bytes(LETTER_BYTES - 1)
        return b"".join((bytes([FrameKind.FILLER]), commitment, filler))
    parts: list[bytes] = []
    for envelope in envelopes:
        kind = FrameKind.LETTER if len(envelope.body) == LETTER_BYTES else FrameKind.PARCEL
        parts += [bytes([kind]), envelope.commitment if asked.commits else b"", envelope.body]
    return b"".join(parts)
