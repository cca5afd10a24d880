"""What a person types becomes facts, or a sentence that says what the field takes."""

import pytest

from client.report import FIELDS, TAKES, BadFact, check_fact, from_words, sort_facts


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        ("people=3", {"people": 3}),
        ("name=Иванова Анна", {"name": "Иванова Анна"}),
        ("name=123", {"name": "123"}),
        ("account=a=b", {"account": "a=b"}),
        ("account=", {"account": ""}),
        ("force=yes", {"force": True}),
        ("force=no", {"force": False}),
        ("force=unknown", {"force": None}),
        ("minors=2", {"minors": 2}),
        ("minors=yes", {"minors": True}),
        ("stage=van", {"stage": "van"}),
        ("place=Тверская 18", {"place": {"text": "Тверская 18"}}),
        ("place=18", {"place": {"text": "18"}}),
        ("place.lat=5575000", {"place": {"lat": 5575000}}),
        ("place.lon=-12210000", {"place": {"lon": -12210000}}),
        ("station=ОВД Тверской", {"station": {"text": "ОВД Тверской", "certainty": "typed"}}),
        ('station=[{"text":"A","from":5}]', {"station": [{"text": "A", "from": 5}]}),
        ("by=riot_police", {"by": {"kind": "riot_police"}}),
        ("needs=lawyer, water", {"needs": ["lawyer", "water"]}),
        ("detained_at=2026-11-20T18:40+00:00", {"detained_at": {"time": 1795200000}}),
        ("detained_at=1795200000", {"detained_at": {"time": 1795200000}}),
        ("van=А123ВС", {"van": {"plate": "А123ВС"}}),
        ("lawyer.refused=yes", {"lawyer": {"refused": True}}),
        ("consent.UN=yes", {"consent": {"UN": True}}),
    ],
)
def test_words_become_facts(words, facts):
    assert from_words([words]) == facts
    assert sort_facts(facts) == (facts, {})


@pytest.mark.parametrize(
    "words",
    [
        "people",
        "people=many",
        "people=-1",
        "peple=3",
        "stage=flying",
        "by=fireman",
        "detained_at=soon",
        "place.lat=95000000",
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(words):
    with pytest.raises(BadFact) as caught:
        from_words([words])
    assert caught.value.hint
    name = words.partition("=")[0].partition(".")[0]
    if name in FIELDS and "=" in words:
        assert TAKES[name] in caught.value.sentence


def test_an_error_never_repeats_what_was_said():
    with pytest.raises(BadFact) as caught:
        check_fact("people", "Иванова")
    assert "Иванова" not in str(caught.value)


def test_words_and_parts_of_one_field_come_together():
    assert from_words(["place=here", "place.lat=1"]) == {"place": {"text": "here", "lat": 1}}
    with pytest.raises(BadFact):
        from_words(["people=3", "people.more=1"])


def test_every_field_says_what_it_takes():
    assert set(TAKES) == set(FIELDS)
    assert all(TAKES.values())
