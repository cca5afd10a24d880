"""Answers that are not there yet: futures that whoever works settles, and whoever asked waits for.

A view under a plain WSGI server waits in its thread. Under our own server (`asgi.py`) the view leaves the wait in the
environ and returns, and the event loop holds the answer back: a thread parked on the disk would fight for the
interpreter lock when it wakes, and a held-open collect would cost a thread each.
"""

import asyncio
import concurrent.futures
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

BODY_KEY = "tocsin.body"  # in the environ: the whole body, where our server has read it already
FUTURE_KEY = "tocsin.future"  # in the environ: a future our server made for this request
HELD_KEY = "tocsin.held"  # in the environ: what the view wants to be held back for

Wait = asyncio.Future[Any] | concurrent.futures.Future[Any]


class Answer(NamedTuple):
    """A finished answer: HTTP status, media type, body, more headers."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def _nothing() -> None:
    return None


class Held(NamedTuple):
    """An answer to be made by `finish` once `wait` is settled or `seconds` are over (then it is given None).

    `blocks` says that `finish` reads the disk and belongs into a thread. `release` is called in every case, also when
    whoever asked has hung up."""

    wait: Wait
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


def settle(results: Iterable[tuple[Wait, Any]]) -> None:
    """Give every wait its result, from any thread. An event loop is woken once for all that is meant for it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Wait, Any]]] = defaultdict(list)
    for wait, result in results:
        if isinstance(wait, asyncio.Future):
            by_loop[wait.get_loop()].append((wait, result))
        else:
            _settle_one(wait, result)
    for loop, meant in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle_all, meant)


def _settle_all(results: list[tuple[Wait, Any]]) -> None:
    for wait, result in results:
        _settle_one(wait, result)


def _settle_one(wait: Wait, result: Any) -> None:
    # whoever hung up has cancelled its wait; a bell may ring for somebody who is already awake
    if not wait.done():
        wait.set_result(result)
