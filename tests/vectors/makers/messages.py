"""Vectors of what is inside: messages and the MAC of a reply; and of secrets at rest."""

import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

from keys import keystore, message
from keys.envelope import Address, blinding_key
from keys.kem import PrivateKey
from keys.keystore import Cost, Keystore, KeystoreKind
from keys.mailbox import MailboxKey
from keys.wire import LETTER_BYTES, PARCEL_BYTES, Purpose, b64, digest, domain, unb64
from tests.vectors.makers.inputs import NOW, Vector, seededBytes
from tests.vectors.makers.organisations import NUMBERS


def _with_receipts(report: Vector) -> Iterator[Vector]:
    whole = {**report, "receipts": ["tocsin/1/receipt\n...\n\n— relay AAAA\n", "x" * 1_024] * 4}
    yield {"name": "with_receipts", "expect": "ok", "header": whole, "other": {}}
    wrong = {"nine_receipts": ["x"] * 9, "a_receipt_too_long": ["x" * 1_025], "receipts_a_word": "x"}
    for name, value in wrong.items():
        yield {"name": name, "expect": "message-malformed", "header": {**report, "receipts": value}}


def _prepared_alerts(alert: Vector) -> Iterator[Vector]:
    keys = {name: b64(bytes([number]) * 32) for number, name in enumerate(("pin", "forced", "open"))}
    permission = {"types": ["detained", "safe", "later"], "place": False, "text": False}
    right = {"an_alert_sealed_in_advance": {"keys": keys, "open": permission}, "that_allows_nothing": {"keys": keys}}
    for name, fields in right.items():
        yield {"name": name, "expect": "ok", "header": {**alert, **fields}, "other": {}}
    wrong: dict[str, Vector] = {
        "without_the_open_key": {"keys": {"pin": keys["pin"], "forced": keys["forced"]}},
        "that_allows_a_word": {"open": {**permission, "types": "safe"}},
        "that_allows_a_number": {"open": {**permission, "types": [1]}},
        "that_allows_too_many": {"open": {**permission, "types": ["safe"] * 17}},
        "that_may_name_a_place_perhaps": {"open": {**permission, "place": "yes"}},
        "that_does_not_speak_of_words": {"open": {"types": [], "place": True}},
    }
    for name, fields in wrong.items():
        header = {**alert, "keys": keys, **fields}
        yield {"name": f"an_alert_{name}", "expect": "message-malformed", "header": header}


def messages() -> Iterator[Vector]:
    random_bytes = seededBytes("message")
    identity = {"v": 1, "id": b64(random_bytes(16)), "case": b64(random_bytes(16)), "seq": 0, "at": NOW}
    block = {
        "relays": [["https://relay.example", b64(random_bytes(32))]],
        "key": b64(PrivateKey(random_bytes(32)).public),
        "secret": b64(random_bytes(32)),
        "until": NOW + 35 * 86_400,
    }
    parcel = {
        "id": b64(random_bytes(16)),
        "n": 2,
        "sha256": b64(random_bytes(32)),
        "type": "image/jpeg",
        "bytes": 70_000,
    }
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
    yield from [*_with_receipts(report), *_prepared_alerts({"kind": "alert", **identity, "type": "detained"})]
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
    yield from _spellings(report)
    yield from _proofs(report, random_bytes)
    past = {"kind": "parcel", **identity, "of": parcel["id"], "i": 2, "n": 2}
    yield {"name": "piece_past_the_end", "expect": "message-malformed", "header": past}


def _spellings(report: Vector) -> Iterator[Vector]:
    words = json.dumps(report, ensure_ascii=False)

    def written(name: str, expect: str, old: str, new: str, **changed: Any) -> Vector:
        assert old in words
        vector = {"name": name, "expect": expect, "header": {**report, **changed}, "text": words.replace(old, new)}
        return {**vector, "other": {}} if expect == "ok" else vector

    for name, spelling in NUMBERS.items():
        yield written(f"seq_{name}", "message-malformed", '"seq": 0', f'"seq": {spelling}')
    yield written("version_with_fraction", "message-malformed", '"v": 1', '"v": 1.0')
    yield written("pieces_with_exponent", "message-malformed", '"n": 2', '"n": 2e0')
    half = {**report["facts"], "name": "\ufffd Анна \U0001f690\ufffd"}
    yield written("half_a_surrogate_pair", "ok", "Иванова Анна", r"\udc00 Анна \ud83d\ude90\ud83d", facts=half)
    odd = {**report["facts"], "people": 3.5}
    yield written("a_fraction_among_the_facts", "ok", '"people": 3', '"people": 3.5', facts=odd)
    yield written("a_name_that_stands_twice", "ok", '"seq": 0', '"seq": "x", "seq": 0')
    yield written("no_end_of_a_number", "plaintext-header", '"people": 3', '"people": 1e400')
    yield written("very_long_number", "plaintext-header", '"people": 3', f'"people": 1{"0" * 309}')
    yield written("not_a_number", "plaintext-header", '"people": 3', '"people": NaN')
    yield written("no_break_space_for_a_blank", "plaintext-header", '"v": 1', '"v":\xa01')
    yield written("byte_order_mark_first", "plaintext-header", '{"kind"', '\ufeff{"kind"')
    yield written("as_deep_as_may_be", "ok", '"people": 3', f'"people": {"[" * 62}{"]" * 62}', facts=_deep(report, 62))
    yield written("a_level_too_deep", "plaintext-header", '"people": 3', f'"people": {"[" * 63}{"]" * 63}')


def _deep(report: Vector, depth: int) -> Vector:
    return {**report["facts"], "people": json.loads("[" * depth + "]" * depth)}


