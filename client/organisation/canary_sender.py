"""A desk's practice letters over one relay: sent at random times, and looked for where other computers say they came.

Specified in `client/folders.md`, "Canaries".
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from client.organisation.canary import Canary, echo_mailbox, echo_mark, seal_canary, seal_echo
from client.organisation.canary_watch import CanaryWatch
from client.organisation.trusted_date import SignedHour
from client.outbox.sender import deposit_with_work
from client.transport.relay_client import BadAnswer, Problem, Transport, Unreachable
from keys.envelope import Sealed
from keys.errors import BadReceipt, TocsinError
from keys.note import NoteKey
from keys.organisation import Card
from keys.receipt import read_receipt
from keys.wire import RandomBytes

MEAN_SECONDS = 210.0  # between two practice letters at one relay, drawn from an exponential distribution
STEP_SECONDS = 5.0  # at least so often it is looked at what became of them
ECHO_LOOK_SECONDS = 30.0  # between two looks for another computer's word, while a letter is out for as long
ECHO_AGE_SECONDS = 3_600  # an older practice letter is nobody's any more
ECHOES = 64  # that wait to be sent; more than one relay has in an hour

_PAGE = 64


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """What a practice letter is made of: the published card, the key that marks it, the relays' keys, Unix seconds."""

    card: Card
    key: bytes
    receipt_keys: Sequence[NoteKey]
    now: int


class CanarySender:
    """The practice letters over one relay. `step` is called again and again by one thread; `add_echo` from any.

    `open_transport` opens fresh connections; `plan` raises when the desk is locked; `exponential(mean)` draws seconds.
    """

    def __init__(
        self, relay: str, watch: CanaryWatch, plan: Callable[[], CanaryPlan], *,
        open_transport: Callable[[], Transport], random_bytes: RandomBytes, exponential: Callable[[float], float],
    ) -> None:  # fmt: skip
        self._relay, self._watch, self._plan = relay, watch, plan
        self._open_transport, self._random_bytes, self._exponential = open_transport, random_bytes, exponential
        self._next_at = watch.timer() + exponential(MEAN_SECONDS)
        self._looked_at = watch.timer()
        self._echoes: list[Canary] = []
        self._turn = threading.Lock()

    def add_echo(self, canary: Canary) -> None:
        """Note that another computer's practice letter came from this relay, to tell that computer so."""
        with self._turn:
            self._echoes = [*self._echoes, canary][-ECHOES:]

    def step(self) -> float:
        """Do what is due; return the seconds until the next call. Blocks for the network. Raises as `plan`."""
        plan = self._plan()
        if self._watch.timer() >= self._next_at:
            # Drawn before the call, so that a slow relay does not make them rarer.
            self._next_at = self._watch.timer() + self._exponential(MEAN_SECONDS)
            self._send(plan)
        self._send_echoes(plan)
        self._look_for_echoes()
        return min(STEP_SECONDS, max(0.0, self._next_at - self._watch.timer()))

    def _send(self, plan: CanaryPlan) -> None:
        canary, sealed = seal_canary(
            plan.card, plan.key, self._watch.desk, now=plan.now, random_bytes=self._random_bytes
        )
        self._watch.note_sending(self._relay, canary)
        try:
            receipt = self._deposit(sealed, plan.receipt_keys)
        except Problem as problem:
            self._watch.note_failure(canary, "refused", problem.error.code)
        except Unreachable as error:
            self._watch.note_failure(canary, "silent", error.code)
        except TocsinError as error:
            self._watch.note_failure(canary, "senseless", error.code)
        else:
            self._watch.note_receipt(canary, receipt, _read_hour(receipt, plan.receipt_keys))

    def _deposit(self, sealed: Sealed, keys: Sequence[NoteKey]) -> str:
        with self._open_transport() as transport:
            known = list(keys) or [transport.info(self._relay).note_key]
            return deposit_with_work(transport, self._relay, sealed, known)

    def _send_echoes(self, plan: CanaryPlan) -> None:
        with self._turn:
            waiting, self._echoes = self._echoes, []
        for canary in waiting:
            if abs(plan.now - canary.at) <= ECHO_AGE_SECONDS:
                with suppress(Problem, TocsinError):  # then the other computer says of this relay what is true of it
                    self._deposit(seal_echo(canary, self._random_bytes), plan.receipt_keys)

    def _look_for_echoes(self) -> None:
        now = self._watch.timer()
        overdue = self._watch.find_overdue(self._relay, ECHO_LOOK_SECONDS)
        if not overdue or now - self._looked_at < ECHO_LOOK_SECONDS:
            return
        self._looked_at, desk = now, self._watch.desk
        marks = {echo_mark(desk, commitment): commitment for commitment in overdue}
        with suppress(Problem, Unreachable, BadAnswer), self._open_transport() as transport:
            for page in transport.pages(self._relay, echo_mailbox(desk), _PAGE):
                for frame in page:
                    if frame.commitment in marks:
                        self._watch.note_arrival(marks[frame.commitment], is_echo=True)


def _read_hour(receipt: str, keys: Sequence[NoteKey]) -> SignedHour | None:
    """Return the hour on a receipt that was verified; None when no key on the card signed it."""
    with suppress(BadReceipt):
        read, note = read_receipt(receipt.encode())
        signer = next((key.public for key in keys if note.signed_by(key.public)), None)
        return None if signer is None else SignedHour(read.hour, signer)
    return None
