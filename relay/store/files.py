"""Small files of the data folder: readable for their owner only, replaced in one step."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from relay.store.base import StoreDamaged, StoreError, StoreFull, StoreReadOnly

RELAY_KEY = "relay.key"  # the seed receipts are signed with


def store_error(error: OSError, path: Path) -> StoreError:
    """Return what an error of the file system at this path means for a relay; its sentence names the path."""
    detail = f"{path} ({os.strerror(error.errno or 0)})"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StoreReadOnly(detail)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(detail)
    return StoreError(detail)


def make_folder(folder: Path) -> None:
    """Create the data folder, open to its owner only. Raises StoreError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise store_error(error, folder) from None


def make_private(path: Path) -> None:
    """Create the file if it is not there, and make sure it can be written. Raises StoreError."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise store_error(error, path) from None


def write_private(path: Path, data: bytes) -> None:
    """Write, fsync, rename: there is always the old file or the new one. Raises StoreError."""
    beside = path.with_name(path.name + ".new")
    try:
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise store_error(error, path) from None


def read_private(path: Path, length: int) -> bytes:
    """Return the bytes of a file that must have exactly this length. Raises StoreError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise store_error(error, path) from None
    if len(data) != length:
        raise StoreDamaged(path.name)
    return data


def own_secret(path: Path, make: Callable[[], bytes], length: int) -> bytes:
    """Return a secret of the relay's own, made the first time. Raises StoreError."""
    if not path.exists():
        write_private(path, make())
    return read_private(path, length)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
