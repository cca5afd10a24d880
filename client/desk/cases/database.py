"""The desk's database: in memory, made anew from letters and journal at each unlocking. Tables: `schema.sql`."""

import gc
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files

from sqlite_utils import Database

from client.desk.cases import ingest, places
from client.desk.journal.entries import Entry
from client.organisation.decoded_letters import DecodedLetter
from client.organisation.records import RecordLetter
from client.stations.pack.pack import Pack
from keys.envelope import Address


def build(
    letters: Iterable[RecordLetter | DecodedLetter], entries: Iterable[Entry], packs: Sequence[Pack] = (), *,
    country: str = "", address: Address | None = None,
) -> Database:  # fmt: skip
    """Make the database that follows from letters and journal, in any order. The first entry is asked for after the
    last letter.

    `country` (two letters): whose laws hold where no place of a case tells. `address`: what reports to this
    organisation are sealed for; without it nobody is known to have said a letter.
    """
    db = create(packs, country=country, address=address)
    with _without_collector():
        ingest.add_all(db, letters, entries)
    return db


@contextmanager
def _without_collector() -> Iterator[None]:
    """Stop the garbage collector: there are millions of small objects and no cycles, and looking for cycles among them
    took half of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def create(packs: Sequence[Pack] = (), *, country: str = "", address: Address | None = None) -> Database:
    """Make a database with the tables and the stations of the packs. Nothing of it ever touches a disk."""
    # Plugins would be found by what else is installed on this computer; none is wanted here.
    db = Database(sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None), execute_plugins=False)
    db.execute("PRAGMA temp_store = MEMORY")
    db.conn.executescript(files(__package__).joinpath("schema.sql").read_text(encoding="utf-8"))
    where = [address.recipient, address.mailbox] if address else [None, None]
    db.execute("INSERT INTO desk VALUES (?, ?, ?)", [country, *where])
    with ingest.transaction(db):
        for pack in packs:
            places.add_pack(db, pack)
    return db
