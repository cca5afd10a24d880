"""People who know each other: each with a browser, a camera and the app of their own."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Playwright, Request, expect

from tests.browser.app import App
from tests.browser.camera import Lens
from tests.browser.chromium import CAMERA, Chromium
from tests.browser.modules import PHONE
from tests.browser.phone import wait_until_offline_copy
from tests.browser.world import World

ANNA, BORIS = "Анна Златоустова", "Борис Перепёлкин"
# What a phone's folder is called: a browser writes down where its profile lies, and names are searched for there.
PLACES = {ANNA: "phone-1", BORIS: "phone-2"}
PIN, DECOY = "739150462", "204867315"
TEXT = "Меня увезли. Звони в хартию Лукоморья, +7 000 111-22-33"
PATIENCE_MS = 90_000
MARGIN = 12  # of the phone around its code that the other camera sees, in CSS pixels
SPARE = ("Singleton*", "Cache", "Code Cache", "*Gr*Cache", "GPUCache", "component_crx_cache")  # of a profile, made anew
Start = Callable[..., Chromium]
# The kit lies under `k` (client/phone/app/README.md), file names in hex; it begins with the length of its JSON.
SEALED = """async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("data");
  const sealed = async () => {
    const data = await (await (await folder.getFileHandle("6b")).getFile()).arrayBuffer();
    const head = new Uint8Array(data, 4, new DataView(data).getUint32(0));
    return JSON.parse(new TextDecoder().decode(head)).ready.some(([, contact]) => contact !== null);
  };
  for (const end = Date.now() + 90_000; Date.now() < end; await new Promise((soon) => setTimeout(soon, 50)))
    if (await sealed()) return;
  throw new Error("nothing is sealed for any contact");
}"""


def words(language: str = "en", part: str = ".") -> dict[str, Any]:
    """What the screens say; without a part, those of the set-up and of what a PIN opens too."""
    parts = [".", "setup"] if part == "." else [part]
    read = [json.loads((PHONE / "locales" / name / f"{language}.json").read_text(encoding="utf-8")) for name in parts]
    return {section: texts for locale in read for section, texts in locale.items()}


class Person:
    """One phone in one pair of hands."""

    def __init__(
        self,
        start: Start,
        world: World,
        folder: Path,
        name: str,
        *,
        profile: Path | None = None,
        flags: tuple[str, ...] = CAMERA,
    ) -> None:
        self.name, self.world = name, world
        self.lens = Lens(folder / f"{PLACES.get(name, 'phone-3')}.y4m", seed=len(name))
        self.phone = start(*flags, *self.lens.flags, folder=profile)
        self.app = App(self.phone.page())

    @property
    def page(self) -> Page:
        return self.app.page

    def set_up(self) -> "Person":
        self.app.open(self.world.address).set_up(profile={"name": self.name}, pin=PIN, decoy=DECOY)
        wait_until_offline_copy(self.page)
        return self

    def awake(self) -> App:
        """On the first screen, in a page that was just opened."""
        return self.app.open(self.world.address).at("start")

    def unlocked(self) -> App:
        """On the screen `home`, from wherever they are."""
        return self.awake().unlock(PIN).at("home")

    def asleep(self) -> "Person":
        """The app is closed; what is sent to them stays where it is."""
        self.page.goto("about:blank")
        return self

    def put_away(self) -> None:
        self.phone.quit()

    # Pairing

    def show_code(self) -> "Person":
        self.unlocked().do("contacts").at("contacts").do("add").at("pair")
        expect(self.app.show("code")).to_be_visible()
        return self

    def film(self, other: "Person") -> None:
        """Point the camera at the code on the other's screen."""
        box = other.app.show("code").first.bounding_box()
        assert box is not None
        around = {
            "x": max(0, box["x"] - MARGIN),
            "y": max(0, box["y"] - MARGIN),
            "width": box["width"] + 2 * MARGIN,
            "height": box["height"] + 2 * MARGIN,
        }
        self.lens.film_screen(other.page.screenshot(clip=around))

    def wait_until_read(self) -> "Person":
        expect(self.app.show("theirs")).to_be_visible(timeout=PATIENCE_MS)
        return self

    def named(self, label: str, *, text: str = "", later: str | None = None) -> "Person":
        """From "they have mine as well" to the contact."""
        self.app.do("done").at("pair-name").fill(label=label).do("next").at("prepared")
        return self.prepared(text=text, later=later)

    def prepared(self, *, text: str = "", later: str | None = None) -> "Person":
        if text:
            self.app.fill(text=text)
        if later:
            self.app.do("later", later)
        self.app.do("save").at("contact")
        return self

    def link(self) -> str:
        """On the screen for those who are far away; my code as text."""
        self.unlocked().do("contacts").at("contacts").do("add").at("pair").do("link").at("pair-link")
        return self.app.field("mine").input_value()

    def add_by_link(self, code: str, label: str, *, text: str = "") -> "Person":
        self.app.fill(code=code).do("next").at("pair-name").fill(label=label).do("next").at("prepared")
        return self.prepared(text=text)

    def contact(self, label: str) -> App:
        self.unlocked().do("contacts").at("contacts").do("contact", label)
        return self.app.at("contact")

    def wait_until_paired(self, state: str = "paired") -> "Person":
        expect(self.app.show("state")).to_have_attribute("data-state", state, timeout=PATIENCE_MS)
        return self

    # Alerts

    def press(self) -> App:
        """From a closed app: the press, until all of it has left."""
        return self.awake().press().status("done", timeout=PATIENCE_MS)

    def alerts(self) -> App:
        return self.unlocked().do("alerts").at("alerts")

    def newest_alert(self) -> App:
        """Open what a contact sent, as soon as something unread is there."""
        self.alerts()
        unread = self.page.locator('[data-do="alert"][data-unread="true"]').first
        expect(unread).to_be_visible(timeout=PATIENCE_MS)
        unread.click()
        return self.app.at("alert")

    def poll_again(self) -> None:
        """Ask the relays anew. The second call goes out when what the first one brought was looked at."""
        for _ in range(2):
            with self.page.expect_event("requestfinished", _is_collect, timeout=PATIENCE_MS):
                self.app.do("back").at("home").do("alerts").at("alerts")


