"""What a caseworker does on the pages, and what the journal says of it afterwards."""

import re

import pytest

from client.desk.desk import Desk
from client.desk.journal import entries
from client.desk.web.media_type import OTHER
from keys.message import ReplyBlock
from tests.support.case_reports import at_station, pack, station
from tests.support.desk_office import NOW, PASSPHRASE, reply_block
from tests.support.desk_pages import Page

pytestmark = pytest.mark.slow

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "</td></table></main><h1>",
    "{{ 7 * 7 }}",
    "=cmd|' /C calc'!A0",
    "a\u202eb\u200bc\u0000d",
    "x" * 3_000,
]


@pytest.fixture
def case(office, held, browser):
    """A case on the desk; its id."""
    made = office.report(
        {"name": "Иванова Анна", "stage": "station", "station": {"text": "ОВД Тверской"}, "languages": ["uk"]},
        reply=reply_block(),
    )
    held.desk.pull(office.post)
    return made.case


@pytest.fixture
def done(held):
    """What the journal says was done since the last time it was asked."""
    at = len(held.desk.entries) if held.desk else 0

    def since() -> list[entries.What]:
        nonlocal at
        fresh = [one.what for one in held.desk.entries[at:] if not isinstance(one.what, entries.Viewed | entries.Sent)]
        at = len(held.desk.entries)
        return fresh

    return since


def place(page: Page) -> str:
    """Where the first row of the board leads."""
    return next(one.attributes["href"] for one in page.named("a") if one.attributes["href"].startswith("/place/"))


def test_the_board_says_who_is_where(browser, case):
    page = browser.page("/")
    assert "ОВД Тверской" in page.text
    where = place(page)
    assert "Иванова" in browser.page(where).text
    assert "Иванова Анна" in browser.page(where + "/names").text
    assert "Иванова Анна" in browser.page("/names").text


def test_a_stations_telephones_stand_beside_its_address(browser, office, held, case):
    known = station(1, "ОВД Арбат", phone="102; +7 495 1234567")
    held.opening = lambda passphrase, by: Desk.unlock(
        office.folder, passphrase, by, clock=office.clock, packs=[pack(known)]
    )
    held.lock()
    browser.post("/unlock", passphrase=PASSPHRASE, by="Анна")
    office.report(at_station(known))
    held.desk.pull(office.post)
    links = [one.attributes["href"] for one in browser.page("/").named("a")]
    for where in {one for one in links if re.fullmatch(r"/place/\d+", one)}:
        has = "Арбат" in browser.page(where).find("h1").text
        for page in (where, where + "/names"):
            assert ("Тверская улица, 1 · tel. 102; +7 495 1234567" in browser.page(page).text) == has
    assert "102; +7 495 1234567" in browser.page("/names").text


def test_the_board_can_be_narrowed_and_widened_again(browser, office, held, case):
    office.report({"event": "Пушкинская", "name": "Ким Олег", "stage": "station", "station": {"text": "ОВД Арбат"}})
    held.desk.pull(office.post)
    assert "ОВД Тверской" in browser.page("/").text
    browser.post("/filter", event="Пушкинская")
    narrowed = browser.page("/")
    assert "ОВД Арбат" in narrowed.find("table").text
    assert "ОВД Тверской" not in narrowed.find("table").text
    assert "Иванова" not in browser.page("/names").text
    browser.post("/filter")
    assert "ОВД Тверской" in browser.page("/").text


def test_an_answer_is_seen_before_it_is_sent_and_takes_the_case(browser, case, done):
    fresh = browser.page("/case/1")
    assert fresh.find("textarea", id="answer-text").text == ""
    browser.post("/case/1/draft", template="received", language="uk")
    assert done() == []
    text = browser.page("/case/1").find("textarea", id="answer-text").text
    assert text.startswith("Ми отримали")

    answer = browser.post("/case/1/send", chosen="received", language="uk", text=text)
    assert answer.location == "/case/1"
    [replied, assigned, marked] = done()
    assert (replied.text, replied.status, replied.template) == (text, "received", "received")
    assert (assigned.case, assigned.to) == (case, "Анна")
    assert marked.status == "open"
    page = browser.page("/case/1")
    assert text in page.text
    assert page.find("textarea", id="answer-text").text == ""


