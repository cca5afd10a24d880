"""Tables as CSV that no spreadsheet can be made to compute: RFC 4180, UTF-8, every text in quotes."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from client.desk.consent.text import lines

# What spreadsheets take for the beginning of a formula, with the wide forms that some of them fold into it.
_TRIGGERS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212|%"
# A cell may also begin where a program that was told of another separator believes that it does.
_FORMULA = re.compile(rf"(?:^|(?<=[;\n]))(?=(?:[^\S\n]|['\"])*[{_TRIGGERS}])")
_NUMBERS = re.compile(r"-?\d+(\.\d+)?(\|-?\d+(\.\d+)?)*", re.ASCII)

Cell = str | int | float | bool | None
SafeCell = str | int | float  # harmless, and never a bool


def build_csv(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Build CSV. Numbers stay numbers; true and false are written so; None is an empty cell. Source: RFC 4180."""
    return write_csv(heads, ([encode_cell(value) for value in row] for row in rows))


def encode_row(row: Sequence[Cell]) -> list[SafeCell]:
    """Encode the cells of a row. Raises UnicodeEncodeError when one holds what is no text."""
    cells = [encode_cell(value) for value in row]
    "".join(map(str, cells)).encode("utf-8")
    return cells


def write_csv(heads: Sequence[str], rows: Iterable[Sequence[SafeCell]]) -> bytes:
    """Write rows of `encode_row` as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def encode_cell(value: Cell) -> SafeCell:
    """Encode a value so that no spreadsheet computes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int | float) else defuse_formula(value)


def defuse_formula(value: str) -> str:
    """Put an apostrophe where a spreadsheet could see the beginning of a formula. See `exports.md`, "Cells"."""
    if _NUMBERS.fullmatch(value):
        return value
    return _FORMULA.sub("'", lines(value).strip("\n"))
