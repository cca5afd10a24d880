"""The phone's app on a bad line and an old telephone: weight, waits, scanning. Medians, beside an empty page.

    .venv/bin/python -m tests.bench.phone [--rounds 5]

The line is 150 kbit/s with 800 ms to and fro, the processor six times slower; both are Chromium's own emulation, from a
cache that is empty. Prints figures and judges nothing.
"""

import argparse
import gzip
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import CDPSession, Page, Playwright, sync_playwright

from client.site.bundle import bundle
from keys import code
from keys.kem import PrivateKey
from keys.wire import b64
from tests.browser import camera
from tests.browser.app import App
from tests.browser.chromium import CAMERA, SIZE, Chromium, chromium
from tests.browser.modules import load, modules
from tests.browser.phone import wait_until, wait_until_offline_copy
from tests.browser.world import World

LATENCY_MS, BYTES_A_SECOND, SLOWER = 800, 150_000 / 8, 6
FIRST_BYTES = 14 * 1024  # what arrives before the first question back
EMPTY = "data:text/html,<!doctype html><title>-</title>"
SEAL = """async ([options, rounds]) => {
  for (let i = 0; i < 3; i++) await vectors.sealed(options);
  const took = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await vectors.sealed(options);
    took.push(performance.now() - start);
  }
  return took;
}"""
LONG_RELAYS = ("https://a-relay-with-a-long-name.example", "https://another-relay.example/below/a/path")


