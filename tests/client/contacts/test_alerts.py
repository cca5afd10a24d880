"""An alert arrives once, says what was written, and only who may sign it is believed."""

import json
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.cli import contact as contact_command
from client.cli.contact import where
from client.contacts.book import Contact, ContactSecrets
from client.contacts.mail import take_letters
from client.transport.relay_client import Frame
from keys import message
from keys.pairing import PairCard, PairingOffer, PairingSession, PairKeys, Progress, seal_alert
from keys.wire import b64
from tests.support.contacts.people import EAST, NORTH, NOW, SOUTH, TEXT, FolderOwner
from tests.support.fake_relay import Post
from tests.support.parsers.any_input import JSON

CASE = b64(bytes(16))

# Alerts


def test_an_alert_arrives_once_with_what_was_written(pair):
    anna, boris = pair
    outcome = anna.alert("Борис")
    assert outcome.pending == 0
    assert len(outcome.receipts) == 2
    assert [alert.label for alert in boris.sync().alerts] == ["Anna"]
    assert boris.sync().alerts == []
    [stored] = boris.book.secrets.alerts
    assert (stored.type, stored.text, stored.at, stored.is_cut, stored.origin) == ("detained", TEXT, NOW, False, "pair")
    boris.alert("Anna", "safe", "Понял")
    anna.sync()
    assert anna.received == [("Борис", "safe", "Понял")]


def test_the_numbers_of_a_contacts_alerts_rise(pair, post):
    anna, _ = pair
    anna.alert("Борис")
    anna.reopen()
    anna.alert("Борис", "safe")
    assert anna.book.find("Борис").seq == 2


def test_without_a_network_an_alert_waits_sealed_and_leaves_later(pair, post):
    anna, boris = pair
    post.down = {NORTH, SOUTH, EAST}
    assert anna.alert("Борис").pending == 1
    disk = b"".join(path.read_bytes() for path in anna.folder.iterdir() if path.is_file())
    assert TEXT.encode() not in disk
    post.down = set()
    anna.sync()
    assert [alert.text for alert in boris.sync().alerts] == [TEXT]


def test_who_holds_the_senders_folder_cannot_fetch_or_open_what_was_sent(pair, post):
    anna, _ = pair
    anna.alert("Борис")
    letter = post.deposited[-1]
    ours = anna.book.find("Борис")
    boxes = {ours.half.mailbox_key.id} | {ours.meeting.door(mine=mine).mailbox.id for mine in (True, False)}
    assert letter.mailbox not in boxes
    assert letter.mailbox == ours.other(NOW).mailbox


def lay_alert(post: Post, anna: FolderOwner, *, key: bytes | None = None, **more: object) -> None:
    """Seal an alert of Anna's as a phone would, and put it into Boris's mailbox."""
    ours = anna.book.find("Борис")
    fields = {"id": b64(os.urandom(16)), "case": b64(bytes(16)), "seq": 0, "at": NOW, "type": "detained", "text": TEXT}
    header = msgspec.json.encode({"v": 1, "kind": "alert", **fields, **more})
    post.lay(EAST, seal_alert(header, key or ours.keys.sending, ours.other(NOW), os.urandom))


def case_keys(anna: FolderOwner, case: str = CASE) -> dict[str, bytes]:
    mailbox = anna.book.find("Борис").other(NOW).mailbox
    return {name: message.contact_key(os.urandom(32), mailbox, case) for name in ("pin", "forced", "open")}


def named(keys: dict[str, bytes]) -> dict[str, str]:
    return {name: b64(key) for name, key in keys.items()}


def test_an_alert_says_whose_key_it_is_authentic_by(pair, post, capsys):
    anna, boris = pair
    keys = case_keys(anna)
    lay_alert(post, anna, keys=named(keys), open={"types": ["safe"], "place": False, "text": False})
    for key in keys.values():
        lay_alert(post, anna, key=key, text="", type="safe")
    boris.sync()
    alerts = boris.book.secrets.alerts
    assert sorted(stored.origin for stored in alerts) == ["forced", "open", "pair", "pin"]
    for stored in alerts:
        contact_command._show(stored, boris.book.find("Anna"), as_json=False)
    shown = capsys.readouterr().out
    assert "safe, said with the PIN" in shown
    assert "safe  !! said under force" in shown
    assert "safe  !! said by whoever holds their phone" in shown


def test_a_letter_signed_by_a_key_of_the_case_waits_for_the_letter_that_brings_it(pair, post):
    anna, boris = pair
    keys = case_keys(anna)
    lay_alert(post, anna, key=keys["pin"], text="место", place={"text": "ОВД"})
    assert boris.sync().alerts == []
    lay_alert(post, anna, keys=named(keys))
    assert [(stored.text, stored.origin, stored.place) for stored in boris.sync().alerts] == [
        (TEXT, "pair", None),
        ("место", "pin", {"text": "ОВД"}),
    ]
    lay_alert(post, anna, key=keys["pin"], text="чужое", case=b64(b"\1" * 16))
    assert boris.sync().alerts == [], "the key of one case signs no other"


