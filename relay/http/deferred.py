"""Answers that are not there yet, made once a future is resolved.

A view under a plain WSGI server waits in its thread. Under our own server (`asgi.py`) the view leaves the wait in the
environ and returns, and the event loop holds the answer back: a thread parked on the disk would fight for the
interpreter lock when it wakes, and a held-open collect would cost a thread each.
"""

import concurrent.futures
from collections.abc import Callable
from typing import Any, NamedTuple

from relay.futures import Future

BODY_KEY = "tocsin.body"  # in the environ: the whole body, where our server has read it already
FUTURE_KEY = "tocsin.future"  # in the environ: a future our server made for this request
DEFERRED_KEY = "tocsin.held"  # in the environ: what the view wants to be held back for


class Answer(NamedTuple):
    """A finished answer: HTTP status, media type, body, more headers."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def new_future(environ: dict[str, Any]) -> Future:
    """Return the future the relay's own server made for this request; under any other server, a new one."""
    wait: Future | None = environ.get(FUTURE_KEY)
    return concurrent.futures.Future() if wait is None else wait


def _nothing() -> None:
    return None


class Deferred(NamedTuple):
    """An answer to be made by `finish` once `wait` is resolved or `seconds` are over (then it is given None).

    `blocks` says that `finish` reads the disk and belongs into a thread. `release` is called in every case, also when
    whoever asked has hung up."""

    wait: Future
    finish: Callable[[Any], Answer]
    seconds: float | None = None
    blocks: bool = False
    release: Callable[[], None] = _nothing

    def now(self) -> Answer:
        """Wait in this thread."""
        assert isinstance(self.wait, concurrent.futures.Future)  # noqa: S101 - only views outside our server come here
        try:
            result = self.wait.result(self.seconds)
        except concurrent.futures.TimeoutError:
            result = None
        finally:
            self.release()
        return self.finish(result)
