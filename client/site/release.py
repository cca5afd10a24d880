"""A release: one signed note that names every file of a built site. Specified in `site.md`."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec
from nacl.signing import SigningKey

from keys import note
from keys.errors import Malformed, NoteUnsigned, TocsinError
from keys.wire import HASH_BYTES, b64, digest, unb64

RELEASE = "release.json"
KIND = "tocsin/1/release"
KEY_NAME = "release"  # the same for everybody, and a word that names nobody: the site carries it openly

_LINES = 2  # of a release's note: its kind and what it says
_FILES = 2_000


class ReleaseMalformed(Malformed):
    """this is not a release"""

    code = "release-malformed"
    hint = "release.json was cut off or changed; build the site again, or fetch it again"


class ReleaseUnsigned(TocsinError):
    """nobody has signed this release properly"""

    code = "release-unsigned"
    hint = "release.json was changed after it was signed; do not use this copy"


class ReleaseOtherKey(TocsinError):
    """this release is signed with another key"""

    code = "release-other-key"
    hint = "somebody else built this copy, or it belongs to another organisation; do not use it before you know"


class ReleaseOlder(TocsinError):
    """this release is older than the one known here"""

    code = "release-older"
    hint = "whoever serves it holds the newer one back, or this computer's clock is behind"


_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class FileEntry(msgspec.Struct, frozen=True):
    """What a file must be: its hash (base64url) and its length."""

    sha256: str
    size: _Number = msgspec.field(name="bytes")

    @classmethod
    def of(cls, data: bytes) -> "FileEntry":
        """Return the entry of these bytes."""
        return cls(b64(digest(data)), len(data))

    def fits(self, data: bytes) -> bool:
        """Return whether these bytes are the file."""
        return self == FileEntry.of(data)


class Release(msgspec.Struct, frozen=True):
    """What was built: a number that rises, when, and every file by its path.

    Specified in `client/site/site.md`, *Release*.
    """

    seq: _Number
    issued: _Number
    files: Annotated[dict[str, FileEntry], msgspec.Meta(min_length=1, max_length=_FILES)]

    @classmethod
    def of(cls, files: Mapping[str, bytes], *, seq: int, issued: int) -> "Release":
        """Return the release of these files."""
        return cls(seq, issued, {path: FileEntry.of(files[path]) for path in sorted(files)})

    def sign(self, key: SigningKey) -> bytes:
        """Return the signed note, as it lies in the site."""
        return note.sign(f"{KIND}\n{msgspec.json.encode(self).decode()}\n", KEY_NAME, key)


def verifier(public: bytes) -> str:
    """Return the verifier key of a release in its text form. Source: C2SP signed-note."""
    return str(note.NoteKey(KEY_NAME, public))


def read(data: bytes, public: bytes, *, previous: Release | None = None) -> Release:
    """Return the release that this key signed. `previous`: one known before, which it must not be older than.

    Raises ReleaseMalformed, ReleaseOtherKey, ReleaseUnsigned, ReleaseOlder.
    Specified in `client/site/site.md`, *Release*.
    """
    found = _note(data)
    if not found.signed_by(public):
        names_us = any(claimed == note.key_id(name, public) for name, claimed, _ in found.signatures)
        raise ReleaseUnsigned() if names_us else ReleaseOtherKey()
    release = _release(found)
    if previous is not None and release.seq < previous.seq:
        raise ReleaseOlder()
    return release


def read_unverified(data: bytes) -> Release:
    """Return what a release says, whoever signed it. Raises ReleaseMalformed."""
    return _release(_note(data))


def _note(data: bytes) -> note.Note:
    try:
        found = note.read(data)
    except (Malformed, NoteUnsigned) as error:
        raise ReleaseMalformed(error.detail) from None
    if found.kind != KIND or len(found.lines) != _LINES:
        raise ReleaseMalformed("a note of another kind")
    return found


def _release(found: note.Note) -> Release:
    try:
        release = msgspec.json.decode(found.lines[1], type=Release)
        for entry in release.files.values():
            unb64(entry.sha256, HASH_BYTES)
    except (msgspec.MsgspecError, Malformed, RecursionError, UnicodeEncodeError):
        raise ReleaseMalformed("its second line is not what it should be") from None
    if not all(map(_is_inside, release.files)):
        raise ReleaseMalformed("a file that lies outside the site")
    return release


def _is_inside(path: str) -> bool:
    """Return whether this names a file below the site's folder, in one spelling: no part empty, `.` or `..`."""
    parts = path.split("/")
    return bool(path) and path.isprintable() and "\\" not in path and all(part not in ("", ".", "..") for part in parts)


def as_json(release: Release) -> dict[str, Any]:
    """Return the release as plain objects."""
    return {"seq": release.seq, "issued": release.issued, "files": len(release.files)}


def is_served(path: str) -> bool:
    """Return whether a host hands this file out. A name with an underscore before it tells the host how to serve."""
    return not any(part.startswith("_") for part in PurePosixPath(path).parts)
