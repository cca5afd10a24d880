"""An alert rings the phone of its contact, as that contact asked and nobody else."""

import os
from dataclasses import replace

import msgspec
import pytest

from keys.envelope import frame, seal_content
from keys.message import contact_key
from keys.pairing import MacInput, wake_mac
from keys.wire import LETTER_BYTES, WAKE_BYTES, b64
from tests.support.contacts.people import EAST, NORTH, NOW, SOUTH, FolderOwner, make_pair
from tests.support.fake_relay import Post

SEALED = b64(b"s" * WAKE_BYTES)
OTHER = b64(b"o" * WAKE_BYTES)


def let_ring(person: FolderOwner, wake: str) -> None:
    """As a phone that put its push address on the card."""
    offer = person.book.secrets.offer
    person.book.secrets.offer = msgspec.structs.replace(offer, half=replace(offer.half, wake=wake))
    person.book.save()


def lay_wake(post: Post, boris: FolderOwner, number: int, wake: str | None, *, key: bytes | None = None) -> None:
    """What Boris's phone says after the pairing."""
    ours = boris.book.find("Anna")
    header = msgspec.json.encode({"v": 1, "kind": "pair-wake", "n": number, "wake": wake})
    mac_input, card = MacInput(LETTER_BYTES, os.urandom(32), header), ours.other(NOW)
    body = wake_mac(key or ours.keys.sending, card.address, mac_input)
    post.lay(NORTH, seal_content(frame(mac_input.salt, header, body), key=card.key, address=card.address))


def rung(anna: FolderOwner, post: Post) -> list[tuple[str, str | None]]:
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
    for key in (ours.keys.receiving, contact_key(bytes(32), ours.other(NOW).mailbox, ours.case), os.urandom(32)):
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
        mac_input, card = MacInput(LETTER_BYTES, os.urandom(32), header), ours.other(NOW)
        body = wake_mac(ours.keys.sending, card.address, mac_input)
        post.lay(NORTH, seal_content(frame(mac_input.salt, header, body), key=card.key, address=card.address))
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
