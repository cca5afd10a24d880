"""When the law says that a person must be let go or heard. Specified in `clocks.md`; the law itself stands
in one table per country, `tables/*.json`. Nothing here knows what time it is now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

HELD = frozenset({"van", "station", "special_centre", "court", "hospital"})
ARRIVED = frozenset({"station", "special_centre"})
OVER = frozenset({"released", "free"})

HOUR = 3_600


class TimedFact(NamedTuple):
    """One fact of a case as it was told: Unix seconds of when it was said and, if told, of when it happened."""

    name: str
    value: Any
    stated_at: int
    happened: int | None = None


class Setting(NamedTuple):
    """A caseworker's better knowledge: when a clock started, and that it was stopped (Unix seconds)."""

    starts: int | None = None
    stopped: int | None = None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One limit of one law. `begins` with the arrival at a station or with the detention itself; `until` the release,
    or a judge. `words`, `law` and `condition` by language.

    Specified in `client/desk/deadlines/clocks.md`, *A table*.
    """

    key: str
    hours: int
    begins: Literal["arrival", "detention"]
    until: Literal["release", "judge"]
    words: dict[str, str]
    law: dict[str, str]
    condition: dict[str, str]
    source: str


class DeadlineTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of one country. A day begins when it does in `zone`."""

    country: str
    zone: str
    clocks: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """One limit for one case. `certain`: the start is a time that was told as such, not the best that is known."""

    key: str
    words: Mapping[str, str]
    law: Mapping[str, str]
    condition: Mapping[str, str]
    starts: int
    ends: int
    certain: bool
    stopped: int | None = None

    def left(self, now: int) -> int:
        """Return the seconds until it runs out; below zero it is over."""
        return self.ends - now


class Start(NamedTuple):
    """The beginning of something (Unix seconds). `how`: `exact`; the beginning of the `hour` or `day` that was named;
    or `said`: it was said then and began at some time before."""

    at: int
    how: Literal["exact", "hour", "day", "said"] = "exact"


class _From(NamedTuple):
    at: int
    certain: bool


class _Detention(NamedTuple):
    """One time of being held: since the release before it, until its own release, with the court seen at a time."""

    since: int | None
    released: int | None
    court: int | None


def load_table(country: str) -> DeadlineTable | None:
    """Return the limits of a country (ISO 3166, two letters); None when there is no table."""
    return _load_tables().get(country.upper())


def list_countries() -> list[str]:
    """Return the countries that have a table (ISO 3166, two letters), sorted."""
    return sorted(_load_tables())


@cache
def _load_tables() -> dict[str, DeadlineTable]:
    found = (entry for entry in files(__package__).joinpath("tables").iterdir() if entry.name.endswith(".json"))
    tables = [msgspec.json.decode(entry.read_bytes(), type=DeadlineTable) for entry in found]
    return {table.country: table for table in tables}


def find_clocks(
    facts: Iterable[TimedFact], limits: DeadlineTable | None, settings: Mapping[str, Setting] | None = None
) -> list[Clock]:
    """Return the clocks of a case, soonest end first. Facts come in any order; a fact whose value does not fit is
    passed over.

    Specified in `client/desk/deadlines/clocks.md`, *When a clock starts*.
    """
    if limits is None:
        return []
    known, settings = list(facts), settings or {}
    spell = _find_detention(known)
    starts = _find_starts(known, ZoneInfo(limits.zone))
    clocks = (
        _make_clock(rule, starts[rule.begins], spell, settings.get(rule.key, Setting())) for rule in limits.clocks
    )
    return sorted((clock for clock in clocks if clock is not None), key=lambda clock: (clock.ends, clock.key))


def find_beginnings(facts: Iterable[TimedFact], zone: tzinfo) -> dict[str, Start | None]:
    """Return when the `detention` and the `arrival` at a station began, each as far as it is known by itself.

    Specified in `client/desk/deadlines/clocks.md`, *When a clock starts*.
    """
    known = list(facts)
    since = _find_detention(known).since
    now = [fact for fact in known if since is None or _find_start(fact).at > since]
    stages = [(_find_start(fact), fact.value) for fact in now if fact.name == "stage" and isinstance(fact.value, str)]
    arrivals = [moment for moment, stage in stages if stage in ARRIVED] + _find_station_times(now, since)
    detentions = [moment for moment, stage in stages if stage in HELD] + arrivals
    return {
        "arrival": _find_best(arrivals),
        "detention": _find_detained_at(known, since, zone) or _find_best(detentions),
    }


