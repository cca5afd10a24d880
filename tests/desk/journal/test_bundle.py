"""What one desk hands to another arrives whole or is refused, and each refusal has its name."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desk.journal import bundle
from client.desk.journal.bundle import (
    BadBundle,
    BundleChanged,
    BundleCut,
    EntryItem,
    Item,
    LetterItem,
    NotABundle,
    OtherOrganisation,
    PieceItem,
    QuarantinedItem,
)
from client.organisation.records import Quarantined, RecordLetter

STORE = b"s" * 32

items = st.lists(
    st.one_of(
        st.binary(max_size=200).map(EntryItem),
        st.builds(
            lambda content, flag: LetterItem(RecordLetter(content, flag, b"h" * 32, not flag, 7)),
            st.binary(max_size=300),
            st.booleans(),
        ),
        st.binary(max_size=300).map(lambda data: PieceItem(b"m" * 16, data)),
        st.binary(max_size=300).map(lambda data: QuarantinedItem(Quarantined(data, False, "envelope-not-for-us", 7))),
    ),
    max_size=20,
)


def written(some: list[Item], store: bytes = STORE) -> bytes:
    return b"".join(bundle.write(some, store))


@given(items)
def test_what_goes_in_comes_out(some: list[Item]) -> None:
    data = io.BytesIO(written(some))
    bundle.check(data, STORE)
    assert list(bundle.read(data, STORE)) == some


def test_a_large_one_goes_in_bounded_chunks() -> None:
    some: list[Item] = [PieceItem(os.urandom(16), os.urandom(63_488)) for _ in range(60)]
    chunks = list(bundle.write(some, STORE))
    assert len(chunks) > 3
    assert max(map(len, chunks)) < bundle.CHUNK_BYTES + 70_000
    assert list(bundle.read(io.BytesIO(b"".join(chunks)), STORE)) == some


SMALL: list[Item] = [EntryItem("слово".encode()), PieceItem(b"m" * 16, b"piece")]


def refused(data: bytes, store: bytes = STORE) -> type[BadBundle]:
    with pytest.raises(BadBundle) as error:
        bundle.check(io.BytesIO(data), store)
    return type(error.value)


def test_nothing_can_be_read_without_the_key() -> None:
    assert "слово".encode() not in written(SMALL)
    assert written(SMALL) != written(SMALL)


def test_another_organisation_is_told_so() -> None:
    assert refused(written(SMALL), b"x" * 32) is OtherOrganisation


def test_cut_at_every_byte() -> None:
    data = written(SMALL)
    for length in range(1, len(data)):
        assert refused(data[:length]) is BundleCut, length
    assert refused(b"") is NotABundle


def test_flipped_at_every_byte() -> None:
    data = written(SMALL)
    head = len(bundle.MAGIC) + 24 + 32
    for at in range(len(data)):
        bad = bytearray(data)
        bad[at] ^= 1 << (at % 8)
        expected = {NotABundle} if at < len(bundle.MAGIC) else {OtherOrganisation} if at < head else {BundleChanged}
        # a length that was made longer looks like a file that was cut
        expected |= {BundleCut} if head <= at < head + 4 else set()
        assert refused(bytes(bad)) in expected, at


def test_chunks_that_changed_places_or_are_missing_or_follow_the_end() -> None:
    some: list[Item] = [PieceItem(os.urandom(16), os.urandom(63_488)) for _ in range(60)]
    head, *chunks = bundle.write(some, STORE)
    assert len(chunks) > 3
    assert refused(b"".join([head, chunks[1], chunks[0], *chunks[2:]])) is BundleChanged
    assert refused(b"".join([head, *chunks[1:]])) is BundleChanged
    assert refused(b"".join([head, *chunks[:-1]])) is BundleCut
    assert refused(b"".join([head, *chunks, chunks[-1]])) is BundleChanged
    other = list(bundle.write(some, STORE))
    assert refused(b"".join([head, *other[1:]])) is BundleChanged


def test_something_else_altogether() -> None:
    for data in (b"PK\x03\x04" + bytes(100), b"tocsin/1/journal\n" + bytes(200), b"\n"):
        assert refused(data) is NotABundle
