"""A desk with 20,000 reports: unlocking, refreshing, searching, matching, memory, and how long every page takes.

`python -m tests.bench.desk [--reports 20000] [--rounds 15]`. One report for each case, from a night made up in the same
proportions as the replayed one. Beside each figure stands what bare HPKE takes for the same letters in the same run.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

from rich.progress import Progress

from client.desk.cases import board, search, view
from client.desk.consent.untrusted_text import render_text
from client.desk.desk import Desk
from client.desk.matching import candidates
from client.desk.web.app import create_app
from client.organisation import home
from client.organisation.home import Profile, unlock_home
from client.organisation.inbox import PAGE
from client.stations.pack.columns import PackStation
from client.stations.pack.pack import About, Pack
from keys.envelope import HPKE, Address
from keys.kem import PrivateKey
from keys.wire import LETTER_BYTES, Purpose
from tests.support import night_generator
from tests.support.desk_office import RELAYS, DeskPost
from tests.support.desk_pages import Browser
from tests.support.fake_desk_process import TOKEN, FakeDeskControl
from tests.support.night_generator import Letter
from tests.support.sealed_letters import Phones

REPORTS, ROUNDS, STATIONS = 20_000, 15, 70
BARE_LETTERS = 2_000
PAGES = (
    "/ /queue /queue?first=5000 /map /names /people /people?first=10000 /duplicates /officials /handover /journal "
    "/exports /practice /search"
)
BAR_PAGE, BAR_REFRESH = 150, 150  # ms
PASSPHRASE = "five random words for this"
LENGTH = 14 * 3_600
QUERIES = (
    "Иванов",
    "ivanov aleksandr",
    "Щербаков",
    "scherbakow",
    "A123",
    "9161234567",
    "محمد",
    "ОВД Номер 7",
    "сми",
    "ъъъъ",
)
Kind = TypeVar("Kind")
Took = tuple[float, float]


def stations() -> list[PackStation]:
    """As many as a capital has."""
    return [
        PackStation(
            f"s{n}",
            (f"ОВД Номер {n}",),
            f"Москва, ул. {n}-я, {n}",
            5_560_000 + 400 * (n % 9),
            3_740_000 + 900 * (n // 9),
        )
        for n in range(STATIONS)
    ]


def pack() -> Pack:
    about = About("list", "", 1, 1, "RU", "", "", "", STATIONS, 1, "")
    return Pack(about, tuple(stations()))


def reports(count: int, now: int) -> list[Letter]:
    """One letter for each case, with all that the night tells of it."""
    people = round(count / 0.93)  # a van is one report of many, and a tenth are reported twice
    newest: dict[int, Letter] = {}
    night = night_generator.replay([("площадь", people)], stations(), "list", now - LENGTH, seed=7)
    facts: dict[int, dict[str, Any]] = defaultdict(dict)
    for letter in night.letters:
        facts[letter.case] |= letter.facts
        newest[letter.case] = letter
    cases = [letter for letter in newest.values() if not letter.practice][:count]
    return [Letter(letter.case, 0, letter.at, facts[letter.case], letter.when) for letter in cases]


# In the first process: fill a folder


def fill(folder: Path, count: int) -> int:
    """An organisation that has collected so many reports; how many there are."""
    now = int(time.time())
    created = home.create(folder, PASSPHRASE, Profile("", RELAYS), now=now)
    phones, post = Phones(created.card, now), DeskPost()
    letters = reports(count, now)
    with Progress() as progress, Desk.unlock(folder, PASSPHRASE, "Анна", packs=[pack()]) as desk:
        task = progress.add_task("sealing, collecting", total=len(letters))
        spent = 0.0
        for start in range(0, len(letters), PAGE):
            for letter in letters[start : start + PAGE]:
                post.lay(RELAYS[0], phones.seal(letter))
            begin = time.process_time()
            tally = desk.pull(post)  # type: ignore[arg-type]
            spent += time.process_time() - begin
            assert not tally.failures
            progress.update(task, advance=tally.new)
    row("collected, opened, journalled, counted", spent * 1e3 / len(letters), "ms each", "processor time")
    return len(letters)


# In the second: measure a desk that is unlocked


@dataclass
class Measured:
    """A desk in use. `bare`: milliseconds of bare HPKE for one letter."""

    desk: Desk
    browser: Browser
    phones: Phones
    post: DeskPost
    bare: float
    rounds: int

    def page(self, path: str) -> Callable[[], object]:
        def ask() -> None:
            answer = self.browser.get(path)
            assert answer.status_code == 200, (path, answer.status_code)

        return ask

    def posted(self, path: str, **fields: str) -> Callable[[], object]:
        def ask() -> None:
            answer = self.browser.post(path, referer=path, **fields)
            assert answer.status_code == 303, (path, answer.status_code)
            self.page(answer.headers["Location"])()

        return ask


def bare(phones: Phones, key: Any) -> float:
    """Milliseconds for one letter that is only decrypted."""
    letters = [phones.seal(Letter(n, 0, phones.now, {"stage": "van", "people": 7})) for n in range(BARE_LETTERS)]
    info = Address(Purpose.REPORT, phones.card.root, phones.card.mailbox).info(LETTER_BYTES)
    begin = time.process_time()
    for letter in letters:
        HPKE.decrypt(memoryview(letter.envelope)[1:], key, info=info)
    return (time.process_time() - begin) * 1e3 / len(letters)


def rss() -> float:
    """MB of memory that this process holds."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def measure(folder: Path, rounds: int) -> None:
    phones = Phones(home.card_of(folder), int(time.time()))
    keys: list[PrivateKey] = []
    argon = timed(lambda: keys.extend(unlock_home(folder, lambda: PASSPHRASE).secrets.open_keys()))
    each = bare(phones, keys[0].key)
    before, desks = rss(), list[Desk]()
    unlocked = timed(lambda: desks.append(Desk.unlock(folder, PASSPHRASE, "Анна", packs=[pack()])))
    [desk] = desks
    control = FakeDeskControl(lambda passphrase, by: desk, desk=desk)
    measured = Measured(desk, Browser(create_app(control)), phones, DeskPost(), each, rounds)
    measured.browser.post("/enter", token=TOKEN)
    first = timed(measured.page("/"))
    with desk.reading() as db:
        cases = view.list_case_ids(db)
    row(f"bare HPKE for {len(cases):,} letters", each * len(cases), "ms", f"{each:.3f} ms each")
    whole(f"unlocking, {argon[0]:,.0f} ms of it Argon2id", unlocked, measured, len(cases))
    whole("unlock to board", (unlocked[0] + first[0], unlocked[1] + first[1]), measured, len(cases))
    row("memory when unlocked", rss(), "MB", f"{before:.0f} before")
    matched(measured, len(cases))
    row("memory when matched", rss(), "MB")
    refreshed(measured)
    searched(measured)
    answered(measured, cases)
    for name, text in (("65,536 hidden characters", "\u202e" * 65_536), ("32,768 accents", "a\u0301" * 32_768)):
        row(f"a text of {name} made harmless", timed(lambda text=text: render_text(text))[1], "ms", "processor time")
    row("memory after all that", rss(), "MB")
    desk.close()


