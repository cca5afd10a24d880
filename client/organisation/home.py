"""An organisation's home folder: keystore and card. What is in it stands in `client/folders.md`."""

import os
import secrets as system
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from nacl.signing import SigningKey

from client import files
from client.invisible_characters import is_visible
from client.keystore_file import KeystoreFile
from client.organisation.home_secrets import HomeSecrets, decode_secrets
from keys.address import relay_address
from keys.errors import ClockAhead, TocsinError
from keys.kem import PrivateKey
from keys.keystore import EARNEST, Cost, Keystore, KeystoreKind, unlock
from keys.organisation import (
    RELAYS,
    Card,
    LastResortKey,
    WeeklyChain,
    check_clock,
    expiry,
    fingerprint,
    first_number,
    mailbox_seed,
    read_card,
)
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


class RootFileExists(TocsinError):
    """there is a file already where the root key should go"""

    code = "root-file-exists"
    hint = "name another file with --root-file; if it was left by a command that ended early, move it away"


class TooManyRelays(TocsinError):
    """a card names 16 relays at most"""

    code = "relays-too-many"
    hint = "name fewer; two or three that do not belong to the same people are enough"


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


@dataclass
class Home:
    """An unlocked home. Every change is written through to the disk before a method returns."""

    path: Path
    keystore: KeystoreFile
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
        self.keystore.save(msgspec.json.encode(self.secrets))

    def rotate(self, now: int, *, force: bool = False) -> bool:
        """Move on to this week and destroy the seeds whose grace time is over; whether anything changed.

        Raises ClockAhead unless `force` when no published key would survive it.
        """
        chain = self.secrets.chain
        if not force and week_of(now) > chain.week + WEEKS_AHEAD:
            raise ClockAhead()
        if not self.secrets.advance(now):
            return False
        self.save()
        return True

    def needs_card(self, now: int, log: list[str]) -> bool:
        """Return whether a new card is due: few weeks left, keys of six weeks, other relay keys than these, or a card
        that was signed and never written because the command was killed."""
        if not (self.path / CARD).exists():
            return True
        card = self.card
        has_few_weeks = card.week + len(card.weekly) - week_of(now) < RENEW_WEEKS
        is_other = list(card.log) != log or card.seq != self.secrets.seq
        return has_few_weeks or is_other or self.secrets.chain.is_due(now)

    def renew_card(self, root: SigningKey, now: int, *, known_seq: int = 0, fresh_keys: bool = False) -> Card:
        """Sign a new card for this week and the weeks after it. `seq` rises even after a restore: it is never
        behind the clock nor behind what a relay holds.

        `fresh_keys`: publish keys that nothing kept before leads to, as is done every six weeks anyway.
        Raises ClockBehind.
        """
        secrets = self.secrets
        check_clock(secrets.chain, now)
        if fresh_keys or secrets.chain.is_due(now):
            secrets.begin_chain(WeeklyChain.new(now, os.urandom), bytes(root), now)
        secrets.note_card(now)
        last_resort = secrets.last_resorts[0]
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
            last_resort=PrivateKey(last_resort.seed).public,
            last_resort_number=last_resort.number,
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
    former: Card | None = None,
    cost: Cost = EARNEST,
    random_bytes: RandomBytes = system.token_bytes,
) -> Home:
    """Make a home folder with fresh keys and a first card; with `root_seed` for a root that exists already: then the
    mailbox is that of this root, and `former` is its last card that is known, whose last-resort letters will open.

    Raises HomeExists, RootFileExists, CannotWrite, BadAddress, TooManyRelays.
    """
    if is_home(path):
        raise HomeExists(str(path))
    if root_file is not None and root_file.exists():
        raise RootFileExists(str(root_file))
    relays = list(dict.fromkeys(relay_address(relay) for relay in profile.relays))
    check_relay_count(relays)
    root = SigningKey(root_seed or random_bytes(SEED_BYTES))
    secrets = HomeSecrets(
        root_public=bytes(root.verify_key),
        root=bytes(root) if root_file is None else None,
        mailbox=mailbox_seed(bytes(root)),
        chains=[WeeklyChain.new(now, random_bytes)],
        last_resorts=[LastResortKey.derive(bytes(root), first_number(now), now)],
        store=random_bytes(SEED_BYTES),
        name=profile.name,
        relays=relays,
        seq=0,
        languages=list(profile.languages),
    )
    files.make_folder(path)
    if root_file is not None:
        apart = Keystore.new(KeystoreKind.ROOT, passphrase, random_bytes, cost)
        files.replace(root_file, apart.lock(bytes(root), random_bytes))
    keystore = KeystoreFile.new(path / KEYSTORE, KeystoreKind.ORGANISATION, passphrase, random_bytes, cost)
    home = Home(path, keystore, secrets)
    if former is not None:
        secrets.recover_last_resorts(bytes(root), former, now)
    home.renew_card(root, now, known_seq=0 if former is None else former.seq)
    return home


def found_home(
    path: Path,
    choose_passphrase: Callable[[], str],
    profile: Profile,
    *,
    root_file: Path | None = None,
    root_seed: bytes | None = None,
    former: Card | None = None,
) -> Home:
    """Make a home folder as `create` does, with this computer's time, while no other command works in it.

    The passphrase is asked for only when there is no organisation in the folder yet.
    Raises HomeExists, RootFileExists, FolderBusy, CannotWrite, BadAddress, TooManyRelays.
    """
    if is_home(path):
        raise HomeExists(str(path))
    if root_file is not None and root_file.exists():
        raise RootFileExists(str(root_file))
    passphrase = choose_passphrase()
    with files.locked(path):
        now = int(time.time())
        return create(path, passphrase, profile, now=now, root_file=root_file, root_seed=root_seed, former=former)


def default_root_file(path: Path) -> Path:
    """Return where the root key of a home goes when nobody says where: beside the folder, never into it."""
    whole = path.absolute()
    return path.with_name(f"{whole.name}-root") if path.name else whole.with_name(f"{whole.name}-root")


def check_relay_count(relays: Sequence[str]) -> None:
    """Raise TooManyRelays when a card cannot name so many."""
    if len(relays) > RELAYS:
        raise TooManyRelays()


def is_home(path: Path) -> bool:
    """Return whether there is an organisation in this folder."""
    return (path / KEYSTORE).exists()


def unlock_home(path: Path, passphrase: Callable[[], str], *, is_locked: bool = False) -> Home:
    """Open a home folder; the passphrase is asked for only when there is something to unlock.

    `is_locked`: the caller keeps everybody else out of the folder (`files.locked`); what a killed command left of older
    keys is destroyed. Raises NoHome, WrongPassphrase, KeystoreCut, WrappingKeyMissing, NotAKeystore.
    """
    if not is_home(path):
        raise NoHome(str(path))
    kind = KeystoreKind.ORGANISATION
    keystore, opened = KeystoreFile.unlock(path / KEYSTORE, passphrase(), kind, is_locked=is_locked)
    return Home(path, keystore, decode_secrets(opened, int(time.time())))


def card_of(path: Path) -> Card:
    """Return the card of a home, which is public and needs no passphrase. Raises NoHome, CardError."""
    if not (path / CARD).exists():
        raise NoHome(str(path))
    return read_card(files.read(path / CARD))
