"""A keystore whose content is rewritten, and beside it the wrapping key that guards it. See `keys/keystore.md`.

A file that is replaced leaves its old blocks on the disk. So each writing takes a fresh wrapping key, and the one
before is overwritten where it stands: old blocks of the keystore then open nothing, even with the passphrase.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from client import files
from keys.errors import KeystoreError, WrappingKeyMissing
from keys.keystore import EARNEST, WRAPPING_KEY_BYTES, Cost, Keystore, KeystoreKind, mark_of, read_mark, unlock
from keys.wire import RandomBytes

KEY_SUFFIX = ".key"
# Each of the two wrapping keys stands in a block of its own: a power cut that spoils one block spares the other.
BLOCK_BYTES = 4_096
SLOTS = (0, 1)
ATTEMPTS = 3  # at reading both files while another command replaces them


@dataclass
class KeystoreFile:
    """An unlocked keystore and where it lies. Whoever saves keeps everybody else out of the folder (`files.locked`)."""

    path: Path
    keystore: Keystore

    @classmethod
    def new(
        cls, path: Path, kind: KeystoreKind, passphrase: str, random_bytes: RandomBytes, cost: Cost = EARNEST
    ) -> Self:
        """Return a keystore with this passphrase; it is on the disk only after `save`."""
        return cls(path, Keystore.new(kind, passphrase, random_bytes, cost))

    @classmethod
    def unlock(cls, path: Path, passphrase: str, kind: KeystoreKind, *, is_locked: bool = False) -> tuple[Self, bytes]:
        """Return the keystore and its secrets. `is_locked`: the caller keeps everybody else out of the folder, so the
        wrapping key that a killed command had no time to destroy is destroyed now.

        Raises CannotRead, CannotWrite, NotAKeystore, KeystoreCut, WrappingKeyMissing, WrongPassphrase.
        """
        keystore, secrets = _unlock(path, passphrase, kind)
        opened = cls(path, keystore)
        used = opened._find_slot()
        if is_locked and used is not None:
            opened._write_key(1 - used, os.urandom(WRAPPING_KEY_BYTES))
        return opened, secrets

    def save(self, secrets: bytes) -> None:
        """Seal the secrets under a fresh wrapping key, and destroy the one before. Raises CannotWrite.

        Killed at whatever moment, the file that is there opens: until it is replaced both wrapping keys stand.
        """
        used = self._find_slot()
        if not _read_keys(self.path):
            files.replace(_key_path(self.path), os.urandom(len(SLOTS) * BLOCK_BYTES))
        fresh, slot = os.urandom(WRAPPING_KEY_BYTES), 0 if used is None else 1 - used
        self._write_key(slot, fresh)
        files.replace(self.path, self.keystore.lock(secrets, os.urandom, fresh))
        self._write_key(1 - slot, os.urandom(WRAPPING_KEY_BYTES))

    def _find_slot(self) -> int | None:
        """Return which of the two wrapping keys guards the file as it is now; None: neither does."""
        try:
            mark = read_mark(files.read(self.path), self.keystore.kind)
        except (files.CannotRead, KeystoreError):
            return None  # there is no file yet, or it is damaged and about to be replaced
        return next((slot for slot, key in enumerate(_read_keys(self.path)) if mark_of(key) == mark), None)

    def _write_key(self, slot: int, key: bytes) -> None:
        """Overwrite a wrapping key in place; it is on the disk when this returns. Raises CannotWrite."""
        path = _key_path(self.path)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
            try:
                os.pwrite(descriptor, key, slot * BLOCK_BYTES)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise files.CannotWrite(f"{path} ({error.strerror})") from None


def _unlock(path: Path, passphrase: str, kind: KeystoreKind) -> tuple[Keystore, bytes]:
    for _ in range(ATTEMPTS - 1):
        try:
            return unlock(files.read(path), passphrase, kind, _read_keys(path))
        except WrappingKeyMissing:
            continue  # perhaps both files were replaced between the one reading and the other
    return unlock(files.read(path), passphrase, kind, _read_keys(path))


def _key_path(path: Path) -> Path:
    return path.with_name(path.name + KEY_SUFFIX)


def _read_keys(path: Path) -> list[bytes]:
    """Return both wrapping keys; none when there is no key file, or one that is cut off."""
    try:
        data = files.read(_key_path(path))
    except files.CannotRead:
        return []
    if len(data) < len(SLOTS) * BLOCK_BYTES:
        return []
    return [data[slot * BLOCK_BYTES : slot * BLOCK_BYTES + WRAPPING_KEY_BYTES] for slot in SLOTS]
