"""One call seals a report and sends it; what does not leave waits, and nothing is sent when something is refused."""

import base64
import json

import pytest

from client.files import FolderBusy, NoSuchFile, locked
from client.organisation import case_files, home
from client.organisation.home import CARD, Profile
from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.records import Records
from client.outbox.sender import send_waiting
from client.outbox.store import OutboxStore
from client.reporter.card_source import NoCardFound
from client.reporter.compose import Attachment, Draft
from client.reporter.folder import Reporter, UnknownCase
from client.reporter.send import SentReport, send
from client.transport.relay_client import Unreachable
from keys import message
from keys.code import CardCode
from keys.errors import CardOlder, WrongPassphrase
from keys.kem import PrivateKey
from keys.keystore import Cost
from keys.opening import open_envelope
from keys.problems import NoCard
from keys.receipt import RECEIPT_KIND, read_receipt
from keys.wire import DAY_SECONDS, LETTER_BYTES, WEEK_SECONDS, b64
from tests.support.fake_relay import HOUR, Post, sign_handover

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
        inbox = Inbox(records, address, secrets.open_keys(), last_resorts=secrets.last_resort_seeds, clock=lambda: NOW)
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
    problems.clear()
    sent = report(Draft({}), str(code), on_problem=lambda error, relay: problems.append((type(error), relay)))
    assert (sent.outcome.pending, problems) == (0, [(CardOlder, NORTH), (NoCard, SOUTH)])


def renew(office: home.Home, now: int, relays: tuple[str, ...] = ()) -> home.Home:
    """The organisation signs a newer card, perhaps with other relays."""
    office.rotate(now)
    office.secrets.relays = list(relays or office.secrets.relays)
    office.renew_card(office.root_key(None, lambda: "words"), now)
    return office


def test_a_card_of_two_years_ago_at_the_first_relay_is_refused_and_the_newest_counts(report, office, post):
    later = NOW + 2 * 52 * WEEK_SECONDS
    post.cards[NORTH] = office.card.signed
    office.rotate(later, force=True)
    post.cards[SOUTH] = renew(office, later).card.signed
    problems = []
    code = CardCode(office.secrets.root_public, (NORTH, SOUTH))
    sent = report(
        Draft({}), str(code), now=later, on_problem=lambda error, relay: problems.append((type(error), relay))
    )
    assert (sent.is_last_resort, problems) == (False, [(CardOlder, NORTH)])


def test_with_an_old_file_the_newest_card_counts_also_when_all_relays_are_silent(report, office, post, tmp_path):
    old = tmp_path / "old"
    old.write_bytes(office.card.signed)
    later = office.card.expires
    office.rotate(later, force=True)
    post.cards[SOUTH] = renew(office, later).card.signed
    assert not report(Draft({}), old, now=later).is_last_resort
    post.cards.clear()
    problems = []
    sent = report(Draft({}), old, now=later, on_problem=lambda error, name: problems.append((type(error), name)))
    assert (sent.is_last_resort, problems) == (False, [(CardOlder, str(old))])
    assert read_cases(office, post).keys() >= {sent.composed.case}


def test_the_card_that_is_kept_tells_nothing_to_who_does_not_know_the_root(report, office, post, tmp_path):
    report(Draft({}))
    state = (tmp_path / "person" / "state").read_bytes()
    fields = json.loads(state)
    [sealed] = fields["notes"].values()
    disk = state + base64.b64decode(sealed)
    for secret in ("Помощь".encode(), NORTH.encode(), b64(office.secrets.root_public).encode(), office.card.mailbox):
        assert secret not in disk
    assert Reporter(tmp_path / "person").newest_card(office.secrets.root_public) == office.card


def test_letters_that_waited_for_a_seized_relay_leave_over_the_newest_card_s(report, office, post, tmp_path):
    post.down = {NORTH, SOUTH}
    waits = report(Draft({"name": "Анна"}))
    assert waiting(tmp_path) == 1
    east = "https://east.example"
    renew(office, NOW + 60, (east,))
    report(Draft({}), now=NOW + 120)
    assert waiting(tmp_path) == 0, "the seized relays are not tried any more"
    assert {relay for relay, _ in post.wakes} == {east}
    secrets = office.secrets
    address = report_address(secrets.root_public, secrets.mailbox_key.id)
    with Records(office.path, secrets.store) as records:
        Inbox(records, address, secrets.open_keys(), last_resorts=secrets.last_resort_seeds).pull(
            post, [east], secrets.mailbox_key
        )
        assert waits.composed.case in case_files.load(records)


