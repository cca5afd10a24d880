"""Two people pair over relays, honest and not, and only with the right codes."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.contacts.book import BadLabel, KnownCode, LabelTaken, NoOffer
from client.contacts.sync import AGAIN_SECONDS
from keys import code
from keys.pairing import CODE_SECONDS, OwnCode
from keys.wire import DAY_SECONDS
from tests.support.contacts.people import EAST, NORTH, NOW, SOUTH, FolderOwner, make_pair, scan_each_other
from tests.support.fake_relay import Post, noise
from tests.support.soak import at_length

# Pairing


@pytest.mark.parametrize("order", ["ababab", "bababa", "aabbaabba", "bbaaabab"])
def test_a_pairing_finishes_by_itself_whoever_comes_first(anna, boris, order):
    scan_each_other(anna, boris)
    for who in order:
        {"a": anna, "b": boris}[who].sync()
    assert (anna.state("Борис"), boris.state("Anna")) == ("paired", "paired")
    ours, theirs = anna.book.find("Борис"), boris.book.find("Anna")
    assert ours.keys.sending == theirs.keys.receiving
    assert ours.meeting.safety_number == theirs.meeting.safety_number


def test_one_may_sync_for_days_before_the_other_has_scanned(anna, boris):
    to_boris, to_anna = anna.code, boris.code
    anna.scan(to_anna, "Борис")
    for day in range(5):
        anna.now = NOW + day * DAY_SECONDS
        anna.sync()
    boris.now = anna.now
    boris.scan(to_boris, "Anna")
    for who in (boris, anna, boris, anna):
        who.sync()
    assert (anna.state("Борис"), boris.state("Anna")) == ("paired", "paired")


def test_a_finished_pairing_has_nothing_more_to_say(pair, post):
    anna, boris = pair
    sent = len(post.deposited)
    for _ in range(3):
        anna.now = boris.now = anna.now + AGAIN_SECONDS
        assert (anna.sync().paired, boris.sync().paired) == ([], [])
    assert len(post.deposited) == sent


def test_a_pairing_finishes_over_the_one_relay_that_lives(anna, boris, post):
    post.down = {NORTH, EAST}
    make_pair(anna, boris)
    assert NORTH in anna.sync().failures


def test_two_people_who_know_no_relay_in_common_meet_all_the_same(tmp_path, post):
    anna, boris = FolderOwner(tmp_path / "a", post, (NORTH,)), FolderOwner(tmp_path / "b", post, (EAST,))
    make_pair(anna, boris)
    assert anna.alert("Борис").receipts[0][0] == EAST


def test_each_contact_gets_keys_and_mailboxes_of_their_own(tmp_path, anna, boris, post):
    clara = FolderOwner(tmp_path / "clara", post)
    make_pair(anna, boris)
    to_clara = str(anna.scan(clara.code, "Clara").half.code)
    clara.scan(to_clara, "Anna")
    for _ in range(3):
        anna.sync()
        clara.sync()
    assert clara.state("Anna") == "paired"
    first, second = anna.book.find("Борис").half, anna.book.find("Clara").half
    for name in ("kem", "mailbox", "secret", "share"):
        assert getattr(first, name) != getattr(second, name)
    assert first.mailbox_key.id != second.mailbox_key.id


STEPS = st.lists(
    st.sampled_from(["anna", "boris", "drop", "keep", "replay", "noise", "down", "up", "day"]), max_size=14
)


@settings(max_examples=at_length(15, 200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_relays_do_on_the_way_a_pairing_ends_right_once_they_are_honest(steps):
    post = Post()
    with tempfile.TemporaryDirectory() as name:
        anna, boris = FolderOwner(Path(name) / "anna", post), FolderOwner(Path(name) / "boris", post, (SOUTH, EAST))
        scan_each_other(anna, boris)
        for step in steps:
            _step(step, anna, boris, post)
        post.drops = post.replays = False
        post.down = set()
        for _ in range(4):
            anna.now = boris.now = anna.now + AGAIN_SECONDS
            anna.sync()
            boris.sync()
        ours, theirs = anna.book.find("Борис"), boris.book.find("Anna")
        assert ours.keys == replace(theirs.keys, sending=theirs.keys.receiving, receiving=theirs.keys.sending), (
            "both have the same pair"
        )
        assert not ours.swapped
        assert not theirs.swapped


def _step(step: str, anna: FolderOwner, boris: FolderOwner, post: Post) -> None:
    if step in ("anna", "boris"):
        {"anna": anna, "boris": boris}[step].sync()
    elif step == "day":
        anna.now = boris.now = anna.now + AGAIN_SECONDS
    elif step == "noise":
        for who, label in ((anna, "Борис"), (boris, "Anna")):
            contact = who.book.find(label)
            post.lay(SOUTH, noise(contact.half.mailbox_key.id))
            post.lay(SOUTH, noise(contact.meeting.door(mine=True).mailbox.id))
    elif step in ("down", "up"):
        post.down = {SOUTH} if step == "down" else set()
    else:
        post.drops, post.replays = step == "drop", step == "replay"


# Wrong codes


def test_ones_own_code_is_refused_also_when_it_was_made_for_somebody_else(anna, boris):
    with pytest.raises(OwnCode):
        anna.scan(anna.code, "me")
    own = anna.code
    anna.scan(boris.code, "Борис")
    with pytest.raises(OwnCode):
        anna.scan(own, "me")


def test_a_code_is_taken_once_and_a_name_too(anna, boris, tmp_path, post):
    clara = FolderOwner(tmp_path / "clara", post)
    anna.scan(boris.code, "Борис")
    with pytest.raises(KnownCode):
        anna.scan(boris.code, "Boris")
    with pytest.raises(LabelTaken):
        anna.scan(clara.code, " Борис ")
    for label in ("", "  ", "x" * 81, "a\u202eb"):
        with pytest.raises(BadLabel):
            anna.scan(clara.code, label)
    assert [contact.label for contact in anna.book.secrets.contacts] == ["Борис"]


def test_a_code_that_found_no_answer_is_over(anna, boris):
    anna.scan(boris.code, "Борис")
    anna.sync()
    anna.now += CODE_SECONDS
    assert [(label, trouble.code) for label, trouble in anna.sync().troubles] == [("Борис", "code-expired")]
    assert anna.state("Борис") == "expired"


def test_an_old_code_is_not_shown_and_not_used_any_more(anna, boris):
    first = anna.code
    anna.now += CODE_SECONDS
    with pytest.raises(NoOffer):
        _ = anna.code
    anna.scan(boris.code, "Борис")
    assert anna.code != first


def test_a_code_scanned_twice_over_is_shown_until_the_other_has_it(anna, boris):
    shown = anna.code
    anna.scan(boris.code, "Борис")
    assert anna.book.code_to_show(None, NOW) == ("Борис", code.read_pair_code(shown))
    assert anna.book.code_to_show("Борис", NOW)[1] == code.read_pair_code(shown)
