"""The consent of people. Nothing said is no. Specified in `client/desk/exports/exports.md`, "Consent"."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from keys.errors import TocsinError

PUBLISH = ("no", "without_name", "with_name")  # each allows what those before it do


class NoConsent(TocsinError):
    """this person has not allowed it"""

    code = "consent"
    hint = "ask them; what they answer can be added to the case with its source, and holds at once"


class ConsentStatement(NamedTuple):
    """One answer to the question: a fact `consent`. `widens`: whether a yes in it counts; a no always does."""

    value: Mapping[str, Any]
    widens: bool = True


@dataclass(frozen=True, slots=True)
class ConsentAnswers:
    """The answers to each purpose: yes, no, or None for nothing said."""

    help: bool | None = None
    store: bool | None = None
    statistics: bool | None = None
    un: bool | None = None
    publish: str | None = None

    def allows(self, audience: str) -> bool:
        """Tell whether an audience may have it: `help`, `store`, `statistics`, `UN`, `publish` (at least without a
        name), or `name` (published with it)."""
        if audience in ("publish", "name"):
            return PUBLISH.index(self.publish or "no") >= (1 if audience == "publish" else 2)
        return getattr(self, audience.lower()) is True


NOTHING = ConsentAnswers()


def combine_statements(words: Iterable[ConsentStatement]) -> ConsentAnswers:
    """Return the answers that hold after several statements, oldest first: the last to each purpose. A purpose that a
    statement leaves out takes nothing back.

    Specified in `client/desk/exports/exports.md`, *Consent*.
    """
    values: dict[str, Any] = {}
    for word in words:
        for purpose in fields(ConsentAnswers):
            answer = word.value.get("UN" if purpose.name == "un" else purpose.name)
            if answer is not None and (word.widens or _is_stricter(answer, values.get(purpose.name))):
                values[purpose.name] = answer
    return ConsentAnswers(**values)


def combine_answers(own: Iterable[ConsentAnswers], others: Iterable[ConsentAnswers]) -> ConsentAnswers:
    """Return the answers that hold for somebody of whom several cases tell; `own`: of cases that this person wrote.

    Anybody's no is a no. When the person spoke, only their own yes is one.
    Specified in `client/desk/exports/exports.md`, *Consent*.
    """
    own, others = list(own), list(others)
    answers = {purpose.name: _combine_purpose(purpose.name, own, others) for purpose in fields(ConsentAnswers)}
    return ConsentAnswers(**answers)


def _combine_purpose(purpose: str, own: list[ConsentAnswers], others: list[ConsentAnswers]) -> Any:
    spoken = [getattr(consent, purpose) for consent in own or others]
    answers = [answer for answer in spoken if answer is not None]
    refusals = [getattr(consent, purpose) for consent in own and others]
    if not answers:
        return next((answer for answer in refusals if answer in (False, "no")), None)
    refusals = [answer for answer in refusals if answer is not None]
    if purpose == "publish":
        return min(answers + refusals, key=PUBLISH.index)
    return all(answers + refusals)


def _is_stricter(answer: Any, before: Any) -> bool:
    if isinstance(answer, str):
        return PUBLISH.index(answer) <= PUBLISH.index(before or "no")
    return answer is False
