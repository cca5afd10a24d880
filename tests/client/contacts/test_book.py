"""The folder of contacts: loss, change and what it gives away."""

import os

import pytest

from client.contacts import book as contacts_book
from client.contacts.book import Book, NoContacts, NoRelays, NotPaired, PairExpired, UnknownContact, create, unlock_book
from client.outbox.store import OutboxStore
from keys.errors import BadAddress, KeystoreCut, WrongPassphrase
from keys.pairing import CARD_SECONDS
from keys.wire import DAY_SECONDS
from tests.support.contacts.people import EAST, NORTH, NOW, QUICK, SOUTH, TEXT, FolderOwner, make_pair, scan_each_other

# Loss and change


def test_nobody_is_told_before_the_pairing_is_finished(anna, boris):
    scan_each_other(anna, boris)
    with pytest.raises(NotPaired):
        anna.alert("Борис")
    with pytest.raises(UnknownContact):
        anna.alert("Clara")


def test_what_waits_for_a_contact_can_be_withdrawn_and_nothing_else_is(tmp_path, pair, post):
    anna, _ = pair
    clara = FolderOwner(tmp_path / "clara", post)
    anna.book.renew_offer((NORTH,), NOW, os.urandom)
    to_clara = str(anna.scan(clara.code, "Clara").half.code)
    clara.scan(to_clara, "Anna")
    post.down = {NORTH, SOUTH, EAST}
    anna.alert("Борис")
    anna.sync()  # the card for Clara waits now, too
    with OutboxStore(anna.folder) as outbox:
        assert len(outbox.hashes()) == 2
        assert outbox.withdraw(anna.book.find("Борис").mailboxes) == 1
        [left] = outbox.hashes()
        assert outbox.get(left).sealed.mailbox == anna.book.find("Clara").meeting.door(mine=False).mailbox.id
        assert outbox.withdraw(anna.book.find("Clara").mailboxes) == 1
        assert outbox.hashes() == []


def test_an_expired_contact_can_still_be_withdrawn_from(pair):
    anna, _ = pair
    ours = anna.book.find("Борис")
    assert ours.other(NOW).mailbox in ours.mailboxes
    anna.now = NOW + 2 * CARD_SECONDS
    assert len(ours.mailboxes) == 2


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
    assert half.kem not in anna.book.keystore.keystore.lock(b"", os.urandom)
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
    assert [alert.text for alert in boris.book.secrets.alerts] == ["вчера"]
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
    assert [alert.text for alert in tally.alerts] == [TEXT]
    assert [trouble.code for _, trouble in tally.troubles] == ["contact-expired"]
    boris.now += 40 * DAY_SECONDS
    post.calls = 0
    boris.sync()
    assert post.calls == 0, "nobody asks for letters that no relay can hold"


# The folder


def test_the_folder_gives_nothing_away_without_the_passphrase(pair):
    anna, _ = pair
    names = ("Борис", NORTH)
    sealed = (anna.folder / contacts_book.KEYSTORE).read_bytes()
    assert not any(name.encode() in sealed for name in names)
    assert (anna.folder / contacts_book.KEYSTORE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongPassphrase):
        unlock_book(anna.folder, "wrong")
    (anna.folder / contacts_book.KEYSTORE).write_bytes(sealed[:-1])
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
