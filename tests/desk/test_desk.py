"""An unlocked desk: what it is told stands on the disk first; what was pulled before is taken in; nothing is lost."""

import hashlib
import os
from pathlib import Path

import pytest

from client.desk.cases.record_index import NoSuchCase, NoSuchCaseFile
from client.desk.desk import Desk
from client.desk.journal.entries import BadEntry, Locked, Marked, Noted, Received, Unlocked, Viewed
from client.files import CannotWrite
from client.organisation import home
from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.records import Records
from client.outbox.store import OutboxStore
from keys.wire import b64
from tests.support.desk_office import PASSPHRASE, Office, cases, kinds, reply_block
from tests.support.files.small_disk import fill, mounted


def notes(desk: Desk) -> list[str]:
    return [entry.action.text for entry in desk.entries if isinstance(entry.action, Noted)]


def pulled_by_a_command(office: Office) -> PullResult:
    """As `tocsin inbox pull` does it: no journal."""
    own = home.unlock_home(office.folder, lambda: PASSPHRASE)
    secrets = own.secrets
    with Records(office.folder, secrets.store) as records:
        address = report_address(secrets.root_public, secrets.mailbox_key.id)
        box = Inbox(records, address, secrets.open_keys(), last_resorts=secrets.last_resort_seeds, clock=office.clock)
        return box.pull(office.post, secrets.relays, secrets.mailbox_key)


def test_a_letter_is_kept_journalled_and_shown(office: Office) -> None:
    report = office.report({"name": "Иванова"})
    with office.desk() as desk:
        before = desk.version
        assert desk.pull(office.post).new == 1
        [received] = [entry.action for entry in desk.entries if isinstance(entry.action, Received)]
        [arrival] = received.letters
        assert (arrival.commitment, arrival.envelope) == (report.sealed[0].commitment, report.sealed[0].hash)
        assert (arrival.committed, arrival.last_resort, received.late) == (True, False, False)
        assert (cases(desk), desk.version > before) == ({report.case}, True)
        assert kinds(desk) == ["opened", "received"]


def test_a_day_survives_the_lock(office: Office) -> None:
    report = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        desk.append(Noted(case=report.case, text="звонила мать"))
    with office.desk(by="Пётр") as desk:
        assert kinds(desk) == ["opened", "received", "noted", "locked", "opened"]
        assert [entry.by for entry in desk.entries] == ["Анна"] * 4 + ["Пётр"]
        assert (cases(desk), desk.damage) == ({report.case}, [])


def test_the_sessions_name_each_other(office: Office) -> None:
    with office.desk() as desk:
        first = desk.entries[0].session
    with office.desk() as desk:
        last, locked = desk.entries[-1], desk.entries[-2]
        assert isinstance(last.action, Unlocked)
        assert isinstance(locked.action, Locked)
        assert last.action.heads == [locked.head]
        assert last.session != first


def test_letters_pulled_by_a_command_get_their_entries_at_the_next_unlocking(office: Office) -> None:
    reports = [office.report() for _ in range(3)]
    assert pulled_by_a_command(office).new == 3
    with office.desk() as desk:
        [received] = [entry.action for entry in desk.entries if isinstance(entry.action, Received)]
        assert {arrival.commitment for arrival in received.letters} == {
            report.sealed[0].commitment for report in reports
        }
        assert received.late
        assert cases(desk) == {report.case for report in reports}
    with office.desk() as desk:
        assert kinds(desk).count("received") == 1


def test_a_power_cut_between_records_and_journal_loses_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    report = office.report()

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
        [received] = [entry.action for entry in desk.entries if isinstance(entry.action, Received)]
        assert ([arrival.commitment for arrival in received.letters], received.late) == (
            [report.sealed[0].commitment],
            True,
        )
        assert cases(desk) == {report.case}
        assert desk.pull(office.post).new == 0