def _proofs(report: Vector, random_bytes: Callable[[int], bytes]) -> Iterator[Vector]:
    """What shows whose case it is, and what names its keys."""
    secret = random_bytes(32)
    keys = {name: b64(random_bytes(32)) for name in ("pin", "forced", "open")}
    proof = {"case": message.case_id(secret), "case_secret": b64(secret), "keys": keys}
    yield {"name": "a_report_that_shows_its_secret", "expect": "ok", "header": {**report, **proof}, "other": {}}
    for name, changed in {
        "case_secret_too_short": {"case_secret": b64(bytes(31))},
        "case_secret_with_stray_bits": {"case_secret": "A" * 42 + "B"},
        "keys_without_the_open_one": {"keys": {"pin": keys["pin"], "forced": keys["forced"]}},
        "keys_a_list": {"keys": [keys["pin"], keys["forced"], keys["open"]]},
        "a_key_cut": {"keys": {**keys, "pin": keys["pin"][:-1]}},
    }.items():
        yield {"name": name, "expect": "message-malformed", "header": {**report, **changed}}


def replies() -> Iterator[Vector]:
    random_bytes = seededBytes("reply")
    key = PrivateKey(random_bytes(32))
    secret = random_bytes(32)
    address = Address(Purpose.REPLY, key.recipient, MailboxKey(random_bytes(32)).id)
    salt = random_bytes(32)
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
    yield {"name": "another_secret", "expect": "message-not-authentic", **fields, "secret": b64(random_bytes(32))}
    yield {"name": "header_changed", "expect": "message-not-authentic", **fields, "header": words + " "}
    yield {"name": "another_salt", "expect": "message-not-authentic", **fields, "salt": b64(random_bytes(32))}
    yield {"name": "no_mac", "expect": "message-not-authentic", **fields, "mac": ""}


def cases() -> Iterator[Vector]:
    """What is made of a case's secret and of a phone's keys, and the MAC of what was said."""
    random_bytes = seededBytes("case")
    secret, key, root, salt = (random_bytes(32) for _ in range(4))
    case = message.case_id(secret)
    derived = hmac.digest(key, domain("case") + root + unb64(case), "sha256")
    address = Address(Purpose.REPORT, root, MailboxKey(random_bytes(32)).id)
    words = json.dumps({"kind": "amend", "facts": {"stage": "released"}}, ensure_ascii=False)
    yield {"name": "an_id", "what": "id", "expect": "ok", "secret": b64(secret), "case": case}
    yield {"name": "zeros", "what": "id", "expect": "ok", "secret": b64(bytes(32)), "case": message.case_id(bytes(32))}
    yield {
        "name": "a_blinding_key",
        "what": "blind",
        "expect": "ok",
        "salt": b64(salt),
        "blind": b64(blinding_key(salt)),
    }
    fields = {"key": b64(key), "root": b64(root), "case": case, "derived": b64(derived)}
    yield {"name": "a_key_of_one_case", "what": "key", "expect": "ok", **fields}
    for size in (LETTER_BYTES, PARCEL_BYTES):
        mac = message.said_mac(derived, address, size, salt, words.encode())
        said = {
            "what": "said", "key": b64(derived), "root": b64(root), "mailbox": b64(address.mailbox), "size": size,
            "salt": b64(salt), "header": words, "mac": b64(mac),
        }  # fmt: skip
        yield {"name": f"said_in_{size}", "expect": "ok", **said}
    bad = "message-not-authentic"
    yield {"name": "another_key", "expect": bad, **said, "key": b64(key)}
    yield {"name": "another_organisation", "expect": bad, **said, "root": b64(key)}
    yield {"name": "another_size", "expect": bad, **said, "size": LETTER_BYTES}
    yield {"name": "another_salt", "expect": bad, **said, "salt": b64(key)}
    yield {"name": "other_words", "expect": bad, **said, "header": words + " "}
    yield {"name": "nothing", "expect": bad, **said, "mac": ""}


def keystores() -> Iterator[Vector]:
    random_bytes = seededBytes("keystore")
    store = Keystore.new(KeystoreKind.ORGANISATION, "пароль é", random_bytes, Cost(1, 8 * 1024))
    good = store.lock(b"these are the secrets", random_bytes)

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
    key, other = random_bytes(32), random_bytes(32)
    wrapped = store.lock(b"these are the secrets", random_bytes, key)
    secrets = {"secrets": b64(b"these are the secrets")}
    yield vector("wrapped", "ok", wrapped, wrapping_keys=[b64(key)], **secrets)
    yield vector("wrapped_with_two_keys_at_hand", "ok", wrapped, wrapping_keys=[b64(other), b64(key)], **secrets)
    yield vector("not_wrapped_beside_a_key", "ok", good, wrapping_keys=[b64(key)], **secrets)
    yield vector("wrapped_and_no_key", "keystore-key-file", wrapped)
    yield vector("wrapped_under_another_key", "keystore-key-file", wrapped, wrapping_keys=[b64(other)])
    yield vector(
        "wrapped_and_a_wrong_passphrase", "passphrase-wrong", wrapped, wrapping_keys=[b64(key)], passphrase="a"
    )
    called = repaired(wrapped[:34] + keystore.mark_of(other) + wrapped[50:])
    yield vector("a_key_of_the_same_mark", "passphrase-wrong", called, wrapping_keys=[b64(other)])
    yield vector("wrapped_and_cut_off_in_its_head", "keystore-damaged", repaired(wrapped[:90] + bytes(32)))
    yield vector("a_newer_version", "keystore-other-kind", repaired(good[:8] + b"\x03" + good[9:]))
