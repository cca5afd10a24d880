"""Receipts: a relay's signed word that it holds an envelope, or handed it over. Specified in `keys/receipt.md`."""

from collections.abc import Iterable
from dataclasses import dataclass

from keys.errors import BadReceipt, Malformed, NoProof, NotANote
from keys.note import Note, NoteKey, read
from keys.wire import HASH_BYTES, HOUR_SECONDS, unb64

RECEIPT_KIND = "tocsin/1/receipt"
HANDOVER_KIND = "tocsin/1/handover"
RECEIPT_BYTES = 1_024  # the longest one that is handed on; one of a relay with an onion address has about 450
_LINES = 5
_HOUR_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says: its kind, relay's origin, commitment, H(envelope), hour (Unix seconds, floored to 3600).

    Specified in `keys/receipt.md`, *Text*.
    """

    kind: str
    origin: str
    commitment: bytes
    envelope_hash: bytes
    hour: int


def read_receipt(data: bytes) -> tuple[Receipt, Note]:
    """Take a receipt of either kind apart; nothing is verified yet. Raises BadReceipt.

    Specified in `keys/receipt.md`, *Text*.
    """
    try:
        note = read(data)
        lines = note.lines
        if note.kind not in (RECEIPT_KIND, HANDOVER_KIND) or len(lines) != _LINES:
            raise BadReceipt("a note of another kind")
        hour = lines[4]
        if (
            not (hour.isascii() and hour.isdigit() and len(hour) <= _HOUR_DIGITS)
            or int(hour) % HOUR_SECONDS
            or str(int(hour)) != hour
        ):
            raise BadReceipt("the hour is none")
        return Receipt(note.kind, lines[1], unb64(lines[2], HASH_BYTES), unb64(lines[3], HASH_BYTES), int(hour)), note
    except (NotANote, Malformed) as error:
        raise BadReceipt(error.detail) from None


def check_receipt(
    data: bytes, key: NoteKey, commitment: bytes, envelope_hash: bytes, kind: str = RECEIPT_KIND
) -> Receipt:
    """Return the receipt if it is of this kind and `key` signed it for this very commitment and envelope. Raises
    BadReceipt.

    Specified in `keys/receipt.md`, *Checking*.
    """
    receipt, note = read_receipt(data)
    if receipt.kind != kind:
        raise BadReceipt("a receipt of the other kind")
    if not note.signed_by(key.public):
        raise BadReceipt("not signed by this relay")
    if (receipt.commitment, receipt.envelope_hash) != (commitment, envelope_hash):
        raise BadReceipt("for another envelope")
    return receipt


def check_proof(data: bytes, keys: Iterable[NoteKey], commitment: bytes | None = None) -> tuple[Receipt, NoteKey]:
    """Return a receipt of either kind and the key among `keys` that signed it, for whoever holds no envelope.

    `commitment`: what it must name; None takes any. Raises NoProof.
    """
    try:
        receipt, note = read_receipt(data)
    except BadReceipt as error:
        raise NoProof(error.detail) from None
    signer = next((key for key in keys if note.signed_by(key.public)), None)
    if signer is None:
        raise NoProof("not signed by a key that was named")
    if commitment is not None and receipt.commitment != commitment:
        raise NoProof("for another message")
    return receipt, signer
