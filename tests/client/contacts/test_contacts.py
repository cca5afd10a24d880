"""Two people's folders and the relays between them, honest and not."""

import json
import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.cli import contact as contact_command
from client.cli.contact import where
from client.contacts import book as contacts_book
from client.contacts.book import (
    BadLabel,
    Book,
    Contact,
    KnownCode,
    LabelTaken,
    NoContacts,
    NoOffer,
    NoRelays,
    NotPaired,
    PairExpired,
    Secrets,
    UnknownContact,
    create,
    unlock_book,
)
from client.contacts.mail import take_letters
from client.contacts.qr_image import BadPicture, NoCodeInPicture, read_picture
from client.contacts.sync import AGAIN_SECONDS, Sync, Tally, Words
from client.outbox.store import Spool
from client.transport.relay_client import Frame
from keys import code, message
from keys.envelope import frame, seal, seal_content
from keys.errors import BadAddress, KeystoreCut, WrongPassphrase
from keys.keystore import Cost
from keys.message import Alert
from keys.opening import open_envelope
from keys.pairing import (
    CANDIDATES,
    CARD_SECONDS,
    CODE_SECONDS,
    Half,
    Meeting,
    OwnCode,
    PairCard,
    PairKeys,
    Progress,
    Said,
    case_key,
    seal_alert,
    wake_mac,
)
from keys.wire import DAY_SECONDS, LETTER_BYTES, WAKE_BYTES, b64, unb64
from tests.keys.test_properties import JSON
from tests.support.fake_relay import Post, noise
from tests.support.soak import at_length

QUICK = Cost(1, 8 * 1024)
NOW = 1_795_168_800
NORTH, SOUTH, EAST = "https://north.example", "https://south.example", "https://east.example"
TEXT = "Меня задержали у метро"


@dataclass
class Person:
    """Somebody with a folder; every command reads it from the disk and writes it back, as the shell's do."""

    folder: Path
    post: Post
    relays: tuple[str, ...] = (NORTH, SOUTH)
    now: int = NOW
    book: Book = field(init=False)

    def __post_init__(self) -> None:
        self.book = create(self.folder, "words", os.urandom, cost=QUICK)
        self.book.renew_offer(self.relays, self.now, os.urandom)
        self.book.save()

    def reopen(self) -> None:
        """What was not saved is gone."""
        self.book = unlock_book(self.folder, "words")

    @property
    def code(self) -> str:
        return str(self.book.code_to_show(None, self.now)[1])

    def scan(self, text: str, label: str, *, seen: bool = True):
        made = self.book.meet(code.read_pair_code(text), label, self.now, os.urandom, seen=seen)
        self.book.save()
        return made

    def sync(self) -> Tally:
        self.reopen()
        with Spool(self.folder) as spool:
            tally = Sync(self.book, spool, self.post, clock=lambda: self.now).run()
        self.reopen()
        return tally

    def alert(self, label: str, kind: str = "detained", text: str = TEXT):
        with Spool(self.folder) as spool:
            return Sync(self.book, spool, self.post, clock=lambda: self.now).alert(label, Words(kind, text))

    def state(self, label: str) -> str:
        return self.book.find(label).state(self.now)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(one.label, one.type, one.text) for one in self.book.secrets.alerts]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def anna(tmp_path, post) -> Person:
    return Person(tmp_path / "anna", post)


@pytest.fixture
def boris(tmp_path, post) -> Person:
    return Person(tmp_path / "boris", post, (SOUTH, EAST))


def scan_each_other(anna: Person, boris: Person) -> None:
    to_boris, to_anna = anna.code, boris.code
    anna.scan(to_anna, "Борис")
    boris.scan(to_boris, "Anna")


def make_pair(anna: Person, boris: Person) -> None:
    scan_each_other(anna, boris)
    for _ in range(3):
        anna.sync()
        boris.sync()
    assert (anna.state("Борис"), boris.state("Anna")) == ("paired", "paired")


