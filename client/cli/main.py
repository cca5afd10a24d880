"""THE DOOR for a shell: `tocsin ...`. Every command is imported when it is asked for and not before."""

import sys
from importlib import import_module
from importlib.metadata import entry_points, version
from typing import Any

import click

from client.cli import output
from keys.errors import TocsinError

COMMANDS = {
    "demo": "client.cli.demo:demo",
    "report": "client.cli.report:report_",
    "replies": "client.cli.report:replies_",
    "outbox": "client.cli.outbox:outbox",
    "inbox": "client.cli.inbox:inbox",
    "desk": "client.cli.desk:desk",
    "receipt": "client.cli.receipt:receipt",
    "contact": "client.cli.contact:contact",
    "org": "client.cli.org:org",
    "phone": "client.cli.phone:phone",
    "stations": "client.cli.stations:stations",
}
HELP = {
    "demo": "Everything on this machine, in a temporary folder: seal, carry, open, reply.",
    "report": "Seal a report for an organisation and send it.",
    "replies": "Fetch and show what came back to you in a case.",
    "outbox": "What has not left yet.",
    "inbox": "The organisation's side: collect, open, read, reply, save.",
    "desk": "The organisation's desk in the browser: who is held where, cases, replies, journal.",
    "receipt": "What a relay signed for a message, and when.",
    "contact": "People who are told, and who tell you.",
    "org": "Make and look after an organisation: keys, card, code.",
    "phone": "Build, try and check the phone app.",
    "stations": "Build and search lists of police stations.",
    "relay": "Run a relay, which carries what it cannot read.",
}
PLUGINS = "tocsin.commands"  # the relay's commands live in the relay, which the client never imports

REFUSED, MISUSED, STOPPED = 1, 2, 130


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(HELP)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            return getattr(import_module(module), name)  # type: ignore[no-any-return]
        for plugin in entry_points(group=PLUGINS, name=cmd_name):
            return plugin.load()  # type: ignore[no-any-return]
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(HELP.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("tocsin"), prog_name="tocsin")
def door() -> None:
    """An alarm bell that only your people can hear."""


def main(arguments: list[str] | None = None) -> Any:
    """Run a command; the process ends with 0 done, 1 refused or failed, 2 wrong use."""
    try:
        sys.exit(door.main(arguments, prog_name="tocsin", standalone_mode=False) or 0)
    except TocsinError as problem:
        output.error(problem)
        sys.exit(MISUSED if problem.code == "fact" else REFUSED)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message(), err=True)
        sys.exit(MISUSED)
    except click.UsageError as problem:
        output.misuse(problem)
        sys.exit(MISUSED)
    except click.ClickException as problem:
        output.say(f"error: {problem.format_message()}")
        sys.exit(REFUSED)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
