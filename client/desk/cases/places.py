"""Places and stays: facts of a report become stays, each at a place that has one name for all. See `board.md`."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlite_utils import Database

from client.stations.pack import fold
from client.stations.pack.columns import PackStation
from client.stations.pack.pack import Pack

# Stages that are told of a building, which a station fact names.
BUILDINGS = frozenset({"station", "special_centre", "court", "hospital"})
NOT_HELD = frozenset({"free", "released"})
FACTS = ("stage", "station", "van", "place")

# Letters of number plates look alike in both alphabets, and either is typed.
_PLATE = str.maketrans("АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXIJS")
_SIGNS = re.compile(r"[\W_]")

_STREET = re.compile(
    r"\d|\b(ул|улица|пр|пр-д|пр-т|просп|проспект|пер|переулок|ш|шоссе|наб|набережная|б-р|бульвар|пл|площадь|проезд|линия|"
    r"корп|стр|д|дом|вул|вулиця|вуліца|көшесі|street|st|road|rd|avenue|ave|lane|marg|highway|hwy|drive|dr|blvd)\b",
    re.IGNORECASE,
)
_TOWN = re.compile(r"^\s*(?:г|гор|город|місто|горад|қала)\.?\s+", re.IGNORECASE)
_TOWN_LETTERS = 3  # "AL" is a state

STATIONS_AT_ONCE = 50  # of one message: nobody is moved more often between two


class Moment(NamedTuple):
    """One source's word, at one time, on where somebody is. `since`: when it happened, else when it was said. `order`
    sorts."""

    since: int
    stated_at: int
    order: str
    stage: str | None
    stations: list[dict[str, Any]]
    van: dict[str, Any] | None
    words: str


@dataclass(frozen=True, slots=True)
class Where:
    """A place by what names it for all; `pack` and `station` when it stands in a pack."""

    key: str
    kind: str
    words: str
    pack: str = ""
    station: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody at a place, from when to when (None: not known, or until now)."""

    where: Where
    stage: str
    since: int
    until: int | None
    stated_at: int
    order: str
    certainty: str


# From facts to stays


