"""An organisation: root, weekly keys, card. Specified in `keys/organisation.md`."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Self

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.signing import SigningKey

from keys import note
from keys.address import check_address
from keys.errors import BadCard, BadHeader, CardOlder, CardOtherRoot, ClockBehind, Malformed, NoteUnsigned
from keys.wire import (
    CHAIN_DAYS,
    DAY_SECONDS,
    GRACE_DAYS,
    HASH_BYTES,
    KEM_PUBLIC_BYTES,
    LAST_RESORT_DAYS,
    SEED_BYTES,
    WEEK_SECONDS,
    WEEKS_AHEAD,
    RandomBytes,
    b64,
    digest,
    domain,
    encode_json,
    read_object,
    unb64,
    week_of,
)

CARD_KIND = "tocsin/1/card"
CARD_KEY_NAME = "tocsin/card"  # the same for every organisation: a name would name it
FINGERPRINT_DIGITS = 60
RELAYS = 16  # at most, on one card
WEEKLY_KEYS = 26  # at most, on one card
SMS_KEY_BYTES = 32  # X25519
LINE_NUMBERS = 1_024  # numbers of last-resort keys that follow each other without another founding or restoring
_WEEK = domain("week").rstrip(b"\0")
_NEXT = domain("next").rstrip(b"\0")
_MAILBOX_SEED = domain("mailbox-seed")
_LAST_RESORT = domain("last-resort")


def fingerprint(root: bytes) -> str:
    """Return the first 60 digits of H(root public key) as a decimal number, in groups of 5.

    Specified in `keys/organisation.md`, *Root*.
    """
    digits = str(int.from_bytes(digest(root), "big"))[:FINGERPRINT_DIGITS]
    return " ".join(digits[start : start + 5] for start in range(0, FINGERPRINT_DIGITS, 5))


def weekly_seed(chain_key: bytes) -> bytes:
    """Return seed_w = HMAC(ck_w, "tocsin/1/week"); 32 bytes, the X-Wing seed of that week (RFC 2104, SHA-256)."""
    return hmac.digest(chain_key, _WEEK, "sha256")


def next_chain_key(chain_key: bytes) -> bytes:
    """Return ck_{w+1} = HMAC(ck_w, "tocsin/1/next"); there is no way back. Source: HMAC-SHA256 (RFC 2104)."""
    return hmac.digest(chain_key, _NEXT, "sha256")


def mailbox_seed(root_seed: bytes) -> bytes:
    """Return the seed of an organisation's mailbox key, 32 bytes.

    HKDF-SHA256(root seed, info "tocsin/1/mailbox-seed\\0"), without a salt (RFC 5869).
    """
    return HKDF(SHA256(), SEED_BYTES, None, _MAILBOX_SEED).derive(root_seed)


def last_resort_seed(root_seed: bytes, number: int) -> bytes:
    """Return the X-Wing seed of the last-resort key of this number, 32 bytes.

    HKDF-SHA256(root seed, info "tocsin/1/last-resort\\0" | number u64), without a salt (RFC 5869).
    """
    return HKDF(SHA256(), SEED_BYTES, None, _LAST_RESORT + number.to_bytes(8, "big")).derive(root_seed)


@dataclass(frozen=True, slots=True)
class WeeklyChain:
    """A chain of weekly keys: the current week's chain key, and the seeds of past weeks whose grace time is not over.

    `began`: Unix time, 0 when nobody knows. `last_week`: the last week a card published under it; None: no card yet.
    Specified in `keys/organisation.md`, *Weekly keys*.
    """

    week: int
    chain_key: bytes = field(repr=False)
    past: Mapping[int, bytes] = field(repr=False, default_factory=dict)
    began: int = 0
    last_week: int | None = None

    @classmethod
    def new(cls, now: int, random_bytes: RandomBytes) -> "WeeklyChain":
        """Return a chain that begins with this week."""
        return cls(week_of(now), random_bytes(SEED_BYTES), began=now)

    def advance(self, now: int) -> "WeeklyChain":
        """Return the chain as it should be now: moved on to this week, without the seeds whose grace time is over.

        Never moves back: a clock that is behind changes nothing.
        """
        week, chain_key, past = self.week, self.chain_key, dict(self.past)
        while week < week_of(now):
            past[week] = weekly_seed(chain_key)
            week, chain_key = week + 1, next_chain_key(chain_key)
        past = {old: seed for old, seed in past.items() if not _is_over(old, now) and self.has_published(old)}
        return replace(self, week=week, chain_key=chain_key, past=past)

    def publish(self) -> "WeeklyChain":
        """Return the chain as it is once a card has published this week and those ahead."""
        return replace(self, last_week=self.week + WEEKS_AHEAD)

    def has_published(self, week: int) -> bool:
        """Return whether a letter may be sealed to this week's key. While no card is known, it may."""
        return self.last_week is None or week <= self.last_week

    def is_due(self, now: int) -> bool:
        """Return whether a fresh chain has to begin with the next card."""
        return now >= self.began + CHAIN_DAYS * DAY_SECONDS

    def is_over(self, now: int) -> bool:
        """Return whether the grace time of the last week published under it is over."""
        return self.last_week is not None and _is_over(self.last_week, now)

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

    def living(self) -> dict[int, bytes]:
        """Return the seed of each week that was published and can be opened: in its grace time, current, or to come."""
        coming = {self.week + i: seed for i, seed in enumerate(self.ahead()) if self.has_published(self.week + i)}
        return {**self.past, **coming}


