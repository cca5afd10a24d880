"""All entries of an organisation's desks as sessions: chains that never meet. Specified in `journal.md`.

A session lasts from one unlocking to the next lock, on one computer. What two desks know together is the union.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from client.desk.journal.entries import FIRST, Action, Entry, Head, Locked, Merged, Unlocked, write
from keys.errors import TocsinError


class Forked(TocsinError):
    """two different entries claim the same place of a session"""

    code = "journal-forked"
    hint = "somebody continued a copy of a running computer, or rewrote the journal; nothing of this session was merged"


class Gap(TocsinError):
    """an entry of a session is missing"""

    code = "journal-gap"
    hint = "another desk's journal may still have it: merge it"


class SessionsMissing(TocsinError):
    """the journal names sessions that are not in it"""

    code = "sessions-missing"
    hint = "somebody removed them, or they were lost with a damaged journal; another desk's journal may have them"


LAST_TURN = 2**53 - 1  # beyond it nothing can be written; there, session and number alone order entries


@dataclass
class Sessions:
    """The entries known, each session without a gap from its first one on."""

    entries: list[Entry] = field(default_factory=list)
    turn: int = 0
    _hashes: dict[bytes, list[bytes]] = field(default_factory=dict)
    _named: dict[bytes, int] = field(default_factory=dict)

    def has(self, entry: Entry) -> bool:
        """Tell whether an entry is known. Raises Forked when another one stands in its place."""
        hashes = self._hashes.get(entry.session, [])
        if entry.n < len(hashes):
            if hashes[entry.n] != entry.hash:
                raise Forked()
            return True
        return False

    def add(self, entry: Entry) -> bool:
        """Put an entry in its place; whether it was new. Raises Forked, Gap."""
        if self.has(entry):
            return False
        hashes = self._hashes.get(entry.session, [])
        if entry.n > len(hashes):
            raise Gap()
        if entry.before != (hashes[-1] if hashes else FIRST):
            raise Forked()
        self._hashes.setdefault(entry.session, []).append(entry.hash)
        self.turn = max(self.turn, entry.turn)
        insort(self.entries, entry, key=lambda entry: entry.order)
        for head in _find_heads(entry):
            self._named[head.session] = max(head.n, self._named.get(head.session, -1))
        return True

    def follow(self, session: bytes, actions: Sequence[Action], *, at: int, by: str) -> list[Entry]:
        """Return the entries that come next in a session, not added yet: they are on no disk. Raises BadEntry."""
        hashes, turn = self._hashes.get(session, []), self.turn
        n, before, new = len(hashes), hashes[-1] if hashes else FIRST, list[Entry]()
        for action in actions:
            turn = min(turn + 1, LAST_TURN)
            new.append(write(session, n, before, turn, at=at, by=by, action=action))
            n, before = n + 1, new[-1].hash
        return new

    def split_new(self, entries: Iterable[Entry]) -> tuple[list[Entry], list[bytes]]:
        """Return those of another desk's entries that are new, in an order in which they can be added, and the
        sessions that cannot be merged: theirs has another entry where ours has one, or is not a chain."""
        by_session: dict[bytes, dict[int, Entry]] = {}
        for entry in entries:
            by_session.setdefault(entry.session, {})[entry.n] = entry
        fresh, forked = list[Entry](), list[bytes]()
        for session, numbered in sorted(by_session.items()):
            trial = Sessions(_hashes={session: list(self._hashes.get(session, []))})
            try:
                fresh += [numbered[n] for n in sorted(numbered) if trial.add(numbered[n])]
            except (Forked, Gap):
                forked.append(session)
                fresh = [entry for entry in fresh if entry.session != session]
        return sorted(fresh, key=lambda entry: (entry.turn, entry.session, entry.n)), forked

    def head(self, session: bytes) -> Head:
        """Return the last entry known of a session that is known."""
        hashes = self._hashes[session]
        return Head(session, len(hashes) - 1, hashes[-1])

    def find_tips(self) -> list[Head]:
        """Return the heads that no entry names yet. Whoever names them names, through them, all there is."""
        return [
            self.head(session)
            for session, hashes in sorted(self._hashes.items())
            if self._named.get(session, -1) < len(hashes) - 1
        ]

    def find_missing_heads(self) -> list[Head]:
        """Return the heads that an entry names and that are not here: somebody took a session, or its end, away."""
        named = {head for entry in self.entries for head in _find_heads(entry)}
        return sorted((head for head in named if not self._has_head(head)), key=lambda head: (head.session, head.n))

    def _has_head(self, head: Head) -> bool:
        hashes = self._hashes.get(head.session, [])
        return head.n < len(hashes) and hashes[head.n] == head.hash


def _find_heads(entry: Entry) -> list[Head]:
    if isinstance(entry.action, Unlocked | Locked):
        return entry.action.heads
    return entry.action.sessions if isinstance(entry.action, Merged) else []
