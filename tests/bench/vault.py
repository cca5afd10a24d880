"""`python -m tests.bench.vault`: what unlocking and saving a vault cost, and what a guess at its PIN costs an attacker.

Times are this computer's processor in Node, and multiplied by 6 for an old phone; the attacker's is libsodium's
Argon2id on one core, and what words and digits cost by it. Prints figures and judges nothing.
"""

import json
import statistics
import subprocess
import time
from pathlib import Path

from nacl import pwhash
from rich.console import Console
from rich.table import Table

SCRIPT = Path(__file__).parent / "vault-times.mjs"
SLOW = 6  # how much slower than this computer an old phone is taken to be
GUESSES = 9
PASSES, MEMORY_BYTES = 2, 64 * 2**20  # as `client/phone/core/vault/pin.js`
CORES = 1_000
HOURS_A_YEAR = 8_766
WORDS = {f"{words} words of 256": 256**words for words in (4, 5, 6)}
SECRETS = {"6 digits": 10**6, "8 digits": 10**8, "12 digits": 10**12} | WORDS


def main() -> None:
    console = Console()
    console.print(_phone())
    console.print(_attacker(_guess_seconds()))


def _phone() -> Table:
    run = subprocess.run(["node", str(SCRIPT)], capture_output=True, text=True, check=True)
    table = Table("on the phone, ms", "this computer", f"{SLOW} times slower", title="The vault")
    for name, ms in json.loads(run.stdout).items():
        table.add_row(name, f"{ms:,.1f}", f"{ms * SLOW:,.0f}")
    return table


def _guess_seconds() -> float:
    """Return the median of one core's seconds for one guess."""
    seconds = []
    for number in range(GUESSES):
        before = time.process_time()
        pwhash.argon2id.kdf(32, b"%d" % number, bytes(16), opslimit=PASSES, memlimit=MEMORY_BYTES)
        seconds.append(time.process_time() - before)
    return statistics.median(seconds)


def _attacker(seconds: float) -> Table:
    table = Table("secret", f"all of it, {CORES:,} cores", title=f"A guess costs one core {seconds * 1_000:,.0f} ms")
    for name, size in SECRETS.items():
        hours = size * seconds / 3_600 / CORES
        table.add_row(name, f"{hours:,.2f} hours" if hours < HOURS_A_YEAR else f"{hours / HOURS_A_YEAR:,.1f} years")
    return table


if __name__ == "__main__":
    main()
