"""The rows of a case as the desk's tables give them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from client.desk.cases.people import FactRow


class LetterRow(NamedTuple):
    """A row of `letter`, as far as it tells of its case."""

    number: int
    case: str
    id: str
    kind: str
    seq: int
    at: int
    stated_at: int
    pulled: int
    practice: int
    doubt: int
    last_resort: int
    reply_until: int | None
    repeated: int
    other: str
    owner: int
    named_keys: str
    signed_by: str


class EntryRow(NamedTuple):
    """A row of `entry` about a case. `at` never runs back: entries have an order, and a clock may be set back."""

    number: int
    id: str
    order: str
    at: int
    by: str
    kind: str
    fields: Mapping[str, Any]


_WORDLESS = frozenset({"assigned", "marked", "viewed"})  # entries that add nothing to what is known of a case


@dataclass(slots=True)
class CaseRows:
    """A case's rows as they were read: letters and facts in the order in which they were said, entries in theirs."""

    letters: list[LetterRow] = field(default_factory=list)
    facts: list[tuple[FactRow, bool]] = field(default_factory=list)  # and whether it fits
    entries: list[EntryRow] = field(default_factory=list)
    number: int = 0
    is_broken: bool = False

    def without_facts(self) -> "CaseRows":
        """Return the same case with nothing known of it but that these letters came."""
        entries = [entry for entry in self.entries if entry.kind in _WORDLESS]
        return CaseRows(self.letters, [], entries, self.number, is_broken=True)


class Values:
    """Values of facts by their JSON, so that what a letter said is not decoded again to be worked out."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def encode(self, value: Any) -> str:
        """Return the JSON of a value, and remember what it stands for."""
        text = msgspec.json.encode(value).decode()
        self._known[text] = value
        return text

    def decode(self, text: str) -> Any:
        """Return the value that this JSON stands for."""
        return self._known[text] if text in self._known else msgspec.json.decode(text)
