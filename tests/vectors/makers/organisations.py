"""Vectors of what an organisation signs and shows: notes, weekly keys, cards and codes."""

from collections.abc import Callable, Iterator
from typing import Any

from nacl.signing import SigningKey

from keys import code, note, organisation
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.wire import WEEK_SECONDS, b64, digest
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
    yield vector("the_same_seq_again", "ok", good.signed, newer_than=7, seq=7)
    yield vector("an_older_card", "card-older", good.signed, newer_than=8)
    yield vector("another_root", "card-other-root", _card(other, seededBytes("card")).signed)
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
