"""What a caseworker does with a case, and what the journal says of it afterwards."""

import pytest

from client.desk.journal import entries
from tests.support.desk_office import NOW, RELAYS
from tests.support.fake_relay import HOUR

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("path", "fields", "kind", "stated"),
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
def test_what_is_done_on_a_case_stands_in_the_journal(browser, case, read_actions, *, path, fields, kind, stated):
    answer = browser.post(f"/case/1/{path}", "/case/1", **fields)
    assert answer.status_code == 303
    [action] = read_actions()
    assert isinstance(action, kind)
    assert action.case == case
    assert {name: getattr(action, name) for name in stated} == stated
    assert browser.get("/case/1").status_code == 200


def test_when_something_happened_can_be_said(browser, case, read_actions):
    browser.post("/case/1/state", "/case/1", field="stage", value="court", source="x", happened="2026-11-20T18:40")
    [stated] = read_actions()
    assert stated.when["stage"] > 1_700_000_000
    browser.post("/case/1/clock", "/case/1", clock="detention", starts="2026-11-20T18:40", stop="yes")
    [clock] = read_actions()
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
def test_what_does_not_fit_is_said_and_what_was_typed_stays(browser, case, read_actions, *, path, fields, words):
    browser.post(f"/case/1/{path}", "/case/1", **fields)
    page = browser.page("/case/1")
    assert words in page.text
    assert read_actions() == []
    if path == "state":
        assert page.find("input", name="value").attributes["value"] == fields["value"]
    assert words not in browser.page("/case/1").text, "it is said once"


def test_two_reports_of_one_person_are_joined_and_taken_apart_again(browser, office, control, case, read_actions):
    office.report({"name": "Ivanova Anna", "stage": "station", "station": {"text": "ОВД Тверской"}})
    control.desk.pull(office.post)
    read_actions()
    assert browser.page("/").find("strong").text == "2"
    page = browser.page("/case/1")
    a, b = (page.find("input", name=name).attributes["value"] for name in ("a", "b"))
    browser.post("/same", "/case/1", a=a, b=b)
    [same] = read_actions()
    assert {same.a, same.b} == {a, b}
    assert browser.page("/").find("strong").text == "1"

    joined = browser.page("/case/1")
    assert "The same person" in joined.text
    link = next(button for button in joined.named("button") if button.attributes.get("name") == "entry")
    browser.post("/apart", "/case/1", entry=link.attributes["value"])
    assert browser.page("/").find("strong").text == "2"
    browser.post("/different", "/case/1", a=a, b=b)
    assert "One person?" not in browser.page("/case/1").text


def test_officials_are_linked_across_cases(browser, office, control, case, read_actions):
    office.report({"name": "Ким"})
    control.desk.pull(office.post)
    browser.post("/case/1/official", "/case/1", name="Сидоров", rank="майор", badge="0123", unit="ОВД", part="оформлял")
    listed = browser.page("/officials")
    assert "Сидоров" in listed.text
    page = browser.page("/case/2")
    known = next(option for option in page.named("option") if "Сидоров" in option.text)
    browser.post("/case/2/official", "/case/2", official=known.attributes["value"], part="бил")
    assert "also:" in browser.page("/case/2").text
    about = browser.page("/official/1")
    assert "оформлял" in about.text
    assert "бил" in about.text
    browser.post("/official/1", badge="0124")
    assert "0124" in browser.page("/official/1").text


def test_a_shift_is_handed_over_with_its_cases(browser, control, case, read_actions):
    control.desk.append(entries.Assigned(case=case, to="Анна"))
    read_actions()
    assert "Иванова" in browser.page("/handover").text
    browser.post("/handover", "/handover", text="Петрова едет в Тверской", to="Борис", cases="yes")
    [handed, assigned] = read_actions()
    assert (handed.text, handed.to) == ("Петрова едет в Тверской", "Борис")
    assert (assigned.case, assigned.to) == (case, "Борис")
    page = browser.page("/handover")
    assert "Петрова едет в Тверской" in page.text
    assert "Cases handed over: 1" in page.text


def test_below_each_message_stands_the_earliest_hour_a_relay_signed_and_which(browser, case, office, control):
    later = office.report({"people": 4}, case=case, seq=1)
    office.post.unsigned.update(RELAYS)
    control.desk.pull(office.post)
    page = browser.get("/case/1").text
    assert "The earliest hour that a third party signed begins" in page
    assert "relay (when it was handed to us)" in page
    assert page.count("No relay has signed when this message existed.") == 1
    for relay in RELAYS:  # another copy with a receipt, an hour earlier and then an hour later
        office.post.unsigned.clear()
        office.post.hours[relay] = HOUR - 3_600 if relay == RELAYS[0] else HOUR + 3_600
        office.post.lay(relay, later.sealed[0])
        control.desk.pull(office.post)
    assert [receipt.hour for receipt in control.desk.receipts(later.sealed[0].commitment)] == [HOUR - 3_600]
    assert "No relay has signed" not in browser.get("/case/1").text
