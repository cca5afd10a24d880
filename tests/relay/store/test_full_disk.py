"""A full disk loses nothing, and acknowledging still frees space. Needs root for a small disk of its own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.wire import digest
from tests.support.files.small_disk import fill, mounted
from tests.support.relay_post import frames, letter, new_key, parcel
from tests.support.relay_process import PATIENCE, relay_command, running

pytestmark = pytest.mark.process

DISK_MB = 24


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", f"size={DISK_MB}m") as folder:
        yield folder


def test_a_disk_filled_with_letters_answers_507_and_an_ack_makes_room(disk: Path) -> None:
    key, bodies = new_key(), []
    with running(disk / "data", "--max-bytes", str(1 << 30), "--work-share", "1") as relay:
        relay.collect(key)
        while (answer := relay.deposit(key.id, body := parcel(), bytes(32))).status_code == 201:
            bodies.append(body)
        assert (answer.status_code, answer.json()["code"]) == (507, "relay-full")
        assert len(bodies) > 50
        assert relay.collect(key, want=0, ack=[digest(body) for body in bodies[:20]]).status_code == 200
        assert relay.deposit(key.id, late := parcel(), bytes(32)).status_code == 201
        assert set(relay.everything(key).values()) == {*bodies[20:], late}
        assert relay.stop() == 0


def test_a_disk_filled_by_somebody_else_loses_nothing_and_acks_still_work(disk: Path) -> None:
    key = new_key()
    bodies = [letter() for _ in range(300)]
    with running(disk / "data", "--work-share", "1") as relay:
        relay.collect(key)
        for body in bodies:
            assert relay.deposit(key.id, body, bytes(32)).status_code == 201
        fill(disk / "other")
        while (answer := relay.deposit(key.id, body := letter(), bytes(32))).status_code == 201:
            bodies.append(body)  # what already belongs to the relay's files is still used
        assert (answer.status_code, answer.json()["code"]) == (507, "relay-full")
        answer = relay.collect(key, want=0, ack=[digest(body) for body in bodies[:200]])
        assert answer.status_code == 200, answer.text
        got = {envelope for _, _, envelope in frames(relay.collect(key).content)}
        assert got == set(bodies[200:])
        assert relay.deposit(key.id, late := letter(), bytes(32)).status_code == 201
        (disk / "other").unlink()
        assert set(relay.everything(key).values()) == {*bodies[200:], late}
        assert relay.stop() == 0
    check = subprocess.run(relay_command("check", "--data", disk / "data"), check=False, capture_output=True, text=True)
    assert (check.returncode, check.stderr) == (0, "")


def test_killed_on_a_full_disk_it_starts_again_and_frees(disk: Path) -> None:
    key = new_key()
    bodies = [letter() for _ in range(100)]
    with running(disk / "data", "--work-share", "1") as relay:
        for body in bodies[:60]:
            assert relay.deposit(key.id, body, bytes(32)).status_code == 201
        relay.collect(key)
        for body in bodies[60:]:
            assert relay.deposit(key.id, body, bytes(32)).status_code == 201
        fill(disk / "other")
        while relay.deposit(key.id, body := letter(), bytes(32)).status_code == 201:
            bodies.append(body)
        relay.process.kill()
    with running(disk / "data") as relay:
        assert relay.collect(key, want=0, ack=[digest(body) for body in bodies[:50]]).status_code == 200
        assert {envelope for _, _, envelope in frames(relay.collect(key).content)} == set(bodies[50:])


def test_a_read_only_disk_says_so_at_start(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=24m") as disk:
        with running(disk / "data") as relay:
            relay.stop()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for command in (("serve", "--listen", "127.0.0.1:0"), ("sweep",)):
            ended = subprocess.run(
                relay_command(command[0], "--data", disk / "data", *command[1:]),
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
            assert ended.returncode == 1
            error = "error: the relay's data folder cannot be written: "
            assert ended.stderr.startswith(f"{error}{disk / 'data'}")
            assert ended.stderr.splitlines()[1].startswith("hint: ")
            assert ended.stdout == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else_says_so_at_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    ended = subprocess.run(
        relay_command("serve", "--data", folder), capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: the relay's data folder cannot be written\n")
