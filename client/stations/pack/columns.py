"""The stations of a pack as bytes: a dictionary of words, and columns. Specified in `pack.md`."""

import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from client.stations.errors import PackMalformed, TooManyStations

STATIONS = 100_000  # in one pack; more than any country's police
NAMES = 16  # of one station: its own and those it is also searched by
TEXT_WORDS = 64  # of a name or an address
PHONE = 60  # characters of a station's telephones: three or four numbers
ID = re.compile(r"[!-~]{1,40}\Z")  # ASCII, so that every language sorts ids alike

NORTH = 9_000_000  # a quarter turn in 1e-5 degree
EAST = 18_000_000

# How a word's number stands in the texts: the frequent words in one byte, the others in two or three.
ONE_BYTE = 192
TWO_BYTES = ONE_BYTE + (253 - ONE_BYTE) * 256
WORDS = TWO_BYTES + 65_536
_NEXT_NAME, _THREE_BYTES, _END = 253, 254, 255

_HEAD = struct.Struct(">7I")
_DELTA_BYTES = 4  # 28 bits hold every step between two longitudes
_MORE = 128  # in a byte of a step: another byte follows
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class PackStation:
    """One station. `names`: the one that is shown first, then others it is searched by; may be empty. `phone`: its
    telephones with `; ` between them, or empty."""

    id: str
    names: tuple[str, ...]
    address: str
    lat: int  # 1e-5 degree
    lon: int
    phone: str = ""

    @property
    def name(self) -> str:
        """The first of its names; empty when it has none."""
        return self.names[0] if self.names else ""


# Writing


def encode(stations: Sequence[PackStation]) -> bytes:
    """Return the stations as bytes, in this order. Specified in `client/stations/pack/pack.md`, *The body*."""
    texts = [_split(text) for station in stations for text in (*station.names, station.address)]
    words = _dictionary(word for text in texts for word in text)
    if len(words) > WORDS:
        raise TooManyStations(f"{len(words)} different words")
    code = {word: _word_code(number) for number, word in enumerate(words)}
    parts = (
        "\n".join(words).encode(),
        "\n".join(station.id for station in stations).encode(),
        b"".join(_steps(stations)),
        b"".join(_names_code(station.names, code) for station in stations),
        b"".join(_text_code(station.address, code) + bytes([_END]) for station in stations),
    )
    return _HEAD.pack(len(stations), len(words), *map(len, parts)) + b"".join(parts) + _phones_code(stations)


def _phones_code(stations: Sequence[PackStation]) -> bytes:
    """Encode the telephones: nothing when no station has a telephone, so that such a pack costs no byte more."""
    return (
        "\n".join(station.phone for station in stations).encode() if any(station.phone for station in stations) else b""
    )


def _split(text: str) -> list[str]:
    """Return the words of a text; a comma before a blank is a word of its own, because that halves the dictionary."""
    return text.replace(", ", " , ").split(" ") if text else []


def _joined(words: Iterable[str]) -> str:
    return " ".join(words).replace(" , ", ", ")


def _dictionary(words: Iterable[str]) -> list[str]:
    """Return each word once: first the frequent ones, whose numbers take one byte, then the others by alphabet."""
    ranked = [word for word, _ in sorted(Counter(words).items(), key=lambda counted: (-counted[1], counted[0]))]
    return ranked[:ONE_BYTE] + sorted(ranked[ONE_BYTE:])


def _word_code(number: int) -> bytes:
    if number < ONE_BYTE:
        return bytes([number])
    if number < TWO_BYTES:
        high, low = divmod(number - ONE_BYTE, 256)
        return bytes([ONE_BYTE + high, low])
    return bytes([_THREE_BYTES, *divmod(number - TWO_BYTES, 256)])


def _text_code(text: str, code: dict[str, bytes]) -> bytes:
    return b"".join(code[word] for word in _split(text))


def _names_code(names: Sequence[str], code: dict[str, bytes]) -> bytes:
    return bytes([_NEXT_NAME]).join(_text_code(name, code) for name in names) + bytes([_END])


def _steps(stations: Iterable[PackStation]) -> Iterator[bytes]:
    lat = lon = 0
    for station in stations:
        yield _step(station.lat - lat)
        yield _step(station.lon - lon)
        lat, lon = station.lat, station.lon


def _step(delta: int) -> bytes:
    left = delta * 2 if delta >= 0 else -delta * 2 - 1
    out = bytearray()
    while left >= _MORE:
        out.append(left % _MORE | _MORE)
        left >>= 7
    out.append(left)
    return bytes(out)


# Reading


