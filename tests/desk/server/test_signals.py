"""A signal may come at any moment, also in the middle of the first print: the process ends in words or in silence."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from client.desk.server.process import RESUMED
from client.organisation import home
from client.organisation.home import Profile
from tests.support.desk_office import PASSPHRASE, WEAK
from tests.support.desk_process import PATIENCE, ROOT

pytestmark = pytest.mark.process

TIMES = 12
# Runs the command and sends itself signals from inside every write to stdout and stderr, at their very first byte.
IN_THE_MIDDLE = """
import os, signal, sys

class Interrupted:
    def __init__(self, stream, numbers):
        self.stream, self.numbers, self.is_busy = stream, numbers, False
    def write(self, text):
        if self.is_busy:
            raise RuntimeError("reentrant call")
        self.is_busy = True
        for number in self.numbers:
            os.kill(os.getpid(), number)
        self.is_busy = False
        return self.stream.write(text)
    def flush(self):
        if self.is_busy:
            raise RuntimeError("reentrant call")
        self.stream.flush()
    def __getattr__(self, name):
        return getattr(self.stream, name)

numbers = [int(number) for number in sys.argv.pop(1).split(",")]
sys.stdout, sys.stderr = Interrupted(sys.stdout, numbers), Interrupted(sys.stderr, numbers)
from client.cli.main import main
sys.argv[0] = "tocsin"
main()
"""
CODES = {signal.SIGTERM: 0, signal.SIGHUP: 0, signal.SIGINT: 130}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("signals") / "office"
    profile = Profile("Помощь", ("http://127.0.0.1:9",))
    home.create(folder, PASSPHRASE, profile, now=int(time.time()), cost=WEAK)
    return folder


def start(folder: Path, *before: str) -> "subprocess.Popen[str]":
    words = ["desk", "--home", str(folder), "--listen", "127.0.0.1:0"]
    env = {name: value for name, value in os.environ.items() if name != RESUMED}
    command = [sys.executable, *before, *words]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", CODES)
def test_a_signal_at_the_moment_of_the_first_print_ends_it_in_silence(folder, number):
    for _ in range(TIMES // len(CODES)):
        process = start(folder, "-m", "client.cli.main")
        assert process.stderr is not None
        assert process.stderr.read(1), "the first letter that it says"
        process.send_signal(number)
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == CODES[number]
        assert "Traceback" not in errors
        assert "Error" not in errors


@pytest.mark.parametrize("number", CODES)
def test_a_signal_in_the_middle_of_a_print_ends_it_in_silence(folder, number):
    process = start(folder, "-c", IN_THE_MIDDLE, ",".join([str(int(number))] * 3))
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == CODES[number], errors
    assert "Traceback" not in errors
    assert "reentrant" not in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_demonstration_ends_in_silence_and_leaves_no_folder(number, tmp_path):
    command = [sys.executable, "-c", IN_THE_MIDDLE, str(int(number)), "demo", "--once"]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert process.returncode == CODES[number], process.stderr
    assert "Traceback" not in process.stderr
    assert list(tmp_path.iterdir()) == []
