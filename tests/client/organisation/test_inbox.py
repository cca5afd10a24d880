"""The inbox opens what it can, keeps the rest aside with its reason, and never stops at a bad one."""

import os

import pytest

from client.organisation import case_files
from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.records import Records, RecordsBroken
from client.reporter.compose import Attachment, Draft, compose, new_id
from client.transport.relay_client import Frame
from keys import message
from keys.envelope import HPKE, Address, commit, frame, seal
from keys.kem import PrivateKey, public_key
from keys.mailbox import MailboxKey
from keys.message import PIECE_BYTES
from keys.organisation import Card, expiry
from keys.wire import LETTER_BYTES, WEEK_SECONDS, Purpose, b64, week_of

NOW = 1_795_168_800
WEEKLY, LAST_RESORT = PrivateKey(b"w" * 32), PrivateKey(b"l" * 32)
CARD = Card(
    name="",
    root=b"r" * 32,
    seq=1,
    issued=NOW,
    expires=expiry(week_of(NOW)),
    relays=("https://relay.example",),
    mailbox=MailboxKey(b"m" * 32).id,
    week=week_of(NOW),
    weekly=(WEEKLY.public,),
    last_resort=LAST_RESORT.public,
)
ADDRESS = report_address(CARD.root, CARD.mailbox)
STORY = "Задержали у метро, یک نفر زخمی است 🚐"


@pytest.fixture
def records(tmp_path):
    with Records(tmp_path, b"k" * 32) as opened_records:
        yield opened_records


def inbox(records):
    return Inbox(records, ADDRESS, [WEEKLY, LAST_RESORT], last_resorts=[LAST_RESORT.seed], clock=lambda: NOW)


def frames(composed):
    return [Frame.of(sealed.envelope, sealed.commitment) for sealed in composed.sealed]


def compose_report(facts, case=None, now=NOW, seq=0, files=()):
    draft = Draft(facts, list(files))
    return compose(
        CARD, draft, case=case or new_id(os.urandom), first=seq == 0, seq=seq, now=now, random_bytes=os.urandom
    )


def pull_counts(records, *pages):
    tally, box = PullResult(), inbox(records)
    for page in pages:
        box.take(page, tally)
    return tally.new, tally.duplicate, tally.bad


def test_a_report_is_opened_and_its_words_are_not_on_the_disk(records, tmp_path):
    composed = compose_report({"name": "Иванова", "account": STORY})
    assert pull_counts(records, frames(composed)) == (1, 0, 0)
    [case] = case_files.load(records).values()
    assert (case.id, case.fact("account"), case.messages[0].committed) == (composed.case, STORY, True)
    disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert composed.sealed[0].hash not in disk
    for words in ("Иванова", STORY, composed.case, "account"):
        assert words.encode() not in disk


def test_the_same_letter_from_two_relays_counts_once(records):
    page = frames(compose_report({"people": 2}))
    assert pull_counts(records, page, page) == (1, 1, 0)
    assert pull_counts(records, page + page) == (0, 2, 0)
    assert len(next(iter(case_files.load(records).values())).messages) == 1


def test_a_commitment_that_does_not_fit_is_marked_and_does_not_hide_the_honest_copy(records):
    sealed = compose_report({"people": 2}).sealed[0]
    lying, honest = Frame.of(sealed.envelope, b"x" * 32), Frame.of(sealed.envelope, sealed.commitment)
    assert pull_counts(records, [lying]) == (1, 0, 0)
    assert next(iter(case_files.load(records).values())).messages[0].committed is False
    assert pull_counts(records, [honest]) == (0, 1, 0)
    [only] = next(iter(case_files.load(records).values())).messages
    assert only.committed is True


def raw(plaintext: bytes) -> Frame:
    room = LETTER_BYTES - 1 - 1_120 - 16
    sealed = HPKE.encrypt(plaintext.ljust(room, b"\0"), public_key(WEEKLY.public), info=ADDRESS.info(LETTER_BYTES))
    return Frame.of(b"\x01" + sealed, commit(plaintext))


