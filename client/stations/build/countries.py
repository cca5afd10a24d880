"""Outlines of countries, coarse on purpose: boxes of whole degrees around each, rounded outwards.

A box is no border: a point in Kazakhstan lies in Russia's box. What is outside its country's boxes is surely wrong,
what is inside may still be. A country that is not in the table cannot be checked. South, west, north, east; boxes
separated by a stroke.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from client.stations.errors import UnknownCountry

_DEGREE = 100_000
_MOST = 0.9  # a country is guessed when this part of the points lies in it

_TABLE = """
AD 42 1 43 2
AE 22 51 27 57
AF 29 60 39 75
AL 39 19 43 22
AM 38 43 42 47
AO -19 11 -4 25
AR -56 -74 -21 -53
AT 46 9 50 18
AU -44 112 -9 154 | -55 158 -54 159 | -30 167 -28 169 | -13 96 -10 106
AZ 38 44 42 51
BA 42 15 46 20
BD 20 88 27 93
BE 49 2 52 7
BF 9 -6 16 3
BG 41 22 45 29
BH 25 50 27 51
BI -5 28 -2 31
BJ 6 0 13 4
BN 4 114 6 116
BO -23 -70 -9 -57
BR -34 -74 6 -28
BT 26 88 29 93
BW -27 19 -17 30
BY 51 23 57 33
BZ 15 -90 19 -87
CA 41 -142 84 -52
CD -14 12 6 32
CF 2 14 12 28
CG -6 11 4 19
CH 45 5 48 11
CI 4 -9 11 -2
CL -56 -76 -17 -66 | -28 -110 -26 -109 | -34 -81 -33 -78
CM 1 8 14 17
CN 18 73 54 135 | 3 108 18 118
CO -5 -80 13 -66 | 12 -82 14 -81
CR 8 -86 12 -82 | 5 -88 6 -86
CU 19 -85 24 -74
CY 34 32 36 35
CZ 48 12 52 19
DE 47 5 56 16
DJ 10 41 13 44
DK 54 8 58 16
DO 17 -72 20 -68
DZ 18 -9 38 12
EC -6 -82 2 -75 | -2 -92 2 -89
EE 57 21 60 29
EG 21 24 32 37
ER 12 36 19 44
ES 35 -10 44 5 | 27 -19 30 -13
ET 3 32 15 48
FI 59 19 71 32
FJ -21 176 -12 180 | -21 -180 -12 -178
FR 41 -6 52 10 | 14 -62 19 -60 | 2 -55 6 -51 | -22 55 -20 56 | -14 45 -12 46
GA -4 8 3 15
GB 49 -9 61 2
GE 41 39 44 47
GH 4 -4 12 2
GM 13 -17 14 -13
GN 7 -16 13 -7
GQ -2 5 4 12
GR 34 19 42 30
GT 13 -93 18 -88
GW 10 -17 13 -13
GY 1 -62 9 -56
HK 22 113 23 115
HN 12 -90 18 -82
HR 42 13 47 20
HT 18 -75 21 -71
HU 45 16 49 23
ID -12 94 7 142
IE 51 -11 56 -5
IL 29 34 34 36
IN 6 68 38 98
IQ 29 38 38 49
IR 24 44 40 64
IS 63 -25 67 -13
IT 35 6 48 19
JM 17 -79 19 -76
JO 29 34 34 40
JP 24 122 46 154
KE -5 33 6 42
KG 39 69 44 81
KH 9 102 15 108
KP 37 124 44 131
KR 33 124 39 132
KW 28 46 31 49
KZ 40 46 56 88
LA 13 100 23 108
LB 33 35 35 37
LK 5 79 10 82
LR 4 -12 9 -7
LS -31 27 -28 30
LT 53 20 57 27
LU 49 5 51 7
LV 55 20 59 29
LY 19 9 34 26
MA 20 -18 36 0
MD 45 26 49 31
ME 41 18 44 21
MG -26 43 -11 51
MK 40 20 43 24
ML 10 -13 25 5
MM 9 92 29 102
MN 41 87 53 120
MR 14 -18 28 -4
MT 35 14 37 15
MU -21 57 -19 58 | -20 63 -19 64
MV -1 72 8 74
MW -18 32 -9 36
MX 14 -119 33 -86
MY 0 99 8 120
MZ -27 30 -10 41
NA -29 11 -16 26
NE 11 0 24 16
NG 4 2 14 15
NI 10 -88 16 -82
NL 50 3 54 8
NO 57 4 72 32 | 74 10 81 34
NP 26 80 31 89
NZ -53 165 -34 179 | -45 -178 -43 -175
OM 16 51 27 60
PA 7 -84 10 -77
PE -19 -82 0 -68
PG -12 140 0 160
PH 4 116 22 127
PK 23 60 38 78
PL 48 14 55 25
PS 31 34 33 36
PT 36 -10 43 -6 | 36 -32 40 -24 | 32 -18 34 -16
PY -28 -63 -19 -54
QA 24 50 27 52
RO 43 20 49 30
RS 41 18 47 24
RU 41 19 82 180 | 60 -180 72 -168
RW -3 28 -1 31
SA 16 34 33 56
SD 8 21 23 39
SE 55 10 70 25
SG 1 103 2 105
SI 45 13 47 17
SK 47 16 50 23
SL 6 -14 10 -10
SN 12 -18 17 -11
SO -2 40 12 52
SR 1 -59 7 -53
SS 3 23 13 36
SV 13 -91 15 -87
SY 32 35 38 43
SZ -28 30 -25 33
TD 7 13 24 24
TG 6 -1 12 2
TH 5 97 21 106
TJ 36 67 42 76
TL -10 124 -8 128
TM 35 52 43 67
TN 30 7 38 12
TR 35 25 43 45
TT 10 -62 12 -60
TW 21 118 27 123
TZ -12 29 0 41
UA 44 22 53 41
UG -2 29 5 36
US 24 -125 50 -66 | 51 -180 72 -129 | 51 172 54 180 | 18 -161 23 -154
US 17 -68 19 -64 | 13 144 21 147 | -15 -171 -11 -168
UY -35 -59 -30 -53
UZ 37 55 46 74
VE 0 -74 13 -59
VN 8 102 24 110
XK 41 20 44 22
YE 12 41 20 55
ZA -35 16 -22 33
ZM -19 21 -8 34
ZW -23 25 -15 34
"""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """A country's two letters and its boxes in 1e-5 degree."""

    code: str
    boxes: tuple[Box, ...]

    def has(self, lat: int, lon: int) -> bool:
        """Return whether this position (1e-5 degree) lies in one of the boxes."""
        return any(south <= lat <= north and west <= lon <= east for south, west, north, east in self.boxes)

    @property
    def area(self) -> int:
        """The area of all boxes together, in squares of 1e-5 degree."""
        return sum((north - south) * (east - west) for south, west, north, east in self.boxes)


@cache
def outlines() -> dict[str, Outline]:
    """Return every outline by the two letters of its country."""
    boxes: dict[str, list[Box]] = {}
    for line in _TABLE.strip().split("\n"):
        boxes.setdefault(line[:2], []).extend(map(_box, line[3:].split("|")))
    return {code: Outline(code, tuple(all_of_it)) for code, all_of_it in boxes.items()}


def _box(text: str) -> Box:
    south, west, north, east = (int(part) * _DEGREE for part in text.split())
    return south, west, north, east


def outline(code: str) -> Outline:
    """Return the outline of a country by its two letters. Raises UnknownCountry."""
    found = outlines().get(code.upper())
    if found is None:
        raise UnknownCountry()
    return found


def guess(points: Iterable[tuple[int, int]]) -> Outline | None:
    """Return the smallest country whose boxes hold nearly all the points."""
    places = list(points)
    smallest = sorted(outlines().values(), key=lambda outline: outline.area)
    return next((outline for outline in smallest if places and _part(outline, places) >= _MOST), None)


def _part(outline: Outline, places: list[tuple[int, int]]) -> float:
    return sum(outline.has(lat, lon) for lat, lon in places) / len(places)
