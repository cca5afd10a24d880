"""One person's words never fail a list of everybody: not on paper, in a table, on a page, in the matching."""

import csv
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.desk.cases import board, flags, search, view
from client.desk.consent import untrusted_text
from client.desk.documents import pdf
from client.desk.documents.letters.template import fill_template
from client.desk.documents.pdf import Paper
from client.desk.exports.columns import SubjectRow
from client.desk.exports.registry import Options, make_export
from client.desk.matching import candidates, names
from client.desk.web.map_svg import Label
from tests.support import pdf_text
from tests.support.case_reports import ALL, NOW, at_station, case_id, db, letter, station
from tests.support.files.zip_members import read_members
from tests.support.soak import at_length

pytestmark = pytest.mark.slow  # dozens of papers are printed

ZONE = ZoneInfo("Europe/Moscow")
STATION = station(1, "ОВД Тверской")
OTHERS = ("Абрамова Анна", "Яшин Илья", "مهسا امینی")
CANARY = "Канареев"
WIDE = "﷽"  # ten times as wide as high in fonts that have it
UNITS = 1_000


def person(number: int, name: str, **facts):
    return letter(case_id(number), {"name": name, "people": 1, "consent": ALL, **at_station(STATION), **facts})


def everybody(*more):
    return db([*more, *(person(n, name) for n, name in enumerate(OTHERS, 100))], stations=(STATION,))


def number_of(database) -> int:
    """Of the case of the one whose words are too much."""
    return view.find_case_number(database, case_id(1))


def make_list(database, language="ru"):
    [place] = [
        number for number, words in database.execute("SELECT number, name FROM place") if words == "ОВД Тверской"
    ]
    return make_export("list", database, Options(NOW, ZONE, language=language, place=place))


def refuse_canary(monkeypatch, where, name):
    """What is called `name` there raises as soon as it is given the canary's words."""
    true = getattr(where, name)

    def stumble(*words, **more):
        if any(CANARY in str(argument) for argument in (*words, *more.values())):
            raise ZeroDivisionError(CANARY)
        return true(*words, **more)

    monkeypatch.setattr(where, name, stumble)


def make_font(path: Path, letters: dict[str, int]) -> None:
    """A font with these letters, so many times as wide as high."""
    pen = TTGlyphPen(None)
    for move in ((0, 0), (0, UNITS), (UNITS, UNITS), (UNITS, 0)):
        pen.lineTo(move) if move != (0, 0) else pen.moveTo(move)
    pen.closePath()
    box, glyphs = pen.glyph(), {f"u{ord(sign):04X}": width for sign, width in letters.items()}
    font = FontBuilder(UNITS, isTTF=True)
    font.setupGlyphOrder([".notdef", *glyphs])
    font.setupCharacterMap({ord(sign): f"u{ord(sign):04X}" for sign in letters})
    font.setupGlyf(dict.fromkeys([".notdef", *glyphs], box))
    font.setupHorizontalMetrics({".notdef": (UNITS, 0), **{name: (UNITS * width, 0) for name, width in glyphs.items()}})
    font.setupHorizontalHeader(ascent=UNITS, descent=0)
    font.setupNameTable({"familyName": path.stem, "styleName": "Regular", "psName": path.stem})
    font.setupOS2(sTypoAscender=UNITS, sTypoDescender=0, usWinAscent=UNITS, usWinDescent=0)
    font.setupPost()
    font.save(path)


@pytest.fixture
def fonts(tmp_path, monkeypatch):
    """Gives this computer more fonts than it has."""

    def add(**letters_by_font: dict[str, int]) -> None:
        for name, letters in letters_by_font.items():
            make_font(tmp_path / f"{name}-Regular.ttf", letters)
        monkeypatch.setattr(pdf, "FOLDERS", (*pdf.FOLDERS, str(tmp_path)))
        for known in (pdf._find_fonts, pdf._find_family, pdf._read_letters):
            known.cache_clear()

    yield add
    for known in (pdf._find_fonts, pdf._find_family, pdf._read_letters):
        known.cache_clear()


def read(export, folder) -> str:
    return pdf_text.text(export.data, folder)


def all_named(words: str) -> bool:
    return all(name in words for name in OTHERS[:2])


@pytest.mark.parametrize("width", [1, 4, 9, 20, 60])
def test_wide_letters_are_measured_and_everybody_else_is_on_the_list(width, fonts, tmp_path):
    fonts(Wide={WIDE: width})
    database = everybody(person(1, WIDE * 100, birth=WIDE * 100), person(2, "Ж" * 500, birth="W" * 500))
    export = make_list(database)
    assert (export.count, export.failed) == (len(OTHERS) + 2, ())
    assert all_named(read(export, tmp_path))
    letter_ = fill_template(
        "complaint", "ru", {"name": WIDE * 100, "account": WIDE * 300, "officials": WIDE * 100}, "RU"
    )
    assert "ЖАЛОБА" in pdf_text.text(pdf.print_letter(letter_, NOW), tmp_path)


def test_one_name_in_many_scripts_does_not_use_up_the_fonts_of_the_others(fonts, tmp_path):
    signs = [chr(0x4E00 + n) for n in range(pdf.FALLBACKS + 3)]
    fonts(**{f"Sign{n}": {sign: 1} for n, sign in enumerate(signs)})
    ours = [person(n, f"{signs[-1]} Китаев") for n in (2, 3)]
    words = read(make_list(everybody(person(1, "".join(signs)), *ours)), tmp_path)
    assert f"{signs[-1]} Китаев" in words
    assert f"⟨U+{ord(signs[-1]):04X}⟩ Китаев" not in words


