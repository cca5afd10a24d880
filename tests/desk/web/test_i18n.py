"""The desk's words: the same in both languages, none missing, none left over."""

import json
import re
import typing
from pathlib import Path
from string import Formatter

import pytest

from client import report
from client.desk.cases import attention, flags
from client.desk.documents.letters.template import list_templates
from client.desk.exports.registry import KINDS
from client.desk.journal import entries
from client.desk.web import canned_replies
from client.desk.web.i18n import FOLDER, LANGUAGES, NoSuchWords, Speech, choose_language, choose_plural, load_words
from client.desk.web.media_type import MediaInfo

DESK = Path("client/desk")
PLURALS = ("one", "few", "many")
CALL = re.compile(r"""say(?:\(\))?(?P<how>\.count|\.term)?\(\s*["'](?P<key>[a-z_.]+)["'](?P<more>\s*~)?""")
# Words that a template asks for by a value: the kind, and every value there may be.
TERMS = {
    "stage": typing.get_args(report.Stage),
    "role": typing.get_args(report.Role),
    "by": typing.get_args(report.By),
    "certainty": typing.get_args(report.Certainty),
    "publish": typing.get_args(report.Publish),
    "field": report.FIELDS,
    "status": typing.get_args(entries.Status),
    "lawyer": typing.get_args(entries.LawyerState),
    "lawyer_short": typing.get_args(entries.LawyerState),
    "reason": attention.REASONS,
    "flag": flags.FLAGS,
    "template": tuple(canned_replies.TEMPLATES),
    "done": entries.KINDS,
    "export": tuple(KINDS),
    "audience": tuple({audience for kind in KINDS.values() for audience in kind.audiences}),
    "letter": tuple({kind for kind, _ in list_templates()}),
    "language": LANGUAGES,
    "month": tuple(map(str, range(1, 13))),
}


def read_sources() -> dict[str, str]:
    paths = [*DESK.rglob("*.py"), *DESK.glob("web/templates/*.html")]
    return {str(path): path.read_text(encoding="utf-8") for path in paths}


def find_calls() -> set[tuple[str, str, bool]]:
    """How, key, whether more is appended."""
    return {
        (call["how"] or "", call["key"], bool(call["more"]))
        for text in read_sources().values()
        for call in CALL.finditer(text)
    }


def test_both_languages_say_the_same_things():
    russian, english = load_words("ru"), load_words("en")
    assert set(russian) == set(english)
    for key in english:
        assert find_fields(russian[key]) == find_fields(english[key]), key
        assert russian[key].strip(), key
        assert english[key].strip(), key


def find_fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_word_that_is_asked_for_is_there():
    english = load_words("en")
    for how, key, more in find_calls():
        if how == ".count":
            assert {f"{key}.{form}" for form in PLURALS} <= set(english), key
        elif how == ".term" or more:
            assert any(known.startswith(f"{key.rstrip('.')}.") or known.startswith(key) for known in english), key
        else:
            assert key in english, key


@pytest.mark.parametrize(("kind", "values"), TERMS.items(), ids=TERMS)
def test_every_value_of_a_list_has_words(kind, values):
    assert {f"{kind}.{value}" for value in values} <= set(load_words("en"))


def test_every_reason_not_to_show_a_file_has_words():
    assert {f"file.refused_{why}" for why in ("type", "damaged", "large", "moving")} <= set(load_words("en"))
    assert MediaInfo("image/png").is_shown


def test_no_word_is_left_over():
    text = "\n".join(read_sources().values())
    plain = {key for how, key, more in find_calls() if how == "" and not more}
    started = {key.rstrip(".") for how, key, more in find_calls() if how == ".term" or more}
    counted = {key for how, key, _ in find_calls() if how == ".count"}
    by_value = {
        "error",
        "duplicate",
        "need",
        "part",
        "form",
        "problem",
        "precision",
        "link",
        "key",
        "nav",
        "file",
        "official",
    }
    for key in load_words("en"):
        section, _, _ = key.partition(".")
        is_used = (
            key in plain
            or section in by_value | set(TERMS) | started
            or key.rpartition(".")[0] in counted
            or f'"{key}"' in text
            or key in ("yes", "no", "unknown")
            or any(key.startswith(start) for start in started)
        )
        assert is_used, key


@pytest.mark.parametrize(
    ("number", "form"),
    [
        (0, "many"),
        (1, "one"),
        (2, "few"),
        (5, "many"),
        (11, "many"),
        (12, "many"),
        (21, "one"),
        (104, "few"),
        (111, "many"),
    ],
)
def test_russian_counts(number, form):
    assert choose_plural("ru", number) == form


def written_out(language: str, number: int) -> str:
    """The rules for whole numbers as CLDR's table has them, for the languages the desk speaks."""
    if language == "en":
        return "one" if number == 1 else "many"
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    return "few" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "many"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_count_has_the_form_of_its_language(language):
    numbers = (*range(1_200), 9_999, 10_011, 10_021, 123_456, 1_000_000, 1_000_001, 1_000_012)
    assert [choose_plural(language, number) for number in numbers] == [
        written_out(language, number) for number in numbers
    ]


def test_no_language_has_a_form_that_the_words_lack():
    assert {choose_plural(language, number) for language in LANGUAGES for number in range(200)} == set(PLURALS)


def test_words_that_do_not_exist_are_a_mistake_of_the_program():
    with pytest.raises(NoSuchWords):
        Speech("en")("board.nothing")
    assert Speech("ru").term("stage", "<new>") == "<new>"
    assert Speech("xx").language == "en"


@pytest.mark.parametrize(
    ("header", "language"),
    [("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("kk,ru;q=0.5", "ru"), ("de", "en"), ("", "en"), (",;,", "en")],
)
def test_the_browser_says_which_language(header, language):
    assert choose_language(header) == language


def test_files_are_written_as_the_formatter_has_them():
    for language in LANGUAGES:
        text = (FOLDER / f"{language}.json").read_text(encoding="utf-8")
        assert json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n" == text
