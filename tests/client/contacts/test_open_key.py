"""Who holds a locked phone says to its contacts only what the owner allowed, and is shown as just that."""

import itertools
import json
import os

import msgspec
import pytest

from client.cli import contact as contact_command
from client.contacts.book import Contact, StoredAlert
from client.contacts.mail import take_letters
from client.contacts.permission import MoreThanAllowed
from client.transport.relay_client import Frame
from keys.message import contact_key
from keys.pairing import PairCard, PairingOffer, PairingSession, Progress, seal_alert
from keys.wire import b64
from tests.support.contacts.people import NOW, SOUTH, TEXT

CASE = b64(b"\1" * 16)
WORDS = "Выходите, всё хорошо, деньги отдайте Олегу"
PLACE = {"lat": 5_575_000, "lon": 3_761_000, "accuracy": 20, "age": 5}
TYPES = ("detained", "moved", "unsafe", "safe", "missed", "text")
PLACES = (None, PLACE, {**PLACE, "text": WORDS}, {"text": WORDS}, {"station": {"text": "ОВД", "phone": WORDS}}, WORDS)
# What the phone's four choices allow: nothing more, safe, place, everything.
CHOICES = (
    {"types": ["detained"], "place": False, "text": False},
    {"types": ["detained", "safe", "unsafe"], "place": False, "text": False},
    {"types": ["detained", "safe", "unsafe", "moved"], "place": True, "text": False},
    {"types": ["detained", "safe", "unsafe", "moved", "text"], "place": True, "text": True},
    None,
)


class Pair:
    """Boris, who reads, and what Anna's phone seals with: the pair's key in its vault, the open one beside it."""

    def __init__(self, permission: object) -> None:
        ours, theirs = (PairingOffer.new((SOUTH,), NOW, os.urandom) for _ in range(2))
        self.boris = Contact(label="Anna", half=ours, code=theirs.code, made=NOW, case=CASE, verified=True)
        self.boris.card, self.boris.progress = theirs.card.encode(), Progress(theirs.share)
        self.card: PairCard = ours.card
        self.sending = PairingSession(theirs, ours.code).keys(ours.share).sending
        phone = {name: os.urandom(32) for name in ("pin", "forced", "open")}
        self.keys = {name: contact_key(key, self.card.mailbox, CASE) for name, key in phone.items()}
        self.named = {name: b64(key) for name, key in self.keys.items()}
        self.prepared = self.seal(self.sending, type="detained", text=TEXT, keys=self.named, open=permission)

    def seal(self, key: bytes, **fields: object) -> Frame:
        head = {"v": 1, "kind": "alert", "id": b64(os.urandom(16)), "case": CASE, "seq": 7, "at": NOW, **fields}
        sealed = seal_alert(msgspec.json.encode(head), key, self.card, os.urandom)
        return Frame.of(sealed.envelope, sealed.commitment)

    def hear(self, *frames: Frame) -> list[StoredAlert]:
        return take_letters(self.boris, list(frames))

    def hear_open(self, **fields: object) -> list[StoredAlert]:
        return self.hear(self.seal(self.keys["open"], **fields))


@pytest.mark.parametrize("permission", CHOICES)
def test_contacts_see_only_what_was_allowed_of_every_type_place_text_and_mark(permission, capsys):
    pair = Pair(permission)
    pair.hear(pair.prepared)
    may = permission or {"types": [], "place": False, "text": False}
    for kind, place, text, marked in itertools.product(TYPES, PLACES, ("", WORDS), (False, True)):
        [alert] = pair.hear_open(type=kind, place=place, text=text, passed=marked, practice=marked)
        assert (alert.origin, alert.is_passed_on, alert.practice) == ("open", False, False)
        is_allowed = kind in may["types"]
        assert alert.type == (kind if is_allowed else "refused")
        assert alert.text == (text if is_allowed and may["text"] else "")
        if not (is_allowed and may["place"]):
            assert alert.place is None
        if not may["text"]:
            assert WORDS not in json.dumps(alert.place, ensure_ascii=False)
        assert alert.is_cut == (not is_allowed or (alert.text, alert.place) != (text, place))
        contact_command._show(alert, pair.boris, as_json=False)
        shown = capsys.readouterr().out
        assert "organisation" not in shown
        assert (WORDS in shown) <= (is_allowed and may["text"])
        assert (str(MoreThanAllowed()) in shown) == alert.is_cut


