"""The search of a seized phone finds what is there: each way of packing words away, tried on words that were."""

import base64
import gzip
import hashlib
import sqlite3
import zlib

import pytest

from tests.support.forensic_search import find, snappy, spellings

WORD = "Иванова Анна"
KEY = hashlib.sha256(b"key").digest()


@pytest.mark.parametrize("spelling", spellings(WORD))
def test_every_spelling_is_found_in_the_middle_of_a_file(tmp_path, spelling):
    (tmp_path / "file").write_bytes(b"\xff" * 100 + spellings(WORD)[spelling] + b"\xff" * 100)
    assert {(name, where) for name, _, where in find(tmp_path, {"name": WORD})} == {("name", "file")}


@pytest.mark.parametrize("offset", range(3))
def test_base64_is_found_at_each_offset(tmp_path, offset):
    (tmp_path / "file").write_bytes(base64.b64encode(b"x" * offset + WORD.encode() + b"yz"))
    assert find(tmp_path, {"name": WORD})


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda data: gzip.compress(zlib.compress(data))])
def test_compressed_words_are_found(tmp_path, pack):
    (tmp_path / "file").write_bytes(b"head" * 9 + pack(b"{" + WORD.encode() + b"}") + b"tail")
    assert find(tmp_path, {"name": WORD})


def test_words_in_a_database_are_found(tmp_path):
    base = sqlite3.connect(tmp_path / "file")
    base.execute("CREATE TABLE t (x)")
    base.execute("INSERT INTO t VALUES (?)", (gzip.compress(WORD.encode()),))
    base.commit()
    base.close()
    assert find(tmp_path, {"name": WORD})


def test_keys_are_found(tmp_path):
    (tmp_path / "file").write_bytes(KEY.hex().encode())
    assert find(tmp_path, {"key": KEY}) == {("key", "hex", "file")}


def test_file_names_are_searched(tmp_path):
    (tmp_path / WORD).write_bytes(b"")
    assert find(tmp_path, {"name": WORD})


def test_nothing_is_found_where_nothing_is(tmp_path):
    (tmp_path / "file").write_bytes(gzip.compress(bytes(range(256)) * 400))
    assert not find(tmp_path, {"name": WORD, "key": KEY})


def test_snappy_blocks_are_unpacked():
    # "abcdabcdabcdX": a literal of 4, a copy of 8 from 4 back, a literal of 1
    assert snappy(bytes([13, 3 << 2]) + b"abcd" + bytes([(8 - 4) << 2 | 1, 4, 0]) + b"X") == b"abcdabcdabcdX"
