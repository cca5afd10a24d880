"""Vectors of two people who pair: codes, cards, letters and alerts."""

from collections.abc import Callable, Iterator
from typing import Any

from keys import code, pairing
from keys.envelope import Sealed
from keys.wire import LETTER_BYTES, PARCEL_BYTES, b64, digest
from tests.vectors.makers.inputs import NOW, Vector, describe_half, seededBytes


def pairings() -> Iterator[Vector]:
    random_bytes = seededBytes("pairing")
    sides = [
        pairing.PairingOffer.new(("https://relay.example",), NOW, random_bytes),
        pairing.PairingOffer.new(
            ("https://r.example:8443/t", "http://" + "b" * 56 + ".onion"), NOW, random_bytes, wake="c2VhbGVk"
        ),
    ]
    yield from _pair_meetings(sides)
    yield from _pair_codes(sides[0])
    yield from _pair_cards(sides[0])
    yield from _pair_letters(sides, random_bytes)
    yield from _pair_alerts(sides, random_bytes)
    yield from _pair_progress()


def _pair_meetings(sides: list[pairing.PairingOffer]) -> Iterator[Vector]:
    for name, mine, other in (("one_side", *sides), ("the_other_side", *reversed(sides))):
        meeting = pairing.PairingSession(mine, other.code)
        keys, here, there = meeting.keys(other.share), meeting.door(mine=True), meeting.door(mine=False)
        yield {
            "name": name,
            "expect": "ok",
            "what": "meeting",
            "half": describe_half(mine),
            "own_code": str(mine.code),
            "own_card": mine.card.encode().decode(),
            "code": str(other.code),
            "share": b64(other.share),
            "first": meeting.is_first,
            "transcript": b64(meeting.transcript),
            "k0": b64(meeting.k0),
            "digits": meeting.safety_number,
            "my_door": [b64(here.mailbox.seed), b64(here.key.seed)],
            "their_door": [b64(there.mailbox.seed), b64(there.key.seed)],
            "sending": b64(keys.sending),
            "receiving": b64(keys.receiving),
        }
    first, second = sides
    same = code.PairCode(second.code.card, first.secret, second.relays)
    for name, text in (("ones_own_code", str(first.code)), ("ones_own_secret", str(same))):
        yield {"name": name, "expect": "code-own", "what": "meeting", "half": describe_half(first), "code": text}


def _pair_codes(half: pairing.PairingOffer) -> Iterator[Vector]:
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


def _pair_cards(half: pairing.PairingOffer) -> Iterator[Vector]:
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


def _pair_letters(sides: list[pairing.PairingOffer], random_bytes: Callable[[int], bytes]) -> Iterator[Vector]:
    """What one side opens that the other sealed."""
    first, second = sides
    mine, theirs = pairing.PairingSession(first, second.code), pairing.PairingSession(second, first.code)
    base = {"half": describe_half(first), "code": str(second.code)}

    def share(name: str, sealed: Sealed, sure: bool) -> Vector:
        fields = {"share": b64(second.share), "sure": sure, "envelope": b64(sealed.envelope)}
        return {"name": name, "expect": "ok", "what": "share_letter", **base, **fields}

    left = theirs.card_letter(random_bytes)
    assert left.mailbox == mine.door(mine=True).mailbox.id
    card = {"card": second.card.encode().decode(), "envelope": b64(left.envelope)}
    yield {"name": "a_card_at_the_door", "expect": "ok", "what": "card_letter", **base, **card}
    yield share("a_share_alone", theirs.share_letter(first.card, None, random_bytes), False)
    yield share("a_share_that_answers_mine", theirs.share_letter(first.card, first.share, random_bytes), True)
    yield share(
        "a_share_that_answers_a_strangers", theirs.share_letter(first.card, random_bytes(32), random_bytes), False
    )


def _pair_alerts(sides: list[pairing.PairingOffer], random_bytes: Callable[[int], bytes]) -> Iterator[Vector]:
    first, second = sides
    keys = pairing.PairingSession(second, first.code).keys(first.share)
    mac_input = pairing.MacInput(LETTER_BYTES, random_bytes(32), '{"text":"Меня задержали"}'.encode())
    calm, duress = (
        pairing.alert_mac(keys.sending, first.card.address, mac_input, duress=forced) for forced in (False, True)
    )

    def vector(name: str, expect: str, mac: bytes, **more: Any) -> Vector:
        fields = {
            "key": b64(keys.sending),
            "recipient": b64(first.card.address.recipient),
            "mailbox": b64(first.card.mailbox),
            "size": mac_input.size,
            "salt": b64(mac_input.salt),
            "header": mac_input.header.decode(),
            "mac": b64(mac),
        }
        return {"name": name, "expect": expect, "what": "alert", **fields, **more}

    yield vector("an_alert", "ok", calm, duress=False)
    yield vector("an_alert_under_duress", "ok", duress, duress=True)
    yield vector("the_key_of_the_way_back", "message-not-authentic", calm, key=b64(keys.receiving))
    yield vector("in_another_mailbox", "message-not-authentic", calm, mailbox=b64(random_bytes(32)))
    yield vector("to_another_key", "message-not-authentic", calm, recipient=b64(random_bytes(32)))
    yield vector("of_another_size", "message-not-authentic", calm, size=PARCEL_BYTES)
    yield vector("other_words", "message-not-authentic", calm, header=mac_input.header.decode() + " ")
    yield vector("no_mac", "message-not-authentic", b"")
    case = random_bytes(32)
    key = pairing.case_key(case, first.card.key)
    mac = pairing.alert_mac(key, first.card.address, mac_input)
    yield vector(
        "by_the_cases_key", "ok", mac, key=b64(key), duress=False, case_key=b64(case), contact=b64(first.card.key)
    )


def _pair_progress() -> Iterator[Vector]:
    """Share letters as they come (share, whether its MAC was right), `said` when all that is owed was sent."""

    def vector(name: str, steps: list[list[Any] | str]) -> Vector:
        progress = pairing.Progress()
        for step in steps:
            progress = (
                progress.mark_sent() if step == "said" else progress.on_share(bytes([step[0]]) * 32, sure=step[1])
            )
        share = None if progress.share is None else progress.share[0]
        owed, answered = ([share[0] for share in shares] for shares in (progress.pending_shares, progress.answered))
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
