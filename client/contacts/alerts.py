"""Sealing an alert to a contact and sending it: one call each on a person's folder.

What does not leave now waits sealed in the outbox. Each call blocks for the network, and raises FolderBusy, NoContacts,
WrongPassphrase, KeystoreCut, NotAKeystore, UnknownContact, NotPaired, PairExpired, TooMuchContent and CannotWrite
besides what it names itself.
"""

from pathlib import Path

from client import files
from client.contacts.book import Book, open_book
from client.contacts.pairing import Passphrase
from client.contacts.sync import AlertWords, Sync
from client.outbox.sender import Outcome
from client.outbox.store import OutboxStore
from client.reporter.folder import Reporter
from client.transport.relay_client import Transport
from keys.errors import WrongPassphrase


def send_alert(folder: Path, passphrase: Passphrase, label: str, words: AlertWords, transport: Transport) -> Outcome:
    """Seal an alert to a contact and send it."""
    with files.locked(folder):
        return _send(folder, open_book(folder, passphrase, is_locked=True), label, words, transport)


def write_back(
    folder: Path, passphrase: Passphrase, alert_start: str, text: str, transport: Transport
) -> tuple[str, Outcome]:
    """Write to whoever sent the alert whose id begins so; return the name of that contact too. Raises UnknownAlert."""
    with files.locked(folder):
        book = open_book(folder, passphrase, is_locked=True)
        label = book.find_alert(alert_start).label
        return label, _send(folder, book, label, AlertWords("text", text), transport)


def pass_on_reply(
    folder: Path,
    passphrase: Passphrase,
    reply_start: str,
    label: str,
    transport: Transport,
    *,
    other_passphrase: Passphrase | None = None,
) -> Outcome:
    """Send a contact the reply of an organisation whose id begins so.

    `other_passphrase`: asked when replies are sealed under another passphrase than the contacts; None: WrongPassphrase
    is raised. Raises NoReporter, UnknownReply.
    """
    with files.locked(folder):
        book = open_book(folder, passphrase, is_locked=True)
        book.find(label)
        reporter = Reporter(folder)
        try:
            key = reporter.unlock(passphrase)
        except WrongPassphrase:
            if other_passphrase is None:
                raise
            key = reporter.unlock(other_passphrase)
        reply = reporter.find_reply(key, reply_start)
        return _send(folder, book, label, AlertWords("text", reply.text, passed=True), transport)


def _send(folder: Path, book: Book, label: str, words: AlertWords, transport: Transport) -> Outcome:
    with OutboxStore(folder) as store:
        return Sync(book, store, transport).alert(label, words)
