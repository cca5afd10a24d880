"""The queue: what needs a human first."""

from client.desk.cases import database, ingest, queue
from client.desk.cases.queue import Item
from client.desk.journal.entries import Assigned, DifferentPerson, Lawyer, Marked, Noted, Replied, SamePerson, Viewed
from keys import message
from keys.wire import b64
from tests.support import case_reports
from tests.support.journal_entries import NOW, Journal, case_id, letter, person, station_report

LATER = NOW + 700  # after everything was pulled


def items(letters, entries=(), now=NOW, **only) -> list[Item]:
    return list(queue.load_queue(database.build(letters, entries, country="RU"), now, **only).items)


def order(letters, entries=(), **only) -> list[str]:
    names = {case_id(name): name for name in "abcdef"}
    return [names[item.case] for item in items(letters, entries, **only)]


def seen(*names):
    return [Viewed(case=case_id(name)) for name in names]


def answered(name):
    return Replied(case=case_id(name), id=case_id("reply"), text="адвокат едет", status="lawyer")


def reasons(letters, entries=(), now=NOW):
    (item,) = items(letters, entries, now)
    return set(item.reasons)


def test_minors_come_before_injured_and_both_before_the_others():
    letters = [
        station_report("a"),
        station_report("b", injured=True),
        station_report("c", minors=1),
        station_report("d", coerced=True),
    ]
    assert order(letters) == ["d", "c", "b", "a"]


def test_what_nobody_has_looked_at_comes_before_what_is_in_hand():
    journal = Journal().all(Viewed(case=case_id("a")), Assigned(case=case_id("a"), to="Vera"))
    assert order([station_report("a", minors=1), station_report("b")], journal) == ["b", "a"]


def test_what_waits_for_somebody_else_comes_last():
    journal = Journal().all(*seen("a", "b"), Marked(case=case_id("a"), status="waiting"))
    assert order([station_report("a", minors=1), station_report("b")], journal) == ["b", "a"]


def test_closed_cases_are_left_out_until_something_comes():
    closed = Journal().all(Marked(case=case_id("a"), status="closed"))
    assert items([station_report("a")], closed) == []
    assert len(items([station_report("a")], closed, status="closed")) == 1
    news = letter("a", {"account": "опять"}, seq=1, at=NOW + 900, pulled=NOW + 900)
    (item,) = items([station_report("a"), news], closed)
    assert (item.status, "changed" in item.reasons) == ("open", True)


def test_a_case_changed_when_something_came_after_anybody_looked():
    journal = Journal().all(*seen("a"))
    assert "changed" not in reasons([station_report("a")], journal)
    later = {"seq": 1, "at": LATER + 60, "pulled": LATER + 60}
    assert "changed" in reasons([station_report("a"), letter("a", {"minors": True}, **later)], journal)
    assert "changed" not in reasons(
        [station_report("a"), letter("a", {"place": {"lat": 1, "lon": 1}}, **later)], journal
    )


def test_a_question_stays_until_it_is_answered():
    asks = station_report("a", needs=["lawyer"])
    assert "question" in reasons([asks], Journal().all(*seen("a")))
    assert "question" not in reasons([asks], Journal().all(answered("a")))
    again = letter("a", {"account": "ещё"}, seq=1, at=LATER + 60, pulled=LATER + 60)
    assert "question" in reasons([asks, again], Journal().all(answered("a")))


def test_who_can_be_answered_and_never_was_is_told():
    block = {
        "relays": [["https://relay.example", "A" * 43]], "key": "A" * 1622, "secret": "A" * 43, "until": NOW + 10**6,
    }  # fmt: skip
    case = message.case_id(b"c" * 32)
    report = case_reports.letter(case, {"stage": "van"}, reply=block, case_secret=b64(b"c" * 32))
    assert "unanswered" in reasons([report])
    reply = Replied(case=case, id=case_id("reply"), text="адвокат едет", status="lawyer")
    assert "unanswered" not in reasons([report], Journal().all(reply))
    assert "unanswered" not in reasons([station_report("a")])


def test_a_lawyer_who_is_on_the_way_is_enough_and_one_who_was_refused_is_not():
    assert "no_lawyer" in reasons([station_report("a")])
    assert "no_lawyer" not in reasons([station_report("a")], Journal().all(Lawyer(case=case_id("a"), state="on_way")))
    assert "refused" in reasons([station_report("a", lawyer={"refused": True})])


