"""A station as a source tells it, before anybody judged it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from client.stations.pack.columns import PHONE

TEXT = 200  # characters of a name or an address that are kept: what a screen can show

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029]")
_SHORTEST = 2  # digits: 02 is a telephone; "none" and "-" are not
_WHOLE = 7  # digits of a number that is not short, such as 112
_NATIONAL = 9  # digits of a number that can be dialled from another town
_LINES = re.compile(r"[;\r\n]")
_PIECES = re.compile(r",| / ")
_BARE = re.compile(r"[+(]?[0-9][0-9 ().-]*")
_COMMAS = re.compile(r" ?,(?: ?,)*(?: |$)")


@dataclass(frozen=True, slots=True)
class CandidateStation:
    """`where` names the place in the source. `lat`, `lon`: degrees, None when there are none. `names` may be empty."""

    where: str
    id: str
    names: tuple[str, ...]
    address: str
    lat: float | None
    lon: float | None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """Where stations come from and on which terms they may be passed on."""

    source: str = ""
    licence: str = ""
    notice: str = ""


OPENSTREETMAP = Credit("OpenStreetMap", "ODbL-1.0", "© OpenStreetMap contributors, Open Database License 1.0")


@dataclass(frozen=True, slots=True)
class Source:
    """Everything a file holds."""

    drafts: list[CandidateStation]
    credit: Credit = Credit()


def tidy(text: str) -> str:
    """Return a text as one line: single blanks, no stray commas, nothing that turns the writing direction."""
    plain = " ".join(_CONTROLS.sub(" ", text).split())
    return _COMMAS.sub(", ", plain).strip(" ,")[:TEXT].strip(" ,")


def tidy_names(names: Iterable[str], most: int) -> tuple[str, ...]:
    """Return each name once, the empty ones left out."""
    return tuple(dict.fromkeys(name for name in map(tidy, names) if name))[:most]


def address_of(parts: Iterable[str]) -> str:
    return tidy(", ".join(part for part in map(tidy, parts) if part))


def phone_of(parts: Iterable[str]) -> str:
    """Return the telephones in these texts, each once, as many as fit; what has no number in it is left out."""
    numbers = dict.fromkeys(number for part in parts for number in _numbers(part))
    joined = ""
    for number in numbers:
        longer = f"{joined}; {number}" if joined else number
        if len(longer) <= PHONE:  # half a number would be a wrong one
            joined = longer
    return joined


def _numbers(text: str) -> Iterator[str]:
    """Apart at semicolons and lines; at a comma only where what follows is a number by itself: else it is an extension,
    or the end of a number whose beginning is the same."""
    for line in _LINES.split(_plain_digits(text)):
        number = ""
        for piece in filter(_digits, map(tidy, _PIECES.split(line))):
            if number and len(_digits(piece)) < min(_NATIONAL, len(_digits(number))):
                number = f"{number}, {piece}"
                continue
            yield from _if_number(number)
            number = piece
        yield from _if_number(number)


def _if_number(text: str) -> Iterator[str]:
    digits = _digits(text)
    is_filler = len(digits) >= _WHOLE and len(set(digits)) == 1  # 000-000-0000
    if len(digits) >= _SHORTEST and not is_filler:
        yield text if len(text) <= PHONE else max(_BARE.findall(text), key=len).rstrip(" (.-")


def _plain_digits(text: str) -> str:
    """Persian and other digits as those of a telephone's keys."""
    return "".join(str(unicodedata.decimal(mark, mark)) for mark in text)


def _digits(text: str) -> str:
    return "".join(re.findall("[0-9]", text))
