"""Depositing: a receipt means that the bytes are kept, once, until they are collected."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from keys import note
from keys.wire import b64, digest
from tests.support.relay_post import NOON, ORIGIN, HandClock, Line, contents, letter, new_key, parcel


def receipt_lines(line: Line, data: bytes) -> list[str]:
    about = line.app.test_client().get("/v1/relay").get_json()
    return note.verify(data, note.NoteKey.parse(about["note_key"]).public, "tocsin/1/receipt").lines


@pytest.mark.parametrize("make", [letter, parcel])
def test_a_receipt_names_commitment_envelope_and_hour_and_is_signed(line: Line, make: Callable[[], bytes]) -> None:
    body, commitment = make(), os.urandom(32)
    answer = line.deposit(new_key().id, body, commitment)
    assert answer.status_code == 201
    assert receipt_lines(line, answer.data) == [
        "tocsin/1/receipt",
        ORIGIN,
        b64(commitment),
        b64(digest(body)),
        str(NOON - NOON % 3600),
    ]


def test_a_receipt_is_the_note_that_the_ground_would_sign(line: Line) -> None:
    signer = line.app.extensions["services"].signer
    receipt = signer.receipt(bytes(32), b"\x01" * 32, NOON)
    assert receipt == note.sign(note.read(receipt).text, "relay.example", signer._key)


def test_the_same_bytes_again_get_200_and_a_receipt_and_are_kept_once(line: Line) -> None:
    key, body = new_key(), letter()
    first = line.deposit(key.id, body, b"\x05" * 32)
    again = line.deposit(key.id, body, b"\x05" * 32)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data == again.data
    assert line.envelopes(key) == [body]


def test_another_commitment_for_the_same_bytes_gets_its_own_receipt_and_changes_nothing(line: Line, data: Path) -> None:
    key, body = new_key(), letter()
    line.deposit(key.id, body, b"\x05" * 32)
    before = contents(data)
    again = line.deposit(key.id, body, b"\x06" * 32)
    assert again.status_code == 200
    assert receipt_lines(line, again.data)[2] == b64(b"\x06" * 32)
    assert contents(data) == before


def test_a_later_day_does_not_renew_a_letter(line: Line, clock: HandClock, data: Path) -> None:
    key, body = new_key(), letter()
    line.deposit(key.id, body)
    before = contents(data)
    clock.now += 3 * 86_400
    assert line.deposit(key.id, body).status_code == 200
    assert contents(data)["envelope"] == before["envelope"]


def test_fifty_phones_with_the_same_letter_at_once_leave_one_letter(line: Line) -> None:
    key, body, commitment = new_key(), letter(), os.urandom(32)
    start = threading.Barrier(50)
    answers = []

    def phone() -> None:
        start.wait()
        answers.append(line.deposit(key.id, body, commitment))

    phones = [threading.Thread(target=phone) for _ in range(50)]
    for thread in phones:
        thread.start()
    for thread in phones:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert all(receipt_lines(line, answer.data)[3] == b64(digest(body)) for answer in answers)
    assert line.envelopes(key) == [body]
    line.collect(key, ack=[digest(body)])
    assert line.deposit(key.id, body, commitment).status_code == 200
    assert line.envelopes(key) == []


def test_a_full_queue_answers_busy_and_says_when_to_come_back(open_relay: Callable[..., Line]) -> None:
    line = open_relay(queue=1)
    mailbox = line.app.extensions["mailbox"]
    gate, entered = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        gate.wait()

    blocker = threading.Thread(target=lambda: mailbox.run(hold))
    blocker.start()
    entered.wait()
    waiting = threading.Thread(target=lambda: line.deposit(new_key().id, letter()))
    waiting.start()
    while mailbox.writer._queue.qsize() < 1:
        pass
    answer = line.deposit(new_key().id, letter())
    gate.set()
    blocker.join()
    waiting.join()
    assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0