def test_a_clock_matters_within_an_hour_of_its_end():
    report = letter("a", {"stage": "station"}, at=NOW - 3 * 3600)
    assert "clock" in reasons([report], now=NOW - 60)
    assert "clock" in reasons([report], now=NOW + 60)
    assert "clock" not in reasons([report], now=NOW - 2 * 3600)
    assert "clock" not in reasons([report], now=NOW + 2 * 3600)


def test_a_clock_that_ran_out_long_ago_lifts_nobody():
    over, child = letter("a", {"stage": "station"}, at=NOW - 9 * 3600), station_report("b", minors=True)
    assert order([over, child], Journal().all(*seen("a", "b"))) == ["b", "a"]


def test_a_clock_that_runs_out_soon_lifts_a_case_in_hand():
    soon, child = letter("a", {"stage": "station"}, at=NOW - 3 * 3600 + 60), station_report("b", minors=True)
    assert order([child, soon], Journal().all(*seen("a", "b"))) == ["a", "b"]


def test_the_released_need_no_lawyer_and_their_clocks_stand():
    report = letter("a", {"stage": "station", "minors": True}, at=NOW - 3 * 3600)
    gone = letter("a", {"stage": "released"}, seq=1, at=NOW - 60)
    assert reasons([report, gone]) == {"unseen"}


def test_people_who_are_said_to_be_one_and_not_one_are_told():
    journal = Journal().all(
        SamePerson(a=person("a"), b=person("b")),
        SamePerson(a=person("b"), b=person("c")),
        DifferentPerson(a=person("a"), b=person("c")),
    )
    found = items([station_report("a"), station_report("b"), station_report("c")], journal)
    assert ["disputed" in item.reasons for item in found] == [True, True, False]


def test_one_report_that_claims_a_stadium_is_told():
    assert "crowd" in reasons([station_report("a", people=5_000)])
    assert "crowd" not in reasons([station_report("a", people=40)])


def test_a_child_known_from_another_report_makes_every_report_of_it_pressing():
    same = Journal().all(SamePerson(a=person("a"), b=person("b")))
    found = items([station_report("a"), station_report("b", minors=True)], same)
    assert [("minor" in item.reasons, item.minors) for item in found] == [(True, 1), (True, 1)]


def test_practice_presses_stand_apart():
    letters = [station_report("a"), letter("b", {"people": 1}, practice=True)]
    assert order(letters) == ["a"]
    assert order(letters, practice=True) == ["b"]


def test_my_cases_only():
    journal = Journal().all(Assigned(case=case_id("a"), to="Vera"), Assigned(case=case_id("b"), to="Oleg"))
    assert order([station_report("a"), station_report("b"), station_report("c")], journal, mine="Vera") == ["a"]


def test_a_page_of_the_queue_and_how_many_there_are():
    db = database.build([station_report(str(at)) for at in range(25)], [])
    first = queue.load_queue(db, NOW, limit=10)
    second = queue.load_queue(db, NOW, first=10, limit=10)
    assert (first.total, len(first.items), len(second.items)) == (25, 10, 10)
    assert not {item.case for item in first.items} & {item.case for item in second.items}


def test_cases_at_one_place():
    db = database.build([station_report("a"), station_report("b", "ОВД Арбат")], [])
    number = next(item.place_number for item in queue.load_queue(db, NOW).items if item.place == "ОВД Арбат")
    assert [item.case for item in queue.load_queue(db, NOW, place=number).items] == [case_id("b")]


def test_looking_at_a_case_takes_it_from_the_unseen_at_once():
    db = database.build([station_report("a")], [])
    assert "unseen" in queue.load_queue(db, NOW).items[0].reasons
    ingest.add_entry(db, Journal().write(Viewed(case=case_id("a"))))
    assert "unseen" not in queue.load_queue(db, NOW).items[0].reasons


def test_a_desk_whose_clock_was_set_back_still_has_seen_the_case():
    journal = Journal()
    entries = [
        journal.write(Noted(case=case_id("a"), text="x"), at=LATER),
        journal.write(answered("a"), at=NOW - 9_999),
    ]
    assert not {"question", "changed"} & reasons([station_report("a", needs=["lawyer"])], entries)


def test_items_are_given_in_the_order_asked_for():
    db = database.build([station_report("a"), station_report("b")], [])
    assert [item.number for item in queue.load_items(db, NOW, [2, 77, 1])] == [2, 1]
