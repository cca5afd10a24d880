"""What people ask: where they stand, and what they type."""

import random
from collections.abc import Iterator, Sequence

from client.stations.pack.columns import PackStation

LETTERS = "etaoinshrdlu" + "оеаинтсрвлкм"


def rng(seed: int) -> random.Random:
    """The same questions in every run."""
    return random.Random(seed)  # noqa: S311 - nothing here is secret


def points(stations: Sequence[PackStation], count: int, rng: random.Random) -> Iterator[tuple[float, float, float]]:
    """Near a station, exactly on one, between two, anywhere on Earth, at the poles and on the date line."""
    for at in range(count):
        first, second = rng.choice(stations), rng.choice(stations)
        lat, lon = first.lat / 1e5, first.lon / 1e5
        where = (
            (lat + rng.gauss(0, 0.01), lon + rng.gauss(0, 0.01)),
            (lat, lon),
            ((lat + second.lat / 1e5) / 2, (lon + second.lon / 1e5) / 2),
            (rng.uniform(-90, 90), rng.uniform(-180, 180)),
            (lat + rng.gauss(0, 1), lon + rng.gauss(0, 1)),
            (rng.choice([-90.0, 90.0, lat]), rng.choice([-180.0, 180.0, 0.0])),
        )[at % 6]
        yield *_on_earth(where), rng.choice([0.0, 5.0, 20.5, 100.0, 300.0, 301.0, 1500.0, 50_000.0])


def _on_earth(where: tuple[float, float]) -> tuple[float, float]:
    return max(-90.0, min(90.0, where[0])), max(-180.0, min(180.0, where[1]))


def names(stations: Sequence[PackStation], count: int, rng: random.Random) -> Iterator[str]:
    """A name with a slip of the finger."""
    for _ in range(count):
        yield _slipped(rng.choice(stations).name, rng)


def questions(stations: Sequence[PackStation], count: int, rng: random.Random) -> Iterator[str]:
    """Names with and without slips, parts of names, names with other numbers, addresses."""
    for at in range(count):
        station = rng.choice(stations)
        words = station.name.split()
        yield (
            station.name,
            _slipped(station.name, rng),
            " ".join(rng.sample(words, min(2, len(words)))),
            f"{' '.join(words[:1])} {rng.randrange(100)}",
            station.address,
            station.name.lower()[: rng.randrange(1, 12)],
        )[at % 6]


def _slipped(text: str, rng: random.Random) -> str:
    spots = [at for at, mark in enumerate(text) if mark.isalpha()]
    if not spots:
        return text
    at, letter = rng.choice(spots), rng.choice(LETTERS)
    return rng.choice(
        [
            text[:at] + letter + text[at + 1 :],
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :],
        ]
    )
