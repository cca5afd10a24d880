"""An organisation's home folder: keystore and card. What is in it stands in `client/folders.md`."""

import os
import secrets as system
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from nacl.signing import SigningKey

from client import files
from client.invisible_characters import is_visible
from keys.address import relay_address
from keys.errors import ClockAhead, TocsinError
from keys.kem import PrivateKey
from keys.keystore import EARNEST, Cost, Keystore, KeystoreKind, unlock
from keys.mailbox import MailboxKey
from keys.organisation import Card, WeeklyChain, check_clock, expiry, fingerprint, read_card
from keys.wire import SEED_BYTES, WEEKS_AHEAD, RandomBytes, week_of

KEYSTORE = "keystore"
CARD = "card"
NAME_CHARACTERS = 200  # as many as a card takes
RENEW_WEEKS = 8  # a card that publishes fewer weeks than this is due for renewal


class HomeExists(TocsinError):
    """there is an organisation in this folder already"""

    code = "home-exists"
    hint = "name another folder; nothing was changed"


class NoHome(TocsinError):
    """there is no organisation in this folder"""

    code = "home-missing"
    hint = "`tocsin org new` makes one"


class RootElsewhere(TocsinError):
    """the root key of this organisation is kept in another file"""

    code = "root-elsewhere"
    hint = "name it with --root-file"


class OtherRoot(TocsinError):
    """this root key belongs to another organisation"""

    code = "root-other"
    hint = "name the root file that was made together with this folder"


class BadName(TocsinError):
    """an organisation needs a name that can be read"""

    code = "organisation-name"
    hint = (
        f"1 to {NAME_CHARACTERS} characters on one line, as in --name 'Legal help': people read it before they report"
    )


class HomeSecrets(msgspec.Struct, kw_only=True):
    """What the keystore seals. Keys are seeds of 32 bytes; `past` holds the seeds of weeks in their grace time."""

    root_public: bytes
    root: bytes | None
    mailbox: bytes
    last_resort: bytes
    week: int
    chain_key: bytes
    past: dict[int, bytes]
    store: bytes
    name: str
    relays: list[str]
    seq: int
    languages: list[str] = []
    log: list[str] = []
    confirmed_at: int = 0  # when relays or a person last confirmed the date, by this clock; 0: before anybody noted it
    clock_at: int = 0  # the farthest this clock stood when keys were not destroyed because nobody confirmed it

    @property
    def chain(self) -> WeeklyChain:
        """The weekly keys."""
        return WeeklyChain(self.week, self.chain_key, self.past)

    @property
    def mailbox_key(self) -> MailboxKey:
        """The key that collects reports."""
        return MailboxKey(self.mailbox)

    def open_keys(self) -> list[PrivateKey]:
        """Return the keys that open today's letters, likeliest first, weeks ahead too: a phone's clock may be fast."""
        return [PrivateKey(seed) for seed in [*self.chain.seeds(), self.last_resort, *self.chain.ahead()[1:]]]

    def __repr__(self) -> str:
        return "HomeSecrets(...)"  # none of it must reach a log by way of a traceback


@dataclass
class Home:
    """An unlocked home. Every change is written through to the disk before a method returns."""

    path: Path
    keystore: Keystore
    secrets: HomeSecrets = field(repr=False)

    @property
    def card(self) -> Card:
        """The published card. Raises CannotRead, CardError."""
        return read_card(files.read(self.path / CARD), root=self.secrets.root_public)

    @property
    def fingerprint(self) -> str:
        """The 60 digits of the root key, to be compared."""
        return fingerprint(self.secrets.root_public)

    def save(self) -> None:
        """Seal the secrets and write them to the disk. Raises CannotWrite."""
        files.replace(self.path / KEYSTORE, self.keystore.lock(msgspec.json.encode(self.secrets), os.urandom))

    def rotate(self, now: int, *, force: bool = False) -> bool:
        """Move on to this week and destroy the seeds whose grace time is over; whether anything changed.

        Raises ClockAhead unless `force` when no published key would survive it.
        """
        chain = self.secrets.chain
        if not force and week_of(now) > chain.week + WEEKS_AHEAD:
            raise ClockAhead()
        moved = chain.advance(now)
        if moved == chain:
            return False
        self.secrets.week, self.secrets.chain_key = moved.week, moved.chain_key
        self.secrets.past = dict(moved.past)
        self.save()
        return True

    def needs_card(self, now: int, log: list[str]) -> bool:
        """Return whether the published card says too little: few weeks left, or other relay keys than these."""
        card = self.card
        return card.week + len(card.weekly) - week_of(now) < RENEW_WEEKS or list(card.log) != log

    def renew_card(self, root: SigningKey, now: int, *, known_seq: int = 0) -> Card:
        """Sign a new card for this week and the weeks after it. `seq` rises even after a restore: it is never
        behind the clock nor behind what a relay holds. Raises ClockBehind."""
        secrets = self.secrets
        check_clock(secrets.chain, now)
        secrets.seq = max(secrets.seq + 1, known_seq + 1, now)
        card = Card(
            name=secrets.name,
            root=secrets.root_public,
            seq=secrets.seq,
            issued=now,
            expires=expiry(secrets.week),
            relays=tuple(secrets.relays),
            mailbox=secrets.mailbox_key.id,
            week=secrets.week,
            weekly=tuple(PrivateKey(seed).public for seed in secrets.chain.ahead()),
            last_resort=PrivateKey(secrets.last_resort).public,
            languages=tuple(secrets.languages),
            log=tuple(secrets.log),
        ).sign(root)
        self.save()
        files.replace(self.path / CARD, card.signed)
        return card

    def root_key(self, root_file: Path | None, passphrase: Callable[[], str]) -> SigningKey:
        """Return the root's signing key. Raises RootElsewhere, OtherRoot, KeystoreError."""
        seed = self.secrets.root
        if seed is None:
            if root_file is None:
                raise RootElsewhere()
            _, seed = unlock(files.read(root_file), passphrase(), KeystoreKind.ROOT)
        root = SigningKey(seed)
        if bytes(root.verify_key) != self.secrets.root_public:
            raise OtherRoot()
        return root


