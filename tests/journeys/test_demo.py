"""The demonstration: it shows what Tocsin is for, its commands can be typed as they stand, and it ends in order."""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from client.cli import demo_reports

pytestmark = pytest.mark.process

LAST_LINE = "ctrl-c ends all of it"
PATIENCE = 120


class Demo:
    """`tocsin demo` as it runs, with what it has printed."""

    def __init__(self, **env: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "client.cli.main", "demo"],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.out = ""
        self.has_begun, self.is_ready = threading.Event(), threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.out += line
            if "$ cd " in line:
                self.has_begun.set()
            if LAST_LINE in line:
                self.is_ready.set()
        self.has_begun.set()
        self.is_ready.set()

    @property
    def folder(self) -> Path:
        return Path(re.search(r"^\$ cd (\S+)$", self.out, re.MULTILINE)[1])

    @property
    def screen(self) -> str:
        """What it printed last."""
        return self.out.split("The round trip is done")[1]

    def part(self, word: str) -> int:
        """The process of a part, named by a word of its command."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        [found] = [pid for pid in children if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]
        return int(found)

    def end(self, how: int | None = None) -> int:
        """Send a signal, if one is named, and wait for the end; the exit code."""
        if how is not None:
            self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self._reader.join()
        return code


@contextmanager
def running(**env: str) -> Iterator[Demo]:
    demo = Demo(**env)
    try:
        assert demo.is_ready.wait(PATIENCE)
        assert LAST_LINE in demo.out, demo.out
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.end(signal.SIGTERM)


def typed(command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell in another folder does."""
    words = ["sh", "-c", command]
    return subprocess.run(words, cwd="/", env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_the_commands_on_the_last_screen_run_as_they_stand_in_another_terminal():
    with running() as demo:
        commands = [line.strip() for line in demo.screen.splitlines() if line.startswith("  /")]
        assert [shlex.split(line)[1 if " -m " not in line else 3] for line in commands] == [
            "report",
            "report",
            "replies",
        ]
        bare = {"PATH": "/usr/bin:/bin", "HOME": str(demo.folder / "nobody"), "LANG": "C.UTF-8"}
        for command in commands:
            ended = typed(command, bare)
            assert ended.returncode == 0, (command, ended.stderr)
        assert "[lawyer]" in ended.stdout
        assert not (demo.folder / "nobody").exists()
        setup = "\n".join(line[2:] for line in demo.out.splitlines() if line.startswith(("$ cd ", "$ export ")))
        shown = re.search(r"^\$ (tocsin inbox show .*)$", demo.out, re.MULTILINE)[1]
        ended = typed(f"{setup}\n{shown}", bare)
        assert demo_reports.STORY in ended.stdout, ended.stderr
        assert "\x1b" not in demo.out
        assert "█" not in demo.out, "a code for another device would lead it to itself"
        assert len(demo.screen.splitlines()) <= 20
        parts = [demo.part(word) for word in ("relay", "phone", "desk")]
        assert demo.end(signal.SIGINT) == 0
        assert "Traceback" not in demo.out
        assert not demo.folder.exists()
        assert [pid for pid in parts if Path(f"/proc/{pid}").exists()] == []


def test_when_a_part_dies_it_says_so_and_ends():
    with running() as demo:
        folder = demo.folder
        os.kill(demo.part("desk"), signal.SIGKILL)
        assert demo.end() == 1
        assert "error: a part of the demonstration has ended, so all of it ends: the desk, by signal 9\n" in demo.out
        assert "Traceback" not in demo.out
        assert not folder.exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_first_print_ends_it_in_order(how):
    demo = Demo()
    assert demo.has_begun.wait(PATIENCE)
    assert demo.end(how) == (130 if how == signal.SIGINT else 0)
    assert demo.out.endswith("stopped\n") is (how == signal.SIGINT)
    assert "Traceback" not in demo.out
    assert not demo.folder.exists()
