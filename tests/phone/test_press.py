"""Phone, two real relays, organisation: the press as the phone's modules do it, opened with the ground of Python."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from client.organisation.reply import seal_reply
from client.transport.relay_client import Frame, Transport
from keys import message
from keys.envelope import Address
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.note import NoteKey
from keys.opening import OpenedEnvelope, open_envelope
from keys.organisation import Card
from keys.wire import Purpose, b64, digest, week_of
from tests.support.phone.node_phone import NodePhone, needs_node
from tests.support.relay_process import running

PATIENCE_MS = 90_000

pytestmark = [
    pytest.mark.process,
    needs_node,
]


class Organisation:
    """The least an organisation has: root, mailbox, one week's key, a card."""

    def __init__(self, relays: list[str], verifiers: list[NoteKey]) -> None:
        root = SigningKey.generate()
        self.mailbox = MailboxKey(os.urandom(32))
        self.keys = [PrivateKey(os.urandom(32)) for _ in range(2)]
        now = int(time.time())
        self.card = Card(
            name="Имя",
            root=bytes(root.verify_key),
            seq=1,
            issued=now,
            expires=now + 86_400,
            relays=tuple(relays),
            mailbox=self.mailbox.id,
            week=week_of(now),
            weekly=(self.keys[0].public,),
            last_resort=self.keys[1].public,
            log=tuple(str(key) for key in verifiers),
        ).sign(root)

    def pull(self, transport: Transport, address: str) -> list[tuple[Frame, OpenedEnvelope]]:
        where = Address(Purpose.REPORT, self.card.root, self.mailbox.id)
        frames = [frame for page in transport.pages(address, self.mailbox, want=64) for frame in page]
        return [(frame, open_envelope(frame.envelope, self.keys, where)) for frame in frames]


class PressingPhone(NodePhone):
    """The phone's modules in Node."""

    def __init__(self, organisation: Organisation, **asked: Any) -> None:
        super().__init__("sender.mjs")
        self.pressed = self.ask_plain({"card": b64(organisation.card.signed), "patience": PATIENCE_MS, **asked})

    def answers(self) -> dict[str, Any]:
        return self.ask_plain({"pull": True})


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def transport(stack: ExitStack) -> Transport:
    return stack.enter_context(Transport(os.urandom))


def press(stack: ExitStack, organisation: Organisation, **asked: Any) -> PressingPhone:
    phone = PressingPhone(organisation, **asked)
    stack.callback(phone.close)
    return phone


def test_a_press_with_a_photo_reaches_both_relays_and_the_answer_comes_back(
    stack: ExitStack, transport: Transport, tmp_path: Path
) -> None:
    relays = [stack.enter_context(running(tmp_path / name)).address for name in ("one", "two")]
    organisation = Organisation(relays, [transport.info(relay).note_key for relay in relays])
    phone = press(stack, organisation, facts={"stage": "van"}, profile={"name": "Анна"}, file=150_000)
    assert phone.pressed["finished"] == [2] * phone.pressed["letters"]

    for address in relays:
        letters = organisation.pull(transport, address)
        assert all(frame.commitment == opened.commitment for frame, opened in letters)
        read = [(message.read(opened.fields).message, opened) for _, opened in letters]
        kinds = sorted(type(header).__name__ for header, _ in read)
        assert kinds == ["Amend", "Amend", "Parcel", "Parcel", "Parcel", "Report"]
        assert {header.case for header, _ in read} == {phone.pressed["case"]}
        pieces = sorted((header.i, opened.body) for header, opened in read if isinstance(header, message.Parcel))
        assert b64(digest(b"".join(body for _, body in pieces))) == phone.pressed["sha256"]

    report = next(header for header, _ in read if isinstance(header, message.Report))
    assert report.facts == {"name": "Анна"}
    assert report.reply is not None
    reply = message.Reply(id=b64(os.urandom(16)), case=report.case, seq=0, at=int(time.time()), text="Адвокат едет")
    for sealed, targets in seal_reply(reply, report.reply, relays, os.urandom):
        transport.deposit(targets[0], sealed, [transport.info(targets[0]).note_key])
    assert targets[0] == relays[0]
    assert phone.answers() == {"replies": ["Адвокат едет"], "bad": []}


def test_the_work_a_crowded_relay_asks_for_is_done(stack: ExitStack, transport: Transport, tmp_path: Path) -> None:
    address = stack.enter_context(running(tmp_path / "one", "--work-floor", "8")).address
    organisation = Organisation([address], [transport.info(address).note_key])
    phone = press(stack, organisation, facts={"stage": "van"})
    assert phone.pressed["finished"] == [1, 1]
    assert phone.pressed["worked"] >= 2
    assert len(organisation.pull(transport, address)) == 2


def test_a_card_that_names_no_receipt_key_is_good_enough(
    stack: ExitStack, transport: Transport, tmp_path: Path
) -> None:
    address = stack.enter_context(running(tmp_path / "one")).address
    organisation = Organisation([address], [])
    assert press(stack, organisation, facts={"stage": "van"}).pressed["finished"] == [1, 1]


def test_one_relay_that_is_not_there_does_not_stop_the_other(
    stack: ExitStack, transport: Transport, tmp_path: Path
) -> None:
    address = stack.enter_context(running(tmp_path / "one")).address
    organisation = Organisation([address, "http://127.0.0.1:9"], [transport.info(address).note_key])
    phone = press(stack, organisation, facts={"stage": "van"}, patience=6_000)
    assert phone.pressed["open"] == ["network", "network"]
    assert len(organisation.pull(transport, address)) == 2
