"""A stranger's words on a page: what is said, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desk.consent.untrusted_text import FOLD, render_plain, render_short, render_text
from tests.support.desk_pages import Page


@given(st.text(max_size=2_000))
def test_no_text_becomes_an_element(text):
    for markup in (render_text(text), render_short(text)):
        page = Page(f"<main>{markup}</main>")
        assert {element.name for element in page.elements} <= {"main", "bdi", "span", "details", "summary", "p"}
        assert {name for element in page.elements for name in element.attributes} <= {"class"}


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</bdi></main><iframe>", "&lt;b&gt;", "{{ 7 * 7 }}",
     "javascript:alert(1)", "<!--", "<style>*{display:none}</style>"],
)  # fmt: skip
def test_markup_is_read_as_written(text):
    assert Page(f"<main>{render_text(text)}</main>").text == " ".join(text.split())
    assert Page(f"<main>{render_short(text)}</main>").text == " ".join(text.split())


@pytest.mark.parametrize(
    "hidden",
    "\u202e\u202d\u2066\u2069\u200b\u200e\u200f\ufeff\u2060\u00ad\x00\x07\x1b\u3164\u2800\U000e0041\ue000\u2028",
)
def test_what_is_invisible_is_spelled_out(hidden):
    for markup in (render_text(f"a{hidden}b"), render_short(f"a{hidden}b")):
        assert hidden not in markup
        assert f"⟨U+{ord(hidden):04X}⟩" in markup
    assert hidden not in render_plain(f"a{hidden}b")


@pytest.mark.parametrize(
    "text", ["می‌خواهم", "Ұлы Дала", "Ёжик", "یک نفر زخمی است", "👩‍⚕️", "Łódź", "é", "строка\nдругая", "ক্‌ষ"]
)
def test_what_people_write_stays_as_it_is(text):
    assert "U+" not in render_text(text)
    assert Page(f"<main>{render_text(text)}</main>").find("bdi").text == text


def test_accents_do_not_pile_up_over_the_lines_around():
    piled = "a" + "\u0301" * 100_000
    markup = render_text(piled)
    assert markup.count("\u0301") <= 8
    assert "U+" in markup


def test_what_is_long_is_folded_and_whole_inside():
    word = "слово" * 20_000
    page = Page(f"<main>{render_text(word)}</main>")
    assert page.find("summary").text.startswith(word[:FOLD])
    assert "(100,000)" in page.find("summary").text
    assert page.find("p").text == word
    assert len(render_short(word, 40)) < 80
    assert len(render_plain(word, 40)) == 40


def test_the_longest_text_comes_whole_and_with_nothing_hidden():
    turned, marked = "\u202e" * 65_536, "a\u0301" * 32_768
    assert "\u202e" not in Page(f"<main>{render_text(turned)}</main>").text
    assert Page(f"<main>{render_text(marked)}</main>").find("p").text == marked
