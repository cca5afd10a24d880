"""Two people's codes become a pair of keys; alerts are authentic by them. Specified in `keys/pairing.md`."""

import hmac
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, cast

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.address import check_address
from keys.code import DIGITS, PairCode
from keys.envelope import Address, Sealed, frame, seal, seal_content, size_for
from keys.errors import (
    BadCode,
    BadHeader,
    BadMessage,
    CardError,
    Malformed,
    NotAuthentic,
    TocsinError,
    UnknownVersion,
)
from keys.kem import PrivateKey, public_key
from keys.mailbox import MailboxKey
from keys.message import CaseKeys, Hash, KemKey, Number, Short, check_mac
from keys.wire import (
    DAY_SECONDS,
    HASH_BYTES,
    ID_BYTES,
    LETTER_BYTES,
    MAC_BYTES,
    SALT_BYTES,
    SEED_BYTES,
    TTL_DAYS,
    WAKE_BYTES,
    Purpose,
    RandomBytes,
    b64,
    digest,
    domain,
    read_object,
    unb64,
)

VERSION = 1
KIND = "pair"
WAKE_KIND = "pair-wake"
RELAYS = 8  # on one card: as many as a reply block names
WAKE_CHARACTERS = 3_000  # a sealed push subscription; with it the card still fits one letter
CODE_SECONDS = TTL_DAYS * DAY_SECONDS  # relays forget a card after this time, so a code that waits longer meets nobody
CARD_SECONDS = 400 * DAY_SECONDS  # a year and some weeks: people who meet once a year can renew in time
# Shares answered that nobody vouches for yet: only who saw both codes can send a second one, and not without end.
CANDIDATES = 16
DIGIT_GROUP = 5
_DECIMAL = re.compile("[0-9\u0660-\u0669\u06f0-\u06f9]")  # what a person reads aloud from either screen

_CARD = domain("pair-card")
_PAIR = domain("pair")
_DIGITS = domain("digits")
_CONFIRM = domain("confirm")
_ALERT = domain("alert")
_WAKE = domain("pair-wake")


AlertOrigin = Literal["pair", "pin", "forced", "open"]


class OwnCode(BadCode):
    """this is your own code"""

    code = "code-own"
    hint = "scan the code on the other person's screen, and let them scan yours"


class CodeExpired(BadCode):
    """this code is too old"""

    code = "code-expired"
    hint = f"a code that finds no answer within {TTL_DAYS} days is over: both make a new one and scan again"


class BadPairCard(CardError):
    """this is not a person's card"""

    code = "pair-card-malformed"
    hint = "pair again, both with the newest version of Tocsin"


class CardSwapped(CardError):
    """this is not the card that the code names: somebody who saw both codes put another in its place"""

    code = "pair-card-swapped"
    hint = "it was refused and told nothing; if it does not end, pair again where nobody films the screens"


class DigitsDiffer(TocsinError):
    """the digits are not the same on both sides"""

    code = "digits-differ"
    hint = "read all 60 again; if they still differ somebody stands between you: remove this contact and pair again"


class _PairCardFields(msgspec.Struct, frozen=True):
    key: KemKey
    mailbox: Hash
    relays: Annotated[list[Short], msgspec.Meta(min_length=1, max_length=RELAYS)]
    until: Number
    wake: Annotated[str, msgspec.Meta(max_length=WAKE_CHARACTERS)] | None = None


@dataclass(frozen=True)
class PairCard:
    """What the other side needs to know: X-Wing public key, mailbox id, where it is collected, last moment, wake-up.

    Specified in `keys/pairing.md`, *One side's half*.
    """

    key: bytes
    mailbox: bytes
    relays: tuple[str, ...]
    until: int
    wake: str | None = None

    def encode(self) -> bytes:
        """Return the JSON. These very bytes travel and are hashed; nobody writes them a second time."""
        return msgspec.json.encode(
            _PairCardFields(b64(self.key), b64(self.mailbox), list(self.relays), self.until, self.wake)
        )

    @property
    def address(self) -> Address:
        """What a letter to the owner of this card is sealed for."""
        return Address(Purpose.CONTACT, digest(self.key), self.mailbox)


def card_hash(card: bytes) -> bytes:
    """Return H("tocsin/1/pair-card\\0" | JSON); 32 bytes, what the code names.

    Specified in `keys/pairing.md`, *One side's half*.
    """
    return digest(_CARD, card)


