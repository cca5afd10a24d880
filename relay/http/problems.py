"""Refusals over HTTP: the problem details of RFC 9457. Nothing that was sent is ever repeated in one."""

import json
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge, TooManyRequests

from keys.problems import (
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
from keys.wire import PROBLEM_TYPE, b64
from relay import error_log
from relay.http.deferred import Answer
from relay.http.rate_limits import retry_after
from relay.http.services import Services

RETRY_SECONDS = 5  # what Retry-After says when the disk is behind

_FROM_WERKZEUG: dict[type[HTTPException], type[RelayError]] = {
    NotFound: NoSuchCall,
    MethodNotAllowed: WrongMethod,
    RequestEntityTooLarge: TooLarge,
    TooManyRequests: TooMany,
    HTTPException: BadRequest,
}


def register_errors(app: Flask, services: Services) -> None:
    """Have the app answer problems instead of Flask's pages and tracebacks."""

    @app.errorhandler(Exception)
    def refuse(error: Exception) -> Response:
        response = to_response(to_answer(services, to_problem(error)))
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response


def to_problem(error: Exception) -> RelayError:
    """Return the problem a client is told. An error that is a fault of the relay is logged without its text.

    Specified in `relay/http.md`, *Problems*.
    """
    if isinstance(error, RelayError):
        return error
    for theirs, kind in _FROM_WERKZEUG.items():
        if isinstance(error, theirs):
            return kind()
    error_log.log(error)
    return RelayBroken()


def to_answer(services: Services, error: RelayError) -> Answer:
    """Return the answer of RFC 9457 for a problem."""
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
        fields["time"] = max(services.now(), services.mailbox.replays.floor)
    if isinstance(error, WorkNeeded):
        seed, bits = services.admission.asked(services.now())
        fields.update(seed=b64(seed), bits=bits)
    if isinstance(error, TooMany):
        headers = (("Retry-After", str(retry_after(services.now()))),)
    if isinstance(error, Busy):
        headers = (("Retry-After", str(RETRY_SECONDS)),)
    return Answer(error.status, PROBLEM_TYPE, json.dumps(fields).encode(), headers)


def to_response(answer: Answer) -> Response:
    """Return a finished answer as Flask's."""
    response = Response(answer.body, answer.status, content_type=answer.kind)
    response.headers.extend(answer.headers)
    return response
