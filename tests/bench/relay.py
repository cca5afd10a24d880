"""Deposits a second, as a share of an empty Flask route under the same server in the same run.

    .venv/bin/python -m tests.bench.relay [--seconds 4] [--rounds 5]

Letters are unique, on disk before the 201, their receipts signed. Prints figures and judges nothing.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from keys.mailbox import MailboxKey
from keys.wire import SIGNATURE_HEADER, b64

HERE = Path(__file__).parent
MAILBOXES = 16
SLOW_MS = 8


class Round(NamedTuple):
    """What one run of wrk said: answers a second, 99th percentile in ms, answers other than 2xx."""

    rate: float
    p99: float
    refused: int


class Server(NamedTuple):
    """A running server."""

    address: str
    process: subprocess.Popen[str]

    def peak_mb(self) -> float:
        """The most memory it ever had resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1000


@contextmanager
def served(*arguments: str, environment: dict[str, str]) -> Iterator[Server]:
    """A server from its first line of output to SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    try:
        assert process.stdout
        yield Server(process.stdout.readline().split()[-1], process)
    finally:
        process.terminate()
        process.wait()


def collected_from(address: str) -> list[str]:
    """Mailboxes whose owners have collected before: they take any number of letters."""
    keys = [MailboxKey.new(os.urandom) for _ in range(MAILBOXES)]
    for key in keys:
        body, signature = key.collect(address, at=int(time.time()), nonce=os.urandom(16))
        answer = httpx.post(f"{address}/v1/collect", content=body, headers={SIGNATURE_HEADER: b64(signature)})
        answer.raise_for_status()
    return [b64(key.id) for key in keys]


def fire(address: str, clients: int, seconds: float, mailboxes: list[str]) -> Round:
    """One run of wrk."""
    wrk = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout", "30s", "--latency", "-s", "deposit.lua"]
    output = subprocess.run(
        [*wrk, address, "--", *mailboxes], cwd=HERE, capture_output=True, text=True, check=True
    ).stdout
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", output)[0])
    value, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", output)[0]
    refused = re.findall(r"Non-2xx or 3xx responses: (\d+)", output)
    return Round(rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit], int(refused[0]) if refused else 0)


def compare(clients: int, seconds: float, rounds: int, environment: dict[str, str]) -> str:
    """Interleaved rounds against the empty route and a new relay; one line of figures."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-bench-"))
        empty = stack.enter_context(served("tests.bench.relay_empty", environment=environment))
        relay = stack.enter_context(
            served("relay", "serve", "--data", folder, "--listen", "127.0.0.1:0", environment=environment)
        )
        mailboxes = collected_from(relay.address)
        for server in (empty, relay):
            fire(server.address, clients, 1, mailboxes)
        pairs = [
            (fire(empty.address, clients, seconds, mailboxes), fire(relay.address, clients, seconds, mailboxes))
            for _ in range(rounds)
        ]
        peak = relay.peak_mb()
    return _line(pairs, peak)


def _line(pairs: list[tuple[Round, Round]], peak: float) -> str:
    empty, relay = ([pair[side] for pair in pairs] for side in (0, 1))
    median = statistics.median
    share = median(deposit.rate / route.rate for route, deposit in pairs)
    slower = median(deposit.p99 / route.p99 for route, deposit in pairs)
    return (
        f"empty {median(run.rate for run in empty):7.0f}/s p99 {median(run.p99 for run in empty):6.1f} ms   "
        f"deposits {median(run.rate for run in relay):7.0f}/s p99 {median(run.p99 for run in relay):6.1f} ms   "
        f"share {share:.2f}   p99 ratio {slower:.1f}   refused {sum(run.refused for run in relay)}   RSS {peak:.0f} MB"
    )


def shim(folder: Path) -> Path:
    """Compile the shim that slows the disk down."""
    library = folder / "slow_fsync.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, HERE / "slow_fsync.c", "-ldl"], check=True)
    return library


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("32", "256", "slow"))
    asked = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("the bench needs wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        slow = {"LD_PRELOAD": str(shim(Path(folder))), "SLOW_FSYNC_MS": str(SLOW_MS)}
        runs = [("32", 32, {}), ("256", 256, {}), ("slow", 256, slow)]
        for name, clients, environment in runs:
            if asked.only in (None, name):
                note = f"{SLOW_MS} ms added to every fsync" if environment else "disk as it is"
                figures = compare(clients, asked.seconds, asked.rounds, environment)
                print(f"{clients:4d} clients, {note:28s} {figures}", flush=True)


if __name__ == "__main__":
    main()
