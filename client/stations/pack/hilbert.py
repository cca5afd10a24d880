"""Hilbert's curve over the map: neighbours on the ground become neighbours in a pack."""

_BITS = 16
_SIDE = 1 << _BITS


def place_on_curve(lat: int, lon: int) -> int:
    """Return how far along the curve this position (1e-5 degree) lies.

    Specified in `client/stations/pack/pack.md`, *The body*.
    """
    x = (lon + 18_000_000) * (_SIDE - 1) // 36_000_000
    y = (lat + 9_000_000) * (_SIDE - 1) // 18_000_000
    distance, side = 0, _SIDE >> 1
    while side:
        right, up = int(bool(x & side)), int(bool(y & side))
        distance += side * side * ((3 * right) ^ up)
        if not up:
            if right:
                x, y = _SIDE - 1 - x, _SIDE - 1 - y
            x, y = y, x
        side >>= 1
    return distance
