"""Whatever bytes arrive, the relay answers with a problem of its own or does what was asked; it never breaks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from keys.problems import PROBLEMS
from relay.app import create_app
from relay.config import Config, Limits
from tests.relay.http.asgi_call import AsgiCall
from tests.support.memory_store import MemoryStore
from tests.support.relay_post import ORIGIN, HandClock, Line
from tests.support.soak import at_length

PATHS = ["/v1/relay", "/v1/deposit", "/v1/collect", "/v1/card", "/", "/v1/", "/v1/timer", "/log/checkpoint"]
HEADERS = [
    "Tocsin-Mailbox",
    "Tocsin-Commit",
    "Tocsin-Work",
    "Tocsin-Signature",
    "Tocsin-Root",
    "Tocsin-Seq",
    "Content-Type",
]
METHODS = ["GET", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "HEAD", "TRACE"]
KEY = SigningKey(b"\x06" * 32)

# what a header can carry over the wire
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=100)
near_b64 = st.text("ABCxyz019-_=+/ ", max_size=90)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | near_b64,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(["key", "at", "nonce", "ack", "want", "wait", "cover", "commits"])


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    clock = HandClock()
    app = create_app(Config(tmp_path_factory.mktemp("relay"), (ORIGIN,), Limits(waiting=0), clock=clock), MemoryStore())
    yield Line(app, clock)
    app.extensions["mailbox"].close()


def assert_spoken(answer: Any) -> None:
    """An answer that a client can act on."""
    if answer.status_code < 300:
        return
    assert answer.status_code < 500
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if answer.request.method == "HEAD":
        return
    assert answer.content_type == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem["code"] in PROBLEMS
    assert problem["status"] == answer.status_code
    assert {"type", "title"} <= set(problem)


fuzz = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=at_length(75, 1_500))


@fuzz
@given(
    method=st.sampled_from(METHODS),
    path=st.sampled_from(PATHS) | st.text(max_size=30).map(lambda text: "/" + text),
    headers=st.dictionaries(st.sampled_from(HEADERS), values | near_b64, max_size=6),
    body=st.binary(max_size=300) | st.sampled_from([b"\x01" + bytes(8191), bytes(65_537), bytes(262_145)]),
)
def test_any_bytes_on_any_route(line: Line, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    answer = line.app.test_client().open(path, method=method, headers=headers, data=body, base_url=ORIGIN)
    assert_spoken(answer)


@fuzz
@given(content=st.dictionaries(fields, anything) | anything, signed=st.booleans())
@example(content={"key": "\ud800"}, signed=True)
def test_any_json_as_a_collect_request(line: Line, content: Any, signed: bool) -> None:
    body = json.dumps(content).encode("utf-8", "surrogatepass")
    signature = KEY.sign(b"tocsin/1/collect\0" + ORIGIN.encode() + b"\0" + body).signature if signed else bytes(64)
    assert_spoken(line.send(body, signature))


@fuzz
@given(fields=st.dictionaries(fields, anything))
def test_any_field_of_an_otherwise_good_collect_request(line: Line, fields: dict[str, Any]) -> None:
    from keys.wire import b64

    good = {"key": b64(bytes(KEY.verify_key)), "at": line.clock.now, "nonce": b64(bytes(16)), "wait": 0}
    body = json.dumps(good | fields).encode("utf-8", "surrogatepass")
    assert_spoken(line.send(body, KEY.sign(b"tocsin/1/collect\0" + ORIGIN.encode() + b"\0" + body).signature))


@fuzz
@given(data=st.binary(max_size=500), root=st.binary(min_size=31, max_size=33))
def test_any_bytes_as_a_card(line: Line, data: bytes, root: bytes) -> None:
    from keys.wire import b64

    assert_spoken(line.app.test_client().put("/v1/card", data=data, headers={"Tocsin-Root": b64(root)}))


@fuzz
@given(
    content=anything | st.dictionaries(st.sampled_from(["root", "seq", "expires"]), anything), tail=st.text(max_size=20)
)
def test_any_json_in_a_card_that_is_well_signed(line: Line, content: Any, tail: str) -> None:
    from keys import note
    from keys.errors import NotANote
    from keys.wire import b64

    try:
        data = note.sign(f"tocsin/1/card\n{json.dumps(content)}{tail}\n", "root", KEY)
    except (NotANote, UnicodeEncodeError):
        return
    root = {"Tocsin-Root": b64(bytes(KEY.verify_key))}
    assert_spoken(line.app.test_client().put("/v1/card", data=data, headers=root))


pieces = st.lists(
    st.builds(
        lambda body, more: {"type": "http.request", "body": body, "more_body": more},
        st.binary(max_size=200) | st.sampled_from([bytes(8_192), bytes(40_000)]),
        st.booleans(),
    )
    | st.just({"type": "http.disconnect"}),
    max_size=5,
)
raw = st.binary(max_size=60)
lengths = st.tuples(
    st.just(b"content-length"), st.sampled_from([b"0", b"8192", b"-1", b"9" * 30, b"\xb2", b"1e3", b""])
)


@fuzz
@given(
    path=st.sampled_from(PATHS) | st.text(max_size=20),
    query=raw,
    headers=st.lists(st.tuples(st.sampled_from([name.lower().encode() for name in HEADERS]) | raw, raw) | lengths),
    messages=pieces,
)
def test_anything_through_the_adapter(
    line: Line,
    path: str,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    messages: list[dict[str, Any]],
) -> None:
    call = AsgiCall(messages)
    call.run(line.app, path, headers, query)
    if call.sent:
        start, body = call.sent
        assert start["status"] < 500
        assert (b"access-control-allow-origin", b"*") in start["headers"]
        assert start["status"] < 300 or json.loads(body["body"])["code"] in PROBLEMS
