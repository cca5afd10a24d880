"""An unlocked desk: what it is told stands on the disk first; what was pulled before is taken in; nothing is lost."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from client import files
from client.desk.cases.record_index import NoSuchCase, NoSuchFile
from client.desk.desk import Desk, DeskClosed
from client.desk.journal.bundle import NotABundle
from client.desk.journal.entries import (
    BadEntry,
    Damaged,
    Locked,
    Marked,
    NoName,
    Noted,
    Opened,
    Received,
    Replied,
    Sent,
    Viewed,
)
from client.desk.journal.log import JournalReadOnly
from client.files import CannotWrite, FolderBusy
from client.organisation import home
from client.organisation.home import NoHome
from client.organisation.inbox import Inbox, Tally, report_address
from client.organisation.records import Page, Records
from client.outbox.store import Spool
from keys.envelope import commit, unframe
from keys.errors import WrongPassphrase
from keys.wire import b64, digest
from tests.relay.store.test_full_disk import fill, mounted
from tests.support.desk_office import PASSPHRASE, RELAYS, Office, reply_block


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


def kinds(desk: Desk) -> list[str]:
    return [type(one.what).__name__ for one in desk.entries]


def notes(desk: Desk) -> list[str]:
    return [one.what.text for one in desk.entries if isinstance(one.what, Noted)]


def cases(desk: Desk) -> set[str]:
    with desk.reading() as db:
        return {row[0] for row in db.execute('SELECT DISTINCT "case" FROM letter')}


def pulled_by_a_command(office: Office) -> Tally:
    """As `tocsin inbox pull` does it: no journal."""
    own = home.unlock_home(office.folder, lambda: PASSPHRASE)
    kept = own.secrets
    with Records(office.folder, kept.store) as records:
        address = report_address(kept.root_public, kept.mailbox_key.id)
        box = Inbox(records, address, kept.open_keys(), last_resort=kept.last_resort, clock=office.clock)
        return box.pull(office.post, kept.relays, kept.mailbox_key)


def pages_of(folder: Path) -> list[Page]:
    own = home.unlock_home(folder, lambda: PASSPHRASE)
    with Records(folder, own.secrets.store) as records:
        return [Page(letters=records.batch(number)) for number in records.batches()]


def test_a_letter_is_kept_journalled_and_shown(office: Office) -> None:
    said = office.report({"name": "Иванова"})
    with office.desk() as desk:
        before = desk.version
        assert desk.pull(office.post).new == 1
        [received] = [one.what for one in desk.entries if isinstance(one.what, Received)]
        [arrival] = received.letters
        assert (arrival.commitment, arrival.envelope) == (said.sealed[0].commitment, said.sealed[0].hash)
        assert (arrival.committed, arrival.last_resort, received.late) == (True, False, False)
        assert (cases(desk), desk.version > before) == ({said.case}, True)
        assert kinds(desk) == ["Opened", "Received"]


def test_a_day_survives_the_lock(office: Office) -> None:
    said = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        desk.act(Noted(case=said.case, text="звонила мать"))
    with office.desk(by="Пётр") as desk:
        assert kinds(desk) == ["Opened", "Received", "Noted", "Locked", "Opened"]
        assert [one.by for one in desk.entries] == ["Анна"] * 4 + ["Пётр"]
        assert (cases(desk), desk.damage) == ({said.case}, [])


def test_the_sessions_name_each_other(office: Office) -> None:
    with office.desk() as desk:
        first = desk.entries[0].session
    with office.desk() as desk:
        last, locked = desk.entries[-1], desk.entries[-2]
        assert isinstance(last.what, Opened)
        assert isinstance(locked.what, Locked)
        assert last.what.heads == [locked.head]
        assert last.session != first


def test_letters_pulled_by_a_command_get_their_entries_at_the_next_unlocking(office: Office) -> None:
    reports = [office.report() for _ in range(3)]
    assert pulled_by_a_command(office).new == 3
    with office.desk() as desk:
        [received] = [one.what for one in desk.entries if isinstance(one.what, Received)]
        assert {one.commitment for one in received.letters} == {one.sealed[0].commitment for one in reports}
        assert received.late
        assert cases(desk) == {one.case for one in reports}
    with office.desk() as desk:
        assert kinds(desk).count("Received") == 1


def test_a_power_cut_between_records_and_journal_loses_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    said = office.report()

    class PowerCut(BaseException):
        pass

    def cut(*_: object) -> None:
        raise PowerCut

    desk = office.unlock()
    monkeypatch.setattr(desk._journal, "append", cut)
    with pytest.raises(PowerCut):
        desk.pull(office.post)
    desk._resources.close()
    assert not office.post.deposited
    with office.desk() as desk:
        [received] = [one.what for one in desk.entries if isinstance(one.what, Received)]
        assert ([one.commitment for one in received.letters], received.late) == ([said.sealed[0].commitment], True)
        assert cases(desk) == {said.case}
        assert desk.pull(office.post).new == 0


def test_a_full_disk_at_the_journal_shows_nothing_until_it_is_noted(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = office.report()
    with office.desk() as desk:
        with monkeypatch.context() as patch:
            patch.setattr(desk._journal, "append", full)
            with pytest.raises(CannotWrite):
                desk.pull(office.post)
            assert cases(desk) == set()
        assert desk.pull(office.post).duplicate == 1  # the relay was not told that it has arrived
        assert cases(desk) == {said.case}
        [received] = [one.what for one in desk.entries if isinstance(one.what, Received)]
        assert [one.commitment for one in received.letters] == [said.sealed[0].commitment]


def full(*_: object) -> None:
    raise CannotWrite("the journal (No space left on device)")


def test_what_cannot_be_written_is_not_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    said = office.report(reply=reply_block())
    with office.desk() as desk:
        desk.pull(office.post)
        version, before = desk.version, kinds(desk)
        with monkeypatch.context() as patch:
            patch.setattr(desk._journal, "append", full)
            with pytest.raises(CannotWrite):
                desk.act(Noted(case=said.case, text="не записано"))
            with pytest.raises(CannotWrite):
                desk.reply(said.case, "адвокат едет", "lawyer")
        assert (desk.version, kinds(desk), desk.waiting()) == (version, before, 0)
        with Spool(office.folder) as spool:
            assert spool.hashes() + spool.held() == []


def test_several_acts_are_written_all_or_none(office: Office) -> None:
    said = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        before = kinds(desk)
        with pytest.raises(BadEntry):
            desk.acts([Noted(case=said.case, text="да"), Marked(case=said.case, status="нет")])  # type: ignore[arg-type]
        assert kinds(desk) == before
        assert len(desk.acts([Noted(case=said.case, text="да"), Marked(case=said.case, status="open")])) == 2


def test_a_case_is_viewed_anew_when_something_came_for_it(office: Office) -> None:
    said = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        first = desk.act(Viewed(case=said.case))
        office.report({"injured": 1}, case=said.case, seq=1)
        desk.pull(office.post)
        assert desk.act(Viewed(case=said.case)) is not first
        assert kinds(desk).count("Viewed") == 2


def test_a_case_that_is_looked_at_twice_is_noted_once_in_a_session(office: Office) -> None:
    said = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        assert desk.act(Viewed(case=said.case)) is desk.act(Viewed(case=said.case))
        assert kinds(desk).count("Viewed") == 1
    with office.desk() as desk:
        desk.act(Viewed(case=said.case))
        assert kinds(desk).count("Viewed") == 2


def test_a_file_is_put_together_from_its_pieces(office: Office) -> None:
    photo = os.urandom(150_000)
    said = office.report(files=(photo,))
    sha256 = b64(hashlib.sha256(photo).digest())
    with office.desk() as desk:
        desk.pull(office.post)
        assert (desk.file(said.case, sha256).data, desk.file(said.case, sha256).whole) == (photo, True)
        with pytest.raises(NoSuchFile):
            desk.file(said.case, b64(bytes(32)))
        with pytest.raises(NoSuchCase):
            desk.file(b64(bytes(16)), sha256)
        [received] = [one.what for one in desk.entries if isinstance(one.what, Received)]
        assert (len(received.letters), received.pieces) == (1, 3)


@pytest.mark.process
def test_on_a_disk_that_is_really_full_nothing_is_half_said(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=4m") as disk:
        office = Office(disk / "office")
        said = office.report(reply=reply_block())
        desk = office.unlock()
        desk.pull(office.post)
        fill(disk / "ballast")
        written = write_until_full(desk, said.case)
        assert notes(desk) == written
        with pytest.raises(CannotWrite):
            desk.reply(said.case, "адвокат едет", "lawyer")
        office.report()
        with pytest.raises(CannotWrite):
            desk.pull(office.post)
        (disk / "ballast").unlink()
        desk.act(Noted(case=said.case, text="место есть"))
        assert desk.reply(said.case, "адвокат едет", "lawyer").what
        desk.pull(office.post)
        assert len(cases(desk)) == 2
        desk.close()
        with office.desk() as again:
            assert (again.damage, notes(again)) == ([], [*written, "место есть"])
            assert kinds(again).count("Replied") == 1
            assert len(cases(again)) == 2


def write_until_full(desk: Desk, case: str) -> list[str]:
    """What was confirmed before the disk took no more: the last page of a file may take a few."""
    written: list[str] = []
    for i in range(10_000):
        try:
            written.append(desk.act(Noted(case=case, text=f"{i} " + "слово " * 20)).what.text)  # type: ignore[union-attr]
        except CannotWrite:
            return written
    raise AssertionError("the disk is not full")


# Answers


def test_an_answer_is_sealed_noted_and_waits_for_its_way(office: Office) -> None:
    said = office.report(reply=reply_block())
    with office.desk() as desk:
        desk.pull(office.post)
        first, second = (desk.reply(said.case, "адвокат едет", "lawyer", "on-way") for _ in range(2))
        assert isinstance(first.what, Replied)
        assert isinstance(second.what, Replied)
        assert (first.what.seq, second.what.seq, desk.waiting()) == (1, 2, 2)
        with Spool(office.folder) as spool:
            assert set(spool.hashes()) == {*first.what.ways, *second.what.ways}
        assert not desk.left(first)
        desk.sent(first.what.ways[0], {RELAYS[0]: "receipt"})
        desk.sent(first.what.ways[0], {RELAYS[0]: "receipt"})
        assert (desk.left(first), desk.left(second), kinds(desk).count("Sent")) == (True, False, 1)
    with office.desk() as desk:
        assert (desk.left(first), desk.left(second)) == (True, False)
        assert [one.what.relay for one in desk.entries if isinstance(one.what, Sent)] == [RELAYS[0]]


def test_an_answer_cut_off_before_the_journal_was_never_given(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    said = office.report(reply=reply_block())

    class PowerCut(BaseException):
        pass

    desk = office.unlock()
    desk.pull(office.post)

    def cut(entries: list[object]) -> None:
        raise PowerCut

    monkeypatch.setattr(desk._journal, "append", cut)
    monkeypatch.setattr(desk._spool, "drop", lambda _: None)
    with pytest.raises(PowerCut):
        desk.reply(said.case, "адвокат едет", "lawyer")
    desk._resources.close()
    with office.desk() as desk, Spool(office.folder) as spool:
        assert ("Replied" in kinds(desk), spool.hashes(), spool.held()) == (False, [], [])


def test_an_answer_cut_off_behind_the_journal_goes_out_after_the_next_unlocking(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = office.report(reply=reply_block())
    desk = office.unlock()
    desk.pull(office.post)
    monkeypatch.setattr(desk, "release", lambda: None)
    answer = desk.reply(said.case, "адвокат едет", "lawyer")
    desk._resources.close()
    assert isinstance(answer.what, Replied)
    with Spool(office.folder) as spool:
        assert (spool.hashes(), spool.held()) == ([], answer.what.ways)
    with office.desk(), Spool(office.folder) as spool:
        assert (spool.hashes(), spool.held()) == (answer.what.ways, [])


def test_an_answer_that_cannot_be_let_go_yet_is_not_dropped(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    said = office.report(reply=reply_block())

    def full_(*_: object) -> None:
        raise CannotWrite("the outbox (database or disk is full)")

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "release", full_)
        with office.desk() as desk:
            desk.pull(office.post)
            answer = desk.reply(said.case, "адвокат едет", "lawyer")
            assert desk.waiting() == 1
        with office.desk() as desk:
            assert desk.waiting() == 1
    with office.desk() as desk, Spool(office.folder) as spool:
        assert isinstance(answer.what, Replied)
        assert spool.hashes() == answer.what.ways


# Doors


def test_a_wrong_passphrase_changes_nothing(office: Office) -> None:
    before = {path.name: path.read_bytes() for path in office.folder.iterdir()}
    with pytest.raises(WrongPassphrase):
        Desk.unlock(office.folder, "не та", "Анна")
    after = {path.name: path.read_bytes() for path in office.folder.iterdir() if path.name != "lock"}
    assert after == before
    with office.desk() as desk:
        assert kinds(desk) == ["Opened"]


def test_two_desks_on_one_folder_are_kept_apart(office: Office) -> None:
    with office.desk():
        with pytest.raises(FolderBusy):
            office.unlock()
        with pytest.raises(FolderBusy), files.locked(office.folder):
            pass
    with office.desk():
        pass


@pytest.mark.parametrize("by", ["", "   ", "я" * 81, "a\nb\x00", "\u202efdp.exe"])
def test_who_sits_there_has_a_name(office: Office, by: str) -> None:
    with pytest.raises(NoName):
        Desk.unlock(office.folder, PASSPHRASE, by)


def test_a_folder_without_an_organisation(tmp_path: Path) -> None:
    with pytest.raises(NoHome):
        Desk.unlock(tmp_path, PASSPHRASE, "Анна")


def test_a_closed_desk_answers_nothing(office: Office) -> None:
    desk = office.unlock()
    line = desk.head_line
    assert desk.close("idle") != line
    assert desk.close() == ""
    for call in (lambda: desk.entries, lambda: desk.act(Viewed(case=b64(bytes(16)))), desk.asides):
        with pytest.raises(DeskClosed):
            call()
    with pytest.raises(DeskClosed), desk.reading():
        pass
    with pytest.raises(DeskClosed):
        desk.pull(office.post)
    assert office.post.calls == 0


def test_the_head_stands_for_everything(office: Office) -> None:
    with office.desk() as desk:
        line = desk.head_line
        desk.act(Noted(case=b64(bytes(16)), text="?"))
        assert desk.head_line != line
        assert desk.head_line == f"2 {desk.head.hash.hex()[:32]}"


def test_who_waits_is_told_at_once(office: Office) -> None:
    with office.desk() as desk:
        seen, version = [], desk.version
        waiter = threading.Thread(target=lambda: seen.append(desk.wait(version, 60)))
        waiter.start()
        desk.act(Noted(case=b64(bytes(16)), text="?"))
        waiter.join(60)
        assert seen == [version + 1]
        assert desk.wait(version + 1, 0) == version + 1


def test_many_threads_act_at_once_and_every_act_counts(office: Office) -> None:
    case = b64(bytes(16))
    with office.desk() as desk:

        def acts(name: int) -> None:
            for i in range(20):
                desk.act(Noted(case=case, text=f"{name} {i}"))

        threads = [threading.Thread(target=acts, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with office.desk() as desk:
        notes = [one.what.text for one in desk.entries if isinstance(one.what, Noted)]
        assert len(set(notes)) == len(notes) == 120
        assert [one.turn for one in desk.entries] == list(range(1, len(desk.entries) + 1))


# What the journal proves


def test_letters_that_vanished_from_the_records_are_named(office: Office) -> None:
    gone, stays = office.report(), office.report()
    with office.desk() as desk:
        desk.pull(office.post)
    pages = pages_of(office.folder)
    (office.folder / "inbox.db").unlink()
    own = home.unlock_home(office.folder, lambda: PASSPHRASE)
    with Records(office.folder, own.secrets.store) as records:
        letters = [one for one in pages[0].letters if commit(one.content) == stays.sealed[0].commitment]
        records.keep(Page(letters=letters, seen={records.mark(stays.sealed[0].commitment): True}))
    for _ in range(2):
        with office.desk() as desk:
            [damage] = [one for one in desk.damage if one.code == "letters-missing"]
            assert damage.letters == [gone.sealed[0].commitment]
            assert cases(desk) == {stays.case}
    with office.desk() as desk:
        noted = [one.what for one in desk.entries if isinstance(one.what, Damaged)]
        assert [one.code for one in noted] == ["letters-missing"]


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
        received = [one for one in desk.entries if isinstance(one.what, Received)]
        assert [(one.by, one.what.late) for one in received] == [("Анна", False), ("Пётр", True)]
        assert received[0].what.letters[0].commitment == honest.sealed[0].commitment
        assert received[1].what.letters[0].commitment == commit(content)


def test_a_damaged_journal_is_shown_up_to_the_damage_and_letters_still_come(office: Office) -> None:
    said = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        desk.act(Noted(case=said.case, text="до"))
        size = (office.folder / "journal").stat().st_size
        desk.act(Noted(case=said.case, text="после"))
    data = bytearray((office.folder / "journal").read_bytes())
    data[size + 40] ^= 1
    (office.folder / "journal").write_bytes(data)
    late = office.report()
    with office.desk() as desk:
        assert desk.read_only
        assert [one.code for one in desk.damage] == ["journal-record-changed"]
        assert [one.what.text for one in desk.entries if isinstance(one.what, Noted)] == ["до"]
        with pytest.raises(JournalReadOnly):
            desk.act(Noted(case=said.case, text="ещё"))
        assert desk.head_line == ""
        desk.pull(office.post)
        assert cases(desk) == {said.case, late.case}
    assert (office.folder / "journal").read_bytes() == data
    with office.desk(mend=True) as desk:
        assert not desk.read_only
        assert cases(desk) == {said.case, late.case}
        desk.act(Noted(case=said.case, text="дальше"))
        assert (office.folder / "journal.damaged-1").read_bytes() == data
    with office.desk() as desk:
        assert [one.what.text for one in desk.entries if isinstance(one.what, Noted)] == ["до", "дальше"]
        assert desk.damage == []


def test_damage_is_shown_and_noted_once(office: Office) -> None:
    with office.desk() as desk:
        desk.act(Noted(case=b64(bytes(16)), text="?"))
    path = office.folder / "journal"
    path.write_bytes(path.read_bytes()[:-3])
    with office.desk() as desk:
        assert [one.code for one in desk.damage] == ["journal-cut"]
        assert kinds(desk) == ["Opened", "Noted", "Opened", "Damaged"]
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
    said = office.report({"name": "Иванова Анна", "account": "били дубинками"}, files=(photo,), reply=reply_block())
    with office.desk(by="Марина Волкова") as desk:
        desk.pull(office.post)
        desk.act(Noted(case=said.case, text="мать зовут Ольга"))
        desk.reply(said.case, "адвокат Петрова едет", "lawyer")
        for _ in desk.export_journal():
            pass
        assert desk.file(said.case, b64(digest(photo))).whole
    disk = {path: path.read_bytes() for path in office.folder.rglob("*") if path.is_file()}
    assert {"journal", "inbox.db", "outbox.db", "keystore", "card"} <= {path.name for path in disk}
    words = ["Иванова", "дубинками", "Ольга", "Петрова", "Волкова", said.case, "account"]
    needles = [word.encode() for word in words] + [photo[:32], photo[1_000:1_032], PASSPHRASE.encode()]
    for path, data in disk.items():
        assert [needle for needle in needles if needle in data] == [], path.name
    assert office.card.signed in disk.values()  # a search that finds what is there
