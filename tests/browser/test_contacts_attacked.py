"""A film of both screens, a lying relay, a phone or a disk that is taken: no alert is read, forged, lost or linked."""

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect

from client.contacts.qr_image import read_picture
from client.transport.relay_client import Transport
from keys import message, pairing
from keys.code import PairCode, read_pair_code
from keys.envelope import Address, Sealed, seal
from keys.errors import NotForUs
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.opening import open_envelope
from keys.pairing import PairCard, PairingOffer, PairingSession
from keys.wire import ID_BYTES, LETTER_BYTES, Purpose, b64, digest, unb64
from tests.browser.opened import contacts, meeting, opened, secrets
from tests.browser.people import ANNA, BORIS, PIN, TEXT, Person, pair, until, wait_until_sealed
from tests.browser.phone import wait_until_nothing_waits

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("two people")]

LIE = "Я дома, не ищите меня"


@pytest.fixture
def own_world(after):
    """The world that these people live in."""
    return after.world


@pytest.fixture
def post():
    with Transport(os.urandom) as transport:
        yield transport


def stored(world, mailbox: bytes | None = None) -> list[dict[str, Any]]:
    """Every letter that lies at the relay, with all that it knows of it."""
    with closing(sqlite3.connect(f"file:{world.relay.folder / 'relay.sqlite3'}?mode=ro", uri=True)) as base:
        base.row_factory = sqlite3.Row
        rows = [dict(row) for row in base.execute("SELECT * FROM envelope")]
    return [row for row in rows if mailbox in (None, row["mailbox"])]


# A film of both screens, and a relay that helps whoever has it


@dataclass
class Filmed:
    """What a film gives of one side: its code. The share is the thief's own."""

    code: PairCode
    share: bytes

    @property
    def secret(self) -> bytes:
        return self.code.secret


class Thief:
    """A third device, whose camera saw both codes."""

    def __init__(self, anna: Person, boris: Person, post: Transport) -> None:
        self._post, self._relay = post, anna.world.relay.address
        ours, theirs = (
            read_pair_code(read_picture(person.app.show("code").first.screenshot())) for person in (anna, boris)
        )
        self.half = PairingOffer.new(ours.relays, int(time.time()), os.urandom)
        filmed = [Filmed(code, self.half.share) for code in (ours, theirs)]
        self.meetings = [PairingSession(filmed[0], theirs), PairingSession(filmed[1], ours)]  # type: ignore[arg-type]
        self.doors = [self.meetings[0].door(mine=mine) for mine in (True, False)]
        self.cards: dict[bytes, PairCard] = {}

    def leave(self, sealed: Sealed) -> None:
        self._post.deposit(self._relay, sealed, [self._post.info(self._relay).note_key])

    def opens(self, row: dict[str, Any]) -> bytes | None:
        """The header, if any key that follows from the film opens this letter, whatever it is addressed to."""
        for key in (*(door.key for door in self.doors), self.half.key):
            try:
                opened_ = open_envelope(row["body"], [key], Address(Purpose.CONTACT, key.recipient, row["mailbox"]))
            except NotForUs:
                continue
            return opened_.header
        return None

    def read_cards(self, rows: list[dict[str, Any]]) -> None:
        """The relay shows what lies at the doors."""
        for header in filter(None, map(self.opens, rows)):
            for met in self.meetings:
                if pairing.card_hash(header) == met.code.card:
                    self.cards[met.code.card] = pairing.read_pair_card(header, met.code.card, int(time.time()))

    def leave_own_card_at_both_doors(self) -> None:
        for door in self.doors:
            self.leave(
                seal(self.half.card.encode(), b"", key=door.key.public, address=door.address, random_bytes=os.urandom)
            )

    def leave_own_share_with_both(self) -> None:
        for met in self.meetings:
            card = self.cards[met.code.card]
            for share in (None, self.half.share):
                self.leave(met.share_letter(card, share, os.urandom))

    def forge(self) -> None:
        """A word to each of them, signed with everything the thief can come by."""
        ids = {"id": b64(os.urandom(ID_BYTES)), "case": b64(os.urandom(ID_BYTES))}
        header = message.header(message.Alert(**ids, seq=0, at=int(time.time()), type="safe", text=LIE))
        for met in self.meetings:
            guessed = met.keys(self.half.share)
            for key in (guessed.sending, guessed.receiving, met.k0, met.transcript, self.half.share, bytes(32)):
                self.leave(pairing.seal_alert(header, key, self.cards[met.code.card], os.urandom))


