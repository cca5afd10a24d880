"""Our Flask app on an event loop. Three kinds of call:

quick ones (a deposit before the disk, relay info) run on the loop itself, which is cheaper than any hand-over;
blocking ones (a page out of the store, a card) run in a few threads; held ones are finished when their future is
resolved, and cost neither a thread nor the interpreter lock until then.

Deposit and collect, the two that may be held, are answered here; all others by the Flask app.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from keys.problems import Busy, TooLarge
from relay.futures import Future
from relay.http.collect import COLLECT, start_collect
from relay.http.cors import CORS
from relay.http.deferred import Answer, Deferred
from relay.http.fast_deposit import DEPOSIT, start_deposit
from relay.http.problems import to_answer, to_problem
from relay.http.routes import BLOCKING, body_bytes
from relay.http.services import Services

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
Headers = list[tuple[str, str]]
Reply = tuple[int, Headers, bytes]
T = TypeVar("T")

THREADS = 4
BLOCKED = 1_024  # blocking calls running or waiting for a thread; each may hold a request of 64 KiB
# A parcel over a line of 10 kbit/s takes under a minute.
LINE_SECONDS = 120
PIECE = 128 * 1024


class DirectCall(NamedTuple):
    """A call that is answered without Flask, given services, environ, body and the future it may wait for. `blocks`
    says that it reads the disk and belongs into a thread."""

    start: Callable[[Services, dict[str, Any], bytes, Future], Answer | Deferred]
    blocks: bool


# by path; the method is POST
DIRECT_CALLS: Mapping[str, DirectCall] = {
    DEPOSIT: DirectCall(start_deposit, blocks=False),
    COLLECT: DirectCall(start_collect, blocks=True),
}


class HungUp(Exception):
    """Whoever asked is gone or too slow; there is nobody to answer."""


class Adapter:
    """The ASGI side of a relay's app."""

    def __init__(
        self,
        app: Flask,
        services: Services,
        silence_seconds: int,
        direct_calls: Mapping[str, DirectCall] = DIRECT_CALLS,
    ) -> None:
        self._wsgi = app.wsgi_app
        self._services = services
        self._silence_seconds = silence_seconds
        self._direct_calls = direct_calls
        self._threads = ThreadPoolExecutor(THREADS, "view")
        self._blocked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = body_bytes(scope["path"])
        environ = _environ(scope)
        try:
            body = await _read(environ, receive, limit, self._silence_seconds)
            status, headers, content = await self._answer(environ, body, receive)
        except HungUp:
            return
        if body is None:
            headers.append(("Connection", "close"))  # the rest of the body is not read
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        if len(content) <= PIECE:
            await send({"type": "http.response.body", "body": content})
        else:
            await self._send_large(content, send)

    async def _send_large(self, content: bytes, send: Send) -> None:
        """Send in pieces, because the server takes the next one only when the reader has room for it."""
        mailbox = self._services.mailbox
        mailbox.sending += len(content)
        try:
            for start in range(0, len(content), PIECE):
                more = start + PIECE < len(content)
                async with asyncio.timeout(LINE_SECONDS):
                    piece = content[start : start + PIECE]
                    await send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            return  # the line is dropped with the answer unfinished
        finally:
            mailbox.sending -= len(content)

    def close(self) -> None:
        self._threads.shutdown()

    async def _answer(self, environ: dict[str, Any], body: bytes | None, receive: Receive) -> Reply:
        """Return the reply to a request; a body of None is too large. Raises HungUp."""
        path = environ["PATH_INFO"]
        call = self._direct_calls.get(path) if environ["REQUEST_METHOD"] == "POST" else None
        try:
            if call is not None:
                return _reply(await self._answer_directly(call, environ, body, receive))
            if path in BLOCKING:
                return await self._in_thread(lambda: _call(self._wsgi, environ))
            return _call(self._wsgi, environ)
        except HungUp:
            raise
        except Exception as error:
            return _reply(to_answer(self._services, to_problem(error)))

    async def _answer_directly(
        self, call: DirectCall, environ: dict[str, Any], body: bytes | None, receive: Receive
    ) -> Answer:
        """Return the answer of a call that does not go through Flask. Raises HungUp, and what the call raises."""
        services = self._services
        services.addresses.count(_address(environ, services.config.trusted_proxies), environ["PATH_INFO"])
        if body is None:
            raise TooLarge()
        wait = asyncio.get_running_loop().create_future()
        if call.blocks:
            answer = await self._in_thread(lambda: call.start(services, environ, body, wait))
        else:
            answer = call.start(services, environ, body, wait)
        return await self._finish(answer, receive) if isinstance(answer, Deferred) else answer

    async def _finish(self, deferred: Deferred, receive: Receive) -> Answer:
        try:
            result = await _resolved(deferred, receive)
        finally:
            deferred.release()
        if deferred.blocks:
            return await self._in_thread(lambda: deferred.finish(result))
        return deferred.finish(result)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        """Return what a blocking call returns. Raises Busy, and what the call raises."""
        if self._blocked >= BLOCKED:
            raise Busy()
        self._blocked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        finally:
            self._blocked -= 1


