"""A part of the demonstration: what it says is passed on, and its end is noticed."""

import sys

import pytest

from client.cli.demo import DemoFailed, DemoPart, PartEnded

HEAD = "import sys, time\nprint('locked', file=sys.stderr)\n"
SERVING = HEAD + "print('listening on http://127.0.0.1:1/x', flush=True)\n"


@pytest.fixture
def part(tmp_path):
    """Make a part that runs these lines of Python."""
    parts = []

    def make(program: str) -> DemoPart:
        parts.append(DemoPart("desk", [sys.executable, "-c", program], tmp_path))
        return parts[-1]

    yield make
    for started in parts:
        started.stop()


def test_it_is_reached_at_the_address_it_prints(part):
    desk = part(SERVING + "sys.stdin.read()\ntime.sleep(60)")
    desk.wait_until_reached()
    assert desk.address == "http://127.0.0.1:1/x"
    desk.check()


def test_what_it_says_later_is_passed_on_with_its_name(part, capsys):
    desk = part(SERVING + "print('hint: press a key')\nprint('http://127.0.0.1:1/new')")
    desk.wait_until_reached()
    desk.process.wait()
    with pytest.raises(PartEnded, match="the desk, with code 0"):
        desk.check()
    assert capsys.readouterr().out == "desk: http://127.0.0.1:1/new\n"


def test_one_that_ends_before_it_listens_is_a_failure_with_its_last_words(part, capsys):
    with pytest.raises(DemoFailed, match="the desk did not start"):
        part(HEAD + "sys.exit('error: the port is taken')").wait_until_reached()
    assert capsys.readouterr().err == "locked\nerror: the port is taken\n"


def test_one_that_was_killed_says_by_what(part):
    desk = part(SERVING + "time.sleep(60)")
    desk.wait_until_reached()
    desk.process.kill()
    desk.process.wait()
    with pytest.raises(PartEnded, match="by signal 9"):
        desk.check()
