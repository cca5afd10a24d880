"""A desk as a caseworker has it: `tocsin desk` in a process of its own, and a browser's HTTP before it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from client.desk.server.process import RESUMED
from client.desk.web.access import COOKIE, derive_form_key

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds for anything on a busy machine


class DeskProcess:
    """`tocsin desk` on a folder."""

    def __init__(self, folder: Path, *options: str, listen: str = "127.0.0.1:0") -> None:
        command = [sys.executable, "-m", "client.cli.main", "desk", "--home", str(folder), "--listen", listen, *options]
        self.log = folder.parent / f"{folder.name}.desk.log"
        self.temporary = folder.parent / f"{folder.name}.desk.tmp"
        self.temporary.mkdir(exist_ok=True)
        env = {name: value for name, value in os.environ.items() if name != RESUMED} | {"TMPDIR": str(self.temporary)}
        with self.log.open("a") as errors:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True, env=env
            )
        self.link = self.next_link()

    def next_link(self) -> str:
        """Wait for the one-time link that is printed at the start and after each lock."""
        assert self.process.stdout
        line = self.process.stdout.readline().strip()
        assert line.startswith("http"), (line, self.log.read_text())
        return line

    @property
    def pid(self) -> int:
        return self.process.pid

    def browser(self, link: str = "") -> "DeskVisitor":
        return DeskVisitor(link or self.link)

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def memory(self) -> Iterator[bytes]:
        """Everything this process can read of its own memory."""
        with (
            Path(f"/proc/{self.pid}/maps").open() as maps,
            Path(f"/proc/{self.pid}/mem").open("rb", buffering=0) as mem,
        ):
            for line in maps:
                found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r\S* .*?(\[v\S+\])?$", line)
                if found is None or found[3]:
                    continue
                start, end = int(found[1], 16), int(found[2], 16)
                try:
                    mem.seek(start)
                    yield mem.read(end - start)
                except (OSError, OverflowError, ValueError):
                    continue

    def remembers(self, needles: dict[str, bytes | str]) -> set[str]:
        """Which of these stand in its memory, in any of the ways Python and SQLite write a text."""
        forms = {name: ways(needle) for name, needle in needles.items()}
        found: set[str] = set()
        for part in self.memory():
            found |= {name for name, some in forms.items() if any(form in part for form in some)}
        return found


def ways(needle: bytes | str) -> list[bytes]:
    if isinstance(needle, bytes):
        return [needle]
    return [needle.encode("utf-8"), needle.encode("utf-16-le")]


class DeskVisitor:
    """Cookies and forms, as a browser sends them."""

    def __init__(self, link: str) -> None:
        self.origin, self.token = re.fullmatch(r"(http://[^/]+)/enter/(\S+)", link).groups()  # type: ignore[union-attr]
        self.http = httpx.Client(base_url=self.origin, timeout=PATIENCE, trust_env=False)

    @property
    def cookie(self) -> str:
        return self.http.cookies.get(COOKIE, "")

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def post(self, path: str, **fields: str) -> httpx.Response:
        form = {"form_key": derive_form_key(self.cookie), **fields}
        return self.http.post(path, data=form, headers={"Origin": self.origin, "Sec-Fetch-Site": "same-origin"})

    def merge(self, bundle: bytes) -> httpx.Response:
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        files = {"bundle": ("desk-journal.sealed", bundle, "application/octet-stream")}
        return self.http.post(
            "/journal/merge", data={"form_key": derive_form_key(self.cookie)}, files=files, headers=headers
        )

    def enter(self) -> httpx.Response:
        return self.post("/enter", token=self.token)

    def unlock(self, passphrase: str, by: str) -> httpx.Response:
        return self.post("/unlock", passphrase=passphrase, by=by)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[DeskProcess]:
    desk = DeskProcess(folder, *options)
    try:
        yield desk
    finally:
        desk.process.kill()
        desk.process.wait()
        assert desk.process.stdout
        desk.process.stdout.close()
