"""What runs out first, and whether anybody really knows."""

import json
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desk.deadlines.clocks import HOUR, Setting, TimedFact, find_clocks, find_soonest, list_countries, load_table
from client.report import sort_facts

RU = load_table("RU")
NIGHT = int(datetime(2026, 11, 20, 16, 0, tzinfo=UTC).timestamp())  # 19:00 in Moscow


def clocks(*facts, limits=RU, settings=None):
    return {clock.key: clock for clock in find_clocks(facts, limits, settings)}


def detained(time, precision="exact", said_at=NIGHT):
    return TimedFact("detained_at", {"time": time, "precision": precision}, said_at)


def test_three_hours_run_from_the_arrival_at_the_station_and_not_from_the_arrest():
    found = clocks(detained(NIGHT - 2 * HOUR), TimedFact("stage", "station", NIGHT, NIGHT - HOUR))
    assert (found["administrative"].starts, found["administrative"].certain) == (NIGHT - HOUR, True)
    assert found["administrative"].ends == NIGHT + 2 * HOUR
    assert found["administrative-arrest"].ends == NIGHT + 47 * HOUR
    assert found["criminal-judge"].ends == NIGHT + 46 * HOUR


def test_without_an_arrival_they_run_from_the_arrest_and_say_so():
    found = clocks(detained(NIGHT - 2 * HOUR))
    assert (found["administrative"].ends, found["administrative"].certain) == (NIGHT + HOUR, False)
    assert found["criminal-judge"].certain


def test_what_happened_goes_before_what_was_only_said():
    said_late = TimedFact("stage", "station", NIGHT)
    assert clocks(said_late)["administrative"].starts == NIGHT
    assert not clocks(said_late)["administrative"].certain
    known = clocks(said_late, TimedFact("station", {"text": "ОВД", "from": NIGHT - 5 * HOUR}, NIGHT))
    assert (known["administrative"].starts, known["administrative"].certain) == (NIGHT - 5 * HOUR, True)
    assert clocks(said_late, detained(NIGHT - 4 * HOUR))["administrative"].starts == NIGHT - 4 * HOUR


def test_of_a_day_the_beginning_counts_where_the_law_holds():
    found = clocks(detained(NIGHT, "day", said_at=NIGHT + HOUR))["criminal-judge"]
    assert (datetime.fromtimestamp(found.starts, UTC).isoformat(), found.certain) == (
        "2026-11-19T21:00:00+00:00",
        False,
    )
    hour = clocks(detained(NIGHT + 1_500, "hour", said_at=NIGHT + HOUR))["criminal-judge"]
    assert (hour.starts, hour.certain) == (NIGHT, False)


def test_the_newest_statement_of_the_time_holds():
    found = clocks(detained(NIGHT - 9 * HOUR, said_at=NIGHT), detained(NIGHT - 2 * HOUR, said_at=NIGHT + 60))
    assert found["criminal-judge"].starts == NIGHT - 2 * HOUR


def test_moved_to_another_station_the_first_arrival_counts():
    stays = [{"text": "A", "from": NIGHT - 3 * HOUR, "to": NIGHT - HOUR}, {"text": "B", "from": NIGHT - HOUR}]
    assert clocks(TimedFact("station", stays, NIGHT))["administrative"].starts == NIGHT - 3 * HOUR


def test_a_release_stops_every_clock_and_a_court_those_that_wait_for_a_judge():
    before = [detained(NIGHT), TimedFact("stage", "station", NIGHT, NIGHT)]
    at_court = clocks(*before, TimedFact("stage", "court", NIGHT + 20 * HOUR))
    assert at_court["criminal-judge"].stopped == NIGHT + 20 * HOUR
    assert at_court["administrative"].stopped is None
    released = clocks(*before, TimedFact("stage", "released", NIGHT + 5 * HOUR, NIGHT + 4 * HOUR))
    assert {clock.stopped for clock in released.values()} == {NIGHT + 4 * HOUR}
    assert find_soonest(released.values(), NIGHT) is None


