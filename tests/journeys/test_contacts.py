"""Two people, two folders, real relays: they scan each other's codes and tell each other what happens."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from client.contacts.book import unlock_book
from client.contacts.qr_image import read_picture
from keys import code
from keys.wire import LETTER_BYTES
from tests.journeys.conftest import PASSPHRASE, Ended, RelayCommand, Shell
from tests.support.lying_relay import answering, http
from tests.support.push_service import Authority, check_vapid, push_service, seal_wake
from tests.support.relay_process import running

pytestmark = [pytest.mark.process, pytest.mark.slow]

TEXT = "Меня задержали, позвоните +7 000"


@dataclass
class Someone:
    """A person with a folder of their own."""

    shell: Shell
    home: Path

    def run(self, *words: object, **more: Any) -> Ended:
        return self.shell.run("contact", *words, "--home", self.home, "--json", **more)

    def ok(self, *words: object, **more: Any) -> Ended:
        return self.shell.ok("contact", *words, "--home", self.home, "--json", **more)

    def start(self, *addresses: str) -> str:
        return self.ok("new", *(word for address in addresses for word in ("--relay", address))).json["code"]

    @property
    def everything(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())


@pytest.fixture
def anna(shell) -> Someone:
    return Someone(shell, shell.folder / "anna")


@pytest.fixture
def boris(shell) -> Someone:
    return Someone(shell, shell.folder / "boris")


def test_two_people_pair_over_their_relays_and_an_alert_arrives(shell, relays: list[RelayCommand], anna, boris):
    north, south = (relay.address for relay in relays)
    anna.start(north, south)
    boris.start(south, north)
    pictures = shell.folder / "anna.png", shell.folder / "boris.png"
    for who, picture in zip((anna, boris), pictures, strict=True):
        shown = who.ok("code", "--png", picture).json["code"]
        assert read_picture(picture.read_bytes()) == shown
    anna.ok("scan", pictures[1], "--label", "Борис", "--seen")
    scanned = boris.ok("scan", pictures[0], "--label", "Анна").json
    assert (scanned["state"], scanned["verified"]) == ("waiting", False)

    assert anna.ok("sync").json == {"paired": [], "alerts": 0, "waiting": 1, "pending": 0}
    boris.ok("sync")
    anna.ok("sync")
    assert boris.ok("sync").json["paired"] == ["Анна"]
    assert anna.ok("sync").json["paired"] == ["Борис"]

    sent = anna.ok("alert", "--to", "Борис", "--type", "detained", "--text", TEXT).json
    assert (sorted(sent["relays"]), sent["pending"]) == (sorted([north, south]), 0)
    assert boris.ok("sync").json["alerts"] == 1
    assert boris.ok("sync").json["alerts"] == 0
    [alert] = boris.ok("alerts").lines
    assert (alert["from"], alert["type"], alert["text"]) == ("Анна", "detained", TEXT)
    assert (alert["forced"], alert["seized"], alert["unverified"], alert["origin"]) == (False, False, True, "pair")

    digits = anna.ok("list").json["digits"]
    assert boris.run("verify", "Анна", digits[:-1] + str((int(digits[-1]) + 1) % 10)).code == 1
    assert boris.ok("verify", "Анна", digits).json["verified"]
    drawn = shell.folder / "digits.png"
    anna.ok("code", "--label", "Борис", "--digits", "--png", drawn)
    assert read_picture(drawn.read_bytes()) == code.DIGITS_PREFIX + digits.replace(" ", "")
    assert boris.ok("verify", "Анна", drawn).json["verified"]
    boris.ok("seized", "Анна")
    shown = boris.ok("alerts").json
    assert (shown["seized"], shown["unverified"]) == (True, False)
    plain = shell.ok("contact", "alerts", "--home", boris.home).out
    assert "from a phone that was seized" in plain
    assert TEXT in plain

    disks = b"".join(relay.everything() for relay in relays) + anna.everything + boris.everything
    for word in (TEXT, "Анна", "Борис"):
        assert word.encode() not in disks
    boris.ok("remove", "Анна")
    assert boris.ok("list").out == boris.ok("alerts").out == ""


def test_scanning_needs_no_network_and_the_pairing_goes_on_when_there_is_one(relays: list[RelayCommand], anna, boris):
    addresses = [relay.address for relay in relays]
    for relay in relays:
        relay.stop()
    to_boris, to_anna = anna.start(*addresses), boris.start(*addresses)
    anna.ok("scan", to_anna, "--label", "Boris", "--seen")
    boris.ok("scan", to_boris, "--label", "Anna", "--seen")
    ended = anna.run("sync")
    assert (ended.code, ended.json["waiting"], ended.json["pending"]) == (1, 1, 1)
    assert "error:" in ended.err
    assert "hint:" in ended.err
    refused = anna.run("alert", "--to", "Boris", "--type", "detained")
    assert (refused.code, "pairing is not finished" in refused.err) == (1, True)

    relays[1].start()
    for who in (anna, boris, anna, boris, anna):
        assert who.run("sync").code == 1, "one relay is still away, and that is said"
    assert [who.ok("list").json["state"] for who in (anna, boris)] == ["paired", "paired"]
    relays[1].stop()
    sent = anna.run("alert", "--to", "Boris", "--type", "moved", "--text", "-", stdin=TEXT + "\n")
    assert (sent.code, sent.json["pending"]) == (1, 1)
    relays[0].start()
    anna.run("sync")
    boris.run("sync")
    assert boris.ok("alerts").json["text"] == TEXT


def test_every_wrong_code_gets_its_own_sentence(shell, relay: RelayCommand, office, anna, boris):
    own, theirs = anna.start(relay.address), boris.start(relay.address)
    organisation = office.ok("org", "code").json["code"]
    blank = shell.folder / "blank.png"
    blank.write_bytes(code.draw_png("nothing of ours"))
    wrong = {
        "own": own,
        "organisation": organisation,
        "cut": theirs[:-7],
        "something else": "https://example.org",
        "another picture": blank,
        "no picture": shell.folder / "passphrase",
    }
    results = {name: anna.run("scan", typed, "--label", "x") for name, typed in wrong.items()}
    assert {ended.code for ended in results.values()} == {1}
    sentences = {name: ended.err.splitlines()[0] for name, ended in results.items()}
    assert len(set(sentences.values())) >= len(wrong) - 1
    assert "your own code" in sentences["own"]
    assert "something else" in sentences["organisation"]
    assert "cut off" in sentences["cut"]
    assert "not a picture" in sentences["no picture"]
    assert all("hint:" in ended.err for ended in results.values())
    inside = str(code.PairCode(b"c" * 32, b"s" * 16, ("https://192.168.0.1",)))
    assert "the network it stands in" in anna.run("scan", inside, "--label", "x", "--other-relay").err
    foreign = str(code.PairCode(b"c" * 32, b"s" * 16, ("https://relay.example",)))
    refused = anna.run("scan", foreign, "--label", "x").err
    assert "not one of yours: https://relay.example" in refused
    assert "--other-relay" in refused
    anna.ok("scan", foreign, "--label", "far away", "--other-relay")
    anna.start(relay.address)
    anna.ok("scan", theirs, "--label", "Boris")
    assert "already" in anna.run("scan", theirs, "--label", "Another").err
    assert "your own code" in boris.run("scan", theirs, "--label", "me").err


def make_pair(anna: Someone, boris: Someone, *addresses: str) -> None:
    to_boris, to_anna = anna.start(*addresses), boris.start(*addresses)
    anna.ok("scan", to_anna, "--label", "Борис", "--seen")
    boris.ok("scan", to_boris, "--label", "Анна", "--seen")
    for who in (anna, boris, anna, boris, anna):
        who.ok("sync")


def test_an_alert_is_answered_and_what_a_lawyer_wrote_is_passed_on_by_a_command_and_by_nothing_else(
    shell, relays: list[RelayCommand], office, boris
):
    anna = Someone(shell, shell.folder / "person")
    make_pair(anna, boris, *(relay.address for relay in relays))
    case = shell.ok("report", "--to", office.card, "--set", "stage=van", "--json").json["case"]
    office.ok("inbox", "pull")
    office.ok("inbox", "reply", case, "Адвокат Петрова едет к вам", "--status", "lawyer")
    [came] = shell.ok("replies", "--case", case, "--json").lines
    boris.ok("sync")
    assert boris.ok("alerts").out == "", "a reply goes nowhere by itself"

    assert "no such reply" in anna.run("pass", "zzz", "--to", "Борис").err
    assert "no contact of this name" in anna.run("pass", came["id"], "--to", "Nobody").err
    anna.ok("pass", came["id"][:8], "--to", "Борис")
    anna.ok("alert", "--to", "Борис", "--type", "safe", "--text", "Меня отпустили")
    boris.ok("sync")
    passed, safe = sorted(boris.ok("alerts").lines, key=lambda alert: not alert["passed"])
    assert (passed["passed"], passed["type"], passed["text"]) == (True, "text", came["text"])
    assert (safe["passed"], safe["type"]) == (False, "safe")
    shown = shell.ok("contact", "alerts", "--home", boris.home).out
    assert "passed on from an organisation" in shown
    assert "Анна: safe" in shown

    assert boris.run("answer", "zzz", "--text", "?").code == 1
    boris.ok("answer", safe["id"][:6], "--text", "-", stdin="Слава богу\n")
    anna.ok("sync")
    assert anna.ok("alerts").json["text"] == "Слава богу"


def test_what_had_not_left_for_a_contact_leaves_no_more_once_they_are_removed(relays: list[RelayCommand], anna, boris):
    make_pair(anna, boris, relays[0].address)
    relays[0].stop()
    assert anna.run("alert", "--to", "Борис", "--type", "detained", "--text", TEXT).json["pending"] == 1
    removed = anna.ok("remove", "Борис").json
    assert removed == {"removed": "Борис", "withdrawn": 1}
    relays[0].start()
    assert anna.shell.ok("outbox", "send", "--home", anna.home, "--json").json == {"receipts": [], "pending": 0}
    assert boris.ok("sync").json["alerts"] == 0


def test_an_alert_rings_the_closed_phone_of_a_contact_who_wants_it(tmp_path, anna, boris):
    authority = Authority(tmp_path)
    with (
        push_service(authority.server("localhost")) as service,
        running(
            tmp_path / "relay", "--push-host", f"localhost:{service.port}", "--push-ca", str(authority.file)
        ) as relay,
    ):
        key = relay.http.get("/v1/relay").json()["wake_key"]
        sealed = seal_wake(service.endpoint("/push/boris"), key, relay.address)
        to_boris = anna.start(relay.address)
        boris.start(relay.address)
        with_wake(boris, f"{relay.address} {sealed}")
        anna.ok("scan", boris.ok("code").json["code"], "--label", "Борис", "--seen")
        boris.ok("scan", to_boris, "--label", "Анна", "--seen")
        for who in (anna, boris, anna, boris, anna):
            who.ok("sync")
        assert service.connections == 0, "a pairing rings nobody"

        anna.ok("alert", "--to", "Борис", "--type", "detained", "--text", TEXT)

        rung = service.next()
        assert rung.line == "POST /push/boris HTTP/1.1"
        assert rung.body == b""
        check_vapid(rung, f"https://localhost:{service.port}", int(time.time()))
        assert boris.ok("sync").json["alerts"] == 1


def with_wake(person: Someone, wake: str) -> None:
    """As a phone that put its push address on the card; there is no such command."""
    book = unlock_book(person.home, PASSPHRASE)
    offer = book.secrets.offer
    book.secrets.offer = msgspec.structs.replace(offer, half=replace(offer.half, wake=wake))
    book.save()


@dataclass
class Lies:
    """A relay that means harm: everything passes through here, and `mode` says what becomes of it."""

    relay: str = ""
    mode: str = "honest"
    seen: list[bytes] = field(default_factory=list)

    def answer(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name: value for name, value in (line.split(": ", 1) for line in lines) if name.lower() != "host"}
        response = httpx.request(method, self.relay + path, content=body, headers=headers, timeout=60)
        content = response.content
        if path == "/v1/collect" and response.is_success:
            content = self._collected(content)
        return http(f"{response.status_code} X", content, f"Content-Type: {response.headers['content-type']}")

    def _collected(self, content: bytes) -> bytes:
        """Frames with commitments: kind 1 | 32 | letter."""
        step = 1 + 32 + LETTER_BYTES
        frames = [content[start : start + step] for start in range(0, len(content), step)]
        self.seen += [frame for frame in frames if frame not in self.seen]
        if self.mode == "drop":
            return b""
        if self.mode == "replay":
            return b"".join(self.seen[:64])
        if self.mode == "invent":
            return b"\x01" + os.urandom(32) + b"\x01" + os.urandom(LETTER_BYTES - 1)
        if self.mode == "swap":
            return b"".join(frame[:33] + frame[33:-1] + bytes([frame[-1] ^ 1]) for frame in self.seen[:64])
        return content


@pytest.fixture
def lies(tmp_path) -> Iterator[tuple[Lies, str]]:
    lying = Lies()
    with ExitStack() as stack:
        address = stack.enter_context(answering(lying.answer))
        lying.relay = stack.enter_context(running(tmp_path / "liar", "--origin", address)).address
        yield lying, address


def test_a_relay_that_drops_replays_swaps_and_invents_forges_nothing(lies, anna, boris):
    lying, address = lies
    to_boris, to_anna = anna.start(address), boris.start(address)
    anna.ok("scan", to_anna, "--label", "Boris", "--seen")
    boris.ok("scan", to_boris, "--label", "Anna", "--seen")
    for mode in ("invent", "swap"):
        lying.mode = mode
        for who in (anna, boris):
            who.run("sync")
        assert [who.ok("list").json["state"] for who in (anna, boris)] == ["waiting", "waiting"]
        assert [who.ok("list").json["swapped"] for who in (anna, boris)] == [False, False]
    lying.mode = "honest"
    for who in (anna, boris, anna, boris, anna):
        who.run("sync")
    assert [who.ok("list").json["state"] for who in (anna, boris)] == ["paired", "paired"]

    anna.ok("alert", "--to", "Boris", "--type", "detained", "--text", TEXT)
    lying.mode = "drop"
    assert boris.ok("sync").json["alerts"] == 0
    lying.mode = "swap"
    assert boris.run("sync").json["alerts"] == 0
    lying.mode = "replay"
    ended = boris.run("sync")
    assert (ended.code, "makes no sense" in ended.err) == (1, True), (
        "what comes back after it was acknowledged is noticed"
    )
    boris.run("sync")
    assert [alert["text"] for alert in boris.ok("alerts").lines] == [TEXT]
    anna.run("sync")
    assert anna.ok("alerts").out == ""
