"""Python and JavaScript open what the other sealed: the library alone as a witness, and the phone's own modules."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nacl.signing import SigningKey

from keys import code, message, note, organisation, receipt
from keys.envelope import LETTER_ROOM, OVERHEAD_BYTES, Address, frame, seal
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey, check_collect
from keys.opening import open_envelope
from keys.wire import LETTER_BYTES, PARCEL_BYTES, Purpose, b64, digest, unb64, week_of
from keys.work import weighs
from tests.support.phone.node_phone import NodePhone, needs_node

NOW = 1_795_168_800
WORDS = {"text": "Задержали у метро, یک نفر زخمی است 🚐"}
Ask = Callable[..., dict[str, Any]]

pytestmark = needs_node


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    with NodePhone("peer.mjs") as peer:
        yield peer.ask


@pytest.fixture
def key() -> PrivateKey:
    return PrivateKey(os.urandom(32))


@pytest.fixture
def address() -> Address:
    return Address(Purpose.REPORT, os.urandom(32), os.urandom(32))


def where(address: Address) -> dict[str, Any]:
    return {"purpose": int(address.purpose), "recipient": b64(address.recipient), "mailbox": b64(address.mailbox)}


def test_both_make_the_same_public_key_of_a_seed(ask: Ask, key: PrivateKey) -> None:
    assert ask("public", seed=b64(key.seed)) == {"public": b64(key.public)}


@pytest.mark.parametrize("size", [LETTER_BYTES, PARCEL_BYTES])
def test_python_opens_what_the_library_alone_sealed(ask: Ask, key: PrivateKey, address: Address, size: int) -> None:
    content = frame(os.urandom(32), json.dumps(WORDS).encode(), b"body")
    plaintext = b64(content.ljust(size - OVERHEAD_BYTES, b"\0"))
    sealed = ask("seal", public=b64(key.public), info=b64(address.info(size)), plaintext=plaintext)["sealed"]
    opened = open_envelope(b"\x01" + unb64(sealed), [key], address)
    assert (opened.fields, opened.body) == (WORDS, b"body")


@pytest.mark.parametrize("size", [LETTER_BYTES, PARCEL_BYTES])
def test_the_library_alone_opens_what_python_sealed(ask: Ask, key: PrivateKey, address: Address, size: int) -> None:
    sealed = seal(b"{}", b"body", key=key.public, address=address, random_bytes=lambda n: bytes([7]) * n, size=size)
    answer = ask("open", seed=b64(key.seed), info=b64(address.info(size)), sealed=b64(sealed.envelope[1:]))
    content = frame(bytes([7]) * 32, b"{}", b"body")
    assert unb64(answer["plaintext"]) == content.ljust(size - OVERHEAD_BYTES, b"\0")


@pytest.mark.parametrize("size", [LETTER_BYTES, PARCEL_BYTES])
def test_python_opens_what_the_phone_sealed(ask: Ask, key: PrivateKey, address: Address, size: int) -> None:
    body = os.urandom(900)
    answer = ask("phone.seal", public=b64(key.public), header=WORDS, body=b64(body), size=size, **where(address))
    opened = open_envelope(unb64(answer["envelope"]), [key], address)
    assert (opened.fields, opened.body) == (WORDS, body)
    assert b64(opened.commitment) == answer["commitment"]
    assert b64(digest(unb64(answer["envelope"]))) == answer["hash"]


def test_the_phone_opens_what_python_sealed(ask: Ask, key: PrivateKey, address: Address) -> None:
    header = json.dumps(WORDS, ensure_ascii=False)
    full = os.urandom(LETTER_ROOM - len(header.encode()))
    sealed = seal(header.encode(), full, key=key.public, address=address, random_bytes=os.urandom)
    answer = ask("phone.open", seeds=[b64(key.seed)], envelope=b64(sealed.envelope), **where(address))
    assert (answer["header"], answer["body"]) == (header, b64(full))
    assert answer["commitment"] == b64(sealed.commitment)


def test_the_phone_refuses_a_key_that_is_none(ask: Ask, address: Address) -> None:
    bad = b64(b"\xff" * 1_216)
    assert ask("phone.seal", public=bad, header={}, **where(address)) == {"error": "malformed"}


def test_the_phone_checks_notes_cards_and_codes_of_python(ask: Ask) -> None:
    root = SigningKey.generate()
    public = bytes(root.verify_key)
    signed = note.sign("tocsin/1/pack\nМинск\n", "example.org", root)
    assert ask("phone.note_verify", note=b64(signed), public=b64(public), kind="tocsin/1/pack")["text"]
    keys = tuple(PrivateKey(os.urandom(32)).public for _ in range(2))
    card = organisation.Card(
        name="Имя", root=public, seq=3, issued=NOW, expires=NOW, relays=("https://relay.example",),
        mailbox=os.urandom(32), week=week_of(NOW), weekly=keys[:1], last_resort=keys[1],
    ).sign(root)  # fmt: skip
    read = ask("phone.card_read", card=b64(card.signed), root=b64(public), at=NOW)
    assert read["fingerprint"] == organisation.fingerprint(public)
    assert (read["name"], read["key"], read["relays"]) == ("Имя", b64(keys[0]), ["https://relay.example"])
    code_ = code.CardCode(public, ("https://relay.example",))
    assert ask("phone.code_make", root=b64(public), relays=["https://relay.example"]) == {"code": str(code_)}
    assert ask("phone.code_parse", code=str(code_).lower())["root"] == b64(public)


def test_the_relay_accepts_a_request_the_phone_signed(ask: Ask) -> None:
    key = MailboxKey(os.urandom(32))
    nonce, ack = os.urandom(16), os.urandom(32)
    answer = ask(
        "phone.collect", seed=b64(key.seed), origin="https://relay.example", at=NOW, nonce=b64(nonce),
        ack=[b64(ack)], want=5, wait=9, cover=True, commits=True,
    )  # fmt: skip
    asked = check_collect(answer["body"].encode(), answer["signature"], ("https://relay.example",), NOW)
    assert (asked.mailbox, asked.nonce, asked.ack) == (key.id, nonce, (ack,))
    assert (asked.want, asked.wait, asked.cover, asked.commits) == (5, 9, True, True)


def test_the_phone_believes_a_receipt_of_the_relay_and_no_other(ask: Ask) -> None:
    relay = SigningKey.generate()
    commitment, envelope_hash = os.urandom(32), os.urandom(32)
    lines = [receipt.RECEIPT_KIND, "https://relay.example", b64(commitment), b64(envelope_hash), str(NOW - NOW % 3600)]
    signed = note.sign("\n".join(lines) + "\n", "relay.example", relay)
    fields = {"receipt": b64(signed), "commitment": b64(commitment), "envelope_hash": b64(envelope_hash)}
    right = ask("phone.receipt_check", keys=[b64(bytes(relay.verify_key))], **fields)
    assert right["origin"] == "https://relay.example"
    assert ask("phone.receipt_check", keys=[b64(os.urandom(32))], **fields) == {"error": "receipt"}


def test_both_make_the_same_mac_and_the_same_work(ask: Ask, address: Address) -> None:
    secret, salt = os.urandom(32), os.urandom(32)
    mac = message.reply_mac(secret, address, LETTER_BYTES, salt, b"{}")
    fields = {"secret": b64(secret), "size": LETTER_BYTES, "salt": b64(salt), "header": "{}", **where(address)}
    assert ask("phone.reply_mac", **fields) == {"mac": b64(mac)}
    seed, mailbox, hash_ = os.urandom(16), os.urandom(32), os.urandom(32)
    answer = ask("phone.work", seed=b64(seed), mailbox=b64(mailbox), envelope_hash=b64(hash_), bits=10)
    assert weighs(seed, mailbox, hash_, unb64(answer["nonce"])) >= 10
