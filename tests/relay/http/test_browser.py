"""A web page from any place may call the relay and read every answer, refusals too."""

import pytest
from werkzeug.test import TestResponse

from tests.support.relay_post import Line, letter, new_key

RINGING = ("wake_key", "vapid", "push_hosts")
PATHS = ["/v1/relay", "/v1/deposit", "/v1/collect", "/v1/card"]


def assert_readable(answer: TestResponse) -> None:
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_is_answered(line: Line, path: str) -> None:
    answer = line.app.test_client().options(path, headers={"Origin": "https://phone.example"})
    assert answer.status_code == 204
    assert_readable(answer)
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    ours = {"Mailbox", "Commit", "Work", "Wake", "Signature", "Root", "Seq"}
    assert set(allowed) == {"Content-Type", *(f"Tocsin-{name}" for name in ours)}
    assert {"GET", "POST", "PUT"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))


def test_every_answer_can_be_read(line: Line) -> None:
    http, key = line.app.test_client(), new_key()
    answers = [
        http.get("/v1/relay"),
        line.deposit(key.id, letter()),
        line.deposit(key.id, b"short"),
        line.deposit(key.id, bytes(100_000)),
        line.collect(key),
        line.collect(key, at=0),
        http.get("/v1/card"),
        http.get("/nowhere"),
        http.put("/v1/deposit"),
    ]
    assert [answer.status_code for answer in answers] == [200, 201, 400, 413, 200, 403, 400, 404, 405]
    for answer in answers:
        assert_readable(answer)
    assert answers[-1].headers["Allow"] == "OPTIONS, POST"


def test_relay_info_has_what_a_client_needs(line: Line) -> None:
    about = line.app.test_client().get("/v1/relay").get_json()
    assert set(about) == {"origin", "note_key", "time", "sizes", "ttl_days", "work", *RINGING}
    assert (about["origin"], about["time"], about["sizes"]) == (line.origin, line.clock.now, [8_192, 65_536])
    assert about["ttl_days"] == 35
    assert about["note_key"].startswith("relay.example+")
