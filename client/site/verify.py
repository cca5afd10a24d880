"""Checking a copy of the site, on a disk or as it is served, against its signed release."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from client import files
from client.site import release
from client.site.release import RELEASE, FileEntry, Release
from client.site.signing_key import named_verifier
from client.transport.relay_client import BadAnswer, Transport, Unreachable
from keys.address import relay_address
from keys.errors import BadAddress, TocsinError
from keys.note import NOTE_BYTES

PAGE = "index.html"
PAGE_BYTES = 2**20


class FileMissing(TocsinError):
    """a file of the release is missing"""

    code = "file-missing"
    hint = "copy the whole site again"


class FileChanged(TocsinError):
    """a file is not the one that was signed"""

    code = "file-changed"
    hint = "the host or somebody between you and it changed the app; tell its users, and copy the site again"


class FileAdded(TocsinError):
    """a file lies here that is not part of the release"""

    code = "file-added"
    hint = "remove it, unless you know who put it there"


class SiteUnreachable(TocsinError):
    """the site cannot be fetched"""

    code = "site-unreachable"
    hint = "check the address and the network, then try again"


class BadSiteAddress(TocsinError):
    """this is not the address of a site"""

    code = "site-address"
    hint = "https://..., http:// for an onion service or this very machine, or a folder"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is not as it should be."""

    path: str
    problem: TocsinError


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a check came to: how many files the release names, and everything that was wrong."""

    files: int
    problems: tuple[Found, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


class Copy(Protocol):
    """A copy of a site: its files by path (None: not there, or longer than `most`), and those nobody signed."""

    def get(self, path: str, most: int) -> bytes | None: ...
    def wanted(self, release: Release) -> list[str]: ...
    def others(self, release: Release) -> Iterator[str]: ...


class Folder:
    """A copy on this disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, path: str, most: int) -> bytes | None:
        file = self._path / path
        return files.read(file) if file.is_file() else None

    def wanted(self, release: Release) -> list[str]:
        return list(release.files)

    def others(self, release: Release) -> Iterator[str]:
        for folder, _, names in sorted(os.walk(self._path)):
            for name in sorted(names):
                path = (Path(folder) / name).relative_to(self._path).as_posix()
                if path != RELEASE and path not in release.files:
                    yield path


class Served:
    """A copy that somebody serves. What else lies there cannot be seen from here, and what the host keeps for itself
    (its names begin with an underscore) is not asked for."""

    def __init__(self, address: str, transport: Transport) -> None:
        self._address, self._transport = address, transport

    def get(self, path: str, most: int) -> bytes | None:
        # The page is asked for as a visitor asks for it: by the folder.
        name = "" if path == "index.html" else path
        try:
            return self._transport.fetch_public(f"{self._address}/{name}", most)
        except (Unreachable, BadAnswer) as error:
            raise SiteUnreachable(error.detail or error.sentence) from None

    def wanted(self, release_: Release) -> list[str]:
        return [path for path in release_.files if release.is_served(path)]

    def others(self, release: Release) -> Iterator[str]:
        return iter(())


def site_address(text: str) -> str:
    """Return the address of a served site without the slash at its end. Raises BadSiteAddress."""
    try:
        return relay_address(text.removesuffix("index.html"))
    except BadAddress as error:
        raise BadSiteAddress(error.detail) from None


def open_copy(where: str, transport: Transport) -> Copy:
    """Return the copy in this folder or at this address. Raises BadSiteAddress."""
    if Path(where).is_dir():
        return Folder(Path(where))
    if "://" not in where:
        raise BadSiteAddress(f"{where}, and there is no folder of this name either")
    return Served(site_address(where), transport)


def find_named_key(copy: Copy) -> str:
    """Return the verifier key that the copy's own page names. Raises NoReleaseKey, SiteUnreachable, CannotRead."""
    return named_verifier(copy.get(PAGE, PAGE_BYTES) or b"")


def check(copy: Copy, public: bytes, *, previous: Release | None = None) -> VerifyReport:
    """Compare every file of a copy with the release that this key must have signed.

    Raises SiteUnreachable, CannotRead.
    Specified in `client/site/site.md`, *Checking a copy*.
    """
    signed = copy.get(RELEASE, NOTE_BYTES)
    if signed is None:
        return VerifyReport(0, (Found(RELEASE, FileMissing()),))
    try:
        signed_release = release.read(signed, public, previous=previous)
    except TocsinError as problem:
        return VerifyReport(0, (Found(RELEASE, problem),))
    wanted = copy.wanted(signed_release)
    judged = [(path, _judge(copy, path, signed_release.files[path])) for path in wanted]
    wrong = [Found(path, wrong) for path, wrong in judged if wrong is not None]
    return VerifyReport(len(wanted), (*wrong, *(Found(path, FileAdded()) for path in copy.others(signed_release))))


def _judge(copy: Copy, path: str, entry: FileEntry) -> TocsinError | None:
    # One byte more than signed is enough to see that it is not the file.
    data = copy.get(path, entry.size + 1)
    if data is None:
        return FileMissing()
    return None if entry.fits(data) else FileChanged()