def test_somebody_elses_case_stays_theirs(browser, held, case, done):
    held.desk.acts([entries.Assigned(case=case, to="Борис"), entries.Marked(case=case, status="waiting")])
    done()
    browser.post("/case/1/send", chosen="rights", language="ru", text="x")
    [replied] = done()
    assert isinstance(replied, entries.Replied)


def test_a_lawyer_who_is_announced_is_on_the_way(browser, case, done):
    browser.post("/case/1/draft", template="lawyer", language="ru", lawyer="Петрова")
    text = browser.page("/case/1").find("textarea", id="answer-text").text
    assert "адвокат, Петрова." in text
    browser.post("/case/1/send", chosen="lawyer", language="ru", lawyer="Петрова", text=text)
    lawyer = next(one for one in done() if isinstance(one, entries.Lawyer))
    assert (lawyer.state, lawyer.name) == ("on_way", "Петрова")
    assert "Петрова" in browser.page(place(browser.page("/"))).text


def test_a_page_that_refreshes_itself_takes_no_word_from_the_one_that_is_read(browser, held, case, done):
    browser.get("/case/1", Live="1")
    assert [one for one in held.desk.entries if isinstance(one.what, entries.Viewed)] == [], "nobody may be looking"
    browser.post("/case/1/send", chosen="received", language="ru", text="x")
    refreshed = browser.get("/case/1", Live="1").text
    assert "Sealed and on its way" not in refreshed
    assert "Sealed and on its way" in browser.page("/case/1").text
    assert "Sealed and on its way" not in browser.page("/case/1").text


def test_after_an_answer_the_next_case_nobody_has_is_offered(browser, office, held, case, done):
    office.report({"name": "Ким Олег", "minors": 1}, reply=reply_block())
    held.desk.pull(office.post)
    browser.post("/case/1/send", chosen="received", language="ru", text="x")
    browser.get("/case/1", Live="1")
    assert "Next: case 2" in browser.page("/case/1").text
    assert "Next:" not in browser.page("/case/1").text


def test_an_empty_answer_and_an_unknown_template_send_nothing(browser, case, done):
    browser.post("/case/1/send", "/case/1", text="   ")
    assert "answer is empty" in browser.page("/case/1").text
    browser.post("/case/1/draft", "/case/1", template="../../etc/passwd", language="ru")
    browser.post("/case/1/draft", "/case/1", template="received", language="xx")
    assert done() == []


def test_where_no_answer_can_go_the_page_says_so(browser, office, held, done):
    office.report({"name": "Ким"})
    held.desk.pull(office.post)
    done()
    page = browser.page("/case/1")
    assert "No answer can go through the app" in page.text
    assert not [one for one in page.named("form") if one.attributes.get("action", "").endswith("/send")]
    browser.post("/case/1/send", "/case/1", text="привет")
    assert "There is no way back" in browser.page("/case/1").text
    assert done() == []


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
    held.desk.act(entries.Assigned(case=case, to="Анна"))
    done()
    assert "Иванова" in browser.page("/handover").text
    browser.post("/handover", "/handover", text="Петрова едет в Тверской", to="Борис", cases="yes")
    [handed, assigned] = done()
    assert (handed.text, handed.to) == ("Петрова едет в Тверской", "Борис")
    assert (assigned.case, assigned.to) == (case, "Борис")
    page = browser.page("/handover")
    assert "Петрова едет в Тверской" in page.text
    assert "Cases handed over: 1" in page.text


def test_practice_stands_apart(browser, office, held):
    from client.reporter.compose import Draft, compose, new_id

    draft = Draft({"stage": "van", "people": 1, "name": "Проба"}, practice=True)
    made = compose(office.card, draft, case=new_id(bytes), first=True, seq=0, now=NOW, chance=bytes)
    for sealed in made.sealed:
        office.post.lay((office.post.held and next(iter(office.post.held))) or "https://a.example", sealed)
    held.desk.pull(office.post)
    assert "Проба" in browser.page("/practice").text
    for path in ("/", "/queue", "/people", "/names"):
        assert "Проба" not in browser.page(path).find("main").text
    assert "This is practice" in browser.page("/case/1").text


