"""Names of our fields in other vocabularies, read from the table in `client/report.md`, the one list there is."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Terms:
    """Names of one field; empty when no term is known to fit."""

    huridocs: str
    wgad: str
    hxl: str

    @property
    def slug(self) -> str:
        """The HURIDOCS field in ASCII: `date_of_birth`."""
        _, _, field = self.huridocs.rpartition(": ")
        return re.sub(r"[^a-z0-9]+", "_", field.lower()).strip("_")


@cache
def load_terms() -> dict[str, Terms]:
    """Load the names of every field of a report."""
    page = files("client").joinpath("report.md").read_text(encoding="utf-8")
    _, _, table = page.partition("## Fields and other vocabularies")
    return {field: Terms(*(_strip_markup(cell) for cell in cells)) for field, _, *cells in _ROW.findall(table)}


def _strip_markup(cell: str) -> str:
    words = cell.replace("`", "").strip()
    return "" if words == _NONE else words
