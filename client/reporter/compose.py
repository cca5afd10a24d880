"""From facts and files to sealed envelopes: a report or amendment, and the parcels of its files."""

import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keys import message
from keys.envelope import Address, Sealed, seal, size_for
from keys.errors import TocsinError
from keys.message import PIECE_BYTES, PIECES, Amend, Parcel, ParcelRef, ReplyBlock, Report
from keys.organisation import Card
from keys.wire import ID_BYTES, PARCEL_BYTES, SEED_BYTES, Purpose, RandomBytes, b64


class FileTooLarge(TocsinError):
    """this file is too large to be sent"""

    code = "file-too-large"
    hint = f"at most {PIECE_BYTES * PIECES // 2**20} MiB; cut the recording into parts"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send: its media type and its bytes, which are sent as they are."""

    type: str
    data: bytes = field(repr=False)


def attachment(path: Path, data: bytes) -> Attachment:
    """Return a file as an attachment; only its type is taken from the name, the name itself stays here."""
    if len(data) > PIECE_BYTES * PIECES:
        raise FileTooLarge()
    return Attachment(mimetypes.guess_type(path.name)[0] or "application/octet-stream", data)


def new_case(random_bytes: RandomBytes) -> tuple[str, bytes]:
    """Return the id of a new case, one that a shell does not take for an option, and the secret it is made of."""
    while message.case_id(secret := random_bytes(SEED_BYTES)).startswith("-"):
        pass
    return message.case_id(secret), secret


def new_id(random_bytes: RandomBytes) -> str:
    """Return a random id in base64url that a shell does not take for an option."""
    while (text := b64(random_bytes(ID_BYTES))).startswith("-"):
        pass
    return text


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to say: facts, files, and where a reply may go. `case_secret`: shows that the case is theirs;
    without it an organisation uses no reply block."""

    facts: dict[str, Any] = field(repr=False)
    files: list[Attachment] = field(default_factory=list, repr=False)
    reply: ReplyBlock | None = None
    practice: bool = False
    case_secret: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Composed:
    """A sealed message: its case, its id, the message's own envelope first, then those of its parcels."""

    case: str
    id: str
    sealed: list[Sealed]


def compose(
    card: Card, draft: Draft, *, case: str, first: bool, seq: int, now: int, random_bytes: RandomBytes
) -> Composed:
    """Seal a message and its files: the report that begins a case, or an amendment to it. Raises TooMuchContent."""
    address = Address(Purpose.REPORT, card.root, card.mailbox)
    key = card.key_for(now)
    refs = [_ref(file, random_bytes) for file in draft.files]
    kind = Report if first else Amend
    report = kind(
        id=new_id(random_bytes),
        case=case,
        seq=seq,
        at=now,
        facts=draft.facts,
        parcels=refs,
        reply=draft.reply,
        practice=draft.practice,
        case_secret=None if draft.case_secret is None else b64(draft.case_secret),
    )
    header = message.header(report)
    sealed = [seal(header, b"", key=key, address=address, random_bytes=random_bytes, size=size_for(header, b""))]
    for ref, file in zip(refs, draft.files, strict=True):
        for i in range(ref.n):
            piece = file.data[i * PIECE_BYTES : (i + 1) * PIECE_BYTES]
            parcel = Parcel(id=new_id(random_bytes), case=report.case, seq=seq, at=now, of=ref.id, i=i, n=ref.n)
            header = message.header(parcel)
            sealed.append(seal(header, piece, key=key, address=address, random_bytes=random_bytes, size=PARCEL_BYTES))
    return Composed(report.case, report.id, sealed)


def _ref(file: Attachment, random_bytes: RandomBytes) -> ParcelRef:
    return ParcelRef(
        id=new_id(random_bytes),
        n=max(1, -(-len(file.data) // PIECE_BYTES)),
        sha256=b64(hashlib.sha256(file.data).digest()),
        type=file.type,
        bytes=len(file.data),
    )
