"""`make bench`: every measurement, one after the other. Prints figures and judges nothing."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LONGEST_SECONDS = 900
NOT_MEASURING = {"__init__", "__main__", "relay_empty"}


def main() -> None:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_MEASURING)
    for name in names:
        print(f"\n== {name}", flush=True)
        try:
            finished = subprocess.run(
                [sys.executable, "-m", f"tests.bench.{name}"], check=False, timeout=LONGEST_SECONDS
            )
        except subprocess.TimeoutExpired:
            print(f"{name} took longer than {LONGEST_SECONDS} s and was stopped", flush=True)
            continue
        if finished.returncode:
            print(f"{name} ended with {finished.returncode}", flush=True)


if __name__ == "__main__":
    main()
