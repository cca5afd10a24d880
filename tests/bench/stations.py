"""`python -m tests.bench.stations`: how long a question for a station takes on a phone, and how large packs are.

Times are this computer's Node, multiplied by 6 for a slow phone, and Chromium throttled to a sixth where Playwright,
Chromium and the phone's packages are installed. Sizes are those of the real lists of the shared data. Prints figures
and judges nothing.
"""

import gzip
import json
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from client.stations.build.build import PackOptions, build, read_source
from client.stations.pack.columns import PackStation, encode
from client.stations.pack.pack import read
from client.stations.pack.search import Index
from keys.wire import b64
from tests.stations.lists import DATA, HIFLD, INDIA, OVD, ROOT, packed
from tests.stations.questions import names, points, questions, rng

HERE = Path(__file__).parent
PHONE = HERE.parents[1] / "client" / "phone"
SLOW = 6  # how much slower than this computer an old phone is taken to be
SAMPLE = 100  # names with slips of the finger, for each list
NEAR, FIND = 2_000, 400
RUNS = 3
LONGEST = "police department sheriffs office county city street avenue north highway patrol"


def main() -> None:
    console = Console()
    lists = {
        name: build(read_source(DATA / name, PackOptions()), PackOptions()).stations for name in (HIFLD, INDIA, OVD)
    }
    console.print(_sizes(lists))
    for name in (HIFLD, INDIA):
        console.print(_times(name, _node(lists[name]), _chromium(lists[name])))
    console.print(_slips(lists))


# Sizes


def _sizes(lists: dict[str, list[PackStation]]) -> Table:
    table = Table(title="bytes for 1,000 stations")
    for column in (
        "list",
        "stations",
        "pack",
        "pack: bytes in all",
        "body, raw",
        "body, zlib",
        "body, gzip",
        "body, brotli",
    ):
        table.add_column(column, justify="left" if column == "list" else "right")
    for name, stations in lists.items():
        pack = packed(stations)
        body = encode(read(pack).stations)
        sizes = (len(pack), len(body), len(zlib.compress(body, 9)), len(gzip.compress(body, 9)), _brotli(body))
        per = [f"{size * 1000 / len(stations):,.0f}" if size else "-" for size in sizes]
        table.add_row(name, f"{len(stations):,}", per[0], f"{len(pack):,}", *per[1:])
    return table


def _brotli(data: bytes) -> int:
    """0 where the package `brotli` is not installed; nothing else needs it."""
    try:
        import brotli
    except ImportError:
        return 0
    return len(brotli.compress(data))


# Times


def _asked(stations: list[PackStation]) -> dict[str, Any]:
    dice = rng(1)
    texts = [*questions(stations, FIND, dice), *[LONGEST] * (FIND // 20)]
    return {"points": list(points(stations, NEAR, dice)), "questions": texts}


def _node(stations: list[PackStation]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        pack, asked = Path(folder, "pack"), Path(folder, "asked")
        pack.write_bytes(packed(stations))
        asked.write_text(json.dumps(_asked(stations)), encoding="utf-8")
        command = ["node", HERE / "stations.mjs", pack, b64(bytes(ROOT.verify_key)), asked]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(RUNS)]
    return _quickest([json.loads(run.stdout) for run in runs])


def _chromium(stations: list[PackStation]) -> dict[str, Any] | None:
    """The same in a browser slowed down to a sixth, and nothing where there is none."""
    browser, esbuild = shutil.which("chromium"), PHONE / "node_modules" / ".bin" / "esbuild"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if browser is None or not esbuild.exists():
        return None
    command = [esbuild, HERE / "stations-times.mjs", "--bundle", "--format=esm"]
    script = subprocess.run(command, capture_output=True, check=True).stdout
    files = {"/": b"<!doctype html><title>bench</title>", "/times.js": script, "/pack": packed(stations)}
    with sync_playwright() as driver:
        page = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page()
        page.route("**/*", lambda route: _serve(route, files))
        page.goto("http://bench.localhost/")
        tools = page.context.new_cdp_session(page)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
        return dict(page.evaluate(IN_PAGE, [b64(bytes(ROOT.verify_key)), _asked(stations)]))


IN_PAGE = """async ([root, asked]) => {
  const { measure } = await import("/times.js");
  const pack = new Uint8Array(await (await fetch("/pack")).arrayBuffer());
  return measure(pack, root, asked, "middle");
}"""


def _serve(route: Any, files: dict[str, bytes]) -> None:
    path = "/" + route.request.url.split("/", 3)[3]
    kinds = {"/": "text/html", "/times.js": "text/javascript"}
    route.fulfill(body=files.get(path, b""), content_type=kinds.get(path, "application/octet-stream"))


def _quickest(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What is done once in a process, such as building an index, is timed once in each."""
    best = min(runs, key=lambda run: run["find"]["p99"])
    return {
        measure: value if isinstance(value, dict) else min(run[measure] for run in runs)
        for measure, value in best.items()
    }


def _times(name: str, found: dict[str, Any], slow: dict[str, Any] | None) -> Table:
    table = Table(title=f"milliseconds, {found['stations']:,} stations of {name}")
    table.add_column("")
    for where in ("Node", f"Node x{SLOW}", f"Chromium at 1/{SLOW}"):
        for measure in ("median", "p99", "worst"):
            table.add_column(f"{where}: {measure}" if measure == "median" else measure, justify="right")
    for measure in [measure for measure in found if measure != "stations"]:
        throttled = _cells(slow[measure], 1, 1) if slow else [""] * 3
        table.add_row(measure, *_cells(found[measure], 1, 3), *_cells(found[measure], SLOW, 1), *throttled)
    return table


def _cells(value: float | dict[str, float], factor: int, digits: int) -> list[str]:
    row = list(value.values()) if isinstance(value, dict) else [value]
    return [*(f"{ms * factor:.{digits}f}" for ms in row), *[""] * (3 - len(row))]


# Misspelling


def _slips(lists: dict[str, list[PackStation]]) -> Table:
    table = Table(title="how often a name with slips of the finger finds its station, of 100")
    for column in ("list", "slips", "first", "among 8"):
        table.add_column(column, justify="left" if column == "list" else "right")
    for name, stations in lists.items():
        index = Index(stations)
        for slips in range(3):
            ranks = list(_ranks(index, stations, slips))
            table.add_row(
                name, str(slips), str(sum(rank == 0 for rank in ranks)), str(sum(rank >= 0 for rank in ranks))
            )
    return table


def _ranks(index: Index, stations: list[PackStation], slips: int) -> Iterator[int]:
    """Where a station of the same name stands among the answers; -1 where there is none."""
    dice = rng(slips)
    named = [station for station in stations if len(station.name) > 4]
    for _ in range(SAMPLE):
        station = dice.choice(named)
        text = station.name
        for _ in range(slips):
            text = next(names([PackStation("", (text,), "", 0, 0)], 1, dice))
        found = [match.station.name for match in index.find(text)]
        yield found.index(station.name) if station.name in found else -1


if __name__ == "__main__":
    main()