def test_the_journal_says_who_did_what_and_goes_to_another_desk(browser, office, held, case):
    browser.post("/case/1/note", "/case/1", text="Звонила мать")
    page = browser.page("/journal")
    assert "Анна" in page.text
    assert "Звонила мать" in page.text
    given = browser.post("/journal/export", "/journal")
    assert given.headers["Content-Disposition"] == 'attachment; filename="desk-journal.sealed"'
    assert "Звонила".encode() not in given.data

    held.desk.close()
    other = office.copy("other")
    (other / "journal").unlink()
    held.opening = lambda _, by: office.unlock(other, by)
    held.unlock("", "Борис")
    assert "Звонила мать" not in browser.page("/journal").text
    browser.post("/journal/merge", "/journal", file=given.data)
    merged = browser.page("/journal")
    assert "Taken in" in merged.text
    assert "Звонила мать" in merged.text
    browser.post("/journal/merge", "/journal", file=given.data[: len(given.data) // 2])
    assert "Nothing was taken in" in browser.page("/journal").text or "Nothing was" in browser.page("/journal").text
    browser.post("/journal/merge", "/journal")
    assert "No file was chosen" in browser.page("/journal").text


def test_a_journal_may_be_larger_than_a_form(browser, held):
    browser.post("/journal/merge", "/journal", file=b"x" * 3_000_000)
    assert "Nothing was taken in" in browser.page("/journal").text


def test_an_export_is_counted_before_it_is_saved_and_noted(browser, office, held, done):
    office.report(
        {"name": "Да", "stage": "station", "station": {"text": "А"}, "consent": {"help": True, "statistics": True}}
    )
    office.report({"name": "Нет", "stage": "station", "station": {"text": "А"}})
    held.desk.pull(office.post)
    done()
    browser.post("/exports", "/exports", kind="package", audience="help", language="ru")
    assert done() == []
    page = browser.page("/exports")
    assert "Rows or persons: 1" in page.text
    assert "left out: 1" in page.text
    saved = browser.post("/exports/save", "/exports")
    assert re.fullmatch(r'attachment; filename="[a-z0-9.-]+"', saved.headers["Content-Disposition"])
    assert saved.mimetype == OTHER
    [exported] = done()
    assert (exported.what, exported.count, exported.options["audience"]) == ("package", 1, "help")
    assert browser.post("/exports/save", "/exports").status_code == 404
    assert done() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "nothing"},
        {"kind": "package", "audience": "everybody"},
        {"kind": "bag"},
        {"kind": "bag", "case": "99"},
        {"kind": "list", "place": "x"},
    ],
)
def test_an_export_that_lacks_something_is_refused(browser, case, done, fields):
    answer = browser.post("/exports", "/exports", **fields)
    assert answer.status_code in (303, 404)
    assert done() == []
    assert browser.get("/exports").status_code == 200


