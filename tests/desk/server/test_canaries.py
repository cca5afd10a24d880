"""An open desk sends itself practice letters; what becomes of them is on its pages, and in no journal."""

import os
import time
from pathlib import Path

import pytest

from client.desk.desk import Desk
from client.desk.server.canaries import Canaries
from client.desk.web.app import create_app
from client.organisation import home
from client.organisation.canary_sender import CanarySender
from client.organisation.home import Profile
from client.organisation.trusted_date import SignedHour
from client.transport.relay_client import Transport
from keys.wire import DAY_SECONDS, LETTER_BYTES, WEEK_SECONDS
from tests.support.desk_office import NOW, PASSPHRASE, RELAYS, WEAK, DeskPost, Office, cases, kinds
from tests.support.desk_pages import Browser
from tests.support.fake_desk_process import TOKEN, FakeDeskControl
from tests.support.fake_relay import signer_of
from tests.support.relay_process import running

PATIENCE = 60


class CanaryPost(DeskPost):
    """Relays that are opened for each call. `eats`: relays that give a receipt and keep nothing."""

    eats: set[str]
    opened: int = 0

    def __enter__(self):
        self.opened += 1
        return self

    def __exit__(self, *_):
        pass

    def deposit(self, relay, sealed, keys, work=None, *, wake=None):
        self.drops = relay in self.eats
        return super().deposit(relay, sealed, keys, work, wake=wake)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    post = CanaryPost()
    post.eats = set()
    office = Office(tmp_path / "office", post)
    post.clock = office.clock
    return office


def open_desk(office: Office, folder: Path | None = None) -> tuple[Desk, list[float]]:
    """Return an unlocked desk whose timer stands still until it is moved."""
    desk, seconds = office.unlock(folder), [1_000.0]
    office.sign_hours(desk.home)
    desk.relay_watch.canaries.timer = lambda: seconds[0]
    return desk, seconds


def send(desk: Desk, office: Office, relay: str = RELAYS[0]) -> CanarySender:
    """Send one practice letter over a relay now."""
    sender = CanarySender(
        relay, desk.relay_watch.canaries, desk.relay_watch.make_plan, open_transport=lambda: office.post,
        random_bytes=os.urandom, exponential=lambda mean: 0.0,
    )  # fmt: skip
    sender.step()
    sender._next_at = float("inf")
    return sender


def pull_often(desk: Desk, office: Office, seconds: list[float], times: int = 4) -> None:
    for _ in range(times):
        seconds[0] += 60
        desk.pull(office.post)


def find_kinds(desk: Desk) -> list[tuple[str, str]]:
    return [(notice.kind, notice.relay) for notice in desk.relay_watch.notices]


def test_a_practice_letter_comes_back_and_is_in_no_journal_case_or_count(office):
    desk, seconds = open_desk(office)
    with desk:
        before = kinds(desk)
        send(desk, office)
        assert [len(sealed.envelope) for sealed in office.post.deposited] == [LETTER_BYTES]
        assert desk.pull(office.post).new == 0
        pull_often(desk, office, seconds)
        assert kinds(desk) == before
        assert cases(desk) == set()
        assert (desk.letters(), desk.asides(), find_kinds(desk)) == ([], [], [])


def test_a_relay_that_does_not_give_it_out_is_named_with_the_proof_after_a_restart_too(office):
    office.post.eats = {RELAYS[1]}
    desk, seconds = open_desk(office)
    with desk:
        send(desk, office, RELAYS[0])
        send(desk, office, RELAYS[1])
        desk.pull(office.post)
        assert find_kinds(desk) == [], "not before it had time"
        pull_often(desk, office, seconds)
        assert find_kinds(desk) == [("withheld", RELAYS[1])]
        before = kinds(desk)
        assert "received" not in before
    with office.desk() as again:
        assert find_kinds(again) == [("withheld", RELAYS[1])]
        (missing,) = again.relay_watch.deliveries.missing
        assert missing.receipt.startswith("tocsin/1/receipt\n")
        # It was kept back and comes after all: the warning goes, and that is said.
        (eaten,) = [sealed for sealed in office.post.deposited if sealed.commitment == missing.commitment]
        office.post.lay(RELAYS[1], eaten)
        again.pull(office.post)
        assert find_kinds(again) == [("late", RELAYS[1])]
    with office.desk() as third:
        assert find_kinds(third) == []


def test_the_pages_say_it_in_both_languages(office):
    control = FakeDeskControl(lambda passphrase, by: Desk.unlock(office.folder, passphrase, by, clock=office.clock))
    browser = Browser(create_app(control, office.clock))
    browser.post("/enter", token=TOKEN)
    browser.post("/unlock", passphrase=PASSPHRASE, by="Анна")
    office.post.eats = {RELAYS[1]}
    desk, seconds = control.desk, [0.0]
    office.sign_hours(desk.home)
    desk.relay_watch.canaries.timer = lambda: seconds[0]
    send(desk, office, RELAYS[1])
    pull_often(desk, office, seconds)
    for page in ("/", "/queue", "/journal"):
        assert (
            f"Relay {RELAYS[1]} took 1 practice letter of this desk and does not give it out." in browser.get(page).text
        )
    browser.post("/language", language="ru")
    assert f"Узел {RELAYS[1]} принял 1 пробное письмо этого стола и не отдаёт его." in browser.get("/").text
    assert browser.get("/").text.count('role="alert"') == 1
    desk.close()


