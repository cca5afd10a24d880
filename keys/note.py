"""Signed notes (c2sp.org/signed-note, Ed25519, signature type 0x01). Specified in `keys/note.md`.

Everything signed in public is one of these: organisation card, receipt, checkpoint, station pack, phone release.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from keys.errors import NotANote, NoteUnsigned
from keys.wire import digest

NOTE_BYTES = 262_144  # the largest note read; a card has about 25,000
SIGNATURES = 16  # the most signature lines looked at
PUBLIC_BYTES = 32

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
# no `+`, no control character, nothing that Unicode calls white space, no byte order mark
_NAME = re.compile(r"[^+\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+\Z")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile(r"— ([^ ]+) ([A-Za-z0-9+/]+={0,2})\Z")


def key_id(name: str, public: bytes) -> bytes:
    """Return the 4 bytes that name a key on a signature line. Source: C2SP signed-note."""
    return digest(name.encode() + b"\n" + _ED25519 + public)[:_KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verifier key: a name without blanks or `+`, and an Ed25519 public key of 32 bytes. Source: C2SP signed-note."""

    name: str
    public: bytes

    def __str__(self) -> str:
        """The text form `name+hash+key` of the specification."""
        key = base64.b64encode(_ED25519 + self.public).decode("ascii")
        return f"{self.name}+{key_id(self.name, self.public).hex()}+{key}"

    @classmethod
    def parse(cls, text: str) -> "NoteKey":
        """Read the text form. Raises NotANote."""
        name, _, rest = text.partition("+")
        claimed, _, key = rest.partition("+")
        public = _unb64(key)
        if not _NAME.match(name) or public[:1] != _ED25519 or len(public[1:]) != PUBLIC_BYTES:
            raise NotANote("not an Ed25519 verifier key")
        if key_id(name, public[1:]).hex() != claimed:
            raise NotANote("the verifier key's own hash does not fit")
        return cls(name, public[1:])


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read: the signed text (ends with a newline) and its signature lines (name, key id, signature)."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.split("\n")[:-1]

    @property
    def kind(self) -> str:
        """The first line of the text."""
        return self.lines[0]

    def signed_by(self, public: bytes) -> bool:
        """Return whether a signature of this Ed25519 public key is on the note, whatever name it is given.

        Source: RFC 8032, as libsodium verifies.
        """
        return any(
            _verifies(public, self.text, signature)
            for name, claimed, signature in self.signatures
            if claimed == key_id(name, public)
        )


def sign(text: str, name: str, key: SigningKey) -> bytes:
    """Return the note: `text`, a blank line, one signature line under `name`. `text` must end with a newline.

    Specified in `keys/note.md`, *Bytes*.
    """
    _check_text(text)
    if not _NAME.match(name):
        raise NotANote("a key's name has no blank and no +")
    public = bytes(key.verify_key)
    signature = key.sign(text.encode()).signature
    line = base64.b64encode(key_id(name, public) + signature).decode("ascii")
    return f"{text}\n— {name} {line}\n".encode()


def read(data: bytes) -> Note:
    """Take a note apart; nothing is verified yet. Raises NotANote. Specified in `keys/note.md`, *Reading*."""
    if len(data) > NOTE_BYTES:
        raise NotANote("too long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotANote("not UTF-8") from None
    body, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NotANote("no signature lines")
    text = body + "\n"
    _check_text(text)
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES:
        raise NotANote("too many signature lines")
    return Note(text, tuple(_signature(line) for line in lines))


def verify(data: bytes, public: bytes, kind: str) -> Note:
    """Read a note of this kind that `public` signed. Raises NotANote, NoteUnsigned.

    Specified in `keys/note.md`, *Reading*.
    """
    note = read(data)
    if note.kind != kind:
        raise NotANote("a note of another kind")
    if not note.signed_by(public):
        raise NoteUnsigned()
    return note


def _check_text(text: str) -> None:
    if not text.endswith("\n") or text == "\n":
        raise NotANote("the text does not end with a newline")
    if _CONTROL.search(text):
        raise NotANote("control characters in the text")


def _signature(line: str) -> tuple[str, bytes, bytes]:
    found = _SIGNATURE_LINE.match(line)
    if not found or not _NAME.match(found[1]):
        raise NotANote("a signature line that is none")
    data = _unb64(found[2])
    if len(data) <= _KEY_ID_BYTES:
        raise NotANote("a signature line that is too short")
    return found[1], data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:]


def _unb64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotANote("not base64") from None
    if base64.b64encode(data).decode("ascii") != text:
        raise NotANote("not the canonical base64")
    return data


def _verifies(public: bytes, text: str, signature: bytes) -> bool:
    try:
        VerifyKey(public).verify(text.encode(), signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True
