"""Options that several commands share."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]

PORTS = 65_535
SENTENCE = 1_000  # characters; click cuts a command's first sentence at 45

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line on stdout.")
passphrase_file = click.option(
    "--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking."
)
by = click.option("--by", default="", help="Your name in the journal (default: TOCSIN_BY, else this account's).")
home = click.option("--home", "folder", type=FOLDER, required=True, help="The organisation's folder.")


def own_folder() -> Path:
    """Return where a person's own things lie: TOCSIN_HOME, else `tocsin` in the data folder of this account."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(os.environ.get("TOCSIN_HOME") or Path(data) / "tocsin")


class CommandGroup(click.Group):
    """A group whose help says the first sentence of every command to its end."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; a line that is too long is wrapped."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(SENTENCE)) for name, command in commands if command])


def command(*words: str, home: Path | None = None) -> str:
    """Return a command of ours as it can be typed, for the folder it was about when that is not one's own."""
    where = [] if home is None or home == own_folder() else ["--home", str(home)]
    return shlex.join(["tocsin", *words, *where])


class Listen(click.ParamType[tuple[str, int]]):
    """HOST:PORT; an IPv6 address stands in brackets."""

    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Return host and port. Port 0 is any free one."""
        if isinstance(value, tuple):
            return value
        host, colon, port = str(value).rpartition(":")
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > PORTS:
            self.fail("write HOST:PORT, as in 127.0.0.1:8602", param, ctx)
        return host.strip("[]"), int(port)


own_home = click.option(
    "--home",
    "folder",
    type=FOLDER,
    default=own_folder,
    help="Your own folder (default: TOCSIN_HOME, else in your data folder).",
)
# Case ids are base64url and may begin with a hyphen, as an option does.
case_ids = {"ignore_unknown_options": True}
