"""Search in any script; whatever is typed, it never fails and never becomes a command."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.desk.cases import database, ingest, search, view
from client.desk.journal.entries import Linked, Noted, Official, Replied, Stated
from tests.support.case_reports import pack, station
from tests.support.journal_entries import Journal, case_id, letter, station_report

PEOPLE = {
    "ivanov": "Иванов Пётр Алексеевич",
    "shcherbakov": "Щербаков Юрий",
    "kazakh": "Әлихан Бөкейханұлы Нұрғали",
    "persian": "محمد رضایی",
    "georgian": "გიორგი მაისურაძე",
    "chinese": "王小明",
    "belarusian": "Янка Лукашэвіч",
    "ukrainian": "Олексій Гнатюк",
    "thai": "สมชาย ใจดี",
    "latin": "Jürgen Müller",
    "arabic": "خدیجه کاظمی",
    "armenian": "Գագիկ Ծառուկյան",
}
DB = database.build([station_report(case, name=name) for case, name in PEOPLE.items()], [])
CASES = {case_id(case): case for case in PEOPLE}


def found(text, db=DB) -> list[str]:
    return [CASES[hit.case] for hit in search.search(db, text)]


def surely(text) -> list[str]:
    return [CASES[hit.case] for hit in search.search(DB, text) if hit.whole]


@pytest.mark.parametrize(
    ("asked", "case"),
    [
        ("Иванов", "ivanov"),
        ("иванов петр", "ivanov"),
        ("ИВАН", "ivanov"),
        ("Ivanov", "ivanov"),
        ("Ivanov Pyotr Alekseevich", "ivanov"),
        ("Petr Ivanoff", "ivanov"),
        ("Щербаков", "shcherbakov"),
        ("Shcherbakov", "shcherbakov"),
        ("Scherbakov Yury", "shcherbakov"),
        ("Ščerbakov", "shcherbakov"),
        ("Әлихан", "kazakh"),
        ("Алихан Бокейханулы", "kazakh"),
        ("Alikhan Bokeikhanuly", "kazakh"),
        ("Nurgali", "kazakh"),
        ("محمد رضایی", "persian"),
        ("محمد رضايي", "persian"),  # typed on an Arabic keyboard
        ("Mohammad Rezaei", "persian"),
        ("Mohamed Rezai", "persian"),
        ("გიორგი", "georgian"),
        ("Giorgi Maisuradze", "georgian"),
        ("Георгий Майсурадзе", "georgian"),
        ("王小明", "chinese"),
        ("小明", "chinese"),
        ("王", "chinese"),
        ("Wang Xiaoming", "chinese"),
        ("Lukashevich", "belarusian"),
        ("Лукашевич", "belarusian"),
        ("Hnatiuk", "ukrainian"),
        ("Гнатюк Олексій", "ukrainian"),
        ("สมชาย", "thai"),
        ("ใจดี", "thai"),
        ("Somchai", "thai"),
        ("muller jurgen", "latin"),
        ("Khadija Kazemi", "arabic"),
        ("Tsarukyan", "armenian"),
        ("Царукян Гагик", "armenian"),
    ],
)
def test_a_name_is_found_in_every_script_and_spelling(asked, case):
    assert case in found(asked)


@pytest.mark.parametrize("asked", ["Иванов", "Ivanov", "王小明", "محمد", "Müller", "გიორგი", "สมชาย"])
def test_what_stands_there_is_told_from_what_is_only_like_it(asked):
    assert len(surely(asked)) == 1


def test_all_words_have_to_be_found():
    assert found("Иванов Юрий") == []
    assert found("Иванов Щербаков") == []


def test_what_matches_exactly_comes_first():
    db = database.build(
        [
            station_report("a", name="Иванова"),
            station_report("b", name="Иванов"),
            station_report("c", account="у Иванова"),
        ],
        [],
    )
    names = [view.load_case(db, hit.case).facts.get("name") for hit in search.search(db, "Иванов")]
    assert names[-1] is None


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        ("012345", {"by": {"kind": "police", "badges": ["012345"]}}),
        ("12345", {"by": {"kind": "police", "badges": ["012345"]}}),
        ("мегафон", {"account": "забрали за мегафон"}),
        ("+7 916 123-45-67", {"contact": "+7 (916) 123 45 67"}),
        ("астма", {"health": "Астма, ингалятор"}),
        ("20.2", {"article": "КоАП 20.2 ч. 5"}),
        ("a123", {"van": {"plate": "A123BC"}}),
        ("странное", {"не наше": ["странное", {"ещё": 1}]}),
        ("не наше", {"не наше": ["странное"]}),
    ],
)
def test_everything_that_was_said_is_found(asked, facts):
    db = database.build([letter("ivanov", facts), station_report("latin", name="Никто")], [])
    assert found(asked, db) == ["ivanov"]


def test_notes_answers_sources_and_officials_are_found():
    actions = [
        Noted(case=case_id("ivanov"), text="перезвонить сестре"),
        Replied(case=case_id("ivanov"), id=case_id("r"), text="адвокат едет", status="lawyer"),
        Stated(case=case_id("ivanov"), facts={"people": 3}, source="звонок дежурному"),
        Official(id=case_id("o"), name="Сидоренко", rank="капитан", badge="777"),
        Linked(official=case_id("o"), case=case_id("ivanov"), part="задержал"),
    ]
    db = database.build([station_report("ivanov"), station_report("latin")], Journal().all(*actions))
    for asked in ("сестре", "адвокат", "дежурному", "Sydorenko", "777", "капитан", "задержал"):
        assert found(asked, db) == ["ivanov"], asked


def test_an_official_who_is_described_later_is_found():
    journal = Journal()
    db = database.build([station_report("ivanov")], journal.all(Linked(official=case_id("o"), case=case_id("ivanov"))))
    ingest.add_entry(db, journal.write(Official(id=case_id("o"), name="Сидоренко")))
    assert found("Сидоренко", db) == ["ivanov"]


def test_the_station_of_a_pack_is_found_by_its_name():
    place = {"stage": "station", "station": {"pack": "test", "id": "ovd-1"}}
    db = database.build([letter("ivanov", place)], [], [pack(station(1, "ОВД Тверской"))])
    assert found("Tverskoy", db) == ["ivanov"]


def test_what_came_just_now_is_found_at_once():
    db = database.build([station_report("ivanov")], [])
    ingest.add_letter(db, letter("ivanov", {"name": "Кузнецова"}, seq=1))
    assert found("Kuznecova", db) == ["ivanov"]


@pytest.mark.parametrize(
    "asked",
    ["", " ", '"', "*", "NEAR(a b)", "names:x", "a OR b", "a AND", "(", "-a", "^", "{names}", "'; DROP TABLE words; --",
     "\0", "а\0б", "%", "_", "~", "~vn", "щ" * 100_000, "a " * 100_000, "\ud800", "\u202e", "🙂"],
)  # fmt: skip
def test_nothing_that_is_typed_is_a_command(asked):
    search.search(DB, asked)
    assert "ivanov" in found("Иванов")


@given(st.text(st.characters(), max_size=60))
@settings(deadline=None)
def test_no_question_fails(text):
    search.search(DB, text)


@pytest.mark.parametrize("asked", ["a OR Иванов", "Иванов NOT Пётр", "names : Иванов", "^Иванов"])
def test_words_of_the_query_language_are_words(asked):
    assert surely(asked) == [] or "ivanov" in surely(asked)
    assert "shcherbakov" not in found(asked)


def test_a_word_that_would_fill_the_memory_is_cut():
    db = database.build([letter("ivanov", {"account": "я" * 20_000, "name": "Иванов"}), station_report("latin")], [])
    assert found("Иванов", db) == ["ivanov"]
    assert found("я" * 100, db) == ["ivanov"]
    row = db.execute('SELECT said FROM words JOIN "case" ON number = words.rowid WHERE id = ?', [case_id("ivanov")])
    assert max(map(len, row.fetchone()[0].split())) <= search.LETTERS


def test_a_text_without_blanks_is_found_by_any_two_of_its_signs():
    signs = "".join(chr(0x4E00 + at) for at in range(150))
    db = database.build([letter("ivanov", {"account": signs})], [])
    assert all(found(signs[at : at + 2], db) == ["ivanov"] for at in range(149))
    assert found(signs[60:100], db) == ["ivanov"]
    assert found(signs[0] + signs[2], db) == []


def test_a_flood_of_words_does_not_crowd_out_the_name():
    flood = {"account": " ".join(f"слово{at}" for at in range(1_900)), **{f"x{at}": "с" * 20 for at in range(900)}}
    db = database.build([letter("ivanov", {**flood, "name": "Иванов"})], [])
    assert found("Иванов", db) == ["ivanov"]
