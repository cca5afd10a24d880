"""One call fetches what came back in a case and returns all of it that is kept."""

import dataclasses
import os
from datetime import UTC, date, datetime

import pytest

from client.organisation.reply import seal_reply
from client.organisation.trusted_date import ClockContradicted
from client.reporter.compose import new_id
from client.reporter.folder import NoReporter, Reporter, UnknownCase
from client.reporter.replies import CaseReplies, read_replies
from client.transport.relay_client import Unreachable
from keys.keystore import Cost
from keys.message import Reply
from keys.organisation import Card, expiry
from keys.wire import DAY_SECONDS, week_of
from tests.support.fake_relay import Post

NOW = 1_795_168_800
NORTH, SOUTH = "https://north.example", "https://south.example"
CASE = new_id(os.urandom)
CARD = Card(
    name="",
    root=b"r" * 32,
    seq=1,
    issued=NOW,
    expires=expiry(week_of(NOW)),
    relays=(NORTH, SOUTH),
    mailbox=b"m" * 32,
    week=week_of(NOW),
    weekly=(),
    last_resort=b"",
)


@pytest.fixture
def reporter(tmp_path) -> Reporter:
    reporter = Reporter(tmp_path)
    reporter.set_up("words", cost=Cost(1, 8 * 1024))
    reporter.has_sent(CASE, 0)
    return reporter


def lay_reply(reporter: Reporter, post: Post, text: str, at: int = NOW, relay: str = NORTH) -> None:
    route = reporter.new_reply_route(CASE, CARD, NOW)
    reporter.keep_reply_route(route)
    reply = Reply(id=new_id(os.urandom), case=CASE, seq=1, at=at, text=text, status="lawyer")
    [(sealed, _)] = seal_reply(reply, route.block(), [NORTH, SOUTH], os.urandom)
    post.lay(relay, sealed)


def read(reporter: Reporter, post: Post, start: str = CASE[:8], now: int = NOW) -> CaseReplies:
    return read_replies(reporter.folder, start, lambda: "words", post, clock=lambda: now)


def test_replies_are_fetched_and_kept_oldest_first(reporter):
    post = Post()
    lay_reply(reporter, post, "later", NOW + 60)
    lay_reply(reporter, post, "sooner", relay=SOUTH)
    post.down = {SOUTH}
    found = read(reporter, post)
    assert (found.case, [reply.text for reply in found.replies]) == (CASE, ["later"])
    assert {relay: type(error) for relay, error in found.failures.items()} == {SOUTH: Unreachable}
    post.down = set()
    assert [reply.text for reply in read(reporter, post).replies] == ["sooner", "later"]
    post.forget()
    assert [reply.text for reply in read(reporter, post, now=NOW + 90 * DAY_SECONDS).replies] == ["sooner", "later"]


def test_a_route_that_is_over_is_asked_along_once_more_and_then_never(reporter):
    post = Post(clock=lambda: FAR)
    lay_confirmed_reply(reporter, post, "late")
    assert [reply.text for reply in read(reporter, post, now=FAR).replies] == ["late"]
    calls = post.calls
    assert [reply.text for reply in read(reporter, post, now=FAR).replies] == ["late"]
    assert post.calls == calls


def test_a_folder_that_can_open_nothing_says_so(tmp_path, reporter):
    with pytest.raises(UnknownCase):
        read(reporter, Post(), "other")
    stranger = Reporter(tmp_path / "stranger")
    stranger.has_sent(CASE, 0)
    with pytest.raises(NoReporter):
        read(stranger, Post())


FAR = NOW + 60 * DAY_SECONDS


def test_a_typed_date_destroys_what_is_over_for_14_days_beside_what_is_not(reporter):
    """Who reports every week always has a route that was over a few days ago."""
    post = Post(clock=lambda: FAR)
    card = dataclasses.replace(CARD, log=tuple(str(post.key_of(relay)) for relay in CARD.relays))
    long_over, just_over = (reporter.new_reply_route(CASE, card, FAR - days * DAY_SECONDS) for days in (60, 39))
    for route in (long_over, just_over):
        reporter.keep_reply_route(route)
    post.down = {NORTH, SOUTH}
    today = datetime.fromtimestamp(FAR, UTC).date()
    found = read_replies(reporter.folder, CASE, lambda: "words", post, today=today, clock=lambda: FAR)
    assert found.put_off is not None, "what is left is said"
    left = reporter.reply_routes(reporter.unlock(lambda: "words"), CASE)
    assert [route.mailbox for route in left] == [just_over.mailbox]


def lay_confirmed_reply(reporter: Reporter, post: Post, text: str) -> None:
    card = dataclasses.replace(CARD, log=tuple(str(post.key_of(relay)) for relay in CARD.relays))
    route = reporter.new_reply_route(CASE, card, NOW)
    reporter.keep_reply_route(route)
    reply = Reply(id=new_id(os.urandom), case=CASE, seq=1, at=NOW, text=text, status="lawyer")
    [(sealed, _)] = seal_reply(reply, route.block(), [NORTH, SOUTH], os.urandom)
    post.lay(NORTH, sealed)


def test_a_clock_that_is_once_60_days_ahead_loses_no_reply_and_it_is_told(reporter):
    post = Post(clock=lambda: NOW)
    lay_confirmed_reply(reporter, post, "first")
    found = read(reporter, post, now=FAR)
    assert [reply.text for reply in found.replies] == ["first"]
    assert found.put_off is not None
    assert found.put_off.is_contradicted
    key = reporter.unlock(lambda: "words")
    assert len(reporter.reply_routes(key, CASE)) == 1
    with pytest.raises(ClockContradicted):
        read_replies(reporter.folder, CASE, lambda: "words", post, today=day(FAR), clock=lambda: FAR)
    assert len(reporter.reply_routes(key, CASE)) == 1


def test_keys_of_replies_go_when_the_relays_sign_that_their_time_is_over_and_what_came_last_is_fetched(reporter):
    post = Post(clock=lambda: FAR)
    lay_confirmed_reply(reporter, post, "late")
    found = read(reporter, post, now=FAR)
    assert ([reply.text for reply in found.replies], found.put_off) == (["late"], None)
    assert reporter.reply_routes(reporter.unlock(lambda: "words"), CASE) == []


def test_while_relays_are_silent_a_person_gives_the_date_that_destroys_keys_of_replies(reporter):
    post = Post(clock=lambda: FAR)
    lay_confirmed_reply(reporter, post, "late")
    post.down = {NORTH, SOUTH}
    key = reporter.unlock(lambda: "words")
    put_off = read(reporter, post, now=FAR).put_off
    assert put_off is not None
    assert set(put_off.silent) == {NORTH, SOUTH}
    assert len(reporter.reply_routes(key, CASE)) == 1
    read_replies(reporter.folder, CASE, lambda: "words", post, today=day(FAR), clock=lambda: FAR)
    assert reporter.reply_routes(key, CASE) == []


def day(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()
