"""What `client/stations/pack/pack.md` says is true."""

import re
from collections.abc import Iterator
from pathlib import Path

from client.stations import errors
from client.stations.build.check import DoubtKind
from client.stations.pack import columns, distance, fold, pack, search
from keys.errors import TocsinError
from tests.stations.vectors import VECTORS

PAGE = (Path(pack.__file__).parent / "pack.md").read_text(encoding="utf-8")


def rows(after: str) -> Iterator[list[str]]:
    """The rows of the first table after these words."""
    for line in PAGE.split(after, 1)[1].split("\n\n| ", 1)[1].split("\n\n")[0].splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def test_limits_are_the_ones_in_the_code():
    for number in (pack.PACK_BYTES, pack.BODY_BYTES, columns.STATIONS, columns.NORTH, columns.EAST, columns.TWO_BYTES):
        assert f"{number:,}" in PAGE
    assert f"{columns.NAMES * columns.TEXT_WORDS:,}" in PAGE
    assert f"at most {columns.PHONE} characters" in PAGE
    assert f"{distance.ACCURACY:,}" in PAGE
    assert f"{int(distance.EARTH):,} m" in PAGE


def test_every_field_of_the_note_is_described():
    assert re.findall(r"`(\w+)`", " ".join(row[0] for row in rows("compact JSON object:"))) == list(
        pack.About.__struct_fields__
    )


def test_every_letter_of_the_table_is_folded_as_it_says():
    for before, after in rows("everything else: a blank."):
        left, right = before.strip("`"), after.strip("`").replace("nothing", "")
        if left.startswith("U+"):
            assert all(
                fold.tokens(chr(int(character[2:], 16))) == [chr(int(right[2:], 16))] for character in left.split()
            )
        elif " " in left:
            many = right.split() or [""] * len(left.split())
            assert [" ".join(fold.tokens(character)) for character in left.split()] == many
        else:
            assert "".join(fold.tokens(left)) == right


def test_series_are_the_ones_in_the_code():
    for name, series in (("S", distance._SINE), ("C", distance._COSINE), ("A", distance._ARC)):
        written = re.search(rf"^- {name}: (.*)$", PAGE, re.MULTILINE)
        assert written
        parts = [part.split("/") for part in written[1].split(", ")]
        assert [int(above) / int(below) for above, below in parts] == series


def test_every_doubt_is_described():
    for kind in DoubtKind:
        assert f"`{kind.code}`" in PAGE
    assert {row[0].strip("`") for row in rows("left out with `--drop-bad`")} == {
        kind.code for kind in (DoubtKind.ZERO, DoubtKind.SWAPPED, DoubtKind.OUTSIDE, DoubtKind.DUPLICATE)
    }


def test_every_refusal_of_a_pack_is_described_and_has_a_vector():
    written = set(re.findall(r"`((?:pack|note)-[a-z]+)`", PAGE.split("## Taking a pack")[1].split("##")[0]))
    assert written == {vector["expect"] for vector in VECTORS["packs"]} - {"ok"}


def test_every_error_has_a_sentence_a_code_of_its_own_and_a_hint():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TocsinError)]
    ours = [kind for kind in kinds if kind.__module__ == errors.__name__ and kind is not errors.StationsError]
    assert len({kind.code for kind in ours}) == len(ours)
    assert all(kind.__doc__ and kind.hint and not kind.__doc__.endswith(".") for kind in ours)


def test_the_points_of_a_match_are_the_ones_in_the_code():
    assert (search.ANSWERS, search.GRAMS, search.LEAST_SCORE) == (8, 40, 200)
    assert search.score(hits=1, total=1, in_name=1, name_grams=1) == 1000
