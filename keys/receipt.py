"""A receipt: a relay's signed word that it holds an envelope. Specified in `keys/receipt.md`."""

from dataclasses import dataclass

from keys.errors import BadReceipt, Malformed, NotANote
from keys.note import Note, NoteKey, read
from keys.wire import HASH_BYTES, HOUR_SECONDS, unb64

RECEIPT_KIND = "tocsin/1/receipt"
_LINES = 5
_HOUR_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says: relay's origin, commitment, H(envelope), hour (Unix seconds, floored to 3600).

    Specified in `keys/receipt.md`, *Text*.
    """

    origin: str
    commitment: bytes
    envelope_hash: bytes
    hour: int


def read_receipt(data: bytes) -> tuple[Receipt, Note]:
    """Take a receipt apart; nothing is verified yet. Raises BadReceipt. Specified in `keys/receipt.md`, *Text*."""
    try:
        note = read(data)
        lines = note.lines
        if note.kind != RECEIPT_KIND or len(lines) != _LINES:
            raise BadReceipt("a note of another kind")
        hour = lines[4]
        if (
            not (hour.isascii() and hour.isdigit() and len(hour) <= _HOUR_DIGITS)
            or int(hour) % HOUR_SECONDS
            or str(int(hour)) != hour
        ):
            raise BadReceipt("the hour is none")
        return Receipt(lines[1], unb64(lines[2], HASH_BYTES), unb64(lines[3], HASH_BYTES), int(hour)), note
    except (NotANote, Malformed) as error:
        raise BadReceipt(error.detail) from None


def check_receipt(data: bytes, key: NoteKey, commitment: bytes, envelope_hash: bytes) -> Receipt:
    """Return the receipt if `key` signed it for this very commitment and envelope. Raises BadReceipt.

    Specified in `keys/receipt.md`, *Checking*.
    """
    receipt, note = read_receipt(data)
    if not note.signed_by(key.public):
        raise BadReceipt("not signed by this relay")
    if (receipt.commitment, receipt.envelope_hash) != (commitment, envelope_hash):
        raise BadReceipt("for another envelope")
    return receipt
