"""Serving a built site on this machine, for trying it: right types, the site's own headers, nothing written down."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6
from urllib.parse import unquote, urlsplit

from client import files
from client.site.release import RELEASE, is_served
from keys.errors import CannotListen, TocsinError

HEADERS = "_headers"
INDEX = "index.html"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
_OTHER = "application/octet-stream"
_PACKED = (".html", ".js", ".mjs", ".css", ".json", ".webmanifest", ".svg", ".txt")


class NotASite(TocsinError):
    """there is no built site in this folder"""

    code = "site-missing"
    hint = "`tocsin phone build --card CARD --out DIR` makes one"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], folder: Path) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        self.folder, self.sent = folder.resolve(), _headers(folder)
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no event, and its address is nobody's business."""

    def find(self, path: str) -> Path | None:
        """The file behind the path of a request; nothing outside the folder, nothing meant for the host."""
        name = unquote(urlsplit(path).path).lstrip("/")
        if "\0" in name or not is_served(name):
            return None
        found = (self.folder / name / ("" if name and not name.endswith("/") else INDEX)).resolve()
        return found if found.is_relative_to(self.folder) and found.is_file() else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        found = self.server.find(self.path)
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, TYPES[".txt"], b"not found\n")
        else:
            self._answer(HTTPStatus.OK, TYPES.get(found.suffix, _OTHER), files.read(found), found.suffix in _PACKED)

    do_HEAD = do_GET

    def _answer(self, status: HTTPStatus, kind: str, body: bytes, packed: bool = False) -> None:
        self.send_response(status)
        if packed and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 9, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.server.sent.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "-"

    def log_message(self, format: str, *args: object) -> None:
        """Who came and when is not written down, not even here."""


def _headers(folder: Path) -> dict[str, str]:
    if not (folder / RELEASE).is_file() or not (folder / HEADERS).is_file():
        raise NotASite(str(folder))
    lines = files.read(folder / HEADERS).decode("utf-8", "replace").splitlines()
    pairs = (line.strip().partition(": ") for line in lines if line.startswith("  "))
    return {name: value for name, _, value in pairs}


@contextmanager
def serving(folder: Path, listen: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[str]:
    """Serve the folder until the block ends; the address. Raises NotASite, CannotListen."""
    host, port = listen
    try:
        server = _Server((host, port), folder)
    except OSError as error:
        raise CannotListen.at(host, port, error) from None
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
