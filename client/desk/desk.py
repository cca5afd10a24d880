"""An organisation's folder while it is unlocked: keys, records, journal, and the database in memory.

Whatever happens is written to the journal first and to memory only then. Specified in `client/desk/journal/journal.md`.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from sqlite_utils import Database

from client import files
from client.desk.cases import database, ingest
from client.desk.cases.record_index import RecordIndex
from client.desk.journal import bundle
from client.desk.journal.entries import (
    Action,
    Arrival,
    Damaged,
    Entry,
    Exported,
    Head,
    Merged,
    Replied,
    Viewed,
    plain_name,
)
from client.desk.journal.log import Journal
from client.desk.journal.merge import JOURNAL, BundleImport, is_news, read_all
from client.desk.journal.reconcile import LettersMissing, find_named, make_arrival, make_received
from client.desk.journal.sessions import SessionsMissing
from client.desk.relay_watch import RelayWatch
from client.desk.session import Session
from client.files import CannotWrite
from client.organisation import reply as organisation_reply
from client.organisation.case_files import Assembled
from client.organisation.decoded_letters import DecodedLetter, decode, decode_page
from client.organisation.home import Home, unlock_home
from client.organisation.inbox import PAGE, Inbox, PullResult, report_address
from client.organisation.records import Page, Quarantined, RecordLetter, Records, StoredReceipt
from client.organisation.rotation import RotationReport, rotate_if_dated
from client.outbox.store import OutboxStore
from client.stations.pack.pack import Pack
from client.transport.relay_client import BadAnswer, Problem, Transport, Unreachable
from keys.envelope import Address, commit
from keys.errors import ClockAhead, TocsinError
from keys.message import ParcelRef
from keys.wire import RandomBytes, week_of

RECHECK_SECONDS = 3_600.0  # between two questions for the hour while nobody confirms the date
_HEAD_DIGITS = 32  # of a head's hash, as shown to people: 128 bits


class DeskClosed(TocsinError):
    """the desk is locked"""

    code = "desk-locked"
    hint = "unlock it with the passphrase"


class Desk:
    """An unlocked desk. Any thread may call it: whoever reads or acts takes turns.

    `version` rises with every change. `damage` is what was found wrong when it was unlocked. `read_only`: the journal
    is damaged in the middle; letters are still collected and shown, and nothing else can be done. `rotation`: what
    became of the weekly keys, and what relays say of this clock.
    """

    def __init__(
        self, home: Home, records: Records, outbox: OutboxStore, journal: Journal, *,
        by: str, clock: Callable[[], float],
        random_bytes: RandomBytes,
    ) -> None:  # fmt: skip
        self.home, self.by, self.version = home, by, 0
        self._records, self._outbox, self._journal = records, outbox, journal
        self._clock, self._random_bytes = clock, random_bytes
        self._session = Session(records, journal, by=by, clock=clock, random_bytes=random_bytes)
        self._turn, self._changed = threading.RLock(), threading.Condition()
        self._merging, self._pacing = threading.Lock(), threading.Lock()
        self._resources = ExitStack()
        self._is_open = True
        self.rotation, self._checked = RotationReport(), (0, 0.0)
        self._clock_ahead: ClockAhead | None = None
        self._record_index = RecordIndex(records, self._report_address)
        self._arrivals, self._replies = self._session.arrivals, self._session.replies
        self._unnoted: list[tuple[Page, list[DecodedLetter]]] = []
        self._viewed: dict[str, Entry] = {}
        self._db: Database
        self.relay_watch = RelayWatch(home, records, self._record_index, clock=clock, random_bytes=random_bytes)
        self._inbox = self._make_inbox()

    @classmethod
    def unlock(
        cls, folder: Path, passphrase: str, by: str, *, packs: Sequence[Pack] = (), country: str = "",
        mend: bool = False, clock: Callable[[], float] = time.time, random_bytes: RandomBytes = os.urandom,
    ) -> Self:  # fmt: skip
        """Open a home folder and keep every other command out of it. `packs`, `country`: as in `database.build`.
        `mend`: set a damaged journal aside and go on with what could be read of it.

        Raises NoName, NoHome, FolderBusy, KeystoreError, RecordsBroken, SpoolBroken, CannotRead, CannotWrite.
        """
        with ExitStack() as stack:
            name = plain_name(by)
            stack.enter_context(files.locked(folder))
            home = unlock_home(folder, lambda: passphrase, is_locked=True)
            records = stack.enter_context(Records(folder, home.secrets.store))
            outbox = stack.enter_context(OutboxStore(folder))
            journal = Journal.open(folder, home.secrets.store, records.tail())
            if mend and journal.read_only:
                journal = journal.mend(home.secrets.store)
            desk = cls(home, records, outbox, journal, by=name, clock=clock, random_bytes=random_bytes)
            desk._begin(packs, country)
            desk._resources = stack.pop_all()
        return desk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # Reading

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Give this thread the database, and no other thread meanwhile. Raises DeskClosed."""
        with self._open():
            yield self._db

    def wait(self, version: int, seconds: float) -> int:
        """Return when there is something newer than `version`, the time is over or the desk is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != version or not self._is_open, seconds)
            return self.version

    @property
    def folder(self) -> Path:
        return self.home.path

    @property
    def damage(self) -> list[Damaged]:
        """The damage that was found when the desk was unlocked."""
        return list(self._journal.damage)

    @property
    def read_only(self) -> bool:
        return self._journal.read_only

    @property
    def entries(self) -> list[Entry]:
        """Every entry of the journal, in its true order."""
        with self._open():
            return list(self._journal.sessions.entries)

    @property
    def head(self) -> Head:
        """The last entry of this session: its hash stands for all that is known here. Raises JournalReadOnly."""
        with self._open():
            self._journal.check_writable()
            return self._journal.sessions.head(self._session.id)

    @property
    def head_line(self) -> str:
        """For people to keep elsewhere: how many entries, and the hash of the last one; empty if it is read only."""
        with self._open():
            if self.read_only:
                return ""
            return f"{len(self._journal.sessions.entries)} {self.head.hash.hex()[:_HEAD_DIGITS]}"

    def file(self, case: str, sha256: str) -> Assembled:
        """Put a photo or recording together in memory. Raises NoSuchCase, NoSuchCaseFile, DeskClosed."""
        with self._open():
            return self._record_index.file(case, sha256)

    def missing(self, case: str, ref: ParcelRef) -> list[int]:
        """Return the numbers of a file's pieces that have not come."""
        with self._open():
            return self._record_index.missing(case, ref)

    def receipts(self, commitment: bytes) -> list[StoredReceipt]:
        """Return the receipts for a content, the earliest hour first. Raises DeskClosed."""
        with self._open():
            return self._records.receipts(commitment)

    def letters(self) -> list[RecordLetter]:
        """Return every letter as it is kept. Raises DeskClosed."""
        with self._open():
            return list(self._records.letters())

    def asides(self) -> list[Quarantined]:
        """Return every envelope that could not be used. Raises DeskClosed."""
        with self._open():
            return list(self._records.asides())

    def is_sent(self, reply: Entry) -> bool:
        """Tell whether every envelope of a reply is known to be at a relay."""
        with self._open():
            return isinstance(reply.action, Replied) and self._replies.are_sent(reply.action.ways)

    def count_waiting(self) -> int:
        """Return how many envelopes of replies no relay holds yet."""
        with self._open():
            letters = [self._outbox.get(hash_) for hash_ in self._outbox.hashes()]
            return sum(letter is not None and not letter.letter.has_left for letter in letters) + len(
                self._outbox.held()
            )

    # Acting

    def append(self, action: Action) -> Entry:
        """Note in the journal what somebody did; it is on the disk when this returns. Blocks for one fsync.

        Raises BadEntry, CannotWrite, JournalReadOnly, DeskClosed; then nothing has happened.
        """
        with self._open():
            if isinstance(action, Viewed) and action.case in self._viewed:
                return self._viewed[action.case]
            return self.append_all([action])[0]

    def append_all(self, actions: Sequence[Action]) -> list[Entry]:
        """Note several actions at once: all or none, but for a power cut in between, which may leave the first of
        them.

        Viewing a case is not noted again until something came for it. Raises as `append`.
        """
        with self._open():
            entries = self._session.write([action for action in actions if not self._is_viewed(action)])
            ingest.add_entries(self._db, entries)
            for entry in entries:
                if isinstance(entry.action, Viewed):
                    self._viewed[entry.action.case] = entry
            self.touch()
            return entries

    def _is_viewed(self, action: Action) -> bool:
        return isinstance(action, Viewed) and action.case in self._viewed

    def reply(self, case: str, text: str, status: str, template: str = "") -> Entry:
        """Seal a reply and note it; the sending thread carries it. Raises as `append`, and NoSuchCase, NoReplyBlock."""
        with self._open():
            reply, letters = organisation_reply.compose_reply(
                self._record_index.case(case), text, status, self.home.secrets, now=int(self._clock()),
                random_bytes=self._random_bytes, seq=self._replies.last_seq(case),
            )  # fmt: skip
            ways = [letter.sealed.hash for letter in letters]
            self._outbox.hold(letters)
            try:
                noted = self.append(
                    Replied(
                        case=case, id=reply.id, text=text, status=status, seq=reply.seq, template=template, ways=ways
                    )
                )
            except BaseException:
                if not self._replies.find_journaled(ways):
                    self._outbox.drop(ways)
                raise
            self.release()
            return noted

    def release(self) -> None:
        """Let replies go that stand in the journal."""
        with self._open(), suppress(CannotWrite):
            hashes = self._replies.find_journaled(self._outbox.held())
            if hashes:
                self._outbox.release(hashes)

    def append_receipts(self, envelope: bytes, receipts: Mapping[str, str]) -> None:
        """Note the receipts that relays gave for an envelope of a reply: relay to text."""
        with self._open():
            fresh = self._replies.make_sent(envelope, receipts.items())
            if fresh and not self.read_only:
                self.append_all(fresh)

    # Collecting

    def pull(self, transport: Transport, tick: Callable[[int], None] = lambda _: None) -> PullResult:
        """Empty the mailbox at every relay once. A relay that fails does not keep the others from being emptied."""
        tally = PullResult()
        for relay in self.home.secrets.relays:
            try:
                self.collect(transport, relay, tally=tally, tick=tick)
            except Problem as problem:
                tally.failures[relay] = problem.error
            except (BadAnswer, Unreachable) as error:
                tally.failures[relay] = error
        return tally

    def collect(
        self, transport: Transport, relay: str, *, wait: int = 0, tally: PullResult | None = None,
        tick: Callable[[int], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """Empty the mailbox at one relay, until nothing has come for `wait` seconds.

        Raises Problem, BadAnswer, Unreachable, CannotWrite, DeskClosed.
        """
        with self._open():
            key, counted = self.home.secrets.mailbox_key, tally or PullResult()
        begun_at, begun_timer = int(self._clock()), self.relay_watch.canaries.timer()
        for page in transport.pages(relay, key, PAGE, wait, receipts=True):
            with self._open():
                self._inbox.take(page, counted, relay)
                self.relay_watch.note_late(counted.late)
                counted.late.clear()
            tick(len(page))
        with self._open():
            self.relay_watch.note_pull(relay, begun_at, begun_timer)
            if self.relay_watch.refresh():
                self.touch()

    def rotate_if_due(self, transport: Transport, *, today: date | None = None) -> RotationReport:
        """Move on to this week's keys and destroy those that are over, as `rotate_if_dated` does; at the latest state
        in `rotation`. What was put off is tried again an hour later, or when the clock shows another week.

        `today`: the date as a person gives it. Raises as `rotate_if_dated`, and DeskClosed.
        """
        with self._pacing:
            now = int(self._clock())
            if today is None and self._is_waiting(now):
                if self._clock_ahead is not None:
                    raise self._clock_ahead
                return self.rotation
            self._checked, self._clock_ahead = (week_of(now), time.monotonic() + RECHECK_SECONDS), None
            before = self.rotation
            try:
                pull = partial(self.pull, transport)
                report = rotate_if_dated(
                    self.home, transport, now, today=today, collect=pull, changing=self._open,
                    signed_hours=self.relay_watch.canaries.find_signed_hours(),
                )  # fmt: skip
            except ClockAhead as error:
                self._clock_ahead = error
                raise
            self.rotation = report = replace(report, came_back_from=report.came_back_from or before.came_back_from)
        with self._open():
            if report.has_rotated:
                self._inbox = self._make_inbox()
            if report != before:
                self.touch()
        return report

    def _is_waiting(self, now: int) -> bool:
        week, until_seconds = self._checked
        return week == week_of(now) and time.monotonic() < until_seconds

    @property
    def _report_address(self) -> Address:
        secrets = self.home.secrets
        return report_address(secrets.root_public, secrets.mailbox_key.id)

    def _make_inbox(self) -> Inbox:
        return Inbox.of(
            self.home, self._records, self.relay_watch.deliveries, clock=self._clock, on_page=self._receive_page,
            on_canary=self.relay_watch.note_canary,
        )  # fmt: skip

    def _receive_page(self, page: Page, batch: int | None) -> None:
        letters = decode_page(page)
        self._index_letters(batch, letters)
        if page.letters or page.pieces or page.aside:
            self._unnoted.append((page, letters))
        self._note_pages()

    def _note_pages(self) -> None:
        """Journal and show pages that are on the disk. One that cannot be journalled now waits for the next chance."""
        while self._unnoted:
            page, letters = self._unnoted[0]
            entries = [] if self.read_only else self._session.write([make_received(page, letters)])
            del self._unnoted[0]
            ingest.add_letters(self._db, letters)
            ingest.add_entries(self._db, entries)
            self.touch()

    # Another desk

    def export_journal(self) -> Iterator[bytes]:
        """Return everything this desk has, sealed for another desk of the organisation, chunk by chunk. Raises as
        `append`."""
        with self._open():
            count = len(self._journal.sessions.entries)
            if not self.read_only:
                self.append(Exported(what=JOURNAL, count=count))
            items = read_all(self._records, list(self._journal.sessions.entries), self._open)
            return bundle.write(items, self.home.secrets.store)

    def merge_journal(self, stream: IO[bytes]) -> Merged:
        """Take in what another desk exported; what is here already counts once. `stream` can be read twice.

        Letters first, then entries: killed in between, the same again loses nothing and counts nothing twice.
        Raises BadBundle, BadEntry, JournalReadOnly, CannotWrite, DeskClosed.
        """
        with self._merging:
            with self._open():
                self._journal.check_writable()
                incoming = BundleImport(self._records)
            bundle.check(stream, store := self.home.secrets.store)
            for item in bundle.read(stream, store):
                with self._open():
                    incoming.add(item)
                    if incoming.size >= PAGE:
                        self._write_page(incoming)
            with self._open():
                self._write_page(incoming)
                return self._merge_entries(incoming)

    def _write_page(self, incoming: BundleImport) -> None:
        letters = decode_page(incoming.page)
        self._index_letters(incoming.write_page(), letters)

    def _index_letters(self, batch: int | None, letters: list[DecodedLetter]) -> None:
        self._record_index.put(batch, letters)
        for letter in letters:
            self._viewed.pop(letter.case, None)  # there is something new to view

    def _merge_entries(self, incoming: BundleImport) -> Merged:
        fresh, forked = self._journal.sessions.split_new(incoming.entries)
        grown = {entry.session: entry.head for entry in fresh}
        merged = Merged(sessions=list(grown.values()), entries=len(fresh), letters=len(incoming.letters), forked=forked)
        try:
            self._session.append(fresh)
        except BaseException:
            self._unnoted.append((Page(letters=incoming.letters), [decode(letter) for letter in incoming.letters]))
            raise
        letters = self._record_index.find(find_named(fresh) | {commit(letter.content) for letter in incoming.letters})
        ingest.add_letters(self._db, self._arrivals.with_other_copies(letters))
        ingest.add_entries(self._db, fresh)
        self.touch()
        if incoming.letters or forked or any(map(is_news, fresh)):
            self.append_all(
                [*self._arrivals.make_late_entries(make_arrival(decode(letter)) for letter in incoming.letters), merged]
            )
        return merged

    # The session

    def close(self, why: str = "stopped") -> str:
        """Note the lock, and let go of the folder; the last `head_line`. What was readable in memory is wiped when the
        process ends."""
        with self._turn:
            if not self._is_open:
                return ""
            if not self.read_only:
                with suppress(TocsinError):
                    self._session.close(why)
            line, self._is_open = self.head_line, False
            self._db.close()
            self._resources.close()
        with self._changed:
            self._changed.notify_all()
        return line

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self._turn:
            if not self._is_open:
                raise DeskClosed()
            yield

    def touch(self) -> None:
        """Tell whoever waits that something shown on pages has changed."""
        with self._changed:
            self.version += 1
            self._changed.notify_all()

    def _begin(self, packs: Sequence[Pack], country: str) -> None:
        """Read every letter once, from the disk into the tables; only how it came is kept besides."""
        arrived: list[Arrival] = []

        def letters() -> Iterator[DecodedLetter]:
            for letter in self._record_index.load():
                arrived.append(make_arrival(letter))
                yield from self._arrivals.with_other_copies([letter])

        self._db = database.build(
            letters(), self._entries(arrived), packs, country=country, address=self._report_address
        )

    def _entries(self, arrived: list[Arrival]) -> Iterator[Entry]:
        """Return every entry, after those that begin this session. `arrived`: complete when the first one is asked
        for."""
        self._note_damage(arrived)
        if not self.read_only:
            self._session.open(self._arrivals.make_late_entries(arrived))
        self._session.resolve_outbox(self._outbox)
        yield from self._journal.sessions.entries

    def _note_damage(self, arrived: list[Arrival]) -> None:
        damage = self._journal.damage
        if letters := self._arrivals.find_missing(arrived):
            damage.append(Damaged(code=LettersMissing.code, letters=letters))
        if heads := self._journal.sessions.find_missing_heads():
            damage.append(Damaged(code=SessionsMissing.code, record=len(heads)))
