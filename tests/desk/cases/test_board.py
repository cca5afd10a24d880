"""The board: rows by place, narrowed to a city or an event, sorted by the clock that runs out first."""

from dataclasses import replace

import pytest

from client.desk.cases import board, database, ingest
from client.desk.journal.entries import ClockSet, Lawyer, Named, SameGroup, SamePerson, Stated
from client.stations.pack.columns import PackStation
from tests.support.case_reports import pack, station
from tests.support.journal_entries import NOW, Journal, case_id, letter, person, station_report

TVERSKOY, ARBAT, NIZHNY = (
    station(1, "ОВД Тверской"),
    station(2, "ОВД Арбат"),
    station(3, "ОП 6", "Нижний Новгород"),
)
PACK = pack(TVERSKOY, station(4, "ОВД Митино"), ARBAT, NIZHNY, station(5, "ОП 7", "Нижний Новгород"))


def build(letters, entries=()):
    return database.build(letters, entries, [PACK], country="RU")


def rows(db, **only):
    return {row.place.name: row.count.reported for row in board.load_board(db, NOW, **only).rows}


def chosen(case, row, **facts):
    place = {"pack": "test", "id": row.id, "text": row.name, "certainty": "confirmed"}
    return letter(case, {"stage": "station", "station": place, "people": 1, **facts})


def test_every_station_stands_once_however_it_was_named():
    letters = [
        chosen("a", TVERSKOY),
        station_report("b", "ОВД Тверской"),
        station_report("c", "овд  «Тверской»"),
        station_report("d", "OVD Tverskoi"),
    ]
    (row,) = board.load_board(build(letters), NOW).rows
    assert (row.place.name, row.count.reported, row.place.city) == ("ОВД Тверской", 4, "Москва")
    assert (row.place.lat, row.place.country) == (TVERSKOY.lat, "RU")


def test_a_name_that_two_stations_have_stays_as_it_was_typed():
    twins = pack(station(1, "ОВД Центральный"), station(2, "ОВД Центральный", "Омск"))
    db = database.build([station_report("a", "ОВД Центральный")], [], [twins])
    (row,) = board.load_board(db, NOW).rows
    assert row.place.station == ""


def test_a_station_that_stands_in_no_pack_we_have_is_called_as_it_was_told():
    place = {"pack": "elsewhere", "id": "7", "text": "ОВД Далёкий"}
    db = build([letter("a", {"stage": "station", "station": place})])
    assert rows(db) == {"ОВД Далёкий": 1}


@pytest.mark.parametrize("plates", [("А123ВС", "a 123 BC"), ("А-123-ВС 77", "A123BC77")])
def test_a_van_is_one_whichever_alphabet_its_plate_was_typed_in(plates):
    db = build([letter(str(at), {"stage": "van", "van": {"plate": plate}}) for at, plate in enumerate(plates)])
    assert [row.count.reported for row in board.load_board(db, NOW).rows] == [2]


def test_a_court_is_not_the_station_of_the_same_name():
    court = letter("b", {"stage": "court", "station": {"text": "Хамовники"}})
    assert len(board.load_board(build([station_report("a", "Хамовники"), court]), NOW).rows) == 2


def test_a_court_that_is_named_after_it_was_said_to_be_one_is_a_court():
    named = letter("a", {"station": {"text": "Хамовники"}}, seq=1, at=NOW + 60)
    (row,) = board.load_board(build([letter("a", {"stage": "court"}), named]), NOW).rows
    assert (row.place.kind, row.place.name) == ("court", "Хамовники")


def test_a_typed_place_is_called_by_the_first_of_its_spellings():
    for spellings in (("отдел", "Отдел"), ("Отдел", "отдел")):
        db = build([station_report(str(at), spelling) for at, spelling in enumerate(spellings)])
        assert rows(db) == {"Отдел": 2}


def test_a_board_of_one_city():
    db = build([chosen("a", TVERSKOY), chosen("b", NIZHNY), letter("c", {"stage": "van"})])
    assert board.load_board(db, NOW).cities == ("Москва", "Нижний Новгород")
    assert rows(db, city="Нижний Новгород") == {"ОП 6": 1}
    assert board.load_board(db, NOW, city="Нижний Новгород").total.reported == 1


def test_a_board_of_one_event():
    db = build([chosen("a", ARBAT, event="Манежная"), chosen("b", ARBAT, event="МАНЕЖНАЯ "), chosen("c", TVERSKOY)])
    found = board.load_board(db, NOW, event="манежная")
    assert {row.place.name: row.count.reported for row in found.rows} == {"ОВД Арбат": 2}
    assert found.events == ("МАНЕЖНАЯ",)
    assert len(board.load_detainees(db, found.rows[0].place.number, "Манежная")) == 2
    assert board.load_board(db, NOW, event="another").rows == ()


