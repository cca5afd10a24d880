"""What is left when the desk is locked: nothing on the screen, nothing in the browser's folder."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Chromium
from tests.browser.desk import PASSPHRASE, WAIT_MS, Night, enter, window

pytestmark = pytest.mark.browser

NAME, STORY, NOTE = "Ъкжмечова Фёкла", "Болит голова и щепотникова рука", "Перезвонить щекотихиной матери"
LAWYER, ASKED = "Цапфердонова", "щепотникова"


@pytest.fixture
def night(tmp_path) -> Iterator[Night]:
    night = Night(tmp_path)
    night.at_station(1, name=NAME, account=STORY, event="Щукинский сход")
    yield night
    night.close()


def unlock(page: Page) -> None:
    page.locator("#by").fill("Анна")
    page.locator("#passphrase").fill(PASSPHRASE)
    page.locator("#passphrase").press("Enter")
    expect(page.locator("#board")).to_be_visible(timeout=WAIT_MS)


def test_a_lock_blanks_every_open_page_and_the_same_browser_unlocks_again(browser, night):
    link = night.start()
    with window(browser.browser) as context:
        board = enter(context.new_page(), link)
        expect(board.locator(".board tbody tr")).to_have_count(1, timeout=WAIT_MS)
        case = context.new_page()
        case.goto(board.url + "case/1")
        expect(case.locator("h1")).to_contain_text(NAME)

        board.get_by_role("button", name="Lock").click()
        expect(board.get_by_role("heading")).to_have_text("The desk is locked")
        case.wait_for_url("**/unlock", timeout=WAIT_MS)
        for page in (case, board):
            assert NAME not in page.content()
            page.go_back()
            page.wait_for_load_state()
            assert NAME not in page.content()

        board.goto(link.partition("/enter")[0] + "/unlock")
        expect(board.locator("main")).to_contain_text("Last entry of the journal")
        unlock(board)
        expect(board.locator(".board tbody tr")).to_have_count(1, timeout=WAIT_MS)


def test_a_desk_that_nobody_touches_counts_down_and_locks(browser, night):
    link = night.start("--idle", "0.15")
    with window(browser.browser) as context:
        page = enter(context.new_page(), link)
        expect(page.locator("[data-left]")).to_have_text(re.compile(r"0:0\d"))
        expect(page.locator("#said")).to_contain_text("locks in one minute")
        page.wait_for_url("**/unlock", timeout=WAIT_MS)
        assert NAME not in page.content()


def test_a_moving_hand_keeps_the_desk_open(browser, night):
    link = night.start("--idle", "0.5")
    with window(browser.browser) as context:
        page = context.new_page()
        page.clock.install()
        enter(page, link)
        page.evaluate("() => { globalThis.same = true; }")
        with page.expect_request("**/here", timeout=WAIT_MS):
            for at in range(20):
                page.mouse.move(100 + at, 200)
                page.clock.run_for(1_000)
        assert page.evaluate("() => globalThis.same")


def test_a_seized_profile_folder_names_nobody(playwright, night, tmp_path):
    """Not even in a window that is not private, and pulled out in the middle of it."""
    link = night.start()
    chromium = Chromium(playwright, tmp_path / "profile").start()
    try:
        page = enter(chromium.page(), link, "Анна")
        home = page.url
        expect(page.locator(".board tbody tr")).to_have_count(1, timeout=WAIT_MS)
        page.locator("select[name=event]").select_option("Щукинский сход")
        page.get_by_role("button", name="Show").click()
        page.locator("#find").fill(ASKED)
        page.locator("#find").press("Enter")
        page.wait_for_url("**/search/*")
        page.locator("[data-item]").first.click()
        page.wait_for_url("**/case/*")
        expect(page.locator("main")).to_contain_text(STORY)
        page.locator("#note-text").fill(NOTE)
        page.get_by_role("button", name="Add the note").click()
        expect(page.locator("#note-list")).to_contain_text(NOTE)
        page.locator("#answer").get_by_label("The lawyer's name").fill(LAWYER)
        page.get_by_role("button", name="A lawyer is coming").click()
        expect(page.locator("#answer-text")).to_have_value(re.compile(LAWYER))
        page.goto(home + "names")
        expect(page.locator("main")).to_contain_text(NAME)
        page.locator("body").press("Tab")
        page.wait_for_timeout(3_000)  # for what a browser writes from time to time
    finally:
        chromium.kill()
    profile_files = {path: path.read_bytes() for path in (tmp_path / "profile").rglob("*") if path.is_file()}
    assert any(b"/case/1" in data for data in profile_files.values()), (
        "the history is there: this looks in the right place"
    )
    assert any(b"/unlock" in data for data in profile_files.values())
    for words in (NAME, STORY, NOTE, LAWYER, ASKED, PASSPHRASE, "Щукинский", "Тверской"):
        for part in (words, words.split()[0]):
            for code in ("utf-8", "utf-16-le", "unicode_escape"):
                found = [
                    str(path.relative_to(tmp_path)) for path, data in profile_files.items() if part.encode(code) in data
                ]
                assert not found, (part, code, found)