class LastResortKey(msgspec.Struct, frozen=True):
    """A last-resort key: its X-Wing seed, its number (None: version 1 drew it by chance), the Unix time of its end."""

    seed: bytes
    number: int | None
    until: int

    @classmethod
    def derive(cls, root_seed: bytes, number: int, now: int) -> "LastResortKey":
        """Return the key of this number for a card that is signed now."""
        return cls(last_resort_seed(root_seed, number), number, now + LAST_RESORT_DAYS * DAY_SECONDS)

    def __repr__(self) -> str:
        return "LastResortKey(...)"  # its seed must not reach a log by way of a traceback


def first_number(now: int) -> int:
    """Return the number of an organisation's first last-resort key when none before it is known.

    A multiple of `LINE_NUMBERS`, and another one for each second.
    """
    return now * LINE_NUMBERS


def order_seeds(chains: Sequence[WeeklyChain], last_resorts: Sequence[LastResortKey]) -> list[bytes]:
    """Return every seed that may open a letter, likeliest first; chains and last-resort keys come newest first.

    This week's, then past weeks' from the newest on, then the last resort's, then weeks to come: a clock may be fast.
    """
    living = [(week, i, seed) for i, chain in enumerate(chains) for week, seed in chain.living().items()]
    today = max(chain.week for chain in chains)
    known = sorted((-week, i, seed) for week, i, seed in living if week <= today)
    coming = sorted((week, i, seed) for week, i, seed in living if week > today)
    return [
        *(seed for _, _, seed in known),
        *(key.seed for key in last_resorts),
        *(seed for _, _, seed in coming),
    ]


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
    relays: Annotated[list[str], msgspec.Meta(min_length=1, max_length=RELAYS)]
    mailbox: str
    week: _Number
    weekly: Annotated[list[str], msgspec.Meta(min_length=1, max_length=WEEKLY_KEYS)]
    last_resort: str
    grace_days: _Number
    languages: Annotated[list[_Text], msgspec.Meta(max_length=64)] = []
    sms: _Text | None = None
    log: Annotated[list[_Text], msgspec.Meta(max_length=16)] = []
    last_resort_number: _Number | None = None
    sms_key: str | None = None
    log_keys: Annotated[list[str], msgspec.Meta(max_length=16)] = []
    witness_keys: Annotated[list[str], msgspec.Meta(max_length=16)] = []


@dataclass(frozen=True)
class Card:
    """What a sender needs to know of an organisation. All keys as bytes; `signed` is the signed note.

    Specified in `keys/organisation.md`, *Card*.
    """

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
    last_resort_number: int | None = None
    sms_key: bytes | None = None
    log_keys: tuple[bytes, ...] = ()
    witness_keys: tuple[bytes, ...] = ()
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
            last_resort_number=self.last_resort_number,
            sms_key=None if self.sms_key is None else b64(self.sms_key),
            log_keys=[b64(key) for key in self.log_keys],
            witness_keys=[b64(key) for key in self.witness_keys],
        )
        text = f"{CARD_KIND}\n{encode_json(fields).decode()}\n"
        return replace(self, signed=note.sign(text, CARD_KEY_NAME, root))

    def key_for(self, now: int) -> bytes:
        """Return the X-Wing key to seal to at this time: the week's, or the last resort when the card has none for it.

        A clock before `issued` is provably wrong, and no week can be concluded from it: the last resort.
        Specified in `keys/organisation.md`, *Choosing the key*.
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
    Specified in `keys/organisation.md`, *Reading a card*.
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
        return msgspec.convert(read_object(read.lines[1]), type=_CardFields)
    except msgspec.ValidationError as error:
        raise BadCard(str(error)) from None
    except BadHeader:
        raise BadCard("not JSON") from None


def _card(fields: _CardFields, data: bytes) -> Card:
    relays = tuple(check_address(relay) for relay in fields.relays)
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
        last_resort_number=fields.last_resort_number,
        sms_key=None if fields.sms_key is None else unb64(fields.sms_key, SMS_KEY_BYTES),
        log_keys=tuple(unb64(key, HASH_BYTES) for key in fields.log_keys),
        witness_keys=tuple(unb64(key, HASH_BYTES) for key in fields.witness_keys),
        signed=data,
    )
    _ = card.receipt_keys  # refuse a verifier key that is none now, not at the first receipt
    return card


def check_clock(chain: WeeklyChain, now: int) -> None:
    """Check the clock. Raises ClockBehind when it shows a week that the organisation has already left."""
    if week_of(now) < chain.week:
        raise ClockBehind()
