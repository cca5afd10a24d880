"""From a report on the command line, through real relays, to the organisation, and back."""

import hashlib
import json
import os
import signal

import pytest

from client.transport.relay_client import Transport
from keys.keystore import EARNEST, MAGIC, KeystoreKind
from keys.note import NoteKey
from keys.organisation import read_card
from keys.receipt import read_receipt
from keys.wire import b64
from tests.journeys.conftest import TOCSIN, Shell, make_office

pytestmark = pytest.mark.process

STORY = "Задержали у метро «Пушкинская», یک نفر زخمی است 🚐\nВторая строка"
NAME = "Иванова Анна"


def photo(folder, size=3_000_000):
    path = folder / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + os.urandom(size - 6) + b"\xff\xd9")
    return path


def test_a_report_with_a_photo_is_sealed_carried_opened_and_answered(shell, relays, office):
    picture = photo(shell.folder)
    words = ["--set", "stage=van", "--set", "people=3", "--set", f"name={NAME}", "--set", f"account={STORY}"]
    sent = shell.ok("report", "--to", office.card, *words, "--file", picture, "--json").json
    assert sent["pending"] == 0
    assert {receipt["relay"] for receipt in sent["receipts"]} == {relay.address for relay in relays}
    assert len(sent["receipts"]) == 2 * 49, "every envelope lies at both relays"

    for relay in relays:
        disk = relay.everything()
        assert all(word.encode() not in disk for word in (NAME, STORY, sent["case"]))
    pulled = office.ok("inbox", "pull").json
    assert pulled == {"new": 49, "duplicate": 49, "bad": 0}

    [case] = office.ok("inbox", "list").lines
    assert (case["case"], case["messages"], case["name"], case["stage"]) == (sent["case"], 1, NAME, "van")
    shown = office.ok("inbox", "show", sent["case"]).json
    [message] = shown["messages"]
    assert (message["id"], message["kind"], message["commitment"], message["other"]) == (sent["id"], "report", "ok", {})
    assert message["header"]["facts"]["account"] == STORY
    digest = hashlib.sha256(picture.read_bytes()).digest()
    assert shown["files"] == [{"sha256": b64(digest), "bytes": 3_000_000, "type": "image/jpeg", "missing": []}]

    saved = shell.folder / "saved"
    office.ok("inbox", "save", sent["case"], saved)
    assert (saved / f"{digest.hex()}.jpg").read_bytes() == picture.read_bytes()
    assert json.loads((saved / "messages.jsonl").read_text(encoding="utf-8"))["header"]["facts"]["name"] == NAME

    for number in (1, 2):  # what each relay signed when it handed the report over, and its content byte for byte
        paths = [saved / f"0001-{number}.receipt", "--content", saved / "0001.content"]
        proved = shell.ok("receipt", "check", *paths, "--card", office.card, "--json").json
        assert (proved["kind"], proved["hour"] % 3600) == ("handover", 0)

    text = "Адвокат едет, статья 51"
    replied = office.ok("inbox", "reply", sent["case"], text, "--status", "lawyer").json
    assert replied["pending"] == 0
    [came] = shell.ok("replies", "--case", sent["case"], "--json").lines
    assert (came["text"], came["status"], came["case"]) == (text, "lawyer", sent["case"])
    [again] = shell.ok("replies", "--case", sent["case"][:6], "--json").lines
    assert again == came, "a reply stays readable after the relay has forgotten it"
    assert office.ok("inbox", "pull").json == {"new": 0, "duplicate": 0, "bad": 0}


def test_every_keystore_of_the_real_command_is_as_costly_as_promised(tmp_path, relays):
    """The other journeys make quick ones. Head of the file: magic 8, version, kind, passes 4, memory 4."""
    shell = Shell(tmp_path, TOCSIN)
    office, person = make_office(shell, relays), shell.folder / "person"
    apart, site = shell.folder / "root", shell.folder / "site"
    shell.ok(
        "org",
        "new",
        "--home",
        shell.folder / "other",
        "--name",
        "Помощь",
        "--relay",
        relays[0].address,
        "--root-file",
        apart,
    )
    shell.ok("report", "--to", office.card)
    shell.ok("contact", "new", "--relay", relays[0].address)
    shell.ok("phone", "build", "--card", office.card, "--out", site, "--key", person / "release-key")

    whole = (path.read_bytes() for path in shell.folder.rglob("*") if path.is_file())
    heads = {data[9]: data[10:18] for data in whole if data.startswith(MAGIC)}
    assert set(heads) == set(KeystoreKind)
    assert set(heads.values()) == {EARNEST.passes.to_bytes(4, "big") + EARNEST.memory.to_bytes(4, "big")}