def test_who_filmed_both_screens_and_has_the_relay_reads_and_forges_nothing(strangers, own_world, post):
    anna, boris = strangers
    for person in strangers:
        person.show_code()
    thief = Thief(anna, boris, post)
    own_world.line.mode = "drop"  # until the thief is ready, nobody hears anything
    anna.film(boris)
    boris.film(anna)
    anna.wait_until_read().named(BORIS, text=TEXT)
    boris.wait_until_read().named(ANNA)
    until(anna.page, lambda: thief.read_cards(stored(own_world)) or len(thief.cards) == 2)
    thief.leave_own_card_at_both_doors()
    thief.leave_own_share_with_both()
    thief.forge()
    own_world.line.mode = "pass"
    for person in strangers:
        person.wait_until_paired()
        trouble = person.app.show("trouble").filter(visible=True)
        expect(trouble).to_have_attribute("data-code", "pair-card-swapped")
        expect(trouble).not_to_be_empty()
    wait_until_sealed(anna.page)

    boris.asleep()
    anna.press()
    thief.forge()
    mine = [row for row in stored(own_world) if row["body"][:1] and thief.opens(row) is None]
    assert len(mine) >= 4, "the press, to the organisation and to the contact"
    assert not [row for row in stored(own_world) if thief.opens(row) is not None], "no letter is open to a film"
    boris.newest_alert()
    expect(boris.app.show("said").first).to_have_text(TEXT)
    expect(boris.app.show("alert")).to_have_attribute("data-type", "detained")
    boris.app.do("back").at("alerts")
    boris.poll_again()
    assert boris.app.page.locator('[data-do="alert"]').count() == 1
    anna.alerts()
    anna.poll_again()
    assert anna.app.button("alert").count() == 0
    assert LIE not in boris.page.inner_text("main")


# A relay that lies


def test_a_relay_that_lies_while_two_pair_ends_nothing(strangers, own_world):
    line = own_world.line
    line.mode = "swap"
    pair(*strangers)
    anna, _ = strangers
    for mode in ("swap", "drop", "invent"):
        line.mode = mode
        before = line.collects
        until(anna.page, lambda before=before: line.collects >= before + 6)
        for person in strangers:
            expect(person.app.show("state")).to_have_attribute("data-state", "waiting")
    line.mode = "pass"
    for person in strangers:
        person.wait_until_paired()
        assert person.app.show("trouble").count() == 0, "noise is no attack by anybody who was near"


def test_a_relay_that_lies_forges_nothing_and_nothing_is_lost_once_it_stops(people, own_world):
    anna, boris = people
    anna.press()
    for mode in ("drop", "swap", "invent"):
        own_world.line.mode = mode
        boris.alerts()
        boris.poll_again()
        assert boris.app.button("alert").count() == 0, mode
    own_world.line.mode = "pass"
    expect(boris.newest_alert().show("said").first).to_have_text(TEXT)
    seen = boris.page.inner_text('[data-show="alert"]')

    own_world.line.mode = "replay"
    boris.alerts()
    boris.poll_again()
    assert boris.page.locator('[data-do="alert"]').count() == 1
    assert boris.page.locator('[data-unread="true"]').count() == 0, "told twice, shown once"
    boris.app.do("alert").at("alert")
    assert len(boris.page.inner_text('[data-show="alert"]').splitlines()) == len(seen.splitlines())


# Somebody's unlocked phone


