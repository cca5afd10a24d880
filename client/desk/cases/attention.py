"""Reasons why a case needs somebody. Specified in `board.md`."""

from collections.abc import Iterable
from typing import NamedTuple

# From the most to the least pressing; a case has every reason that is true of it.
REASONS = (
    "coerced",  # the person may be made to say what the report says
    "minor",
    "injured",
    "clock",  # runs out within the hour, or did within the last one
    "disputed",  # messages or links contradict each other
    "crowd",  # one unconfirmed report claims more people than are believed
    "refused",  # a lawyer was refused
    "no_lawyer",
    "question",  # the reporter asked or told something and no answer went out since
    "unanswered",  # no answer ever went out, and one can
    "changed",  # something came since anybody looked
    "unseen",  # nobody has looked yet
)
BIT = {reason: 1 << (len(REASONS) - 1 - at) for at, reason in enumerate(REASONS)}

# These ask for somebody now; the others only say how much it matters.
WAITING = ("clock", "disputed", "question", "unanswered", "changed", "unseen")
SOON = 3_600

ASKING = frozenset({"account", "needs"})  # what somebody who wants to be answered says
QUIET = frozenset({"place", "files"})  # a position every two minutes is no news


class ArrivedLetter(NamedTuple):
    """A letter as it matters here: when it was pulled, and which fields it brought."""

    pulled: int
    fields: frozenset[str]


def encode_reasons(reasons: Iterable[str]) -> int:
    """Return reasons as the bits of a number: the more pressing, the higher the bit."""
    return sum(BIT[reason] for reason in reasons)


def decode_reasons(bits: int) -> tuple[str, ...]:
    """Return the reasons in these bits, the most pressing first."""
    return tuple(reason for reason in REASONS if bits & BIT[reason])


def find_last_news(letters: Iterable[ArrivedLetter]) -> int:
    """Return when something last came that is more than a position (Unix seconds); 0 when nothing did."""
    return max((letter.pulled for letter in letters if not letter.fields or not letter.fields <= QUIET), default=0)


def find_reasons(
    letters: Iterable[ArrivedLetter], handled_at: int | None, replied_at: int | None, *, answerable: bool
) -> list[str]:
    """Return the reasons that follow from what nobody has looked at or replied to.

    `handled_at`: when somebody last viewed or did anything; `replied_at`: when a reply last went out (Unix seconds);
    None: never. `answerable`: a reply can be sent.
    """
    came = list(letters)
    asked = any(letter.fields & ASKING and (replied_at is None or letter.pulled > replied_at) for letter in came)
    is_true = {
        "question": asked,
        "unanswered": answerable and replied_at is None,
        "changed": handled_at is not None and find_last_news(came) > handled_at,
        "unseen": handled_at is None,
    }
    return [reason for reason, holds in is_true.items() if holds]
