"""What `tocsin inbox` does stands in the desk's journal: the real command, the real desk, killed at any moment."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.desk.brief_session import CASE, open_session
from client.desk.cases import view
from client.desk.desk import Desk
from client.desk.journal.entries import Damaged, Exported, Locked, Received, Replied, Sent, Unlocked
from client.desk.journal.log import JournalReadOnly
from client.organisation import case_files
from keys.envelope import commit
from keys.receipt import HANDOVER_KIND, check_proof
from tests.support import fake_relay
from tests.support import relay_process as relays
from tests.support.desk.desk_setting import DeskSetting, let_in, until
from tests.support.desk_office import PASSPHRASE, RELAYS, Office, reply_block
from tests.support.desk_process import running

KILLS = 6
ANSWER = "адвокат Петрова едет к вам"


def acts(desk: Desk, *kinds: type) -> list[object]:
    return [entry.action for entry in desk.entries if isinstance(entry.action, kinds)]


def unlocked(folder: Path) -> Desk:
    return Desk.unlock(folder, PASSPHRASE, "Анна")


# In one process, with relays in memory


@pytest.fixture
def case(office: Office) -> str:
    return office.report({"name": "Иванова Анна"}, reply=reply_block(), files=(b"photo" * 9,)).case


def session(office: Office, by: str = "Пётр"):
    return open_session(office.folder, lambda: PASSPHRASE, by=by, clock=office.clock)


def found(opened, case: str):
    return case_files.load(opened.records)[case]


def test_what_was_pulled_is_named_once_and_not_late(office: Office, case: str) -> None:
    with session(office) as opened:
        opened.pull(office.post)
    with office.desk() as desk:
        [received] = acts(desk, Received)
        assert (len(received.letters), received.pieces, received.late) == (1, 1, False)
        assert [entry.by for entry in desk.entries][:3] == ["Пётр"] * 3
        assert desk.damage == []


def test_a_pull_that_brings_nothing_leaves_no_trace(office: Office) -> None:
    with session(office) as opened:
        opened.pull(office.post)
    with office.desk() as desk:
        assert [type(entry.action) for entry in desk.entries] == [Unlocked]


def test_an_answer_and_a_saved_case_are_known_to_the_desk(office: Office, case: str, tmp_path: Path) -> None:
    with session(office) as opened:
        opened.pull(office.post)
        opened.reply(found(opened, case), ANSWER, "lawyer", office.post)
        opened.save(found(opened, case), tmp_path / "saved")
    with office.desk() as desk, desk.reading() as db:
        seen = view.load_case(db, case)
        assert [(reply.text, reply.status, reply.by) for reply in seen.replies] == [(ANSWER, "lawyer", "Пётр")]
        assert "unanswered" not in seen.reasons
        assert [entry.fields["what"] for entry in seen.history if entry.kind == "exported"] == [CASE]
        [reply] = [entry for entry in desk.entries if isinstance(entry.action, Replied)]
        assert desk.is_sent(reply)
        assert [action.relay for action in acts(desk, Sent)] == [RELAYS[0]]
        assert acts(desk, Exported)[0].count == 4, "messages, the photo, the message's content and its receipt"
        content = (tmp_path / "saved/0001.content").read_bytes()
        assert content in [letter.content for letter in desk.letters()]
        receipt, key = check_proof((tmp_path / "saved/0001-1.receipt").read_bytes(), [fake_relay.KEY], commit(content))
        assert (receipt.hour, receipt.kind, key) == (fake_relay.HOUR, HANDOVER_KIND, fake_relay.KEY)


def test_answers_from_the_desk_and_from_the_command_line_are_numbered_together(office: Office, case: str) -> None:
    with session(office) as opened:
        opened.pull(office.post)
        first, _ = opened.reply(found(opened, case), "раз", "received", office.post)
    with office.desk() as desk:
        second = desk.reply(case, "два", "received").action
    with session(office) as opened:
        third, _ = opened.reply(found(opened, case), "три", "received", office.post)
    assert first.seq < second.seq < third.seq


class Cut(BaseException):
    """As kill -9: nothing behind it is done."""


def cut(*_: object, **__: object) -> None:
    raise Cut


# The first call that is never made, by the last thing that was done.
CUTS = {
    "held": ("BriefSession._write", "OutboxStore.drop"),
    "noted": ("OutboxStore.release",),
    "released": ("BriefSession._carry",),
    "carried": ("BriefSession._note_receipts",),
    "receipted": ("OutboxStore.update",),
}
HOMES = {"BriefSession": "client.desk.brief_session.", "OutboxStore": "client.outbox.store."}


@pytest.mark.parametrize("after", CUTS)
def test_cut_off_anywhere_an_answer_is_given_once_or_never(after: str, office: Office, case: str, monkeypatch) -> None:
    with session(office) as opened:
        opened.pull(office.post)
    with session(office) as opened:
        monkeypatch.setattr("client.desk.session.Session.resolve_outbox", lambda *_: None)
        for name in (*CUTS[after], "BriefSession.close"):
            monkeypatch.setattr(HOMES[name.partition(".")[0]] + name, cut)
        with pytest.raises(Cut):
            opened.reply(found(opened, case), ANSWER, "received", office.post)
        monkeypatch.setattr(opened, "close", lambda: None)
    monkeypatch.undo()
    given = 0 if after == "held" else 1
    for _ in range(2):
        with session(office) as opened:
            opened.send(office.post)
    with office.desk() as desk:
        assert [action.text for action in acts(desk, Replied)] == [ANSWER] * given
        assert len(acts(desk, Sent)) == given
        assert desk.count_waiting() == 0


def test_with_a_damaged_journal_letters_are_collected_and_no_answer_is_given(office: Office, case: str) -> None:
    with session(office) as opened:
        opened.pull(office.post)
    path = office.folder / "journal"
    data = bytearray(path.read_bytes())
    data[80] ^= 1
    path.write_bytes(data)
    with session(office) as opened:
        assert [damage.code for damage in opened.damage] == ["journal-record-changed"]
        office.report({"name": "Вторая"})
        assert opened.pull(office.post)[0].new == 1
        with pytest.raises(JournalReadOnly):
            opened.reply(found(opened, case), ANSWER, "received", office.post)
    with office.desk() as desk, desk.reading() as db:
        assert len(view.list_case_ids(db)) == 2
        assert desk.count_waiting() == 0


def test_damage_that_the_command_meets_first_is_known_to_the_desk(office: Office, case: str) -> None:
    with session(office) as opened:
        opened.pull(office.post)
    with (office.folder / "journal").open("ab") as file:
        file.write(b"\0\0\0\x99half a record")
    with session(office) as opened:
        assert [damage.code for damage in opened.damage] == ["journal-cut"]
    with office.desk() as desk:
        assert [action.code for action in acts(desk, Damaged)] == ["journal-cut"]


# The real command and a real desk


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DeskSetting]:
    with relays.running(tmp_path / "relay") as relay:
        yield DeskSetting(tmp_path, relay)


def command(world: DeskSetting, *words: object) -> "subprocess.Popen[str]":
    phrase = world.folder.parent / "phrase"
    phrase.write_text(PASSPHRASE, encoding="utf-8")
    options = [*map(str, words), "--home", str(world.folder), "--passphrase-file", str(phrase), "--by", "Пётр"]
    return subprocess.Popen(
        [sys.executable, "-m", "client.cli.main", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(world: DeskSetting, *words: object) -> tuple[int, str]:
    process = command(world, *words)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    return process.returncode, errors


@pytest.mark.process
def test_the_desk_knows_what_the_commands_did_while_it_was_locked(world: DeskSetting, tmp_path: Path) -> None:
    with running(world.folder) as desk:
        browser = let_in(desk)
        until(browser, "Иванова")
        code, errors = run(world, "inbox", "reply", world.case, ANSWER)
        assert (code, "another tocsin command" in errors) == (1, True)
        assert "unlocked" in errors
        assert ANSWER not in browser.get("/case/1").text
        browser.post("/lock")
        desk.next_link()
        assert run(world, "inbox", "reply", world.case, ANSWER)[0] == 0
        assert run(world, "inbox", "save", world.case, tmp_path / "saved")[0] == 0
        assert browser.unlock(PASSPHRASE, "Анна").status_code == 303
        until(browser, ANSWER, "/case/1")
        page = browser.get("/journal").text
        assert "Пётр" in page
        assert desk.end() == 0


@pytest.mark.process
def test_killed_at_any_moment_a_command_loses_nothing_and_counts_nothing_twice(world: DeskSetting) -> None:
    moments = random.Random(4)  # noqa: S311 - no secret
    assert run(world, "inbox", "pull")[0] == 0
    for number in range(KILLS):
        process = command(world, "inbox", "reply", world.case, f"ответ {number}")
        time.sleep(moments.uniform(0.2, 1.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        world.send({"account": f"дополнение {number}"}, seq=number + 1)
        process = command(world, "inbox", "pull")
        time.sleep(moments.uniform(0.2, 1.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert run(world, "inbox", "pull")[0] == 0
    run(world, "outbox", "send")
    with unlocked(world.folder) as desk, desk.reading() as db:
        assert desk.damage == []
        assert len(view.load_case(db, world.case).letters) == 1 + KILLS
        named = [arrival.commitment for action in acts(desk, Received) for arrival in action.letters]
        assert len(named) == len(set(named)) == 1 + KILLS
        texts = [action.text for action in acts(desk, Replied)]
        assert len(texts) == len(set(texts))
        sent = [(action.envelope, action.relay) for action in acts(desk, Sent)]
        assert len(sent) == len(set(sent))
        assert all(desk.is_sent(entry) for entry in desk.entries if isinstance(entry.action, Replied))
        assert desk.count_waiting() == 0
        assert {action.why for action in acts(desk, Locked)} <= {"command"}
