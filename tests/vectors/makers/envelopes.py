"""Vectors of envelopes and of the keys that open them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from keys.envelope import HPKE, LETTER_ROOM, OVERHEAD_BYTES, Address, Sealed, commit, frame, seal
from keys.kem import PrivateKey, public_key
from keys.wire import LETTER_BYTES, PARCEL_BYTES, SUITE, Purpose, b64
from tests.vectors.makers.inputs import Vector, seededBytes


class Letters:
    """Makes vectors of letters to one key, sound and changed."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self.random_bytes = random_bytes
        self.key = PrivateKey(random_bytes(32))
        self.other = PrivateKey(random_bytes(32))
        self.report = Address(Purpose.REPORT, random_bytes(32), random_bytes(32))
        self.mailbox = random_bytes(32)

    def vector(self, name: str, expect: str, sealed: Sealed, address: Address | None = None, **more: Any) -> Vector:
        address = address or self.report
        return {
            "name": name,
            "expect": expect,
            "seeds": [b64(self.key.seed)],
            "purpose": int(address.purpose),
            "recipient": b64(address.recipient),
            "mailbox": b64(address.mailbox),
            "envelope": b64(sealed.envelope),
            **more,
        }

    def whole(
        self, name: str, header: str, body: bytes = b"", address: Address | None = None, size: int = LETTER_BYTES
    ) -> Vector:
        sealed = self.seal(header, body, address, size)
        fields = {"header": header, "body": b64(body), "commitment": b64(sealed.commitment)}
        return self.vector(name, "ok", sealed, address, **fields)

    def seal(self, header: str, body: bytes = b"", address: Address | None = None, size: int = LETTER_BYTES) -> Sealed:
        to = address or self.report
        return seal(header.encode(), body, key=self.key.public, address=to, random_bytes=self.random_bytes, size=size)

    def raw(self, name: str, expect: str, plaintext: bytes) -> Vector:
        padded = plaintext.ljust(LETTER_BYTES - OVERHEAD_BYTES, b"\0")
        sealed = HPKE.encrypt(padded, public_key(self.key.public), info=self.report.info(LETTER_BYTES))
        return self.vector(name, expect, Sealed(bytes([SUITE]) + sealed, commit(plaintext), self.report.mailbox))

    def changed(self, name: str, expect: str, data: bytes) -> Vector:
        return self.vector(name, expect, Sealed(data, bytes(32), self.report.mailbox))


def envelope() -> Iterator[Vector]:
    letters = Letters(seededBytes("envelope"))
    words = json.dumps({"text": "Задержали у метро, یک نفر زخمی است 🚐"}, ensure_ascii=False)
    yield from _envelopes_that_open(letters, words)
    yield from _envelopes_that_stay_shut(letters, words)
    yield from _wrong_plaintexts(letters)


def _envelopes_that_open(letters: Letters, words: str) -> Iterator[Vector]:
    random_bytes, whole, recipient = letters.random_bytes, letters.whole, letters.key.recipient
    yield whole("a_letter", words)
    yield whole("a_letter_with_a_body", words, random_bytes(32))
    yield whole("an_empty_object", "{}")
    yield whole("a_full_letter", "{}", random_bytes(LETTER_ROOM - 2))
    yield whole("to_a_contact", words, random_bytes(32), Address(Purpose.CONTACT, recipient, letters.mailbox))
    yield whole("a_reply", words, random_bytes(32), Address(Purpose.REPLY, recipient, letters.mailbox))
    yield whole("a_parcel", words, random_bytes(63_488), size=PARCEL_BYTES)
    yield {
        **whole("the_second_key_opens_it", words),
        "seeds": [b64(letters.other.seed), b64(letters.key.seed)],
    }


def _envelopes_that_stay_shut(letters: Letters, words: str) -> Iterator[Vector]:
    vector, changed, report, mailbox = letters.vector, letters.changed, letters.report, letters.mailbox
    good = letters.seal(words)
    last = good.envelope[:-1] + bytes([good.envelope[-1] ^ 1])
    yield changed("tag_flipped", "envelope-not-for-us", last)
    for name, at in (("enc_lattice_flipped", 1), ("enc_curve_flipped", 1_100), ("ciphertext_flipped", 1_121)):
        data = bytearray(good.envelope)
        data[at] ^= 0x80
        yield changed(name, "envelope-not-for-us", bytes(data))
    yield {**vector("another_key", "envelope-not-for-us", good), "seeds": [b64(letters.other.seed)]}
    yield vector("another_mailbox", "envelope-not-for-us", good, Address(Purpose.REPORT, report.recipient, mailbox))
    yield vector("another_recipient", "envelope-not-for-us", good, Address(Purpose.REPORT, mailbox, report.mailbox))
    yield vector(
        "another_purpose", "envelope-not-for-us", good, Address(Purpose.REPLY, report.recipient, report.mailbox)
    )
    yield changed("one_byte_short", "envelope-size", good.envelope[:-1])
    yield changed("nothing", "envelope-size", b"")
    yield changed("unknown_suite", "envelope-suite", b"\x02" + good.envelope[1:])


def _wrong_plaintexts(letters: Letters) -> Iterator[Vector]:
    raw, salt = letters.raw, letters.random_bytes(32)
    yield raw("padding_not_zero", "plaintext-padding", frame(salt, b"{}", b"").ljust(7_000, b"\0") + b"\x01")
    yield raw("header_longer_than_the_letter", "plaintext-malformed", salt + (7_100).to_bytes(4, "big"))
    yield raw("header_length_huge", "plaintext-malformed", salt + b"\xff\xff\xff\xff")
    yield raw("body_longer_than_the_letter", "plaintext-malformed", salt + b"\0\0\0\x02{}" + b"\0\0\x80\0")
    yield raw("header_a_list", "plaintext-header", frame(salt, b"[]", b""))
    yield raw("header_empty", "plaintext-header", frame(salt, b"", b""))
    yield raw("header_cut", "plaintext-header", frame(salt, b'{"a":', b""))
    yield raw("header_not_utf8", "plaintext-header", frame(salt, b'{"a":"\xff"}', b""))
    yield raw("header_with_nan", "plaintext-header", frame(salt, b'{"a":NaN}', b""))


def xwing() -> Iterator[Vector]:
    random_bytes = seededBytes("xwing")
    for name in ("first", "second", "third"):
        key = PrivateKey(random_bytes(32))
        yield {"name": name, "expect": "ok", "seed": b64(key.seed), "public": b64(key.public)}
