"""Beside the pages: letters come in from each relay that answers, answers go out, a relay that fails is told of."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from client.desk.desk import Desk
from client.desk.journal.entries import Sent
from client.desk.server.collector import Collector
from client.transport.relay_client import Frame
from keys.mailbox import MailboxKey
from keys.wire import WEEK_SECONDS
from tests.support.desk_office import NOW, RELAYS, DeskPost, Office, reply_block

PATIENCE = 60


class CollectorTransport(DeskPost):
    """A transport for the threads: the same relays, closed by whoever opened it."""

    waits: list[tuple[str, int]]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def pages(
        self, relay: str, key: MailboxKey, want: int, wait: int = 0, *, receipts: bool = False
    ) -> Iterator[list[Frame]]:
        self.waits.append((relay, wait))
        return super().pages(relay, key, want, wait, receipts=receipts)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    line = CollectorTransport()
    line.waits = []
    return Office(tmp_path / "office", line)


@pytest.fixture
def desk(office: Office) -> Iterator[Desk]:
    with office.desk() as opened:
        yield opened


@pytest.fixture
def collector(office: Office, desk: Desk) -> Iterator[Collector]:
    running = Collector(
        desk, transport=lambda: office.post, clock=office.clock, wait_seconds=7, rest_seconds=0.01, pause_seconds=0.01
    )  # type: ignore[arg-type,return-value]
    running.start()
    yield running
    running.stop()
    desk.touch()
    running.join(PATIENCE)


def until(desk: Desk, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    version = desk.version
    while not true():
        assert time.monotonic() < deadline
        version = desk.wait(version, 0.05)


def cases(desk: Desk) -> set[str]:
    with desk.reading() as db:
        return {row[0] for row in db.execute('SELECT DISTINCT "case" FROM letter')}


def test_letters_come_in_from_both_relays_while_the_desk_is_open(
    office: Office, desk: Desk, collector: Collector
) -> None:
    first = office.report(to=RELAYS[0])
    until(desk, lambda: first.case in cases(desk))
    second = office.report(to=RELAYS[1])
    until(desk, lambda: second.case in cases(desk))
    until(desk, lambda: all(line.ok for line in collector.state.relays))
    assert (collector.state.ok, collector.state.problem) == (True, "")
    assert collector.state.last is not None
    assert {wait for _, wait in office.post.waits[4:]} <= {0, 7}  # type: ignore[attr-defined]


def test_a_relay_that_is_down_is_told_of_and_does_not_keep_the_other(
    office: Office, desk: Desk, collector: Collector
) -> None:
    office.post.down.add(RELAYS[0])
    until(desk, lambda: collector.state.relays[0].problem == "relay-unreachable")
    report = office.report(to=RELAYS[1])
    until(desk, lambda: report.case in cases(desk))
    assert collector.state.ok
    office.post.down.add(RELAYS[1])
    until(desk, lambda: not collector.state.ok)
    office.post.down.clear()
    until(desk, lambda: all(line.ok for line in collector.state.relays))
    assert collector.state.problem == ""


def test_a_relay_that_gives_no_receipts_is_named_and_every_letter_comes(
    office: Office, desk: Desk, collector: Collector
) -> None:
    office.post.unsigned.add(RELAYS[1])
    first, second = office.report(to=RELAYS[0]), office.report(to=RELAYS[1])
    until(desk, lambda: {first.case, second.case} <= cases(desk))
    until(desk, lambda: collector.state.unproved == [RELAYS[1]])
    until(desk, lambda: all(line.ok for line in collector.state.relays))
    assert collector.state.unproved == [RELAYS[1]], "it is said as long as the desk is open"
    assert [len(desk.receipts(report.sealed[0].commitment)) for report in (first, second)] == [1, 0]


def test_an_answer_goes_out_by_itself_and_its_receipt_is_kept(office: Office, desk: Desk, collector: Collector) -> None:
    report = office.report(reply=reply_block())
    until(desk, lambda: report.case in cases(desk))
    answer = desk.reply(report.case, "адвокат едет", "lawyer")
    until(desk, lambda: desk.is_sent(answer))
    [sent] = [entry.action for entry in desk.entries if isinstance(entry.action, Sent)]
    assert (sent.case, sent.relay, sent.receipt) == (report.case, RELAYS[0], "receipt")
    until(desk, lambda: collector.state.waiting == 0)
    assert len(office.post.deposited) == 1


def test_an_answer_waits_while_there_is_no_network(office: Office, desk: Desk, collector: Collector) -> None:
    report = office.report(reply=reply_block())
    until(desk, lambda: report.case in cases(desk))
    office.post.down.update(RELAYS)
    answer = desk.reply(report.case, "адвокат едет", "lawyer")
    until(desk, lambda: collector.state.waiting == 1)
    assert not desk.is_sent(answer)


def test_a_bug_in_one_round_does_not_end_the_listening(
    office: Office, desk: Desk, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError("Иванова")

        patch.setattr(desk, "collect", broken)
        until(desk, lambda: {line.problem for line in collector.state.relays} == {"error"})
    report = office.report()
    until(desk, lambda: report.case in cases(desk))


def test_the_week_s_keys_change_while_the_desk_is_open(office: Office, desk: Desk, collector: Collector) -> None:
    week = desk.home.secrets.week
    until(desk, lambda: collector.state.ok)
    office.sign_hours(desk.home)
    office.now += WEEK_SECONDS
    until(desk, lambda: desk.home.secrets.week == week + 1)
    report = office.report()
    until(desk, lambda: report.case in cases(desk))


def test_a_clock_that_stands_alone_destroys_no_key(office: Office, desk: Desk, collector: Collector) -> None:
    week = desk.home.secrets.week
    office.now += 3 * WEEK_SECONDS  # the relays sign no hour
    report = office.report()
    until(desk, lambda: report.case in cases(desk))
    until(desk, lambda: desk.rotation.is_put_off)
    assert desk.home.secrets.week == week
    assert office.now > NOW


def test_that_keys_outlive_their_time_is_seen_also_when_no_relay_answers(
    office: Office, desk: Desk, collector: Collector
) -> None:
    office.post.down.update(RELAYS)
    office.now += 8 * WEEK_SECONDS
    until(desk, lambda: desk.rotation.is_put_off)
    assert (desk.rotation.overdue > 0, desk.rotation.can_type_date) == (True, True)


def test_the_threads_end_with_the_desk(office: Office) -> None:
    desk = office.unlock()
    collector = Collector(
        desk, transport=lambda: office.post, clock=office.clock, wait_seconds=0, rest_seconds=0.01, pause_seconds=0.01
    )  # type: ignore[arg-type,return-value]
    collector.start()
    until(desk, lambda: collector.state.ok)
    desk.close()
    collector.join(PATIENCE)
    assert not any(thread.is_alive() for thread in collector._threads)
