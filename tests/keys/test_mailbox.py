"""Edges of collect requests that no vector shows."""

import msgspec
import pytest

from keys.mailbox import ACKS, WANT, MailboxKey, check_collect, mailbox_id
from keys.problems import BadRequest, NotYours, WrongClock
from keys.wire import b64, digest, domain, unb64

NOW = 1_795_168_800
HERE = "https://relay.example"
ORIGINS = (HERE, "http://" + "a" * 56 + ".onion")
KEY = MailboxKey(digest(b"mailbox"))
NONCE = bytes(16)


def check(origin: str = HERE, now: int = NOW, **asked):
    body, signature = KEY.collect(origin, at=NOW, nonce=NONCE, **asked)
    return check_collect(body, b64(signature), ORIGINS, now)


def resigned(**changed):
    """A request with fields that `collect` itself would not write, properly signed."""
    from nacl.signing import SigningKey

    fields = msgspec.json.decode(KEY.collect(HERE, at=NOW, nonce=NONCE)[0]) | changed
    body = msgspec.json.encode(fields)
    signature = SigningKey(KEY.seed).sign(domain("collect") + HERE.encode() + b"\0" + body).signature
    return check_collect(body, b64(signature), ORIGINS, NOW)


def test_a_mailbox_is_the_hash_of_its_key():
    assert KEY.id == mailbox_id(KEY.public) == digest(b"tocsin/1/mailbox\0", KEY.public)
    assert check().mailbox == KEY.id


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_a_clock_may_be_five_minutes_off(off):
    assert check(now=NOW + off)


@pytest.mark.parametrize("off", [-301, 301])
def test_and_not_a_second_more(off):
    with pytest.raises(WrongClock):
        check(now=NOW + off)


def test_a_request_counts_for_each_origin_the_relay_has_and_for_no_other():
    assert all(check(origin) for origin in ORIGINS)
    with pytest.raises(NotYours):
        check("https://other.example")


def test_a_wrong_signature_comes_before_a_wrong_clock():
    body, _ = KEY.collect(HERE, at=0, nonce=NONCE)
    with pytest.raises(NotYours):
        check_collect(body, b64(bytes(64)), ORIGINS, NOW)
    with pytest.raises(NotYours):
        check_collect(body, None, ORIGINS, NOW)


def test_a_signature_has_64_bytes():
    body, signature = KEY.collect(HERE, at=NOW, nonce=NONCE)
    for changed in (signature[:-1], signature + b"\0", signature + body):
        with pytest.raises(NotYours):
            check_collect(body, b64(changed), ORIGINS, NOW)


def test_what_is_asked_is_cut_to_what_is_allowed():
    asked = check(want=100_000, wait=100_000)
    assert (asked.want, asked.wait) == (256, 50)
    asked = check(want=0, wait=0)
    assert (asked.want, asked.wait) == (0, 0)


def test_what_is_asked_arrives():
    hashes = [digest(b"one"), digest(b"two")]
    asked = check(ack=hashes, want=7, wait=9, cover=True, commits=True, receipts=True)
    assert (asked.ack, asked.nonce) == (tuple(hashes), NONCE)
    assert (asked.want, asked.wait, asked.cover, asked.commits, asked.receipts) == (7, 9, True, True, True)
    asked = check()
    assert (asked.ack, asked.want, asked.wait, asked.cover, asked.commits) == ((), WANT, 0, False, False)
    assert asked.receipts is False


def test_a_thousand_acknowledgements_and_no_more():
    assert len(check(ack=[digest(b"x")] * ACKS).ack) == ACKS
    with pytest.raises(BadRequest):
        check(ack=[digest(b"x")] * (ACKS + 1))


@pytest.mark.parametrize(
    "changed",
    [
        {"want": -1},
        {"wait": -1},
        {"nonce": b64(bytes(15))},
        {"nonce": b64(bytes(17))},
        {"ack": [b64(bytes(31))]},
        {"ack": [b64(bytes(33))]},
        {"key": b64(KEY.public + b"\0")},
        {"key": ""},
        {"cover": 1},
        {"at": NOW + 0.5},
    ],
)
def test_a_field_that_does_not_fit_is_named_and_never_quoted(changed):
    with pytest.raises(BadRequest) as caught:
        resigned(**changed)
    assert not any(str(value) in caught.value.detail for value in changed.values() if isinstance(value, str) and value)


def test_a_field_of_a_newer_version_is_passed_over():
    assert resigned(colour="red").want == WANT


def test_what_is_no_json_is_refused_without_its_words():
    with pytest.raises(BadRequest) as caught:
        check_collect(b'"secret', b64(bytes(64)), ORIGINS, NOW)
    assert caught.value.detail == "not the JSON of a collect request"


def test_a_new_key_comes_from_chance():
    assert MailboxKey.new(lambda length: digest(b"chance")[:length]).seed == digest(b"chance")
    assert unb64(b64(KEY.public)) == KEY.public
