"""Two phones scan each other, and one press tells the people who matter."""

import io
import re
import statistics
import time
from urllib.parse import quote

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.people import (
    ANNA,
    BORIS,
    DECOY,
    PATIENCE_MS,
    PIN,
    TEXT,
    Person,
    pair,
    until,
    wait_until_sealed,
    words,
)
from tests.browser.phone import wait_until_nothing_waits

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("two people")]

PRESS_LETTERS, WORD_LETTERS = 6, 2  # of a press that ends at the station unsaid, and of each word after it
VERSION_9 = 17 + 4 * 9  # modules on a side
SEIZED = words(part="contacts")["alert"]["origin_seized"]
DAY_MS = 86_400_000
LATER = """(() => {
  const Now = Date, ahead = %d;
  globalThis.Date = class extends Now {
    constructor(...what) { what.length ? super(...what) : super(Now.now() + ahead); }
    static now() { return Now.now() + ahead; }
  };
})();"""


@pytest.fixture
def own_world(after):
    """The world that these people live in."""
    return after.world


# Scanning


def test_pair_press_alert_on_the_other_phone_and_report_at_the_organisation(strangers, own_world):
    anna, boris = strangers
    pair(anna, boris, text=TEXT, later="all")
    for person in strangers:
        person.wait_until_paired()
        expect(person.app.show("state")).to_have_attribute("data-verified", "true")
    wait_until_sealed(anna.page)

    anna.press().say("stage", "van").status("done")
    expect(anna.app.show("people")).to_have_attribute("data-confirmed", "1")
    shown = boris.newest_alert()
    expect(shown.show("alert")).to_have_attribute("data-type", "detained")
    expect(shown.show("alert")).to_have_attribute("data-origin", "pair")
    expect(shown.show("alert")).to_have_attribute("data-duress", "false")
    expect(shown.show("who")).to_contain_text(ANNA)
    expect(shown.show("said").first).to_have_text(TEXT)
    expect(shown.button("call")).to_have_attribute("href", "tel:+70001112233")

    [case] = own_world.named(ANNA)
    assert case["stage"] == "van"
    stored = own_world.relay.everything()
    assert not [word for word in (TEXT, ANNA, BORIS) if word.encode() in stored]


def test_one_scans_first_and_is_done_the_other_scans_later(strangers):
    anna, boris = strangers
    for person in strangers:
        person.show_code()
    boris.film(anna)
    boris.wait_until_read().named(ANNA)
    boris.asleep()

    boris.contact(ANNA).do("code").at("pair")
    expect(boris.app.show("code")).to_be_visible()
    anna.film(boris)
    anna.wait_until_read().named(BORIS)
    anna.wait_until_paired()
    boris.contact(ANNA)
    boris.wait_until_paired()


def test_scanning_needs_no_network_and_the_pairing_finishes_by_itself(strangers, own_world):
    anna, boris = strangers
    own_world.line.mode = "cut"
    pair(anna, boris)
    for person in strangers:
        expect(person.app.show("state")).to_have_attribute("data-state", "waiting")
    own_world.line.mode = "pass"
    for person in strangers:
        person.wait_until_paired()


def test_a_code_fits_version_9_at_level_m(strangers):
    anna, _ = strangers
    anna.show_code()
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(anna.app.show("code").screenshot())))
    assert (found.format, found.ec_level) == (zxingcpp.BarcodeFormat.QRCode, "M")
    drawn = anna.app.show("code").get_attribute("viewBox")
    assert int(drawn.split()[2]) - 2 * 4 <= VERSION_9, "with four modules of white on each side"


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (("--use-fake-device-for-media-stream", "--deny-permission-prompts"), "camera-refused"),
        (("--use-fake-ui-for-media-stream",), "camera-none"),
    ],
)
def test_without_a_camera_there_is_the_way_by_link(before, phone, tmp_path, flags, error):
    anna = before.person(phone, ANNA, tmp_path, flags=flags)
    anna.show_code()
    expect(anna.app.error(error)).to_be_visible()
    anna.app.do("link").at("pair-link")
    assert anna.app.field("mine").input_value().startswith("TOCSIN:1:C:")


# By link


def test_a_pairing_by_link_is_unverified_until_the_digits_were_compared(strangers):
    anna, boris = strangers
    codes = [person.link() for person in strangers]
    anna.add_by_link(codes[1], BORIS)
    boris.add_by_link(codes[0], ANNA)
    for person in strangers:
        person.wait_until_paired()
        expect(person.app.show("state")).to_have_attribute("data-verified", "false")
        person.app.do("digits").at("digits")
    digits = [person.app.show("digits").inner_text() for person in strangers]
    assert digits[0] == digits[1]
    plain = "".join(filter(str.isdigit, digits[0]))
    assert len(plain) == 60
    anna.app.fill(digits=plain[:-1] + str((int(plain[-1]) + 1) % 10)).do("compare")
    expect(anna.app.error("digits-differ")).to_be_visible()
    anna.app.fill(digits=plain).do("compare").at("contact")
    expect(anna.app.show("state")).to_have_attribute("data-verified", "true")

    anna.app.do("digits").at("digits")
    boris.app.do("scan")
    boris.film(anna)  # as on a video call
    boris.app.at("contact")
    expect(boris.app.show("state")).to_have_attribute("data-verified", "true")


