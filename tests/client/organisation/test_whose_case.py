"""Whose case it is: a reply goes to who began it, whatever a stranger who copied the open phone sends besides."""

import json
import os

import msgspec
import pytest
from click.testing import CliRunner

from client.cli.main import door
from client.desk.cases import view
from client.desk.cases.queue import load_queue
from client.organisation.case_files import Case, CaseMessage, as_json, load
from client.organisation.home import unlock_home
from client.organisation.inbox import report_address
from client.organisation.records import Records
from client.organisation.reply import NoReplyBlock, is_over
from client.outbox.store import OutboxStore
from client.reporter.folder import ReplyRoute
from client.reporter.replies import open_reply
from client.transport.relay_client import Frame
from keys import message
from keys.envelope import Sealed
from keys.message import CaseKeys, Report
from keys.wire import b64, unb64
from tests.client.organisation.case_owner import CaseOwner
from tests.support.desk_office import NOW, PASSPHRASE, RELAYS, Office

TEXT = "Адвокат едет"
NOBODYS = CaseKeys(*(b64(bytes([n]) * 32) for n in (1, 2, 3)))


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path / "office")


@pytest.fixture
def owner(office) -> CaseOwner:
    return CaseOwner(office.card, NOW)


@pytest.fixture
def stranger(office, owner) -> CaseOwner:
    """Knows the case's id and its open key, and has keys and a mailbox of their own."""
    keys = msgspec.structs.replace(NOBODYS, open=owner.keys.open)
    return CaseOwner(office.card, NOW, keys=keys)


def amends(owner: CaseOwner, stranger: CaseOwner, **more) -> list[Sealed]:
    return [stranger.say(case=owner.case, reply=stranger.block(), **{"seq": 7, **more})]


def begins(owner: CaseOwner, stranger: CaseOwner, **more) -> list[Sealed]:
    return [stranger.say(Report, case=owner.case, reply=stranger.block(), **more)]


ATTACKS = {
    "an amendment": amends,
    "an amendment under the open key": lambda owner, stranger: amends(owner, stranger, by="open"),
    "a second first report": begins,
    "a second first report with keys": lambda owner, stranger: begins(owner, stranger, keys=stranger.keys, by="pin"),
    "keys, and an amendment under them": lambda owner, stranger: [
        *begins(owner, stranger, keys=stranger.keys, by="pin"), *amends(owner, stranger, by="pin"),
    ],
    "a guessed secret": lambda owner, stranger: begins(
        owner, stranger, case_secret=b64(stranger.secret), keys=stranger.keys, by="pin"
    ),
    "the id in the place of the secret": lambda owner, stranger: begins(
        owner, stranger, case_secret=b64((unb64(owner.case) * 2)[:32])
    ),
    "said long before": lambda owner, stranger: amends(owner, stranger, at=1, when={"stage": 1}, seq=0),
    "said long after": lambda owner, stranger: amends(owner, stranger, at=2**53 - 1, seq=2**53 - 1),
    "a practice press": lambda owner, stranger: begins(owner, stranger, practice=True),
    "the owner's words and mailbox, another key": lambda owner, stranger: [
        stranger.say(Report, case=owner.case, reply=replace_key(owner, stranger))
    ],
}  # fmt: skip


def replace_key(owner: CaseOwner, stranger: CaseOwner):
    return msgspec.structs.replace(stranger.block(), relays=owner.block().relays)


def read(office: Office) -> dict[str, Case]:
    """What the command line knows of what the desk collected."""
    mine = unlock_home(office.folder, lambda: PASSPHRASE).secrets
    with Records(office.folder, mine.store) as records:
        return load(records, report_address(mine.root_public, mine.mailbox_key.id))


def lay(office: Office, letters: list[Sealed]) -> None:
    for relay in RELAYS:
        for sealed in letters:
            office.post.lay(relay, sealed)


def route(owner: CaseOwner) -> ReplyRoute:
    mailbox = owner.mailbox.seed
    return ReplyRoute(owner.case, RELAYS, mailbox, owner.seed, b"s" * 32, NOW)


def reply_and_open(office: Office, owner: CaseOwner, stranger: CaseOwner) -> list[str]:
    """Reply from the desk; the texts that the owner reads. The stranger must read none."""
    with office.desk() as desk:
        desk.reply(owner.case, TEXT, "lawyer")
    with OutboxStore(office.folder) as outbox:
        waits = [outbox.get(hash_) for hash_ in outbox.hashes()]
    frames = [Frame.of(waiting.sealed.envelope, waiting.sealed.commitment) for waiting in waits]
    theirs = replace_case(route(stranger), owner.case)
    assert [reply for frame in frames if (reply := open_reply(theirs, frame))] == []
    return [reply.text for frame in frames if (reply := open_reply(route(owner), frame))]


def replace_case(found: ReplyRoute, case: str) -> ReplyRoute:
    return msgspec.structs.replace(found, case=case)


