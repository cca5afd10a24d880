"""A record for a court: checked by the library of those who invented bags, by our own program, and after a change."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import bagit
import pytest
from nacl.signing import SigningKey

from client.cli.main import main
from client.desk.cases import database as database_module
from client.desk.consent.consent import NoConsent
from client.desk.exports.bag import CaseKeysInside, Court, NothingReceived, OnlyUnderPressure, StillAnswerable
from client.desk.exports.registry import Options, make_export
from client.desk.journal.entries import Arrival, Named, Noted, Received
from client.organisation.case_files import Assembled
from client.organisation.records import RecordLetter, StoredReceipt
from keys import message
from keys.envelope import Address, commit, frame, unframe
from keys.message import ParcelRef
from keys.note import NoteKey, sign
from keys.receipt import HANDOVER_KIND, RECEIPT_KIND
from keys.wire import Purpose, b64, unb64
from tests.support.case_reports import ALL, NOW, at_station, case_id, db, journal_entry, letter, station
from tests.support.hostile_words import HOSTILE

TVERSKOY = station(1, "ОВД Тверской")
CASE = case_id(1)
PHOTO = b"\xff\xd8\xff\xe0 not much of a picture"
REF = ParcelRef(b64(bytes(16)), 1, b64(hashlib.sha256(PHOTO).digest()), "image/jpeg", len(PHOTO))
LOST = ParcelRef(b64(bytes(15) + b"1"), 3, b64(bytes(32)), "audio/ogg", 9)
PARCELS = [
    {"id": ref.id, "n": ref.n, "sha256": ref.sha256, "type": ref.type, "bytes": ref.bytes} for ref in (REF, LOST)
]
LETTERS = [
    letter(CASE, {"name": "Анна Первая", "consent": ALL, "people": 1, **at_station(TVERSKOY)}, at=NOW - 900),
    letter(CASE, {"account": "били"}, seq=1, at=NOW - 600, parcels=PARCELS),
    letter(case_id(2), {"name": "Пётр Неназванный", "people": 1}),
]
FILES = {REF.sha256: Assembled(REF, [], True, PHOTO), LOST.sha256: Assembled(LOST, [1, 2], False, b"part")}


def make_court(letters=LETTERS, entries=(), **more) -> Court:
    return Court(
        letters, list(entries), "journal of 3 entries, 0011223344556677", lambda _, sha256: FILES[sha256], **more
    )


def make_bag(letters=LETTERS, entries=(), **more) -> bytes:
    database = db(list(letters), list(entries), (TVERSKOY,))
    options = Options(NOW, ZoneInfo("Europe/Moscow"), organisation="Помощь\nЕщё: строка", case=CASE)
    return make_export(
        "bag", database, Options(**{**fields_of(options), "court": make_court(letters, entries, **more)})
    ).data


def fields_of(options: Options) -> dict:
    return {name: getattr(options, name) for name in options.__slots__}


def unpack(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder / "record"


def run_verify(record: Path) -> subprocess.CompletedProcess[str]:
    """The program that lies in the record, run as a court would: by itself, with nothing of ours to import."""
    command = [sys.executable, "-I", str(record / "data" / "verify.py")]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_bagit_takes_it_and_so_does_the_program_in_it(tmp_path):
    record = unpack(make_bag(), tmp_path)
    found = bagit.Bag(str(record))
    found.validate()
    assert set(found.algorithms) == {"sha256", "sha512"}
    assert found.info["Bagging-Date"] == "2026-11-20"
    assert found.info["Source-Organization"] == "Помощь Ещё: строка"
    result = run_verify(record)
    assert (result.returncode, result.stderr) == (0, "")


def test_messages_are_there_byte_for_byte_with_what_was_committed_to(tmp_path):
    record = unpack(make_bag(), tmp_path) / "data"
    contents = [path.read_bytes() for path in sorted(record.glob("messages/*.content"))]
    assert contents == [letter_.content for letter_ in LETTERS[:2]]
    table = (record / "messages.csv").read_text(encoding="utf-8")
    for letter_ in LETTERS[:2]:
        assert commit(letter_.content).hex() in table
        assert letter_.envelope_hash.hex() in table
    assert json.loads((record / "messages/0002.json").read_bytes())["facts"] == {"account": "били"}
    assert "journal of 3 entries" in (record / "head.txt").read_text(encoding="utf-8")


def test_a_photo_is_there_under_its_hash_and_what_is_missing_is_named(tmp_path):
    record = unpack(make_bag(), tmp_path) / "data"
    assert (record / "files" / f"{hashlib.sha256(PHOTO).hexdigest()}.jpg").read_bytes() == PHOTO
    assert len(list((record / "files").iterdir())) == 1
    lost = (record / "files.csv").read_text(encoding="utf-8").splitlines()[2]
    assert lost == f'"","{bytes(32).hex()}","audio/ogg",9,"false","1 2"'


@pytest.mark.parametrize("target", ["messages/0001.content", "messages/0001.json", "messages.csv", "head.txt"])
def test_a_change_is_found(target, tmp_path):
    record = unpack(make_bag(), tmp_path)
    path = record / "data" / target
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1) + b" ")
    with pytest.raises(bagit.BagError):
        bagit.Bag(str(record)).validate()
    result = run_verify(record)
    assert result.returncode == 1
    assert f"data/{target}: changed" in result.stdout


def test_a_content_that_was_changed_together_with_the_manifests_is_found_by_its_commitment(tmp_path):
    record = unpack(make_bag(), tmp_path)
    path = record / "data/messages/0001.content"
    old = path.read_bytes()
    new = old[:40] + bytes([old[40] ^ 1]) + old[41:]
    path.write_bytes(new)
    for algorithm in ("sha256", "sha512"):
        manifest = record / f"manifest-{algorithm}.txt"
        digests = [hashlib.new(algorithm, content).hexdigest() for content in (old, new)]
        manifest.write_text(manifest.read_text(encoding="utf-8").replace(*digests), encoding="utf-8")
    assert "messages/0001.content: not what was committed to" in run_verify(record).stdout


def test_something_added_or_lost_is_found(tmp_path):
    record = unpack(make_bag(), tmp_path)
    (record / "data/extra.txt").write_bytes(b"x")
    (record / "data/head.txt").unlink()
    assert "data/extra.txt: not in manifest-sha256.txt" in run_verify(record).stdout
    assert "data/head.txt: missing" in run_verify(record).stdout


def test_the_commands_in_the_readme_work(tmp_path):
    record = unpack(make_bag(), tmp_path)
    subprocess.run(["sha256sum", "--quiet", "-c", "manifest-sha256.txt"], cwd=record, check=True)
    command = "(printf 'tocsin/1/commit\\0'; cat messages/0001.content) | sha256sum"
    for name in ("README-en.txt", "README-ru.txt"):
        assert command in (record / "data" / name).read_text(encoding="utf-8")
    printed = subprocess.run(
        ["sh", "-c", command], cwd=record / "data", capture_output=True, text=True, check=True
    ).stdout
    assert printed.split()[0] == commit(LETTERS[0].content).hex()


ENTRIES = (
    journal_entry(
        1, 0, Received(letters=[Arrival(commit(LETTERS[0].content), LETTERS[0].envelope_hash, True, False, NOW)])
    ),
    journal_entry(
        1, 1, Received(letters=[Arrival(commit(LETTERS[2].content), LETTERS[2].envelope_hash, True, False, NOW)])
    ),
    journal_entry(1, 2, Noted(case=CASE, text="мать звонила")),
    journal_entry(1, 3, Noted(case=case_id(2), text="чужое дело")),
)


def test_of_the_journal_only_what_is_about_the_case_and_nobodys_words(tmp_path):
    record = unpack(make_bag(entries=ENTRIES), tmp_path) / "data"
    table = (record / "journal.csv").read_text(encoding="utf-8")
    assert [entry.hash.hex() in table for entry in ENTRIES] == [True, False, True, False]
    assert '"noted"' in table
    assert not (record / "journal").exists()
    for path in record.rglob("*"):
        assert path.is_dir() or not any(word.encode() in path.read_bytes() for word in ("Вера", "мать звонила"))


def test_entries_are_disclosed_only_when_that_was_chosen(tmp_path):
    record = unpack(make_bag(entries=ENTRIES, disclose_entries=True), tmp_path) / "data"
    assert [path.read_bytes() for path in sorted((record / "journal").iterdir())] == [ENTRIES[0].data, ENTRIES[2].data]


@pytest.mark.parametrize("consent", [None, {"store": True}, {"help": True}, {"store": True, "help": False}])
def test_it_needs_a_yes_to_keeping_and_to_help(consent):
    first = letter(CASE, {"name": "Анна Первая", "people": 1, "consent": consent or {}})
    with pytest.raises(NoConsent):
        make_bag([first])


def test_everybody_in_the_case_must_have_said_so():
    refusing = Named(
        case=CASE, person=f"{CASE}#1", name="Ольга Вторая", facts={"consent": {"store": False}}, source="x"
    )
    with pytest.raises(NoConsent):
        make_bag(entries=[journal_entry(1, 0, refusing)])


def test_messages_that_name_somebody_who_did_not_are_not_handed_over():
    naming = letter(CASE, {"account": "со мной ПЁТР Неназванный"}, seq=2)
    with pytest.raises(NoConsent):
        make_bag([*LETTERS, naming])


def test_while_answers_are_looked_for_their_keys_are_not_handed_over():
    block = {
        "relays": [["https://a.example", b64(bytes(32))]], "key": b64(bytes(1_216)), "secret": b64(bytes(32)),
        "until": NOW + 60,
    }  # fmt: skip
    open_ = [LETTERS[0], letter(CASE, {"force": True}, seq=1, reply=block)]
    with pytest.raises(StillAnswerable):
        make_bag(open_)
    assert make_bag(open_, disclose_replies=True)
    closed = [LETTERS[0], letter(CASE, {"force": True}, seq=1, reply=block | {"until": NOW - 1})]
    assert make_bag(closed)


ADDRESS = Address(Purpose.REPORT, b"r" * 32, b"m" * 32)
SECRET = b"c" * 32
KEYS = {name: b64(name.encode().ljust(32, b"-")) for name in ("pin", "forced", "open")}


def said(by: str, facts: dict, seq: int, **more) -> RecordLetter:
    """A letter of one case that names these keys, said under one of them."""
    plain = letter(message.case_id(SECRET), facts, seq=seq, at=NOW - 900 + seq, **more)
    salt, header, _ = unframe(plain.content)
    body = message.said_mac(unb64(KEYS[by]), ADDRESS, 8_192, salt, header)
    return RecordLetter(frame(salt, header, body), True, plain.envelope_hash, False, NOW)


def test_what_was_said_under_force_leaves_no_trace_and_the_keys_leave_only_when_that_was_chosen(tmp_path):
    begun = {"name": "Анна Первая", "consent": ALL, "people": 1}
    letters = [
        said("pin", begun, 0, case_secret=b64(SECRET), keys=KEYS),
        said("forced", {"account": "всё хорошо"}, 1),
        said("open", {"account": "били"}, 2),
    ]
    database = database_module.build(letters, [], address=ADDRESS)
    options = Options(NOW, ZoneInfo("UTC"), case=message.case_id(SECRET), court=make_court(letters))
    with pytest.raises(CaseKeysInside):
        make_export("bag", database, options)
    chosen = {**fields_of(options), "court": make_court(letters, disclose_keys=True)}
    export = make_export("bag", database, Options(**chosen))
    record = unpack(export.data, tmp_path)
    assert len(list(record.glob("data/messages/*.content"))) == 2
    for path in record.rglob("*"):
        assert path.is_dir() or "всё хорошо".encode() not in path.read_bytes()


def test_where_everything_was_said_under_force_nothing_is_handed_over():
    letters = [said("forced", {"people": 1, "consent": ALL}, 0, case_secret=b64(SECRET), keys=KEYS)]
    database = database_module.build(letters, [], address=ADDRESS)
    court = make_court(letters, disclose_keys=True)
    with pytest.raises(OnlyUnderPressure):
        make_export("bag", database, Options(NOW, ZoneInfo("UTC"), case=message.case_id(SECRET), court=court))


def test_a_case_of_which_nothing_is_kept_is_an_error():
    with pytest.raises(NothingReceived):
        make_export("bag", db(LETTERS), Options(NOW, ZoneInfo("UTC"), case=case_id(9), court=make_court()))


def test_letters_that_nobody_can_read_do_not_stand_in_the_way():
    junk = [
        RecordLetter(b"short", True, bytes(32), False, NOW),
        RecordLetter(frame(bytes(32), b"{}", b""), True, bytes(32), False, NOW),
        RecordLetter(frame(bytes(32), b"[", b""), True, bytes(32), False, NOW),
    ]
    database = db(LETTERS)
    options = Options(NOW, ZoneInfo("UTC"), case=CASE, court=make_court([*junk, *LETTERS]))
    assert make_export("bag", database, options).count == 2


def test_a_message_that_came_twice_stands_once_with_the_right_commitment(tmp_path):
    wrong = RecordLetter(LETTERS[0].content, False, bytes(32), False, NOW)
    record = unpack(make_bag([wrong, *LETTERS]), tmp_path) / "data"
    assert len(list(record.glob("messages/*.content"))) == 2
    assert "false" not in (record / "messages.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[8]


@pytest.mark.parametrize(("number", "words"), HOSTILE)
def test_hostile_messages_make_a_valid_bag(number, words, tmp_path):
    first = letter(CASE, {"name": words[:500], "consent": ALL, "people": 1, "account": words})
    ref = ParcelRef(b64(bytes(16)), 1, b64(hashlib.sha256(words.encode()).digest()), words[:255], 5)
    FILES[ref.sha256] = Assembled(ref, [], True, words.encode())
    parcels = [{"id": ref.id, "n": 1, "sha256": ref.sha256, "type": words[:255], "bytes": 5}]
    record = unpack(make_bag([first, letter(CASE, {}, seq=1, parcels=parcels)]), tmp_path)
    bagit.Bag(str(record)).validate()
    assert run_verify(record).returncode == 0
    assert {path.suffix for path in (record / "data/files").iterdir()} == {".bin"}


RELAY = SigningKey(hashlib.sha256(b"relay").digest())
RELAY_KEY = str(NoteKey("relay.example", bytes(RELAY.verify_key)))


def store_receipt(commitment: bytes, kind: str) -> StoredReceipt:
    lines = [kind, "https://relay.example", b64(commitment), b64(bytes(32)), str(NOW // 3600 * 3600)]
    text = sign("\n".join(lines) + "\n", "relay.example", RELAY).decode()
    return StoredReceipt(commitment, kind, NOW // 3600 * 3600, RELAY_KEY, text)


def make_receipts(commitment: bytes) -> list[StoredReceipt]:
    return [store_receipt(commitment, kind) for kind in (RECEIPT_KIND, HANDOVER_KIND)]


def test_an_unpacked_record_proves_by_its_receipts_when_its_messages_were_there(tmp_path, capsys):
    record = unpack(make_bag(receipts=make_receipts), tmp_path)
    bagit.Bag(str(record)).validate()
    assert run_verify(record).returncode == 0
    data = record / "data"
    with open(data / "receipts.csv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["kind"] for row in rows] == ["deposit", "handover"] * 2
    words = (data / "README-en.txt").read_text(encoding="utf-8")
    assert "tocsin receipt check receipts/0001-1.txt --content messages/0001.content --key 'KEY'" in words
    for row, letter_ in zip(rows, [LETTERS[0], LETTERS[0], LETTERS[1], LETTERS[1]], strict=True):
        kept = {receipt.text.encode() for receipt in make_receipts(commit(letter_.content))}
        assert (data / row["receipt"]).read_bytes() in kept
        arguments = [str(data / row["receipt"]), "--content", str(data / row["content"]), "--key", row["key"], "--json"]
        with pytest.raises(SystemExit) as ended:
            main(["receipt", "check", *arguments])
        assert ended.value.code == 0
        assert json.loads(capsys.readouterr().out)["kind"] == row["kind"]


def test_a_receipt_that_is_for_another_message_is_found_by_the_program(tmp_path):
    record = unpack(make_bag(receipts=lambda _: [store_receipt(bytes(32), HANDOVER_KIND)]), tmp_path)
    result = run_verify(record)
    assert result.returncode == 1
    assert "receipts/0001-1.txt: not for messages/0001.content" in result.stdout
