"""HTTP to calls and back; no SQL, no rule. Specified in `relay/http.md`. Nothing that was sent is ever repeated."""

import json
from typing import Any

from flask import Blueprint, Request, Response, request

from keys.mailbox import SIGNED_BYTES, Collect, check_collect
from keys.note import NOTE_BYTES
from keys.wire import ENVELOPE_TYPE, NOTE_TYPE, PARCEL_BYTES, SIZES, TTL_DAYS, b64
from relay.futures import Future
from relay.http import headers
from relay.http.collect_frames import encode_frames
from relay.http.cors import PREFLIGHT
from relay.http.deferred import DEFERRED_KEY, FUTURE_KEY, Answer, Deferred, new_future
from relay.http.fast_deposit import DEPOSIT, start_deposit
from relay.http.problems import to_response
from relay.http.services import Services
from relay.store.base import Envelope

# The largest body of each path, and the paths whose views wait for the disk and belong into a thread
BODY_BYTES = {DEPOSIT: PARCEL_BYTES, "/v1/collect": SIGNED_BYTES, "/v1/card": NOTE_BYTES}
OTHER_BODY_BYTES = 0
BLOCKING = frozenset({"/v1/collect", "/v1/card"})


def blueprint(services: Services) -> Blueprint:
    """Return every call of a relay."""
    bp = Blueprint("relay", __name__)

    @bp.get("/v1/relay")
    def relay() -> Response:
        return to_response(_relay(services))

    @bp.post(DEPOSIT)
    def deposit() -> Response:
        return defer(request.environ, start_deposit(services, request.environ))

    @bp.post("/v1/collect")
    def collect() -> Response:
        return _collect(services, request.get_data(cache=False), request.environ)

    @bp.get("/v1/card")
    def get_card() -> Response:
        return to_response(Answer(200, NOTE_TYPE, services.cards.get(_root())))

    @bp.put("/v1/card")
    def put_card() -> Response:
        new = services.cards.put(_root(), request.get_data(cache=False))
        return to_response(Answer(201 if new else 200, NOTE_TYPE, b""))

    @bp.route("/v1/relay", methods=["OPTIONS"])
    @bp.route(DEPOSIT, methods=["OPTIONS"])
    @bp.route("/v1/collect", methods=["OPTIONS"])
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


def defer(environ: dict[str, Any], answer: Deferred) -> Response:
    """Return an answer that is not there yet. The relay's own server holds it back; any other waits in its thread."""
    if FUTURE_KEY not in environ:
        return to_response(answer.now())
    environ[DEFERRED_KEY] = answer
    return Response(status=202)


def _collect(services: Services, body: bytes, environ: dict[str, Any]) -> Response:
    asked = check_collect(body, environ.get(headers.SIGNATURE), services.config.origins, services.now())
    found = services.mailbox.collect(asked)
    wait = new_future(environ)
    if found or not asked.wait or not services.mailbox.long_polls.add(asked.mailbox, wait):
        return to_response(_page_answer(services, asked, found))
    waiting = _waiting(services, asked, wait)
    if found := services.mailbox.page(asked):  # it came before we listened
        waiting.release()
        return to_response(_page_answer(services, asked, found))
    return defer(environ, waiting)


def _waiting(services: Services, asked: Collect, wait: Future) -> Deferred:
    return Deferred(
        wait,
        lambda _: _page_answer(services, asked, services.mailbox.page(asked)),
        seconds=asked.wait,
        blocks=True,
        release=lambda: services.mailbox.long_polls.remove(asked.mailbox, wait),
    )


def _page_answer(services: Services, asked: Collect, found: list[Envelope]) -> Answer:
    return Answer(200, ENVELOPE_TYPE, encode_frames(asked, found, services.config.chance))


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
