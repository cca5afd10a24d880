"""What we seal and sign, read by code that is not ours, and the reverse."""

import base64
import hashlib
import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from nacl.signing import SigningKey

from keys import note
from keys.envelope import HPKE, Address, seal
from keys.errors import EnvelopeError, NoteUnsigned
from keys.kem import PrivateKey
from keys.opening import open_envelope
from keys.wire import LETTER_BYTES, PARCEL_BYTES, Purpose, digest

pytestmark = pytest.mark.process  # Node reads what Python wrote, and the other way round

PEER = Path(__file__).parent / "interop" / "peer.mjs"
PHONE = Path(__file__).parents[2] / "client" / "phone"

# The public HPKE vectors


def public_vectors() -> list[dict[str, Any]]:
    """Those for our suite (X-Wing, HKDF-SHA256, ChaCha20-Poly1305) of the package `cryptography_vectors`."""
    pytest.importorskip("cryptography_vectors")
    whole = files("cryptography_vectors").joinpath("HPKE", "hpke-pq-test-vectors.json").read_bytes()
    ours = (0, 0x647A, 0x0001, 0x0003)
    return [v for v in json.loads(whole) if (v["mode"], v["kem_id"], v["kdf_id"], v["aead_id"]) == ours]


def test_the_public_vectors_hold():
    vectors = public_vectors()
    assert vectors
    for vector in vectors:
        key = PrivateKey(bytes.fromhex(vector["skRm"]))
        assert key.public.hex() == vector["pkRm"]
        # every message of a vector has an aad, for which the public interface of the library has no place; and only
        # the first of a context is one-shot, as all of ours are
        first = vector["encryptions"][0]
        opened = openssl.hpke._decrypt_with_aad(
            HPKE,
            bytes.fromhex(vector["enc"] + first["ct"]),
            key.key,
            bytes.fromhex(vector["info"]),
            bytes.fromhex(first["aad"]),
        )
        assert opened.hex() == first["pt"]


# Envelopes, with @hpke/core under Node

KEY = PrivateKey(hashlib.sha256(b"interop").digest())
MAILBOX = hashlib.sha256(b"mailbox").digest()
ADDRESSES = [
    Address(Purpose.REPORT, hashlib.sha256(b"root").digest(), MAILBOX),
    Address(Purpose.CONTACT, KEY.recipient, MAILBOX),
    Address(Purpose.REPLY, KEY.recipient, MAILBOX),
]
HEADER = '{"text":"Задержали у метро, یک نفر زخمی است 🚐"}'.encode()
SALT = bytes(range(32))
CASES = [
    pytest.param(address, size, body, id=f"{address.purpose.name}-{size}".lower())
    for address in ADDRESSES
    for size, body in ((LETTER_BYTES, b"\x07" * 32), (PARCEL_BYTES, bytes(range(256)) * 248))
]
# One bit in every part: suite, ML-KEM ciphertext (both ends), X25519 share (both ends; its top bit is one X25519
# itself does not look at), sealed bytes, tag (both ends).
FLIPS = [(0, 0x02), (1, 0x01), (1_088, 0x80), (1_089, 0x01), (1_120, 0x80), (1_121, 0x01), (4_000, 0x10)]
FLIPS += [(-16, 0x01), (-1, 0x80)]


