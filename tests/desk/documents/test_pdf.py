"""Paper: every script that a reporter writes in, nothing run off the page, nothing in the file about its maker."""

import re
import unicodedata
from zoneinfo import ZoneInfo

import pytest

from client.desk.documents import pdf
from client.desk.documents.letters.template import fill_template
from client.desk.documents.pdf import NoFont, Paper
from client.desk.exports.registry import Options, make_export
from tests.support import pdf_text
from tests.support.case_reports import ALL, NOW, at_station, case_id, db, letter, station
from tests.support.hostile_words import HOSTILE

TVERSKOY, ARBAT = station(1, "ОВД Тверской"), station(2, "ОВД Арбат")


def print_page(words: str, *, strict: bool = False) -> bytes:
    paper = Paper(NOW, strict=strict)
    paper.add_paragraph(words)
    return paper.to_bytes()


@pytest.mark.parametrize(
    "words",
    [
        "Съешь же ещё этих мягких французских булок",
        "Ӓғқңөұүіһ Әлия Қанатқызы",
        "Їжак ґанок Є, Ў беларуская",
        "The quick brown fox — “jumps”",
    ],
)
def test_words_come_out_as_they_went_in(words, tmp_path):
    assert words in pdf_text.text(print_page(words, strict=True), tmp_path)


def test_persian_is_joined_and_runs_from_right_to_left(tmp_path):
    """Another program reads the letters back in the order in which they are spoken."""
    words = "مهسا امینی"
    read = unicodedata.normalize("NFKC", pdf_text.text(print_page(words, strict=True), tmp_path))
    assert words in re.sub(r"[\u202a-\u202e\u2066-\u2069]", "", read)


def test_a_word_longer_than_the_line_is_broken_and_stays_on_the_page(tmp_path):
    read = pdf_text.text(print_page("Ж" * 5_000), tmp_path)
    assert read.count("Ж") == 5_000
    for picture in pdf_text.pictures(print_page("Ж" * 5_000), tmp_path):
        width, rows = _rows(picture)
        margin = width * 10 // 210
        assert all(set(row[:margin] + row[-margin:]) == {255} for row in rows)


def _rows(picture: bytes) -> tuple[int, list[bytes]]:
    _, size, _, pixels = picture.split(b"\n", 3)
    width = int(size.split()[0])
    return width, [pixels[at : at + width] for at in range(0, len(pixels), width)]


@pytest.mark.parametrize(("number", "words"), HOSTILE)
def test_hostile_words_make_a_page_and_no_markup(number, words, tmp_path):
    read = pdf_text.text(print_page("начало " + words + " конец"), tmp_path)
    assert "начало" in read
    assert "конец" in read


def test_nothing_is_read_as_markup(tmp_path):
    assert "**a** __b__ <b>c</b> [d](http://e)" in pdf_text.text(
        print_page("**a** __b__ <b>c</b> [d](http://e)"), tmp_path
    )


def test_letters_that_no_font_has_are_an_error_where_a_letter_is_to_be_signed():
    with pytest.raises(NoFont) as caught:
        print_page("Имя: 中文", strict=True)
    assert caught.value.code == "no-font"
    assert "cjk" in str(caught.value)
    assert "中" not in str(caught.value)


def test_in_a_list_they_are_spelled_out(tmp_path):
    assert "⟨U+4E2D⟩" in pdf_text.text(print_page("Имя: 中"), tmp_path)


def test_without_any_font_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(pdf, "FOLDERS", (str(tmp_path),))
    pdf._find_family.cache_clear()
    try:
        with pytest.raises(NoFont) as caught:
            print_page("слово")
        assert "fonts-dejavu-core" in caught.value.hint
    finally:
        pdf._find_family.cache_clear()


def test_the_file_says_nothing_of_its_maker(tmp_path):
    data = print_page("слово")
    properties = pdf_text.about(data, tmp_path)
    assert not {"Producer", "Author", "Creator", "Title", "Subject", "Keywords", "ModDate"} & properties.keys()
    for word in (b"fpdf", b"/ID", b"/Title", b"/Author", b"Metadata", b"+03"):
        assert word not in data
    assert b"/CreationDate (D:20261120000000Z)" in data


