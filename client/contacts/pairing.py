"""Making a code, scanning another's, comparing the digits, forgetting a contact: one call each on a person's folder.

Each call keeps other commands out of the folder and saves what it changed. Each raises FolderBusy, NoContacts,
WrongPassphrase, KeystoreCut, NotAKeystore and CannotWrite besides what it names itself.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from client import files
from client.contacts import book as contacts_book
from client.contacts.book import Book, Contact, Offer, open_book
from client.contacts.qr_image import read_picture
from client.contacts.sync import Sync, SyncResult
from client.outbox.store import OutboxStore
from client.transport.relay_client import Transport
from keys import code
from keys.code import PairCode
from keys.keystore import EARNEST, Cost

Passphrase = Callable[[], str]  # asked when it is needed


@contextmanager
def edit_book(folder: Path, passphrase: Passphrase) -> Iterator[Book]:
    """Open the contacts of a folder and save them at the end, unless an error ended the block."""
    with files.locked(folder):
        book = open_book(folder, passphrase, is_locked=True)
        yield book
        book.save()


def make_code(
    folder: Path, relays: tuple[str, ...], *, ask: Passphrase, choose: Passphrase, cost: Cost = EARNEST
) -> Offer:
    """Make a fresh code for one contact; a code that nobody scanned yet no longer counts.

    `relays`: where to be met; empty: where the last code said. `choose` is asked in a folder without contacts, `ask` in
    any other. Raises NoRelays, BadAddress, CodeTooLong.
    """
    with files.locked(folder):
        if contacts_book.exists(folder):
            book = open_book(folder, ask, is_locked=True)
        else:
            book = contacts_book.create(folder, choose(), os.urandom, cost=cost)
        offer = book.renew_offer(relays, int(time.time()), os.urandom)
        book.save()
        return offer


def scan_code(
    folder: Path, passphrase: Passphrase, other: PairCode, label: str, *, seen: bool = False, other_relay: bool = False
) -> Contact:
    """Take the code of another person. `seen`: read off their own screen, so there are no digits to compare.
    `other_relay`: a relay that is not one of ours may be used, and learns this computer's address each time.

    Raises OwnCode, KnownCode, LabelTaken, BadLabel, NoRelays, LocalRelay, ForeignRelay.
    """
    with edit_book(folder, passphrase) as book:
        return book.meet(other, label, int(time.time()), os.urandom, seen=seen, other_relay=other_relay)


def verify_safety_number(folder: Path, passphrase: Passphrase, label: str, digits: str = "") -> Contact:
    """Mark a contact as verified if these are their digits, or those in the picture of this name; empty: mark nothing.

    Raises UnknownContact, DigitsDiffer, BadCode, NoSuchFile, BadPicture, NoCodeInPicture.
    """
    with files.locked(folder):
        book = open_book(folder, passphrase, is_locked=True)
        contact = book.find(label)
        if digits:
            contact.meeting.check_safety_number(read_digits(digits))
            contact.verified = True
            book.save()
        return contact


def mark_seized(folder: Path, passphrase: Passphrase, label: str, *, is_seized: bool) -> Contact:
    """Mark a contact's phone as seized, or as back with its owner. Raises UnknownContact."""
    with edit_book(folder, passphrase) as book:
        contact = book.find(label)
        contact.seized = is_seized
        return contact


def forget_contact(folder: Path, passphrase: Passphrase, label: str) -> int:
    """Forget a contact: keys, alerts, and what waits in the outbox for them. Return how many letters that were.

    Raises UnknownContact.
    """
    with edit_book(folder, passphrase) as book:
        mailboxes = book.find(label).mailboxes
        with OutboxStore(folder) as store:
            withdrawn = store.withdraw(mailboxes)  # first: a forgotten contact cannot be found in the outbox any more
        book.remove(label)
        return withdrawn


@dataclass(frozen=True, slots=True)
class ContactRound:
    """What one round over all contacts came to, and how many pairings are not finished."""

    result: SyncResult
    waiting: int


def sync_contacts(folder: Path, passphrase: Passphrase, transport: Transport) -> ContactRound:
    """Finish pairings and fetch alerts, as far as the network goes. Blocks for the network."""
    with files.locked(folder):
        book = open_book(folder, passphrase, is_locked=True)
        with OutboxStore(folder) as store:
            result = Sync(book, store, transport).run()
    now = int(time.time())
    return ContactRound(result, sum(contact.state(now) == "waiting" for contact in book.secrets.contacts))


def read_code(text_or_path: str) -> PairCode:
    """Return the code of another person, given as text or as the name of a picture.

    Raises NoSuchFile, CannotRead, BadPicture, NoCodeInPicture, BadCode.
    """
    if "".join(text_or_path.split()).upper().startswith(code.PREFIX[:6]):
        return code.read_pair_code(text_or_path)
    if not os.path.isfile(text_or_path):  # unlike Path.is_file, it takes a text of any length
        raise files.NoSuchFile(text_or_path)
    return code.read_pair_code(read_picture(files.read(Path(text_or_path))))


def read_digits(text_or_path: str) -> str:
    """Return the digits of another person's screen, given as text or as the name of a picture.

    Raises NoSuchFile, CannotRead, BadPicture, NoCodeInPicture, BadCode.
    """
    if os.path.isfile(text_or_path):
        return code.read_digits(read_picture(files.read(Path(text_or_path))))
    # A file's name, not digits: nobody is to fear that the digits differ.
    if re.search(r"\.[a-z]+$", text_or_path.strip(), re.IGNORECASE):
        raise files.NoSuchFile(text_or_path)
    return code.read_digits(text_or_path)
