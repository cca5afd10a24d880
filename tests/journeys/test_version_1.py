"""What version 1 left on a disk opens: `tests/fixtures/version-1`, made by its own commands on 26 November 2026."""

import json
import os
import tarfile
from pathlib import Path

import pytest

from client.contacts.book import unlock_book
from client.desk.desk import Desk
from client.organisation import home
from client.organisation.home import unlock_home
from client.organisation.inbox import report_address
from client.outbox.store import OutboxStore
from client.reporter.folder import Reporter
from client.site.verify import Folder, check
from keys import message
from keys.envelope import seal
from keys.opening import open_envelope
from keys.organisation import read_card
from keys.wire import WEEK_SECONDS
from relay.app import create_app
from relay.config import Config, Limits
from tests.support.relay_post import HandClock, Line

MADE = Path(__file__).parents[1] / "fixtures" / "version-1"
PASSPHRASE = (MADE / "passphrase").read_text().strip()
CASES = json.loads((MADE / "facts.json").read_text())
AT = 1_795_676_400  # an hour later
ORIGIN = "http://127.0.0.1:18661"


@pytest.fixture
def folder(tmp_path):
    def unpacked(name: str) -> Path:
        with tarfile.open(MADE / f"{name}.tar.xz") as archive:
            archive.extractall(tmp_path, filter="data")
        return tmp_path / name

    return unpacked


def test_the_organisations_folder_with_its_journal(folder):
    expected = json.loads((MADE / "desk.json").read_text())
    with Desk.unlock(folder("organisation"), PASSPHRASE, "Вера", clock=lambda: AT) as desk:
        kinds = [entry.action.kind for entry in desk.entries]
        assert kinds[: len(expected["kinds"])] == [name.lower() for name in expected["kinds"]]
        assert "damaged" not in kinds
        with desk.reading() as db:
            ids = {row["id"] for row in db.query('SELECT id FROM "case"')}
            names = {row["names"] for row in db.query("SELECT names FROM words")}
        assert ids == {CASES["case"], CASES["second"]}
        assert any("ivanova" in text for text in names)


def test_the_organisations_keys_go_on_and_are_followed_by_fresh_ones(folder):
    path = folder("organisation")
    own = unlock_home(path, lambda: PASSPHRASE)
    old = own.card
    address = report_address(old.root, old.mailbox)
    waiting = [
        seal(b"{}", b"", key=key, address=address, random_bytes=os.urandom).envelope
        for key in (*old.weekly, old.last_resort)
    ]
    assert own.needs_card(AT, own.secrets.log), "nobody knows how old its keys are"
    new = own.renew_card(own.root_key(None, lambda: PASSPHRASE), AT)
    assert not {*new.weekly, new.last_resort} & {*old.weekly, old.last_resort}
    assert (new.mailbox, new.seq > old.seq) == (old.mailbox, True)
    again = unlock_home(path, lambda: PASSPHRASE)
    assert not again.needs_card(AT, again.secrets.log)
    for envelope in waiting:
        assert open_envelope(envelope, again.secrets.open_keys(), address)
    again.rotate(AT + 12 * WEEK_SECONDS)
    again.rotate(AT + 20 * WEEK_SECONDS)
    assert [len(again.secrets.chains), len(again.secrets.last_resorts)] == [1, 2], "the last resort lives for 400 days"


def test_the_relays_folder_with_letters_that_wait(folder):
    mine = unlock_home(folder("organisation"), lambda: PASSPHRASE).secrets
    clock = HandClock(AT)
    app = create_app(
        Config(folder("relay"), (ORIGIN,), Limits(ballast_bytes=0), clock=clock, monotonic=clock.monotonic)
    )
    try:
        clock.now += 2  # a request must be younger than the relay's start
        letters = Line(app, clock, ORIGIN).envelopes(mine.mailbox_key)
    finally:
        app.extensions["services"].close()
    address = report_address(mine.root_public, mine.mailbox_key.id)
    read = [message.read(open_envelope(envelope, mine.open_keys(), address).fields) for envelope in letters]
    assert [read_message.message.case for read_message in read] == [CASES["third"]]
    assert [read_message.message.facts for read_message in read] == [{"stage": "court", "people": 3}]


def test_a_reporters_folder_with_replies_contacts_and_what_waits(folder):
    reporter = Reporter(folder("person"))
    key = reporter.unlock(lambda: PASSPHRASE)
    assert [reply.text for reply in reporter.replies(key, CASES["case"])] == ["Адвокат едет"]
    with OutboxStore(folder("person")) as outbox:
        assert len(outbox.hashes()) == 1
    assert [contact.label for contact in unlock_book(folder("person"), PASSPHRASE).secrets.contacts] == ["Мама"]
    person = unlock_book(folder("person"), PASSPHRASE)
    person.save()
    assert unlock_book(person.path, PASSPHRASE).secrets == person.secrets
    alerts = unlock_book(folder("mother"), PASSPHRASE).secrets.alerts
    assert [(alert.text, alert.origin) for alert in alerts] == [("Позвони адвокату", "pair")]


def test_a_site_and_a_card(folder):
    card = read_card((MADE / "card").read_bytes())
    report = check(Folder(folder("site")), card.root)
    assert (report.files, report.problems) == (44, ())
    assert home.card_of(folder("organisation")).root == card.root
