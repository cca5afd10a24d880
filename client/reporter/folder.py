"""A reporter's folder on a computer: sealed outbox, sealed routes for replies, nothing that can be read back.

What lies open here: case ids with their counters, mailbox ids of waiting letters, and a public key. The private half,
which opens replies, is in a keystore; sending needs no passphrase. Specified in `client/folders.md`.
"""

import os
import secrets as system
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey as BoxKey
from nacl.public import PublicKey as BoxPublic
from nacl.public import SealedBox
from nacl.secret import SecretBox

from client import files
from client.outbox.store import SpoolBroken
from keys.errors import BadReceipt, CardOlder, KeystoreCut, TocsinError
from keys.kem import PrivateKey
from keys.keystore import EARNEST, Cost, Keystore, KeystoreKind, unlock
from keys.mailbox import MailboxKey
from keys.message import ReplyBlock
from keys.organisation import Card, read_card
from keys.receipt import read_receipt
from keys.wire import DAY_SECONDS, SEED_BYTES, TTL_DAYS, RandomBytes, b64, digest, domain

KEYSTORE = "reporter"
PUBLIC = "reporter.pub"
STATE = "state"
CARRIED = 2  # later messages that carry a receipt
_ORGANISATION = domain("known")
_NOTE = domain("known-card")


class NoReporter(TocsinError):
    """no reply can have come: nothing in this folder can open one"""

    code = "reporter-missing"
    hint = "give a passphrase with your first report, so that replies can be sealed to you"


class UnknownCase(TocsinError):
    """there is no such case here"""

    code = "case-unknown"
    hint = "check the case id; its first letters are enough when they fit one case only"


class UnknownReply(TocsinError):
    """there is no such reply here"""

    code = "answer-unknown"
    hint = "`tocsin replies --case CASE --json` shows their ids; the first letters are enough when they fit one only"


class StateDamaged(TocsinError):
    """the file that remembers your cases is damaged"""

    code = "state-damaged"
    hint = "move the file `state` away; new reports work, but old cases can no longer be added to from here"


class ReporterState(msgspec.Struct):
    """What lies open: the next counter of each case, and of each organisation (by hash) number and signed note of the
    newest card seen, the note sealed so that it opens only for who knows the organisation's root."""

    cases: dict[str, int] = {}
    cards: dict[str, int] = {}
    notes: dict[str, bytes] = {}


class ReplyRoute(msgspec.Struct, frozen=True):
    """The private side of a reply block."""

    case: str
    relays: tuple[str, ...]
    mailbox: bytes
    key: bytes
    secret: bytes
    until: int
    receipts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "ReplyRoute(...)"  # its keys must not reach a log with a traceback

    def block(self) -> ReplyBlock:
        """Return the reply block that goes into the message."""
        mailbox = b64(MailboxKey(self.mailbox).id)
        return ReplyBlock(
            relays=[(relay, mailbox) for relay in self.relays],
            key=b64(PrivateKey(self.key).public),
            secret=b64(self.secret),
            until=self.until,
        )


class StoredCase(msgspec.Struct, frozen=True):
    """What shows that a case was begun here: the 32 bytes that its id is made of."""

    case: str
    secret: bytes

    def __repr__(self) -> str:
        return "StoredCase(...)"


class StoredReply(msgspec.Struct, frozen=True):
    """A reply as it was opened."""

    case: str
    id: str
    text: str
    status: str
    at: int

    def __repr__(self) -> str:
        return "StoredReply(...)"


class SentMessage(msgspec.Struct, frozen=True):
    """Which case a message belongs to, by the commitment that receipts for it name (32 bytes)."""

    case: str
    commitment: bytes

    def __repr__(self) -> str:
        return "SentMessage(...)"


class OwnReceipt(msgspec.Struct, frozen=True):
    """A relay's receipt for an envelope that was sent from here, as text."""

    text: str

    def __repr__(self) -> str:
        return "OwnReceipt(...)"


Value = TypeVar("Value", ReplyRoute, StoredReply, SentMessage, OwnReceipt, StoredCase)


