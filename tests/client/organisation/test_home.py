"""An organisation's folder: forward secrecy, a root kept apart, the card's rising number, clocks that are wrong."""

import os

import pytest

from client import files
from client.keystore_file import KEY_SUFFIX
from client.organisation.home import (
    CARD,
    KEYSTORE,
    HomeExists,
    NoHome,
    OtherRoot,
    Profile,
    RootElsewhere,
    card_of,
    create,
    unlock_home,
)
from keys.envelope import Address, seal
from keys.errors import ClockAhead, ClockBehind, KeystoreCut, NotAKeystore, NotForUs, WrongPassphrase
from keys.kem import PrivateKey
from keys.keystore import Cost
from keys.opening import open_envelope
from keys.organisation import read_card
from keys.wire import DAY_SECONDS, WEEK_SECONDS, Purpose

QUICK = Cost(1, 8 * 1024)
WEEK = 2_968
NOW = WEEK * WEEK_SECONDS + 1_000
PROFILE = Profile("Помощь", ("http://127.0.0.1:1",), ("ru",))


def words() -> str:
    return "пять случайных слов"


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "home", words(), PROFILE, now=NOW, cost=QUICK)


def letter_of_now(home, now=NOW):
    card = home.card
    address = Address(Purpose.REPORT, card.root, card.mailbox)
    return seal(b"{}", b"", key=card.key_for(now), address=address, random_bytes=os.urandom), address


def test_past_the_grace_time_nobody_with_the_whole_folder_opens_the_old_weeks_letters(home):
    sealed, address = letter_of_now(home)
    old_seed = home.secrets.chain.seeds()[0]
    old_chain_key = home.secrets.chain.chain_key
    later = NOW + WEEK_SECONDS + 36 * DAY_SECONDS

    assert open_envelope(sealed.envelope, home.secrets.open_keys(), address)
    home.rotate(NOW + 30 * DAY_SECONDS)
    assert open_envelope(sealed.envelope, home.secrets.open_keys(), address), "the grace time is not over"
    home.rotate(later)

    again = unlock_home(home.path, words)
    with pytest.raises(NotForUs):
        open_envelope(sealed.envelope, again.secrets.open_keys(), address)
    disk = everything_in(again)
    assert again.secrets.last_resorts[0].seed in disk, "the search finds what is there"
    assert old_seed not in disk
    assert old_chain_key not in disk


def everything_in(home) -> bytes:
    """Every byte of the folder, and every secret in it as one has it who knows the passphrase."""
    sealed = home.secrets
    secrets = [sealed.mailbox, sealed.store, sealed.root or b"", *(key.seed for key in sealed.last_resorts)]
    secrets += [secret for chain in sealed.chains for secret in (chain.chain_key, *chain.past.values())]
    ahead = home.secrets.chain.ahead()
    return b"".join([*(path.read_bytes() for path in home.path.iterdir()), *secrets, *ahead])


def test_what_is_published_ahead_is_what_opens_later(home):
    card = home.card
    for week in range(13):
        now = NOW + week * WEEK_SECONDS
        sealed, address = letter_of_now(home, now)
        home.rotate(now)
        opened = open_envelope(sealed.envelope, home.secrets.open_keys(), address)
        assert opened.opened_by == home.secrets.open_keys()[0], "the current week is tried first"
    assert card.key_for(NOW + 13 * WEEK_SECONDS) == card.last_resort


def test_a_phone_whose_clock_is_weeks_fast_or_slow_is_still_heard(home):
    for weeks in (-60, -1, 1, 12, 13, 60):
        sealed, address = letter_of_now(home, NOW + weeks * WEEK_SECONDS)
        assert open_envelope(sealed.envelope, home.secrets.open_keys(), address)


def test_a_clock_that_is_behind_destroys_and_changes_nothing(home):
    before = files.read(home.path / KEYSTORE)
    assert not home.rotate(NOW - 52 * WEEK_SECONDS)
    assert files.read(home.path / KEYSTORE) == before
    with pytest.raises(ClockBehind):
        home.renew_card(home.root_key(None, words), NOW - WEEK_SECONDS)


def test_a_clock_a_year_ahead_does_not_destroy_every_published_key(home):
    with pytest.raises(ClockAhead):
        home.rotate(NOW + 52 * WEEK_SECONDS)
    assert unlock_home(home.path, words).secrets.week == WEEK
    assert home.rotate(NOW + 52 * WEEK_SECONDS, force=True)


def test_the_cards_number_rises_even_when_the_clock_stands_still(home):
    root = home.root_key(None, words)
    first = home.card.seq
    assert home.renew_card(root, NOW).seq == first + 1
    assert home.renew_card(root, NOW, known_seq=first + 50).seq == first + 51
    assert read_card(home.card.signed, root=home.secrets.root_public) == home.card


def test_a_root_that_is_kept_apart_is_not_in_the_folder(tmp_path):
    root_file = tmp_path / "stick" / "root"
    root_file.parent.mkdir()
    apart = create(tmp_path / "home", words(), PROFILE, now=NOW, root_file=root_file, cost=QUICK)
    home = unlock_home(apart.path, words)
    assert home.secrets.root is None
    with pytest.raises(RootElsewhere):
        home.root_key(None, words)
    assert bytes(home.root_key(root_file, words).verify_key) == home.secrets.root_public
    with pytest.raises(WrongPassphrase):
        home.root_key(root_file, lambda: "wrong")
    other = create(tmp_path / "other", words(), PROFILE, now=NOW, root_file=tmp_path / "root2", cost=QUICK)
    with pytest.raises(OtherRoot):
        home.root_key(tmp_path / "root2", words)
    with pytest.raises(NotAKeystore):
        other.root_key(apart.path / KEYSTORE, words)


def test_each_thing_that_can_be_wrong_with_a_folder_has_its_own_error(home, tmp_path):
    with pytest.raises(NoHome):
        unlock_home(tmp_path / "nowhere", words)
    with pytest.raises(NoHome):
        card_of(tmp_path / "nowhere")
    with pytest.raises(WrongPassphrase):
        unlock_home(home.path, lambda: "five other words")
    with pytest.raises(HomeExists):
        create(home.path, words(), PROFILE, now=NOW, cost=QUICK)
    whole = files.read(home.path / KEYSTORE)
    (home.path / KEYSTORE).write_bytes(whole[:-40])
    with pytest.raises(KeystoreCut):
        unlock_home(home.path, words)


def test_only_the_owner_reads_what_is_written(home):
    assert home.path.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.path.iterdir())


def test_the_name_of_the_organisation_is_in_no_file_but_its_card(home):
    assert "Помощь".encode() in files.read(home.path / CARD)
    assert "Помощь".encode() not in files.read(home.path / KEYSTORE)


def test_a_full_disk_leaves_the_old_keystore_as_it_was(home, monkeypatch):
    before = files.read(home.path / KEYSTORE)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(files.CannotWrite):
        home.rotate(NOW + WEEK_SECONDS)
    assert files.read(home.path / KEYSTORE) == before
    assert sorted(path.name for path in home.path.iterdir()) == [CARD, KEYSTORE, KEYSTORE + KEY_SUFFIX]
    assert unlock_home(home.path, words)


def test_two_commands_do_not_work_in_one_folder_at_once(tmp_path):
    with files.locked(tmp_path), pytest.raises(files.FolderBusy), files.locked(tmp_path):
        pass
    with files.locked(tmp_path):
        pass


def test_a_private_key_does_not_show_itself():
    assert "1111" not in repr(PrivateKey(b"1" * 32))
