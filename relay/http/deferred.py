"""Answers that are not there yet, made once a future is resolved.

A view of Flask waits for it in its thread (`Deferred.now`). The relay's own server (`asgi.py`) waits in its event loop:
a thread parked on the disk would fight for the interpreter lock when it wakes, and every held-open collect would cost a
thread.
"""

import concurrent.futures
from collections.abc import Callable
from typing import Any, NamedTuple

from relay.futures import Future


class Answer(NamedTuple):
    """A finished answer: HTTP status, media type, body, more headers."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


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
        """Return the finished answer after waiting for it in this thread. Raises what `finish` raises."""
        assert isinstance(self.wait, concurrent.futures.Future)  # noqa: S101 - only views of Flask come here
        try:
            result = self.wait.result(self.seconds)
        except concurrent.futures.TimeoutError:
            result = None
        finally:
            self.release()
        return self.finish(result)
