"""Many tabs in a Chromium as people start it, whose back/forward cache a driver's own flags would switch off."""

import re
from collections.abc import Iterator
from itertools import cycle
from time import monotonic

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser.chromium import Chromium
from tests.browser.desk import WAIT_MS, Night, enter

pytestmark = pytest.mark.browser

# Where lines are used up, every sixth page takes 14 s and a lock 17 s; else a page takes 0.3 s and a lock 0.3 s. These
# bounds lie between the two, so that a machine that is busy or four times slower is not taken for the fault.
PAGES_SECONDS, PAGE_SECONDS, LOCK_SECONDS = 2.0, 8.0, 4.0  # a page in the mean, the slowest page, a lock
TABS = 8  # more than the six lines that a browser opens to one address
LOCKED = re.compile("The desk is locked|Unlock the desk")
NAME = "Ъкжмечова Фёкла"
WALK = ("queue", "map", "people", "officials", "handover", "exports", "journal", "practice", "case/1", "case/2",
        "place/1", "names")  # fmt: skip
# Runs before the page's own scripts: what a page that comes back from the cache shows at that moment.
WITNESS = """
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  const seen = JSON.parse(sessionStorage.getItem("seen") ?? "[]");
  sessionStorage.setItem("seen", JSON.stringify([...seen, document.body.textContent.trim()]));
});
"""


@pytest.fixture
def night(tmp_path) -> Iterator[Night]:
    night = Night(tmp_path)
    night.at_station(1, name=NAME)
    night.at_station(2, name=NAME)
    yield night
    night.close()


@pytest.fixture
def context(playwright, tmp_path) -> Iterator[BrowserContext]:
    chromium = Chromium(playwright, tmp_path / "profile").start()
    chromium.context.add_init_script(WITNESS)
    yield chromium.context
    chromium.kill()


def seen_from_the_cache(page: Page) -> list[str]:
    """The words of each page that came back from the back/forward cache in this tab, as it came."""
    found: list[str] = page.evaluate('() => JSON.parse(sessionStorage.getItem("seen") ?? "[]")')
    return found


def words_on(page: Page) -> str:
    """What the tab shows now, also while it waits for another page."""
    try:
        return str(page.evaluate("() => document.documentElement.textContent"))
    except Error:
        return ""  # it went to another page while it was asked


def seconds_to(page: Page, address: str) -> float:
    begin = monotonic()
    page.goto(address, wait_until="load")
    return monotonic() - begin


def test_no_page_waits_for_the_lines_of_others_and_a_lock_empties_them_all(night, context):
    board = enter(context.new_page(), night.start())
    home = board.url
    expect(board.locator(".board tbody tr")).to_have_count(2, timeout=WAIT_MS)
    tabs = [board, *(context.new_page() for _ in range(TABS - 1))]
    took = {page: seconds_to(page, home + "names") for page in tabs}
    busy = max(took.values())
    assert busy < PAGE_SECONDS, "with every tab open"

    times = {path: seconds_to(tab, home + path) for path, tab in zip(WALK, cycle(tabs[:3]), strict=False)}
    assert {path: seconds for path, seconds in times.items() if seconds > PAGE_SECONDS} == {}
    assert sum(times.values()) < PAGES_SECONDS * len(WALK)
    quiet = context.new_page()
    for path in ("names", "people"):
        quiet.goto(home + path)
    quiet.go_back(wait_until="commit")
    expect(quiet.locator("main")).to_contain_text(NAME)
    assert set(seen_from_the_cache(quiet)) <= {""}, "browsers do not keep every page; what they kept was empty"

    reader = tabs[-1]
    expect(reader.locator("main")).to_contain_text(NAME)
    visited: list[str] = []
    tabs[0].on("framenavigated", lambda frame: visited.append(frame.url))
    begin = monotonic()
    tabs[0].get_by_role("button", name="Lock").click()
    expect(tabs[0].get_by_role("heading")).to_have_text(LOCKED)
    assert home + "locked" in visited, "the page that says so; it goes on by itself"
    assert monotonic() - begin < LOCK_SECONDS + busy, "what a page takes on this machine, now, comes on top"
    for tab in [quiet, *tabs[1:]]:
        while NAME in words_on(tab):
            assert monotonic() - begin < 2 * LOCK_SECONDS, "every other tab is blank as well"
    for tab in [quiet, *tabs]:
        tab.wait_for_url("**/unlock", timeout=WAIT_MS)
        tab.go_back(wait_until="commit")
        expect(tab.get_by_role("heading")).to_have_text(LOCKED, timeout=WAIT_MS)
        assert NAME not in tab.content()
        assert not any(NAME in words for words in seen_from_the_cache(tab))


def test_news_reaches_every_tab_though_one_alone_waits_for_it(night, context):
    board = enter(context.new_page(), night.start())
    expect(board.locator(".board tbody tr")).to_have_count(2, timeout=WAIT_MS)
    waiting: list[str] = []
    context.on("request", lambda request: waiting.append(request.url) if "/changes" in request.url else None)
    tabs = [board, *(context.new_page() for _ in range(TABS - 1))]
    for tab in tabs:
        tab.goto(board.url)
    waiting.clear()
    tabs[1].close()  # whoever waits may be closed; another goes on
    tabs[0].close()
    night.at_station(3, name="Новая Зоя")
    for tab in tabs[2:]:
        expect(tab.locator(".board tbody tr")).to_have_count(3, timeout=WAIT_MS)
    assert len(waiting) < TABS


def test_going_back_to_where_the_passphrase_was_typed_shows_no_field_with_it(night, context):
    page = enter(context.new_page(), night.start())
    page.go_back(wait_until="commit")
    expect(page.locator("#board")).to_be_visible(timeout=WAIT_MS)
    assert seen_from_the_cache(page) == [""]
