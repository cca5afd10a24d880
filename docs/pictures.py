"""Make docs/pictures/ from a demonstration that really runs: `make pictures`. Everybody in them is invented."""

import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import BytesIO
from pathlib import Path
from textwrap import wrap

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from client.cli.demo import PHRASE
from tests.browser.app import App
from tests.browser.chromium import LIKE_A_PHONE, Chromium
from tests.browser.desk import enter, window

FOLDER = Path(__file__).parent / "pictures"
PHONE, BOARD, TERMINAL = FOLDER / "phone.png", FOLDER / "board.png", FOLDER / "terminal.svg"
LAST_LINE = "ctrl-c ends all of it"
# The part of what the demonstration prints that the terminal shows: from the sealing to the search through the relay.
FIRST, LAST = "$ tocsin report ", "the relay's folder: "
COLUMNS, CHARACTER, LINE, MARGIN, BAR = 88, 7.8, 18, 16, 30  # the last four in pixels
STYLE = (
    "text{font:13px DejaVu Sans Mono,Menlo,Consolas,monospace;fill:#d8d8d2;white-space:pre}"
    ".command{font-weight:bold;fill:#fff}.hint{fill:#9a9a92}circle{fill:#5a5a55}"
)
COLOURS = 64
FOUNTAIN = {
    "latitude": 54.9212,
    "longitude": 44.3074,
    "accuracy": 12,
}  # in a town that does not exist
# Reports beside those of the demonstration, so that the board is that of a full night: station, people, more facts.
MORE = [
    ("Police station 3 Sadovy", 4, ("name=Савва Рябинин", "needs=lawyer")),
    ("Police station 3 Sadovy", 2, ("name=Юлия Перепёлкина", "injured=yes", "needs=doctor")),
    ("Police station 4 Zavodskoy", 11, ("minors=3", "role=witness", "needs=lawyer")),
    ("Police station 4 Zavodskoy", 1, ("name=Ильдар Камышов", 'lawyer={"asked": true, "given": true}')),
    ("Special detention centre", 6, ("name=Глеб Осокин", 'lawyer={"asked": true, "refused": true}')),
    ("", 9, ("stage=van", 'van={"plate": "К552ТЕ"}', "role=witness", "minors=2")),
    ("", 5, ("stage=van", 'van={"plate": "Т019ОХ"}', "name=Вера Синицына")),
    ("", 2, ("stage=court", "name=Лука Чижов", "needs=lawyer")),
]
STILL_SECONDS = 6  # a board that changes no more for so long shows every report of the demonstration
PATIENCE_SECONDS = 90


@contextmanager
def demonstration() -> Iterator[str]:
    """Run `tocsin demo` until the block ends; return what it has printed when everything is there to be tried."""
    command = [sys.executable, "-m", "client.cli.main", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101
        try:
            printed = ""
            for line in process.stdout:
                if LAST_LINE in line:
                    break
                printed += line
            yield printed
        finally:
            process.terminate()


def find_address(printed: str, name: str) -> str:
    """Return the address of a part of the demonstration. Raises SystemExit when it never came so far."""
    found = re.search(rf"^{name} +(http\S+)", printed, re.MULTILINE)
    if found is None:
        raise SystemExit(f"error: the demonstration shows no {name}\n{printed}")
    return found[1]


def send_more(printed: str) -> None:
    """Send more reports with the command that the demonstration shows for another terminal."""
    command = shlex.split(next(line for line in printed.splitlines() if " report --to " in line and "people=2" in line))
    new = command[: command.index("--set")]
    for station, people, facts in MORE:
        place = ("stage=station", f"station={station}") if station else ()
        words = [word for fact in (*place, f"people={people}", *facts) for word in ("--set", fact)]
        subprocess.run([*new, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def photograph_phone(browser: Browser, link: str) -> bytes:
    """Set the app up on a phone, press, wait for the relay's receipt; return the screen as PNG."""
    context = browser.new_context(
        **LIKE_A_PHONE, device_scale_factor=2, geolocation=FOUNTAIN, permissions=["geolocation"]
    )
    app = App(context.new_page()).open(link).set_up(profile={"name": "Вера Синицына"})
    app.press().status("done").say("stage", "van").say("people", "5").status("done")
    app.page.evaluate("scrollTo(0, 0)")
    picture = app.page.screenshot(animations="disabled")
    context.close()
    return picture


def photograph_board(browser: Browser, link: str) -> bytes:
    """Unlock the desk and wait until every report has come; return the board as PNG."""
    with window(browser) as context:
        page = enter(context.new_page(), link, by="Irina", passphrase=PHRASE)
        _wait_until_still(page)
        page.mouse.move(0, 0)
        return page.screenshot(animations="disabled")


def _wait_until_still(page: Page) -> None:
    text, since, end = "", time.monotonic(), time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < min(end, since + STILL_SECONDS):
        shown = page.locator("#board").inner_text()
        if shown != text:
            text, since = shown, time.monotonic()
        page.wait_for_timeout(200)


def quantise(picture: bytes) -> bytes:
    """Return the PNG with a palette instead of three bytes a pixel."""
    out = BytesIO()
    image = Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def draw_terminal(printed: str) -> str:
    """Return a part of what the demonstration printed as an SVG of a terminal with `COLUMNS` columns."""
    lines = printed.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(FIRST))
    last = next(number for number, line in enumerate(lines) if line.startswith(LAST))
    rows = [(row, _kind(line)) for line in lines[first : last + 1] for row in _wrapped(line)]
    width, height = round(COLUMNS * CHARACTER) + 2 * MARGIN, BAR + len(rows) * LINE + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1d1f21"/>',
        *(f'<circle cx="{MARGIN + 4 + 18 * number}" cy="{BAR // 2}" r="5"/>' for number in range(3)),
    ]
    for number, (row, kind) in enumerate(rows):
        if row:  # `textLength` keeps the columns whatever font there is
            place = f'x="{MARGIN}" y="{BAR + (number + 1) * LINE - 5}" textLength="{len(row) * CHARACTER:.1f}"'
            parts.append(f'<text class="{kind}" {place} xml:space="preserve">{escape(row, quote=False)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _kind(line: str) -> str:
    return "command" if line.startswith("$ ") else "hint" if line.startswith("hint: ") else "words"


def _wrapped(line: str) -> list[str]:
    """Return the lines that a shell shows of one that is too long; what follows the first is set in."""
    indent = "    " if line.startswith("$ ") else ""
    whole = {"drop_whitespace": True, "replace_whitespace": False, "break_on_hyphens": False}
    return wrap(line, COLUMNS, subsequent_indent=indent, **whole) or [""]


def main() -> None:
    """Run the demonstration, take the pictures, write the files."""
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright, demonstration() as printed:
        chromium = Chromium(playwright, Path(profile)).start()
        try:
            send_more(printed)
            board = photograph_board(chromium.browser, find_address(printed, "desk"))
            phone = photograph_phone(chromium.browser, find_address(printed, "phone"))
        finally:
            chromium.kill()
    FOLDER.mkdir(exist_ok=True)
    PHONE.write_bytes(quantise(phone))
    BOARD.write_bytes(quantise(board))
    TERMINAL.write_text(draw_terminal(printed), "utf-8")
    for path in (PHONE, BOARD, TERMINAL):
        print(f"{path.relative_to(FOLDER.parent.parent)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
