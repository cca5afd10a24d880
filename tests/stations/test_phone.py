"""The phone gives the same answers as Python, on the same packs, over all real stations."""

import json
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from client.stations.pack import fold
from client.stations.pack.pack import read
from client.stations.pack.search import Index
from keys.wire import b64
from tests.stations import oracle
from tests.stations.lists import HIFLD, INDIA, OVD, ROOT, SMALL, packed, real
from tests.stations.questions import points, questions, rng
from tests.support.soak import at_length

HERE = Path(__file__).parent
PHONE = HERE.parents[1] / "client" / "phone"

pytestmark = [
    pytest.mark.xdist_group("stations"),
    pytest.mark.skipif(shutil.which("node") is None, reason="no node"),
    pytest.mark.skipif(not (PHONE / "node_modules").exists(), reason="the phone's packages are not installed"),
]


def ask(asked: Iterable[dict[str, Any]], *arguments: str) -> list[Any]:
    lines = "".join(json.dumps(question) + "\n" for question in asked)
    ended = subprocess.run(
        ["node", HERE / "ask.mjs", *arguments],
        input=lines,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


def ask_pack(data: bytes, folder: Path, asked: Iterable[dict[str, Any]]) -> list[Any]:
    path = folder / "test.pack"
    path.write_bytes(data)
    return ask(asked, str(path), b64(bytes(ROOT.verify_key)))


@pytest.mark.parametrize("suite", ["vectors.test.mjs", "phone.test.mjs"])
def test_the_phones_own_tests(suite):
    ended = subprocess.run(["node", "--test", HERE / suite], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count"),
    at_length([(OVD, 1_000), (INDIA, 1_000), (HIFLD, 1_500)], [(OVD, 20_000), (INDIA, 20_000), (HIFLD, 20_000)]),
)
def test_near_on_real_stations(name, count, tmp_path):
    stations = real(name).stations
    index = Index(read(packed(stations)).stations)
    asked = list(points(stations, count, rng(4)))
    answers = ask_pack(packed(stations), tmp_path, ({"near": question} for question in asked))
    for question, answer in zip(asked, answers, strict=True):
        found = index.near(*question)
        assert answer == [{"id": c.station.id, "m": c.m, "highlight": c.highlight} for c in found], question
    for question, answer in list(zip(asked, answers, strict=True))[: 1 + 60_000 // len(stations)]:
        assert answer == oracle.near(stations, *question), question


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count"), at_length([(OVD, 500), (INDIA, 100), (HIFLD, 20)], [(OVD, 5_000), (INDIA, 1_000), (HIFLD, 200)])
)
def test_find_on_real_stations(name, count, tmp_path):
    stations = real(name).stations
    index = Index(read(packed(stations)).stations)
    asked = list(questions(stations, count, rng(5)))
    answers = ask_pack(packed(stations), tmp_path, ({"find": question} for question in asked))
    for question, answer in zip(asked, answers, strict=True):
        assert answer == [{"id": m.station.id, "score": m.score} for m in index.find(question)], question


def test_adversarial_points_on_a_small_list(tmp_path):
    """Equal distances, the date line, the poles, the ends of the ranges, the smallest fractions."""
    edges = [-90.0, -89.999995, -0.000005, -0.0, 0.000005, 5e-324, 16.43, 89.999995, 90.0]
    sides = [-180.0, -179.999995, -0.000005, 0.0, 0.000015, 179.999994, 179.999995, 180.0]
    accuracies = [0.0, 5e-324, 66.5, 67.0, 300.0, 300.0000001, 19_999_999.5, 1.7e308]
    asked = [(lat, lon, accuracy) for lat in edges for lon in sides for accuracy in accuracies]
    answers = ask_pack(packed(SMALL), tmp_path, ({"near": question} for question in asked))
    assert answers == [oracle.near(SMALL, *question) for question in asked]


def test_every_character_is_folded_alike():
    """All of Unicode that this Python knows; a newer Node may know more."""
    end = 0x110000
    answers = [folded for part in ask({"fold": [at, at + 0x8000]} for at in range(0, end, 0x8000)) for folded in part]
    known = [point for point in range(end) if unicodedata.category(chr(point)) not in ("Cn", "Cs", "Co")]
    different = [hex(point) for point in known if answers[point] != " ".join(fold.tokens(f"a{chr(point)}b"))]
    assert not different
