"""Output of the command line: `error:` and `hint:` on stderr, results on stdout, progress only on a terminal.

Nothing of a report is ever said here but by the commands that were asked to show it. Whatever is said to a person has
no control character and nothing invisible in it, whoever wrote it.
"""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from client import files
from client.invisible_characters import to_visible
from keys.errors import TocsinError

DUMB = ("dumb", "unknown")  # terminals that print control characters as they come
ENVIRONMENT = "TOCSIN_PASSPHRASE_FILE"


class NoPassphrase(TocsinError):
    """a passphrase is needed"""

    code = "passphrase-missing"
    hint = f"run this in a terminal, or name a file with --passphrase-file or {ENVIRONMENT}"


class EmptyPassphrase(TocsinError):
    """the passphrase is empty"""

    code = "passphrase-empty"
    hint = "choose several random words; whoever finds this disk will try the short ones first"


class EmptyPassphraseFile(EmptyPassphrase):
    """there is no passphrase in this file"""

    hint = "it holds the passphrase as text; nothing was changed"


class PassphrasesDiffer(TocsinError):
    """the two passphrases are not the same"""

    code = "passphrases-differ"
    hint = "nothing was changed; try again"


class PassphraseUnreadable(TocsinError):
    """the passphrase file cannot be read"""

    code = "passphrase-file"
    hint = "check its name; it holds the passphrase as UTF-8 text on one line"


def error(problem: TocsinError, where: str = "") -> None:
    """Say what went wrong and what to do."""
    say(f"error: {where + ': ' if where else ''}{problem.sentence}")
    if problem.hint:
        hint(problem.hint)


def misuse(problem: click.UsageError) -> None:
    """Say how a command was written wrongly."""
    say(f"error: {problem.format_message().rstrip('.')}")
    if problem.ctx is not None:
        hint(f"`{problem.ctx.command_path} --help` shows how it is used")


def hint(words: str) -> None:
    """Say what a person can do."""
    say(f"hint: {words}")


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 letter, 2 letters."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def say(words: str) -> None:
    """Make a remark to a person that is no result."""
    click.echo(to_visible(words), err=True)


def result(as_json: bool, value: dict[str, Any], words: str) -> None:
    """Print a result: one JSON object on one line, or words."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")) if as_json else to_visible(words))


def bold(words: str) -> str:
    """Return words in bold type where they are printed on a terminal that has it and nobody asked for plain text."""
    is_plain = not sys.stdout.isatty() or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") in DUMB
    return words if is_plain else click.style(words, bold=True)


class Passphrase:
    """Where the passphrase comes from; it is asked for once, when it is first needed."""

    def __init__(self, file: Path | None) -> None:
        named = os.environ.get(ENVIRONMENT)
        self._file = file or (Path(named) if named else None)
        self._known: str | None = None

    @property
    def is_at_hand(self) -> bool:
        """Whether there is a file or a person to ask."""
        return self._file is not None or sys.stdin.isatty()

    @property
    def has_file(self) -> bool:
        """Whether it comes from a file."""
        return self._file is not None

    def ask(self) -> str:
        """Return the passphrase of something that exists.

        Raises NoPassphrase, PassphraseUnreadable, EmptyPassphraseFile.
        """
        if self._known is None:
            self._known = self._read() if self._file else _prompt("passphrase: ")
        return self._known

    def choose(self, words: str = "new passphrase: ") -> str:
        """Return a passphrase for something new, typed twice.

        Raises NoPassphrase, PassphraseUnreadable, EmptyPassphrase, PassphrasesDiffer.
        """
        if self._known is None:
            chosen = self._read() if self._file else _prompt(words)
            if not chosen.strip():
                raise EmptyPassphrase()
            if not self._file and _prompt("the same again: ") != chosen:
                raise PassphrasesDiffer()
            self._known = chosen
        return self._known

    def _read(self) -> str:
        assert self._file is not None  # noqa: S101 - both callers looked
        try:
            phrase = files.decode_text(files.read(self._file)).rstrip("\n")
        except (files.CannotRead, files.NotText) as problem:
            raise PassphraseUnreadable(problem.detail or f"{self._file} ({problem.sentence})") from None
        if not phrase:
            raise EmptyPassphraseFile(str(self._file))
        return phrase


def _prompt(words: str) -> str:
    if not sys.stdin.isatty():
        raise NoPassphrase()
    return getpass.getpass(words)


@contextmanager
def progress(words: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while something long goes on; nothing when stderr is no terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") in DUMB:
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - 60 ms that nobody pays who pipes
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=total)
        yield lambda steps: bar.advance(task, steps)
