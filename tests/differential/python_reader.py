"""What Python makes of a hostile input: the value in one form for both languages, or the code of the error."""

from collections.abc import Callable
from typing import Any

import msgspec

from client.stations.pack import columns
from client.stations.pack import pack as packs
from keys import address, code, message, note, opening, organisation, pairing, receipt
from keys.errors import TocsinError
from keys.kem import PrivateKey
from keys.wire import b64, read_object, unb64

_DUMMY = PrivateKey(bytes(32))


def plain(value: Any) -> Any:
    """Return a value so that it compares with JavaScript's: numbers as doubles, odd spellings of a whole one named."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        return ["odd", value + 0.0] if value.is_integer() else value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value]


def _read_json(data: bytes) -> Any:
    return read_object(data)


def _read_message(data: bytes) -> Any:
    read = message.read(read_object(data))
    return [msgspec.to_builtins(read.message), read.other]


def _read_card_code(data: str) -> Any:
    read = code.read_card_code(data)
    return [b64(read.root), list(read.relays), str(read)]


def _read_pair_code(data: str) -> Any:
    read = code.read_pair_code(data)
    return [b64(read.card), b64(read.secret), list(read.relays), str(read)]


def _read_note(data: bytes, public: str) -> Any:
    read = note.verify(data, unb64(public, 32), "tocsin/1/pack")
    return [read.text, [[name, b64(id_), b64(signature)] for name, id_, signature in read.signatures]]


def _read_note_key(data: str) -> Any:
    return str(note.NoteKey.parse(data))


def _read_card(data: bytes) -> Any:
    card = organisation.read_card(data)
    numbers = [card.seq, card.issued, card.expires, card.week, card.grace_days]
    keys = [b64(key) for key in (card.root, card.mailbox, *card.weekly, card.last_resort)]
    return [card.name, numbers, list(card.relays), keys, list(card.languages), card.sms, list(card.log)]


def _read_pair_card(data: bytes) -> Any:
    card = pairing.read_pair_card(data, pairing.card_hash(data), 1)
    return [b64(card.key), b64(card.mailbox), list(card.relays), card.until, card.wake]


def _read_share(data: bytes) -> Any:
    share = pairing.read_share(read_object(data))
    return share and b64(share)


def _read_wake(data: str) -> Any:
    wake = pairing.read_wake(data, ("https://relay.example",))
    return wake and [wake.relay, wake.sealed]


def _read_receipt(data: bytes) -> Any:
    read, _ = receipt.read_receipt(data)
    return [read.origin, b64(read.commitment), b64(read.envelope_hash), read.hour]


def _read_plaintext(data: bytes) -> Any:
    opened = opening.read_plaintext(data, _DUMMY)
    return [b64(opened.header), b64(opened.body), opened.fields]


def _read_pack(data: bytes, public: str) -> Any:
    return msgspec.to_builtins(packs.read(data, unb64(public, 32)).about)


def _read_pack_body(data: bytes) -> Any:
    return [[station.id, station.lat, station.lon, station.phone] for station in columns.decode(data)]


def _read_digits(data: str) -> Any:
    return code.read_digits(data)


def _read_spoken(data: str) -> Any:
    return pairing.spoken_digits(data)


def _read_bytes(data: str) -> Any:
    return b64(unb64(data, 16))


READERS: dict[str, Callable[..., Any]] = {
    "address": address.check_address,
    "bytes": _read_bytes,
    "card": _read_card,
    "card_code": _read_card_code,
    "digits": _read_digits,
    "json": _read_json,
    "message": _read_message,
    "note": _read_note,
    "note_key": _read_note_key,
    "pack": _read_pack,
    "pack_body": _read_pack_body,
    "pair_card": _read_pair_card,
    "pair_code": _read_pair_code,
    "plaintext": _read_plaintext,
    "receipt": _read_receipt,
    "share": _read_share,
    "spoken": _read_spoken,
    "wake": _read_wake,
}


def read(kind: str, data: bytes | str, public: str) -> Any:
    """Return `["ok", value]` or the code of the error."""
    try:
        return ["ok", plain(READERS[kind](data, public) if kind in {"note", "pack"} else READERS[kind](data))]
    except TocsinError as error:
        return error.code
