"""What every test may lean on."""

import faulthandler
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.soak import at_length

# The same chances here and in CI: an example that fails there is printed as a blob to try again with
# `@reproduce_failure`. No deadline, since two busy cores say nothing about the code.
settings.register_profile(
    "tocsin",
    parent=settings.get_profile("default"),
    deadline=None,
    derandomize=False,
    print_blob=True,
    max_examples=at_length(100, 1_000),
)
settings.load_profile("tocsin")

MEMORY = Path("/dev/shm")  # noqa: S108
MEMORY_BYTES = 4 * 2**30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", metavar="SEED", help="run files, and the tests in each, in an order drawn by lot")


def pytest_configure(config: pytest.Config) -> None:
    """Put temporary folders into memory where it has room for them.

    An fsync costs 2 to 8 ms on a disk, and the suite makes tens of thousands. No test learns anything from the disk:
    what a cut of the power leaves is played back from a record of the writes (`tests/relay/test_power_cut.py`).
    """
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # pytest has asked before
    config.addinivalue_line("markers", "xdist_group(name): tests that run one after the other, in one process")


def _has_room(folder: Path) -> bool:
    try:
        about = os.statvfs(folder)
    except OSError:
        return False
    is_program_refused = bool(about.f_flag & os.ST_NOEXEC)
    return os.access(folder, os.W_OK) and not is_program_refused and about.f_bavail * about.f_frsize >= MEMORY_BYTES


def pytest_report_header(config: pytest.Config) -> list[str]:
    seed = config.getoption("shuffle")
    return [f"temporary folders: {tempfile.gettempdir()}", *([f"shuffled: --shuffle {seed}"] if seed else [])]


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what is quick first, so that most mistakes show within seconds.

    With two workers (`make test`) one of them begins with the browsers of two people who know each other, which take
    long to prepare; the other goes through the rest, file by file. Real processes stay together in one worker.
    """
    if seed := config.getoption("shuffle"):
        _shuffle(items, random.Random(seed))  # noqa: S311
    items.sort(key=cost)
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("xdist_group").args != ("two people",))


def _shuffle(items: list[pytest.Item], lot: random.Random) -> None:
    places = {path: lot.random() for path in dict.fromkeys(item.path for item in items)}
    lot.shuffle(items)
    items.sort(key=lambda item: places[item.path])


def _group(item: pytest.Item) -> str:
    """Return what runs in one worker: what shares two people's phones, what starts processes, else a file."""
    if item.get_closest_marker("browser"):
        return "two people" if "before" in item.fixturenames else str(item.path)
    return "process" if item.get_closest_marker("process") else str(item.path)


def pytest_unconfigure() -> None:
    """Tell which thread a test left behind that keeps the process from ending, and end it."""
    faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)
