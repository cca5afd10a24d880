"""Map of where people are held, drawn by us: no picture of a map is asked for, so nobody learns what is looked at.

Positions come from the signed list of stations. The drawing is flat around its middle; a degree of longitude is as long
as it is at that latitude. Circles that would cover each other are drawn as one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, cos, floor, log10, radians, sqrt

WIDTH, HEIGHT = 1_200, 640  # units of the drawing
MARGIN = 46
SMALLEST, LARGEST = 11.0, 40.0  # radius of a circle
METRES_PER_E5 = 1.113_2  # metres in 1e-5 degree of latitude
SPAN_E5 = 4_000  # a drawing shows at least these many 1e-5 degrees, about 4 km
TOUCH = 0.85  # circles closer than this part of their radii together become one
LABELS = 40
LETTER, LINE = 7.2, 17.0  # width of a letter and height of a line of a label
LETTERS = 34
CONTEXT = 3_000  # other stations, drawn as dots
_CYRILLIC = 0x52F  # the last letter of the alphabets that `LETTER` was measured with
TURN_E5 = 36_000_000
STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with people: its number, words for it, position in 1e-5 degree, heads."""

    number: int
    name: str
    city: str
    lat_e5: int
    lon_e5: int
    heads: int


@dataclass(frozen=True, slots=True)
class Label:
    """Words beside a circle. `anchor`: of SVG's text."""

    x: float
    y: float
    anchor: str
    text: str

    @property
    def width(self) -> float:
        """How much of the map the words may use, in units of the drawing."""
        return round(LETTER * len(self.text), 1)

    @property
    def is_fitted(self) -> bool:
        """Whether the browser presses the words into that width: of other alphabets a letter may be as wide as ten."""
        return any(ord(letter) > _CYRILLIC for letter in self.text)