class Stations:
    """The packs' stations by their folded names: a typed name is that station when exactly one is called so."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[str, tuple[str, str] | None] = {}

    def find(self, folded: str) -> tuple[str, str] | None:
        """Return pack and id of the only station with this folded name; None when there is none or several."""
        if folded not in self._known:
            rows = self._db.execute(_NAMED, [folded]).fetchall()
            self._known[folded] = rows[0] if len(rows) == 1 else None
        return self._known[folded]


_NAMED = "SELECT DISTINCT pack, id FROM station_name WHERE folded = ? LIMIT 2"


def find_stays(moments: Iterable[Moment], stations: Stations) -> list[Stay]:
    """Return the stays that follow from what was said, in the order in which they began."""
    found: list[Stay] = []
    before: Moment | None = None
    for moment in sorted(moments, key=lambda moment: (moment.since, moment.stated_at, moment.order)):
        now = _carry_over(moment, before)
        if now is None:
            continue
        before = now
        for stay in _make_stays(now, stations):
            _append(found, stay)
    return found


def _carry_over(now: Moment, before: Moment | None) -> Moment | None:
    """Return a moment together with what held before it; None when it says nothing of where somebody is."""
    stage = None if now.stage == "unknown" else now.stage
    was = before.stage if before else None
    if stage is None:
        stage = _stage_of(now, was)
    if stage is None:
        return None
    same = before is not None and was == stage
    station = now.stations or (before.stations if same and before else [])
    van = now.van or (before.van if same and before else None)
    words = now.words or (before.words if same and before else "")
    return now._replace(stage=stage, stations=station, van=van, words=words)


def _stage_of(now: Moment, was: str | None) -> str | None:
    if now.stations:
        return was if was in BUILDINGS else "station"
    # A number plate that is told at the station is that of the van that brought them, and brings nobody back into it.
    return "van" if now.van and was in (None, "van", "free") else None


def _make_stays(now: Moment, stations: Stations) -> Iterator[Stay]:
    stage = now.stage or ""
    if stage in BUILDINGS and now.stations:
        for at, station in enumerate(now.stations[-STATIONS_AT_ONCE:]):
            since = min(station.get("from") or now.since, now.stated_at)
            where = _name_building(stage, station, now.words, stations)
            until = station.get("to")
            yield Stay(
                where,
                stage,
                since,
                until,
                now.stated_at,
                _make_order(since, now, at),
                station.get("certainty") or "typed",
            )
    else:
        yield Stay(
            _name_elsewhere(stage, now, stations),
            stage,
            now.since,
            None,
            now.stated_at,
            _make_order(now.since, now, 0),
            "",
        )


def _make_order(since: int, now: Moment, at: int) -> str:
    return f"{since:016x}{now.order}{at:08x}"


def _name_building(stage: str, station: dict[str, Any], words: str, stations: Stations) -> Where:
    pack, id_, text = station.get("pack") or "", station.get("id") or "", station.get("text") or words
    if pack and id_:
        return _in_pack(pack, id_, text)
    return _name_typed(stage, text, stations)


def _name_elsewhere(stage: str, now: Moment, stations: Stations) -> Where:
    if stage == "van":
        return _van(now.van or {})
    return _name_typed(stage, now.words, stations) if stage in BUILDINGS else Where(f"{stage}:", stage, "")


def _in_pack(pack: str, id_: str, text: str) -> Where:
    return Where(f"pack:{pack}/{id_}", "station", text, pack, id_)


def _name_typed(stage: str, text: str, stations: Stations) -> Where:
    folded = " ".join(fold.tokens(text))
    known = stations.find(folded) if folded else None
    return _in_pack(*known, text) if known else Where(f"{stage}:{folded}", stage, text if folded else "")


def _van(van: dict[str, Any]) -> Where:
    for part, mark in (("plate", ""), ("side", "side:")):
        plain = _SIGNS.sub("", van.get(part) or "").upper().translate(_PLATE)
        if plain:
            return Where(f"van:{mark}{plain}", "van", van[part])
    return Where("van:", "van", "")


UNKNOWN = Where("unknown:", "unknown", "")


def _append(found: list[Stay], stay: Stay) -> None:
    """Append a stay, or lengthen the last one when the place and the stage are the same."""
    if found and found[-1].where.key == stay.where.key and found[-1].stage == stay.stage:
        last = found[-1]
        found[-1] = replace(last, until=stay.until, stated_at=max(last.stated_at, stay.stated_at), order=stay.order,
                            certainty=stay.certainty or last.certainty, where=stay.where)  # fmt: skip
        return
    if found and found[-1].until is None:
        found[-1] = replace(found[-1], until=stay.since)
    found.append(stay)


# Rows


def number_places(db: Database, wheres: Iterable[Where]) -> dict[str, int]:
    """Return the numbers of these places by their keys. Places that are new get a row."""
    wanted = {where.key: where for where in wheres}
    known = _load_numbers(db, wanted)
    fresh = [where for key, where in wanted.items() if key not in known]
    db.conn.executemany(_NEW, (_row(db, where) for where in fresh))
    return {**known, **_load_numbers(db, {where.key: where for where in fresh})}


def _load_numbers(db: Database, wanted: dict[str, Where]) -> dict[str, int]:
    found = (db.execute("SELECT number FROM place WHERE key = ?", [key]).fetchone() for key in wanted)
    return {key: row[0] for key, row in zip(wanted, found, strict=True) if row}


def _row(db: Database, where: Where) -> tuple[Any, ...]:
    known = db.execute(_STATION, [where.pack, where.station]).fetchone() if where.pack else None
    name, address, city, country, lat, lon, phone = known or ("", "", "", "", None, None, "")
    return (where.key, where.kind, name, address, city, country, lat, lon, phone, where.pack, where.station)


def rename(db: Database, numbers: Iterable[int]) -> None:
    """Name places that stand in no pack by the first of their spellings in the order of the alphabet: the same
    whatever came first."""
    db.conn.executemany(_RENAME, ((number,) for number in numbers))


_NEW = """INSERT INTO place (key, kind, name, address, city, country, lat, lon, phone, pack, station)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_STATION = "SELECT name, address, city, country, lat, lon, phone FROM station WHERE pack = ? AND id = ?"
_RENAME = """UPDATE place SET name = (SELECT min(words) FROM stay WHERE place = number AND words > '')
  WHERE number = ? AND lat IS NULL AND EXISTS (SELECT 1 FROM stay WHERE place = number AND words > '')"""


# Packs


def add_pack(db: Database, pack: Pack) -> None:
    """Add the stations of a pack, and every name they can be typed by."""
    towns = _find_towns([station.address for station in pack.stations])
    rows = (_station_row(pack, station, town) for station, town in zip(pack.stations, towns, strict=True))
    db.conn.executemany("INSERT OR REPLACE INTO station VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    names = (
        (" ".join(fold.tokens(name)), pack.about.id, station.id) for station in pack.stations for name in station.names
    )
    db.conn.executemany("INSERT INTO station_name VALUES (?, ?, ?)", names)


def _station_row(pack: Pack, station: PackStation, town: str) -> tuple[Any, ...]:
    return (pack.about.id, station.id, station.name, station.address, town, pack.about.country, station.lat,
            station.lon, station.phone)  # fmt: skip


def _find_towns(addresses: Sequence[str]) -> list[str]:
    """Return the town in each address. A pack does not say which part of an address is the town; it is the part that
    most of its addresses share and that is no street. Empty where no part is."""
    parts = [[_TOWN.sub("", part).strip() for part in address.split(",") if _is_town(part)] for address in addresses]
    spelt: dict[str, Counter[str]] = defaultdict(Counter)
    for part in (part for address_parts in parts for part in address_parts):
        spelt[part.casefold()][part] += 1
    shared = {key: found.total() for key, found in spelt.items()}
    written = (part for address in addresses for part in address.split(","))
    certain = {_TOWN.sub("", part).strip().casefold() for part in written if _TOWN.match(part)}

    def town(keys: Sequence[str]) -> str:
        best = max(keys, key=lambda key: (key in certain, shared[key]), default="")
        return spelt[best].most_common(1)[0][0] if best in certain or shared.get(best, 0) > 1 else ""

    return [town([part.casefold() for part in address_parts]) for address_parts in parts]


def _is_town(part: str) -> bool:
    plain = _TOWN.sub("", part).strip()
    return len(plain) >= _TOWN_LETTERS and not _STREET.search(plain)
