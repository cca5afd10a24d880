"""Reports that mean harm, really sealed, into a real desk: what honest people reported stands as it stood."""

import csv
import hashlib
import io
import json
import os
import re
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import pytest
import waitress
from flask import Flask

from client.desk.cases import board, queue, search, view
from client.desk.cases.board import Count
from client.desk.desk import Desk
from client.desk.exports.registry import KINDS, Options, make_export
from client.desk.matching import candidates
from client.desk.web.app import create_app
from client.desk.web.media_type import ENDINGS, OTHER
from client.stations.pack import pack as packs
from client.stations.pack.columns import PackStation
from keys import message
from keys.message import PIECE_BYTES, Parcel
from keys.wire import PARCEL_BYTES, b64
from tests.browser.chromium import Chromium
from tests.stations.lists import packed
from tests.support import invented_names
from tests.support.desk_office import NOW, RELAYS, Office
from tests.support.desk_pages import Browser, Page
from tests.support.fake_desk_process import TOKEN, FakeDeskControl
from tests.support.hostile_reports import CANARY, SCRIPTS, WORDS, Attack, Attacker, File, choose_seen
from tests.support.hostile_reports import KINDS as KINDS_OF_WORDS
from tests.support.sealed_letters import Phones
from tests.support.soak import at_length

pytestmark = pytest.mark.slow

PAGES_NOW = NOW + 10_000
STATIONS = [
    PackStation(f"s{number}", (f"ОВД Номер {number}",), f"г. Москва, ул. {number}", 5_575_000 + 500 * number, 3_762_000)
    for number in range(4)
]
HONEST = 12
SCREEN = {"width": 1366, "height": 768}
NAMES = [f"{surname} {given}" for surname, given in zip(invented_names.RARE, invented_names.MEN, strict=False)]


@dataclass
class Besieged:
    """An office with honest reports at three stations, one more whose case id an attacker knows, and its desk."""

    office: Office
    desk: Desk
    phones: Phones
    victim: dict[str, Any]
    sent: dict[str, list[str]] = field(default_factory=dict)
    tallies: dict[str, tuple[int, int, dict[str, Count]]] = field(default_factory=dict)

    @property
    def attacker(self) -> Attacker:
        return Attacker(NOW, os.urandom)

    def send(self, attack: Attack) -> tuple[int, int]:
        """Seal, lay and pull; how many letters were new, and how many were put aside."""
        headers = [self._with_files(header, attack.files) for header in attack.headers]
        for header in headers:
            if isinstance(header, bytes):
                self._lay(self.phones.seal_header(header))
            else:
                self._lay(self.phones.seal_fields(header))
        self.sent[attack.name] = [
            header["case"] for header in headers if isinstance(header, dict) and header.get("case")
        ]
        tally = self.desk.pull(self.office.post)
        assert tally.failures == {}
        return tally.new, tally.bad

    def suffer(self, attack: Attack) -> tuple[int, int, dict[str, Count]]:
        """Send an attack unless it came already; how many were new and put aside, and the honest sums after it."""
        if attack.name not in self.tallies:
            self.tallies[attack.name] = (*self.send(attack), self.honest())
        return self.tallies[attack.name]

    def _with_files(self, header: dict[str, Any] | bytes, files: list[File]) -> dict[str, Any] | bytes:
        if isinstance(header, bytes) or not files:
            return header
        return {**header, "parcels": [self._sent(header, file) for file in files]}

    def _sent(self, header: dict[str, Any], file: File) -> dict[str, Any]:
        pieces = [file.data[at : at + PIECE_BYTES] for at in range(0, len(file.data), PIECE_BYTES)] or [b""]
        ref = {"id": self.attacker.id(), "n": len(pieces), "sha256": b64(hashlib.sha256(file.data).digest())}
        for i, piece in enumerate(pieces):
            parcel = Parcel(
                id=self.attacker.id(), case=header["case"], seq=0, at=NOW, of=str(ref["id"]), i=i, n=len(pieces)
            )
            self._lay(self.phones.seal_header(message.header(parcel), piece, PARCEL_BYTES))
        return {**ref, "type": file.type, "bytes": len(file.data), **file.claim}

    def _lay(self, sealed: Any) -> None:
        self.office.post.lay(RELAYS[0], sealed)

    def honest(self) -> dict[str, Count]:
        """What the board says of the three stations that nobody attacks."""
        with self.desk.reading() as db:
            rows = board.load_board(db, PAGES_NOW).rows
        return {row.place.station: row.count for row in rows if row.place.station in ("s0", "s1", "s2")}

    def look_at_everything(self) -> None:
        """Everything that a caseworker looks at, once; none of it may break."""
        with self.desk.reading() as db:
            whole = board.load_board(db, PAGES_NOW)
            for row in whole.rows:
                assert max(row.count.minors, row.count.injured) <= row.count.reported + row.count.claimed
                board.load_detainees(db, row.place.number)
                board.list_surnames(db, row.place.number)
            queue.load_queue(db, PAGES_NOW)
            for case in view.list_case_ids(db):
                assert view.load_case(db, case) is not None
            view.list_persons(db)


