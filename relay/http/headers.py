"""The headers of a request, read out of the WSGI environ: `request.headers` of Flask takes ten times as long."""

from typing import Any

from keys.errors import Malformed
from keys.problems import BadRequest, RelayError
from keys.wire import (
    COMMIT_HEADER,
    HASH_BYTES,
    MAILBOX_HEADER,
    ROOT_HEADER,
    SIGNATURE_HEADER,
    WAKE_HEADER,
    WORK_HEADER,
    unb64,
)
from keys.work import NONCE_BYTES

MAILBOX, COMMIT, WORK, WAKE, SIGNATURE, ROOT = (
    "HTTP_" + name.upper().replace("-", "_")
    for name in (MAILBOX_HEADER, COMMIT_HEADER, WORK_HEADER, WAKE_HEADER, SIGNATURE_HEADER, ROOT_HEADER)
)


class BadRoot(BadRequest):
    """the header Tocsin-Root is not 32 bytes in base64url"""


def decode_hash(environ: dict[str, Any], key: str, wrong: type[RelayError]) -> bytes:
    """Return the 32 bytes that a header carries in base64url. Raises `wrong`, also when the header is missing.

    Source: RFC 4648 section 5.
    """
    try:
        return unb64(environ.get(key, ""), HASH_BYTES)
    except Malformed:
        raise wrong() from None


def decode_work(environ: dict[str, Any]) -> bytes | None:
    """Return the nonce of the work done for a deposit. None: there is none, or it is malformed, which counts alike.

    Specified in `keys/wire.md`, *Work*.
    """
    sent = environ.get(WORK)
    try:
        return unb64(sent, NONCE_BYTES) if sent else None
    except Malformed:
        return None
