"""Looking a data folder over, and copying it. A backup is kept post: acknowledging does not reach into it."""

import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from relay.store.base import StoreError
from relay.store.files import RELAY_KEY, store_error, sync_folder
from relay.store.sqlite import DATABASE, SqliteStore


class NoRelay(StoreError):
    """this folder holds no relay's data"""

    code = "store-missing"
    hint = "check the folder behind --data"


def faults(data: Path, store: SqliteStore) -> list[str]:
    """Return everything that is wrong, a sentence each."""
    return [*_files(data), *store.faults()]


def _files(data: Path) -> Iterator[str]:
    if _mode(data) & 0o077:
        yield "others on this computer can read the data folder (chmod 700)"
    for path in sorted(data.iterdir()):
        if path.is_file() and _mode(path) & 0o077:
            yield f"others on this computer can read {path.name} (chmod 600)"
    key = data / RELAY_KEY
    if not key.exists():
        yield f"{RELAY_KEY} is missing: receipts would be signed by a new key"
    elif key.stat().st_size != 32:  # noqa: PLR2004 - an Ed25519 seed
        yield f"{RELAY_KEY} does not have 32 bytes"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write(data: Path, store: SqliteStore, out: Path) -> None:
    """Write one tar file with database and key, readable for its owner only; complete at once, or not at all."""
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=out.parent) as folder:
            whole = Path(folder, "whole")
            copy = Path(folder, DATABASE)
            store.copy(copy)
            file = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as target:
                _pack(target, {DATABASE: copy, RELAY_KEY: data / RELAY_KEY})
                target.flush()
                os.fsync(target.fileno())
            whole.replace(out)
        sync_folder(out.parent)
    except OSError as error:
        raise store_error(error, out) from None


def _pack(target: io.BufferedWriter, members: dict[str, Path]) -> None:
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, path in members.items():
            member = tarfile.TarInfo(name)
            member.size = path.stat().st_size
            member.mode = 0o600
            with path.open("rb") as content:
                tar.addfile(member, content)
