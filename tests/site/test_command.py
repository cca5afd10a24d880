"""`tocsin phone` as a shell sees it."""

import json
import sys

import pytest

from client.cli import main
from client.site import bundle as bundles
from tests.site.conftest import NOW, make_card, make_pack
from tests.support.text_files import FORMS


@pytest.fixture
def shell(tmp_path, small, options, monkeypatch, capsys):
    """Runs `tocsin phone ...` in this process, in a folder of its own; gives code, stdout and stderr."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOW))
    monkeypatch.delenv("TOCSIN_PASSPHRASE_FILE", raising=False)
    monkeypatch.setattr(bundles.bundle, "__defaults__", (small.folder,))
    monkeypatch.setattr(sys, "argv", ["tocsin"])
    (tmp_path / "card").write_bytes(options.cards[0].signed)

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main.main(["phone", *map(str, words)])
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return run


@pytest.fixture
def out(shell, tmp_path):
    code, _, err = shell("build", "--card", tmp_path / "card", "--out", tmp_path / "out")
    assert code == 0, err
    return tmp_path / "out"


def test_build_says_what_it_made_and_with_which_key(shell, tmp_path):
    code, out_text, err = shell("build", "--card", tmp_path / "card", "--out", tmp_path / "out", "--json")
    value = json.loads(out_text)
    assert code == 0, err
    assert value["seq"] == NOW
    assert value["key"].startswith("release+")
    assert value["files"] == len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) - 1


def test_building_twice_gives_the_same_bytes(shell, tmp_path, out):
    shell("build", "--card", tmp_path / "card", "--out", tmp_path / "again")
    ours, theirs = (
        {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (out, tmp_path / "again")
    )
    assert ours == theirs


def test_verify_knows_the_key_of_our_own_builds(shell, out):
    code, out_text, _ = shell("verify", out, "--json")
    value = json.loads(out_text)
    assert code == 0
    assert (value["ok"], value["problems"]) == (True, [])


@pytest.mark.parametrize("form", FORMS)
def test_card_and_held_release_are_read_however_they_were_saved(shell, out, tmp_path, form):
    (tmp_path / "saved").write_bytes(FORMS[form]((tmp_path / "card").read_text(encoding="utf-8")))
    code, _, err = shell("build", "--card", tmp_path / "saved", "--out", tmp_path / "again")
    assert code == 0, err
    assert (tmp_path / "again" / "release.json").read_bytes() == (out / "release.json").read_bytes()
    (tmp_path / "held").write_bytes(FORMS[form]((out / "release.json").read_text(encoding="utf-8")))
    code, _, err = shell("verify", tmp_path / "again", "--held", tmp_path / "held")
    assert code == 0, err


def test_verify_names_every_problem_and_ends_with_1(shell, out):
    (out / "sw.js").write_text("evil()")
    (out / "licences.txt").unlink()
    (out / "more").write_text("x")
    code, out_text, _ = shell("verify", out, "--json")
    value = json.loads(out_text)
    assert code == 1
    assert value["ok"] is False
    assert {problem["path"]: problem["problem"] for problem in value["problems"]} == {
        "sw.js": "file-changed",
        "licences.txt": "file-missing",
        "more": "file-added",
    }
    code, _, err = shell("verify", out)
    assert code == 1
    assert "error: sw.js: a file is not the one that was signed" in err


def test_verify_with_the_card_of_an_organisation_that_did_not_sign(shell, tmp_path, out):
    code, out_text, _ = shell("verify", out, "--card", tmp_path / "card", "--json")
    assert code == 1
    assert json.loads(out_text)["problems"] == [{"path": "release.json", "problem": "release-other-key"}]


def test_verify_refuses_a_release_older_than_the_one_held(shell, tmp_path, out, monkeypatch):
    known_release = tmp_path / "held.json"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOW + 1))
    shell("build", "--card", tmp_path / "card", "--out", tmp_path / "newer")
    known_release.write_bytes((tmp_path / "newer" / "release.json").read_bytes())
    code, out_text, _ = shell("verify", out, "--held", known_release, "--json")
    assert code == 1
    assert json.loads(out_text)["problems"] == [{"path": "release.json", "problem": "release-older"}]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("verify", "nothing-here"), 1, "this is not the address of a site"),
        (("serve", "nothing-here"), 1, "there is no built site in this folder"),
        (("build", "--out", "x"), 2, "Missing option '--card'"),
        (("build", "--card", "nothing", "--out", "x"), 1, "this file cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(shell, out, words, code, sentence):
    ended, _, err = shell(*words)
    assert ended == code
    assert f"error: {sentence}" in err


def test_verify_without_any_key_uses_the_one_the_copy_names_and_says_so(shell, out, tmp_path, monkeypatch):
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "nobody"))
    code, _, err = shell("verify", out)
    assert code == 0
    assert "the key it names itself" in err
    bare = tmp_path / "bare"
    bare.mkdir()
    code, _, err = shell("verify", bare)
    assert code == 1
    assert "there is no release key here" in err


def test_two_signers_at_once_are_a_misuse(shell, tmp_path):
    words = ("--home", tmp_path, "--key", tmp_path / "key")
    code, _, err = shell("build", "--card", tmp_path / "card", "--out", tmp_path / "out", *words)
    assert code == 2
    assert "name one" in err


def test_packs_go_along(shell, tmp_path, root):
    (tmp_path / "pack").write_bytes(make_pack(root))
    code, _, err = shell(
        "build", "--card", tmp_path / "card", "--stations", tmp_path / "pack", "--out", tmp_path / "out"
    )
    assert code == 0, err


def test_a_card_with_a_name_is_remarked_upon(shell, tmp_path, root):
    remark = "a card names its organisation"
    for name in ("", "Help at night"):
        (tmp_path / "card").write_bytes(make_card(root, name=name).signed)
        code, _, err = shell("build", "--card", tmp_path / "card", "--out", tmp_path / "out")
        assert code == 0
        assert (remark in err) == bool(name)
