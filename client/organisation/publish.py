"""Publishing an organisation's card at all its relays, and the rotation of its weekly keys."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from client import files
from client.organisation.home import Home, unlock_home
from client.organisation.inbox import collect_all
from client.organisation.rotation import RotationReport, rotate_if_dated
from client.transport.relay_client import BadAnswer, Problem, Transport, Unreachable
from keys.errors import CardError, NoteUnsigned, TocsinError
from keys.organisation import Card, read_card


@dataclass(frozen=True, slots=True)
class PublishedCard:
    """The card, why it is not on a relay (relay to error), and what became of the weekly keys. `is_renewal_refused`: a
    new one was due, and most relays contradict this clock."""

    card: Card
    failures: dict[str, TocsinError]
    rotation: RotationReport
    is_renewal_refused: bool

    @property
    def relays(self) -> list[str]:
        """The relays that hold this card now."""
        return [relay for relay in self.card.relays if relay not in self.failures]


@dataclass(frozen=True, slots=True)
class Rotation:
    """Where an organisation's weekly keys stand: this week, the past weeks that can still be opened, whether anything
    changed, whether the published card runs out soon, and what the relays say of this clock."""

    week: int
    past_weeks: list[int]
    has_changed: bool
    is_card_due: bool
    report: RotationReport


def publish(
    folder: Path,
    passphrase: Callable[[], str],
    transport: Transport,
    *,
    root_file: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> PublishedCard:
    """Put an organisation's card on every relay it names, renewed when it is due. Blocks for the network.

    `root_file`: where the root key is kept, if apart from the folder; it is needed only for a renewal.
    Weekly keys move on as in `rotate`.
    Raises FolderBusy, NoHome, KeystoreError, ClockAhead, ClockBehind, RootElsewhere, OtherRoot, CannotWrite.
    """
    with files.locked(folder):
        home = unlock_home(folder, passphrase)
        now = int(clock())
        failures, log = _fetch_receipt_keys(home, transport)
        rotation = rotate_if_dated(
            home, transport, now, keys=tuple(log), collect=lambda: collect_all(home, transport, clock)
        )
        is_due = log != home.secrets.log or home.needs_card(now, log)
        # A card from a future that most relays know nothing of would send every sender to the last resort.
        is_refused = is_due and rotation.check is not None and rotation.check.is_contradicted
        if is_due and not is_refused:
            home.secrets.log = log
            home.renew_card(home.root_key(root_file, passphrase), now, known_seq=_fetch_known_seq(home, transport))
        failures |= _upload(home, transport)
        return PublishedCard(home.card, failures, rotation, is_refused)


def rotate(
    folder: Path,
    passphrase: Callable[[], str],
    transport: Transport,
    *,
    force: bool = False,
    today: date | None = None,
    clock: Callable[[], float] = time.time,
) -> Rotation:
    """Move on to this week's key and destroy those whose grace time is over, once most relays sign this date.

    `today`: the date as a person gives it, when relays were silent for 14 days. `force`: even past every published
    week. What relays hold is fetched first. Blocks for the network.
    Raises FolderBusy, NoHome, KeystoreError, ClockAhead, DateDisagrees, DateTooEarly, ClockContradicted, CannotWrite.
    """
    with files.locked(folder):
        home = unlock_home(folder, passphrase)
        now = int(clock())
        report = rotate_if_dated(
            home, transport, now, today=today, force=force, collect=lambda: collect_all(home, transport, clock)
        )
        is_card_due = home.needs_card(now, home.secrets.log)
        return Rotation(home.secrets.week, sorted(home.secrets.past), report.has_rotated, is_card_due, report)


def _fetch_receipt_keys(home: Home, transport: Transport) -> tuple[dict[str, TocsinError], list[str]]:
    """Ask each relay for the key it signs receipts with; a relay that is silent now keeps the key known for it."""
    failures: dict[str, TocsinError] = {}
    keys: set[str] = set()
    for relay in home.secrets.relays:
        try:
            keys.add(str(transport.info(relay).note_key))
        except (Problem, BadAnswer, Unreachable) as problem:
            failures[relay] = problem.error if isinstance(problem, Problem) else problem
    return failures, sorted(keys | set(home.secrets.log) if failures else keys)


def _fetch_known_seq(home: Home, transport: Transport) -> int:
    """Return the number of the newest card any relay holds; 0 when none does. A restored folder must not be older."""
    newest, root = 0, home.secrets.root_public
    for relay in home.secrets.relays:
        try:
            newest = max(newest, read_card(transport.card(relay, root), root=root).seq)
        except (Problem, BadAnswer, Unreachable, CardError, NoteUnsigned):
            continue
    return newest


def _upload(home: Home, transport: Transport) -> dict[str, TocsinError]:
    failures: dict[str, TocsinError] = {}
    for relay in home.secrets.relays:
        try:
            transport.publish(relay, home.secrets.root_public, home.card.signed)
            # The relay limits mailboxes that nobody ever collected from; this tells it that somebody does.
            transport.collect(relay, home.secrets.mailbox_key, want=0)
        except Problem as problem:
            failures[relay] = problem.error
        except (BadAnswer, Unreachable) as error:
            failures[relay] = error
    return failures
