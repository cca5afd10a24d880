"""Totals with HXL hashtags (version 1.1): a row of heads, a row of hashtags, one row for each place, one for all."""

from collections.abc import Sequence

from client.desk.exports.csv_cells import Cell, build_csv
from client.desk.exports.terms import load_terms
from client.desk.exports.totals import MEASURES, SMALL, Totals, TotalsLine

HEADS = {
    "ru": (
        "Вид места",
        "Место",
        "Город",
        "Широта",
        "Долгота",
        "Задержано",
        "Из них детей",
        "Из них раненых",
        "Заметка",
    ),
    "en": ("Kind of place", "Place", "City", "Latitude", "Longitude", "Held", "Children", "Injured", "Note"),
}
NOTES = {"ru": ("Всего", f"менее {SMALL} или скрыто"), "en": ("All", f"fewer than {SMALL}, or hidden")}


def build_hxl(totals: Totals, language: str) -> bytes:
    """Build CSV with heads in this language (`ru` or `en`). A hidden number is an empty cell with a note.

    Source: HXL 1.1.
    """
    every, hidden = NOTES[language]
    rows = [_build_row(totals_line, hidden) for totals_line in totals.lines]
    sums = [totals.sums[measure] for measure in MEASURES]
    rows.append([every, None, None, None, None, *sums, hidden if None in sums else None])
    return build_csv(HEADS[language], [build_hashtags(), *rows])


def build_hashtags() -> Sequence[str]:
    """Return the hashtags of the columns: those of `client/report.md`; where no fact of a report fits, the standard's
    own."""
    known = {field: names.hxl for field, names in load_terms().items()}
    geo = known["place"].replace("`", "")
    lat, lon = (f"#geo+{axis}" if f"#geo+{axis}" in geo else "" for axis in ("lat", "lon"))
    measures = [known["people"], known["minors"], known["injured"]]
    return ["#loc+type", known["station"], "#adm2+name", lat, lon, *measures, "#meta+note"]


def _build_row(totals_line: TotalsLine, hidden: str) -> list[Cell]:
    place = totals_line.place
    where = (
        [None] * 4
        if place is None
        else [place.name, place.city, *(None if x is None else x / 100_000 for x in (place.lat, place.lon))]
    )
    numbers = [totals_line.cells[measure].shown for measure in MEASURES]
    return [totals_line.kind, *where, *numbers, hidden if None in numbers else None]