def slow(page: Page) -> CDPSession:
    session = page.context.new_cdp_session(page)
    line = {"offline": False, "latency": LATENCY_MS}
    speed = {"downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {**line, **speed})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return session


@contextmanager
def private(browser: Chromium, **more: object) -> Iterator[Page]:
    context = browser.browser.new_context(viewport=SIZE, locale="en", **more)  # type: ignore[arg-type]
    try:
        yield context.new_page()
    finally:
        context.close()


def median(rounds: int, measure: Callable[[], float]) -> str:
    figures = sorted(measure() for _ in range(rounds))
    return f"{statistics.median(figures):8.0f}   ({figures[0]:.0f} to {figures[-1]:.0f})"


def tell(what: str, figure: str, unit: str = "ms") -> None:
    print(f"{what:<58} {figure} {unit}", flush=True)


def weight(world: World) -> None:
    """What the first visit has to fetch before anything can be pressed, compressed, with the words of one language."""
    page = (world.site / "index.html").read_bytes()
    names = {name.decode() for name in re.findall(rb'(?:modulepreload" href|module" src)="([^"]+)"', page)}
    listed = {*names, *bundle().listing.pressing} - {bundle().listing.main}
    parts = [page, *((world.site / name).read_bytes() for name in sorted(listed))]
    for how, pack in (("gzip", lambda data: gzip.compress(data, 9)), ("brotli", brotli())):
        if pack is not None:
            tell(f"first load, {how}, {len(parts)} files", f"{sum(map(len, map(pack, parts))):8}", "bytes")
            tell(f"of these the page with the words of its first screen, {how}", f"{len(pack(page)):8}", "bytes")


def brotli() -> Callable[[bytes], bytes] | None:
    """Brotli as a host would do it; Node brings one along."""
    node = shutil.which("node")
    if node is None:
        return None
    script = (
        "const z=require('zlib');const c=[];process.stdin.on('data',d=>c.push(d)).on('end',()=>"
        "process.stdout.write(z.brotliCompressSync(Buffer.concat(c))))"
    )
    return lambda data: subprocess.run([node, "-e", script], input=data, capture_output=True, check=True).stdout


def until_ready(browser: Chromium, address: str, selector: str) -> float:
    """From the address to something that can be pressed, with nothing in the cache."""
    with private(browser) as page:
        slow(page)
        start = time.perf_counter()
        page.goto(address, wait_until="commit", timeout=120_000)
        page.wait_for_selector(selector, timeout=120_000)
        return (time.perf_counter() - start) * 1_000


def over_the_line(browser: Chromium, address: str, selector: str) -> int:
    """Bytes that really came, as the browser counts them."""
    with private(browser, service_workers="block") as page:
        session, came = slow(page), [0]
        session.on("Network.loadingFinished", lambda event: came.append(int(event["encodedDataLength"])))
        page.goto(address, wait_until="commit", timeout=120_000)
        page.wait_for_selector(selector, timeout=120_000)
        return sum(came)


def until_text(browser: Chromium, address: str) -> float:
    with private(browser) as page:
        slow(page)
        start = time.perf_counter()
        page.goto(address, wait_until="commit", timeout=120_000)
        page.wait_for_selector("main h1", timeout=120_000)
        return (time.perf_counter() - start) * 1_000


def offline_start(playwright: Playwright, world: World, folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """From opening the installed app to the button, the host being gone; and an empty page in the same browser."""
    browser = Chromium(playwright, folder).start()
    try:
        app = App(browser.page()).open(world.address).set_up()
        wait_until_offline_copy(app.page)
        world.stop_serving()
        return (
            [opened(app.page, world.address, "#hold") for _ in range(rounds)],
            [opened(app.page, EMPTY, None) for _ in range(rounds)],
        )
    finally:
        browser.kill()
        world.serve()


def opened(page: Page, address: str, selector: str | None) -> float:
    page.goto("about:blank")
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    if selector:
        page.wait_for_selector(selector)
    return (time.perf_counter() - start) * 1_000


def sealing(browser: Chromium, rounds: int) -> str:
    """One letter, in the page itself; the first few warm the engine up, as an app that is open is warm."""
    with private(browser) as page:
        load(page, modules())
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        key = b64(PrivateKey(bytes(32)).public)
        to = {"purpose": 1, "recipient": b64(bytes(32)), "mailbox": b64(bytes(32))}
        figures = page.evaluate(SEAL, [{"public": key, "header": {"v": 1, "text": "x" * 500}, **to}, 4 * rounds])
    return f"{statistics.median(figures):8.0f}   ({min(figures):.0f} to {max(figures):.0f})"


def press_to_receipt(browser: Chromium, world: World) -> float:
    """From the moment the ring is full to the screen that says that a relay holds it."""
    with private(browser) as page:
        app = App(page).open(world.address).set_up()
        slow(page)
        app.hold()
        start = time.perf_counter()
        app.at("pressed")
        wait_until(page, "Number(document.querySelector('[data-show=\"confirmed\"]')?.textContent) > 0")
        return (time.perf_counter() - start) * 1_000


def scanned(playwright: Playwright, world: World, folder: Path, film: Path) -> float:
    """From the camera's first picture to the code being read: the card cannot be fetched, and that says so."""
    browser = Chromium(playwright, folder, *CAMERA, f"--use-file-for-fake-video-capture={film}").start()
    try:
        app = App(browser.page()).open(world.address).at("welcome").do("scan").at("scan")
        wait_until(app.page, "document.querySelector('video')?.videoWidth > 0")
        start = time.perf_counter()
        app.page.wait_for_selector('[data-show="error"]', timeout=60_000)
        return (time.perf_counter() - start) * 1_000
    finally:
        browser.kill()


def measure(playwright: Playwright, folder: Path, rounds: int) -> None:
    with World(folder / "world") as world:
        tell_all(playwright, world.build().serve(), folder, rounds)


def tell_all(playwright: Playwright, world: World, folder: Path, rounds: int) -> None:
    browser = Chromium(playwright, folder / "profile").start()
    try:
        weight(world)
        tell("an empty page, slow line and processor", median(rounds, lambda: until_ready(browser, EMPTY, "html")))
        tell("first text, slow line and processor", median(rounds, lambda: until_text(browser, world.address)))
        live = "main [data-do]"
        tell(
            "over the line until ready, gzip, with headers", f"{over_the_line(browser, world.address, live):8}", "bytes"
        )
        tell("ready, slow line and processor", median(rounds, lambda: until_ready(browser, world.address, live)))
        tell("sealing a letter, slow processor", sealing(browser, rounds))
        tell("press to receipt, slow line and processor", median(rounds, lambda: press_to_receipt(browser, world)))
    finally:
        browser.kill()
    app, empty = offline_start(playwright, world, folder / "offline", rounds)
    tell("an empty page without a network, full speed", f"{statistics.median(empty):8.0f}")
    tell("start without a network, full speed", f"{statistics.median(app):8.0f}   ({min(app):.0f} to {max(app):.0f})")
    long_code = str(code.CardCode(bytes(range(32)), LONG_RELAYS))
    film = camera.film(folder / "film.mjpeg", long_code)
    places = iter(range(rounds))
    tell(
        f"scan of {len(long_code)} characters, noisy camera, full speed",
        median(rounds, lambda: scanned(playwright, world, folder / f"scan-{next(places)}", film)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    if chromium() is None:
        print("no Chromium on this computer")
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name, sync_playwright() as playwright:
        measure(playwright, Path(name), rounds)


if __name__ == "__main__":
    main()
