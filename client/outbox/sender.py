"""The sender takes letters from the outbox to the relays and reports the result for each."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from client import files
from client.outbox.retry import OutboxLetter
from client.outbox.store import OutboxStore, Waiting
from client.transport.relay_client import Problem, Transport
from keys import work
from keys.envelope import Sealed
from keys.errors import TocsinError
from keys.note import NoteKey
from keys.problems import WorkNeeded

_SYSTEM = random.SystemRandom()


@dataclass
class Outcome:
    """What a round came to: (relay, receipt) per letter, letters without any receipt, and why (relay -> error)."""

    receipts: list[tuple[str, str]] = field(default_factory=list)
    pending: int = 0
    refusals: dict[str, TocsinError] = field(default_factory=dict)


class OutboxSender:
    """A carrier of the letters of one outbox. Only one sender runs at a time: its maker locks the folder."""

    def __init__(
        self, outbox: OutboxStore, transport: Transport, *, clock: Callable[[], float] = time.time,
        note: Callable[[bytes, Mapping[str, str]], None] = lambda envelope, receipts: None,
    ) -> None:  # fmt: skip
        """`note`: called with H(envelope) and each new receipt (relay to text) before the letter may be deleted."""
        self._outbox, self._transport, self._clock, self._note = outbox, transport, clock, note
        self._found: dict[str, list[NoteKey]] = {}
        self._silent: dict[str, TocsinError] = {}

    def carry(self, hashes: list[bytes], *, hurry: bool = False, tick: Callable[[], None] = lambda: None) -> Outcome:
        """Try each letter at each relay that is due; `hurry` makes every relay due. `tick` after each letter."""
        outcome = Outcome()
        for hash_ in hashes:
            waiting = self._outbox.get(hash_)
            if waiting is not None:
                letter = self._carry(hash_, waiting, outcome, hurry)
                outcome.receipts.extend(letter.receipts.items())
                outcome.pending += not letter.has_left
            tick()
        return outcome

    def _carry(self, hash_: bytes, waiting: Waiting, outcome: Outcome, hurry: bool) -> OutboxLetter:
        letter = waiting.letter.hurried() if hurry else waiting.letter
        while (relay := letter.next_relay(int(self._clock()))) is not None:
            letter = self._try(waiting, letter, relay, outcome)
            if relay in letter.receipts:
                self._note(hash_, {relay: letter.receipts[relay]})
            self._outbox.update(hash_, letter)
        return letter

    def _try(self, waiting: Waiting, letter: OutboxLetter, relay: str, outcome: Outcome) -> OutboxLetter:
        now = int(self._clock())
        try:
            if relay in self._silent:
                raise self._silent[relay]
            receipt = self._deposit(relay, waiting)
        except Problem as problem:
            outcome.refusals[relay] = problem.error
            return letter.failed(relay, problem.error.code, now, _SYSTEM.random, problem.retry_after)
        except TocsinError as error:
            outcome.refusals[relay] = error
            # A relay that cannot be reached now will not be reached for the next forty pieces of a photo either.
            self._silent[relay] = error
            return letter.failed(relay, error.code, now, _SYSTEM.random)
        return letter.accepted(relay, receipt)

    def _deposit(self, relay: str, waiting: Waiting) -> str:
        sealed, keys = waiting.sealed, [NoteKey.parse(key) for key in waiting.keys]
        wake = waiting.letter.wake.get(relay)
        return deposit_with_work(self._transport, relay, sealed, keys or self._keys(relay), wake=wake)

    def _keys(self, relay: str) -> list[NoteKey]:
        # Without a card that names the relay's key, the first word of the relay itself has to do.
        if relay not in self._found:
            self._found[relay] = [self._transport.info(relay).note_key]
        return self._found[relay]


def send_waiting(
    folder: Path, transport: Transport, tick: Callable[[int], None] = lambda _: None,
    note: Callable[[bytes, Mapping[str, str]], None] = lambda envelope, receipts: None,
) -> tuple[int, Outcome]:  # fmt: skip
    """Try everything again that waits in a folder's outbox; return how many envelopes that were, and the outcome.
    `note`: as of `OutboxSender`.

    Blocks for the network. Raises FolderBusy, CannotWrite, SpoolBroken.
    """
    with files.locked(folder), OutboxStore(folder) as store:
        hashes = store.hashes()
        return len(hashes), OutboxSender(store, transport, note=note).carry(hashes, hurry=True, tick=lambda: tick(1))


def deposit_with_work(
    transport: Transport, relay: str, sealed: Sealed, keys: list[NoteKey], *, wake: str | None = None
) -> str:
    """Deposit an envelope, with work if the relay asks for it; return the receipt. Raises as `Transport.deposit`."""
    try:
        return transport.deposit(relay, sealed, keys, wake=wake)
    except Problem as problem:
        nonce = _work(problem, sealed)
        if nonce is None:
            raise
        return transport.deposit(relay, sealed, keys, nonce, wake=wake)


def _work(problem: Problem, sealed: Sealed) -> bytes | None:
    if not isinstance(problem.error, WorkNeeded) or not problem.seed or not 0 < problem.bits <= work.MAX_BITS:
        return None
    return work.do(problem.seed, sealed.mailbox, sealed.hash, problem.bits)
