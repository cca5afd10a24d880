"""Every screen in every language, at 320 pixels: for screen readers (axe), by keyboard, without scrolling sideways."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.people import ANNA, TEXT, words
from tests.browser.phone import wait_until_nothing_waits
from tests.support.browser.axe import AXE, RUN
from tests.support.soak import at_length

pytestmark = pytest.mark.browser

# Long words, and from right to left; the other languages differ from these in their words alone.
LOOKED_AT = at_length(("ru", "fa"), ("ru", "en", "uk", "be", "kk", "fa"))
NARROW = {"width": 320, "height": 640}
PIN, DECOY = "739150462", "204867315"

TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1)
  .map((one) => one.outerHTML.slice(0, 120))"""
TOO_SMALL = """() => [...document.querySelectorAll("button, select, input, textarea")]
  .filter((one) => one.offsetParent && (one.offsetHeight < 44 || one.offsetWidth < 44))
  .map((one) => `${one.outerHTML.slice(0, 120)} ${one.offsetWidth}x${one.offsetHeight}`)"""
UNSAID = """() => [...document.querySelectorAll("button, h1, h2, p, label, legend")]
  .filter((one) => /\\{\\w+\\}|undefined|NaN|\\[object/.test(one.innerText)
    || (/^(BUTTON|H1|LABEL|LEGEND)$/.test(one.tagName) && !one.innerText.trim() && !one.getAttribute("aria-label")))
  .map((one) => one.outerHTML.slice(0, 120))"""


class Inspector:
    """Looks at each screen as it is shown."""

    def __init__(self, app: App, language: str, pictures: Path | None) -> None:
        self.app, self._language, self._pictures = app, language, pictures
        self.seen: list[str] = []
        self.found: dict[str, list[str]] = {}
        self._source = AXE.read_text(encoding="utf-8")

    def inspect_screen(self, name: str = "") -> None:
        page, name = self.app.page, name or self.app.screen
        page.evaluate(self._source)
        wrong = page.evaluate(RUN) + page.evaluate(TOO_WIDE) + page.evaluate(TOO_SMALL) + page.evaluate(UNSAID)
        if wrong:
            self.found[name] = wrong
        self.seen.append(name)
        if self._pictures is not None:
            page.screenshot(path=self._pictures / f"{self._language}-{len(self.seen):02}-{name}.png", full_page=True)


def first_visit(inspector: Inspector, code: str, speak: str) -> None:
    """From the very first screen to the one that waits for the press."""
    app = inspector.app.at("welcome")
    app.page.locator('[data-do="language"]').select_option(speak)
    expect(app.page.locator("html")).to_have_attribute("lang", speak)
    inspector.inspect_screen()
    app.do("scan").at("scan")
    inspector.inspect_screen()
    app.do("back").at("welcome").do("paste").at("paste")
    inspector.inspect_screen()
    app.fill(code="nonsense").do("next")
    expect(app.error()).to_be_visible()
    inspector.inspect_screen("paste-error")
    app.fill(code=code).do("next").at("card")
    inspector.inspect_screen()
    app.do("next").at("profile")
    inspector.inspect_screen()
    app.fill(name="Анна").do("next").at("pin")
    inspector.inspect_screen()
    app.do("next").fill(again="1").do("next")
    expect(app.error("pin-differs")).to_be_visible()
    inspector.inspect_screen("pin-typed")
    app.do("words").do("digits").fill(pin=PIN, again="1").do("next")
    expect(app.error("pin-differs")).to_be_visible()
    inspector.inspect_screen("pin-digits")
    app.fill(pin=PIN, again=PIN).do("next").at("decoy")
    inspector.inspect_screen()
    app.choose_digits(DECOY).at("names")
    inspector.inspect_screen()
    app.do("next").at("allow")
    inspector.inspect_screen()
    app.do("next").at("ready")
    expect(app.button("finish")).to_be_enabled()
    inspector.inspect_screen()