def test_a_letter_is_read_with_its_gaps_before_it_is_saved(browser, case, done):
    answer = browser.post("/case/1/paper", "/case/1", kind="complaint-ru")
    assert answer.location == "/case/1/paper"
    page = browser.page("/case/1/paper")
    assert "Missing:" in page.text
    assert done() == []
    saved = browser.post("/case/1/paper/text", "/case/1/paper")
    assert "Иванова" in saved.text
    assert saved.headers["Content-Disposition"] == 'attachment; filename="complaint-ru.txt"'
    pdf = browser.post("/case/1/paper/pdf", "/case/1/paper")
    assert pdf.data.startswith(b"%PDF")
    assert [one.what for one in done()] == ["letter", "letter"]
    assert browser.post("/case/1/paper", "/case/1", kind="nothing-xx").status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0\0\0\0\0",
        b"<!doctype html><script>alert(1)</script>",
    ],
)
def test_a_file_that_is_no_photo_is_only_handed_out(browser, office, held, data):
    office.report({"name": "Ким"}, files=(data,))
    held.desk.pull(office.post)
    about = browser.page("/case/1/file/1/about")
    assert not about.named("img")
    assert browser.get("/case/1/file/1").status_code == 404
    saved = browser.get("/case/1/file/1/save")
    assert saved.data == data
    assert saved.content_type == OTHER
    assert re.fullmatch(r'attachment; filename="file-1-1\.(bin|png)"', saved.headers["Content-Disposition"])
    assert "sandbox" in saved.headers["Content-Security-Policy"]
    assert saved.headers["X-Content-Type-Options"] == "nosniff"


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


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_report_is_text_on_every_page(browser, office, held, text):
    line = text[:400]
    made = office.report(
        {
            "name": line,
            "other_names": line,
            "birth": line,
            "account": text,
            "reason": text,
            "event": line,
            "stage": "van",
            "van": {"plate": line, "side": line},
            "by": {"names": [line], "badges": [line]},
            "needs": [line],
            "languages": [line],
            "contact": line,
            "tell": text,
            "citizenship": line,
            "place": {"text": line},
            "invented": {line: [text, {line: text}]},
            "lawyer": {"asked": "yes", "who": text},
            line[:50]: line,
        },
        reply=reply_block(),
    )
    held.desk.pull(office.post)
    held.desk.acts(
        [
            entries.Noted(case=made.case, text=text),
            entries.Assigned(case=made.case, to=line[:80]),
            entries.Official(id=made.case, name=line, rank=line, badge=line, unit=line),
            entries.Linked(official=made.case, case=made.case, part=line),
            entries.Lawyer(case=made.case, state="on_way", name=line),
            entries.HandedOver(text=text, to=line[:80]),
            entries.Named(case=made.case, person=f"{made.case}#1", name=line, source=line),
            entries.Stated(case=made.case, facts={"health": text}, source=line),
        ]
    )
    found = browser.post("/search", text=line).location
    browser.post("/case/1/draft", template="lawyer", language="fa", lawyer="Петрова")
    paths = [
        "/",
        "/queue",
        "/map",
        "/people",
        "/names",
        "/officials",
        "/official/1",
        "/handover",
        "/journal",
        "/exports",
        "/case/1",
        "/place/1",
        "/place/1/names",
        "/duplicates",
        found,
    ]
    for path in paths:
        page = browser.page(path)
        assert not page.named("img"), path
        assert len(page.named("h1")) == 1, path
        assert len(page.named("script")) == 1, path
        assert not [one for one in page.elements if any(name.startswith("on") for name in one.attributes)], path
        for hidden in "\u202e\u200b\u0000":
            assert hidden not in re.sub(r' value="[^"]*"', "", page.html), path


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


def test_times_are_those_of_the_desk_and_say_so(browser, held, case):
    from datetime import timedelta, timezone

    held.zone = timezone(timedelta(hours=5), "ALMT")
    page = browser.page("/queue")
    assert "ALMT, UTC+05:00" in page.find("footer").text
    assert page.named("time")[0].attributes["datetime"].endswith("+05:00")


def test_a_damaged_journal_is_said_on_every_page_and_changes_nothing(browser, office, held, case):
    held.desk.act(entries.Noted(case=case, text="одна"))
    held.desk.act(entries.Noted(case=case, text="две"))
    held.desk.close()
    journal = office.folder / "journal"
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
    held.unlock("пять случайных слов для ночи", "Анна")
    for path in ("/", "/queue", "/journal", "/case/1"):
        page = browser.page(path)
        assert [one for one in page.elements if one.attributes.get("role") == "alert"], path
    browser.post("/case/1/note", "/case/1", text="важное")
    page = browser.page("/case/1")
    assert "damaged" in page.text
    assert "важное" in page.find("textarea", id="note-text").text
    assert journal.read_bytes() == bytes(data)


def test_reply_blocks_never_stand_on_a_page(browser, held, case):
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
        ids = [one.attributes["id"] for one in Page(html).elements if "id" in one.attributes]
        assert len(ids) == len(set(ids)), path