def read_pair_card(data: bytes, expected: bytes, now: int) -> PairCard:
    """Return the card behind a code. Raises CardSwapped, BadPairCard, CodeExpired."""
    if not hmac.compare_digest(card_hash(data), expected):
        raise CardSwapped()
    try:
        fields = msgspec.convert(read_object(data), type=_PairCardFields)
        card = PairCard(unb64(fields.key), unb64(fields.mailbox), tuple(fields.relays), fields.until, fields.wake)
        public_key(card.key)
        for relay in card.relays:
            check_address(relay)
    except (msgspec.ValidationError, BadHeader, Malformed):
        raise BadPairCard() from None
    if card.until <= now:
        raise CodeExpired()
    return card


@dataclass(frozen=True)
class PairingOffer:
    """One side of a pair, all of it fresh: X-Wing seed, mailbox seed, the code's secret `s` (16), the share (32) that
    will be sealed to the other's key, and what the card says besides.

    Specified in `keys/pairing.md`, *One side's half*.
    """

    kem: bytes = field(repr=False)
    mailbox: bytes = field(repr=False)
    secret: bytes = field(repr=False)
    share: bytes = field(repr=False)
    relays: tuple[str, ...]
    until: int
    wake: str | None = None

    @classmethod
    def new(
        cls, relays: tuple[str, ...], now: int, random_bytes: RandomBytes, wake: str | None = None
    ) -> "PairingOffer":
        """Return a fresh half. `relays`: where it is collected."""
        kem, mailbox, share = (random_bytes(SEED_BYTES) for _ in range(3))
        return cls(kem, mailbox, random_bytes(ID_BYTES), share, relays, now + CARD_SECONDS, wake)

    @cached_property
    def key(self) -> PrivateKey:
        """The X-Wing key that letters of the pair are sealed to."""
        return PrivateKey(self.kem)

    @property
    def mailbox_key(self) -> MailboxKey:
        """The key that collects letters of the pair."""
        return MailboxKey(self.mailbox)

    @cached_property
    def card(self) -> PairCard:
        """The card that the code names."""
        return PairCard(self.key.public, self.mailbox_key.id, self.relays, self.until, self.wake)

    @cached_property
    def code(self) -> PairCode:
        """What the screen shows."""
        return PairCode(card_hash(self.card.encode()), self.secret, self.relays)


@dataclass(frozen=True, slots=True)
class RendezvousMailbox:
    """A throw-away mailbox with its throw-away X-Wing key, both out of k0: where one card is left for one side.

    Specified in `keys/pairing.md`, *From two codes to k0*.
    """

    mailbox: MailboxKey
    key: PrivateKey

    @property
    def address(self) -> Address:
        """What a card for this mailbox is sealed for."""
        return Address(Purpose.CONTACT, self.key.recipient, self.mailbox.id)


@dataclass(frozen=True, slots=True)
class PairKeys:
    """One MAC key for each direction."""

    sending: bytes = field(repr=False)
    receiving: bytes = field(repr=False)


def spoken_digits(spoken: str) -> str:
    """Return the digits in what a person typed: those of ASCII, Arabic and Persian; anything else does not count."""
    return "".join(str(int(mark)) for mark in _DECIMAL.findall(spoken))


