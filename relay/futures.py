"""Results that are not there yet: whoever works resolves them, whoever asked waits in a thread or an event loop."""

import asyncio
import concurrent.futures
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

Future = asyncio.Future[Any] | concurrent.futures.Future[Any]


def resolve_all(results: Iterable[tuple[Future, Any]]) -> None:
    """Give every future its result, from any thread. An event loop is woken once for all that is meant for it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Future, Any]]] = defaultdict(list)
    for wait, result in results:
        if isinstance(wait, asyncio.Future):
            by_loop[wait.get_loop()].append((wait, result))
        else:
            _resolve_one(wait, result)
    for loop, meant in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, meant)


def _resolve(results: list[tuple[Future, Any]]) -> None:
    for wait, result in results:
        _resolve_one(wait, result)


def _resolve_one(wait: Future, result: Any) -> None:
    # whoever hung up has cancelled the future; a letter may come for somebody whose call is answered already
    if not wait.done():
        wait.set_result(result)
