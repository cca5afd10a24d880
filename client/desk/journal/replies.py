"""The journal's record of replies: which envelopes belong to which, and which of them are at a relay."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from client.desk.journal.entries import Entry, Replied, Sent


@dataclass
class Replies:
    """An index over the journal's entries, whatever their order."""

    _by_envelope: dict[bytes, Replied] = field(default_factory=dict)
    _relays: dict[bytes, set[str]] = field(default_factory=dict)
    _seqs: dict[str, int] = field(default_factory=dict)

    def learn(self, entry: Entry) -> None:
        """Note the replies and receipts that an entry names."""
        action = entry.action
        if isinstance(action, Replied):
            self._by_envelope.update(dict.fromkeys(action.ways, action))
            self._seqs[action.case] = max(action.seq, self._seqs.get(action.case, 0))
        elif isinstance(action, Sent):
            self._relays.setdefault(action.envelope, set()).add(action.relay)

    def last_seq(self, case: str) -> int:
        """Return the highest number of a reply to a case; 0 without one."""
        return self._seqs.get(case, 0)

    def find_journaled(self, envelopes: Iterable[bytes]) -> list[bytes]:
        """Return those of these envelopes (H of each) that belong to a reply in the journal."""
        return [envelope for envelope in envelopes if envelope in self._by_envelope]

    def are_sent(self, envelopes: Iterable[bytes]) -> bool:
        """Tell whether each of these envelopes is known to be at a relay."""
        return all(envelope in self._relays for envelope in envelopes)

    def make_sent(self, envelope: bytes, receipts: Iterable[tuple[str, str]]) -> list[Sent]:
        """Return the actions that note receipts (relay, text) for an envelope of a reply; those that are known
        already, or belong to no reply, need none."""
        reply = self._by_envelope.get(envelope)
        if reply is None:
            return []
        known = self._relays.get(envelope, set())
        return [
            Sent(case=reply.case, id=reply.id, envelope=envelope, relay=relay, receipt=receipt)
            for relay, receipt in receipts
            if relay not in known
        ]
