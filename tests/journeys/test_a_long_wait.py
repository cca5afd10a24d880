"""Set up in spring, pressed in autumn: the report opens, the organisation replies, and its owner alone reads that."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.desk.cases import view
from client.outbox.store import OutboxStore
from keys.envelope import Sealed
from keys.message import Report
from keys.wire import b64, unb64
from tests.client.organisation.case_owner import CaseOwner
from tests.support.desk_office import NOW, RELAYS, Office
from tests.support.phone.node_phone import NodePhone, needs_node

DAY = 86_400
PROFILE = {"name": "Иванова Анна"}
PIN, TEXT = "271828", "Адвокат едет"

pytestmark = [
    pytest.mark.process,
    needs_node,
]


@pytest.fixture
def phone() -> Iterator[NodePhone]:
    """The whole phone."""
    with NodePhone("whole-phone-lines.mjs") as phone:
        yield phone


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


def deliver(office: Office, letters: list[list[str]]) -> None:
    """Both relays have them."""
    for parts in letters:
        for relay in RELAYS:
            office.post.lay(relay, Sealed(*map(unb64, parts)))


def reply(office: Office, text: str = TEXT) -> tuple[view.CaseView, list[str]]:
    """Pull, reply to the only case; the case as the desk shows it, and the reply's envelopes."""
    with office.desk() as desk:
        desk.pull(office.post)
        with desk.reading() as db:
            [case_id] = view.list_case_ids(db)
            case = view.load_case(db, case_id)
        assert case is not None
        desk.reply(case_id, text, "lawyer")
    with OutboxStore(office.folder) as outbox:
        envelopes = []
        for hash_ in outbox.hashes():
            waiting = outbox.get(hash_)
            assert waiting is not None
            envelopes.append(b64(waiting.sealed.envelope))
        outbox.withdraw({outbox.get(hash_).sealed.mailbox for hash_ in outbox.hashes()})  # type: ignore[union-attr]
    return case, envelopes


def attack(office: Office, case_id: str) -> None:
    """Somebody copied the open kit before the press: an amendment and a second first report, to be replied to."""
    stranger = CaseOwner(office.card, office.now)
    for sealed in (
        stranger.say(case=case_id, reply=stranger.block(), by="open", seq=9),
        stranger.say(Report, case=case_id, reply=stranger.block(), keys=stranger.keys, by="pin"),
    ):
        for relay in RELAYS:
            office.post.lay(relay, sealed)


@pytest.mark.parametrize("days", [100, 300])
def test_with_a_pin_and_nothing_opened_in_between(office: Office, phone: NodePhone, days: int) -> None:
    phone.ask("setUp", now=NOW, card=b64(office.card.signed), pin=PIN, facts=PROFILE)
    kit = unb64(phone.ask("kit")["kit"])
    copied = json.loads(kit[4 : 4 + int.from_bytes(kit[:4], "big")])["case"]
    phone.ask("wait", days=days)
    phone.ask("restart")
    office.now = NOW + days * DAY
    deliver(office, phone.ask("press")["letters"])
    attack(office, copied)
    case, envelopes = reply(office)
    assert case.id == copied
    assert case.facts["name"] == PROFILE["name"]
    assert case.answerable_until is not None
    assert case.answerable_until < office.now, "the time that was given is over"
    assert "other_reply" in case.flags
    phone.ask("restart")
    assert phone.ask("read", envelopes=envelopes)["texts"] == [], "behind the PIN"
    phone.ask("unlock", pin=PIN)
    assert phone.ask("read", envelopes=envelopes)["texts"] == [TEXT]

    deliver(office, phone.ask("tell", facts={"stage": "released"})["letters"])
    case, envelopes = reply(office, "Рады")
    assert [fact.origin for fact in case.timeline if fact.value == "released"] == ["pin"]
    assert case.answerable_until is not None
    assert case.answerable_until > office.now, "the first words brought a new way"
    assert phone.ask("read", envelopes=envelopes)["texts"] == ["Рады"]


@pytest.mark.parametrize("days", [100, 300])
@pytest.mark.parametrize("is_left_open", [False, True])
def test_without_a_pin_after_the_page_was_killed(
    office: Office, phone: NodePhone, days: int, is_left_open: bool
) -> None:
    phone.ask("setUp", now=NOW, card=b64(office.card.signed), facts=PROFILE, isLeftOpen=is_left_open)
    phone.ask("wait", days=days)
    phone.ask("restart")
    office.now = NOW + days * DAY
    deliver(office, phone.ask("press")["letters"])
    phone.ask("restart")
    kit = unb64(phone.ask("kit")["kit"])
    attack(office, json.loads(kit[4 : 4 + int.from_bytes(kit[:4], "big")])["case"])
    case, envelopes = reply(office)
    assert case.facts.get("name") == (PROFILE["name"] if is_left_open else None)
    assert {letter.origin for letter in case.letters} == {"open", ""}
    assert phone.ask("read", envelopes=envelopes)["texts"] == [TEXT]


def test_unlocked_now_and_then_the_way_for_replies_is_always_young(office: Office, phone: NodePhone) -> None:
    phone.ask("setUp", now=NOW, card=b64(office.card.signed), pin=PIN, facts=PROFILE)
    for _ in range(3):
        phone.ask("wait", days=60)
        phone.ask("restart")
        phone.ask("unlock", pin=PIN)
        phone.ask("lock")
    office.now = NOW + 181 * DAY
    phone.ask("wait", days=1)
    phone.ask("restart")
    deliver(office, phone.ask("press")["letters"])
    case, envelopes = reply(office)
    assert case.answerable_until is not None
    assert case.answerable_until > office.now
    phone.ask("unlock", pin=PIN)
    assert phone.ask("read", envelopes=envelopes)["texts"] == [TEXT]
    assert case.flags == ("last_resort",)
