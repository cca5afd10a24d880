"""The police have the phone: everything it ever wrote is searched for every word and key that was used."""

import hashlib
import json
import re
import time

import pytest
from playwright.sync_api import expect

from keys.wire import unb64
from tests.browser.app import App
from tests.browser.chromium import Chromium
from tests.browser.opened import contacts, meeting, opened
from tests.browser.people import ANNA, BORIS, PLACES, TEXT, Person, phones
from tests.browser.phone import wait_until_nothing_waits, wait_until_offline_copy, wait_until_stored
from tests.browser.world import World
from tests.support.forensic_search import find

pytestmark = pytest.mark.browser

PIN, DECOY = "739150462", "204867315"
PROFILE = {
    "name": "Анна Сергеевна Иванова",
    "other_names": "Мирославская Ольга",
    "birth": "17.03.1998",
    "contact": "+375 29 555-01-47",
    "tell": "мама, Тамара Петровна, +375 29 555-01-92",
    "health": "астма и сахарный диабет",
    "medicines": "сальбутамол, инсулин",
    "dependants": "кот и бабушка Зинаида",
    "citizenship": "Узбекистан",
    "occupation": "учительница географии",
}
ACCOUNT = "Нас везут в автозаке мимо Площади Победы"
ANSWER = "Адвокат Ковальчук уже в пути к вам"
NOTE = "Купить краску для забора на даче"
WORD, THEIRS, PASSED = "Лежу в палате у окна", "Везу тебе очки и термометр", "Жалоба Ковальчука принята судом"
# What would tell what the app is for. Long enough that chance does not write them.
TELLTALE = ("tocsin", "Tocsin", "arrest", "police", "detain", "полици", "задержа", "адвокат", "lawyer", "хартия")
CONTROL = "контрольное слово 5f0c"

PLANT = """async (word) => {
  localStorage.setItem("control", word);
  document.cookie = "control=" + encodeURIComponent(word) + "; max-age=9999";
  const cache = await caches.open("control");
  const packed = new Response(new Blob([word.repeat(9)]).stream().pipeThrough(new CompressionStream("gzip")));
  await cache.put("control", new Response(await packed.blob()));
  const opening = indexedDB.open("control", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("t");
  await new Promise((done) => { opening.onsuccess = done; });
  const transaction = opening.result.transaction("t", "readwrite", { durability: "strict" });
  transaction.objectStore("t").put({ text: word, bytes: new TextEncoder().encode(word.repeat(2000)) }, "k");
  await new Promise((done) => { transaction.oncomplete = done; });
  const root = await navigator.storage.getDirectory();
  const file = await (await root.getFileHandle("control", { create: true })).createWritable();
  await file.write(word);
  await file.close();
}"""


@pytest.fixture(scope="module")
def seized(playwright, tmp_path_factory):
    """The profile folder of a phone on which everything was done, and what was used on it."""
    folder = tmp_path_factory.mktemp("seized")
    with World(folder / "world") as world:
        browser = Chromium(playwright, folder / "profile").start()
        try:
            used = live_a_night(App(browser.page()).open(world.build().serve().address), world)
            wait_until_written(browser)
        finally:
            browser.kill()
    return folder / "profile", used


def wait_until_written(browser) -> None:
    """Chromium writes some things seconds later. What it was given last is on the disk: so is all that came before."""
    for page in browser.context.pages:
        if page.url.startswith("http"):
            page.evaluate("localStorage.setItem('last', 'the last thing 9a31')")
    until = time.monotonic() + 60
    place = browser.folder / "Default" / "Local Storage"
    while not find(place, {"last": "the last thing 9a31"}):
        assert time.monotonic() < until, "Chromium does not write what it was given"
        browser.context.pages[0].wait_for_timeout(200)


def live_a_night(app, world) -> dict[str, str | bytes]:
    app.set_up(world.code, profile=PROFILE, pin=PIN, decoy=DECOY)
    wait_until_offline_copy(app.page)
    app.press().status("done")
    app.say("stage", "van").say("people", "10").say("injured", "2")
    app.do("text").at("text").fill(text=ACCOUNT).do("send").at("pressed").status("done")
    [case] = world.reports()
    world.office.ok("inbox", "reply", case["case"], ANSWER)
    app.do("hide").unlock(PIN).do("answers").at("answers")
    expect(app.show("answer")).to_contain_text(ANSWER)
    app.do("back").at("home").do("lock").at("start")
    app.open_notes(DECOY).do("add").at("note").fill(text=NOTE).do("save").at("notes").do("lock").at("start")
    world.line.mode = "cut"  # what waits now lies sealed on the phone when it is taken
    app.press()
    app.say("stage", "station")
    wait_until_stored(app.page)
    return {**words_used(), **keys_used(world, case["case"])}


