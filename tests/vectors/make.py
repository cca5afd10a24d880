"""Write the vector files. `python -m tests.vectors.make NAME...` writes only the named ones.

Run once for a wire format and then left alone: HPKE draws its own randomness, so envelopes come out different each
time, and a vector that changes with the code proves nothing.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from nacl.signing import SigningKey

from keys import code, keystore, message, note, organisation, pairing, receipt, wake, work
from keys.envelope import HPKE, LETTER_ROOM, OVERHEAD_BYTES, Address, Sealed, commit, frame, seal, seal_content
from keys.kem import PrivateKey, public_key
from keys.keystore import Cost, Keystore, KeystoreKind
from keys.mailbox import MailboxKey
from keys.wire import (
    LETTER_BYTES,
    PARCEL_BYTES,
    SUITE,
    WAKE_BYTES,
    WEEK_SECONDS,
    Purpose,
    b64,
    digest,
    unb64,
)

HERE = Path(__file__).parent
LENGTH, ROOM = 2, 1_022  # of a push address, before it and for it
NOW = 1_795_168_800  # 2026-11-20 09:20 UTC
Vector = dict[str, Any]


def chances(label: str) -> Callable[[int], bytes]:
    """Chance that comes out the same each time."""
    numbers = count()
    return lambda length: hashlib.shake_256(f"{label}/{next(numbers)}".encode()).digest(length)


def envelope() -> Iterator[Vector]:
    chance = chances("envelope")
    key = PrivateKey(chance(32))
    other = PrivateKey(chance(32))
    report = Address(Purpose.REPORT, chance(32), chance(32))
    mailbox = chance(32)

    def vector(name: str, expect: str, sealed: Sealed, address: Address = report, **more: Any) -> Vector:
        return {
            "name": name,
            "expect": expect,
            "seeds": [b64(key.seed)],
            "purpose": int(address.purpose),
            "recipient": b64(address.recipient),
            "mailbox": b64(address.mailbox),
            "envelope": b64(sealed.envelope),
            **more,
        }

    def whole(name: str, header: str, body: bytes = b"", address: Address = report, size: int = LETTER_BYTES) -> Vector:
        sealed = seal(header.encode(), body, key=key.public, address=address, chance=chance, size=size)
        return vector(name, "ok", sealed, address, header=header, body=b64(body), commitment=b64(sealed.commitment))

    def raw(name: str, expect: str, plaintext: bytes) -> Vector:
        room = LETTER_BYTES - OVERHEAD_BYTES
        sealed = HPKE.encrypt(plaintext.ljust(room, b"\0"), public_key(key.public), info=report.info(LETTER_BYTES))
        return vector(name, expect, Sealed(bytes([SUITE]) + sealed, commit(plaintext), report.mailbox))

    def changed(name: str, expect: str, data: bytes) -> Vector:
        return vector(name, expect, Sealed(data, bytes(32), report.mailbox))

    words = json.dumps({"text": "Задержали у метро, یک نفر زخمی است 🚐"}, ensure_ascii=False)
    yield whole("a_letter", words)
    yield whole("a_letter_with_a_body", words, chance(32))
    yield whole("an_empty_object", "{}")
    yield whole("a_full_letter", "{}", chance(LETTER_ROOM - 2))
    yield whole("to_a_contact", words, chance(32), Address(Purpose.CONTACT, key.recipient, mailbox))
    yield whole("a_reply", words, chance(32), Address(Purpose.REPLY, key.recipient, mailbox))
    yield whole("a_parcel", words, chance(63_488), size=PARCEL_BYTES)
    yield {
        **whole("the_second_key_opens_it", words),
        "seeds": [b64(other.seed), b64(key.seed)],
    }
    good = seal(words.encode(), b"", key=key.public, address=report, chance=chance)
    last = good.envelope[:-1] + bytes([good.envelope[-1] ^ 1])
    yield changed("tag_flipped", "envelope-not-for-us", last)
    for name, at in (("enc_lattice_flipped", 1), ("enc_curve_flipped", 1_100), ("ciphertext_flipped", 1_121)):
        data = bytearray(good.envelope)
        data[at] ^= 0x80
        yield changed(name, "envelope-not-for-us", bytes(data))
    yield {**vector("another_key", "envelope-not-for-us", good), "seeds": [b64(other.seed)]}
    yield vector("another_mailbox", "envelope-not-for-us", good, Address(Purpose.REPORT, report.recipient, mailbox))
    yield vector("another_recipient", "envelope-not-for-us", good, Address(Purpose.REPORT, mailbox, report.mailbox))
    yield vector(
        "another_purpose", "envelope-not-for-us", good, Address(Purpose.REPLY, report.recipient, report.mailbox)
    )
    yield changed("one_byte_short", "envelope-size", good.envelope[:-1])
    yield changed("nothing", "envelope-size", b"")
    yield changed("unknown_suite", "envelope-suite", b"\x02" + good.envelope[1:])
    salt = chance(32)
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
    chance = chances("xwing")
    for name in ("first", "second", "third"):
        key = PrivateKey(chance(32))
        yield {"name": name, "expect": "ok", "seed": b64(key.seed), "public": b64(key.public)}


def notes() -> Iterator[Vector]:
    key = SigningKey(chances("note")(32))
    other = SigningKey(chances("note other")(32))
    public = bytes(key.verify_key)
    text = "tocsin/1/pack\nMinsk, Мінск\n\n— not a signature\n"
    good = note.sign(text, "example.org/tocsin", key)

    def vector(name: str, expect: str, data: bytes, kind: str = "tocsin/1/pack") -> Vector:
        return {"name": name, "expect": expect, "public": b64(public), "kind": kind, "note": b64(data)}

    more = good + note.sign(text, "witness", other).rpartition(b"\n\n")[2]
    verifier = str(note.NoteKey("example.org/tocsin", public))
    yield {**vector("signed", "ok", good), "text": text, "verifier": verifier}
    yield {**vector("two_signatures", "ok", more), "text": text, "verifier": verifier}
    yield vector("another_kind", "note-malformed", good, "tocsin/1/card")
    yield vector("signed_by_another", "note-unsigned", note.sign(text, "example.org/tocsin", other))
    yield vector("text_changed", "note-unsigned", good.replace(b"Minsk", b"Pinsk"))
    yield vector("signed_under_another_name", "note-unsigned", good.replace(b"example.org", b"example.net"))
    yield vector("no_signature", "note-malformed", text.encode())
    yield vector("no_newline_at_the_end", "note-malformed", good[:-1])
    yield vector("hyphen_for_a_dash", "note-malformed", good.replace("— example".encode(), b"- example"))
    yield vector("control_character", "note-malformed", good.replace(b"Minsk", b"Min\tk"))
    yield vector("not_utf8", "note-malformed", b"\xff" + good)
    yield vector("empty", "note-malformed", b"")


def chain() -> Iterator[Vector]:
    chain = organisation.WeeklyChain(2_968, chances("chain")(32))
    weeks = []
    for week in range(chain.week, chain.week + 8):
        at = chain.advance(week * WEEK_SECONDS)
        weeks.append(
            {
                "week": week,
                "chain_key": b64(at.chain_key),
                "seed": b64(organisation.weekly_seed(at.chain_key)),
                "kept": sorted([*at.past, week]),
            }
        )
    yield {"name": "eight_weeks", "expect": "ok", "chain_key": b64(chain.chain_key), "weeks": weeks}


def _card(root: SigningKey, chance: Callable[[int], bytes], **more: Any) -> organisation.Card:
    week = NOW // WEEK_SECONDS
    seeds = organisation.WeeklyChain(week, chance(32)).ahead()
    fields: dict[str, Any] = {
        "name": "",
        "root": bytes(root.verify_key),
        "seq": 7,
        "issued": NOW,
        "expires": organisation.expiry(week),
        "relays": ("https://relay.example", "http://" + "a" * 56 + ".onion"),
        "mailbox": MailboxKey(chance(32)).id,
        "week": week,
        "weekly": tuple(PrivateKey(seed).public for seed in seeds),
        "last_resort": PrivateKey(chance(32)).public,
        "languages": ("ru", "be"),
        "log": (str(note.NoteKey("relay.example", bytes(SigningKey(chance(32)).verify_key))),),
    }
    return organisation.Card(**{**fields, **more}).sign(root)


def card() -> Iterator[Vector]:
    root = SigningKey(chances("card root")(32))
    other = SigningKey(chances("card other root")(32))
    good = _card(root, chances("card"))
    ends = good.week + len(good.weekly)

    def vector(name: str, expect: str, data: bytes, **more: Any) -> Vector:
        return {"name": name, "expect": expect, "root": b64(good.root), "newer_than": -1, "card": b64(data), **more}

    def resigned(name: str, old: str, new: str) -> Vector:
        text = note.read(good.signed).text
        assert old in text
        data = note.sign(text.replace(old, new), organisation.CARD_KEY_NAME, root)
        return vector(name, "card-malformed", data)

    yield vector(
        "a_card",
        "ok",
        good.signed,
        seq=good.seq,
        mailbox=b64(good.mailbox),
        relays=list(good.relays),
        fingerprint=organisation.fingerprint(good.root),
        key_for=[
            {"at": NOW, "key_hash": b64(digest(good.key_for(NOW))), "last_resort": False},
            {
                "at": ends * WEEK_SECONDS - 1,
                "key_hash": b64(digest(good.weekly[-1])),
                "last_resort": False,
            },
            {"at": ends * WEEK_SECONDS, "key_hash": b64(digest(good.last_resort)), "last_resort": True},
            {"at": good.week * WEEK_SECONDS - 1, "key_hash": b64(digest(good.weekly[0])), "last_resort": False},
        ],
    )
    yield vector("the_same_seq_again", "ok", good.signed, newer_than=7, seq=7)
    yield vector("an_older_card", "card-older", good.signed, newer_than=8)
    yield vector("another_root", "card-other-root", _card(other, chances("card")).signed)
    stolen = organisation.Card(**{**good.__dict__, "signed": b""}).sign(other)
    yield vector("signed_by_another_root", "note-unsigned", stolen.signed)
    yield vector("cut_off", "card-malformed", good.signed[:20_000])
    yield resigned("another_kind", "tocsin/1/card", "tocsin/1/pack")
    yield resigned("seq_as_text", '"seq":7', '"seq":"7"')
    yield resigned("no_mailbox", '"mailbox"', '"mallbox"')
    yield resigned("clear_http", "https://relay.example", "http://relay.example")
    yield resigned("relay_with_a_slash", "https://relay.example", "https://relay.example/")
    yield resigned("a_key_cut", b64(good.weekly[0]), b64(good.weekly[0][:-1]))
    yield resigned("no_weekly_key", '"weekly":[', '"weekly":[],"w":[')
    yield resigned("verifier_key_wrong", "relay.example+", "relay.example2+")


def codes() -> Iterator[Vector]:
    chance = chances("code")
    root = chance(32)
    one = str(code.CardCode(root, ("https://relay.example",)))
    two_relays = ("https://r.example:8443/t", "http://" + "b" * 56 + ".onion")
    two = str(code.CardCode(root, two_relays))

    def ok(name: str, text: str, relays: tuple[str, ...]) -> Vector:
        return {"name": name, "expect": "ok", "code": text, "root": b64(root), "relays": list(relays)}

    def bad(name: str, expect: str, text: str) -> Vector:
        return {"name": name, "expect": expect, "code": text}

    yield ok("one_relay", one, ("https://relay.example",))
    yield ok("two_relays_one_onion", two, two_relays)
    yield ok("typed_in_lower_case_with_blanks", one[:30].lower() + " \n" + one[30:].lower(), ("https://relay.example",))
    yield bad("a_persons_code", "code-other-kind", "TOCSIN:1:C:" + one[11:])
    yield bad("something_else", "code-malformed", "https://example.org/")
    yield bad("empty", "code-malformed", "")
    yield bad("no_relay", "code-malformed", code.CARD_PREFIX + code._base32(root + b"\0"))
    yield bad("newer_flags", "code-malformed", code.CARD_PREFIX + code._base32(root + b"\x01\x09https://x"))
    yield bad("length_past_the_end", "code-malformed", code.CARD_PREFIX + code._base32(root + b"\0\x20https://x"))
    yield bad("one_character_short", "code-malformed", one[:-1])
    yield bad("not_base32", "code-malformed", one[:-1] + "1")
    base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    yield bad("stray_bits", "code-malformed", two[:-1] + base32[base32.index(two[-1]) + 1])
    yield bad("clear_http", "relay-address", code.CARD_PREFIX + code._base32(root + b"\0\x0fhttp://relay.ex"))


def mailboxes() -> Iterator[Vector]:
    chance = chances("mailbox")
    key = MailboxKey(chance(32))
    nonce = chance(16)
    body, signature = key.collect(
        "https://relay.example", at=NOW, nonce=nonce, ack=[chance(32)], want=64, wait=30, cover=True, commits=True
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
    chance = chances("receipt")
    key = SigningKey(chance(32))
    public = note.NoteKey("relay.example", bytes(key.verify_key))
    commitment, envelope_hash = chance(32), chance(32)
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

    def made(name: str, expect: str, at: int, line: str, by: SigningKey = key) -> Vector:
        changed = [line if i == at else old for i, old in enumerate(lines)]
        return vector(name, expect, note.sign("\n".join(changed) + "\n", "relay.example", by))

    good = note.sign("\n".join(lines) + "\n", "relay.example", key)
    yield vector("a_receipt", "ok", good, hour=hour, origin="https://relay.example")
    yield made("another_commitment", "receipt", 2, b64(chance(32)))
    yield made("another_envelope", "receipt", 3, b64(chance(32)))
    yield made("signed_by_another", "receipt", 1, lines[1], SigningKey(chance(32)))
    yield made("not_a_whole_hour", "receipt", 4, str(hour + 1))
    yield made("hour_is_a_word", "receipt", 4, "noon")
    yield made("another_kind", "receipt", 0, "tocsin/1/card")
    yield vector("cut_off", "receipt", good[:-30])
    yield vector("an_error_page", "receipt", b"<html>502 Bad Gateway</html>")


def keystores() -> Iterator[Vector]:
    chance = chances("keystore")
    store = Keystore.new(KeystoreKind.ORGANISATION, "пароль é", chance, Cost(1, 8 * 1024))
    good = store.lock(b"these are the secrets", chance)

    def vector(name: str, expect: str, data: bytes, **more: Any) -> Vector:
        fields = {"passphrase": "пароль é", "kind": int(KeystoreKind.ORGANISATION), "keystore": b64(data)}
        return {"name": name, "expect": expect, **fields, **more}

    def repaired(data: bytes) -> bytes:
        return data[: -keystore.CHECK_BYTES] + digest(data[: -keystore.CHECK_BYTES])

    yield vector("a_keystore", "ok", good, secrets=b64(b"these are the secrets"))
    decomposed = "пароль e\u0301"
    yield vector("typed_on_another_keyboard", "ok", good, passphrase=decomposed, secrets=b64(b"these are the secrets"))
    yield vector("wrong_passphrase", "passphrase-wrong", good, passphrase="пароль")
    yield vector("cut_off", "keystore-damaged", good[:-1])
    yield vector("cut_off_in_its_head", "keystore-damaged", good[:20])
    yield vector("a_flipped_bit", "keystore-damaged", good[:60] + bytes([good[60] ^ 1]) + good[61:])
    yield vector("another_kind", "keystore-other-kind", good, kind=int(KeystoreKind.REPORTER))
    yield vector("no_keystore", "keystore-other-kind", b"PK\x03\x04" + good)
    yield vector("empty", "keystore-other-kind", b"")
    greedy = repaired(good[:14] + b"\xff\xff\xff\xff" + good[18:])
    yield vector("asks_for_four_gigabytes", "keystore-other-kind", greedy)


def messages() -> Iterator[Vector]:
    chance = chances("message")
    identity = {"v": 1, "id": b64(chance(16)), "case": b64(chance(16)), "seq": 0, "at": NOW}
    block = {
        "relays": [["https://relay.example", b64(chance(32))]],
        "key": b64(PrivateKey(chance(32)).public),
        "secret": b64(chance(32)),
        "until": NOW + 35 * 86_400,
    }
    parcel = {"id": b64(chance(16)), "n": 2, "sha256": b64(chance(32)), "type": "image/jpeg", "bytes": 70_000}
    report = {
        "kind": "report",
        **identity,
        "facts": {"stage": "van", "people": 3, "name": "Иванова Анна"},
        "when": {"stage": NOW - 60},
        "parcels": [parcel],
        "reply": block,
        "practice": False,
    }

    def ok(name: str, fields: Vector, **other: Any) -> Vector:
        return {"name": name, "expect": "ok", "header": {**fields, **other}, "other": other}

    def bad(name: str, expect: str, **changed: Any) -> Vector:
        fields = {**report, **changed}
        return {"name": name, "expect": expect, "header": {k: v for k, v in fields.items() if v != "absent"}}

    yield ok("a_report", report)
    yield ok("the_shortest_report", {"kind": "report", **identity})
    yield ok("with_fields_of_a_newer_version", report, weather="rain", deep={"a": [1, None]})
    yield ok("an_amendment", {"kind": "amend", **identity, "seq": 1, "facts": {"stage": "station"}})
    yield ok("a_parcel", {"kind": "parcel", **identity, "of": parcel["id"], "i": 1, "n": 2})
    yield ok("an_alert", {"kind": "alert", **identity, "type": "detained", "text": "Позвоните +7..."})
    yield ok("a_reply", {"kind": "reply", **identity, "text": "Адвокат едет", "status": "lawyer", "reply": block})
    yield bad("no_version", "message-malformed", v="absent")
    yield bad("a_newer_version", "message-version", v=2)
    yield bad("unknown_kind", "message-malformed", kind="ping")
    yield bad("no_kind", "message-malformed", kind="absent")
    yield bad("id_too_short", "message-malformed", id="AAAA")
    yield bad("id_with_stray_bits", "message-malformed", id="A" * 21 + "B")
    yield bad("negative_seq", "message-malformed", seq=-1)
    yield bad("at_a_fraction", "message-malformed", at=0.5)
    yield bad("at_past_what_javascript_counts", "message-malformed", at=2**53)
    yield bad("facts_a_list", "message-malformed", facts=[])
    yield bad("parcels_without_hash", "message-malformed", parcels=[{**parcel, "sha256": ""}])
    yield bad("no_pieces", "message-malformed", parcels=[{**parcel, "n": 0}])
    yield bad("reply_without_relay", "message-malformed", reply={**block, "relays": []})
    yield bad("reply_key_cut", "message-malformed", reply={**block, "key": block["key"][:-2]})
    yield bad("practice_a_word", "message-malformed", practice="yes")
    yield {
        "name": "piece_past_the_end",
        "expect": "message-malformed",
        "header": {"kind": "parcel", **identity, "of": parcel["id"], "i": 2, "n": 2},
    }


def replies() -> Iterator[Vector]:
    chance = chances("reply")
    key = PrivateKey(chance(32))
    secret = chance(32)
    address = Address(Purpose.REPLY, key.recipient, MailboxKey(chance(32)).id)
    salt = chance(32)
    words = json.dumps({"kind": "reply", "text": "Адвокат едет"}, ensure_ascii=False)
    mac = message.reply_mac(secret, address, LETTER_BYTES, salt, words.encode())
    fields = {
        "secret": b64(secret),
        "public": b64(key.public),
        "mailbox": b64(address.mailbox),
        "size": LETTER_BYTES,
        "salt": b64(salt),
        "header": words,
        "mac": b64(mac),
    }
    yield {"name": "a_reply", "expect": "ok", **fields}
    yield {"name": "another_secret", "expect": "message-not-authentic", **fields, "secret": b64(chance(32))}
    yield {"name": "header_changed", "expect": "message-not-authentic", **fields, "header": words + " "}
    yield {"name": "another_salt", "expect": "message-not-authentic", **fields, "salt": b64(chance(32))}
    yield {"name": "no_mac", "expect": "message-not-authentic", **fields, "mac": ""}


def works() -> Iterator[Vector]:
    chance = chances("work")
    seed, mailbox, envelope_hash = chance(32), chance(32), chance(32)
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


def pairings() -> Iterator[Vector]:
    chance = chances("pairing")
    sides = [
        pairing.Half.new(("https://relay.example",), NOW, chance),
        pairing.Half.new(("https://r.example:8443/t", "http://" + "b" * 56 + ".onion"), NOW, chance, wake="c2VhbGVk"),
    ]
    yield from _pair_meetings(sides)
    yield from _pair_codes(sides[0])
    yield from _pair_cards(sides[0])
    yield from _pair_letters(sides, chance)
    yield from _pair_alerts(sides, chance)
    yield from _pair_progress()


def _half(half: pairing.Half) -> Vector:
    return {
        "kem": b64(half.kem),
        "mailbox": b64(half.mailbox),
        "secret": b64(half.secret),
        "share": b64(half.share),
        "relays": list(half.relays),
        "until": half.until,
        "wake": half.wake,
    }


def _pair_meetings(sides: list[pairing.Half]) -> Iterator[Vector]:
    for name, mine, other in (("one_side", *sides), ("the_other_side", *reversed(sides))):
        meeting = pairing.Meeting(mine, other.code)
        keys, here, there = meeting.keys(other.share), meeting.door(mine=True), meeting.door(mine=False)
        yield {
            "name": name,
            "expect": "ok",
            "what": "meeting",
            "half": _half(mine),
            "own_code": str(mine.code),
            "own_card": mine.card.encode().decode(),
            "code": str(other.code),
            "share": b64(other.share),
            "first": meeting.is_first,
            "transcript": b64(meeting.transcript),
            "k0": b64(meeting.k0),
            "digits": meeting.digits,
            "my_door": [b64(here.mailbox.seed), b64(here.key.seed)],
            "their_door": [b64(there.mailbox.seed), b64(there.key.seed)],
            "sending": b64(keys.sending),
            "receiving": b64(keys.receiving),
        }
    one, two = sides
    same = code.PairCode(two.code.card, one.secret, two.relays)
    for name, text in (("ones_own_code", str(one.code)), ("ones_own_secret", str(same))):
        yield {"name": name, "expect": "code-own", "what": "meeting", "half": _half(one), "code": text}


def _pair_codes(half: pairing.Half) -> Iterator[Vector]:
    text = str(half.code)
    fixed = half.code.card + half.secret
    organisation_code = str(code.CardCode(half.code.card, half.relays))

    def raw(data: bytes) -> str:
        return code.PAIR_PREFIX + code._base32(data)

    def bad(name: str, expect: str, text: str) -> Vector:
        return {"name": name, "expect": expect, "what": "code", "code": text}

    fields = {"card": b64(half.code.card), "secret": b64(half.secret), "relays": list(half.relays)}
    typed = text[:30].lower() + " \n" + text[30:].lower()
    for name, spelling in (("a_code", text), ("a_code_in_lower_case_with_blanks", typed)):
        yield {"name": name, "expect": "ok", "what": "code", "code": spelling, **fields}
    yield bad("an_organisations_code", "code-other-kind", organisation_code)
    yield bad("something_else", "code-malformed", "https://example.org/")
    yield bad("nothing", "code-malformed", "")
    yield bad("prefix_only", "code-cut", code.PAIR_PREFIX)
    yield bad("one_character_short", "code-cut", text[:-1])
    yield bad("half_of_it", "code-cut", text[: len(text) // 2])
    yield bad("no_relay", "code-cut", raw(fixed + b"\0"))
    yield bad("length_past_the_end", "code-cut", raw(fixed + b"\0\x20https://x"))
    yield bad("newer_flags", "code-malformed", raw(fixed + b"\x01\x09https://x"))
    yield bad("not_base32", "code-malformed", text[:-1] + "1")
    yield bad("clear_http", "relay-address", raw(fixed + b"\0\x0fhttp://relay.ex"))


def _pair_cards(half: pairing.Half) -> Iterator[Vector]:
    good = half.card.encode()

    def vector(name: str, expect: str, data: bytes, now: int = NOW, expected: bytes | None = None) -> Vector:
        hash_ = expected if expected is not None else pairing.card_hash(data)
        return {
            "name": name,
            "expect": expect,
            "what": "card",
            "card": data.decode(),
            "hash": b64(hash_),
            "now": now,
        }

    def changed(name: str, old: str, new: str) -> Vector:
        assert old in good.decode()
        return vector(name, "pair-card-malformed", good.decode().replace(old, new).encode())

    yield vector("a_card", "ok", good)
    yield vector("a_card_with_more_than_is_known", "ok", good[:-1] + b',"later":1}')
    yield vector("on_its_last_second", "ok", good, half.until - 1)
    yield vector("an_expired_card", "code-expired", good, half.until)
    yield vector("a_swapped_card", "pair-card-swapped", good, expected=digest(b"another"))
    yield vector("a_swapped_card_that_is_none", "pair-card-swapped", b"[]", expected=digest(b"another"))
    yield vector("a_list", "pair-card-malformed", b"[]")
    yield vector("cut", "pair-card-malformed", good[:-1])
    yield changed("no_key", '"key"', '"kez"')
    yield changed("a_key_that_is_none", b64(half.card.key), b64(b"\xff" * 1_216))
    yield changed("a_short_mailbox", b64(half.card.mailbox), b64(half.card.mailbox[:31]))
    yield changed("no_relay", '["https://relay.example"]', "[]")
    yield changed("a_relay_with_a_slash", "https://relay.example", "https://relay.example/")
    yield changed("clear_http_on_a_card", "https://relay.example", "http://relay.example")
    yield changed("until_as_text", str(half.until), f'"{half.until}"')
    yield changed("wake_a_number", '"wake":null', '"wake":1')


def _pair_letters(sides: list[pairing.Half], chance: Callable[[int], bytes]) -> Iterator[Vector]:
    """What one side opens that the other sealed."""
    one, two = sides
    mine, theirs = pairing.Meeting(one, two.code), pairing.Meeting(two, one.code)
    base = {"half": _half(one), "code": str(two.code)}

    def share(name: str, sealed: Sealed, sure: bool) -> Vector:
        fields = {"share": b64(two.share), "sure": sure, "envelope": b64(sealed.envelope)}
        return {"name": name, "expect": "ok", "what": "share_letter", **base, **fields}

    left = theirs.card_letter(chance)
    assert left.mailbox == mine.door(mine=True).mailbox.id
    card = {"card": two.card.encode().decode(), "envelope": b64(left.envelope)}
    yield {"name": "a_card_at_the_door", "expect": "ok", "what": "card_letter", **base, **card}
    yield share("a_share_alone", theirs.share_letter(one.card, None, chance), False)
    yield share("a_share_that_answers_mine", theirs.share_letter(one.card, one.share, chance), True)
    yield share("a_share_that_answers_a_strangers", theirs.share_letter(one.card, chance(32), chance), False)


def _pair_alerts(sides: list[pairing.Half], chance: Callable[[int], bytes]) -> Iterator[Vector]:
    one, two = sides
    keys = pairing.Meeting(two, one.code).keys(one.share)
    said = pairing.Said(LETTER_BYTES, chance(32), '{"text":"Меня задержали"}'.encode())
    calm, duress = (pairing.alert_mac(keys.sending, one.card.address, said, duress=forced) for forced in (False, True))

    def vector(name: str, expect: str, mac: bytes, **more: Any) -> Vector:
        fields = {
            "key": b64(keys.sending),
            "recipient": b64(one.card.address.recipient),
            "mailbox": b64(one.card.mailbox),
            "size": said.size,
            "salt": b64(said.salt),
            "header": said.header.decode(),
            "mac": b64(mac),
        }
        return {"name": name, "expect": expect, "what": "alert", **fields, **more}

    yield vector("an_alert", "ok", calm, duress=False)
    yield vector("an_alert_under_duress", "ok", duress, duress=True)
    yield vector("the_key_of_the_way_back", "message-not-authentic", calm, key=b64(keys.receiving))
    yield vector("in_another_mailbox", "message-not-authentic", calm, mailbox=b64(chance(32)))
    yield vector("to_another_key", "message-not-authentic", calm, recipient=b64(chance(32)))
    yield vector("of_another_size", "message-not-authentic", calm, size=PARCEL_BYTES)
    yield vector("other_words", "message-not-authentic", calm, header=said.header.decode() + " ")
    yield vector("no_mac", "message-not-authentic", b"")
    case = chance(32)
    key = pairing.case_key(case, one.card.key)
    mac = pairing.alert_mac(key, one.card.address, said)
    yield vector(
        "by_the_cases_key", "ok", mac, key=b64(key), duress=False, case_key=b64(case), contact=b64(one.card.key)
    )


def _pair_progress() -> Iterator[Vector]:
    """Share letters as they come (share, whether its MAC was right), `said` when all that is owed was sent."""

    def vector(name: str, steps: list[list[Any] | str]) -> Vector:
        progress = pairing.Progress()
        for step in steps:
            progress = progress.said() if step == "said" else progress.heard(bytes([step[0]]) * 32, sure=step[1])
        share = None if progress.share is None else progress.share[0]
        owed, answered = ([one[0] for one in shares] for shares in (progress.owed, progress.answered))
        end = {"share": share, "owed": owed, "answered": answered}
        return {"name": name, "expect": "ok", "what": "progress", "steps": steps, **end}

    yield vector("nothing_yet", [])
    yield vector("a_share_is_owed_an_answer", [[1, False]])
    yield vector("twice_before_an_answer_is_once", [[1, False], [1, False]])
    yield vector("answered_and_said_again_waits", [[1, False], "said", [1, False]])
    yield vector("sure_at_once", [[1, True]])
    yield vector("sure_after_the_answer", [[1, False], "said", [1, True]])
    yield vector("sure_and_the_other_never_got_the_answer", [[1, True], "said", [1, False]])
    yield vector("sure_and_sure_again", [[1, True], "said", [1, True]])
    yield vector("a_strangers_share_beside_it", [[9, False], [1, False], "said", [1, True], [9, False], [8, False]])
    yield vector("a_second_sure_one_changes_nothing", [[1, True], "said", [2, True]])
    yield vector("no_more_than_sixteen", [[number, False] for number in range(1, 20)])
    yield vector("the_sure_one_comes_through_a_flood", [*([number, False] for number in range(2, 20)), [1, True]])


def wakes() -> Iterator[Vector]:
    """Push addresses as sealed, wake texts as their readers take them, and the letters that change one."""
    chance = chances("wake")
    sides = [pairing.Half.new((relay,), NOW, chance) for relay in ("https://relay.example", "https://other.example")]
    yield from _wake_sealed(chance)
    yield from _wake_texts(chance)
    yield from _wake_letters(sides, chance)


def _wake_sealed(chance: Callable[[int], bytes]) -> Iterator[Vector]:
    key, other, origin = wake.WakeKey(seed := chance(32)), wake.WakeKey(chance(32)), "https://relay.example"
    endpoint = "https://fcm.googleapis.com/fcm/send/dGhpcyBpcyBub2JvZHk:APA91b"
    room = LENGTH + ROOM

    def plain(text: bytes, length: int | None = None, filling: bytes = b"\0") -> bytes:
        return (len(text) if length is None else length).to_bytes(2, "big") + text.ljust(ROOM, filling)

    def vector(name: str, expect: str, inside: bytes, to: bytes = key.public, known: str = origin) -> Vector:
        sealed = wake.HPKE.encrypt(inside, X25519PublicKey.from_public_bytes(to), info=wake.wake_info(known))
        fields = {"seed": b64(seed), "origins": ["http://127.0.0.1:8440", origin], "sealed": b64(sealed)}
        return {"name": name, "expect": expect, "what": "sealed", **fields}

    good = plain(endpoint.encode())
    assert len(good) == room
    yield {**vector("an_address", "ok", good), "endpoint": endpoint}
    yield {**vector("the_longest", "ok", plain(b"x" * ROOM)), "endpoint": "x" * ROOM}
    yield {**vector("nothing", "ok", plain(b"")), "endpoint": ""}
    yield vector("for_another_relay", "envelope-not-for-us", good, known="https://another.example")
    yield vector("to_another_key", "envelope-not-for-us", good, to=other.public)
    changed = vector("changed", "envelope-not-for-us", good)
    tail = bytes(unb64(changed["sealed"])[:-1]) + bytes([unb64(changed["sealed"])[-1] ^ 1])
    yield {**changed, "sealed": b64(tail)}
    yield vector("too_short", "envelope-size", good[:-1])
    yield vector("too_long", "envelope-size", good + b"\0")
    yield vector("length_past_the_end", "plaintext-malformed", plain(b"", ROOM + 1))
    yield vector("not_ascii", "plaintext-malformed", plain("https://\u0430".encode()))
    yield vector("padding_not_zero", "plaintext-padding", plain(b"https://x", filling=b"\1"))


def _wake_texts(chance: Callable[[int], bytes]) -> Iterator[Vector]:
    relay, sealed = "https://relay.example", b64(chance(WAKE_BYTES))
    loose = sealed[:-1] + chr(ord(sealed[-1]) + 1)

    def vector(name: str, text: str | None, read: list[str] | None) -> Vector:
        fields = {"text": text, "relays": ["https://other.example", relay], "wake": read}
        return {"name": name, "expect": "ok", "what": "text", **fields}

    yield vector("a_text", f"{relay} {sealed}", [relay, sealed])
    yield vector("none", None, None)
    yield vector("empty", "", None)
    yield vector("another_relay", f"https://another.example {sealed}", None)
    yield vector("no_relay", sealed, None)
    yield vector("two_blanks", f"{relay}  {sealed}", None)
    yield vector("something_behind", f"{relay} {sealed} x", None)
    yield vector("too_short", f"{relay} {b64(bytes(WAKE_BYTES - 1))}", None)
    yield vector("too_long", f"{relay} {b64(bytes(WAKE_BYTES + 1))}", None)
    yield vector("not_canonical", f"{relay} {loose}", None)
    yield vector("with_a_line", f"{relay} {sealed[:-2]}\r\n", None)


def _wake_letters(sides: list[pairing.Half], chance: Callable[[int], bytes]) -> Iterator[Vector]:
    one, two = sides
    keys = pairing.Meeting(two, one.code).keys(one.share)
    base = {"half": _half(one), "code": str(two.code), "share": b64(two.share)}

    def letter(
        name: str, expect: str, header: bytes, mac: Callable[..., bytes] = pairing.wake_mac, **more: Any
    ) -> Vector:
        said = pairing.Said(LETTER_BYTES, chance(32), header)
        body = mac(more.pop("key", keys.sending), one.card.address, said)
        content = frame(said.salt, header, body)
        sealed = seal_content(content, key=one.card.key, address=one.card.address)
        fields = {"envelope": b64(sealed.envelope), **more}
        return {"name": name, "expect": expect, "what": "letter", **base, **fields}

    on, off = b'{"v":1,"kind":"pair-wake","n":7,"wake":"https://r x"}', b'{"v":1,"kind":"pair-wake","n":0,"wake":null}'
    yield letter("on", "ok", on, n=7, wake="https://r x")
    yield letter("off", "ok", off, n=0, wake=None)
    yield letter("with_more_than_is_known", "ok", on[:-1] + b',"later":1}', n=7, wake="https://r x")
    yield letter("the_key_of_the_way_back", "message-not-authentic", on, key=keys.receiving)
    yield letter("a_cases_key", "message-not-authentic", on, key=pairing.case_key(chance(32), one.card.key))
    yield letter("signed_as_an_alert", "message-not-authentic", on, mac=pairing.alert_mac)
    yield letter("of_a_newer_version", "message-version", on.replace(b'"v":1', b'"v":2'))
    yield letter("version_as_text", "message-malformed", on.replace(b'"v":1', b'"v":"1"'))
    yield letter("number_below_zero", "message-malformed", off.replace(b'"n":0', b'"n":-1'))
    yield letter("number_as_text", "message-malformed", off.replace(b'"n":0', b'"n":"0"'))
    yield letter("no_number", "message-malformed", b'{"v":1,"kind":"pair-wake","wake":null}')
    yield letter("no_wake", "message-malformed", b'{"v":1,"kind":"pair-wake","n":1}')
    yield letter("wake_a_number", "message-malformed", off.replace(b"null", b"1"))
    long = b'"' + b"x" * (pairing.WAKE_CHARACTERS + 1) + b'"'
    yield letter("wake_too_long", "message-malformed", off.replace(b"null", long))


MAKERS: dict[str, Callable[[], Iterator[Vector]]] = {
    "xwing": xwing,
    "envelope": envelope,
    "note": notes,
    "chain": chain,
    "card": card,
    "code": codes,
    "mailbox": mailboxes,
    "receipt": receipts,
    "keystore": keystores,
    "message": messages,
    "reply": replies,
    "pairing": pairings,
    "wake": wakes,
    "work": works,
}


def main(names: list[str]) -> None:
    for name in names:
        vectors = list(MAKERS[name]())
        text = json.dumps(vectors, ensure_ascii=False, indent=1)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or list(MAKERS))
