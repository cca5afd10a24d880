"""Who filmed both screens, and relays that lie."""

import os
from dataclasses import replace

import msgspec
import pytest

from keys import code, message
from keys.envelope import seal
from keys.message import Alert
from keys.opening import open_envelope
from keys.pairing import CANDIDATES, PairCard, PairingOffer, PairingSession, seal_alert
from keys.wire import b64, unb64
from tests.support.contacts.people import EAST, NORTH, NOW, SOUTH, TEXT, scan_each_other
from tests.support.fake_relay import Post, noise


@pytest.fixture
def film(anna, boris):
    """Both codes, read off two screens; everything that follows from them alone."""
    codes = [code.read_pair_code(text) for text in (anna.code, boris.code)]
    scan_each_other(anna, boris)
    return codes


def seen_by(film, side: int) -> PairingSession:
    """What the film's owner can work out for one side: T, k0 and the doors, with a share of their own."""
    whole = PairingOffer.new((SOUTH,), NOW, os.urandom)
    half = replace(whole, secret=film[side].secret, relays=film[side].relays)
    half.__dict__["code"] = film[side]
    return PairingSession(half, film[1 - side])


def test_a_swapped_card_is_refused_and_the_true_one_still_counts(film, anna, boris, post):
    for side in (0, 1):
        thief = seen_by(film, side)
        door = thief.door(mine=False)
        for relay in (NORTH, SOUTH, EAST):
            post.lay(
                relay,
                seal(thief.half.card.encode(), b"", key=door.key.public, address=door.address, random_bytes=os.urandom),
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
        [letter] = {letter for letter in post.deposited if letter.mailbox == door.mailbox.id}
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
    anna.alert("Борис")
    boris.sync()
    assert boris.received == [("Anna", "detained", TEXT)]


def test_shares_without_end_are_not_answered_without_end(film, anna, boris, post):
    anna.sync()
    boris.sync()
    of_anna, of_boris = cards_of(film, post)
    for _ in range(40):
        thief = seen_by(film, 1)
        post.lay(SOUTH, thief.share_letter(of_anna, None, os.urandom))
    anna.sync()
    assert len({letter.hash for letter in post.deposited if letter.mailbox == of_boris.mailbox}) <= CANDIDATES


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
    assert (len(anna.received), len(boris.received)) == (1, 1)
    assert len(post.deposited) == before, "a replayed share is not answered again"


def test_a_relay_that_gives_everything_back_for_ever_is_no_reason_to_stop(pair, post):
    anna, boris = pair
    anna.alert("Борис")
    post.replays = True
    boris.sync()
    boris.sync()
    assert len(boris.received) == 1


def test_a_relay_that_invents_letters_without_end_does_not_hold_up_the_others(pair, post):
    anna, _ = pair
    post.invents = True
    assert anna.sync().alerts == []
