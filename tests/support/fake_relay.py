"""Relays in memory that wear the transport's interface, and that may lie: drop, keep, replay, swap, invent."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nacl.signing import SigningKey

from client.transport.relay_client import Frame, Problem, RelayInfo, Unreachable
from keys.envelope import Sealed
from keys.mailbox import MailboxKey
from keys.note import NoteKey, sign
from keys.organisation import read_card
from keys.problems import NoCard, OlderCard
from keys.wire import HOUR_SECONDS, b64, digest

SIGNER = SigningKey(b"7" * 32)
KEY = NoteKey("relay", bytes(SIGNER.verify_key))


def signer_of(relay: str) -> SigningKey:
    """Return the key with which this relay signs, where each has its own."""
    return SigningKey(digest(relay.encode()))


@dataclass
class Post:
    """Every relay of a test. `mailboxes`: relay, mailbox, letters. `deposited`: all that was ever given a receipt."""

    mailboxes: dict[str, dict[bytes, list[Sealed]]] = field(default_factory=dict)
    deposited: list[Sealed] = field(default_factory=list)
    wakes: list[tuple[str, str | None]] = field(default_factory=list)  # relay and what it was given to ring with
    cards: dict[str, bytes] = field(default_factory=dict)  # relay to the card it holds
    key: NoteKey = KEY  # what every relay says it signs receipts with
    visited: list[tuple[str, bytes]] = field(default_factory=list)  # relay and mailbox of each collect call
    down: set[str] = field(default_factory=set)
    drops: bool = False  # gives a receipt and keeps nothing
    replays: bool = False  # gives again what was acknowledged, once more at each visit
    invents: bool = False  # never says that a mailbox is empty
    calls: int = 0
    clock: Callable[[], float] | None = None  # with a clock relays sign real receipts, each with a key of its own
    ahead: dict[str, int] = field(default_factory=dict)  # relay to the seconds by which it dates receipts wrong

    def lay(self, relay: str, sealed: Sealed) -> None:
        letters = self.mailboxes.setdefault(relay, {}).setdefault(sealed.mailbox, [])
        if sealed not in letters:
            letters.append(sealed)

    def forget(self) -> None:
        """Thirty-five days go by."""
        self.mailboxes.clear()

    # The transport's interface

    def info(self, relay: str) -> RelayInfo:
        self._reach(relay)
        return RelayInfo(relay, self.key_of(relay), 0, b"", 0)

    def key_of(self, relay: str) -> NoteKey:
        return self.key if self.clock is None else NoteKey("relay", bytes(signer_of(relay).verify_key))

    def deposit(
        self, relay: str, sealed: Sealed, keys: list[NoteKey], work: bytes | None = None, *, wake: str | None = None
    ) -> str:
        self._reach(relay)
        self.deposited.append(sealed)
        self.wakes.append((relay, wake))
        if not self.drops:
            self.lay(relay, sealed)
        if self.clock is None:
            return "receipt"
        hour = (int(self.clock()) + self.ahead.get(relay, 0)) // HOUR_SECONDS * HOUR_SECONDS
        text = f"tocsin/1/receipt\n{relay}\n{b64(sealed.commitment)}\n{b64(sealed.hash)}\n{hour}\n"
        return sign(text, "relay", signer_of(relay)).decode()

    def publish(self, relay: str, root: bytes, card: bytes) -> None:
        self._reach(relay)
        if relay in self.cards and read_card(card).seq < read_card(self.cards[relay]).seq:
            raise Problem(OlderCard())
        self.cards[relay] = card

    def card(self, relay: str, root: bytes) -> bytes:
        self._reach(relay)
        if relay not in self.cards:
            raise Problem(NoCard())
        return self.cards[relay]

    def collect(self, relay: str, key: MailboxKey, *, want: int) -> list[Frame]:
        self._reach(relay)
        self.visited.append((relay, key.id))
        return []

    def pages(self, relay: str, key: MailboxKey, want: int) -> Iterator[list[Frame]]:
        self._reach(relay)
        letters = self.mailboxes.get(relay, {}).get(key.id, [])
        taken = sorted(letters, key=lambda sealed: sealed.hash)
        if self.replays:
            taken += [sealed for sealed in self.deposited if sealed.mailbox == key.id and sealed not in taken]
        while self.invents:
            yield [Frame.of(sealed.envelope, sealed.commitment) for sealed in (noise(key.id), noise(key.id))]
        for start in range(0, len(taken), want):
            page = taken[start : start + want]
            yield [Frame.of(sealed.envelope, sealed.commitment) for sealed in page]
            for sealed in page:
                if sealed in letters:
                    letters.remove(sealed)

    def _reach(self, relay: str) -> None:
        self.calls += 1
        if relay in self.down:
            raise Unreachable("no connection")


def noise(mailbox: bytes) -> Sealed:
    """What a relay can make up by itself."""
    return Sealed(b"\x01" + os.urandom(8_191), os.urandom(32), mailbox)