def test_a_desk_on_another_computer_neither_shows_it_nor_makes_it_missing(office):
    other_folder = office.copy("other")
    desk, seconds = open_desk(office)
    other, _ = open_desk(office, other_folder)
    with desk, other:
        echoing = Canaries(other, open_transport=lambda: office.post)
        sender = send(desk, office)
        before = kinds(other)
        assert other.pull(office.post).new == 0
        assert (kinds(other), cases(other), find_kinds(other)) == (before, set(), [])
        echoing._senders[RELAYS[0]].step()
        for _ in range(4):
            pull_often(desk, office, seconds, 1)
            sender.step()
        assert find_kinds(desk) == []
        assert desk.relay_watch.canaries.take_missing() == []


def test_a_locked_desk_sends_nothing_and_its_threads_end(office):
    desk = office.unlock()
    office.sign_hours(desk.home)
    canaries = Canaries(desk, open_transport=lambda: office.post, exponential=lambda mean: 0.05)
    canaries.start()
    deadline = time.monotonic() + PATIENCE
    while len({relay for relay, _ in office.post.wakes}) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert office.post.opened >= len(office.post.deposited), "each over a connection of its own"
    desk.close()
    canaries.join(PATIENCE)
    assert not any(thread.is_alive() for thread in canaries._threads)
    count = len(office.post.deposited)
    with pytest.raises(Exception, match="locked"):
        canaries._plan()
    assert len(office.post.deposited) == count


def test_hours_that_relays_signed_for_practice_letters_confirm_the_date(office):
    desk, seconds = open_desk(office)
    with desk:
        for relay in RELAYS:
            send(desk, office, relay)
        hours = desk.relay_watch.canaries.find_signed_hours()
        assert {relay: hour.key for relay, hour in hours.items()} == {
            relay: bytes(signer_of(relay).verify_key) for relay in RELAYS
        }
        assert all(abs(hour.hour - NOW) < 7_200 for hour in hours.values())
        assert all(isinstance(hour, SignedHour) for hour in hours.values())
        seconds[0] += 901
        assert desk.relay_watch.canaries.find_signed_hours() == {}, "too old"


def test_nothing_of_a_practice_letter_lies_readable_on_the_disk(office):
    office.post.eats = set(RELAYS)
    desk, seconds = open_desk(office)
    with desk:
        send(desk, office)
        pull_often(desk, office, seconds)
        (missing,) = desk.relay_watch.deliveries.missing
        secret = desk.relay_watch.canaries.desk
    disk = b"".join(path.read_bytes() for path in office.folder.rglob("*") if path.is_file() and path.name != "card")
    for hidden in (b"canary", missing.commitment, missing.receipt.encode(), secret, RELAYS[0].encode()):
        assert hidden not in disk


def test_the_date_is_confirmed_without_asking_when_practice_letters_did(office):
    desk, _ = open_desk(office)
    with desk:
        office.now += WEEK_SECONDS
        for relay in RELAYS:
            send(desk, office, relay)
        before = len(office.post.deposited)
        assert desk.rotate_if_due(office.post).has_rotated
        assert len(office.post.deposited) == before


def test_only_a_relay_that_signed_no_hour_is_asked_for_it(office):
    desk, _ = open_desk(office)
    with desk:
        office.now += WEEK_SECONDS
        send(desk, office, RELAYS[0])
        asked = len(office.post.wakes)
        assert desk.rotate_if_due(office.post).has_rotated
        assert [relay for relay, _ in office.post.wakes[asked:]] == [RELAYS[1]]


def test_a_relay_that_signed_no_hour_still_puts_it_off_with_one_that_is_far_off(office):
    desk, _ = open_desk(office)
    with desk:
        office.now += WEEK_SECONDS
        send(desk, office, RELAYS[0])
        office.post.ahead = {RELAYS[1]: 8 * DAY_SECONDS}
        report = desk.rotate_if_due(office.post)
        assert report.is_put_off
        assert list(report.check.far) == [RELAYS[1]]


def test_a_clock_that_jumped_since_is_not_confirmed_by_hours_from_before(office):
    desk, _ = open_desk(office)
    with desk:
        for relay in RELAYS:
            send(desk, office, relay)
        office.now += 9 * WEEK_SECONDS
        office.post.clock = lambda: office.now - 9 * WEEK_SECONDS  # the relays' clocks did not jump
        week = desk.home.secrets.week
        assert desk.rotate_if_due(office.post).is_put_off
        assert desk.home.secrets.week == week


@pytest.mark.process
def test_a_real_relay_takes_it_and_gives_it_out_and_one_that_is_gone_is_silent(tmp_path):
    with running(tmp_path / "relay") as relay:
        profile = Profile("", (relay.address,))
        made = home.create(tmp_path / "office", PASSPHRASE, profile, now=int(time.time()), cost=WEAK)
        made.secrets.log = [str(relay_key(relay))]
        made.save()
        with Desk.unlock(tmp_path / "office", PASSPHRASE, "Анна") as desk, Transport(os.urandom) as transport:
            watch = desk.relay_watch.canaries
            sender = CanarySender(
                relay.address, watch, desk.relay_watch.make_plan, open_transport=lambda: Transport(os.urandom),
                random_bytes=os.urandom, exponential=lambda mean: 0.0,
            )  # fmt: skip
            sender.step()
            assert watch.find_overdue(relay.address, 0.0) != []
            assert desk.pull(transport).new == 0
            assert watch.find_overdue(relay.address, 0.0) == []
            assert list(watch.find_signed_hours()) == [relay.address]
            relay.stop()
            sender.step()
            desk.relay_watch.refresh()
            assert find_kinds(desk) == [("silent", relay.address)]


def relay_key(relay):
    with Transport(os.urandom) as transport:
        return transport.info(relay.address).note_key