@dataclass(frozen=True)
class PairingSession:
    """My half and the other's code. Nothing here needs a network. Raises OwnCode."""

    half: PairingOffer
    code: PairCode

    def __post_init__(self) -> None:
        own = self.half.code
        if self.code.card == own.card or self.code.secret == own.secret:
            raise OwnCode()

    @cached_property
    def is_first(self) -> bool:
        """Whether mine is the smaller payload, byte by byte: that gives the two sides their roles."""
        return self.half.code.payload < self.code.payload

    @cached_property
    def transcript(self) -> bytes:
        """T; 32 bytes. The lengths stand before the payloads, because a payload may end where it likes.

        Specified in `keys/pairing.md`, *From two codes to k0*.
        """
        payloads = sorted((self.half.code.payload, self.code.payload))
        return digest(_PAIR, *(part for payload in payloads for part in (len(payload).to_bytes(4, "big"), payload)))

    @property
    def safety_number(self) -> str:
        """The 60 digits that both sides compare, in groups of 5.

        Specified in `keys/pairing.md`, *From two codes to k0*.
        """
        number = int.from_bytes(digest(_DIGITS, self.transcript), "big")
        whole = str(number)[:DIGITS].rjust(DIGITS, "0")
        return " ".join(whole[start : start + DIGIT_GROUP] for start in range(0, DIGITS, DIGIT_GROUP))

    def check_safety_number(self, spoken: str) -> None:
        """Compare with what the other side reads aloud; what is no digit does not count. Raises DigitsDiffer."""
        if spoken_digits(spoken) != self.safety_number.replace(" ", ""):
            raise DigitsDiffer()

    @cached_property
    def k0(self) -> bytes:
        """k0; 32 bytes, out of both secrets of the codes. Source: HKDF-SHA256 (RFC 5869) with T as salt."""
        ours, theirs = self.half.secret, self.code.secret
        return self._derive(ours + theirs if self.is_first else theirs + ours, "k0")

    def door(self, *, mine: bool) -> RendezvousMailbox:
        """Return where my card is waited for (`mine` false), or where I wait for the other's."""
        number = 1 if mine == self.is_first else 2
        mailbox, kem = (self._derive(self.k0, f"door-{part}-{number}") for part in ("mailbox", "key"))
        return RendezvousMailbox(MailboxKey(mailbox), PrivateKey(kem))

    def card_letter(self, random_bytes: RandomBytes) -> Sealed:
        """Seal my card for the other's door: an ordinary letter, whose header is the card and whose body is empty.

        Specified in `keys/pairing.md`, *Finishing, when there is a network*.
        """
        door = self.door(mine=False)
        return seal(self.half.card.encode(), b"", key=door.key.public, address=door.address, random_bytes=random_bytes)

    def keys(self, share: bytes) -> PairKeys:
        """Return the keys that follow from my share and this one of the other side.

        Source: HKDF-SHA256 (RFC 5869) with T as salt.
        """
        ours = self.half.share
        first, second = (ours, share) if self.is_first else (share, ours)
        pair = self._derive(self.k0 + first + second, "pair-key")
        to_second, to_first = self._derive(pair, "first-to-second"), self._derive(pair, "second-to-first")
        return PairKeys(to_second, to_first) if self.is_first else PairKeys(to_first, to_second)

    def share_letter(self, card: PairCard, share: bytes | None, random_bytes: RandomBytes) -> Sealed:
        """Seal my share to the other's key; with a MAC once a share of theirs is known.

        Specified in `keys/pairing.md`, *Finishing, when there is a network*.
        """
        header = msgspec.json.encode({"v": VERSION, "kind": KIND, "share": b64(self.half.share)})
        mac_input = MacInput(LETTER_BYTES, random_bytes(SALT_BYTES), header)
        body = b"" if share is None else _mac(_CONFIRM, self.keys(share).sending, card.address, mac_input)
        return seal_content(frame(mac_input.salt, header, body), key=card.key, address=card.address)

    def confirms(self, share: bytes, mac_input: "MacInput", body: bytes) -> bool:
        """Return whether this share letter comes from who opened mine: only they can know both shares.

        Specified in `keys/pairing.md`, *Finishing, when there is a network*.
        """
        expected = _mac(_CONFIRM, self.keys(share).receiving, self.half.card.address, mac_input)
        return hmac.compare_digest(expected, body)

    def _derive(self, secret: bytes, name: str) -> bytes:
        info = domain(name).rstrip(b"\0")
        return HKDF(SHA256(), HASH_BYTES, self.transcript, info).derive(secret)


class Progress(NamedTuple):
    """How far the exchange of shares has come: theirs once it is sure, those that wait for ours, those that got it."""

    share: bytes | None = None
    pending_shares: tuple[bytes, ...] = ()
    answered: tuple[bytes, ...] = ()

    def on_share(self, share: bytes, *, sure: bool) -> "Progress":
        """Return the progress after a share letter came; `sure` if its MAC was right."""
        counts = self.share or (share if sure else None)
        fresh = share not in self.answered
        full = len(self.answered) + len(self.pending_shares) >= CANDIDATES
        wanted = fresh and not full if counts is None else share == counts
        # A letter without the right MAC comes from a side that has not had our answer: it gets one again.
        pending = (share,) if wanted and (fresh or not sure) and share not in self.pending_shares else ()
        return Progress(counts, self.pending_shares + pending, self.answered)

    def mark_sent(self) -> "Progress":
        """Return the progress after an answer to every pending share is on its way."""
        return Progress(self.share, (), tuple(dict.fromkeys(self.answered + self.pending_shares)))


def read_share(fields: dict[str, Any]) -> bytes | None:
    """Return the share in an opened header; None for another kind of message. Raises UnknownVersion, BadMessage.

    Specified in `keys/pairing.md`, *Finishing, when there is a network*.
    """
    if fields.get("kind") != KIND:
        return None
    share = fields.get("share")
    _check_version(fields)
    if not isinstance(share, str):
        raise BadMessage("$.share")
    try:
        return unb64(share, SEED_BYTES)
    except Malformed:
        raise BadMessage("$.share") from None


