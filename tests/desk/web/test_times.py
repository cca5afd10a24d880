"""Times as they are read at the desk: its own zone, any number a stranger may send."""

from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desk.web.i18n import Speech
from client.desk.web.times import Times

NOW = 1_795_168_800  # 2026-11-20 10:00 UTC
MOSCOW = ZoneInfo("Europe/Moscow")


def times(language="en", zone=MOSCOW, now=NOW) -> Times:
    return Times(Speech(language), now, zone)


@pytest.mark.parametrize(
    ("at", "english", "russian"),
    [
        (NOW, "13:00", "13:00"),
        (NOW - 86_400, "19 Nov 13:00", "19 ноя 13:00"),
        (NOW - 400 * 86_400, "16 Oct 2025 13:00", "16 окт 2025 13:00"),
        (2**53, "time 9007199254740992", "время 9007199254740992"),
        (-(2**70), f"time {-(2**70)}", f"время {-(2**70)}"),
        (None, "", ""),
    ],
)
def test_a_time_in_words(at, english, russian):
    assert times().format_short(at).replace("\u00a0", " ") == english
    assert times("ru").format_short(at).replace("\u00a0", " ") == russian


def test_midnight_is_that_of_the_desk():
    late = NOW + 11 * 3_600 + 1_800  # 00:30 in Moscow, 21:30 in UTC
    assert times().format_short(late).startswith("21\u00a0Nov")
    assert times(zone=UTC).format_short(late) == "21:30"


@pytest.mark.parametrize(
    ("zone", "words"),
    [(MOSCOW, "MSK, UTC+03:00"), (timezone(timedelta(hours=-3, minutes=-30)), "UTC-03:30"), (UTC, "UTC+00:00")],
)
def test_the_zone_is_named(zone, words):
    assert times(zone=zone).zone == words


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (NOW + 3_660, "1:01 left"),
        (NOW, "0:00 left"),
        (NOW - 59, "over by 0:00"),
        (NOW - 7_260, "over by 2:01"),
        (NOW + 48 * 3_600 - 1, "47:59 left"),
        (NOW + 3 * 86_400, "3 d left"),
        (None, ""),
    ],
)
def test_how_long_is_left(ends, words):
    assert times().format_left(ends) == words


@given(st.integers(1_500_000_000, 4_000_000_000))
def test_what_a_field_shows_is_what_it_gives_back(at):
    assert times().parse_input(times().format_input(at)) == at // 60 * 60


@pytest.mark.parametrize("typed", ["yesterday", "2026-13-01T00:00", "\u0000", "2026-11-20T25:00"])
def test_what_is_no_time_is_refused(typed):
    with pytest.raises(ValueError, match=r"\S"):
        times().parse_input(typed)
    assert times().parse_input("") is None


@given(st.integers())
def test_no_number_makes_it_stumble(at):
    assert times().render_time(at)
    assert times().format_full(at)
