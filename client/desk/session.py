"""One session of the journal while it is written: an entry is on the disk before memory knows it.

Specified in `client/desk/journal/journal.md`.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version

from client.desk.journal.entries import Action, Damaged, Entry, Locked, Unlocked
from client.desk.journal.log import Journal
from client.desk.journal.reconcile import Arrivals
from client.desk.journal.replies import Replies
from client.files import CannotWrite
from client.organisation.records import Records
from client.outbox.store import OutboxStore
from keys.wire import ID_BYTES, RandomBytes


class Session:
    """The session that is open now, and what the whole journal says of letters and replies."""

    def __init__(
        self, records: Records, journal: Journal, *, by: str, clock: Callable[[], float], random_bytes: RandomBytes
    ) -> None:
        self.id, self.by = random_bytes(ID_BYTES), by
        self.replies, self.arrivals = Replies(), Arrivals()
        self._records, self._journal, self._clock = records, journal, clock
        for entry in journal.sessions.entries:
            self._learn(entry)

    def open(self, more: Sequence[Action] = ()) -> list[Entry]:
        """Write the first entry of the session, damage that no entry names yet, and `more`. Raises as `write`."""
        sessions = self._journal.sessions
        known = [entry.action for entry in sessions.entries if isinstance(entry.action, Damaged)]
        new = [damage for damage in self._journal.damage if damage not in known]
        return self.write([Unlocked(heads=sessions.find_tips(), version=version("tocsin")), *new, *more])

    def close(self, why: str) -> list[Entry]:
        """Write the last entry of the session. Raises as `write`."""
        heads = [head for head in self._journal.sessions.find_tips() if head.session != self.id]
        return self.write([Locked(why=why, heads=heads)])

    def write(self, actions: Sequence[Action]) -> list[Entry]:
        """Write new entries of this session. Raises BadEntry, CannotWrite, JournalReadOnly; then nothing is written."""
        entries = self._journal.sessions.follow(self.id, actions, at=int(self._clock()), by=self.by)
        self.append(entries)
        return entries

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries of any session as they are. Raises CannotWrite, JournalReadOnly."""
        if not entries:
            return
        tail = self._journal.append(entries)
        with suppress(CannotWrite):
            self._records.keep_tail(tail)
        for entry in entries:
            self._learn(entry)

    def resolve_outbox(self, outbox: OutboxStore) -> None:
        """Release sealed replies that the journal names, and drop those that the power kept from being noted: they were
        never given."""
        with suppress(CannotWrite):
            hashes = outbox.held()
            named = self.replies.find_journaled(hashes)
            outbox.release(named)
            if not self._journal.read_only:
                outbox.drop([hash_ for hash_ in hashes if hash_ not in named])

    def _learn(self, entry: Entry) -> None:
        self.replies.learn(entry)
        self.arrivals.learn(entry)
