"""Organisations' cards: anybody may fetch one, only the root replaces it, and only by a newer one."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from nacl.signing import SigningKey
from werkzeug.test import TestResponse

from keys import note
from keys.wire import b64
from tests.support.relay_post import NOON, HandClock, Line

ROOT = SigningKey(b"\x04" * 32)
PUBLIC = bytes(ROOT.verify_key)


def card(seq: Any = 1, key: SigningKey = ROOT, kind: str = "tocsin/1/card", **fields: Any) -> bytes:
    public = bytes(key.verify_key)
    content = {"name": "", "root": b64(public), "seq": seq, "expires": NOON + 86_400} | fields
    return note.sign(f"{kind}\n{json.dumps(content)}\n", "root", key)


def put(line: Line, data: bytes, root: bytes = PUBLIC) -> TestResponse:
    return line.app.test_client().put("/v1/card", data=data, headers={"Tocsin-Root": b64(root)})


def get(line: Line, root: bytes = PUBLIC) -> TestResponse:
    return line.app.test_client().get("/v1/card", headers={"Tocsin-Root": b64(root)})


def test_a_card_comes_back_byte_for_byte(line: Line) -> None:
    assert put(line, card()).status_code == 201
    assert get(line).data == card()


def test_a_newer_card_replaces_it_and_the_same_one_again_is_fine(line: Line) -> None:
    put(line, card(1))
    assert put(line, card(2)).status_code == 201
    assert put(line, card(2)).status_code == 200
    assert get(line).data == card(2)


@pytest.mark.parametrize(("known", "status"), [(0, 200), (1, 200), (2, 204), (3, 204), (2**53 - 1, 204)])
def test_a_card_that_the_asker_knows_is_not_sent_again(line: Line, known: int, status: int) -> None:
    put(line, card(2))
    answer = line.app.test_client().get("/v1/card", headers={"Tocsin-Root": b64(PUBLIC), "Tocsin-Seq": str(known)})
    assert (answer.status_code, answer.data) == (status, card(2) if status == 200 else b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("known", ["", "-1", "+1", "1.0", "01", " 1", "1e3", "\u0661", str(2**53), "9" * 5_000, "x"])
def test_a_known_number_that_is_none_is_refused(line: Line, known: str) -> None:
    put(line, card(2))
    environ = {"HTTP_TOCSIN_ROOT": b64(PUBLIC), "HTTP_TOCSIN_SEQ": known}
    answer = line.app.test_client().get("/v1/card", environ_overrides=environ)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad-request")


def test_a_known_number_of_a_root_without_a_card_is_no_card(line: Line) -> None:
    answer = line.app.test_client().get("/v1/card", headers={"Tocsin-Root": b64(PUBLIC), "Tocsin-Seq": "1"})
    assert answer.status_code == 404


@pytest.mark.parametrize("late", [card(1), card(2, name="other")])
def test_an_older_card_or_another_of_the_same_number_is_refused(line: Line, late: bytes) -> None:
    put(line, card(2))
    answer = put(line, late)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "older-card")
    assert get(line).data == card(2)


OTHER = SigningKey(b"\x05" * 32)
BAD = {
    "signed by another": card(key=OTHER),
    "of another root": note.sign(
        f"tocsin/1/card\n{json.dumps({'root': b64(bytes(32)), 'seq': 1, 'expires': NOON * 2})}\n", "root", ROOT
    ),
    "another kind of note": card(kind="tocsin/1/receipt"),
    "changed": card().replace(b'"seq": 1', b'"seq": 9'),
    "cut off": card()[:-3],
    "not a note": b"hello",
    "empty": b"",
    "no sequence": note.sign(
        f"tocsin/1/card\n{json.dumps({'root': b64(PUBLIC), 'expires': NOON * 2})}\n", "root", ROOT
    ),
    "a sequence that is text": card("1"),
    "a negative sequence": card(-1),
    "a sequence no database holds": card(2**63),
    "expired": card(expires=NOON),
    "two lines": note.sign(
        f"tocsin/1/card\n{json.dumps({'root': b64(PUBLIC), 'seq': 1, 'expires': NOON * 2})}\nx\n", "root", ROOT
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_card_of_this_root_is_refused(line: Line, bad: str) -> None:
    answer = put(line, BAD[bad])
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad-card")
    assert get(line).status_code == 404


def test_a_card_larger_than_a_note_is_refused_before_it_is_read(line: Line) -> None:
    assert put(line, bytes(note.NOTE_BYTES + 1)).get_json()["code"] == "too-large"


def test_a_relay_keeps_only_so_many_cards_but_renews_those_it_has(open_relay: Callable[..., Line]) -> None:
    line = open_relay(cards=1)
    put(line, card(1))
    answer = put(line, card(key=OTHER), bytes(OTHER.verify_key))
    assert (answer.status_code, answer.get_json()["code"]) == (507, "relay-full")
    assert put(line, card(2)).status_code == 201


def test_an_expired_card_is_swept(line: Line, clock: HandClock) -> None:
    put(line, card())
    clock.now += 2 * 86_400
    for _ in range(8):
        line.app.extensions["mailbox"].run(lambda: None)
    assert get(line).status_code == 404


def test_a_root_that_is_no_key_is_refused(line: Line) -> None:
    assert put(line, card(), os.urandom(31)).get_json()["code"] == "bad-request"
    assert put(line, card(), bytes(32)).get_json()["code"] == "bad-card"