class Reporter:
    """The folder. Whoever changes it holds `files.locked`."""

    def __init__(self, folder: Path) -> None:
        files.make_folder(folder)
        self.folder = folder

    @property
    def can_receive_replies(self) -> bool:
        """Whether there is a key that replies are sealed under."""
        return (self.folder / PUBLIC).exists()

    def set_up(self, passphrase: str, *, cost: Cost = EARNEST, random_bytes: RandomBytes = system.token_bytes) -> None:
        """Make the key that replies are sealed under."""
        key = BoxKey(random_bytes(BoxKey.SIZE))
        keystore = Keystore.new(KeystoreKind.REPORTER, passphrase, random_bytes, cost)
        files.replace(self.folder / KEYSTORE, keystore.lock(bytes(key), random_bytes))
        files.replace(self.folder / PUBLIC, bytes(key.public_key))

    def next_seq(self, case: str | None) -> int:
        """Return the counter of a case's next message. Raises UnknownCase."""
        if case is None:
            return 0
        cases = self._state().cases
        if case not in cases:
            raise UnknownCase()
        return cases[case]

    def find_case(self, start: str) -> str:
        """Return the case whose id begins so. Raises UnknownCase."""
        return only_one(start, self._state().cases)

    def has_sent(self, case: str, seq: int) -> None:
        """Remember how far a case has come."""
        state = self._state()
        state.cases[case] = seq + 1
        self._save(state)

    def check_card(self, card: Card) -> None:
        """Refuse a card that is older than one seen before, and remember this one. Raises CardOlder."""
        state, mark = self._state(), mark_organisation(card.root)
        if card.seq < state.cards.get(mark, 0):
            raise CardOlder()
        if card.seq > state.cards.get(mark, 0) or mark not in state.notes:
            state.cards[mark] = card.seq
            state.notes[mark] = bytes(SecretBox(_note_key(card.root)).encrypt(card.signed))
            self._save(state)

    def newest_card(self, root: bytes) -> Card | None:
        """Return the newest card seen of this organisation; None when none was kept or it does not read."""
        sealed = self._state().notes.get(mark_organisation(root))
        try:
            return None if sealed is None else read_card(SecretBox(_note_key(root)).decrypt(sealed), root=root)
        except (CryptoError, ValueError, TocsinError):
            return None

    def new_reply_route(
        self, case: str, card: Card, now: int, random_bytes: RandomBytes = system.token_bytes
    ) -> ReplyRoute:
        """Return a fresh route for replies; it counts only once `keep_reply_route` has stored it."""
        until = now + TTL_DAYS * DAY_SECONDS
        return ReplyRoute(
            case,
            card.relays,
            random_bytes(SEED_BYTES),
            random_bytes(SEED_BYTES),
            random_bytes(SEED_BYTES),
            until,
            card.log,
        )

    def keep_reply_route(self, route: ReplyRoute) -> None:
        """Store a reply route, sealed. Raises CannotWrite, SpoolBroken, KeystoreCut."""
        self._seal("way", route)

    def keep_reply(self, reply: StoredReply) -> None:
        """Store a reply, sealed. Raises CannotWrite, SpoolBroken, KeystoreCut."""
        self._seal("answer", reply)

    def keep_sent(self, message: SentMessage) -> None:
        """Remember which case a message belongs to, sealed. Raises CannotWrite, SpoolBroken, KeystoreCut."""
        self._seal("sent", message)

    def keep_receipts(self, envelope: bytes, receipts: Mapping[str, str]) -> None:
        """Store the receipts that relays gave for an envelope (relay to text), sealed; without a key to seal them
        under, none. Where they cannot be stored, the letters that wait are sent all the same."""
        if self.can_receive_replies:
            with suppress(files.CannotWrite, SpoolBroken, KeystoreCut, files.CannotRead):
                for text in receipts.values():
                    self._seal("receipt", OwnReceipt(text))

    def find_receipts(self, key: BoxKey, case: str) -> dict[str, list[int]]:
        """Return the receipts for messages of a case that fewer than two later messages carried, those that none
        carried first: text to the rows it stands in. Receipts for what is no message (a piece of a file) are deleted.

        Two, because a relay may drop the one message that carries them. Raises SpoolBroken, CannotWrite.
        """
        cases = {sent.commitment: sent.case for sent in self._unseal_all("sent", key, SentMessage)}
        with self._database() as db:
            query = "SELECT rowid, carried, box FROM receipt ORDER BY carried, rowid"
            with closing(db.execute(query)) as rows:
                stored = [(row, carried, _unseal(box, key, OwnReceipt).text) for row, carried, box in rows.fetchall()]
            found: dict[str, list[int]] = {}
            useless: list[tuple[int]] = []
            for row, carried, text in stored:
                named = _find_commitment(text)
                if named is None or named not in cases:
                    useless.append((row,))
                elif cases[named] == case and carried < CARRIED:
                    found.setdefault(text, []).append(row)
            db.executemany("DELETE FROM receipt WHERE rowid = ?", useless)
        return found

    def mark_carried(self, rows: Iterable[int]) -> None:
        """Note that one more message carries these receipts. Raises CannotWrite, SpoolBroken."""
        if not (marked := [(row,) for row in rows]):
            return
        with self._database() as db:
            db.executemany("UPDATE receipt SET carried = carried + 1 WHERE rowid = ?", marked)

    def keep_case(self, case: str, secret: bytes) -> None:
        """Store the secret of a case, sealed. Raises CannotWrite, SpoolBroken, KeystoreCut."""
        self._seal("secret", StoredCase(case, secret))

    def case_secret(self, key: BoxKey, case: str) -> bytes | None:
        """Return the secret of a case; None when it was begun without a key to seal it to. Raises SpoolBroken."""
        found = (stored.secret for stored in self._unseal_all("secret", key, StoredCase) if stored.case == case)
        return next(found, None)

    def unlock(self, passphrase: Callable[[], str]) -> BoxKey:
        """Return the key that opens routes and replies. Raises NoReporter, KeystoreError."""
        if not (self.folder / KEYSTORE).exists():
            raise NoReporter()
        _, key = unlock(files.read(self.folder / KEYSTORE), passphrase(), KeystoreKind.REPORTER)
        return BoxKey(key)

    def reply_routes(self, key: BoxKey, case: str) -> list[ReplyRoute]:
        """Return the stored reply routes of a case. Raises SpoolBroken."""
        return [route for route in self._unseal_all("way", key, ReplyRoute) if route.case == case]

    def expired_routes(self, key: BoxKey, now: int) -> list[ReplyRoute]:
        """Return the routes on which nothing can come any more, of every case, if this clock is right."""
        return [route for route in self._unseal_all("way", key, ReplyRoute) if route.until < now - DAY_SECONDS]

    def forget_routes(self, key: BoxKey, routes: Collection[ReplyRoute]) -> None:
        """Destroy these routes: their keys open every reply that went along them."""
        with self._database() as db, closing(db.execute("SELECT rowid, box FROM way")) as rows:
            over = [(row,) for row, box in rows.fetchall() if _unseal(box, key, ReplyRoute) in routes]
            db.executemany("DELETE FROM way WHERE rowid = ?", over)

    def find_reply(self, key: BoxKey, start: str) -> StoredReply:
        """Return the stored reply whose id begins so, of whatever case. Raises UnknownReply."""
        found = {
            reply.id: reply for reply in self._unseal_all("answer", key, StoredReply) if reply.id.startswith(start)
        }
        if not start or len(found) != 1:
            raise UnknownReply()
        return next(iter(found.values()))

    def replies(self, key: BoxKey, case: str) -> list[StoredReply]:
        """Return the stored replies to a case, each once, oldest first. Raises SpoolBroken."""
        found = {reply.id: reply for reply in self._unseal_all("answer", key, StoredReply) if reply.case == case}
        return sorted(found.values(), key=lambda reply: reply.at)

    def _state(self) -> ReporterState:
        path = self.folder / STATE
        if not path.exists():
            return ReporterState()
        try:
            return msgspec.json.decode(files.read(path), type=ReporterState)
        except msgspec.DecodeError:
            raise StateDamaged() from None

    def _save(self, state: ReporterState) -> None:
        files.replace(self.folder / STATE, msgspec.json.encode(state))

    def _seal(self, table: str, value: ReplyRoute | StoredReply | SentMessage | OwnReceipt | StoredCase) -> None:
        try:
            public = BoxPublic(files.read(self.folder / PUBLIC))
        except (ValueError, CryptoError):
            raise KeystoreCut() from None
        box = SealedBox(public).encrypt(msgspec.msgpack.encode(value))
        with self._database() as db:
            db.execute(f"INSERT INTO {table} (box) VALUES (?)", (box,))  # noqa: S608 - one of our names

    def _unseal_all(self, table: str, key: BoxKey, kind: type[Value]) -> Iterator[Value]:
        with self._database() as db, closing(db.execute(f"SELECT box FROM {table}")) as rows:  # noqa: S608
            boxes = [row[0] for row in rows]
        for box in boxes:
            yield _unseal(box, key, kind)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        path = self.folder / "replies.db"
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, files.MODE))
            with closing(sqlite3.connect(path, isolation_level=None)) as db:
                db.execute("PRAGMA secure_delete = ON")
                db.execute("PRAGMA synchronous = FULL")
                for table in ("way", "answer", "sent", "secret"):
                    db.execute(f"CREATE TABLE IF NOT EXISTS {table} (box BLOB NOT NULL)")
                db.execute("CREATE TABLE IF NOT EXISTS receipt (box BLOB NOT NULL, carried INTEGER NOT NULL DEFAULT 0)")
                yield db
        except (sqlite3.OperationalError, OSError) as error:
            raise files.CannotWrite(f"{path} ({error})") from None
        except sqlite3.DatabaseError:
            raise SpoolBroken() from None


def _unseal(box: bytes, key: BoxKey, kind: type[Value]) -> Value:
    try:
        return msgspec.msgpack.decode(SealedBox(key).decrypt(box), type=kind)
    except (CryptoError, msgspec.DecodeError):
        raise SpoolBroken() from None


def _find_commitment(text: str) -> bytes | None:
    try:
        return read_receipt(text.encode())[0].commitment
    except (BadReceipt, UnicodeEncodeError):
        return None


def mark_organisation(root: bytes) -> str:
    """Return what an organisation is known by in the folder: a hash of its root."""
    return b64(digest(_ORGANISATION, root))


def _note_key(root: bytes) -> bytes:
    return digest(_NOTE, root)


def only_one(start: str, ids: "dict[str, int] | list[str]") -> str:
    """Return the one id that begins so. Raises UnknownCase."""
    if start in ids:
        return start
    found = [id_ for id_ in ids if start and id_.startswith(start)]
    if len(found) != 1:
        raise UnknownCase()
    return found[0]
