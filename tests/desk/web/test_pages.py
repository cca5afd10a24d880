"""What holds on all pages: language, times, damage, whole HTML, and nothing that belongs elsewhere."""

import re

import pytest

from client.desk.journal import entries
from keys.message import ReplyBlock
from tests.support.desk_office import NOW, reply_block
from tests.support.desk_pages import Page

pytestmark = pytest.mark.slow


def test_practice_stands_apart(browser, office, control):
    from client.reporter.compose import Draft, compose, new_id

    draft = Draft({"stage": "van", "people": 1, "name": "Проба"}, practice=True)
    composed = compose(office.card, draft, case=new_id(bytes), first=True, seq=0, now=NOW, random_bytes=bytes)
    for sealed in composed.sealed:
        office.post.lay((office.post.mailboxes and next(iter(office.post.mailboxes))) or "https://a.example", sealed)
    control.desk.pull(office.post)
    assert "Проба" in browser.page("/practice").text
    for path in ("/", "/queue", "/people", "/names"):
        assert "Проба" not in browser.page(path).find("main").text
    assert "This is practice" in browser.page("/case/1").text


@pytest.mark.parametrize(
    "path",
    [
        "/case/1/file/0",
        "/case/1/file/2",
        "/case/9/file/1",
        "/case/0",
        "/place/99",
        "/search/5",
        "/official/7",
        "/map/99",
        "/case/99999999999999999999",
        "/place/-1",
        "/case/1/file/1/nothing",
    ],
)
def test_numbers_that_mean_nothing_get_a_page_that_says_so(browser, case, path):
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "nothing here" in answer.text


def test_a_language_is_chosen_and_kept(browser, case):
    answer = browser.post("/language", "/queue", language="ru")
    assert answer.location == "/queue"
    assert "Кому сначала" in browser.page("/queue").text
    browser.post("/language", "/queue", language="../../x")
    assert browser.page("/queue").find("html").attributes["lang"] == "ru"


@pytest.mark.parametrize("referer", ["//evil.example/x", "https://evil.example/", "", "\\\\evil.example"])
def test_no_form_leads_away_from_the_desk(browser, case, referer):
    sent = browser.post("/language", language="ru")
    assert sent.location == "/"
    browser.headers = {"Referer": referer}
    location = browser.post("/language", language="ru").location
    assert location.startswith("/")
    assert not location.startswith("//")


def test_times_are_those_of_the_desk_and_say_so(browser, control, case):
    from datetime import timedelta, timezone

    control.zone = timezone(timedelta(hours=5), "ALMT")
    page = browser.page("/queue")
    assert "ALMT, UTC+05:00" in page.find("footer").text
    assert page.named("time")[0].attributes["datetime"].endswith("+05:00")


def test_a_damaged_journal_is_said_on_every_page_and_changes_nothing(browser, office, control, case):
    control.desk.append(entries.Noted(case=case, text="одна"))
    control.desk.append(entries.Noted(case=case, text="две"))
    control.desk.close()
    journal = office.folder / "journal"
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
    control.unlock("пять случайных слов для ночи", "Анна")
    for path in ("/", "/queue", "/journal", "/case/1"):
        page = browser.page(path)
        assert [element for element in page.elements if element.attributes.get("role") == "alert"], path
    browser.post("/case/1/note", "/case/1", text="важное")
    page = browser.page("/case/1")
    assert "damaged" in page.text
    assert "важное" in page.find("textarea", id="note-text").text
    assert journal.read_bytes() == bytes(data)


def test_reply_blocks_never_stand_on_a_page(browser, control, case):
    block: ReplyBlock = reply_block()
    for path in ("/case/1", "/journal"):
        text = browser.get(path).text
        assert block.secret not in text
        assert block.key[:60] not in text
        assert case not in re.sub(r'value="[^"]*"', "", text)


def test_pages_are_whole_html(browser, case):
    for path in ("/", "/queue", "/case/1", "/exports", "/journal", "/map"):
        html = browser.get(path).text
        for name in ("section", "div", "form", "table", "details", "ul", "ol", "main"):
            assert len(re.findall(rf"<{name}[ >]", html)) == html.count(f"</{name}>"), (path, name)
        ids = [element.attributes["id"] for element in Page(html).elements if "id" in element.attributes]
        assert len(ids) == len(set(ids)), path
