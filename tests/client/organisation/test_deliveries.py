"""Receipts inside messages name relays that took a letter: which of them never gave it out is said, not too soon."""

import os

import pytest
from nacl.signing import SigningKey

from client.organisation.case_files import find_withheld_of, load
from client.organisation.deliveries import Deliveries
from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.records import Records
from client.reporter.compose import Attachment, Draft, compose, new_id
from client.transport.relay_client import Frame
from keys import note
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.note import NoteKey
from keys.organisation import Card, expiry
from keys.receipt import HANDOVER_KIND, RECEIPT_KIND
from keys.wire import DAY_SECONDS, b64, week_of
from tests.support.fake_relay import SIGNER

NOW = 1_795_168_800
HOUR = NOW // 3_600 * 3_600
A, B = "https://a.example", "https://b.example"
SIGNERS = {A: SIGNER, B: SigningKey(b"8" * 32)}
KEYS = {A: NoteKey("relay", bytes(SIGNERS[A].verify_key)), B: NoteKey("second", bytes(SIGNERS[B].verify_key))}
WEEKLY, LAST_RESORT, MAILBOX = PrivateKey(b"w" * 32), PrivateKey(b"l" * 32), MailboxKey(b"m" * 32)
CARD = Card(
    name="", root=b"r" * 32, seq=1, issued=NOW, expires=expiry(week_of(NOW)), relays=(A, B),
    mailbox=MAILBOX.id, week=week_of(NOW), weekly=(WEEKLY.public,), last_resort=LAST_RESORT.public,
)  # fmt: skip


def sign_receipt(relay, sealed, kind=RECEIPT_KIND, hour=HOUR + 3_600, signer=None):
    lines = [kind, relay, b64(sealed.commitment), b64(sealed.hash), str(hour)]
    return note.sign("\n".join(lines) + "\n", KEYS[relay].name, signer or SIGNERS[relay])


def compose_letter(case, seq=0, receipts=(), size=0):
    draft = Draft({"people": 2} if not size else {"tell": "a" * size}, [], receipts=tuple(receipts))
    return compose(CARD, draft, case=case, first=seq == 0, seq=seq, now=NOW, random_bytes=os.urandom).sealed[0]


class Organisation:
    """An organisation that pulls from two relays, with a clock."""

    def __init__(self, folder, relays=(A, B)):
        self.records, self.now, self.relays = Records(folder, b"k" * 32), NOW, relays
        self.reopen()

    def reopen(self):
        """As another command does."""
        self.deliveries = Deliveries(self.records, self.relays, lambda: self.now)

    def pull(self, relay, *letters, unproved=(), is_complete=True):
        self.now += 60
        begun = self.now
        inbox = Inbox(
            self.records, report_address(CARD.root, CARD.mailbox), [WEEKLY, LAST_RESORT],
            last_resorts=[LAST_RESORT.seed], receipt_keys=list(KEYS.values()), clock=lambda: self.now,
            deliveries=self.deliveries,
        )  # fmt: skip
        frames = [
            Frame.of(it.envelope, it.commitment, b"" if it in unproved else sign_receipt(relay, it, HANDOVER_KIND))
            for it in letters
        ]
        if frames:
            inbox.take(frames, PullResult(), relay)
        if is_complete:
            self.deliveries.note_pull(relay, begun)

    def find(self):
        return [(it.relay, it.receipt.commitment, it.has_arrived) for it in self.deliveries.find_withheld()]


@pytest.fixture
def organisation(tmp_path):
    office = Organisation(tmp_path)
    yield office
    office.records.__exit__(None, None, None)


CASE = new_id(os.urandom)


def know_both(organisation):
    """Each relay has handed over something, so that its key is known."""
    for relay in (A, B):
        organisation.pull(relay, compose_letter(new_id(os.urandom)))


def test_a_letter_that_b_took_and_only_a_gave_is_said_after_two_pulls_of_b(organisation):
    know_both(organisation)
    first = compose_letter(CASE)
    second = compose_letter(CASE, 1, [sign_receipt(B, first).decode(), sign_receipt(A, first).decode()])
    organisation.pull(A, first)
    organisation.pull(A, second)
    assert organisation.find() == []
    organisation.pull(B)
    organisation.pull(B)
    assert organisation.find() == [], "one pull since it was known"
    organisation.pull(B)
    assert organisation.find() == [(B, first.commitment, True)]
    organisation.reopen()
    assert organisation.find() == [(B, first.commitment, True)]
    case = load(organisation.records)[CASE]
    assert len(find_withheld_of(case, organisation.deliveries.find_withheld())) == 1
    other = next(it for name, it in load(organisation.records).items() if name != CASE)
    assert find_withheld_of(other, organisation.deliveries.find_withheld()) == []
    organisation.pull(B, first)
    assert organisation.find() == [], "it came after all"


