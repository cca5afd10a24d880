"""Nobody is counted twice, and nothing that one report claims alone wrecks the sums."""

from hypothesis import given, settings
from hypothesis import strategies as st

from client.desk.cases import board, database, ingest
from client.desk.journal.entries import (
    Confirmed,
    DifferentGroup,
    DifferentPerson,
    Named,
    SameGroup,
    SamePerson,
    Stated,
    Unlinked,
)
from tests.support.journal_entries import NOW, Journal, case_id, letter, person, station_report
from tests.support.second_count import BELIEVED, ExpectedCount, Report
from tests.support.soak import at_length


def total(letters, entries=()):
    return board.load_board(database.build(letters, entries), NOW).total


def counts(db):
    """Heads and claims at each place, the released too."""
    rows = db.execute(
        "SELECT CASE WHEN held THEN place.name ELSE stage END, sum(heads), sum(claimed) FROM unit JOIN place "
        "ON place = place.number GROUP BY 1"
    )
    return {place or "unknown": (heads, claimed) for place, heads, claimed in rows if heads or claimed}


# One person, one van


def test_a_report_of_one_counts_one():
    assert total([station_report("a")]).reported == 1


def test_a_van_of_twenty_counts_twenty():
    assert total([station_report("a", people=20)]).reported == 20


def test_people_are_counted_as_last_said():
    assert total([station_report("a", people=5), letter("a", {"people": 7}, seq=1, at=NOW + 60)]).reported == 7


def test_a_report_of_nobody_still_is_about_somebody():
    assert total([station_report("a", people=0)]).reported == 1


def test_one_man_in_two_reports_counts_once():
    same = Journal().all(SamePerson(a=person("a"), b=person("b")))
    assert total([station_report("a"), station_report("b")], same).reported == 1


def test_who_sits_in_a_reported_van_counts_once():
    journal = Journal().all(SameGroup(a=case_id("van"), b=case_id("man")))
    found = total([station_report("van", people=20, role="witness"), station_report("man")], journal)
    assert found.reported == 20


def test_two_reports_of_one_van_count_the_larger_number():
    journal = Journal().all(SameGroup(a=case_id("a"), b=case_id("b")))
    assert total([station_report("a", people=20), station_report("b", people=12)], journal).reported == 20


def test_persons_named_in_a_van_come_out_of_its_number():
    journal = Journal().all(*(Named(case=case_id("a"), person=person("a", k), name=f"N{k}") for k in (1, 2, 3)))
    assert total([station_report("a", people=20)], journal).reported == 20
    assert total([station_report("a", people=20)], journal).named == 3


def test_more_persons_than_were_reported_all_count():
    journal = Journal().all(*(Named(case=case_id("a"), person=person("a", k), name=f"N{k}") for k in (1, 2, 3)))
    assert total([station_report("a", people=2)], journal).reported == 4


def test_practice_presses_never_count():
    found = board.load_board(database.build([station_report("a"), letter("b", {"people": 9}, practice=True)], []), NOW)
    assert (found.total.reported, found.practice) == (1, 1)


def test_a_practice_press_that_is_linked_still_counts_nobody():
    journal = Journal().all(SamePerson(a=person("a"), b=person("b")), SameGroup(a=case_id("a"), b=case_id("b")))
    assert total([station_report("a"), letter("b", {"people": 9}, practice=True)], journal).reported == 1


def test_a_practice_press_does_not_make_two_people_one():
    journal = Journal().all(SamePerson(a=person("a"), b=person("p")), SamePerson(a=person("p"), b=person("b")))
    assert total([station_report("a"), station_report("b"), letter("p", {}, practice=True)], journal).reported == 2


def test_practice_letters_in_a_real_case_say_nothing_that_holds():
    letters = [station_report("a"), letter("a", {"people": 9, "stage": "released"}, seq=1, at=NOW + 60, practice=True)]
    found = board.load_board(database.build(letters, []), NOW)
    assert (found.total.reported, found.released) == (1, 0)


def test_released_people_stand_apart():
    letters = [station_report("a"), letter("a", {"stage": "released"}, seq=1, at=NOW + 60)]
    found = board.load_board(database.build(letters, []), NOW)
    assert (found.total.reported, found.released) == (0, 1)


# Claims


