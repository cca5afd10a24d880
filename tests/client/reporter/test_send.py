"""One call seals a report and sends it; what does not leave waits, and nothing is sent when something is refused."""

import pytest

from client.files import FolderBusy, NoSuchFile, locked
from client.organisation import case_files, home
from client.organisation.home import CARD, Profile
from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.records import Records
from client.outbox.store import OutboxStore
from client.reporter.card_source import NoCardFound
from client.reporter.compose import Attachment, Draft
from client.reporter.folder import Reporter, UnknownCase
from client.reporter.send import SentReport, send
from client.transport.relay_client import Unreachable
from keys import message
from keys.code import CardCode
from keys.errors import CardOlder, WrongPassphrase
from keys.keystore import Cost
from keys.problems import NoCard
from keys.wire import b64
from tests.support.fake_relay import Post

NOW = 1_795_168_800
NORTH, SOUTH = "https://north.example", "https://south.example"
QUICK = Cost(1, 8 * 1024)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def office(tmp_path) -> home.Home:
    return home.create(tmp_path / "office", "words", Profile("Помощь", (NORTH, SOUTH)), now=NOW, cost=QUICK)


@pytest.fixture
def report(tmp_path, post, office):
    """Send a report to the office's card."""

    def report(draft: Draft, to: object = office.path / CARD, now: int = NOW, **options) -> SentReport:
        return send(tmp_path / "person", str(to), draft, post, clock=lambda: now, **options)

    return report


def read_cases(office: home.Home, post: Post) -> dict[str, case_files.Case]:
    secrets = office.secrets
    address = report_address(secrets.root_public, secrets.mailbox_key.id)
    with Records(office.path, secrets.store) as records:
        inbox = Inbox(records, address, secrets.open_keys(), last_resort=secrets.last_resort, clock=lambda: NOW)
        assert inbox.pull(post, [NORTH, SOUTH], secrets.mailbox_key) != PullResult()
        return case_files.load(records)


def waiting(tmp_path) -> int:
    with OutboxStore(tmp_path / "person") as store:
        return len(store.hashes())


def test_a_report_with_a_file_reaches_the_organisation_by_two_relays(report, office, post, tmp_path):
    sent = report(Draft({"name": "Анна"}, [Attachment("image/jpeg", b"photo")]))
    assert (len(sent.composed.sealed), sent.outcome.pending, len(sent.outcome.receipts)) == (2, 0, 4)
    [case] = read_cases(office, post).values()
    assert (case.id, case.fact("name")) == (sent.composed.case, "Анна")
    assert [ref.type for ref in case.files()] == ["image/jpeg"]
    assert waiting(tmp_path) == 0


def test_the_first_report_says_stage_and_people_and_an_addition_only_what_it_adds(report, office, post):
    case = report(Draft({"stage": "van"})).composed.case
    added = report(Draft({"name": "Анна"}), case_start=case[:8])
    assert added.composed.case == case
    messages = [entry.message for entry in read_cases(office, post)[case].messages]
    assert {(message.seq, tuple(sorted(message.facts.items()))) for message in messages} == {
        (0, (("people", 1), ("stage", "van"))),
        (1, (("name", "Анна"),)),
    }


def test_a_reply_can_come_once_a_passphrase_was_given(report, office, post, tmp_path):
    assert not report(Draft({})).can_receive_replies
    Reporter(tmp_path / "person").set_up("words", cost=QUICK)
    sent = report(Draft({}), passphrase=lambda: pytest.fail("it has a key already"))
    assert sent.can_receive_replies
    cases = read_cases(office, post)
    assert [case.reply_block is not None for case in cases.values()] == [case == sent.composed.case for case in cases]


def test_an_addition_brings_a_way_for_replies_only_with_the_passphrase(report, office, post, tmp_path):
    Reporter(tmp_path / "person").set_up("words", cost=QUICK)
    first = report(Draft({}))
    case = first.composed.case
    begun = read_cases(office, post)[case].reply_block
    without = report(Draft({"name": "Анна"}), case_start=case)
    assert (first.brings_route, without.brings_route) == (True, False)
    assert read_cases(office, post)[case].reply_block == begun
    assert report(Draft({"people": 2}), case_start=case, now=NOW + 1, passphrase=lambda: "words").brings_route
    assert read_cases(office, post)[case].reply_block != begun
    lying = b"".join(path.read_bytes() for path in (tmp_path / "person").iterdir() if path.is_file())
    secret = Reporter(tmp_path / "person").case_secret(Reporter(tmp_path / "person").unlock(lambda: "words"), case)
    assert message.case_id(secret) == case
    assert secret not in lying
    assert b64(secret).encode() not in lying


def test_a_wrong_passphrase_sends_nothing(report, post, tmp_path):
    Reporter(tmp_path / "person").set_up("words", cost=QUICK)
    case = report(Draft({})).composed.case
    sent = len(post.deposited)
    with pytest.raises(WrongPassphrase):
        report(Draft({"people": 2}), case_start=case, passphrase=lambda: "other")
    assert len(post.deposited) == sent


def test_what_does_not_leave_waits_and_goes_with_the_next_report(report, post, tmp_path):
    post.down = {NORTH, SOUTH}
    sent = report(Draft({}))
    assert (sent.outcome.pending, sent.outcome.receipts) == (1, [])
    assert {type(error) for error in sent.outcome.refusals.values()} == {Unreachable}
    assert waiting(tmp_path) == 1
    post.down = set()
    later = report(Draft({}), now=NOW + 3600)
    assert (later.outcome.pending, len(later.outcome.receipts)) == (0, 2)
    assert waiting(tmp_path) == 0


def test_the_newest_card_of_a_code_counts_and_each_relay_without_one_is_named(report, office, post):
    code = CardCode(office.secrets.root_public, (NORTH, SOUTH))
    problems = []
    with pytest.raises(NoCardFound):
        report(Draft({}), str(code), on_problem=lambda error, relay: problems.append((type(error), relay)))
    assert problems == [(NoCard, NORTH), (NoCard, SOUTH)]
    post.cards[NORTH] = office.card.signed
    office.renew_card(office.root_key(None, lambda: "words"), NOW + 1)
    post.cards[SOUTH] = office.card.signed
    assert report(Draft({}), str(code)).outcome.pending == 0
    del post.cards[SOUTH]
    with pytest.raises(CardOlder):
        report(Draft({}), str(code))


def test_a_card_whose_weeks_are_over_is_said_to_be_so(report, office):
    assert not report(Draft({}), now=office.card.expires - 1).is_last_resort
    assert report(Draft({}), now=office.card.expires).is_last_resort


def test_what_is_refused_sends_nothing(report, post, tmp_path):
    with pytest.raises(NoSuchFile):
        report(Draft({}), tmp_path / "nowhere")
    with pytest.raises(UnknownCase):
        report(Draft({}), case_start="abc")
    with locked(tmp_path / "person"), pytest.raises(FolderBusy):
        report(Draft({}))
    assert (post.deposited, waiting(tmp_path)) == ([], 0)
