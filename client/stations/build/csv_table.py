"""Stations from a CSV table: which column is what is said by the person or guessed from the headers."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from client.stations.build import candidate
from client.stations.build.candidate import CandidateStation, Source
from client.stations.errors import ColumnsUnknown, SourceUnreadable
from client.stations.pack.columns import NAMES

FIELDS = ("id", "name", "other", "address", "lat", "lon", "phone")
ROWS = 1_000_000  # a table longer than this is not a list of stations
COLUMNS = 3  # a name and two coordinates are the least there can be
_CELL = 100_000  # characters; a cell longer than this means that the quotes do not match

# Headers as people write them, compared in small letters without blanks and underscores. The first that fits wins.
_HEADERS: Mapping[str, Sequence[str]] = {
    "id": ("id", "stationid", "objectid", "@id", "osmid", "fid", "код", "№"),
    "name": ("name", "stationname", "station", "title", "название", "наименование", "имя", "назва", "атауы", "نام"),
    "other": ("othername", "othernames", "altname", "nameen", "nameru", "namekk", "namefa", "shortname"),
    "address": ("address", "addr", "fulladdress", "street", "адрес", "адреса", "адрас", "мекенжай", "мекенжайы", "آدرس",
                "نشانی", "city", "town", "город", "місто", "горад", "қала", "شهر", "state", "region", "регион"),
    "phone": ("phone", "phones", "phonenumber", "telephone", "telephones", "telephonenumber", "tel", "contactphone",
              "телефон", "телефоны", "тел", "тел.", "номертелефона", "телефони", "тэлефон", "тэлефоны", "تلفن"),
    "lat": ("lat", "latitude", "y", "широта", "шырота", "ендік", "عرض"),
    "lon": ("lon", "lng", "long", "longitude", "x", "долгота", "довгота", "даўгата", "бойлық", "طول"),
}  # fmt: skip
_SEVERAL = ("other", "address", "phone")
_BLANK = re.compile(r"[\s_:-]")


def read(data: bytes, columns: Mapping[str, Sequence[str]], encoding: str | None = None) -> Source:
    """Return every row of the table. `columns`: field -> headers, for those that should not be guessed.
    Raises SourceUnreadable, ColumnsUnknown."""
    text = _text(data, encoding)
    header, rows = _rows(text)
    chosen = _columns(header, columns)
    return Source([_draft(number, row, chosen) for number, row in rows])


def _text(data: bytes, encoding: str | None) -> str:
    if encoding is None:
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding = "utf-16" if wide else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        raise SourceUnreadable(f"not {encoding}") from None
    text = text.removeprefix("\ufeff")  # a named encoding leaves the byte order mark where it is
    if "\0" in text:
        raise SourceUnreadable("not text")
    return text


def _rows(text: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    mark = max(",;\t|", key=first.count)
    csv.field_size_limit(_CELL)
    rows = _checked(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    header = next((row for _, row in rows), [])
    if len(header) < COLUMNS:
        raise ColumnsUnknown("fewer than three columns")
    return [cell.strip() for cell in header], rows


def _checked(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    try:
        for number, row in enumerate(reader, start=1):
            if number > ROWS:
                raise SourceUnreadable("too many rows")
            if any(cell.strip() for cell in row):
                yield number, row
    except csv.Error as error:
        raise SourceUnreadable(str(error)) from None


def _columns(header: Sequence[str], named: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    chosen = {field: _named(header, named[field]) if named.get(field) else _guessed(header, field) for field in FIELDS}
    missing = [field for field in ("name", "lat", "lon") if not chosen[field]]
    if missing:
        raise ColumnsUnknown(f"no column for {', '.join(missing)} among {', '.join(header)}")
    return chosen


def _named(header: Sequence[str], names: Sequence[str]) -> list[int]:
    small = [cell.casefold() for cell in header]
    for name in names:
        if name.strip().casefold() not in small:
            raise ColumnsUnknown(f"no column {name} among {', '.join(header)}")
    return [small.index(name.strip().casefold()) for name in names]


def _guessed(header: Sequence[str], field: str) -> list[int]:
    plain = [_BLANK.sub("", cell.casefold()) for cell in header]
    found = [plain.index(name) for name in _HEADERS[field] if name in plain]
    return found if field in _SEVERAL else found[:1]


def _draft(number: int, row: Sequence[str], chosen: Mapping[str, Sequence[int]]) -> CandidateStation:
    def cells(field: str) -> list[str]:
        return [row[at] for at in chosen[field] if at < len(row)]

    return CandidateStation(
        where=f"row {number}",
        id=next(iter(cells("id")), "").strip(),
        names=candidate.tidy_names([*cells("name"), *cells("other")], NAMES),
        address=candidate.address_of(cells("address")),
        lat=_degrees(cells("lat")),
        lon=_degrees(cells("lon")),
        phone=candidate.phone_of(cells("phone")),
    )


def _degrees(cells: Sequence[str]) -> float | None:
    """Read a number of degrees, with a comma or a point; None when the cell holds none."""
    try:
        return float(cells[0].strip().replace(",", "."))
    except (ValueError, IndexError):
        return None
