"""A desk's practice letters: on the wire they are reports, nobody forges them, and what is not given out is said."""

import http.server
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil

import pytest

from client.organisation.canary import canary_key, echo_mark, find_canary, seal_canary, seal_echo
from client.organisation.canary_sender import MEAN_SECONDS, CanaryPlan, CanarySender
from client.organisation.canary_watch import CanaryWatch, RelayNotice
from client.organisation.deliveries import Deliveries, MissingCanary
from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.records import Records
from client.outbox.sender import deposit_with_work
from client.reporter.compose import Draft, compose, new_id
from client.transport.relay_client import BadAnswer, Frame, Problem, Transport, Unreachable
from keys.envelope import Sealed, seal
from keys.errors import BadReceipt
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.organisation import Card, expiry
from keys.problems import RelayFull
from keys.receipt import RECEIPT_KIND
from keys.wire import LETTER_BYTES, b64, encode_json, week_of
from tests.support.fake_relay import KEY, sign_handover

NOW = 1_795_168_800
WEEKLY, LAST_RESORT, MAILBOX = PrivateKey(b"w" * 32), PrivateKey(b"l" * 32), MailboxKey(b"m" * 32)
RELAY = "https://relay.example"
CARD = Card(
    name="", root=b"r" * 32, seq=1, issued=NOW, expires=expiry(week_of(NOW)), relays=(RELAY,),
    mailbox=MAILBOX.id, week=week_of(NOW), weekly=(WEEKLY.public,), last_resort=LAST_RESORT.public,
)  # fmt: skip
ADDRESS = report_address(CARD.root, CARD.mailbox)
CANARY_KEY, DESK, OTHER_DESK = canary_key(MAILBOX), b"d" * 32, b"o" * 32
PLAN = CanaryPlan(CARD, CANARY_KEY, (KEY,), NOW)
QUARTER_SECONDS = 900.0


def make_canary(desk=DESK, key=CANARY_KEY):
    return seal_canary(CARD, key, desk, now=NOW, random_bytes=os.urandom)


def take(records, letters, deliveries=None):
    """Take these letters as one page of a relay; what came of it, and the practice letters that were found."""
    tally, found = PullResult(), []
    inbox = Inbox(
        records, ADDRESS, [WEEKLY, LAST_RESORT], last_resorts=[LAST_RESORT.seed], receipt_keys=[KEY],
        clock=lambda: NOW, canary_key=CANARY_KEY, on_canary=lambda canary, relay: found.append(canary),
        deliveries=deliveries,
    )  # fmt: skip
    inbox.take([Frame.of(it.envelope, it.commitment, sign_handover(it)) for it in letters], tally, RELAY)
    return tally, found


@pytest.fixture
def records(tmp_path):
    with Records(tmp_path, b"k" * 32) as opened:
        yield opened


def test_a_canary_is_recognised_and_nothing_of_it_stays(records):
    report = compose(CARD, Draft({"people": 2}, []), case=new_id(os.urandom), first=True, seq=0, now=NOW,
                     random_bytes=os.urandom).sealed[0]  # fmt: skip
    canary, sealed = make_canary()
    tally, found = take(records, [sealed, report])
    assert (tally.new, tally.duplicate, tally.bad, found) == (1, 0, 0, [canary])
    assert len(list(records.letters())) == 1
    assert {receipt.commitment for receipt in records.all_receipts()} == {report.commitment}
    assert take(records, [sealed])[0].duplicate == 0, "replayed by the relay"
    assert list(records.asides()) == []


@pytest.mark.parametrize("key", [b"", b"\0" * 32, bytes(range(32))], ids=["none", "zeros", "another"])
def test_a_letter_that_only_says_it_is_a_canary_is_put_aside_and_not_hidden(records, key):
    _, sealed = make_canary(key=key)
    tally, found = take(records, [sealed])
    assert (tally.bad, found) == (1, [])
    assert [aside.reason for aside in records.asides()] == ["message-malformed"]


def test_a_report_with_the_mac_of_a_canary_in_another_letter_is_a_report(records):
    """The MAC holds for one header and one salt: whoever sees it cannot make a report vanish by it."""
    header = encode_json({"v": 1, "kind": "report", "id": b64(b"i" * 16), "case": b64(b"c" * 16), "seq": 0, "at": NOW,
                          "facts": {"people": 1}})  # fmt: skip
    sealed = seal(header, os.urandom(32), key=WEEKLY.public, address=ADDRESS, random_bytes=os.urandom)
    tally, found = take(records, [sealed])
    assert (tally.new, found) == (1, [])


def test_the_key_of_canaries_is_of_the_mailbox_and_opens_nothing_else():
    assert canary_key(MAILBOX) == canary_key(MailboxKey(MAILBOX.seed))
    assert canary_key(MAILBOX) != canary_key(MailboxKey(b"n" * 32))
    other = replace(ADDRESS, recipient=b"q" * 32)
    _, sealed = make_canary()
    assert find_canary(b"\0" * 40, sealed.commitment, CANARY_KEY, other) is None


# What a relay sees


