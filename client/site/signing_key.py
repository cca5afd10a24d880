"""The key that signs releases when no organisation's root does."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from nacl.signing import SigningKey

from client import files
from client.organisation.home import unlock_home
from client.site.release import verifier
from keys.errors import NotAKeystore, TocsinError
from keys.keystore import EARNEST, MAGIC, Cost, Keystore, KeystoreKind, unlock
from keys.wire import SEED_BYTES, RandomBytes

RELEASE_KEY = "release-key"
PUBLIC_SUFFIX = ".pub"  # the verifier key beside it, so that checking asks for no passphrase

_NAMED = re.compile(rb"[A-Za-z0-9./-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}")


class NoReleaseKey(TocsinError):
    """there is no release key here"""

    code = "release-key-missing"
    hint = "name the key that must have signed with --key VERIFIER, or the organisation's card with --card"


class PassphraseSource(Protocol):
    """Where a passphrase comes from: a file or somebody to ask (`is_at_hand`), or neither."""

    @property
    def is_at_hand(self) -> bool: ...
    def ask(self) -> str: ...
    def choose(self) -> str: ...


def load_signing_key(
    home: Path | None, root_file: Path | None, key_path: Path, passphrase: PassphraseSource,
    warn: Callable[[str], None],
) -> SigningKey:  # fmt: skip
    """Return the root of the organisation in `home`; without one, the release key, made when there is none.

    Raises NoHome, RootElsewhere, OtherRoot, KeystoreError, CannotWrite.
    """
    if home is not None:
        return unlock_home(home, passphrase.ask).root_key(root_file, passphrase.ask)
    return release_key(key_path, passphrase, warn)


def release_key(
    path: Path, passphrase: PassphraseSource, warn: Callable[[str], None], *, random_bytes: RandomBytes = os.urandom,
    cost: Cost = EARNEST,
) -> SigningKey:  # fmt: skip
    """Return the key in this file; make it when there is none, and `warn` when it is not sealed.

    Raises NotAKeystore, WrongPassphrase, CannotWrite.
    """
    if not path.exists():
        return _create(path, passphrase, warn, random_bytes, cost)
    data = files.read(path)
    if data.startswith(MAGIC):
        _, data = unlock(data, passphrase.ask(), KeystoreKind.RELEASE)
    if len(data) != SEED_BYTES:
        raise NotAKeystore()
    return SigningKey(data)


def known_verifier(path: Path) -> str:
    """Return the verifier key of the release key in this file, which is public. Raises NoReleaseKey."""
    public = _public(path)
    if not public.exists():
        raise NoReleaseKey()
    return files.read(public).decode("utf-8", "replace").strip()


def named_verifier(page: bytes) -> str:
    """Return the verifier key that a site's page names. Whoever changes the site can change it. Raises NoReleaseKey."""
    found = _NAMED.search(page)
    if found is None:
        raise NoReleaseKey()
    return found[0].decode("ascii")


def _create(
    path: Path, passphrase: PassphraseSource, warn: Callable[[str], None], random_bytes: RandomBytes, cost: Cost
) -> SigningKey:
    key = SigningKey(random_bytes(SEED_BYTES))
    stored = bytes(key)
    if passphrase.is_at_hand:
        stored = Keystore.new(KeystoreKind.RELEASE, passphrase.choose(), random_bytes, cost).lock(stored, random_bytes)
    else:
        warn(f"{path} is not sealed: whoever reads it can sign in your place (--passphrase-file seals it)")
    files.make_folder(path.parent)
    files.replace(path, stored)
    files.replace(_public(path), f"{verifier(bytes(key.verify_key))}\n".encode(), mode=0o644)
    return key


def _public(path: Path) -> Path:
    return path.with_name(path.name + PUBLIC_SUFFIX)
