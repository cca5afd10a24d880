"""Two people, Anna and Boris, and the relays between them."""

import pytest

from tests.support.contacts.people import EAST, SOUTH, Person, make_pair
from tests.support.fake_relay import Post


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def anna(tmp_path, post) -> Person:
    return Person(tmp_path / "anna", post)


@pytest.fixture
def boris(tmp_path, post) -> Person:
    return Person(tmp_path / "boris", post, (SOUTH, EAST))


@pytest.fixture
def pair(anna, boris) -> tuple[Person, Person]:
    make_pair(anna, boris)
    return anna, boris
