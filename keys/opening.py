"""Opening. Only what may see plaintext imports this module. Specified in `keys/envelope.md`."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag

from keys.envelope import HPKE, Address, check_form, commit, counted
from keys.errors import BadHeader, BadPadding, NotForUs
from keys.kem import PrivateKey
from keys.wire import PARCEL_BYTES, SALT_BYTES

DEPTH = 64  # nested deeper than any header of ours, and not so deep that a reader of any language gives up
_ZEROS = bytes(PARCEL_BYTES)
_OBJECT = msgspec.json.Decoder(dict[str, Any])


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
        return _read(plaintext, key)
    raise NotForUs()


def _read(plaintext: bytes, key: PrivateKey) -> OpenedEnvelope:
    header, end = counted(plaintext, SALT_BYTES)
    body, end = counted(plaintext, end)
    if plaintext[end:] != _ZEROS[: len(plaintext) - end]:
        raise BadPadding()
    content = plaintext[:end]
    return OpenedEnvelope(header, _object(header), body, plaintext[:SALT_BYTES], commit(content), content, key)


def _object(header: bytes) -> dict[str, Any]:
    try:
        fields = _OBJECT.decode(header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadHeader() from None
    # only what has that many brackets can be nested that deep
    if header.count(b"{") + header.count(b"[") > DEPTH and _is_deep(fields):
        raise BadHeader("nested too deep")
    return fields


def _is_deep(fields: dict[str, Any]) -> bool:
    level: list[Any] = [fields]
    for _ in range(DEPTH):
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        level = [value for value in level if isinstance(value, dict | list)]
    return bool(level)