def test_every_wrong_code_gets_its_own_sentence(strangers, own_world):
    anna, _ = strangers
    own, theirs = (person.link() for person in strangers)
    messages = {}

    def refused(text, code):
        anna.app.fill(code=text).do("next")
        expect(anna.app.error(code)).to_be_visible()
        messages[code] = anna.app.error(code).inner_text()

    refused(own, "code-own")
    refused(own_world.code, "code-other-kind")
    refused(theirs[:-7], "code-cut")
    refused("https://example.org", "code-malformed")
    anna.page.evaluate(LATER % (36 * DAY_MS))
    refused(theirs, "code-expired")
    anna.link()
    anna.add_by_link(theirs, BORIS)
    anna.link()
    refused(theirs, "code-known")
    assert len(set(messages.values())) == len(messages)


def test_a_text_that_the_camera_reads_and_is_no_code_leaves_the_camera_running(strangers, own_world):
    anna, boris = strangers
    for person in strangers:
        person.show_code()
    anna.film(anna)
    expect(anna.app.error("code-own")).to_be_visible(timeout=PATIENCE_MS)
    anna.film(boris)
    anna.wait_until_read()
    expect(anna.app.error()).not_to_be_visible()


# Alerts


def test_the_contact_sees_station_address_and_number_and_answers(people):
    anna, boris = people
    anna.press().do("station").at("station").fill(find="Тверской").do("choose", "1").at("pressed").status("done")
    shown = boris.newest_alert()
    place = shown.show("place")
    expect(place).to_contain_text("ОВД Тверской")
    expect(place).to_contain_text("Петровка 38")
    for number in ("102", "+70004445566"):
        link = place.locator(f'[data-do="call"][data-value="{number}"]')
        expect(link).to_have_attribute("href", f"tel:{number}")
        assert shown.button("call", number).count() == 1, "beside the address, and not once more among their people"
    shown.fill(text="Еду к тебе с адвокатом").do("send")
    wait_until_nothing_waits(boris.page)
    heard = anna.newest_alert()
    expect(heard.show("alert")).to_have_attribute("data-type", "text")
    expect(heard.show("said")).to_have_text("Еду к тебе с адвокатом")


def test_each_contact_learns_what_was_chosen_for_them(people):
    """Only that all is well, not where."""
    anna, boris = people
    anna.contact(BORIS).do("prepared").at("prepared")
    anna.prepared(later="safe")
    anna.press().do("station").at("station").fill(find="Тверской").do("choose", "1").at("pressed").status("done")
    anna.app.do("moved").status("done")
    shown = boris.newest_alert()
    expect(shown.show("said").first).to_have_text(TEXT)
    assert "Тверской" not in boris.page.inner_text("main")
    anna.app.do("safe").status("done")
    boris.newest_alert()
    expect(boris.app.show("alert")).to_have_attribute("data-type", "safe")
    assert "Тверской" not in boris.page.inner_text("main")


def test_what_the_lawyer_wrote_is_passed_on_by_a_tap(people, own_world):
    anna, boris = people
    anna.press()
    [case] = own_world.named(ANNA)
    own_world.office.ok("inbox", "reply", case["case"], "Адвокат Ковальчук ждёт у входа")
    boris.newest_alert()
    assert "Ковальчук" not in boris.page.inner_text("main"), "nothing goes on by itself"
    anna.unlocked().do("answers").at("answers")
    expect(anna.app.show("answer")).to_contain_text("Ковальчук", timeout=PATIENCE_MS)
    anna.app.do("pass").do("pass-to", BORIS)
    wait_until_nothing_waits(anna.page)
    alert = boris.newest_alert().show("said").filter(has_text="Ковальчук")
    expect(alert).to_be_visible()


def test_a_text_message_is_written_and_one_tap_away_after_the_press(people):
    anna, _ = people
    number, text = "+7 (000) 222-33-44", "Меня увезли & я не знаю, куда? 100%"
    anna.unlocked().do("contacts").at("contacts").do("sms").at("sms")
    anna.app.fill(number=number, text=text).do("add")
    expect(anna.app.button("sms-open")).to_be_visible()
    anna.press()
    expect(anna.app.button("sms")).to_have_count(0)  # numbers lie open only where that was chosen

    anna.unlocked().do("contacts").at("contacts").do("sms").at("sms").do("open")
    expect(anna.app.button("open")).to_have_attribute("aria-pressed", "true")
    anna.press().do("sms").at("sms")
    body = quote(text, safe="-_.!~*'()")
    expect(anna.app.button("sms-open")).to_have_attribute("href", f"sms:+70002223344?body={body}")


