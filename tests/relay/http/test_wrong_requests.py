"""Every wrong request gets its own code, and changes nothing."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from keys.mailbox import MailboxKey
from keys.wire import COMMIT_HEADER, MAILBOX_HEADER, SIGNATURE_HEADER, b64, digest
from tests.support.relay_post import ORIGIN, Line, contents, letter, new_key

OWNER = MailboxKey(b"\x03" * 32)
KEPT = b"\x01" + b"k" * 8191
ACK = [digest(KEPT)]


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def signed(line: Line, origin: str = ORIGIN, **fields: Any) -> tuple[bytes, bytes]:
    return OWNER.collect(origin, **{"at": line.clock.now, "nonce": os.urandom(16), "ack": ACK} | fields)


def resigned(line: Line, change: Callable[[dict[str, Any]], Any]) -> TestResponse:
    """A request of the right owner with something else than it should have in its body."""
    from nacl.signing import SigningKey

    fields = json.loads(signed(line)[0])
    body = json.dumps(change(fields) or fields).encode()
    message = b"tocsin/1/collect\0" + ORIGIN.encode() + b"\0" + body
    return line.send(body, SigningKey(OWNER.seed).sign(message).signature)


def replayed(line: Line) -> TestResponse:
    request = signed(line, ack=[])
    assert line.send(*request).status_code == 200
    return line.send(*request)


WRONG: dict[str, tuple[str, int, Callable[[Line], TestResponse]]] = {
    # deposits
    "a letter one byte short": ("bad-size", 400, lambda line: line.deposit(OWNER.id, letter()[:-1])),
    "a letter one byte long": ("bad-size", 400, lambda line: line.deposit(OWNER.id, letter() + b"x")),
    "no body": ("bad-size", 400, lambda line: line.deposit(OWNER.id, b"")),
    "more than a parcel": ("too-large", 413, lambda line: line.deposit(OWNER.id, bytes(65_537))),
    "another suite": ("bad-suite", 400, lambda line: line.deposit(OWNER.id, b"\x02" + letter()[1:])),
    "a mailbox that is cut": ("bad-mailbox", 400, lambda line: line.deposit(OWNER.id[:-1], letter())),
    "no mailbox": ("bad-mailbox", 400, lambda line: line.deposit(b"", letter())),
    "a padded mailbox": (
        "bad-mailbox",
        400,
        lambda line: line.deposit(OWNER.id, letter(), **{MAILBOX_HEADER: b64(OWNER.id) + "="}),
    ),
    "no commitment": ("bad-commit", 400, lambda line: line.deposit(OWNER.id, letter(), **{COMMIT_HEADER: ""})),
    "a long commitment": ("bad-commit", 400, lambda line: line.deposit(OWNER.id, letter(), bytes(33))),
    # collecting
    "replayed": ("replayed", 409, replayed),
    "re-addressed": ("bad-signature", 403, lambda line: line.send(*signed(line, "https://other.example"))),
    "old": ("wrong-clock", 403, lambda line: line.send(*signed(line, at=line.clock.now - 301))),
    "from the future": ("wrong-clock", 403, lambda line: line.send(*signed(line, at=line.clock.now + 301))),
    "truncated": ("bad-request", 400, lambda line: line.send(signed(line)[0][:-1], signed(line)[1])),
    "empty": ("bad-request", 400, lambda line: line.send(b"", bytes(64))),
    "oversized": ("too-large", 413, lambda line: line.send(b" " * 65_537, bytes(64))),
    "wrong signature": (
        "bad-signature",
        403,
        lambda line: line.send((request := signed(line))[0], flipped(request[1])),
    ),
    "short signature": ("bad-signature", 403, lambda line: line.send((request := signed(line))[0], request[1][:-1])),
    "no signature": ("bad-signature", 403, lambda line: line.send(signed(line)[0], b"")),
    "signed by another key": (
        "bad-signature",
        403,
        lambda line: line.send(signed(line)[0], new_key().collect(ORIGIN, at=line.clock.now, nonce=bytes(16))[1]),
    ),
    "changed after signing": (
        "bad-signature",
        403,
        lambda line: line.send((request := signed(line))[0].replace(b'"want":256', b'"want":255'), request[1]),
    ),
    "a key that is none": ("bad-request", 400, lambda line: resigned(line, lambda fields: fields | {"key": "AAAA"})),
    "a nonce that is short": (
        "bad-request",
        400,
        lambda line: resigned(line, lambda fields: fields | {"nonce": b64(bytes(15))}),
    ),
    "a negative want": ("bad-request", 400, lambda line: resigned(line, lambda fields: fields | {"want": -1})),
    "no time": ("bad-request", 400, lambda line: resigned(line, lambda fields: fields.pop("at") and None)),
    "too many acknowledgements": (
        "bad-request",
        400,
        lambda line: resigned(line, lambda fields: fields | {"ack": [b64(bytes(32))] * 1_001}),
    ),
    "a list instead of an object": ("bad-request", 400, lambda line: resigned(line, lambda fields: [fields])),
    # elsewhere
    "no such call": ("no-such-call", 404, lambda line: line.app.test_client().get("/v2/relay")),
    "another method": ("wrong-method", 405, lambda line: line.app.test_client().get("/v1/deposit")),
    "a card without a root": ("bad-request", 400, lambda line: line.app.test_client().get("/v1/card")),
    "a card nobody has": (
        "no-card",
        404,
        lambda line: line.app.test_client().get("/v1/card", headers={"Tocsin-Root": b64(bytes(32))}),
    ),
}


@pytest.fixture
def holding(line: Line) -> Line:
    """A relay that holds a letter for the owner, who has collected before."""
    line.deposit(OWNER.id, KEPT)
    assert line.envelopes(OWNER) == [KEPT]
    return line


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_request_gets_its_code_and_changes_nothing(holding: Line, data: Path, wrong: str) -> None:
    code, status, ask = WRONG[wrong]
    before = contents(data)
    answer = ask(holding)
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert problem["title"]
    assert contents(data) == before


def test_a_wrong_clock_is_told_the_time(holding: Line) -> None:
    answer = holding.send(*signed(holding, at=holding.clock.now - 400 * 86_400))
    assert answer.get_json()["time"] == holding.clock.now


@pytest.mark.parametrize("wrong", WRONG)
def test_a_problem_never_repeats_what_was_sent(holding: Line, wrong: str) -> None:
    body = WRONG[wrong][2](holding).data
    for sent in (b64(OWNER.id), b64(ACK[0]), "kkkkkkkk", "other.example", SIGNATURE_HEADER + ":"):
        assert sent.encode() not in body


def test_a_failure_inside_says_internal_and_logs_no_value(
    holding: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> bytes:
        raise ZeroDivisionError("secret-value")

    monkeypatch.setattr(holding.app.extensions["services"].signer, "receipt", broken)
    answer = holding.deposit(OWNER.id, letter())
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal")
    assert "secret-value" not in answer.text + caplog.text
    assert "ZeroDivisionError at tests.relay.http.test_wrong_requests:" in caplog.text


def test_a_failure_of_the_writer_answers_everybody_and_the_next_deposit_works(
    holding: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = holding.app.extensions["mailbox"]._store
    with monkeypatch.context() as patch:
        patch.setattr(store, "keep", lambda _: 1 / 0)
        assert holding.deposit(OWNER.id, letter()).get_json()["code"] == "internal"
    assert "ZeroDivisionError" in caplog.text
    assert holding.deposit(OWNER.id, letter()).status_code == 201
