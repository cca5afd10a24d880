"""The points of Ed25519 (RFC 8032, 5.1), for signatures that no honest program makes. Slow, and for tests only."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]

NEUTRAL: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """Return the sum of two points."""
    (x1, y1), (x2, y2) = a, b
    k = _D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def multiply(scalar: int, point: Point) -> Point:
    """Return the point added to itself so many times."""
    total = NEUTRAL
    while scalar:
        total = add(total, point) if scalar & 1 else total
        point, scalar = add(point, point), scalar >> 1
    return total


def encode(point: Point) -> bytes:
    """Return the 32 bytes of a point."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(y: int) -> Point | None:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    for root in (x, x * pow(2, (P - 1) // 4, P) % P):
        if root * root % P == square:
            return (P - root if root & 1 else root), y
    return None


def _torsion() -> Point:
    for y in range(2, 1_000):
        point = _decode(y)
        if point and multiply(4, small := multiply(ORDER, point)) != NEUTRAL:
            return small
    raise AssertionError("no point of order 8")


BASE = _decode(4 * pow(5, -1, P) % P) or NEUTRAL
TORSION = _torsion()  # order 8


def challenge(nonce: bytes, public: bytes, message: bytes) -> int:
    """Return k = SHA-512(R | A | M) mod L."""
    return int.from_bytes(hashlib.sha512(nonce + public + message).digest(), "little") % ORDER


def sign(
    message: bytes, secret: int, nonce: int, *, key_twist: Point = NEUTRAL, nonce_twist: Point = NEUTRAL
) -> tuple[bytes, bytes]:
    """Return the public key and a signature whose points are moved by these; only the cofactored equation takes it."""
    public = encode(add(multiply(secret, BASE), key_twist))
    shown = encode(add(multiply(nonce, BASE), nonce_twist))
    s = (nonce + challenge(shown, public, message) * secret) % ORDER
    return public, shown + s.to_bytes(32, "little")
