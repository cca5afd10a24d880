"""An organisation's folder opened for one act of the command line, which the journal then names as it names the desk's.

Specified in `client/desk/journal/journal.md`, "The command line".
"""

import getpass
import hashlib
import json
import mimetypes
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from client import files
from client.desk.journal.entries import Action, By, Damaged, Exported, Replied, Sent, plain_name
from client.desk.journal.log import Journal
from client.desk.journal.reconcile import make_received
from client.desk.session import Session
from client.organisation import case_files
from client.organisation import reply as organisation_reply
from client.organisation.case_files import Assembled, Case
from client.organisation.decoded_letters import decode_page
from client.organisation.deliveries import Deliveries
from client.organisation.home import Home, unlock_home
from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.records import Page, Records
from client.organisation.rotation import RotationReport, rotate_if_dated
from client.outbox.sender import OutboxSender, Outcome
from client.outbox.store import OutboxStore
from client.transport.relay_client import Transport
from keys.envelope import commit
from keys.errors import TocsinError
from keys.message import ParcelRef, Reply
from keys.wire import RandomBytes, unb64

COMMAND = "command"  # why a session of the command line ends
CASE = "case"  # what an Exported says of a case that was saved
BY = "TOCSIN_BY"  # in the environment: by which name the journal knows who uses the command line


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A photo or recording of a saved case; without a `path` it was not whole and was not written."""

    file: Assembled
    path: Path | None


class BriefSession:
    """A session of the journal that begins with the first act and ends with the last. Raises as each act says."""

    def __init__(
        self, home: Home, records: Records, journal: Journal, *, by: By, clock: Callable[[], float],
        random_bytes: RandomBytes,
    ) -> None:  # fmt: skip
        self.home, self.records = home, records
        self.deliveries = Deliveries(records, home.secrets.relays, clock)
        self._journal, self._clock, self._random_bytes = journal, clock, random_bytes
        self._session = Session(records, journal, by=by, clock=clock, random_bytes=random_bytes)
        self._is_open = False
        if journal.damage and not journal.read_only:
            self._open()  # what was found is set aside now, and nobody would find it again

    @property
    def damage(self) -> list[Damaged]:
        """The damage that was found in the journal when it was opened."""
        return list(self._journal.damage)

    def pull(
        self, transport: Transport, tick: Callable[[int], None] = lambda _: None
    ) -> tuple[PullResult, RotationReport]:
        """Empty the mailbox at every relay, note what came, and then destroy the keys that are over.

        A damaged journal keeps nobody from collecting: what is not named in it is named at the next unlocking.
        """
        secrets = self.home.secrets
        inbox = Inbox.of(self.home, self.records, self.deliveries, clock=self._clock, on_page=self._note_page)
        tally = inbox.pull(transport, secrets.relays, secrets.mailbox_key, tick)
        return tally, rotate_if_dated(self.home, transport, int(self._clock()), collect=lambda: tally)

    def now(self) -> int:
        """Return Unix seconds by this session's clock."""
        return int(self._clock())

    def load_cases(self) -> dict[str, Case]:
        """Return every case by its id."""
        secrets = self.home.secrets
        return case_files.load(self.records, report_address(secrets.root_public, secrets.mailbox_key.id))

    def _note_page(self, page: Page, _: int | None) -> None:
        if (page.letters or page.pieces or page.aside) and not self._journal.read_only:
            self._write([make_received(page, decode_page(page))])

    def reply(self, case: Case, text: str, status: str, transport: Transport) -> tuple[Reply, Outcome]:
        """Seal a reply, note it, and only then let it go. What does not leave now stays in the outbox.

        Raises NoReplyBlock, BadEntry, CannotWrite, JournalReadOnly; then no reply was given.
        """
        self._journal.check_writable()
        replies = self._session.replies
        reply, letters = organisation_reply.compose_reply(
            case, text, status, self.home.secrets, now=int(self._clock()), random_bytes=self._random_bytes,
            seq=replies.last_seq(case.id),
        )  # fmt: skip
        ways = [letter.sealed.hash for letter in letters]
        with OutboxStore(self.home.path) as outbox:
            self._session.resolve_outbox(outbox)
            outbox.hold(letters)
            try:
                self._write([Replied(case=case.id, id=reply.id, text=text, status=status, seq=reply.seq, ways=ways)])
            except BaseException:
                if not replies.find_journaled(ways):
                    outbox.drop(ways)
                raise
            outbox.release(ways)
            return reply, self._carry(outbox, transport, ways)

    def send(self, transport: Transport, tick: Callable[[int], None] = lambda _: None) -> tuple[int, Outcome]:
        """Try again whatever has not left, and note the receipts; how many envelopes there were."""
        with OutboxStore(self.home.path) as outbox:
            self._session.resolve_outbox(outbox)
            hashes = outbox.hashes()
            return len(hashes), self._carry(outbox, transport, hashes, lambda: tick(1))

    def _carry(
        self, outbox: OutboxStore, transport: Transport, hashes: list[bytes], tick: Callable[[], None] = lambda: None
    ) -> Outcome:
        sender = OutboxSender(outbox, transport, clock=self._clock, note=self._note_receipts)
        return sender.carry(hashes, hurry=True, tick=tick)

    def _note_receipts(self, envelope: bytes, receipts: Mapping[str, str]) -> None:
        fresh: list[Sent] = self._session.replies.make_sent(envelope, receipts.items())
        if fresh and not self._journal.read_only:
            self._write(fresh)

    def save(self, case: Case, target: Path) -> list[SavedFile]:
        """Note that a case leaves the folder, and then write its messages and files, readable, into another one.

        Raises CannotWrite, JournalReadOnly.
        """
        self._journal.check_writable()
        files.make_folder(target)
        lines = [json.dumps(case_files.as_json(message), ensure_ascii=False) for message in case.messages]
        messages = "".join(line + "\n" for line in lines).encode()
        found = [(ref, case_files.assemble(self.records, case.id, ref)) for ref in case.files()]
        proofs = dict(self._build_proofs(case))
        count, digest = 1 + len(proofs) + sum(file.whole for _, file in found), hashlib.sha256(messages).hexdigest()
        self._write([Exported(what=CASE, options={"case": case.id}, count=count, sha256=digest)])
        files.replace(target / "messages.jsonl", messages)
        for name, data in proofs.items():
            files.replace(target / name, data)
        return [_save_file(target, ref, file) for ref, file in found]

    def _build_proofs(self, case: Case) -> Iterator[tuple[str, bytes]]:
        """Yield each message's content byte for byte, and each receipt for it, named by the message's number."""
        for number, message in enumerate(case.messages, 1):
            yield f"{number:04}.content", message.content
            for k, receipt in enumerate(self.records.receipts(commit(message.content)), 1):
                yield f"{number:04}-{k}.receipt", receipt.text.encode()

    def close(self) -> None:
        """Note the end of the session, if it wrote anything."""
        if self._is_open and not self._journal.read_only:
            with suppress(TocsinError):
                self._session.close(COMMAND)

    def _write(self, actions: Sequence[Action]) -> None:
        if not self._is_open:
            self._open()
        self._session.write(actions)

    def _open(self) -> None:
        self._session.open()
        self._is_open = True


