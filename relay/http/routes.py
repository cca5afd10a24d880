"""HTTP to calls and back; no SQL, no rule. Specified in `relay/http.md`. Nothing that was sent is ever repeated."""

import concurrent.futures
import json
from typing import Any

from flask import Blueprint, Request, Response, request

from keys.mailbox import SIGNED_BYTES
from keys.note import NOTE_BYTES
from keys.wire import NOTE_TYPE, PARCEL_BYTES, SIZES, TTL_DAYS, b64
from relay.http import headers
from relay.http.collect import COLLECT, start_collect
from relay.http.cors import PREFLIGHT
from relay.http.deferred import Answer, Deferred
from relay.http.fast_deposit import DEPOSIT, start_deposit
from relay.http.problems import to_response
from relay.http.services import Services

# The largest body of each path, and the paths whose views wait for the disk and belong into a thread. Deposit and
# collect wait too, but come here only under a server that has a thread for each call.
BODY_BYTES = {DEPOSIT: PARCEL_BYTES, COLLECT: SIGNED_BYTES, "/v1/card": NOTE_BYTES}
OTHER_BODY_BYTES = 0
BLOCKING = frozenset({"/v1/card"})


def blueprint(services: Services) -> Blueprint:
    """Return every call of a relay."""
    bp = Blueprint("relay", __name__)

    @bp.get("/v1/relay")
    def relay() -> Response:
        return to_response(_relay(services))

    @bp.post(DEPOSIT)
    def deposit() -> Response:
        wait: concurrent.futures.Future[Any] = concurrent.futures.Future()
        body = request.get_data(cache=False)
        return to_response(start_deposit(services, request.environ, body, wait).now())

    @bp.post(COLLECT)
    def collect() -> Response:
        wait: concurrent.futures.Future[Any] = concurrent.futures.Future()
        answer = start_collect(services, request.environ, request.get_data(cache=False), wait)
        return to_response(answer.now() if isinstance(answer, Deferred) else answer)

    @bp.get("/v1/card")
    def get_card() -> Response:
        card = services.cards.get(_root(), headers.decode_seq(request.environ))
        return to_response(Answer(204, NOTE_TYPE, b"") if card is None else Answer(200, NOTE_TYPE, card))

    @bp.put("/v1/card")
    def put_card() -> Response:
        new = services.cards.put(_root(), request.get_data(cache=False))
        return to_response(Answer(201 if new else 200, NOTE_TYPE, b""))

    @bp.route("/v1/relay", methods=["OPTIONS"])
    @bp.route(DEPOSIT, methods=["OPTIONS"])
    @bp.route(COLLECT, methods=["OPTIONS"])
    @bp.route("/v1/card", methods=["OPTIONS"])
    def preflight() -> Response:
        return to_response(Answer(204, NOTE_TYPE, b"", PREFLIGHT))

    return bp


class TightRequest(Request):
    """Refuse a body larger than its path takes, before it is read."""

    @property
    def max_content_length(self) -> int | None:
        return body_bytes(self.path)

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        raise AttributeError("the path decides")


def body_bytes(path: str) -> int:
    """Return the largest body a path takes, in bytes."""
    return BODY_BYTES.get(path, OTHER_BODY_BYTES)


def _relay(services: Services) -> Answer:
    seed, bits = services.admission.asked(services.now())
    about = {
        "origin": services.config.origins[0],
        "note_key": services.signer.note_key,
        "time": services.now(),
        "sizes": list(SIZES),
        "ttl_days": TTL_DAYS,
        "work": {"seed": b64(seed), "bits": bits},
        **(services.wake.about if services.wake else {}),
    }
    return Answer(200, "application/json", json.dumps(about).encode())


def _root() -> bytes:
    return headers.decode_hash(request.environ, headers.ROOT, headers.BadRoot)
