"""A locked desk remembers nothing: a real `tocsin desk`, its memory and its folder searched before and after."""

import hashlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import pytest

from client.desk.desk import Desk
from client.desk.journal.entries import Locked
from client.desk.server.process import BUTTON, RESUMED, SIGNALS, DeskOptions, Order
from client.desk.server.process import DeskProcess as Process
from client.desk.web.access import COOKIE
from client.files import FolderBusy
from client.organisation import home
from client.organisation.home import Profile
from client.reporter.compose import Attachment, Draft, compose, new_case
from client.transport.relay_client import Transport
from keys.note import NoteKey
from tests.support import relay_process as relays
from tests.support.desk_office import PASSPHRASE, WEAK, reply_block
from tests.support.desk_process import PATIENCE, ROOT, DeskProcess, DeskVisitor, running, ways

pytestmark = pytest.mark.process

TABS = 12
SURNAME = "Иванова"
NAME, ACCOUNT, BY = "Иванова Анна Сергеевна", "били дубинками у входа в автозак", "Марина Волкова"
NOTE, ANSWER, SHIFT = "мать зовут Ольга Кузнецова", "адвокат Петрова едет к вам", "ждём Сидорова из суда"
PHOTO = b"\xff\xd8\xff\xe0" + hashlib.sha256(b"photo").digest() * 4_000


class DeskSetting:
    """A relay, an organisation, and one report that waits at the relay."""

    def __init__(self, folder: Path, relay: relays.Relay) -> None:
        self.folder = folder / "office"
        profile = Profile("Помощь", (relay.address,))
        self.office = home.create(self.folder, PASSPHRASE, profile, now=int(time.time()), cost=WEAK)
        self.relay = relay
        self.case, self.secret = new_case(os.urandom)
        self.send(
            {"stage": "van", "people": 3, "name": NAME, "account": ACCOUNT}, files=[Attachment("image/jpeg", PHOTO)]
        )

    def send(self, facts: dict[str, object], seq: int = 0, files: list[Attachment] | None = None) -> None:
        block = msgspec.structs.replace(
            reply_block(), relays=[(self.relay.address, reply_block().relays[0][1])], until=int(time.time()) + 86_400
        )
        draft = Draft(facts, files or [], block, case_secret=self.secret)
        composed = compose(
            self.office.card,
            draft,
            case=self.case,
            first=seq == 0,
            seq=seq,
            now=int(time.time()),
            random_bytes=os.urandom,
        )
        with Transport(os.urandom) as transport:
            key = NoteKey.parse(self.relay.http.get("/v1/relay").json()["note_key"])
            for sealed in composed.sealed:
                transport.deposit(self.relay.address, sealed, [key])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DeskSetting]:
    with relays.running(tmp_path / "relay") as relay:
        yield DeskSetting(tmp_path, relay)


def until(browser: DeskVisitor, words: str, path: str = "/queue") -> str:
    """Wait as a page does: ask what has changed, then look."""
    version, deadline = 0, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        page = browser.get(path)
        if words in page.text:
            return page.text
        version = browser.get(f"/changes?after={version}").json()["version"]
    raise AssertionError(f"{words} never came")


def let_in(desk: DeskProcess) -> DeskVisitor:
    browser = desk.browser()
    assert browser.enter().status_code == 303
    assert browser.unlock(PASSPHRASE, BY).status_code == 303
    return browser


NEEDLES: dict[str, bytes | str] = {
    "name": NAME, "account": ACCOUNT, "by": BY, "photo": PHOTO[100:200], "passphrase": PASSPHRASE,
}  # fmt: skip


def test_a_lock_wipes_what_the_process_knew(world: DeskSetting) -> None:
    with running(world.folder) as desk:
        browser = let_in(desk)
        until(browser, SURNAME)
        until(browser, "/case/1/file/1", "/case/1")
        assert PHOTO in browser.get("/case/1/file/1/save").content
        needles = NEEDLES | {"case": world.case}
        assert desk.remembers(needles) >= needles.keys() - {"passphrase"}  # the search finds what is there
        first = desk.link
        assert browser.post("/lock").status_code == 303
        again = desk.next_link()
        assert desk.remembers(needles) == set()
        assert desk.process.poll() is None
        assert again.split("/enter/")[0] == first.split("/enter/")[0]
        assert again != first
        # the same browser unlocks again, at the same address, and finds its work
        assert browser.get("/").status_code in (200, 303)
        assert SURNAME not in browser.get("/queue").text
        assert browser.unlock(PASSPHRASE, BY).status_code == 303
        until(browser, SURNAME)
        assert desk.end() == 0


