"""One call fetches what came back in a case and returns all of it that is kept."""

import os

import pytest

from client.organisation.reply import seal_reply
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


def test_a_route_that_is_over_is_not_asked_along(reporter):
    post = Post()
    lay_reply(reporter, post, "late")
    found = read(reporter, post, now=NOW + 90 * DAY_SECONDS)
    assert (found.replies, found.failures, post.calls) == ([], {}, 0)


def test_a_folder_that_can_open_nothing_says_so(tmp_path, reporter):
    with pytest.raises(UnknownCase):
        read(reporter, Post(), "other")
    stranger = Reporter(tmp_path / "stranger")
    stranger.has_sent(CASE, 0)
    with pytest.raises(NoReporter):
        read(stranger, Post())
