"""A station as a source tells it, before anybody judged it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

TEXT = 200  # characters of a name or an address that are kept: what a screen can show

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029]")
_COMMAS = re.compile(r" ?,(?: ?,)*(?: |$)")


@dataclass(frozen=True, slots=True)
class Draft:
    """`where` names the place in the source. `lat`, `lon`: degrees, None when there are none. `names` may be empty."""

    where: str
    id: str
    names: tuple[str, ...]
    address: str
    lat: float | None
    lon: float | None


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

    drafts: list[Draft]
    credit: Credit = Credit()


def tidy(text: str) -> str:
    """One line, single blanks, no stray commas, nothing that turns the writing direction of what follows."""
    plain = " ".join(_CONTROLS.sub(" ", text).split())
    return _COMMAS.sub(", ", plain).strip(" ,")[:TEXT].strip(" ,")


def tidy_names(names: Iterable[str], most: int) -> tuple[str, ...]:
    """Each name once, the empty ones left out."""
    return tuple(dict.fromkeys(name for name in map(tidy, names) if name))[:most]


def address_of(parts: Iterable[str]) -> str:
    return tidy(", ".join(part for part in map(tidy, parts) if part))
