"""Python and the phone make the same of every hostile input: the same value, or an error of the same code.

`TOCSIN_SEED=WORD` gives the inputs of that word; a failure names the word it was found with.
"""

import json
import os
import secrets
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from keys.wire import b64
from tests.differential.inputs import Generator, Input
from tests.differential.python_reader import READERS, plain, read
from tests.support.soak import SOAKING, at_length

HERE = Path(__file__).parent
NODE = shutil.which("node")
SHOWN = 12  # disagreements in one failure
SECONDS = 900  # far above what the full length takes; a reader that hangs ends here

pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE.parents[1] / "client/phone/node_modules").is_dir(),
    reason="node or client/phone/node_modules is missing",
)


def _line(entry: Input) -> str:
    data = {"text": entry.data} if isinstance(entry.data, str) else {"bytes": b64(entry.data)}
    return json.dumps({"kind": entry.kind, **data, "open": entry.public})


def _read_by_phone(inputs: Sequence[Input]) -> list[Any]:
    ended = subprocess.run(
        [str(NODE), str(HERE / "reader.mjs")],
        input="\n".join(map(_line, inputs)) + "\n",
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=True,
    )
    return [_doubles(json.loads(line)) for line in ended.stdout.split("\n")[:-1]]


def _doubles(value: Any) -> Any:
    if isinstance(value, list) and value[:1] == ["odd"]:
        return ["odd", float(value[1])]
    if isinstance(value, list):
        return [_doubles(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _doubles(inner) for name, inner in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.soak
def test_python_and_the_phone_make_the_same_of_every_hostile_input():
    seed = os.environ.get("TOCSIN_SEED") or (secrets.token_hex(4) if SOAKING else "readers")
    print(f"TOCSIN_SEED={seed}")
    inputs = list(Generator(seed).inputs(at_length(3_000, 40_000)))
    ours = [read(*entry) for entry in inputs]
    theirs = _read_by_phone(inputs)
    assert len(theirs) == len(inputs)
    apart = [trio for trio in zip(inputs, ours, theirs, strict=True) if trio[1] != trio[2]]
    shown = "\n".join(
        f"{entry.kind} {entry.data!r:.600}\n  Python {mine!r:.300}\n  phone  {other!r:.300}"
        for entry, mine, other in apart[:SHOWN]
    )
    counts = dict(Counter(entry.kind for entry, _, _ in apart))
    assert not apart, f"TOCSIN_SEED={seed}: {len(apart)} of {len(inputs)} read apart, {counts}\n{shown}"


def test_the_inputs_reach_both_sides_of_every_reader():
    outcomes = [(entry.kind, isinstance(read(*entry), list)) for entry in Generator("both sides").inputs(3_000)]
    assert {kind for kind, is_read in outcomes if is_read} == set(READERS)
    assert {kind for kind, is_read in outcomes if not is_read} == set(READERS) - {
        "spoken",
        "wake",
    }  # these refuse nothing


def test_the_same_seed_gives_the_same_inputs():
    assert list(Generator("a").inputs(200)) == list(Generator("a").inputs(200)) != list(Generator("b").inputs(200))


def test_an_odd_number_is_told_from_a_plain_one():
    assert plain({"a": 1, "b": 1.0, "c": -0.0}) == {"a": 1.0, "b": ["odd", 1.0], "c": ["odd", 0.0]}
