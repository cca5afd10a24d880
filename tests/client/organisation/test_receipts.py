"""What relays sign stays with the letters; what they fail to sign costs no letter, and is said."""

import os
import sqlite3
from dataclasses import replace

import pytest
from nacl.signing import SigningKey

from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.receipts import ReceiptMissing
from client.organisation.records import Records
from client.reporter.compose import Attachment, Draft, compose, new_id
from client.transport.relay_client import Frame
from keys import message
from keys.envelope import Sealed, seal
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.note import NoteKey
from keys.organisation import Card, expiry
from keys.receipt import HANDOVER_KIND, RECEIPT_KIND
from keys.wire import week_of
from tests.support.fake_relay import HOUR, KEY, sign_handover
from tests.vectors.makers.relays import sign_with_mixed_order

NOW = 1_795_168_800
WEEKLY, LAST_RESORT = PrivateKey(b"w" * 32), PrivateKey(b"l" * 32)
CARD = Card(
    name="", root=b"r" * 32, seq=1, issued=NOW, expires=expiry(week_of(NOW)), relays=("https://relay.example",),
    mailbox=MailboxKey(b"m" * 32).id, week=week_of(NOW), weekly=(WEEKLY.public,), last_resort=LAST_RESORT.public,
)  # fmt: skip
ADDRESS = report_address(CARD.root, CARD.mailbox)
SECOND = SigningKey(b"8" * 32)
SECOND_KEY = NoteKey("second", bytes(SECOND.verify_key))
A, B = "https://a.example", "https://b.example"


@pytest.fixture
def records(tmp_path):
    with Records(tmp_path, b"k" * 32) as opened_records:
        yield opened_records


def pull(records, *pages):
    """Take pages, each with the relay it came from; the letters that are new, and the lacks."""
    tally = PullResult()
    box = Inbox(
        records, ADDRESS, [WEEKLY, LAST_RESORT], last_resorts=[LAST_RESORT.seed], receipt_keys=[KEY, SECOND_KEY],
        clock=lambda: NOW,
    )  # fmt: skip
    for relay, page in pages:
        box.take(page, tally, relay)
    return tally


def compose_report(case=None, files=()):
    draft = Draft({"people": 2}, list(files))
    return compose(CARD, draft, case=case or new_id(os.urandom), first=True, seq=0, now=NOW, random_bytes=os.urandom)


def frame(sealed: Sealed, receipt: bytes | None = None) -> Frame:
    return Frame.of(sealed.envelope, sealed.commitment, sign_handover(sealed) if receipt is None else receipt)


def test_the_receipts_of_all_relays_are_kept_for_one_content(records, tmp_path):
    sealed = compose_report().sealed[0]
    second = sign_handover(sealed, HOUR + 3_600, SECOND)
    tally = pull(records, (A, [frame(sealed)]), (B, [frame(sealed, second)]))
    assert (tally.new, tally.duplicate, tally.unproved) == (1, 1, {})
    with Records(tmp_path, b"k" * 32) as again:
        found = again.receipts(sealed.commitment)
    assert [(receipt.kind, receipt.hour, receipt.key) for receipt in found] == [
        (HANDOVER_KIND, HOUR, str(KEY)),
        (HANDOVER_KIND, HOUR + 3_600, str(NoteKey("second", SECOND_KEY.public))),
    ]
    assert [receipt.text.encode() for receipt in found] == [sign_handover(sealed), second]
    disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"handover" not in disk
    assert sealed.commitment not in disk


def with_flipped_hash(sealed):
    return Sealed(b"\x01" + bytes(8_191), sealed.commitment, sealed.mailbox)


