"""The desk used as on a night: with the keyboard, with a mouse, on paper, by somebody who hears the screen."""

import os
import re
import wave
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.desk import WAIT_MS, Night, enter, window
from tests.support.browser.axe import AXE, RUN
from tests.support.soak import at_length

pytestmark = pytest.mark.browser

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
UNSAID = """() => [...document.querySelectorAll("button, h1, h2, p, label, legend, th, dt, option")]
  .filter((one) => one.checkVisibility())
  .filter((one) => /\\{\\w+\\}|undefined|NaN|\\[object|None/.test(one.innerText)
    || (/^(BUTTON|H1|LABEL|LEGEND)$/.test(one.tagName) && !one.textContent.trim() && !one.getAttribute("aria-label")))
  .map((one) => one.outerHTML.slice(0, 120))"""
WIDE = "() => document.documentElement.scrollWidth > innerWidth + 1"


def photo(folder: Path) -> Path:
    path = folder / "photo.jpg"
    exif = Image.Exif()
    exif[0x010F] = HOSTILE
    Image.effect_noise((640, 480), 60).convert("RGB").save(path, "JPEG", exif=exif)
    return path


def voice(folder: Path) -> Path:
    """Two seconds of silence."""
    path = folder / "voice.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(32_000))
    return path


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Iterator[Night]:
    night = Night(tmp_path_factory.mktemp("night"))
    night.at_station(
        1, name="Иванова Анна Петровна", birth="2009-03-01", minors=1, account="Болит голова", event="Пушкинская"
    )
    night.at_station(1, name="Ivanova Anna", birth="2009-03-01", event="Пушкинская")
    night.at_station(2, name="Ким Олег", injured="yes", needs="doctor,water", languages="kk")
    night.at_station(5, "--file", str(voice(night.folder)), people=7, event="Невский", name="С Голосом")
    night.report(
        "--file", str(photo(night.folder)), stage="van", van="А123ВС", people=20, name=HOSTILE, account="w" * 5000
    )
    night.report("--practice", stage="van")
    yield night
    night.close()


@pytest.fixture(scope="module")
def link(night) -> str:
    return night.start()


@pytest.fixture(scope="module")
def state(night, link, browser, tmp_path_factory) -> Path:
    """What the browser that was let in keeps: the cookie."""
    path = tmp_path_factory.mktemp("cookie") / "state.json"
    with window(browser.browser) as context:
        page = enter(context.new_page(), link)
        expect(page.locator(".board tbody tr")).to_have_count(4, timeout=WAIT_MS)
        context.storage_state(path=path)
    return path


