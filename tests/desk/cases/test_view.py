"""A case as it is shown: who said what when, what holds, who it is about."""

from client.desk.cases import database, ingest, queue, view
from client.desk.journal.entries import (
    HandedOver,
    Linked,
    Named,
    Noted,
    Official,
    Replied,
    SameGroup,
    SamePerson,
    Stated,
    Unlinked,
    Viewed,
)
from keys.message import ParcelRef
from tests.support.journal_entries import NOW, Journal, case_id, letter, person, station_report


def shown(letters, entries=(), case="a", **more) -> view.CaseView:
    found = view.load_case(database.build(letters, entries, country="RU"), case_id(case), **more)
    assert found is not None
    return found


def test_the_timeline_keeps_every_word_with_its_source():
    stated = Journal().write(
        Stated(case=case_id("a"), facts={"stage": "court"}, source="clerk", when={"stage": NOW + 30})
    )
    found = shown([station_report("a"), letter("a", {"stage": "van"}, seq=1, at=NOW + 60)], [stated])
    stages = [fact for fact in found.timeline if fact.field == "stage"]
    assert [(fact.value, fact.by, fact.source, fact.holds) for fact in stages] == [
        ("station", "", "", False),
        ("van", "", "", False),
        ("court", "Vera", "clerk", True),
    ]
    assert (stages[2].stated_at, stages[2].happened) == (NOW + 700, NOW + 30)
    assert found.facts["stage"] == "court"


def test_what_was_asked_and_is_not_known_holds_when_it_was_said_last():
    found = shown([station_report("a", minors=True), letter("a", {"minors": None}, seq=1, at=NOW + 60)])
    assert found.facts["minors"] is None
    assert found.minors == 0


def test_persons_whom_a_caseworker_named_stand_beside_the_reporter():
    journal = Journal().all(
        Named(case=case_id("a"), person=person("a", 1), name="Анна", facts={"birth": "2009"}, source="her mother"),
        Stated(case=case_id("a"), facts={"stage": "hospital"}, source="ward", person=person("a", 1)),
    )
    found = shown([station_report("a", people=3, name="Иван")], journal)
    assert [(person.id, person.name) for person in found.persons] == [(person("a"), "Иван"), (person("a", 1), "Анна")]
    assert found.persons[1].facts == {"birth": "2009", "name": "Анна", "stage": "hospital"}
    assert found.persons[1].stays[-1].kind == "hospital"
    assert found.facts["stage"] == "station"


def test_stays_have_a_beginning_and_an_end():
    moved = letter("a", {"stage": "court"}, seq=1, at=NOW + 60)
    first, last = shown([station_report("a"), moved]).persons[0].stays
    assert (first.name, first.since, first.until) == ("ОВД Тверской", NOW, NOW + 60)
    assert (last.kind, last.since, last.until) == ("court", NOW + 60, None)


def test_a_list_of_stations_is_a_list_of_stays():
    stations = [{"text": "ОВД Арбат", "from": NOW - 90, "to": NOW - 50}, {"text": "ОВД Тверской", "from": NOW - 50}]
    found = shown([letter("a", {"stage": "station", "station": stations})])
    assert [(stay.name, stay.since, stay.until) for stay in found.persons[0].stays] == [
        ("ОВД Арбат", NOW - 90, NOW - 50),
        ("ОВД Тверской", NOW - 50, None),
    ]


def test_positions_do_not_make_a_stay():
    fixes = [letter("a", {"place": {"lat": 1, "lon": at}}, seq=at, at=NOW + at) for at in range(1, 9)]
    found = shown([station_report("a"), *fixes])
    assert len(found.persons[0].stays) == 1
    assert (found.lat, found.lon, found.fixed) == (1, 8, NOW + 8)


def test_files_name_the_pieces_that_have_not_come():
    ref = {"id": case_id("photo"), "n": 3, "sha256": "A" * 43, "type": "image/jpeg", "bytes": 150_000}
    asked = []
    file = shown(
        [station_report("a"), letter("a", {}, seq=1, parcels=[ref])],
        missing=lambda case, part: asked.append((case, part)) or [1],
    )
    assert asked == [(case_id("a"), ParcelRef(**ref))]
    assert file.files[0].missing == (1,)