BAD = {
    "none": lambda sealed: b"",
    "noise": lambda sealed: b"\xff" * 300,
    "by an unknown key": lambda sealed: sign_handover(sealed, key=SigningKey(b"9" * 32)),
    "of a deposit": lambda sealed: sign_handover(sealed, kind=RECEIPT_KIND),
    "for another envelope": lambda sealed: sign_handover(with_flipped_hash(sealed)),
    "for another content": lambda sealed: sign_handover(replace(sealed, commitment=bytes(32))),
    "with a point of small order": lambda sealed: sign_with_mixed_order(
        sign_handover(sealed).decode().partition("\n\n")[0] + "\n", "relay", SigningKey(b"7" * 32)
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_receipt_costs_no_letter_and_is_said_with_its_relay(name, records):
    sealed, good = compose_report().sealed[0], compose_report().sealed[0]
    tally = pull(records, (A, [frame(sealed, BAD[name](sealed)), frame(good)]), (B, [frame(good)]))
    assert (tally.new, tally.unproved) == (2, {A: 1})
    assert records.receipts(sealed.commitment) == []
    assert len(records.receipts(good.commitment)) == 1
    [(relay, lack)] = tally.find_lacks().items()
    assert (relay, type(lack)) == (A, ReceiptMissing)


def test_a_letter_under_a_false_commitment_has_no_receipt_for_its_content(records):
    sealed = compose_report().sealed[0]
    false = replace(sealed, commitment=b"x" * 32)
    tally = pull(records, (A, [Frame.of(false.envelope, false.commitment, sign_handover(false))]))
    assert (tally.new, tally.unproved) == (1, {})
    assert records.receipts(sealed.commitment) == records.receipts(false.commitment) == []


def test_the_earliest_hour_counts_and_a_later_one_takes_no_room(records):
    sealed = compose_report().sealed[0]
    for hour in (HOUR, HOUR + 3_600, HOUR, HOUR - 3_600):
        pull(records, (A, [frame(sealed, sign_handover(sealed, hour))]))
    assert [receipt.hour for receipt in records.receipts(sealed.commitment)] == [HOUR - 3_600]
    assert records._db.execute("SELECT count(*) FROM receipt").fetchone() == (2,)


def test_pieces_of_a_photo_are_checked_and_their_receipts_not_kept(records):
    composed = compose_report(files=[Attachment("image/jpeg", b"\xff\xd8" * 70_000)])
    tally = pull(records, (A, [frame(sealed) for sealed in composed.sealed]))
    assert (tally.unproved, len(records.all_receipts())) == ({}, 1)


def amend(case, receipts):
    header = message.header(message.Amend(id=new_id(os.urandom), case=case, seq=1, at=NOW, receipts=receipts))
    return seal(header, b"", key=WEEKLY.public, address=ADDRESS, random_bytes=os.urandom)


def test_receipts_that_a_message_brings_are_kept_for_the_content_they_name(records):
    first = compose_report()
    own = sign_handover(first.sealed[0], HOUR - 7_200, kind=RECEIPT_KIND)
    foreign = sign_handover(first.sealed[0], HOUR - 9_000_000 // 3600 * 3600, SigningKey(b"9" * 32), RECEIPT_KIND)
    second = amend(first.case, [foreign.decode(), own.decode(), "nonsense", "\n\n— a b\n"])
    tally = pull(records, (A, [frame(second), frame(first.sealed[0])]))
    assert tally.new == 2
    found = records.receipts(first.sealed[0].commitment)
    assert [(receipt.kind, receipt.hour) for receipt in found] == [(RECEIPT_KIND, HOUR - 7_200), (HANDOVER_KIND, HOUR)]
    assert found[0].text.encode() == own


def test_records_from_before_there_were_receipts_are_read(tmp_path):
    sealed, later = compose_report().sealed[0], compose_report().sealed[0]
    with Records(tmp_path, b"k" * 32) as records:
        pull(records, (A, [frame(sealed)]))
    with sqlite3.connect(tmp_path / "inbox.db") as db:
        db.execute("DROP TABLE receipt")
    with Records(tmp_path, b"k" * 32) as records:
        assert records.receipts(sealed.commitment) == []
        pull(records, (A, [frame(later)]))
        assert (len(list(records.letters())), len(records.receipts(later.commitment))) == (2, 1)
