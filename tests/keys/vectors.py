"""The vector files, as pytest parameters."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from keys.errors import TocsinError

HERE = Path(__file__).parent.parent / "vectors"


def load(name: str) -> list[dict[str, Any]]:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def each(name: str) -> Callable[[Any], Any]:
    """Run a test once per vector of this file."""
    vectors = load(name)
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])


@contextmanager
def as_expected(vector: dict[str, Any]) -> Iterator[None]:
    """What is done inside must succeed for `ok`, else raise the error with this code and no other."""
    if vector["expect"] == "ok":
        yield
        return
    with pytest.raises(TocsinError) as caught:
        yield
    assert caught.value.code == vector["expect"]