def test_a_receipt_can_be_checked_by_anybody_who_has_the_card(shell, shared_office):
    sent = shell.ok("report", "--to", shared_office.card, "--set", "stage=van", "--json").json
    keys = json.loads(shared_office.card.read_text(encoding="utf-8").splitlines()[1])["log"]
    for given in sent["receipts"]:
        receipt, note = read_receipt(given["receipt"].encode())
        assert receipt.origin == given["relay"]
        assert receipt.hour % 3600 == 0
        assert sum(note.signed_by(NoteKey.parse(key).public) for key in keys) == 1


def test_a_card_that_is_known_is_not_sent_again_by_a_real_relay(shared_office):
    card = read_card(shared_office.card.read_bytes())
    with Transport(os.urandom) as transport:
        for relay in card.relays:
            assert transport.newer_card(relay, card.root, card.seq) is None
            assert transport.newer_card(relay, card.root, card.seq - 1) == card.signed


def test_facts_are_added_from_stdin_and_by_the_code(shell, relay, office):
    code = office.ok("org", "code").json["code"]
    first = shell.ok("report", "--to", code, "--set", "stage=van", "--json").json
    more = {"stage": "station", "station": {"text": "ОВД Тверской"}, "minors": True}
    added = shell.ok(
        "report", "--to", code, "--case", first["case"], "--fields", "-", "--json", stdin=json.dumps(more)
    ).json
    assert added["case"] == first["case"]
    office.ok("inbox", "pull")
    shown = office.ok("inbox", "show", first["case"][:8]).json
    assert [message["kind"] for message in shown["messages"]] == ["report", "amend"]
    assert [message["header"]["seq"] for message in shown["messages"]] == [0, 1]
    assert office.ok("inbox", "list").json["stage"] == "station"


def test_without_a_network_the_report_waits_sealed_and_arrives_once_later(shell, relays, office):
    for relay in relays:
        relay.stop()
    ended = shell.run("report", "--to", office.card, "--set", f"account={STORY}", "--json")
    assert (ended.code, ended.json["pending"], ended.json["receipts"]) == (1, 1, [])
    assert "error:" in ended.err
    assert "hint:" in ended.err
    folder = shell.folder / "person"
    disk = b"".join(path.read_bytes() for path in folder.iterdir())
    assert STORY.encode() not in disk
    assert office.run("inbox", "pull").code == 1

    for relay in relays:
        relay.start()
    sent = shell.ok("outbox", "send", "--json").json
    assert (sent["pending"], len(sent["receipts"])) == (0, 2)
    assert shell.ok("outbox", "list", "--json").out == ""
    assert office.ok("inbox", "pull").json == {"new": 1, "duplicate": 1, "bad": 0}
    assert office.ok("inbox", "pull").json == {"new": 0, "duplicate": 0, "bad": 0}


def test_one_relay_is_enough_and_the_other_is_caught_up_with(shell, relays, office):
    relays[1].stop()
    ended = shell.ok("report", "--to", office.card, "--json")
    assert [given["relay"] for given in ended.json["receipts"]] == [relays[0].address]
    assert relays[1].address in ended.err
    relays[1].start()
    shell.ok("outbox", "send")
    relays[0].stop()
    assert office.ok("inbox", "pull").json == {"new": 1, "duplicate": 0, "bad": 0}


def test_a_relay_killed_and_started_again_still_has_it(shell, relays, office):
    sent = shell.ok("report", "--to", office.card, "--json").json
    for relay in relays:
        relay.stop(signal.SIGKILL)
        relay.start()
    office.ok("inbox", "pull")
    assert office.ok("inbox", "show", sent["case"]).json["case"] == sent["case"]


def test_relays_end_cleanly_when_asked(relays):
    assert [relay.stop() for relay in relays] == [0, 0]


