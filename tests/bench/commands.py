"""How long a person waits for a command: `tocsin --help`, and a report on loopback from Enter to receipt.

`python -m tests.bench.commands`. Baselines in the same run: an empty Python, and the one Argon2id of a first report.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROUNDS = 9
EMPTY = [sys.executable, "-c", ""]
TOCSIN = [sys.executable, "-m", "client.cli.main"]


def took(command: list[str], env: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def show(name: str, times: list[float], bar: str) -> None:
    print(f"  {name:<44} {median(times) * 1e3:7.0f} ms   {bar}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = Path(name)
        (folder / "passphrase").write_text("five random words for this\n")
        env = {**os.environ, "TOCSIN_PASSPHRASE_FILE": f"{name}/passphrase", "TOCSIN_HOME": f"{name}/person"}
        words = ["serve", "--data", f"{name}/relay", "--listen", "127.0.0.1:0"]
        process = subprocess.Popen([sys.executable, "-m", "relay", *words], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            relay = process.stdout.readline().split()[-1]
            for command in (["new", "--relay", relay], ["publish"], ["card", "--out", f"{name}/card"]):
                took([*TOCSIN, "org", *command, "--home", f"{name}/office"], env)
            report = [*TOCSIN, "report", "--to", f"{name}/card", "--set", "stage=van"]
            first = took(report, env)
            print(f"medians of {ROUNDS} rounds")
            show("an empty Python", [took(EMPTY, env) for _ in range(ROUNDS)], "")
            show("tocsin --help", [took([*TOCSIN, "--help"], env) for _ in range(ROUNDS)], "bar 300 ms")
            show("the first report, Argon2id included", [first], "")
            show("tocsin report, Enter to receipt", [took(report, env) for _ in range(ROUNDS)], "bar 1,000 ms")
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