def test_one_report_is_believed_up_to_a_vanful():
    found = total([station_report("a", people=100_000), station_report("b", people=3)])
    assert (found.reported, found.claimed) == (BELIEVED + 3, 100_000 - BELIEVED)


def test_a_row_with_a_claim_is_flagged():
    found = board.load_board(database.build([station_report("a", people=100_000)], []), NOW)
    assert [row.is_flagged for row in found.rows] == [True]


def test_what_two_reports_say_is_believed():
    journal = Journal().all(SameGroup(a=case_id("a"), b=case_id("b")))
    found = total([station_report("a", people=100_000), station_report("b", people=200)], journal)
    assert (found.reported, found.claimed) == (200, 99_800)


def test_what_a_caseworker_confirmed_is_believed():
    journal = Journal().all(Confirmed(case=case_id("a"), how="phone call to the station"))
    found = total([station_report("a", people=200)], journal)
    assert (found.reported, found.claimed, found.confirmed) == (200, 0, 200)


def test_a_claim_of_minors_is_bounded_by_the_people():
    assert total([station_report("a", minors=100_000)]).minors == 1
    assert total([station_report("a", people=100_000, minors=100_000)]).minors == BELIEVED


# Minors, injured, lawyers, sources


def test_yes_counts_as_one_minor_and_a_number_as_that_many():
    assert total([station_report("a", people=20, minors=True), station_report("b", people=20, minors=3)]).minors == 4


def test_a_minor_in_two_reports_counts_once():
    same = Journal().all(SamePerson(a=person("a"), b=person("b")))
    assert total([station_report("a", minors=True), station_report("b", minors=1)], same).minors == 1


def test_a_minor_known_by_name_is_one_of_the_vans():
    journal = Journal().all(SameGroup(a=case_id("van"), b=case_id("child")))
    assert (
        total([station_report("van", people=20, minors=2), station_report("child", minors=True)], journal).minors == 2
    )


def test_two_minors_of_twenty_stay_when_the_reporter_is_released():
    freed = Stated(case=case_id("a"), facts={"stage": "released"}, source="she", person=person("a"))
    assert total([station_report("a", people=20, minors=2)], Journal().all(freed)).minors == 2


def test_two_reports_confirm_one_man():
    assert total([station_report("a"), station_report("b")]).confirmed == 0
    same = Journal().all(SamePerson(a=person("a"), b=person("b")))
    assert total([station_report("a"), station_report("b")], same).confirmed == 1


def test_a_second_report_of_a_van_confirms_no_more_than_it_says():
    journal = Journal().all(SameGroup(a=case_id("a"), b=case_id("b")))
    assert (
        total([station_report("a", people=20), station_report("b", people=12)], journal).confirmed == 10
    )  # 12 less the two persons


def test_a_caseworkers_source_confirms_but_a_spelling_does_not():
    heard = Stated(case=case_id("a"), facts={"stage": "station"}, source="phone call to the station")
    spelt = Stated(case=case_id("a"), facts={"name": "Иванов"}, source="his mother")
    assert total([station_report("a")], Journal().all(heard)).confirmed == 1
    assert total([station_report("a")], Journal().all(spelt)).confirmed == 0


# Undoing


def test_unmerging_gives_the_same_board():
    letters = [
        station_report("a", people=9, minors=2),
        station_report("b", place="ОВД Арбат"),
        station_report("c", people=4),
    ]
    journal = Journal()
    links = journal.all(
        SamePerson(a=person("a"), b=person("b")),
        SamePerson(a=person("b"), b=person("c")),
        SameGroup(a=case_id("a"), b=case_id("c")),
    )
    unlinking = journal.all(*(Unlinked(entry=link.id) for link in links))
    before = board.load_board(database.build(letters, []), NOW)
    merged = board.load_board(database.build(letters, links), NOW)
    after = database.build(letters, links)
    ingest.add_entries(after, unlinking)
    assert merged.total != before.total
    assert by_name(board.load_board(after, NOW)) == by_name(before)


def test_saying_different_after_saying_same_parts_them():
    journal = Journal().all(SamePerson(a=person("a"), b=person("b")), DifferentPerson(a=person("b"), b=person("a")))
    assert total([station_report("a"), station_report("b")], journal).reported == 2


def test_a_confirmation_can_be_taken_back():
    journal = Journal()
    confirmed = journal.write(Confirmed(case=case_id("a"), how="phone call"))
    unlinking = journal.write(Unlinked(entry=confirmed.id))
    for order in ([confirmed, unlinking], [unlinking, confirmed]):
        assert total([station_report("a", people=200)], order).claimed == 140