def presses(inspector: Inspector) -> None:
    """The practice press, the press, and what can be told after it."""
    app = inspector.app.do("practice").at("practice")
    inspector.inspect_screen()
    app.press().status("done")
    inspector.inspect_screen("pressed-practice")
    app.do("hide").at("start")
    inspector.inspect_screen()
    app.press().status("done")
    app.say("stage", "van")
    inspector.inspect_screen()
    for name in ("station", "text", "photo", "voice", "answers"):
        app.do(name).at(name)
        inspector.inspect_screen()
        app.do("back").at("pressed")
    app.do("hide").at("start")


def people_who_are_told(inspector: Inspector, code: str) -> None:
    """Everybody who is told, somebody who is added, and an alert."""
    app = inspector.app.do("contacts").at("contacts")
    inspector.inspect_screen()
    app.do("sms").at("sms")
    inspector.inspect_screen()
    app.do("back").at("contacts").do("add").at("pair")
    expect(app.page.locator("video")).to_be_visible()
    inspector.inspect_screen()
    app.do("link").at("pair-link").fill(code=code[:-9]).do("next")
    expect(app.error()).to_be_visible()
    inspector.inspect_screen("pair-link-error")
    app.do("back").at("contacts").do("contact", ANNA).at("contact")
    inspector.inspect_screen()
    app.do("remove")
    expect(app.button("remove-yes")).to_be_visible()
    inspector.inspect_screen("contact-remove")
    for name in ("digits", "prepared"):
        app.do(name).at(name)
        inspector.inspect_screen()
        app.do("back").at("contact")
    app.do("back").at("contacts").do("alerts").at("alerts")
    expect(app.button("alert")).to_be_visible()
    inspector.inspect_screen()
    app.do("alert").at("alert")
    inspector.inspect_screen()


def behind_the_pins(inspector: Inspector) -> None:
    """What a PIN opens, and what the other one does."""
    app = inspector.app.do("open").at("unlock")
    inspector.inspect_screen()
    app.fill(pin="000000000").do("next")
    expect(app.error()).to_be_visible()
    inspector.inspect_screen("unlock-error")
    app.fill(pin=PIN).do("next").at("notes")
    inspector.inspect_screen()
    app.do("settings").at("home")
    inspector.inspect_screen()
    app.do("wipe")
    expect(app.button("wipe-yes")).to_be_visible()
    inspector.inspect_screen("home-wipe")
    app.do("lock").at("start").open_notes(DECOY).do("add").at("note")
    inspector.inspect_screen()


@pytest.fixture
def pictures() -> Path | None:
    """Where pictures of the screens go, when somebody wants to look at them: PICTURES=DIR pytest ..."""
    wanted = os.environ.get("PICTURES")
    if not wanted:
        return None
    Path(wanted).mkdir(parents=True, exist_ok=True)
    return Path(wanted)


@pytest.mark.soak
@pytest.mark.parametrize("language", LOOKED_AT)
def test_every_screen_is_for_everybody(private, world, language, pictures):
    page = private()
    page.set_viewport_size(NARROW)
    inspector = Inspector(App(page).open(world.address), language, pictures)
    first_visit(inspector, world.code, language)
    presses(inspector)
    behind_the_pins(inspector)
    assert inspector.found == {}
    assert len(set(inspector.seen)) >= 20


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.xdist_group("two people")
def test_every_screen_about_contacts_is_for_everybody(people, pictures):
    """On the phone of somebody who was told of a press, and knows that the other phone was seized since."""
    anna, boris = people
    code = anna.link()
    boris.contact(ANNA).do("seized")
    boris.app.do("back").at("contacts").do("sms").at("sms").fill(number="+7 000 222-33-44", text=TEXT).do("add")
    expect(boris.app.button("sms-open")).to_be_visible()
    anna.press().do("station").at("station").fill(find="Тверской").do("choose", "1").at("pressed").status("done")
    wait_until_nothing_waits(anna.page)
    boris.newest_alert()
    boris.page.set_viewport_size(NARROW)
    boris.link()
    boris.add_by_link(code, "?")  # one more, who waits
    for language in LOOKED_AT:
        boris.awake().page.locator('[data-do="language"]').select_option(language)
        expect(boris.app.button("open")).to_have_text(words(language)["start"]["open"])
        inspector = Inspector(boris.app.unlock(PIN).at("home"), language, pictures)
        people_who_are_told(inspector, code)
        assert (language, inspector.found) == (language, {})
        assert len(set(inspector.seen)) == 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screens_have_contrast_in_the_light_and_in_the_dark(private, world, scheme):
    page = private(color_scheme=scheme)
    inspector = Inspector(App(page).open(world.address), "en", None)
    inspector.inspect_screen()
    inspector.app.set_up()
    inspector.inspect_screen()
    inspector.app.press().status("done")
    inspector.inspect_screen()
    assert inspector.found == {}


