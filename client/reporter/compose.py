"""From facts and files to sealed envelopes: a report or amendment, and the parcels of its files."""

import hashlib
import mimetypes
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from keys import message
from keys.envelope import Address, Sealed, frame, seal_content, size_for
from keys.errors import TocsinError, TooMuchContent
from keys.message import PIECE_BYTES, PIECES, RECEIPTS, Amend, Parcel, ParcelRef, ReplyBlock, Report
from keys.organisation import Card
from keys.wire import ID_BYTES, PARCEL_BYTES, SALT_BYTES, SEED_BYTES, Purpose, RandomBytes, b64


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
    """What a person wants to say: facts, files, where a reply may go; receipts for earlier messages of the case.
    `case_secret`: shows that the case is theirs; without it an organisation uses no reply block."""

    facts: dict[str, Any] = field(repr=False)
    files: list[Attachment] = field(default_factory=list, repr=False)
    reply: ReplyBlock | None = None
    practice: bool = False
    receipts: tuple[str, ...] = field(default=(), repr=False)
    case_secret: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Composed:
    """A sealed message: its case, its id, the message's own envelope first, then those of its parcels. `receipts`: the
    number of receipts of its draft, from the first, that it carries."""

    case: str
    id: str
    sealed: list[Sealed]
    contents: list[bytes] = field(repr=False)  # of each envelope, so that it can be sealed again to another key
    receipts: int = 0

    def seal_again(self, card: Card, key: bytes) -> list[Sealed]:
        """Return the same contents sealed to another key of the organisation; whoever opens both counts them once."""
        address = Address(Purpose.REPORT, card.root, card.mailbox)
        return [
            seal_content(content, key=key, address=address, size=len(sealed.envelope))
            for content, sealed in zip(self.contents, self.sealed, strict=True)
        ]


def compose(
    card: Card, draft: Draft, *, case: str, first: bool, seq: int, now: int, random_bytes: RandomBytes
) -> Composed:
    """Seal a message and its files: the report that begins a case, or an amendment to it. Raises TooMuchContent.

    Specified in `client/folders.md`, *A message and its files*.
    """
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
    report, carried = _with_receipts(report, draft.receipts)
    header = message.header(report)
    contents = [(frame(random_bytes(SALT_BYTES), header, b""), size_for(header, b""))]
    for ref, file in zip(refs, draft.files, strict=True):
        for i in range(ref.n):
            piece = file.data[i * PIECE_BYTES : (i + 1) * PIECE_BYTES]
            parcel = Parcel(id=new_id(random_bytes), case=report.case, seq=seq, at=now, of=ref.id, i=i, n=ref.n)
            header = message.header(parcel)
            contents.append((frame(random_bytes(SALT_BYTES), header, piece), PARCEL_BYTES))
    sealed = [seal_content(content, key=key, address=address, size=size) for content, size in contents]
    return Composed(report.case, report.id, sealed, [content for content, _ in contents], carried)


def _with_receipts(report: Report | Amend, receipts: tuple[str, ...]) -> tuple[Report | Amend, int]:
    """Return the message with as many of these receipts as fit, and how many those are; a letter stays a letter."""
    size = size_for(message.header(report), b"")
    for count in range(min(len(receipts), RECEIPTS), 0, -1):
        whole = msgspec.structs.replace(report, receipts=list(receipts[:count]))
        with suppress(TooMuchContent):
            if size_for(message.header(whole), b"") == size:
                return whole, count
    return report, 0


def _ref(file: Attachment, random_bytes: RandomBytes) -> ParcelRef:
    return ParcelRef(
        id=new_id(random_bytes),
        n=max(1, -(-len(file.data) // PIECE_BYTES)),
        sha256=b64(hashlib.sha256(file.data).digest()),
        type=file.type,
        bytes=len(file.data),
    )
