"""What a forensic laboratory would try first: searching a folder for words, however they were packed away.

Every file is looked at as it is, and so is everything that can be unpacked from it: gzip and zlib streams wherever they
begin, blocks of LevelDB tables (snappy), records of LevelDB logs that are cut in pieces, values of SQLite databases.
"""

import base64
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

DEPTH = 3  # a gzip stream in a database in a gzip stream
STREAM_BYTES = 64 * 2**20


def spellings(text: str) -> dict[str, bytes]:
    """How a text may stand in a file."""
    plain = text.encode()
    spelt = {
        "utf-8": plain,
        "utf-16-le": text.encode("utf-16-le"),
        "utf-16-be": text.encode("utf-16-be"),
        "url": quote(text, safe="").encode(),
        "url-lower": quote(text, safe="").lower().encode(),
        "form": quote_plus(text).encode(),
        "json": json.dumps(text)[1:-1].encode(),
        "hex": plain.hex().encode(),
        "hex-upper": plain.hex().upper().encode(),
    }
    for offset in range(3):
        inner = _base64_core(plain, offset)
        spelt[f"base64-{offset}"] = inner
        spelt[f"base64url-{offset}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
        spelt[f"base64-utf-16-{offset}"] = _base64_core(text.encode("utf-16-le"), offset)
    return spelt


def _base64_core(data: bytes, offset: int) -> bytes:
    """The characters of base64 that depend on these bytes alone, when they begin so far into a group of three."""
    whole = base64.b64encode(bytes(offset) + data)
    start = (0, 2, 3)[offset]
    spare = (offset + len(data)) % 3
    return whole[start : len(whole) - (0, 3, 2)[spare]]


def find(folder: Path, words: dict[str, str | bytes]) -> set[tuple[str, str, str]]:
    """(word's name, spelling, file) for every word that can be found in the folder."""
    needles = [
        (name, spelling, data)
        for name, word in words.items()
        for spelling, data in (spellings(word) if isinstance(word, str) else raw_spellings(word)).items()
    ]
    first = _shortest({data for _, _, data in needles})
    hits = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            where = path.relative_to(folder).as_posix()
            for layer in (where.encode(), *layers(path)):
                if any(data in layer for data in first):
                    hits |= {(name, spelling, where) for name, spelling, data in needles if data in layer}
    return hits


def _shortest(needles: set[bytes]) -> list[bytes]:
    """Return those that contain no other: where none of these stands, none of all stands."""
    chosen: list[bytes] = []
    for data in sorted(needles, key=len):
        if not any(needle in data for needle in chosen):
            chosen.append(data)
    return chosen


def raw_spellings(data: bytes) -> dict[str, bytes]:
    """How a key may stand in a file."""
    return {
        "raw": data,
        "hex": data.hex().encode(),
        **{f"base64-{offset}": _base64_core(data, offset) for offset in range(3)},
        **{
            f"base64url-{offset}": _base64_core(data, offset).replace(b"+", b"-").replace(b"/", b"_")
            for offset in range(3)
        },
    }


def layers(path: Path) -> Iterator[bytes]:
    """The file's bytes, and whatever can be unpacked from them."""
    data = path.read_bytes()
    yield from _unpacked(data, DEPTH)
    if data.startswith(b"SQLite format 3\0"):
        for value in _values(path):
            yield from _unpacked(value, 1)


def _unpacked(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if depth == 0:
        return
    for inner in (*_streams(data), *_table(data), *_log(data)):
        yield from _unpacked(inner, depth - 1)


# gzip and zlib

_STARTS = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")


def _streams(data: bytes) -> Iterator[bytes]:
    for start in _STARTS.finditer(data):
        engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            plain = engine.decompress(data[start.start() :], STREAM_BYTES)
        except zlib.error:
            continue
        if plain:
            yield plain


# LevelDB: tables of blocks, most of them snappy; logs of records in pieces

_TABLE_MAGIC = bytes.fromhex("57fb808b247547db")
_LOG_BLOCK = 32_768
_LOG_HEAD = 7


def _table(data: bytes) -> Iterator[bytes]:
    if not data.endswith(_TABLE_MAGIC):
        return
    footer, at = data[-48:], 0
    for _ in range(2):  # where the block of filters lies
        _, at = _varint(footer, at)
    offset, at = _varint(footer, at)
    size, _ = _varint(footer, at)
    index = _block(data, offset, size)
    for value in _entries(index):
        start, after = _varint(value, 0)
        length, _ = _varint(value, after)
        yield _keys_and_values(_block(data, start, length))


def _block(data: bytes, offset: int, size: int) -> bytes:
    body = data[offset : offset + size]
    return snappy(body) if data[offset + size : offset + size + 1] == b"\1" else body


def _pairs(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys share what they have in common with the key before; here they are whole."""
    if len(block) < 4:
        return
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        fresh, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        yield key, block[at : at + length]
        at += length


def _entries(block: bytes) -> list[bytes]:
    return [value for _, value in _pairs(block)]


def _keys_and_values(block: bytes) -> bytes:
    return b"\n".join(part for pair in _pairs(block) for part in pair)


def _log(data: bytes) -> Iterator[bytes]:
    """Records of a log, put together again where they were cut."""
    record = bytearray()
    for start in range(0, len(data), _LOG_BLOCK):
        block, at = data[start : start + _LOG_BLOCK], 0
        while at + _LOG_HEAD <= len(block):
            length, kind = int.from_bytes(block[at + 4 : at + 6], "little"), block[at + 6]
            piece = block[at + _LOG_HEAD : at + _LOG_HEAD + length]
            if kind not in (1, 2, 3, 4) or len(piece) < length:
                break
            at += _LOG_HEAD + length
            if kind in (1, 2):
                record.clear()
            record += piece
            if kind == 4:  # the last of several pieces; a whole record stands in the file as it is
                yield bytes(record)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            break
        shift += 7
    return value, at


def snappy(data: bytes) -> bytes:
    """Unpack a snappy block; what is none comes out cut short."""
    size, at = _varint(data, 0)
    plain = bytearray()
    while at < len(data) and len(plain) < min(size, STREAM_BYTES):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = (tag >> 2) + 1
            if length > 60:
                wide = length - 60
                length = int.from_bytes(data[at : at + wide], "little") + 1
                at += wide
            plain += data[at : at + length]
            at += length
            continue
        length, back, at = _copy(data, tag, at)
        if not 0 < back <= len(plain):
            break
        for _ in range(length):
            plain.append(plain[-back])
    return bytes(plain)


def _copy(data: bytes, tag: int, at: int) -> tuple[int, int, int]:
    if tag & 3 == 1:
        return (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at] if at < len(data) else 0, at + 1
    wide = 2 if tag & 3 == 2 else 4
    return (tag >> 2) + 1, int.from_bytes(data[at : at + wide], "little"), at + wide


# SQLite


def _values(path: Path) -> Iterator[bytes]:
    """Every value of every table; a long one is spread over pages that need not be neighbours."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as base:
        base.text_factory = bytes
        try:
            tables = [name.decode() for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for row in base.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - its own name for it
                    yield b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
        except sqlite3.Error:
            return  # cut off when the browser was killed; its bytes were looked at all the same
