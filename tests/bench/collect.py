"""What receipts of handing over cost: 5,000 letters collected page by page with and without them.

    .venv/bin/python -m tests.bench.collect [--letters 5000] [--rounds 6]

A relay of its own process on loopback; the letters are put into its store beforehand. The time is that of whoever
collects and acknowledges, with and without checking each receipt; the CPU of both sides stands beside it, because other
work on the machine shows in the wall's clock. Prints figures and judges nothing.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from client.organisation.receipts import check_handover
from client.transport.relay_client import Transport
from keys.mailbox import WANT, MailboxKey
from keys.wire import DAY_SECONDS, LETTER_BYTES, TTL_DAYS, digest
from relay.store.base import Envelope, seen_id
from relay.store.sqlite import SqliteStore
from tests.bench.relay import Server, served

BATCH = 128
KINDS = ("without", "with", "checked")


def fill(folder: Path, mailboxes: list[MailboxKey], letters: int) -> None:
    """Put so many letters into each mailbox of a relay that is not running yet."""
    store = SqliteStore(folder)
    expires = int(time.time()) // DAY_SECONDS + TTL_DAYS
    for key in mailboxes:
        for start in range(0, letters, BATCH):
            bodies = [b"\x01" + os.urandom(LETTER_BYTES - 1) for _ in range(min(BATCH, letters - start))]
            envelopes = [Envelope(key.id, digest(body), os.urandom(32), expires, body) for body in bodies]
            store.keep({seen_id(key.id, envelope.hash): envelope for envelope in envelopes})
    store.close()


class Cost(NamedTuple):
    """Seconds that one emptying of a mailbox took: by the wall, of the relay's CPU, of the collector's CPU."""

    wall: float
    relay: float
    collector: float


def relay_cpu(process: int) -> float:
    """The CPU seconds a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def collect(server: Server, key: MailboxKey, kind: str, letters: int) -> Cost:
    """Empty a mailbox."""
    with Transport(os.urandom) as transport:
        keys = [transport.info(server.address).note_key]
        before = time.perf_counter(), relay_cpu(server.process.pid), time.process_time()
        count = 0
        for page in transport.pages(server.address, key, WANT, receipts=kind != "without"):
            count += len(page)
            if kind == "checked":
                assert all(check_handover(frame, keys) for frame in page)
        after = time.perf_counter(), relay_cpu(server.process.pid), time.process_time()
    assert count == letters, f"{count} of {letters} came"
    return Cost(*(end - begin for begin, end in zip(before, after, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    figures: dict[str, list[Cost]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = Path(name) / "relay"
        folder.mkdir(mode=0o700)
        rounds = [[MailboxKey.new(os.urandom) for _ in KINDS] for _ in range(asked.rounds + 1)]
        fill(folder, [key for keys in rounds for key in keys], asked.letters)
        with served("relay", "serve", "--data", str(folder), "--listen", "127.0.0.1:0", environment={}) as server:
            for number, keys in enumerate(rounds):
                turn = number % len(KINDS)  # each kind comes first, second and last equally often
                for key, kind in zip(keys, KINDS[turn:] + KINDS[:turn], strict=True):
                    cost = collect(server, key, kind, asked.letters)
                    if number:  # the first round warms up
                        figures[kind].append(cost)
    for kind, costs in figures.items():
        wall, relay, collector = (
            statistics.median(column) * 1e6 / asked.letters for column in zip(*costs, strict=True)
        )
        cpu = f"CPU of the relay {relay:5.0f}, of the collector {collector:5.0f}"
        print(f"{kind:8s} us a letter: {wall:5.0f} by the wall, {cpu}")


if __name__ == "__main__":
    main()
