"""Long polls, by mailbox."""

import threading
from collections.abc import Iterable

from relay.futures import Future

PER_MAILBOX = 16  # calls held open for one mailbox; more are answered at once


class LongPolls:
    """Held-open collect calls. `add` before looking into the store, or a letter may slip in between."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._waits: dict[bytes, set[Future]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def add(self, mailbox: bytes, wait: Future) -> bool:
        """Add a call that waits; False: too many wait already, or the relay is stopping."""
        with self._lock:
            waits = self._waits.get(mailbox, set())
            if self._closed or self._count >= self._most or len(waits) >= PER_MAILBOX:
                return False
            waits.add(wait)
            self._waits[mailbox] = waits
            self._count += 1
            return True

    def remove(self, mailbox: bytes, wait: Future) -> None:
        """Take a call out of those that wait; one that does not wait is fine."""
        with self._lock:
            waits = self._waits.get(mailbox)
            if waits is None or wait not in waits:
                return
            waits.discard(wait)
            self._count -= 1
            if not waits:
                del self._waits[mailbox]

    def notify(self, mailboxes: Iterable[bytes]) -> list[tuple[Future, None]]:
        """Return everybody to be woken, in the form `resolve_all` takes."""
        with self._lock:
            return [(wait, None) for mailbox in mailboxes for wait in self._waits.get(mailbox, ())]

    def close(self) -> list[tuple[Future, None]]:
        """Wake everybody, and let nobody wait from here on: the relay stops."""
        with self._lock:
            self._closed = True
            return [(wait, None) for waits in self._waits.values() for wait in waits]
