"""Only the relay that a push address was sealed for opens it; and only the contact itself changes it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import code
from keys.opening import open_envelope
from keys.pairing import (
    MacInput,
    PairingOffer,
    PairingSession,
    WakeChange,
    read_pair_card,
    read_wake,
    read_wake_change,
)
from keys.wake import WakeKey
from keys.wire import LETTER_BYTES, WAKE_BYTES, b64, unb64
from tests.keys.vectors import as_expected, load
from tests.support.parsers.any_input import JSON, returns_or_refuses

NOW = 1_795_168_800
NODE, PHONE = shutil.which("node"), Path(__file__).parents[2] / "client" / "phone"


def vectors(kind: str):
    found = [vector for vector in load("wake") if vector["what"] == kind]
    return pytest.mark.parametrize("vector", found, ids=[vector["name"] for vector in found])


@vectors("sealed")
def test_a_push_address_opens_or_is_refused(vector):
    with as_expected(vector):
        key = WakeKey(unb64(vector["seed"]))
        assert key.open(unb64(vector["sealed"]), vector["origins"]) == vector["endpoint"]


@vectors("text")
def test_a_wake_text_is_worth_something_or_nothing(vector):
    read = read_wake(vector["text"], tuple(vector["relays"]))
    assert (None if read is None else [*read]) == vector["wake"]


@vectors("letter")
def test_a_letter_that_changes_it_is_taken_or_refused(vector):
    half = {name: unb64(vector["half"][name]) for name in ("kem", "mailbox", "secret", "share")}
    own = PairingOffer(**half, relays=tuple(vector["half"]["relays"]), until=vector["half"]["until"])
    receiving = PairingSession(own, code.read_pair_code(vector["code"])).keys(unb64(vector["share"])).receiving
    opened = open_envelope(unb64(vector["envelope"]), [own.key], own.card.address)
    mac_input = MacInput(LETTER_BYTES, opened.salt, opened.header)
    with as_expected(vector):
        read = read_wake_change(opened.fields, receiving, own.card.address, mac_input, opened.body)
        assert read == WakeChange(vector["n"], vector["wake"])


@given(st.binary(max_size=WAKE_BYTES + 1) | st.binary(min_size=WAKE_BYTES, max_size=WAKE_BYTES))
def test_whatever_a_relay_is_given_it_opens_or_refuses(sealed):
    returns_or_refuses(lambda: WakeKey(bytes(32)).open(sealed, ("https://relay.example",)))


@given(st.none() | st.text() | st.from_regex(r"https://relay\.example [A-Za-z0-9_-]*", fullmatch=True))
def test_whatever_stands_on_a_card_a_sender_reads_it(text):
    read = read_wake(text, ("https://relay.example",))
    assert read is None or len(read.sealed) == 1_430


@given(st.dictionaries(st.sampled_from(["v", "kind", "n", "wake"]), JSON))
def test_whatever_a_contact_signs_is_read_or_refused(fields):
    from keys.pairing import wake_mac

    half = PairingOffer.new(("https://relay.example",), NOW, lambda length: b"\7" * length)
    mac_input, address = MacInput(LETTER_BYTES, bytes(32), b"{}"), half.card.address
    returns_or_refuses(
        lambda: read_wake_change(fields, bytes(32), address, mac_input, wake_mac(bytes(32), address, mac_input))
    )


@pytest.mark.process
@pytest.mark.skipif(
    NODE is None or not (PHONE / "node_modules").is_dir(), reason="node or client/phone/node_modules is missing"
)
def test_a_relay_opens_and_a_contact_believes_what_the_phone_sealed():
    relay, endpoint = "https://relay.example", "https://fcm.googleapis.com/fcm/send/abc:def"
    key, mine = WakeKey(os.urandom(32)), PairingOffer.new(("https://relay.example",), NOW, os.urandom)
    info = {"wake_key": b64(key.public), "vapid": b64(b"\4" + bytes(64)), "push_hosts": ["fcm.googleapis.com"]}
    asked = {
        "info": json.dumps(info),
        "relay": relay,
        "endpoint": endpoint,
        "code": str(mine.code),
        "card": mine.card.encode().decode(),
        "share": b64(mine.share),
        "now": NOW,
    }
    peer = Path(__file__).parent / "interop" / "wake.mjs"
    ended = subprocess.run(
        [str(NODE), peer], input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=True
    )
    peer_words = json.loads(ended.stdout)

    theirs = code.read_pair_code(peer_words["code"])
    card = read_pair_card(unb64(peer_words["card"]), theirs.card, NOW)
    wake = read_wake(peer_words["wake"], card.relays)
    assert wake is not None
    assert (wake.relay, key.open(unb64(wake.sealed), [relay])) == (relay, endpoint)
    keys = PairingSession(mine, theirs).keys(unb64(peer_words["share"]))
    assert b64(keys.receiving) == peer_words["key"]
    opened = open_envelope(unb64(peer_words["letter"]), [mine.key], mine.card.address)
    letter = MacInput(LETTER_BYTES, opened.salt, opened.header)
    change = read_wake_change(opened.fields, keys.receiving, mine.card.address, letter, opened.body)
    assert change == WakeChange(NOW, peer_words["wake"])