def peer(*calls: dict[str, Any]) -> list[dict[str, str]]:
    """What the other implementation answers to these calls."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    if not (PHONE / "node_modules" / "@hpke").is_dir():
        pytest.skip("client/phone/node_modules is not there; `npm ci` in client/phone makes it")
    ended = subprocess.run(
        [node, PEER], input=json.dumps(calls), capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def call(op: str, address: Address, **more: Any) -> dict[str, Any]:
    fields = {"purpose": int(address.purpose), "recipient": address.recipient, "mailbox": address.mailbox, **more}
    return {"op": op, **{name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}}


def flipped(envelope: bytes, at: int, bit: int) -> bytes:
    changed = bytearray(envelope)
    changed[at] ^= bit
    return bytes(changed)


@pytest.mark.parametrize(("address", "size", "body"), CASES)
def test_node_opens_what_we_seal(address, size, body):
    sealed = seal(HEADER, body, key=KEY.public, address=address, random_bytes=lambda _: SALT, size=size)
    (opened,) = peer(call("open", address, seed=KEY.seed, envelope=sealed.envelope))
    assert opened == {"header": HEADER.hex(), "body": body.hex(), "commitment": sealed.commitment.hex()}


@pytest.mark.parametrize(("address", "size", "body"), CASES)
def test_we_open_what_node_seals(address, size, body):
    (sealed,) = peer(call("seal", address, public=KEY.public, salt=SALT, header=HEADER, body=body, size=size))
    envelope = bytes.fromhex(sealed["envelope"])
    assert len(envelope) == size
    opened = open_envelope(envelope, [KEY], address)
    assert (opened.salt, opened.header, opened.body) == (SALT, HEADER, body)
    assert opened.commitment.hex() == sealed["commitment"]


def test_neither_side_opens_it_with_a_bit_flipped():
    address = ADDRESSES[0]
    ours = seal(HEADER, b"", key=KEY.public, address=address, random_bytes=lambda _: SALT).envelope
    sealed = call("seal", address, public=KEY.public, salt=SALT, header=HEADER, body=b"", size=LETTER_BYTES)
    changed = [flipped(ours, at, bit) for at, bit in FLIPS]
    theirs, *refusals = peer(sealed, *(call("open", address, seed=KEY.seed, envelope=envelope) for envelope in changed))
    assert [answer.get("refused") for answer in refusals] == ["suite"] + ["key"] * (len(FLIPS) - 1)
    for at, bit in FLIPS:
        with pytest.raises(EnvelopeError) as caught:
            open_envelope(flipped(bytes.fromhex(theirs["envelope"]), at, bit), [KEY], address)
        assert caught.value.code == ("envelope-suite" if at == 0 else "envelope-not-for-us")


def test_neither_side_opens_what_is_addressed_elsewhere():
    ours = seal(HEADER, b"", key=KEY.public, address=ADDRESSES[1], random_bytes=lambda _: SALT).envelope
    elsewhere = [
        Address(Purpose.REPLY, KEY.recipient, MAILBOX),
        Address(Purpose.CONTACT, bytes(32), MAILBOX),
        Address(Purpose.CONTACT, KEY.recipient, bytes(32)),
    ]
    sealed = call("seal", ADDRESSES[1], public=KEY.public, salt=SALT, header=HEADER, body=b"", size=LETTER_BYTES)
    theirs, *refusals = peer(sealed, *(call("open", other, seed=KEY.seed, envelope=ours) for other in elsewhere))
    assert refusals == [{"refused": "key"}] * len(elsewhere)
    for other in elsewhere:
        with pytest.raises(EnvelopeError) as caught:
            open_envelope(bytes.fromhex(theirs["envelope"]), [KEY], other)
        assert caught.value.code == "envelope-not-for-us"


# Signed notes, with the other library's Ed25519 and every byte taken apart by hand

NAME = "example.org/tocsin"
TEXT = "tocsin/1/pack\nMinsk, Мінск\n\n— not a signature\n"


def by_hand(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def test_another_library_verifies_our_notes():
    key = SigningKey(hashlib.sha256(b"note").digest())
    public = bytes(key.verify_key)
    signed = note.sign(TEXT, NAME, key)
    text, line = signed[: len(TEXT.encode())], signed[len(TEXT.encode()) :]
    assert text == TEXT.encode()
    assert line.startswith(f"\n— {NAME} ".encode())
    assert line.endswith(b"\n")
    blob = base64.b64decode(line.split(b" ")[2].rstrip(b"\n"), validate=True)
    assert (len(blob), blob[:4]) == (68, by_hand(NAME, public))
    Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], text)
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], text + b"\n")
    verifier = f"{NAME}+{by_hand(NAME, public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}"
    assert str(note.NoteKey(NAME, public)) == verifier


def test_we_verify_notes_signed_by_another_library():
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"other note").digest())
    public = key.public_key().public_bytes_raw()
    blob = base64.b64encode(by_hand(NAME, public) + key.sign(TEXT.encode()))
    signed = TEXT.encode() + f"\n— {NAME} ".encode() + blob + b"\n"
    assert note.verify(signed, public, "tocsin/1/pack").text == TEXT
    with pytest.raises(NoteUnsigned):
        note.verify(signed, digest(b"another key"), "tocsin/1/pack")
