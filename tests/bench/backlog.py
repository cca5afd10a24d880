"""What a letter costs as the backlog grows: deposit, and collect with acknowledging, at 10,000 and 1,000,000 letters.

    .venv/bin/python -m tests.bench.backlog [--small 10000] [--large 1000000] [--folder DIR]

Straight on the store, in batches as the writer makes them; both stores in turn, so that a busy machine slows both. The
large one takes 9 GB of real disk for some minutes and is deleted at the end. Prints figures and judges nothing.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from rich.progress import Progress

from keys.wire import LETTER_BYTES, digest
from relay.store.base import Envelope, seen_id
from relay.store.sqlite import SqliteStore

MAILBOXES = 20
BATCH = 128
PAGE = 256
TODAY = 20_000
DAYS = 35
FILLING = os.urandom(LETTER_BYTES)


class Backlog:
    """A store with so many letters in it, over all mailboxes and days."""

    def __init__(self, folder: Path, letters: int) -> None:
        folder.mkdir()
        self.letters = letters
        self.store = SqliteStore(folder)
        self.mailboxes = [os.urandom(32) for _ in range(MAILBOXES)]
        for mailbox in self.mailboxes:
            self.store.mark_active(mailbox, 1)
        self.turns = cycle(self.mailboxes)
        self.days = cycle(range(DAYS))

    def batch(self, days: int) -> dict[bytes, Envelope]:
        """Letters of the last so many days; 1 is what arrives today."""
        stored = {}
        for _ in range(BATCH):
            mailbox = next(self.turns)
            body = b"\x01" + os.urandom(31) + FILLING[32:]
            hash_ = digest(body)
            expires = TODAY + DAYS - next(self.days) % days
            stored[seen_id(mailbox, hash_)] = Envelope(mailbox, hash_, hash_, expires, body)
        return stored

    def fill(self, report_progress: Callable[[int], object]) -> None:
        for stored_count in range(0, self.letters, BATCH):
            self.store.keep(self.batch(DAYS))
            report_progress(stored_count)
        self.store.scrub()

    def deposit(self) -> Callable[[], int]:
        """A batch of letters that arrive today, to be kept as the writer does it."""
        letters = self.batch(1)
        return lambda: self.keep(letters)

    def keep(self, letters: dict[bytes, Envelope]) -> int:
        self.store.seen(list(letters))
        self.store.mailbox_states(list({letter.mailbox for letter in letters.values()}), 64)
        self.store.keep(letters)
        return len(letters)

    def collect(self) -> Callable[[], int]:
        """A page of the next mailbox, to be acknowledged."""
        mailbox = next(self.turns)
        return lambda: self.acknowledge(mailbox)

    def acknowledge(self, mailbox: bytes) -> int:
        page = self.store.page(mailbox, PAGE, PAGE * LETTER_BYTES)
        self.store.delete(mailbox, [letter.hash for letter in page])
        self.store.scrub()
        return len(page)


def cost(step: Callable[[], int]) -> float:
    """Microseconds for each letter of one step."""
    started = time.perf_counter()
    letters = step()
    return (time.perf_counter() - started) * 1e6 / letters


Steps = Callable[[], Callable[[], int]]


def compare(name: str, small: Steps, large: Steps, rounds: int) -> None:
    pairs = [(cost(small()), cost(large())) for _ in range(rounds)]
    few, many = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    print(
        f"{name:8s} {few:6.0f} us a letter, {many:6.0f} us with the large backlog, {many / few:.2f} times", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-", dir=asked.folder) as folder, Progress() as progress:
        backlogs = [Backlog(Path(folder, name), getattr(asked, name)) for name in ("small", "large")]
        for backlog in backlogs:
            task = progress.add_task(f"{backlog.letters} letters", total=backlog.letters)
            backlog.fill(lambda stored_count, task=task: progress.update(task, completed=stored_count))
        progress.stop()
        print(f"{asked.small} against {asked.large} letters")
        compare("deposit", *(backlog.deposit for backlog in backlogs), rounds=asked.rounds)
        # each mailbox once: the small ones hold just enough for one full page
        compare("collect", *(backlog.collect for backlog in backlogs), rounds=MAILBOXES)
        for backlog in backlogs:
            backlog.store.close()


if __name__ == "__main__":
    main()