@pytest.mark.parametrize(
    "fields",
    [{"v": 2}, {"kind": "song"}, {"type": WORDS}, {"text": [WORDS]}, {"at": -1}, {"keys": WORDS}, {"open": WORDS}],
)
def test_a_header_that_is_no_alert_of_this_version_says_nothing_under_the_open_key(fields):
    pair = Pair(CHOICES[3])
    pair.hear(pair.prepared)
    [alert] = pair.hear_open(**{"type": "safe", "text": WORDS, **fields})
    assert (alert.type, alert.text, alert.case, alert.is_cut) == ("refused", "", CASE, True)


def test_the_open_key_widens_nothing():
    pair = Pair(CHOICES[1])
    pair.hear(pair.prepared)
    before = dict(pair.boris.cases)
    own = {name: b64(bytes([7]) * 32) for name in pair.named}
    pair.hear_open(type="safe", keys=own, open=CHOICES[3], at=NOW + 9)
    pair.hear_open(type="safe", keys=pair.named, open=CHOICES[3], at=NOW + 9)
    assert pair.boris.cases == before
    assert pair.hear(pair.seal(bytes([7]) * 32, type="safe", text=WORDS)) == []
    assert pair.hear_open(type="safe", case=b64(b"\2" * 16)) == [], "nor does it speak in another case"


def test_the_letter_sealed_in_advance_replayed_says_nothing_more():
    pair = Pair(CHOICES[3])
    fewer = pair.seal(pair.sending, type="detained", text=TEXT, keys=pair.named, open=CHOICES[0], at=NOW + 60)
    assert len(pair.hear(pair.prepared, fewer)) == 2
    pair.boris.marks.clear()  # as after more letters than are remembered
    pair.hear(pair.prepared)
    assert pair.boris.cases[CASE].open.types == ["detained"], "the newer one counts"


@pytest.mark.parametrize("shares", ["pin", "forced", "pin forced"])
def test_a_key_that_is_named_as_two_things_is_the_worse_one(shares):
    pair = Pair(CHOICES[3])
    named = {**pair.named, **dict.fromkeys(shares.split(), pair.named["open"])}
    pair.hear(pair.seal(pair.sending, type="detained", keys=named, open=CHOICES[3]))
    [alert] = pair.hear_open(type="safe")
    assert alert.origin == ("forced" if "forced" in shares else "open")


def test_a_trial_is_a_trial_only_when_the_letter_sealed_in_advance_was_one():
    pair = Pair(CHOICES[3])
    pair.hear(pair.seal(pair.sending, type="detained", keys=pair.named, open=CHOICES[3], practice=True))
    assert [alert.practice for alert in pair.hear_open(type="detained", practice=True)] == [True]
    assert [alert.practice for alert in pair.hear_open(type="detained")] == [False]


def test_of_what_was_refused_one_is_shown_for_each_case(pair):
    _, boris = pair
    stored = StoredAlert(label="Anna", id="1", case=CASE, type="refused", text="", at=0, origin="open", is_cut=True)
    again = msgspec.structs.replace(stored, id="2")
    other = msgspec.structs.replace(stored, id="3", case="another")
    safe = msgspec.structs.replace(stored, id="4", type="safe")
    assert boris.book.add_alerts([stored, again, other]) == [stored, other]
    assert boris.book.add_alerts([again, safe, safe]) == [safe, safe]
