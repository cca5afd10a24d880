"""What a caseworker does with a case, and what the journal says of it afterwards."""

import pytest

from client.desk.journal import entries
from tests.support.desk_office import NOW

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("path", "fields", "kind", "said"),
    [
        ("assign", {"to": "Борис"}, entries.Assigned, {"to": "Борис"}),
        ("assign", {"to": ""}, entries.Assigned, {"to": ""}),
        ("status", {"status": "closed"}, entries.Marked, {"status": "closed"}),
        ("note", {"text": "Звонила мать\r\nЖдёт"}, entries.Noted, {"text": "Звонила мать\nЖдёт"}),
        (
            "state",
            {"field": "people", "value": "7", "source": "звонок в отдел"},
            entries.Stated,
            {"facts": {"people": 7}, "source": "звонок в отдел"},
        ),
        ("state", {"field": "minors", "value": "yes", "source": "x"}, entries.Stated, {"facts": {"minors": True}}),
        (
            "state",
            {"field": "station", "value": "ОВД Арбат", "source": "x"},
            entries.Stated,
            {"facts": {"station": {"text": "ОВД Арбат", "certainty": "typed"}}},
        ),
        ("state", {"field": "name", "value": "=1+1", "source": "x"}, entries.Stated, {"facts": {"name": "=1+1"}}),
        (
            "lawyer",
            {"state": "refused", "name": "Петрова"},
            entries.Lawyer,
            {"state": "refused", "name": "Петрова", "person": None},
        ),
        ("confirm", {"how": "сестра"}, entries.Confirmed, {"how": "сестра", "person": None}),
        (
            "person",
            {"name": "Ким Олег", "birth": "1990", "source": "крикнул"},
            entries.Named,
            {"name": "Ким Олег", "facts": {"birth": "1990"}},
        ),
    ],
)
def test_what_is_done_on_a_case_stands_in_the_journal(browser, case, done, *, path, fields, kind, said):
    answer = browser.post(f"/case/1/{path}", "/case/1", **fields)
    assert answer.status_code == 303
    [one] = done()
    assert isinstance(one, kind)
    assert one.case == case
    assert {name: getattr(one, name) for name in said} == said
    assert browser.get("/case/1").status_code == 200


def test_when_something_happened_can_be_said(browser, case, done):
    browser.post("/case/1/state", "/case/1", field="stage", value="court", source="x", happened="2026-11-20T18:40")
    [stated] = done()
    assert stated.when["stage"] > 1_700_000_000
    browser.post("/case/1/clock", "/case/1", clock="detention", starts="2026-11-20T18:40", stop="yes")
    [clock] = done()
    assert clock.starts == stated.when["stage"]
    assert clock.stopped > NOW


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("note", {"text": "  "}, "field is empty"),
        ("state", {"field": "people", "value": "many", "source": "сестра"}, "does not fit"),
        ("state", {"field": "stage", "value": "moon", "source": "сестра"}, "does not fit"),
        ("state", {"field": "nonsense", "value": "1", "source": "сестра"}, "does not fit"),
        ("state", {"field": "place.lat", "value": "1", "source": "сестра"}, "does not fit"),
        ("state", {"field": "people", "value": "7", "source": ""}, "field is empty"),
        ("state", {"field": "people", "value": "7", "source": "сестра", "happened": "yesterday"}, "not a time"),
        ("person", {"name": ""}, "field is empty"),
        ("confirm", {"how": ""}, "field is empty"),
        ("official", {"rank": "майор"}, "field is empty"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(browser, case, done, *, path, fields, words):
    browser.post(f"/case/1/{path}", "/case/1", **fields)
    page = browser.page("/case/1")
    assert words in page.text
    assert done() == []
    if path == "state":
        assert page.find("input", name="value").attributes["value"] == fields["value"]
    assert words not in browser.page("/case/1").text, "it is said once"


def test_two_reports_of_one_person_are_joined_and_taken_apart_again(browser, office, held, case, done):
    office.report({"name": "Ivanova Anna", "stage": "station", "station": {"text": "ОВД Тверской"}})
    held.desk.pull(office.post)
    done()
    assert browser.page("/").find("strong").text == "2"
    page = browser.page("/case/1")
    a, b = (page.find("input", name=name).attributes["value"] for name in ("a", "b"))
    browser.post("/same", "/case/1", a=a, b=b)
    [same] = done()
    assert {same.a, same.b} == {a, b}
    assert browser.page("/").find("strong").text == "1"

    joined = browser.page("/case/1")
    assert "The same person" in joined.text
    link = next(one for one in joined.named("button") if one.attributes.get("name") == "entry")
    browser.post("/apart", "/case/1", entry=link.attributes["value"])
    assert browser.page("/").find("strong").text == "2"
    browser.post("/different", "/case/1", a=a, b=b)
    assert "One person?" not in browser.page("/case/1").text


def test_officials_are_linked_across_cases(browser, office, held, case, done):
    office.report({"name": "Ким"})
    held.desk.pull(office.post)
    browser.post("/case/1/official", "/case/1", name="Сидоров", rank="майор", badge="0123", unit="ОВД", part="оформлял")
    listed = browser.page("/officials")
    assert "Сидоров" in listed.text
    page = browser.page("/case/2")
    known = next(one for one in page.named("option") if "Сидоров" in one.text)
    browser.post("/case/2/official", "/case/2", official=known.attributes["value"], part="бил")
    assert "also:" in browser.page("/case/2").text
    about = browser.page("/official/1")
    assert "оформлял" in about.text
    assert "бил" in about.text
    browser.post("/official/1", badge="0124")
    assert "0124" in browser.page("/official/1").text


def test_a_shift_is_handed_over_with_its_cases(browser, held, case, done):
    held.desk.append(entries.Assigned(case=case, to="Анна"))
    done()
    assert "Иванова" in browser.page("/handover").text
    browser.post("/handover", "/handover", text="Петрова едет в Тверской", to="Борис", cases="yes")
    [handed, assigned] = done()
    assert (handed.text, handed.to) == ("Петрова едет в Тверской", "Борис")
    assert (assigned.case, assigned.to) == (case, "Борис")
    page = browser.page("/handover")
    assert "Петрова едет в Тверской" in page.text
    assert "Cases handed over: 1" in page.text
