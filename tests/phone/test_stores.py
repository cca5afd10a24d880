"""The phone's stores in a real Chromium: one suite for all adapters, a killed browser, and what is left on the disk."""

import contextlib
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
ROOT = Path(__file__).parents[2]
OPENERS = {"files": "openFiles(navigator.storage)", "indexed": "openIndexed(indexedDB)"}
MARK = "bell-in-the-night-"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The repository's files on loopback: the store needs no bundle."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@contextlib.contextmanager
def browser(profile: Path, site: str) -> Iterator["sync_api.Page"]:
    with sync_api.sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            str(profile), executable_path=CHROMIUM, args=["--no-sandbox"], headless=True
        )
        page = context.new_page()
        page.goto(f"{site}/tests/vectors/README.md")
        yield page
        context.close()


def run(page: "sync_api.Page", opener: str, body: str) -> object:
    return page.evaluate(
        f"""async () => {{
          const store = await import("/client/phone/store.js");
          const {{ openFiles, openIndexed, openStore }} = store;
          const opened = () => {opener};
          {body}
        }}"""
    )


@pytest.mark.parametrize("adapter", OPENERS)
def test_the_suite_passes(adapter: str, site: str, tmp_path: Path) -> None:
    with browser(tmp_path, site) as page:
        body = 'return (await import("/tests/phone/store-suite.mjs")).failures(opened);'
        assert run(page, OPENERS[adapter], body) == []


@pytest.mark.parametrize("adapter", OPENERS)
def test_what_was_put_is_there_after_a_restart(adapter: str, site: str, tmp_path: Path) -> None:
    with browser(tmp_path, site) as page:
        run(page, OPENERS[adapter], 'await (await opened()).put("a", new Uint8Array([1, 2, 3]));')
    with browser(tmp_path, site) as page:
        assert run(page, OPENERS[adapter], 'return [...await (await opened()).get("a")];') == [1, 2, 3]


def test_the_best_store_of_this_browser_is_durable(site: str, tmp_path: Path) -> None:
    with browser(tmp_path, site) as page:
        body = "return (await openStore({ storage: navigator.storage, indexedDB })).durable;"
        assert run(page, OPENERS["files"], body) is True


def found(profile: Path) -> bool:
    return any(MARK.encode() in file.read_bytes() for file in profile.rglob("*") if file.is_file())


@pytest.mark.parametrize("adapter", OPENERS)
def test_what_is_stored_can_be_found_by_searching_the_profile(adapter: str, site: str, tmp_path: Path) -> None:
    """The control for the next test: the search works, and only sealed bytes may ever be stored."""
    with browser(tmp_path, site) as page:
        run(page, OPENERS[adapter], f'await (await opened()).put("a", new TextEncoder().encode("{MARK}".repeat(99)));')
    assert found(tmp_path)


def test_a_file_that_was_removed_is_gone_from_the_profile(site: str, tmp_path: Path) -> None:
    with browser(tmp_path, site) as page:
        put = f'const s = await opened(); await s.put("a", new TextEncoder().encode("{MARK}".repeat(99)));'
        run(page, OPENERS["files"], f'{put} await s.put("a", new Uint8Array(9)); await s.remove("a");')
    assert not found(tmp_path)
