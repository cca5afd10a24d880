"""A reply is seen before it is sent, takes the case, and goes only where there is a way."""

import msgspec
import pytest

from client.desk.journal import entries
from keys.wire import b64
from tests.client.organisation.case_owner import CaseOwner
from tests.support.desk_office import NOW, RELAYS, reply_block
from tests.support.desk_pages import place

pytestmark = pytest.mark.slow


def test_an_answer_is_seen_before_it_is_sent_and_takes_the_case(browser, case, read_actions):
    fresh = browser.page("/case/1")
    assert fresh.find("textarea", id="answer-text").text == ""
    browser.post("/case/1/draft", template="received", language="uk")
    assert read_actions() == []
    text = browser.page("/case/1").find("textarea", id="answer-text").text
    assert text.startswith("Ми отримали")

    answer = browser.post("/case/1/send", chosen="received", language="uk", text=text)
    assert answer.location == "/case/1"
    [replied, assigned, marked] = read_actions()
    assert (replied.text, replied.status, replied.template) == (text, "received", "received")
    assert (assigned.case, assigned.to) == (case, "Анна")
    assert marked.status == "open"
    page = browser.page("/case/1")
    assert text in page.text
    assert page.find("textarea", id="answer-text").text == ""


def test_somebody_elses_case_stays_theirs(browser, control, case, read_actions):
    control.desk.append_all([entries.Assigned(case=case, to="Борис"), entries.Marked(case=case, status="waiting")])
    read_actions()
    browser.post("/case/1/send", chosen="rights", language="ru", text="x")
    [replied] = read_actions()
    assert isinstance(replied, entries.Replied)


def test_a_lawyer_who_is_announced_is_on_the_way(browser, case, read_actions):
    browser.post("/case/1/draft", template="lawyer", language="ru", lawyer="Петрова")
    text = browser.page("/case/1").find("textarea", id="answer-text").text
    assert "адвокат, Петрова." in text
    browser.post("/case/1/send", chosen="lawyer", language="ru", lawyer="Петрова", text=text)
    lawyer = next(action for action in read_actions() if isinstance(action, entries.Lawyer))
    assert (lawyer.state, lawyer.name) == ("on_way", "Петрова")
    assert "Петрова" in browser.page(place(browser.page("/"))).text


def test_a_page_that_refreshes_itself_takes_no_word_from_the_one_that_is_read(browser, control, case, read_actions):
    browser.get("/case/1", Live="1")
    assert [entry for entry in control.desk.entries if isinstance(entry.action, entries.Viewed)] == [], (
        "nobody may be looking"
    )
    browser.post("/case/1/send", chosen="received", language="ru", text="x")
    refreshed = browser.get("/case/1", Live="1").text
    assert "Sealed and on its way" not in refreshed
    assert "Sealed and on its way" in browser.page("/case/1").text
    assert "Sealed and on its way" not in browser.page("/case/1").text


def test_after_an_answer_the_next_case_nobody_has_is_offered(browser, office, control, case, read_actions):
    office.report({"name": "Ким Олег", "minors": 1}, reply=reply_block())
    control.desk.pull(office.post)
    browser.post("/case/1/send", chosen="received", language="ru", text="x")
    browser.get("/case/1", Live="1")
    assert "Next: case 2" in browser.page("/case/1").text
    assert "Next:" not in browser.page("/case/1").text


def test_an_empty_answer_and_an_unknown_template_send_nothing(browser, case, read_actions):
    browser.post("/case/1/send", "/case/1", text="   ")
    assert "reply is empty" in browser.page("/case/1").text
    browser.post("/case/1/draft", "/case/1", template="../../etc/passwd", language="ru")
    browser.post("/case/1/draft", "/case/1", template="received", language="xx")
    assert read_actions() == []


def test_where_no_answer_can_go_the_page_says_so(browser, office, control, read_actions):
    office.report({"name": "Ким"})
    control.desk.pull(office.post)
    read_actions()
    page = browser.page("/case/1")
    assert "No reply can go through the app" in page.text
    assert not [form for form in page.named("form") if form.attributes.get("action", "").endswith("/send")]
    browser.post("/case/1/send", "/case/1", text="привет")
    assert "left a way back" in browser.page("/case/1").text
    assert read_actions() == []


def test_when_the_time_for_replies_is_over_the_page_says_so_and_sends(browser, office, control, read_actions):
    office.report({"name": "Ким"}, reply=msgspec.structs.replace(reply_block(), until=1))
    control.desk.pull(office.post)
    read_actions()
    assert "time the reporter gave for replies is over" in browser.page("/case/1").text
    browser.post("/case/1/send", chosen="received", language="ru", text="привет")
    assert [action.text for action in read_actions() if isinstance(action, entries.Replied)] == ["привет"]


def test_who_said_each_message_stands_on_the_page_and_another_way_to_reply_is_named(browser, office, control):
    owner, stranger = CaseOwner(office.card, NOW), CaseOwner(office.card, NOW)
    for sealed in (
        owner.begin({"name": "Ким", "people": 1}),
        owner.say(by="open", facts={"people": 2}, seq=1),
        owner.say(by="forced", facts={"stage": "released"}, seq=2),
        stranger.say(case=owner.case, reply=stranger.block(), facts={"people": 9}, seq=3),
    ):
        office.post.lay(RELAYS[0], sealed)
    control.desk.pull(office.post)
    text = browser.page("/case/1").text
    for words in (
        "said with the PIN", "said by whoever holds the phone", "said under force", "nothing shows who said it",
        "another way to reply was offered and not used", "contradict", "pressure",
    ):  # fmt: skip
        assert words in text, words
    for hidden in (b64(owner.secret), owner.keys.pin, owner.keys.forced, owner.keys.open):
        assert hidden not in text
