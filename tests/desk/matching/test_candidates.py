"""Who is offered as one person or one van, and who is not."""

import json
import os
import re
from collections.abc import Iterator
from importlib import resources
from itertools import count
from typing import Any

import pytest

from client.desk.cases import view
from client.desk.desk import Desk
from client.desk.journal.entries import DifferentGroup, DifferentPerson, Named, SameGroup, SamePerson, Unlinked
from client.desk.matching import candidates, names, scoring
from client.desk.matching.candidates import COMMON, OFFERED, CandidateIndex
from client.desk.matching.features import CaseFeatures
from client.desk.matching.scoring import Crowd, Described, Sighting
from client.reporter.compose import Draft, compose, new_id
from tests.support.desk_office import RELAYS, Office

NIGHT = 1_336_300_000
HOUR = 3_600


class Town:
    """An index with enough strangers in it that a name weighs what it weighs."""

    def __init__(self, strangers: int = 300) -> None:
        self.index, self._numbers = CandidateIndex(), count()
        for number in range(strangers):
            self.tell(
                f"{'БВГДЖЗКЛМ'[number % 9]}{'аеиоу'[number % 5]}{'рлнмт'[number // 9 % 5]}{number % 7 * 'и'}нский"
            )

    def tell(self, *texts: str, people: int = 1, plate: str = "", **more) -> str:
        """One report; its case."""
        case = f"{next(self._numbers):06}"
        read = tuple(map(names.read, texts))
        stays = more.pop("stays", ())
        phones = scoring.find_phones(more.pop("phones", ()))
        sex = more.pop("sex", "")
        described = Described(
            f"{case}#0", case, read, sex=scoring.decide_sex(sex, read), phones=phones, stays=stays, **more
        )
        plates = frozenset(filter(None, [scoring.normalise_plate(plate)]))
        self.index.put(case, CaseFeatures((described,), Crowd(case, people, plates, frozenset(), stays)))
        return case

    def offered(self) -> set[tuple[str, str]]:
        self.index.catch_up()
        return {(pair.a[:6], pair.b[:6]) for pair in self.index.persons.pairs.all()}

    def vans(self) -> set[tuple[str, str]]:
        self.index.catch_up()
        return {(pair.a, pair.b) for pair in self.index.crowds.pairs.all()}


@pytest.fixture
def town():
    return Town()


TVERSKOY, ARBAT = Sighting("pack:ovd/2", NIGHT, sure=True), Sighting("pack:ovd/4", NIGHT, sure=True)


@pytest.mark.parametrize(
    "other",
    [
        "Щербаков Григорий",
        "Grigory Shcherbakov",
        "Hryhorii Ščerbakov",
        "Шербаков Гриша",
        "Щербаков Г.П.",
        "Г. Щербков",
        "Щербаков-Задунайский Григорий Павлович",
    ],
)
def test_one_person_written_by_two_people_is_offered(town, other):
    a = town.tell("Щербаков Григорий Павлович", stays=(TVERSKOY,))
    b = town.tell(other, stays=(TVERSKOY,))
    assert town.offered() == {(a, b)}


@pytest.mark.parametrize(
    "other",
    [
        "Щербаков Сергей Павлович",
        "Щербакова Галина Павловна",
        "Щербаков Григорий Олегович",
        "Ковалёв Григорий Павлович",
        "Щербаков С.",
        "Григорий",
        "",
    ],
)
def test_somebody_else_at_the_same_station_is_not(town, other):
    town.tell("Щербаков Григорий Павлович", stays=(TVERSKOY,))
    town.tell(other, stays=(TVERSKOY,))
    assert town.offered() == set()


def test_other_births_part_namesakes_and_the_same_birth_joins_what_was_misspelt(town):
    a = town.tell("Соколов Иван", birth="1990-03-05", stays=(TVERSKOY,))
    town.tell("Соколов Иван", birth="04.11.1978", stays=(TVERSKOY,))
    b = town.tell("Соклов Ваня", birth="05.03.1990", stays=(ARBAT,))
    assert town.offered() == {(a, b)}


def test_two_who_tell_of_themselves_from_two_places_at_once_are_two(town):
    a = town.tell("Соколов Иван", own=True, stays=(TVERSKOY,))
    b = town.tell("Соколов Иван", own=True, stays=(ARBAT,))
    c = town.tell("Соколов Иван", stays=(TVERSKOY,))
    assert (a, c) in town.offered()
    assert (a, b) not in town.offered()