def _is_collect(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/v1/collect")


def wait_until_sealed(page: Page) -> None:
    """Until a press would tell a contact."""
    page.evaluate(SEALED)


def until(page: Page, holds: Callable[[], bool]) -> None:
    """While the page goes on."""
    end = time.monotonic() + PATIENCE_MS / 1_000
    while time.monotonic() < end:
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never came to be")


def pair(anna: Person, boris: Person, **wishes: str) -> None:
    """Face to face: both show, both film, both name the other. Ends on both screens at the contact."""
    meet(anna, boris)
    anna.named(boris.name, **wishes)
    boris.named(anna.name)


def meet(anna: Person, boris: Person) -> None:
    for person in (anna, boris):
        person.show_code()
    anna.film(boris)
    boris.film(anna)
    for person in (anna, boris):
        person.wait_until_read()


@contextmanager
def phones(playwright: Playwright, folder: Path) -> Iterator[Start]:
    """Starts browsers on profile folders of their own, and ends them."""
    started: list[Chromium] = []

    def start(*flags: str, folder: Path | None = None, language: str = "en", at: Path = folder) -> Chromium:
        where = folder or at / f"profile-{len(started)}"
        started.append(Chromium(playwright, where, *flags, language=language).start())
        return started[-1]

    try:
        yield start
    finally:
        for browser in started:
            browser.kill()


@dataclass
class Evening:
    """Phones, relay and organisation as they lay on their disks one evening, so that tests begin alike."""

    world: World
    folder: Path

    @classmethod
    def keep(cls, world: World, people: list[Person], folder: Path) -> "Evening":
        for person in people:
            person.put_away()
            profile = person.phone.folder
            shutil.copytree(profile, folder / "evening" / PLACES[person.name], ignore=shutil.ignore_patterns(*SPARE))
        world.keep(folder / "evening")
        return cls(world, folder / "evening")

    def person(self, start: Start, name: str, folder: Path, **more: tuple[str, ...]) -> Person:
        """Somebody with a phone as it was that evening, copied into this folder."""
        profile = Path(shutil.copytree(self.folder / PLACES[name], folder / PLACES[name]))
        return Person(start, self.world, folder, name, profile=profile, **more)

    def people(self, start: Start, folder: Path) -> list[Person]:
        self.world.restore(self.folder)
        return [self.person(start, name, folder) for name in (ANNA, BORIS)]
