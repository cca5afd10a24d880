"""Two people, Anna and Boris, and the relays between them."""

import pytest

from tests.support.contacts.people import EAST, SOUTH, FolderOwner, make_pair
from tests.support.fake_relay import Post


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def anna(tmp_path, post) -> FolderOwner:
    return FolderOwner(tmp_path / "anna", post)


@pytest.fixture
def boris(tmp_path, post) -> FolderOwner:
    return FolderOwner(tmp_path / "boris", post, (SOUTH, EAST))


@pytest.fixture
def pair(anna, boris) -> tuple[FolderOwner, FolderOwner]:
    make_pair(anna, boris)
    return anna, boris
