"""Letters from a case: what is known stands in them, what is not is marked, and nothing in them is ever run."""

import json
import re
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from client.desk.cases import view
from client.desk.consent.consent import NoConsent
from client.desk.documents.letters.fill import NoSuchLetter, write_letter
from client.desk.documents.letters.template import fill_template, list_templates, load_template, load_terms
from client.desk.documents.letters.values import LetterContext, LetterValues
from client.desk.exports.registry import Options, make_export
from client.desk.journal.entries import Linked, Named, Official, Stated
from tests.support.case_reports import ALL, NOW, at_station, case_id, db, journal_entry, letter, station
from tests.support.hostile_words import HOSTILE

MOSCOW = ZoneInfo("Europe/Moscow")
CONTEXT = LetterContext(NOW, MOSCOW, "Помощь")
TVERSKOY = station(1, "ОВД Тверской")
ANNA = f"{case_id(1)}#0"
FACTS = {
    "name": "Иванова Анна Петровна", "role": "self", "consent": ALL, "birth": "1990-05-01", "people": 1,
    "detained_at": {"time": NOW - 6 * 3600}, "article": "20.2 ч. 5", "by": {"kind": "riot_police", "badges": ["12-34"]},
    "account": "Подошли и увели.\nНичего не объяснили.", **at_station(TVERSKOY),
}  # fmt: skip


def case(entries=(), **more):
    return db([letter(case_id(1), FACTS | more, at=NOW - 3600)], list(entries), (TVERSKOY,))


def known_fields():
    """Every field that code can fill in, asked of a real case."""
    seen = view.load_case(case(), case_id(1))
    return set(LetterValues(seen, seen.persons[0], "ru", CONTEXT, lambda _: None).fields())


@pytest.mark.parametrize(("kind", "language"), list_templates())
def test_a_template_uses_only_fields_that_have_a_name(kind, language):
    assert load_template(kind, language).fields() <= set(load_terms().fields)


def test_every_field_that_is_filled_in_is_used_and_has_a_name():
    used = set().union(*(load_template(kind, language).fields() for kind, language in list_templates()))
    assert known_fields() <= used == set(load_terms().fields)


def test_every_word_is_there_in_both_languages():
    for table in (load_terms().fields, load_terms().terms):
        assert all(by_language.keys() == {"ru", "en"} and all(by_language.values()) for by_language in table.values())


@pytest.mark.parametrize(("kind", "language"), list_templates())
def test_with_nothing_known_every_gap_is_marked(kind, language):
    empty = fill_template(kind, language, {}, "RU")
    assert "{" not in empty.text
    mark = "[не указано: " if language == "ru" else "[not stated: "
    assert empty.text.count(mark) >= len(empty.gaps) > 0
    for gap in empty.gaps:
        assert f"{mark}{load_terms().fields[gap][language]}]" in empty.text


def test_what_is_known_stands_in_the_complaint_and_what_is_not_is_named():
    found = write_letter(case(), "complaint", "ru", ANNA, CONTEXT)
    assert "20.11.2026 13:00 задержан(а) Иванова Анна Петровна" in found.text
    assert "ОВД Тверской, Москва, Тверская улица, 1" in found.text
    assert "Время доставления: не позднее 20.11.2026 18:00" in found.text
    assert "[не указано: гражданство]" in found.text
    assert "citizenship" in found.gaps
    assert "birth" not in found.gaps


def test_a_time_that_was_not_told_exactly_is_not_told_exactly():
    assert (
        "20.11.2026 (точное время не названо)"
        in write_letter(
            case(detained_at={"time": NOW - 7200, "precision": "day"}), "complaint", "ru", ANNA, CONTEXT
        ).text
    )
    assert (
        "about 20 November 2026 17:00"
        in write_letter(
            case(detained_at={"time": NOW - 7200 + 60, "precision": "hour"}), "complaint", "en", ANNA, CONTEXT
        ).text
    )


def test_time_limits_that_have_passed_stand_in_it_with_the_law():
    text = write_letter(case(), "complaint", "ru", ANNA, CONTEXT).text
    assert "КоАП РФ, ст. 27.5 ч. 1 и 4" in text
    assert "(срок истёк 20.11.2026 16:00)" in text
    assert "не более 48 часов (" not in text.partition("Прошу")[0].partition("Истекли")[2]


def test_the_law_of_one_country_is_not_cited_in_another():
    abroad = case()
    abroad.execute("UPDATE \"case\" SET country = 'KZ'")
    text = write_letter(abroad, "complaint", "ru", ANNA, CONTEXT).text
    assert "статье 22 Конституции Российской Федерации" not in text
    assert "статье 9 Международного пакта" in text
    assert "статье 22 Конституции Российской Федерации" in write_letter(case(), "complaint", "ru", ANNA, CONTEXT).text


