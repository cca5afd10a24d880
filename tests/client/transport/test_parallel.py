"""Several relays asked at once: one that fails does not fail the others, and one that hangs keeps nobody waiting."""

import threading

from client.transport.parallel import call_each
from client.transport.relay_client import BadAnswer, Problem, Unreachable
from keys.problems import Busy


def test_each_relay_gives_its_result_or_its_error():
    def call(relay: str) -> str:
        match relay:
            case "b":
                raise BadAnswer()
            case "c":
                raise Problem(Busy())
        return "card"

    found = call_each(["a", "b", "c", "a"], call, 60)
    assert found.pop("a") == "card"
    assert {relay: type(error) for relay, error in found.items()} == {"b": BadAnswer, "c": Busy}


def test_a_relay_that_hangs_counts_as_unreachable():
    hangs = threading.Event()
    found = call_each(["a"], lambda relay: hangs.wait(), 0.01)
    hangs.set()
    assert isinstance(found["a"], Unreachable)
