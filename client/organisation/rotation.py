"""Moving an organisation's weekly keys on, and destroying those that are over, by a date that several clocks know.

Specified in `client/folders.md`, "The date".
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from client.organisation.home import CARD, Home
from client.organisation.home_secrets import HomeSecrets
from client.organisation.inbox import PullResult
from client.organisation.trusted_date import DateCheck, SignedHour, check_date, check_typed_date, is_blocked
from client.transport.relay_client import Transport
from keys.note import NoteKey
from keys.wire import DAY_SECONDS, GRACE_DAYS, WEEK_SECONDS, week_of


@dataclass(frozen=True, slots=True)
class RotationReport:
    """What became of an organisation's keys. `check`: what the relays signed; None when nothing was due.

    `overdue`: past weeks whose keys should be gone and are not. `can_type_date`: the date was not confirmed for so long
    that a person may give it; `is_typed`: a person gave it. `came_back_from`: this clock stood there before it was set
    back (Unix seconds).
    """

    has_rotated: bool = False
    check: DateCheck | None = None
    overdue: int = 0
    can_type_date: bool = False
    came_back_from: int | None = None
    is_typed: bool = False

    @property
    def is_put_off(self) -> bool:
        """Whether something was due and nobody could say that it is."""
        return self.check is not None and not self.check.is_confirmed and not self.is_typed


def is_rotation_due(home: Home, now: int) -> bool:
    """Return whether this clock says that keys have to move on or to be destroyed."""
    secrets = home.secrets
    is_over = any(chain.is_over(now) for chain in secrets.chains[1:])
    has_old_last_resort = any(now >= key.until for key in secrets.last_resorts[1:])
    return week_of(now) > secrets.week or count_overdue(secrets, now) > 0 or is_over or has_old_last_resort


def count_overdue(secrets: HomeSecrets, now: int) -> int:
    """Return how many past weeks there are whose keys are older than their grace time, over all chains."""
    last = (now - GRACE_DAYS * DAY_SECONDS) // WEEK_SECONDS - 1
    weeks = {week for chain in secrets.chains for week in chain.past}
    for chain in secrets.chains:
        weeks |= set(range(chain.week, min(last + 1, week_of(now))))
    return sum(week <= last for week in weeks)


def rotate_if_dated(
    home: Home, transport: Transport, now: int, *, keys: tuple[str, ...] | None = None, today: date | None = None,
    force: bool = False, collect: Callable[[], PullResult | None] = lambda: None,
    changing: Callable[[], AbstractContextManager[object]] = nullcontext,
    signed_hours: Mapping[str, SignedHour] = MappingProxyType({}),
) -> RotationReport:  # fmt: skip
    """Move on to this week and destroy what is over, if most relays sign this date, or a person gives it (`today`).

    `keys`: verifier keys of the relays, else those on the card. `collect` is called before anything is destroyed: what
    the relays still hold is fetched first, and a relay that signed and could not be emptied puts it off. `changing`
    surrounds every change of the home, and raises when that may not be changed any more. `signed_hours`: what relays
    signed within the last minutes, as in `check_date`. Blocks for the network.
    Raises ClockAhead, DateDisagrees, DateTooEarly, ClockContradicted, and as `changing`.
    """
    with changing():
        came_back_from = _notice_clock_set_back(home, now)
    if today is None and not is_rotation_due(home, now):
        return RotationReport(came_back_from=came_back_from)
    secrets = home.secrets
    verifiers = [NoteKey.parse(text) for text in (secrets.log if keys is None else keys)]
    check = check_date(secrets.relays, verifiers, transport, now, signed_hours=signed_hours)
    if check.is_confirmed:
        check = _after_collecting(check, collect())
    if check.is_confirmed:
        with changing():
            has_rotated = home.rotate(now, force=force)
            _note_confirmed(home, now)
        return RotationReport(has_rotated, check, count_overdue(secrets, now), came_back_from=came_back_from)
    confirmed_at = secrets.confirmed_at or _date_of_card(home, now)
    if today is not None:
        until = check_typed_date(today, now, confirmed_at, check)
        collect()
        # As if it were 14 days ago: those weeks live on, in case whoever blocks the relays also set this clock.
        with changing():
            has_rotated = home.rotate(until, force=force)
            _note_confirmed(home, now)
        return RotationReport(
            has_rotated, check, count_overdue(secrets, until), came_back_from=came_back_from, is_typed=True
        )
    if now > secrets.clock_at + DAY_SECONDS:
        with changing():
            secrets.clock_at = now
            home.save()
    can_type = is_blocked(now, confirmed_at) and not check.is_contradicted
    return RotationReport(False, check, count_overdue(secrets, now), can_type, came_back_from)


def _after_collecting(check: DateCheck, result: PullResult | None) -> DateCheck:
    """Return the check, unconfirmed when a relay that signed could not be emptied: its letters may need those keys."""
    failed = {} if result is None else {relay: error.code for relay, error in result.failures.items()}
    failed = {relay: code for relay, code in failed.items() if relay not in check.silent}
    if not failed:
        return check
    return replace(check, agreeing=min(check.agreeing, check.needed - 1), silent={**check.silent, **failed})


def _date_of_card(home: Home, now: int) -> int:
    # Killed between keystore and card there is none yet: then nobody has confirmed anything.
    return home.card.issued if (home.path / CARD).exists() else now


def _note_confirmed(home: Home, now: int) -> None:
    home.secrets.confirmed_at, home.secrets.clock_at = now, 0
    home.save()


def _notice_clock_set_back(home: Home, now: int) -> int | None:
    """Return where the clock stood when something was put off by it, if it stands before that now."""
    ahead = home.secrets.clock_at
    if not ahead or now >= ahead - DAY_SECONDS:
        return None
    home.secrets.clock_at = 0
    home.save()
    return ahead
