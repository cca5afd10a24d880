"""Tables of persons: only what each one allows, under the validators of those who read them."""

import csv
import io
import json
import re
import unicodedata
import zipfile
from zoneinfo import ZoneInfo

import pytest
from frictionless import Package, system
from hypothesis import example, given
from hypothesis import strategies as st

from client.desk.exports.csv_cells import _NUMBERS, build_csv, defuse_formula
from client.desk.exports.registry import KINDS, NoSuchExport, Options, make_export
from client.desk.exports.terms import load_terms
from client.desk.journal.entries import Named, SamePerson, Stated
from client.report import FIELDS
from tests.support.case_reports import ALL, NOW, at_station, case_id, db, journal_entry, letter, station
from tests.support.files.zip_members import read_members
from tests.support.hostile_words import HOSTILE

MOSCOW = ZoneInfo("Europe/Moscow")
TVERSKOY, ARBAT = station(1, "ОВД Тверской"), station(2, "ОВД Арбат")
STATIONS = (TVERSKOY, ARBAT)


def options(**more) -> Options:
    return Options(NOW, MOSCOW, **more)


def person(number, name, consent=None, **facts):
    stated = {"name": name, "people": 1, **at_station(TVERSKOY), **facts}
    return letter(case_id(number), stated | ({} if consent is None else {"consent": consent}))


def read_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def make_table(database, audience, kind="package"):
    export = make_export(kind, database, options(audience=audience))
    return read_rows(read_members(export.data)["persons.csv"] if kind == "package" else export.data), export


def validate(data: bytes, folder):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    with system.use_context(trusted=False):
        report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.to_summary()
    assert report.stats["warnings"] == 0


@pytest.mark.parametrize("audience", KINDS["package"].audiences)
def test_the_data_package_is_one_whatever_people_write(audience, tmp_path):
    letters = [person(n, words, ALL, account=words, reason=words, article=words[:500]) for n, words in HOSTILE]
    _, export = make_table(db(letters, stations=STATIONS), audience)
    assert export.count == len(HOSTILE)
    validate(export.data, tmp_path)


def test_an_empty_package_is_one_as_well(tmp_path):
    table_, export = make_table(db([person(1, "Иван Молчун")], stations=STATIONS), "help")
    assert (table_, export.count, export.left_out) == ([], 0, 1)
    validate(export.data, tmp_path)


@pytest.mark.parametrize("audience", ["help", "store", "UN", "publish"])
@pytest.mark.parametrize("answer", [None, False, True])
def test_each_audience_sees_only_those_who_said_yes_to_it(audience, answer):
    """A yes to one is a yes to no other; nothing said is no."""
    others = {name: True for name in ("help", "store", "statistics", "UN") if name != audience}
    own = {True: "with_name", False: "no", None: None}[answer] if audience == "publish" else answer
    consent = others | ({} if audience == "publish" else {"publish": "with_name"}) | {audience: own}
    table_, export = make_table(db([person(1, "Иван Молчун", consent)], stations=STATIONS), audience)
    assert [row["name"] for row in table_] == (["Иван Молчун"] if answer else [])
    assert (export.count, export.left_out) == ((1, 0) if answer else (0, 1))


def test_published_without_a_name_is_without_anybodys_words():
    letters = [person(1, "Иван Молчун", {"publish": "without_name"}, account="мой рассказ", birth="1990-05-01")]
    table_, export = make_table(db(letters, stations=STATIONS), "publish")
    assert table_[0]["name"] == ""
    assert table_[0]["station"] == "ОВД Тверской"
    assert not {"account", "birth", "place", "reason"} & table_[0].keys()
    assert "Молчун".encode() not in read_members(export.data)["persons.csv"]
    titles, _ = make_table(db(letters, stations=STATIONS), "publish", "uwazi")
    assert titles[0]["title"] == "Person 1"


def test_a_place_that_somebody_typed_is_not_published():
    letters = [
        letter(case_id(1), {"consent": ALL, "stage": "station", "station": {"text": "на даче у Молчунов"}, "people": 1})
    ]
    for kind in ("package", "uwazi"):
        export = make_export(kind, db(letters, stations=STATIONS), options(audience="publish"))
        data = read_members(export.data)["persons.csv"] if kind == "package" else export.data
        assert b"\xd0\x9c\xd0\xbe\xd0\xbb\xd1\x87\xd1\x83\xd0\xbd" not in data
    assert export.count == 1


