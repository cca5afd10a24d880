"""Proof of work (Hashcash), asked for only when a relay is crowded. Specified in `keys/wire.md`."""

from itertools import count

from keys.wire import digest, domain

NONCE_BYTES = 8
MAX_BITS = 24  # an old phone does 2**18 hashes in a few seconds; more than this would be a refusal in disguise

_DOMAIN = domain("work")


def _zero_bits(value: bytes) -> int:
    return len(value) * 8 - int.from_bytes(value, "big").bit_length()


def weighs(seed: bytes, mailbox: bytes, envelope_hash: bytes, nonce: bytes) -> int:
    """Return how many leading zero bits H("tocsin/1/work\\0" | seed | mailbox | H(envelope) | nonce) has.

    Specified in `keys/wire.md`, *Work*.
    """
    return _zero_bits(digest(_DOMAIN, seed, mailbox, envelope_hash, nonce))


def do(seed: bytes, mailbox: bytes, envelope_hash: bytes, bits: int) -> bytes:
    """Find the first 8-byte nonce that weighs at least `bits`; about 2**bits hashes.

    Specified in `keys/wire.md`, *Work*.
    """
    return next(
        nonce
        for nonce in (number.to_bytes(NONCE_BYTES, "big") for number in count())
        if weighs(seed, mailbox, envelope_hash, nonce) >= bits
    )
