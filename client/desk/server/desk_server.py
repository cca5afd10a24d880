"""The desk from its start to its end: where it listens, the process around it, and its pages."""

import socket
import threading
from typing import NoReturn

from client import files
from client.desk.server import hardening
from client.desk.server.page_server import PageServer
from client.desk.server.process import DeskOptions, DeskProcess, LockHandover, Order
from client.desk.web.access import is_loopback
from client.desk.web.app import create_app
from client.desk.web.views.journal import BUNDLE_BYTES
from client.listener import open_listener
from client.organisation.home import card_of
from client.stations.pack import pack
from keys.errors import TocsinError

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


class DeskServer:
    """A locked desk whose socket is open. `link` lets one browser in; `swaps`: where memory may be written to."""

    def __init__(self, options: DeskOptions, listener: socket.socket, resumed: LockHandover | None) -> None:
        self._listener = listener
        self._process = DeskProcess(options, listener, resumed)
        self._process.install_signal_handlers()
        self.link = self._process.link
        self.is_resumed = resumed is not None  # it follows a process that a lock ended
        self.swaps = hardening.list_swaps()

    def run(self) -> NoReturn:
        """Serve pages until an order ends or replaces the process. Main thread only."""
        # Twice as much as the page takes: the page itself draws the line, in words.
        server = PageServer(create_app(self._process), self._listener, max_body_bytes=2 * BUNDLE_BYTES)
        self._process.start_idle_watch()
        threading.Thread(target=self._serve, args=(server,), daemon=True).start()
        self._process.follow_order(server.drain)

    def _serve(self, server: PageServer) -> None:
        """Serve pages until the process ends; when that fails, the process ends too."""
        try:
            server.run()
        finally:
            self._process.put_order(Order("stopped", FAILED))


def start_desk(options: DeskOptions, listen: tuple[str, int], *, beyond_loopback: bool = False) -> DeskServer:
    """Harden the process and open a locked desk at a host and port; after a lock, at the socket it was handed.

    Raises NoHome, CardError, StationsError, CannotRead, NoAddress, BeyondLoopback, CannotListen.
    """
    hardening.harden_process()
    card_of(options.folder)
    for path in options.packs:
        pack.read(files.read(path))
    resumed = LockHandover.take_from_environment()
    if resumed is not None:
        return DeskServer(options, socket.socket(fileno=resumed.socket), resumed)
    return DeskServer(options, open_desk_listener(*listen, beyond_loopback=beyond_loopback), None)


def open_desk_listener(host: str, port: int, *, beyond_loopback: bool = False) -> socket.socket:
    """Return a socket that listens at one address of this computer, on its loopback unless `beyond_loopback`.

    Raises NoAddress, BeyondLoopback, CannotListen.
    """
    if host in ("0.0.0.0", "::", "*"):  # noqa: S104 - refused
        raise NoAddress()
    if not is_loopback(host) and not beyond_loopback:
        raise BeyondLoopback(host)
    return open_listener(host, port)