def test_one_who_presses_is_rather_another_than_one_who_is_told_of(town):
    a = town.tell("Соколов Иван", own=True, stays=(TVERSKOY,))
    b, c = (town.tell("Соколов Ваня", own=own, stays=(TVERSKOY,)) for own in (True, False))
    scores = {pair.b[:6]: pair.score for pair in town.index.persons.pairs.of(f"{a}#0")}
    assert scores[b] < scores[c]


@pytest.mark.parametrize("both", [("Артём", "Алексей"), ("Тёма", "Алексей"), ("Тёма", "Лёша"), ("А.", "Сергей")])
def test_brothers_whom_one_mother_reports_are_two(town, both):
    for given in both:
        town.tell(f"Мельников {given} Борисович", phones=("мама 8 916 123-45-67",), stays=(TVERSKOY,))
    assert town.offered() == set()


def test_the_mothers_number_joins_her_report_with_her_sons(town):
    a = town.tell("Мельников Артём", own=True, phones=("+7 916 765 43 21", "Мама +7 (916) 123-45-67"))
    b = town.tell("Тёма", phones=("89161234567",), stays=(ARBAT,))
    assert town.offered() == {(a, b)}


def test_nobody_without_a_name_is_offered_unless_they_call_from_one_number(town):
    for _ in range(2):
        town.tell(stays=(TVERSKOY,), sex="м", birth="1990-01-01")
        town.tell(phones=("8 916 000 00 00",), stays=(TVERSKOY,))
    assert town.offered() == set()
    a = town.tell(phones=("8 916 111 11 11",), own=True, stays=(TVERSKOY,))
    b = town.tell(phones=("+7 916 111-11-11",), own=True, stays=(TVERSKOY,))
    assert town.offered() == {(a, b)}


def test_a_common_name_needs_more_than_a_rare_one():
    town = Town()
    for number in range(40):
        town.tell("Иванов Александр", birth=f"19{50 + number}-01-01")
    common = {town.tell("Иванов Александр"), town.tell("Иванов Александр")}
    rare = town.tell("Заболоцкий Александр"), town.tell("Alexander Zabolotsky")
    assert rare in town.offered()
    assert not any(set(pair) == common for pair in town.offered())


def test_reasons_are_told_the_weightiest_first(town):
    a = town.tell("Щербаков Григорий", birth="1990", stays=(TVERSKOY,))
    b = town.tell("Shcherbakov Grisha", birth="1990-02-03", stays=(ARBAT,))
    [pair] = town.index.persons.pairs.of(f"{b}#0")
    assert (pair.a, pair.b) == (f"{a}#0", f"{b}#0")
    assert OFFERED <= pair.score <= 1
    keys = [reason.key for reason in pair.reasons]
    assert set(keys) == {"surname_same", "given_short", "birth_year", "time_near", "place_differs"}
    assert keys[0] == "surname_same"
    assert [reason.weight < 0 for reason in pair.reasons if reason.key == "place_differs"] == [True]


def test_a_case_told_anew_is_matched_anew(town):
    a = town.tell("Щербаков Григорий", stays=(TVERSKOY,))
    b = town.tell("", stays=(TVERSKOY,))
    assert town.offered() == set()
    described = Described(f"{b}#0", b, (names.read("Щербаков Гриша"),), stays=(TVERSKOY,))
    town.index.put(b, CaseFeatures((described,)))
    assert town.offered() == {(a, b)}
    town.index.put(b, CaseFeatures())
    assert town.offered() == set()


def test_pairs_do_not_depend_on_the_order_in_which_cases_came():
    reports = [
        ("Щербаков Григорий", "1"),
        ("Shcherbakov G.", ""),
        ("Гриша Щербаков", "8 916 1234567"),
        ("Ким Олег", ""),
    ]
    found = []
    for order in (reports, reports[::-1]):
        index = CandidateIndex()
        for text, phone in order:
            described = Described(f"{text}#0", text, (names.read(text),), phones=scoring.find_phones([phone]))
            index.put(text, CaseFeatures((described,)))
        index.catch_up()
        found.append(index.persons.pairs.all())
        assert {pair for row in reports for pair in index.persons.pairs.of(f"{row[0]}#0")} == set(found[-1])
    assert found[0] == found[1] != []


