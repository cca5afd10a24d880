"""State of the pages: filters, searches, unsent replies. In memory only, so that no name enters a URL."""

from dataclasses import dataclass, field

from client.desk.documents.letters.template import FilledLetter
from client.desk.exports.registry import Export

SEARCHES = 50  # remembered; older ones are forgotten


@dataclass
class ReplyDraft:
    """A reply that was not sent: template's name, language, lawyer's name, the words."""

    template: str = ""
    language: str = ""
    lawyer: str = ""
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PreparedExport:
    """An export that was made and not fetched yet."""

    kind: str
    options: dict[str, object]
    export: Export = field(repr=False)


@dataclass
class UiState:
    """What a caseworker is looking at. Gone when the desk is locked."""

    city: str = ""
    event: str = ""
    mine: bool = False
    status: str = ""
    drafts: dict[int, ReplyDraft] = field(default_factory=dict)
    papers: dict[int, FilledLetter] = field(default_factory=dict, repr=False)
    ready: PreparedExport | None = None
    notices: list[tuple[str, str]] = field(default_factory=list)
    refused_forms: dict[str, dict[str, str]] = field(
        default_factory=dict, repr=False
    )  # forms that were refused, by page
    replied_to: int = 0  # number of the case whose reply was sent a moment ago: its page offers the next case
    _searches: dict[int, str] = field(default_factory=dict, repr=False)
    _last: int = 0

    def remember_search(self, text: str) -> int:
        """Remember a search, and return the number under which it is found again."""
        self._last += 1
        self._searches[self._last] = text
        self._searches.pop(self._last - SEARCHES, None)
        return self._last

    def find_search(self, number: int) -> str | None:
        """Return the words of a search; None for one that was forgotten."""
        return self._searches.get(number)