@pytest.fixture(scope="module")
def besieged(tmp_path_factory) -> Iterator[Besieged]:
    office = Office(tmp_path_factory.mktemp("besieged") / "office")
    pack = packs.read(packed(STATIONS, id="list"))
    phones = Phones(office.card, NOW)
    world = Besieged(office, office.unlock(packs=[pack]), phones, {})
    try:
        for number in range(HONEST + 1):
            report = world.attacker.report(_honest(number))
            world.send(Attack(f"honest {number}", [report]))
            world.victim = report
        yield world
    finally:
        world.desk.close()


def _honest(number: int) -> dict[str, Any]:
    at = 3 if number == HONEST else number % 3
    station = {"pack": "list", "id": f"s{at}", "certainty": "confirmed"}
    more = {"minors": 1} if number == 2 else {"injured": True} if number == 4 else {}
    return {"stage": "station", "station": station, "people": 1 + number % 2, "name": NAMES[number], **more}


ATTACKS = [attack.name for attack in Attacker(0, os.urandom).all({"id": "", "case": "", "facts": {}})]


@pytest.fixture(scope="module")
def attacks(besieged) -> dict[str, Attack]:
    return {attack.name: attack for attack in besieged.attacker.all(besieged.victim)}


@pytest.fixture(scope="module")
def honest_before(besieged) -> dict[str, Count]:
    found = besieged.honest()
    assert sum(count.reported for count in found.values()) == sum(1 + number % 2 for number in range(HONEST))
    assert sum(count.minors for count in found.values()) == 1
    assert sum(count.injured for count in found.values()) == 1
    return found


@pytest.fixture(scope="module")
def overrun(besieged, honest_before, attacks) -> Besieged:
    """The desk after every attack."""
    for attack in attacks.values():
        besieged.suffer(attack)
    return besieged


@pytest.mark.parametrize("name", ATTACKS)
def test_honest_sums_stand_and_the_desk_goes_on(name, besieged, attacks, honest_before):
    new, aside, honest = besieged.suffer(attacks[name])
    assert aside >= attacks[name].aside
    assert honest == honest_before
    assert new or aside, "nothing is lost"


def test_afterwards_every_page_can_still_be_made(overrun, honest_before):
    begin = time.process_time()
    overrun.look_at_everything()
    assert time.process_time() - begin < 60
    assert overrun.honest() == honest_before


def test_what_came_with_a_case_id_that_somebody_else_knew_is_disputed(overrun):
    with overrun.desk.reading() as db:
        case = view.load_case(db, overrun.victim["case"])
        assert case is not None
        flags = {flag for letter in case.letters for flag in letter.flags}
    assert {"second_report", "same_id", "same_number"} <= flags
    assert "disputed" in case.reasons


def test_nobody_has_the_last_word_for_ever(overrun):
    """An attacker's highest number and latest time do not keep an honest later message from counting."""
    station = {"pack": "list", "id": "s3", "certainty": "confirmed"}
    overrun.office.now += 3_600
    facts = {"stage": "station", "station": station, "people": 1}
    later = overrun.attacker.report(facts, kind="amend", case=overrun.victim["case"], seq=1, at=overrun.office.now)
    overrun.send(Attack("honest again", [later]))
    with overrun.desk.reading() as db:
        [row] = [row for row in board.load_board(db, PAGES_NOW).rows if row.place.station == "s3"]
    assert row.count.reported == 1