class _Recorder(http.server.BaseHTTPRequestHandler):
    seen: list[tuple[str, str, dict[str, str], int]]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.command, self.path, dict(self.headers), len(body)))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def recording() -> Iterator[tuple[str, list]]:
    handler = type("Handler", (_Recorder,), {"seen": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.seen
    finally:
        server.shutdown()
        server.server_close()


def test_on_the_wire_a_canary_is_a_report_of_a_person():
    report = compose(CARD, Draft({"people": 2}, []), case=new_id(os.urandom), first=True, seq=0, now=NOW,
                     random_bytes=os.urandom).sealed[0]  # fmt: skip
    with recording() as (relay, seen):
        with Transport(os.urandom) as transport, pytest.raises(BadAnswer):
            deposit_with_work(transport, relay, report, [KEY])
        watch = CanaryWatch(DESK, timer=lambda: 1e9)
        CanarySender(
            relay, watch, lambda: PLAN, open_transport=lambda: Transport(os.urandom), random_bytes=os.urandom,
            exponential=lambda mean: 0.0,
        ).step()  # fmt: skip
    (first, second), random_headers = seen, {"Tocsin-Commit"}
    assert first[:2] + first[3:] == second[:2] + second[3:]
    assert first[3] == LETTER_BYTES
    assert list(first[2]) == list(second[2])
    assert {name for name in first[2] if first[2][name] != second[2][name]} == random_headers


# What is said of a relay


@dataclass
class Line:
    """A relay on a line that wears the transport's interface. `drops`: whether it keeps back the letter that comes."""

    drops: Callable[[], bool]
    failure: Exception | None = None
    deposited: list[Sealed] = field(default_factory=list)
    waiting: list[Sealed] = field(default_factory=list)
    opened: int = 0
    echoes: list[Sealed] = field(default_factory=list)

    def __enter__(self):
        self.opened += 1
        return self

    def __exit__(self, *_):
        pass

    def deposit(self, relay, sealed, keys, work=None, *, wake=None):
        if self.failure is not None:
            raise self.failure
        self.deposited.append(sealed)
        if sealed.mailbox != CARD.mailbox:
            self.echoes.append(sealed)
        elif not self.drops():
            self.waiting.append(sealed)
        return sign_handover(sealed, NOW // 3_600 * 3_600, kind=RECEIPT_KIND).decode()

    def pages(self, relay, key, want, wait=0, *, receipts=False):
        found = [sealed for sealed in self.echoes if sealed.mailbox == key.id]
        if found:
            yield [Frame.of(sealed.envelope, sealed.commitment) for sealed in found]


@dataclass
class Night:
    """A desk's practice letters at one relay, by a clock of its own: a pull is held open for 50 seconds."""

    line: Line
    seed: int = 0
    seconds: float = 0.0

    def __post_init__(self):
        draw = random.Random(self.seed)  # noqa: S311
        self.watch = CanaryWatch(DESK, timer=lambda: self.seconds)
        self.sender = CanarySender(
            RELAY, self.watch, lambda: PLAN, open_transport=lambda: self.line, random_bytes=os.urandom,
            exponential=lambda mean: draw.expovariate(1 / mean),
        )  # fmt: skip
        self.pull_began = -draw.uniform(0, 50)
        self.step_at = 0.0
        self.missing = []
        self.can_pull = True

    def run(self, seconds: float) -> None:
        end = self.seconds + seconds
        while self.seconds < end:
            self.tick()

    def tick(self) -> None:
        self.seconds += 1
        if self.seconds >= self.step_at:
            self.step_at = self.seconds + max(1.0, self.sender.step())
        if not self.can_pull:
            return
        for sealed in self.line.waiting:
            self.watch.note_arrival(sealed.commitment)
        self.line.waiting.clear()
        if self.seconds - self.pull_began >= 51:
            self.watch.note_pull(RELAY, self.pull_began)
            self.pull_began = self.seconds
        self.missing += self.watch.take_missing()

    def find_kinds(self) -> list[str]:
        return [notice.kind for notice in self.watch.find_notices()]


def percentile_95(values: list[float]) -> float:
    return sorted(values)[ceil(len(values) * 0.95) - 1]


@pytest.mark.parametrize(("onset", "name"), [(0.0, "drop all"), (7_000.0, "from now on")])
def test_a_relay_that_gives_nothing_out_is_named_within_a_quarter_of_an_hour(onset, name):
    """p95 over 500 seeds, from the moment at which it begins to keep letters back."""
    waits = []
    for seed in range(500):
        night = Night(Line(lambda: False), seed)
        night.seconds = onset
        night.sender._next_at += onset
        night.line.drops = lambda: True
        while not night.missing:
            night.tick()
        waits.append(night.seconds - onset)
    assert percentile_95(waits) < QUARTER_SECONDS, name


def test_a_relay_that_drops_every_other_letter_is_named_soon_after_the_first():
    waits = []
    for seed in range(500):
        draw = random.Random(seed)  # noqa: S311
        dropped: list[float] = []
        night = Night(Line(lambda: False), seed)

        def drops(night=night, draw=draw, dropped=dropped) -> bool:
            is_dropped = draw.random() < 0.5
            if is_dropped:
                dropped.append(night.seconds)
            return is_dropped

        night.line.drops = drops
        while not night.missing:
            night.tick()
        waits.append(night.seconds - dropped[0])
    assert percentile_95(waits) < QUARTER_SECONDS
    assert max(waits) < QUARTER_SECONDS


def test_an_honest_relay_is_never_accused_and_letters_come_at_random_times():
    night = Night(Line(lambda: False))
    moments, before = [], 0
    for _ in range(40_000):
        night.tick()
        if len(night.line.deposited) > before:
            before = len(night.line.deposited)
            moments.append(night.seconds)
    assert night.missing == []
    assert night.watch.find_notices() == []
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert MEAN_SECONDS * 0.8 < sum(gaps) / len(gaps) < MEAN_SECONDS * 1.2
    assert min(gaps) < MEAN_SECONDS / 10
    assert max(gaps) > MEAN_SECONDS * 2.5
    assert night.line.opened >= len(moments), "each over a connection of its own"


@pytest.mark.parametrize(
    ("failure", "notice"),
    [
        (Problem(RelayFull()), RelayNotice("refused", RELAY, code="relay-full")),
        (Unreachable("no connection"), RelayNotice("silent", RELAY, code="relay-unreachable")),
        (BadReceipt(), RelayNotice("senseless", RELAY, code="receipt")),
    ],
)
def test_a_relay_that_takes_no_letter_is_not_said_to_keep_any_back(failure, notice):
    night = Night(Line(lambda: False, failure))
    night.run(4_000)
    assert (night.missing, night.watch.find_notices()) == ([], [notice])
    night.line.failure = None
    night.run(4_000)
    assert night.watch.find_notices() == []


def test_a_mailbox_that_cannot_be_emptied_is_said_as_that():
    night = Night(Line(lambda: False))
    night.can_pull = False
    night.watch.note_pull_failure(RELAY, "relay-unreachable")
    night.run(4_000)
    assert night.missing == []
    (notice,) = night.watch.find_notices()
    assert (notice.kind, notice.code) == ("stuck", "relay-unreachable")
    night.can_pull = True
    night.run(200)
    assert "stuck" not in night.find_kinds()


def test_a_letter_that_comes_late_takes_the_warning_back_and_says_so():
    night = Night(Line(lambda: True))
    while not night.missing:
        night.tick()
    late = night.missing[0].canary
    night.line.drops = lambda: False
    night.seconds += 600
    assert night.watch.note_arrival(late.commitment)
    (notice,) = [notice for notice in night.watch.find_notices() if notice.kind == "late"]
    assert notice.minutes >= 10
    night.seconds += 3_600
    assert "late" not in night.find_kinds()


def test_a_slow_relay_is_called_slow():
    night = Night(Line(lambda: True))
    while not night.line.deposited:
        night.tick()
    night.seconds += 100
    assert not night.watch.note_arrival(night.line.deposited[0].commitment)
    assert [notice.kind for notice in night.watch.find_notices()] == ["slow"]


def test_what_another_computer_collected_is_not_missing():
    """The other computer says so at the same relay, to a mailbox that only the two know."""
    night, other = Night(Line(lambda: True)), Night(Line(lambda: False))
    other.line = night.line  # one relay
    for _ in range(12_000):
        night.tick()
        fresh = [sealed for sealed in night.line.deposited if sealed.mailbox == CARD.mailbox]
        for sealed in fresh:
            out = night.watch._out.get(sealed.commitment)
            if out is not None:
                other.sender.add_echo(out.canary)
        other.sender._send_echoes(PLAN)
    assert len(night.line.echoes) > 10
    assert night.missing == []
    assert night.watch.find_notices() == []


def test_an_echo_is_a_letter_like_any_other_and_nobody_else_can_make_it():
    canary, _ = make_canary(OTHER_DESK)
    echo = seal_echo(canary, os.urandom)
    assert len(echo.envelope) == LETTER_BYTES
    assert echo.commitment == echo_mark(OTHER_DESK, canary.commitment)
    assert echo.commitment != echo_mark(DESK, canary.commitment)
    assert echo.mailbox != CARD.mailbox


def test_a_missing_canary_outlives_the_command_and_comes_off_when_it_arrives(records, tmp_path):
    canary, sealed = make_canary()
    receipt = sign_handover(sealed, kind=RECEIPT_KIND).decode()
    Deliveries(records, [RELAY], lambda: NOW).note_missing(MissingCanary(RELAY, canary.commitment, NOW, receipt))
    again = Deliveries(records, [RELAY], lambda: NOW + 60)
    assert [missing.receipt for missing in again.missing] == [receipt]
    tally, _ = take(records, [sealed], again)
    assert [late.commitment for late in tally.late] == [canary.commitment]
    assert Deliveries(records, [RELAY], lambda: NOW).missing == []
    disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary" not in disk
    assert RELAY.encode() not in disk
    assert canary.commitment not in disk