def test_a_letter_that_never_came_is_said_with_its_case(organisation):
    know_both(organisation)
    lost = compose_letter(CASE)
    organisation.pull(A, compose_letter(CASE, 1, [sign_receipt(B, lost).decode()]))
    for _ in range(3):
        organisation.pull(B)
    assert organisation.find() == [(B, lost.commitment, False)]
    assert len(find_withheld_of(load(organisation.records)[CASE], organisation.deliveries.find_withheld())) == 1


def test_pulls_of_other_relays_and_pulls_that_failed_count_nothing(organisation):
    know_both(organisation)
    lost = compose_letter(CASE)
    organisation.pull(A, compose_letter(CASE, 1, [sign_receipt(B, lost).decode()]))
    for _ in range(5):
        organisation.pull(A)
        organisation.pull(B, is_complete=False)
    assert organisation.find() == []


@pytest.mark.parametrize("signer", [SigningKey(b"x" * 32), SIGNERS[A]])
def test_a_receipt_that_b_did_not_sign_is_not_shown_against_b(organisation, signer):
    know_both(organisation)
    lost = compose_letter(CASE)
    forged = sign_receipt(B, lost, signer=signer).decode()
    organisation.pull(A, compose_letter(CASE, 1, [forged]))
    for _ in range(5):
        organisation.pull(B)
    assert [relay for relay, *_ in organisation.find() if relay == B] == []


def test_of_a_relay_that_is_not_on_the_card_nothing_is_said(organisation):
    know_both(organisation)
    lost = compose_letter(CASE)
    organisation.pull(A, compose_letter(CASE, 1, [sign_receipt(B, lost).decode()]))
    for _ in range(3):
        organisation.pull(B)
    organisation.relays = (A,)
    organisation.reopen()
    assert organisation.find() == []


def test_a_letter_that_b_gave_without_a_receipt_was_given(organisation):
    know_both(organisation)
    first = compose_letter(CASE)
    organisation.pull(A, first)
    organisation.pull(B, first, unproved=(first,))
    organisation.pull(A, compose_letter(CASE, 1, [sign_receipt(B, first).decode()]))
    for _ in range(4):
        organisation.pull(B)
    assert organisation.find() == []


def test_of_messages_in_parcels_nothing_is_said_once_they_came(organisation):
    """No receipt of handing over is kept of them."""
    know_both(organisation)
    large = compose_letter(CASE, size=20_000)
    organisation.pull(A, large)
    organisation.pull(A, compose_letter(CASE, 1, [sign_receipt(B, large).decode()]))
    for _ in range(4):
        organisation.pull(B)
    assert organisation.find() == []


def test_what_was_deposited_before_this_folder_began_or_is_over_by_now_is_not_asked_for(organisation):
    """After a restore another folder may have collected it; after 35 days the relay may have deleted it."""
    know_both(organisation)
    before, late = compose_letter(CASE), compose_letter(CASE)
    early = sign_receipt(B, before, hour=HOUR - 3_600).decode()
    organisation.pull(A, compose_letter(CASE, 1, [early]))
    for _ in range(4):
        organisation.pull(B)
    assert organisation.find() == []
    organisation.now += 36 * DAY_SECONDS
    organisation.pull(A, compose_letter(CASE, 2, [sign_receipt(B, late).decode()]))
    for _ in range(4):
        organisation.pull(B)
    assert organisation.find() == []


def test_an_attachment_has_no_part_in_it(organisation):
    know_both(organisation)
    draft = Draft({"people": 1}, [Attachment("image/jpeg", b"\xff\xd8" + bytes(9_000))])
    sealed = compose(CARD, draft, case=CASE, first=True, seq=0, now=NOW, random_bytes=os.urandom).sealed
    organisation.pull(A, *sealed)
    organisation.pull(A, compose_letter(CASE, 1, [sign_receipt(B, sealed[1]).decode()]))
    for _ in range(4):
        organisation.pull(B)
    assert organisation.find() == []


def test_two_addresses_of_one_key_have_both_to_be_emptied(organisation):
    """A relay that passes another's letters on cannot make that one look guilty."""
    know_both(organisation)
    organisation.deliveries.note_key(A, str(KEYS[B]))
    lost = compose_letter(CASE)
    organisation.pull(A, compose_letter(CASE, 1, [sign_receipt(B, lost).decode()]))
    organisation.deliveries.note_key(A, str(KEYS[B]))
    for _ in range(4):
        organisation.deliveries.note_pull(A, organisation.now + 60)
    assert organisation.find() == []
    for _ in range(4):
        organisation.pull(B)
    assert [relay for relay, *_ in organisation.find()] == [A]
