"""The desk's pages on one socket, served and stopped so that no browser is left with half a page."""

import socket
import time
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.server import create_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 32  # each open page holds one for news
NEVER = 2**40  # bytes at which a page is put into a file on the disk
QUIET_LOOKS = 10  # in a row at which nobody asks for anything: then nobody is about to
LOOK_SECONDS = 0.01


class _Channel(HTTPChannel):  # type: ignore[misc] # waitress has no types
    """A connection that takes no more requests once the server is about to go."""

    def readable(self) -> bool:
        return bool(super().readable()) and not getattr(self.server, "is_going", False)

    def is_waiting(self) -> bool:
        """Return whether the browser waits for something: it has asked, or not received all of it."""
        return bool(self.requests or self.total_outbufs_len)

    def has_unread(self) -> bool:
        """Return whether the browser has sent what was not read yet."""
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


class PageServer:
    """An HTTP server that buffers nothing in files and can be emptied. `max_body_bytes`: of one request."""

    def __init__(self, app: "WSGIApplication", listener: socket.socket, *, max_body_bytes: int) -> None:
        self._server: Any = create_server(
            app,
            sockets=[listener],
            threads=THREADS,
            ident="",
            expose_tracebacks=False,
            clear_untrusted_proxy_headers=True,
            outbuf_overflow=NEVER,
            inbuf_overflow=NEVER,
            max_request_body_size=max_body_bytes,
        )
        self._server.channel_class = _Channel

    def run(self) -> None:
        """Serve until the process ends. Blocks."""
        self._server.run()

    def drain(self, seconds: float) -> None:
        """Accept nobody more, wait until whoever came has their answer, and take no more requests: for so many seconds
        at most.

        Who comes now waits at the socket for the process that inherits it. From any thread but the serving one.
        """
        end = time.monotonic() + seconds
        self._server.accepting = False
        looks = 0
        while looks < QUIET_LOOKS and time.monotonic() < end:
            is_quiet = not any(channel.is_waiting() or channel.has_unread() for channel in self._channels())
            looks = looks + 1 if is_quiet else 0
            time.sleep(LOOK_SECONDS)
        # From here on a request is not begun: a browser that gets nothing asks again, one with half a page does not.
        self._server.is_going = True
        while any(channel.is_waiting() for channel in self._channels()) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)

    def _channels(self) -> list[_Channel]:
        return list(self._server.active_channels.values())
