"""`tocsin desk`: the process, hardened, on one address of this computer."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from client.cli import options, output

if TYPE_CHECKING:
    from client.desk.server.desk_server import DeskServer


def _country(_: click.Context, option: click.Parameter, text: str) -> str:
    if text and not (len(text) == 2 and text.isascii() and text.isalpha()):  # noqa: PLR2004
        raise click.BadParameter("two letters, as in KZ", param=option)
    return text.upper()


@click.command(context_settings={"show_default": True})
@options.home
@click.option("--listen", type=options.Listen(), default="127.0.0.1:8602", help="Where the browser finds it.")
@click.option("--beyond-loopback", is_flag=True, help="Listen where other computers can reach it. Not encrypted.")
@click.option("--idle", type=click.FloatRange(0.02, 600), default=15, metavar="MINUTES", help="Lock when nobody did anything for so long.")  # fmt: skip  # noqa: E501
@click.option("--pack", "packs", type=options.FILE, multiple=True, help="A list of stations; repeatable.")
@click.option("--country", default="", callback=_country, help="Whose laws set the clocks where no station tells.")
@click.option("--mend", is_flag=True, help="Set a damaged journal aside and go on with what can be read of it.")
def desk(folder: Path, listen: tuple[str, int], beyond_loopback: bool, **settings: Any) -> None:
    """Open the organisation's desk in this computer's browser. It begins locked."""
    from client.desk.server.desk_server import start_desk  # noqa: PLC0415 - `tocsin --help` need not wait for all this
    from client.desk.server.process import DeskOptions  # noqa: PLC0415

    idle_seconds = max(1, round(settings["idle"] * 60))
    desk_options = DeskOptions(folder, settings["packs"], settings["country"], idle_seconds, settings["mend"])
    server = start_desk(desk_options, listen, beyond_loopback=beyond_loopback)
    _print_link(server)
    server.run()


def _print_link(server: "DeskServer") -> None:
    if server.is_resumed:
        output.say("locked: nothing readable is left in memory. The browser that was let in may unlock; for another:")
    else:
        output.say("the desk is locked. Open this link in the browser of this computer; it works once:")
        for swap in server.swaps:
            output.hint(f"memory may be written to {swap}: encrypt it or `swapoff` it, and do not hibernate")
    click.echo(server.link)
    sys.stdout.flush()
