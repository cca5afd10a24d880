"""A real browser, a real relay, a real organisation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, sync_playwright

from tests.browser.app import App
from tests.browser.chromium import LIKE_A_PHONE, Chromium, chromium
from tests.browser.world import World


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if chromium() is None:
        pytest.skip("no Chromium on this computer")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Iterator[World]:
    """One for all tests that only need it to work; nobody may stop it."""
    with World(tmp_path_factory.mktemp("world")) as made:
        yield made.build().serve()


@pytest.fixture(scope="session")
def rough(tmp_path_factory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("rough")) as made:
        yield made.build().serve()


@pytest.fixture
def own_world(rough) -> World:
    """One that a test may cut off, stop and start again; mended before each."""
    return rough.mend()


@pytest.fixture(scope="session")
def browser(playwright, tmp_path_factory) -> Iterator[Chromium]:
    """One browser for all tests that need no profile folder of their own."""
    started = Chromium(playwright, tmp_path_factory.mktemp("profile")).start()
    yield started
    started.kill()


@pytest.fixture
def private(browser) -> Iterator[Callable[..., Page]]:
    """Opens pages that share nothing with those of other tests."""
    contexts = []

    def open_(**more) -> Page:
        contexts.append(browser.browser.new_context(**{**LIKE_A_PHONE, **more}))
        return contexts[-1].new_page()

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def app(private, world) -> App:
    """The app on its first screen, in a browser that knows nothing yet."""
    return App(private()).open(world.address)


@pytest.fixture
def phone(playwright, tmp_path) -> Iterator[Callable[..., Chromium]]:
    """Starts browsers on profile folders of their own."""
    started: list[Chromium] = []

    def start(*flags: str, folder: Path | None = None, language: str = "en") -> Chromium:
        where = folder or tmp_path / f"profile-{len(started)}"
        started.append(Chromium(playwright, where, *flags, language=language).start())
        return started[-1]

    yield start
    for one in started:
        one.kill()
