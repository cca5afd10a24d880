"""A restored organisation: which letters to yesterday's card reach it, and which of them open."""

import dataclasses
import os
import shutil

import pytest
from nacl.signing import SigningKey

from client.organisation.home import Profile, create, unlock_home
from client.organisation.inbox import report_address
from client.organisation.publish import publish
from client.organisation.shares import join_shares, split_root_key
from keys.envelope import seal
from keys.errors import NotForUs, ShareMisspelt
from keys.kem import PrivateKey
from keys.keystore import Cost
from keys.opening import open_envelope
from keys.organisation import read_card
from keys.wire import CHAIN_DAYS, DAY_SECONDS, WEEK_SECONDS
from tests.support.fake_relay import Post

NOW = 1_795_168_800
NORTH = "https://north.example"
QUICK = Cost(1, 8 * 1024)
PROFILE = Profile("Помощь", (NORTH,))
FAR = 40 * WEEK_SECONDS


def words() -> str:
    return "words"


@pytest.fixture
def root_file(tmp_path):
    return tmp_path / "root"


@pytest.fixture
def office(tmp_path, root_file):
    return create(tmp_path / "office", words(), PROFILE, now=NOW, root_file=root_file, cost=QUICK)


@pytest.fixture
def shares(office, root_file):
    return split_root_key(office.root_key(root_file, words), 2, 3)


def restored(folder, typed, *, former=None, now=NOW + DAY_SECONDS):
    seed = join_shares(typed).seed
    return create(
        folder,
        words(),
        PROFILE,
        now=now,
        root_file=folder.with_name("root2"),
        root_seed=seed,
        former=former,
        cost=QUICK,
    )


def letters(card):
    """One to the week's key and one to the last resort."""
    address = report_address(card.root, card.mailbox)
    return [
        seal(b"{}", b"", key=card.key_for(at), address=address, random_bytes=os.urandom).envelope
        for at in (card.issued, card.issued + FAR)
    ]


def opens(own, card, envelope):
    try:
        open_envelope(envelope, own.secrets.open_keys(), report_address(card.root, card.mailbox))
    except NotForUs:
        return False
    return True


def misspelt(share):
    all_words = share.split()
    all_words[6] = "academic" if all_words[6] != "academic" else "acid"
    return " ".join(all_words)


@pytest.mark.parametrize("how", ["2 of 3", "3 of 3", "one misspelt", "one of another split"])
def test_letters_to_yesterdays_card_reach_it_and_those_to_the_last_resort_open(how, tmp_path, office, shares):
    other = split_root_key(SigningKey(b"o" * 32), 2, 3)
    typed = {
        "2 of 3": shares[1:],
        "3 of 3": shares,
        "one misspelt": [shares[0], misspelt(shares[1]), shares[2]],
        "one of another split": [other[1], *shares[:2]],
    }[how]
    yesterday = office.card
    own = restored(tmp_path / "new", typed, former=yesterday)
    again = unlock_home(own.path, words)
    assert (again.card.mailbox, again.card.root) == (yesterday.mailbox, yesterday.root)
    assert again.secrets.mailbox_key.id == yesterday.mailbox, "it collects what is sent there"
    assert again.card.seq > yesterday.seq
    week, last_resort = letters(yesterday)
    assert opens(again, yesterday, last_resort)
    assert not opens(again, yesterday, week), "weekly keys come from chance and are gone"
    assert opens(office, yesterday, week)
    assert again.card.last_resort != yesterday.last_resort, "what burned may have been copied before"
    assert all(opens(again, again.card, envelope) for envelope in letters(again.card))


def test_too_few_right_shares_restore_nothing(shares, tmp_path):
    with pytest.raises(ShareMisspelt, match="share 2"):
        restored(tmp_path / "new", [shares[0], misspelt(shares[1])])
    assert not (tmp_path / "new").exists()


