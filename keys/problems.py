"""Refusals of a relay as RFC 9457 problem types. `status` is the HTTP status.

As every error of the ladder: the docstring is the sentence a person reads, `code` is stable and crosses the wire.
"""

from typing import ClassVar

from keys.errors import TocsinError


class RelayError(TocsinError):
    """the relay refused"""

    code = "relay"
    status: ClassVar[int] = 400


class BadRequest(RelayError):
    """the relay could not read this request"""

    code, status = "bad-request", 400


class NoSuchCall(RelayError):
    """the relay has no such call"""

    code, status = "no-such-call", 404
    hint = "check the relay's address"


class WrongMethod(RelayError):
    """the relay does not answer this method here"""

    code, status = "wrong-method", 405


class BadMailbox(RelayError):
    """the header Tocsin-Mailbox is not 32 bytes in base64url"""

    code, status = "bad-mailbox", 400


class BadCommitment(RelayError):
    """the header Tocsin-Commit is not 32 bytes in base64url"""

    code, status = "bad-commit", 400


class BadEnvelopeSize(RelayError):
    """an envelope has exactly 8,192 or 65,536 bytes"""

    code, status = "bad-size", 400


class TooLarge(RelayError):
    """this is larger than anything the relay takes"""

    code, status = "too-large", 413


class BadSuite(RelayError):
    """this envelope does not begin with a suite the relay carries"""

    code, status = "bad-suite", 400


class NotYours(RelayError):
    """the signature does not belong to this mailbox key, this relay and this request"""

    code, status = "bad-signature", 403


class WrongClock(RelayError):
    """the time in this request is more than 300 seconds from the relay's"""

    code, status = "wrong-clock", 403
    hint = "the relay's time is in the answer"


class Replayed(RelayError):
    """the relay has already answered this very request"""

    code, status = "replayed", 409


class MailboxFull(RelayError):
    """this mailbox holds as many envelopes as the relay keeps for it"""

    code, status = "mailbox-full", 429
    hint = "nothing is lost: the envelope stays with the sender and is tried again"


class WorkNeeded(RelayError):
    """the relay is crowded and asks for more work"""

    code, status = "work-needed", 429
    hint = "nothing is lost: the envelope stays with the sender, who does the work and tries again"


class TooMany(RelayError):
    """too many requests from this address"""

    code, status = "too-many", 429
    hint = "wait a few minutes, then try again"


class Busy(RelayError):
    """the relay has more to write than its disk can take right now"""

    code, status = "busy", 503
    hint = "wait a few minutes, then try again"


class RelayFull(RelayError):
    """the relay's disk is full"""

    code, status = "relay-full", 507
    hint = "nothing is lost: the envelope stays with the sender, who tries another relay"


class NoCard(RelayError):
    """the relay holds no card for this organisation"""

    code, status = "no-card", 404


class BadCardNote(RelayError):
    """this is not a card signed by the root in the header"""

    code, status = "bad-card", 400


class OlderCard(RelayError):
    """the relay already holds a newer card of this organisation"""

    code, status = "older-card", 409


class RelayBroken(RelayError):
    """something broke inside the relay"""

    code, status = "internal", 500
    hint = "try again later; if it stays so, tell whoever runs the relay"


def _every(base: type[RelayError]) -> list[type[RelayError]]:
    return [base, *(below for direct in base.__subclasses__() for below in _every(direct))]


PROBLEMS: dict[str, type[RelayError]] = {kind.code: kind for kind in _every(RelayError)}