def test_a_full_disk_at_the_journal_shows_nothing_until_it_is_noted(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = office.report()
    with office.desk() as desk:
        with monkeypatch.context() as patch:
            patch.setattr(desk._journal, "append", full)
            with pytest.raises(CannotWrite):
                desk.pull(office.post)
            assert cases(desk) == set()
        assert desk.pull(office.post).duplicate == 1  # the relay was not told that it has arrived
        assert cases(desk) == {report.case}
        [received] = [entry.action for entry in desk.entries if isinstance(entry.action, Received)]
        assert [arrival.commitment for arrival in received.letters] == [report.sealed[0].commitment]


def full(*_: object) -> None:
    raise CannotWrite("the journal (No space left on device)")


def test_what_cannot_be_written_is_not_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    report = office.report(reply=reply_block())
    with office.desk() as desk:
        desk.pull(office.post)
        version, before = desk.version, kinds(desk)
        with monkeypatch.context() as patch:
            patch.setattr(desk._journal, "append", full)
            with pytest.raises(CannotWrite):
                desk.append(Noted(case=report.case, text="не записано"))
            with pytest.raises(CannotWrite):
                desk.reply(report.case, "адвокат едет", "lawyer")
        assert (desk.version, kinds(desk), desk.count_waiting()) == (version, before, 0)
        with OutboxStore(office.folder) as outbox:
            assert outbox.hashes() + outbox.held() == []


def test_several_acts_are_written_all_or_none(office: Office) -> None:
    report = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        before = kinds(desk)
        with pytest.raises(BadEntry):
            desk.append_all([Noted(case=report.case, text="да"), Marked(case=report.case, status="нет")])  # type: ignore[arg-type]
        assert kinds(desk) == before
        assert len(desk.append_all([Noted(case=report.case, text="да"), Marked(case=report.case, status="open")])) == 2


def test_a_case_is_viewed_anew_when_something_came_for_it(office: Office) -> None:
    report = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        first = desk.append(Viewed(case=report.case))
        office.report({"injured": 1}, case=report.case, seq=1)
        desk.pull(office.post)
        assert desk.append(Viewed(case=report.case)) is not first
        assert kinds(desk).count("viewed") == 2


def test_a_case_that_is_looked_at_twice_is_noted_once_in_a_session(office: Office) -> None:
    report = office.report()
    with office.desk() as desk:
        desk.pull(office.post)
        assert desk.append(Viewed(case=report.case)) is desk.append(Viewed(case=report.case))
        assert kinds(desk).count("viewed") == 1
    with office.desk() as desk:
        desk.append(Viewed(case=report.case))
        assert kinds(desk).count("viewed") == 2


def test_a_file_is_put_together_from_its_pieces(office: Office) -> None:
    photo = os.urandom(150_000)
    report = office.report(files=(photo,))
    sha256 = b64(hashlib.sha256(photo).digest())
    with office.desk() as desk:
        desk.pull(office.post)
        assert (desk.file(report.case, sha256).data, desk.file(report.case, sha256).whole) == (photo, True)
        with pytest.raises(NoSuchCaseFile):
            desk.file(report.case, b64(bytes(32)))
        with pytest.raises(NoSuchCase):
            desk.file(b64(bytes(16)), sha256)
        [received] = [entry.action for entry in desk.entries if isinstance(entry.action, Received)]
        assert (len(received.letters), received.pieces) == (1, 3)


@pytest.mark.process
def test_on_a_disk_that_is_really_full_nothing_is_half_said(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=4m") as disk:
        office = Office(disk / "office")
        report = office.report(reply=reply_block())
        desk = office.unlock()
        desk.pull(office.post)
        fill(disk / "ballast")
        written = write_until_full(desk, report.case)
        assert notes(desk) == written
        with pytest.raises(CannotWrite):
            desk.reply(report.case, "адвокат едет", "lawyer")
        office.report()
        with pytest.raises(CannotWrite):
            desk.pull(office.post)
        (disk / "ballast").unlink()
        desk.append(Noted(case=report.case, text="место есть"))
        assert desk.reply(report.case, "адвокат едет", "lawyer").action
        desk.pull(office.post)
        assert len(cases(desk)) == 2
        desk.close()
        with office.desk() as again:
            assert (again.damage, notes(again)) == ([], [*written, "место есть"])
            assert kinds(again).count("replied") == 1
            assert len(cases(again)) == 2


def write_until_full(desk: Desk, case: str) -> list[str]:
    """What was confirmed before the disk took no more: the last page of a file may take a few."""
    written: list[str] = []
    for i in range(10_000):
        try:
            written.append(desk.append(Noted(case=case, text=f"{i} " + "слово " * 20)).action.text)  # type: ignore[union-attr]
        except CannotWrite:
            return written
    raise AssertionError("the disk is not full")
