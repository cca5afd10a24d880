"""`tocsin desk`: the process, hardened, on one address of this computer."""

import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from client import files
from client.cli import options, output
from client.listener import open_listener
from client.organisation.home import card_of
from keys.errors import TocsinError

if TYPE_CHECKING:
    from client.desk.server.process import DeskProcess, LockHandover

FAILED = 1


class BeyondLoopback(TocsinError):
    """other computers could reach the desk at this address"""

    code = "desk-beyond-loopback"
    hint = (
        "everything the desk shows would cross the network readable, and anybody on it could try to get in; use "
        "127.0.0.1, or an SSH tunnel from the other computer. --beyond-loopback does it all the same"
    )


class NoAddress(TocsinError):
    """the desk needs one address that a browser can be given"""

    code = "desk-address"
    hint = "name the address of one network, not 0.0.0.0 or ::"


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
    from client.desk.server import hardening  # noqa: PLC0415 - `tocsin --help` need not wait for all this
    from client.desk.server.process import DeskOptions, DeskProcess, LockHandover  # noqa: PLC0415
    from client.stations.pack import pack  # noqa: PLC0415

    hardening.harden_process()
    card_of(folder)
    for path in settings["packs"]:
        pack.read(files.read(path))
    resumed = LockHandover.take_from_environment()
    listener = _listener(listen, beyond_loopback, resumed)
    idle = max(1, round(settings["idle"] * 60))
    desk_options = DeskOptions(folder, tuple(settings["packs"]), settings["country"], idle, settings["mend"])
    desk_process = DeskProcess(desk_options, listener, resumed)
    desk_process.install_signal_handlers()
    _print_link(desk_process, resumed, hardening.list_swaps())
    _serve(desk_process, listener)


def _listener(listen: tuple[str, int], beyond_loopback: bool, resumed: "LockHandover | None") -> socket.socket:
    from client.desk.web.access import is_loopback  # noqa: PLC0415

    if resumed is not None:
        return socket.socket(fileno=resumed.socket)
    host, port = listen
    if host in ("0.0.0.0", "::", "*"):  # noqa: S104 - refused
        raise NoAddress()
    if not is_loopback(host) and not beyond_loopback:
        raise BeyondLoopback(host)
    return open_listener(host, port)


def _print_link(desk_process: "DeskProcess", resumed: "LockHandover | None", swaps: list[str]) -> None:
    if resumed is not None:
        output.say("locked: nothing readable is left in memory. The browser that was let in may unlock; for another:")
    else:
        output.say("the desk is locked. Open this link in the browser of this computer; it works once:")
        for swap in swaps:
            output.hint(f"memory may be written to {swap}: encrypt it or `swapoff` it, and do not hibernate")
    click.echo(desk_process.link)
    sys.stdout.flush()


def _serve(desk_process: "DeskProcess", listener: socket.socket) -> None:
    from client.desk.server.page_server import PageServer  # noqa: PLC0415
    from client.desk.web.app import create_app  # noqa: PLC0415
    from client.desk.web.views.journal import BUNDLE_BYTES  # noqa: PLC0415

    # Twice as much as the page takes: the page itself draws the line, in words.
    server = PageServer(create_app(desk_process), listener, max_body_bytes=2 * BUNDLE_BYTES)
    desk_process.start_idle_watch()
    threading.Thread(target=_run, args=(server.run, desk_process), daemon=True).start()
    desk_process.follow_order(server.drain)


def _run(serve: Callable[[], None], desk_process: "DeskProcess") -> None:
    """Serve pages until the process ends; when that fails, the process ends too."""
    from client.desk.server.process import Order  # noqa: PLC0415

    try:
        serve()
    finally:
        desk_process.put_order(Order("stopped", FAILED))