def words_used() -> dict[str, str]:
    pieces = {f"{name} {i}": word for name, text in PROFILE.items() for i, word in enumerate(parts_of(text))}
    texts = {"account": ACCOUNT, "answer": ANSWER, "note": NOTE, "pin": PIN, "decoy": DECOY}
    texts["organisation"] = World.name
    return {**PROFILE, **pieces, **texts}


def parts_of(text: str) -> list[str]:
    """Single words of a text that are long enough not to stand anywhere by chance."""
    return [word for word in re.findall(r"[^\s,]+", text) if len(word) >= 7]


def keys_used(world, case: str) -> dict[str, bytes]:
    """Secrets that the reports named: the keys and mailboxes answers come to."""
    blocks = world.reply_blocks(case)
    assert blocks, "a phone with a PIN can be answered"
    secrets = {f"reply secret {i}": block.secret for i, block in enumerate(blocks)}
    return secrets | {f"reply key {i}": block.key[:48] for i, block in enumerate(blocks)}


@pytest.fixture(scope="module")
def two_seized(playwright, after, tmp_path_factory):
    """The profile folders of two people who told each other, and what was said and used."""
    folder = tmp_path_factory.mktemp("two")
    with phones(playwright, folder) as start:
        people = after.people(start, folder)
        tell_each_other(*people)
        for person in people:
            wait_until_written(person.phone)
    return [folder / PLACES[name] for name in (ANNA, BORIS)], {
        **published_words(),
        **published_keys(start, after, folder),
    }


def tell_each_other(anna: Person, boris: Person) -> None:
    """A press, a word, an answer, what the lawyer wrote; then both are taken while something waits."""
    anna.press().do("text").at("text").fill(text=WORD).do("send").at("pressed").status("done")
    [case] = anna.world.named(ANNA)
    anna.world.office.ok("inbox", "reply", case["case"], PASSED)
    shown = boris.newest_alert()
    expect(shown.show("said").filter(has_text=WORD)).to_be_visible()
    shown.fill(text=THEIRS).do("send")
    wait_until_nothing_waits(boris.page)
    expect(anna.newest_alert().show("said")).to_have_text(THEIRS)
    anna.app.do("back").at("alerts").do("back").at("home").do("answers").at("answers")
    expect(anna.app.show("answer")).to_contain_text(PASSED)
    anna.app.do("pass").do("pass-to", BORIS)
    wait_until_nothing_waits(anna.page)
    expect(boris.newest_alert().show("said").filter(has_text=PASSED)).to_be_visible()
    anna.world.line.mode = "cut"
    anna.contact(BORIS).fill(text=WORD).do("send")
    boris.contact(ANNA).fill(text=THEIRS).do("send")
    for person in (anna, boris):
        wait_until_stored(person.page)
        person.app.do("back").at("contacts")


def published_words() -> dict[str, str]:
    words = {"Anna": ANNA, "Boris": BORIS, "text": TEXT, "word": WORD, "theirs": THEIRS, "passed": PASSED, "pin": PIN}
    pieces = {f"{name} {i}": word for name, text in words.items() for i, word in enumerate(parts_of(text))}
    return {**words, **pieces, "decoy": DECOY}


def published_keys(start, after, folder) -> dict[str, str | bytes]:
    """Codes, seeds, shares and keys of the pair: out of copies of that evening, opened with the PIN elsewhere."""
    used: dict[str, str | bytes] = {}
    after.world.line.mode = "pass"
    (folder / "copies").mkdir()
    for name in (ANNA, BORIS):
        copy = after.person(start, name, folder / "copies")
        [contact] = contacts(opened(copy.awake().page, PIN))
        met = meeting(contact)
        keys = met.keys(unb64(contact["progress"]["share"]))
        seeds = {part: unb64(contact["half"][part]) for part in ("kem", "mailbox", "secret", "share")}
        found = {**seeds, "k0": met.k0, "sending": keys.sending, "digits": met.safety_number, "code": contact["code"]}
        used |= {f"{part} of {name}": value for part, value in found.items()}
        copy.phone.kill()
    return used


