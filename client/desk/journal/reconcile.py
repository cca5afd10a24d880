"""The journal proves the records: which letters stand in both, and which in one of them alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from client.desk.journal.entries import Arrival, Entry, Received
from client.organisation.decoded_letters import DecodedLetter
from client.organisation.records import Letter, Page
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
        """Note the letters that an entry names."""
        if isinstance(entry.action, Received):
            for arrival in entry.action.letters:
                self._known.setdefault(arrival.commitment, set()).add(arrival)

    def find_missing(self, arrived: Iterable[Arrival]) -> list[bytes]:
        """Return the commitments of letters that the journal names and that are not among these."""
        return sorted(self._known.keys() - {arrival.commitment for arrival in arrived})

    def make_late_entries(self, arrived: Iterable[Arrival]) -> list[Received]:
        """Return entries for those of these very copies that the journal does not name yet."""
        new = [arrival for arrival in arrived if arrival not in self._known.get(arrival.commitment, ())]
        return [Received(letters=new[at : at + LATE], late=True) for at in range(0, len(new), LATE)]

    def with_other_copies(self, letters: Iterable[DecodedLetter]) -> Iterator[DecodedLetter]:
        """Return these letters, and each once more as another desk had it: which came first is then the same
        everywhere."""
        for letter in letters:
            yield letter
            own = make_arrival(letter)
            for arrival in self._known.get(own.commitment, set()) - {own}:
                yield letter.copy(
                    Letter(
                        letter.letter.content, arrival.committed, arrival.envelope, arrival.last_resort, arrival.pulled
                    )
                )


def find_named(entries: Iterable[Entry]) -> set[bytes]:
    """Return the commitments of all letters that these entries name."""
    return {
        arrival.commitment
        for entry in entries
        if isinstance(entry.action, Received)
        for arrival in entry.action.letters
    }


def make_received(page: Page, letters: Iterable[DecodedLetter]) -> Received:
    """Return the entry's action for a page that is on the disk, with these letters in it."""
    return Received(
        letters=[make_arrival(letter) for letter in letters],
        pieces=len(page.pieces),
        duplicate=page.duplicate,
        bad=len(page.aside),
    )


def make_arrival(letter: DecodedLetter) -> Arrival:
    """Return how a letter came."""
    sealed = letter.letter
    return Arrival(letter.commitment, sealed.envelope_hash, sealed.committed, sealed.last_resort, sealed.pulled)
