"""What `tocsin` says: help that is whole, and sentences that name what is wrong."""

from collections.abc import Iterator

import click
import pytest

from client.cli import main
from client.cli.main import door


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
