"""`relay sweep|check|backup` and how the command speaks."""

import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.relay.relay_command import run
from tests.support.relay_post import Line, contents, letter, new_key, parcel
from tests.support.relay_process import ROOT


@pytest.fixture
def filled(open_relay: Callable[..., Line], data: Path) -> Path:
    """The folder of a relay that holds a letter and a parcel and is still running."""
    line = open_relay()
    line.deposit(new_key().id, letter())
    line.deposit(new_key().id, parcel())
    return data


def change(folder: Path, statement: str) -> None:
    db = sqlite3.connect(folder / "relay.sqlite3")
    with db:
        db.execute(statement)
    db.close()


def test_a_sound_folder_is_well(filled: Path) -> None:
    filled.chmod(0o700)
    assert run("check", "--data", filled).output == "all is well\n"


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a changed envelope": (
        "an envelope does not match its hash",
        lambda folder: change(folder, "UPDATE envelope SET body = zeroblob(8192) WHERE length(body) = 8192"),
    ),
    "a letter that was never seen": (
        "an envelope is not remembered as seen",
        lambda folder: change(folder, "DELETE FROM seen"),
    ),
    "an open folder": ("others on this computer can read the data folder", lambda folder: folder.chmod(0o755)),
    "an open file": (
        "others on this computer can read relay.key",
        lambda folder: (folder / "relay.key").chmod(0o644),
    ),
    "no key": ("relay.key is missing", lambda folder: (folder / "relay.key").unlink()),
    "a cut key": ("relay.key does not have 32 bytes", lambda folder: (folder / "relay.key").write_bytes(b"x")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_check_names_what_is_wrong(filled: Path, damage: str) -> None:
    words, harm = DAMAGE[damage]
    harm(filled)
    ended = run("check", "--data", filled)
    assert ended.exit_code == 1
    assert f"error: {words}" in ended.stderr
    assert ended.stdout == ""


def test_check_names_a_damaged_database(open_relay: Callable[..., Line], data: Path) -> None:
    line = open_relay()
    for _ in range(50):
        line.deposit(new_key().id, letter())
    line.app.extensions["mailbox"].close()
    with (data / "relay.sqlite3").open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 4096 * 4)
    ended = run("check", "--data", data)
    assert ended.exit_code == 1
    assert "error: the " in ended.stderr
    assert "damaged" in ended.stderr


def test_a_folder_that_is_no_relays_is_named(tmp_path: Path) -> None:
    for name in ("check", "sweep"):
        ended = run(name, "--data", tmp_path)
        assert ended.exit_code == 1
        assert ended.stderr == "error: this folder holds no relay's data\nhint: check the folder behind --data\n"
    assert list(tmp_path.iterdir()) == []


def test_a_newer_relays_folder_is_left_alone(filled: Path) -> None:
    change(filled, "PRAGMA user_version = 2")
    ended = run("check", "--data", filled)
    assert ended.exit_code == 1
    assert ended.stderr.startswith("error: the relay's data folder was written by a newer version\nhint: ")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "relay.sqlite3").write_bytes(b"hello" * 1000)
    ended = run("check", "--data", tmp_path)
    assert ended.stderr.startswith("error: the relay's database is damaged\nhint: ")


def test_a_backup_of_a_running_relay_is_a_whole_relay(filled: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy.tar"
    ended = run("backup", "--data", filled, "--out", out)
    assert ended.exit_code == 0, ended.stderr
    assert "destroy it" in ended.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    with tarfile.open(out) as tar:
        tar.extractall(restored, filter="data")
    assert contents(restored) == contents(filled)
    assert (restored / "relay.key").read_bytes() == (filled / "relay.key").read_bytes()
    assert run("check", "--data", restored).output == "all is well\n"


def test_a_backup_that_fails_leaves_the_one_before(filled: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy.tar"
    out.write_bytes(b"before")
    (filled / "relay.key").unlink()
    assert run("backup", "--data", filled, "--out", out).exit_code == 1
    assert out.read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} == {"copy.tar", "data"}


@pytest.mark.parametrize(
    "wrong",
    [
        ("serve",),
        ("serve", "--data", "x", "--listen", "8000"),
        ("serve", "--data", "x", "--listen", "localhost:99999"),
        ("serve", "--data", "x", "--origin", "relay.example"),
        ("serve", "--data", "x", "--origin", "https://relay.example/?q"),
        ("backup", "--data", "x"),
        ("nonsense",),
    ],
)
def test_wrong_use_is_exit_code_two(wrong: tuple[str, ...]) -> None:
    assert run(*wrong).exit_code == 2


def test_the_command_itself_loads_no_server() -> None:
    listing = "import relay.cli, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"flask", "granian", "sqlite3", "nacl"} & set(loaded.stdout.split())
