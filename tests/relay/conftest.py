"""A relay inside the test's own process, under Flask's client, with a clock that is set by hand."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from relay.app import create_app
from relay.config import Config, Limits
from relay.store.base import Store
from tests.support.relay_post import ORIGIN, HandClock, Line


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_relay(tmp_path: Path, clock: HandClock) -> Iterator[Callable[..., Line]]:
    """Open a relay on a folder of this test; limits by name. Its clock is right unless the test says otherwise. What
    was opened is closed at the end."""
    with ExitStack() as stack:

        def opened(*, store: Store | None = None, folder: str = "data", **settings: Any) -> Line:
            names = set(Limits.__dataclass_fields__)
            limits = Limits(**{"ballast_bytes": 0, **{name: settings.pop(name) for name in names & set(settings)}})
            config = Config(tmp_path / folder, (ORIGIN,), limits, clock=clock, monotonic=clock.monotonic)
            settings = {"clock_is_right": True, **settings}
            app = create_app(replace(config, **settings), store)
            stack.callback(app.extensions["services"].close)
            return Line(app, clock)

        yield opened


@pytest.fixture
def line(open_relay: Callable[..., Line]) -> Line:
    return open_relay()


@pytest.fixture
def app(line: Line) -> Flask:
    return line.app


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
