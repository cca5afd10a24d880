"""Text on A4, as PDF, in the scripts that a system's fonts have. Specified in `client/desk/exports/exports.md`.

Nothing a person wrote is read as markup, and the file names neither a person, a program nor a time zone.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from fontTools.ttLib import TTFont, TTLibError
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, WrapMode, XPos, YPos

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
SIZE, TITLE_SIZE = 11, 13  # points
LEADING = 5.5  # millimetres from line to line
PADDING = 1  # millimetres around the words of a cell
CELL_LINES = 8  # of a cell that are shown: fpdf2 refuses a row that is higher than a page
FALLBACKS = 6  # fonts beyond the first; every one of them is read whole


class PrintableLetter(Protocol):
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
    """One document. `now`: Unix seconds; only its day stands in the file. With `strict`, a letter that no font has
    raises NoFont; without, it is spelled out: ⟨U+4E2D⟩. `fallbacks`: how many fonts beyond the first may be used."""

    def __init__(self, now: int, *, strict: bool = True, fallbacks: int = FALLBACKS) -> None:
        self._strict, self._fallbacks = strict, fallbacks
        self._pdf = _Pdf()
        self._pdf.set_creation_date(datetime.fromtimestamp(now - now % DAY_SECONDS, UTC))
        self._pdf.set_margin(MARGIN)
        self._pdf.set_auto_page_break(True, MARGIN)
        regular, bold = _find_family()
        self._pdf.add_font("text", "", regular)
        self._pdf.add_font("text", "B", bold)
        self._pdf.set_text_shaping(True)
        self._letters = set(_read_letters(regular)) & set(_read_letters(bold))
        self._more: dict[str, str] = {}  # name to path
        self._pdf.add_page()

    def add_title(self, text: str) -> None:
        """Add the title, in bold."""
        self._write(text, TITLE_SIZE, "B")
        self._pdf.ln(LEADING / 2)

    def add_paragraph(self, text: str) -> None:
        """Add text, line by line; an empty line leaves a gap. A word longer than the line is broken."""
        for text_line in text.split("\n"):
            if text_line.strip():
                self._write(text_line, SIZE, "")
            else:
                self._pdf.ln(LEADING / 2)

    def add_right_block(self, text: str) -> None:
        """Add whom a letter is addressed to and from whom: a block on the right half of the page."""
        half = (self._pdf.w - 2 * MARGIN) / 2
        for text_line in text.split("\n"):
            self._pdf.set_x(MARGIN + half)
            self._write(text_line, SIZE, "", width=half)

    def add_table(
        self, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int],
        substitute: Callable[[int], Sequence[str]],
    ) -> list[int]:  # fmt: skip
        """Add rows with lines around them and repeat the heads on each page. `widths` are shares.

        A row that cannot be set for any reason does not keep the others from being set: in its place stands
        `substitute` of its number, from 0. Returns these numbers.
        """
        self._pdf.set_font("text", "", SIZE - 1)
        columns = [self._pdf.epw * width / sum(widths) for width in widths]
        cells, failed = list[Sequence[str]](), list[int]()
        rows = list(rows)
        self._add_fonts_for(self._find_missing("".join(row) for row in rows))
        for number, row in enumerate(rows):
            try:
                cells.append([self._fit_cell(cell, width) for cell, width in zip(row, columns, strict=True)])
            except Exception:  # whatever one person's words do, everybody else is on the list
                failed.append(number)
                cells.append(substitute(number))
        with self._pdf.table(
            col_widths=tuple(widths), text_align="LEFT", line_height=LEADING, wrapmode=WrapMode.WORD, padding=PADDING
        ) as table:
            for row in [[self._fit(head) for head in heads], *cells]:
                table.row(row)
        return failed

    def _fit_cell(self, text: str, width: float) -> str:
        """Return as much of a text as `CELL_LINES` lines of a cell hold, in the font they are set in. `width` in mm."""
        text = self._fit(text, width - 2 * PADDING)
        if self._count_lines(text, width) <= CELL_LINES:
            return text
        least, most = 0, len(text)
        while most - least > 1:
            middle = (least + most) // 2
            if self._count_lines(text[:middle] + "…", width) <= CELL_LINES:
                least = middle
            else:
                most = middle
        return text[:least] + "…"

    def _count_lines(self, text: str, width: float) -> int:
        lines = self._pdf.multi_cell(
            width, LEADING, text, align="L", wrapmode=WrapMode.WORD, padding=PADDING, dry_run=True,
            output=MethodReturnValue.LINES,
        )  # fmt: skip
        return len(cast("list[str]", lines))  # which type it has depends on `output`

    def to_bytes(self) -> bytes:
        """Return the PDF."""
        return bytes(self._pdf.output())

    def _write(self, text: str, size: int, style: str, width: float = 0) -> None:
        self._pdf.set_font("text", style, size)
        text = self._fit(text, width or self._pdf.epw)
        align = "R" if _is_rtl(text) else "L"
        height = LEADING * size / SIZE
        self._pdf.multi_cell(width, height, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _fit(self, text: str, width: float = 0) -> str:
        """Find a font for each letter, and return the text without anything invisible in it. A letter that is wider
        than a line of `width` mm (0: any) in the font that is set cannot be broken, and is spelled out."""
        text = line(text)
        missing = self._find_missing([text])
        if missing:
            self._add_fonts_for(missing)
            missing = self._find_missing([text])
        lost = {letter for letter in missing if unicodedata.category(letter)[0] in "LM"}
        if self._strict and lost:
            raise NoFont(", ".join(sorted({unicodedata.name(letter, "?").split(" ")[0].lower() for letter in lost})))
        spelled = {
            letter for letter in set(text) if letter in missing or (width and self._measure_letter(letter) > width)
        }
        return "".join(f"⟨U+{ord(letter):04X}⟩" if letter in spelled else letter for letter in text)

    def _measure_letter(self, letter: str) -> float:
        """Return the width of a letter in the font that is set, in mm. It differs tenfold between fonts."""
        return self._pdf.get_string_width(letter) + 2 * self._pdf.c_margin

    def _find_missing(self, texts: Iterable[str]) -> Counter[str]:
        """Count, for each letter that no font has yet, in how many of these texts it stands."""
        found = Counter(letter for text in texts for letter in set(line(text)))
        return Counter(
            {letter: n for letter, n in found.items() if ord(letter) not in self._letters and not letter.isspace()}
        )

    def _add_fonts_for(self, missing: Counter[str]) -> None:
        """Add fonts for these letters, those first that most texts need: one name in seven scripts must not use up the
        fonts of the others."""
        wanted = {ord(letter): count for letter, count in missing.items()}
        tried: set[str] = set(self._more.values())
        while wanted and len(self._more) < self._fallbacks:
            path = max(_find_fonts(), key=lambda path: _count_gain(path, wanted, tried), default="")
            if _count_gain(path, wanted, tried) <= 0:
                return
            tried.add(path)
            self._add_font(path, wanted)

    def _add_font(self, path: str, wanted: dict[int, int]) -> None:
        name = f"more{len(self._more)}"
        try:
            self._pdf.add_font(name, "", path)
        except Exception:  # a font that is broken or of an unknown kind has no letters
            return
        self._more[name] = path
        self._pdf.set_fallback_fonts(list(self._more), exact_match=False)
        found = wanted.keys() & _read_letters(path)
        self._letters |= found
        for letter in found:
            del wanted[letter]


def print_letter(written: PrintableLetter, now: int) -> bytes:
    """Print a letter as PDF. `now`: Unix seconds. Raises NoFont."""
    paper = Paper(now)
    if written.to:
        paper.add_right_block(written.to)
        paper.add_paragraph("\n")
    paper.add_title(written.title)
    for paragraph in written.paragraphs:
        paper.add_paragraph(paragraph)
        paper.add_paragraph("")
    return paper.to_bytes()


def _count_gain(path: str, wanted: dict[int, int], tried: set[str]) -> int:
    """Count the texts this font would help."""
    return 0 if path in tried or not path else sum(wanted[letter] for letter in wanted.keys() & _read_letters(path))


class _Pdf(FPDF):
    def file_id(self) -> None:
        """Return no id: it would be a fingerprint of the file within the file."""
        return


def _is_rtl(text: str) -> bool:
    """Tell whether the first letter that has a direction is written from right to left."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind in ("R", "AL") for kind in kinds if kind in ("L", "R", "AL")), False)


@cache
def _find_family() -> tuple[str, str]:
    by_name: dict[str, str] = {}
    for path in _find_font_files():
        by_name.setdefault(path.name, str(path))
    for regular, bold in FAMILIES:
        if regular in by_name:
            return by_name[regular], by_name.get(bold, by_name[regular])
    raise NoFont("DejaVu Sans, Noto Sans, Liberation Sans and Arial were looked for")


def _find_font_files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted(Path(folder).expanduser().rglob("*.[to]tf"))


@cache
def _find_fonts() -> tuple[str, ...]:
    """Return the fonts for other scripts: upright and of normal weight."""
    return tuple(
        str(path) for path in _find_font_files() if path.stem.lower().endswith("-regular") or "-" not in path.stem
    )


@cache
def _read_letters(path: str) -> frozenset[int]:
    try:
        with TTFont(path, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (OSError, TTLibError):
        return frozenset()
