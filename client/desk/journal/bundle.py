"""A bundle that one desk hands to another: entries of the journal, letters, pieces. Specified in `journal.md`.

A sealed stream (libsodium's secretstream): a chunk that is missing, changed or moved is noticed, and so is the end.
"""

import hmac
from collections.abc import Iterable, Iterator
from typing import IO

import msgspec
from nacl import bindings

from client.organisation.records import Quarantined, RecordLetter, StoredReceipt
from keys.errors import TocsinError
from keys.wire import domain

MAGIC = b"tocsin/1/bundle\n"
CHUNK_BYTES = 2**20  # plaintext at which a chunk is closed; one item may make it longer
LONGEST_BYTES = 2**26
LENGTH_BYTES = 4
OWNER_BYTES = 32
_START_BYTES = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_HEAD_BYTES = len(MAGIC) + _START_BYTES + OWNER_BYTES
_TAGS = (
    bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
    bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL,
)
_KEY, _OWNER = domain("bundle"), domain("bundle-owner")


class BadBundle(TocsinError):
    """this bundle cannot be merged"""

    code = "bundle"
    hint = "nothing was merged; let the other desk export its journal again"


class NotABundle(BadBundle):
    """this is not a journal that a desk exported"""

    code = "bundle-other-kind"
    hint = "nothing was merged; choose the file that the other desk exported"


class OtherOrganisation(BadBundle):
    """this journal belongs to another organisation, or its first bytes were changed"""

    code = "bundle-other-organisation"
    hint = "nothing was merged; only desks that began with the same folder can be merged"


class BundleCut(BadBundle):
    """this exported journal was cut off"""

    code = "bundle-cut"
    hint = "nothing was merged; copy the file again, all of it"


class BundleChanged(BadBundle):
    """this exported journal was changed on its way"""

    code = "bundle-changed"
    hint = "nothing was merged; copy the file again, or let the other desk export it again"


class EntryItem(msgspec.Struct, frozen=True, array_like=True, tag="e"):
    """An entry as it was first written."""

    data: bytes


class LetterItem(msgspec.Struct, frozen=True, array_like=True, tag="l"):
    """A letter, as the records keep it."""

    letter: RecordLetter


class PieceItem(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """A piece of a file, and its mark of 16 bytes."""

    mark: bytes
    data: bytes


class QuarantinedItem(msgspec.Struct, frozen=True, array_like=True, tag="a"):
    """An envelope that could not be used."""

    aside: Quarantined


class ReceiptItem(msgspec.Struct, frozen=True, array_like=True, tag="r"):
    """A relay's receipt for a letter."""

    receipt: StoredReceipt


Item = ReceiptItem | EntryItem | LetterItem | PieceItem | QuarantinedItem


def write(items: Iterable[Item], store: bytes) -> Iterator[bytes]:
    """Seal items into a bundle, chunk by chunk. `store`: the storage key of the keystore."""
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    start = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, _derive(store, _KEY))
    yield MAGIC + start + _derive(store, _OWNER + start)
    for plain, is_last in _chunks(items):
        box = bindings.crypto_secretstream_xchacha20poly1305_push(state, plain, tag=_TAGS[is_last])
        yield len(box).to_bytes(LENGTH_BYTES, "big") + box


def _chunks(items: Iterable[Item]) -> Iterator[tuple[bytes, bool]]:
    chunk, size = list[bytes](), 0
    for item in items:
        chunk.append(msgspec.msgpack.encode(item))
        size += len(chunk[-1])
        if size >= CHUNK_BYTES:
            yield msgspec.msgpack.encode([msgspec.Raw(item) for item in chunk]), False
            chunk, size = [], 0
    yield msgspec.msgpack.encode([msgspec.Raw(item) for item in chunk]), True


_ITEMS = msgspec.msgpack.Decoder(list[Item])


def read(stream: IO[bytes], store: bytes) -> Iterator[Item]:
    """Return the items of a bundle. Raises NotABundle, OtherOrganisation, BundleCut, BundleChanged; possibly after
    many items, so `check` comes first."""
    for plain in _decrypt(stream, store):
        try:
            yield from _ITEMS.decode(plain)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BundleChanged() from None


def check(stream: IO[bytes], store: bytes) -> None:
    """Read all of it to its end, and go back to where it began. Raises as `read`."""
    begin = stream.tell()
    for _ in read(stream, store):
        pass
    stream.seek(begin)


def _decrypt(stream: IO[bytes], store: bytes) -> Iterator[bytes]:
    state = _begin(stream.read(_HEAD_BYTES), store)
    is_last = False
    while not is_last:
        length = int.from_bytes(_read_exactly(stream, LENGTH_BYTES), "big")
        if not bindings.crypto_secretstream_xchacha20poly1305_ABYTES <= length <= LONGEST_BYTES:
            raise BundleChanged()
        box = _read_exactly(stream, length)
        try:
            plain, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, box)
        except RuntimeError:
            raise BundleChanged() from None
        is_last = tag == _TAGS[True]
        yield plain
    if stream.read(1):
        raise BundleChanged()


def _begin(head: bytes, store: bytes) -> bindings.crypto_secretstream_xchacha20poly1305_state:
    if not head.startswith(MAGIC[: len(head)]) or not head:
        raise NotABundle()
    if len(head) < _HEAD_BYTES:
        raise BundleCut()
    start, owner = head[len(MAGIC) : -OWNER_BYTES], head[-OWNER_BYTES:]
    if not hmac.compare_digest(owner, _derive(store, _OWNER + start)):
        raise OtherOrganisation()
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, start, _derive(store, _KEY))
    return state


def _read_exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise BundleCut()
    return data


def _derive(store: bytes, purpose: bytes) -> bytes:
    return hmac.digest(store, purpose, "sha256")
