"""An organisation: root, weekly keys, card. Specified in `keys/organisation.md`."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Self

import msgspec
from nacl.signing import SigningKey

from keys import note
from keys.address import relay_address
from keys.errors import BadCard, CardOlder, CardOtherRoot, ClockBehind, Malformed, NoteUnsigned
from keys.wire import (
    DAY_SECONDS,
    GRACE_DAYS,
    HASH_BYTES,
    KEM_PUBLIC_BYTES,
    SEED_BYTES,
    WEEK_SECONDS,
    WEEKS_AHEAD,
    RandomBytes,
    b64,
    digest,
    domain,
    unb64,
    week_of,
)

CARD_KIND = "tocsin/1/card"
CARD_KEY_NAME = "tocsin/card"  # the same for every organisation: a name would name it
FINGERPRINT_DIGITS = 60
_WEEK = domain("week").rstrip(b"\0")
_NEXT = domain("next").rstrip(b"\0")


def fingerprint(root: bytes) -> str:
    """Return the first 60 digits of H(root public key) as a decimal number, in groups of 5."""
    digits = str(int.from_bytes(digest(root), "big"))[:FINGERPRINT_DIGITS]
    return " ".join(digits[start : start + 5] for start in range(0, FINGERPRINT_DIGITS, 5))


def weekly_seed(chain_key: bytes) -> bytes:
    """Return seed_w = HMAC(ck_w, "tocsin/1/week"); 32 bytes, the X-Wing seed of that week (RFC 2104, SHA-256)."""
    return hmac.digest(chain_key, _WEEK, "sha256")


def next_chain_key(chain_key: bytes) -> bytes:
    """Return ck_{w+1} = HMAC(ck_w, "tocsin/1/next"); there is no way back."""
    return hmac.digest(chain_key, _NEXT, "sha256")


@dataclass(frozen=True, slots=True)
class WeeklyChain:
    """The current week's chain key, and the seeds of past weeks whose grace time is not over."""

    week: int
    chain_key: bytes = field(repr=False)
    past: Mapping[int, bytes] = field(repr=False, default_factory=dict)

    @classmethod
    def new(cls, now: int, random_bytes: RandomBytes) -> "WeeklyChain":
        """Return a chain that begins with this week."""
        return cls(week_of(now), random_bytes(SEED_BYTES))

    def advance(self, now: int) -> "WeeklyChain":
        """Return the chain as it should be now: moved on to this week, without the seeds whose grace time is over.

        Never moves back: a clock that is behind changes nothing.
        """
        week, chain_key, past = self.week, self.chain_key, dict(self.past)
        while week < week_of(now):
            past[week] = weekly_seed(chain_key)
            week, chain_key = week + 1, next_chain_key(chain_key)
        return WeeklyChain(week, chain_key, {old: seed for old, seed in past.items() if not _is_over(old, now)})

    def seeds(self) -> list[bytes]:
        """Return the seeds that open today's letters: this week's first, then the newest past weeks."""
        return [weekly_seed(self.chain_key)] + [self.past[week] for week in sorted(self.past, reverse=True)]

    def ahead(self) -> list[bytes]:
        """Return the seeds of this week and of the weeks a card publishes after it."""
        seeds, chain_key = [], self.chain_key
        for _ in range(WEEKS_AHEAD + 1):
            seeds.append(weekly_seed(chain_key))
            chain_key = next_chain_key(chain_key)
        return seeds


def _is_over(week: int, now: int) -> bool:
    return now >= (week + 1) * WEEK_SECONDS + GRACE_DAYS * DAY_SECONDS


