"""`make bench`: every measurement, one after the other. Prints figures and judges nothing."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_MEASURING = {"__init__", "__main__", "relay_empty"}


def main() -> None:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_MEASURING)
    for name in names:
        print(f"\n== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False)
        if done.returncode:
            print(f"{name} ended with {done.returncode}", flush=True)


if __name__ == "__main__":
    main()