def test_taken_again_the_clocks_begin_again():
    found = clocks(
        detained(NIGHT - 30 * HOUR, said_at=NIGHT - 30 * HOUR),
        TimedFact("stage", "station", NIGHT - 30 * HOUR, NIGHT - 30 * HOUR),
        TimedFact("stage", "released", NIGHT - 20 * HOUR),
        TimedFact("stage", "van", NIGHT, NIGHT),
    )
    assert (found["criminal-judge"].starts, found["criminal-judge"].stopped) == (NIGHT, None)


def test_the_caseworker_knows_better():
    known = Setting(starts=NIGHT - HOUR, stopped=None)
    found = clocks(TimedFact("stage", "station", NIGHT), settings={"administrative": known})
    assert (found["administrative"].starts, found["administrative"].certain) == (NIGHT - HOUR, True)
    assert clocks(settings={"administrative": known}).keys() == {"administrative"}
    stopped = clocks(detained(NIGHT), settings={"criminal-judge": Setting(stopped=NIGHT + HOUR)})
    assert stopped["criminal-judge"].stopped == NIGHT + HOUR
    assert stopped["administrative"].stopped is None


def test_nothing_happens_after_it_was_told():
    found = clocks(TimedFact("stage", "station", NIGHT, NIGHT + 9 * HOUR))["administrative"]
    assert (found.starts, found.certain) == (NIGHT, False)
    assert "criminal-judge" not in clocks(detained(2**53 - 1, "day"))


def test_the_soonest_is_the_next_to_run_out_and_when_all_have_the_last():
    found = find_clocks([detained(NIGHT, said_at=NIGHT)], RU)
    assert find_soonest(found, NIGHT).ends == NIGHT + 3 * HOUR
    assert find_soonest(found, NIGHT + 4 * HOUR).ends == NIGHT + 48 * HOUR
    over = find_soonest(found, NIGHT + 60 * HOUR)
    assert over.left(NIGHT + 60 * HOUR) == -12 * HOUR
    assert find_soonest([], NIGHT) is None


def test_nothing_known_no_clock_and_no_table_no_clock():
    assert clocks() == {}
    assert clocks(TimedFact("stage", "free", NIGHT)) == {}
    assert load_table("XX") is None
    assert find_clocks([detained(NIGHT)], None) == []


@pytest.mark.parametrize("country", list_countries())
def test_a_table_is_whole(country):
    limits = load_table(country.lower())
    keys = [rule.key for rule in limits.clocks]
    assert len(keys) == len(set(keys)) > 0
    for rule in limits.clocks:
        assert 0 < rule.hours <= 72
        assert rule.words.keys() == rule.law.keys() == {"ru", "en"}
        assert rule.condition.keys() in ({"ru", "en"}, set())
        assert rule.source.startswith("https://")
    assert {clock.key for clock in find_clocks([detained(NIGHT)], limits)} == set(keys)


def test_a_file_has_the_name_of_its_country():
    for entry in files("client.desk.deadlines").joinpath("tables").iterdir():
        assert json.loads(entry.read_text())["country"] == entry.name.removesuffix(".json").upper()


times = st.integers(min_value=0, max_value=2**53 - 1)
junk = st.recursive(
    st.none() | st.booleans() | times | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
stages = st.sampled_from(["free", "van", "station", "special_centre", "court", "hospital", "released", "unknown"])
values = st.one_of(
    st.tuples(st.just("stage"), stages | junk),
    st.tuples(
        st.just("detained_at"),
        st.fixed_dictionaries({"time": times}, optional={"precision": st.sampled_from(["exact", "hour", "day"])})
        | junk,
    ),
    st.tuples(
        st.just("station"),
        st.fixed_dictionaries({"from": times}) | st.lists(st.fixed_dictionaries({"from": times})) | junk,
    ),
)


@given(st.lists(st.tuples(values, times, st.none() | times)), st.randoms())
def test_whatever_is_told_in_whatever_order_the_clocks_are_the_same(drawn, random_bytes):
    facts = [TimedFact(name, value, said_at, happened_at) for (name, value), said_at, happened_at in drawn]
    fitting = [fact for fact in facts if sort_facts({fact.name: fact.value})[0]]
    find_clocks(facts, RU)
    found = find_clocks(fitting, RU)
    if len({fact.stated_at for fact in fitting}) == len(fitting):
        assert find_clocks(random_bytes.sample(fitting, len(fitting)), RU) == found
    assert all(clock.ends > clock.starts for clock in found)