@dataclass(frozen=True, slots=True)
class Circle:
    """One spot, or several that lie too close to be told apart at this scale."""

    x: float
    y: float
    radius: float
    heads: int
    spots: tuple[Spot, ...]
    label: Label | None = None

    @property
    def name(self) -> str:
        """The spot's name; of several their city when it is one, else that of the biggest."""
        cities = {spot.city for spot in self.spots if spot.city}
        if len(self.spots) > 1 and len(cities) == 1:
            return cities.pop()
        return max(self.spots, key=lambda spot: spot.heads).name


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything an SVG of WIDTH x HEIGHT needs. `bar`: length of the scale, and how many `metres` it stands for."""

    circles: tuple[Circle, ...]
    dots: tuple[tuple[float, float], ...]
    bar: float
    metres: int
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class MapFrame:
    """A projection: the middle, and how many units of the drawing one 1e-5 degree of latitude takes."""

    lat_e5: float
    lon_e5: float
    scale: float

    @property
    def squeeze(self) -> float:
        """Length of a degree of longitude in degrees of latitude."""
        return max(0.05, cos(radians(self.lat_e5 / 100_000)))

    def project(self, lat_e5: int, lon_e5: int) -> tuple[float, float]:
        """Return where a position (1e-5 degree) lies on the drawing; the date line is crossed the short way."""
        east = (lon_e5 - self.lon_e5 + TURN_E5 / 2) % TURN_E5 - TURN_E5 / 2
        return (
            round(WIDTH / 2 + east * self.squeeze * self.scale, 1),
            round(HEIGHT / 2 - (lat_e5 - self.lat_e5) * self.scale, 1),
        )


def draw(spots: Sequence[Spot], others: Iterable[tuple[int, int]] = ()) -> Drawing | None:
    """Draw all spots; None when there are none. `others`: positions (1e-5 degree) of stations where nobody is known to
    be held."""
    if not spots:
        return None
    frame = fit_frame(spots)
    circles = _add_labels(_join_touching([_make_circle(frame, spot, _find_most(spots)) for spot in spots]))
    bar, metres = _choose_bar(frame)
    return Drawing(tuple(circles), tuple(_make_dots(frame, others)), bar, metres)


def fit_frame(spots: Sequence[Spot]) -> MapFrame:
    """Return the frame in which all of them lie."""
    first = spots[0].lon_e5
    easts = [(spot.lon_e5 - first + TURN_E5 // 2) % TURN_E5 - TURN_E5 // 2 for spot in spots]
    lats = [spot.lat_e5 for spot in spots]
    lat_e5, lon_e5 = (min(lats) + max(lats)) / 2, first + (min(easts) + max(easts)) / 2
    flat = MapFrame(lat_e5, lon_e5, 1.0)
    tall = max(SPAN_E5, max(lats) - min(lats))
    wide = max(SPAN_E5, (max(easts) - min(easts)) * flat.squeeze)
    return MapFrame(lat_e5, lon_e5, min((HEIGHT - 2 * MARGIN) / tall, (WIDTH - 2 * MARGIN) / wide))


def _find_most(spots: Sequence[Spot]) -> int:
    return max(spot.heads for spot in spots)


def _scale_radius(heads: int, most: int) -> float:
    """Return the radius of a circle whose area grows with heads, as eyes compare areas."""
    return round(max(SMALLEST, LARGEST * sqrt(heads / max(most, 1))), 1)


def _make_circle(frame: MapFrame, spot: Spot, most: int) -> Circle:
    x, y = frame.project(spot.lat_e5, spot.lon_e5)
    return Circle(x, y, _scale_radius(spot.heads, most), spot.heads, (spot,))


def _join_touching(circles: list[Circle]) -> list[Circle]:
    """Join the two that cover each other most, until none do; the biggest first."""
    found: list[Circle] = []
    for circle in sorted(circles, key=lambda circle: (-circle.heads, circle.spots[0].number)):
        joined = circle
        while (other := next((placed for placed in found if _is_touching(placed, joined)), None)) is not None:
            found.remove(other)
            joined = _join_two(other, joined)
        found.append(joined)
    most = max(circle.heads for circle in found)
    return sorted((_limit_radius(circle, most) for circle in found), key=lambda circle: -circle.heads)


def _is_touching(a: Circle, b: Circle) -> bool:
    return (a.x - b.x) ** 2 + (a.y - b.y) ** 2 < (TOUCH * (a.radius + b.radius)) ** 2


def _join_two(a: Circle, b: Circle) -> Circle:
    heads = a.heads + b.heads
    part = (b.heads / heads) if heads else 0.5
    x, y = a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part
    radius = min(LARGEST, sqrt(a.radius**2 + b.radius**2))
    return Circle(round(x, 1), round(y, 1), round(radius, 1), heads, (*a.spots, *b.spots))


def _limit_radius(circle: Circle, most: int) -> Circle:
    """Keep a circle no larger than when it was found apart from its neighbours."""
    return Circle(circle.x, circle.y, min(circle.radius, _scale_radius(circle.heads, most)), circle.heads, circle.spots)


def _add_labels(circles: list[Circle]) -> list[Circle]:
    """Add words beside the biggest circles, where they cover neither a circle nor other words."""
    boxes = [
        (circle.x - circle.radius, circle.y - circle.radius, circle.x + circle.radius, circle.y + circle.radius)
        for circle in circles
    ]
    found: list[Circle] = []
    for circle in circles:
        label = next(iter(_find_free_labels(circle, boxes)), None) if len(found) < LABELS else None
        if label is not None:
            boxes.append(_measure_box(label))
        found.append(Circle(circle.x, circle.y, circle.radius, circle.heads, circle.spots, label))
    return found


def _find_free_labels(circle: Circle, boxes: list[tuple[float, float, float, float]]) -> Iterable[Label]:
    more = f" +{len(circle.spots) - 1}" if len(circle.spots) > 1 else ""
    name = circle.name if len(circle.name) <= LETTERS else circle.name[: LETTERS - 1] + "…"
    gap = circle.radius + 5
    for x, y, anchor in (
        (circle.x + gap, circle.y + 5, "start"),
        (circle.x - gap, circle.y + 5, "end"),
        (circle.x, circle.y - gap - 3, "middle"),
        (circle.x, circle.y + gap + 12, "middle"),
    ):
        label = Label(round(x, 1), round(y, 1), anchor, name + more)
        left, top, right, bottom = box = _measure_box(label)
        inside = left >= 0 and right <= WIDTH and top >= 0 and bottom <= HEIGHT
        if inside and not any(_is_covering(box, other) for other in boxes):
            yield label


def _measure_box(label: Label) -> tuple[float, float, float, float]:
    width = label.width
    left = label.x - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    return left, label.y - LINE + 4, left + width, label.y + 4


def _is_covering(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _make_dots(frame: MapFrame, others: Iterable[tuple[int, int]]) -> list[tuple[float, float]]:
    seen: dict[tuple[int, int], tuple[float, float]] = {}
    for lat_e5, lon_e5 in others:
        x, y = frame.project(lat_e5, lon_e5)
        if 0 <= x <= WIDTH and 0 <= y <= HEIGHT:
            seen.setdefault((floor(x / 6), floor(y / 6)), (x, y))
        if len(seen) >= CONTEXT:
            break
    return list(seen.values())


def _choose_bar(frame: MapFrame) -> tuple[float, int]:
    """Return a round number of metres that is about a sixth of the width, after its length on the drawing."""
    wanted = WIDTH / 6 / frame.scale * METRES_PER_E5
    power = 10 ** floor(log10(wanted))
    metres = max(step * power for step in STEPS if step * power <= ceil(wanted))
    return round(metres / METRES_PER_E5 * frame.scale, 1), int(metres)