def test_one_liar_with_a_hundred_thousand_people_is_marked_and_not_believed(overrun):
    with overrun.desk.reading() as db:
        rows = board.load_board(db, PAGES_NOW)
        flagged = [row for row in rows.rows if row.is_flagged]
        assert flagged
        cases = [view.load_case(db, case) for case in overrun.sent["people 100000"]]
    assert rows.total.claimed > 99_000
    assert all(case is not None and "crowd" in case.reasons for case in cases)


def test_hostile_words_are_found_by_search_and_break_nothing(overrun):
    with overrun.desk.reading() as db:
        for word in (*WORDS, "щ" * 100_000, "\x00"):
            search.search(db, word)
        assert search.search(db, NAMES[3])


# Through the pages


STARTS = (
    "/",
    "/queue",
    "/people",
    "/duplicates",
    "/officials",
    "/handover",
    "/exports",
    "/journal",
    "/practice",
    "/names",
    "/map",
)
# What no browser is asked to open: what runs, moves, unpacks to more than a computer has, or is damaged.
REFUSED = {
    *("html", "html called a picture", "svg", "svg called a jpeg", "xml bomb", "gif and script", "gif that moves"),
    *("jpeg cut off", "jpeg of a thousand segments", "jpeg that says it is huge", "png that unpacks to 1.4 GB"),
    *("png of no size", "png cut off", "tiff", "nothing at all", "program"),
}
TRAPS = {"iframe", "object", "embed", "base", "frame", "applet", "style"}
ADDRESSES = ("href", "src", "action", "formaction", "poster", "data", "srcset", "xlink:href")
UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\u2028\u2029\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f]")


def let_in(besieged: Besieged) -> Browser:
    control = FakeDeskControl(lambda passphrase, by: besieged.desk, desk=besieged.desk)
    visitor = Browser(create_app(control, lambda: PAGES_NOW))
    assert visitor.post("/enter", token=TOKEN).status_code < 400
    return visitor


@pytest.fixture
def browser(overrun) -> Browser:
    """Somebody who was let in."""
    return let_in(overrun)


# Cases of one attack that are opened by links: more than any attack has whose letters differ.
ALIKE = at_length(25, 1_000)


@pytest.fixture(scope="module")
def crawled(overrun) -> dict[str, Page]:
    """Every page that links lead to, with everything that was sent."""
    with overrun.desk.reading() as db:
        more = [view.find_case_number(db, case) for sent in overrun.sent.values() for case in sent[ALIKE:]]
    return dict(crawl(let_in(overrun), *STARTS, but={f"/case/{number}" for number in more}))


def find_harm(page: Page) -> list[str]:
    """What in this page could do something, leave it, or hide something: nothing, one hopes."""
    found = [f"<{element.name}>" for element in page.elements if element.name in TRAPS]
    found += [f"<script> {element.text:.60}" for element in page.named("script") if element.text.strip()]
    for element in page.elements:
        found += [f"{element.name} {name}" for name in element.attributes if name.startswith("on") or name == "style"]
        found += [
            f"{element.name} {name}={element.attributes[name]:.60}"
            for name in ADDRESSES
            if _leaves(element.attributes.get(name))
        ]
    metas = [element.attributes for element in page.named("meta") if "http-equiv" in element.attributes]
    found += [f"meta {element}" for element in metas if not re.fullmatch(r"[0-9]+;url=/", element.get("content", ""))]
    # What a form sends back stands as it came; what people read does not.
    read = [element.text for element in page.named("html")]
    read += [text for element in page.elements for name, text in element.attributes.items() if name != "value"]
    found += [
        f"hidden {text[max(0, at.start() - 80) : at.end() + 20]!r}" for text in read for at in UNSEEN.finditer(text)
    ]
    return found


def _leaves(address: str | None) -> bool:
    return bool(address) and (not re.match(r"[/#?]", address or "") or (address or "").startswith("//"))