@pytest.mark.parametrize("name", ["pin", "forced", "open"])
def test_who_holds_a_cases_key_cannot_speak_for_an_organisation(pair, post, capsys, name):
    anna, boris = pair
    keys, types = case_keys(anna), ["text", "safe", "moved", "detained"]
    lay_alert(post, anna, keys=named(keys), open={"types": types, "place": True, "text": True})
    lay_alert(post, anna, text="адвокат едет", type="text", passed=True)
    for seq, kind in enumerate(types):
        lay_alert(post, anna, key=keys[name], text="выйдите из дома", type=kind, seq=seq, passed=True)
    boris.sync()
    alerts = boris.book.secrets.alerts
    assert len(alerts) == 6
    assert {stored.text for stored in alerts if stored.is_passed_on} == {"адвокат едет"}
    for stored in alerts:
        contact_command._show(stored, boris.book.find("Anna"), as_json=True)
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {fields["text"] for fields in shown if fields["passed"]} == {"адвокат едет"}


@pytest.mark.parametrize("name", ["pin", "forced", "open"])
def test_keys_brought_by_a_key_of_the_case_are_not_taken(pair, post, name):
    """A thief of the open kit has a case's key, and must not be able to make it last."""
    anna, boris = pair
    keys, own = case_keys(anna), case_keys(anna)
    permission = {"types": ["detained"], "place": False, "text": True}
    lay_alert(post, anna, keys=named(keys), open=permission)
    lay_alert(post, anna, key=keys[name], text="thief", keys=named(own), at=NOW + 9)
    for forged in own.values():
        lay_alert(post, anna, key=forged, text="forged")
    boris.sync()
    assert {stored.text for stored in boris.book.secrets.alerts} == {TEXT, "thief"}


def test_a_folder_of_before_is_read_with_the_origins_of_now(pair, post):
    anna, boris = pair
    lay_alert(post, anna)
    boris.sync()
    book = boris.book
    [stored] = book.secrets.alerts
    olds = [stored, *(msgspec.structs.replace(stored, origin="case", duress=duress) for duress in (False, True))]
    book.secrets.alerts = olds
    fields = msgspec.to_builtins(book.secrets)
    fields["contacts"][0] = {**fields["contacts"][0], "case_keys": {CASE: b64(bytes(32))}}
    book.keystore.save(msgspec.json.encode(fields))
    boris.reopen()
    assert [alert.origin for alert in boris.book.secrets.alerts] == ["pair", "open", "forced"]
    assert boris.book.find("Anna").cases == {}


def test_an_authentic_word_that_this_version_does_not_know_is_kept(pair, post):
    anna, boris = pair
    ours = anna.book.find("Борис")
    header = b'{"v":1,"kind":"song","words":"new"}'
    post.lay(EAST, seal_alert(header, ours.keys.sending, ours.other(NOW), os.urandom))
    [stored] = boris.sync().alerts
    assert (stored.type, stored.text) == ("unknown", header.decode())


@pytest.fixture(scope="module")
def two_contacts() -> tuple[Contact, PairCard, PairKeys]:
    """A contact of ours whose pairing is finished, and what the other side seals with."""
    ours, theirs = (PairingOffer.new((SOUTH,), NOW, os.urandom) for _ in range(2))
    contact = Contact(label="Борис", half=ours, code=theirs.code, made=NOW, case=b64(bytes(16)))
    contact.card, contact.progress = theirs.card.encode(), Progress(theirs.share)
    return contact, ours.card, PairingSession(theirs, ours.code).keys(ours.share)


@given(
    st.dictionaries(
        st.sampled_from(
            ["v", "kind", "id", "case", "seq", "at", "type", "text", "place", "keys", "open", "share", "x"]
        ),
        JSON | st.sampled_from([1, "alert", "pair", "text", b64(bytes(16)), b64(bytes(32))]),
    )
)
def test_whatever_a_contact_signs_is_kept_and_breaks_nothing(two_contacts, fields):
    contact, card, keys = two_contacts
    try:
        header = msgspec.json.encode(fields)
        sealed = seal_alert(header, keys.sending, card, os.urandom)
        heard = take_letters(contact, [Frame.of(sealed.envelope, sealed.commitment)])
    except UnicodeEncodeError:
        return  # a lone surrogate is no JSON that anybody can write
    again = msgspec.json.decode(
        msgspec.json.encode(ContactSecrets(contacts=[contact], alerts=heard)), type=ContactSecrets
    )
    assert [stored.text for stored in again.alerts] == [stored.text for stored in heard]
    assert len(heard) == (fields.get("kind") != "pair")
    contact.aside = []


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            {"text": "у метро", "lat": 5_575_580, "lon": 3_761_730, "accuracy": 30, "age": 4},
            "у метро, 55.75580, 37.61730",
        ),
        ({"station": {"id": "7", "text": "ОВД Тверской"}, "stage": "station"}, "ОВД Тверской, station"),
        ({"lat": "x", "lon": [], "station": 3, "later": {"a": 1}}, '{"later": {"a": 1}}'),
        ({}, "unknown"),
        ("здесь", '"здесь"'),
        ([1, None], "[1, null]"),
    ],
)
def test_a_place_is_said_in_words(place, words):
    assert where(place).startswith(words)


@given(JSON)
def test_whatever_a_place_is_it_can_be_shown(place):
    assert isinstance(where(place), str)