def test_a_font_that_cannot_be_read_has_no_letters(fonts, tmp_path, monkeypatch):
    fonts(Wide={WIDE: 2})
    refuse = Paper.__init__

    def without(self, *words, **more):
        refuse(self, *words, **more)
        add = self._pdf.add_font
        self._pdf.add_font = lambda *given: add(*given) if "Wide" not in str(given) else 1 / 0

    monkeypatch.setattr(Paper, "__init__", without)
    words = read(make_list(everybody(person(1, WIDE))), tmp_path)
    assert all_named(words)
    assert "⟨U+FDFD⟩" in words


@pytest.mark.parametrize(
    ("language", "sentence"), [("ru", "Имя не печатается: дело"), ("en", "cannot be printed: case")]
)
def test_whoever_cannot_be_printed_stands_on_the_list_by_the_number_of_the_case(
    language, sentence, monkeypatch, tmp_path
):
    database = everybody(person(1, CANARY))
    refuse_canary(monkeypatch, Paper, "_fit_cell")
    export = make_list(database, language)
    words = " ".join(read(export, tmp_path).split())
    assert all_named(words)
    assert f"{sentence} {number_of(database)}" in words
    assert export.failed == (number_of(database),)


@pytest.mark.parametrize("key", ["package", "uwazi"])
@pytest.mark.parametrize("audience", ["help", "UN", "publish"])
def test_whoever_cannot_be_written_is_missing_from_a_table_alone(key, audience, monkeypatch):
    database = everybody(person(1, CANARY))
    refuse_canary(monkeypatch, SubjectRow, "redact_name")
    export = make_export(key, database, Options(NOW, ZONE, audience=audience))
    data = read_members(export.data)["persons.csv"] if key == "package" else export.data
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    assert len(rows) == 1 + export.count == 1 + len(OTHERS)
    assert all(any(name in row for row in rows) for name in OTHERS)
    assert export.failed == (number_of(database),)


def test_a_case_that_the_desk_stumbles_over_is_shown_broken_and_all_others_whole(monkeypatch):
    refuse_canary(monkeypatch, flags, "of_case")
    database = everybody(person(1, CANARY))
    found = view.load_case(database, case_id(1))
    assert (found.number, found.facts) == (number_of(database), {})
    assert "broken" in found.flags
    [row] = [row for row in board.load_board(database, NOW).rows if row.place.name == "ОВД Тверской"]
    assert row.count.reported == len(OTHERS)
    for number, name in enumerate(OTHERS, 100):
        assert view.load_case(database, case_id(number)).persons[0].name == name
        assert [hit.case for hit in search.search(database, name)] == [case_id(number)]


def test_words_that_cannot_be_compared_keep_nobody_from_being_compared(monkeypatch):
    refuse_canary(monkeypatch, names, "read")
    database = everybody(person(1, CANARY), person(2, "Абрамова Анна"), person(3, CANARY))
    assert candidates.work(database, 60)
    found = candidates.find_candidates(database, 10)
    assert [{pair.a, pair.b} for pair in found] == [{f"{case_id(2)}#0", f"{case_id(100)}#0"}]


def test_words_that_cannot_be_shown_hide_nobody_elses_on_any_page(browser, office, control, monkeypatch):
    for name in (CANARY, *OTHERS[:2]):
        office.report({"name": name, "stage": "station", "station": {"text": "ОВД Тверской"}, "account": name})
    control.desk.pull(office.post)
    refuse_canary(monkeypatch, untrusted_text, "_spell_hidden")
    with control.desk.reading() as database:
        [place] = {row.place.number for row in board.load_board(database, NOW).rows}
    paths = "/ /queue /people /names /practice /journal /handover /map /exports /duplicates /case/1 /case/2 /case/3"
    for path in [*paths.split(), f"/place/{place}", f"/place/{place}/names"]:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        if path in ("/queue", "/people", "/names", f"/place/{place}"):
            assert all_named(answer.text), path
            assert "⟨?⟩" in answer.text, path


def test_the_page_of_exports_names_the_cases_that_could_not_be_written(browser, office, control, monkeypatch):
    office.report({"name": CANARY, "consent": ALL})
    office.report({"name": OTHERS[0], "consent": ALL})
    control.desk.pull(office.post)
    refuse_canary(monkeypatch, SubjectRow, "redact_name")
    browser.post("/exports", referer="/exports", kind="package", audience="help", language="en")
    page = browser.get("/exports").text
    assert "could not be written" in page
    assert 'href="/case/1"' in page or 'href="/case/2"' in page


def test_a_label_of_wide_letters_is_pressed_into_its_place_on_the_map():
    assert Label(0, 0, "start", "﷽﷽").is_fitted
    assert Label(0, 0, "start", "北京").is_fitted
    assert not Label(0, 0, "start", "ОВД Тверской Ә").is_fitted


strange = st.text(st.sampled_from("﷽ﷺ𒐫꧅𰻞W.I \n\u0301\u202eЖمa中😀\u200d") | st.characters(codec="utf-8"), max_size=500)


@settings(deadline=None, max_examples=at_length(10, 250), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strange, strange)
def test_whatever_somebody_is_called_everybody_else_is_on_the_list(tmp_path, name, birth):
    export = make_list(everybody(person(1, name, birth=birth)))
    assert all_named(read(export, tmp_path))
