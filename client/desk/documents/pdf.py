"""Text on A4, as PDF, in the scripts that a system's fonts have. Specified in `client/desk/exports/exports.md`.

Nothing a person wrote is read as markup, and the file names neither a person, a program nor a time zone.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from fontTools.ttLib import TTFont, TTLibError
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos

from client.desk.consent.text import line
from keys.errors import TocsinError
from keys.wire import DAY_SECONDS

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts/Supplemental",
    "C:/Windows/Fonts",
)
# Regular and bold. All of them have Latin and Cyrillic with the letters of Kazakh; only DejaVu has Persian besides.
FAMILIES = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("arial.ttf", "arialbd.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
)
MARGIN = 20  # millimetres
SIZE, TITLE_SIZE, SMALL_SIZE = 11, 13, 8  # points
LEADING = 5.5  # millimetres from line to line
CELL = 100  # characters of a cell that are shown: fpdf2 refuses a row that is higher than a page
FALLBACKS = 6  # fonts beyond the first; every one of them is read whole


class Written(Protocol):
    """A letter: to whom and from whom, its title, its paragraphs."""

    @property
    def to(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def paragraphs(self) -> Sequence[str]: ...


class NoFont(TocsinError):
    """no font on this computer has these letters"""

    code = "no-font"
    hint = "on Debian: apt install fonts-dejavu-core, and for other scripts fonts-noto; the text can be saved as it is"


class Paper:
    """One document. With `strict`, a letter that no font has is NoFont; without, it is spelled out: ⟨U+4E2D⟩."""

    def __init__(self, now: int, *, strict: bool = True) -> None:
        self._strict = strict
        self._pdf = _Pdf()
        self._pdf.set_creation_date(datetime.fromtimestamp(now - now % DAY_SECONDS, UTC))
        self._pdf.set_margin(MARGIN)
        self._pdf.set_auto_page_break(True, MARGIN)
        regular, bold = _family()
        self._pdf.add_font("text", "", regular)
        self._pdf.add_font("text", "B", bold)
        self._pdf.set_text_shaping(True)
        self._letters = set(_letters(regular)) & set(_letters(bold))
        self._more: list[str] = []
        self._pdf.add_page()

    def title(self, words: str) -> None:
        self._write(words, TITLE_SIZE, "B")
        self._pdf.ln(LEADING / 2)

    def paragraph(self, words: str) -> None:
        """Lines stay lines; an empty one leaves a gap. A word longer than the line is broken."""
        for one in words.split("\n"):
            if one.strip():
                self._write(one, SIZE, "")
            else:
                self._pdf.ln(LEADING / 2)

    def right(self, words: str) -> None:
        """Whom it is addressed to and from whom: a block on the right half of the page."""
        half = (self._pdf.w - 2 * MARGIN) / 2
        for one in words.split("\n"):
            self._pdf.set_x(MARGIN + half)
            self._write(one, SIZE, "", width=half)

    def small(self, words: str) -> None:
        self._write(words, SMALL_SIZE, "")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
        """Rows with lines around them; the heads are repeated on each page. `widths` are shares."""
        self._pdf.set_font("text", "", SIZE - 1)
        cells = [[_cut(self._fit(cell)) for cell in row] for row in rows]
        with self._pdf.table(
            col_widths=tuple(widths), text_align="LEFT", line_height=LEADING, wrapmode=WrapMode.WORD, padding=1
        ) as table:
            for row in [[self._fit(head) for head in heads], *cells]:
                table.row(row)

    def data(self) -> bytes:
        return bytes(self._pdf.output())

    def _write(self, words: str, size: int, style: str, width: float = 0) -> None:
        words = self._fit(words)
        self._pdf.set_font("text", style, size)
        align = "R" if _is_rtl(words) else "L"
        height = LEADING * size / SIZE
        self._pdf.multi_cell(width, height, words, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _fit(self, words: str) -> str:
        """The words without anything invisible in them, after finding a font for each letter."""
        words = line(words)
        missing = {one for one in words if ord(one) not in self._letters and not one.isspace()}
        if missing:
            self._look_for(missing)
            missing = {one for one in missing if ord(one) not in self._letters}
        lost = {one for one in missing if unicodedata.category(one)[0] in "LM"}
        if self._strict and lost:
            raise NoFont(", ".join(sorted({unicodedata.name(one, "?").split(" ")[0].lower() for one in lost})))
        return "".join(f"⟨U+{ord(one):04X}⟩" if one in missing else one for one in words)

    def _look_for(self, missing: set[str]) -> None:
        if len(self._more) >= FALLBACKS:
            return
        wanted = {ord(one) for one in missing}
        for path in _fonts():
            found = wanted & _letters(path)
            if found and len(self._more) < FALLBACKS:
                name = f"more{len(self._more)}"
                self._pdf.add_font(name, "", path)
                self._more.append(name)
                self._pdf.set_fallback_fonts(self._more, exact_match=False)
                self._letters |= found
                wanted -= found


def letter(written: Written, now: int) -> bytes:
    """A letter as PDF. Raises NoFont."""
    paper = Paper(now)
    if written.to:
        paper.right(written.to)
        paper.paragraph("\n")
    paper.title(written.title)
    for one in written.paragraphs:
        paper.paragraph(one)
        paper.paragraph("")
    return paper.data()


def _cut(words: str) -> str:
    return words if len(words) <= CELL else words[: CELL - 1] + "…"


class _Pdf(FPDF):
    def file_id(self) -> None:
        """None: it would be a fingerprint of the file within the file."""
        return


def _is_rtl(words: str) -> bool:
    """Whether the first letter that has a direction is written from right to left."""
    kinds = (unicodedata.bidirectional(one) for one in words)
    return next((kind in ("R", "AL") for kind in kinds if kind in ("L", "R", "AL")), False)


@cache
def _family() -> tuple[str, str]:
    by_name: dict[str, str] = {}
    for path in _files():
        by_name.setdefault(path.name, str(path))
    for regular, bold in FAMILIES:
        if regular in by_name:
            return by_name[regular], by_name.get(bold, by_name[regular])
    raise NoFont("DejaVu Sans, Noto Sans, Liberation Sans and Arial were looked for")


def _files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted(Path(folder).expanduser().rglob("*.[to]tf"))


@cache
def _fonts() -> tuple[str, ...]:
    """Fonts for other scripts: upright and of normal weight."""
    return tuple(str(path) for path in _files() if path.stem.lower().endswith("-regular") or "-" not in path.stem)


@cache
def _letters(path: str) -> frozenset[int]:
    try:
        with TTFont(path, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (OSError, TTLibError):
        return frozenset()