def test_an_idle_desk_locks_by_itself(world: DeskSetting) -> None:
    with running(world.folder, "--idle", "0.05") as desk:
        let_in(desk)
        desk.next_link()
        assert desk.remembers(NEEDLES) == set()
        assert desk.end() == 0
    with Desk.unlock(world.folder, PASSPHRASE, BY) as opened:
        assert [entry.action.why for entry in opened.entries if isinstance(entry.action, Locked)] == ["idle"]


def test_a_wrong_passphrase_is_wiped_as_well(world: DeskSetting) -> None:
    nearly = PASSPHRASE + "!"
    with running(world.folder, "--idle", "0.1") as desk:
        browser = desk.browser()
        browser.enter()
        assert browser.unlock(nearly, BY).status_code == 403
        assert desk.remembers({"nearly": nearly}) == {"nearly"}
        desk.next_link()
        assert desk.remembers({"nearly": nearly, "passphrase": PASSPHRASE}) == set()


def test_a_signal_locks_and_another_ends(world: DeskSetting) -> None:
    with running(world.folder) as desk:
        let_in(desk)
        desk.process.send_signal(signal.SIGUSR1)
        desk.next_link()
        assert desk.remembers(NEEDLES) == set()
        assert desk.end(signal.SIGTERM) == 0
    assert "Traceback" not in desk.log.read_text()


def is_replaced(desk: DeskProcess) -> bool:
    """Whether the process that follows a lock is there, which may not have begun to listen to signals."""
    return f"{RESUMED}=".encode() in Path(f"/proc/{desk.pid}/environ").read_bytes()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_during_a_lock_ends_the_desk(world: DeskSetting, how: int, code: int) -> None:
    with running(world.folder) as desk:
        assert let_in(desk).post("/lock").status_code == 303
        assert desk.end(how) == code, "the answer has gone out, the exchange is to come"
    with running(world.folder) as desk:
        let_in(desk).post("/lock")
        while not is_replaced(desk):
            assert desk.process.poll() is None
        assert desk.end(how) == code, "the fresh process has not come to its first line"
        assert "Traceback" not in desk.log.read_text()


def test_the_page_that_says_locked_comes_before_the_exchange(world: DeskSetting) -> None:
    with running(world.folder) as desk:
        browser = let_in(desk)
        assert browser.post("/lock").status_code == 303
        slow = time.monotonic() + 0.5  # what the browser takes
        while time.monotonic() < slow:
            assert not is_replaced(desk)
        assert browser.get("/locked").status_code == 200
        assert not is_replaced(desk)
        desk.next_link()


def test_nothing_holds_up_a_lock_for_longer_than_the_security_page_says(world: DeskSetting, monkeypatch) -> None:
    """A desk that nobody can close, a browser that never asks, a page that is never answered."""
    waited: list[float] = []

    class Held:
        def touch(self) -> None:
            pass

        def close(self, reason: str) -> str:
            waited.append(0)
            return forever.wait() and ""

    class Forever(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            return False

    class Exchanged(Exception):
        pass

    def exchange(*_: object) -> None:
        raise Exchanged

    forever = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = Process(DeskOptions(world.folder), listener)
        process._desk, process._is_shown = Held(), Forever()  # type: ignore[assignment]
        monkeypatch.setattr(threading.Thread, "join", lambda self, timeout=None: waited.append(timeout or 0))
        monkeypatch.setattr(os, "execve", exchange)
        monkeypatch.setattr(os, "_exit", lambda code: None)
        process.put_order(Order(BUTTON))
        try:
            with pytest.raises(Exchanged):
                process.follow_order(waited.append)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            forever.set()
    page = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split())
    assert f"{sum(waited):.0f} seconds after the click at the latest" in page


def test_no_page_is_cut_off_by_the_exchange(world: DeskSetting) -> None:
    """Of the tabs that ask while the desk locks, each is answered: by this process, or by the one that follows."""
    answers: list[int | Exception] = []

    def ask(browser: DeskVisitor) -> None:
        headers = {"Cookie": f"{COOKIE}={browser.cookie}"}
        while not is_replaced(desk):
            tab = HTTPConnection(browser.origin.removeprefix("http://"), timeout=PATIENCE)
            try:
                tab.request("GET", "/locked", headers=headers)
                answers.append(tab.getresponse().status)
            except OSError as error:
                answers.append(error)
            tab.close()

    with running(world.folder) as desk:
        browser = let_in(desk)
        tabs = [threading.Thread(target=ask, args=(browser,)) for _ in range(TABS)]
        assert browser.post("/lock").status_code == 303
        for tab in tabs:
            tab.start()
        for tab in tabs:
            tab.join()
        assert len(answers) >= TABS
        assert set(answers) == {200}


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_it_ends_cleanly_while_it_is_unlocked(world: DeskSetting, how: int, code: int) -> None:
    with running(world.folder) as desk:
        let_in(desk)
        with pytest.raises(FolderBusy):
            Desk.unlock(world.folder, PASSPHRASE, BY)
        assert desk.end(how) == code
        assert "Traceback" not in desk.log.read_text()
    with Desk.unlock(world.folder, PASSPHRASE, BY) as opened:
        assert [entry.action.why for entry in opened.entries if isinstance(entry.action, Locked)] == ["stopped"]
        assert opened.damage == []


