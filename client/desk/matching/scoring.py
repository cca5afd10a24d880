"""Reasons for and against two reports being about one person, or about one van. Specified in `matching.md`.

Weights are bits: one more halves or doubles the odds. A name, a place or a telephone number weighs by how rare it is.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from math import cos, log2, radians

from rapidfuzz.distance import OSA

from client.desk.matching import names
from client.desk.matching.names import ALIKE, KNOWN, Name, NameWord, WordKind
from client.stations.pack.fold import tokens

HOUR = 3_600
METRES = 1.112  # of 1e-5 degree of latitude
NEAR_METRES, NEAR_HOURS = 500, 2
MEANWHILE = HOUR // 2  # two places within this time are two people

HOPELESS = -10.0  # with names as different as this nothing else is looked at

PHONE_DIGITS, PHONE_TAIL = 7, 10  # shorter is no telephone number; country codes are written or not
PLATE = 4  # characters; less is no number plate

# Expected among strangers: one in so many has this surname, given name, patronymic. Weighs as much as 500 people.
_KNOWN = 500
_RARE = {WordKind.OTHER: 500, WordKind.GIVEN: 30, WordKind.FATHER: 60}
_BOUNDS = {WordKind.OTHER: (3.0, 12.0), WordKind.GIVEN: (2.5, 7.0), WordKind.FATHER: (2.0, 6.0)}
_INITIAL = 2.0
# Brothers have a surname, a patronymic, a mother's telephone number and a van in common.
_DIFFERS = {WordKind.OTHER: -8.0, WordKind.GIVEN: -24.0, WordKind.FATHER: -12.0}
_KEYS = {WordKind.OTHER: "surname", WordKind.GIVEN: "given", WordKind.FATHER: "patronymic"}

_LOOKALIKE = str.maketrans("АВЕКМНОРСТУХІ", "ABEKMHOPCTYXI")  # the only letters a Russian or Ukrainian plate has
_DATE = re.compile(r"(?<!\d)(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?!\d)|(?<!\d)(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SEXES = {
    "m": "m",
    "male": "m",
    "м": "m",
    "муж": "m",
    "ч": "m",
    "ер": "m",
    "f": "f",
    "female": "f",
    "ж": "f",
    "жен": "f",
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody at a place at a time (happened, else said). `place`: its key, or "" when unknown; `lat`, `lon` in 1e-5
    degree; `sure`: a confirmed station."""

    place: str
    at: int
    lat: int | None = None
    lon: int | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Described:
    """A person as one case tells. `own`: this person wrote the report. `phones`: digits, from `find_phones()`."""

    person: str
    case: str
    names: tuple[Name, ...] = ()
    birth: str = ""
    sex: str = ""
    phones: frozenset[str] = frozenset()
    own: bool = False
    stays: tuple[Sighting, ...] = ()

    @property
    def words(self) -> Iterator[NameWord]:
        return (word for name in self.names for word in name.words)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everybody a case is about. `plates`, `sides`: of the van, as `normalise_plate()` reads them."""

    case: str
    people: int
    plates: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    stays: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for (weight > 0) or against (< 0), in bits.

    Source: Fellegi and Sunter, 1969; specified in `client/desk/matching/matching.md`, *Weights*.
    """

    key: str
    weight: float


@dataclass
class Rarity:
    """Counts of each word, telephone number and place among `people`."""

    people: int = 0
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, things: set[tuple[str, str]], by: int = 1) -> None:
        """Count one more person (or, with `by` -1, one less) of whom these things are known."""
        self.people += by
        for thing in things:
            self.seen[thing] += by

    def bits(self, kind: str, thing: str, expected: int, bounds: tuple[float, float]) -> float:
        """Return how much the same thing with two tells, in bits. `expected`: one stranger in so many has it."""
        # one of those seen may be the very person who is compared
        others = max(0, self.seen[kind, thing] - 1)
        share = (others + _KNOWN / expected) / (self.people + _KNOWN)
        return min(bounds[1], max(bounds[0], -log2(share)))


