"""One empty push to one endpoint (RFC 8030), and everything an endpoint may not be. The one module that calls out.

The endpoint was chosen by a stranger. It reaches only hosts that the operator named, at the address that was looked at,
over TLS, and whatever answers there is cut off after a few seconds and a few bytes.
"""

import io
import ipaddress
import re
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keys.errors import TocsinError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HTTPS = 443
PUSH_SECONDS = 10  # for all of it but the name, which the system's resolver gives up by itself
CONNECT_SECONDS = 4
ADDRESSES = 3  # of one name that are tried
ANSWER_BYTES = 4_096
KEPT_SECONDS = 28 * 86_400  # by the push service, for a phone that is off: the longest that all of them take

# The browsers' own push services: Chrome and its kin, Firefox, Safari, Edge
PUSH_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)

_ENDPOINT = re.compile(r"https://([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?(/[A-Za-z0-9._~:/?@!$&'()*+,;=%-]*)")
_NAMED = re.compile(r"(\*\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::([1-9][0-9]{0,4}))?")
Address = tuple[socket.AddressFamily, tuple[str, int]]
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")


class NotRung(TocsinError):
    """this push is not sent"""

    code = "not-rung"


class NoAuthority(TocsinError):
    """this is not a file of certificates"""

    code = "push-ca"
    hint = "--push-ca takes a file in PEM form"


class PushHost(NamedTuple):
    """A push service that may be called. One that is named with its port is the operator's own, wherever it stands."""

    name: str
    wild: bool
    port: int
    own: bool

    @classmethod
    def parse(cls, text: str) -> "PushHost":
        """Parse the name of a push service: `host`, `*.domain`, `host:port`. Raises NotRung."""
        found = _NAMED.fullmatch(text)
        if found is None:
            raise NotRung("host")
        wild, name, port = found.groups()
        return cls(name, bool(wild), int(port or HTTPS), port is not None)

    def covers(self, host: str, port: int) -> bool:
        named = host.endswith(f".{self.name}") if self.wild else host == self.name
        return named and port == self.port


class Endpoint(NamedTuple):
    """Where a push goes: host, port, path with query; and by which of the operator's hosts it is allowed."""

    host: str
    port: int
    path: str
    by: PushHost

    @classmethod
    def parse(cls, text: str, hosts: tuple[PushHost, ...]) -> "Endpoint":
        """Parse the address of a subscription. Raises NotRung."""
        found = _ENDPOINT.fullmatch(text)
        if found is None:
            raise NotRung("endpoint")
        host, port, path = found[1], int(found[2] or HTTPS), found[3]
        by = next((service for service in hosts if service.covers(host, port)), None)
        if by is None:
            raise NotRung("host")
        return cls(host, port, path, by)

    @property
    def origin(self) -> str:
        return f"https://{self.authority}"

    @property
    def authority(self) -> str:
        return self.host if self.port == HTTPS else f"{self.host}:{self.port}"


def tls(ca: Path | None) -> ssl.SSLContext:
    """Return the authorities that this computer trusts, and one more if it is named. Raises NoAuthority."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    try:
        if ca is not None:
            context.load_verify_locations(ca)
    except OSError:
        raise NoAuthority(str(ca)) from None
    return context


def push(endpoint: Endpoint, authorization: str, context: ssl.SSLContext) -> int:
    """Ring; the push service's HTTP status, which changes nothing. Raises NotRung, OSError. Source: RFC 8030."""
    deadline = time.monotonic() + PUSH_SECONDS
    with _secured(endpoint, context, deadline) as line:
        line.settimeout(_left(deadline))
        _send(line, endpoint, authorization)
        return _status(line, deadline)


def unreachable(hosts: tuple[str, ...], context: ssl.SSLContext) -> list[str]:
    """Return the push services that cannot be called from here; of a `*.domain` nothing can be said."""
    named = [host for host in map(PushHost.parse, hosts) if not host.wild]
    return [host.name for host in named if not _answers(host, context)]


def _answers(host: PushHost, context: ssl.SSLContext) -> bool:
    try:
        with _secured(Endpoint(host.name, host.port, "/", host), context, time.monotonic() + PUSH_SECONDS):
            return True
    except (NotRung, OSError):
        return False


def _send(line: ssl.SSLSocket, endpoint: Endpoint, authorization: str) -> None:
    connection = HTTPConnection(endpoint.host, endpoint.port)
    connection.auto_open = 0  # it may call no address but that of this socket
    connection.sock = line
    connection.putrequest("POST", endpoint.path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", endpoint.authority)
    connection.putheader("Authorization", authorization)
    connection.putheader("TTL", str(KEPT_SECONDS))
    connection.putheader("Urgency", "high")
    connection.putheader("Content-Length", "0")
    connection.putheader("Connection", "close")
    connection.endheaders()


def _status(line: ssl.SSLSocket, deadline: float) -> int:
    """Waited for, because a line closed too early can take the request with it. A redirect is a number like others."""
    with BoundedResponse(line, deadline) as answer:
        try:
            answer.begin()
        except HTTPException:
            return 0
        return answer.status


class BoundedResponse(HTTPResponse):
    """The head of an answer; what comes after the deadline or beyond `ANSWER_BYTES` is not read."""

    def __init__(self, line: ssl.SSLSocket, deadline: float) -> None:
        super().__init__(line, method="POST")
        self.fp.close()
        self.fp = io.BufferedReader(BoundedReader(line, deadline))


class BoundedReader(io.RawIOBase):
    """The bytes of an answer. They end after `ANSWER_BYTES`; reading raises NotRung once the deadline is over."""

    def __init__(self, line: ssl.SSLSocket, deadline: float) -> None:
        self._line, self._deadline, self._room = line, deadline, ANSWER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if not self._room:
            return 0
        self._line.settimeout(_left(self._deadline))
        count = self._line.recv_into(memoryview(buffer)[: self._room])
        self._room -= count
        return count


def _secured(endpoint: Endpoint, context: ssl.SSLContext, deadline: float) -> ssl.SSLSocket:
    with _connected(endpoint, deadline) as line:
        line.settimeout(_left(deadline))
        return context.wrap_socket(line, server_hostname=endpoint.host)


def _connected(endpoint: Endpoint, deadline: float) -> socket.socket:
    """Connect to an address that was checked: the name is resolved once, so it cannot mean another one afterwards."""
    for family, address in _addresses(endpoint)[:ADDRESSES]:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(min(CONNECT_SECONDS, _left(deadline)))
            line.connect(address)
        except OSError:
            line.close()
            continue
        return line
    raise NotRung("no connection")


def _addresses(endpoint: Endpoint) -> list[Address]:
    found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    addresses: list[Address] = [(family, (str(address[0]), endpoint.port)) for family, *_, address in found]
    if endpoint.by.own:
        return addresses
    return [(family, address) for family, address in addresses if is_public(address[0])]


def is_public(address: str) -> bool:
    """Return whether an address is on the open internet: not this machine, this network, or a way around that."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False  # with a zone (`fe80::1%eth0`): this network
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    # 6to4 and Teredo carry an IPv4 address of any kind; mapped and translated ones lie outside of 2000::/3.
    return ip in _GLOBAL_IPV6 and ip.is_global and ip.sixtofour is None and ip.teredo is None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NotRung("too slow")
    return left
