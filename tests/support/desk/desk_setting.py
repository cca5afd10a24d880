"""A desk beside a real relay at which a report waits, and a browser that is let in."""

import hashlib
import os
import time
from pathlib import Path

import msgspec

from client.organisation import home
from client.organisation.home import Profile
from client.reporter.compose import Attachment, Draft, compose, new_case
from client.transport.relay_client import Transport
from keys.note import NoteKey
from tests.support import relay_process as relays
from tests.support.desk_office import PASSPHRASE, WEAK, reply_block
from tests.support.desk_process import PATIENCE, DeskProcess, DeskVisitor

NAME, ACCOUNT, BY = "Иванова Анна Сергеевна", "били дубинками у входа в автозак", "Марина Волкова"
PHOTO = b"\xff\xd8\xff\xe0" + hashlib.sha256(b"photo").digest() * 4_000


class DeskSetting:
    """A relay, an organisation, and one report that waits at the relay."""

    def __init__(self, folder: Path, relay: relays.Relay) -> None:
        self.folder = folder / "office"
        profile = Profile("Помощь", (relay.address,))
        self.office = home.create(self.folder, PASSPHRASE, profile, now=int(time.time()), cost=WEAK)
        self.relay = relay
        self.case, self.secret = new_case(os.urandom)
        self.send(
            {"stage": "van", "people": 3, "name": NAME, "account": ACCOUNT}, files=[Attachment("image/jpeg", PHOTO)]
        )

    def send(self, facts: dict[str, object], seq: int = 0, files: list[Attachment] | None = None) -> None:
        block = msgspec.structs.replace(
            reply_block(), relays=[(self.relay.address, reply_block().relays[0][1])], until=int(time.time()) + 86_400
        )
        draft = Draft(facts, files or [], block, case_secret=self.secret)
        composed = compose(
            self.office.card,
            draft,
            case=self.case,
            first=seq == 0,
            seq=seq,
            now=int(time.time()),
            random_bytes=os.urandom,
        )
        with Transport(os.urandom) as transport:
            key = NoteKey.parse(self.relay.http.get("/v1/relay").json()["note_key"])
            for sealed in composed.sealed:
                transport.deposit(self.relay.address, sealed, [key])


def until(browser: DeskVisitor, words: str, path: str = "/queue") -> str:
    """Wait as a page does: ask what has changed, then look."""
    version, deadline = 0, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        page = browser.get(path)
        if words in page.text:
            return page.text
        version = browser.get(f"/changes?after={version}").json()["version"]
    raise AssertionError(f"{words} never came")


def let_in(desk: DeskProcess) -> DeskVisitor:
    browser = desk.browser()
    assert browser.enter().status_code == 303
    assert browser.unlock(PASSPHRASE, BY).status_code == 303
    return browser
