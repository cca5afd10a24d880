"""Vectors of two people who pair: codes, cards, letters and alerts."""

from collections.abc import Callable, Iterator
from typing import Any

from client.contacts.permission import limit_alert
from keys import code, message, pairing
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
    yield from _open_alerts()
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
    case = b64(random_bytes(16))
    phone = {name: random_bytes(32) for name in ("pin", "forced", "open")}
    own = {name: message.contact_key(key, first.card.mailbox, case) for name, key in phone.items()}
    named = {name: b64(key) for name, key in own.items()}

    def vector(name: str, expect: str, mac: bytes, **more: Any) -> Vector:
        fields = {
            "key": b64(keys.sending),
            "named": named,
            "recipient": b64(first.card.address.recipient),
            "mailbox": b64(first.card.mailbox),
            "size": mac_input.size,
            "salt": b64(mac_input.salt),
            "header": mac_input.header.decode(),
            "mac": b64(mac),
        }
        return {"name": name, "expect": expect, "what": "alert", **fields, **more}

    def mac(key: bytes) -> bytes:
        return pairing.alert_mac(key, first.card.address, mac_input)

    pair, not_ours = mac(keys.sending), "message-not-authentic"
    yield vector("an_alert", "ok", pair, origin="pair")
    yield vector("of_a_case_whose_keys_are_not_known", "ok", pair, named=None, origin="pair")
    for name, key in own.items():
        yield vector(f"by_the_{name}_key", "ok", mac(key), origin=name)
        yield vector(f"by_the_{name}_key_that_nobody_named", not_ours, mac(key), named=None)
        yield vector(f"by_the_{name}_key_of_the_phone", not_ours, mac(phone[name]))
    twice = {**named, "pin": named["open"]}
    yield vector("a_key_that_is_open_and_pin", "ok", mac(own["open"]), named=twice, origin="open")
    thrice = {**twice, "forced": named["open"]}
    yield vector("a_key_that_is_all_three", "ok", mac(own["open"]), named=thrice, origin="forced")
    yield vector("the_key_of_the_way_back", not_ours, pair, key=b64(keys.receiving))
    yield vector("in_another_mailbox", not_ours, pair, mailbox=b64(random_bytes(32)))
    yield vector("to_another_key", not_ours, pair, recipient=b64(random_bytes(32)))
    yield vector("of_another_size", not_ours, pair, size=PARCEL_BYTES)
    yield vector("other_words", not_ours, pair, header=mac_input.header.decode() + " ")
    yield vector("no_mac", not_ours, b"")
    for name, key in phone.items():
        fields = {"key": b64(key), "mailbox": b64(first.card.mailbox), "case": case, "own": named[name]}
        yield {"name": f"the_{name}_key_for_a_contact", "expect": "ok", "what": "contact_key", **fields}


def _open_alerts() -> Iterator[Vector]:
    """What is left of an alert of the open key."""
    nothing = {"types": [], "place": False, "text": False}
    everything = {"types": ["detained", "moved", "unsafe", "safe", "missed", "text"], "place": True, "text": True}
    where = {**everything, "text": False}
    numbers = {"lat": 5_575_000, "lon": 3_761_000, "accuracy": 20, "age": 5}
    station = {"pack": "ru", "id": "77-1", "text": "ОВД Тверской", "certainty": "guessed"}
    words = "выходите, всё хорошо"

    def vector(name: str, permission: Any, place: Any = None, text: str = "", kind: str = "safe") -> Vector:
        alert = message.Alert(id=b64(bytes(16)), case=b64(bytes(16)), seq=0, at=0, type=kind, text=text, place=place)
        allowed = None if permission is None else message.OpenPermission(**permission)
        left = limit_alert(alert, allowed)._asdict()
        fields = {"alert": {"type": kind, "text": text, "place": place}, "permission": permission, "left": left}
        return {"name": name, "expect": "ok", "what": "open_alert", **fields}

    yield vector("nothing_was_said_to_be_allowed", None, numbers, words)
    yield vector("no_type_is_allowed", nothing)
    yield vector("another_type_is_allowed", {**everything, "types": ["detained"]}, numbers, words)
    yield vector("a_type_that_is_no_type", {**everything, "types": ["safe ", "SAFE", ""]})
    yield vector("the_type_and_no_more", {**nothing, "types": ["safe"]})
    yield vector("the_type_and_words", {**nothing, "types": ["safe"]}, text=words)
    yield vector("the_type_and_a_place", {**nothing, "types": ["safe"]}, numbers)
    yield vector("everything", everything, {"text": words, "new": [1]}, words, "text")
    yield vector("words_where_a_place_is_allowed", where, numbers, words)
    yield vector("a_place_where_words_are_allowed", {**everything, "place": False}, {"text": words}, words)
    places: dict[str, Any] = {
        "numbers": numbers,
        "a_stage": {"stage": "court"},
        "a_station": {**numbers, "station": station},
        "words_about_the_place": {**numbers, "text": words},
        "a_stage_that_is_none": {"stage": words},
        "a_stage_that_every_object_has": {"stage": "toString", "constructor": words},
        "a_station_of_120_characters": {"station": {"text": "ж" * 120}},
        "a_station_of_121_characters": {"station": {"text": "ж" * 121, "id": "7"}},
        "a_station_in_flags": {"station": {"text": "\U0001f6a9" * 120}},
        "ids_too_long": {"station": {"pack": "p" * 65, "id": "i" * 65, "text": "ОВД"}},
        "a_certainty_that_is_none": {"station": {"text": "ОВД", "certainty": words}},
        "candidates": {"station": {**station, "candidates": [words]}},
        "a_list_of_stations": {"station": [station]},
        "a_station_of_text": {"station": words},
        "more_in_a_station": {"station": {**station, "phone": "+70001112233"}},
        "more_in_a_place": {**numbers, "link": "https://example.org/"},
        "numbers_as_text": {"lat": "5575000", "lon": True, "age": None},
        "a_number_that_is_not_whole": {"lat": 1.5, "lon": -3},
        "the_largest_numbers": {"lat": 2**53 - 1, "lon": 2**53},
        "an_empty_place": {},
        "a_place_of_text": words,
        "a_list": [words],
        "no_place": None,
    }
    for name, place in places.items():
        yield vector(f"place_{name}", where, place, kind="moved")


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
