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
    """The session that is open now, and what the whole journal says of letters and answers."""

    def __init__(
        self, records: Records, journal: Journal, *, by: str, clock: Callable[[], float], random_bytes: RandomBytes
    ) -> None:
        self.id, self.by = random_bytes(ID_BYTES), by
        self.replies, self.arrivals = Replies(), Arrivals()
        self._records, self._journal, self._clock = records, journal, clock
        for one in journal.sessions.entries:
            self._learn(one)

    def open(self, more: Sequence[Action] = ()) -> list[Entry]:
        """Write the first entry of the session, damage that no entry names yet, and `more`. Raises as `write`."""
        sessions = self._journal.sessions
        known = [one.action for one in sessions.entries if isinstance(one.action, Damaged)]
        damage = [one for one in self._journal.damage if one not in known]
        return self.write([Unlocked(heads=sessions.find_tips(), version=version("tocsin")), *damage, *more])

    def close(self, why: str) -> list[Entry]:
        """Write the last entry of the session. Raises as `write`."""
        heads = [head for head in self._journal.sessions.find_tips() if head.session != self.id]
        return self.write([Locked(why=why, heads=heads)])

    def write(self, actions: Sequence[Action]) -> list[Entry]:
        """Write new entries of this session. Raises BadEntry, CannotWrite, JournalReadOnly; then nothing is written."""
        made = self._journal.sessions.follow(self.id, actions, at=int(self._clock()), by=self.by)
        self.append(made)
        return made

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries of any session as they are. Raises CannotWrite, JournalReadOnly."""
        if not entries:
            return
        tail = self._journal.append(entries)
        with suppress(CannotWrite):
            self._records.keep_tail(tail)
        for one in entries:
            self._learn(one)

    def resolve_outbox(self, spool: OutboxStore) -> None:
        """Release sealed answers that the journal names, and drop those that the power kept from being noted: they were
        never given."""
        with suppress(CannotWrite):
            held = spool.held()
            named = self.replies.find_journaled(held)
            spool.release(named)
            if not self._journal.read_only:
                spool.drop([one for one in held if one not in named])

    def _learn(self, one: Entry) -> None:
        self.replies.learn(one)
        self.arrivals.learn(one)