def test_a_card_older_than_one_seen_is_refused_and_the_newest_is_used(shell, relays, office):
    old = shell.folder / "old-card"
    shell.ok("org", "card", "--home", office.home, "--out", old)
    newer = _renewed(shell, office)
    shell.ok("report", "--to", newer)
    ended = shell.run("report", "--to", old)
    assert ended.code == 0
    assert "older card" in ended.err
    again = shell.folder / "again"
    assert shell.ok("inbox", "pull", "--home", again, "--json").json["new"] == 2, "both were sealed for the newer card"


def _renewed(shell, office):
    """A card with a higher number, as any restore of the root makes one."""
    shares = office.ok("org", "backup", "--root-file", shell.folder / "office-root").json["shares"]
    again = shell.folder / "again"
    relay = json.loads(office.card.read_text(encoding="utf-8").splitlines()[1])["relays"][0]
    restored = shell.ok(
        "org",
        "restore",
        "--home",
        again,
        "--name",
        "Помощь",
        "--relay",
        relay,
        "--json",
        stdin="\n".join([shares[0], shares[2]]),
    ).json
    assert restored["root"] == office.ok("org", "card").json["root"]
    shell.ok("org", "publish", "--home", again, "--root-file", restored["root_file"])
    newer = shell.folder / "newer-card"
    shell.ok("org", "card", "--home", again, "--out", newer)
    return newer


def test_a_practice_press_is_marked_so(shell, office):
    shell.ok("report", "--to", office.card, "--practice")
    office.ok("inbox", "pull")
    assert office.ok("inbox", "list").json["practice"] is True


def test_a_wrong_passphrase_a_cut_keystore_and_a_wrong_folder_are_three_errors(shell, office, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("another\n")
    assert "passphrase is wrong" in shell.run("inbox", "list", "--home", office.home, "--passphrase-file", wrong).err
    assert "no organisation" in shell.run("inbox", "list", "--home", tmp_path / "nowhere").err
    keystore = office.home / "keystore"
    whole = keystore.read_bytes()
    keystore.write_bytes(whole[:-9])
    ended = shell.run("inbox", "list", "--home", office.home)
    assert (ended.code, ended.out) == (1, "")
    assert "cut off" in ended.err
    keystore.write_bytes(whole)
    shell.ok("inbox", "list", "--home", office.home)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["report"], 2, "--to"),
        (["report", "--to", "card", "--set", "peple=3"], 2, "no field 'peple'"),
        (["report", "--to", "card", "--set", "people=many"], 2, "people takes a number"),
        (["report", "--to", "nothing-here"], 1, "no file of this name, and it is not a code either: nothing-here"),
        (["report", "--to", "TOCSIN:1:O:"], 1, "this is not a Tocsin code"),
        (["report", "--to", "TOCSIN:1:C:ABC"], 1, "something else"),
        (["report", "--to", "card", "--case", "zzz"], 1, "no such case"),
        (["replies", "--case", "zzz"], 1, "no such case"),
        (["report", "--to", "card", "--file", "no-photo.jpg"], 1, "cannot be read"),
        (
            ["org", "new", "--home", "x", "--name", "x", "--relay", "http://relay.example"],
            1,
            "not the address of a relay",
        ),
        (["org", "backup", "--home", "office", "--shares", "2", "--threshold", "3"], 2, "threshold"),
        (["nonsense"], 2, "No such command"),
        (["inbox", "show", "zzz", "--home", "office"], 1, "no such case"),
    ],
)
def test_every_mistake_has_its_sentence(words, code, sentence, shell, shared_office):
    known = {"card": shared_office.card, "office": shared_office.home, "x": shell.folder / "x"}
    ended = shell.run(*[known.get(word, word) for word in words])
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("error: ")
    assert sentence in ended.err
    assert "\nhint: " in ended.err


def test_without_a_passphrase_a_report_goes_and_says_that_no_answer_can_come(shell, shared_office):
    env = {name: value for name, value in shell.env.items() if name != "TOCSIN_PASSPHRASE_FILE"}
    shell.env = env
    ended = shell.ok("report", "--to", shared_office.card, "--json")
    assert "no reply can reach you" in ended.err
    assert "passphrase" in shell.run("inbox", "list", "--home", shared_office.home).err
    ended = shell.run("replies", "--case", ended.json["case"])
    assert "no reply can have come" in ended.err


def test_the_demonstration_ends_well(shell):
    ended = shell.ok("demo", "--once")
    assert "byte for byte" in ended.out
    assert "sealed, carried, opened, replied to" in ended.out
