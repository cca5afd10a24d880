"""Edges of the keystore file that no vector shows."""

import pytest
from nacl.pwhash import argon2id

from keys.errors import KeystoreCut, NotAKeystore, WrappingKeyMissing, WrongPassphrase
from keys.keystore import EARNEST, Cost, Keystore, KeystoreKind, mark_of, read_mark, unlock
from keys.wire import digest

CHEAP = Cost(1, argon2id.MEMLIMIT_MIN)
WORDS = "correct horse"


def drawn():
    """Chance that never gives the same bytes twice."""
    numbers = iter(range(256))
    return lambda length: digest(bytes([next(numbers)]))[:length]


def locked(kind: KeystoreKind = KeystoreKind.ROOT, cost: Cost = CHEAP, passphrase: str = WORDS) -> bytes:
    random_bytes = drawn()
    return Keystore.new(kind, passphrase, random_bytes, cost).lock(b"secrets", random_bytes)


def mended(data: bytes) -> bytes:
    """With the checksum of what it says now: as who changes a file on purpose leaves it."""
    return data[:-32] + digest(data[:-32])


def test_in_earnest_a_guess_costs_three_passes_over_256_mebibytes():
    assert Cost() == EARNEST == Cost(passes=3, memory=268_435_456)


def test_the_head_says_version_kind_cost_and_salt():
    data = locked(KeystoreKind.REPORTER, Cost(2, 16_384))
    assert data[:8] == b"TOCSINKS"
    assert data[8:10] == bytes([1, 3])
    assert data[10:18] == (2).to_bytes(4, "big") + (16_384).to_bytes(4, "big")
    assert data[18:34] == digest(b"\0")[:16]
    assert data[34:38] == (24 + 7 + 16).to_bytes(4, "big")
    assert data[38:62] == digest(b"\x01")[:24]
    assert data[-32:] == digest(data[:-32])
    assert len(data) == 38 + 24 + 7 + 16 + 32
    assert unlock(data, WORDS, KeystoreKind.REPORTER)[1] == b"secrets"


def test_every_kind_opens_only_as_itself():
    for kind in KeystoreKind:
        for other in KeystoreKind:
            if kind is other:
                assert unlock(locked(kind), WORDS, kind)[1] == b"secrets"
            else:
                with pytest.raises(NotAKeystore):
                    unlock(locked(kind), WORDS, other)


def test_locking_again_costs_no_stretching_and_takes_a_fresh_nonce():
    keystore, _ = unlock(locked(), WORDS, KeystoreKind.ROOT)
    random_bytes = drawn()
    first, second = keystore.lock(b"new", random_bytes), keystore.lock(b"new", random_bytes)
    assert first[18:34] == second[18:34] == locked()[18:34]
    assert first[38:62] != second[38:62]
    assert unlock(second, WORDS, KeystoreKind.ROOT)[1] == b"new"


def test_two_keystores_of_one_passphrase_have_different_salts():
    random_bytes = drawn()
    first, second = (Keystore.new(KeystoreKind.ROOT, WORDS, random_bytes, CHEAP) for _ in range(2))
    assert first.salt != second.salt
    # the box of one under the salt of the other: the salt reaches the key
    data = first.lock(b"secrets", random_bytes)
    with pytest.raises(WrongPassphrase):
        unlock(mended(data[:18] + second.salt + data[34:]), WORDS, KeystoreKind.ROOT)


def test_the_same_words_typed_in_another_form_open_it():
    # é as one code point and as two; a ligature and two letters: NFKC makes them one
    for typed, wanted in (("e\u0301", "\u00e9"), ("ﬁ", "fi"), ("①", "1")):
        assert unlock(locked(passphrase=typed), wanted, KeystoreKind.ROOT)


def test_a_passphrase_of_any_characters_is_taken():
    for odd in ("", "\ud800", "🔑", "\0"):
        assert unlock(locked(passphrase=odd), odd, KeystoreKind.ROOT)


def test_a_byte_gone_or_more_is_damage_and_not_a_wrong_passphrase():
    data = locked()
    for broken in (*(data[:length] for length in range(1, len(data))), data + b"\0"):
        with pytest.raises(KeystoreCut):
            unlock(broken, WORDS, KeystoreKind.ROOT)


def test_a_newer_version_or_an_unbearable_cost_is_refused_before_stretching():
    data = locked()
    for at, value in (
        (8, b"\x03"),
        (10, (0).to_bytes(4, "big")),
        (10, (17).to_bytes(4, "big")),
        (14, (argon2id.MEMLIMIT_MIN - 1).to_bytes(4, "big")),
        (14, (2**30 + 1).to_bytes(4, "big")),
    ):
        with pytest.raises(NotAKeystore):
            unlock(mended(data[:at] + value + data[at + len(value) :]), WORDS, KeystoreKind.ROOT)
    # sixteen passes are still borne, so it is the passphrase that fails
    with pytest.raises(WrongPassphrase):
        unlock(mended(data[:10] + (16).to_bytes(4, "big") + data[14:]), WORDS, KeystoreKind.ROOT)


def test_a_wrapped_keystore_says_which_key_it_takes_and_each_writing_may_take_another():
    keystore, _ = unlock(locked(), WORDS, KeystoreKind.ROOT)
    first, second = digest(b"first"), digest(b"second")
    data = keystore.lock(b"new", drawn(), first)
    assert data[8] == 2
    assert data[34:50] == mark_of(first) == read_mark(data, KeystoreKind.ROOT)
    assert read_mark(locked(), KeystoreKind.ROOT) is None
    assert first not in data
    assert unlock(data, WORDS, KeystoreKind.ROOT, [second, first])[1] == b"new"
    again, _ = unlock(data, WORDS, KeystoreKind.ROOT, [first])
    later = again.lock(b"newer", drawn(), second)
    for keys in ([], [first]):
        with pytest.raises(WrappingKeyMissing):
            unlock(later, WORDS, KeystoreKind.ROOT, keys)


def test_changed_secrets_with_a_mended_checksum_do_not_open():
    data = locked()
    with pytest.raises(WrongPassphrase):
        unlock(mended(data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]), WORDS, KeystoreKind.ROOT)


def test_an_open_keystore_does_not_print_its_key():
    keystore = Keystore.new(KeystoreKind.ROOT, WORDS, drawn(), CHEAP)
    assert "_key" not in repr(keystore)
    assert repr(keystore._key)[2:-1] not in repr(keystore)
