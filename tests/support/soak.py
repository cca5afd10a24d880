"""What is long by nature runs with small numbers in `make test`, and at its full length in `make soak`."""

import os
from typing import TypeVar

SOAKING = bool(os.environ.get("TOCSIN_SOAK"))

Length = TypeVar("Length")


def at_length(short: Length, full: Length) -> Length:
    """Return a number of rounds: `short` in `make test`, `full` in `make soak`. Its test is marked `soak`."""
    return full if SOAKING else short
