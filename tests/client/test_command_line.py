"""What `tocsin` says: help that is whole, and sentences that name what is wrong."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from client.cli import main
from client.cli.main import door
from client.organisation.home import Profile, create
from client.site.release import RELEASE
from client.site.serve import HEADERS
from keys.keystore import Cost

NOW = 1_795_168_800


def groups(command: click.Group = door, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that has commands of its own, as the words that name it."""
    yield words
    for name in command.list_commands(click.Context(command)):
        found = command.get_command(click.Context(command), name)
        if isinstance(found, click.Group):
            yield from groups(found, (*words, name))


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Run `tocsin WORDS`: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def shell(*words: object) -> tuple[int, str, str]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "client.cli.main", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", list(groups()), ids=" ".join)
def test_a_group_without_a_word_shows_its_help_and_calls_it_no_error(words, capsys):
    code, out, err = said(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"Usage: {' '.join(('tocsin', *words))} ")
    assert "error:" not in err
    assert "hint:" not in err


@pytest.mark.parametrize("words", list(groups()), ids=" ".join)
def test_no_line_of_the_help_is_cut(words, capsys):
    code, out, _ = said(capsys, *words, "--help")
    assert code == 0
    assert "..." not in out.split("Commands:")[1]
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.process
def test_a_port_that_is_taken_is_said_alike_by_whoever_listens(tmp_path):
    create(tmp_path / "office", "phrase", Profile("Help", ("https://relay.example",)), now=NOW, cost=Cost(1, 8 * 2**20))
    (tmp_path / RELEASE).touch()
    (tmp_path / HEADERS).touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        calls = [
            ("relay", "serve", "--data", tmp_path / "relay"),
            ("desk", "--home", tmp_path / "office"),
            ("phone", "serve", tmp_path),
        ]
        ended = [shell(*words, "--listen", address) for words in calls]
    assert len(set(ended)) == 1, ended
    code, out, err = ended[0]
    assert (code, out) == (1, "")
    assert err.startswith(f"error: this address cannot be listened on: {address} (Address already in use)\nhint: ")
    assert err.count(address) == 1


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", ":8080"])
@pytest.mark.parametrize("words", [("desk", "--home", "x"), ("phone", "serve", "x")], ids=" ".join)
def test_an_address_without_host_or_port_is_a_misuse(words, listen, capsys):
    code, out, err = said(capsys, *words, "--listen", listen)
    assert (code, out) == (2, "")
    assert "write HOST:PORT, as in 127.0.0.1:8602" in err