def crawl(browser: Browser, *starts: str, but: set[str] = frozenset()) -> Iterator[tuple[str, Page]]:
    """Every page that can be reached by links, without these and what only they lead to."""
    waiting, seen = list(starts), {*starts, *but}
    while waiting:
        path = waiting.pop()
        answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code, Page(answer.text).text)
        assert answer.headers["Content-Security-Policy"].startswith(("default-src 'none'", "sandbox")), path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.mimetype != "text/html":
            yield path, Page("<main></main>")
            continue
        page = Page(answer.text)
        yield path, page
        for link in page.named("a"):
            target = link.attributes.get("href", "").partition("#")[0]
            if target.startswith("/") and target not in seen:
                seen.add(target)
                waiting.append(target)


@pytest.mark.soak
def test_no_page_does_hides_or_asks_for_anything(overrun, crawled):
    assert [f"{path}: {fault}" for path, page in crawled.items() for fault in find_harm(page)[:3]] == []
    titles = {title.text for page in crawled.values() for title in page.named("title")}
    assert len(titles) == 1, "a title stands in the window list and in the history"
    assert len(crawled) > len(overrun.sent)


def test_what_is_searched_for_is_as_harmless_as_what_is_found(browser):
    for word in (*WORDS, "щ" * 1_000):
        answer = browser.post("/search", referer="/search", text=word)
        assert answer.status_code == 303
        assert word not in answer.headers["Location"]
        assert find_harm(browser.page(answer.headers["Location"])) == []


def test_no_file_is_given_as_something_that_runs(overrun, browser, crawled):
    """What is a picture is given as one; everything else only for the disk, under a name of ours."""
    shown = set()
    for path, page in crawled.items():
        for element in page.named("img") + page.named("audio") + page.named("source"):
            shown.add(element.attributes["src"])
        assert "/static" not in path
    for address in shown:
        answer = browser.get(address)
        assert answer.mimetype in set(ENDINGS) - {OTHER}, address
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    with overrun.desk.reading() as db:
        numbers = {
            name: view.find_case_number(db, cases[0]) for name, cases in overrun.sent.items() if name.startswith("file")
        }
    for name, number in numbers.items():
        refused = browser.get(f"/case/{number}/file/1").status_code == 404
        assert refused == (name.removeprefix("file: ") in REFUSED), name
        about, saved = browser.get(f"/case/{number}/file/1/about"), browser.get(f"/case/{number}/file/1/save")
        assert (about.status_code, saved.status_code) == (200, 200), name
        assert find_harm(Page(about.text)) == []
        assert saved.mimetype == OTHER
        assert re.fullmatch(r'attachment; filename="file-[0-9]+-1\.[a-z0-9]+"', saved.headers["Content-Disposition"])


def _tables(key: str, data: bytes) -> list[str]:
    if key != "package":
        return [data.decode("utf-8-sig")]
    with zipfile.ZipFile(io.BytesIO(data)) as folder:
        assert all(re.fullmatch(r"[a-z][a-z.]+", name) for name in folder.namelist())
        return [folder.read(name).decode("utf-8-sig") for name in folder.namelist() if name.endswith(".csv")]


@pytest.mark.parametrize("key", ["package", "uwazi", "hxl", "geojson"])
def test_no_cell_that_leaves_the_desk_is_a_formula(key, overrun):
    """Everybody in the first attacks allows everything, so that their words do leave."""
    with overrun.desk.reading() as db:
        exports = [
            make_export(key, db, Options(PAGES_NOW, UTC, language, audience=audience))
            for audience in KINDS[key].audiences
            for language in ("en", "ru")
        ]
    assert any(export.count for export in exports)
    cells = 0
    for export in exports:
        if key == "geojson":
            assert b"<script" not in export.data
            json.loads(export.data)
            continue
        for text in _tables(key, export.data):
            for row in csv.reader(io.StringIO(text, newline="")):
                assert not [cell for cell in row if re.match(r"\s*[=+@\t\r]|-(?![\d.]+$)", cell)], key
                cells += len(row)
    assert cells > 100 or key in ("geojson", "hxl")


