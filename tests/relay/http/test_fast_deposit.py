"""A deposit is answered alike past Flask, under the relay's own server, and through the Flask route."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from keys.wire import COMMIT_HEADER, MAILBOX_HEADER, WORK_HEADER, b64
from relay.receipts import ReceiptSigner
from tests.support.asgi_call import AsgiCall
from tests.support.relay_post import Line, deposit_headers

LETTER = b"\x01" + b"a" * 8_191
PARCEL = b"\x01" + b"b" * 65_535
GOOD = deposit_headers(b"\x02" * 32, b"\x03" * 32)
FULL = 530_000  # bytes: the reserve and less than a letter


class Case(NamedTuple):
    """Deposits to one relay, with these limits, and the codes (201 and 200: a receipt) they are answered with."""

    codes: Sequence[int | str]
    bodies: Sequence[bytes] = (LETTER,)
    headers: Mapping[str, str] = GOOD
    limits: Mapping[str, Any] = MappingProxyType({})
    caller: str = "192.0.2.1"


CASES = {
    "a letter": Case([201]),
    "a letter twice": Case([201, 200], [LETTER, LETTER]),
    "a parcel": Case([201], [PARCEL]),
    "no body": Case(["bad-size"], [b""]),
    "a letter one byte short": Case(["bad-size"], [LETTER[:-1]]),
    "a parcel one byte long": Case(["too-large"], [PARCEL + b"b"]),
    "more than two parcels": Case(["too-large"], [PARCEL * 2 + b"b"]),
    "another suite": Case(["bad-suite"], [b"\x02" + LETTER[1:]]),
    "no headers": Case(["bad-mailbox"], headers={}),
    "a mailbox that is cut": Case(["bad-mailbox"], headers=GOOD | {MAILBOX_HEADER: b64(bytes(31))}),
    "no commitment": Case(["bad-commit"], headers=GOOD | {COMMIT_HEADER: ""}),
    "no work": Case(["work-needed"], limits={"work_floor": 24}),
    "work that is no base64url": Case(["work-needed"], headers=GOOD | {WORK_HEADER: "?"}, limits={"work_floor": 24}),
    "too many calls": Case([201, "too-many"], [LETTER, LETTER], limits={"per_address": 1}),
    "too many calls, the last one too large": Case(
        [201, "too-many"], [LETTER, PARCEL + b"b"], limits={"per_address": 1}
    ),
    "behind a proxy": Case(
        [201, "too-many"],
        [LETTER, PARCEL],
        GOOD | {"X-Forwarded-For": "192.0.2.7"},
        {"per_address": 1, "trusted_proxies": 1},
        "127.0.0.1",
    ),
    "a full mailbox": Case([201, "mailbox-full"], [LETTER, PARCEL], limits={"unproven_envelopes": 1}),
    "a full relay": Case(["relay-full"], limits={"max_bytes": FULL, "work_share": 1.0}),
    "a queue that is full": Case(["busy"], limits={"queue": 0}),
}

Answers = list[tuple[int, list[tuple[str, str]], bytes]]


def past_flask(line: Line, case: Case) -> Answers:
    answers = []
    for body in case.bodies:
        call = AsgiCall([{"type": "http.request", "body": body}])
        sent = {**case.headers, "Content-Length": str(len(body))}
        encoded = [(name.lower().encode(), value.encode()) for name, value in sent.items()]
        call.run(line.app, "/v1/deposit", encoded, address=case.caller)
        start, content = call.sent
        fields = [(name.decode(), value.decode()) for name, value in start["headers"]]
        # of a body that is too large the adapter leaves the rest unread, and says so
        answers.append((start["status"], sorted(set(fields) - {("connection", "close")}), content["body"]))
    return answers


def through_flask(line: Line, case: Case) -> Answers:
    http = line.app.test_client()
    answers = []
    for body in case.bodies:
        caller = {"REMOTE_ADDR": case.caller}
        answer = http.post("/v1/deposit", data=body, headers=case.headers, environ_overrides=caller)
        fields = [(name.lower(), value) for name, value in answer.headers]
        answers.append((answer.status_code, sorted(fields), answer.data))
    return answers


@pytest.mark.parametrize("name", [*CASES, "a fault of the relay"])
def test_a_deposit_is_answered_alike_past_flask_and_through_it(
    open_relay: Callable[..., Line], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = CASES.get(name, Case(["internal"]))
    if name not in CASES:
        monkeypatch.setattr(ReceiptSigner, "receipt", lambda *_: 1 / 0)
    alike = {"chance": lambda size: b"\x07" * size, **case.limits}  # the same key signs both relays' receipts
    fast = past_flask(open_relay(folder="fast", **alike), case)
    assert fast == through_flask(open_relay(folder="flask", **alike), case)
    for code, (status, fields, content) in zip(case.codes, fast, strict=True):
        assert ("access-control-allow-origin", "*") in fields
        assert status == code if isinstance(code, int) else f'"code": "{code}"'.encode() in content
