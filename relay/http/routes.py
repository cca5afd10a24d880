"""HTTP to calls and back; no SQL, no rule. Specified in `relay/http.md`. Nothing that was sent is ever repeated."""

import concurrent.futures
import json
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Request, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge, TooManyRequests
from werkzeug.wsgi import get_input_stream

from keys.errors import Malformed
from keys.mailbox import SIGNED_BYTES, Collect, check_collect
from keys.note import NOTE_BYTES
from keys.problems import (
    BadCommitment,
    BadMailbox,
    BadRequest,
    Busy,
    NoSuchCall,
    RelayBroken,
    RelayError,
    TooLarge,
    TooMany,
    WorkNeeded,
    WrongClock,
    WrongMethod,
)
from keys.wire import (
    COMMIT_HEADER,
    ENVELOPE_TYPE,
    HASH_BYTES,
    MAILBOX_HEADER,
    NOTE_TYPE,
    PARCEL_BYTES,
    PROBLEM_TYPE,
    ROOT_HEADER,
    SIGNATURE_HEADER,
    SIZES,
    SUITE,
    TTL_DAYS,
    WAKE_HEADER,
    WORK_HEADER,
    FrameKind,
    b64,
    unb64,
)
from keys.work import NONCE_BYTES
from relay import error_log
from relay.admission import Admission
from relay.cards import Cards
from relay.config import Config
from relay.futures import Future
from relay.http.deferred import BODY_KEY, DEFERRED_KEY, FUTURE_KEY, Answer, Deferred
from relay.http.rate_limits import Addresses, retry_after
from relay.mailboxes import Mailboxes, Stored
from relay.push.notifier import PushNotifier
from relay.receipts import ReceiptSigner
from relay.store.base import Envelope

RETRY_SECONDS = 5  # what Retry-After says when the disk is behind
LETTER = SIZES[0]

# The largest body of each path, and the paths whose views wait for the disk and belong into a thread
DEPOSIT = "/v1/deposit"
BODY_BYTES = {DEPOSIT: PARCEL_BYTES, "/v1/collect": SIGNED_BYTES, "/v1/card": NOTE_BYTES}
OTHER_BODY_BYTES = 0
BLOCKING = frozenset({"/v1/collect", "/v1/card"})

# Headers are read out of the environ: `request.headers` takes ten times as long.
_MAILBOX, _COMMIT, _WORK, _WAKE, _SIGNATURE, _ROOT = (
    "HTTP_" + name.upper().replace("-", "_")
    for name in (MAILBOX_HEADER, COMMIT_HEADER, WORK_HEADER, WAKE_HEADER, SIGNATURE_HEADER, ROOT_HEADER)
)

CORS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Retry-After"),
    ("Cache-Control", "no-store"),
)
PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, POST, PUT"),
    (
        "Access-Control-Allow-Headers",
        ", ".join(
            ("Content-Type", MAILBOX_HEADER, COMMIT_HEADER, WORK_HEADER, WAKE_HEADER, SIGNATURE_HEADER, ROOT_HEADER)
        ),
    ),
    ("Access-Control-Max-Age", "86400"),
)


