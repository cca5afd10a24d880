"""An office, its desk, and the desk's pages."""

from collections.abc import Iterator

import pytest

from client.desk.desk import Desk
from client.desk.web.app import create_app
from client.desk.web.views import live
from tests.support.desk_office import PASSPHRASE, Office
from tests.support.desk_pages import Browser
from tests.support.fake_desk_process import TOKEN, Held


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path / "office")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """A page that asks for news is answered at once."""
    monkeypatch.setattr(live, "WAIT_SECONDS", 0.01)


@pytest.fixture
def held(office) -> Iterator[Held]:
    """The process as the pages see it: locked, and nobody let in."""
    server = Held(lambda passphrase, by: Desk.unlock(office.folder, passphrase, by, clock=office.clock))
    yield server
    if server.desk is not None:
        server.desk.close()


@pytest.fixture
def outside(held, office) -> Browser:
    """A browser that was not let in."""
    return Browser(create_app(held, office.clock))


@pytest.fixture
def browser(held, office, outside) -> Browser:
    """One that was, and the desk is unlocked."""
    outside.post("/enter", token=TOKEN)
    outside.post("/unlock", passphrase=PASSPHRASE, by="Анна")
    return outside