@pytest.mark.xdist_group("two people")
def test_neither_of_two_phones_that_told_each_other_tells_anything(two_seized):
    profiles, used = two_seized
    assert len(used) > 30
    assert {profile.name: find(profile, used) for profile in profiles} == {profile.name: set() for profile in profiles}


@pytest.mark.xdist_group("two people")
def test_both_folders_are_those_of_phones_in_use(two_seized):
    for profile in two_seized[0]:
        sizes = [path.stat().st_size for path in (profile / "Default" / "File System").rglob("*") if path.is_file()]
        assert max(sizes) >= 256 * 1024, "the vault"
        assert [size for size in sizes if 8_192 < size < 16_384], "the letter that waits"


def test_nothing_that_was_said_or_used_is_found(seized):
    profile, used = seized
    assert find(profile, used) == set()


def test_the_folder_that_was_searched_is_that_of_a_phone_in_use(seized):
    """The search would find nothing in an empty folder either."""
    profile, _ = seized
    sizes = [path.stat().st_size for path in (profile / "Default" / "File System").rglob("*") if path.is_file()]
    assert max(sizes) >= 256 * 1024, "the vault"
    assert len([size for size in sizes if 8_192 < size < 16_384]) >= 2, "the letters that wait"
    assert sum(path.stat().st_size for path in profile.rglob("*") if path.is_file()) > 1_000_000


def test_the_search_finds_words_in_every_place_a_page_can_write_to(playwright, tmp_path, world):
    browser = Chromium(playwright, tmp_path / "profile").start()
    try:
        page = browser.page()
        page.goto(world.address)
        page.evaluate(PLANT, CONTROL)
        wait_until_written(browser)
    finally:
        browser.kill()
    found = find(tmp_path / "profile", {"control": CONTROL})
    places = {"Local Storage", "IndexedDB", "Cache", "File System"}
    assert {place for place in places if any(place in where for _, _, where in found)} == places


def test_an_app_that_kept_what_was_typed_would_be_noticed(playwright, tmp_path, world):
    """The same search, the same browser, a page that does what a careless one does."""
    browser = Chromium(playwright, tmp_path / "profile").start()
    try:
        app = App(browser.page()).open(world.address)
        app.page.evaluate("(kept) => localStorage.setItem('draft', JSON.stringify(kept))", PROFILE)
        browser.page().goto(world.address + "?q=" + PROFILE["occupation"])
        wait_until_written(browser)
    finally:
        browser.kill()
    assert {name for name, _, _ in find(tmp_path / "profile", words_used())} >= {"name", "tell", "occupation"}


def test_before_unlocking_nothing_on_the_screen_tells_what_it_is_for(phone, world):
    browser = phone()
    app = App(browser.page()).open(world.address).set_up(pin=PIN)
    wait_until_offline_copy(app.page)
    app = App(browser.again().page()).open(world.address).at("start")
    seen = app.page.evaluate(
        """() => [document.title, document.body.innerText, ...[...document.querySelectorAll("*")].flatMap((one) =>
          ["aria-label", "title", "alt", "placeholder"].map((name) => one.getAttribute(name) ?? ""))].join("\\n")"""
    )
    app.do("open").at("unlock")
    seen += app.page.inner_text("body")
    assert not [word for word in TELLTALE if word.lower() in seen.lower()]


def test_names_and_manifest_of_the_site_tell_nothing(world):
    [manifest] = world.site.glob("*.webmanifest")
    manifest_fields = json.loads(manifest.read_bytes())
    names = [path.relative_to(world.site).as_posix() for path in world.site.rglob("*")]
    everything = json.dumps(manifest_fields, ensure_ascii=False) + " ".join(names)
    assert not [word for word in TELLTALE if word.lower() in everything.lower()]


def test_a_wiped_phone_holds_no_letter_and_no_vault(phone, world):
    browser = phone()
    app = App(browser.page()).open(world.address).set_up(profile=PROFILE, pin=PIN)
    before = big_files(browser.folder)
    assert before
    for _ in range(5):
        app.page.locator("h1").click()
    app.page.wait_for_url("about:blank")
    browser.kill()
    assert not big_files(browser.folder) & before
    assert App(browser.start().page()).open(world.address).screen in ("welcome", "start")


def big_files(folder):
    """Hashes of what is large enough to be a vault or a kit."""
    paths = [path for path in folder.rglob("File System/**/*") if path.is_file() and path.stat().st_size > 60_000]
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