class Services:
    """What the routes of one relay stand on, and the words for what goes wrong."""

    def __init__(
        self,
        config: Config,
        *,
        mailbox: Mailboxes,
        admission: Admission,
        signer: ReceiptSigner,
        cards: Cards,
        addresses: Addresses,
        wake: PushNotifier | None,
    ) -> None:
        self.config = config
        self.mailbox = mailbox
        self.admission = admission
        self.signer = signer
        self.cards = cards
        self.addresses = addresses
        self.wake = wake

    def close(self) -> None:
        """Ring nobody any more, write what is queued. A second time is fine."""
        if self.wake is not None:
            self.wake.close()
        self.mailbox.close()

    def now(self) -> int:
        return self.config.clock()

    def problem(self, error: RelayError) -> Answer:
        """The answer of RFC 9457 for an error."""
        fields: dict[str, Any] = {
            "type": f"urn:tocsin:problem:{error.code}",
            "title": error.sentence,
            "status": error.status,
            "code": error.code,
        }
        if error.hint:
            fields["hint"] = error.hint
        headers: tuple[tuple[str, str], ...] = ()
        if isinstance(error, WrongClock):
            fields["time"] = max(self.now(), self.mailbox.replays.floor)
        if isinstance(error, WorkNeeded):
            seed, bits = self.admission.asked(self.now())
            fields.update(seed=b64(seed), bits=bits)
        if isinstance(error, TooMany):
            headers = (("Retry-After", str(retry_after(self.now()))),)
        if isinstance(error, Busy):
            headers = (("Retry-After", str(RETRY_SECONDS)),)
        return Answer(error.status, PROBLEM_TYPE, json.dumps(fields).encode(), headers)


def blueprint(services: Services) -> Blueprint:
    """Every call of a relay."""
    bp = Blueprint("relay", __name__)

    @bp.get("/v1/relay")
    def relay() -> Response:
        return to_response(_relay(services))

    @bp.post(DEPOSIT)
    def deposit() -> Response:
        return defer(request.environ, _deposit(services, request.environ))

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


class FastDeposit:
    """Around the app: the headers for browsers after every call, and under our own server the short way for deposits.

    A deposit does not need what Flask does for a call, and Flask's part takes as long as all of ours. The rest of
    the calls come seldom and go through it, as deposits do under any other server.
    """

    def __init__(self, inner: Any, services: Services) -> None:
        self._inner = inner
        self._services = services

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            return start_response(status, [*headers, *CORS], error)

        if FUTURE_KEY not in environ or environ["PATH_INFO"] != DEPOSIT or environ["REQUEST_METHOD"] != "POST":
            return self._inner(environ, start)
        try:
            self._services.addresses.count(environ.get("REMOTE_ADDR", ""))
            environ[DEFERRED_KEY] = _deposit(self._services, environ)
            return []
        except Exception as error:
            answer = self._services.problem(to_problem(error))
        fields = [("Content-Type", answer.kind), ("Content-Length", str(len(answer.body))), *answer.headers]
        start(f"{answer.status} {HTTPStatus(answer.status).phrase}", fields)
        return [answer.body]


def register_errors(app: Flask, services: Services) -> None:
    """Problems instead of tracebacks, and the rim around it all."""
    app.wsgi_app = FastDeposit(app.wsgi_app, services)  # type: ignore[method-assign]

    @app.errorhandler(Exception)
    def refuse(error: Exception) -> Response:
        response = to_response(services.problem(to_problem(error)))
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response


_OURS: dict[type[HTTPException], type[RelayError]] = {
    NotFound: NoSuchCall,
    MethodNotAllowed: WrongMethod,
    RequestEntityTooLarge: TooLarge,
    TooManyRequests: TooMany,
    HTTPException: BadRequest,
}


def to_problem(error: Exception) -> RelayError:
    """The problem a client is told; what is nobody's mistake but ours is logged."""
    if isinstance(error, RelayError):
        return error
    for theirs, kind in _OURS.items():
        if isinstance(error, theirs):
            return kind()
    error_log.log(error)
    return RelayBroken()


class BadRoot(BadRequest):
    """the header Tocsin-Root is not 32 bytes in base64url"""


class TightRequest(Request):
    """Refuses a body larger than its path takes, before it is read."""

    @property
    def max_content_length(self) -> int | None:
        return body_bytes(self.path)

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        raise AttributeError("the path decides")


def body_bytes(path: str) -> int:
    """The largest body a path takes."""
    return BODY_BYTES.get(path, OTHER_BODY_BYTES)


# Answers


def to_response(answer: Answer) -> Response:
    """A finished answer as Flask's."""
    response = Response(answer.body, answer.status, content_type=answer.kind)
    response.headers.extend(answer.headers)
    return response


