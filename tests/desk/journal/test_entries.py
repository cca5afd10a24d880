"""The kinds of entries as they stand on every desk's disk: a class may be renamed, its kind may not."""

import msgspec
import pytest

from client.desk.journal import entries
from keys.wire import HASH_BYTES, b64

SESSION = b"s" * 16
CASE = b64(bytes(16))
PERSON = f"{CASE}#0"
HASH = b64(bytes(32))
ACTIONS = {
    "opened": entries.Unlocked(),
    "locked": entries.Locked(),
    "received": entries.Received(),
    "viewed": entries.Viewed(case=CASE),
    "noted": entries.Noted(case=CASE, text=""),
    "assigned": entries.Assigned(case=CASE, to=""),
    "marked": entries.Marked(case=CASE, status="new"),
    "replied": entries.Replied(case=CASE, id=CASE, text="", status=""),
    "sent": entries.Sent(case=CASE, id=CASE, envelope=bytes(HASH_BYTES), relay="", receipt=""),
    "stated": entries.Stated(case=CASE, facts={}, source=""),
    "named": entries.Named(case=CASE, person=PERSON, name=""),
    "lawyer": entries.Lawyer(case=CASE, state="none"),
    "confirmed": entries.Confirmed(case=CASE, how=""),
    "sameperson": entries.SamePerson(a=PERSON, b=PERSON),
    "differentperson": entries.DifferentPerson(a=PERSON, b=PERSON),
    "samegroup": entries.SameGroup(a=CASE, b=CASE),
    "differentgroup": entries.DifferentGroup(a=CASE, b=CASE),
    "apart": entries.Unlinked(entry=HASH),
    "official": entries.Official(id=CASE),
    "linked": entries.Linked(official=CASE, case=CASE),
    "handedover": entries.HandedOver(text=""),
    "clockset": entries.ClockSet(case=CASE, clock=""),
    "exported": entries.Exported(what=""),
    "merged": entries.Merged(),
    "damaged": entries.Damaged(code=""),
}


def test_every_kind_is_listed_here() -> None:
    assert tuple(ACTIONS) == entries.KINDS


@pytest.mark.parametrize("kind", ACTIONS)
def test_an_entry_names_its_kind_as_it_always_did(kind: str) -> None:
    action = ACTIONS[kind]
    entry = entries.write(SESSION, 0, entries.FIRST, 1, at=7, by="Анна", action=action)
    *_, written = msgspec.msgpack.decode(entry.data)
    assert (next(iter(written.items())), action.kind) == (("kind", kind), kind)
    assert entries.read(entry.data).action == action
