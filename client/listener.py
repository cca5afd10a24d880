"""A socket that listens for what people's own browsers ask."""

import socket

from keys.errors import CannotListen


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens at this address; port 0 takes a free one, `::` also takes IPv4.

    Raises CannotListen.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        raise CannotListen.at(host, port, error) from None