@pytest.fixture
def pair(anna, boris) -> tuple[Person, Person]:
    make_pair(anna, boris)
    return anna, boris


# Pairing


@pytest.mark.parametrize("order", ["ababab", "bababa", "aabbaabba", "bbaaabab"])
def test_a_pairing_finishes_by_itself_whoever_comes_first(anna, boris, order):
    scan_each_other(anna, boris)
    for who in order:
        {"a": anna, "b": boris}[who].sync()
    assert (anna.state("Борис"), boris.state("Anna")) == ("paired", "paired")
    ours, theirs = anna.book.find("Борис"), boris.book.find("Anna")
    assert ours.keys.sending == theirs.keys.receiving
    assert ours.meeting.digits == theirs.meeting.digits


def test_one_may_sync_for_days_before_the_other_has_scanned(anna, boris):
    to_boris, to_anna = anna.code, boris.code
    anna.scan(to_anna, "Борис")
    for day in range(5):
        anna.now = NOW + day * DAY_SECONDS
        anna.sync()
    boris.now = anna.now
    boris.scan(to_boris, "Anna")
    for who in (boris, anna, boris, anna):
        who.sync()
    assert (anna.state("Борис"), boris.state("Anna")) == ("paired", "paired")


def test_a_finished_pairing_has_nothing_more_to_say(pair, post):
    anna, boris = pair
    sent = len(post.deposited)
    for _ in range(3):
        anna.now = boris.now = anna.now + AGAIN_SECONDS
        assert (anna.sync().paired, boris.sync().paired) == ([], [])
    assert len(post.deposited) == sent


def test_a_pairing_finishes_over_the_one_relay_that_lives(anna, boris, post):
    post.down = {NORTH, EAST}
    make_pair(anna, boris)
    assert NORTH in anna.sync().failures


def test_two_people_who_know_no_relay_in_common_meet_all_the_same(tmp_path, post):
    anna, boris = Person(tmp_path / "a", post, (NORTH,)), Person(tmp_path / "b", post, (EAST,))
    make_pair(anna, boris)
    assert anna.alert("Борис").receipts[0][0] == EAST


def test_each_contact_gets_keys_and_mailboxes_of_their_own(tmp_path, anna, boris, post):
    clara = Person(tmp_path / "clara", post)
    make_pair(anna, boris)
    to_clara = str(anna.scan(clara.code, "Clara").half.code)
    clara.scan(to_clara, "Anna")
    for _ in range(3):
        anna.sync()
        clara.sync()
    assert clara.state("Anna") == "paired"
    one, other = anna.book.find("Борис").half, anna.book.find("Clara").half
    for name in ("kem", "mailbox", "secret", "share"):
        assert getattr(one, name) != getattr(other, name)
    assert one.mailbox_key.id != other.mailbox_key.id


STEPS = st.lists(
    st.sampled_from(["anna", "boris", "drop", "keep", "replay", "noise", "down", "up", "day"]), max_size=14
)