def bits(reasons: Iterable[Reason]) -> float:
    """Return the sum of the weights."""
    return sum(reason.weight for reason in reasons)


def probability(reasons: Sequence[Reason], people: int, least: int) -> float:
    """Return how likely two are one, from 0 to 1: out of `people`, about every second is reported again by somebody."""
    odds = bits(reasons) - log2(max(people, least)) - 1
    return float(1 / (1 + 2**-odds)) if odds > HOPELESS else 0.0


# Reading what was written


def find_phones(texts: Iterable[str]) -> frozenset[str]:
    """Return the telephone numbers in these texts, digits without country codes."""
    found: set[str] = set()
    for text in texts:
        for piece in re.split(r"[^\d\s().+-]+", _plain_digits(text[:500])):
            digits = re.sub(r"\D", "", piece)
            if len(digits) >= PHONE_DIGITS:
                found.add(digits[-PHONE_TAIL:])
    return frozenset(found)


def _plain_digits(text: str) -> str:
    return "".join(str(int(mark)) if mark.isdecimal() else mark for mark in text)


def normalise_plate(text: str) -> str:
    """Return a number plate as it is compared: letters that look alike are one letter. "" when it is too short."""
    plain = re.sub(r"[\W_]", "", text[:40].upper().translate(_LOOKALIKE))
    return plain if len(plain) >= PLATE else ""


def normalise_side(text: str) -> str:
    """Return the number on the side of a van as it is compared."""
    return "".join(tokens(text[:40]))


@lru_cache(KNOWN)
def parse_birth(text: str) -> tuple[int, ...]:
    """Read a birthday: (year, month, day), (year,), or () when there is none."""
    plain = _plain_digits(text[:100])
    if found := _DATE.search(plain):
        year, month, day, day_first, month_second, year_last = (int(part or 0) for part in found.groups())
        return (year or year_last, month or month_second, day or day_first)
    years = _YEAR.findall(plain)
    return (int(years[0]),) if len(years) == 1 else ()


def decide_sex(text: str, read: Iterable[Name]) -> str:
    """Return "m", "f" or "": as it was said, else as the names tell."""
    word = re.match(r"\w*", text.strip().lower())
    known = _SEXES.get(word[0], "") if word else ""
    return known or next((name.sex for name in read if name.sex), "")


# Two persons


def compare_persons(a: Described, b: Described, rarity: Rarity) -> list[Reason]:
    """Return everything that speaks for or against two persons being one.

    Specified in `client/desk/matching/matching.md`, *Weights*.
    """
    pairs = [_of_names(mine, other, rarity) for mine, other in product(a.names, b.names) if mine and other]
    reasons = max(pairs, key=bits, default=[])
    if bits(reasons) < HOPELESS:
        return reasons
    reasons = reasons + _of_births(parse_birth(a.birth), parse_birth(b.birth)) + _of_phones(a, b, rarity)
    if a.sex and b.sex and a.sex != b.sex:
        reasons.append(Reason("sex_differs", -7.0))
    if a.own and b.own and not a.phones & b.phones:
        reasons.append(Reason("both_self", -2.0))
    return reasons + _of_stays(a.stays, b.stays, rarity, a.own and b.own)


def _of_names(a: Name, b: Name, rarity: Rarity) -> list[Reason]:
    """Compare the words of two names, each with the one it is most like; what is left over on both sides speaks
    against."""
    found: list[Reason] = []
    rest_a, rest_b = list(a.words), list(b.words)
    pairs = [(names.alike(mine, other), i, j) for i, mine in enumerate(rest_a) for j, other in enumerate(rest_b)]
    gone_a: set[int] = set()
    gone_b: set[int] = set()
    # whole words before initials, which fit too much
    for likeness, i, j in sorted(pairs, key=lambda pair: (_is_initial(rest_a[pair[1]], rest_b[pair[2]]), -pair[0])):
        if likeness >= ALIKE and i not in gone_a and j not in gone_b and _comparable(rest_a[i], rest_b[j]):
            gone_a.add(i)
            gone_b.add(j)
            found.append(_weigh_agreement(rest_a[i], rest_b[j], likeness, rarity))
    left_a = [word for i, word in enumerate(rest_a) if i not in gone_a]
    left_b = [word for j, word in enumerate(rest_b) if j not in gone_b]
    return found + _weigh_left_over(left_a, left_b)


