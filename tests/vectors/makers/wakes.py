"""Vectors of ringing a closed phone."""

from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from keys import pairing, wake
from keys.envelope import frame, seal_content
from keys.message import contact_key
from keys.wire import LETTER_BYTES, WAKE_BYTES, b64, unb64
from tests.vectors.makers.inputs import NOW, Vector, describe_half, seededBytes

LENGTH, ROOM = 2, 1_022  # of a push address, before it and for it


def wakes() -> Iterator[Vector]:
    """Push addresses as sealed, wake texts as their readers take them, and the letters that change one."""
    random_bytes = seededBytes("wake")
    sides = [
        pairing.PairingOffer.new((relay,), NOW, random_bytes)
        for relay in ("https://relay.example", "https://other.example")
    ]
    yield from _wake_sealed(random_bytes)
    yield from _wake_texts(random_bytes)
    yield from _wake_letters(sides, random_bytes)


def _wake_sealed(random_bytes: Callable[[int], bytes]) -> Iterator[Vector]:
    key, other, origin = wake.WakeKey(seed := random_bytes(32)), wake.WakeKey(random_bytes(32)), "https://relay.example"
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


def _wake_texts(random_bytes: Callable[[int], bytes]) -> Iterator[Vector]:
    relay, sealed = "https://relay.example", b64(random_bytes(WAKE_BYTES))
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


def _wake_letters(sides: list[pairing.PairingOffer], random_bytes: Callable[[int], bytes]) -> Iterator[Vector]:
    first, second = sides
    keys = pairing.PairingSession(second, first.code).keys(first.share)
    base = {"half": describe_half(first), "code": str(second.code), "share": b64(second.share)}

    def letter(
        name: str, expect: str, header: bytes, mac: Callable[..., bytes] = pairing.wake_mac, **more: Any
    ) -> Vector:
        mac_input = pairing.MacInput(LETTER_BYTES, random_bytes(32), header)
        body = mac(more.pop("key", keys.sending), first.card.address, mac_input)
        content = frame(mac_input.salt, header, body)
        sealed = seal_content(content, key=first.card.key, address=first.card.address)
        fields = {"envelope": b64(sealed.envelope), **more}
        return {"name": name, "expect": expect, "what": "letter", **base, **fields}

    on, off = b'{"v":1,"kind":"pair-wake","n":7,"wake":"https://r x"}', b'{"v":1,"kind":"pair-wake","n":0,"wake":null}'
    yield letter("on", "ok", on, n=7, wake="https://r x")
    yield letter("off", "ok", off, n=0, wake=None)
    yield letter("with_more_than_is_known", "ok", on[:-1] + b',"later":1}', n=7, wake="https://r x")
    yield letter("the_key_of_the_way_back", "message-not-authentic", on, key=keys.receiving)
    yield letter(
        "a_cases_key",
        "message-not-authentic",
        on,
        key=contact_key(random_bytes(32), first.card.mailbox, b64(bytes(16))),
    )
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