def test_what_a_caseworker_added_and_linked_officials_stand_in_it():
    official = case_id(77)
    entries = [
        journal_entry(
            1, 0, Stated(case=case_id(1), facts={"reason": "для установления личности"}, source="звонок в отдел")
        ),
        journal_entry(1, 1, Official(id=official, name="Сидоров", rank="капитан", badge="55-66", unit="")),
        journal_entry(1, 2, Linked(official=official, case=case_id(1), part="задерживал")),
    ]
    text = write_letter(case(entries), "complaint", "ru", ANNA, CONTEXT).text
    assert "для установления личности" in text
    assert "капитан, Сидоров, знак 55-66; знак 12-34" in text


def test_of_another_person_in_the_van_only_what_they_share_is_told():
    entries = [
        journal_entry(1, 0, Named(case=case_id(1), person=f"{case_id(1)}#1", name="Ольга Вторая", facts={}, source="x"))
    ]
    text = write_letter(case(entries, people=2, health="диабет"), "complaint", "ru", f"{case_id(1)}#1", CONTEXT).text
    assert "задержан(а) Ольга Вторая" in text
    assert "20.11.2026 13:00" in text
    for own in ("Иванова", "1990-05-01", "диабет", "увели"):
        assert own not in text


@pytest.mark.parametrize(("kind", "language"), list_templates())
@pytest.mark.parametrize(("number", "words_"), HOSTILE)
def test_words_of_a_report_stay_words(kind, language, number, words_):
    braces = "{organisation}{0}{name.__class__}" + words_
    hostile = dict.fromkeys(("name", "birth", "article", "citizenship", "occupation", "sex"), braces[:500])
    database = case(**hostile, account=braces, reason=braces, injuries=braces, health=braces)
    text = write_letter(database, kind, language, ANNA, CONTEXT).text
    assert "{organisation}{0}{name.__class__}" in text
    assert not set(text) & {"\x00", "\x1b", "\u202e", "\u2066", "\r"}
    first = load_template(kind, language).to
    assert len(text.partition("\n\n")[0].splitlines()) <= len(first) + 3 * 4  # no line of an address is forged


def test_a_name_with_line_breaks_makes_no_line_of_its_own():
    text = write_letter(case(name="Анна\n\nПрошу: отпустить всех"), "complaint", "ru", ANNA, CONTEXT).text
    assert "\nПрошу: отпустить" not in text


def test_words_from_right_to_left_stand_on_a_line_of_their_own():
    text = write_letter(case(name="مهسا امینی"), "complaint", "ru", ANNA, CONTEXT).text
    assert "в интересах: \nمهسا امینی\n" in text


def test_the_united_nations_need_a_yes_and_help_only_that_nobody_said_no():
    silent = case(consent={})
    assert write_letter(silent, "complaint", "ru", ANNA, CONTEXT)
    with pytest.raises(NoConsent):
        write_letter(silent, "wgad", "en", ANNA, CONTEXT)
    with pytest.raises(NoConsent):
        make_export("wgad", silent, Options(NOW, MOSCOW, person=ANNA))
    with pytest.raises(NoConsent):
        write_letter(case(consent={"help": False}), "complaint", "ru", ANNA, CONTEXT)
    assert "I.4" not in make_export("wgad", case(), Options(NOW, MOSCOW, person=ANNA)).data.decode()


def test_the_text_for_the_working_group_follows_its_questionnaire():
    text = make_export("wgad", case(), Options(NOW, MOSCOW, person=ANNA, organisation="Помощь")).data.decode()
    assert re.findall(r"^([IV]+)\.", text, re.MULTILINE) == ["I", "II", "III", "IV", "V", "VI", "VII"]
    assert "Подошли и увели.\nНичего не объяснили." in text
    assert "4. Birth date or age: 1990-05-01" in text
    assert "(UTC+03:00)" in text


def test_others_who_did_not_allow_it_are_not_named():
    other = letter(case_id(2), {"name": "Пётр Неназванный", "people": 1})
    mine = letter(case_id(1), FACTS | {"account": "Со мной Пётр Неназванный."}, at=NOW - 60)
    text = write_letter(db([mine, other], stations=(TVERSKOY,)), "wgad", "en", ANNA, CONTEXT).text
    assert "Со мной […]." in text


def test_what_there_is_not_is_refused():
    for kind, person in (("complaint", f"{case_id(1)}#7"), ("complaint", f"{case_id(5)}#0"), ("poem", ANNA)):
        with pytest.raises(NoSuchLetter):
            write_letter(case(), kind, "ru", person, CONTEXT)


def test_templates_are_plain_data():
    for entry in files("client.desk.documents.letters").joinpath("texts").iterdir():
        assert json.loads(entry.read_text(encoding="utf-8")).keys() == {"to", "title", "body"}
