"""Two codes become one pair, and nobody else's: not who filmed both screens, not a relay, not a third phone."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.contacts.permission import limit_alert
from keys import code
from keys.code import CutCode, PairCode, read_card_code, read_pair_code
from keys.envelope import LETTER_ROOM, Address
from keys.errors import BadCode, BadMessage, CodeTooLong, NotAuthentic, NotForUs, OtherCode, TocsinError, UnknownVersion
from keys.kem import PrivateKey
from keys.message import Alert, CaseKeys, OpenPermission, contact_key
from keys.opening import OpenedEnvelope, open_envelope
from keys.pairing import (
    CODE_SECONDS,
    WAKE_CHARACTERS,
    CardSwapped,
    CodeExpired,
    DigitsDiffer,
    MacInput,
    OwnCode,
    PairCard,
    PairingOffer,
    PairingSession,
    Progress,
    alert_mac,
    alert_origin,
    card_hash,
    read_pair_card,
    read_share,
    seal_alert,
)
from keys.wire import LETTER_BYTES, SUITE, Purpose, b64, digest, unb64
from tests.keys.vectors import as_expected, each
from tests.support.parsers.any_input import JSON, mutated, returns_or_refuses

NOW = 1_795_168_800


def half(*relays: str) -> PairingOffer:
    return PairingOffer.new(relays or ("https://relay.example",), NOW, os.urandom)


@pytest.fixture
def pair() -> tuple[PairingSession, PairingSession]:
    anna, boris = half(), half("https://other.example")
    return PairingSession(anna, boris.code), PairingSession(boris, anna.code)


def opened(meeting: PairingSession, envelope: bytes) -> OpenedEnvelope:
    return open_envelope(envelope, [meeting.half.key], meeting.half.card.address)


def words_of(letter: OpenedEnvelope) -> MacInput:
    return MacInput(LETTER_BYTES, letter.salt, letter.header)


# What both languages read


def half_of(fields: dict) -> PairingOffer:
    seeds = {name: unb64(fields[name]) for name in ("kem", "mailbox", "secret", "share")}
    return PairingOffer(**seeds, relays=tuple(fields["relays"]), until=fields["until"], wake=fields["wake"])


def check_meeting(vector: dict) -> None:
    own = half_of(vector["half"])
    meeting = PairingSession(own, read_pair_code(vector["code"]))
    assert str(own.code) == vector["own_code"]
    assert own.card.encode().decode() == vector["own_card"]
    assert [meeting.is_first, meeting.safety_number] == [vector["first"], vector["digits"]]
    assert [b64(meeting.transcript), b64(meeting.k0)] == [vector["transcript"], vector["k0"]]
    for mine, name in ((True, "my_door"), (False, "their_door")):
        door = meeting.door(mine=mine)
        assert [b64(door.mailbox.seed), b64(door.key.seed)] == vector[name]
    keys = meeting.keys(unb64(vector["share"]))
    assert [b64(keys.sending), b64(keys.receiving)] == [vector["sending"], vector["receiving"]]


def check_code(vector: dict) -> None:
    read = read_pair_code(vector["code"])
    assert [b64(read.card), b64(read.secret), list(read.relays)] == [
        vector["card"],
        vector["secret"],
        vector["relays"],
    ]
    assert str(read) == "".join(vector["code"].split()).upper()


def check_card(vector: dict) -> None:
    read_pair_card(vector["card"].encode(), unb64(vector["hash"]), vector["now"])


def check_card_letter(vector: dict) -> None:
    meeting = PairingSession(half_of(vector["half"]), read_pair_code(vector["code"]))
    door = meeting.door(mine=True)
    letter = open_envelope(unb64(vector["envelope"]), [door.key], door.address)
    assert letter.header.decode() == vector["card"]
    assert read_pair_card(letter.header, meeting.code.card, NOW).encode() == letter.header


def check_share_letter(vector: dict) -> None:
    meeting = PairingSession(half_of(vector["half"]), read_pair_code(vector["code"]))
    letter = opened(meeting, unb64(vector["envelope"]))
    share = read_share(letter.fields)
    assert share == unb64(vector["share"])
    assert meeting.confirms(share, words_of(letter), letter.body) == vector["sure"]


def check_alert(vector: dict) -> None:
    address = Address(Purpose.CONTACT, unb64(vector["recipient"]), unb64(vector["mailbox"]))
    words = MacInput(vector["size"], unb64(vector["salt"]), vector["header"].encode())
    named = vector["named"] and CaseKeys(**vector["named"])
    assert alert_origin(unb64(vector["key"]), named, address, words, unb64(vector["mac"])) == vector["origin"]


def check_contact_key(vector: dict) -> None:
    assert b64(contact_key(unb64(vector["key"]), unb64(vector["mailbox"]), vector["case"])) == vector["own"]


def check_open_alert(vector: dict) -> None:
    alert = Alert(id=b64(bytes(16)), case=b64(bytes(16)), seq=0, at=0, **vector["alert"])
    permission = vector["permission"] and OpenPermission(**vector["permission"])
    assert limit_alert(alert, permission)._asdict() == vector["left"]


def check_progress(vector: dict) -> None:
    progress = Progress()
    for step in vector["steps"]:
        progress = progress.mark_sent() if step == "said" else progress.on_share(bytes([step[0]]) * 32, sure=step[1])
    assert (progress.share and progress.share[0]) == vector["share"]
    for name, shares in (("owed", progress.pending_shares), ("answered", progress.answered)):
        assert [share[0] for share in shares] == vector[name]


CHECKS = {
    "meeting": check_meeting,
    "code": check_code,
    "card": check_card,
    "card_letter": check_card_letter,
    "share_letter": check_share_letter,
    "alert": check_alert,
    "contact_key": check_contact_key,
    "open_alert": check_open_alert,
    "progress": check_progress,
}


@each("pairing")
def test_a_vector(vector):
    with as_expected(vector):
        CHECKS[vector["what"]](vector)


# The two sides


def test_both_sides_come_to_the_same(pair):
    anna, boris = pair
    assert anna.transcript == boris.transcript
    assert anna.safety_number == boris.safety_number
    assert len(anna.safety_number.replace(" ", "")) == 60
    assert anna.door(mine=True) == boris.door(mine=False)
    assert anna.door(mine=False) == boris.door(mine=True)
    ours, theirs = anna.keys(boris.half.share), boris.keys(anna.half.share)
    assert (ours.sending, ours.receiving) == (theirs.receiving, theirs.sending)
    assert ours.sending != ours.receiving


def test_a_pairing_from_two_codes_to_an_alert(pair):
    anna, boris = pair
    door = boris.door(mine=True)
    left = anna.card_letter(os.urandom)
    card = read_pair_card(open_envelope(left.envelope, [door.key], door.address).header, boris.code.card, NOW)
    assert card == anna.half.card

    letter = opened(anna, boris.share_letter(card, None, os.urandom).envelope)
    share = read_share(letter.fields)
    assert not anna.confirms(share, words_of(letter), letter.body), "nobody vouched for it"
    answer = opened(boris, anna.share_letter(boris.half.card, share, os.urandom).envelope)
    assert boris.confirms(read_share(answer.fields), words_of(answer), answer.body)

    keys = boris.keys(read_share(answer.fields))
    alert = opened(anna, seal_alert(b'{"kind":"alert"}', keys.sending, card, os.urandom).envelope)
    mine = anna.keys(boris.half.share).receiving
    assert alert_origin(mine, None, anna.half.card.address, words_of(alert), alert.body) == "pair"


def test_every_letter_of_a_pairing_looks_like_any_other(pair):
    anna, boris = pair
    keys = anna.keys(boris.half.share)
    letters = [
        anna.card_letter(os.urandom),
        anna.share_letter(boris.half.card, None, os.urandom),
        anna.share_letter(boris.half.card, boris.half.share, os.urandom),
        seal_alert(b"{}", keys.sending, boris.half.card, os.urandom),
        seal_alert(b"{}", os.urandom(32), boris.half.card, os.urandom),
    ]
    assert {(len(letter.envelope), letter.envelope[0]) for letter in letters} == {(LETTER_BYTES, SUITE)}


def test_the_largest_card_fits_one_letter():
    largest = half(*(f"https://relay-{number}.example/{'a' * 230}"[:255] for number in range(8)))
    card = PairCard(largest.key.public, largest.card.mailbox, largest.relays, 2**53 - 1, "w" * WAKE_CHARACTERS)
    assert len(card.encode()) <= LETTER_ROOM


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_moving_bytes_from_one_payload_to_the_other_changes_the_transcript(card_bytes, other_bytes):
    if card_bytes == other_bytes:
        return
    mine = half()
    first = PairingSession(mine, PairCode(digest(card_bytes), card_bytes, ("https://r.example",)))
    second = PairingSession(mine, PairCode(digest(card_bytes), other_bytes, ("https://r.example",)))
    assert first.transcript != second.transcript


def test_the_digits_of_a_video_call_are_read_or_refused(pair):
    anna, boris = pair
    text = code.digits_code(anna.safety_number)
    assert text.startswith("TOCSIN:1:D:")
    for spelling in (text, text.lower(), text[:20] + " \n" + text[20:]):
        boris.check_safety_number(code.read_digits(spelling))
    assert code.read_digits("12 34, eins") == "12 34, eins", "what somebody typed is judged by the digits in it"
    for wrong, kind in (
        (text[:-1], CutCode),
        (text + "1", CutCode),
        (text[:-1] + "x", BadCode),
        (str(anna.half.code), OtherCode),
        (code.PREFIX, OtherCode),
    ):
        with pytest.raises(kind):
            code.read_digits(wrong)


NODE, PHONE = shutil.which("node"), Path(__file__).parents[2] / "client" / "phone"


@pytest.mark.process
@pytest.mark.skipif(
    NODE is None or not (PHONE / "node_modules").is_dir(), reason="node or client/phone/node_modules is missing"
)
def test_a_phone_pairs_with_python():
    mine = half()
    asked = {"code": str(mine.code), "card": mine.card.encode().decode(), "share": b64(mine.share), "now": NOW}
    peer = Path(__file__).parent / "interop" / "pairing.mjs"
    ended = subprocess.run([NODE, peer], input=json.dumps(asked), capture_output=True, text=True, check=True)
    peer_words = json.loads(ended.stdout)
    meeting = PairingSession(mine, read_pair_code(peer_words["code"]))
    assert meeting.safety_number == peer_words["digits"]

    door = meeting.door(mine=True)
    left = open_envelope(unb64(peer_words["card"]), [door.key], door.address)
    assert read_pair_card(left.header, meeting.code.card, NOW).relays == ("https://phone.example",)
    share, answer, alert, forced = (
        opened(meeting, unb64(peer_words[name])) for name in ("share", "answer", "alert", "forced")
    )
    theirs = read_share(answer.fields)
    assert theirs == read_share(share.fields)
    assert not meeting.confirms(theirs, words_of(share), share.body)
    assert meeting.confirms(theirs, words_of(answer), answer.body)
    key = meeting.keys(theirs).receiving
    named = CaseKeys(**alert.fields["keys"])
    letters = [alert_origin(key, named, mine.card.address, words_of(one), one.body) for one in (alert, forced)]
    assert letters == ["pair", "forced"]


# Who filmed both screens: knows both codes, so T, k0, both doors and whatever lies behind them


def test_who_filmed_both_codes_cannot_put_a_card_of_their_own_behind_them(pair):
    anna, _ = pair
    with pytest.raises(CardSwapped):
        read_pair_card(half().card.encode(), anna.code.card, NOW)


def test_who_filmed_both_codes_opens_no_letter_of_the_pair(pair):
    anna, boris = pair
    doors = [anna.door(mine=mine).key for mine in (True, False)]
    keys = anna.keys(boris.half.share)
    for sealed in (
        anna.share_letter(boris.half.card, None, os.urandom),
        seal_alert(b"{}", keys.sending, boris.half.card, os.urandom),
    ):
        with pytest.raises(NotForUs):
            open_envelope(sealed.envelope, [*doors, PrivateKey(anna.k0)], boris.half.card.address)


def test_who_filmed_both_codes_and_sends_shares_of_their_own_gets_no_key(pair):
    anna, boris = pair
    for mine in (anna, boris):
        invented, guessed = os.urandom(32), os.urandom(32)
        # The film gives k0 and both codes. A share can be sent to each side; the share of each side stays unknown.
        film = PairingSession(replace(mine.half, share=guessed), mine.code)
        forged = film.keys(invented)
        honest = mine.keys(invented)
        assert {forged.sending, forged.receiving}.isdisjoint({honest.sending, honest.receiving})


def test_an_alert_is_taken_from_nobody_but_the_other_side(pair):
    anna, boris = pair
    ours = anna.keys(boris.half.share)
    words = MacInput(LETTER_BYTES, os.urandom(32), b"{}")
    address = anna.half.card.address
    reflected = alert_mac(ours.sending, address, words)
    for body in (reflected, os.urandom(32), b"", alert_mac(anna.k0, address, words)):
        with pytest.raises(NotAuthentic):
            alert_origin(ours.receiving, None, address, words, body)
    assert alert_origin(ours.receiving, None, address, words, alert_mac(ours.receiving, address, words)) == "pair"


@pytest.mark.parametrize("name", ["share_of_mine", "share_of_theirs", "k0", "a_card"])
def test_the_key_hangs_on_everything(pair, name):
    anna, boris = pair
    keys = anna.keys(boris.half.share)
    mine, other, share = anna.half, anna.code, boris.half.share
    if name == "share_of_mine":
        mine = replace(mine, share=os.urandom(32))
    elif name == "share_of_theirs":
        share = os.urandom(32)
    elif name == "k0":
        other = replace(other, secret=os.urandom(16))
    else:
        mine = replace(mine, until=mine.until + 1)
    assert PairingSession(mine, other).keys(share) != keys


# Digits


def test_the_digits_are_compared_however_they_are_read_aloud(pair):
    anna, boris = pair
    anna.check_safety_number(boris.safety_number)
    anna.check_safety_number(boris.safety_number.replace(" ", "-"))
    anna.check_safety_number(boris.safety_number.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")))
    plain = boris.safety_number.replace(" ", "")
    for wrong in ("", plain[:-1], plain + "0", plain[:-1] + str((int(plain[-1]) + 1) % 10)):
        with pytest.raises(DigitsDiffer):
            anna.check_safety_number(wrong)


# Wrong inputs, each with its own class


def test_every_wrong_code_has_its_own_error():
    mine, theirs = half(), half()
    organisation = str(code.CardCode(os.urandom(32), ("https://relay.example",)))
    stale = PairCard(theirs.key.public, theirs.card.mailbox, theirs.relays, NOW).encode()
    found = {}
    for name, call in {
        "own": lambda: PairingSession(mine, mine.code),
        "organisation": lambda: read_pair_code(organisation),
        "cut": lambda: read_pair_code(str(theirs.code)[:-9]),
        "expired": lambda: read_pair_card(stale, card_hash(stale), NOW),
        "swapped": lambda: read_pair_card(mine.card.encode(), theirs.code.card, NOW),
        "none": lambda: read_pair_code("hello"),
    }.items():
        with pytest.raises(TocsinError) as caught:
            call()
        found[name] = caught.value
    assert len({error.code for error in found.values()}) == len(found)
    assert len({error.sentence for error in found.values()}) == len(found)
    assert all(error.hint for error in found.values())
    assert [type(found[name]) for name in ("own", "organisation", "cut", "expired", "swapped")] == [
        OwnCode,
        OtherCode,
        CutCode,
        CodeExpired,
        CardSwapped,
    ]
    with pytest.raises(OtherCode):
        read_card_code(str(mine.code))


def test_a_code_is_as_long_as_version_9_at_level_m_holds():
    # 251 characters behind the prefix are 156 bytes, less hash, secret, flags and a length byte
    fits = half("https://r.example/" + "a" * (106 - 18))
    assert len(str(fits.code)) <= 262
    assert code.draw_png(str(fits.code)).startswith(b"\x89PNG")
    with pytest.raises(CodeTooLong):
        str(half("https://r.example/" + "a" * (107 - 18)).code)


def test_every_cut_of_a_code_is_refused():
    text = str(half().code)
    for end in range(len(code.PAIR_PREFIX), len(text)):
        with pytest.raises(CutCode):
            read_pair_code(text[:end])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": "pair", "v": 2, "share": b64(bytes(32))}, UnknownVersion),
        ({"kind": "pair", "v": "1", "share": b64(bytes(32))}, BadMessage),
        ({"kind": "pair", "v": 1}, BadMessage),
        ({"kind": "pair", "v": 1, "share": b64(bytes(31))}, BadMessage),
        ({"kind": "pair", "v": 1, "share": "a" * 43}, BadMessage),
    ],
)
def test_a_share_that_is_none_is_refused(fields, expected):
    with pytest.raises(expected):
        read_share(fields)


def test_other_messages_are_no_share():
    assert read_share({"kind": "alert", "v": 1}) is None


# Whatever it is fed, a parser returns or refuses

CODE = str(PairingOffer(bytes(32), bytes(32), bytes(16), bytes(32), ("https://relay.example",), NOW).code).encode()
CARD = PairingOffer(bytes(32), bytes(32), bytes(16), bytes(32), ("https://relay.example",), NOW).card.encode()


@given(
    st.text()
    | st.text("TOCSIN:1C2ABCDEFGH 7").map(lambda rest: code.PAIR_PREFIX + rest)
    | mutated(CODE).map(lambda data: data.decode("latin-1"))
)
def test_codes(text):
    returns_or_refuses(lambda: read_pair_code(text))


@given(st.binary() | mutated(CARD))
def test_cards(data):
    returns_or_refuses(lambda: read_pair_card(data, card_hash(data), 0))


@given(st.dictionaries(st.sampled_from(["v", "kind", "share", "x"]), JSON | st.just("pair") | st.just(1)))
def test_shares(fields):
    returns_or_refuses(lambda: read_share(fields))


def test_an_unanswered_code_is_over_when_relays_have_forgotten_its_card():
    assert CODE_SECONDS == 35 * 86_400