def defer(environ: dict[str, Any], answer: Deferred) -> Response:
    """An answer that is not there yet. Our own server holds it back; any other waits here in its thread."""
    if FUTURE_KEY not in environ:
        return to_response(answer.now())
    environ[DEFERRED_KEY] = answer
    return Response(status=202)


def _wait(environ: dict[str, Any]) -> Future:
    wait: Future | None = environ.get(FUTURE_KEY)
    return concurrent.futures.Future() if wait is None else wait


def _deposit(services: Services, environ: dict[str, Any]) -> Deferred:
    body = environ.get(BODY_KEY)
    if body is None:
        body = get_input_stream(environ, max_content_length=PARCEL_BYTES).read()
    if len(body) > PARCEL_BYTES:
        raise TooLarge()
    mailbox = _header(environ, _MAILBOX, HASH_BYTES, BadMailbox)
    commitment = _header(environ, _COMMIT, HASH_BYTES, BadCommitment)
    wait = _wait(environ)
    receipt = services.mailbox.deposit(mailbox, commitment, body, _work(environ), wait)
    ring = environ.get(_WAKE) if len(body) == LETTER else None  # a piece of a photo says nothing by itself
    return Deferred(wait, lambda kept: _receipt(services, receipt, kept, ring))


def _receipt(services: Services, receipt: bytes, kept: Stored | RelayError | None, ring: str | None) -> Answer:
    if isinstance(kept, RelayError):
        raise kept
    if kept is None:
        raise RelayBroken()
    if ring is not None and services.wake is not None:
        services.wake.ring(ring)
    return Answer(kept.value, NOTE_TYPE, receipt)


def _collect(services: Services, body: bytes, environ: dict[str, Any]) -> Response:
    asked = check_collect(body, environ.get(_SIGNATURE), services.config.origins, services.now())
    found = services.mailbox.collect(asked)
    wait = _wait(environ)
    if found or not asked.wait or not services.mailbox.long_polls.add(asked.mailbox, wait):
        return to_response(_frames(services, asked, found))
    waiting = _waiting(services, asked, wait)
    if found := services.mailbox.page(asked):  # it came before we listened
        waiting.release()
        return to_response(_frames(services, asked, found))
    return defer(environ, waiting)


def _waiting(services: Services, asked: Collect, wait: Future) -> Deferred:
    return Deferred(
        wait,
        lambda _: _frames(services, asked, services.mailbox.page(asked)),
        seconds=asked.wait,
        blocks=True,
        release=lambda: services.mailbox.long_polls.remove(asked.mailbox, wait),
    )


def _frames(services: Services, asked: Collect, found: list[Envelope]) -> Answer:
    parts: list[bytes] = []
    for envelope in found:
        kind = FrameKind.LETTER if len(envelope.body) == LETTER else FrameKind.PARCEL
        parts += [bytes([kind]), envelope.commitment if asked.commits else b"", envelope.body]
    if not found and asked.cover:
        chance = services.config.chance
        filler = bytes([SUITE]) + chance(LETTER - 1)
        parts = [bytes([FrameKind.FILLER]), chance(HASH_BYTES) if asked.commits else b"", filler]
    return Answer(200, ENVELOPE_TYPE, b"".join(parts))


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


# Parsers


def _header(environ: dict[str, Any], key: str, length: int, wrong: type[RelayError]) -> bytes:
    try:
        return unb64(environ.get(key, ""), length)
    except Malformed:
        raise wrong() from None


def _root() -> bytes:
    return _header(request.environ, _ROOT, HASH_BYTES, BadRoot)


def _work(environ: dict[str, Any]) -> bytes | None:
    sent = environ.get(_WORK)
    try:
        return unb64(sent, NONCE_BYTES) if sent else None
    except Malformed:
        return None  # as good as no work