def _is_initial(a: NameWord, b: NameWord) -> bool:
    return WordKind.INITIAL in (a.kind, b.kind)


def _comparable(a: NameWord, b: NameWord) -> bool:
    """Return whether two kinds of words compare: a patronymic says nothing beside a given name or a surname."""
    return (a.kind is WordKind.FATHER) == (b.kind is WordKind.FATHER) or _is_initial(a, b)


def _weigh_agreement(a: NameWord, b: NameWord, likeness: float, rarity: Rarity) -> Reason:
    if _is_initial(a, b):
        return Reason("initials", _INITIAL)
    kind = a.kind if a.kind is b.kind else WordKind.GIVEN
    bits = min(rarity.bits("word", key, _RARE[kind], _BOUNDS[kind]) for key in {a.key, b.key})
    how = "same" if likeness == 1 else "alike"
    if kind is WordKind.GIVEN and how == "alike" and (a.full | a.short) & (b.full | b.short):
        how = "same" if a.full & b.full else "short"
    return Reason(f"{_KEYS[kind]}_{how}", bits * (likeness - ALIKE) / (1 - ALIKE))


def _weigh_left_over(a: list[NameWord], b: list[NameWord]) -> list[Reason]:
    """Weigh, for each kind, the words on both sides that found nothing like them. A word on one side only may just be
    missing."""
    found = []
    for kind, weight in _DIFFERS.items():
        if _has(a, kind) and _has(b, kind):
            found.append(Reason(f"{_KEYS[kind]}_differs", weight))
    if (_has(a, WordKind.GIVEN) and _has(b, WordKind.INITIAL)) or (
        _has(a, WordKind.INITIAL) and _has(b, WordKind.GIVEN)
    ):
        found.append(Reason("given_differs", _DIFFERS[WordKind.GIVEN]))
    return found


def _has(words: Iterable[NameWord], kind: WordKind) -> bool:
    return any(word.kind is kind for word in words)


def _of_births(a: tuple[int, ...], b: tuple[int, ...]) -> list[Reason]:
    if not a or not b:
        return []
    if len(a) == 1 or len(b) == 1:
        off = abs(a[0] - b[0])
        return [Reason("birth_year", 4.0)] if off == 0 else [Reason("birth_differs", -10.0)] if off > 1 else []
    if a == b:
        return [Reason("birth_same", 11.0)]
    if a[0] == b[0] and a[1:] == b[:0:-1]:
        return [Reason("birth_alike", 8.0)]
    slips = OSA.distance("{:04}{:02}{:02}".format(*a), "{:04}{:02}{:02}".format(*b))
    return [Reason("birth_alike", 4.0)] if slips == 1 else [Reason("birth_differs", -12.0)]


def _of_phones(a: Described, b: Described, rarity: Rarity) -> list[Reason]:
    """Compare telephone numbers: a number in many reports belongs to somebody who reports much, and tells little."""
    both = a.phones & b.phones
    if not both:
        return []
    return [Reason("phone_same", max(rarity.bits("phone", phone, 500, (0.0, 9.0)) for phone in both))]


def _of_stays(a: Sequence[Sighting], b: Sequence[Sighting], rarity: Rarity, both_own: bool) -> list[Reason]:
    if not a or not b:
        return []
    apart = min(abs(sighting.at - other.at) for sighting, other in product(a, b))
    found = [Reason("time_near", 1.0)] if apart <= 3 * HOUR else []
    if apart > 48 * HOUR:
        found.append(Reason("time_far", -3.0))
    return found + _of_places(a, b, rarity, both_own)


