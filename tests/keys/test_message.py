"""Edges of message headers that no vector shows."""

import json

import pytest

from keys import message
from keys.envelope import PARCEL_ROOM, Address
from keys.errors import BadMessage, NotAuthentic, UnknownVersion
from keys.message import FILES, PIECE_BYTES, PIECES, Parcel, Report, check_mac, header, read, reply_mac
from keys.wire import PARCEL_BYTES, Purpose, b64, digest, read_object

IDENTITY = {"v": 1, "id": b64(bytes(16)), "case": b64(bytes(16)), "seq": 0, "at": 1_795_168_800}
REF = {"id": b64(bytes(16)), "n": 1, "sha256": b64(bytes(32)), "type": "image/jpeg", "bytes": 1}
RELAY = ["https://relay.example", b64(bytes(32))]
BLOCK = {"relays": [RELAY], "key": b64(bytes(1_216)), "secret": b64(bytes(32)), "until": 0}


def fields(kind: str = "report", **more):
    return {"kind": kind, **IDENTITY, **more}


def refused(where: str, kind: str = "report", **more) -> None:
    with pytest.raises(BadMessage) as caught:
        read(fields(kind, **more))
    assert caught.value.detail == where


def test_a_version_that_is_a_number_is_newer_and_one_that_is_none_is_broken():
    for newer in (2, 0, 10**30):
        with pytest.raises(UnknownVersion):
            read(fields(v=newer))
    for broken in ("1", None, 1.5, [1]):
        with pytest.raises(BadMessage):
            read(fields(v=broken))


def test_ids_hashes_and_keys_have_one_spelling():
    # the last letter of 16, 32 and 1,216 bytes holds spare bits, which must be zero
    refused("$.id", id=b64(bytes(16))[:-1] + "B")
    refused("$.parcels[0].sha256", parcels=[{**REF, "sha256": b64(bytes(32))[:-1] + "B"}])
    refused("$.reply.key", reply={**BLOCK, "key": b64(bytes(1_216))[:-1] + "B"})
    for length in (15, 17):
        refused("$.case", case=b64(bytes(length)))
    for length in (31, 33):
        refused("$.reply.secret", reply={**BLOCK, "secret": b64(bytes(length))})
    for last in (bytes([number]) * 16 for number in (0, 0x55, 0xFF)):
        assert read(fields(id=b64(last)))


def test_the_limits_of_parcels():
    assert read(fields(parcels=[{**REF, "n": PIECES}] * FILES))
    refused("$.parcels", parcels=[REF] * (FILES + 1))
    for n in (0, PIECES + 1):
        refused("$.parcels[0].n", parcels=[{**REF, "n": n}])
    assert read(fields("parcel", of=REF["id"], i=PIECES - 1, n=PIECES))
    refused("$.n", "parcel", of=REF["id"], i=0, n=PIECES + 1)
    refused("$.n", "parcel", of=REF["id"], i=0, n=0)
    refused("$.i", "parcel", of=REF["id"], i=-1, n=1)
    refused("$.i", "parcel", of=REF["id"], i=1, n=1)
    refused("$.i", "parcel", of=REF["id"], i=PIECES, n=PIECES)


def test_a_full_piece_and_its_header_fit_a_parcel():
    longest = Parcel(**{**IDENTITY, "seq": 2**53 - 1, "at": 2**53 - 1}, of=REF["id"], i=PIECES - 1, n=PIECES)
    assert PIECE_BYTES == 63_488
    assert len(header(longest)) + PIECE_BYTES <= PARCEL_ROOM


def test_the_limits_of_a_reply_block():
    assert read(fields(reply={**BLOCK, "relays": [RELAY] * 8, "until": 2**53 - 1}))
    for relays in ([], [RELAY] * 9):
        refused("$.reply.relays", reply={**BLOCK, "relays": relays})
    refused("$.reply.until", reply={**BLOCK, "until": 2**53})


