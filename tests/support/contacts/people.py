"""People with folders of contacts, who meet over relays in memory."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from client.contacts.book import Book, create, unlock_book
from client.contacts.sync import AlertWords, Sync, SyncResult
from client.outbox.store import OutboxStore
from keys import code
from keys.keystore import Cost
from tests.support.fake_relay import Post

QUICK = Cost(1, 8 * 1024)
NOW = 1_795_168_800
NORTH, SOUTH, EAST = "https://north.example", "https://south.example", "https://east.example"
TEXT = "Меня задержали у метро"


@dataclass
class FolderOwner:
    """Somebody with a folder; every command reads it from the disk and writes it back, as the shell's do."""

    folder: Path
    post: Post
    relays: tuple[str, ...] = (NORTH, SOUTH)
    now: int = NOW
    book: Book = field(init=False)

    def __post_init__(self) -> None:
        self.book = create(self.folder, "words", os.urandom, cost=QUICK)
        self.book.renew_offer(self.relays, self.now, os.urandom)
        self.book.save()

    def reopen(self) -> None:
        """What was not saved is gone."""
        self.book = unlock_book(self.folder, "words")

    @property
    def code(self) -> str:
        return str(self.book.code_to_show(None, self.now)[1])

    def scan(self, text: str, label: str, *, seen: bool = True, other_relay: bool = True):
        other = code.read_pair_code(text)
        contact = self.book.meet(other, label, self.now, os.urandom, seen=seen, other_relay=other_relay)
        self.book.save()
        return contact

    def sync(self) -> SyncResult:
        self.reopen()
        with OutboxStore(self.folder) as outbox:
            tally = Sync(self.book, outbox, self.post, clock=lambda: self.now).run()
        self.reopen()
        return tally

    def alert(self, label: str, kind: str = "detained", text: str = TEXT):
        with OutboxStore(self.folder) as outbox:
            return Sync(self.book, outbox, self.post, clock=lambda: self.now).alert(label, AlertWords(kind, text))

    def state(self, label: str) -> str:
        return self.book.find(label).state(self.now)

    @property
    def received(self) -> list[tuple[str, str, str]]:
        return [(alert.label, alert.type, alert.text) for alert in self.book.secrets.alerts]


def scan_each_other(anna: FolderOwner, boris: FolderOwner) -> None:
    to_boris, to_anna = anna.code, boris.code
    anna.scan(to_anna, "Борис")
    boris.scan(to_boris, "Anna")


def make_pair(anna: FolderOwner, boris: FolderOwner) -> None:
    scan_each_other(anna, boris)
    for _ in range(3):
        anna.sync()
        boris.sync()
    assert (anna.state("Борис"), boris.state("Anna")) == ("paired", "paired")
