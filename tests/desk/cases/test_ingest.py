"""Letters and entries in any order, twice or at once, make the same database."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.desk.cases import board, database, ingest, queue, view
from client.desk.journal import entries as journal_entries
from client.desk.journal.entries import SamePerson, Unlinked
from client.organisation.records import RecordLetter
from tests.support.journal_entries import NOW, Journal, case_id, letter, person, station_report
from tests.support.soak import at_length
from tests.support.table_contents import contents

# Every order

NAMES = ("a", "b", "c")
STATIONS = ({"text": "ОВД Тверской"}, {"text": "Тверское ОВД"}, {"pack": "x", "id": "1", "text": "ОВД Арбат"})
values = {
    "people": st.sampled_from([0, 1, 2, 30, 100_000, -1, "many", True]),
    "stage": st.sampled_from(["van", "station", "court", "released", "unknown", "free", "nowhere", None]),
    "station": st.sampled_from([*STATIONS, [*STATIONS], [], "ОВД", None]),
    "van": st.sampled_from([{"plate": "А123ВС"}, {"side": "7"}, {}, None]),
    "minors": st.sampled_from([True, False, None, 3]),
    "name": st.sampled_from(["Иванов", "Ivanov Ivan", "", None, 5]),
    "lawyer": st.sampled_from([{"asked": True}, {"given": True, "when": 3}, {"refused": True}, None]),
    "place": st.sampled_from([{"lat": 5575000, "lon": 3761000, "age": 30}, {"text": "у метро"}, None]),
    "phone_taken": st.sampled_from([True, False]),
    "coerced": st.just(True),
    "event": st.sampled_from(["Манежная", "манежная!"]),
    "account": st.text(max_size=20),
    "languages": st.sampled_from([["ru"], [], ["kk", "ru"]]),
    "nonsense": st.recursive(
        st.none() | st.integers(-(2**63), 2**63), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ),
}
facts = st.fixed_dictionaries({}, optional=values)
times = st.integers(NOW - 50, NOW + 5_000)
letters = st.builds(
    lambda case, fields, at, seq, pulled, kind, when, committed, practice, id_: letter(
        case,
        fields,
        at=at,
        seq=seq,
        pulled=pulled,
        kind=kind,
        when=when,
        committed=committed,
        practice=practice,
        id=id_,
    ),
    st.sampled_from(NAMES),
    facts,
    times,
    st.integers(0, 3),
    times,
    st.sampled_from(["report", "amend"]),
    st.dictionaries(st.sampled_from(list(values)), times | st.sampled_from([-1, "noon", None, 2**60]), max_size=2),
    st.booleans(),
    st.sampled_from([False, False, True]),
    st.sampled_from([case_id("one"), case_id("two"), case_id("three")]),
)
cases = st.sampled_from(NAMES).map(case_id)
persons = st.builds(person, st.sampled_from(NAMES), st.integers(0, 2))
anybody = st.just("") | persons
lawyer_states = st.sampled_from(["on_way", "inside", "none"])
officials = st.just(case_id("official"))
actions = st.one_of(
    st.builds(journal_entries.Viewed, case=cases),
    st.builds(journal_entries.Noted, case=cases, text=st.sampled_from(["позвонить", ""])),
    st.builds(journal_entries.Assigned, case=cases, to=st.sampled_from(["Vera", ""])),
    st.builds(journal_entries.Marked, case=cases, status=st.sampled_from(["new", "open", "waiting", "closed"])),
    st.builds(
        journal_entries.Stated,
        case=cases,
        facts=facts,
        source=st.sampled_from(["", "phone"]),
        person=st.just("") | persons,
    ),
    st.builds(journal_entries.Named, case=cases, person=persons, name=st.sampled_from(["Петров", "Анна"]), facts=facts),
    st.builds(
        journal_entries.Lawyer,
        case=cases,
        state=st.sampled_from(["on_way", "inside", "none"]),
        person=st.none() | persons,
    ),
    st.builds(journal_entries.Confirmed, case=cases, how=st.just("seen"), person=st.none() | persons),
    st.builds(journal_entries.SamePerson, a=persons, b=persons),
    st.builds(journal_entries.DifferentPerson, a=persons, b=persons),
    st.builds(journal_entries.SameGroup, a=cases, b=cases),
    st.builds(journal_entries.ClockSet, case=cases, clock=st.just("administrative"), stopped=st.none() | times),
    st.builds(
        journal_entries.Official,
        id=st.just(case_id("official")),
        name=st.sampled_from(["", "Сидоров"]),
        badge=st.just("7"),
    ),
    st.builds(journal_entries.Linked, official=st.just(case_id("official")), case=cases, part=st.just("arrested")),
    st.integers(0, 20),  # an Unlinked of the entry so far back
)


def journal(drawn: list) -> list[journal_entries.Entry]:
    """Entries of two sessions that do not know of each other; a number takes back an earlier one."""
    desks, found = (Journal(1), Journal(2)), []
    for at, action in enumerate(drawn):
        if isinstance(action, int):
            if not found:
                continue
            action = Unlinked(entry=found[action % len(found)].id)  # noqa: PLW2901
        if isinstance(action, journal_entries.Stated | journal_entries.Named) and getattr(action, "person", ""):
            action = msgspec.structs.replace(action, case=action.person.partition("#")[0])  # noqa: PLW2901
        found.append(desks[at % 2].write(action, at=NOW + at * 7 % 50))
    return found


@st.composite
def piles(draw, most: int = 6) -> list[RecordLetter]:
    """Letters, and copies of them that came another way."""
    found = draw(st.lists(letters, max_size=most))
    if found:
        copies = st.builds(
            lambda drawn, right, last, pulled, hash_: RecordLetter(drawn.content, right, hash_, last, pulled),
            st.sampled_from(found),
            st.booleans(),
            st.booleans(),
            times,
            st.sampled_from([bytes(32), b"\1" * 32]),
        )
        found += draw(st.lists(copies, max_size=4))
    return found


@given(piles(), st.lists(actions, max_size=10).map(journal), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=at_length(30, 300))
def test_any_order_makes_the_same_database(letters, entries, rng):
    built = contents(database.build(letters, entries, country="RU"))
    db = database.create(country="RU")
    steps = [*((ingest.add_letter, letter) for letter in letters), *((ingest.add_entry, entry) for entry in entries)]
    rng.shuffle(steps)
    for step, item in steps:
        step(db, item)
    for step, item in steps[: len(steps) // 2]:
        step(db, item)  # twice is harmless
    assert contents(db) == built


@given(piles(), st.lists(actions, max_size=8).map(journal))
@settings(deadline=None, max_examples=at_length(20, 200))
def test_every_view_of_whatever_came_can_be_shown(letters, entries):
    db = database.build(letters, entries, country="RU")
    assert board.load_board(db, NOW).total.reported >= 0
    shown = [view.load_case(db, case) for case in view.list_case_ids(db, practice=True)]
    assert len(queue.load_queue(db, NOW, status="new").items) <= len(shown)
    for case in shown:
        assert len(case.timeline) >= len({(fact.person, fact.field) for fact in case.timeline})
    assert len(view.load_history(db, 0, 100)[0]) == len(entries)


# Copies


def test_a_letter_that_comes_twice_stands_once():
    db = database.build([station_report("a"), station_report("a")], [])
    assert len(view.load_case(db, case_id("a")).letters) == 1


def test_the_copy_whose_commitment_is_right_takes_the_place_of_the_other():
    false = letter("a", {"people": 1}, committed=False, pulled=NOW + 5)
    honest = letter("a", {"people": 1}, pulled=NOW + 9)
    for order in ([false, honest], [honest, false]):
        (letters,) = view.load_case(database.build(order, []), case_id("a")).letters
        assert letters.flags == ()
        assert letters.pulled == NOW + 5  # that is when the words came


def test_a_false_commitment_is_told():
    db = database.build([letter("a", {"people": 1}, committed=False)], [])
    assert view.load_case(db, case_id("a")).flags == ("mismatch",)


def test_the_last_resort_key_is_told():
    first = letter("a", {"people": 1})
    copy = RecordLetter(first.content, True, first.envelope_hash, True, first.pulled)
    assert view.load_case(database.build([copy], []), case_id("a")).flags == ("last_resort",)


# Time


def test_a_clock_that_is_ahead_does_not_have_the_last_word_for_ever():
    ahead = letter("a", {"stage": "released"}, seq=1, at=NOW + 10**9, pulled=NOW + 100)
    true = letter("a", {"stage": "court"}, seq=2, at=NOW + 200, pulled=NOW + 300)
    shown = view.load_case(database.build([station_report("a"), ahead, true], []), case_id("a"))
    assert shown.facts["stage"] == "court"
    assert shown.heard == NOW + 200
    assert shown.flags == ("clock_ahead",)


def test_what_happened_in_the_future_happened_when_it_came():
    odd = letter("a", {"stage": "court"}, seq=1, at=NOW + 60, pulled=NOW + 90, when={"stage": NOW + 10**9})
    true = letter("a", {"stage": "station"}, seq=2, at=NOW + 200, pulled=NOW + 300)
    shown = view.load_case(database.build([station_report("a"), odd, true], []), case_id("a"))
    assert shown.place.kind == "station"


def test_who_was_moved_is_where_it_happened_last_not_where_it_was_said_last():
    court = letter("a", {"stage": "court"}, seq=1, at=NOW + 60)
    late = letter(
        "a", {"stage": "station", "station": {"text": "ОВД Арбат"}}, seq=2, at=NOW + 90, when={"station": NOW - 60}
    )
    shown = view.load_case(database.build([station_report("a"), court, late], []), case_id("a"))
    assert shown.place.stage == "court"
    assert [stay.name for stay in shown.persons[0].stays] == ["ОВД Арбат", "ОВД Тверской", ""]


def test_a_number_that_is_huge_gives_nobody_the_last_word():
    hijack = letter("a", {"stage": "released"}, seq=2**53 - 1, at=NOW + 60)
    owner = letter("a", {"stage": "court"}, seq=1, at=NOW + 90)
    shown = view.load_case(database.build([station_report("a"), hijack, owner], []), case_id("a"))
    assert shown.facts["stage"] == "court"


# Liars


def test_two_messages_that_claim_one_number_are_told_and_both_stay():
    first = letter("a", {"stage": "court"}, seq=3, at=NOW + 60)
    other = letter("a", {"stage": "released"}, seq=3, at=NOW + 90)
    db = database.build([station_report("a"), first, other], [])
    shown = view.load_case(db, case_id("a"))
    assert shown.flags == ("same_number",)
    assert [fact.value for fact in shown.timeline if fact.field == "stage"] == ["station", "court", "released"]
    assert "disputed" in queue.load_queue(db, NOW).items[0].reasons


def test_messages_of_one_sending_may_share_a_number():
    first = letter("a", {"stage": "court"}, seq=3, at=NOW + 60)
    other = letter("a", {"minors": 2}, seq=3, at=NOW + 60)
    assert view.load_case(database.build([station_report("a"), first, other], []), case_id("a")).flags == ()


def test_a_second_report_of_the_same_case_is_told():
    db = database.build([station_report("a"), station_report("a", place="ОВД Арбат", at=NOW + 60)], [])
    assert "second_report" in view.load_case(db, case_id("a")).flags


def test_a_report_sealed_again_for_another_week_is_no_quarrel():
    letters = [letter("a", {"name": "Иванов"}), letter("a", {"name": "Иванов"}, id=case_id("again"))]
    assert view.load_case(database.build(letters, []), case_id("a")).flags == ()


def test_a_message_id_used_twice_is_told_in_both_cases():
    db = database.build([letter("a", {}, id=case_id("x")), letter("b", {}, id=case_id("x"))], [])
    assert [view.load_case(db, case_id(name)).flags for name in "ab"] == [("same_id",), ("same_id",)]
    db = database.build([letter("a", {}, id=case_id("x"))], [])
    ingest.add_letter(db, letter("b", {}, id=case_id("x")))
    assert [view.load_case(db, case_id(name)).flags for name in "ab"] == [("same_id",), ("same_id",)]


def test_an_amendment_without_a_report_is_told_until_the_report_comes():
    db = database.build([letter("a", {"stage": "court"}, seq=1)], [])
    assert view.load_case(db, case_id("a")).flags == ("before_report",)
    ingest.add_letter(db, station_report("a", at=NOW - 60))
    assert view.load_case(db, case_id("a")).flags == ()


def test_what_is_said_after_the_phone_was_taken_is_told():
    taken_away = letter("a", {"phone_taken": True}, seq=1, at=NOW + 60)
    after = letter("a", {"stage": "released"}, seq=2, at=NOW + 90)
    shown = view.load_case(database.build([station_report("a"), taken_away, after], []), case_id("a"))
    assert [row.flags for row in shown.letters] == [(), (), ("after_taken",)]


def test_what_does_not_fit_is_shown_and_does_not_hold():
    odd = letter("a", {"people": "all of us", "people_x": 7, "stage": ["van"]}, seq=1, at=NOW + 60)
    shown = view.load_case(database.build([station_report("a", people=3), odd], []), case_id("a"))
    assert shown.people == 3
    assert {fact.field: fact.value for fact in shown.timeline if not fact.fits} == {
        "people": "all of us",
        "people_x": 7,
        "stage": ["van"],
    }


def test_words_of_a_hundred_thousand_letters_are_shown_and_searched():
    shown = view.load_case(
        database.build([letter("a", {"account": "щ" * 100_000, "x": {"y" * 1000: 10**40}})], []), case_id("a")
    )
    assert len(shown.timeline[0].value) == 100_000


@pytest.mark.parametrize("content", [b"", b"x" * 40, b"\0" * 100])
def test_what_is_no_letter_is_left_out(content):
    db = database.build([RecordLetter(content, True, bytes(32), False, NOW), station_report("a")], [])
    assert view.list_case_ids(db) == [case_id("a")]


# All or nothing


def test_an_entry_that_fails_leaves_nothing_behind(monkeypatch):
    db = database.build([station_report("a"), station_report("b")], [])
    before = contents(db)
    monkeypatch.setattr("client.desk.cases.groups.count_heads", lambda near: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ingest.add_entry(db, Journal().write(SamePerson(a=person("a"), b=person("b"))))
    monkeypatch.undo()
    assert contents(db) == before


def test_numbers_stay_as_long_as_the_desk_is_open():
    db = database.build([station_report(name) for name in "abc"], [])
    before = {name: view.find_case_number(db, case_id(name)) for name in "abc"}
    ingest.add_letter(db, station_report("d"))
    ingest.add_letters(db, [letter(name, {"minors": 1}, seq=1) for name in "cab"])
    assert {name: view.find_case_number(db, case_id(name)) for name in "abc"} == before
    assert view.find_case_id(db, view.find_case_number(db, case_id("d"))) == case_id("d")