def test_an_alert_is_of_one_of_six_types():
    for known in ("detained", "moved", "unsafe", "safe", "missed", "text"):
        assert read(fields("alert", type=known))
    refused("$.type", "alert", type="ping")


def test_a_refusal_names_the_place_and_never_the_words():
    for secret in ("Иванова", "x at `$.facts` y", "` at y"):
        with pytest.raises(BadMessage) as caught:
            read(fields("alert", type=secret))
        assert caught.value.detail == "$.type"
        with pytest.raises(BadMessage) as caught:
            read(fields(kind=secret))
        assert caught.value.detail == "$.kind"
    with pytest.raises(BadMessage) as caught:
        read(fields(facts={"name": "Иванова"}, seq="Иванова"))
    assert "Иванова" not in str(caught.value)


def test_what_is_not_known_is_kept_and_written_again():
    got = read(fields(weather="rain", facts={"later": [1]}))
    assert got.other == {"weather": "rain"}
    assert isinstance(got.message, Report)
    assert got.message.facts == {"later": [1]}
    again = json.loads(header(got.message, got.other))
    defaults = {"when": {}, "parcels": [], "reply": None, "practice": False, "receipts": []}
    defaults |= {"case_secret": None, "keys": None}
    assert again == fields(weather="rain", facts={"later": [1]}, **defaults)


def test_a_header_is_compact_utf8():
    written = header(Report(**{**IDENTITY, "facts": {"name": "Анна"}}))
    assert written.startswith(b'{"kind":"report","v":1,')
    assert '"facts":{"name":"Анна"}'.encode() in written


SECRET, SALT = digest(b"secret"), digest(b"salt")
ADDRESS = Address(Purpose.REPLY, digest(b"key"), digest(b"mailbox"))
MAC = reply_mac(SECRET, ADDRESS, 8_192, SALT, b"{}")


def test_a_mac_is_of_secret_address_size_salt_and_header():
    others = [
        reply_mac(SALT, ADDRESS, 8_192, SALT, b"{}"),
        reply_mac(SECRET, Address(Purpose.CONTACT, ADDRESS.recipient, ADDRESS.mailbox), 8_192, SALT, b"{}"),
        reply_mac(SECRET, Address(Purpose.REPLY, bytes(32), ADDRESS.mailbox), 8_192, SALT, b"{}"),
        reply_mac(SECRET, Address(Purpose.REPLY, ADDRESS.recipient, bytes(32)), 8_192, SALT, b"{}"),
        reply_mac(SECRET, ADDRESS, PARCEL_BYTES, SALT, b"{}"),
        reply_mac(SECRET, ADDRESS, 8_192, SECRET, b"{}"),
        reply_mac(SECRET, ADDRESS, 8_192, SALT, b"{ }"),
    ]
    assert len({MAC, *others}) == 8
    check_mac(MAC, MAC)
    for other in others:
        with pytest.raises(NotAuthentic):
            check_mac(MAC, other)


def test_a_mac_cut_short_or_run_on_is_none():
    for length in range(32):
        with pytest.raises(NotAuthentic):
            check_mac(MAC, MAC[:length])
    with pytest.raises(NotAuthentic):
        check_mac(MAC, MAC + b"\0")
    with pytest.raises(NotAuthentic):
        check_mac(b"", b"")


def test_every_kind_is_known():
    assert set(message._KINDS) == {"report", "amend", "parcel", "alert", "reply"}


def test_half_a_surrogate_pair_goes_out_as_a_replacement_character():
    sent = read(fields(facts={"name": "\ud800Анна\ud83d\ude90", "\udc80": ["\udfff"]}))
    written = header(sent.message, {"more": "\udc00"})
    again = read(read_object(written))
    assert again.message.facts == {"name": "\ufffdАнна\U0001f690", "\ufffd": ["\ufffd"]}
    assert again.other == {"more": "\ufffd"}
