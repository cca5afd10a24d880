"""Organisations' cards: public, signed, the newest of each. The relay checks who signed and that `seq` rises."""

from typing import Annotated

import msgspec

from keys import note
from keys.errors import BadHeader, Malformed, NoteUnsigned
from keys.problems import BadCardNote, NoCard, OlderCard, RelayFull
from keys.wire import b64, read_object
from relay.config import Clock
from relay.mailboxes import Mailboxes
from relay.store.base import Store, StoreFull

CARD = "tocsin/1/card"

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class _Card(msgspec.Struct):
    """Of a card only what a relay needs to know."""

    root: str
    seq: Count
    expires: Count


class Cards:
    """Keeps at most `most` cards; what has expired is swept."""

    def __init__(self, store: Store, mailbox: Mailboxes, clock: Clock, most: int) -> None:
        self._store = store
        self._mailbox = mailbox
        self._clock = clock
        self._most = most

    def get(self, root: bytes, known_seq: int | None = None) -> bytes | None:
        """Return the note; None when it is no newer than `known_seq`. Raises NoCard."""
        found = self._store.card(root)
        if found is None:
            raise NoCard()
        seq, data = found
        return None if known_seq is not None and seq <= known_seq else data

    def put(self, root: bytes, data: bytes) -> bool:
        """Keep a newer card; False if this very one is kept already. Raises BadCardNote, OlderCard, RelayFull, Busy."""
        card = _read(root, data)
        if card.expires <= self._clock():
            raise BadCardNote("expired")
        return bool(self._mailbox.run(lambda: self._replace(root, card, data)))

    def _replace(self, root: bytes, card: _Card, data: bytes) -> bool:
        known = self._store.card(root)
        if known is not None and known[1] == data:
            return False
        if known is not None and known[0] >= card.seq:
            raise OlderCard()
        if known is None and self._store.cards() >= self._most:
            raise RelayFull()
        try:
            self._store.put_card(root, card.seq, card.expires, data)
        except StoreFull:
            raise RelayFull() from None
        return True


def _read(root: bytes, data: bytes) -> _Card:
    try:
        lines = note.verify(data, root, CARD).lines
        if len(lines) != 2:  # noqa: PLR2004 - the kind, the JSON
            raise BadCardNote()
        card = msgspec.convert(read_object(lines[1]), type=_Card)
    except (Malformed, NoteUnsigned, BadHeader, msgspec.ValidationError):
        raise BadCardNote() from None
    if card.root != b64(root):
        raise BadCardNote()
    return card