def _of_places(a: Sequence[Sighting], b: Sequence[Sighting], rarity: Rarity, both_own: bool) -> list[Reason]:
    shared = {sighting.place for sighting in a if sighting.place} & {sighting.place for sighting in b if sighting.place}
    if shared:
        return [Reason("station_same", max(rarity.bits("place", place, 70, (1.0, 5.0)) for place in shared))]
    if any(is_near(sighting, other) for sighting, other in product(a, b)):
        return [Reason("near", 2.5)]
    known = [(sighting, other) for sighting, other in product(a, b) if sighting.place and other.place]
    if any(abs(sighting.at - other.at) <= MEANWHILE and sighting.sure and other.sure for sighting, other in known):
        return [Reason("place_differs", -10.0 if both_own else -5.0)]
    return [Reason("place_differs", -2.0)] if known else []


def is_near(a: Sighting, b: Sighting) -> bool:
    """Tell whether two were within a few streets and two hours of each other."""
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None or abs(a.at - b.at) > NEAR_HOURS * HOUR:
        return False
    north, east = (a.lat - b.lat) * METRES, (a.lon - b.lon) * METRES * cos(radians(a.lat / 1e5))
    return north * north + east * east <= NEAR_METRES**2


def is_offerable(a: Described, b: Described, reasons: Iterable[Reason]) -> bool:
    """Tell whether a pair may be offered. Somebody without a name never is on thin evidence: only a telephone number
    of their own will do."""
    keys = {reason.key for reason in reasons}
    if keys & {"surname_same", "surname_alike"}:
        return True
    if keys & {"given_same", "given_alike", "given_short"}:
        return bool(keys & {"birth_same", "birth_alike", "phone_same", "patronymic_same"})
    return a.own and b.own and "phone_same" in keys


# Two vans


def compare_crowds(a: Crowd, b: Crowd, rarity: Rarity, persons_same: bool) -> list[Reason]:
    """Return everything that speaks for or against two reports telling of one van, cell or crowd.

    Specified in `client/desk/matching/matching.md`, *Weights*.
    """
    found = _of_plates(a, b)
    if a.sides & b.sides:
        found.append(Reason("side_same", 5.0))
    if persons_same:
        found.append(Reason("persons_same", 6.0))
    if a.people > 1 and b.people > 1:
        found.append(_of_people(a.people, b.people, rarity))
    return found + _of_rides(a.stays, b.stays, rarity)


def _of_plates(a: Crowd, b: Crowd) -> list[Reason]:
    if a.plates & b.plates:
        return [Reason("plate_same", 10.0)]
    if not a.plates or not b.plates:
        return []
    best = max(_plates_alike(mine, other) for mine, other in product(a.plates, b.plates))
    return [Reason("plate_alike", best) if best else Reason("plate_differs", -6.0)]


def _plates_alike(a: str, b: str) -> float:
    """Compare two plates: the same, the same without the region, or with one slip."""
    if a.startswith(b) or b.startswith(a):
        return 8.0
    return 5.0 if OSA.distance(a, b, score_cutoff=1) <= 1 else 0.0


def _of_people(a: int, b: int, rarity: Rarity) -> Reason:
    if a == b:
        return Reason("people_same", rarity.bits("people", str(a), 8, (0.5, 4.0)))
    return Reason("people_alike", 0.5) if abs(a - b) <= max(a, b) / 5 else Reason("people_differ", -2.0)


def _of_rides(a: Sequence[Sighting], b: Sequence[Sighting], rarity: Rarity) -> list[Reason]:
    """Compare rides: a van makes several journeys in a night, so the time counts for more than with a person."""
    if not a or not b:
        return []
    apart = min(abs(sighting.at - other.at) for sighting, other in product(a, b))
    times = [Reason("time_near", 2.0)] if apart <= HOUR else [Reason("time_far", -6.0)] if apart > 3 * HOUR else []
    shared = {sighting.place for sighting in a if sighting.place} & {sighting.place for sighting in b if sighting.place}
    if shared:
        return [*times, Reason("station_same", max(rarity.bits("place", place, 70, (0.0, 4.0)) for place in shared))]
    if any(is_near(sighting, other) for sighting, other in product(a, b)):
        return [*times, Reason("near", 3.0)]
    known = any(sighting.sure and other.sure for sighting, other in product(a, b))
    return [*times, Reason("place_differs", -3.0)] if known else times
