"""Collecting: everything that lies in a mailbox, in order, to its owner only; acknowledged is gone for good."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from keys.errors import BadReceipt
from keys.note import NoteKey
from keys.receipt import HANDOVER_KIND, check_receipt
from keys.wire import digest
from relay.http.deferred import Answer, Deferred
from tests.support.relay_post import (
    HandClock,
    Line,
    confirm,
    contents,
    frames,
    frames_with_receipts,
    letter,
    new_key,
    parcel,
)


def test_letters_and_parcels_come_with_their_kind(line: Line) -> None:
    key, small, large = new_key(), letter(), parcel()
    line.deposit(key.id, small)
    line.deposit(key.id, large)
    assert sorted(frames(line.collect(key).data)) == sorted([(1, b"", small), (2, b"", large)])


def test_a_page_goes_by_last_day_then_by_hash(line: Line, clock: HandClock) -> None:
    key = new_key()
    sent = []
    for _ in range(3):
        day = [letter() for _ in range(4)]
        for body in day:
            line.deposit(key.id, body)
        sent += sorted(day, key=digest)
        clock.now += 86_400
    assert line.envelopes(key) == sent


def test_commitments_come_along_when_asked_for(line: Line) -> None:
    key, body = new_key(), letter()
    line.deposit(key.id, body, b"\x07" * 32)
    assert frames(line.collect(key, commits=True).data, commits=True) == [(1, b"\x07" * 32, body)]


def test_every_frame_brings_a_receipt_of_handing_over_when_asked_for(line: Line, clock: HandClock) -> None:
    key, bodies = new_key(), [letter(), parcel(), letter()]
    for number, body in enumerate(bodies):
        line.deposit(key.id, body, bytes([number]) * 32)
    clock.now += 7_200
    note_key = NoteKey.parse(line.app.test_client().get("/v1/relay").json["note_key"])
    found = frames_with_receipts(line.collect(key, commits=True, receipts=True).data)
    assert sorted((kind, body) for kind, _, _, body in found) == sorted(
        (17 if len(body) == 8_192 else 18, body) for body in bodies
    )
    for _, commitment, receipt, body in found:
        assert commitment == bytes([bodies.index(body)]) * 32
        read = check_receipt(receipt, note_key, commitment, digest(body), HANDOVER_KIND)
        assert (read.hour, read.origin) == (clock.now // 3600 * 3600, line.origin)
        with pytest.raises(BadReceipt):  # no outbox takes it for a sign that the letter has left
            check_receipt(receipt, note_key, commitment, digest(body))


def test_a_filler_is_as_long_as_a_letter_with_its_receipt(line: Line) -> None:
    key, empty = new_key(), new_key()
    line.deposit(key.id, letter())
    real, filler = (line.collect(each, commits=True, receipts=True, cover=True).data for each in (key, empty))
    assert (len(real), real[0], filler[0]) == (len(filler), 17, 16)


def test_nothing_there_is_an_empty_answer(line: Line) -> None:
    answer = line.collect(new_key())
    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize("commits", [False, True])
def test_cover_gives_one_filler_that_looks_like_a_letter(line: Line, commits: bool) -> None:
    key = new_key()
    first, second = (frames(line.collect(key, cover=True, commits=commits).data, commits) for _ in range(2))
    ((kind, commitment, envelope),) = first
    assert (kind, envelope[0], len(envelope), len(commitment)) == (0, 1, 8_192, 32 if commits else 0)
    assert second != first


def test_cover_adds_nothing_when_something_is_there(line: Line) -> None:
    key, body = new_key(), letter()
    line.deposit(key.id, body)
    assert frames(line.collect(key, cover=True).data) == [(1, b"", body)]


def test_acknowledged_is_gone_and_does_not_come_back(line: Line) -> None:
    key, first, second = new_key(), letter(), letter()
    line.deposit(key.id, first)
    line.deposit(key.id, second)
    assert frames(line.collect(key, ack=[digest(first)]).data) == [(1, b"", second)]
    assert line.deposit(key.id, first).status_code == 200
    assert line.envelopes(key) == [second]


def test_acknowledging_twice_or_what_never_was_is_fine(line: Line) -> None:
    key, body = new_key(), letter()
    line.deposit(key.id, body)
    for _ in range(2):
        assert line.collect(key, ack=[digest(body), bytes(32)]).status_code == 200


def test_nobody_acknowledges_in_another_mailbox(line: Line) -> None:
    mine, yours, body = new_key(), new_key(), letter()
    line.deposit(mine.id, body)
    line.collect(yours, ack=[digest(body)])
    assert line.envelopes(mine) == [body]


def test_pages_follow_one_another_by_acknowledging(line: Line) -> None:
    key = new_key()
    sent = {letter() for _ in range(7)}
    for body in sent:
        line.deposit(key.id, body)
    got: list[bytes] = []
    page = frames(line.collect(key, want=3).data)
    while page:
        assert len(page) <= 3
        got += [envelope for _, _, envelope in page]
        page = frames(line.collect(key, want=3, ack=[digest(envelope) for _, _, envelope in page]).data)
    assert sorted(got) == sorted(sent)


def test_an_answer_has_at_most_four_mebibytes(line: Line) -> None:
    key = new_key()
    line.collect(key)
    for _ in range(70):
        line.deposit(key.id, parcel())
    assert len(frames(line.collect(key).data)) == 64


def test_when_many_read_slowly_a_page_is_one_frame(line: Line) -> None:
    key, sent = new_key(), [letter() for _ in range(3)]
    for body in sent:
        line.deposit(key.id, body)
    line.app.extensions["mailbox"].sending = 1 << 30
    assert len(frames(line.collect(key).data)) == 1
    line.app.extensions["mailbox"].sending = 0
    assert sorted(line.envelopes(key)) == sorted(sent)


def test_want_nothing_acknowledges_and_brings_nothing(line: Line, data: Path) -> None:
    key, body = new_key(), letter()
    line.deposit(key.id, body)
    assert line.collect(key, want=0, ack=[digest(body)]).data == b""
    assert contents(data)["envelope"] == []


def test_a_waiting_collector_gets_the_letter_when_it_comes(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    key, body = new_key(), letter()
    long_polls = line.app.extensions["mailbox"].long_polls
    listening = threading.Event()
    listen = long_polls.add

    def noticed(*arguments: object) -> bool:
        heard: bool = listen(*arguments)
        listening.set()
        return heard

    monkeypatch.setattr(long_polls, "add", noticed)
    answers = []
    collector = threading.Thread(target=lambda: answers.append(line.collect(key, wait=50)))
    collector.start()
    listening.wait()
    line.deposit(key.id, body)
    collector.join()
    assert frames(answers[0].data) == [(1, b"", body)]
    assert long_polls._waits == {}


def test_a_letter_that_comes_just_before_somebody_waits_is_not_missed(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, body = new_key(), letter()
    long_polls = line.app.extensions["mailbox"].long_polls
    listen = long_polls.add

    def late(*arguments: object) -> bool:
        line.deposit(key.id, body)
        heard: bool = listen(*arguments)
        return heard

    now = Deferred.now

    def waited(answer: Deferred) -> Answer:
        assert not answer.blocks, "the letter is there already"
        return now(answer)

    monkeypatch.setattr(long_polls, "add", late)
    monkeypatch.setattr(Deferred, "now", waited)
    assert frames(line.collect(key, wait=50).data) == [(1, b"", body)]
    assert long_polls._waits == {}


def test_waiting_ends_when_the_time_is_over(line: Line) -> None:
    assert line.collect(new_key(), wait=1).data == b""


def test_whoever_waits_is_answered_when_the_relay_stops(open_relay: Callable[..., Line]) -> None:
    line = open_relay()
    mailbox = line.app.extensions["mailbox"]
    answers = []
    collector = threading.Thread(target=lambda: answers.append(line.collect(new_key(), wait=50)))
    collector.start()
    while not mailbox.long_polls._waits:
        pass
    mailbox.stop_long_polls()
    collector.join()
    assert (answers[0].status_code, answers[0].data) == (200, b"")


def test_only_so_many_calls_are_held_open_and_the_rest_are_answered_at_once(open_relay: Callable[..., Line]) -> None:
    line = open_relay(waiting=0)
    assert line.collect(new_key(), wait=50).data == b""


def test_any_origin_of_the_relay_may_be_signed_for(open_relay: Callable[..., Line]) -> None:
    onion = "http://relay.onion"
    line = open_relay(origins=("https://relay.example", onion))
    line.origin = onion
    assert line.collect(new_key()).status_code == 200


def test_thirty_five_days_then_it_is_gone(open_relay: Callable[..., Line], clock: HandClock) -> None:
    from relay.server import sweep

    line = open_relay()
    key, body = new_key(), letter()
    line.deposit(key.id, body)
    folder = line.app.extensions["services"].config.data
    for days, gone in ((35, 0), (36, 1)):
        assert line.envelopes(key) == [body]
        confirm(folder, clock.now + days * 86_400)
        assert sweep(folder, clock.now + days * 86_400) == gone
    assert line.envelopes(key) == []


def test_a_running_relay_sweeps_by_itself(line: Line, clock: HandClock, data: Path) -> None:
    line.deposit(new_key().id, letter())
    clock.now += 36 * 86_400
    for _ in range(8):  # each write task is followed by one short step
        line.app.extensions["mailbox"].run(lambda: None)
    assert contents(data)["envelope"] == contents(data)["seen"] == []


def test_when_somebody_collected_is_known_to_ninety_days_and_no_better(
    line: Line, clock: HandClock, data: Path
) -> None:
    key = new_key()
    line.collect(key)
    active = contents(data)["proven"]
    assert active == [(key.id, clock.now // (90 * 86_400))]
    clock.now -= clock.now % (90 * 86_400)
    line.collect(key)
    assert contents(data)["proven"] == active
