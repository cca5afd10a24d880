"""Deposit without Flask: the short way of the one call that comes by the thousand.

Flask's part of a deposit takes longer than all of the relay's. Measured with `python -m tests.bench.relay` on two
cores: from 256 phones at once a relay takes 3,800 letters a second the short way and 1,740 through the Flask route,
from 32 phones 2,750 and 1,570. `tests/relay/http/test_fast_deposit.py` shows that both ways answer alike.
"""

from http import HTTPStatus
from typing import Any

from werkzeug.wsgi import get_input_stream

from keys.problems import BadCommitment, BadMailbox, RelayBroken, RelayError, TooLarge
from keys.wire import LETTER_BYTES, NOTE_TYPE, PARCEL_BYTES
from relay.http import headers
from relay.http.deferred import BODY_KEY, DEFERRED_KEY, FUTURE_KEY, Answer, Deferred, new_future
from relay.http.problems import to_answer, to_problem
from relay.http.services import Services
from relay.mailboxes import Stored

DEPOSIT = "/v1/deposit"


class FastDeposit:
    """Answer deposits under the relay's own server without the app inside; every other call goes to that app."""

    def __init__(self, inner: Any, services: Services) -> None:
        self._inner = inner
        self._services = services

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if FUTURE_KEY not in environ or environ["PATH_INFO"] != DEPOSIT or environ["REQUEST_METHOD"] != "POST":
            return self._inner(environ, start_response)
        try:
            self._services.addresses.count(environ.get("REMOTE_ADDR", ""))
            environ[DEFERRED_KEY] = start_deposit(self._services, environ)
            return []
        except Exception as error:
            answer = to_answer(self._services, to_problem(error))
        fields = [("Content-Type", answer.kind), ("Content-Length", str(len(answer.body))), *answer.headers]
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", fields)
        return [answer.body]


def start_deposit(services: Services, environ: dict[str, Any]) -> Deferred:
    """Queue the envelope of a request and return its answer, which is there when the envelope is on disk. Raises
    TooLarge, BadMailbox, BadCommitment and what `Mailboxes.deposit` raises."""
    body = environ.get(BODY_KEY)
    if body is None:
        body = get_input_stream(environ, max_content_length=PARCEL_BYTES).read()
    if len(body) > PARCEL_BYTES:
        raise TooLarge()
    mailbox = headers.decode_hash(environ, headers.MAILBOX, BadMailbox)
    commitment = headers.decode_hash(environ, headers.COMMIT, BadCommitment)
    wait = new_future(environ)
    receipt = services.mailbox.deposit(mailbox, commitment, body, headers.decode_work(environ), wait)
    # a piece of a photo says nothing by itself
    address = environ.get(headers.WAKE) if len(body) == LETTER_BYTES else None
    return Deferred(wait, lambda stored: _finish_deposit(services, receipt, stored, address))


def _finish_deposit(
    services: Services, receipt: bytes, stored: Stored | RelayError | None, address: str | None
) -> Answer:
    """Return the receipt of an envelope that is on disk, and ring the phone behind its push address. Raises the
    RelayError that refused it."""
    if isinstance(stored, RelayError):
        raise stored
    if stored is None:
        raise RelayBroken()
    if address is not None and services.wake is not None:
        services.wake.ring(address)
    return Answer(stored.value, NOTE_TYPE, receipt)
