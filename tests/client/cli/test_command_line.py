"""What `tocsin` says: help that is whole, and sentences that name what is wrong."""

import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import click
import pytest
from nacl.signing import SigningKey

from client.cli import contact, main
from client.cli.main import door
from client.files import NotText
from client.organisation.home import CARD, Profile, card_of, create, unlock_home
from client.organisation.shares import split_root_key
from client.site.release import RELEASE
from client.site.serve import HEADERS
from keys.keystore import Cost, Keystore
from keys.wire import b64
from tests.support.quick_tocsin import quick_new
from tests.support.text_files import FORMS

NOW = 1_795_168_800


@pytest.fixture(autouse=True)
def quick_keystores(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a keystore costs is none of the words that are tested here."""
    monkeypatch.setattr(Keystore, "new", quick_new)


def groups(command: click.Group = door, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that has commands of its own, as the words that name it."""
    yield words
    for name in command.list_commands(click.Context(command)):
        found = command.get_command(click.Context(command), name)
        if isinstance(found, click.Group):
            yield from groups(found, (*words, name))


def run_tocsin(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Run `tocsin WORDS`: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as ended:
        main.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def shell(*words: object) -> tuple[int, str, str]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "client.cli.main", *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("words", list(groups()), ids=" ".join)
def test_a_group_without_a_word_shows_its_help_and_calls_it_no_error(words, capsys):
    code, out, err = run_tocsin(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"Usage: {' '.join(('tocsin', *words))} ")
    assert "error:" not in err
    assert "hint:" not in err


@pytest.mark.parametrize("words", list(groups()), ids=" ".join)
def test_no_line_of_the_help_is_cut(words, capsys):
    code, out, _ = run_tocsin(capsys, *words, "--help")
    assert code == 0
    assert "..." not in out.split("Commands:")[1]
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.process
def test_a_port_that_is_taken_is_said_alike_by_whoever_listens(tmp_path):
    create(tmp_path / "office", "phrase", Profile("Help", ("https://relay.example",)), now=NOW, cost=Cost(1, 8 * 2**20))
    (tmp_path / RELEASE).touch()
    (tmp_path / HEADERS).touch()
    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = f"127.0.0.1:{busy.getsockname()[1]}"
        calls = [
            ("relay", "serve", "--data", tmp_path / "relay"),
            ("desk", "--home", tmp_path / "office"),
            ("phone", "serve", tmp_path),
        ]
        ended = [shell(*words, "--listen", address) for words in calls]
    assert len(set(ended)) == 1, ended
    code, out, err = ended[0]
    assert (code, out) == (1, "")
    assert err.startswith(f"error: this address cannot be listened on: {address} (Address already in use)\nhint: ")
    assert err.count(address) == 1


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", ":8080"])
@pytest.mark.parametrize("words", [("desk", "--home", "x"), ("phone", "serve", "x")], ids=" ".join)
def test_an_address_without_host_or_port_is_a_misuse(words, listen, capsys):
    code, out, err = run_tocsin(capsys, *words, "--listen", listen)
    assert (code, out) == (2, "")
    assert "write HOST:PORT, as in 127.0.0.1:8602" in err


SILENT = "http://127.0.0.1:1"  # nobody listens there


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """The card of an organisation whose relay does not answer."""
    folder = tmp_path_factory.mktemp("organisation") / "home"
    create(folder, "phrase", Profile("Помощь", (SILENT,)), now=int(time.time()), cost=Cost(1, 8 * 2**20))
    return (folder / CARD).read_text(encoding="utf-8")


@pytest.fixture
def person(tmp_path, monkeypatch):
    """A folder of one's own, and no passphrase at hand."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "person"))
    monkeypatch.delenv("TOCSIN_PASSPHRASE_FILE", raising=False)
    return tmp_path


@pytest.mark.parametrize("form", FORMS)
def test_a_card_and_facts_are_read_however_they_were_saved(form, capsys, person, card):
    (person / "card").write_bytes(FORMS[form](card))
    (person / "facts").write_bytes(
        FORMS[form](json.dumps({"people": 3, "account": "می‌خواهم"}, ensure_ascii=False, indent=1))
    )
    code, out, err = run_tocsin(capsys, "report", "--to", person / "card", "--fields", person / "facts", "--json")
    assert (code, json.loads(out)["pending"]) == (1, 1)
    assert f"error: {SILENT}: the relay cannot be reached" in err


@pytest.mark.parametrize("data", [b"\xff\xfe{", b"\x80", b"", b"[]", b"\xef\xbb\xbf"])
def test_facts_that_are_no_object_in_utf_8_are_refused(data, capsys, person, card):
    (person / "card").write_text(card, encoding="utf-8")
    (person / "facts").write_bytes(data)
    code, out, err = run_tocsin(capsys, "report", "--to", person / "card", "--fields", person / "facts")
    assert (code, out) == (2, "")
    assert "--fields takes one JSON object, in UTF-8" in err
    assert not (person / "person" / "spool").exists()


@pytest.mark.parametrize("form", FORMS)
def test_shares_are_read_however_they_were_saved(form, capsys, person):
    shares = split_root_key(SigningKey(bytes(range(32))), 2, 3)[:2]
    (person / "shares").write_bytes(FORMS[form]("\n".join(shares) + "\n"))
    (person / "phrase").write_text("phrase\n")
    words = ("--name", "Help", "--relay", SILENT, "--passphrase-file", person / "phrase", "--json")
    code, out, err = run_tocsin(
        capsys, "org", "restore", "--home", person / form, "--shares-file", person / "shares", *words
    )
    assert (code, err) == (0, "")
    assert json.loads(out)["root"] == b64(bytes(SigningKey(bytes(range(32))).verify_key))


@pytest.mark.parametrize(
    "words",
    [("report", "--to", "carrd"), ("contact", "scan", "code.png", "--label", "Mama")],
    ids=" ".join,
)
def test_a_file_that_is_not_there_is_no_bad_code(words, capsys, person):
    code, out, err = run_tocsin(capsys, *words)
    assert (code, out) == (1, "")
    assert err.startswith("error: there is no file of this name, and it is not a code either: ")


def test_a_site_that_is_not_there_is_no_bad_address(capsys, person):
    code, _, err = run_tocsin(capsys, "phone", "verify", person / "site")
    assert code == 1
    assert f"{person / 'site'}, and there is no folder of this name either" in err


@pytest.mark.parametrize("name", [(), ("--name", ""), ("--name", " \t"), ("--name", "\u202e"), ("--name", "x" * 201)])
@pytest.mark.parametrize("words", [("org", "new"), ("org", "restore")], ids=" ".join)
def test_an_organisation_without_a_name_is_refused(words, name, capsys, person):
    code, out, err = run_tocsin(capsys, *words, "--home", person / "office", "--relay", SILENT, *name)
    assert (code, out) == (1, "")
    assert err.startswith("error: an organisation needs a name that can be read\nhint: ")
    assert not (person / "office").exists()


def test_a_neutral_card_is_made_when_it_is_meant(capsys, person):
    (person / "phrase").write_text("phrase\n")
    words = ("org", "new", "--home", person / "office", "--relay", SILENT, "--neutral")
    code, _, err = run_tocsin(capsys, *words, "--name", "Help")
    assert (code, "give one of both" in err) == (2, True)
    code, _, err = run_tocsin(capsys, *words, "--passphrase-file", person / "phrase")
    assert code == 0, err
    assert card_of(person / "office").name == ""


def new_office(capsys, person, *words):
    (person / "phrase").write_text("phrase\n")
    given = ("org", "new", "--home", person / "office", "--relay", SILENT, "--neutral", *words)
    return run_tocsin(capsys, *given, "--passphrase-file", person / "phrase")


def holds_root(folder):
    secrets = unlock_home(folder, lambda: "phrase").secrets
    return secrets.root is not None


def test_the_root_key_lies_apart_and_it_is_said_where(capsys, person):
    code, out, err = new_office(capsys, person)
    root = person / "office-root"
    assert (code, holds_root(person / "office")) == (0, False)
    assert f"root key     {root}\n" in out
    assert f"move {root} to a stick in a drawer" in err
    assert f"`tocsin org publish --root-file {root} --home {person / 'office'}`" in err
    assert root.stat().st_mode & 0o077 == 0
    assert unlock_home(person / "office", lambda: "phrase").root_key(root, lambda: "phrase")


def test_the_root_key_is_in_the_home_when_that_is_meant(capsys, person):
    code, out, err = new_office(capsys, person, "--root-inside")
    assert (code, holds_root(person / "office")) == (0, True)
    assert "root key" not in out
    assert "stick" not in err
    assert sorted(path.name for path in person.iterdir()) == ["office", "phrase"]
    code, _, err = run_tocsin(
        capsys, "org", "new", "--home", person / "other", "--relay", SILENT, "--neutral", "--root-inside",
        "--root-file", person / "root",
    )  # fmt: skip
    assert (code, "give one of both" in err) == (2, True)


def test_a_file_where_the_root_key_should_go_is_not_overwritten(capsys, person):
    (person / "office-root").write_bytes(b"the root of another time")
    code, _, err = new_office(capsys, person)
    assert code == 1
    assert err.startswith("error: there is a file already where the root key should go: ")
    assert (person / "office-root").read_bytes() == b"the root of another time"
    assert not (person / "office").exists()


def test_a_change_of_relays_needs_something_to_change(capsys, person):
    code, _, err = run_tocsin(capsys, "org", "relays", "--home", person / "office")
    assert (code, "give --add or --remove" in err) == (2, True)


@pytest.mark.parametrize("words", [("org", "publish"), ("inbox", "pull")], ids=" ".join)
def test_who_fetches_is_told_nothing_about_sending(words, capsys, person):
    (person / "phrase").write_text("phrase\n")
    create(person / "office", "phrase", Profile("Help", (SILENT,)), now=int(time.time()), cost=Cost(1, 8 * 2**20))
    code, _, err = run_tocsin(capsys, *words, "--home", person / "office", "--passphrase-file", person / "phrase")
    assert code == 1
    assert f"error: {SILENT}: the relay cannot be reached" in err
    assert not [word for word in ("sent", "sealed", "outbox", "envelope", "lost") if word in err]


def test_who_sends_is_told_the_command_that_tries_again(capsys, person, card):
    (person / "card").write_text(card, encoding="utf-8")
    folder = person / "a folder"
    code, out, err = run_tocsin(capsys, "report", "--to", person / "card", "--home", folder)
    assert code == 1
    assert out.endswith("\n0 of 1 envelope has left; 0 relays hold it\n")
    assert f"`tocsin outbox send --home '{folder}'` tries again" in err
    code, _, err = run_tocsin(capsys, "report", "--to", person / "card")
    assert "`tocsin outbox send` tries again" in err


@pytest.mark.parametrize("form", FORMS)
def test_words_from_stdin_are_read_however_they_come(form, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FORMS[form]("می‌خواهم\nдомой\n")), encoding="ascii"))
    assert contact._typed("-") == "می‌خواهم\nдомой"


def test_words_from_stdin_that_are_no_text_are_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\x80"), encoding="utf-8"))
    with pytest.raises(NotText):
        contact._typed("-")


@pytest.mark.parametrize(
    ("age", "words"),
    [(1, ", 1 second old"), (2000, ", 2,000 seconds old"), (None, ""), ("1", ""), ([], ""), (-1, ", -1 seconds old")],
)
def test_the_age_of_a_position_is_said_when_there_is_one(age, words):
    assert contact.where({"lat": 5_500_000, "lon": 3_700_000, "age": age}) == "55.00000, 37.00000" + words
