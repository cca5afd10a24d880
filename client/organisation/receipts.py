"""Receipts that an organisation keeps with its letters: from the relay that handed a letter over, and from its sender.

Specified in `client/folders.md`, "Receipts".
"""

from collections.abc import Iterable, Iterator

from client.organisation.records import StoredReceipt
from client.transport.relay_client import Frame
from keys.errors import NoProof, TocsinError
from keys.note import NoteKey
from keys.receipt import check_proof


class ReceiptMissing(TocsinError):
    """the relay gave no valid receipt with what was collected"""

    code = "receipt-missing"
    hint = "every letter is kept, without this relay's word for the hour; `tocsin org publish` asks it for its key anew"


def check_handover(frame: Frame, keys: Iterable[NoteKey]) -> StoredReceipt | None:
    """Return the receipt that came with a frame; None when none of these keys signed it for this very frame."""
    signer = frame.signer(keys)
    return None if signer is None else _store(frame.receipt, [signer])


def find_carried(texts: Iterable[str], keys: Iterable[NoteKey]) -> Iterator[StoredReceipt]:
    """Yield those receipts of a message, of whatever content, that one of these keys signed. The others stay where
    they are, in the message."""
    known = list(keys)
    for text in texts:
        try:
            yield _store(text.encode(), known)
        except (NoProof, UnicodeEncodeError):
            continue


def _store(data: bytes, keys: Iterable[NoteKey]) -> StoredReceipt:
    read, signer = check_proof(data, keys)
    return StoredReceipt(read.commitment, read.kind, read.hour, str(signer), data.decode())