def find_soonest(clocks: Iterable[Clock], now: int) -> Clock | None:
    """Return the clock that runs out next; when all have run out, the last one that did. Stopped clocks do not count.
    None without any."""
    running = [clock for clock in clocks if clock.stopped is None]
    ahead = [clock for clock in running if clock.ends > now]
    if ahead:
        return min(ahead, key=lambda clock: clock.ends)
    return max(running, key=lambda clock: clock.ends, default=None)


def _make_clock(rule: Rule, start: _From | None, spell: _Detention, setting: Setting) -> Clock | None:
    if setting.starts is not None:
        start = _From(setting.starts, True)
    if start is None:
        return None
    stops = [setting.stopped, spell.released, spell.court if rule.until == "judge" else None]
    stopped = min((stop for stop in stops if stop is not None), default=None)
    ends = start.at + rule.hours * HOUR
    return Clock(rule.key, rule.words, rule.law, rule.condition, start.at, ends, start.certain, stopped)


def _find_start(fact: TimedFact) -> Start:
    """Return when a fact came to be. Nothing happens after it is said: such a time is a wrong clock's."""
    if fact.happened is None or fact.happened > fact.stated_at:
        return Start(fact.stated_at, "said")
    return Start(fact.happened)


def _find_detention(facts: list[TimedFact]) -> _Detention:
    """Return the start of the last detention, from the facts about the stage."""
    since = released = court = None
    is_held = False
    stages = sorted(
        (_find_start(fact).at, fact.value) for fact in facts if fact.name == "stage" and isinstance(fact.value, str)
    )
    for at, stage in stages:
        if stage in OVER:
            released = at if is_held and released is None else released
        elif stage in HELD:
            if released is not None:
                since, released, court = released, None, None
            is_held = True
            court = at if stage == "court" and court is None else court
    return _Detention(since, released, court)


def _find_starts(facts: list[TimedFact], zone: tzinfo) -> dict[str, _From | None]:
    """Return the times from which the law counts. What happened goes before what was only said: the first message from
    a station may come hours after the door closed, and an arrest that is known is nearer to the arrival than that."""
    known = find_beginnings(facts, zone)
    arrival, detention = known["arrival"], known["detention"]
    is_better = detention is not None and detention.how != "said"
    if arrival is None or (arrival.how == "said" and is_better):
        at = None if detention is None else _From(detention.at, False)
    else:
        at = _From(arrival.at, arrival.how == "exact")
    return {"arrival": at, "detention": detention and _From(detention.at, detention.how == "exact")}


def _find_best(moments: list[Start]) -> Start | None:
    """Return the earliest start that happened, else the earliest that was said."""
    return min(moments, key=lambda moment: (moment.how == "said", moment.at), default=None)


def _find_station_times(facts: list[TimedFact], since: int | None) -> list[Start]:
    """Return the times from which the person was at a station: as its `from` says, else when the fact happened or was
    said."""
    found = []
    for fact in facts:
        if fact.name != "station":
            continue
        for station in fact.value if isinstance(fact.value, list) else [fact.value]:
            at = station.get("from") if isinstance(station, dict) else None
            if isinstance(at, int) and at <= fact.stated_at:
                found.append(Start(at))
            elif not isinstance(fact.value, list):
                found.append(_find_start(fact))
    return [moment for moment in found if since is None or moment.at > since]


def _find_detained_at(facts: list[TimedFact], since: int | None, zone: tzinfo) -> Start | None:
    """Return the beginning that was last said in so many words. Of an hour or a day the beginning counts: it errs on
    the person's side."""
    for fact in sorted(facts, key=lambda fact: fact.stated_at)[::-1]:
        value = fact.value
        if fact.name != "detained_at" or not isinstance(value, dict) or not isinstance(value.get("time"), int):
            continue
        start = _round_down(value["time"], value.get("precision", "exact"), zone)
        if start.at <= fact.stated_at and (since is None or value["time"] > since):
            return start if since is None else start._replace(at=max(start.at, since))
    return None


def _round_down(time: int, precision: Any, zone: tzinfo) -> Start:
    if precision not in ("hour", "day"):
        return Start(time)
    try:
        local = datetime.fromtimestamp(time, zone)
    except (ValueError, OverflowError, OSError):
        return Start(time, "day")
    whole = local.replace(minute=0, second=0) if precision == "hour" else local.replace(hour=0, minute=0, second=0)
    return Start(int(whole.timestamp()), "hour" if precision == "hour" else "day")