def test_a_mark_in_an_event_finds_no_other_event():
    db = build([chosen("a", ARBAT, event="Марш")])
    assert board.load_board(db, NOW, event="").rows == ()
    assert board.load_board(db, NOW, event="Мар").rows == ()


def test_lawyers_are_counted_in_heads():
    journal = Journal().all(
        Lawyer(case=case_id("a"), state="on_way", name="Петрова"),
        Lawyer(case=case_id("b"), state="refused", person=person("b")),
    )
    letters = [
        station_report("a", people=20),
        station_report("b"),
        station_report("c", lawyer={"asked": True}),
        station_report("d", lawyer={"given": True}),
    ]
    (row,) = board.load_board(build([*letters, station_report("e")], journal), NOW).rows
    assert row.count.lawyers == board.Lawyers(on_way=20, refused=1, asked=1, inside=1, none=1)
    assert row.count.reported == 24


def test_the_newest_word_on_a_lawyer_holds_whoever_said_it():
    sent = Journal().write(Lawyer(case=case_id("a"), state="on_way"), at=NOW + 10)
    refused = letter("a", {"lawyer": {"refused": True}}, seq=1, at=NOW + 60)
    assert board.load_board(build([station_report("a")], [sent]), NOW).total.lawyers.on_way == 1
    assert board.load_board(build([station_report("a"), refused], [sent]), NOW).total.lawyers.refused == 1


def test_a_lawyer_for_one_man_is_none_for_his_van():
    journal = Journal().all(Lawyer(case=case_id("a"), state="inside", person=person("a")))
    found = board.load_board(build([station_report("a", people=5)], journal), NOW).total.lawyers
    assert (found.inside, found.none) == (1, 4)


def test_what_runs_out_next_comes_first_and_what_is_over_comes_behind():
    late = letter("a", {**place(TVERSKOY)}, at=NOW - 7 * 3600)
    soon = letter("b", {**place(ARBAT)}, at=NOW - 2 * 3600)
    found = board.load_board(build([late, soon, chosen("c", NIZHNY)]), NOW + 60)
    assert [row.place.name for row in found.rows] == ["ОВД Арбат", "ОП 6", "ОВД Тверской"]
    assert found.rows[0].clock_ends == NOW + 3600


def place(station):
    return {"stage": "station", "station": {"pack": "test", "id": station.id, "text": station.name}}


def test_a_clock_that_was_stopped_runs_no_more():
    keys = ("administrative", "administrative-arrest", "criminal-record", "criminal-judge")
    stopped = Journal().all(*(ClockSet(case=case_id("a"), clock=key, stopped=NOW + 9) for key in keys))
    assert board.load_board(build([chosen("a", ARBAT)]), NOW).rows[0].clock_ends is not None
    assert board.load_board(build([chosen("a", ARBAT)], stopped), NOW).rows[0].clock_ends is None


def test_somebody_moves_and_is_counted_in_one_place_only():
    db = build([chosen("a", TVERSKOY)])
    ingest.add_letter(db, letter("a", place(ARBAT), seq=1, at=NOW + 60))
    assert rows(db) == {"ОВД Арбат": 1}


def test_the_rest_of_a_van_stays_when_one_of_it_is_released():
    journal = Journal().all(Stated(case=case_id("a"), facts={"stage": "released"}, source="she", person=person("a")))
    found = board.load_board(build([chosen("a", ARBAT, people=5)], journal), NOW)
    assert (found.total.reported, found.released) == (4, 1)


def test_those_who_were_named_go_where_the_van_goes():
    journal = Journal().all(Named(case=case_id("a"), person=person("a", 1), name="Анна"))
    db = build([letter("a", {"stage": "van", "people": 5}), letter("a", place(ARBAT), seq=1, at=NOW + 60)], journal)
    assert rows(db) == {"ОВД Арбат": 5}


def test_a_report_that_knows_no_place_moves_nobody():
    same = Journal().all(SamePerson(a=person("a"), b=person("mother")))
    unknown = letter("mother", {"stage": "unknown", "people": 1}, at=NOW + 500)
    assert rows(build([chosen("a", ARBAT), unknown], same)) == {"ОВД Арбат": 1}


