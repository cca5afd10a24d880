"""A real browser, a real relay, a real organisation."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import WAIT_MS, App
from tests.browser.chromium import LIKE_A_PHONE, Chromium
from tests.browser.people import ANNA, BORIS, TEXT, Evening, Person, Start, pair, phones, wait_until_sealed
from tests.browser.world import World
from tests.journeys.conftest import QUICK

expect.set_options(timeout=WAIT_MS)  # what comes comes sooner; a machine that is busy or slow gets the time it needs


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Iterator[World]:
    """One for all tests that only need it to work; nobody may stop it."""
    with World(tmp_path_factory.mktemp("world"), QUICK) as world:
        yield world.build().serve()


@pytest.fixture(scope="session")
def rough(tmp_path_factory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("rough"), QUICK) as world:
        yield world.build().serve()


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
def phone(playwright, tmp_path) -> Iterator[Start]:
    """Starts browsers on profile folders of their own."""
    with phones(playwright, tmp_path) as start:
        yield start


@pytest.fixture(scope="session")
def before(playwright, rough, tmp_path_factory) -> Evening:
    """Anna and Boris each have a phone that is ready to press, and do not know each other."""
    folder = tmp_path_factory.mktemp("before")
    with phones(playwright, folder) as start:
        people = [Person(start, rough.mend(), folder, name).set_up() for name in (ANNA, BORIS)]
        return Evening.keep(rough, people, folder)


@pytest.fixture(scope="session")
def after(playwright, before, tmp_path_factory) -> Evening:
    """They have scanned each other: a press of Anna's brings Boris a text, and he learns all that follows."""
    folder = tmp_path_factory.mktemp("after")
    with phones(playwright, folder) as start:
        people = before.people(start, folder)
        pair(*people, text=TEXT, later="all")
        for person in people:
            person.wait_until_paired()
        wait_until_sealed(people[0].page)
        return Evening.keep(before.world, people, folder)


@pytest.fixture
def strangers(before, phone, tmp_path) -> list[Person]:
    return before.people(phone, tmp_path)


@pytest.fixture
def people(after, phone, tmp_path) -> list[Person]:
    return after.people(phone, tmp_path)