def sealed_weeks(office: home.Home, post: Post) -> list[int | str]:
    """Return for each envelope that was deposited the week whose key it was sealed to."""
    card, found = office.card, []
    seeds = [*office.secrets.chain.ahead()]
    address = report_address(card.root, card.mailbox)
    for sealed in {sealed.hash: sealed for sealed in post.deposited}.values():
        opened = open_envelope(sealed.envelope, [PrivateKey(seed) for seed in seeds], address)
        found.append(seeds.index(opened.opened_by.seed))
    return sorted(found)


@pytest.mark.parametrize(("weeks", "sealed"), [(-9, [0, 9]), (-7, [0, 7]), (6, [0, 6]), (12, [0, 12]), (0, [0])])
def test_a_letter_sealed_far_from_the_relays_hour_is_sealed_again_to_the_week_it_names(
    report, office, post, weeks, sealed
):
    now = NOW + (0 if weeks <= 0 else weeks * WEEK_SECONDS)
    post.clock = lambda: now - weeks * WEEK_SECONDS
    log = [str(post.key_of(relay)) for relay in (NORTH, SOUTH)]
    office.secrets.log = log
    renew(office, NOW)
    sent = report(Draft({"name": "Анна"}, [Attachment("image/jpeg", b"photo")]), now=now)
    assert sealed_weeks(office, post) == sorted(sealed * 2)
    assert len({letter.commitment for letter in post.deposited}) == 2, "the same contents"
    [case] = read_cases(office, post).values()
    assert (case.id, len(case.messages)) == (sent.composed.case, 1), "it counts once"


def test_an_hour_before_the_card_is_no_hour_to_seal_for(report, office, post):
    post.clock = lambda: NOW - 9 * WEEK_SECONDS
    office.secrets.log = [str(post.key_of(relay)) for relay in (NORTH, SOUTH)]
    renew(office, NOW)
    report(Draft({}))
    assert sealed_weeks(office, post) == [0]


def test_a_card_whose_weeks_are_over_is_said_to_be_so(report, office):
    assert not report(Draft({}), now=office.card.expires - 1).is_last_resort
    expired = report(Draft({}), now=office.card.expires)
    assert (expired.is_last_resort, expired.is_clock_behind) == (True, False)


@pytest.mark.parametrize("now", [0, NOW - 12 * WEEK_SECONDS, NOW - 7 * WEEK_SECONDS, NOW - DAY_SECONDS, NOW - 1])
def test_a_clock_before_the_card_seals_to_the_last_resort_and_is_said_to_be_wrong(report, office, post, now):
    sent = report(Draft({}), now=now)
    assert (sent.is_last_resort, sent.is_clock_behind) == (True, True)
    [case] = read_cases(office, post).values()
    assert [entry.last_resort for entry in case.messages] == [True]


def test_what_is_refused_sends_nothing(report, post, tmp_path):
    with pytest.raises(NoSuchFile):
        report(Draft({}), tmp_path / "nowhere")
    with pytest.raises(UnknownCase):
        report(Draft({}), case_start="abc")
    with locked(tmp_path / "person"), pytest.raises(FolderBusy):
        report(Draft({}))
    assert (post.deposited, waiting(tmp_path)) == ([], 0)


def sign_deposit(relay, sealed):
    """What a relay in memory answers a deposit with, instead of a word that is no receipt."""
    return sign_handover(sealed, HOUR if relay == NORTH else HOUR + 3_600, kind=RECEIPT_KIND).decode()


@pytest.fixture
def signing(post, monkeypatch):
    """Relays that sign what they take, and a folder whose passphrase costs little."""
    monkeypatch.setattr(Reporter.set_up, "__kwdefaults__", {**Reporter.set_up.__kwdefaults__, "cost": QUICK})
    deposit = Post.deposit
    monkeypatch.setattr(
        Post, "deposit", lambda self, relay, sealed, *more, **named: (
            deposit(self, relay, sealed, *more, **named) and sign_deposit(relay, sealed)
        ),
    )  # fmt: skip


