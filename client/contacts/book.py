"""A person's contacts: halves, pairs and alerts, all of it in one keystore. Specified in `contacts.md`."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from client import files
from client.invisible_characters import is_visible
from client.keystore_file import KeystoreFile
from client.reporter.compose import new_id
from keys.address import is_public, relay_address
from keys.code import PairCode
from keys.errors import BadCode, TocsinError
from keys.keystore import EARNEST, Cost, KeystoreKind
from keys.message import CaseKeys, OpenPermission
from keys.pairing import (
    CODE_SECONDS,
    BadPairCard,
    CodeExpired,
    OwnCode,
    PairCard,
    PairingOffer,
    PairingSession,
    PairKeys,
    Progress,
    Wake,
    WakeChange,
    read_pair_card,
    read_wake,
)
from keys.wire import RandomBytes

KEYSTORE = "contacts"
LABEL_CHARACTERS = 80
REFUSED = "refused"  # the type of an alert that whoever holds the phone may not send


class NoContacts(TocsinError):
    """there are no contacts in this folder"""

    code = "contacts-missing"
    hint = "`tocsin contact new --relay URL` makes your first code"


class NoRelays(TocsinError):
    """nobody can meet you: no relay is named"""

    code = "relays-missing"
    hint = "name at least one with --relay"


class NoOffer(TocsinError):
    """no code waits to be scanned"""

    code = "code-missing"
    hint = "`tocsin contact new` makes a fresh one; each is good for one contact"


class KnownCode(BadCode):
    """you have scanned this code already"""

    code = "code-known"
    hint = "`tocsin contact sync` goes on with it; each code is good for one contact"


class LocalRelay(BadCode):
    """this code leads into this computer, or into the network it stands in"""

    code = "relay-local"
    hint = "do not use it; somebody may want your computer to call what only it can reach"


class ForeignRelay(TocsinError):
    """this person is met at a relay that is not one of yours"""

    code = "relay-foreign"
    hint = "that relay learns your address each time; `--other-relay` uses it all the same"


class LabelTaken(TocsinError):
    """another contact has this name already"""

    code = "label-taken"
    hint = "choose another name, or remove the old contact first"


class BadLabel(TocsinError):
    """this is no name for a contact"""

    code = "label"
    hint = f"1 to {LABEL_CHARACTERS} characters on one line"


class UnknownContact(TocsinError):
    """there is no contact of this name"""

    code = "contact-unknown"
    hint = "`tocsin contact list` shows them"


class UnknownAlert(TocsinError):
    """there is no such alert here"""

    code = "alert-unknown"
    hint = "`tocsin contact alerts` shows them; the first letters are enough when they fit one only"


class NotPaired(TocsinError):
    """this pairing is not finished"""

    code = "contact-waiting"
    hint = "both scan each other's code, then both run `tocsin contact sync` while there is a network"


class PairExpired(TocsinError):
    """the time of this pair is over"""

    code = "contact-expired"
    hint = "remove the contact and scan each other's codes again"


class Offer(msgspec.Struct, frozen=True):
    """My half of a pair whose other half nobody has scanned yet."""

    half: PairingOffer
    made: int

    def __repr__(self) -> str:
        return "Offer(...)"  # no key must reach a log by way of a traceback


class QuarantinedLetter(msgspec.Struct, frozen=True, array_like=True):
    """A letter that opened and is not authentic yet: the one that brings its key may come after it."""

    content: bytes
    size: int
    mark: bytes


class ContactCase(msgspec.Struct, frozen=True):
    """What an alert sealed in advance said of its case: its keys for us, what the open one may say, when that was
    written (Unix seconds), and whether it was a trial."""

    keys: CaseKeys
    open: OpenPermission | None
    at: int
    practice: bool = False

    def __repr__(self) -> str:
        return "ContactCase(...)"


class Contact(msgspec.Struct):
    """One pair. `card` is the other's, as it came.

    `marks` tell what came before; `cases` (by case id) came in their alerts and tell whose later ones of a case are.
    `wake` is what they said after the pairing about being rung; None: what their card says counts.
    """

    label: str
    half: PairingOffer
    code: PairCode
    made: int
    case: str
    verified: bool = False
    seized: bool = False
    swapped: bool = False
    card: bytes | None = None
    progress: Progress = Progress()
    card_sent: int = 0
    share_sent: int = 0
    seq: int = 0
    marks: list[bytes] = []
    cases: dict[str, ContactCase] = {}
    aside: list[QuarantinedLetter] = []
    wake: WakeChange | None = None

    def __repr__(self) -> str:
        return "Contact(...)"

    @property
    def meeting(self) -> PairingSession:
        """The session of the two halves. Raises OwnCode."""
        return PairingSession(self.half, self.code)

    @property
    def share(self) -> bytes | None:
        """The other's share, once it is sure."""
        return self.progress.share

    @property
    def keys(self) -> PairKeys | None:
        """The pair's MAC keys, one for each direction; None until the other's share is sure."""
        return None if self.share is None else self.meeting.keys(self.share)

    def other(self, now: int) -> PairCard | None:
        """Return their card; None before it came. Relays that neither code names are left out: nobody agreed to them.

        Raises CodeExpired when its time is over, BadPairCard.
        """
        if self.card is None:
            return None
        card = read_pair_card(self.card, self.code.card, now)
        agreed = tuple(relay for relay in card.relays if relay in {*self.code.relays, *self.half.relays})
        if not agreed:
            raise BadPairCard()
        return replace(card, relays=agreed)

    @property
    def mailboxes(self) -> list[bytes]:
        """Where they look for what we send: the door, and the mailbox on their card however old it is."""
        door = self.meeting.door(mine=False).mailbox.id
        return [door] if self.card is None else [door, read_pair_card(self.card, self.code.card, 0).mailbox]

    def rings(self, card: PairCard) -> Wake | None:
        """Return what lets a relay ring them; None when they do not want that."""
        return read_wake(card.wake if self.wake is None else self.wake.wake, card.relays)

    def state(self, now: int) -> str:
        """Return `waiting`, `paired` or `expired`."""
        if self.share is None:
            return "waiting" if now < self.made + CODE_SECONDS else "expired"
        try:
            self.other(now)
        except CodeExpired:
            return "expired"
        return "paired" if now < self.half.until else "expired"


class StoredAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it was opened. `origin`: whose key made it, `pair`, `pin`, `forced` or `open`.

    `type` is `unknown` when this version cannot read it; `text` is then the whole header. It is `refused` when whoever
    holds the phone may not say it. `is_cut`: something was left out, for the same reason.
    """

    label: str
    id: str
    case: str
    type: str
    text: str
    at: int
    place: object = None
    duress: bool = False  # in a folder of before; now it is `forced`
    practice: bool = False
    passed: bool = False  # as the header says; see `is_passed_on`
    origin: str = "pair"
    is_cut: bool = False

    @property
    def is_passed_on(self) -> bool:
        """Whether the text counts as an organisation's: under the pair's own key, none of a case's."""
        return self.passed and self.origin == "pair"

    def with_origin(self) -> "StoredAlert":
        """Return the alert with its origin as it is called now; before there were `case`, and a mark of duress."""
        origin = "forced" if self.duress else {"case": "open"}.get(self.origin, self.origin)
        return msgspec.structs.replace(self, duress=False, origin=origin)

    def __repr__(self) -> str:
        return "StoredAlert(...)"


class ContactSecrets(msgspec.Struct):
    """What the keystore seals."""

    relays: tuple[str, ...] = ()
    offer: Offer | None = None
    contacts: list[Contact] = []
    alerts: list[StoredAlert] = []

    def __repr__(self) -> str:
        return "ContactSecrets(...)"


