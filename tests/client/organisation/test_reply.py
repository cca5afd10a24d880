"""A reply goes only where it may: to the reply block's mailbox, at one of the organisation's own relays."""

import os
import random
from collections import Counter

import pytest

from client.organisation.reply import NoReplyBlock, seal_reply, waiting
from client.reporter.compose import new_id
from client.reporter.folder import ReplyRoute, Reporter
from client.reporter.replies import open_reply
from client.transport.relay_client import Frame
from keys.keystore import Cost
from keys.message import Reply, ReplyBlock
from keys.wire import DAY_SECONDS, b64

NOW = 1_795_168_800
RELAY, OTHER = "https://relay.example", "https://other.example"
CASE = new_id(os.urandom)
ROUTE = ReplyRoute(CASE, (RELAY, OTHER), b"m" * 32, b"k" * 32, b"s" * 32, NOW + DAY_SECONDS)


def make_reply(case=CASE, text="Адвокат едет"):
    return Reply(id=new_id(os.urandom), case=case, seq=1, at=NOW, text=text, status="lawyer")


def sealed(block: ReplyBlock, reply=None, relays=(RELAY, OTHER)) -> Frame:
    [(sealed_reply, _)] = seal_reply(reply or make_reply(), block, list(relays), os.urandom)
    return Frame.of(sealed_reply.envelope, sealed_reply.commitment)


def test_a_reply_is_opened_by_the_route_it_was_sealed_to():
    reply = open_reply(ROUTE, sealed(ROUTE.block()))
    assert (reply.text, reply.status, reply.case) == ("Адвокат едет", "lawyer", CASE)


@pytest.mark.parametrize(
    "forged",
    [
        sealed(ReplyRoute(CASE, (RELAY,), b"m" * 32, b"k" * 32, b"x" * 32, ROUTE.until).block()),
        sealed(ReplyRoute(CASE, (RELAY,), b"n" * 32, b"k" * 32, b"s" * 32, ROUTE.until).block()),
        sealed(ReplyRoute(CASE, (RELAY,), b"m" * 32, b"j" * 32, b"s" * 32, ROUTE.until).block()),
        sealed(ROUTE.block(), make_reply(case=new_id(os.urandom))),
        Frame.of(os.urandom(8_192), bytes(32)),
        Frame.of(b"", bytes(32)),
    ],
    ids=["another secret", "another mailbox", "another key", "another case", "garbage", "nothing"],
)
def test_a_forged_reply_is_as_if_nothing_had_come(forged):
    assert open_reply(ROUTE, forged) is None


def test_a_block_cannot_send_the_organisations_computer_to_a_stranger():
    [(_, relays)] = seal_reply(make_reply(), ROUTE.block(), [RELAY], os.urandom)
    assert relays == (RELAY,)
    for stranger in ("https://stranger.example", "http://localhost:8080", "http://127.0.0.1:22"):
        block = ReplyBlock(
            relays=[(stranger, b64(b"d" * 32))], key=ROUTE.block().key, secret=ROUTE.block().secret, until=ROUTE.until
        )
        with pytest.raises(NoReplyBlock):
            seal_reply(make_reply(), block, [RELAY], os.urandom)


def test_replies_do_not_all_go_to_the_same_relay_first():
    three = (RELAY, OTHER, "http://third.onion")
    block = ReplyRoute(CASE, three, b"m" * 32, b"k" * 32, b"s" * 32, ROUTE.until).block()
    first = Counter()
    for number in range(30):
        lot = random.Random(number).randbytes  # noqa: S311 - the same lots in every run
        [letter] = waiting(seal_reply(make_reply(), block, list(three), os.urandom), (), lot)
        assert sorted(letter.letter.relays) == sorted(three)
        first[letter.letter.relays[0]] += 1
    assert set(first) == set(three)
    assert max(first.values()) < 20


@pytest.mark.parametrize("key", [bytes(1_216), b"\xff" * 1_216, bytes(1_184) + b"\x01" + bytes(31)])
def test_a_key_that_is_none_leaves_no_reply_block_and_breaks_nothing(key):
    block = ReplyBlock(relays=[(RELAY, b64(b"d" * 32))], key=b64(key), secret=b64(b"s" * 32), until=ROUTE.until)
    with pytest.raises(NoReplyBlock):
        seal_reply(make_reply(), block, [RELAY], os.urandom)


def test_routes_and_replies_rest_sealed_and_routes_are_forgotten_when_they_are_over(tmp_path):
    reporter = Reporter(tmp_path)
    reporter.set_up("words", cost=Cost(1, 8 * 1024))
    reporter.keep_reply_route(ROUTE)
    reporter.keep_reply(open_reply(ROUTE, sealed(ROUTE.block())))
    disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(secret in disk for secret in (ROUTE.key, ROUTE.secret, CASE.encode(), "Адвокат".encode()))
    key = reporter.unlock(lambda: "words")
    assert reporter.expired_routes(key, NOW) == []
    assert reporter.expired_routes(key, ROUTE.until + 2 * DAY_SECONDS) == [ROUTE]
    reporter.forget_routes(key, [])
    assert reporter.reply_routes(key, CASE) == [ROUTE]
    reporter.forget_routes(key, [ROUTE])
    assert reporter.reply_routes(key, CASE) == []
    assert [reply.text for reply in reporter.replies(key, CASE)] == ["Адвокат едет"]


def test_a_secret_does_not_show_itself():
    for secret_holder in (ROUTE, ROUTE.block()):
        assert "ssss" not in repr(secret_holder)
        assert b64(b"s" * 32) not in repr(secret_holder)
