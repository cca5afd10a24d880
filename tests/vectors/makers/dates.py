"""Vectors of the rule by which signed hours bear out a clock (client/folders.md, "The date")."""

from collections.abc import Iterator

from keys.wire import DAY_SECONDS, HOUR_SECONDS, WEEK_SECONDS
from tests.vectors.makers.inputs import NOW, Vector

SILENT = "relay-unreachable"


def dates() -> Iterator[Vector]:
    """What each relay answers as seconds ahead of us and the name of the key that signed, or an error's code."""

    def vector(name: str, *relays: tuple[int, str] | str, known_keys: int = 0, **result: int | bool) -> Vector:
        hours = [
            relay
            if isinstance(relay, str)
            else {"hour": (NOW + relay[0]) // HOUR_SECONDS * HOUR_SECONDS, "key": relay[1]}
            for relay in relays
        ]
        return {"name": name, "expect": "ok", "now": NOW, "known_keys": known_keys, "hours": hours, **result}

    def confirmed(agreeing: int, needed: int) -> dict[str, int | bool]:
        return {"agreeing": agreeing, "needed": needed, "confirmed": True, "contradicted": False}

    def doubted(agreeing: int, needed: int, *, contradicted: bool = False) -> dict[str, int | bool]:
        return {"agreeing": agreeing, "needed": needed, "confirmed": False, "contradicted": contradicted}

    yield vector("one_of_one", (0, "a"), **confirmed(1, 1))
    yield vector("the_only_one_is_silent", SILENT, **doubted(0, 1))
    yield vector("two_of_two", (0, "a"), (0, "b"), **confirmed(2, 2))
    yield vector("one_of_two_is_silent", (0, "a"), SILENT, **doubted(1, 2))
    yield vector("one_of_three_is_silent", (0, "a"), (0, "b"), SILENT, **confirmed(2, 2))
    yield vector("two_of_three_are_silent", (0, "a"), SILENT, SILENT, **doubted(1, 2))
    yield vector("one_of_three_two_days_off", (0, "a"), (0, "b"), (2 * DAY_SECONDS, "c"), **confirmed(2, 2))
    yield vector("one_of_three_eight_days_ahead", (0, "a"), (0, "b"), (8 * DAY_SECONDS, "c"), **doubted(2, 2))
    yield vector("one_of_three_eight_days_behind", (0, "a"), (0, "b"), (-8 * DAY_SECONDS, "c"), **doubted(2, 2))
    ahead = [(-6 * WEEK_SECONDS, key) for key in "abc"]
    yield vector("this_clock_six_weeks_ahead", *ahead, **doubted(0, 2, contradicted=True))
    yield vector("and_one_that_lies_with_it", *ahead[:2], (0, "c"), **doubted(1, 2, contradicted=True))
    yield vector(
        "each_another_date", *((weeks * WEEK_SECONDS, "abc"[weeks - 2]) for weeks in (2, 3, 4)), **doubted(0, 2)
    )
    yield vector("a_day_ahead", (DAY_SECONDS, "a"), **confirmed(1, 1))
    yield vector("a_day_and_an_hour_ahead", (DAY_SECONDS + HOUR_SECONDS, "a"), **doubted(0, 1, contradicted=True))
    yield vector("two_addresses_of_one_relay", (0, "a"), (0, "a"), known_keys=1, **confirmed(1, 1))
    yield vector("a_relay_in_the_name_of_another", (0, "a"), (0, "a"), known_keys=2, **doubted(1, 2))