@pytest.mark.soak
def test_a_list_for_a_lawyer_and_a_text_for_the_un_are_made_of_hostile_words_too(overrun):
    """Every third place in `make test`; each has words of another attack in its heading."""
    with overrun.desk.reading() as db:
        rows = board.load_board(db, PAGES_NOW).rows
        for row in rows[:: at_length(3, 1)]:
            export = make_export("list", db, Options(PAGES_NOW, UTC, "ru", place=row.place.number))
            assert export.data.startswith(b"%PDF")
            assert b"/JavaScript" not in export.data
            assert b"/URI" not in export.data
        for kind in KINDS_OF_WORDS:
            for case in overrun.sent[f"{kind} in every field"]:
                text = make_export("wgad", db, Options(PAGES_NOW, UTC, person=f"{case}#0")).data.decode()
                assert not UNSEEN.search(text)


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """The pages on a port of their own, with the server that serves them at a desk."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = waitress.create_server(app, sockets=[listener], threads=4)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.close()
        thread.join(10)


@pytest.mark.soak
@pytest.mark.browser
def test_in_a_real_browser_nothing_runs_and_nothing_is_asked_for(overrun, playwright, tmp_path):
    """Every kind of attack, looked at as a caseworker looks: unfolded, hovered, with the keyboard."""
    with overrun.desk.reading() as db:
        firsts = {name: view.find_case_number(db, sent[0]) for name, sent in overrun.sent.items() if sent}
    cases = {f"/case/{number}": name for name, number in firsts.items() if number is not None}
    control = FakeDeskControl(lambda passphrase, by: overrun.desk, desk=overrun.desk)
    with serve(create_app(control, lambda: PAGES_NOW)) as origin:
        control.origin = origin
        browser = Chromium(playwright, tmp_path / "profile").start()
        try:
            seen = _visit(browser, origin, choose_seen(cases))
        finally:
            browser.kill()
    assert seen == [], "\n".join(seen)


def _visit(browser: Chromium, origin: str, cases: dict[str, str]) -> list[str]:
    """What happened that should not have. `cases`: paths, and which attack each of them is."""
    wrong: list[str] = []
    page = browser.browser.new_context(viewport=SCREEN).new_page()
    page.set_content(SCRIPTS[0])
    assert page.evaluate(f"window.{CANARY}") == 1, "the same words, where nobody takes care"
    page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message:.60}"), dialog.dismiss()))
    page.on("request", lambda asked: None if asked.url.startswith(origin) else wrong.append(f"asked {asked.url:.80}"))
    page.on("popup", lambda other: wrong.append(f"window {other.url:.60}"))
    page.on("download", lambda file: wrong.append(f"download {file.suggested_filename}"))
    page.on("pageerror", lambda error: wrong.append(f"script broke: {error!s:.80}"))
    page.goto(f"{origin}/enter/{TOKEN}")
    page.locator("form[action='/enter'] button").click()
    page.wait_for_url(origin + "/")
    for path in (*STARTS, *cases):
        answer = page.goto(origin + path, wait_until="load")
        if answer is None or answer.status != 200:
            wrong.append(f"{path}: {answer and answer.status}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        page.keyboard.press("Tab")
        if page.evaluate(f"window.{CANARY}") is not None or page.url != origin + path:
            wrong.append(f"{path}: something ran, and now {page.url} ({cases.get(path, '')})")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            wrong.append(f"{path}: wider than the window ({cases.get(path, '')})")
    return wrong


def test_two_hundred_namesakes_do_not_stop_the_matching(overrun):
    with overrun.desk.reading() as db:
        begin = time.process_time()
        pairs = candidates.find_candidates(db, 50)
        candidates.find_group_candidates(db, 50)
        took = time.process_time() - begin
    assert len(pairs) <= 50
    assert took < 20
    honest = {f"{case}#0" for number in range(HONEST) for case in overrun.sent[f"honest {number}"]}
    assert not any({pair.a, pair.b} <= honest for pair in pairs)


def test_the_same_stands_after_a_lock(overrun, honest_before):
    """Everything that came is read again from the sealed records."""
    pack = packs.read(packed(STATIONS, id="list"))
    overrun.desk.close()
    overrun.desk = overrun.office.unlock(packs=[pack])
    assert overrun.honest() == honest_before
