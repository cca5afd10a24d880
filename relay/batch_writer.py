"""The one thread that writes. Deposits that queued up while the disk was busy share one commit.

One commit per request is 2,000 a second at best, and 19 where an fsync takes 8 ms; see `tests/bench/relay.py`.
"""

import queue
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from keys.problems import Busy, RelayBroken, RelayError
from relay import error_log
from relay.futures import Future, resolve_all
from relay.store.base import Envelope

# More in one commit saves little and makes the first of them wait for the last.
BATCH = 128
IDLE_SECONDS = 1.0
SOON_SECONDS = 0.01


class Deposit(NamedTuple):
    """An envelope on its way to the disk under its `seen_id`, and who waits for it."""

    id: bytes
    envelope: Envelope
    wait: Future


class WriteTask(NamedTuple):
    """Anything else that writes: the future is resolved with what `call` returns or the RelayError it raises."""

    call: Callable[[], Any]
    wait: Future


class Writer:
    """Run `keep` (deposits -> one result each), write tasks, and `housekeeping` in between.

    `housekeeping` returns True when it has more to do soon. A write task is answered after the one that follows it.
    """

    def __init__(
        self, keep: Callable[[list[Deposit]], list[Any]], housekeeping: Callable[[], bool], bound: int
    ) -> None:
        self._keep = keep
        self._housekeeping = housekeeping
        self._bound = bound
        self._queue: queue.SimpleQueue[Deposit | WriteTask | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._stopping = False

    def start(self) -> None:
        """Start the thread that writes."""
        self._thread.start()

    def submit(self, job: Deposit | WriteTask) -> None:
        """Queue a job, from any thread. Raises Busy."""
        if self._queue.qsize() >= self._bound or self._stopping:
            raise Busy()
        self._queue.put(job)

    def stop(self) -> None:
        """Write what is queued, then end."""
        self._stopping = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        more = True
        while not (self._stopping and self._queue.empty()):
            deposits, write_tasks = self._next(SOON_SECONDS if more else IDLE_SECONDS)
            if deposits:
                resolve_all(zip((deposit.wait for deposit in deposits), self._kept(deposits), strict=True))
            done = [(task.wait, _guarded(task.call)) for task in write_tasks]
            more = _guarded(self._housekeeping) is True
            resolve_all(done)

    def _kept(self, deposits: list[Deposit]) -> list[Any]:
        results = _guarded(lambda: self._keep(deposits))
        return [results] * len(deposits) if isinstance(results, RelayError) else results

    def _next(self, patience: float) -> tuple[list[Deposit], list[WriteTask]]:
        deposits: list[Deposit] = []
        write_tasks: list[WriteTask] = []
        try:
            job = self._queue.get(timeout=patience)
            while True:
                if isinstance(job, Deposit):
                    deposits.append(job)
                elif job is not None:
                    write_tasks.append(job)
                if len(deposits) >= BATCH or len(write_tasks) >= BATCH:
                    break
                job = self._queue.get_nowait()
        except queue.Empty:
            pass
        return deposits, write_tasks


def _guarded(call: Callable[[], Any]) -> Any:
    """Return the result of a call, or the RelayError that it raised. The thread outlives every mistake in a job."""
    try:
        return call()
    except RelayError as error:
        return error
    except Exception as error:
        error_log.log(error)
        return RelayBroken()
