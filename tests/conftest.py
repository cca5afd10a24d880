"""What every test may lean on."""

import faulthandler
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# The same chances here and in CI: an example that fails there is printed as a blob to try again with
# `@reproduce_failure`. No deadline, since two busy cores say nothing about the code.
settings.register_profile(
    "tocsin", parent=settings.get_profile("default"), deadline=None, derandomize=False, print_blob=True
)
settings.load_profile("tocsin")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """What drives browsers: one for the whole run, because a second one cannot be started beside it."""
    from playwright.sync_api import sync_playwright

    from tests.browser.chromium import chromium

    if chromium() is None:
        pytest.skip("no Chromium on this computer")
    with sync_playwright() as started:
        yield started


COST = {"slow": 1, "process": 2, "browser": 3}


def cost(item: pytest.Item) -> int:
    return max((COST.get(mark.name, 0) for mark in item.iter_markers()), default=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is quick first, so that most mistakes show within seconds."""
    items.sort(key=cost)


def pytest_unconfigure() -> None:
    """Tell which thread a test left behind that keeps the process from ending, and end it."""
    faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)