@dataclass
class Book:
    """The unlocked contacts. Whoever changes them holds `files.locked` and calls `save`."""

    path: Path
    keystore: KeystoreFile
    secrets: ContactSecrets = field(repr=False)

    def save(self) -> None:
        """Write the contacts to the disk, sealed. Raises CannotWrite."""
        self.keystore.save(msgspec.json.encode(self.secrets))

    def find(self, label: str) -> Contact:
        """Return the contact of this name. Raises UnknownContact."""
        for contact in self.secrets.contacts:
            if contact.label == _plain(label):
                return contact
        raise UnknownContact()

    def renew_offer(self, relays: tuple[str, ...], now: int, random_bytes: RandomBytes) -> Offer:
        """Return a fresh half; one that waited to be scanned is forgotten. Raises NoRelays, BadAddress, CodeTooLong."""
        named = tuple(dict.fromkeys(relay_address(relay) for relay in relays)) or self.secrets.relays
        if not named:
            raise NoRelays()
        half = PairingOffer.new(named, now, random_bytes)
        str(half.code)
        self.secrets.relays, self.secrets.offer = named, Offer(half, now)
        return self.secrets.offer

    def open_offer(self, now: int) -> Offer | None:
        """Return the half that waits to be scanned; None when there is none or it is too old for that."""
        offer = self.secrets.offer
        return offer if offer is not None and now < offer.made + CODE_SECONDS else None

    def code_to_show(self, label: str | None, now: int) -> tuple[str, PairCode]:
        """Return whose code is to be shown next (empty: nobody's yet), and the code. Raises NoOffer, UnknownContact."""
        if label is not None:
            return label, self.find(label).half.code
        offer = self.open_offer(now)
        if offer is not None:
            return "", offer.half.code
        for contact in reversed(self.secrets.contacts):
            if contact.state(now) == "waiting":
                return contact.label, contact.half.code
        raise NoOffer()

    def meet(
        self,
        code: PairCode,
        label: str,
        now: int,
        random_bytes: RandomBytes,
        *,
        seen: bool = False,
        other_relay: bool = False,
    ) -> Contact:
        """Take the code of another person. `seen`: read off their own screen, so there are no digits to compare.
        `other_relay`: the person agreed to a relay that is not one of theirs.

        Raises OwnCode, KnownCode, LabelTaken, BadLabel, NoRelays, LocalRelay, ForeignRelay.
        """
        self._check_new(code, label)
        self._check_relays(code, other_relay)
        offer = self.open_offer(now) or self.renew_offer((), now, random_bytes)
        contact = Contact(
            label=_plain(label), half=offer.half, code=code, made=now, case=new_id(random_bytes), verified=seen
        )
        _ = contact.meeting
        self.secrets.contacts.append(contact)
        self.secrets.offer = None
        return contact

    def _check_new(self, code: PairCode, label: str) -> None:
        offers = [self.secrets.offer.half] if self.secrets.offer else []
        if any(half.code.card == code.card for half in [*offers, *(contact.half for contact in self.secrets.contacts)]):
            raise OwnCode()
        if any(contact.code.card == code.card for contact in self.secrets.contacts):
            raise KnownCode()
        if any(contact.label == _plain(label) for contact in self.secrets.contacts):
            raise LabelTaken()

    def _check_relays(self, code: PairCode, other_relay: bool) -> None:
        strange = [relay for relay in code.relays if relay not in self._agreed_relays()]
        if not all(is_public(relay) for relay in strange):
            raise LocalRelay()
        if strange and not other_relay:
            raise ForeignRelay(", ".join(strange))

    def _agreed_relays(self) -> set[str]:
        halves = [contact.half for contact in self.secrets.contacts]
        halves += [self.secrets.offer.half] if self.secrets.offer else []
        ours = {relay for half in halves for relay in half.relays}
        theirs = {relay for contact in self.secrets.contacts for relay in contact.code.relays}
        return ours | theirs | set(self.secrets.relays)

    def add_alerts(self, alerts: list[StoredAlert]) -> list[StoredAlert]:
        """Add what came, and return it. Of what whoever holds a phone may not say, one is shown for each case."""
        refused = {(alert.label, alert.case) for alert in self.secrets.alerts if alert.type == REFUSED}
        added = list[StoredAlert]()
        for alert in alerts:
            if alert.type != REFUSED or (alert.label, alert.case) not in refused:
                added.append(alert)
            if alert.type == REFUSED:
                refused.add((alert.label, alert.case))
        self.secrets.alerts += added
        return added

    def find_alert(self, start: str) -> StoredAlert:
        """Return the one alert whose id begins so. Raises UnknownAlert."""
        found = {alert.id: alert for alert in self.secrets.alerts if start and alert.id.startswith(start)}
        if len(found) != 1:
            raise UnknownAlert()
        return next(iter(found.values()))

    def remove(self, label: str) -> None:
        """Forget a contact with all keys and alerts. Raises UnknownContact."""
        gone = self.find(label)
        self.secrets.contacts.remove(gone)
        self.secrets.alerts = [alert for alert in self.secrets.alerts if alert.label != gone.label]


def _plain(label: str) -> str:
    # The same name typed on two keyboards may be different code points.
    plain = unicodedata.normalize("NFC", " ".join(label.split()))
    if not 0 < len(plain) <= LABEL_CHARACTERS or not is_visible(plain):
        raise BadLabel()
    return plain


def exists(folder: Path) -> bool:
    """Return whether there are contacts in this folder."""
    return (folder / KEYSTORE).exists()


def create(folder: Path, passphrase: str, random_bytes: RandomBytes, *, cost: Cost = EARNEST) -> Book:
    """Return an empty book; it is on the disk only after `save`."""
    files.make_folder(folder)
    keystore = KeystoreFile.new(folder / KEYSTORE, KeystoreKind.CONTACTS, passphrase, random_bytes, cost)
    return Book(folder, keystore, ContactSecrets())


def open_book(folder: Path, passphrase: Callable[[], str], *, is_locked: bool = False) -> Book:
    """Open the contacts of a folder; the passphrase is asked for only when there is something to unlock.

    `is_locked`: the caller keeps everybody else out of the folder (`files.locked`); what a killed command left of older
    keys is destroyed. Raises NoContacts, WrongPassphrase, KeystoreCut, WrappingKeyMissing, NotAKeystore.
    """
    if not exists(folder):
        raise NoContacts()
    return unlock_book(folder, passphrase(), is_locked=is_locked)


def unlock_book(folder: Path, passphrase: str, *, is_locked: bool = False) -> Book:
    """Open the contacts of a folder, as `open_book` does. Raises as it does."""
    if not exists(folder):
        raise NoContacts()
    keystore, opened = KeystoreFile.unlock(folder / KEYSTORE, passphrase, KeystoreKind.CONTACTS, is_locked=is_locked)
    opened_secrets = msgspec.json.decode(opened, type=ContactSecrets)
    opened_secrets.alerts = [alert.with_origin() for alert in opened_secrets.alerts]
    return Book(folder, keystore, opened_secrets)
