"""Type of a file that came with a report, by its bytes, never by the name its sender gave it.

Only what a browser shows without running anything is on the list. Moving pictures are not: they can be made to flash.
Sizes are read from the head of a file before a browser is asked to unpack it.
"""

import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import ExifTags, Image

# Pillow says on stderr what it thinks of broken metadata.
warnings.filterwarnings("ignore", module=r"PIL\.")

PIXELS = 50_000_000  # 200 MB once unpacked; the best phones take pictures of this size
SIDE = 20_000
SEGMENTS = 1_000  # of a JPEG or PNG, before its size is found
VALUES = 80  # lines of metadata that are listed
VALUE = 200  # characters of each
OTHER = "application/octet-stream"

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "audio/ogg": "ogg",
    "audio/webm": "weba",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    OTHER: "bin",
}


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the bytes say: media type, width and height in pixels of a picture, why it is not shown, its metadata."""

    type: str
    width: int = 0
    height: int = 0
    refused: str = ""  # "", "type", "damaged", "large", "moving"
    metadata: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def is_shown(self) -> bool:
        return not self.refused

    @property
    def is_picture(self) -> bool:
        return self.type.startswith("image/")

    @property
    def ending(self) -> str:
        """Ending of the name under which it is saved."""
        return ENDINGS[self.type]


def inspect_bytes(data: bytes) -> MediaInfo:
    """Inspect a file's bytes. Never raises: what is not understood is a file nobody opens here."""
    for has_form, inspect in _KINDS:
        if has_form(data):
            try:
                return inspect(data)
            except (struct.error, IndexError, ValueError):
                return MediaInfo(OTHER, refused="damaged")
    return MediaInfo(OTHER, refused="type")


def _describe_picture(kind: str, width: int, height: int, exif: bytes = b"", moving: bool = False) -> MediaInfo:
    refused = "moving" if moving else "" if _is_small_enough(width, height) else "large"
    return MediaInfo(kind, width, height, refused, _read_metadata(exif))


def _is_small_enough(width: int, height: int) -> bool:
    if not (width and height):
        raise ValueError
    return max(width, height) <= SIDE and width * height <= PIXELS


_MARK, _EXIF, _LOSSLESS = 0xFF, 0xE1, 0x2F
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN = 0xDA


def _inspect_jpeg(data: bytes) -> MediaInfo:
    at, exif = 2, b""
    for _ in range(SEGMENTS):
        if data[at] != _MARK:
            raise ValueError
        marker = data[at + 1]
        if marker == _MARK:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker == _SCAN:
            raise ValueError
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            if marker in _FRAMES:
                height, width = struct.unpack_from(">HH", data, at + 5)
                return _describe_picture("image/jpeg", width, height, exif)
            if marker == _EXIF and data[at + 4 : at + 10] == b"Exif\0\0":
                exif = exif or data[at + 4 : at + 2 + length]
            at += 2 + length
    raise ValueError


def _inspect_png(data: bytes) -> MediaInfo:
    if data[12:16] != b"IHDR":
        raise ValueError
    width, height = struct.unpack_from(">II", data, 16)
    at, exif, moving = 8, b"", False
    for _ in range(SEGMENTS):
        if at + 8 > len(data):
            break
        (length,) = struct.unpack_from(">I", data, at)
        name = data[at + 4 : at + 8]
        moving |= name == b"acTL"
        if name == b"eXIf":
            exif = b"Exif\0\0" + data[at + 8 : at + 8 + length]
        at += 12 + length
    return _describe_picture("image/png", width, height, exif, moving)


def _inspect_webp(data: bytes) -> MediaInfo:
    name, at = data[12:16], 20
    if name == b"VP8X":
        width, height = (int.from_bytes(data[at + 4 + i : at + 7 + i], "little") + 1 for i in (0, 3))
        return _describe_picture("image/webp", width, height, _find_webp_exif(data), bool(data[at] & 0x02))
    if name == b"VP8L" and data[at] == _LOSSLESS:
        (bits,) = struct.unpack_from("<I", data, at + 1)
        return _describe_picture("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if name == b"VP8 " and data[at + 3 : at + 6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, at + 6)
        return _describe_picture("image/webp", width & 0x3FFF, height & 0x3FFF)
    raise ValueError


def _find_webp_exif(data: bytes) -> bytes:
    at = 12
    for _ in range(SEGMENTS):
        if at + 8 > len(data):
            break
        (length,) = struct.unpack_from("<I", data, at + 4)
        if data[at : at + 4] == b"EXIF":
            exif = data[at + 8 : at + 8 + length]
            return exif if exif.startswith(b"Exif\0\0") else b"Exif\0\0" + exif
        at += 8 + length + length % 2
    return b""


def _read_metadata(exif: bytes) -> tuple[tuple[str, str], ...]:
    """Read what the camera wrote into the picture: names of EXIF tags and their values."""
    if not exif:
        return ()
    read = Image.Exif()
    try:
        read.load(exif)
        rows = [(ExifTags.TAGS.get(tag, f"{tag:#06x}"), value) for tag, value in read.items()]
        for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            names: Any = ExifTags.GPSTAGS if part is ExifTags.IFD.GPSInfo else ExifTags.TAGS
            rows += [(names.get(tag, f"{tag:#06x}"), value) for tag, value in read.get_ifd(part).items()]
    except Exception:
        return (("EXIF", "?"),)
    hidden = ("ExifOffset", "GPSInfo", "MakerNote")
    return tuple((name, _format_value(value)) for name, value in rows if name not in hidden)[:VALUES]


def _format_value(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    words = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return words[:VALUE].rstrip("\0")


_SYNC, _VERSION, _LAYER = 0xFFE0, 0x0010, 0x0006


def _describe_sound(kind: str) -> Callable[[bytes], MediaInfo]:
    return lambda _: MediaInfo(kind)


def _starts_with(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(heads)


def _is_riff(name: bytes) -> Callable[[bytes], bool]:
    return lambda data: data[:4] == b"RIFF" and data[8:12] == name


def _is_mpeg(data: bytes) -> bool:
    head = int.from_bytes(data[:2])  # eleven bits of synchronisation; then a version and a layer that exist
    return data[:3] == b"ID3" or (head & _SYNC == _SYNC and bool(head & _VERSION) and bool(head & _LAYER))


_KINDS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], MediaInfo]], ...] = (
    (_starts_with(b"\xff\xd8\xff"), _inspect_jpeg),
    (_starts_with(b"\x89PNG\r\n\x1a\n"), _inspect_png),
    (_is_riff(b"WEBP"), _inspect_webp),
    (_is_riff(b"WAVE"), _describe_sound("audio/wav")),
    (_starts_with(b"OggS"), _describe_sound("audio/ogg")),
    (_starts_with(b"\x1a\x45\xdf\xa3"), _describe_sound("audio/webm")),
    (
        lambda data: data[4:8] == b"ftyp" and data[8:11] in (b"M4A", b"mp4", b"iso", b"das"),
        _describe_sound("audio/mp4"),
    ),
    (_is_mpeg, _describe_sound("audio/mpeg")),
)