@contextmanager
def open_session(
    folder: Path, passphrase: Callable[[], str], *, by: str = "", clock: Callable[[], float] = time.time,
    random_bytes: RandomBytes = os.urandom,
) -> Iterator[BriefSession]:  # fmt: skip
    """Open a home folder for one act and keep everybody else out of it, an unlocked desk too.

    Raises NoName, NoHome, FolderBusy, KeystoreError, RecordsBroken, CannotRead, CannotWrite.
    """
    name = plain_name(by or _own_name())
    with files.locked(folder):
        home = unlock_home(folder, passphrase, is_locked=True)
        with Records(folder, home.secrets.store) as records:
            journal = Journal.open(folder, home.secrets.store, records.tail())
            session = BriefSession(home, records, journal, by=name, clock=clock, random_bytes=random_bytes)
            try:
                yield session
            finally:
                session.close()


def _own_name() -> str:
    """Return how this computer calls whoever uses it, "tocsin" when it does not know."""
    if named := os.environ.get(BY, ""):
        return named
    try:
        return plain_name(getpass.getuser())
    except (OSError, KeyError, TocsinError):
        return "tocsin"


def _save_file(target: Path, ref: ParcelRef, file: Assembled) -> SavedFile:
    # The sender's word for a type never becomes more than the end of a name; "page.html" could run.
    ending = mimetypes.guess_extension(ref.type) if ref.type.startswith(("image/", "audio/", "video/")) else None
    path = target / f"{unb64(ref.sha256).hex()}{ending or '.bin'}"
    if not file.whole:
        return SavedFile(file, None)
    files.replace(path, file.data)
    return SavedFile(file, path)