_Text = Annotated[str, msgspec.Meta(max_length=200)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class _CardFields(msgspec.Struct):
    name: _Text
    root: str
    seq: _Number
    issued: _Number
    expires: _Number
    relays: Annotated[list[str], msgspec.Meta(min_length=1, max_length=16)]
    mailbox: str
    week: _Number
    weekly: Annotated[list[str], msgspec.Meta(min_length=1, max_length=64)]
    last_resort: str
    grace_days: _Number
    languages: Annotated[list[_Text], msgspec.Meta(max_length=64)] = []
    sms: _Text | None = None
    log: Annotated[list[_Text], msgspec.Meta(max_length=16)] = []


@dataclass(frozen=True)
class Card:
    """What a sender needs to know of an organisation. All keys as bytes; `signed` is the signed note."""

    name: str
    root: bytes
    seq: int
    issued: int
    expires: int
    relays: tuple[str, ...]
    mailbox: bytes
    week: int
    weekly: tuple[bytes, ...]
    last_resort: bytes
    grace_days: int = GRACE_DAYS
    languages: tuple[str, ...] = ()
    sms: str | None = None
    log: tuple[str, ...] = ()
    signed: bytes = field(default=b"", repr=False, compare=False)

    def sign(self, root: SigningKey) -> Self:
        """Return this card with its signed note. `root` must be the key the card names."""
        fields = _CardFields(
            name=self.name,
            root=b64(self.root),
            seq=self.seq,
            issued=self.issued,
            expires=self.expires,
            relays=list(self.relays),
            mailbox=b64(self.mailbox),
            week=self.week,
            weekly=[b64(key) for key in self.weekly],
            last_resort=b64(self.last_resort),
            grace_days=self.grace_days,
            languages=list(self.languages),
            sms=self.sms,
            log=list(self.log),
        )
        text = f"{CARD_KIND}\n{msgspec.json.encode(fields).decode()}\n"
        return replace(self, signed=note.sign(text, CARD_KEY_NAME, root))

    def key_for(self, now: int) -> bytes:
        """Return the X-Wing key to seal to at this time: the week's, or the last resort when the card has none for it.

        A clock before `issued` is provably wrong, and no week can be concluded from it: the last resort.
        """
        offset = week_of(now) - self.week
        if now < self.issued or not 0 <= offset < len(self.weekly):
            return self.last_resort
        return self.weekly[offset]

    def keys_ahead(self, now: int) -> list[tuple[int, bytes]]:
        """Return (week, key) for this week and every published week after it."""
        return [(self.week + i, key) for i, key in enumerate(self.weekly) if self.week + i >= week_of(now)]

    @cached_property
    def receipt_keys(self) -> tuple[note.NoteKey, ...]:
        """The verifier keys of the card's relays."""
        return tuple(note.NoteKey.parse(text) for text in self.log)


def expiry(week: int) -> int:
    """Return the Unix time at which the keys of a card that begins with this week run out."""
    return (week + WEEKS_AHEAD + 1) * WEEK_SECONDS


def read_card(data: bytes, *, root: bytes | None = None, newer_than: int = -1) -> Card:
    """Check a card's signature and fields. `root`: the root it must belong to; without one, the card's own word.

    Raises BadCard, CardOtherRoot, CardOlder (seq below `newer_than`), NoteUnsigned.
    """
    try:
        read = note.read(data)
        fields = _card_fields(read)
        card = _card(fields, data)
    except Malformed as error:
        raise BadCard(error.detail) from None
    if root is not None and card.root != root:
        raise CardOtherRoot()
    if not read.signed_by(card.root):
        raise NoteUnsigned()
    if card.seq < newer_than:
        raise CardOlder()
    return card


def _card_fields(read: note.Note) -> _CardFields:
    if read.kind != CARD_KIND or len(read.lines) != 2:  # noqa: PLR2004 - the kind and one line of JSON
        raise BadCard("a note of another kind")
    try:
        return msgspec.json.decode(read.lines[1], type=_CardFields)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadCard(str(error) if isinstance(error, msgspec.ValidationError) else "not JSON") from None


def _card(fields: _CardFields, data: bytes) -> Card:
    relays = tuple(fields.relays)
    if any(relay_address(relay) != relay for relay in relays):
        raise BadCard("a relay's address is not in its one spelling")
    card = Card(
        name=fields.name,
        root=unb64(fields.root, note.PUBLIC_BYTES),
        seq=fields.seq,
        issued=fields.issued,
        expires=fields.expires,
        relays=relays,
        mailbox=unb64(fields.mailbox, HASH_BYTES),
        week=fields.week,
        weekly=tuple(unb64(key, KEM_PUBLIC_BYTES) for key in fields.weekly),
        last_resort=unb64(fields.last_resort, KEM_PUBLIC_BYTES),
        grace_days=fields.grace_days,
        languages=tuple(fields.languages),
        sms=fields.sms,
        log=tuple(fields.log),
        signed=data,
    )
    _ = card.receipt_keys  # refuse a verifier key that is none now, not at the first receipt
    return card


def check_clock(chain: WeeklyChain, now: int) -> None:
    """Check the clock. Raises ClockBehind when it shows a week that the organisation has already left."""
    if week_of(now) < chain.week:
        raise ClockBehind()