def test_a_flood_of_one_name_costs_no_more_than_its_share():
    index, judged = CandidateIndex(), count()
    judge = index.persons._judge
    index.persons._judge = lambda described, other: (next(judged), judge(described, other))[1]
    for number in range(2_000):
        described = Described(f"{number:06}#0", f"{number:06}", (names.read("Иванов Иван"),))
        index.put(described.case, CaseFeatures((described,)))
    assert index.catch_up()
    assert next(judged) <= 2_000 * COMMON * 2


def test_one_van_told_by_two_is_offered(town):
    for number in range(12):
        town.tell(people=7 + number, stays=(Sighting(f"pack:ovd/{100 + number}", NIGHT, sure=True),))
    a = town.tell("Ким Олег", people=14, plate="А123ВС77", stays=(TVERSKOY,))
    b = town.tell("Цой Инна", people=13, plate="a 123 bc", stays=(Sighting("", NIGHT + 600),))
    town.tell("Ли Пётр", people=14, plate="К777КК99", stays=(Sighting("pack:ovd/4", NIGHT + 900, sure=True),))
    assert town.vans() == {(a, b)}
    own = town.tell("Пак Роман", plate="A123BC77", own=True, stays=(TVERSKOY,))
    assert town.vans() == {(a, b), (a, own), (b, own)}


def test_the_same_van_hours_later_brings_others(town):
    for number in range(12):
        town.tell(people=7 + number, stays=(Sighting(f"pack:ovd/{100 + number}", NIGHT, sure=True),))
    town.tell(people=14, plate="А123ВС77", stays=(TVERSKOY,))
    town.tell(people=9, plate="А123ВС77", stays=(Sighting("pack:ovd/4", NIGHT + 5 * HOUR, sure=True),))
    assert town.vans() == set()


def test_two_who_alone_name_one_van_are_no_crowd(town):
    for _ in range(2):
        town.tell("", plate="А123ВС77", stays=(TVERSKOY,))
    assert town.vans() == set()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("+7 (916) 123-45-67", {"9161234567"}),
        ("мама 8 916 123 45 67, папа 89167654321", {"9161234567", "9167654321"}),
        ("квартира 12", set()),
        ("09121234567", {"9121234567"}),
        ("۰۹۱۲۱۲۳۴۵۶۷", {"9121234567"}),
        ("1" * 100_000, {"1" * 10}),
    ],
)
def test_telephone_numbers_are_found_in_words(text, numbers):
    assert scoring.find_phones([text]) == numbers


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("1990-03-05", (1990, 3, 5)),
        ("5.3.1990", (1990, 3, 5)),
        ("05/03/1990 г.р.", (1990, 3, 5)),
        ("1990", (1990,)),
        ("в 1990 или 1991", ()),
        ("19 лет", ()),
        ("١٩٩٠", (1990,)),
        ("²³", ()),
        ("0000-00-00", (0, 0, 0)),
    ],
)
def test_births_are_read_as_people_write_them(text, born):
    assert scoring.parse_birth(text) == born


# Over a desk's database


VAN = {"stage": "van", "van": {"plate": "А123ВС77"}}


@pytest.fixture
def desk(office) -> Iterator[Desk]:
    with office.desk() as desk:
        yield desk


def report_and_pull(office: Office, desk: Desk, **facts: Any) -> str:
    """A report that came; its case."""
    report = office.report(facts)
    desk.pull(office.post)
    return report.case


def offered(desk: Desk) -> set[frozenset[str]]:
    with desk.reading() as db:
        assert candidates.work(db, 60)
        return {frozenset((pair.a[:-2], pair.b[:-2])) for pair in candidates.find_candidates(db, 100)}


def vans(desk: Desk) -> set[frozenset[str]]:
    with desk.reading() as db:
        assert candidates.work(db, 60)
        return {frozenset((pair.a, pair.b)) for pair in candidates.find_group_candidates(db, 100)}


def test_what_came_is_offered_as_soon_as_it_came(office, desk):
    a = report_and_pull(office, desk, name="Щербаков Григорий Павлович", birth="1990-03-05")
    assert offered(desk) == set()
    b = report_and_pull(office, desk, name="Hryhorii Shcherbakov")
    assert offered(desk) == {frozenset((a, b))}
    with desk.reading() as db:
        [pair] = candidates.find_candidates_of_person(db, f"{b}#0")
        assert {pair.a, pair.b} == {f"{a}#0", f"{b}#0"}
        assert (
            candidates.find_candidates_of_person(db, "nobody#0")
            == candidates.find_group_candidates_of_case(db, "nothing")
            == []
        )
    office.report({"birth": "1971-01-01"}, case=b, seq=1)
    desk.pull(office.post)
    assert offered(desk) == set(), "an amendment that contradicts takes the offer back"


