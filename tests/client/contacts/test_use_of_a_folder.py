"""Codes, digits, alerts and forgetting, each as one call on a person's folder, which it leaves as the next finds it."""

import pytest

from client.contacts.alerts import pass_on_reply, send_alert, write_back
from client.contacts.book import NoContacts, UnknownContact, open_book
from client.contacts.pairing import (
    forget_contact,
    make_code,
    mark_seized,
    read_code,
    read_digits,
    scan_code,
    sync_contacts,
    verify_safety_number,
)
from client.contacts.sync import AlertWords
from client.files import FolderBusy, NoSuchFile, locked, replace
from client.outbox.store import OutboxStore
from client.reporter.folder import Reporter, StoredReply, UnknownReply
from keys import code
from keys.code import digits_code, draw_png
from keys.errors import WrongPassphrase
from keys.pairing import DigitsDiffer
from tests.support.contacts.people import NORTH, NOW, QUICK, TEXT


def words() -> str:
    return "words"


def refuse() -> str:
    pytest.fail("nothing was to be asked")


@pytest.fixture
def real_time(monkeypatch, anna, boris):
    """The calls read this computer's clock, so the people live now."""
    monkeypatch.setattr("client.contacts.pairing.time.time", lambda: float(NOW))
    monkeypatch.setattr("client.contacts.sync.time.time", lambda: float(NOW))


def test_a_code_is_made_in_a_folder_with_contacts_and_in_one_without(tmp_path, anna):
    offer = make_code(anna.folder, (NORTH,), ask=words, choose=refuse)
    assert open_book(anna.folder, words).secrets.offer == offer
    first = make_code(tmp_path / "new", (NORTH,), ask=refuse, choose=words, cost=QUICK)
    assert open_book(tmp_path / "new", words).secrets.offer == first
    with pytest.raises(NoContacts):
        open_book(tmp_path / "nobody", refuse)


def test_a_code_is_read_from_text_or_out_of_a_picture(tmp_path, anna):
    replace(tmp_path / "code.png", draw_png(anna.code))
    assert read_code(anna.code) == read_code(str(tmp_path / "code.png")) == code.read_pair_code(anna.code)
    with pytest.raises(NoSuchFile):
        read_code(str(tmp_path / "nowhere.png"))


@pytest.mark.parametrize(
    ("typed", "is_file"), [("digits.png", True), ("photo.JPEG ", True), ("12345 67890", False), ("1.2", False)]
)
def test_a_picture_of_digits_that_is_not_there_is_no_sign_of_an_attack(typed, is_file):
    if is_file:
        with pytest.raises(NoSuchFile):
            read_digits(typed)
    else:
        assert read_digits(typed) == typed


def test_a_contact_is_scanned_compared_marked_and_forgotten(anna, boris, tmp_path):
    contact = scan_code(anna.folder, words, read_code(boris.code), "Борис", other_relay=True)
    assert not contact.verified
    digits = contact.meeting.safety_number
    assert not verify_safety_number(anna.folder, words, "Борис").verified
    with pytest.raises(DigitsDiffer):
        verify_safety_number(anna.folder, words, "Борис", digits[::-1])
    replace(tmp_path / "digits.png", draw_png(digits_code(digits)))
    assert verify_safety_number(anna.folder, words, "Борис", str(tmp_path / "digits.png")).verified
    assert mark_seized(anna.folder, words, "Борис", is_seized=True).seized
    anna.reopen()
    found = anna.book.find("Борис")
    assert (found.verified, found.seized) == (True, True)
    mark_seized(anna.folder, words, "Борис", is_seized=False)
    assert forget_contact(anna.folder, words, "Борис") == 0
    with pytest.raises(UnknownContact):
        mark_seized(anna.folder, words, "Борис", is_seized=True)


def test_two_people_pair_and_write(pair, real_time):
    anna, boris = pair
    assert send_alert(anna.folder, words, "Борис", AlertWords("detained", TEXT), anna.post).pending == 0
    finished = sync_contacts(boris.folder, words, boris.post)
    assert (finished.waiting, [alert.text for alert in finished.result.alerts]) == (0, [TEXT])
    label, outcome = write_back(boris.folder, words, finished.result.alerts[0].id[:6], "Понял", boris.post)
    assert (label, outcome.pending) == ("Anna", 0)
    assert [alert.text for alert in sync_contacts(anna.folder, words, anna.post).result.alerts] == ["Понял"]


def test_what_waits_for_a_forgotten_contact_is_withdrawn(pair, real_time):
    anna, _ = pair
    anna.post.down = {*anna.relays, "https://east.example"}
    assert send_alert(anna.folder, words, "Борис", AlertWords("detained", TEXT), anna.post).pending == 1
    assert forget_contact(anna.folder, words, "Борис") == 1
    with OutboxStore(anna.folder) as store:
        assert store.hashes() == []


def test_a_reply_is_passed_on_marked_as_such(pair, real_time):
    anna, boris = pair
    reporter = Reporter(anna.folder)
    reporter.set_up("other words", cost=QUICK)
    reporter.keep_reply(StoredReply("case", "reply-1", "Адвокат едет", "lawyer", NOW))
    with pytest.raises(WrongPassphrase):
        pass_on_reply(anna.folder, words, "reply", "Борис", anna.post)
    other = {"other_passphrase": lambda: "other words"}
    with pytest.raises(UnknownReply):
        pass_on_reply(anna.folder, words, "none", "Борис", anna.post, **other)
    assert pass_on_reply(anna.folder, words, "reply", "Борис", anna.post, **other).pending == 0
    [alert] = sync_contacts(boris.folder, words, boris.post).result.alerts
    assert (alert.text, alert.is_passed_on) == ("Адвокат едет", True)


def test_nobody_else_works_in_the_folder_meanwhile(anna):
    with locked(anna.folder):
        for act in (
            lambda: scan_code(anna.folder, words, read_code(anna.code), "Борис"),
            lambda: forget_contact(anna.folder, words, "Борис"),
            lambda: sync_contacts(anna.folder, words, anna.post),
            lambda: send_alert(anna.folder, words, "Борис", AlertWords("safe", ""), anna.post),
        ):
            with pytest.raises(FolderBusy):
                act()
