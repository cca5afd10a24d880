"""The headers of a request, read out of the WSGI environ: `request.headers` of Flask takes ten times as long."""

import re
from typing import Any

from keys.errors import Malformed
from keys.problems import BadRequest, RelayError
from keys.wire import (
    COMMIT_HEADER,
    HASH_BYTES,
    MAILBOX_HEADER,
    ROOT_HEADER,
    SEQ_HEADER,
    SIGNATURE_HEADER,
    WAKE_HEADER,
    WORK_HEADER,
    unb64,
)
from keys.work import NONCE_BYTES

MAILBOX, COMMIT, WORK, WAKE, SIGNATURE, ROOT, SEQ = (
    "HTTP_" + name.upper().replace("-", "_")
    for name in (MAILBOX_HEADER, COMMIT_HEADER, WORK_HEADER, WAKE_HEADER, SIGNATURE_HEADER, ROOT_HEADER, SEQ_HEADER)
)

MOST = 2**53 - 1  # what JavaScript counts exactly
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")


class BadRoot(BadRequest):
    """the header Tocsin-Root is not 32 bytes in base64url"""


class BadSeq(BadRequest):
    """the header Tocsin-Seq is not a whole number from 0 to 2^53 - 1"""


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


def decode_seq(environ: dict[str, Any]) -> int | None:
    """Return the number of the card that the asker knows; None when it names none. Raises BadSeq."""
    sent = environ.get(SEQ)
    if sent is None:
        return None
    if not _NUMBER.fullmatch(sent) or int(sent) > MOST:
        raise BadSeq()
    return int(sent)
