"""The journal proves the records: which letters stand in both, and which in one of them alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from client.desk.journal.entries import Arrival, Entry, Received
from client.organisation.records import Letter, Page
from keys.envelope import commit
from keys.errors import TocsinError

LATE = 1_000  # letters that one entry names


class LettersMissing(TocsinError):
    """the journal names letters that the records do not have"""

    code = "letters-missing"
    hint = "inbox.db is not the one that was written here last: look for it, or merge another desk's journal"


@dataclass
class Arrivals:
    """Every letter the journal names, by its commitment: once for each envelope, desk and time it came."""

    _known: dict[bytes, set[Arrival]] = field(default_factory=dict)

    def learn(self, entry: Entry) -> None:
        if isinstance(entry.what, Received):
            for one in entry.what.letters:
                self._known.setdefault(one.commitment, set()).add(one)

    def knows(self, letter: Letter) -> bool:
        """Whether the journal names this very copy."""
        one = _arrival(letter)
        return one in self._known.get(one.commitment, ())

    def lost(self, letters: Iterable[Letter]) -> list[bytes]:
        """Commitments of letters that the journal names and that are not among these."""
        return sorted(self._known.keys() - {commit(one.content) for one in letters})

    def late(self, letters: Iterable[Letter]) -> list[Received]:
        """Entries for those of these letters that the journal does not name yet."""
        new = [_arrival(one) for one in letters if not self.knows(one)]
        return [Received(letters=new[at : at + LATE], late=True) for at in range(0, len(new), LATE)]

    def copies(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        """These letters, and each once more as another desk had it: which came first is then the same everywhere."""
        for letter in letters:
            yield letter
            own = _arrival(letter)
            for one in self._known.get(own.commitment, set()) - {own}:
                yield Letter(letter.content, one.committed, one.envelope, one.last_resort, one.pulled)


def named(entries: Iterable[Entry]) -> set[bytes]:
    """The commitments of all letters that these entries name."""
    return {one.commitment for entry in entries if isinstance(entry.what, Received) for one in entry.what.letters}


def received(page: Page) -> Received:
    """The entry for a page that was kept."""
    return Received(
        letters=[_arrival(one) for one in page.letters],
        pieces=len(page.pieces),
        duplicate=page.duplicate,
        bad=len(page.aside),
    )


def _arrival(letter: Letter) -> Arrival:
    return Arrival(commit(letter.content), letter.envelope_hash, letter.committed, letter.last_resort, letter.pulled)
