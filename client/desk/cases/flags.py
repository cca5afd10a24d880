"""Flags of letters that must make a caseworker careful. Each flag is explained in `board.md`."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

AHEAD = 300  # seconds by which a phone's clock may differ before it is called wrong

# Of a letter, and of the facts it brought.
FLAGS = (
    "mismatch",  # the relay gave another commitment than the depositor's: no receipt proves this letter
    "last_resort",  # sealed to the key for phones that were offline long: its secrecy rests on a key that stays
    "clock_ahead",  # the sender's clock was later than the letter's arrival
    "practice",  # a trial press in a case that is none
    "before_report",  # an amendment, and the report of its case has not come
    "second_report",  # another report claims to begin the same case and says something else
    "same_id",  # another message calls itself by the same id
    "same_number",  # another message claims the same place in the case and says something else of the same field
    "broken",  # what it says made the desk stumble: nothing of it is counted, and its words stand in the record only
    "after_taken",  # said after the phone was said to be taken
    "other_reply",  # offers a way to reply, and nothing shows that it is the owner's: it is not used
)
DISPUTED = frozenset({"second_report", "same_id", "same_number", "other_reply"})


class CheckedLetter(NamedTuple):
    """The parts of a letter that its flags follow from. `facts`: by field, those that do not fit too."""

    number: int
    id: str
    kind: str
    seq: int
    at: int
    stated_at: int
    pulled: int
    practice: int
    doubt: int  # 1: the relay gave another commitment
    last_resort: int
    repeated: int  # 1: another letter calls itself by its id
    foreign_reply: int  # 1: it brings a reply block that may not be used
    facts: Mapping[str, Any]


def of_case(letters: Sequence[CheckedLetter]) -> dict[int, tuple[str, ...]]:
    """Return the flags of each letter of a case by the letter's number. Letters come in the order in which they were
    said."""
    practice = all(letter.practice for letter in letters)
    has_report = any(letter.kind == "report" for letter in letters)
    quarrel = _find_contradictions(letters)
    taken_at = _find_phone_taken(letters)
    found = {}
    for letter in letters:
        is_true = {
            "mismatch": letter.doubt,
            "last_resort": letter.last_resort,
            "clock_ahead": letter.at > letter.pulled + AHEAD,
            "practice": letter.practice and not practice,
            "before_report": letter.kind != "report" and not has_report,
            "second_report": letter.kind == "report" and letter.number in quarrel["report"],
            "same_id": letter.repeated,
            "same_number": letter.number in quarrel["seq"],
            "other_reply": letter.foreign_reply,
            "after_taken": taken_at is not None and letter.stated_at > taken_at,
        }
        found[letter.number] = tuple(flag for flag in FLAGS if is_true.get(flag))
    return found


def _find_contradictions(letters: Sequence[CheckedLetter]) -> dict[str, set[int]]:
    """Return the letters that claim another's number, or also to begin the case, and differ in a field."""
    found: dict[str, set[int]] = {"report": set(), "seq": set()}
    places: dict[Any, list[CheckedLetter]] = {}
    for letter in letters:
        places.setdefault(letter.seq, []).append(letter)
        if letter.kind == "report":
            places.setdefault("report", []).append(letter)
    for claim, rivals in places.items():
        for letter, other in _pair_rivals(rivals):
            if any(other.facts.get(field, value) != value for field, value in letter.facts.items()):
                found["report" if claim == "report" else "seq"] |= {letter.number, other.number}
    return found


def _pair_rivals(rivals: Sequence[CheckedLetter]) -> list[tuple[CheckedLetter, CheckedLetter]]:
    """Pair each with each; when somebody sends thousands, each with the first only."""
    few = 20
    if len(rivals) <= few:
        return list(combinations(rivals, 2))
    return [(rivals[0], rival) for rival in rivals[1:]]


def _find_phone_taken(letters: Sequence[CheckedLetter]) -> int | None:
    """Return when it was first said that the phone is taken or about to be; None: never."""
    return next((letter.stated_at for letter in letters if letter.facts.get("phone_taken") is True), None)
