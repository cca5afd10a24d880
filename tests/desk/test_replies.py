"""A reply of the desk is noted in the journal before it leaves, and leaves once."""

import pytest

from client.desk.journal.entries import Replied, Sent
from client.files import CannotWrite
from client.outbox.store import OutboxStore
from tests.support.desk_office import RELAYS, Office, kinds, reply_block


def test_an_answer_is_sealed_noted_and_waits_for_its_way(office: Office) -> None:
    report = office.report(reply=reply_block())
    with office.desk() as desk:
        desk.pull(office.post)
        first, second = (desk.reply(report.case, "адвокат едет", "lawyer", "on-way") for _ in range(2))
        assert isinstance(first.action, Replied)
        assert isinstance(second.action, Replied)
        assert (first.action.seq, second.action.seq, desk.count_waiting()) == (1, 2, 2)
        with OutboxStore(office.folder) as outbox:
            assert set(outbox.hashes()) == {*first.action.ways, *second.action.ways}
        assert not desk.is_sent(first)
        desk.append_receipts(first.action.ways[0], {RELAYS[0]: "receipt"})
        desk.append_receipts(first.action.ways[0], {RELAYS[0]: "receipt"})
        assert (desk.is_sent(first), desk.is_sent(second), kinds(desk).count("sent")) == (True, False, 1)
    with office.desk() as desk:
        assert (desk.is_sent(first), desk.is_sent(second)) == (True, False)
        assert [entry.action.relay for entry in desk.entries if isinstance(entry.action, Sent)] == [RELAYS[0]]


def test_an_answer_cut_off_before_the_journal_was_never_given(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    report = office.report(reply=reply_block())

    class PowerCut(BaseException):
        pass

    desk = office.unlock()
    desk.pull(office.post)

    def cut(entries: list[object]) -> None:
        raise PowerCut

    monkeypatch.setattr(desk._journal, "append", cut)
    monkeypatch.setattr(desk._outbox, "drop", lambda _: None)
    with pytest.raises(PowerCut):
        desk.reply(report.case, "адвокат едет", "lawyer")
    desk._resources.close()
    with office.desk() as desk, OutboxStore(office.folder) as outbox:
        assert ("replied" in kinds(desk), outbox.hashes(), outbox.held()) == (False, [], [])


def test_an_answer_cut_off_behind_the_journal_goes_out_after_the_next_unlocking(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = office.report(reply=reply_block())
    desk = office.unlock()
    desk.pull(office.post)
    monkeypatch.setattr(desk, "release", lambda: None)
    answer = desk.reply(report.case, "адвокат едет", "lawyer")
    desk._resources.close()
    assert isinstance(answer.action, Replied)
    with OutboxStore(office.folder) as outbox:
        assert (outbox.hashes(), outbox.held()) == ([], answer.action.ways)
    with office.desk(), OutboxStore(office.folder) as outbox:
        assert (outbox.hashes(), outbox.held()) == (answer.action.ways, [])


def test_an_answer_that_cannot_be_let_go_yet_is_not_dropped(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    report = office.report(reply=reply_block())

    def full_(*_: object) -> None:
        raise CannotWrite("the outbox (database or disk is full)")

    with monkeypatch.context() as patch:
        patch.setattr(OutboxStore, "release", full_)
        with office.desk() as desk:
            desk.pull(office.post)
            answer = desk.reply(report.case, "адвокат едет", "lawyer")
            assert desk.count_waiting() == 1
        with office.desk() as desk:
            assert desk.count_waiting() == 1
    with office.desk() as desk, OutboxStore(office.folder) as outbox:
        assert isinstance(answer.action, Replied)
        assert outbox.hashes() == answer.action.ways
