"""The date that keys may be destroyed by: this clock, if most relays sign the same hour.

No single clock decides, neither this computer's nor a relay's. `judge_date` is the rule, `check_date` asks the relays.
Specified in `client/folders.md`, "The date".
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from client.outbox.sender import deposit_with_work
from client.transport.parallel import call_each
from client.transport.relay_client import BadAnswer, Problem, Transport, Unreachable
from keys.envelope import Address, seal
from keys.errors import BadReceipt, TocsinError
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.note import NoteKey
from keys.receipt import read_receipt
from keys.wire import DAY_SECONDS, HOUR_SECONDS, SEED_BYTES, WEEK_SECONDS, Purpose, RandomBytes

AGREE_SECONDS = DAY_SECONDS  # so near a signed hour has to be to this clock to agree with it
FAR_SECONDS = WEEK_SECONDS  # one relay that is further off than this, and nobody knows who is right
BLOCKED_SECONDS = 14 * DAY_SECONDS  # so long after the last confirmed date a person may give it
ASK_SECONDS = 45.0  # for all relays together
_TYPED_SECONDS = 36 * 3_600  # from noon UTC of a day to its end in the farthest time zone, and half a day


class DateDisagrees(TocsinError):
    """this is not the date of this computer's clock"""

    code = "date-disagrees"
    hint = "look at a calendar that is not this computer's, set the clock, and type that date; nothing was destroyed"


class DateTooEarly(TocsinError):
    """the relays confirmed the date less than 14 days ago"""

    code = "date-too-early"
    hint = "try again later: perhaps they answer before that; nothing was destroyed"


class ClockContradicted(TocsinError):
    """most relays sign another date than this computer's"""

    code = "clock-contradicted"
    hint = "check date and time of this computer; nothing was destroyed and no card was signed"


class DateUnconfirmed(TocsinError):
    """no relay signs the date of this computer"""

    code = "date-unconfirmed"
    hint = "check date and time of this computer, and try again when relays answer; no card was signed"


@dataclass(frozen=True, slots=True)
class SignedHour:
    """The hour on a receipt (Unix seconds, a multiple of 3,600) and the public key that signed it."""

    hour: int
    key: bytes


@dataclass(frozen=True, slots=True)
class DateCheck:
    """What relays signed of a clock. `needed`: how many have to agree. `far`: relays more than a week off, with their
    hours. `silent`: relays without a signed hour, with the error's code. `is_contradicted`: most agree on
    another date."""

    agreeing: int
    needed: int
    far: Mapping[str, int]
    silent: Mapping[str, str]
    is_contradicted: bool = False

    @property
    def is_confirmed(self) -> bool:
        """Whether something may be destroyed by this clock."""
        return self.agreeing >= self.needed and not self.far


def judge_date(now: int, hours: Mapping[str, SignedHour | str], known_keys: int = 0) -> DateCheck:
    """Return how far the relays' signed hours bear out a clock. `hours`: relay to its hour, or to an error's code.

    More than half of the relays have to agree to a day, and none may be more than a week off. Two addresses with one
    key are one relay. `known_keys`: how many keys the card names; a relay cannot speak for others by passing their
    letters on to itself.
    """
    signed = {relay: hour for relay, hour in hours.items() if isinstance(hour, SignedHour)}
    silent = {relay: code for relay, code in hours.items() if isinstance(code, str)}
    by_key: dict[bytes, list[int]] = {}
    for found in signed.values():
        by_key.setdefault(found.key, []).append(found.hour)
    relays = max(len(by_key) + len(silent), min(known_keys, len(hours)))
    needed = relays // 2 + 1
    others = [hours_ for hours_ in by_key.values() if not _agree(hours_, now)]
    return DateCheck(
        agreeing=len(by_key) - len(others),
        needed=needed,
        far={relay: found.hour for relay, found in signed.items() if _distance(found.hour, now) > FAR_SECONDS},
        silent=silent,
        is_contradicted=any(
            sum(_agree(more, hour) for more in others) >= needed for hours_ in others for hour in hours_
        ),
    )


def _agree(hours: Iterable[int], now: int) -> bool:
    return all(_distance(hour, now) <= AGREE_SECONDS for hour in hours)


