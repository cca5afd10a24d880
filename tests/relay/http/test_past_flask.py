"""Deposit and collect are answered alike past Flask, under the relay's own server, and through the Flask route."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from keys.mailbox import SIGNED_BYTES, MailboxKey
from keys.wire import COMMIT_HEADER, MAILBOX_HEADER, SIGNATURE_HEADER, WORK_HEADER, b64, digest
from relay.receipts import ReceiptSigner
from tests.relay.http.asgi_call import AsgiCall
from tests.support.relay_post import NOON, ORIGIN, Line, deposit_headers

LETTER = b"\x01" + b"a" * 8_191
PARCEL = b"\x01" + b"b" * 65_535
GOOD = deposit_headers(b"\x02" * 32, b"\x03" * 32)
FULL = 530_000  # bytes: the reserve and less than a letter


class RequestCase(NamedTuple):
    """Deposits to one relay, with these limits, and the codes (201 and 200: a receipt) they are answered with."""

    codes: Sequence[int | str]
    bodies: Sequence[bytes] = (LETTER,)
    headers: Mapping[str, str] = GOOD
    limits: Mapping[str, Any] = MappingProxyType({})
    caller: str = "192.0.2.1"


CASES = {
    "a letter": RequestCase([201]),
    "a letter twice": RequestCase([201, 200], [LETTER, LETTER]),
    "a parcel": RequestCase([201], [PARCEL]),
    "no body": RequestCase(["bad-size"], [b""]),
    "a letter one byte short": RequestCase(["bad-size"], [LETTER[:-1]]),
    "a parcel one byte long": RequestCase(["too-large"], [PARCEL + b"b"]),
    "more than two parcels": RequestCase(["too-large"], [PARCEL * 2 + b"b"]),
    "another suite": RequestCase(["bad-suite"], [b"\x02" + LETTER[1:]]),
    "no headers": RequestCase(["bad-mailbox"], headers={}),
    "a mailbox that is cut": RequestCase(["bad-mailbox"], headers=GOOD | {MAILBOX_HEADER: b64(bytes(31))}),
    "no commitment": RequestCase(["bad-commit"], headers=GOOD | {COMMIT_HEADER: ""}),
    "no work": RequestCase(["work-needed"], limits={"work_floor": 24}),
    "work that is no base64url": RequestCase(
        ["work-needed"], headers=GOOD | {WORK_HEADER: "?"}, limits={"work_floor": 24}
    ),
    "too many calls": RequestCase([201, "too-many"], [LETTER, LETTER], limits={"per_address": 1}),
    "too many calls, the last one too large": RequestCase(
        [201, "too-many"], [LETTER, PARCEL + b"b"], limits={"per_address": 1}
    ),
    "behind a proxy": RequestCase(
        [201, "too-many"],
        [LETTER, PARCEL],
        GOOD | {"X-Forwarded-For": "192.0.2.7"},
        {"per_address": 1, "trusted_proxies": 1},
        "127.0.0.1",
    ),
    "a full mailbox": RequestCase([201, "mailbox-full"], [LETTER, PARCEL], limits={"unproven_envelopes": 1}),
    "a full relay": RequestCase(["relay-full"], limits={"max_bytes": FULL, "work_share": 1.0}),
    "a queue that is full": RequestCase(["busy"], limits={"queue": 0}),
}

Request = tuple[str, bytes, Mapping[str, str]]  # path, body, headers
Answers = list[tuple[int, list[tuple[str, str]], bytes]]


def past_flask(line: Line, requests: Sequence[Request], caller: str) -> Answers:
    answers = []
    for path, body, headers in requests:
        call = AsgiCall([{"type": "http.request", "body": body}])
        sent = {**headers, "Content-Length": str(len(body))}
        encoded = [(name.lower().encode(), value.encode()) for name, value in sent.items()]
        call.run(line.app, path, encoded, address=caller)
        start, content = call.sent
        fields = [(name.decode(), value.decode()) for name, value in start["headers"]]
        # of a body that is too large the adapter leaves the rest unread, and says so
        answers.append((start["status"], sorted(set(fields) - {("connection", "close")}), content["body"]))
    return answers


def through_flask(line: Line, requests: Sequence[Request], caller: str) -> Answers:
    http = line.app.test_client()
    answers = []
    for path, body, headers in requests:
        answer = http.post(path, data=body, headers=dict(headers), environ_overrides={"REMOTE_ADDR": caller})
        fields = [(name.lower(), value) for name, value in answer.headers]
        answers.append((answer.status_code, sorted(fields), answer.data))
    return answers


@pytest.fixture
def both_ways(open_relay: Callable[..., Line]) -> Callable[..., Answers]:
    """Send the same requests past Flask to one relay and through Flask to its twin. Returns the answers, all alike."""

    def sent(requests: Sequence[Request], caller: str = "192.0.2.1", **limits: Any) -> Answers:
        alike = {"random_bytes": lambda size: b"\x07" * size, **limits}  # the same key signs both relays' receipts
        fast = past_flask(open_relay(folder="fast", **alike), requests, caller)
        assert fast == through_flask(open_relay(folder="flask", **alike), requests, caller)
        assert all(("access-control-allow-origin", "*") in fields for _, fields, _ in fast)
        return fast

    return sent


def has_code(answer: tuple[int, list[tuple[str, str]], bytes], code: int | str) -> bool:
    status, _, content = answer
    return status == code if isinstance(code, int) else f'"code": "{code}"'.encode() in content


@pytest.mark.parametrize("name", [*CASES, "a fault of the relay"])
def test_a_deposit_is_answered_alike_past_flask_and_through_it(
    both_ways: Callable[..., Answers], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = CASES.get(name, RequestCase(["internal"]))
    if name not in CASES:
        monkeypatch.setattr(ReceiptSigner, "receipt", lambda *_: 1 / 0)
    answers = both_ways([("/v1/deposit", body, case.headers) for body in case.bodies], case.caller, **case.limits)
    assert [has_code(*pair) for pair in zip(answers, case.codes, strict=True)] == [True] * len(answers)


OWNER = MailboxKey(b"\x03" * 32)


def collect(number: int = 0, signature: bytes | None = None, **fields: Any) -> Request:
    """A request to collect; another number is another nonce."""
    body, signed = OWNER.collect(ORIGIN, **{"at": NOON, "nonce": bytes([number] * 16), **fields})
    return "/v1/collect", body, {SIGNATURE_HEADER: b64(signed if signature is None else signature)}


DEPOSITS: list[Request] = [("/v1/deposit", body, deposit_headers(OWNER.id, b"\x05" * 32)) for body in (LETTER, PARCEL)]
COLLECTS: dict[str, tuple[list[Request], int | str]] = {
    "letters": ([*DEPOSITS, collect()], 200),
    "letters, although it would wait": ([*DEPOSITS, collect(wait=50)], 200),
    "commitments": ([*DEPOSITS, collect(commits=True)], 200),
    "nothing": ([collect()], 200),
    "cover": ([collect(cover=True, commits=True)], 200),
    "acknowledged": ([*DEPOSITS, collect(1, ack=[digest(LETTER)]), collect(2)], 200),
    "replayed": ([collect(), collect()], "replayed"),
    "too early": ([collect(at=NOON - 400)], "wrong-clock"),
    "a wrong signature": ([collect(signature=bytes(64))], "bad-signature"),
    "no signature": ([(*collect()[:2], {})], "bad-signature"),
    "no body": ([("/v1/collect", b"", {})], "bad-request"),
    "a body too large": ([("/v1/collect", bytes(SIGNED_BYTES + 1), {})], "too-large"),
}


@pytest.mark.parametrize("name", COLLECTS)
def test_a_collect_is_answered_alike_past_flask_and_through_it(both_ways: Callable[..., Answers], name: str) -> None:
    requests, code = COLLECTS[name]
    assert has_code(both_ways(requests)[-1], code)


def test_each_path_has_its_calls_of_a_minute_both_ways(both_ways: Callable[..., Answers]) -> None:
    requests = [*DEPOSITS, collect(1), collect(2)]
    answers = both_ways(requests, per_address=1)
    assert [status for status, _, _ in answers] == [201, 429, 200, 429]
