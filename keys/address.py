"""The address of a relay: a base URL, in one spelling only, because requests are signed for it. Specified in
`keys/wire.md`, the grammar too: a library for URLs reads more than one, and each reads others."""

import ipaddress
import re
from urllib.parse import urlsplit

from keys.errors import BadAddress
from keys.wire import BLANKS

ADDRESS_BYTES = 255  # one length byte in a code
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa")
_LOCAL_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
        *("2001::/32", "2002::/16"),  # they carry an IPv4 address
    )
)
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_HOST_CHARACTERS = 253
_PORTS = 65_535

_WHOLE = re.compile(
    r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?((?:/[!$-;=@-\[\]_a-z~]*)?)\Z"
)  # the path: printable ASCII without " < > \ ^ ` { | } ? #
_LABEL = re.compile(r"(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1?[1-9][0-9]|1[0-9]{2}|[0-9])(?:\.(?!\Z)|\Z)){4}\Z")
_TYPED = re.compile(r"([A-Za-z]+://)([^/?#@]*?)(?::([0-9]*))?((?:/[^?#]*)?)\Z")


def relay_address(text: str) -> str:
    """Return the base URL in its one spelling, of what a person typed. Raises BadAddress."""
    found = _TYPED.match(text.strip(BLANKS))
    if not found:
        raise BadAddress()
    scheme, host, port, path = found[1].lower(), found[2], found[3] and found[3].lstrip("0"), found[4].rstrip("/")
    if not host.isascii():
        raise BadAddress()
    return check_address(f"{scheme}{_spelt(host.lower())}{f':{port}' if port else ''}{path}")


def check_address(text: str) -> str:
    """Return an address that has its one spelling already, as what comes from a machine must. Raises BadAddress.

    Clear-text http is taken only where nobody stands in between: an onion service or this machine.
    Specified in `keys/wire.md`, *Address of a relay*.
    """
    if len(text) > ADDRESS_BYTES:
        raise BadAddress("too long")
    scheme, host, port, path = found.groups() if (found := _WHOLE.match(text)) else ("", "", "", "")
    if not scheme or path.endswith("/") or int(port or 0) > _PORTS or not _is_host(host):
        raise BadAddress()
    if scheme == "http" and not (host.endswith(".onion") or _is_loopback(host)):
        raise BadAddress()
    return text


def _spelt(host: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1])}]" if host.startswith("[") else host
    except ValueError:
        raise BadAddress() from None


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1])) == host[1:-1] and not host.startswith("[::ffff:")
        except ValueError:
            return False
    labels = host.split(".")
    # a last label that begins with a digit makes a browser read the whole as a number: 127.1, 0x7f.1
    is_name = labels[-1][:1].isalpha() and all(_LABEL.match(label) for label in labels)
    return (is_name and len(host) <= _HOST_CHARACTERS) or bool(_IPV4.match(host))


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "[::1]"} or (host.startswith("127.") and bool(_IPV4.match(host)))


def is_onion(address: str) -> bool:
    """Return whether a relay's address is an onion service, which does not learn where a call comes from."""
    return (urlsplit(address).hostname or "").endswith(".onion")


def is_public(address: str) -> bool:
    """Return whether a relay's address can lie outside this computer and the network it stands in.

    By its spelling only: a name may still lead anywhere. Onion services are public. `address`: in its one spelling.
    Specified in `keys/wire.md`, *An address from a stranger*.
    """
    host = urlsplit(address).hostname or ""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        is_local = any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)
        return "." in host and not is_local
    if number.version == 6 and number not in _PUBLIC_IPV6:  # noqa: PLR2004 - IPv6
        return False
    return not any(number in network for network in _LOCAL_NETWORKS if network.version == number.version)
