"""Files as we keep them: readable by their owner only, replaced whole or not at all, one writer at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keys.errors import TocsinError

MODE = 0o600
FOLDER_MODE = 0o700


class FolderBusy(TocsinError):
    """another tocsin command is working in this folder"""

    code = "folder-busy"
    hint = "wait until it has finished"


class CannotWrite(TocsinError):
    """this file or folder cannot be written"""

    code = "cannot-write"
    hint = "check the free space and whose folder it is; what was there before is unchanged"


class CannotRead(TocsinError):
    """this file cannot be read"""

    code = "cannot-read"
    hint = "check its name and whose file it is"


def make_folder(path: Path) -> None:
    """Make the folder for its owner only, if it is not there. Raises CannotWrite."""
    try:
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"{path} ({error.strerror})") from None


def read(path: Path) -> bytes:
    """The whole file. Raises CannotRead."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotRead(f"{path} ({error.strerror})") from None


def replace(path: Path, data: bytes, mode: int = MODE) -> None:
    """Put a file in the place of the old one, after all of it is on the disk. Raises CannotWrite."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise CannotWrite(f"{path} ({error.strerror})") from None


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other tocsin command out of this folder; a killed one lets go by itself. Raises FolderBusy."""
    make_folder(folder)
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, MODE)
    except OSError as error:
        raise CannotWrite(f"{folder} ({error.strerror})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise FolderBusy() from None
    try:
        yield
    finally:
        os.close(descriptor)
