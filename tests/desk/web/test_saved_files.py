"""What is saved from the pages: journals, exports, letters and files that came with a report."""

import re

import pytest

from client.desk.web.media_type import OTHER

pytestmark = pytest.mark.slow


def test_the_journal_says_who_did_what_and_goes_to_another_desk(browser, office, control, case):
    browser.post("/case/1/note", "/case/1", text="Звонила мать")
    page = browser.page("/journal")
    assert "Анна" in page.text
    assert "Звонила мать" in page.text
    given = browser.post("/journal/export", "/journal")
    assert given.headers["Content-Disposition"] == 'attachment; filename="desk-journal.sealed"'
    assert "Звонила".encode() not in given.data

    control.desk.close()
    other = office.copy("other")
    (other / "journal").unlink()
    control.opening = lambda _, by: office.unlock(other, by)
    control.unlock("", "Борис")
    assert "Звонила мать" not in browser.page("/journal").text
    browser.post("/journal/merge", "/journal", file=given.data)
    merged = browser.page("/journal")
    assert "Taken in" in merged.text
    assert "Звонила мать" in merged.text
    browser.post("/journal/merge", "/journal", file=given.data[: len(given.data) // 2])
    assert "Nothing was taken in" in browser.page("/journal").text or "Nothing was" in browser.page("/journal").text
    browser.post("/journal/merge", "/journal")
    assert "No file was chosen" in browser.page("/journal").text


def test_a_journal_may_be_larger_than_a_form(browser, control):
    browser.post("/journal/merge", "/journal", file=b"x" * 3_000_000)
    assert "Nothing was taken in" in browser.page("/journal").text


def test_an_export_is_counted_before_it_is_saved_and_noted(browser, office, control, read_actions):
    office.report(
        {"name": "Да", "stage": "station", "station": {"text": "А"}, "consent": {"help": True, "statistics": True}}
    )
    office.report({"name": "Нет", "stage": "station", "station": {"text": "А"}})
    control.desk.pull(office.post)
    read_actions()
    browser.post("/exports", "/exports", kind="package", audience="help", language="ru")
    assert read_actions() == []
    page = browser.page("/exports")
    assert "Rows or persons: 1" in page.text
    assert "left out: 1" in page.text
    saved = browser.post("/exports/save", "/exports")
    assert re.fullmatch(r'attachment; filename="[a-z0-9.-]+"', saved.headers["Content-Disposition"])
    assert saved.mimetype == OTHER
    [exported] = read_actions()
    assert (exported.what, exported.count, exported.options["audience"]) == ("package", 1, "help")
    assert browser.post("/exports/save", "/exports").status_code == 404
    assert read_actions() == []


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
def test_an_export_that_lacks_something_is_refused(browser, case, read_actions, fields):
    answer = browser.post("/exports", "/exports", **fields)
    assert answer.status_code in (303, 404)
    assert read_actions() == []
    assert browser.get("/exports").status_code == 200


def test_a_letter_is_read_with_its_gaps_before_it_is_saved(browser, case, read_actions):
    answer = browser.post("/case/1/paper", "/case/1", kind="complaint-ru")
    assert answer.location == "/case/1/paper"
    page = browser.page("/case/1/paper")
    assert "Missing:" in page.text
    assert read_actions() == []
    saved = browser.post("/case/1/paper/text", "/case/1/paper")
    assert "Иванова" in saved.text
    assert saved.headers["Content-Disposition"] == 'attachment; filename="complaint-ru.txt"'
    pdf = browser.post("/case/1/paper/pdf", "/case/1/paper")
    assert pdf.data.startswith(b"%PDF")
    assert [action.what for action in read_actions()] == ["letter", "letter"]
    assert browser.post("/case/1/paper", "/case/1", kind="nothing-xx").status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0\0\0\0\0",
        b"<!doctype html><script>alert(1)</script>",
    ],
)
def test_a_file_that_is_no_photo_is_only_handed_out(browser, office, control, data):
    office.report({"name": "Ким"}, files=(data,))
    control.desk.pull(office.post)
    about = browser.page("/case/1/file/1/about")
    assert not about.named("img")
    assert browser.get("/case/1/file/1").status_code == 404
    saved = browser.get("/case/1/file/1/save")
    assert saved.data == data
    assert saved.content_type == OTHER
    assert re.fullmatch(r'attachment; filename="file-1-1\.(bin|png)"', saved.headers["Content-Disposition"])
    assert "sandbox" in saved.headers["Content-Security-Policy"]
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
