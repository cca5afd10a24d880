"""What stands in a QR code, and drawing it. Specified in `keys/code.md`."""

import base64
import binascii
import io
from dataclasses import dataclass

import qrcode
import qrcode.image.svg
from qrcode.exceptions import DataOverflowError

from keys.address import relay_address
from keys.errors import BadCode, CodeTooLong, OtherCode
from keys.note import PUBLIC_BYTES

PREFIX = "TOCSIN:1:"
CARD_PREFIX = PREFIX + "O:"
CODE_VERSION = 9  # the largest code that noisy frames of an old camera still give back
CODE_CHARACTERS = 262  # what version 9 at level M holds of the alphanumeric alphabet


@dataclass(frozen=True, slots=True)
class CardCode:
    """An organisation's code: its root public key (32 bytes) and where its card is to be had."""

    root: bytes
    relays: tuple[str, ...]

    def __str__(self) -> str:
        """`TOCSIN:1:O:` + base32 of root 32 | flags 1 | (length u8 | relay URL)*. Raises CodeTooLong."""
        urls = b"".join(bytes([len(relay)]) + relay.encode("ascii") for relay in self.relays)
        text = CARD_PREFIX + _base32(self.root + b"\0" + urls)
        if len(text) > CODE_CHARACTERS:
            raise CodeTooLong()
        return text


def read_card_code(text: str) -> CardCode:
    """Read an organisation's code as scanned or pasted; blanks and lower case are forgiven.

    Raises BadCode, OtherCode.
    """
    code = "".join(text.split()).upper()
    if not code.startswith(PREFIX):
        raise BadCode()
    if not code.startswith(CARD_PREFIX):
        raise OtherCode()
    data = _unbase32(code.removeprefix(CARD_PREFIX))
    if len(data) <= PUBLIC_BYTES:
        raise BadCode("cut off")
    if data[PUBLIC_BYTES] != 0:
        raise BadCode("made by a newer version")
    return CardCode(data[:PUBLIC_BYTES], _addresses(data[PUBLIC_BYTES + 1 :]))


def _addresses(data: bytes) -> tuple[str, ...]:
    relays = []
    while data:
        length, data = data[0], data[1:]
        if len(data) < length:
            raise BadCode("cut off")
        url, data = data[:length].decode("latin-1"), data[length:]
        if relay_address(url) != url:
            raise BadCode("a relay's address is not in its one spelling")
        relays.append(url)
    if not relays:
        raise BadCode("no relay in it")
    return tuple(relays)


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=")


def _unbase32(text: str) -> bytes:
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise BadCode("not base32") from None
    if _base32(data) != text:
        raise BadCode("cut off")
    return data


def _drawn(text: str) -> "qrcode.QRCode[qrcode.image.base.BaseImage]":
    code: qrcode.QRCode[qrcode.image.base.BaseImage] = qrcode.QRCode(
        version=None, error_correction=qrcode.constants.ERROR_CORRECT_M, border=4
    )
    code.add_data(text, optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError):
        raise CodeTooLong() from None
    if code.version > CODE_VERSION:
        raise CodeTooLong()
    return code


def draw_png(text: str) -> bytes:
    """The code as a PNG picture, black on white."""
    picture = io.BytesIO()
    _drawn(text).make_image().save(picture, "PNG")
    return picture.getvalue()


def draw_svg(text: str) -> bytes:
    """The code as an SVG picture."""
    picture = io.BytesIO()
    _drawn(text).make_image(image_factory=qrcode.image.svg.SvgPathFillImage).save(picture)
    return picture.getvalue()


def draw_text(text: str) -> str:
    """The code in half blocks, light on dark, as a terminal shows it."""
    lines = io.StringIO()
    _drawn(text).print_ascii(out=lines, invert=True)
    return lines.getvalue()
