"""Lists of stations and the app's own files: what is not signed properly is refused, and what was there stays."""

import shutil

import pytest
from nacl.signing import SigningKey
from playwright.sync_api import expect

from client.site import release
from client.site.serve import serving
from tests.browser.app import App
from tests.browser.phone import wait_until_offline_copy
from tests.site.conftest import make_pack

pytestmark = pytest.mark.browser

FIND = "Тверской"


@pytest.fixture
def site(world, tmp_path):
    """A copy of the site that a test may spoil, at an address of its own."""
    folder = tmp_path / "copy"
    shutil.copytree(world.site, folder)
    with serving(folder) as address:
        yield folder, address


def look_for_stations(app: App) -> App:
    app.at("start").press()
    app.do("station").at("station").fill(find=FIND)
    return app


def is_offered(app: App) -> None:
    expect(app.show("candidates")).to_contain_text(FIND)


@pytest.fixture
def bad_packs(world):
    """Packs that must be refused, with the code of the refusal."""
    good = world.pack.read_bytes()
    note, _, body = good.partition(b"\0")
    flipped = bytearray(good)
    flipped[-5] ^= 1
    return {
        "note-unsigned": note.replace(b'"count":', b'"count" :') + b"\0" + body,
        "pack-changed": bytes(flipped),
        "pack-malformed": b"not a pack at all",
        "note-malformed": b"not a note\0" + body,
        "pack-older": world.older_pack.read_bytes(),
    }


@pytest.mark.parametrize("code", ["note-unsigned", "pack-changed", "pack-malformed", "note-malformed", "pack-older"])
def test_a_pack_that_is_not_right_is_refused_and_the_old_one_stays(private, world, bad_packs, code):
    page = private(service_workers="block")
    app = App(page).open(world.address).set_up()
    look_for_stations(app)
    is_offered(app)
    page.route(f"**/{world.pack_name}", lambda route: route.fulfill(body=bad_packs[code]))
    app.open(world.address)
    look_for_stations(app)
    expect(app.error(code)).to_be_visible()
    is_offered(app)


def test_a_pack_of_another_key_is_refused_and_the_old_one_stays(private, world):
    page = private(service_workers="block")
    app = App(page).open(world.address).set_up()
    look_for_stations(app)
    is_offered(app)
    other = make_pack(SigningKey(b"o" * 32))
    page.route(f"**/{world.pack_name}", lambda route: route.fulfill(body=other))
    app.open(world.address)
    look_for_stations(app)
    expect(app.error("note-unsigned")).to_be_visible()
    is_offered(app)


def test_a_first_pack_that_is_not_right_offers_nothing(private, world, bad_packs):
    page = private(service_workers="block")
    page.route(f"**/{world.pack_name}", lambda route: route.fulfill(body=bad_packs["pack-changed"]))
    app = App(page).open(world.address).set_up()
    look_for_stations(app)
    expect(app.error("pack-changed")).to_be_visible()
    expect(app.show("candidates")).to_be_empty()


def stored_scripts(app: App) -> list[str]:
    """Name, media type and hash of each file the service worker keeps."""
    return app.page.evaluate(
        """async () => {
          const names = (await caches.keys()).filter((name) => /[0-9]$/.test(name));
          const all = [];
          for (const name of names) for (const { url } of await (await caches.open(name)).keys()) {
            const stored = await caches.match(url);
            const hash = await crypto.subtle.digest("SHA-256", await stored.arrayBuffer());
            all.push([url, stored.headers.get("Content-Type"), Array.from(new Uint8Array(hash)).join()].join(" "));
          }
          return all.sort();
        }"""
    )


def wait_until_stored_scripts(app: App, wanted: list[str]) -> None:
    """Until these are all: a release that is refused is fetched until it is, and again at each visit."""
    for _ in range(600):
        if stored_scripts(app) == wanted:
            return
        app.page.wait_for_timeout(100)
    assert stored_scripts(app) == wanted


def poll_again(app: App) -> str:
    """Have the service worker look at the host; what it says of it."""
    return app.page.evaluate(
        """() => new Promise((resolve) => {
          navigator.serviceWorker.addEventListener("message", ({ data }) => resolve(String(data)));
          navigator.serviceWorker.ready.then(({ active }) => active.postMessage("look"));
        })"""
    )


def spoil_script(folder):
    unverified = release.read_unverified((folder / "release.json").read_bytes())
    script = next(path for path in unverified.files if path.endswith(".js") and path != "sw.js")
    (folder / script).write_bytes(b"evil();" + (folder / script).read_bytes())
    return unverified, script


@pytest.mark.parametrize("signed", ["same", "newer-unsigned", "newer-other-key", "newer-file-differs"])
def test_a_changed_file_of_the_site_is_not_taken_over(private, site, signed, world):
    folder, address = site
    app = App(private()).open(address).set_up()
    wait_until_offline_copy(app.page)
    before = stored_scripts(app)
    assert len(before) > 10
    assert all(" null " not in stored for stored in before)
    unverified, script = spoil_script(folder)
    change_release(folder, unverified, script, signed, world)
    if signed != "same":
        assert poll_again(app) == "release-changed"
    app.open(address).at("start")
    wait_until_stored_scripts(app, before)
    assert "evil" not in app.page.evaluate("async (name) => (await fetch(name)).text()", script)


def change_release(folder, unverified, script, signed, world):
    if signed == "same":
        return
    files = {**unverified.files, script: release.FileEntry.of((folder / script).read_bytes())}
    newer = release.Release(
        unverified.seq + 1, unverified.issued, files if signed != "newer-file-differs" else unverified.files
    )
    data = newer.sign(world.release_key if signed == "newer-file-differs" else SigningKey(b"o" * 32))
    if signed == "newer-unsigned":
        data = (
            (folder / "release.json")
            .read_bytes()
            .replace(f'"seq":{unverified.seq}'.encode(), f'"seq":{unverified.seq + 1}'.encode())
        )
    (folder / "release.json").write_bytes(data)


def test_a_newer_release_of_the_same_key_is_taken_over(private, site, world):
    folder, address = site
    app = App(private()).open(address).set_up()
    wait_until_offline_copy(app.page)
    unverified = release.read_unverified((folder / "release.json").read_bytes())
    (folder / "licences.txt").write_text("new words\n")
    files = {**unverified.files, "licences.txt": release.FileEntry.of(b"new words\n")}
    (folder / "release.json").write_bytes(
        release.Release(unverified.seq + 1, unverified.issued, files).sign(world.release_key)
    )
    app.page.evaluate("navigator.serviceWorker.ready.then(({ active }) => active.postMessage('look'))")
    app.page.evaluate(
        """async () => {
          const isNew = async () => (await (await fetch("licences.txt")).text()).startsWith("new");
          while (!(await isNew())) await new Promise((soon) => setTimeout(soon, 50));
        }"""
    )
    app.open(address).at("start").press().status("done")


def test_a_changed_file_is_noticed_by_tocsin_phone_verify(site, world):
    folder, address = site
    key = release.verifier(bytes(world.release_key.verify_key))
    assert world.shell.ok("phone", "verify", address, "--key", key, "--json").json["ok"] is True
    _, script = spoil_script(folder)
    ended = world.shell.run("phone", "verify", address, "--key", key, "--json")
    assert ended.code == 1
    assert ended.json["problems"] == [{"path": script, "problem": "file-changed"}]
