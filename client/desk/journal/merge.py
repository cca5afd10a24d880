"""Handing everything to another desk, and taking in what another exported. Specified in `journal.md`.

Letters are kept as they come, page by page; entries follow all at once. Killed in between, the same again loses nothing
and counts nothing twice.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from client.desk.journal import bundle
from client.desk.journal import entries as journal_entries
from client.desk.journal.bundle import EntryItem, LetterItem, PieceItem, QuarantinedItem, ReceiptItem
from client.desk.journal.entries import Entry, Exported, Locked, Merged, Unlocked
from client.organisation.records import Page, RecordLetter, Records
from keys.envelope import commit
from keys.wire import digest

JOURNAL = "journal"  # what an Exported says of a bundle for another desk

Turn = Callable[[], AbstractContextManager[None]]


def read_all(records: Records, entries: Sequence[Entry], turn: Turn) -> Iterator[bundle.Item]:
    """Return all that a desk has, little by little. `turn`: held whenever the records are read."""
    with turn():
        batches, pieces, asides = records.batches(), records.piece_marks(), list(records.asides())
        receipts = records.all_receipts()
    for number in batches:
        with turn():
            letters = records.batch(number)
        yield from (LetterItem(letter) for letter in letters)
    for mark in pieces:
        with turn():
            data = records.piece(mark)
        if data is not None:
            yield PieceItem(mark, data)
    yield from (QuarantinedItem(quarantined) for quarantined in asides)
    yield from (ReceiptItem(receipt) for receipt in receipts)
    yield from (EntryItem(entry.data) for entry in entries)


class BundleImport:
    """A bundle on its way into the records. `page`: what is not on the disk yet. `letters`: those that were new."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._asides = {digest(quarantined.data) for quarantined in records.asides()}
        self.entries: list[Entry] = []
        self.letters: list[RecordLetter] = []
        self.page = Page()

    def add(self, item: bundle.Item) -> None:
        """Sort one item; what is here already is passed over. Raises BadEntry."""
        match item:
            case EntryItem():
                self.entries.append(journal_entries.read(item.data))
            case LetterItem():
                self._take_letter(item.letter)
            case PieceItem():
                if not self._records.has_piece(item.mark):
                    self.page.pieces.append((item.mark, item.data))
            case QuarantinedItem():
                if (hash_ := digest(item.aside.data)) not in self._asides:
                    self._asides.add(hash_)
                    self.page.aside.append(item.aside)
            case ReceiptItem():
                self.page.receipts.append(item.receipt)

    def _take_letter(self, letter: RecordLetter) -> None:
        mark = self._records.mark(commit(letter.content))
        if not self._records.has(mark, letter.committed, self.page):
            self.page.letters.append(letter)
            self.page.seen[mark] = letter.committed

    @property
    def size(self) -> int:
        """The number of letters, pieces, unusable envelopes and receipts that wait to be written."""
        page = self.page
        return len(page.letters) + len(page.pieces) + len(page.aside) + len(page.receipts)

    def write_page(self) -> int | None:
        """Put what waits on the disk. Returns the number of its batch; None when there are no letters. Raises
        CannotWrite."""
        page = self.page
        number = self._records.keep(page)
        self.letters += page.letters
        self.page = Page()
        return number


def is_news(entry: Entry) -> bool:
    """Return whether an entry is not only about desks and their merging: two desks would have to tell each other of
    that for ever."""
    if isinstance(entry.action, Exported):
        return entry.action.what != JOURNAL
    return not isinstance(entry.action, Unlocked | Locked | Merged)
