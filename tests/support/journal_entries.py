"""Letters and journal entries written out by hand, for what the desk makes of them."""

import itertools
from typing import Any

import msgspec

from client.desk.journal import entries
from client.desk.journal.entries import Entry
from client.organisation.records import Letter
from keys.envelope import frame
from keys.wire import b64, digest

NOW = 1_795_190_400


def case_id(name: str) -> str:
    return b64(digest(b"case", name.encode())[:16])


def person(name: str, k: int = 0) -> str:
    return f"{case_id(name)}#{k}"


def letter(
    case: str, facts: dict[str, Any], *, at: int = NOW, pulled: int = NOW + 600, committed: bool = True, **header: Any
) -> Letter:
    """A letter of the case that is called so here. `header`: other fields of it; it is a report unless it has a seq."""
    seq = header.pop("seq", 0)
    salt = digest(msgspec.json.encode([case, facts, at, seq, header]))
    fields = {
        **{"v": 1, "kind": "amend" if seq else "report", "id": b64(salt[:16]), "case": case_id(case)},
        **{"seq": seq, "at": at, "facts": facts, **header},
    }
    content = frame(salt, msgspec.json.encode(fields), b"")
    return Letter(content, committed, digest(b"envelope", salt), header.get("last_resort", False), pulled)


def station_report(case: str, place: str = "ОВД Тверской", *, people: int = 1, at: int = NOW, **facts: Any) -> Letter:
    """A report of somebody who is held at a station."""
    station = {"stage": "station", "station": {"text": place}}
    return letter(case, {**station, "people": people, **facts}, at=at)


class Journal:
    """Entries of one session, numbered as they are written."""

    def __init__(self, session: int = 1) -> None:
        self._session = session.to_bytes(16, "big")
        self._n = itertools.count()

    def write(self, action: entries.Action, at: int = NOW + 700, by: str = "Vera", turn: int | None = None) -> Entry:
        n = next(self._n)
        turn = n + 1 if turn is None else turn
        return entries.write(self._session, n, entries.FIRST, turn, at=at, by=by, action=action)

    def all(self, *actions: entries.Action) -> list[Entry]:
        return [self.write(action) for action in actions]
