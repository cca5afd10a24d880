"""Who said a message of a case: with the PIN, under force, whoever holds the phone, or nobody knows.

Specified in `keys/message.md`, "Whose case is it?". Nothing here believes a message that does not show its case's
secret or carry a MAC under a key that such a message named.
"""

import hmac
from collections.abc import Iterable
from typing import Literal, NamedTuple

from keys.envelope import Address
from keys.message import Amend, CaseKeys, Report, said_mac, shows_case_secret
from keys.wire import MAC_BYTES, SIZES, unb64

Origin = Literal["pin", "forced", "open", ""]
# The most careful first: of a key that is called two things the worse one counts.
ORIGINS: tuple[Origin, ...] = ("forced", "open", "pin")


class Signed(NamedTuple):
    """What the body of a message was made over: salt, header, and the body itself."""

    salt: bytes
    header: bytes
    body: bytes

    def __repr__(self) -> str:
        return "Signed(...)"

    @property
    def is_marked(self) -> bool:
        """Whether the body can be a MAC at all."""
        return len(self.body) == MAC_BYTES


def find_named_keys(message: Report | Amend) -> CaseKeys | None:
    """Return the keys that a message names, if it shows the secret of its case; None otherwise."""
    return message.keys if message.keys is not None and shows_case_secret(message) else None


def find_key(signed: Signed, named: Iterable[CaseKeys], address: Address | None) -> str:
    """Return the key that this body is a MAC under, as it was named; "" when it is none of them.

    The content does not say which size its envelope had, so either is tried.
    """
    if not signed.is_marked or address is None:
        return ""
    for keys in named:
        for name in ORIGINS:
            key = str(getattr(keys, name))
            for size in SIZES:
                mac = said_mac(unb64(key), address, size, signed.salt, signed.header)
                if hmac.compare_digest(mac, signed.body):
                    return key
    return ""


def name_origin(key: str, named: Iterable[CaseKeys]) -> Origin:
    """Return what this key was named for; "" for no key, or one that nobody named."""
    sets = list(named)
    return next((name for name in ORIGINS if key and any(getattr(keys, name) == key for keys in sets)), "")


def may_bring_reply_block(is_owner: bool, origin: Origin) -> bool:
    """Return whether the reply block of a message may be used. `is_owner`: it shows the secret of its case.

    Specified in `keys/message.md`, *Whose case is it?*.
    """
    return is_owner or origin == "pin"
