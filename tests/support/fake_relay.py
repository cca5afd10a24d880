"""Relays in memory that wear the transport's interface, and that may lie: drop, keep, replay, swap, invent."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nacl.signing import SigningKey

from client.transport.relay_client import Frame, Problem, RelayInfo, Unreachable
from keys import note
from keys.envelope import Sealed
from keys.mailbox import MailboxKey
from keys.note import NoteKey, sign
from keys.organisation import read_card
from keys.problems import NoCard, OlderCard
from keys.receipt import HANDOVER_KIND
from keys.wire import HOUR_SECONDS, b64, digest

SIGNER = SigningKey(b"7" * 32)
KEY = NoteKey("relay", bytes(SIGNER.verify_key))
HOUR = 1_795_165_200


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
    hours: dict[str, int] = field(default_factory=dict)  # relay to the hour its receipts name, else HOUR
    unsigned: set[str] = field(default_factory=set)  # relays that give no receipts with what they hand over
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
        return self.key if self.clock is None else NoteKey(self.key.name, bytes(signer_of(relay).verify_key))

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
        return sign(text, self.key.name, signer_of(relay)).decode()

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

    def newer_card(self, relay: str, root: bytes, seq: int) -> bytes | None:
        card = self.card(relay, root)
        return card if read_card(card).seq > seq else None

    def collect(self, relay: str, key: MailboxKey, *, want: int, receipts: bool = False) -> list[Frame]:
        self._reach(relay)
        self.visited.append((relay, key.id))
        return []

    def pages(self, relay: str, key: MailboxKey, want: int, *, receipts: bool = False) -> Iterator[list[Frame]]:
        self._reach(relay)
        letters = self.mailboxes.get(relay, {}).get(key.id, [])
        waiting = sorted(letters, key=lambda sealed: sealed.hash)
        if self.replays:
            waiting += [sealed for sealed in self.deposited if sealed.mailbox == key.id and sealed not in waiting]
        while self.invents:
            yield [Frame.of(sealed.envelope, sealed.commitment) for sealed in (noise(key.id), noise(key.id))]
        for start in range(0, len(waiting), want):
            page = waiting[start : start + want]
            yield [self._frame(relay, sealed, receipts) for sealed in page]
            for sealed in page:
                if sealed in letters:
                    letters.remove(sealed)

    def _frame(self, relay: str, sealed: Sealed, with_receipt: bool) -> Frame:
        if not with_receipt or relay in self.unsigned:
            return Frame.of(sealed.envelope, sealed.commitment)
        return Frame.of(sealed.envelope, sealed.commitment, sign_handover(sealed, self.hours.get(relay, HOUR)))

    def _reach(self, relay: str) -> None:
        self.calls += 1
        if relay in self.down:
            raise Unreachable("no connection")


def sign_handover(sealed: Sealed, hour: int = HOUR, key: SigningKey = SIGNER, kind: str = HANDOVER_KIND) -> bytes:
    """Return a receipt for this envelope under the name `relay`; of handing over, unless another kind is named."""
    lines = [kind, "https://relay", b64(sealed.commitment), b64(sealed.hash), str(hour)]
    return note.sign("\n".join(lines) + "\n", "relay", key)


def noise(mailbox: bytes) -> Sealed:
    """What a relay can make up by itself."""
    return Sealed(b"\x01" + os.urandom(8_191), os.urandom(32), mailbox)