def sealed_to(address: Address, key: PrivateKey = WEEKLY) -> Frame:
    sealed = seal(message.header(report()), b"", key=key.public, address=address, random_bytes=os.urandom)
    return Frame.of(sealed.envelope, sealed.commitment)


def report():
    return message.Report(id=new_id(os.urandom), case=new_id(os.urandom), seq=0, at=NOW)


def flipped(at: int) -> Frame:
    good = frames(compose_report({"people": 1}))[0]
    data = bytearray(good.envelope)
    data[at] ^= 1
    return Frame.of(bytes(data), good.commitment)


BAD = {
    "suite flipped": (lambda: flipped(0), "envelope-suite"),
    "lattice flipped": (lambda: flipped(7), "envelope-not-for-us"),
    "curve flipped": (lambda: flipped(1_100), "envelope-not-for-us"),
    "ciphertext flipped": (lambda: flipped(4_000), "envelope-not-for-us"),
    "tag flipped": (lambda: flipped(8_191), "envelope-not-for-us"),
    "a week long past": (lambda: sealed_to(ADDRESS, PrivateKey(b"o" * 32)), "envelope-not-for-us"),
    "another mailbox": (
        lambda: sealed_to(Address(Purpose.REPORT, CARD.root, b"n" * 32)),
        "envelope-not-for-us",
    ),
    "another purpose": (
        lambda: sealed_to(Address(Purpose.REPLY, CARD.root, CARD.mailbox)),
        "envelope-not-for-us",
    ),
    "padding": (lambda: raw(frame(bytes(32), b"{}", b"").ljust(999, b"\0") + b"!"), "plaintext-padding"),
    "header a list": (lambda: raw(frame(bytes(32), b"[]", b"")), "plaintext-header"),
    "length": (lambda: raw(bytes(32) + b"\xff\xff\xff\xff"), "plaintext-malformed"),
    "no message": (lambda: raw(frame(bytes(32), b"{}", b"")), "message-malformed"),
    "a newer version": (lambda: raw(frame(bytes(32), b'{"v":2,"kind":"report"}', b"")), "message-version"),
    "an alert": (
        lambda: raw(
            frame(
                bytes(32),
                message.header(message.Alert(id="A" * 22, case="A" * 22, seq=0, at=1, type="safe")),
                b"",
            )
        ),
        "message-malformed",
    ),
    "one byte": (lambda: Frame.of(b"\x01", bytes(32)), "envelope-size"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_one_is_kept_aside_with_its_reason_and_the_next_is_opened(name, records):
    make, reason = BAD[name]
    good = frames(compose_report({"people": 4}))
    assert pull_counts(records, [make(), *good]) == (1, 0, 1)
    [aside] = records.asides()
    assert aside.reason == reason
    assert aside.opened == (reason in ("message-malformed", "message-version"))
    assert [case.fact("people") for case in case_files.load(records).values()] == [4]


def test_what_was_sealed_to_the_last_resort_is_marked(records):
    late = compose_report({"people": 1}, now=NOW + WEEK_SECONDS)
    assert pull_counts(records, frames(late)) == (1, 0, 0)
    assert next(iter(case_files.load(records).values())).messages[0].last_resort is True


def test_messages_stand_in_the_order_they_were_said_and_the_last_word_counts(records):
    first = compose_report({"stage": "van", "name": "Иванова"})
    second = compose_report({"stage": "station"}, first.case, NOW + 60, seq=1)
    third = compose_report({"stage": "court"}, first.case, NOW + 120, seq=2)
    assert pull_counts(records, frames(third), frames(first), frames(second)) == (3, 0, 0)
    [case] = case_files.load(records).values()
    assert [entry.message.facts["stage"] for entry in case.messages] == ["van", "station", "court"]
    assert (case.fact("stage"), case.fact("name"), case.last) == ("court", "Иванова", NOW + 120)


def test_facts_we_do_not_know_are_shown_as_other_and_never_counted(records):
    composed = compose_report({"people": "a crowd", "weather": "snow", "stage": "van"})
    pull_counts(records, frames(composed))
    [case] = case_files.load(records).values()
    assert case.messages[0].other == {"facts": {"people": "a crowd", "weather": "snow"}}
    assert (case.fact("people"), case.fact("stage")) == (None, "van")


def photo(size=3_000_000):
    return Attachment("image/jpeg", b"\xff\xd8" + os.urandom(size - 2))


def test_pieces_come_in_any_order_and_twice(records):
    file = photo()
    page = frames(compose_report({"account": STORY}, files=[file]))
    assert len(page) == 1 + -(-3_000_000 // PIECE_BYTES)
    backwards = page[::-1]
    new, duplicate, bad = pull_counts(records, backwards[:20], backwards[10:], page[:5])
    assert (new, duplicate, bad) == (len(page), 15, 0)
    [case] = case_files.load(records).values()
    whole = case_files.assemble(records, case.id, case.files()[0])
    assert (whole.whole, whole.missing, whole.data) == (True, [], file.data)


def test_a_missing_piece_is_named(records):
    page = frames(compose_report({}, files=[photo(400_000)]))
    pull_counts(records, [piece for i, piece in enumerate(page) if i not in (2, 5)])
    [case] = case_files.load(records).values()
    [ref] = case.files()
    assert case_files.missing(records, case.id, ref) == [1, 4]
    assert not case_files.assemble(records, case.id, ref).whole
    pull_counts(records, [page[2], page[5]])
    assert case_files.assemble(records, case.id, ref).whole


def test_a_file_of_another_hash_is_never_called_whole(records):
    composed = compose_report({}, files=[Attachment("image/png", b"right")])
    ref = message.read(_fields(composed)).message.parcels[0]
    forged = message.Parcel(id=new_id(os.urandom), case=composed.case, seq=0, at=NOW, of=ref.id, i=0, n=1)
    sealed = seal(
        message.header(forged), b"wrong", key=WEEKLY.public, address=ADDRESS, random_bytes=os.urandom, size=65_536
    )
    pull_counts(records, [Frame.of(sealed.envelope, sealed.commitment), frames(composed)[0]])
    file = case_files.assemble(records, composed.case, ref)
    assert (file.missing, file.whole) == ([], False)


def _fields(composed):
    from keys.opening import open_envelope

    return open_envelope(composed.sealed[0].envelope, [WEEKLY], ADDRESS).fields


def test_an_empty_file_arrives_as_one(records):
    pull_counts(records, frames(compose_report({}, files=[Attachment("text/plain", b"")])))
    [case] = case_files.load(records).values()
    assert case_files.assemble(records, case.id, case.files()[0]).whole


def test_records_of_another_key_or_damaged_ones_say_so(records, tmp_path):
    pull_counts(records, frames(compose_report({"people": 1})))
    with Records(tmp_path, b"K" * 32) as other, pytest.raises(RecordsBroken):
        case_files.load(other)


def test_a_case_is_found_by_its_beginning():
    from client.reporter.folder import UnknownCase

    found = {id_: case_files.Case(id_) for id_ in ("abcd", "abef", "xy")}
    assert case_files.find(found, "x").id == "xy"
    assert case_files.find(found, "abcd").id == "abcd"
    for start in ("ab", "q", ""):
        with pytest.raises(UnknownCase):
            case_files.find(found, start)


def test_ids_never_look_like_an_option():
    seededBytes = iter([b"\xf8" + bytes(15), b"\xfb" + bytes(15), b"a" * 16])
    assert new_id(lambda _: next(seededBytes)) == b64(b"a" * 16)