def test_ringing_is_offered_only_where_the_browser_can_be_woken(people):
    _, boris = people
    boris.phone.context.grant_permissions(["notifications"], origin=boris.world.address)
    boris.alerts()
    expect(boris.app.button("wake")).to_have_attribute("aria-pressed", "false")
    expect(boris.app.show("wake")).to_be_visible()
    boris.page.add_init_script("delete globalThis.PushManager")
    boris.alerts()
    expect(boris.app.show("open")).to_be_visible()
    boris.poll_again()
    assert boris.app.button("wake").count() == 0


# Under duress


def test_after_the_decoys_pin_only_the_contact_learns_of_the_duress(people, own_world):
    anna, boris = people
    free = _pressed_behind(anna, PIN)
    assert boris.newest_alert().show("alert").get_attribute("data-duress") == "false"
    assert boris.app.show("duress").count() == 0

    anna.unlocked().do("renew")
    expect(anna.app.show("notice")).to_have_text(words()["home"]["renewed"], timeout=PATIENCE_MS)
    forced = _pressed_behind(anna, DECOY)
    assert forced.letters == free.letters, "as many, as large, with the same headers"
    assert forced.shown == free.shown
    slower = statistics.median(forced.seconds) / statistics.median(free.seconds)
    assert 1 / 5 < slower < 5, (free.seconds, forced.seconds)
    shown = boris.newest_alert()
    assert len(anna.world.line.deposited) == len(forced.letters), "nothing more left meanwhile"
    expect(shown.show("alert")).to_have_attribute("data-duress", "true")
    expect(shown.show("duress")).to_be_visible()


def test_under_duress_the_number_of_the_station_is_told_and_not_offered_to_be_called(people):
    anna, boris = people
    anna.awake().unlock(DECOY).do("lock").at("start")
    anna.app.press().do("station").at("station").fill(find="Тверской").do("choose", "1").at("pressed")
    anna.app.status("done", timeout=PATIENCE_MS)
    place = boris.newest_alert().show("place")
    expect(boris.app.show("duress")).to_be_visible()
    expect(place).to_contain_text("+7 000 444-55-66")
    expect(place.locator('[data-do="call"]')).to_have_count(0)