def test_whoever_holds_the_senders_unlocked_phone_can_neither_fetch_nor_delete_what_was_sent(people, own_world, post):
    anna, boris = people
    relay = own_world.relay.address
    boris.unlocked()
    theirs = opened(boris.page, PIN)
    boris.asleep()
    anna.press()
    memory = opened(anna.page, PIN)
    [contact] = contacts(memory)
    mailbox = unb64(contact["card"]["mailbox"])
    sent = stored(own_world, mailbox)
    assert len(sent) >= 2, "what was written in advance, and when and where"

    stolen = secrets(memory)
    assert {unb64(contact["half"]["mailbox"]), unb64(memory["kit"]["caseKey"]), mailbox} <= stolen
    assert len(stolen) >= 15
    for ack in (False, True):  # fetching, then deleting
        assert _delivers(post, relay, stolen, sent, ack=ack) == set()
    assert not [row for row in sent if _opens(stolen, row)]
    assert stored(own_world, mailbox) == sent, "not one was deleted"

    [known] = contacts(theirs)
    assert _delivers(post, relay, {unb64(known["half"]["mailbox"])}, sent) == {row["hash"] for row in sent}
    assert all(_opens(secrets(theirs), row) for row in sent)
    assert meeting(known).half.card.mailbox == mailbox
    expect(boris.newest_alert().show("said").first).to_have_text(TEXT)
    until(boris.page, lambda: not stored(own_world, mailbox))


def _delivers(
    post: Transport, relay: str, seeds: set[bytes], rows: list[dict[str, Any]], *, ack: bool = False
) -> set[bytes]:
    """Which of these letters the relay hands out to somebody with these seeds, who may ask it to delete them first."""
    hashes = {row["hash"] for row in rows}
    came: set[bytes] = set()
    for seed in seeds:
        for frame in post.collect(relay, MailboxKey(seed), ack=sorted(hashes) if ack else None):
            came.add(frame.hash)
    return came & hashes


def _opens(seeds: set[bytes], row: dict[str, Any]) -> bool:
    for seed in seeds:
        key = PrivateKey(seed)
        try:
            open_envelope(row["body"], [key], Address(Purpose.CONTACT, key.recipient, row["mailbox"]))
        except NotForUs:
            continue
        return True
    return False


# The relay's disk


def test_the_relays_disk_does_not_tell_which_letters_belong_together(people, phone, own_world, tmp_path):
    anna, boris = people
    tamara = Person(phone, own_world, tmp_path, "Тамара").set_up()
    pair(anna, tamara, text=TEXT)
    for person in (anna, tamara):
        person.wait_until_paired()
    until(anna.page, lambda: len(_find_alerted_mailboxes(anna)) == 2)
    for person in (boris, tamara):
        person.asleep()
    before = {row["hash"] for row in stored(own_world)}
    anna.press()
    wait_until_nothing_waits(anna.page)
    everything = stored(own_world)
    pressed = [row for row in everything if row["hash"] not in before]
    boxes = {row["mailbox"] for row in pressed}
    assert (len(pressed), len(boxes)) == (6, 3), "two to the organisation and two to each contact"
    assert {len(row["body"]) for row in pressed} == {LETTER_BYTES}
    assert len({row["expires"] for row in everything}) == 1, "one day for all"
    assert set(pressed[0]) == {"mailbox", "expires", "hash", "commitment", "body"}
    for row in pressed:
        assert row["hash"] == digest(row["body"]), "nothing that was chosen by anybody"
    assert not _shared(pressed), "nor anything that two letters, two mailboxes or two pairs have in common"
    assert _shared([*pressed, pressed[0]]), "which would be found"


def _find_alerted_mailboxes(anna: Person) -> set[str]:
    """Mailboxes of contacts that a press would write to."""
    kit = opened(anna.page, PIN)["kit"]
    return {letter["sealed"]["mailbox"] for letter in kit["ready"] if letter["contact"] is not None}


def _shared(rows: list[dict[str, Any]]) -> set[bytes]:
    """Twelve bytes that stand in more than one letter; in whatever is not the mailbox it is for."""
    seen: set[bytes] = set()
    twice: set[bytes] = set()
    for row in rows:
        data = row["commitment"] + row["body"]
        windows = {data[start : start + 12] for start in range(len(data) - 11)}
        twice |= windows & seen
        seen |= windows
    return twice
