"""The body of a collect answer: frames of envelopes, one after the other, as in `http.md`, *Collect*."""

from collections.abc import Sequence

from keys.mailbox import Collect
from keys.wire import FRAME_RECEIPT, HASH_BYTES, LETTER_BYTES, SUITE, FrameKind, RandomBytes, digest
from relay.receipts import ReceiptSigner
from relay.store.base import UNDATED, Envelope

LENGTH_BYTES = 2  # of a receipt's length


def encode_frames(
    asked: Collect, envelopes: Sequence[Envelope], signer: ReceiptSigner, now: int, random_bytes: RandomBytes
) -> bytes:
    """Return a frame for each envelope: kind (1 byte), then where the request asks for them commitment (32 bytes) and
    receipt of handing over (u16 length, signed note), then the envelope.

    Without envelopes: nothing, or one frame of random bytes as large as a letter's, where the request asks for cover;
    its receipt is as long as any other. Signs once a frame, about 25 microseconds each: belongs into a thread.
    """
    if not envelopes and asked.cover:
        filler = bytes([SUITE]) + random_bytes(LETTER_BYTES - 1)
        envelope = Envelope(asked.mailbox, digest(filler), random_bytes(HASH_BYTES), UNDATED, filler)
        return b"".join(_encode_frame(asked, FrameKind.FILLER, envelope, signer, now))
    parts: list[bytes] = []
    for envelope in envelopes:
        kind = FrameKind.LETTER if len(envelope.body) == LETTER_BYTES else FrameKind.PARCEL
        parts += _encode_frame(asked, kind, envelope, signer, now)
    return b"".join(parts)


def _encode_frame(
    asked: Collect, kind: FrameKind, envelope: Envelope, signer: ReceiptSigner, now: int
) -> tuple[bytes, ...]:
    commitment = envelope.commitment if asked.commits else b""
    if not asked.receipts:
        return bytes([kind]), commitment, envelope.body
    receipt = signer.handover(envelope.commitment, envelope.hash, now)
    length = len(receipt).to_bytes(LENGTH_BYTES, "big")
    return bytes([kind | FRAME_RECEIPT]), commitment, length, receipt, envelope.body