def test_the_same_twice_is_the_same_file():
    assert print_page("слово مهسا 😀") == print_page("слово مهسا 😀")


def test_a_letter_is_printed_with_its_gaps(tmp_path):
    data = pdf.print_letter(fill_template("complaint", "ru", {"name": "Иванова Анна", "by": "полиция"}, "RU"), NOW)
    read = " ".join(pdf_text.text(data, tmp_path).split())
    for words in ("ЖАЛОБА на незаконное лишение свободы", "Иванова Анна", "[не указано: время доставления]"):
        assert words in read


LETTERS = [
    letter(case_id(1), {"name": "Яшин Илья", "birth": "1983", "consent": {"help": True}, **at_station(TVERSKOY)}),
    letter(case_id(2), {"name": "Абрамова Анна", "people": 1, "minors": 1, "consent": ALL, **at_station(TVERSKOY)}),
    letter(case_id(3), {"name": "Молчун Иван", "people": 1, **at_station(TVERSKOY)}),
    letter(case_id(4), {"name": "Другая Ольга", "people": 1, "consent": ALL, **at_station(ARBAT)}),
    letter(case_id(5), {"name": "مهسا امینی", "people": 1, "consent": ALL, **at_station(TVERSKOY)}),
    letter(case_id(6), {"name": "Отпущенный Пётр", "people": 1, "consent": ALL, "stage": "released"}),
]  # fmt: skip


def make_list(letters, number=1):
    database = db(letters, stations=(TVERSKOY, ARBAT))
    (place,) = database.execute("SELECT number FROM place WHERE station = ?", [f"ovd-{number}"]).fetchone()
    return make_export("list", database, Options(NOW, ZoneInfo("Europe/Moscow"), language="ru", place=place))


def test_the_lawyers_list_has_those_of_one_station_who_want_help(tmp_path):
    export = make_list(LETTERS)
    read = pdf_text.text(export.data, tmp_path)
    assert (export.count, export.left_out) == (3, 1)
    assert read.index("Абрамова Анна") < read.index("Яшин Илья")
    for words in ("ОВД Тверской", "20.11.2026 19:00", "1983", "Ещё без имени или без согласия назвать его: 1"):
        assert words in read
    for name in ("Молчун", "Другая", "Отпущенный"):
        assert name not in read


def test_a_long_list_goes_on_over_pages_with_its_head(tmp_path):
    many = [
        letter(case_id(n), {"name": f"Человек Номер {n}", "people": 1, "consent": ALL, **at_station(TVERSKOY)})
        for n in range(200)
    ]
    export = make_list(many)
    read = pdf_text.text(export.data, tmp_path)
    assert export.count == 200
    assert read.count("Фамилия, имя, отчество") == read.count("\f") > 3
    assert all(f"Человек Номер {n}" in read for n in range(200))


def test_a_list_of_hostile_names_is_a_list(tmp_path):
    letters = [
        letter(
            case_id(n), {"name": words[:500], "birth": words[:500], "people": 1, "consent": ALL, **at_station(TVERSKOY)}
        )
        for n, words in HOSTILE
    ]
    assert "ОВД Тверской" in pdf_text.text(make_list(letters).data, tmp_path)


@pytest.mark.parametrize("sign", ["W", "﷽", "中", "𝕴", "a\u0301", "\u0301", "😀", "\u202e", "⟨"])
def test_no_name_is_so_long_that_it_keeps_a_lawyer_from_the_others(sign, tmp_path):
    long = (sign * 500)[:500]
    facts = {"name": long, "birth": long, "people": 1, "consent": ALL, **at_station(TVERSKOY)}
    export = make_list([letter(case_id(7), facts), *LETTERS])
    assert "Яшин Илья" in pdf_text.text(export.data, tmp_path)