def test_the_link_works_once_and_the_cookie_is_only_known_by_its_digest(world: DeskSetting) -> None:
    with running(world.folder) as desk:
        browser, late = desk.browser(), desk.browser()
        assert browser.enter().status_code == 303
        assert late.enter().status_code == 410
        assert late.unlock(PASSPHRASE, BY).status_code == 403
        assert browser.unlock(PASSPHRASE, BY).status_code == 303
        browser.post("/lock")
        fresh = desk.browser(desk.next_link())
        assert desk.remembers({"cookie": browser.cookie, "link": desk.link.split("/")[-1]}) == set()
        # a new link lets another browser in, and the one before is out
        assert fresh.enter().status_code == 303
        assert browser.get("/unlock").status_code == 403


def test_no_disk_holds_a_word_of_a_day(world: DeskSetting, tmp_path: Path) -> None:
    with running(world.folder) as desk:
        browser = let_in(desk)
        until(browser, SURNAME)
        assert browser.post("/case/1/note", text=NOTE).status_code == 303
        assert browser.post("/case/1/send", text=ANSWER, chosen="", language="ru").status_code == 303
        assert browser.post("/handover", text=SHIFT, to="Пётр").status_code == 303
        assert PHOTO in until_whole(browser, "/case/1/file/1/save")
        assert browser.post("/exports", kind="package", audience="help", language="ru").status_code < 400
        bundle = browser.post("/journal/export").content
        until(browser, NOTE, "/case/1")
        assert browser.merge(bundle).status_code == 303
        needles = NEEDLES | {"note": NOTE, "answer": ANSWER, "shift": SHIFT, "case": world.case}
        assert desk.remembers(needles) >= needles.keys() - {"passphrase"}
        browser.post("/lock")
        desk.next_link()
        assert desk.remembers(needles) == set()
        desk.end()
        written = desk.log.read_bytes() + bundle
    disk = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"journal", "inbox.db", "outbox.db", "keystore", "card"} <= {Path(name).name for name in disk}
    for name, data in {**disk, "what was said and handed on": written}.items():
        assert found_in(data, needles) == set(), name
    assert list(desk.temporary.iterdir()) == []
    assert found_in(world.folder.joinpath("card").read_bytes(), {"organisation": "Помощь"}) == {"organisation"}
    with Desk.unlock(world.folder, PASSPHRASE, BY) as opened:
        kinds = {entry.action.kind for entry in opened.entries}
        assert kinds >= {"received", "viewed", "noted", "replied", "sent", "handedover", "exported", "locked"}
        assert opened.damage == []


def found_in(data: bytes, needles: dict[str, bytes | str]) -> set[str]:
    return {name for name, needle in needles.items() if any(form in data for form in ways(needle))}


def until_whole(browser: DeskVisitor, path: str) -> bytes:
    """Pieces of a photo may come after the report."""
    until(browser, "/case/1/file/1", "/case/1")
    return browser.get(path).content


def test_no_core_is_dumped_and_only_this_computer_is_listened_to(world: DeskSetting) -> None:
    with running(world.folder) as desk:
        limits = Path(f"/proc/{desk.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
        listening = Path(f"/proc/{desk.pid}/net/tcp").read_text()
        port = int(desk.link.split(":")[2].split("/")[0])
        assert f"0100007F:{port:04X}" in listening


def test_killed_with_no_warning_it_loses_nothing(world: DeskSetting) -> None:
    with running(world.folder) as desk:
        until(let_in(desk), SURNAME)
        desk.end(signal.SIGKILL)
    with Desk.unlock(world.folder, PASSPHRASE, BY) as opened:
        assert opened.damage == []
        with opened.reading() as db:
            assert db.execute("SELECT count(*) FROM letter").fetchone() == (1,)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--listen", "0.0.0.0:0"), "one address"),
        (("--listen", "192.0.2.7:0"), "--beyond-loopback"),
        (("--listen", "8602"), "HOST:PORT"),
        (("--country", "Kazakhstan"), "two letters"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_words(world: DeskSetting, options: tuple[str, ...], says: str) -> None:
    import subprocess
    import sys

    result = subprocess.run(
        [sys.executable, "-m", "client.cli.main", "desk", "--home", str(world.folder), *options],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr
