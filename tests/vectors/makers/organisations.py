"""Vectors of what an organisation signs and shows: notes, weekly keys, cards and codes."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from nacl.signing import SigningKey

from keys import code, note, organisation
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.wire import WEEK_SECONDS, b64, digest
from tests.vectors.makers import edwards25519
from tests.vectors.makers.inputs import NOW, Vector, seededBytes


def notes() -> Iterator[Vector]:
    key = SigningKey(seededBytes("note")(32))
    other = SigningKey(seededBytes("note other")(32))
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
    yield vector("stray_bits_in_a_signature", "note-malformed", good[:-3] + b"h=\n")
    for name, mark in (("next_line", "\x85"), ("byte_order_mark", "\ufeff"), ("line_separator", "\u2028")):
        spelt = good.replace(b"example.org", f"example{mark}org".encode())
        yield vector(f"{name}_in_a_name", "note-malformed", spelt)
    yield {**vector("next_line_in_the_text", "ok", _marked(text, key)), "text": _MARKED + text, "verifier": verifier}
    for name, signed_by, signature in _odd_signatures(text.encode()):
        line = base64.b64encode(note.key_id("odd", signed_by) + signature).decode("ascii")
        yield {**vector(name, "note-unsigned", f"{text}\n— odd {line}\n".encode()), "public": b64(signed_by)}


_MARKED = "tocsin/1/pack\n\x85 \u2028 \ufeff \xa0\n"


def _marked(text: str, key: SigningKey) -> bytes:
    return note.sign(_MARKED + text, "example.org/tocsin", key)


def _odd_signatures(message: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield what one equation or another takes and libsodium's does not."""
    torsion, neutral = edwards25519.TORSION, edwards25519.NEUTRAL
    secret = next(n for n in range(2, 99) if _twist(message, n) % 8)
    yield "mixed_order_key", *edwards25519.sign(message, secret, 3, key_twist=torsion)
    yield "mixed_order_nonce", *edwards25519.sign(message, 2, 3, nonce_twist=torsion)
    yield "small_order_key", *edwards25519.sign(message, 0, 3)
    yield "small_order_nonce", *edwards25519.sign(message, 2, 0)
    public, signature = edwards25519.sign(message, 2, 3)
    past = int.from_bytes(signature[32:], "little") + edwards25519.ORDER
    yield "scalar_past_the_order", public, signature[:32] + past.to_bytes(32, "little")
    second = (neutral[1] + edwards25519.P).to_bytes(32, "little")  # y is not below the field's order
    yield "key_in_a_second_spelling", second, edwards25519.sign(message, 0, 3)[1]
    k = edwards25519.challenge(second, public, message)
    yield "nonce_in_a_second_spelling", public, second + (k * 2 % edwards25519.ORDER).to_bytes(32, "little")


def _twist(message: bytes, secret: int) -> int:
    public, signature = edwards25519.sign(message, secret, 3, key_twist=edwards25519.TORSION)
    return edwards25519.challenge(signature[:32], public, message)


def chain() -> Iterator[Vector]:
    chain = organisation.WeeklyChain(2_968, seededBytes("chain")(32))
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
    weeks, published = [], chain.publish()
    for week in range(chain.week + 10, chain.week + 18):
        at = published.advance(week * WEEK_SECONDS)
        weeks.append(
            {
                "week": week,
                "chain_key": b64(at.chain_key),
                "seed": b64(organisation.weekly_seed(at.chain_key)),
                "kept": sorted(at.living()),
            }
        )
    yield {
        "name": "a_chain_that_another_follows",
        "expect": "ok",
        "first": chain.week,
        "last_week": published.last_week,
        "chain_key": b64(chain.chain_key),
        "weeks": weeks,
    }
    root = seededBytes("chain root")(32)
    numbers = (0, 1, organisation.first_number(NOW), 2**53 - 1)
    yield {
        "name": "what_comes_from_the_root",
        "expect": "ok",
        "root_seed": b64(root),
        "mailbox_seed": b64(organisation.mailbox_seed(root)),
        "last_resort": [[number, b64(organisation.last_resort_seed(root, number))] for number in numbers],
    }


def _card(root: SigningKey, random_bytes: Callable[[int], bytes], **more: Any) -> organisation.Card:
    week = NOW // WEEK_SECONDS
    seeds = organisation.WeeklyChain(week, random_bytes(32)).ahead()
    fields: dict[str, Any] = {
        "name": "",
        "root": bytes(root.verify_key),
        "seq": 7,
        "issued": NOW,
        "expires": organisation.expiry(week),
        "relays": ("https://relay.example", "http://" + "a" * 56 + ".onion"),
        "mailbox": MailboxKey(random_bytes(32)).id,
        "week": week,
        "weekly": tuple(PrivateKey(seed).public for seed in seeds),
        "last_resort": PrivateKey(random_bytes(32)).public,
        "languages": ("ru", "be"),
        "log": (str(note.NoteKey("relay.example", bytes(SigningKey(random_bytes(32)).verify_key))),),
    }
    return organisation.Card(**{**fields, **more}).sign(root)


def _choice(at: int, key: bytes, *, last_resort: bool = False) -> Vector:
    return {"at": at, "key_hash": b64(digest(key)), "last_resort": last_resort}


def card() -> Iterator[Vector]:
    root = SigningKey(seededBytes("card root")(32))
    other = SigningKey(seededBytes("card other root")(32))
    good = _card(root, seededBytes("card"))
    ends = good.week + len(good.weekly)
    before = (0, NOW - 12 * WEEK_SECONDS, good.week * WEEK_SECONDS - 1, good.week * WEEK_SECONDS, NOW - 86_400, NOW - 1)

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
            *(_choice(NOW + weeks * WEEK_SECONDS, good.weekly[weeks]) for weeks in (0, 6, 7, 9, 12)),
            _choice(ends * WEEK_SECONDS - 1, good.weekly[-1]),
            *(_choice(at, good.last_resort, last_resort=True) for at in (ends * WEEK_SECONDS, *before)),
        ],
    )
    yield from _cards_with_later_fields(root, good, vector)
    yield vector("the_same_seq_again", "ok", good.signed, newer_than=7, seq=7)
    yield vector("an_older_card", "card-older", good.signed, newer_than=8)
    yield vector("another_root", "card-other-root", _card(other, seededBytes("card")).signed)
    stolen = organisation.Card(**{**good.__dict__, "signed": b""}).sign(other)
    yield vector("signed_by_another_root", "note-unsigned", stolen.signed)
    yield vector("cut_off", "card-malformed", good.signed[:20_000])
    yield resigned("number_as_text", '"last_resort_number":null', '"last_resort_number":"1"')
    yield resigned("number_below_zero", '"last_resort_number":null', '"last_resort_number":-1')
    yield resigned("log_keys_an_object", '"log_keys":[]', '"log_keys":{}')
    yield resigned("sms_key_a_number", '"sms_key":null', '"sms_key":1')
    yield resigned("another_kind", "tocsin/1/card", "tocsin/1/pack")
    yield resigned("seq_as_text", '"seq":7', '"seq":"7"')
    yield resigned("no_mailbox", '"mailbox"', '"mallbox"')
    yield resigned("clear_http", "https://relay.example", "http://relay.example")
    yield resigned("relay_with_a_slash", "https://relay.example", "https://relay.example/")
    yield resigned("a_key_cut", b64(good.weekly[0]), b64(good.weekly[0][:-1]))
    yield resigned("no_weekly_key", '"weekly":[', '"weekly":[],"w":[')
    yield resigned("verifier_key_wrong", "relay.example+", "relay.example2+")
    yield from _hostile_cards(root, good, vector, resigned)


def _hostile_cards(
    root: SigningKey,
    good: organisation.Card,
    vector: Callable[..., Vector],
    resigned: Callable[[str, str, str], Vector],
) -> Iterator[Vector]:
    for name, spelling in NUMBERS.items():
        yield resigned(f"seq_{name}", '"seq":7', f'"seq":{spelling}')
    for name in ("short_ipv4", "hexadecimal_ipv4", "punycode", "dot_at_the_end", "mapped_ipv4"):
        yield resigned(f"relay_{name}", "https://relay.example", REFUSED[name])
    yield resigned("mailbox_with_padding", f'"{b64(good.mailbox)}"', f'"{b64(good.mailbox)}="')
    text = note.read(good.signed).text.replace('"name":""', r'"name":"\ud800x","odd":[1.0,-0]')
    half = note.sign(text, organisation.CARD_KEY_NAME, root)
    yield vector("half_a_surrogate_pair_in_the_name", "ok", half, seq=7, called="\ufffdx")


NUMBERS = {"with_fraction": "7.0", "with_exponent": "7e0", "minus_zero": "-0", "past_2_53": "9007199254740992"}

TAKEN = {
    "a_name": "https://relay.example",
    "port_and_path": "https://relay.example:8443/t/Ab%2f~",
    "onion": "http://" + "a" * 56 + ".onion",
    "this_machine": "http://localhost:5000",
    "loopback_ipv4": "http://127.0.0.1:5000",
    "loopback_ipv6": "http://[::1]:5000",
    "ipv4": "https://192.0.2.1",
    "ipv6": "https://[2001:db8::1]:65535",
}
REFUSED = {
    "empty": "",
    "clear_http": "http://relay.example",
    "upper_case": "https://Relay.example",
    "slash_at_the_end": "https://relay.example/",
    "blank_before": " https://relay.example",
    "newline_behind": "https://relay.example\n",
    "short_ipv4": "https://127.1",
    "hexadecimal_ipv4": "https://0x7f.1",
    "decimal_ipv4": "https://2130706433",
    "octal_ipv4": "https://0177.0.0.1",
    "ipv4_with_a_zero": "https://127.0.0.01",
    "ipv4_past_255": "https://127.0.0.256",
    "five_parts": "https://1.2.3.4.5",
    "name_that_ends_in_a_number": "https://relay.1",
    "mapped_ipv4": "https://[::ffff:7f00:1]",
    "mapped_ipv4_with_dots": "https://[::ffff:127.0.0.1]",
    "ipv6_with_a_zone": "https://[fe80::1%25eth0]",
    "ipv6_in_full": "https://[2001:db8:0:0:0:0:0:1]",
    "ipv6_in_upper_case": "https://[2001:DB8::1]",
    "dot_at_the_end": "https://relay.example.",
    "empty_label": "https://relay..example",
    "hyphen_first": "https://-relay.example",
    "underscore": "https://my_relay.example",
    "punycode": "https://xn--e1afmkfd.xn--p1ai",
    "punycode_that_is_none": "https://xn--a.example",
    "not_ascii": "https://\u0440\u0435\u043b\u0435.example",
    "percent_in_the_host": "https://rel%61y.example",
    "user": "https://user@relay.example",
    "port_empty": "https://relay.example:",
    "port_zero": "https://relay.example:0",
    "port_with_a_zero": "https://relay.example:080",
    "port_past_65535": "https://relay.example:65536",
    "port_in_arabic_digits": "https://relay.example:\u0668\u0660",
    "query": "https://relay.example/?q",
    "next_line_in_the_path": "https://relay.example/\x85",
    "byte_order_mark_before": "\ufeffhttps://relay.example",
}


def addresses() -> Iterator[Vector]:
    for name, address in TAKEN.items():
        yield {"name": name, "expect": "ok", "address": address}
    for name, address in REFUSED.items():
        yield {"name": name, "expect": "relay-address", "address": address}