def matched(measured: Measured, count: int) -> None:
    with measured.desk.reading() as db:
        whole("matching everybody", timed(lambda: candidates.work(db, 600)), measured, count)
        pairs = len(candidates.find_candidates(db, count))
        chosen = choose(view.list_case_ids(db), 200)
        times = [timed(lambda case=case: candidates.find_candidates_of_person(db, f"{case}#0")) for case in chosen]
    spread("matching one person", times, measured, f"{pairs:,} pairs are offered in all")


def refreshed(measured: Measured) -> None:
    """From a letter at the relay to the board that has it."""
    until_shown, until_counted = [], []
    for number in range(measured.rounds * 2):
        station = {"pack": "list", "id": f"s{number}", "certainty": "confirmed"}
        facts = {"stage": "station", "people": 1, "name": f"Новый Человек{number}", "station": station}
        measured.post.lay(RELAYS[0], measured.phones.seal(Letter(10**6 + number, 0, measured.phones.now, facts)))
        counted = timed(lambda: measured.desk.pull(measured.post))  # type: ignore[arg-type]
        page = timed(measured.page("/"))
        until_counted.append(counted)
        until_shown.append((counted[0] + page[0], counted[1] + page[1]))
    spread("one new letter: opened, kept, journalled, counted", until_counted, measured)
    spread("one new letter: until the board shows it", until_shown, measured, "", BAR_REFRESH)
    with measured.desk.reading() as db:
        times = [timed(lambda: board.load_board(db, measured.phones.now)) for _ in range(measured.rounds)]
    spread("the board alone, without its page", times, measured)


