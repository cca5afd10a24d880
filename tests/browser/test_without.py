"""What a phone may lack or a person may refuse: the press works all the same."""

import secrets

import pytest
from playwright.sync_api import expect

from tests.browser import camera
from tests.browser.app import App
from tests.browser.chromium import CAMERA
from tests.browser.phone import wait_until

pytestmark = pytest.mark.browser

NO_ED25519 = """
for (const name of ["importKey", "generateKey", "sign", "verify"]) {
  const real = crypto.subtle[name].bind(crypto.subtle);
  crypto.subtle[name] = (...args) => args.some((arg) => (arg?.name ?? arg) === "Ed25519")
    ? Promise.reject(new DOMException("no", "NotSupportedError")) : real(...args);
}
"""
NO_WORKER = "delete Navigator.prototype.serviceWorker;"
NO_LOCKS = "delete Navigator.prototype.locks;"
NO_FILES = "delete StorageManager.prototype.getDirectory;"
NO_STORAGE = NO_FILES + "indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); };"
NO_POSITION = "delete Navigator.prototype.geolocation;"


def reported(world, app, me):
    app.press().status("done")
    mine = world.named(me)
    assert len(mine) == 1
    return mine[0]


@pytest.fixture
def me(request) -> str:
    """A name that nobody else in these tests has, by which the report is found again."""
    return f"{request.node.name} {secrets.token_hex(8)}"


@pytest.mark.parametrize(
    "lacking",
    [NO_ED25519, NO_WORKER, NO_LOCKS, NO_FILES, NO_STORAGE, NO_POSITION],
    ids=["ed25519", "service worker", "locks", "private files", "storage", "geolocation"],
)
def test_a_browser_without(private, world, me, lacking):
    page = private()
    page.add_init_script(lacking)
    app = App(page).open(world.address).set_up(profile={"name": me})
    assert reported(world, app, me)["practice"] is False


def test_a_private_window(phone, world, me):
    browser = phone("--incognito")
    app = App(browser.page()).open(world.address).set_up(profile={"name": me})
    reported(world, app, me)


def test_a_position_that_is_refused(private, world, me):
    app = App(private(permissions=[])).open(world.address).join().about_me({"name": me}).pins()
    app.do("position")
    app.finish()
    case = reported(world, app, me)
    messages = world.case(case["case"])["messages"]
    assert not any("place" in message["header"]["facts"] for message in messages)


def test_a_position_that_is_allowed_goes_along(private, world, me):
    where = {"latitude": 55.75222, "longitude": 37.61556, "accuracy": 40}
    page = private(permissions=["geolocation"], geolocation=where)
    app = App(page).open(world.address).join().about_me({"name": me}).pins()
    app.do("position")
    expect(app.show("notice")).not_to_be_empty()
    app.finish()
    case = reported(world, app, me)
    place = next(
        facts["place"]
        for message in world.case(case["case"])["messages"]
        if "place" in (facts := message["header"]["facts"])
    )
    assert (place["lat"], place["lon"], place["accuracy"]) == (5575222, 3761556, 40)


def test_a_camera_that_is_refused(phone, world, me):
    browser = phone("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    app = App(browser.page()).open(world.address)
    scan(app)
    expect(app.error("camera-refused")).to_be_visible()
    app.do("paste").at("paste").fill(code=world.code).do("next").at("card").do("next")
    reported(world, app.about_me({"name": me}).pins().finish(), me)


def test_no_camera_at_all(phone, world, me):
    browser = phone("--use-fake-ui-for-media-stream")
    app = App(browser.page()).open(world.address)
    scan(app)
    expect(app.error("camera-none")).to_be_visible()
    app.do("back").at("welcome").do("card").at("card").do("next")
    reported(world, app.about_me({"name": me}).pins().finish(), me)


def test_a_camera_that_sees_no_code_leaves_the_way_open(phone, world, tmp_path):
    wall = camera.empty_film(tmp_path / "wall.mjpeg")
    browser = phone(*CAMERA, f"--use-file-for-fake-video-capture={wall}")
    app = App(browser.page()).open(world.address)
    scan(app)
    wait_until(app.page, "document.querySelector('video').currentTime > 1")
    app.at("scan").do("paste").at("paste")


def test_storage_that_is_full(private, world, me):
    page = private()
    app = App(page).open(world.address).set_up(profile={"name": me})
    session = page.context.new_cdp_session(page)
    origin = world.address.rstrip("/")
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    reported(world, app, me)


def test_storage_that_is_full_from_the_start(private, world, me):
    page = private()
    session = page.context.new_cdp_session(page)
    origin = world.address.rstrip("/")
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    app = App(page).open(world.address).set_up(profile={"name": me})
    reported(world, app, me)


def test_the_one_file_copy_from_a_disk(private, world, me):
    page = private()
    App(page).open((world.site / "app.html").as_uri())
    reported(world, App(page).set_up(profile={"name": me}), me)


def scan(app):
    app.at("welcome").do("scan").at("scan")
