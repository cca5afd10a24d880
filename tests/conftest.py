"""What every test may lean on."""

import faulthandler
import os
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.soak import at_length

# The same seededBytes here and in CI: an example that fails there is printed as a blob to try again with
# `@reproduce_failure`. No deadline, since two busy cores say nothing about the code.
settings.register_profile(
    "tocsin",
    parent=settings.get_profile("default"),
    deadline=None,
    derandomize=False,
    print_blob=True,
    max_examples=at_length(50, 1_000),
)
settings.load_profile("tocsin")

ROOT = Path(__file__).parents[1]
GROUP_OF_FILE = re.compile(r'^pytestmark = (?:\[[^]]*|.*)\bxdist_group\("([^"]+)"\)', re.MULTILINE)
GROUP_OF_TEST = re.compile(r'^@pytest\.mark\.xdist_group\("([^"]+)"\)\n(?:@.*\n)*def (\w+)', re.MULTILINE)
FIRST = "two people"
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

    Of the workers of `make test` one begins with the browsers of two people who know each other, which take longest;
    the others go through the rest, file by file.
    """
    if seed := config.getoption("shuffle"):
        _shuffle(items, random.Random(seed))  # noqa: S311
    items.sort(key=cost)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: scope_of(item.nodeid) != FIRST)


def _shuffle(items: list[pytest.Item], lot: random.Random) -> None:
    places = {path: lot.random() for path in dict.fromkeys(item.path for item in items)}
    lot.shuffle(items)
    items.sort(key=lambda item: places[item.path])


class FileScheduling(LoadScopeScheduling):
    """Gives whole files to the workers, and those with the same `xdist_group` to the same one.

    pytest-xdist 3.8 has this as `loadgroup`, which does not find the marks with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling:
    return FileScheduling(config, log)


def scope_of(nodeid: str) -> str:
    """Return what a test runs together with: the group that is named before it or by its file, else the file."""
    name, _, test = nodeid.partition("::")
    scope, groups = _read_groups(name)
    return groups.get(test.partition("[")[0], scope)


@cache
def _read_groups(name: str) -> tuple[str, dict[str, str]]:
    text = (ROOT / name).read_text(encoding="utf-8")
    group = GROUP_OF_FILE.search(text)
    return group[1] if group else name, {test: group for group, test in GROUP_OF_TEST.findall(text)}


def pytest_unconfigure() -> None:
    """Tell which thread a test left behind that keeps the process from ending, and end it."""
    faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)
