"""Where the desk listens: on this computer alone, unless somebody says otherwise."""

import pytest

from client.desk.server.desk_server import BeyondLoopback, NoAddress, open_desk_listener
from keys.errors import CannotListen

ELSEWHERE = "192.0.2.7"  # an address for documentation (RFC 5737): no computer has it


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_listens_on_the_loopback(host):
    with open_desk_listener(host, 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "*"])  # noqa: S104 - refused
@pytest.mark.parametrize("beyond_loopback", [False, True])
def test_an_address_of_every_network_is_refused(host, beyond_loopback):
    with pytest.raises(NoAddress):
        open_desk_listener(host, 0, beyond_loopback=beyond_loopback)


def test_another_network_needs_a_word():
    with pytest.raises(BeyondLoopback):
        open_desk_listener(ELSEWHERE, 0)
    with pytest.raises(CannotListen):  # allowed, and then not an address of this computer
        open_desk_listener(ELSEWHERE, 0, beyond_loopback=True)
