"""Letters as they lie in the records, without sealing them first, and the stations of one small city."""

import base64
import itertools
from typing import Any

import msgspec
from sqlite_utils import Database

from client.desk.cases import database
from client.desk.journal import entries as journal_entries
from client.desk.journal.entries import Entry
from client.organisation.records import RecordLetter
from client.stations.pack.columns import PackStation
from client.stations.pack.pack import About, Pack
from keys.envelope import frame
from keys.wire import b64, digest

NOW = 1_795_190_400  # 2026-11-20 16:00 in UTC, 19:00 in Moscow
_salts = itertools.count(1)


def case_id(number: int) -> str:
    return b64(digest(b"case", number.to_bytes(4, "big"))[:16])


def letter(
    case: str, facts: dict[str, Any], *, at: int = NOW, seq: int = 0, when: dict[str, int] | None = None, **more: Any
) -> RecordLetter:
    """An opened letter as kept. `more`: other fields of the header."""
    number = next(_salts).to_bytes(16, "big")
    kind = {"kind": "amend"} if seq else {"kind": "report", "practice": False}
    fields = {"id": b64(number), "case": case, "seq": seq, "at": at, "facts": facts, "when": when or {}}
    header = msgspec.json.encode({"v": 1, **kind, **fields, "parcels": [], "reply": None, **more})
    return RecordLetter(frame(digest(number), header, b""), True, digest(b"envelope", number), False, max(at, NOW))


def journal_entry(session: int, n: int, action: journal_entries.Action, at: int = NOW) -> Entry:
    """An entry of a desk's journal."""
    return journal_entries.write(
        session.to_bytes(16, "big"), n, journal_entries.FIRST, n + 1, at=at, by="Вера", action=action
    )


def station(
    number: int, name: str, city: str = "Москва", lat: int = 5_575_000, lon: int = 3_761_000, *, phone: str = ""
) -> PackStation:
    where = (lat + number * 100, lon + number * 50)
    return PackStation(f"ovd-{number}", (name,), f"{city}, Тверская улица, {number}", *where, phone)


def pack(*stations: PackStation) -> Pack:
    origin = {"source": "", "licence": "", "notice": ""}
    about = About(id="test", root="", seq=1, issued=1, country="RU", **origin, count=len(stations), size=1, hash="")
    return Pack(about, stations)


def at_station(pack_station: PackStation) -> dict[str, Any]:
    """The facts of somebody who is held there."""
    place = {"pack": "test", "id": pack_station.id, "text": pack_station.names[0], "certainty": "confirmed"}
    return {"stage": "station", "station": place}


def db(
    letters: list[RecordLetter], entries: list[Entry] | None = None, stations: tuple[PackStation, ...] = ()
) -> Database:
    return database.build(letters, entries or [], [pack(*stations)] if stations else [])


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


ALL = {"help": True, "store": True, "statistics": True, "UN": True, "publish": "with_name"}