class _Pressed:
    """What can be seen of a press and of five words after it, on the screen and on the line."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.letters: list[tuple[str, ...]] = []
        self.seconds: list[float] = []


def _pressed_behind(anna: Person, pin: str) -> _Pressed:
    """Give a PIN, lock, press, and say five times that all is well."""
    seen, line = _Pressed(), anna.world.line
    anna.awake().unlock(pin).do("lock").at("start")
    line.deposited.clear()
    anna.app.press().status("done", timeout=PATIENCE_MS)
    due = PRESS_LETTERS
    until(anna.page, lambda: len(line.deposited) >= due)
    wait_until_nothing_waits(anna.page)
    seen.shown.append(anna.page.inner_text("main"))
    for _ in range(5):
        start, due = time.perf_counter(), due + WORD_LETTERS
        anna.app.do("safe")
        until(anna.page, lambda due=due: len(line.deposited) >= due)
        anna.app.status("done")
        seen.seconds.append(time.perf_counter() - start)
        seen.shown.append(anna.page.inner_text("main"))
    seen.letters = sorted(line.deposited)
    return seen


# Loss and change


def test_who_was_removed_is_told_nothing_any_more(people, own_world):
    anna, boris = people
    anna.contact(BORIS).do("remove").do("remove-yes").at("contacts")
    assert anna.app.button("contact").count() == 0
    boris.alerts()
    anna.press()
    expect(anna.app.show("people")).to_be_hidden()
    boris.poll_again()
    assert boris.app.button("alert").count() == 0
    assert own_world.named(ANNA), "the organisation still is"


def test_what_comes_from_a_seized_phone_is_red_and_says_why(people):
    anna, boris = people
    boris.contact(ANNA).do("seized")
    expect(boris.app.show("state")).to_have_attribute("data-seized", "true")
    anna.press()
    shown = boris.newest_alert()
    expect(shown.show("alert")).to_have_attribute("data-seized", "true")
    expect(shown.show("origin")).to_contain_text(SEIZED)
    assert _is_red(boris, '[data-show="origin"]')

    boris.contact(ANNA).do("seized")
    expect(boris.app.show("state")).to_have_attribute("data-seized", "false")
    boris.app.do("back").at("contacts").do("alerts").at("alerts").do("alert").at("alert")
    expect(boris.app.show("alert")).to_have_attribute("data-seized", "false")
    expect(boris.app.show("origin")).not_to_contain_text(SEIZED)
    assert not _is_red(boris, '[data-show="origin"]')


def _is_red(person: Person, selector: str) -> bool:
    """The band beside it."""
    colour = "(wanted) => getComputedStyle(document.querySelector(wanted)).borderInlineStartColor"
    red, green, blue = map(int, re.findall(r"\d+", person.page.evaluate(colour, selector))[:3])
    return red > 100 + max(green, blue)


def test_a_restored_phone_goes_on_where_its_copy_was(people, after, phone, tmp_path):
    """On both sides: what was made that evening is put back after a press and an answer."""
    anna, boris = people
    anna.press()
    boris.newest_alert()
    for person in people:
        person.put_away()
    again = tmp_path / "restored"
    again.mkdir()
    anna, boris = (after.person(phone, name, again) for name in (ANNA, BORIS))
    boris.alerts()
    boris.poll_again()
    assert boris.app.button("alert").count() == 0, "what came in between was acknowledged and is gone"
    anna.unlocked().do("renew")
    expect(anna.app.show("notice")).to_have_text(words()["home"]["renewed"], timeout=PATIENCE_MS)
    anna.press()
    expect(boris.newest_alert().show("said").first).to_have_text(TEXT)


def test_a_contact_who_was_offline_for_two_months_hears_what_is_sent_then(people, own_world):
    anna, boris = people
    anna.press()
    own_world.relay.stop()
    own_world.relay.start(ahead=60 * 86_400)
    for person in people:
        person.page.add_init_script(LATER % (60 * DAY_MS))
    boris.alerts()
    boris.poll_again()
    assert boris.app.button("alert").count() == 0, "no relay keeps it for so long"
    assert boris.contact(ANNA).show("state").get_attribute("data-state") == "paired"

    anna.unlocked().do("renew")
    expect(anna.app.show("notice")).to_have_text(words()["home"]["renewed"], timeout=PATIENCE_MS)
    anna.press()
    expect(boris.newest_alert().show("said").first).to_have_text(TEXT)


# Python


@pytest.fixture
def relative(own_world):
    """Somebody with a computer and no phone at hand."""
    return Relative(own_world)


class Relative:
    def __init__(self, world) -> None:
        self._shell, self._relay = world.shell, world.relay.address
        self.home = world.folder / f"relative-{time.monotonic_ns()}"

    def does(self, *words: object):
        return self._shell.ok("contact", *words, "--home", self.home, "--json")

    def new(self) -> str:
        return str(self.does("new", "--relay", self._relay).json["code"])

    def sync_until_paired(self, other: Person) -> None:
        until(other.page, lambda: self.does("sync").json["waiting"] == 0)

    def tells_and_is_told(self, anna: Person) -> None:
        anna.press()
        self.does("sync")
        assert TEXT in [alert["text"] for alert in self.does("alerts").lines]
        self.does("alert", "--to", ANNA, "--type", "text", "--text", "Я позвонила адвокату")
        expect(anna.newest_alert().show("alert")).to_contain_text("Я позвонила адвокату")


def test_python_and_the_browser_pair_by_link(strangers, relative):
    """The browser has the other's code first."""
    anna, _ = strangers
    theirs, mine = relative.new(), anna.link()
    anna.add_by_link(theirs, "Тамара", text=TEXT)
    relative.does("scan", mine, "--label", ANNA)
    relative.sync_until_paired(anna)
    anna.wait_until_paired()
    wait_until_sealed(anna.page)
    [known] = relative.does("list").lines
    assert (known["state"], known["verified"]) == ("paired", False)
    anna.app.do("digits").at("digits")
    digits = anna.app.show("digits").inner_text()
    assert relative.does("verify", ANNA, digits).json["verified"] is True
    relative.tells_and_is_told(anna)


def test_python_and_the_browser_pair_by_pictures(strangers, relative, tmp_path):
    """Python scans first, a photo of the phone; the phone films what Python drew."""
    anna, _ = strangers
    relative.new()
    anna.show_code()
    (tmp_path / "photo.png").write_bytes(anna.page.screenshot())
    relative.does("scan", tmp_path / "photo.png", "--label", ANNA, "--seen")
    relative.does("sync")
    relative.does("code", "--label", ANNA, "--png", tmp_path / "code.png")
    anna.lens.film_screen((tmp_path / "code.png").read_bytes())
    anna.wait_until_read().named("Тамара", text=TEXT)
    relative.sync_until_paired(anna)
    anna.wait_until_paired()
    wait_until_sealed(anna.page)
    expect(anna.app.show("state")).to_have_attribute("data-verified", "true")
    [known] = relative.does("list").lines
    assert (known["state"], known["verified"]) == ("paired", True)
    relative.tells_and_is_told(anna)
