"""Vectors of what a relay checks and signs: collect requests, receipts and proof of work."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from nacl import bindings
from nacl.signing import SigningKey

from keys import note, receipt, work
from keys.mailbox import MailboxKey
from keys.wire import b64
from tests.vectors.makers.inputs import NOW, Vector, seededBytes

ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def mailboxes() -> Iterator[Vector]:
    random_bytes = seededBytes("mailbox")
    key = MailboxKey(random_bytes(32))
    nonce = random_bytes(16)
    body, signature = key.collect(
        "https://relay.example", at=NOW, nonce=nonce, ack=[random_bytes(32)], want=64, wait=30, cover=True, commits=True
    )

    def vector(name: str, expect: str, **more: Any) -> Vector:
        return {
            "name": name,
            "expect": expect,
            "seed": b64(key.seed),
            "public": b64(key.public),
            "mailbox": b64(key.id),
            "origin": "https://relay.example",
            "now": NOW,
            "body": body.decode(),
            "signature": b64(signature),
            **more,
        }

    def signed(name: str, expect: str, text: str) -> Vector:
        key_ = SigningKey(key.seed)
        sealed = key_.sign(b"tocsin/1/collect\0https://relay.example\0" + text.encode()).signature
        return vector(name, expect, body=text, signature=b64(sealed))

    text = body.decode()
    yield vector("a_request", "ok", nonce=b64(nonce))
    yield vector("clock_just_right", "ok", now=NOW + 300, nonce=b64(nonce))
    yield vector("too_old", "wrong-clock", now=NOW + 301)
    yield vector("from_the_future", "wrong-clock", now=NOW - 301)
    yield vector("for_another_relay", "bad-signature", origin="https://other.example")
    yield vector("body_changed", "bad-signature", body=text.replace('"want":64', '"want":65'))
    yield vector("signature_cut", "bad-signature", signature=b64(signature[:-1]))
    yield vector("signature_missing", "bad-signature", signature="")
    yield signed("not_json", "bad-request", "[")
    yield signed("a_list", "bad-request", "[]")
    yield signed("no_nonce", "bad-request", text.replace('"nonce"', '"nonse"'))
    yield signed("nonce_too_short", "bad-request", text.replace(b64(nonce), b64(nonce[:15])))
    yield signed("negative_wait", "bad-request", text.replace('"wait":30', '"wait":-1'))
    yield signed("time_as_text", "bad-request", text.replace(str(NOW), f'"{NOW}"'))


def receipts() -> Iterator[Vector]:
    random_bytes = seededBytes("receipt")
    key = SigningKey(random_bytes(32))
    public = note.NoteKey("relay.example", bytes(key.verify_key))
    commitment, envelope_hash = random_bytes(32), random_bytes(32)
    hour = NOW // 3600 * 3600
    lines = [receipt.RECEIPT_KIND, "https://relay.example", b64(commitment), b64(envelope_hash), str(hour)]

    def vector(name: str, expect: str, data: bytes, **more: Any) -> Vector:
        return {
            "name": name,
            "expect": expect,
            "verifier": str(public),
            "commitment": b64(commitment),
            "envelope_hash": b64(envelope_hash),
            "receipt": data.decode(),
            **more,
        }

    def altered(name: str, expect: str, at: int, line: str, by: SigningKey = key) -> Vector:
        changed = [line if i == at else old for i, old in enumerate(lines)]
        return vector(name, expect, note.sign("\n".join(changed) + "\n", "relay.example", by))

    good = note.sign("\n".join(lines) + "\n", "relay.example", key)
    yield vector("a_receipt", "ok", good, hour=hour, origin="https://relay.example")
    yield altered("another_commitment", "receipt", 2, b64(random_bytes(32)))
    yield altered("another_envelope", "receipt", 3, b64(random_bytes(32)))
    yield altered("signed_by_another", "receipt", 1, lines[1], SigningKey(random_bytes(32)))
    yield altered("not_a_whole_hour", "receipt", 4, str(hour + 1))
    yield altered("hour_is_a_word", "receipt", 4, "noon")
    yield altered("another_kind", "receipt", 0, "tocsin/1/card")
    yield altered("a_handover", "receipt", 0, receipt.HANDOVER_KIND)
    yield vector("cut_off", "receipt", good[:-30])
    yield vector("an_error_page", "receipt", b"<html>502 Bad Gateway</html>")


def handovers() -> Iterator[Vector]:
    """Receipts of handing over, as an organisation checks them, and what is none."""
    random_bytes = seededBytes("handover")
    key = SigningKey(random_bytes(32))
    public = note.NoteKey("relay.example", bytes(key.verify_key))
    commitment, envelope_hash = random_bytes(32), random_bytes(32)
    hour = NOW // 3600 * 3600
    tail = f"https://relay.example\n{b64(commitment)}\n{b64(envelope_hash)}\n{hour}\n"

    def vector(name: str, expect: str, data: bytes, **more: Any) -> Vector:
        return {
            "name": name,
            "expect": expect,
            "verifier": str(public),
            "commitment": b64(commitment),
            "envelope_hash": b64(envelope_hash),
            "receipt": data.decode(),
            **more,
        }

    text = f"{receipt.HANDOVER_KIND}\n{tail}"
    good = note.sign(text, "relay.example", key)
    yield vector("a_handover", "ok", good, hour=hour, origin="https://relay.example")
    yield vector("a_deposit", "receipt", note.sign(f"{receipt.RECEIPT_KIND}\n{tail}", "relay.example", key))
    yield vector("the_kind_changed", "receipt", good.replace(b"handover", b"receipt"))
    yield vector("another_commitment", "receipt", good, commitment=b64(random_bytes(32)))
    yield vector("another_envelope", "receipt", good, envelope_hash=b64(random_bytes(32)))
    yield vector("mixed_order", "receipt", sign_with_mixed_order(text, "relay.example", key))


def sign_with_mixed_order(text: str, name: str, key: SigningKey) -> bytes:
    """Return a note whose signature holds for the equation with a cofactor and not for the one of RFC 8032's strict
    reading: a point of order 8 is added to R."""
    seed = hashlib.sha512(bytes(key)).digest()
    secret = bytes([seed[0] & 248, *seed[1:31], seed[31] & 63 | 64])
    public, message = bytes(key.verify_key), text.encode()
    nonce = bindings.crypto_core_ed25519_scalar_reduce(hashlib.sha512(seed[32:] + message).digest())
    point = bindings.crypto_core_ed25519_add(bindings.crypto_scalarmult_ed25519_base_noclamp(nonce), ORDER_8)
    challenge = bindings.crypto_core_ed25519_scalar_reduce(hashlib.sha512(point + public + message).digest())
    reduced = bindings.crypto_core_ed25519_scalar_reduce(secret + bytes(32))
    product = bindings.crypto_core_ed25519_scalar_mul(challenge, reduced)
    signature = point + bindings.crypto_core_ed25519_scalar_add(nonce, product)
    line = base64.b64encode(note.key_id(name, public) + signature).decode()
    return f"{text}\n— {name} {line}\n".encode()


def works() -> Iterator[Vector]:
    random_bytes = seededBytes("work")
    seed, mailbox, envelope_hash = random_bytes(32), random_bytes(32), random_bytes(32)
    for bits in (0, 1, 8, 12):
        nonce = work.do(seed, mailbox, envelope_hash, bits)
        yield {
            "name": f"{bits}_bits",
            "expect": "ok",
            "seed": b64(seed),
            "mailbox": b64(mailbox),
            "envelope_hash": b64(envelope_hash),
            "bits": bits,
            "nonce": b64(nonce),
            "weighs": work.weighs(seed, mailbox, envelope_hash, nonce),
        }


PUBLIC = (
    "relay.example", "8.8.8.8", "100.63.255.255", "100.128.0.1", "169.253.1.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
    "192.167.1.1", "198.17.1.1", "198.20.1.1", "223.255.255.255", "[2001:1::1]", "[2a02:6b8::1]", "[3fff::1]",
    "home.example", "localhost.example", "mylan.org", "a.onion", "1.example",
)  # fmt: skip
LOCAL = (
    "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.1.2", "169.254.1.1",
    "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.168.0.1", "198.18.0.1", "198.19.255.255", "224.0.0.1",
    "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[fc00::1]", "[ff02::1]",
    "[64:ff9b::a00:1]", "[2001::1]", "[2001:0:1::1]", "[2002:a00:1::1]", "[4000::1]", "localhost", "router",
    "printer.local", "a.b.internal", "nas.lan", "x.home.arpa", "desk.corp", "a.localhost",
)  # fmt: skip


def strangers() -> Iterator[Vector]:
    """Give hosts on both sides of each border, and names that only look local."""
    for host in (*PUBLIC, *LOCAL):
        name = host.strip("[]").replace(":", "_").replace(".", "_")
        yield {"name": name, "expect": "ok", "address": f"https://{host}:8443/path", "public": host in PUBLIC}
