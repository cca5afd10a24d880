"""What the makers of vectors share: the time, and random bytes that come out the same each time."""

import hashlib
from collections.abc import Callable
from itertools import count
from typing import Any

from keys import pairing
from keys.wire import b64

NOW = 1_795_168_800  # 2026-11-20 09:20 UTC
Vector = dict[str, Any]


def seededBytes(label: str) -> Callable[[int], bytes]:
    """Return a source of random bytes that come out the same each time for one label."""
    numbers = count()
    return lambda length: hashlib.shake_256(f"{label}/{next(numbers)}".encode()).digest(length)


def describe_half(half: pairing.PairingOffer) -> Vector:
    """Return all that one side of a pairing made."""
    return {
        "kem": b64(half.kem),
        "mailbox": b64(half.mailbox),
        "secret": b64(half.secret),
        "share": b64(half.share),
        "relays": list(half.relays),
        "until": half.until,
        "wake": half.wake,
    }