def searched(measured: Measured) -> None:
    with measured.desk.reading() as db:
        times = [timed(lambda text=text: search.search(db, text)) for text in QUERIES for _ in range(3)]
    spread("search", times, measured, f"{len(QUERIES)} questions")


def answered(measured: Measured, cases: list[str]) -> None:
    """Every page a caseworker has."""
    with measured.desk.reading() as db:
        place = max(board.load_board(db, measured.phones.now).rows, key=lambda row: row.count.reported).place.number
    chosen = choose(range(1, len(cases)), measured.rounds)
    pages: dict[str, list[Callable[[], object]]] = {
        path: [measured.page(path)] * measured.rounds for path in PAGES.split()
    }
    for path in (f"/place/{place}", f"/place/{place}/names"):
        pages[path] = [measured.page(path)] * measured.rounds
    pages["/case/N"] = [measured.page(f"/case/{number}") for number in chosen]
    pages["/search, asked"] = [
        measured.posted("/search", text=QUERIES[at % len(QUERIES)]) for at in range(measured.rounds)
    ]
    note = {"text": "позвонить адвокату"}
    pages["/case/N, a note"] = [measured.posted(f"/case/{number}/note", **note) for number in chosen]
    for path, asks in pages.items():
        try:
            asks[-1]()  # templates are compiled when they are first used
            spread(f"page {path}", [timed(ask) for ask in asks], measured, "", BAR_PAGE)
        except AssertionError as error:
            print(f"  page {path}: {error}", flush=True)


# Figures


def choose(some: Sequence[Kind], count: int) -> list[Kind]:
    """So many of them, spread over all."""
    return [some[at * len(some) // count] for at in range(count)]


def timed(call: Callable[[], object]) -> Took:
    """Milliseconds: by the clock on the wall, and of the processor, in which a busy machine changes little."""
    begin, spent = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - begin) * 1e3, (time.process_time() - spent) * 1e3


def row(name: str, figure: float, unit: str, note: str = "") -> None:
    print(f"  {name:<54} {figure:11,.1f} {unit:<4} {note}", flush=True)


def whole(name: str, took: Took, measured: Measured, count: int) -> None:
    """Something done once for all letters."""
    wall, cpu = took
    row(name, wall, "ms", f"processor {cpu:,.0f}, {cpu / (measured.bare * count):.1f} x bare")


def spread(name: str, took: Sequence[Took], measured: Measured, note: str = "", bar: float | None = None) -> None:
    """Medians, and what one in twenty takes longer than: by the clock on the wall, and of the processor."""
    walls, cpus = zip(*took, strict=True)
    over = f"  over {bar:.0f} ms" if bar is not None and slowest(walls) > bar else ""
    cpu = median(cpus)
    figures = (
        f"p95 {slowest(walls):,.1f}; processor {cpu:,.1f}, p95 {slowest(cpus):,.1f}; {cpu / measured.bare:,.0f} x bare"
    )
    row(name, median(walls), "ms", f"{figures}  {note}{over}")


def slowest(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=REPORTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure, asked.rounds)
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = Path(name) / "office"
        count = fill(folder, asked.reports)
        print(f"{count:,} reports, each a case; {STATIONS} stations; medians of {asked.rounds} rounds", flush=True)
        # a process of its own, so that nothing that made the letters stands in its memory
        words = ["-m", "tests.bench.desk", "--measure", str(folder), "--rounds", str(asked.rounds)]
        subprocess.run([sys.executable, *words], check=True, env=os.environ)


if __name__ == "__main__":
    main()
