"""Serving a built site on this machine, for trying it: right types, the site's own headers, nothing written down."""

import gzip
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.server import create_server
from werkzeug.exceptions import NotFound
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_path_info

from client import files
from client.listener import open_listener
from client.site.release import RELEASE, is_served
from keys.errors import TocsinError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

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
THREADS = 4
_OTHER = "application/octet-stream"
_PACKED = (".html", ".js", ".mjs", ".css", ".json", ".webmanifest", ".svg", ".txt")


class NotASite(TocsinError):
    """there is no built site in this folder"""

    code = "site-missing"
    hint = "`tocsin phone build --card CARD --out DIR` makes one"


class ServedSite:
    """The files of a folder as a WSGI application: packed where that helps, with the site's own headers."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._sent = folder.resolve(), _headers(folder)
        self._files = SharedDataMiddleware(NotFound(), {"/": str(self._folder)}, cache=False)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer = self._answer(environ)
        answer.headers.update(self._sent)
        return answer(environ, start_response)

    def _answer(self, environ: "WSGIEnvironment") -> Response:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Response(status=HTTPStatus.NOT_IMPLEMENTED)
        path = get_path_info(environ)
        if path.endswith("/"):
            path, environ = path + INDEX, {**environ, "PATH_INFO": environ["PATH_INFO"] + INDEX}
        if not self._is_open(path.lstrip("/")):
            return _not_found()
        found = Response.from_app(self._files, environ, buffered=True)
        return _not_found() if found.status_code == HTTPStatus.NOT_FOUND else _packed(found.data, path, environ)

    def _is_open(self, name: str) -> bool:
        """Return whether browsers may have this: nothing outside the folder, nothing meant for the host."""
        return "\0" not in name and is_served(name) and (self._folder / name).resolve().is_relative_to(self._folder)


def _not_found() -> Response:
    return Response(b"not found\n", HTTPStatus.NOT_FOUND, content_type=TYPES[".txt"])


def _packed(body: bytes, path: str, environ: "WSGIEnvironment") -> Response:
    suffix = PurePosixPath(path).suffix
    answer = Response(body, content_type=TYPES.get(suffix, _OTHER))
    if suffix in _PACKED and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        answer.data = gzip.compress(body, 9, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
    return answer


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
    site = ServedSite(folder)
    with open_listener(host, port) as listener, _silence():
        server = create_server(site, sockets=[listener], threads=THREADS, ident="-")
        loop = threading.Thread(target=server.run, daemon=True)
        loop.start()
        try:
            shown = f"[{host}]" if ":" in host else host
            yield f"http://{shown}:{listener.getsockname()[1]}/"
        finally:
            # In the thread of the loop, which then has nothing left to wait for.
            server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
            loop.join()
            server.task_dispatcher.shutdown()


@contextmanager
def _silence() -> Iterator[None]:
    """Log nothing: nobody's visit is written down, and a browser that hangs up is no event."""
    logger = logging.getLogger("waitress")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
