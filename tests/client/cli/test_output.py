"""Passphrases from files, and numbers with their nouns."""

import sys

import pytest

from client.cli import output
from client.cli.output import EmptyPassphrase, EmptyPassphraseFile, Passphrase, PassphraseUnreadable, count
from tests.support.text_files import FORMS

PHRASE = "пять слов для ночи "  # a blank at the end is part of it


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_a_passphrase_file_gives_the_same_words_however_it_was_saved(form, end, tmp_path):
    file = tmp_path / "passphrase"
    file.write_bytes(FORMS[form](PHRASE + end))
    assert Passphrase(file).ask() == PHRASE
    assert Passphrase(file).choose() == PHRASE


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("content", ["", "\n", "\n\n"])
def test_a_file_without_a_passphrase_is_no_wrong_passphrase(form, content, tmp_path):
    file = tmp_path / "passphrase"
    file.write_bytes(FORMS[form](content))
    for asked in (Passphrase(file).ask, Passphrase(file).choose):
        with pytest.raises(EmptyPassphraseFile) as problem:
            asked()
        assert str(problem.value) == f"there is no passphrase in this file: {file}"


@pytest.mark.parametrize("typed", ["", " ", "\t "])
def test_blanks_are_no_new_passphrase(typed, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: True})())
    monkeypatch.setattr(output.getpass, "getpass", lambda _: typed)
    with pytest.raises(EmptyPassphrase):
        Passphrase(None).choose()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x80secret"])
def test_a_file_that_is_no_text_is_named_and_not_quoted(content, tmp_path):
    file = tmp_path / "passphrase"
    file.write_bytes(content)
    with pytest.raises(PassphraseUnreadable) as problem:
        Passphrase(file).ask()
    assert str(problem.value) == f"the passphrase file cannot be read: {file} (this is not text in UTF-8)"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PassphraseUnreadable, match="No such file"):
        Passphrase(tmp_path / "nothing").ask()


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 letters"), (1, "1 letter"), (2, "2 letters"), (21, "21 letters"), (1000, "1,000 letters")],
)
def test_a_number_stands_with_its_noun(number, words):
    assert count(number, "letter") == words