@settings(max_examples=at_length(15, 200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_relays_do_on_the_way_a_pairing_ends_right_once_they_are_honest(steps):
    post = Post()
    with tempfile.TemporaryDirectory() as name:
        anna, boris = Person(Path(name) / "anna", post), Person(Path(name) / "boris", post, (SOUTH, EAST))
        scan_each_other(anna, boris)
        for step in steps:
            _step(step, anna, boris, post)
        post.drops = post.replays = False
        post.down = set()
        for _ in range(4):
            anna.now = boris.now = anna.now + AGAIN_SECONDS
            anna.sync()
            boris.sync()
        ours, theirs = anna.book.find("Борис"), boris.book.find("Anna")
        assert ours.keys == replace(theirs.keys, sending=theirs.keys.receiving, receiving=theirs.keys.sending), (
            "both have the same pair"
        )
        assert not ours.swapped
        assert not theirs.swapped


def _step(step: str, anna: Person, boris: Person, post: Post) -> None:
    if step in ("anna", "boris"):
        {"anna": anna, "boris": boris}[step].sync()
    elif step == "day":
        anna.now = boris.now = anna.now + AGAIN_SECONDS
    elif step == "noise":
        for who, label in ((anna, "Борис"), (boris, "Anna")):
            contact = who.book.find(label)
            post.lay(SOUTH, noise(contact.half.mailbox_key.id))
            post.lay(SOUTH, noise(contact.meeting.door(mine=True).mailbox.id))
    elif step in ("down", "up"):
        post.down = {SOUTH} if step == "down" else set()
    else:
        post.drops, post.replays = step == "drop", step == "replay"


# Alerts


def test_an_alert_arrives_once_with_what_was_written(pair):
    anna, boris = pair
    outcome = anna.alert("Борис")
    assert outcome.pending == 0
    assert len(outcome.receipts) == 2
    assert [alert.label for alert in boris.sync().alerts] == ["Anna"]
    assert boris.sync().alerts == []
    [said] = boris.book.secrets.alerts
    assert (said.type, said.text, said.at, said.duress, said.origin) == ("detained", TEXT, NOW, False, "pair")
    boris.alert("Anna", "safe", "Понял")
    anna.sync()
    assert anna.told == [("Борис", "safe", "Понял")]


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
    kept = b"".join(path.read_bytes() for path in anna.folder.iterdir() if path.is_file())
    assert TEXT.encode() not in kept
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


def lay_alert(post: Post, anna: Person, *, key: bytes | None = None, duress: bool = False, **more: object) -> None:
    """Seal an alert of Anna's as a phone would, and put it into Boris's mailbox."""
    ours = anna.book.find("Борис")
    fields = {"id": b64(os.urandom(16)), "case": b64(bytes(16)), "seq": 0, "at": NOW, "type": "detained", "text": TEXT}
    said = Alert(**{name: more.pop(name, value) for name, value in fields.items()})
    header = message.header(said, more)
    sealed = seal_alert(header, key or ours.keys.sending, ours.other(NOW), os.urandom, duress=duress)
    post.lay(EAST, sealed)


def test_an_alert_under_duress_says_so_to_its_reader_alone(pair, post):
    anna, boris = pair
    lay_alert(post, anna, duress=True)
    lay_alert(post, anna, text="сама", practice=True)
    boris.sync()
    assert {(said.text, said.duress, said.practice) for said in boris.book.secrets.alerts} == {
        (TEXT, True, False),
        ("сама", False, True),
    }


def test_a_letter_signed_by_the_cases_key_waits_for_the_letter_that_brings_it(pair, post):
    anna, boris = pair
    theirs = anna.book.find("Борис").other(NOW)
    key = case_key(os.urandom(32), theirs.key)
    lay_alert(post, anna, key=key, text="место", place={"text": "ОВД"})
    assert boris.sync().alerts == []
    lay_alert(post, anna, case_key=b64(key))
    assert [(said.text, said.origin, said.place) for said in boris.sync().alerts] == [
        (TEXT, "pair", None),
        ("место", "case", {"text": "ОВД"}),
    ]
    lay_alert(post, anna, key=key, text="чужое", case=b64(b"\1" * 16))
    assert boris.sync().alerts == [], "the key of one case signs no other"


def test_who_holds_a_cases_key_cannot_speak_for_an_organisation(pair, post, capsys):
    anna, boris = pair
    key = case_key(os.urandom(32), anna.book.find("Борис").other(NOW).key)
    lay_alert(post, anna, case_key=b64(key))
    lay_alert(post, anna, text="адвокат едет", type="text", passed=True)
    for seq, kind in enumerate(("text", "safe", "moved", "detained")):
        lay_alert(post, anna, key=key, text="выйдите из дома", type=kind, seq=seq, passed=True)
    boris.sync()
    alerts = boris.book.secrets.alerts
    assert len(alerts) == 6
    assert {said.text for said in alerts if said.is_passed_on} == {"адвокат едет"}
    for said in alerts:
        contact_command._show(said, boris.book.find("Anna"), as_json=True)
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {fields["text"] for fields in shown if fields["passed"]} == {"адвокат едет"}


def test_a_key_brought_by_a_cases_letter_is_not_taken(pair, post):
    """A thief of the unlocked kit has the case's key, and must not be able to make it last."""
    anna, boris = pair
    theirs = anna.book.find("Борис").other(NOW)
    key, own = case_key(os.urandom(32), theirs.key), os.urandom(32)
    lay_alert(post, anna, case_key=b64(key))
    lay_alert(post, anna, key=key, text="thief", case_key=b64(own))
    lay_alert(post, anna, key=own, text="forged")
    boris.sync()
    assert {said.text for said in boris.book.secrets.alerts} == {TEXT, "thief"}


def test_an_authentic_word_that_this_version_does_not_know_is_kept(pair, post):
    anna, boris = pair
    ours = anna.book.find("Борис")
    header = b'{"v":1,"kind":"song","words":"new"}'
    post.lay(EAST, seal_alert(header, ours.keys.sending, ours.other(NOW), os.urandom))
    [said] = boris.sync().alerts
    assert (said.type, said.text) == ("unknown", header.decode())


@pytest.fixture(scope="module")
def two_contacts() -> tuple[Contact, PairCard, PairKeys]:
    """A contact of ours whose pairing is finished, and what the other side seals with."""
    ours, theirs = (Half.new((SOUTH,), NOW, os.urandom) for _ in range(2))
    contact = Contact(label="Борис", half=ours, code=theirs.code, made=NOW, case=b64(bytes(16)))
    contact.card, contact.progress = theirs.card.encode(), Progress(theirs.share)
    return contact, ours.card, Meeting(theirs, ours.code).keys(ours.share)


@given(
    st.dictionaries(
        st.sampled_from(["v", "kind", "id", "case", "seq", "at", "type", "text", "place", "case_key", "share", "x"]),
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
    again = msgspec.json.decode(msgspec.json.encode(Secrets(contacts=[contact], alerts=heard)), type=Secrets)
    assert [one.text for one in again.alerts] == [one.text for one in heard]
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


# Ringing


SEALED = b64(b"s" * WAKE_BYTES)
OTHER = b64(b"o" * WAKE_BYTES)


def let_ring(person: Person, wake: str) -> None:
    """As a phone that put its push address on the card."""
    offer = person.book.secrets.offer
    person.book.secrets.offer = msgspec.structs.replace(offer, half=replace(offer.half, wake=wake))
    person.book.save()


def lay_wake(post: Post, boris: Person, number: int, wake: str | None, *, key: bytes | None = None) -> None:
    """What Boris's phone says after the pairing."""
    ours = boris.book.find("Anna")
    header = msgspec.json.encode({"v": 1, "kind": "pair-wake", "n": number, "wake": wake})
    said, card = Said(LETTER_BYTES, os.urandom(32), header), ours.other(NOW)
    body = wake_mac(key or ours.keys.sending, card.address, said)
    post.lay(NORTH, seal_content(frame(said.salt, header, body), key=card.key, address=card.address))


def rung(anna: Person, post: Post) -> list[tuple[str, str | None]]:
    """What each relay was given with Anna's next alert."""
    post.wakes.clear()
    anna.alert("Борис")
    return post.wakes


@pytest.mark.parametrize("relay", [SOUTH, EAST])
def test_an_alert_goes_first_to_the_relay_that_can_ring_and_only_there_with_the_address(anna, boris, post, relay):
    let_ring(boris, f"{relay} {SEALED}")
    make_pair(anna, boris)
    assert {wake for _, wake in post.wakes} == {None}, "nothing rings before there is an alert"
    for _ in range(6):
        first, second = rung(anna, post)
        assert (first, second[1]) == ((relay, SEALED), None)


def test_a_wake_that_cannot_be_read_or_names_another_relay_breaks_nothing(anna, boris, post):
    for wake in ("c2VhbGVk", f"{NORTH} {SEALED}"):
        let_ring(boris, wake)
        assert boris.book.secrets.offer.half.wake == wake
    make_pair(anna, boris)
    assert {wake for _, wake in rung(anna, post)} == {None}


def test_a_contact_turns_it_on_and_off_after_the_pairing_and_an_older_word_changes_nothing(pair, post):
    anna, boris = pair
    assert {wake for _, wake in rung(anna, post)} == {None}
    for number, wake, expected in (
        (5, f"{EAST} {SEALED}", SEALED),
        (7, f"{EAST} {OTHER}", OTHER),
        (6, f"{EAST} {SEALED}", OTHER),
        (7, None, OTHER),
        (8, None, None),
    ):
        lay_wake(post, boris, number, wake)
        assert anna.sync().alerts == []
        assert dict(rung(anna, post))[EAST] == expected


def test_nobody_but_the_contact_changes_how_they_are_rung(pair, post):
    anna, boris = pair
    lay_wake(post, boris, 1, f"{EAST} {SEALED}")
    anna.sync()
    ours = boris.book.find("Anna")
    for key in (ours.keys.receiving, case_key(bytes(32), ours.other(NOW).key), os.urandom(32)):
        lay_wake(post, boris, 9, None, key=key)
    anna.sync()
    assert dict(rung(anna, post))[EAST] == SEALED
    assert len(anna.book.find("Борис").aside) == 3


def test_a_word_of_a_newer_version_leaves_what_counted(pair, post):
    anna, boris = pair
    lay_wake(post, boris, 1, f"{EAST} {SEALED}")
    anna.sync()
    ours = boris.book.find("Anna")
    for header in (b'{"v":2,"kind":"pair-wake","n":9,"wake":null}', b'{"v":1,"kind":"pair-wake","n":9}'):
        said, card = Said(LETTER_BYTES, os.urandom(32), header), ours.other(NOW)
        body = wake_mac(ours.keys.sending, card.address, said)
        post.lay(NORTH, seal_content(frame(said.salt, header, body), key=card.key, address=card.address))
    assert anna.sync().alerts == []
    assert dict(rung(anna, post))[EAST] == SEALED
    assert anna.book.find("Борис").aside == []


def test_an_alert_that_waited_for_a_network_rings_when_it_leaves(anna, boris, post):
    let_ring(boris, f"{EAST} {SEALED}")
    make_pair(anna, boris)
    post.down = {SOUTH, EAST}
    assert anna.alert("Борис").pending == 1
    post.down, post.wakes = set(), []
    anna.sync()
    assert (EAST, SEALED) in post.wakes


def test_what_waits_for_a_contact_can_be_withdrawn_and_nothing_else_is(tmp_path, pair, post):
    anna, _ = pair
    clara = Person(tmp_path / "clara", post)
    anna.book.renew_offer((NORTH,), NOW, os.urandom)
    to_clara = str(anna.scan(clara.code, "Clara").half.code)
    clara.scan(to_clara, "Anna")
    post.down = {NORTH, SOUTH, EAST}
    anna.alert("Борис")
    anna.sync()  # the card for Clara waits now, too
    with Spool(anna.folder) as spool:
        assert len(spool.hashes()) == 2
        assert spool.withdraw(anna.book.find("Борис").mailboxes) == 1
        [left] = spool.hashes()
        assert spool.get(left).sealed.mailbox == anna.book.find("Clara").meeting.door(mine=False).mailbox.id
        assert spool.withdraw(anna.book.find("Clara").mailboxes) == 1
        assert spool.hashes() == []


def test_an_expired_contact_can_still_be_withdrawn_from(pair):
    anna, _ = pair
    ours = anna.book.find("Борис")
    assert ours.other(NOW).mailbox in ours.mailboxes
    anna.now = NOW + 2 * CARD_SECONDS
    assert len(ours.mailboxes) == 2


# Who filmed both screens, and relays that lie


@pytest.fixture
def film(anna, boris):
    """Both codes, read off two screens; everything that follows from them alone."""
    codes = [code.read_pair_code(text) for text in (anna.code, boris.code)]
    scan_each_other(anna, boris)
    return codes


def seen_by(film, side: int) -> Meeting:
    """What the film's owner can work out for one side: T, k0 and the doors, with a share of their own."""
    whole = Half.new((SOUTH,), NOW, os.urandom)
    half = replace(whole, secret=film[side].secret, relays=film[side].relays)
    half.__dict__["code"] = film[side]
    return Meeting(half, film[1 - side])


def test_a_swapped_card_is_refused_and_the_true_one_still_counts(film, anna, boris, post):
    for side in (0, 1):
        thief = seen_by(film, side)
        door = thief.door(mine=False)
        for relay in (NORTH, SOUTH, EAST):
            post.lay(
                relay, seal(thief.half.card.encode(), b"", key=door.key.public, address=door.address, chance=os.urandom)
            )
    codes = [[trouble.code for _, trouble in who.sync().troubles] for who in (anna, boris)]
    assert codes == [["pair-card-swapped"], ["pair-card-swapped"]]
    for _ in range(2):
        anna.sync()
        boris.sync()
    assert anna.book.find("Борис").swapped
    assert anna.state("Борис") == boris.state("Anna") == "paired"
    assert anna.book.find("Борис").card == boris.book.find("Anna").half.card.encode()


def cards_of(film, post: Post) -> list[PairCard]:
    """The film opens the doors, so it reads both cards: public keys and mailboxes."""
    found = []
    for side in (0, 1):
        door = seen_by(film, side).door(mine=False)
        [letter] = {one for one in post.deposited if one.mailbox == door.mailbox.id}
        fields = msgspec.json.decode(open_envelope(letter.envelope, [door.key], door.address).header)
        found.append(PairCard(unb64(fields["key"]), unb64(fields["mailbox"]), tuple(fields["relays"]), fields["until"]))
    return found


@pytest.mark.parametrize("when", ["before", "between"])
def test_who_filmed_both_screens_forges_no_alert_and_no_share(film, anna, boris, post, when):
    anna.sync()
    if when == "between":
        boris.sync()
        anna.sync()
    else:
        boris.sync()
    of_anna, of_boris = cards_of(film, post)
    for side, card in ((0, of_boris), (1, of_anna)):
        thief = seen_by(film, side)
        for guess in (os.urandom(32), None, thief.half.share):
            post.lay(SOUTH, thief.share_letter(card, guess, os.urandom))
    for _ in range(4):
        anna.sync()
        boris.sync()
    ours, theirs = anna.book.find("Борис"), boris.book.find("Anna")
    assert ours.keys.sending == theirs.keys.receiving, "the two of them are paired with each other"
    assert (ours.share, theirs.share) == (theirs.half.share, ours.half.share)

    header = message.header(Alert(id=b64(bytes(16)), case=b64(bytes(16)), seq=0, at=NOW, type="safe", text="forged"))
    thief = seen_by(film, 0)
    keys = thief.keys(os.urandom(32))
    for key in (keys.sending, keys.receiving, thief.k0, film[0].secret * 2):
        post.lay(EAST, seal_alert(header, key, of_boris, os.urandom))
        post.lay(SOUTH, seal_alert(header, key, of_boris, os.urandom, duress=True))
    anna.alert("Борис")
    boris.sync()
    assert boris.told == [("Anna", "detained", TEXT)]


def test_shares_without_end_are_not_answered_without_end(film, anna, boris, post):
    anna.sync()
    boris.sync()
    of_anna, of_boris = cards_of(film, post)
    for _ in range(40):
        thief = seen_by(film, 1)
        post.lay(SOUTH, thief.share_letter(of_anna, None, os.urandom))
    anna.sync()
    assert len({one.hash for one in post.deposited if one.mailbox == of_boris.mailbox}) <= CANDIDATES


def test_a_relay_that_swaps_replays_and_invents_moves_no_alert(pair, post):
    anna, boris = pair
    anna.alert("Борис")
    boris.alert("Anna", "safe")
    boris.sync()
    anna.sync()
    boxes = [who.book.find(label).half.mailbox_key.id for who, label in ((anna, "Борис"), (boris, "Anna"))]
    for letter in list(post.deposited):
        for box in boxes:
            post.lay(SOUTH, replace(letter, mailbox=box, commitment=os.urandom(32)))
            post.lay(SOUTH, noise(box))
    post.replays = True
    before = len(post.deposited)
    assert (anna.sync().alerts, boris.sync().alerts) == ([], [])
    assert (len(anna.told), len(boris.told)) == (1, 1)
    assert len(post.deposited) == before, "a replayed share is not answered again"


def test_a_relay_that_gives_everything_back_for_ever_is_no_reason_to_stop(pair, post):
    anna, boris = pair
    anna.alert("Борис")
    post.replays = True
    boris.sync()
    boris.sync()
    assert len(boris.told) == 1


def test_a_relay_that_invents_letters_without_end_does_not_hold_up_the_others(pair, post):
    anna, _ = pair
    post.invents = True
    assert anna.sync().alerts == []


# Wrong codes


def test_ones_own_code_is_refused_also_when_it_was_made_for_somebody_else(anna, boris):
    with pytest.raises(OwnCode):
        anna.scan(anna.code, "me")
    own = anna.code
    anna.scan(boris.code, "Борис")
    with pytest.raises(OwnCode):
        anna.scan(own, "me")


def test_a_code_is_taken_once_and_a_name_too(anna, boris, tmp_path, post):
    clara = Person(tmp_path / "clara", post)
    anna.scan(boris.code, "Борис")
    with pytest.raises(KnownCode):
        anna.scan(boris.code, "Boris")
    with pytest.raises(LabelTaken):
        anna.scan(clara.code, " Борис ")
    for label in ("", "  ", "x" * 81, "a\u202eb"):
        with pytest.raises(BadLabel):
            anna.scan(clara.code, label)
    assert [one.label for one in anna.book.secrets.contacts] == ["Борис"]


def test_a_code_that_found_no_answer_is_over(anna, boris):
    anna.scan(boris.code, "Борис")
    anna.sync()
    anna.now += CODE_SECONDS
    assert [(label, trouble.code) for label, trouble in anna.sync().troubles] == [("Борис", "code-expired")]
    assert anna.state("Борис") == "expired"


def test_an_old_code_is_not_shown_and_not_used_any_more(anna, boris):
    first = anna.code
    anna.now += CODE_SECONDS
    with pytest.raises(NoOffer):
        _ = anna.code
    anna.scan(boris.code, "Борис")
    assert anna.code != first


def test_a_code_scanned_twice_over_is_shown_until_the_other_has_it(anna, boris):
    shown = anna.code
    anna.scan(boris.code, "Борис")
    assert anna.book.code_to_show(None, NOW) == ("Борис", code.read_pair_code(shown))
    assert anna.book.code_to_show("Борис", NOW)[1] == code.read_pair_code(shown)


# Loss and change


def test_nobody_is_told_before_the_pairing_is_finished(anna, boris):
    scan_each_other(anna, boris)
    with pytest.raises(NotPaired):
        anna.alert("Борис")
    with pytest.raises(UnknownContact):
        anna.alert("Clara")


def test_a_removed_contact_leaves_no_key_and_no_word(pair, post):
    anna, boris = pair
    boris.alert("Anna", "safe", "личное")
    anna.sync()
    half = anna.book.find("Борис").half
    anna.book.remove("Борис")
    anna.book.save()
    anna.reopen()
    assert anna.book.secrets.contacts == []
    assert anna.book.secrets.alerts == []
    assert half.kem not in anna.book.keystore.lock(b"", os.urandom)
    boris.alert("Anna", "detained")
    assert anna.sync().alerts == []
    # Nobody is told; the same two can pair again.
    boris.book.remove("Anna")
    boris.book.renew_offer((), NOW, os.urandom)
    anna.book.renew_offer((), NOW, os.urandom)
    make_pair(anna, boris)


def test_a_contact_who_was_offline_for_two_months_misses_what_relays_forgot_and_gets_what_is_new(pair, post):
    anna, boris = pair
    anna.alert("Борис", text="в первый день")
    post.forget()
    anna.now = boris.now = NOW + 60 * DAY_SECONDS
    anna.alert("Борис", text="вчера")
    boris.sync()
    assert [said.text for said in boris.book.secrets.alerts] == ["вчера"]
    assert boris.state("Anna") == "paired"


def test_a_pair_ends_when_its_time_is_over_but_the_last_letters_are_fetched(pair, post):
    anna, boris = pair
    anna.now = NOW + CARD_SECONDS - 1
    anna.alert("Борис")
    anna.now = boris.now = NOW + CARD_SECONDS
    assert anna.state("Борис") == "expired"
    with pytest.raises(PairExpired):
        anna.alert("Борис")
    tally = boris.sync()
    assert [said.text for said in tally.alerts] == [TEXT]
    assert [trouble.code for _, trouble in tally.troubles] == ["contact-expired"]
    boris.now += 40 * DAY_SECONDS
    post.calls = 0
    boris.sync()
    assert post.calls == 0, "nobody asks for letters that no relay can hold"


# The folder


def test_the_folder_gives_nothing_away_without_the_passphrase(pair):
    anna, _ = pair
    names = ("Борис", NORTH)
    kept = (anna.folder / contacts_book.KEYSTORE).read_bytes()
    assert not any(name.encode() in kept for name in names)
    assert (anna.folder / contacts_book.KEYSTORE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongPassphrase):
        unlock_book(anna.folder, "wrong")
    (anna.folder / contacts_book.KEYSTORE).write_bytes(kept[:-1])
    with pytest.raises(KeystoreCut):
        anna.reopen()


def test_without_a_folder_or_a_relay_there_is_a_clear_error(tmp_path):
    with pytest.raises(NoContacts):
        unlock_book(tmp_path / "nobody", "words")
    book = create(tmp_path / "new", "words", os.urandom, cost=QUICK)
    with pytest.raises(NoRelays):
        book.renew_offer((), NOW, os.urandom)
    with pytest.raises(BadAddress):
        book.renew_offer(("http://relay.example",), NOW, os.urandom)


def test_a_sync_that_is_killed_before_it_saved_loses_nothing(anna, boris, monkeypatch):
    scan_each_other(anna, boris)
    anna.sync()
    boris.sync()
    real, left = Book.save, 0

    def save(book: Book) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        real(book)

    for count in range(4):
        left = count
        with monkeypatch.context() as patched:
            patched.setattr(Book, "save", save)
            try:
                anna.sync()
            except KeyboardInterrupt:
                pass
        anna.reopen()
    for _ in range(3):
        boris.sync()
        anna.sync()
    assert (anna.state("Борис"), boris.state("Anna")) == ("paired", "paired")


# Pictures


def test_a_code_is_read_out_of_its_picture(anna):
    assert read_picture(code.draw_png(anna.code)) == anna.code


def test_a_picture_without_a_code_and_a_file_that_is_no_picture_are_two_errors():
    import io

    from PIL import Image

    blank = io.BytesIO()
    Image.new("L", (200, 200), 255).save(blank, "PNG")
    with pytest.raises(NoCodeInPicture):
        read_picture(blank.getvalue())
    for data in (b"", b"hello", code.draw_png("TOCSIN:1:C:AAAA")[:100]):
        with pytest.raises(BadPicture):
            read_picture(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_refused(data):
    with pytest.raises((BadPicture, NoCodeInPicture)):
        read_picture(data)