def test_what_was_decided_is_not_offered_until_it_is_taken_back(office, desk):
    a, b, c = (
        report_and_pull(office, desk, name=name) for name in ("Щербаков Гриша", "Shcherbakov G.", "Щербаков Григорий")
    )
    both = {frozenset(pair) for pair in ((a, b), (a, c), (b, c))}
    assert offered(desk) == both
    different = desk.append(DifferentPerson(a=f"{a}#0", b=f"{b}#0"))
    assert offered(desk) == both - {frozenset((a, b))}
    same = desk.append(SamePerson(a=f"{b}#0", b=f"{c}#0"))
    assert offered(desk) == set(), "who is one with somebody else is that somebody"
    desk.append(Unlinked(entry=different.id))
    assert len(offered(desk)) == 1
    desk.append(Unlinked(entry=same.id))
    assert offered(desk) == both


def test_a_van_is_offered_until_somebody_decides(office, desk):
    a, b = (report_and_pull(office, desk, people=people, **VAN) for people in (14, 13))
    assert vans(desk) == {frozenset((a, b))}
    different = desk.append(DifferentGroup(a=a, b=b))
    assert vans(desk) == set()
    desk.append(Unlinked(entry=different.id))
    assert vans(desk) == {frozenset((a, b))}
    desk.append(SameGroup(a=a, b=b))
    assert vans(desk) == set()


def test_somebody_whom_a_caseworker_named_is_matched_too(office, desk):
    a, b = report_and_pull(office, desk, people=14, **VAN), report_and_pull(office, desk, name="Щербаков Григорий")
    desk.append(Named(case=a, person=f"{a}#3", name="Shcherbakov Grigory"))
    assert offered(desk) == {frozenset((a, b))}


def test_practice_is_nobody(office, desk):
    report_and_pull(office, desk, name="Щербаков Григорий")
    draft = Draft({"stage": "van", "people": 1, "name": "Щербаков Григорий"}, practice=True)
    report = compose(
        office.card, draft, case=new_id(os.urandom), first=True, seq=0, now=office.now, random_bytes=os.urandom
    )
    office.post.lay(RELAYS[0], report.sealed[0])
    assert desk.pull(office.post).new == 1
    assert offered(desk) == set()


def test_the_work_is_done_in_slices_and_comes_to_the_same(office, desk):
    for number in range(30):
        office.report({"name": f"Щербаков {'Григорий' if number % 2 else 'Grisha'}", "birth": str(1950 + number // 2)})
    desk.pull(office.post)
    ticks = count()
    with desk.reading() as db:
        slices = 1
        while not candidates.work(db, 2, lambda: next(ticks)):
            assert candidates.find_candidates_of_person(db, f"{view.list_case_ids(db)[0]}#0") is not None
            slices += 1
        found = {frozenset((pair.a, pair.b)) for pair in candidates.find_candidates(db, 1_000)}
    assert slices > 5
    again = office.copy("again")
    with office.desk(again) as other, other.reading() as db:
        assert candidates.work(db, 60)
        assert {frozenset((pair.a, pair.b)) for pair in candidates.find_candidates(db, 1_000)} == found


REASONS = """
surname_same surname_alike surname_differs given_same given_alike given_short given_differs initials
patronymic_same patronymic_alike patronymic_differs birth_same birth_alike birth_year birth_differs
sex_differs phone_same both_self station_same near place_differs time_near time_far plate_same plate_alike
plate_differs side_same people_same people_alike people_differ persons_same
"""


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_reason_has_its_words(language):
    words = json.loads(resources.files("client.desk.web").joinpath("locales", f"{language}.json").read_bytes())
    assert [key for key in REASONS.split() if not words["duplicate"].get(key)] == []
    source = resources.files("client.desk.matching").joinpath("scoring.py").read_text(encoding="utf-8")
    assert set(re.findall(r'Reason\("([a-z_]+)"', source)) <= set(REASONS.split())
