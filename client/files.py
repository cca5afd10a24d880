"""Files as we keep them: readable by their owner only, replaced whole or not at all, one writer at a time.

And text as other programs leave it: with a byte order mark, with CR LF at the end of lines.
"""

import codecs
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keys.errors import TocsinError

MODE = 0o600
FOLDER_MODE = 0o700
_LEFTOVER = re.compile(r"\..+\.[0-9]+\.new")  # what `replace` writes before it renames


class FolderBusy(TocsinError):
    """another tocsin command is working in this folder"""

    code = "folder-busy"
    hint = "wait until it has finished; a desk that is unlocked works in its folder until it is locked"


class CannotWrite(TocsinError):
    """this file or folder cannot be written"""

    code = "cannot-write"
    hint = "check the free space and whose folder it is; what was there before is unchanged"


class CannotRead(TocsinError):
    """this file cannot be read"""

    code = "cannot-read"
    hint = "check its name and whose file it is"


class NoSuchFile(CannotRead):
    """there is no file of this name, and it is not a code either"""

    hint = "check the name and the folder you are in; a code begins with TOCSIN:1:"


class NotText(TocsinError):
    """this is not text in UTF-8"""

    code = "not-text"
    hint = "save it as plain text, encoded as UTF-8"


def make_folder(path: Path) -> None:
    """Make the folder for its owner only, if it is not there. Raises CannotWrite."""
    try:
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"{path} ({error.strerror})") from None


def read(path: Path) -> bytes:
    """Return the whole file. Raises CannotRead."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotRead(f"{path} ({error.strerror})") from None


def decode_text(data: bytes) -> str:
    """Return the text that another program wrote, without its byte order mark, every line ended by LF.

    UTF-8; UTF-16 where the mark says so. Raises NotText.
    """
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise NotText() from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_note(path: Path) -> bytes:
    """Return the signed note in a file as it was signed: no note holds a byte order mark or a CR.

    What is no text is returned as it is, so that whoever reads the note says what it should have been.
    Raises CannotRead.
    """
    data = read(path)
    try:
        return decode_text(data).encode()
    except NotText:
        return data


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
    """Keep every other tocsin command out of this folder; a killed one lets go by itself, and what it left is removed.

    Raises FolderBusy, CannotWrite.
    """
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
        _remove_leftovers(folder)
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    """Remove what a killed command had not renamed yet. Whoever calls keeps all others out of the folder."""
    try:
        for path in folder.iterdir():
            if _LEFTOVER.fullmatch(path.name):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(f"{folder} ({error.strerror})") from None
