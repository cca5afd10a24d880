"""What every store does. A new engine joins the fixture and must pass all of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keys.wire import digest
from relay.store.base import UNDATED, Envelope, MailboxState, Store, seen_id
from relay.store.files import make_folder
from relay.store.sqlite import SqliteStore
from tests.support.memory_store import MemoryStore
from tests.support.relay_post import letter, parcel

MINE, YOURS = b"\x11" * 32, b"\x22" * 32
PLENTY = 1 << 30


def sqlite_store(folder: Path) -> Store:
    make_folder(folder / "data")
    return SqliteStore(folder / "data")


def memory_store(_: Path) -> Store:
    return MemoryStore()


@pytest.fixture(params=[sqlite_store, memory_store])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    make: Callable[[Path], Store] = request.param
    opened = make(tmp_path)
    yield opened
    opened.close()


def envelope(mailbox: bytes = MINE, expires: int = 100, body: bytes | None = None) -> Envelope:
    body = body or letter()
    return Envelope(mailbox, digest(body), os.urandom(32), expires, body)


def keep(store: Store, envelopes: list[Envelope]) -> None:
    store.keep({seen_id(entry.mailbox, entry.hash): entry for entry in envelopes})


def seen(store: Store, *envelopes: Envelope) -> int:
    return len(store.seen([seen_id(entry.mailbox, entry.hash) for entry in envelopes]))


def everything(store: Store, mailbox: bytes = MINE) -> list[Envelope]:
    return store.page(mailbox, 1_000, PLENTY)


def swept(store: Store, today: int = 0, activity_epoch: int = 0, now: int = 0, periods: int = 0) -> int:
    return sum(store.sweep(today, activity_epoch, now, periods))


def test_what_is_kept_comes_back_byte_for_byte(store: Store) -> None:
    stored = [envelope(), envelope(body=parcel())]
    keep(store, stored)
    assert sorted(everything(store)) == sorted(stored)


def test_a_page_is_ordered_by_last_day_then_hash(store: Store) -> None:
    stored = [envelope(expires=day) for day in (102, 100, 101, 100, 102)]
    keep(store, stored)
    assert everything(store) == sorted(stored, key=lambda entry: (entry.expires, entry.hash))


def test_a_page_has_at_most_what_was_wanted(store: Store) -> None:
    keep(store, [envelope() for _ in range(5)])
    assert len(store.page(MINE, 3, PLENTY)) == 3


def test_a_page_fits_the_budget_but_always_moves_on(store: Store) -> None:
    keep(store, [envelope() for _ in range(5)])
    assert len(store.page(MINE, 5, 3 * 8_192)) == 3
    assert len(store.page(MINE, 5, 1)) == 1


def test_mailboxes_do_not_mix(store: Store) -> None:
    mine, yours = envelope(MINE), envelope(YOURS)
    keep(store, [mine, yours])
    assert everything(store, MINE) == [mine]
    assert everything(store, YOURS) == [yours]


def test_the_same_bytes_may_lie_in_two_mailboxes(store: Store) -> None:
    body = letter()
    keep(store, [envelope(MINE, body=body), envelope(YOURS, body=body)])
    assert store.delete(MINE, [digest(body)]) == 1
    assert [entry.body for entry in everything(store, YOURS)] == [body]


def test_what_was_kept_is_seen_and_nothing_else(store: Store) -> None:
    mine = envelope()
    keep(store, [mine])
    asked = [seen_id(mailbox, hash_) for mailbox, hash_ in ((MINE, mine.hash), (YOURS, mine.hash), (MINE, bytes(32)))]
    assert store.seen(asked) == {asked[0]}


def test_what_was_deleted_is_gone_but_still_seen(store: Store) -> None:
    mine, second = envelope(), envelope()
    keep(store, [mine, second])
    assert store.delete(MINE, [mine.hash, bytes(32)]) == 1
    assert everything(store) == [second]
    assert seen(store, mine)
    assert store.delete(MINE, [mine.hash]) == 0


def test_nobody_deletes_in_another_mailbox(store: Store) -> None:
    mine = envelope(MINE)
    keep(store, [mine])
    assert store.delete(YOURS, [mine.hash]) == 0
    assert everything(store) == [mine]


def test_many_are_deleted_in_one_call(store: Store) -> None:
    stored = [envelope() for _ in range(200)]
    keep(store, stored)
    assert store.delete(MINE, [entry.hash for entry in stored]) == 200
    assert everything(store) == []


def test_scrubbing_succeeds_when_nobody_reads(store: Store) -> None:
    keep(store, [envelope()])
    assert store.scrub()


def test_compacting_changes_nothing_that_can_be_asked_for(store: Store) -> None:
    stored, gone = [envelope(MINE), envelope(YOURS, body=parcel())], envelope()
    keep(store, [*stored, gone])
    store.delete(MINE, [gone.hash])
    store.mark_active(MINE, 7)
    store.put_card(YOURS, 1, 1_000, b"card")
    assert store.compact()
    assert everything(store, MINE) + everything(store, YOURS) == stored
    assert seen(store, *stored, gone) == 3
    assert (store.activity_epoch(MINE), store.card(YOURS)) == (7, (1, b"card"))


def test_a_mailbox_nobody_collected_from_is_counted_up_to_the_bound(store: Store) -> None:
    keep(store, [envelope() for _ in range(5)])
    assert store.mailbox_states([MINE, YOURS], 64) == [MailboxState(False, 5), MailboxState(False, 0)]
    assert store.mailbox_states([MINE], 3) == [MailboxState(False, 3)]


def test_a_mailbox_somebody_collected_from_is_active(store: Store) -> None:
    assert store.activity_epoch(MINE) is None
    store.mark_active(MINE, 7)
    store.mark_active(MINE, 8)
    assert store.activity_epoch(MINE) == 8
    assert [state.active for state in store.mailbox_states([YOURS, MINE], 64)] == [False, True]


def test_sweeping_forgets_what_is_past_its_last_day_and_nothing_else(store: Store) -> None:
    old = [envelope(MINE, 99) for _ in range(130)] + [envelope(YOURS, 98)]
    young = [envelope(MINE, 100), envelope(YOURS, 101)]
    keep(store, [*old, *young])
    assert swept(store, today=100) == len(old)
    assert everything(store, MINE) + everything(store, YOURS) == young
    assert not seen(store, *old)
    assert seen(store, *young) == 2


def test_what_has_no_last_day_goes_when_its_period_is_over(store: Store) -> None:
    old = [envelope(MINE, UNDATED + number % 2) for number in range(130)]
    young = [envelope(MINE, 100), envelope(MINE, UNDATED + 2), envelope(YOURS, UNDATED + 3)]
    keep(store, [*old, *young])
    assert swept(store, today=100) == 0
    assert swept(store, today=100, periods=2) == len(old)
    assert everything(store, MINE) + everything(store, YOURS) == young
    assert not seen(store, *old)
    assert seen(store, *young) == 3
    assert swept(store, today=101, periods=4) == 3


def test_the_highest_last_day_is_known_after_the_envelope_went(store: Store) -> None:
    assert store.highest() == 0
    mine = envelope(MINE, UNDATED + 5)
    keep(store, [mine, envelope(MINE, 100)])
    store.delete(MINE, [mine.hash])
    assert store.highest() == UNDATED + 5


def test_what_was_acknowledged_is_unknown_after_its_last_day(store: Store) -> None:
    mine = envelope(expires=99)
    keep(store, [mine])
    store.delete(MINE, [mine.hash])
    assert swept(store, today=99) == 0
    assert seen(store, mine)
    assert swept(store, today=100) == 0
    assert not seen(store, mine)


def test_sweeping_forgets_mailboxes_nobody_comes_to_any_more(store: Store) -> None:
    store.mark_active(MINE, 7)
    store.mark_active(YOURS, 8)
    swept(store, activity_epoch=8)
    assert store.activity_epoch(MINE) is None
    assert store.activity_epoch(YOURS) == 8


def test_a_card_is_replaced_by_a_newer_one_and_swept_when_it_expires(store: Store) -> None:
    assert store.card(MINE) is None
    store.put_card(MINE, 1, 1_000, b"first")
    store.put_card(MINE, 2, 2_000, b"second")
    assert store.card(MINE) == (2, b"second")
    assert store.cards() == 1
    swept(store, now=2_000)
    assert store.cards() == 1
    swept(store, now=2_001)
    assert store.card(MINE) is None


def test_room_shrinks_with_every_envelope(store: Store) -> None:
    before = store.space()
    keep(store, [envelope() for _ in range(50)])
    assert store.space().used >= before.used + 50 * 8_192
    assert store.space().spare + store.space().disk > 0
