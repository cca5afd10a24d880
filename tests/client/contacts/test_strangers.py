"""Relays that a stranger's code or card names: where they lead, and whether anybody agreed to them."""

import os
from dataclasses import replace

import pytest

from client.contacts.book import ForeignRelay, LocalRelay
from client.outbox.store import OutboxStore
from keys.code import PairCode, read_pair_code
from keys.pairing import PairingOffer, PairingSession
from tests.support.contacts.people import EAST, NORTH, NOW, SOUTH, FolderOwner

INSIDE = "https://10.0.0.1"
ONION = f"http://{'a' * 56}.onion"


def strange_code(*relays: str) -> str:
    return str(PairCode(os.urandom(32), os.urandom(16), relays))


@pytest.mark.parametrize(
    "relay",
    ["http://127.0.0.1:8000", "http://localhost", "https://192.168.0.1", "https://[fd00::1]", "https://nas.lan"],
)
@pytest.mark.parametrize("others", [(), (NORTH,), (EAST,)], ids=["alone", "beside ours", "beside another"])
@pytest.mark.parametrize("agreed", [False, True])
def test_a_code_that_leads_inside_is_refused_whatever_was_agreed_to(anna, relay, others, agreed):
    before = anna.book.open_offer(NOW)
    with pytest.raises(LocalRelay):
        anna.scan(strange_code(*others, relay), "x", other_relay=agreed)
    assert (anna.book.secrets.contacts, anna.book.open_offer(NOW)) == ([], before)


def test_a_relay_inside_is_taken_where_it_is_one_of_ours(tmp_path, post):
    home = "http://127.0.0.1:8000"
    anna, boris = (FolderOwner(tmp_path / name, post, relays=(home,)) for name in ("anna", "boris"))
    to_boris = anna.code
    anna.scan(boris.code, "Борис", other_relay=False)
    boris.scan(to_boris, "Anna", other_relay=False)


def test_a_relay_that_is_not_ours_is_asked_for_once(anna):
    with pytest.raises(ForeignRelay, match=r"east\.example") as refused:
        anna.scan(strange_code(NORTH, EAST), "x", other_relay=False)
    assert NORTH not in str(refused.value)
    assert anna.book.secrets.contacts == []
    anna.scan(strange_code(EAST), "Борис", other_relay=True)
    anna.scan(strange_code(NORTH, EAST), "Clara", other_relay=False)
    with pytest.raises(ForeignRelay):
        anna.scan(strange_code("https://west.example"), "Dina", other_relay=False)


def test_our_own_relays_are_never_asked_for(anna):
    anna.scan(strange_code(SOUTH, NORTH), "Борис", other_relay=False)


def send_card(post, anna: FolderOwner, *named: str) -> None:
    """Somebody whose code names one relay of ours, and whose card names these."""
    half = PairingOffer.new((NORTH,), NOW, os.urandom)
    half.__dict__["card"] = replace(half.card, relays=named)
    to_anna = read_pair_code(anna.code)
    anna.scan(str(half.code), "Борис", other_relay=False)
    post.lay(NORTH, PairingSession(half, to_anna).card_letter(os.urandom))


@pytest.mark.parametrize("named", [INSIDE, EAST, "https://west.example"])
def test_a_card_names_no_relay_that_neither_code_named(tmp_path, post, named):
    anna = FolderOwner(tmp_path / "anna", post, relays=(NORTH,))
    send_card(post, anna, named, NORTH)
    assert anna.sync().troubles == []
    anna.sync()
    assert anna.book.find("Борис").other(NOW).relays == (NORTH,)
    assert {relay for relay, letters in post.mailboxes.items() if letters} == {NORTH}


def test_a_card_that_names_only_such_relays_is_no_card(anna, post):
    send_card(post, anna, INSIDE)
    assert "pair-card-malformed" in [trouble.code for _, trouble in anna.sync().troubles]
    assert set(post.mailboxes) <= {NORTH, SOUTH}


def test_what_goes_to_anothers_relay_goes_over_its_onion_address_first(anna, post):
    """Ours come in any order, theirs in the clear come last: only those learn where a call comes from."""
    post.down = {NORTH, SOUTH, EAST, ONION}
    orders = set()
    for number in range(12):
        contact = anna.scan(strange_code(EAST, ONION), f"name {number}")
        anna.sync()
        with OutboxStore(anna.folder) as outbox:
            orders |= {letter.relays for letter in outbox.letters() if EAST in letter.relays}
        anna.book.remove(contact.label)
        anna.book.save()
    assert orders
    assert {order[-1] for order in orders} == {EAST}
    assert len({order[0] for order in orders}) > 1
