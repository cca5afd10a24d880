"""A push service of ours with its authority."""

from collections.abc import Iterator

import pytest

from tests.support.push_service import Authority, PushService, push_service


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def service(authority: Authority) -> Iterator[PushService]:
    with push_service(authority.server("localhost")) as running:
        yield running