def test_two_vans_that_were_taken_for_one_are_two_again():
    same, different = SameGroup(a=case_id("a"), b=case_id("b")), DifferentGroup(a=case_id("a"), b=case_id("b"))
    letters = [station_report("a", people=20), station_report("b", people=20)]
    assert total(letters, Journal().all(same)).reported == 20
    assert total(letters, Journal().all(same, different)).reported == 40


def by_name(found: board.Board):
    return found.total, [(row.place.name, row.count, row.clock_ends, row.heard) for row in found.rows]


# Against a second, naive count

PLACES = ("ОВД Арбат", "ОВД Тверской", "released", "unknown")
NAMES = "abcdef"

reports = st.builds(
    Report,
    name=st.none(),
    people=st.sampled_from([0, 1, 1, 2, 3, 20, 60, 61, 500]),
    where=st.sampled_from(PLACES),
    since=st.integers(1, 500),
    minors=st.just(0),
    practice=st.sampled_from([False, False, False, True]),
    named=st.sets(st.integers(1, 3), max_size=2),
    is_confirmed=st.sampled_from([False, False, True]),
)
ends = st.tuples(st.sampled_from(NAMES), st.sampled_from([0, 0, 0, 1, 2]))


@st.composite
def worlds(draw) -> ExpectedCount:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    drawn = {name: draw(reports) for name in names}
    for at, (name, report) in enumerate(drawn.items()):
        report.name, report.since = name, report.since * 10 + at  # no two at one time: either order would be right
    pairs = st.lists(st.tuples(ends, ends).filter(lambda pair: pair[0] != pair[1]), max_size=6)
    cases = st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda p: p[0] != p[1]), max_size=4
    )
    return ExpectedCount(drawn, draw(pairs), draw(cases))


def write_out(world: ExpectedCount):
    """The world as letters and entries."""
    letters, actions = [], []
    for report in world.reports.values():
        where = {"station": {"text": report.where}, "stage": "station"} if report.where.startswith("О") else {}
        where = {"stage": "released"} if report.where == "released" else where
        letters.append(
            letter(
                report.name, {"people": report.people, **where}, at=NOW - 9000 + report.since, practice=report.practice
            )
        )
        actions += [
            Named(case=case_id(report.name), person=person(report.name, k), name=f"N{k}") for k in sorted(report.named)
        ]
        actions += [Confirmed(case=case_id(report.name), how="seen")] if report.is_confirmed else []
    actions += [SamePerson(a=person(*a), b=person(*b)) for a, b in world.same]
    actions += [SameGroup(a=case_id(a), b=case_id(b)) for a, b in world.crowd]
    return letters, Journal().all(*actions)


@given(worlds())
@settings(deadline=None, max_examples=at_length(50, 500))
def test_the_board_counts_as_a_naive_count_does(world):
    for report in world.reports.values():
        report.people = max(1, report.people)
    letters, entries = write_out(world)
    assert counts(database.build(letters, entries)) == world.totals()


def test_the_naive_count_tells_a_wrong_one():
    """The oracle is not a copy: it sees a person counted twice."""
    world = ExpectedCount({"a": Report("a", where="ОВД Арбат"), "b": Report("b", where="ОВД Арбат")})
    assert world.totals() == {"ОВД Арбат": (2, 0)}
    world.same.append((("a", 0), ("b", 0)))
    assert world.totals() == {"ОВД Арбат": (1, 0)}


@given(worlds(), worlds())
@settings(deadline=None, max_examples=at_length(30, 300))
def test_whatever_is_merged_can_be_unmerged(world, other):
    letters, entries = write_out(world)
    before = counts(database.build(letters, entries))
    journal = Journal(2)
    links = [SamePerson(a=person(*a), b=person(*b)) for a, b in other.same]
    links += [SameGroup(a=case_id(a), b=case_id(b)) for a, b in other.crowd]
    linking = [journal.write(link, turn=1_000 + at) for at, link in enumerate(links)]
    unlinking = [journal.write(Unlinked(entry=entry.id), turn=2_000) for entry in linking]
    db = database.build(letters, entries)
    ingest.add_entries(db, linking)
    ingest.add_entries(db, unlinking)
    assert counts(db) == before
