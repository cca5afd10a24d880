"""The relay's command, called in this process."""

from pathlib import Path

from click.testing import CliRunner, Result

from relay.cli import relay as command


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])
