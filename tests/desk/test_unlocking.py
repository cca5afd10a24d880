"""Who unlocks a desk, how often, and what many threads may ask of it until it is closed."""

import threading
from pathlib import Path

import pytest

from client import files
from client.desk.desk import Desk, DeskClosed
from client.desk.journal.entries import NoName, Noted, Viewed
from client.files import FolderBusy
from client.organisation.home import NoHome
from keys.errors import WrongPassphrase
from keys.wire import b64
from tests.support.desk_office import PASSPHRASE, Office, kinds


def test_a_wrong_passphrase_changes_nothing(office: Office) -> None:
    before = {path.name: path.read_bytes() for path in office.folder.iterdir()}
    with pytest.raises(WrongPassphrase):
        Desk.unlock(office.folder, "не та", "Анна")
    after = {path.name: path.read_bytes() for path in office.folder.iterdir() if path.name != "lock"}
    assert after == before
    with office.desk() as desk:
        assert kinds(desk) == ["opened"]


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
    for call in (lambda: desk.entries, lambda: desk.append(Viewed(case=b64(bytes(16)))), desk.asides):
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
        desk.append(Noted(case=b64(bytes(16)), text="?"))
        assert desk.head_line != line
        assert desk.head_line == f"2 {desk.head.hash.hex()[:32]}"


def test_who_waits_is_told_at_once(office: Office) -> None:
    with office.desk() as desk:
        seen, version = [], desk.version
        waiter = threading.Thread(target=lambda: seen.append(desk.wait(version, 60)))
        waiter.start()
        desk.append(Noted(case=b64(bytes(16)), text="?"))
        waiter.join(60)
        assert seen == [version + 1]
        assert desk.wait(version + 1, 0) == version + 1


def test_many_threads_act_at_once_and_every_act_counts(office: Office) -> None:
    case = b64(bytes(16))
    with office.desk() as desk:

        def acts(name: int) -> None:
            for i in range(20):
                desk.append(Noted(case=case, text=f"{name} {i}"))

        threads = [threading.Thread(target=acts, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with office.desk() as desk:
        notes = [entry.action.text for entry in desk.entries if isinstance(entry.action, Noted)]
        assert len(set(notes)) == len(notes) == 120
        assert [entry.turn for entry in desk.entries] == list(range(1, len(desk.entries) + 1))