@dataclass(frozen=True, slots=True)
class Profile:
    """What an organisation says of itself on its card. An empty name is a neutral card, and is meant."""

    name: str
    relays: tuple[str, ...]
    languages: tuple[str, ...] = ()


def readable_name(text: str) -> str:
    """Return an organisation's name without blanks around it. Raises BadName."""
    name = " ".join(text.split())
    if not 0 < len(name) <= NAME_CHARACTERS or not is_visible(name):
        raise BadName()
    return name


def create(
    path: Path,
    passphrase: str,
    profile: Profile,
    *,
    now: int,
    root_file: Path | None = None,
    root_seed: bytes | None = None,
    known_seq: int = 0,
    cost: Cost = EARNEST,
    random_bytes: RandomBytes = system.token_bytes,
) -> Home:
    """Make a home folder with fresh keys and a first card; with `root_seed` for a root that exists already.

    Raises HomeExists, CannotWrite, BadAddress.
    """
    if (path / KEYSTORE).exists() or (root_file is not None and root_file.exists()):
        raise HomeExists(str(path))
    root = SigningKey(root_seed or random_bytes(SEED_BYTES))
    chain = WeeklyChain.new(now, random_bytes)
    secrets = HomeSecrets(
        root_public=bytes(root.verify_key),
        root=bytes(root) if root_file is None else None,
        mailbox=random_bytes(SEED_BYTES),
        last_resort=random_bytes(SEED_BYTES),
        week=chain.week,
        chain_key=chain.chain_key,
        past={},
        store=random_bytes(SEED_BYTES),
        name=profile.name,
        relays=list(dict.fromkeys(relay_address(relay) for relay in profile.relays)),
        seq=0,
        languages=list(profile.languages),
    )
    files.make_folder(path)
    if root_file is not None:
        apart = Keystore.new(KeystoreKind.ROOT, passphrase, random_bytes, cost)
        files.replace(root_file, apart.lock(bytes(root), random_bytes))
    home = Home(path, Keystore.new(KeystoreKind.ORGANISATION, passphrase, random_bytes, cost), secrets)
    home.renew_card(root, now, known_seq=known_seq)
    return home


def found_home(
    path: Path,
    choose_passphrase: Callable[[], str],
    profile: Profile,
    *,
    root_file: Path | None = None,
    root_seed: bytes | None = None,
) -> Home:
    """Make a home folder as `create` does, with this computer's time, while no other command works in it.

    The passphrase is asked for only when there is no organisation in the folder yet.
    Raises HomeExists, FolderBusy, CannotWrite, BadAddress.
    """
    if is_home(path):
        raise HomeExists(str(path))
    passphrase = choose_passphrase()
    with files.locked(path):
        return create(path, passphrase, profile, now=int(time.time()), root_file=root_file, root_seed=root_seed)


def is_home(path: Path) -> bool:
    """Return whether there is an organisation in this folder."""
    return (path / KEYSTORE).exists()


def unlock_home(path: Path, passphrase: Callable[[], str]) -> Home:
    """Open a home folder; the passphrase is asked for only when there is something to unlock.

    Raises NoHome, WrongPassphrase, KeystoreCut, NotAKeystore.
    """
    if not is_home(path):
        raise NoHome(str(path))
    keystore, sealed = unlock(files.read(path / KEYSTORE), passphrase(), KeystoreKind.ORGANISATION)
    return Home(path, keystore, msgspec.json.decode(sealed, type=HomeSecrets))


def card_of(path: Path) -> Card:
    """Return the card of a home, which is public and needs no passphrase. Raises NoHome, CardError."""
    if not (path / CARD).exists():
        raise NoHome(str(path))
    return read_card(files.read(path / CARD))
