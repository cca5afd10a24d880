"""Answers that stand ready: in each language the same, and never more than what is seen."""

import json

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
                text = canned_replies.fill(template, language, lawyer=lawyer, country=country)
                assert "{" not in text
                assert len(text.encode()) < 2_000
                assert ("А. Петрова" in text) == (template == "lawyer" and bool(lawyer))
                law = ready["laws"].get(country, "")
                assert (bool(law) and law in text) == (template == "rights" and country == "RU")


@given(st.text(max_size=100))
def test_a_name_is_put_in_as_it_is(name):
    text = canned_replies.fill("lawyer", "ru", lawyer=name)
    assert name in text


@pytest.mark.parametrize(
    ("spoken", "own", "language"),
    [(["kk"], ["ru"], "kk"), (["ru-RU", "en"], [], "ru"), (["tg"], ["uk"], "uk"), ([], [], "ru"), (["FA"], [], "fa"),
     (["tg", "fa_IR"], ["ru"], "fa"), (["", "<script>"], ["en"], "en")],
)  # fmt: skip
def test_the_reporters_language_goes_before_the_organisations(spoken, own, language):
    assert canned_replies.choose(spoken, own) == language
