"""Python and the phone's own modules pair with each other over real relays, and tell each other what happens."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from client.contacts.book import Book, create, unlock_book
from client.contacts.sync import AlertWords, Sync, SyncResult
from client.outbox.store import OutboxStore
from client.transport.relay_client import Transport
from keys import code
from keys.keystore import Cost
from keys.wire import b64
from tests.support.phone.node_phone import NodePhone, needs_node
from tests.support.relay_process import running

QUICK = Cost(1, 8 * 1024)
TEXT = "Меня задержали у метро, یک نفر زخمی است"
PLACE = {"lat": 5_575_000, "lon": 3_761_000, "accuracy": 20, "age": 5}

pytestmark = [
    pytest.mark.process,
    needs_node,
]


class PairingPhone(NodePhone):
    """The phone's modules in Node: book, vault, sender."""

    def __init__(self) -> None:
        super().__init__("person.mjs")

    @property
    def contact(self) -> dict[str, Any]:
        [contact] = self.ask("list")
        return dict(contact)


@dataclass
class Computer:
    """A person with a folder."""

    folder: Path
    relays: list[str]
    transport: Transport

    def __post_init__(self) -> None:
        book = create(self.folder, "words", os.urandom, cost=QUICK)
        book.renew_offer(tuple(self.relays), self.now, os.urandom)
        book.save()

    @property
    def now(self) -> int:
        return int(time.time())

    @property
    def book(self) -> Book:
        return unlock_book(self.folder, "words")

    @property
    def code(self) -> str:
        return str(self.book.code_to_show(None, self.now)[1])

    def scan(self, text: str, *, seen: bool = True) -> None:
        book = self.book
        book.meet(code.read_pair_code(text), "Anna", self.now, os.urandom, seen=seen, other_relay=True)
        book.save()

    def sync(self) -> SyncResult:
        with OutboxStore(self.folder) as outbox:
            return Sync(self.book, outbox, self.transport).run()

    def alert(self, words: AlertWords) -> None:
        with OutboxStore(self.folder) as outbox:
            assert Sync(self.book, outbox, self.transport).alert("Anna", words).pending == 0


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def relays(stack: ExitStack, tmp_path: Path) -> list[str]:
    return [stack.enter_context(running(tmp_path / name)).address for name in ("one", "two")]


@pytest.fixture
def phone(stack: ExitStack) -> PairingPhone:
    phone = PairingPhone()
    stack.callback(phone.close)
    return phone


@pytest.fixture
def computer(stack: ExitStack, relays: list[str], tmp_path: Path) -> Computer:
    return Computer(tmp_path / "boris", relays[::-1], stack.enter_context(Transport(os.urandom)))


def scan_each_other(
    phone: PairingPhone, computer: Computer, relays: list[str], *, phone_saw: bool, computer_saw: bool
) -> str:
    mine, theirs = phone.ask("new", relays=relays, label="" if phone_saw else "Борис"), computer.code
    computer.scan(mine["code"], seen=computer_saw)
    scanned = phone.ask("scan", id=mine["id"], code=theirs, label="Борис", seen=phone_saw)
    return str(scanned["contact"])


def finish(phone: PairingPhone, computer: Computer, *, phone_first: bool = True) -> None:
    for _ in range(3):
        for side in (phone, computer) if phone_first else (computer, phone):
            _ = side.ask("sync") if isinstance(side, PairingPhone) else side.sync()
    assert phone.contact["state"] == "paired"
    assert computer.book.find("Anna").state(computer.now) == "paired"


@pytest.fixture
def paired(phone: PairingPhone, computer: Computer, relays: list[str]) -> str:
    contact = scan_each_other(phone, computer, relays, phone_saw=True, computer_saw=True)
    finish(phone, computer)
    return contact


