"""The form in which names are compared: one script, small letters, no marks, numbers apart. Specified in `pack.md`.

Somebody with a Russian keyboard types Russian letters for Kazakh ones, and somebody abroad types Latin ones.
"""

import re
import unicodedata

# The zero of each script whose ten digits are read: ASCII, Arabic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati,
# Tamil, Telugu, Kannada, Malayalam, Thai, Tibetan.
_ZEROS = (0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xF20)

# Left out: apostrophes, which people forget, and the line that stretches Arabic words.
_GONE = frozenset("'`\u2019\u02bc\u02c8\u0640")
_NUMERO = "№"  # would decompose into the word "no"

# Letters that do not decompose into their neighbours, and Cyrillic as people spell it in Latin letters.
_LETTERS = {
    **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufie", strict=True)),
    **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "iu", "я": "ia"},
    **dict(zip("әғқңөұүіґєђјљњћџ", "agknouuigedjlncd", strict=True)),
    **{"һ": "kh", "y": "i"},
    **dict(zip("ıłøđħŧς", "ilodhtσ", strict=True)),
    **{"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"},
    # Arabic yeh and alef maksura as Persian yeh, Arabic kaf as Persian kaf, the other kinds of heh as heh.
    **dict.fromkeys("\u064a\u0649\u06d0\u06d2", "\u06cc"),
    **dict.fromkeys("\u0643\u06aa", "\u06a9"),
    **dict.fromkeys("\u0629\u06be\u06c1\u06c3\u06d5", "\u0647"),
}
_TOKEN = re.compile(r"[0-9]+|[^0-9 ]+")


class _Table(dict[int, str]):
    """For `str.translate`: what each character becomes, worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        self[point] = found = _folded(chr(point))
        return found


def _folded(mark: str) -> str:
    if mark == _NUMERO:
        return " "
    parts = unicodedata.normalize("NFKD", mark)
    return "".join(_one(small) for part in parts for small in part.lower())


def _one(mark: str) -> str:
    kind = unicodedata.category(mark)
    if mark in _GONE or kind[0] == "M" or kind == "Cf":
        return ""
    if kind == "Nd":
        return _digit(ord(mark))
    return _LETTERS.get(mark, mark if kind[0] == "L" else " ")


def _digit(point: int) -> str:
    return next((str(point - zero) for zero in _ZEROS if point in range(zero, zero + 10)), " ")


_TABLE = _Table()


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a text, in the form in which they are compared; numbers without leading zeros.

    Specified in `client/stations/pack/pack.md`, *The form in which names are compared*.
    """
    return [_plain(token) for token in _TOKEN.findall(text.translate(_TABLE))]


def _plain(token: str) -> str:
    return (token.lstrip("0") or "0") if is_number(token) else token


def is_number(token: str) -> bool:
    """Return whether a token is a number."""
    return token[0] in "0123456789"


def spaced(text: str) -> str:
    """Return the tokens with one blank before, between and after, so that `" 5 "` is found only as a whole token."""
    return f" {' '.join(tokens(text))} "


def grams(words: list[str]) -> list[str]:
    """Return every different piece of three characters of ` word `, in the order in which they come."""
    padded = [f" {word} " for word in words]
    return list(dict.fromkeys(word[at : at + 3] for word in padded for at in range(len(word) - 2)))
