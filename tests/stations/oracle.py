"""The same answers the long way round: every station measured, every gram counted, nothing indexed."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from client.stations.pack import distance, fold
from client.stations.pack.columns import PackStation


def near(stations: Sequence[PackStation], lat: float, lon: float, accuracy: float = 0.0) -> list[dict[str, Any]]:
    """The rule of pack.md, word for word."""
    here = distance.vector(*distance.position(lat, lon))
    whole = distance.whole_accuracy(accuracy)
    far = [(distance.metres(distance.chord_squared(here, distance.vector(s.lat, s.lon))), s.id, s) for s in stations]
    far.sort(key=lambda entry: entry[:2])
    nearest = far[0][0]
    second = far[1][0] if len(far) > 1 else None
    stands_out = (
        whole <= 300
        and nearest <= 2 * whole + 100
        and (second is None or second - nearest >= Fraction(3, 2) * whole + 100)
    )
    offered = [entry for entry in far if entry[0] <= nearest + 2 * whole + 150][:8]
    return [{"id": name, "m": m, "highlight": stands_out and at == 0} for at, (m, name, _) in enumerate(offered)]


def find(stations: Sequence[PackStation], text: str) -> list[dict[str, Any]]:
    asked = _grams(fold.tokens(text))[:40]
    numbers = {token for token in fold.tokens(text) if token.isdigit()}
    sets = [(_all(station.names), _all([station.address])) for station in stations]
    grams = [(set(_grams(name)), set(_grams(address))) for name, address in sets]
    weights = {gram: _weight(len(stations), sum(gram in n or gram in a for n, a in grams)) for gram in asked}
    found = []
    for station, (name, address), (in_name, in_address) in zip(stations, sets, grams, strict=True):
        hits = sum(2 * weights[g] if g in in_name else weights[g] if g in in_address else 0 for g in asked)
        if not hits:
            continue
        size = min((sum(map(len, fold.tokens(text))) or 1 for text in station.names), default=1)
        points = 900 * hits // (2 * sum(weights.values())) + 100 * min(size, len(in_name & set(asked))) // size
        if points >= 200:
            found.append((-_numbered(points, numbers, name, address), station.id))
    return [{"id": name, "score": -points} for points, name in sorted(found) if points][:8]


def _numbered(points: int, numbers: set[str], name: list[str], address: list[str]) -> int:
    of_name = {token for token in name if token.isdigit()}
    if numbers <= of_name:
        return points
    if not numbers <= of_name | set(address) or (of_name and not numbers & of_name):
        return 0
    return points // 2


def _all(texts: Sequence[str]) -> list[str]:
    return [token for text in texts for token in fold.tokens(text)]


def _grams(tokens: Sequence[str]) -> list[str]:
    out: list[str] = []
    for token in tokens:
        marks = ["_", *token, "_"]
        for at in range(len(token)):
            gram = "".join(marks[at : at + 3])
            if gram not in out:
                out.append(gram)
    return out


def _weight(count: int, having: int) -> int:
    weight, left = 0, count // max(having, 1)
    while left:
        weight, left = weight + 1, left // 2
    return weight
