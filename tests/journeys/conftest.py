"""A real relay process and the real command, as a person has them."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_server import is_for_this_interpreter, run_command

PASSPHRASE = "пять случайных слов для ночи"
TOCSIN = (sys.executable, "-m", "client.cli.main")
PATIENCE_SECONDS = 120
QUICK = (sys.executable, "-P", str(Path(__file__).parents[1] / "support" / "quick_tocsin.py"))


@dataclass
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        [line] = self.lines
        return line

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class RelayCommand:
    """`tocsin relay serve` on one folder and one port, to be started, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "RelayCommand":
        words = ["serve", "--data", str(self.folder), "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "relay", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert "listening" in self.process.stdout.readline(), self.process.stderr.read()
        return self

    def stop(self, how: int = signal.SIGTERM) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(how)
        self.process.communicate(timeout=30)
        code, self.process = self.process.returncode, None
        return code

    def everything(self) -> bytes:
        """Every byte the relay has on its disk."""
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def relays(tmp_path) -> Iterator[list[RelayCommand]]:
    """Two relays; a test that needs one takes the first."""
    both = [RelayCommand(tmp_path / name).start() for name in ("relay-a", "relay-b")]
    yield both
    for relay in both:
        relay.stop(signal.SIGKILL)


@pytest.fixture
def relay(relays) -> RelayCommand:
    return relays[0]


class Shell:
    """A person's shell: runs `tocsin`, with a passphrase at hand. The keystores it makes are quick to unlock."""

    def __init__(self, folder: Path, program: tuple[str, ...] = QUICK) -> None:
        self.folder, self.program = folder, program
        passphrase = folder / "passphrase"
        passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
        self.env = {**os.environ, "TOCSIN_PASSPHRASE_FILE": str(passphrase), "TOCSIN_HOME": str(folder / "person")}

    def run(self, *words: object, stdin: str | None = None, **env: str) -> Ended:
        whole = {**self.env, **env}
        if self.program == QUICK and is_for_this_interpreter(whole):
            ended = run_command([*map(str, words)], env=whole, stdin=stdin or "", seconds=PATIENCE_SECONDS)
        else:
            ended = subprocess.run(
                [*self.program, *map(str, words)],
                env=whole,
                input=stdin or "",
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def ok(self, *words: object, **more: Any) -> Ended:
        ended = self.run(*words, **more)
        assert ended.code == 0, (words, ended)
        return ended


@pytest.fixture
def shell(tmp_path) -> Shell:
    return Shell(tmp_path)


@dataclass
class OfficeCommand:
    """An organisation on its computer."""

    shell: Shell
    home: Path
    card: Path

    def run(self, *words: object) -> Ended:
        return self.shell.run(*words, "--home", self.home, "--json")

    def ok(self, *words: object) -> Ended:
        return self.shell.ok(*words, "--home", self.home, "--json")


def make_office(shell: Shell, relays: list[RelayCommand]) -> OfficeCommand:
    home, card = shell.folder / "office", shell.folder / "card"
    where = [word for relay in relays for word in ("--relay", relay.address)]
    shell.ok("org", "new", "--home", home, "--name", "Помощь", *where)
    shell.ok("org", "publish", "--home", home, "--root-file", shell.folder / "office-root")
    shell.ok("org", "card", "--home", home, "--out", card)
    return OfficeCommand(shell, home, card)


@pytest.fixture
def office(shell, relays) -> OfficeCommand:
    return make_office(shell, relays)


@pytest.fixture(scope="session")
def shared_office(tmp_path_factory) -> Iterator[OfficeCommand]:
    """Two relays and an organisation for all tests that neither stop the relays nor pull what came."""
    folder = tmp_path_factory.mktemp("shared-office")
    relays = [RelayCommand(folder / name).start() for name in ("relay-a", "relay-b")]
    yield make_office(Shell(folder), relays)
    for relay in relays:
        relay.stop(signal.SIGKILL)
