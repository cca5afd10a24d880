"""Deposit without Flask: the short way of the one call that comes by the thousand.

Under the relay's own server the adapter (`asgi.py`) calls `start_deposit` itself, under any other the Flask route does.
Flask's part of a deposit takes longer than all of the relay's. Measured with `python -m tests.bench.relay` on two
cores: from 256 phones at once a relay takes 3,800 letters a second the short way and 1,740 through the Flask route,
from 32 phones 2,750 and 1,570. `tests/relay/http/test_past_flask.py` shows that both ways answer alike.
"""

from typing import Any

from keys.problems import BadCommitment, BadMailbox, RelayBroken, RelayError
from keys.wire import LETTER_BYTES, NOTE_TYPE
from relay.futures import Future
from relay.http import headers
from relay.http.deferred import Answer, Deferred
from relay.http.services import Services
from relay.mailboxes import Stored

DEPOSIT = "/v1/deposit"


def start_deposit(services: Services, environ: dict[str, Any], body: bytes, wait: Future) -> Deferred:
    """Queue the envelope of a request and return its answer, which is there when the envelope is on disk. Raises
    BadMailbox, BadCommitment and what `Mailboxes.deposit` raises.

    Specified in `relay/http.md`, *Deposit*.
    """
    mailbox = headers.decode_hash(environ, headers.MAILBOX, BadMailbox)
    commitment = headers.decode_hash(environ, headers.COMMIT, BadCommitment)
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
