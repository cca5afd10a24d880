"""The address of a relay: a base URL, in one spelling only, because requests are signed for it."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from keys.errors import BadAddress

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


def relay_address(text: str) -> str:
    """Return the base URL without a slash at its end, lower case in scheme and host. Raises BadAddress.

    Clear-text http is taken only where nobody stands in between: an onion service or this machine.
    Specified in `keys/wire.md`, *Address of a relay*.
    """
    try:
        url = urlsplit(text.strip())
        port = url.port
    except ValueError:
        raise BadAddress() from None
    if not _plain(url) or not _private(url):
        raise BadAddress()
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    whole = f"{url.scheme}://{host}{'' if port is None else f':{port}'}{url.path.rstrip('/')}"
    if len(whole) > ADDRESS_BYTES:
        raise BadAddress("too long")
    return whole


def _plain(url: SplitResult) -> bool:
    whole = url.geturl()
    return (
        bool(url.hostname)
        and whole.isascii()
        and whole.isprintable()
        and not any(mark in whole for mark in ' "<>\\^`{|}')
        and not (url.query or url.fragment or url.username or url.password)
    )


def _private(url: SplitResult) -> bool:
    host = url.hostname or ""
    return url.scheme == "https" or (url.scheme == "http" and (host.endswith(".onion") or is_loopback(host)))


def is_onion(address: str) -> bool:
    """Return whether a relay's address is an onion service, which does not learn where a call comes from."""
    return (urlsplit(address).hostname or "").endswith(".onion")


def is_loopback(host: str) -> bool:
    """Return whether this host name or address is the machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Return whether a relay's address can lie outside this computer and the network it stands in.

    By its spelling only: a name may still lead anywhere. Onion services are public. `address`: in its one spelling.
    Specified in `keys/wire.md`, *An address from a stranger*.
    """
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]  # begins with a digit: a number in a spelling of its own
        is_local = any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)
        return "." in host and not last[:1].isdigit() and not is_local
    if number.version == 6 and number not in _PUBLIC_IPV6:  # noqa: PLR2004 - IPv6
        return False
    return not any(number in network for network in _LOCAL_NETWORKS if network.version == number.version)
