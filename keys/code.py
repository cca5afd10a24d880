"""The text in a QR code, and its picture. Specified in `keys/code.md`."""

import base64
import binascii
import io
import re
from dataclasses import dataclass, field

import qrcode
import qrcode.image.svg
from qrcode.exceptions import DataOverflowError

from keys.address import check_address
from keys.errors import BadCode, CodeTooLong, OtherCode
from keys.note import PUBLIC_BYTES
from keys.wire import BLANKS, HASH_BYTES, ID_BYTES

PREFIX = "TOCSIN:1:"
CARD_PREFIX = PREFIX + "O:"
PAIR_PREFIX = PREFIX + "C:"
DIGITS_PREFIX = PREFIX + "D:"
DIGITS = 60  # of a pairing
CODE_VERSION = 9  # the largest code that noisy frames of an old camera still give back
CODE_CHARACTERS = 262  # what version 9 at level M holds of the alphanumeric alphabet
_DECIMAL = frozenset("0123456789")
_BASE32 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_LOWER = re.compile("[a-z]+")
_BLANK = re.compile(f"[{BLANKS}]+")


class CutCode(BadCode):
    """this code is cut off"""

    code = "code-cut"
    hint = "a part at its end is missing: scan it again whole, or copy all of its characters"


@dataclass(frozen=True, slots=True)
class CardCode:
    """An organisation's code: its root public key (32 bytes) and where its card is to be had.

    Specified in `keys/code.md`, *An organisation's code*.
    """

    root: bytes
    relays: tuple[str, ...]

    def __str__(self) -> str:
        """`TOCSIN:1:O:` + base32 of root 32 | flags 1 | (length u8 | relay URL)*. Raises CodeTooLong."""
        return _written(CARD_PREFIX, _payload(self.root, self.relays))


@dataclass(frozen=True, slots=True)
class PairCode:
    """A person's code: H of their pair card (32 bytes), the secret of this pairing (16), and their relays.

    Specified in `keys/code.md`, *A person's code*.
    """

    card: bytes
    secret: bytes = field(repr=False)
    relays: tuple[str, ...]

    @property
    def payload(self) -> bytes:
        """The bytes behind the base32: what a pairing is bound to."""
        return _payload(self.card + self.secret, self.relays)

    def __str__(self) -> str:
        """`TOCSIN:1:C:` + base32 of H(pair card) 32 | s 16 | flags 1 | (length u8 | relay URL)*. Raises CodeTooLong."""
        return _written(PAIR_PREFIX, self.payload)


def read_card_code(text: str) -> CardCode:
    """Read an organisation's code as scanned or pasted; blanks and lower case are forgiven.

    Raises BadCode, OtherCode.
    Specified in `keys/code.md`, *Reading*.
    """
    try:
        root, relays = _taken(text, CARD_PREFIX, PUBLIC_BYTES)
    except CutCode as error:
        raise BadCode(error.detail or "cut off") from None  # what `code.json` has named it from the first day
    return CardCode(root, relays)


def read_pair_code(text: str) -> PairCode:
    """Read a person's code as scanned or pasted; blanks and lower case are forgiven.

    Raises BadCode, OtherCode, CutCode, BadAddress.
    Specified in `keys/code.md`, *Reading*.
    """
    fixed, relays = _taken(text, PAIR_PREFIX, HASH_BYTES + ID_BYTES)
    return PairCode(fixed[:HASH_BYTES], fixed[HASH_BYTES:], relays)


def digits_code(digits: str) -> str:
    """Return `TOCSIN:1:D:` and the 60 digits of a pairing: what is scanned on a video call.

    Specified in `keys/code.md`, *A person's code*.
    """
    return DIGITS_PREFIX + digits.replace(" ", "")


def read_digits(text: str) -> str:
    """Return what may be digits: those of a code as scanned, or words as typed. Raises OtherCode, CutCode, BadCode.

    Specified in `keys/code.md`, *A person's code*.
    """
    code = _tidied(text)
    if not code.startswith(PREFIX):
        return text
    if not code.startswith(DIGITS_PREFIX):
        raise OtherCode()
    digits = code.removeprefix(DIGITS_PREFIX)
    if not set(digits) <= _DECIMAL:
        raise BadCode("not digits")
    if len(digits) != DIGITS:
        raise CutCode()
    return digits


def _tidied(text: str) -> str:
    # ASCII alone: elsewhere the languages raise and strip different characters
    return _LOWER.sub(lambda letters: letters[0].upper(), _BLANK.sub("", text))


def _payload(fixed: bytes, relays: tuple[str, ...]) -> bytes:
    return fixed + b"\0" + b"".join(bytes([len(relay)]) + relay.encode("ascii") for relay in relays)


def _written(prefix: str, payload: bytes) -> str:
    text = prefix + _base32(payload)
    if len(text) > CODE_CHARACTERS:
        raise CodeTooLong()
    return text


def _taken(text: str, prefix: str, length: int) -> tuple[bytes, tuple[str, ...]]:
    code = _tidied(text)
    if not code.startswith(PREFIX):
        raise BadCode()
    if not code.startswith(prefix):
        raise OtherCode()
    data = _unbase32(code.removeprefix(prefix))
    if len(data) <= length:
        raise CutCode()
    if data[length] != 0:
        raise BadCode("made by a newer version")
    return data[:length], _addresses(data[length + 1 :])


def _addresses(data: bytes) -> tuple[str, ...]:
    relays = []
    while data:
        length, data = data[0], data[1:]
        if len(data) < length:
            raise CutCode()
        url, data = data[:length].decode("latin-1"), data[length:]
        relays.append(check_address(url))
    if not relays:
        raise CutCode("no relay in it")
    return tuple(relays)


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=")


def _unbase32(text: str) -> bytes:
    if set(text) - _BASE32:
        raise BadCode("not base32")
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        raise CutCode() from None
    if _base32(data) != text:
        raise CutCode()
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
    """Return the code as a PNG picture, black on white. Specified in `keys/code.md`, *Drawing*."""
    picture = io.BytesIO()
    _drawn(text).make_image().save(picture, "PNG")
    return picture.getvalue()


def draw_svg(text: str) -> bytes:
    """Return the code as an SVG picture. Specified in `keys/code.md`, *Drawing*."""
    picture = io.BytesIO()
    _drawn(text).make_image(image_factory=qrcode.image.svg.SvgPathFillImage).save(picture)
    return picture.getvalue()


def draw_text(text: str) -> str:
    """Return the code in half blocks, light on dark, as a terminal shows it. Specified in `keys/code.md`, *Drawing*."""
    lines = io.StringIO()
    _drawn(text).print_ascii(out=lines, invert=True)
    return lines.getvalue()
