"""Every parser of outside bytes either returns or raises an error of ours, whatever it is fed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.report import BadFact, from_words, sort_facts
from keys import code, keystore, message, note, organisation, receipt
from keys.address import relay_address
from keys.envelope import Address, frame, seal, unframe
from keys.errors import TocsinError
from keys.kem import PrivateKey
from keys.mailbox import check_collect
from keys.opening import open_envelope
from keys.wire import LETTER_BYTES, Purpose, b64, unb64
from tests.keys.vectors import load
from tests.support.parsers.any_input import JSON, mutated, returns_or_refuses

KEY = PrivateKey(bytes(range(32)))
ADDRESS = Address(Purpose.REPORT, bytes(32), bytes(32))


def good(name: str, field: str) -> bytes:
    vector = next(vector for vector in load(name) if vector["expect"] == "ok")
    text = vector[field]
    return unb64(text) if field in ("note", "card", "keystore") else text.encode()


NOTE, CARD, RECEIPT = good("note", "note"), good("card", "card"), good("receipt", "receipt")
COLLECT, CODE = good("mailbox", "body"), good("code", "code")


@given(st.binary() | mutated(NOTE))
def test_notes(data):
    returns_or_refuses(lambda: note.read(data))
    returns_or_refuses(lambda: note.verify(data, bytes(32), "tocsin/1/pack"))


@given(st.text())
def test_verifier_keys(text):
    returns_or_refuses(lambda: note.NoteKey.parse(text))


@given(st.binary() | mutated(CARD))
def test_cards(data):
    returns_or_refuses(lambda: organisation.read_card(data))


@given(JSON)
def test_cards_of_any_json(value):
    text = json.dumps(value)
    returns_or_refuses(lambda: organisation.read_card(f"tocsin/1/card\n{text}\n\n— x AAAAAAAA\n".encode()))


@given(st.binary() | mutated(RECEIPT))
def test_receipts(data):
    returns_or_refuses(lambda: receipt.read_receipt(data))


@given(
    st.text() | st.text("TOCSIN:1O2ABCDEFGH 7").map(lambda rest: "TOCSIN:1:O:" + rest) | mutated(CODE).map(bytes.hex)
)
def test_codes(text):
    returns_or_refuses(lambda: code.read_card_code(text))


@given(st.binary(min_size=33, max_size=120))
def test_codes_of_any_bytes(data):
    returns_or_refuses(lambda: code.read_card_code(code.CARD_PREFIX + code._base32(data)))


@given(st.binary() | mutated(COLLECT), st.text() | st.none())
def test_collect_requests(body, signature):
    returns_or_refuses(lambda: check_collect(body, signature, ("https://relay.example",), 1_795_168_800))


@given(st.binary(max_size=300))
def test_keystores(data):
    returns_or_refuses(lambda: keystore._parse(data, keystore.KeystoreKind.ROOT))
    returns_or_refuses(lambda: keystore._parse(keystore.MAGIC + data, keystore.KeystoreKind.ROOT))


@given(st.dictionaries(st.text(), JSON))
def test_headers_of_any_json(fields):
    returns_or_refuses(lambda: message.read(fields))
    returns_or_refuses(lambda: message.read({"v": 1, "kind": "report", **fields}))


@pytest.mark.parametrize("vector", [v for v in load("message") if v["expect"] == "ok"], ids=lambda v: v["name"])
@given(data=st.data())
def test_headers_with_one_field_replaced(vector, data):
    fields = dict(vector["header"])
    fields[data.draw(st.sampled_from(sorted(fields)))] = data.draw(JSON)
    returns_or_refuses(lambda: message.read(fields))


@given(st.binary() | st.binary(min_size=7055, max_size=7055))
def test_whatever_was_sealed(plaintext):
    from keys.envelope import HPKE, OVERHEAD_BYTES
    from keys.kem import public_key

    room = LETTER_BYTES - OVERHEAD_BYTES
    whole = plaintext[:room].ljust(room, b"\0")
    envelope = b"\x01" + HPKE.encrypt(whole, public_key(KEY.public), info=ADDRESS.info(LETTER_BYTES))
    returns_or_refuses(lambda: open_envelope(envelope, [KEY], ADDRESS))


@given(st.binary())
def test_envelopes_and_contents(data):
    returns_or_refuses(lambda: open_envelope(data, [KEY], ADDRESS))
    returns_or_refuses(lambda: unframe(data))


@given(st.text() | st.text("https:/.onion[]@?#%1aZ").map(lambda rest: "https://" + rest))
def test_addresses(text):
    returns_or_refuses(lambda: relay_address(text))


@given(
    st.sampled_from(["https://", "http://"]),
    st.from_regex(r"[a-zA-Z0-9.-]{1,20}(:[0-9]{1,4})?(/[a-z]*){0,3}", fullmatch=True),
)
def test_an_address_has_one_spelling(scheme, rest):
    try:
        once = relay_address(scheme + rest)
    except TocsinError:
        return
    assert relay_address(once) == once
    assert not once.endswith("/")


@given(st.binary())
def test_base64_has_one_spelling(data):
    assert unb64(b64(data)) == data


@given(st.text())
def test_base64_of_anything(text):
    try:
        assert b64(unb64(text)) == text
    except TocsinError:
        pass


@given(st.dictionaries(st.text(), JSON))
def test_what_a_letter_holds_comes_back(fields):
    header = message.msgspec.json.encode(fields) if not _has_nan(fields) else b"{}"
    if len(header) > 7000:
        return
    sealed = seal(header, b"body", key=KEY.public, address=ADDRESS, random_bytes=bytes)
    opened = open_envelope(sealed.envelope, [KEY], ADDRESS)
    assert (opened.header, opened.body, opened.commitment) == (header, b"body", sealed.commitment)
    assert unframe(frame(bytes(32), header, b"body")) == (bytes(32), header, b"body")


def _has_nan(value: object) -> bool:
    return any(word in json.dumps(value) for word in ("NaN", "Infinity"))


@given(st.dictionaries(st.text(), JSON))
def test_facts_are_sorted_and_none_is_lost(facts):
    fitting, other = sort_facts(facts)
    assert {**fitting, **other}.keys() == facts.keys()
    assert len(fitting) + len(other) == len(facts)


@given(
    st.lists(st.text() | st.tuples(st.sampled_from(["people", "place", "by", "detained_at"]), st.text()).map("=".join))
)
def test_words_become_facts_or_a_clear_error(pairs):
    try:
        from_words(pairs)
    except BadFact as error:
        assert error.code == "fact"