@pytest.mark.parametrize("phone_first", [True, False])
@pytest.mark.parametrize("saw", [(True, False), (False, True), (False, False)])
def test_they_pair_whoever_comes_by_link_and_compare_the_same_digits(
    phone: PairingPhone, computer: Computer, relays: list[str], phone_first: bool, saw: tuple[bool, bool]
) -> None:
    phone_saw, computer_saw = saw
    contact = scan_each_other(phone, computer, relays, phone_saw=phone_saw, computer_saw=computer_saw)
    finish(phone, computer, phone_first=phone_first)
    assert phone.contact["verified"] is phone_saw
    theirs = computer.book.find("Anna")
    assert theirs.verified is computer_saw
    digits = theirs.meeting.safety_number
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    assert phone.ask("verify", contact=contact, said=wrong) == {"error": "digits-differ"}
    assert phone.ask("verify", contact=contact, said=code.digits_code(digits)) == {}
    assert phone.contact["verified"] is True


def test_alerts_go_both_ways(phone: PairingPhone, computer: Computer, paired: str) -> None:
    phone.ask("alert", contact=paired, type="detained", text=TEXT, place=PLACE)
    [alert] = computer.sync().alerts
    assert (alert.type, alert.text, alert.place, alert.origin, alert.passed) == ("detained", TEXT, PLACE, "pair", False)
    phone.ask("alert", contact=paired, type="text", text="адвокат едет", passed=True)
    assert [alert.passed for alert in computer.sync().alerts] == [True]
    computer.alert(AlertWords("safe", TEXT))
    computer.alert(AlertWords("text", "от них", passed=True))
    alerts = phone.ask("sync")["alerts"]
    assert {(alert["type"], alert["text"], alert["passed"]) for alert in alerts} == {
        ("safe", TEXT, False),
        ("text", "от них", True),
    }
    assert phone.ask("sync")["alerts"] == []


@pytest.mark.parametrize("session", ["pin", "forced", None])
def test_a_press_and_safe_out_of_the_kit_alone_are_read_in_python(
    phone: PairingPhone, computer: Computer, paired: str, session: str | None
) -> None:
    phone.ask("press", contact=paired, text=TEXT, later=2, facts={"place": PLACE}, session=session)
    phone.ask("tell", type="safe", facts={"station": {"text": "ОВД"}}, session=session)
    alerts = computer.sync().alerts
    assert {(alert.type, alert.text, alert.origin, alert.is_cut) for alert in alerts} == {
        ("detained", TEXT, "pair", False),
        ("detained", "", session or "open", False),
        ("safe", "", session or "open", False),
    }
    assert len({alert.case for alert in alerts}) == 1
    assert next(alert.place for alert in alerts if alert.type == "safe") == {"station": {"text": "ОВД"}}


def test_how_a_phone_is_rung_is_changed_after_the_pairing(
    phone: PairingPhone, computer: Computer, paired: str, relays: list[str]
) -> None:
    sealed = b64(os.urandom(1_072))
    phone.ask("wake", contact=paired, wake=f"{relays[1]} {sealed}")
    computer.sync()
    theirs = computer.book.find("Anna")
    card = theirs.other(computer.now)
    assert card is not None
    assert theirs.rings(card) == (relays[1], sealed)
    assert computer.book.secrets.alerts == []
    phone.ask("wake", contact=paired, wake=None)
    computer.sync()
    assert computer.book.find("Anna").rings(card) is None


def test_every_wrong_code_has_the_error_python_gives_it(
    phone: PairingPhone, computer: Computer, relays: list[str]
) -> None:
    mine, theirs = phone.ask("new", relays=relays), computer.code
    organisation = str(code.CardCode(bytes(SigningKey.generate().verify_key), (relays[0],)))
    wrong = {
        "code-own": mine["code"],
        "code-other-kind": organisation,
        "code-cut": theirs[:-7],
        "code-malformed": "https://example.org",
    }
    for error, text in wrong.items():
        assert phone.ask("scan", id=mine["id"], code=text, label="x", seen=True) == {"error": error}
    phone.ask("scan", id=mine["id"], code=theirs, label="Борис", seen=True)
    again = phone.ask("new", relays=relays)
    assert phone.ask("scan", id=again["id"], code=theirs, label="x", seen=True) == {"error": "code-known"}
    assert phone.ask("scan", id=mine["id"], code=somebodys_code(relays), label="x", seen=True) == {
        "error": "offer-missing"
    }


def somebodys_code(relays: list[str]) -> str:
    return str(code.PairCode(os.urandom(32), os.urandom(16), (relays[0],)))
