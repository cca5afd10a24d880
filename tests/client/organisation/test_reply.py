"""An answer goes only where it may: to the reply block's mailbox, at one of the organisation's own relays."""

import os
import random
from collections import Counter

import pytest

from client.organisation.reply import NoWayBack, seal_reply, waiting
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
WAY = ReplyRoute(CASE, (RELAY, OTHER), b"m" * 32, b"k" * 32, b"s" * 32, NOW + DAY_SECONDS)


def said(case=CASE, text="Адвокат едет"):
    return Reply(id=new_id(os.urandom), case=case, seq=1, at=NOW, text=text, status="lawyer")


def sealed(block: ReplyBlock, reply=None, relays=(RELAY, OTHER)) -> Frame:
    [(one, _)] = seal_reply(reply or said(), block, list(relays), os.urandom)
    return Frame.of(one.envelope, one.commitment)


def test_an_answer_is_opened_by_the_way_it_was_sealed_to():
    answer = open_reply(WAY, sealed(WAY.block()))
    assert (answer.text, answer.status, answer.case) == ("Адвокат едет", "lawyer", CASE)


@pytest.mark.parametrize(
    "forged",
    [
        sealed(ReplyRoute(CASE, (RELAY,), b"m" * 32, b"k" * 32, b"x" * 32, WAY.until).block()),
        sealed(ReplyRoute(CASE, (RELAY,), b"n" * 32, b"k" * 32, b"s" * 32, WAY.until).block()),
        sealed(ReplyRoute(CASE, (RELAY,), b"m" * 32, b"j" * 32, b"s" * 32, WAY.until).block()),
        sealed(WAY.block(), said(case=new_id(os.urandom))),
        Frame.of(os.urandom(8_192), bytes(32)),
        Frame.of(b"", bytes(32)),
    ],
    ids=["another secret", "another mailbox", "another key", "another case", "garbage", "nothing"],
)
def test_a_forged_answer_is_as_if_nothing_had_come(forged):
    assert open_reply(WAY, forged) is None


def test_a_block_cannot_send_the_organisations_computer_to_a_stranger():
    [(_, relays)] = seal_reply(said(), WAY.block(), [RELAY], os.urandom)
    assert relays == (RELAY,)
    for stranger in ("https://stranger.example", "http://localhost:8080", "http://127.0.0.1:22"):
        block = ReplyBlock(
            relays=[(stranger, b64(b"d" * 32))], key=WAY.block().key, secret=WAY.block().secret, until=WAY.until
        )
        with pytest.raises(NoWayBack):
            seal_reply(said(), block, [RELAY], os.urandom)


def test_replies_do_not_all_go_to_the_same_relay_first():
    three = (RELAY, OTHER, "http://third.onion")
    block = ReplyRoute(CASE, three, b"m" * 32, b"k" * 32, b"s" * 32, WAY.until).block()
    first = Counter()
    for number in range(30):
        lot = random.Random(number).randbytes  # noqa: S311 - the same lots in every run
        [letter] = waiting(seal_reply(said(), block, list(three), os.urandom), (), lot)
        assert sorted(letter.letter.relays) == sorted(three)
        first[letter.letter.relays[0]] += 1
    assert set(first) == set(three)
    assert max(first.values()) < 20


@pytest.mark.parametrize("key", [bytes(1_216), b"\xff" * 1_216, bytes(1_184) + b"\x01" + bytes(31)])
def test_a_key_that_is_none_leaves_no_way_back_and_breaks_nothing(key):
    block = ReplyBlock(relays=[(RELAY, b64(b"d" * 32))], key=b64(key), secret=b64(b"s" * 32), until=WAY.until)
    with pytest.raises(NoWayBack):
        seal_reply(said(), block, [RELAY], os.urandom)


def test_ways_and_answers_rest_sealed_and_ways_are_forgotten_when_they_are_over(tmp_path):
    reporter = Reporter(tmp_path)
    reporter.set_up("words", cost=Cost(1, 8 * 1024))
    reporter.keep_way(WAY)
    reporter.keep_answer(open_reply(WAY, sealed(WAY.block())))
    disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(secret in disk for secret in (WAY.key, WAY.secret, CASE.encode(), "Адвокат".encode()))
    key = reporter.unlock(lambda: "words")
    reporter.forget_ways(key, NOW)
    assert reporter.ways(key, CASE) == [WAY]
    reporter.forget_ways(key, WAY.until + 2 * DAY_SECONDS)
    assert reporter.ways(key, CASE) == []
    assert [answer.text for answer in reporter.answers(key, CASE)] == ["Адвокат едет"]


def test_a_secret_does_not_show_itself():
    for one in (WAY, WAY.block()):
        assert "ssss" not in repr(one)
        assert b64(b"s" * 32) not in repr(one)