@pytest.mark.parametrize("is_first", [False, True], ids=["afterwards", "first"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_reply_reaches_the_owner_and_nobody_else_and_the_attempt_is_shown(office, owner, stranger, attack, is_first):
    steps = [[owner.begin()], ATTACKS[attack](owner, stranger)]
    with office.desk() as desk:
        for letters in reversed(steps) if is_first else steps:
            lay(office, letters)
            desk.pull(office.post)
        with desk.reading() as db:
            seen = view.load_case(db, owner.case)
            [item] = load_queue(db, NOW).items
    assert "other_reply" in seen.flags
    assert "disputed" in item.reasons
    assert reply_and_open(office, owner, stranger) == [TEXT]
    case = read(office)[owner.case]
    assert case.reply_block == owner.block()
    assert case.is_disputed
    assert {as_json(entry)["reply"] for entry in case.messages} >= {"usable", "not-used"}


def test_where_only_a_stranger_offers_a_way_no_reply_goes(office, owner, stranger):
    lay(office, [owner.say(Report, seq=0), *amends(owner, stranger)])
    with office.desk() as desk:
        desk.pull(office.post)
        with pytest.raises(NoReplyBlock):
            desk.reply(owner.case, TEXT, "lawyer")


def test_a_later_way_counts_when_it_was_said_with_the_pin_and_only_then(office, owner, stranger):
    later = CaseOwner(office.card, NOW, owner.secret, owner.keys)
    for by in ("open", "forced", ""):
        lay(office, [owner.begin(), later.say(by=by, seq=2, at=NOW + 60, reply=later.block())])
        with office.desk() as desk:
            desk.pull(office.post)
        assert read(office)[owner.case].reply_block == owner.block()
    lay(office, [later.say(by="pin", seq=3, at=NOW + 30, reply=later.block())])
    with office.desk() as desk:
        desk.pull(office.post)
    assert read(office)[owner.case].reply_block == later.block()


def test_the_owners_message_with_another_way_in_it_is_no_longer_the_owners(office, owner, stranger):
    sealed = owner.begin()
    whole = json.loads(message.header(Report(id=b64(os.urandom(16)), case=owner.case, seq=0, at=NOW, keys=owner.keys)))
    changed = json.dumps({**whole, "reply": msgspec.to_builtins(stranger.block()), "case_secret": None}).encode()
    lay(office, [sealed, stranger.seal_said(changed, b"x" * 32)])
    with office.desk() as desk:
        desk.pull(office.post)
    assert reply_and_open(office, owner, stranger) == [TEXT]


@pytest.mark.parametrize("until", [0, 1, NOW - 1, 2**53 - 1])
def test_a_reply_goes_whatever_time_the_sender_gave_for_it(office, owner, stranger, until):
    lay(office, [owner.begin(reply=owner.block(until))])
    with office.desk() as desk:
        desk.pull(office.post)
    assert is_over(read(office)[owner.case].reply_block, NOW) is (until < NOW)
    assert reply_and_open(office, owner, stranger) == [TEXT]


ORDERS = [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)]


@pytest.mark.parametrize("order", ORDERS)
def test_who_said_each_message_is_shown_in_whatever_order_they_come(office, owner, order):
    office.now = NOW + 100  # nothing is said later than it comes
    letters = [
        owner.begin({"name": "Анна"}),
        owner.say(by="open", facts={"people": 2}, seq=1, at=NOW + 1),
        owner.say(by="forced", facts={"stage": "released"}, seq=2, at=NOW + 2),
        owner.say(by="pin", facts={"stage": "released"}, seq=3, at=NOW + 3),
        owner.say(facts={"people": 3}, seq=4, at=NOW + 4),
    ]
    with office.desk() as desk:
        for number in order:
            lay(office, [letters[number]])
            desk.pull(office.post)
        with desk.reading() as db:
            seen = view.load_case(db, owner.case)
            [item] = load_queue(db, NOW).items
    said = ["pin", "open", "forced", "pin", ""]
    assert [letter.origin for letter in sorted(seen.letters, key=lambda letter: letter.at)] == said
    assert {fact.origin for fact in seen.timeline if fact.value == "released"} == {"forced", "pin"}
    assert "coerced" in item.reasons
    assert [entry.origin for entry in read(office)[owner.case].messages] == said
    with office.desk() as desk, desk.reading() as db:  # after a restart too
        assert [letter.origin for letter in view.load_case(db, owner.case).letters] == said


def test_keys_that_a_stranger_names_mark_nothing(office, owner, stranger):
    lay(office, [owner.begin(), *begins(owner, stranger, keys=stranger.keys, by="pin")])
    lay(office, [stranger.say(case=owner.case, facts={"stage": "released"}, by="pin", seq=5)])
    with office.desk() as desk:
        desk.pull(office.post)
    assert [entry.origin for entry in read(office)[owner.case].messages if entry.message.seq == 5] == [""]


def test_the_commands_show_who_spoke_and_print_nothing_that_proves_it(office, owner, stranger, tmp_path):
    lay(office, [owner.begin(reply=owner.block(NOW - 5)), owner.say(by="forced", seq=1), *amends(owner, stranger)])
    with office.desk() as desk:
        desk.pull(office.post)
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    options = ["--home", str(office.folder), "--passphrase-file", str(secret)]
    shown = CliRunner().invoke(door, ["inbox", "show", owner.case, *options])
    assert shown.exit_code == 0, shown.output
    for words in ("said with the PIN", "said under force", "another way to reply was offered and not used", "disputed"):
        assert words in shown.output
    listed = CliRunner().invoke(door, ["inbox", "list", *options]).output
    assert "disputed" in listed
    raw = CliRunner().invoke(door, ["inbox", "show", owner.case, "--json", *options]).output
    for hidden in (b64(owner.secret), owner.keys.pin, owner.keys.forced, owner.keys.open):
        assert hidden not in shown.output + raw


def test_nothing_that_proves_a_case_stands_in_a_traceback(owner):
    report = message.read(json.loads(message.header(Report(
        id=b64(bytes(16)), case=owner.case, seq=0, at=NOW, case_secret=b64(owner.secret), keys=owner.keys,
    )))).message  # fmt: skip
    entry = CaseMessage(report, json.loads(message.header(report)), True, False, {"name": "x"}, NOW)
    case = Case(owner.case, [entry])
    for shown in (repr(report), repr(report.keys), repr(case), repr(replace_case(route(owner), owner.case))):
        assert b64(owner.secret) not in shown
        assert owner.keys.pin not in shown
