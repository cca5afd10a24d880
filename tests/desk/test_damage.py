"""What the journal proves about letters and itself, and what the folder gives away."""

import hashlib
import os
from pathlib import Path

import pytest

from client.desk.journal.bundle import NotABundle
from client.desk.journal.entries import Damaged, Noted, Received
from client.desk.journal.log import JournalReadOnly
from client.organisation import home
from client.organisation.records import Page, Records
from keys.envelope import commit, unframe
from keys.wire import b64, digest
from tests.support.desk_office import PASSPHRASE, Office, cases, kinds, reply_block


def pages_of(folder: Path) -> list[Page]:
    own = home.unlock_home(folder, lambda: PASSPHRASE)
    with Records(folder, own.secrets.store) as records:
        return [Page(letters=records.batch(number)) for number in records.batches()]


def test_letters_that_vanished_from_the_records_are_named(office: Office) -> None:
    gone, stays = office.report(), office.report()
    with office.desk() as desk:
        desk.pull(office.post)
    pages = pages_of(office.folder)
    (office.folder / "inbox.db").unlink()
    own = home.unlock_home(office.folder, lambda: PASSPHRASE)
    with Records(office.folder, own.secrets.store) as records:
        letters = [letter for letter in pages[0].letters if commit(letter.content) == stays.sealed[0].commitment]
        records.keep(Page(letters=letters, seen={records.mark(stays.sealed[0].commitment): True}))
    for _ in range(2):
        with office.desk() as desk:
            [damage] = [damage for damage in desk.damage if damage.code == "letters-missing"]
            assert damage.letters == [gone.sealed[0].commitment]
            assert cases(desk) == {stays.case}
    with office.desk() as desk:
        noted = [entry.action for entry in desk.entries if isinstance(entry.action, Damaged)]
        assert [damage.code for damage in noted] == ["letters-missing"]


def test_a_record_that_was_invented_has_no_entry_from_its_day(office: Office) -> None:
    """Whoever has the key can add a letter to the records; it then is entered late, under its own day and name."""
    honest = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
    [page] = pages_of(office.folder)
    _, header, _ = unframe(page.letters[0].content)
    salt = os.urandom(32)
    content = salt + len(header).to_bytes(4, "big") + header + bytes(4)
    own = home.unlock_home(office.folder, lambda: PASSPHRASE)
    with Records(office.folder, own.secrets.store) as records:
        import msgspec

        forged = msgspec.structs.replace(page.letters[0], content=content)
        records.keep(Page(letters=[forged], seen={records.mark(commit(content)): True}))
    with office.desk(by="Пётр") as desk:
        received = [entry for entry in desk.entries if isinstance(entry.action, Received)]
        assert [(entry.by, entry.action.late) for entry in received] == [("Анна", False), ("Пётр", True)]
        assert received[0].action.letters[0].commitment == honest.sealed[0].commitment
        assert received[1].action.letters[0].commitment == commit(content)


def test_a_damaged_journal_is_shown_up_to_the_damage_and_letters_still_come(office: Office) -> None:
    report = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        desk.append(Noted(case=report.case, text="до"))
        size = (office.folder / "journal").stat().st_size
        desk.append(Noted(case=report.case, text="после"))
    data = bytearray((office.folder / "journal").read_bytes())
    data[size + 40] ^= 1
    (office.folder / "journal").write_bytes(data)
    late = office.report()
    with office.desk() as desk:
        assert desk.read_only
        assert [damage.code for damage in desk.damage] == ["journal-record-changed"]
        assert [entry.action.text for entry in desk.entries if isinstance(entry.action, Noted)] == ["до"]
        with pytest.raises(JournalReadOnly):
            desk.append(Noted(case=report.case, text="ещё"))
        assert desk.head_line == ""
        desk.pull(office.post)
        assert cases(desk) == {report.case, late.case}
    assert (office.folder / "journal").read_bytes() == data
    with office.desk(mend=True) as desk:
        assert not desk.read_only
        assert cases(desk) == {report.case, late.case}
        desk.append(Noted(case=report.case, text="дальше"))
        assert (office.folder / "journal.damaged-1").read_bytes() == data
    with office.desk() as desk:
        assert [entry.action.text for entry in desk.entries if isinstance(entry.action, Noted)] == ["до", "дальше"]
        assert desk.damage == []


def test_damage_is_shown_and_noted_once(office: Office) -> None:
    with office.desk() as desk:
        desk.append(Noted(case=b64(bytes(16)), text="?"))
    path = office.folder / "journal"
    path.write_bytes(path.read_bytes()[:-3])
    with office.desk() as desk:
        assert [damage.code for damage in desk.damage] == ["journal-cut"]
        assert kinds(desk) == ["opened", "noted", "opened", "damaged"]
    with office.desk() as desk:
        assert desk.damage == []


def test_what_is_not_a_bundle_changes_nothing(office: Office) -> None:
    import io

    with office.desk() as desk:
        before = kinds(desk)
        with pytest.raises(NotABundle):
            desk.merge_journal(io.BytesIO(b"PK\x03\x04"))
        assert kinds(desk) == before


def test_the_folder_holds_no_word_after_a_day(office: Office) -> None:
    photo = hashlib.sha256(b"photo").digest() * 3_000
    report = office.report({"name": "Иванова Анна", "account": "били дубинками"}, files=(photo,), reply=reply_block())
    with office.desk(by="Марина Волкова") as desk:
        desk.pull(office.post)
        desk.append(Noted(case=report.case, text="мать зовут Ольга"))
        desk.reply(report.case, "адвокат Петрова едет", "lawyer")
        for _ in desk.export_journal():
            pass
        assert desk.file(report.case, b64(digest(photo))).whole
    disk = {path: path.read_bytes() for path in office.folder.rglob("*") if path.is_file()}
    assert {"journal", "inbox.db", "outbox.db", "keystore", "card"} <= {path.name for path in disk}
    words = ["Иванова", "дубинками", "Ольга", "Петрова", "Волкова", report.case, "account"]
    needles = [word.encode() for word in words] + [photo[:32], photo[1_000:1_032], PASSPHRASE.encode()]
    for path, data in disk.items():
        assert [needle for needle in needles if needle in data] == [], path.name
    assert office.card.signed in disk.values()  # a search that finds what is there