def _cards_with_later_fields(
    root: SigningKey, good: organisation.Card, vector: Callable[..., Vector]
) -> Iterator[Vector]:
    later = {
        "last_resort_number": 2**53 - 1,
        "sms_key": seededBytes("card sms")(32),
        "log_keys": (digest(b"log"),),
        "witness_keys": tuple(digest(bytes([n])) for n in range(16)),
    }
    weeks = {"weekly": good.weekly * 2}
    whole = _card(root, seededBytes("card"), **later, **weeks)
    yield vector(
        "every_field_and_26_weeks",
        "ok",
        whole.signed,
        seq=7,
        last_resort_number=whole.last_resort_number,
        sms_key=b64(later["sms_key"]),
        log_keys=[b64(key) for key in whole.log_keys],
        witness_keys=[b64(key) for key in whole.witness_keys],
    )
    yield vector(
        "27_weeks", "card-malformed", _card(root, seededBytes("card"), weekly=good.weekly * 2 + good.weekly[:1]).signed
    )
    for field in ("log_keys", "witness_keys"):
        many = _card(root, seededBytes("card"), **{field: (digest(b""),) * 17})
        yield vector(f"17_{field}", "card-malformed", many.signed)
        cut = _card(root, seededBytes("card"), **{field: (digest(b"")[:-1],)})
        yield vector(f"{field}_cut", "card-malformed", cut.signed)
    yield vector("sms_key_cut", "card-malformed", _card(root, seededBytes("card"), sms_key=bytes(31)).signed)


def codes() -> Iterator[Vector]:
    random_bytes = seededBytes("code")
    root = random_bytes(32)
    text = str(code.CardCode(root, ("https://relay.example",)))
    two_relays = ("https://r.example:8443/t", "http://" + "b" * 56 + ".onion")
    two = str(code.CardCode(root, two_relays))

    def ok(name: str, text: str, relays: tuple[str, ...]) -> Vector:
        return {"name": name, "expect": "ok", "code": text, "root": b64(root), "relays": list(relays)}

    def bad(name: str, expect: str, text: str) -> Vector:
        return {"name": name, "expect": expect, "code": text}

    yield ok("one_relay", text, ("https://relay.example",))
    yield ok("two_relays_one_onion", two, two_relays)
    yield ok(
        "typed_in_lower_case_with_blanks", text[:30].lower() + " \n" + text[30:].lower(), ("https://relay.example",)
    )
    yield bad("a_persons_code", "code-other-kind", "TOCSIN:1:C:" + text[11:])
    yield bad("something_else", "code-malformed", "https://example.org/")
    yield bad("empty", "code-malformed", "")
    yield bad("no_relay", "code-malformed", code.CARD_PREFIX + code._base32(root + b"\0"))
    yield bad("newer_flags", "code-malformed", code.CARD_PREFIX + code._base32(root + b"\x01\x09https://x"))
    yield bad("length_past_the_end", "code-malformed", code.CARD_PREFIX + code._base32(root + b"\0\x20https://x"))
    yield bad("one_character_short", "code-malformed", text[:-1])
    yield bad("not_base32", "code-malformed", text[:-1] + "1")
    base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    yield bad("stray_bits", "code-malformed", two[:-1] + base32[base32.index(two[-1]) + 1])
    yield bad("clear_http", "relay-address", code.CARD_PREFIX + code._base32(root + b"\0\x0fhttp://relay.ex"))
    yield ok("all_the_blanks_there_are", "\t\n\v\f\r " + text[:30] + "\v \f" + text[30:], ("https://relay.example",))
    blanks = {"next_line": "\x85", "no_break_space": "\xa0", "byte_order_mark": "\ufeff", "line_separator": "\u2028"}
    for name, mark in {**blanks, "unit_separator": "\x1f", "zero": "\0"}.items():
        yield bad(f"{name}_inside", "code-malformed", text[:30] + mark + text[30:])
    yield bad("long_s_for_an_s", "code-malformed", text.replace("S", "\u017f", 1))
    yield bad("padding", "code-malformed", text + "=" * 6)
    for name in ("upper_case", "slash_at_the_end", "short_ipv4", "punycode"):
        url = REFUSED[name].encode()
        relays = bytes([len(url)]) + url
        yield bad(f"relay_{name}", "relay-address", code.CARD_PREFIX + code._base32(root + b"\0" + relays))
