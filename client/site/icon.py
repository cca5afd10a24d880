"""The icon: a plain sheet with three lines, as any app for notes has it. Drawn here, so that it comes from nowhere."""

import struct
import zlib

PAPER, GROUND, INK = (0xFF, 0xFF, 0xFF), (0x5B, 0x6B, 0x7B), (0xB6, 0xC0, 0xCA)
SIZES = (192, 512)

# In parts of 512: x, y, width, height, colour. Everything important lies within the circle a launcher may cut out.
_SHEET = (156, 120, 200, 272, PAPER)
_LINES = tuple((192, 184 + 56 * line, 128 - 40 * (line == 2), 20, INK) for line in range(3))  # noqa: PLR2004
_WHOLE = 512


def svg() -> bytes:
    """Return the icon as a drawing."""
    shapes = ((0, 0, _WHOLE, _WHOLE, GROUND), _SHEET, *_LINES)
    rects = "".join(
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="#{bytes(fill).hex()}"/>' for x, y, w, h, fill in shapes
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WHOLE} {_WHOLE}">{rects}</svg>\n'.encode()


def png(size: int) -> bytes:
    """Return the icon as a picture of so many pixels each way."""
    rows = [_row(y, size) for y in range(size)]
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _row(y: int, size: int) -> bytes:
    row = bytearray(bytes(GROUND) * size)
    for left, top, width, height, fill in (_SHEET, *_LINES):
        if _scaled(top, size) <= y < _scaled(top + height, size):
            start, end = _scaled(left, size), _scaled(left + width, size)
            row[3 * start : 3 * end] = bytes(fill) * (end - start)
    return bytes(row)


def _scaled(length: int, size: int) -> int:
    return round(length * size / _WHOLE)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
