"""Draw docs/architecture.svg from docs/architecture.txt: `python docs/drawing.py`."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import wrap

SOURCE = Path(__file__).parent / "architecture.txt"
TARGET = SOURCE.with_suffix(".svg")

# In units of the drawing, which are pixels at its natural size.
WIDTH, MARGIN, TITLE_WIDTH, BOX_WIDTH, BOX_HEIGHT, COLUMN, ROW = 1080, 20, 120, 230, 84, 320, 136
STYLE = (
    "text{font:13px sans-serif;fill:#1a1a1a}.name{font-weight:bold;font-size:15px}.words,.title{fill:#555}"
    "rect{fill:#f4f4f1;stroke:#1a1a1a}line{stroke:#1a1a1a;stroke-width:1.5;marker-end:url(#tip)}.ground{fill:#fff;stroke:none}"
)


@dataclass(frozen=True)
class Box:
    """A named box; x and y are its upper left corner."""

    name: str
    words: str
    x: int
    y: int

    def svg(self) -> str:
        """Return the box with its name and up to two lines of words."""
        lines = [f'<text class="name" x="{self.x + 12}" y="{self.y + 26}">{escape(self.name)}</text>']
        for number, words in enumerate(wrap(self.words, 33)):
            lines.append(f'<text x="{self.x + 12}" y="{self.y + 48 + 18 * number}">{escape(words)}</text>')
        return f'<rect x="{self.x}" y="{self.y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>' + "".join(lines)


def arrow_svg(start: Box, end: Box, words: str) -> str:
    """Return an arrow from edge to edge, with its words beside it: sideways in a row, else downwards or aslant."""
    if start.y == end.y:
        right = end.x > start.x
        x1, x2 = (start.x + BOX_WIDTH, end.x) if right else (start.x, end.x + BOX_WIDTH)
        y1 = y2 = start.y + BOX_HEIGHT // 2
        place = f'x="{(x1 + x2) // 2}" y="{y1 - 8}" text-anchor="middle"'
    else:
        x1, x2 = start.x + BOX_WIDTH // 2, end.x + BOX_WIDTH // 2
        y1, y2 = start.y + BOX_HEIGHT, end.y
        place = f'x="{(x1 + x2) // 2 + 12}" y="{(y1 + y2) // 2 + (16 if x1 > x2 else -2 if x1 < x2 else 4)}"'
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/><text class="words" {place}>{escape(words)}</text>'


def draw(source: str) -> str:
    """Return the drawing as SVG. Raises KeyError when an arrow names no box."""
    boxes: dict[str, Box] = {}
    parts: list[str] = []
    rows = 0
    for line in source.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "row":
            title, *cells = (cell.strip() for cell in rest.split("|"))
            y = MARGIN + rows * ROW
            rows += 1
            parts.append(f'<text class="title" x="{MARGIN}" y="{y + BOX_HEIGHT // 2 + 4}">{escape(title)}</text>')
            for column, cell in enumerate(cells):
                name, _, words = cell.partition(": ")
                if name:
                    boxes[name] = Box(name, words, MARGIN + TITLE_WIDTH + column * COLUMN, y)
        elif kind == "arrow":
            ends, _, words = rest.partition(": ")
            start, _, end = ends.partition(" > ")
            parts.append(arrow_svg(boxes[start], boxes[end], words))
    height = 2 * MARGIN + rows * ROW - (ROW - BOX_HEIGHT)
    tip = '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
    ground = f'<rect class="ground" width="{WIDTH}" height="{height}"/>'
    marker = f'<defs>{tip}<path d="M0 0 8 4 0 8z"/></marker></defs>'
    body = "\n".join([*(box.svg() for box in boxes.values()), *parts])
    return f"{head}\n<style>{STYLE}</style>\n{marker}{ground}\n{body}\n</svg>\n"


if __name__ == "__main__":
    TARGET.write_text(draw(SOURCE.read_text("utf-8")), "utf-8")