def carried(office, post, case):
    """The receipts that each message of a case carries, by its number."""
    messages = [entry.message for entry in read_cases(office, post)[case].messages]
    return {message.seq: message.receipts for message in messages}


@pytest.mark.usefixtures("signing")
def test_an_addition_carries_the_receipts_of_what_was_sent_before_and_they_lie_sealed(report, office, post, tmp_path):
    first = report(Draft({"name": "Анна"}, [Attachment("image/jpeg", b"photo")]), passphrase=lambda: "words")
    case, other = first.composed.case, report(Draft({}), passphrase=lambda: "words").composed
    disk = b"".join(path.read_bytes() for path in (tmp_path / "person").iterdir())
    assert b"tocsin/1/receipt" not in disk
    assert first.composed.sealed[0].commitment not in disk
    for _ in range(3):
        report(Draft({"people": 2}), case_start=case, passphrase=lambda: "words")
    own = {sign_deposit(relay, first.composed.sealed[0]) for relay in (NORTH, SOUTH)}
    found = carried(office, post, case)
    assert (found[0], set(found[1])) == ([], own)
    assert [own <= set(found[seq]) for seq in (2, 3)] == [True, False], "two messages carry each, not every one after"
    assert len(found[3]) == 4, "those for the second and the third message"
    assert not any(sign_deposit(NORTH, other.sealed[0]) in texts for texts in found.values())
    sent = first.composed.sealed[0].commitment
    assert {read_receipt(text.encode())[0].commitment for text in found[1]} == {sent}, "none for pieces of the photo"


@pytest.mark.usefixtures("signing")
def test_without_the_passphrase_an_addition_goes_and_carries_nothing(report, office, post):
    case = report(Draft({}), passphrase=lambda: "words").composed.case
    sent = report(Draft({"people": 2}), case_start=case)
    assert sent.outcome.pending == 0
    third = report(Draft({"people": 3}), case_start=case, passphrase=lambda: "words")
    assert third.composed.receipts == 4, "its own receipts are there all the same: two relays, two messages"
    found = carried(office, post, case)
    assert (found[0], found[1], len(found[2])) == ([], [], 4)


@pytest.mark.usefixtures("signing")
def test_receipts_never_make_a_letter_a_parcel(report, office, post):
    case = report(Draft({}), passphrase=lambda: "words").composed.case
    sent = report(Draft({"account": "я" * 2_300}), case_start=case, passphrase=lambda: "words")
    assert [len(sealed.envelope) for sealed in sent.composed.sealed] == [LETTER_BYTES]
    assert sent.composed.receipts == 1, "of two"
    after = report(Draft({"people": 2}), case_start=case, passphrase=lambda: "words")
    assert after.composed.receipts == 4, "what did not fit goes with the next message"


@pytest.mark.usefixtures("signing")
def test_a_damaged_folder_of_receipts_keeps_no_letter_back(report, post, tmp_path):
    post.down.update((NORTH, SOUTH))
    report(Draft({}), passphrase=lambda: "words")
    post.down.clear()
    (tmp_path / "person" / "replies.db").write_bytes(b"no database at all" * 100)
    _, outcome = send_waiting(tmp_path / "person", post, note=Reporter(tmp_path / "person").keep_receipts)
    assert (outcome.pending, waiting(tmp_path)) == (0, 0)


@pytest.mark.usefixtures("signing")
def test_the_receipt_of_what_left_later_is_kept_too(report, office, post, tmp_path):
    post.down.update((NORTH, SOUTH))
    first = report(Draft({}), passphrase=lambda: "words").composed
    post.down.clear()
    send_waiting(tmp_path / "person", post, note=Reporter(tmp_path / "person").keep_receipts)
    report(Draft({"people": 2}), case_start=first.case, passphrase=lambda: "words")
    assert set(carried(office, post, first.case)[1]) == {sign_deposit(r, first.sealed[0]) for r in (NORTH, SOUTH)}
