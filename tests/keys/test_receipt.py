"""Edges of receipts that no vector shows."""

import pytest
from nacl import bindings
from nacl.signing import SigningKey

from keys.errors import BadReceipt, NoProof
from keys.note import NoteKey, read, sign
from keys.receipt import check_proof, check_receipt, read_receipt
from keys.wire import b64, digest
from tests.vectors.makers.relays import ORDER_8, sign_with_mixed_order

KEY = SigningKey(digest(b"relay"))
RELAY_KEY = NoteKey("relay.example", bytes(KEY.verify_key))
COMMITMENT, ENVELOPE = digest(b"content"), digest(b"envelope")
LINES = ("tocsin/1/receipt", "https://relay.example", b64(COMMITMENT), b64(ENVELOPE), "1795168800")


def receipt(*lines: str) -> bytes:
    return sign("\n".join(lines) + "\n", "relay.example", KEY)


def test_a_receipt_is_for_one_commitment_and_one_envelope_by_one_relay():
    good = receipt(*LINES)
    assert check_receipt(good, RELAY_KEY, COMMITMENT, ENVELOPE).hour == 1_795_168_800
    for key, commitment, envelope in (
        (NoteKey("relay.example", digest(b"x")), COMMITMENT, ENVELOPE),
        (RELAY_KEY, ENVELOPE, ENVELOPE),
        (RELAY_KEY, COMMITMENT, COMMITMENT),
    ):
        with pytest.raises(BadReceipt):
            check_receipt(good, key, commitment, envelope)


@pytest.mark.parametrize(
    "lines",
    [
        (*LINES, ""),
        (*LINES, "more"),
        LINES[:4],
        ("tocsin/1/card", *LINES[1:]),
        (*LINES[:4], "1795168801"),
        (*LINES[:4], "-3600"),
        (*LINES[:4], " 3600"),
        (*LINES[:4], ""),
        (*LINES[:4], "٣٦٠٠"),
        (*LINES[:4], "3600000000000"),
        (*LINES[:3], b64(ENVELOPE + b"\0"), LINES[4]),
        (*LINES[:2], b64(COMMITMENT[:-1]), *LINES[3:]),
    ],
)
def test_a_receipt_with_other_lines_is_none(lines):
    with pytest.raises(BadReceipt):
        read_receipt(receipt(*lines))


def test_a_receipt_for_a_third_party_needs_no_envelope_and_names_its_signer():
    other = NoteKey("relay.example", digest(b"x"))
    for kind in ("tocsin/1/receipt", "tocsin/1/handover"):
        read, signer = check_proof(receipt(kind, *LINES[1:]), [other, RELAY_KEY], COMMITMENT)
        assert (read.kind, read.hour, signer) == (kind, 1_795_168_800, RELAY_KEY)
    with pytest.raises(NoProof):
        check_proof(receipt(*LINES), [other], COMMITMENT)
    with pytest.raises(NoProof):
        check_proof(receipt(*LINES), [RELAY_KEY], ENVELOPE)


def test_a_point_of_small_order_in_the_signature_spoils_it():
    text = "\n".join(LINES) + "\n"
    mixed, plain = sign_with_mixed_order(text, "relay.example", KEY), sign(text, "relay.example", KEY)
    added, r = (read(data).signatures[0][2][:32] for data in (mixed, plain))
    assert bindings.crypto_core_ed25519_sub(added, r) == ORDER_8
    check_proof(plain, [RELAY_KEY], COMMITMENT)
    with pytest.raises(NoProof):
        check_proof(mixed, [RELAY_KEY], COMMITMENT)