def _address(environ: dict[str, Any], trusted_proxies: int) -> str:
    """Return the address a call comes from, as the proxies in front of the relay name it."""
    if trusted_proxies:  # made for a WSGI app, of which only what it writes into the environ is of use here
        nothing: Any = None
        ProxyFix(lambda *_: [], x_for=trusted_proxies, x_proto=trusted_proxies)(environ, nothing)
    address: str = environ["REMOTE_ADDR"]
    return address


async def _resolved(deferred: Deferred, receive: Receive) -> Any:
    """Return what the future was resolved with, None when its time is over. Raises HungUp."""
    assert isinstance(deferred.wait, asyncio.Future)  # noqa: S101 - made by `_answer_directly`
    if deferred.seconds is None:  # for the disk: soon, and done whether somebody listens or not
        return await deferred.wait
    gone = asyncio.ensure_future(receive())  # after the body only one message can come: that the line is closed
    try:
        await asyncio.wait((deferred.wait, gone), timeout=deferred.seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
    if deferred.wait.done():
        return deferred.wait.result()
    if gone.done() and not gone.cancelled():
        raise HungUp()
    return None


def _reply(answer: Answer) -> Reply:
    """Return an answer that did not go through Flask, with all the headers of Flask's answers."""
    length = ("Content-Length", str(len(answer.body)))
    return answer.status, [("Content-Type", answer.kind), length, *answer.headers, *CORS], answer.body


def _call(wsgi: Any, environ: dict[str, Any]) -> Reply:
    """Run a WSGI app to its end."""
    status = 500
    headers: Headers = []

    def start(line: str, fields: Headers, _: Any = None) -> None:
        nonlocal status, headers
        status, headers = int(line[:3]), fields

    answer = wsgi(environ, start)
    try:
        return status, headers, b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()


async def _read(environ: dict[str, Any], receive: Receive, limit: int, silence_seconds: int) -> bytes | None:
    """Return the body, whether its length was announced or not, and put it into the environ. Never holds more than
    `limit` and one piece of what the server hands over. None: there is more, and CONTENT_LENGTH has the app refuse it.
    Raises HungUp."""
    body = b""
    if _claimed(environ) > limit:
        return None
    more = True
    try:
        async with asyncio.timeout(LINE_SECONDS):
            while more and len(body) <= limit:
                async with asyncio.timeout(silence_seconds):
                    message = await receive()
                if message["type"] != "http.request":
                    raise HungUp()
                body += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError:
        raise HungUp() from None
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)
    return body if len(body) <= limit else None


def _claimed(environ: dict[str, Any]) -> int:
    length: str = environ["CONTENT_LENGTH"]
    return int(length[:20]) if length.isascii() and length.isdigit() else 0


def _environ(scope: Scope) -> dict[str, Any]:
    host, port = scope.get("server") or ("relay", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "replace").decode("latin-1"),  # as WSGI wants it
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "CONTENT_LENGTH": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/" + scope["http_version"],
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").upper().replace("-", "_")
        if name == "CONTENT_LENGTH":
            environ[name] = value.decode("latin-1")
        elif name not in ("CONTENT_TYPE", "TRANSFER_ENCODING"):
            environ["HTTP_" + name] = value.decode("latin-1")
    return environ