def decode(body: bytes) -> tuple[PackStation, ...]:
    """Return the stations behind `encode`. Raises PackMalformed.

    Specified in `client/stations/pack/pack.md`, *The body*.
    """
    count, word_count, *sizes = _head(body)
    words_part, ids_part, steps, names_part, addresses_part, phones_part = _parts(body, sizes)
    words = _lines(words_part, word_count)
    if any(not word or _UNPRINTABLE.search(word) for word in words):
        raise PackMalformed("a word that is none")
    ids = _lines(ids_part, count)
    if len(set(ids)) != count or not all(ID.match(id_) for id_ in ids):
        raise PackMalformed("an id that is none, or twice the same")
    names = [tuple(map(_joined, _names(text))) for text in _texts(names_part, words, count)]
    addresses = [_joined(_one_name(text)) for text in _texts(addresses_part, words, count)]
    columns = zip(ids, names, addresses, _positions(steps, count), _phones(phones_part, count), strict=True)
    return tuple(
        PackStation(id_, called, address, lat, lon, phone) for id_, called, address, (lat, lon), phone in columns
    )


def _head(body: bytes) -> tuple[int, ...]:
    if len(body) < _HEAD.size:
        raise PackMalformed("cut off")
    head = _HEAD.unpack_from(body)
    if not 1 <= head[0] <= STATIONS or head[1] > WORDS:
        raise PackMalformed("more stations or words than a pack may have")
    return head


def _parts(body: bytes, sizes: Sequence[int]) -> list[bytes]:
    """Return the parts whose sizes are given, and the rest behind them."""
    if _HEAD.size + sum(sizes) > len(body):
        raise PackMalformed("lengths that do not fit")
    parts, start = [], _HEAD.size
    for size in sizes:
        parts.append(body[start : start + size])
        start += size
    return [*parts, body[start:]]


def _lines(part: bytes, count: int) -> list[str]:
    try:
        lines = part.decode().split("\n") if part else []
    except UnicodeDecodeError:
        raise PackMalformed("not UTF-8") from None
    if len(lines) != count:
        raise PackMalformed("another number of lines than announced")
    return lines


_NO_WORD = ""  # stands between two names; no word is empty


def _texts(part: bytes, words: Sequence[str], count: int) -> Iterator[list[str]]:
    """`count` texts as lists of words, with `_NO_WORD` between the names of one station."""
    if not part or part[-1] != _END:
        raise PackMalformed("a text without end")
    text: list[str] = []
    seen = at = 0
    while at < len(part):
        byte = part[at]
        if byte == _END:
            yield _checked_text(text)
            text, seen, at = [], seen + 1, at + 1
            continue
        word, at = _word(part, at, words)
        text.append(word)
    if seen != count:
        raise PackMalformed("another number of texts than stations")


def _word(part: bytes, at: int, words: Sequence[str]) -> tuple[str, int]:
    byte = part[at]
    if byte == _NEXT_NAME:
        return _NO_WORD, at + 1
    if byte < ONE_BYTE:
        number, after = byte, at + 1
    elif byte == _THREE_BYTES:
        number, after = TWO_BYTES + int.from_bytes(part[at + 1 : at + 3], "big"), at + 3
    else:
        number, after = ONE_BYTE + (byte - ONE_BYTE) * 256 + int.from_bytes(part[at + 1 : at + 2], "big"), at + 2
    if after > len(part):
        raise PackMalformed("a text without end")
    if number >= len(words):
        raise PackMalformed("a word that is not in the dictionary")
    return words[number], after


def _checked_text(text: list[str]) -> list[str]:
    if len(text) > NAMES * TEXT_WORDS:
        raise PackMalformed("a text that is too long")
    return text


def _names(text: list[str]) -> list[list[str]]:
    names: list[list[str]] = [[]] if text else []
    for word in text:
        if word == _NO_WORD:
            names.append([])
        else:
            names[-1].append(word)
    if len(names) > NAMES or not all(names):
        raise PackMalformed("a name that is none")
    return names


def _one_name(text: list[str]) -> list[str]:
    if _NO_WORD in text:
        raise PackMalformed("two addresses")
    return text


def _positions(steps: bytes, count: int) -> list[tuple[int, int]]:
    deltas = list(_deltas(steps))
    if len(deltas) != 2 * count:
        raise PackMalformed("another number of positions than stations")
    found, lat, lon = [], 0, 0
    for at in range(0, len(deltas), 2):
        lat, lon = lat + deltas[at], lon + deltas[at + 1]
        if not (-NORTH <= lat <= NORTH and -EAST <= lon <= EAST):
            raise PackMalformed("a position off the globe")
        found.append((lat, lon))
    return found


def _deltas(steps: bytes) -> Iterator[int]:
    left = shift = 0
    for byte in steps:
        left |= (byte % _MORE) << shift
        if byte < _MORE:
            yield left >> 1 if left & 1 == 0 else -(left + 1 >> 1)
            left = shift = 0
        else:
            shift += 7
            if shift == 7 * _DELTA_BYTES:
                raise PackMalformed("a position that is too long")
    if shift:
        raise PackMalformed("a position without end")


def _phones(part: bytes, count: int) -> list[str]:
    phones = _lines(part, count) if part else [""] * count
    if any(len(phone) > PHONE or _CONTROL.search(phone) for phone in phones):
        raise PackMalformed("a telephone that is none")
    return phones
