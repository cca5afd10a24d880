"""Opening. Only what may see plaintext imports this module. Specified in `keys/envelope.md`."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag

from keys.envelope import HPKE, Address, check_form, commit, counted
from keys.errors import BadPadding, NotForUs
from keys.kem import PrivateKey
from keys.wire import PARCEL_BYTES, SALT_BYTES, read_object

_ZEROS = bytes(PARCEL_BYTES)


class OpenedEnvelope(NamedTuple):
    """What was inside: raw header, the same as an object, body, and what binds them."""

    header: bytes
    fields: dict[str, Any]
    body: bytes
    salt: bytes
    commitment: bytes
    content: bytes
    opened_by: PrivateKey

    def __repr__(self) -> str:
        return "OpenedEnvelope(...)"


def open_envelope(envelope: bytes, keys: Iterable[PrivateKey], address: Address) -> OpenedEnvelope:
    """Try each key in turn. Raises WrongSize, UnknownSuite, NotForUs, BadPlaintext, BadPadding, BadHeader.

    Source: HPKE in base mode (RFC 9180); the order of the checks is that of `keys/envelope.md`, *Opening*.
    """
    check_form(envelope)
    info = address.info(len(envelope))
    sealed = memoryview(envelope)[1:]
    for key in keys:
        try:
            plaintext = HPKE.decrypt(sealed, key.key, info=info)
        except InvalidTag:
            continue
        return read_plaintext(plaintext, key)
    raise NotForUs()


def read_plaintext(plaintext: bytes, key: PrivateKey) -> OpenedEnvelope:
    """Take an opened plaintext apart. Raises BadPlaintext, BadPadding, BadHeader."""
    header, end = counted(plaintext, SALT_BYTES)
    body, end = counted(plaintext, end)
    if plaintext[end:] != _ZEROS[: len(plaintext) - end]:
        raise BadPadding()
    content = plaintext[:end]
    return OpenedEnvelope(header, read_object(header), body, plaintext[:SALT_BYTES], commit(content), content, key)
