"""What nobody can see in a stranger's words is spelled out on the command line, as it is at the desk."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.cli import output
from client.contacts.book import BadLabel, _plain
from client.invisible_characters import LAYOUT, is_visible, to_visible

PERSIAN = "می‌خواهم به خانه‌ام برگردم"
BENGALI = "ক্‌ষ"
FAMILY, DOCTOR, RAINBOW = "👨‍👩‍👧‍👦", "👩🏽‍⚕️", "🏳️‍🌈"
ORDINARY = [
    PERSIAN,
    BENGALI,
    FAMILY,
    DOCTOR,
    RAINBOW,
    "Ёжик",
    "é\u0301",
    "цена\u00a05\u202f000",
    "строка\n\tдругая",
    "",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_write_stays_as_it_is(text):
    assert to_visible(text) == text


@pytest.mark.parametrize(
    "hidden", "\u202e\u2066\u200b\u200e\ufeff\u00ad\x00\x07\x1b\r\x7f\x9b\u3164\U000e0041\ue000\u2028\ud800"
)
@pytest.mark.parametrize("text", ["a{}b", "{}", "ب{}"])
def test_what_is_invisible_is_spelled_out(text, hidden):
    visible = to_visible(text.format(hidden))
    assert hidden not in visible
    assert f"⟨U+{ord(hidden):04X}⟩" in visible
    assert not is_visible(text.format(hidden))


@pytest.mark.parametrize("text", ["a\u200cb", "\u200cب", "ب\u200c", "ب\u200c\u200cب", "a\u200d👩", "👩\u200c👩"])
def test_a_joiner_that_joins_nothing_is_spelled_out(text):
    assert "U+200" in to_visible(text)


def test_accents_do_not_pile_up_over_the_lines_around():
    visible = to_visible("a" + "\u0301" * 1_000 + "\nb")
    assert visible.count("\u0301") == 4
    assert visible.endswith("\nb")


@given(st.text(st.characters(codec=None)))
def test_no_text_reaches_a_terminal_with_a_control_in_it(text):
    visible = to_visible(text)
    assert {unicodedata.category(character) for character in set(visible) - LAYOUT} & {"Cc", "Cs", "Zl", "Zp"} == set()
    visible.encode()


def test_results_remarks_and_errors_all_go_through_it(capsys):
    output.result(False, {}, f"{PERSIAN} \x1b[2J")
    output.say(f"{DOCTOR} \x1b[2J")
    output.error(BadLabel("\x1b[2J"), "\x1b[2J")
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert PERSIAN in out
    assert DOCTOR in err


def test_json_keeps_every_character(capsys):
    output.result(True, {"text": "a\u202eb\x1b"}, "")
    assert json.loads(capsys.readouterr().out) == {"text": "a\u202eb\x1b"}


@pytest.mark.parametrize("label", ["آقای می‌رزا", "Мама 👩‍⚕️", "Mama"])
def test_a_contact_may_be_called_so(label):
    assert _plain(label) == label


@pytest.mark.parametrize("label", ["", "  ", "a\u202eb", "a\u200cb", "\u3164", "x" * 81, "a\nb\x00"])
def test_a_name_that_nobody_can_read_is_refused(label):
    with pytest.raises(BadLabel):
        _plain(label)