def test_a_cases_consent_holds_for_everybody_in_it_until_they_speak_for_themselves():
    case = case_id(1)
    entries = [
        journal_entry(1, 0, Named(case=case, person=f"{case}#1", name="Ольга Вторая", facts={}, source="звонок")),
        journal_entry(
            1,
            1,
            Named(
                case=case, person=f"{case}#2", name="Пётр Третий", facts={"consent": {"help": False}}, source="он сам"
            ),
        ),
    ]
    letters = [person(1, "Анна Первая", {"help": True}, people=3)]
    table_, export = make_table(db(letters, entries, STATIONS), "help")
    assert sorted(row["name"] for row in table_) == ["Анна Первая", "Ольга Вторая"]
    assert export.left_out == 1


def count_merged(*consents, roles=("relative", "relative")):
    letters = [person(n, "Анна Первая", consent, role=roles[n - 1]) for n, consent in enumerate(consents, 1)]
    link = journal_entry(1, 0, SamePerson(a=f"{case_id(1)}#0", b=f"{case_id(2)}#0"))
    table_, export = make_table(db(letters, [link], STATIONS), "UN")
    assert export.count + export.left_out == 1
    return len(table_)


def test_of_two_reports_about_one_person_anybodys_no_is_a_no():
    assert count_merged({"UN": True}, {"UN": True}) == 1
    assert count_merged({"UN": True}, {"UN": False}) == 0
    assert count_merged({"UN": True}, None) == 1


def test_when_the_person_spoke_nobody_elses_yes_counts():
    assert count_merged({"UN": True}, None, roles=("self", "relative")) == 1
    assert count_merged({"UN": True}, {"UN": False}, roles=("self", "relative")) == 0
    assert count_merged({"help": True}, {"UN": True}, roles=("self", "relative")) == 0
    assert count_merged(None, {"UN": False}, roles=("self", "relative")) == 0


def test_the_last_answer_to_each_question_holds_and_one_that_is_left_out_takes_nothing_back():
    def answers(*consents):
        letters = [letter(case_id(1), {"consent": consent}, seq=n, at=NOW + n) for n, consent in enumerate(consents, 1)]
        return len(make_table(db([person(1, "Анна Первая"), *letters], stations=STATIONS), "UN")[0])

    assert answers({"UN": True}, {"help": True}) == 1
    assert answers({"UN": True}, {"UN": False}) == 0
    assert answers({"UN": False}, {"UN": True}) == 1
    assert answers({"UN": True}, {"UN": None}) == 1


def test_whoever_holds_the_phone_afterwards_can_forbid_and_not_allow():
    phone_taken = letter(case_id(1), {"phone_taken": True}, seq=1, at=NOW + 10)
    yes = letter(case_id(1), {"consent": {"UN": True}}, seq=2, at=NOW + 20)
    no = letter(case_id(1), {"consent": {"UN": False}}, seq=3, at=NOW + 30)
    silent = person(1, "Анна Первая")
    assert len(make_table(db([silent, yes], stations=STATIONS), "UN")[0]) == 1
    assert len(make_table(db([silent, phone_taken, yes], stations=STATIONS), "UN")[0]) == 0
    assert (
        len(make_table(db([person(1, "Анна Первая", {"UN": True}), phone_taken, no], stations=STATIONS), "UN")[0]) == 0
    )
    visited = Stated(case=case_id(1), facts={"consent": {"UN": True}}, source="свидание")
    assert (
        len(make_table(db([silent, phone_taken, yes], [journal_entry(1, 0, visited, NOW + 40)], STATIONS), "UN")[0])
        == 1
    )


def test_practice_presses_never_leave():
    letters = [letter(case_id(1), {"name": "Анна Первая", "consent": ALL, "people": 1}, practice=True)]
    assert make_table(db(letters), "help")[0] == []


def test_a_name_that_may_not_be_told_is_taken_out_of_what_others_wrote():
    letters = [
        person(1, "Анна Первая", ALL, account="Со мной был Пётр НЕНАЗВАННЫЙ, и ещё Petr Nenazvannyi; потом ушёл."),
        person(2, "Пётр Неназванный"),
    ]
    table_, _ = make_table(db(letters, stations=STATIONS), "UN")
    assert table_[0]["account"] == "Со мной был […], и ещё […]; потом ушёл."


def test_two_people_of_one_name_do_not_take_it_from_each_other():
    letters = [person(1, "Анна Первая", ALL), person(2, "Анна Первая")]
    assert [row["name"] for row in make_table(db(letters, stations=STATIONS), "UN")[0]] == ["Анна Первая"]


