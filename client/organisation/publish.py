"""Publishing an organisation's card at all its relays, and the rotation of its weekly keys."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nacl.signing import SigningKey

from client import files
from client.organisation.home import Home, check_relay_count, unlock_home
from client.organisation.inbox import collect_all
from client.organisation.rotation import RotationReport, rotate_if_dated
from client.organisation.trusted_date import ClockContradicted, DateUnconfirmed
from client.transport.relay_client import BadAnswer, Problem, Transport, Unreachable
from keys.address import relay_address
from keys.errors import CardError, NoteUnsigned, TocsinError
from keys.organisation import Card, read_card


class UnknownRelay(TocsinError):
    """this relay is not on the organisation's card"""

    code = "relay-unknown"
    hint = "`tocsin org card` shows the card; write the address as it stands there"


class NoRelayLeft(TocsinError):
    """an organisation needs a relay"""

    code = "relays-none"
    hint = "add another one with --add in the same command"


@dataclass(frozen=True, slots=True)
class PublishedCard:
    """The card, why it is not on a relay (relay to error), and what became of the weekly keys. `refusal`: why no new
    one was signed although it was due; None when it was, or was not due.

    `unaware`: relays that are no longer named on it and did not take it; they may still offer an older one.
    """

    card: Card
    failures: dict[str, TocsinError]
    rotation: RotationReport
    refusal: ClockContradicted | DateUnconfirmed | None = None
    unaware: tuple[str, ...] = ()

    @property
    def relays(self) -> list[str]:
        """The relays that hold this card now."""
        return [relay for relay in self.card.relays if relay not in self.failures]


@dataclass(frozen=True, slots=True)
class Rotation:
    """Where an organisation's weekly keys stand: this week, the past weeks that can still be opened, whether anything
    changed, whether a new card is due, and what the relays say of this clock."""

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
    fresh_keys: bool = False,
    clock: Callable[[], float] = time.time,
) -> PublishedCard:
    """Put an organisation's card on every relay it names, renewed when it is due. Blocks for the network.

    `root_file`: where the root key is kept, if apart from the folder; it is needed only for a renewal. `fresh_keys`:
    renew the card now, with keys to which nothing leads that somebody may have copied.
    Weekly keys move on as in `rotate`.
    Raises FolderBusy, NoHome, KeystoreError, ClockAhead, ClockBehind, RootElsewhere, OtherRoot, CannotWrite.
    """
    with files.locked(folder):
        home = unlock_home(folder, passphrase, is_locked=True)
        now = int(clock())
        failures, log = _fetch_receipt_keys(home, transport)
        rotation = rotate_if_dated(
            home, transport, now, keys=tuple(log), collect=lambda: collect_all(home, transport, clock)
        )
        is_due = fresh_keys or log != home.secrets.log or home.needs_card(now, log)
        refusal = _refuse_date(rotation) if is_due else None
        if is_due and refusal is None:
            root = home.root_key(root_file, passphrase)
            home.secrets.log = log
            _renew_card(home, root, transport, now, fresh_keys=fresh_keys)
        failures |= _upload(home, transport)
        return PublishedCard(home.card, failures, rotation, refusal)


def _refuse_date(rotation: RotationReport) -> ClockContradicted | DateUnconfirmed | None:
    """Return why this clock is no date for a card. One from a future that nobody else knows of would send every sender
    to the last resort, and no later one could be signed before that day."""
    if rotation.check is None:
        return None
    if rotation.check.is_contradicted:
        return ClockContradicted()
    return None if rotation.check.agreeing or rotation.is_typed else DateUnconfirmed()


def change_relays(
    folder: Path,
    passphrase: Callable[[], str],
    transport: Transport,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    root_file: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> PublishedCard:
    """Sign a card with other relays and the same keys, and put it on all of them. Blocks for the network.

    Relays that were removed get it too, so that who knows only those learns of it; what lies there is fetched before.

    Raises as `publish`, BadAddress, UnknownRelay, NoRelayLeft, TooManyRelays, ClockContradicted, DateUnconfirmed,
    and when a relay to be added does not answer Unreachable, BadAnswer or a RelayError; then nothing was changed.
    """
    with files.locked(folder):
        home = unlock_home(folder, passphrase, is_locked=True)
        now, before = int(clock()), home.secrets.relays
        after = choose_relays(before, add, remove)
        for relay in [relay for relay in after if relay not in before]:
            try:
                transport.info(relay)
            except Problem as problem:
                raise problem.error from None
        rotation = rotate_if_dated(home, transport, now, collect=lambda: collect_all(home, transport, clock))
        if refusal := _refuse_date(rotation):
            raise refusal
        root = home.root_key(root_file, passphrase)
        if any(relay not in after for relay in before):
            collect_all(home, transport, clock)
        home.secrets.relays = after
        failures, home.secrets.log = _fetch_receipt_keys(home, transport)
        _renew_card(home, root, transport, now)
        failures |= _upload(home, transport)
        removed = [relay for relay in before if relay not in after]
        return PublishedCard(home.card, failures, rotation, unaware=_find_unaware(home, transport, removed))


def choose_relays(before: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> list[str]:
    """Return the relays after a change, each once, those that stay first.

    Raises BadAddress, UnknownRelay, NoRelayLeft, TooManyRelays.
    """
    gone = [relay_address(relay) for relay in remove]
    for relay in gone:
        if relay not in before:
            raise UnknownRelay(relay)
    after = [relay for relay in before if relay not in gone]
    after = list(dict.fromkeys([*after, *(relay_address(relay) for relay in add)]))
    if not after:
        raise NoRelayLeft()
    check_relay_count(after)
    return after


def _find_unaware(home: Home, transport: Transport, removed: Sequence[str]) -> tuple[str, ...]:
    """Put the card on relays that it no longer names; return those that did not take it."""
    unaware = []
    for relay in removed:
        try:
            transport.publish(relay, home.secrets.root_public, home.card.signed)
        except (Problem, BadAnswer, Unreachable):
            unaware.append(relay)
    return tuple(unaware)


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
        home = unlock_home(folder, passphrase, is_locked=True)
        now = int(clock())
        report = rotate_if_dated(
            home, transport, now, today=today, force=force, collect=lambda: collect_all(home, transport, clock)
        )
        is_card_due = home.needs_card(now, home.secrets.log)
        return Rotation(home.secrets.week, home.secrets.past_weeks, report.has_rotated, is_card_due, report)


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


def _renew_card(home: Home, root: SigningKey, transport: Transport, now: int, *, fresh_keys: bool = False) -> None:
    """Sign a new card, newer than any that a relay holds: a restored folder must not be older. What a restored folder
    lacks of the last-resort keys on such a card is made again."""
    newest = _fetch_newest_card(home, transport)
    if newest is not None:
        home.secrets.recover_last_resorts(bytes(root), newest, now)
    home.renew_card(root, now, known_seq=0 if newest is None else newest.seq, fresh_keys=fresh_keys)


def _fetch_newest_card(home: Home, transport: Transport) -> Card | None:
    """Return the newest card of this root that any relay holds; None when none does.

    An older one than that of a restored folder counts too: it leads back to the last-resort keys before.
    """
    cards: list[Card] = []
    for relay in home.secrets.relays:
        try:
            cards.append(read_card(transport.card(relay, home.secrets.root_public), root=home.secrets.root_public))
        except (Problem, BadAnswer, Unreachable, CardError, NoteUnsigned):
            continue
    return max(cards, key=lambda card: card.seq, default=None)


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