def test_what_was_done_stands_in_the_case():
    journal = Journal()
    entries = journal.all(
        Viewed(case=case_id("a")),
        Noted(case=case_id("a"), text="перезвонить"),
        Replied(case=case_id("a"), id=case_id("r"), text="едем", status="lawyer", template="lawyer_on_way"),
        Noted(case=case_id("b"), text="другое"),
    )
    found = shown([station_report("a"), station_report("b")], entries)
    assert [(note.by, note.text) for note in found.notes] == [("Vera", "перезвонить")]
    assert [(reply.text, reply.template) for reply in found.replies] == [("едем", "lawyer_on_way")]
    assert [entry.kind for entry in found.history] == ["viewed", "noted", "replied"]


def test_links_can_be_followed_and_taken_back():
    journal = Journal()
    same = journal.write(SamePerson(a=person("a"), b=person("b")))
    group = journal.write(SameGroup(a=case_id("a"), b=case_id("c")))
    db = database.build([station_report("a"), station_report("b"), station_report("c")], [same, group])
    found = view.load_case(db, case_id("a"))
    assert [(link.kind, link.entry) for link in found.links] == [("same_person", same.id), ("same_group", group.id)]
    assert found.persons[0].same == ((person("b"), view.find_case_number(db, case_id("b"))),)
    assert found.persons[0].confirmed
    assert found.crowd == (view.find_case_number(db, case_id("c")),)
    ingest.add_entry(db, journal.write(Unlinked(entry=same.id)))
    found = view.load_case(db, case_id("a"))
    assert [link.kind for link in found.links] == ["same_group"]
    assert found.persons[0].same == ()
    assert [entry.kind for entry in found.history] == ["sameperson", "samegroup", "apart"]


def test_an_official_stands_in_every_case_they_had_a_part_in():
    journal = Journal()
    entries = journal.all(
        Official(id=case_id("o"), name="Сидоров"),
        Official(id=case_id("o"), rank="капитан"),
        Linked(official=case_id("o"), case=case_id("a"), part="arrested"),
        Linked(official=case_id("o"), case=case_id("b"), part="drew up the papers"),
    )
    db = database.build([station_report("a"), station_report("b")], entries)
    (official,) = view.load_case(db, case_id("a")).officials
    assert (official.name, official.rank, official.part, official.cases) == ("Сидоров", "капитан", "arrested", (2,))
    assert [part for _, part, _ in view.load_official(db, official.number).cases] == ["arrested", "drew up the papers"]
    ingest.add_entry(db, journal.write(Unlinked(entry=official.entry)))
    assert view.load_case(db, case_id("a")).officials == ()


def test_a_release_said_by_a_phone_that_was_taken_asks_for_somebody():
    taken_away = letter("a", {"phone_taken": True}, seq=1, at=NOW + 60)
    free = letter("a", {"stage": "released"}, seq=2, at=NOW + 90)
    doubtful = queue.load_queue(database.build([station_report("a"), taken_away, free], []), NOW).items[0]
    assert "disputed" in doubtful.reasons
    heard = Journal().all(Stated(case=case_id("a"), facts={"stage": "released"}, source="his wife"))
    assert (
        "disputed"
        not in queue.load_queue(database.build([station_report("a"), taken_away, free], heard), NOW).items[0].reasons
    )


def test_a_profile_sealed_weeks_ago_does_not_make_the_case_old():
    profile = letter("a", {"name": "Иван"}, at=NOW - 10**6)
    press = letter("a", {"stage": "van", "people": 1}, seq=1, at=NOW)
    assert shown([profile, press]).began == NOW


def test_everybody_stands_once_in_the_list_of_persons():
    same = Journal().all(SamePerson(a=person("a"), b=person("b")))
    db = database.build(
        [station_report("a", name="Яна"), station_report("b", name="Яна Ким"), station_report("c")], same
    )
    rows, total = view.list_persons(db, 0, 10)
    assert [(row.name, len(row.cases)) for row in rows] == [("Яна Ким", 2), ("", 1)]
    assert total == 2
    assert len(view.list_persons(db, 1, 10)[0]) == 1


def test_the_journal_is_shown_newest_first():
    db = database.build(
        [station_report("a")],
        Journal().all(Viewed(case=case_id("a")), HandedOver(text="всё тихо"), Viewed(case=case_id("b"))),
    )
    rows, total = view.load_history(db, 0, 2)
    assert [(row.kind, row.case_number) for row in rows] == [("viewed", None), ("handedover", None)]
    assert total == 3
    assert [row.fields["text"] for row in view.list_handovers(db)] == ["всё тихо"]


def test_there_is_no_case_that_nobody_sent():
    db = database.build([], Journal().all(Noted(case=case_id("a"), text="x")))
    assert view.load_case(db, case_id("a")) is None
    assert view.find_case_id(db, 1) is None