def _distance(hour: int, now: int) -> int:
    """Return how far a time lies from an hour, in seconds; 0 within it."""
    return max(hour - now, now - (hour + HOUR_SECONDS - 1), 0)


def check_typed_date(typed: date, now: int, confirmed_at: int, check: DateCheck) -> int:
    """Return the Unix time up to which a person's date lets things be destroyed: 14 days before this clock.

    A person's date stands in for relays that are silent or lie, and never for most of them.
    Raises DateDisagrees, DateTooEarly, ClockContradicted.
    """
    noon = datetime(typed.year, typed.month, typed.day, 12, tzinfo=UTC).timestamp()
    if abs(noon - now) > _TYPED_SECONDS:
        raise DateDisagrees()
    if check.is_contradicted:
        raise ClockContradicted()
    if not is_blocked(now, confirmed_at):
        raise DateTooEarly()
    return now - BLOCKED_SECONDS


def is_blocked(now: int, confirmed_at: int) -> bool:
    """Return whether the last confirmed date is so long ago that a person may give it, or lies ahead: it was noted by a
    clock that came back, and what is over by an earlier date is over by the later one too."""
    return now - confirmed_at >= BLOCKED_SECONDS or now < confirmed_at - DAY_SECONDS


def read_date(text: str) -> date:
    """Return a date as people type it: 2026-11-26. Raises DateDisagrees."""
    with suppress(ValueError):
        return date.fromisoformat(text.strip())
    raise DateDisagrees()


def format_date(at: int) -> str:
    """Return the day of a Unix time, UTC: 2026-11-26."""
    with suppress(OverflowError):
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).date().isoformat()
    return str(at)


def check_date(
    relays: Iterable[str], keys: Sequence[NoteKey], transport: Transport, now: int, *,
    random_bytes: RandomBytes = os.urandom, seconds: float = ASK_SECONDS,
    signed_hours: Mapping[str, SignedHour] = MappingProxyType({}),
) -> DateCheck:  # fmt: skip
    """Ask every relay for a signed hour, all at once, and judge this clock by them. `keys`: those on the card.

    `signed_hours`: what relays signed within the last minutes, with practice letters. Those relays are asked only when
    the date is not confirmed so. Blocks for the network, `seconds` at most.
    """
    relays, public = list(relays), {key.public for key in keys}
    known = {relay: hour for relay, hour in signed_hours.items() if relay in relays and hour.key in public}

    def ask(asked: Iterable[str]) -> dict[str, SignedHour | str]:
        found = call_each(asked, lambda relay: fetch_signed_hour(relay, keys, transport, random_bytes), seconds)
        return {relay: hour if isinstance(hour, SignedHour) else hour.code for relay, hour in found.items()}

    if known:
        others = ask(relay for relay in relays if relay not in known)
        check = judge_date(now, {**known, **others}, len(public))
        if check.is_confirmed:
            return check
    return judge_date(now, ask(relays), len(public))


def fetch_signed_hour(
    relay: str, keys: Sequence[NoteKey], transport: Transport, random_bytes: RandomBytes = os.urandom
) -> SignedHour:
    """Return the hour of a receipt that a relay gives now, signed by one of `keys`.

    A letter about nothing goes to a mailbox of a moment, and is collected again. Raises Problem, Unreachable,
    BadAnswer, BadReceipt.
    """
    mailbox, key = MailboxKey(random_bytes(SEED_BYTES)), PrivateKey(random_bytes(SEED_BYTES))
    address = Address(Purpose.REPORT, key.recipient, mailbox.id)
    letter = seal(b"{}", b"", key=key.public, address=address, random_bytes=random_bytes)
    if not keys:
        raise BadReceipt("no key of this relay is known")
    text = deposit_with_work(transport, relay, letter, list(keys))
    with suppress(Problem, Unreachable, BadAnswer):
        for _ in transport.pages(relay, mailbox, 1):  # or it would lie there for 35 days and tell what it was
            pass
    receipt, note = read_receipt(text.encode())
    signer = next((key.public for key in keys if note.signed_by(key.public)), None)
    if signer is None:
        raise BadReceipt("not signed by this relay")
    return SignedHour(receipt.hour, signer)