@pytest.fixture
def opened(browser, state, link):
    """Opens pages of the unlocked desk."""
    stack = []

    def open_(path: str = "/", **more) -> Page:
        manager = window(browser.browser, storage_state=state, **more)
        context = manager.__enter__()
        stack.append(manager)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.errors = []
        page.on("console", lambda line: page.errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("dialog", lambda dialog: page.errors.append(dialog.message))
        page.goto(link.partition("/enter")[0] + path)
        return page

    yield open_
    for manager in stack:
        manager.__exit__(None, None, None)


def inspect_screen(page: Page) -> list[str]:
    """What is wrong with what is on the screen."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    wrong = page.evaluate(RUN) + page.evaluate(UNSAID)
    return wrong + ["wider than the screen"] * page.evaluate(WIDE) + page.errors


MANY = {"/case/N": 20}  # each has something else in it


def kind(path: str) -> str:
    return re.sub(r"\d+", "N", path)


def every_page(page: Page) -> Iterator[str]:
    """Open pages of every kind there is, two of each, found by following links; their addresses."""
    home = page.url.rstrip("/")
    seen, ahead = [], ["/"]
    while ahead:
        path = ahead.pop(0)
        if path in seen or sum(kind(visited) == kind(path) for visited in seen) >= MANY.get(kind(path), 2):
            continue
        seen.append(path)
        page.goto(home + path)
        found = page.eval_on_selector_all("a[href^='/']", "all => all.map((link) => link.getAttribute('href'))")
        ahead += [href for href in found if not href.endswith("/save")]
        yield path


# Words and colours do not depend on each other: each language and each scheme once, all four in a soak.
LOOKS = [("ru", "light"), ("en", "dark"), *at_length([], [("ru", "dark"), ("en", "light")])]


@pytest.mark.soak
@pytest.mark.parametrize(("language", "scheme"), LOOKS)
def test_every_page_is_for_everybody(opened, language, scheme):
    page = opened(color_scheme=scheme)
    page.context.add_cookies([{"name": "l", "value": language, "url": page.url}])
    paths, found = [], {}
    for path in every_page(page):
        paths.append(path)
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.evaluate("() => { for (const one of document.querySelectorAll('main details')) one.open = true; }")
        if wrong := inspect_screen(page):
            found[path] = wrong
        _picture(page, language, scheme, path)
    assert found == {}
    assert {kind(path) for path in paths} >= {
        "/", "/map", "/queue", "/people", "/officials", "/handover", "/exports", "/journal", "/practice", "/names",
        "/place/N", "/place/N/names", "/case/N", "/case/N/file/N/about", "/duplicates", "/map/N",
    }  # fmt: skip


def _picture(page: Page, *words: str) -> None:
    """Where pictures go, when somebody wants to look at them: PICTURES=DIR pytest ..."""
    wanted = os.environ.get("PICTURES")
    if wanted:
        Path(wanted).mkdir(parents=True, exist_ok=True)
        name = "-".join(word.strip("/").replace("/", "-") or "board" for word in words)
        page.screenshot(path=Path(wanted) / f"desk-{name}.png", full_page=True)


def test_the_board_shows_a_letter_that_was_just_left_at_the_relay(opened, night):
    page = opened()
    expect(page.locator(".board tbody tr", has_text="ОВД Тверской")).to_be_visible()
    page.evaluate("() => { globalThis.same = true; }")
    page.locator(".board tbody a").first.focus()
    heads = int(page.locator(".totals .big dd").inner_text())
    night.at_station(6, name="Только Что", people=3)
    row = page.locator(".board tbody tr", has_text="ОП 5")
    expect(row).to_be_visible(timeout=WAIT_MS)
    expect(row.locator(".mark")).to_contain_text("●")
    expect(row.locator(".mark")).to_contain_text("new")
    expect(page.locator("#said")).to_contain_text("ОП 5")
    expect(page.locator(".totals .big dd")).to_have_text(str(heads + 3))
    assert page.evaluate("() => globalThis.same"), "the page was loaded anew"
    assert page.evaluate("() => document.activeElement.matches('.board tbody a')"), "the cursor was lost"
    assert page.errors == []
    night.at_station(6, name="И Ещё")
    expect(row.locator(".mark")).to_contain_text("changed", timeout=WAIT_MS)


def test_a_new_letter_is_answered_and_taken_with_three_keys(opened, night):
    case = night.at_station(4, name="Новый Человек", minors=1, injured=1, languages="uk")
    page = opened("/queue")
    row = page.locator("tbody tr", has_text="Новый Человек")
    expect(row).to_be_visible(timeout=WAIT_MS)
    page.reload()
    focused = page.locator(":focus")
    expect(focused).to_have_text("Новый Человек")

    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("1")
    shown = page.locator("#answer-text")
    expect(shown).to_have_value(re.compile("Ми отримали ваше повідомлення"))
    expect(page.locator(":focus")).to_have_text("Send and take the case")
    text = shown.input_value()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("Sealed and on its way")
    expect(page.locator("#case-head")).to_contain_text("Анна Смирнова")
    expect(page.locator("#case-head")).to_contain_text("open")
    expect(page.locator("#replies")).to_contain_text("waits at the relay", timeout=WAIT_MS)
    [came] = night.answers(case)
    assert (came["text"], came["status"]) == (text, "received")
    assert page.errors == []


def test_one_case_after_the_other_takes_three_keys_each(opened, night):
    for number in range(4):
        night.at_station(1 + number, name=f"Ещё Один {number}", injured=1)
    page = opened("/queue")
    expect(page.locator("tbody tr", has_text="Ещё Один 3")).to_be_visible(timeout=WAIT_MS)
    page.reload()
    for _ in range(4):
        expect(page.locator(":focus")).to_have_attribute("href", re.compile(r"/case/\d+"))
        with page.expect_navigation():
            page.keyboard.press("Enter")
        with page.expect_navigation():
            page.keyboard.press("3")
        expect(page.locator(":focus")).to_have_class("main")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator("#case-head")).to_contain_text("Анна Смирнова")
        expect(page.locator(".next")).to_be_visible()
    assert page.errors == []


def test_the_same_with_three_clicks_and_the_lawyers_name(opened, night):
    case = night.at_station(4, name="Другой Человек", minors=1, injured=1)
    page = opened("/queue")
    page.locator("tbody tr", has_text="Другой Человек").get_by_role("link").first.click()
    page.locator("#answer").get_by_label("The lawyer's name").fill("Петрова <b>")
    page.get_by_role("button", name="A lawyer is coming").click()
    expect(page.locator("#answer-text")).to_have_value(re.compile("адвокат, Петрова <b>\\."))
    page.get_by_role("button", name="Send and take the case").click()
    expect(page.locator("#persons")).to_contain_text("lawyer on the way · Петрова <b>")
    expect(page.locator("#replies")).to_contain_text("waits at the relay", timeout=WAIT_MS)
    [came] = night.answers(case)
    assert came["status"] == "lawyer"
    assert "Петрова <b>" in came["text"]


def test_without_javascript_everything_still_works(opened, night):
    case = night.at_station(4, name="Без Скрипта", minors=1, injured=1)
    waiting = opened("/queue")
    expect(waiting.locator("tbody tr", has_text="Без Скрипта")).to_be_visible(timeout=WAIT_MS)
    page = opened("/queue", java_script_enabled=False)
    page.locator("tbody tr", has_text="Без Скрипта").get_by_role("link").first.click()
    page.get_by_role("button", name="Your rights").click()
    expect(page.locator("#answer-text")).to_have_value(re.compile("статья 51"))
    page.get_by_role("button", name="Send and take the case").click()
    expect(page.get_by_role("status").first).to_contain_text("Sealed and on its way")
    page.locator("#note-text").fill("x")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("#note-list")).to_contain_text("x")
    page.locator("#find").fill("Скрипта")
    page.locator("#find").press("Enter")
    expect(page.locator("tbody tr", has_text="Без Скрипта")).to_be_visible()
    expect(waiting.locator("tbody tr", has_text="Без Скрипта")).to_contain_text("Анна Смирнова", timeout=WAIT_MS)
    assert night.answers(case)[0]["status"] == "received"


def test_keys_of_one_letter_work_outside_of_fields_and_can_be_switched_off(opened):
    page = opened()
    page.keyboard.press("q")
    page.wait_for_url("**/queue")
    first = page.locator(":focus").inner_text()
    page.keyboard.press("j")
    assert page.locator(":focus").inner_text() != first
    page.keyboard.press("k")
    expect(page.locator(":focus")).to_have_text(first)
    page.keyboard.press("o")
    page.wait_for_url("**/case/*")
    page.keyboard.press("n")
    page.keyboard.type("bmq?/")
    expect(page.locator("#note-text")).to_have_value("bmq?/")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog")
    expect(help_).to_be_visible()
    page.errors.clear()
    assert inspect_screen(page) == []
    help_.get_by_role("button", name="Switch single keys off").click()
    page.wait_for_load_state()
    page.keyboard.press("b")
    page.wait_for_timeout(300)
    assert "/case/" in page.url


def test_somebody_without_a_mouse_reaches_everything_on_a_case(opened):
    page = opened("/queue")
    page.locator("[data-item]").first.press("Enter")
    page.wait_for_url("**/case/*")
    wanted = set(page.eval_on_selector_all(
        "main a[href], main button, main input:not([type=hidden]), main select, main textarea, main summary",
        """all => all.filter((one) => one.checkVisibility()).map((one, at) => (one.dataset.reach = String(at)))""",
    ))  # fmt: skip
    reached = set()
    page.locator("body").press("Tab")
    for _ in range(len(wanted) * 2 + 60):
        reached.add(page.evaluate("() => document.activeElement?.dataset.reach ?? ''"))
        page.keyboard.press("Tab")
    assert wanted - reached == set()


def test_the_map_is_drawn_here_and_asks_nobody(opened):
    page = opened("/queue")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page.url.replace("/queue", "/map"))
    expect(page.locator("svg.map a")).not_to_have_count(0)
    assert {url.split("/")[2] for url in asked} == {page.url.split("/")[2]}
    page.locator("svg.map a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(map|place)/\d+$"))


def test_the_board_and_the_names_come_out_on_paper(opened, tmp_path):
    page = opened("/")
    page.emulate_media(media="print")
    assert page.locator(".bar").is_hidden()
    assert page.locator(".board").is_visible()
    assert page.locator(".paper").is_visible()
    printed = page.pdf(format="A4", landscape=True)
    assert printed.startswith(b"%PDF")
    page.goto(page.url + "names")
    page.emulate_media(media="print")
    pages = page.pdf(format="A4")
    sheets = len(page.locator(".sheet").all())
    assert len(re.findall(rb"/Type\s*/Page\b", pages)) >= sheets
    if wanted := os.environ.get("PICTURES"):
        (Path(wanted) / "desk-print-board.pdf").write_bytes(printed)
        (Path(wanted) / "desk-print-names.pdf").write_bytes(pages)


def test_what_a_stranger_wrote_runs_nowhere(opened):
    page = opened("/people")
    page.get_by_role("row", name=re.compile("script")).get_by_role("link", name=re.compile("case")).click()
    page.wait_for_url("**/case/*")
    expect(page.locator("h1")).to_contain_text(HOSTILE)
    page.get_by_role("link", name="look").click()
    page.locator(".picture summary").click()
    picture = page.locator(".picture img")
    expect(picture).to_be_visible()
    assert picture.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 640
    expect(page.locator("main")).to_contain_text(HOSTILE)
    assert page.errors == []
    answer = page.goto(page.url.replace("/about", ""))
    assert answer is not None
    assert answer.headers["content-type"] == "image/jpeg"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert Image.open(BytesIO(answer.body())).size == (640, 480)


def test_a_voice_is_played_from_memory(opened):
    page = opened("/people")
    page.get_by_role("row", name=re.compile("С Голосом")).get_by_role("link", name=re.compile("case")).click()
    page.get_by_role("link", name="look").click()
    sound = page.locator("audio")
    heard = """(one) => new Promise((done, failed) => {
      one.onloadedmetadata = () => done(one.duration); one.onerror = failed; one.load(); one.preload = "auto"; })"""
    assert sound.evaluate(heard) == pytest.approx(2, abs=0.1)
    assert page.errors == []


def test_a_second_browser_does_not_get_in_with_the_same_link(browser, night, link, state):
    with window(browser.browser) as context:
        page = context.new_page()
        page.goto(link)
        page.get_by_role("button").last.click()
        expect(page.get_by_role("alert")).to_contain_text("used already")
        page.goto(link.partition("/enter")[0] + "/")
        expect(page.get_by_role("alert")).to_contain_text("was not let in")
        assert "Иванова" not in page.content()
