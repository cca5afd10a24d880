"""The key of releases: made once, sealed when there is a passphrase, known by its public half."""

import stat

import pytest

from client.cli import output
from client.organisation import home
from client.organisation.home import Profile
from client.site.release import verifier
from client.site.signing_key import NoReleaseKey, known_verifier, load_signing_key, release_key
from keys.errors import NotAKeystore, WrongPassphrase
from keys.keystore import MAGIC, Cost

CHEAP = Cost(1, 8 * 2**10)


@pytest.fixture
def none(monkeypatch):
    monkeypatch.delenv(output.ENVIRONMENT, raising=False)
    return output.Passphrase(None)


def phrase(tmp_path, words):
    path = tmp_path / f"phrase-{words}"
    path.write_text(words)
    return output.Passphrase(path)


def test_it_is_made_once_and_stays(tmp_path, none, capsys):
    path = tmp_path / "own" / "release-key"
    first = release_key(path, none, output.hint)
    assert "not sealed" in capsys.readouterr().err
    assert release_key(path, none, output.hint) == first
    assert capsys.readouterr().err == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert known_verifier(path) == verifier(bytes(first.verify_key))


def test_it_is_sealed_when_a_passphrase_is_at_hand(tmp_path, capsys):
    path = tmp_path / "release-key"
    first = release_key(path, phrase(tmp_path, "good"), output.hint, cost=CHEAP)
    assert path.read_bytes().startswith(MAGIC)
    assert bytes(first) not in path.read_bytes()
    assert capsys.readouterr().err == ""
    assert release_key(path, phrase(tmp_path, "good"), output.hint) == first
    with pytest.raises(WrongPassphrase):
        release_key(path, phrase(tmp_path, "bad"), output.hint)


def test_a_file_that_is_something_else_is_left_alone(tmp_path, none):
    path = tmp_path / "release-key"
    path.write_bytes(b"dear diary")
    with pytest.raises(NotAKeystore):
        release_key(path, none, output.hint)
    assert path.read_bytes() == b"dear diary"


def test_without_a_key_there_is_nothing_to_compare_with(tmp_path):
    with pytest.raises(NoReleaseKey):
        known_verifier(tmp_path / "release-key")


@pytest.mark.parametrize("is_apart", [False, True])
def test_the_root_of_a_home_signs_in_place_of_a_release_key(tmp_path, is_apart):
    folder, key_path, seed = tmp_path / "office", tmp_path / "release-key", bytes(range(32))
    root_file = tmp_path / "root" if is_apart else None
    profile = Profile("Help", ("https://relay.example",))
    home.create(folder, "good", profile, now=1_763_635_200, root_seed=seed, root_file=root_file, cost=CHEAP)
    assert bytes(load_signing_key(folder, root_file, key_path, phrase(tmp_path, "good"), output.hint)) == seed
    assert not key_path.exists()


def test_without_a_home_the_release_key_signs(tmp_path, none):
    path = tmp_path / "release-key"
    assert load_signing_key(None, None, path, none, output.hint) == release_key(path, none, output.hint)