def test_all_of_it_by_keyboard_alone(private, world):
    app = App(private()).open(world.address).at("welcome")
    keys = Keys(app)
    keys.go("card")
    app.at("card")
    keys.go("next")
    app.at("profile")
    keys.type("name", "Анна")
    keys.go("next")
    app.at("pin")
    keys.go("digits")
    keys.type("pin", PIN)
    keys.type("again", PIN)
    keys.go("next")
    app.at("decoy")
    keys.go("skip")
    app.at("allow")
    keys.go("next")
    app.at("ready")
    expect(app.button("finish")).to_be_enabled()
    keys.go("finish")
    app.at("start")
    keys.hold()
    app.at("pressed").status("done")
    keys.go("fact", "van")
    expect(app.fact("stage", "van")).to_have_attribute("aria-pressed", "true")
    keys.go("text")
    app.at("text")
    keys.type("text", "всё хорошо")
    keys.go("send")
    app.at("pressed").status("done")
    keys.go("hide")
    app.at("start")
    keys.go("open")
    app.at("unlock")
    keys.type("pin", PIN)
    app.page.keyboard.press("Enter")
    app.at("notes")
    keys.go("settings")
    app.at("home")
    keys.go("lock")
    app.at("start")


def choose_words(app: App) -> str:
    """Take the words that are offered, type them to confirm, and return them."""
    offered = app.show("words").inner_text()
    app.do("next").fill(again=offered)
    expect(app.show("words")).to_have_count(0)
    app.do("next")
    return offered


def test_words_are_offered_first_for_both_pins_and_open_in_capitals(private, world):
    app = App(private()).open(world.address).join().about_me()
    app.do("digits").fill(pin="12345", again="12345").do("next")
    expect(app.error("pin-short")).to_be_visible()
    expect(app.show("weak")).to_be_visible()
    app.do("words")
    first = choose_words(app)
    app.at("decoy")
    second = choose_words(app)
    app.at("names").do("next").finish().unlock("  ".join(first.upper().split())).do("lock")
    app.unlock(f" {second.title()}\u00a0").do("lock")
    app.unlock(first).do("decoy").at("decoy").do("remove").at("home").do("lock")
    app.at("start").do("open").at("unlock").fill(pin=second).do("next")
    expect(app.error("passphrase-wrong")).to_be_visible()


class Keys:
    """Somebody without a mouse: tab until it is there."""

    def __init__(self, app: App) -> None:
        self._app, self._keyboard = app, app.page.keyboard

    def reach(self, selector: str) -> None:
        for _ in range(120):
            if self._app.page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", selector):
                return
            self._keyboard.press("Tab")
        raise AssertionError(f"no way to {selector} by keyboard on {self._app.screen}")

    def go(self, name: str, value: str | None = None) -> None:
        self.reach(f'[data-do="{name}"]' + ("" if value is None else f'[data-value="{value}"]'))
        self._keyboard.press("Enter")

    def type(self, name: str, text: str) -> None:
        self.reach(f'[data-field="{name}"]')
        self._keyboard.type(text)

    def hold(self) -> None:
        self.reach("#hold")
        self._keyboard.down(" ")
        self._app.at("welcome", "pressed")
        self._keyboard.up(" ")
