"""The address of a relay: a base URL, in one spelling only, because requests are signed for it."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from keys.errors import BadAddress

ADDRESS_BYTES = 255  # one length byte in a code


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


def is_loopback(host: str) -> bool:
    """Return whether this host name or address is the machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
