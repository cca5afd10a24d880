"""The app as a person uses it: by what is on the screen."""

from collections.abc import Iterable

from playwright.sync_api import Locator, Page, expect

HOLD_MS = 1_000
WAIT_MS = 60_000


class App:
    """One page with the app in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(WAIT_MS)

    def open(self, address: str) -> "App":
        self.page.goto(address)
        # The page comes with a picture of its first screen; it lives once there is something to press.
        expect(self.page.locator("main [data-do]").first).to_be_visible(timeout=WAIT_MS)
        return self

    @property
    def screen(self) -> str:
        return self.page.locator("main").get_attribute("data-screen") or ""

    def at(self, *names: str) -> "App":
        """Wait until one of these screens is shown."""
        wanted = ", ".join(f'main[data-screen="{name}"]' for name in names)
        expect(self.page.locator(wanted)).to_be_visible(timeout=WAIT_MS)
        return self

    def do(self, name: str, value: str | None = None) -> "App":
        self.button(name, value).click()
        return self

    def button(self, name: str, value: str | None = None) -> Locator:
        which = "" if value is None else f'[data-value="{value}"]'
        return self.page.locator(f'[data-do="{name}"]{which}').first

    def field(self, name: str) -> Locator:
        return self.page.locator(f'[data-field="{name}"]')

    def fill(self, **fields: str) -> "App":
        for name, text in fields.items():
            self.field(name).fill(text)
        return self

    def show(self, name: str) -> Locator:
        return self.page.locator(f'[data-show="{name}"]')

    def fact(self, name: str, value: str) -> Locator:
        return self.page.locator(f'[data-fact="{name}"][data-value="{value}"]')

    def say(self, name: str, value: str) -> "App":
        """Tap a fact and wait until the screen says that it was taken."""
        self.fact(name, value).click()
        expect(self.fact(name, value)).to_have_attribute("aria-pressed", "true")
        return self

    def hold(self) -> "App":
        """Press the big button for as long as it takes."""
        ring = self.page.locator("#hold")
        expect(ring).to_be_visible()
        box = ring.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.down()
        self.page.wait_for_timeout(HOLD_MS + 200)
        self.page.mouse.up()
        return self

    def press(self) -> "App":
        """The press, until the screen that follows it is there."""
        return self.hold().at("pressed")

    def status(self, *states: str, timeout: int = WAIT_MS) -> "App":
        """Wait until the screen says so."""
        wanted = ", ".join(f'[data-show="status"][data-state="{state}"]' for state in states)
        expect(self.page.locator(wanted)).to_be_visible(timeout=timeout)
        return self

    def error(self, code: str | None = None) -> Locator:
        which = "" if code is None else f'[data-code="{code}"]'
        return self.page.locator(f'[data-show="error"]{which}').first

    # Whole stretches of the way

    def join(self, code: str | None = None) -> "App":
        """From the first screen to the card of the organisation that came along, or that a code leads to."""
        self.at("welcome")
        if code is None:
            self.do("card")
        else:
            self.do("paste").at("paste").fill(code=code).do("next")
        return self.at("card").do("next").at("profile")

    def about_me(self, profile: dict[str, str] | None = None, consent: Iterable[str] = ()) -> "App":
        self.at("profile")
        if not profile and not consent:
            return self.do("skip").at("pin")
        self.fill(**(profile or {}))
        for audience in consent:
            self.page.locator(f'[data-field="consent.{audience}"][data-value="true"]').click()
        return self.do("next").at("pin")

    def pins(self, pin: str | None = None, decoy: str | None = None) -> "App":
        """Without a PIN the profile is left open, so that a press says whose it is."""
        self.at("pin")
        if pin is None:
            self.do("skip").at("leave", "allow")
            if self.screen == "leave":
                self.do("leave-open")
        else:
            self.choose_digits(pin).at("decoy", "allow")
            if self.screen == "decoy" and decoy is None:
                self.do("skip")
            elif self.screen == "decoy" and decoy is not None:
                self.choose_digits(decoy).at("names").do("next")
        return self.at("allow")

    def choose_digits(self, pin: str) -> "App":
        """Digits are the second choice: words are offered first."""
        return self.do("digits").fill(pin=pin, again=pin).do("next")

    def finish(self) -> "App":
        """Past the permission to the screen that waits for the press, once everything is sealed in advance."""
        self.at("allow").do("next").at("ready")
        expect(self.button("finish")).to_be_enabled(timeout=WAIT_MS)
        return self.do("finish").at("start")

    def set_up(
        self,
        code: str | None = None,
        *,
        profile: dict[str, str] | None = None,
        pin: str | None = None,
        decoy: str | None = None,
    ) -> "App":
        return self.join(code).about_me(profile).pins(pin, decoy).finish()

    def open_notes(self, pin: str) -> "App":
        """What every PIN opens first."""
        self.at("start").do("open").at("unlock").fill(pin=pin).do("next")
        return self.at("notes")

    def unlock(self, pin: str) -> "App":
        """Past the notes, to what lies behind their settings."""
        return self.open_notes(pin).do("settings").at("home")