def test_uwazi_reads_it():
    letters = [
        person(1, "Анна Первая", ALL, detained_at={"time": NOW + 6 * 3600}, violence=["били", "душили|таскали"]),
        letter(case_id(2), {"consent": ALL, "stage": "van", "people": 1}),
    ]
    table_, export = make_table(db(letters, stations=STATIONS), "UN", "uwazi")
    assert not export.data.startswith(b"\xef\xbb\xbf")
    assert all(re.fullmatch("[a-z0-9_]+", head) for head in table_[0])
    assert len(set(table_[0])) == len(table_[0])
    anna = next(row for row in table_ if row["title"] == "Анна Первая")
    assert anna["initial_date"] == "2026-11-21"
    assert anna["exact_location_geolocation"] == "55.75100|37.61050"
    assert anna["method_of_violence"] == "били|душили/таскали"
    assert all(row["title"] for row in table_)


def test_what_is_a_number_stays_one_and_south_is_no_formula():
    south = station(3, "Comisaría", lat=-3_460_000, lon=-5_838_000)
    letters = [
        letter(
            case_id(1),
            {"name": "A B", "consent": ALL, "people": 1, "place": {"lat": -3_460_001, "lon": 5}, **at_station(south)},
        )
    ]
    database = db(letters, stations=(south,))
    assert make_table(database, "UN", "uwazi")[0][0]["exact_location_geolocation"] == "-34.59700|-58.37850"
    assert make_table(database, "UN")[0][0]["lat"] == "-34.60001"


FORMULAS = [
    "=1+1",
    "+1-1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    "\u00a0=1",
    "\u200b=1",
    "\u202e=1",
    "'=1",
    '"=1',
    "＝1",
    "＋1",
    "－1",
    "＠1",
    "|x",
    "%x",
]


@pytest.mark.parametrize("words", FORMULAS)
def test_no_cell_begins_a_formula(words):
    assert defuse_formula(words).startswith(("'", "⟨"))


@pytest.mark.parametrize("separator", [";", "\n", "\r\n", "\n\n  "])
def test_no_cell_begins_one_for_a_program_that_was_told_of_another_separator(separator):
    written = defuse_formula(f"a{separator}=cmd|'/c calc'!A0")
    assert re.search(r"(?:^|[;\n])\s*'[^\S\n]*=cmd", written)
    assert not re.search(r"[;\n]\s*=", written)


def test_ordinary_words_stay_as_they_are():
    for words in ("Иванова-Петрова Анна", "a=b", "20.2 ч. 5", "1990-05-01", "a, - b", "-33.5|151", "-5"):
        assert defuse_formula(words) == words


@given(st.lists(st.text(st.characters(codec=None), max_size=40), min_size=1, max_size=5))
@example(["\ud800=1", "\x00", '"', "a\r\n;\t=b"])
def test_whatever_stands_in_a_cell_comes_back_as_one_harmless_cell(words):
    data = build_csv(["a"] * len(words), [words])
    heads, row = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    assert len(heads) == len(row) == len(words)
    for cell in row:
        assert not {unicodedata.category(sign) for sign in cell if sign not in "\n\u200c\u200d"} & {
            "Cc",
            "Cf",
            "Cs",
            "Co",
        }
        assert _NUMBERS.fullmatch(cell) or not re.match(r"[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell)


def test_every_field_has_its_names_from_the_one_list():
    assert set(load_terms()) == set(FIELDS)
    assert load_terms()["birth"].slug == "date_of_birth"
    description = json.loads(
        read_members(make_export("package", db([]), options(audience="UN")).data)["datapackage.json"]
    )
    fields = {field["name"]: field for field in description["resources"][0]["schema"]["fields"]}
    assert (fields["birth"]["huridocs"], fields["birth"]["wgad"]) == ("Person: Date of Birth", "I.4")


def test_the_same_twice_is_the_same_file():
    letters = [person(n, f"Человек {n}", ALL) for n in range(20)]
    for key in ("package", "uwazi", "geojson", "hxl"):
        first = make_export(key, db(letters, stations=STATIONS), options())
        second = make_export(key, db(letters[::-1], stations=STATIONS), options())
        assert (first.data, first.sha256) == (second.data, second.sha256)


def test_what_is_no_export_is_refused():
    for key, more in (
        ("csv", {}),
        ("package", {"audience": "statistics"}),
        ("hxl", {"audience": "UN"}),
        ("bag", {}),
        ("list", {}),
        ("wgad", {}),
    ):
        with pytest.raises(NoSuchExport):
            make_export(key, db([]), options(**more))
