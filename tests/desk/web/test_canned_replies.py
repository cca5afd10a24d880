"""Replies that stand ready: in each language the same, and never more than what is seen."""

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desk.web import canned_replies


@pytest.mark.parametrize("language", canned_replies.LANGUAGES)
def test_each_language_has_every_template(language):
    ready = json.loads((canned_replies.FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    model = json.loads((canned_replies.FOLDER / "en.json").read_text(encoding="utf-8"))
    assert set(ready) == set(model)
    assert set(ready["laws"]) == set(model["laws"])
    assert ready["dir"] == ("rtl" if language == "fa" else "ltr")
    for template in canned_replies.TEMPLATES:
        for lawyer in ("", "А. Петрова"):
            for country in ("", "RU", "KZ"):
                text = canned_replies.fill_reply(template, language, lawyer=lawyer, country=country)
                assert "{" not in text
                assert len(text.encode()) < 2_000
                assert ("А. Петрова" in text) == (template == "lawyer" and bool(lawyer))
                law = ready["laws"].get(country, "")
                assert (bool(law) and law in text) == (template == "rights" and country == "RU")


def written_out(template: str, language: str, lawyer: str, country: str) -> str:
    """The answer put together without the code of the letters: the file's text, cut at its one field."""
    ready = json.loads((canned_replies.FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    if template == "lawyer" and lawyer:
        before, after = ready["lawyer_named"].split("{lawyer}")
        return f"{before}{lawyer}{after}"
    if template == "rights":
        before, after = ready["rights"].split("{law}")
        return f"{before} ({ready['laws'][country]}){after}" if country in ready["laws"] else f"{before}{after}"
    return str(ready[template])


LAWYERS = ("", "А. Петрова", "وکیل", "{law} {lawyer} {name} {} {0}", "a\nb\\1")
COUNTRIES = ("", "RU", "BY", "UA", "KZ", "{lawyer}")


@pytest.mark.parametrize("language", canned_replies.LANGUAGES)
@pytest.mark.parametrize("template", canned_replies.TEMPLATES)
def test_an_answer_is_its_text_byte_for_byte_around_what_is_put_in(language, template):
    for lawyer, country in product(LAWYERS, COUNTRIES):
        text = canned_replies.fill_reply(template, language, lawyer=lawyer, country=country)
        assert text == written_out(template, language, lawyer, country), (lawyer, country)


@given(st.text(max_size=100))
def test_a_name_is_put_in_as_it_is(name):
    text = canned_replies.fill_reply("lawyer", "ru", lawyer=name)
    assert text == written_out("lawyer", "ru", name, "")


@pytest.mark.parametrize(
    ("spoken", "own", "language"),
    [(["kk"], ["ru"], "kk"), (["ru-RU", "en"], [], "ru"), (["tg"], ["uk"], "uk"), ([], [], "ru"), (["FA"], [], "fa"),
     (["tg", "fa_IR"], ["ru"], "fa"), (["", "<script>"], ["en"], "en")],
)  # fmt: skip
def test_the_reporters_language_goes_before_the_organisations(spoken, own, language):
    assert canned_replies.choose_language(spoken, own) == language
