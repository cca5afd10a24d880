"""A letter that a relay took, by the receipt its sender carries, and never gave out: on pages and command line."""

import json
import os

import pytest
from click.testing import CliRunner

from client.cli.inbox import inbox
from client.reporter.compose import Draft, compose, new_id
from keys.receipt import RECEIPT_KIND
from tests.support.desk_office import NOW, PASSPHRASE, RELAYS
from tests.support.fake_relay import sign_handover


def compose_letter(office, case, receipts=(), seq=0):
    draft = Draft({"stage": "van", "people": 1}, [], receipts=tuple(receipts))
    return compose(
        office.card, draft, case=case, first=seq == 0, seq=seq, now=NOW, random_bytes=os.urandom
    ).sealed[0]  # fmt: skip


@pytest.fixture
def case(office, control, browser):
    """A case whose first letter a relay took and never gave out; another case is there, too."""
    case = new_id(os.urandom)
    lost = compose_letter(office, case)
    receipt = sign_handover(lost, NOW + 3_600, kind=RECEIPT_KIND).decode()
    for relay in RELAYS:
        office.report(to=relay)
    office.post.lay(RELAYS[0], compose_letter(office, case, [receipt], 1))
    control.desk.pull(office.post)
    return case


def test_the_pages_name_the_relay_after_two_more_pulls(office, control, browser, case):
    words = f"Relay {RELAYS[0]} signed that it took 1 letter for you, and never gave it to this computer."
    assert words not in browser.get("/").text
    for _ in range(2):
        control.desk.pull(office.post)
    assert words in browser.get("/").text
    assert "another mailbox there" in browser.get("/queue").text
    withheld = control.desk.relay_watch.find_withheld_of(case)
    assert [letter.has_arrived for letter in withheld] == [False]
    pages = [browser.get(f"/case/{number}").text for number in (1, 2, 3)]
    assert sum("took a letter of this case" in page for page in pages) == 1


def test_the_command_line_shows_the_receipt(office, control, browser, case, tmp_path):
    for _ in range(2):
        control.desk.pull(office.post)
    control.lock()
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE, encoding="utf-8")
    options = ["--home", str(office.folder), "--passphrase-file", str(passphrase)]
    listed = CliRunner().invoke(inbox, ["relays", "--json", *options])
    assert listed.exit_code == 0, listed.output
    value = json.loads(listed.stdout.splitlines()[0])
    assert (value["relay"], value["kind"], value["arrived"]) == (RELAYS[0], "letter", False)
    assert value["receipt"].startswith("tocsin/1/receipt")
    shown = CliRunner().invoke(inbox, ["show", case, *options])
    assert f"{RELAYS[0]} signed that it took a letter" in shown.stdout
