"""What stands around a phone: a relay, an organisation with its computer, a host that serves the app."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nacl.signing import SigningKey

from client.organisation.case_files import read_case
from client.site.serve import serving
from keys.message import ReplyBlock
from keys.wire import LETTER_BYTES
from tests.journeys.conftest import PASSPHRASE, QUICK, TOCSIN, OfficeCommand, RelayCommand, Shell
from tests.support.quick_tocsin import QUICK_PIN

NAME = "Ночная хартия Приречья"  # nobody else's, so that it can be searched for
TABLE = """id,name,address,lat,lon,phone
1,ОВД Тверской,Петровка 38,55.7672,37.6148,102; +7 000 444-55-66
2,ОВД Красносельский,Краснопрудная 1,55.7790,37.6650,
3,ОВД Таганский,Таганская 10,55.7410,37.6550,
4,ОВД Хамовники,Пречистенка 20,55.7420,37.5930,
5,ОВД Пресненский,Литвина-Седого 3,55.7590,37.5560,
"""
FRAME = 1 + 32 + LETTER_BYTES  # of a letter that comes with its commitment
CHANGING = ("relay", "office")  # folders of this world that change while people use it
HOP = {"connection", "transfer-encoding", "keep-alive"}
# A relay whose clock is so many seconds ahead of this computer's.
AHEAD = """
import sys, time
now = time.time
time.time = lambda: now() + int(sys.argv[1])
from relay.cli import relay
relay(sys.argv[2:], prog_name="relay")
"""


class CuttableProxy(ThreadingHTTPServer):
    """What lies between the phones and a relay: passes everything on, until it is told to behave otherwise."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = port
        self.mode = "pass"
        self.deposits = 0
        self.deposited: list[tuple[str, ...]] = []  # what a deposit looks like from outside: names of headers, sizes
        self.collects = 0  # pages that were handed out
        self.frames: list[bytes] = []  # what was ever collected: kind, commitment, envelope
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no event here."""

    def collected(self, data: bytes) -> bytes:
        """What a relay that means harm hands out instead."""
        frames = [data[start : start + FRAME] for start in range(0, len(data), FRAME)]
        self.frames += [frame for frame in frames if frame not in self.frames]
        self.collects += 1
        if self.mode == "drop":
            return b""
        if self.mode == "replay":
            return b"".join(self.frames[:64])
        if self.mode == "invent":
            return b"\x01" + os.urandom(32) + b"\x01" + os.urandom(LETTER_BYTES - 1)
        if self.mode == "swap":
            return b"".join(frame[:-1] + bytes([frame[-1] ^ 1]) for frame in self.frames[:64])
        return data


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CuttableProxy

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "POST" and self.path == "/v1/deposit":
            self.server.deposits += 1
            names = sorted(f"{name.lower()} {len(value)}" for name, value in self.headers.items())
            self.server.deposited.append((*names, str(len(body))))
        if self.server.mode == "cut":
            self.close_connection = True
            self.connection.close()
        elif self.command == "OPTIONS":
            self._pass_on(body)
        elif self.server.mode == "500":
            self._answer(500, {"Content-Type": "text/html", "Access-Control-Allow-Origin": "*"}, b"<h1>Oops</h1>")
        elif self.server.mode == "garbage":
            self._answer(201, {"Content-Type": "text/plain", "Access-Control-Allow-Origin": "*"}, bytes(range(256)) * 4)
        else:
            self._pass_on(body)

    do_GET = do_POST = do_PUT = do_OPTIONS = handle_any

    def _pass_on(self, body: bytes) -> None:
        behind = HTTPConnection("127.0.0.1", self.server.behind, timeout=90)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        behind.request(self.command, self.path, body or None, headers)
        answer = behind.getresponse()
        sent = {name: value for name, value in answer.getheaders() if name.lower() not in {*HOP, "content-length"}}
        if self.server.mode == "no-cors":
            sent = {name: value for name, value in sent.items() if not name.lower().startswith("access-control")}
        data = answer.read()
        behind.close()
        if self.path == "/v1/collect" and answer.status == 200 and b'"commits":true' in body:
            data = self.server.collected(data)
        if self.server.mode == "lost-answer" and self.path == "/v1/deposit":
            self.close_connection = True
            self.connection.close()
            return
        self._answer(answer.status, sent, data)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        with suppress(OSError):
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class LinedRelay(RelayCommand):
    """A relay that is reached through a line."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.line = CuttableProxy(self.port)
        self.address = self.line.address

    def start(self, ahead: int = 0) -> "LinedRelay":
        words = ["serve", "--data", str(self.folder), "--listen", f"127.0.0.1:{self.port}", "--origin", self.address]
        words.append("--clock-is-right")  # it has run for more than a day when people come
        program = ["-c", AHEAD, str(ahead)] if ahead else ["-m", "relay"]
        self.process = subprocess.Popen(
            [sys.executable, *program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert "listening" in self.process.stdout.readline(), self.process.stderr.read()
        return self


class World:
    """One relay behind a line, one organisation, one host."""

    name = NAME

    def __init__(self, folder: Path, program: tuple[str, ...] = TOCSIN) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._end = ExitStack()
        self.relay = LinedRelay(folder / "relay").start()
        self._end.callback(self.relay.stop, signal.SIGKILL)
        self._end.callback(self.relay.line.server_close)
        self._end.callback(self.relay.line.shutdown)
        self.shell = Shell(folder, program)
        self.site = folder / "site"
        self.address, self._is_served = "", False
        self._seen: set[str] = set()

    def _office(self) -> OfficeCommand:
        home, card = self.folder / "office", self.folder / "card"
        self.shell.ok("org", "new", "--home", home, "--root-inside", "--name", NAME, "--relay", self.relay.address)
        self.shell.ok("org", "publish", "--home", home)
        self.shell.ok("org", "card", "--home", home, "--out", card)
        return OfficeCommand(self.shell, home, card)

    @property
    def line(self) -> CuttableProxy:
        return self.relay.line

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *why: object) -> None:
        self._end.close()

    def build(self) -> "World":
        """The organisation, and the site, with a list of stations; an older edition of that list lies beside it."""
        self.office = self._office()
        self.code = str(self.office.ok("org", "code").json["code"])
        table, self.pack, self.older_pack = (self.folder / name for name in ("table.csv", "pack", "older-pack"))
        table.write_text(TABLE, encoding="utf-8")
        make = ("stations", "build", table, "--home", self.office.home, "--out", self.pack, "--id", "list")
        self.shell.ok(*make)
        self.older_pack.write_bytes(self.pack.read_bytes())
        table.write_text(TABLE + "9,ОВД Арбат,Арбат 5,55.7497,37.5914,\n", encoding="utf-8")
        self.shell.ok(*make)
        key = self.folder / "release-key"
        self.release_key = SigningKey(bytes(range(32)))
        key.write_bytes(bytes(self.release_key))
        options = ("--card", self.office.card, "--stations", self.pack, "--key", key)
        self.shell.ok("phone", "build", *options, "--out", self.site)
        scripts = [path.read_text(encoding="utf-8") for path in self.site.rglob("*.js")]
        assert any(QUICK_PIN in script for script in scripts) is (self.shell.program == QUICK)
        return self

    @property
    def pack_name(self) -> str:
        """What the pack is called on the site."""
        data = self.pack.read_bytes()
        return next(path.name for path in self.site.iterdir() if path.is_file() and path.read_bytes() == data)

    def serve(self) -> "World":
        """Let the host hand out the site, at the same address as before."""
        port = urlsplit(self.address).port or 0
        self._host = self._end.enter_context(ExitStack())
        self.address = self._host.enter_context(serving(self.site, ("127.0.0.1", port)))
        self._is_served = True
        return self

    def stop_serving(self) -> None:
        self._host.close()
        self._is_served = False

    def mend(self) -> "World":
        """Everything works again, and what came so far was seen."""
        self.line.mode, self.line.deposits = "pass", 0
        if self.relay.process is None:
            self.relay.start()
        if not self._is_served:
            self.serve()
        self._seen |= {case["case"] for case in self.reports()}
        return self

    # What relay and organisation have on their disks

    def keep(self, into: Path) -> Path:
        """Copy it, to come back to with `restore`."""
        self.relay.stop()
        for name in CHANGING:
            shutil.copytree(self.folder / name, into / name)
        self.relay.start()
        return into

    def restore(self, copy: Path) -> "World":
        """All is as it was then, and works."""
        self.relay.stop(signal.SIGKILL)
        for name in CHANGING:
            shutil.rmtree(self.folder / name)
            shutil.copytree(copy / name, self.folder / name)
        self.relay.start()
        self.line.mode, self.line.frames = "pass", []
        if not self._is_served:
            self.serve()
        return self

    # What the organisation sees

    def fresh(self) -> list[dict[str, Any]]:
        """Pull, and list the cases that were not there before this test."""
        return [case for case in self.reports() if case["case"] not in self._seen]

    def reports(self) -> list[dict[str, Any]]:
        """Pull, and list the cases there are."""
        self.office.ok("inbox", "pull")
        return self.office.ok("inbox", "list").lines

    def named(self, name: str) -> list[dict[str, Any]]:
        """Pull, and list the cases of this person."""
        return [case for case in self.reports() if case["name"] == name]

    def case(self, case: str) -> dict[str, Any]:
        return json.loads(self.office.ok("inbox", "show", case).out.splitlines()[0])

    def reply_blocks(self, case: str) -> list[ReplyBlock]:
        """Return the reply blocks that came with a case, with the secrets that no command prints."""
        found, *_ = read_case(self.office.home, lambda: PASSPHRASE, case)
        return [entry.message.reply for entry in found.messages if entry.message.reply]