def test_who_is_said_to_be_still_there_was_not_moved_before():
    same = Journal().all(SamePerson(a=person("a"), b=person("b")))
    still = letter("a", place(ARBAT), seq=1, at=NOW + 90)
    db = build([chosen("a", ARBAT), letter("b", place(TVERSKOY), at=NOW + 60), still], same)
    assert rows(db) == {"ОВД Арбат": 1}


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_news_of_one_report_reach_those_who_are_linked_to_it(names):
    same = Journal().all(SamePerson(a=person(names[0]), b=person(names[1])))
    db = build([chosen("a", TVERSKOY), chosen("b", TVERSKOY)], same)
    for at, name in zip((0, 600), names, strict=True):
        for where in (ARBAT, NIZHNY):
            at += 60  # noqa: PLW2901
            ingest.add_letter(db, letter(name, place(where), seq=at, at=NOW + at))
            (row,) = board.load_board(db, NOW).rows
            assert (row.place.name, row.count.reported, row.count.cases) == (where.name, 1, 2)


def test_the_lawyers_list_has_each_name_once_in_the_order_of_the_alphabet():
    names = {"a": "Яковлев Пётр", "b": "Ёлкин Иван", "c": "Жуков", "d": "Елисеев"}
    letters = [chosen(case, ARBAT, name=name) for case, name in names.items()] + [chosen("e", ARBAT, name="Жуков")]
    same = Journal().all(SamePerson(a=person("c"), b=person("e")))
    db = build([*letters, chosen("f", TVERSKOY, name="Другой")], same)
    number = next(row.place.number for row in board.load_board(db, NOW).rows if row.place.name == "ОВД Арбат")
    assert board.list_surnames(db, number) == ["Елисеев", "Ёлкин Иван", "Жуков", "Яковлев Пётр"]


def test_what_is_held_at_a_place_adds_up_to_its_row():
    journal = Journal().all(SameGroup(a=case_id("a"), b=case_id("b")))
    db = build([chosen("a", ARBAT, people=20, minors=2), chosen("b", ARBAT, name="Анна"), chosen("c", ARBAT)], journal)
    (row,) = board.load_board(db, NOW).rows
    found = board.load_detainees(db, row.place.number)
    assert sum(detainee.heads for detainee in found) == row.count.reported == 21
    assert sum(detainee.minors for detainee in found) == row.count.minors == 2
    assert [detainee.name for detainee in found] == ["Анна", "", "", ""]
    assert row.count.cases == 3


def test_an_empty_desk_has_an_empty_board():
    assert board.load_board(database.build([], []), NOW).total == board.Count()


@pytest.mark.parametrize(
    ("address", "town"),
    [
        ("Москва, ул. Ленина, 2", "Москва"),
        ("ул. Садовая, 5, МОСКВА", "Москва"),
        ("Горная, 3, Нижний Новгород", "Нижний Новгород"),
        ("г. Новохоперск, ул. Кирова, 14", "Новохоперск"),
        ("2632 MILLWOOD AVENUE, COLUMBIA, SC", "COLUMBIA"),
        ("Новая Басманная ул., 33, стр. 1", ""),
        ("Барышиха, 49", ""),
        ("", ""),
    ],
)
def test_the_town_is_the_part_of_an_address_that_most_share(address, town):
    others = ["Москва, Тверская, 1", "Москва, пр. Мира", "Нижний Новгород, 1", "9 LANE, COLUMBIA, SC"]
    others += ["Нижний Новгород, Горная, 4"]
    stations = [PackStation(str(at), (), text, 0, 0) for at, text in enumerate([*others, address])]
    db = database.create([pack(*stations)])
    assert db.execute("SELECT city FROM station WHERE id = ?", [str(len(others))]).fetchone() == (town,)


def test_a_place_has_the_telephones_that_its_pack_has():
    phoned = replace(ARBAT, phone="102; +7 495 1234567")
    db = database.build(
        [chosen("a", phoned), chosen("b", TVERSKOY), station_report("c", "ОВД Иной")], [], [pack(phoned, TVERSKOY)]
    )
    phones = {row.place.name: row.place.phone for row in board.load_board(db, NOW).rows}
    assert phones == {"ОВД Арбат": "102; +7 495 1234567", "ОВД Тверской": "", "ОВД Иной": ""}
    (number,) = (row.place.number for row in board.load_board(db, NOW).rows if row.place.name == "ОВД Арбат")
    assert board.load_place(db, number).phone == "102; +7 495 1234567"


def test_every_station_of_the_packs_can_be_drawn():
    assert (ARBAT.lat, ARBAT.lon) in board.list_station_positions(build([]))