def _check_version(fields: dict[str, Any]) -> None:
    version = fields.get("v")
    if type(version) is not int:
        raise BadMessage("$.v")
    if version != VERSION:
        raise UnknownVersion()


class Wake(NamedTuple):
    """What a deposit at one relay takes along so that the relay rings: its address, and b64 that only it opens.

    Specified in `keys/wake.md`, *The wake text*.
    """

    relay: str
    sealed: str


def read_wake(text: str | None, relays: tuple[str, ...]) -> Wake | None:
    """Read a wake text for whoever writes to its owner, whose card names these relays; None: it is worth nothing. What
    cannot be read is no error: it breaks no pairing and no alert.

    Specified in `keys/wake.md`, *The wake text*.
    """
    relay, _, sealed = (text or "").partition(" ")
    try:
        unb64(sealed, WAKE_BYTES)
    except Malformed:
        return None
    return Wake(relay, sealed) if relay in relays else None


class WakeChange(NamedTuple):
    """What a contact says after the pairing about being rung; a higher number counts against a lower one.

    Specified in `keys/wake.md`, *Changing it*.
    """

    number: int
    wake: str | None


class _WakeFields(msgspec.Struct, frozen=True):
    n: Number
    wake: Annotated[str, msgspec.Meta(max_length=WAKE_CHARACTERS)] | None


def read_wake_change(
    fields: dict[str, Any], key: bytes, address: Address, mac_input: "MacInput", body: bytes
) -> WakeChange:
    """Read an opened `pair-wake` letter; `key` is the direction's. Raises NotAuthentic, UnknownVersion, BadMessage.

    Specified in `keys/wake.md`, *Changing it*.
    """
    check_mac(wake_mac(key, address, mac_input), body)
    _check_version(fields)
    try:
        read = msgspec.convert(fields, type=_WakeFields)
    except msgspec.ValidationError:
        raise BadMessage("$.wake") from None
    return WakeChange(read.n, read.wake)


def wake_mac(key: bytes, address: Address, mac_input: "MacInput") -> bytes:
    """Return HMAC(k_dir, "tocsin/1/pair-wake\\0" | info | salt | header); 32 bytes. Source: HMAC-SHA256 (RFC 2104)."""
    return _mac(_WAKE, key, address, mac_input)


class MacInput(NamedTuple):
    """What a MAC covers of a letter beside its address: size of the envelope, salt, header."""

    size: int
    salt: bytes
    header: bytes


def seal_alert(header: bytes, key: bytes, card: PairCard, random_bytes: RandomBytes) -> Sealed:
    """Seal an alert to a contact, authentic by `key`: the pair's, or one of the case's for them.

    Specified in `keys/pairing.md`, *Alerts*.
    """
    mac_input = MacInput(size_for(header, bytes(MAC_BYTES)), random_bytes(SALT_BYTES), header)
    body = alert_mac(key, card.address, mac_input)
    return seal_content(frame(mac_input.salt, header, body), key=card.key, address=card.address, size=mac_input.size)


def alert_mac(key: bytes, address: Address, mac_input: MacInput) -> bytes:
    """Return HMAC(key, "tocsin/1/alert\\0" | info | salt | header); 32 bytes. Source: HMAC-SHA256 (RFC 2104)."""
    return _mac(_ALERT, key, address, mac_input)


def alert_origin(
    pair: bytes, named: CaseKeys | None, address: Address, mac_input: MacInput, body: bytes
) -> AlertOrigin:
    """Return whose key an alert is authentic by. `pair`: the key of the direction; `named`: those of its case, None
    when no alert brought them. Raises NotAuthentic.

    Specified in `keys/pairing.md`, *Alerts*.
    """
    # Of a key that is named as two things the worse one counts.
    keys = {} if named is None else {"forced": named.forced, "open": named.open, "pin": named.pin}
    for name, key in (("pair", pair), *((name, unb64(text)) for name, text in keys.items())):
        if hmac.compare_digest(alert_mac(key, address, mac_input), body):
            return cast(AlertOrigin, name)
    raise NotAuthentic()


def _mac(name: bytes, key: bytes, address: Address, mac_input: MacInput) -> bytes:
    return hmac.digest(key, b"".join((name, address.info(mac_input.size), mac_input.salt, mac_input.header)), "sha256")
