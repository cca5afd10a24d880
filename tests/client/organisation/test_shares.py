"""Enough shares give the root key back, however many more there are; what does not agree is named."""

from itertools import combinations

import pytest
from nacl.signing import SigningKey

from client.organisation import home
from client.organisation.home import Profile
from client.organisation.shares import IgnoredShare, back_up_root_key, join_shares, split_root_key
from keys.errors import BadShares, ShareMisspelt, SharesMixed, TooFewShares
from keys.keystore import Cost

NOW = 1_763_635_200
PHRASE, PROFILE, CHEAP = "correct horse", Profile("Help", ("https://relay.example",)), Cost(1, 8 * 2**10)
ROOT = SigningKey(bytes(range(32)))


@pytest.fixture(scope="module")
def shares():
    return split_root_key(ROOT, 2, 3)


@pytest.fixture(scope="module")
def others():
    return split_root_key(SigningKey(b"o" * 32), 2, 3)


def misspelt(share, word=6):
    words = share.split()
    words[word] = "academic" if words[word] != "academic" else "acid"
    return " ".join(words)


def test_any_number_at_or_above_the_threshold_gives_the_root_back(shares):
    for count in (2, 3):
        for chosen in combinations(shares, count):
            found = join_shares(chosen)
            assert (found.seed, found.ignored) == (bytes(ROOT), ())


@pytest.mark.parametrize("count", [3, 4, 5])
def test_three_of_five_too(count):
    five = split_root_key(ROOT, 3, 5)
    for chosen in combinations(five, count):
        assert join_shares(chosen).seed == bytes(ROOT)
    with pytest.raises(TooFewShares, match="2 of the 3"):
        join_shares(five[:2])


def test_a_single_share_is_the_whole_key():
    [only] = split_root_key(ROOT, 1, 1)
    assert join_shares([only]).seed == join_shares([only, only]).seed == bytes(ROOT)


def test_capitals_blanks_and_empty_lines_change_nothing(shares):
    typed = [f"  {shares[1].upper()}\r", "", "\t", shares[2].replace(" ", "   ")]
    assert join_shares(typed).seed == bytes(ROOT)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_one_misspelt_of_three_is_named_and_the_others_restore(shares, which):
    typed = [misspelt(share) if number == which else share for number, share in enumerate(shares)]
    found = join_shares(typed)
    assert found.seed == bytes(ROOT)
    assert found.ignored == (IgnoredShare(which + 1, "misspelt"),)


def test_one_word_that_is_no_word_is_a_misspelt_share(shares):
    found = join_shares([shares[0], shares[1], shares[2].replace(" ", " xx", 1)])
    assert (found.seed, found.ignored) == (bytes(ROOT), (IgnoredShare(3, "misspelt"),))


def test_a_misspelt_share_that_is_needed_is_named_by_its_number(shares):
    with pytest.raises(ShareMisspelt, match="share 2"):
        join_shares([shares[0], misspelt(shares[1])])
    with pytest.raises(ShareMisspelt, match="share 1"):
        join_shares(["not a share"])


def test_a_share_of_another_backup_is_named(shares, others):
    found = join_shares([shares[0], others[1], shares[2]])
    assert (found.seed, found.ignored) == (bytes(ROOT), (IgnoredShare(2, "other-backup"),))


def test_too_few_of_each_of_two_backups_are_told_apart(shares, others):
    with pytest.raises(SharesMixed, match="share 1, 2"):
        join_shares([shares[0], others[1]])


def test_two_whole_backups_at_once_give_neither(shares, others):
    with pytest.raises(SharesMixed):
        join_shares([*shares[:2], *others[:2]])


def test_the_same_share_twice_counts_once(shares):
    with pytest.raises(TooFewShares, match="1 of the 2"):
        join_shares([shares[0], shares[0]])
    assert join_shares([shares[0], shares[0], shares[1]]).seed == bytes(ROOT)


def test_nothing_is_too_few():
    for nothing in ([], ["", " \n"]):
        with pytest.raises(TooFewShares):
            join_shares(nothing)


def test_a_changed_share_with_a_right_checksum_is_outvoted(shares):
    from shamir_mnemonic.share import Share

    right = Share.from_mnemonic(shares[1])
    value = bytes([right.value[0] ^ 1]) + right.value[1:]
    forged = Share(**{**vars(right), "value": value}).mnemonic()
    found = join_shares([shares[0], forged, shares[2]])
    assert (found.seed, found.ignored) == (bytes(ROOT), (IgnoredShare(2, "changed"),))
    with pytest.raises(BadShares):
        join_shares([shares[0], forged])


def test_no_word_of_a_share_stands_in_an_error_or_a_repr(shares):
    with pytest.raises(ShareMisspelt) as caught:
        join_shares([misspelt(shares[0]), shares[1]])
    text = str(caught.value) + repr(join_shares(shares))
    assert not any(word in text.split() for word in shares[0].split()[3:])


@pytest.mark.parametrize("is_apart", [False, True])
def test_a_backup_of_a_folder_gives_its_root_back(tmp_path, is_apart):
    root_file = tmp_path / "root" if is_apart else None
    root_seed = bytes(range(32))
    founded = home.create(
        tmp_path / "office", PHRASE, PROFILE, now=NOW, root_seed=root_seed, root_file=root_file, cost=CHEAP
    )
    backup = back_up_root_key(tmp_path / "office", lambda: PHRASE, 2, 3, root_file=root_file)
    assert len(backup.shares) == 3
    assert join_shares(backup.shares[1:]).seed == root_seed
    assert backup.fingerprint == founded.fingerprint
    assert backup.shares[0] not in repr(backup)


def test_a_backup_needs_the_file_of_a_root_that_lies_apart(tmp_path):
    home.create(tmp_path / "office", PHRASE, PROFILE, now=NOW, root_file=tmp_path / "root", cost=CHEAP)
    with pytest.raises(home.RootElsewhere):
        back_up_root_key(tmp_path / "office", lambda: PHRASE, 2, 3)
