"""The phone's stores in a real Chromium: one suite for all adapters, a killed browser, and what is left on the disk."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from playwright.sync_api import Page, Playwright

from tests.browser.chromium import chromium

ROOT = Path(__file__).parents[2]
OPENERS = {"files": "openFiles(navigator.storage)", "indexed": "openIndexed(indexedDB)"}
MARK = "bell-in-the-night-"

pytestmark = pytest.mark.browser


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


Start = Callable[[], AbstractContextManager[Page]]


@pytest.fixture
def browser(playwright: Playwright, site: str, tmp_path: Path) -> Start:
    """Start browsers on the profile folder of this test, one after the other."""

    @contextmanager
    def start() -> Iterator[Page]:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path), executable_path=chromium(), args=["--no-sandbox"], headless=True
        )
        page = context.new_page()
        page.goto(f"{site}/tests/vectors/README.md")
        yield page
        context.close()

    return start


def run(page: Page, opener: str, body: str) -> object:
    return page.evaluate(
        f"""async () => {{
          const store = await import("/client/phone/core/store.js");
          const {{ openFiles, openIndexed, openStore }} = store;
          const opened = () => {opener};
          {body}
        }}"""
    )


@pytest.mark.parametrize("adapter", OPENERS)
def test_the_suite_passes(adapter: str, browser: Start) -> None:
    with browser() as page:
        body = 'return (await import("/tests/phone/store-suite.mjs")).failures(opened);'
        assert run(page, OPENERS[adapter], body) == []


@pytest.mark.parametrize("adapter", OPENERS)
def test_what_was_put_is_there_after_a_restart(adapter: str, browser: Start) -> None:
    with browser() as page:
        run(page, OPENERS[adapter], 'await (await opened()).put("a", new Uint8Array([1, 2, 3]));')
    with browser() as page:
        assert run(page, OPENERS[adapter], 'return [...await (await opened()).get("a")];') == [1, 2, 3]


def test_the_best_store_of_this_browser_is_durable(browser: Start) -> None:
    with browser() as page:
        body = "return (await openStore({ storage: navigator.storage, indexedDB })).durable;"
        assert run(page, OPENERS["files"], body) is True


def found(profile: Path) -> bool:
    return any(MARK.encode() in file.read_bytes() for file in profile.rglob("*") if file.is_file())


@pytest.mark.parametrize("adapter", OPENERS)
def test_what_is_stored_can_be_found_by_searching_the_profile(adapter: str, browser: Start, tmp_path: Path) -> None:
    """The control for the next test: the search works, and only sealed bytes may ever be stored."""
    with browser() as page:
        run(page, OPENERS[adapter], f'await (await opened()).put("a", new TextEncoder().encode("{MARK}".repeat(99)));')
    assert found(tmp_path)


def test_a_file_that_was_removed_is_gone_from_the_profile(browser: Start, tmp_path: Path) -> None:
    with browser() as page:
        put = f'const s = await opened(); await s.put("a", new TextEncoder().encode("{MARK}".repeat(99)));'
        run(page, OPENERS["files"], f'{put} await s.put("a", new Uint8Array(9)); await s.remove("a");')
    assert not found(tmp_path)