def test_a_relay_that_has_yesterdays_card_is_enough(tmp_path, office, shares, root_file):
    post = Post()
    times = [NOW + i * CHAIN_DAYS * DAY_SECONDS for i in range(5)]
    *before, now = times
    cards = []
    for at in before:
        post.clock = lambda at=at: at
        cards.append(publish(office.path, words, post, root_file=root_file, clock=post.clock).card)
    assert len({card.last_resort for card in cards}) == 4
    own = restored(tmp_path / "new", shares[:2], now=now)
    assert not opens(own, cards[-1], letters(cards[-1])[1]), "nothing tells its number yet"
    published = publish(own.path, words, post, root_file=tmp_path / "root2", clock=lambda: now).card
    again = unlock_home(own.path, words)
    for card in cards:
        assert opens(again, card, letters(card)[1]), "older phones have older cards"
    assert read_card(post.cards[NORTH]) == published
    assert published.seq > cards[-1].seq
    assert published.last_resort not in {card.last_resort for card in cards}


def test_a_folder_from_an_older_backup_opens_the_last_resort_of_newer_cards_and_uses_no_number_twice(
    tmp_path, office, root_file
):
    post = Post()
    shutil.copytree(office.path, tmp_path / "backup")
    cards = [
        publish(
            office.path, words, post, root_file=root_file, fresh_keys=True, clock=lambda at=NOW + i * DAY_SECONDS: at
        ).card
        for i in (1, 2)
    ]
    later = NOW + 3 * DAY_SECONDS
    card = publish(tmp_path / "backup", words, post, root_file=root_file, fresh_keys=True, clock=lambda: later).card
    again = unlock_home(tmp_path / "backup", words)
    assert [opens(again, old, letters(old)[1]) for old in cards] == [True, True]
    assert [opens(again, old, letters(old)[0]) for old in cards] == [False, False]
    assert card.seq > cards[-1].seq
    assert card.last_resort not in {old.last_resort for old in (*cards, office.card)}


def test_it_can_be_restored_again_and_again(tmp_path, office, shares):
    first = restored(tmp_path / "first" / "new", shares, former=office.card)
    second = restored(tmp_path / "second" / "new", shares, former=first.card, now=NOW + 2 * DAY_SECONDS)
    assert opens(second, first.card, letters(first.card)[1])
    assert len({own.card.last_resort for own in (office, first, second)}) == 3


def test_a_card_with_a_number_that_is_not_its_keys_recovers_nothing(tmp_path, office, shares):
    changed = dataclasses.replace(office.card, last_resort=PrivateKey(b"x" * 32).public)
    own = restored(tmp_path / "new", shares, former=changed)
    assert len(own.secrets.last_resorts) == 1


def test_shares_of_version_1_restore_the_root_with_a_mailbox_of_its_own(tmp_path, office, root_file):
    """Its mailbox and last-resort key were drawn by chance: they are in no share."""
    root = office.root_key(root_file, words)
    old = card_of_version_1(office, root)
    own = restored(tmp_path / "new", split_root_key(root, 1, 1), former=old)
    assert own.card.root == old.root
    assert own.card.mailbox != old.mailbox
    assert not opens(own, old, letters(old)[1])
    assert len(own.secrets.last_resorts) == 1


def card_of_version_1(office, root):
    card = dataclasses.replace(
        office.card, mailbox=b"m" * 32, last_resort=PrivateKey(b"l" * 32).public, last_resort_number=None
    )
    return card.sign(root)


def test_the_keystore_does_not_hold_what_leads_to_the_next_last_resort(office, root_file):
    seed = bytes(office.root_key(root_file, words))
    secrets = unlock_home(office.path, words).secrets
    assert secrets.root is None
    secrets_there = [
        secrets.mailbox,
        secrets.store,
        *secrets.last_resort_seeds,
        *(chain.chain_key for chain in secrets.chains),
    ]
    assert seed not in secrets_there
