"""Who may deposit how much: what a stranger can learn, what happens when space runs short, when work is asked for."""

from collections.abc import Callable

from keys import work
from keys.wire import WORK_HEADER, b64, digest, unb64
from tests.support.memory_store import MemoryStore
from tests.support.relay_post import Line, letter, new_key, parcel

MB = 1_000_000


def test_a_mailbox_nobody_collected_from_takes_sixty_four_and_says_so(line: Line) -> None:
    key = new_key()
    assert {line.deposit(key.id, letter()).status_code for _ in range(64)} == {201}
    refused = line.deposit(key.id, letter())
    assert (refused.status_code, refused.get_json()["code"]) == (429, "mailbox-full")
    assert len(line.envelopes(key)) == 64
    assert line.deposit(key.id, letter()).status_code == 201


def test_what_it_already_holds_gets_its_receipt_also_when_it_is_full(line: Line) -> None:
    key, body = new_key(), letter()
    line.deposit(key.id, body)
    for _ in range(64):
        line.deposit(key.id, letter())
    assert line.deposit(key.id, body).status_code == 200


def test_sixty_four_at_once_are_counted_like_sixty_four_one_by_one(line: Line) -> None:
    from relay.batch_writer import Deposit

    mailbox = line.app.extensions["mailbox"]
    batch = [Deposit(envelope.hash, envelope, None) for envelope in _envelopes(new_key().id, 70)]
    results = mailbox.run(lambda: mailbox._keep(batch))
    assert [getattr(result, "code", "kept") for result in results] == ["kept"] * 64 + ["mailbox-full"] * 6


def _envelopes(mailbox: bytes, count: int) -> list[object]:
    from relay.store.base import Envelope

    bodies = [letter() for _ in range(count)]
    return [Envelope(mailbox, digest(body), bytes(32), 30_000, body) for body in bodies]


def test_a_depositor_cannot_tell_a_known_mailbox_from_an_unknown_one(line: Line) -> None:
    known, unknown = new_key(), new_key()
    line.collect(known)
    line.deposit(known.id, letter())
    body, commitment = letter(), b"\x09" * 32
    first_answers = [line.deposit(key.id, body, commitment) for key in (known, unknown)]
    again = [line.deposit(key.id, body, commitment) for key in (known, unknown)]
    for first, second in (first_answers, again):
        assert (first.status_code, first.data, list(first.headers)) == (
            second.status_code,
            second.data,
            list(second.headers),
        )


def test_a_full_relay_says_so_loses_nothing_and_takes_letters_again_after_an_ack(
    open_relay: Callable[..., Line],
) -> None:
    store = MemoryStore(capacity=4 * MB)
    line = open_relay(store=store, max_bytes=4 * MB, unproven_share=1.0, work_share=1.0)
    key = new_key()
    line.collect(key)
    bodies = []
    while (answer := line.deposit(key.id, body := parcel())).status_code == 201:
        bodies.append(body)
    assert (answer.status_code, answer.get_json()["code"]) == (507, "relay-full")
    assert bodies
    assert sorted(line.envelopes(key)) == sorted(bodies)
    line.collect(key, ack=[digest(body) for body in bodies])
    assert line.deposit(key.id, parcel()).status_code == 201


def test_mailboxes_nobody_collected_from_are_refused_first(open_relay: Callable[..., Line]) -> None:
    line = open_relay(store=MemoryStore(capacity=8 * MB), max_bytes=8 * MB, unproven_share=0.5, work_share=1.0)
    active = new_key()
    line.collect(active)
    for _ in range(70):
        line.deposit(active.id, parcel())
    line.collect(active, want=0, ack=[bytes(32)])
    measured = line.app.extensions["mailbox"]
    measured.run(measured._measure)
    assert line.deposit(new_key().id, letter()).get_json()["code"] == "relay-full"
    assert line.deposit(active.id, letter()).status_code == 201


def test_no_work_is_asked_for_while_there_is_room(line: Line) -> None:
    about = line.app.test_client().get("/v1/relay").get_json()
    assert about["work"]["bits"] == 0
    assert len(unb64(about["work"]["seed"], 32)) == 32


def test_work_is_named_with_its_seed_and_opens_the_door(open_relay: Callable[..., Line]) -> None:
    line = open_relay(work_floor=6)
    key, body = new_key(), letter()
    refused = line.deposit(key.id, body)
    problem = refused.get_json()
    assert (refused.status_code, problem["code"], problem["bits"]) == (429, "work-needed", 6)
    nonce = work.do(unb64(problem["seed"], 32), key.id, digest(body), 6)
    assert line.deposit(key.id, body, **{WORK_HEADER: b64(nonce)}).status_code == 201


def test_work_done_for_another_letter_or_garbage_is_not_enough(open_relay: Callable[..., Line]) -> None:
    line = open_relay(work_floor=20)
    seed = unb64(line.app.test_client().get("/v1/relay").get_json()["work"]["seed"], 32)
    key, body = new_key(), letter()
    nonce = work.do(seed, key.id, digest(letter()), 4)
    for header in (b64(nonce), "", "AAAA", "no base64!"):
        assert line.deposit(key.id, body, **{WORK_HEADER: header}).get_json()["code"] == "work-needed"


def test_work_is_good_for_this_hour_and_the_next_and_no_longer(open_relay: Callable[..., Line]) -> None:
    line = open_relay(work_floor=10)
    key, body = new_key(), letter()
    seed = unb64(line.app.test_client().get("/v1/relay").get_json()["work"]["seed"], 32)
    nonce = b64(work.do(seed, key.id, digest(body), 10))
    line.clock.now += 3_600
    assert line.deposit(key.id, body, **{WORK_HEADER: nonce}).status_code == 201
    line.clock.now += 3_600
    assert line.deposit(key.id, body, **{WORK_HEADER: nonce}).get_json()["code"] == "work-needed"


def test_a_crowded_relay_asks_for_more_work_the_fuller_it_gets(open_relay: Callable[..., Line]) -> None:
    line = open_relay(store=MemoryStore(capacity=8 * MB), max_bytes=8 * MB, work_share=0.5)
    mailbox, admission = line.app.extensions["mailbox"], line.app.extensions["services"].admission
    asked = []
    for used in (3 * MB, 5 * MB, 8 * MB):
        from relay.store.base import Space

        mailbox.run(lambda used=used: admission.measure(Space(used, 0, 8 * MB - used)))
        asked.append(admission.asked(line.clock.now)[1])
    assert asked[0] == 0 < asked[1] < asked[2] <= work.MAX_BITS
