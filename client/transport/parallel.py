"""One call to each of several relays at the same time, with one end for all of them."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from client.transport.relay_client import Problem, Unreachable
from keys.errors import TocsinError

Result = TypeVar("Result")


def call_each(relays: Iterable[str], call: Callable[[str], Result], seconds: float) -> dict[str, Result | TocsinError]:
    """Return for each relay what `call` gave, or why it gave nothing, after `seconds` at the latest.

    A relay that is not done by then counts as unreachable; its thread ends by itself and is heard no more.
    """
    found: dict[str, Result | TocsinError] = {}

    def run(relay: str) -> None:
        try:
            found[relay] = call(relay)
        except Problem as problem:
            found[relay] = problem.error
        except TocsinError as error:
            found[relay] = error

    threads = {relay: threading.Thread(target=run, args=(relay,), daemon=True) for relay in dict.fromkeys(relays)}
    for thread in threads.values():
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads.values():
        thread.join(max(0.0, end - time.monotonic()))
    return {relay: found.get(relay, Unreachable("it did not answer in time")) for relay in threads}
