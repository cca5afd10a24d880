"""What the command line says when keys could not be destroyed, and the date that a person types."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from client.cli.inbox import inbox
from client.cli.org import org
from client.organisation import home
from client.organisation.home import Profile
from client.organisation.publish import publish
from keys.keystore import Cost
from keys.wire import WEEK_SECONDS
from tests.support.fake_relay import Post

NORTH, SOUTH = "https://north.example", "https://south.example"


class Opened(Post):
    """The fake relays as a command opens them."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def post(monkeypatch) -> Opened:
    post = Opened(clock=time.time)
    for module in ("org", "inbox"):
        monkeypatch.setattr(f"client.cli.{module}.Transport", lambda *_: post)
    return post


@pytest.fixture
def office(tmp_path, post) -> Path:
    """Eight weeks old by the clock of this computer."""
    then = int(time.time()) - 8 * WEEK_SECONDS
    profile = Profile("Помощь", (NORTH, SOUTH))
    folder = home.create(tmp_path / "office", "words", profile, now=then, cost=Cost(1, 8 * 1024)).path
    post.clock = lambda: then
    publish(folder, lambda: "words", post, clock=lambda: then)
    post.clock = time.time
    (tmp_path / "phrase").write_text("words")
    return folder


def run(group, office: Path, *words: str):
    arguments = [*words, "--home", str(office), "--passphrase-file", str(office.parent / "phrase")]
    return CliRunner().invoke(group, arguments)


@pytest.mark.parametrize(("group", "words", "code"), [(org, ("rotate",), 1), (inbox, ("pull",), 0)])
def test_the_silent_relay_is_named_and_what_to_do(office, post, group, words, code):
    post.down = {SOUTH}
    ended = run(group, office, *words)
    assert ended.exit_code == code
    assert "past weeks could not be destroyed" in ended.stderr
    assert f"{SOUTH} gives no signed hour (relay-unreachable)" in ended.stderr
    assert "--today YYYY-MM-DD" in ended.stderr


def test_a_program_is_told_too(office, post):
    post.down = {SOUTH}
    put_off = json.loads(run(org, office, "rotate", "--json").stdout)["put_off"]
    assert put_off["silent"] == {SOUTH: "relay-unreachable"}
    assert (put_off["agreeing"], put_off["needed"], put_off["can_type_date"]) == (1, 2, True)
    post.down = set()
    assert json.loads(run(org, office, "rotate", "--json").stdout)["put_off"] is None


def test_a_typed_date_destroys_what_is_old_enough(office, post):
    post.down = {SOUTH}
    today = datetime.now(UTC).date().isoformat()
    ended = run(org, office, "rotate", "--today", today)
    assert ended.exit_code == 0
    assert "could not be destroyed" not in ended.stderr
    assert run(org, office, "rotate", "--today", today).exception.code == "date-too-early"
    assert run(org, office, "rotate", "--today", "2026-01-01").exception.code == "date-disagrees"


def test_most_relays_against_this_clock_are_an_error_and_no_card_is_signed(office, post):
    card = home.card_of(office)
    post.ahead = dict.fromkeys([NORTH, SOUTH], -8 * WEEK_SECONDS)
    ended = run(org, office, "publish")
    assert ended.exit_code == 1
    assert "most relays sign another date" in ended.stderr
    assert home.card_of(office) == card
