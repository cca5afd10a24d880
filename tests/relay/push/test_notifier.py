"""A closed phone is rung, once and empty; nobody else is ever called, and no depositor can tell."""

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from keys.wire import WAKE_HEADER, b64, unb64
from relay.config import Push
from relay.push.client import PUSH_HOSTS, Endpoint
from relay.push.notifier import QUIET_SECONDS, Hands, Rung
from tests.support.push_service import BROWSERS, SECRET, Authority, PushService, check_vapid, push_service, seal_wake
from tests.support.relay_post import NOON, ORIGIN, HandClock, Line, letter, new_key, parcel
from tests.support.relay_process import PATIENCE


@pytest.fixture
def bell(open_relay: Callable[..., Line], authority: Authority, service: PushService) -> Line:
    """A relay that is allowed to ring at our push service and nowhere else."""
    return open_relay(push=Push(hosts=(f"localhost:{service.port}",), ca=authority.file))


def info(line: Line) -> dict[str, Any]:
    about: dict[str, Any] = line.app.test_client().get("/v1/relay").get_json()
    return about


def wake_for(line: Line, endpoint: str, origin: str = ORIGIN) -> str:
    return seal_wake(endpoint, info(line)["wake_key"], origin)


def deposit(line: Line, wake: str | None, body: bytes | None = None) -> Any:
    headers = {} if wake is None else {WAKE_HEADER: wake}
    return line.deposit(new_key().id, body or letter(), bytes(32), **headers)


def test_a_letter_rings_an_empty_push_with_a_signature_that_the_push_service_can_check(bell, service):
    assert deposit(bell, wake_for(bell, service.endpoint(SECRET))).status_code == 201

    rung = service.next()

    assert rung.line == f"POST {SECRET} HTTP/1.1"
    assert rung.body == b""
    assert rung.headers["content-length"] == "0"
    assert rung.headers["host"] == f"localhost:{service.port}"
    assert (rung.headers["ttl"], rung.headers["urgency"]) == ("2419200", "high")
    claims = check_vapid(rung, f"https://localhost:{service.port}", NOON)
    assert (claims["k"], claims["sub"]) == (info(bell)["vapid"], ORIGIN)
    assert set(rung.headers) == {"host", "authorization", "ttl", "urgency", "content-length", "connection"}


def test_what_a_relay_says_of_ringing(bell, service, open_relay):
    about = info(bell)
    assert len(unb64(about["wake_key"])) == 32
    assert unb64(about["vapid"])[0] == 4
    assert about["push_hosts"] == [f"localhost:{service.port}"]
    assert info(open_relay(folder="other"))["push_hosts"] == list(PUSH_HOSTS)


def test_the_keys_outlive_a_restart_and_are_for_the_owner_only(open_relay, data):
    first = info(open_relay())
    again = info(open_relay())
    assert (first["wake_key"], first["vapid"]) == (again["wake_key"], again["vapid"])
    assert {(data / name).stat().st_mode & 0o777 for name in ("wake.key", "vapid.key")} == {0o600}


@pytest.mark.parametrize(
    ("origins", "on", "rings"),
    [
        (("https://relay.example",), None, True),
        (("https://relay.example",), False, False),
        (("http://abc.onion", "https://relay.example"), None, True),
        (("http://abc.onion", "http://def.onion:8080/t"), None, False),
        (("http://abc.onion",), True, True),
    ],
)
def test_an_operator_turns_it_off_and_an_onion_service_calls_nobody_by_itself(open_relay, origins, on, rings):
    line = open_relay(push=Push(on=on), origins=origins)
    assert {"wake_key", "vapid", "push_hosts"} <= set(info(line)) if rings else "wake_key" not in info(line)
    assert deposit(line, b64(bytes(1_072))).status_code == 201


@pytest.mark.parametrize("onion", ["http://abc.onion", "https://abc.onion:8443"])
def test_an_onion_address_is_told_to_no_push_service(open_relay, authority, service, onion):
    push_ = Push(on=True, hosts=(f"localhost:{service.port}",), ca=authority.file)
    line = open_relay(push=push_, origins=(onion,))
    deposit(line, wake_for(line, service.endpoint(), onion))
    claims = check_vapid(service.next(), f"https://localhost:{service.port}", NOON)
    assert set(claims) == {"aud", "exp", "k"}


def test_the_wake_may_be_sealed_for_any_origin_of_the_relay_and_for_no_other(open_relay, authority, service):
    push_ = Push(hosts=(f"localhost:{service.port}",), ca=authority.file)
    line = open_relay(push=push_, origins=(ORIGIN, "https://second.example"))
    deposit(line, wake_for(line, service.endpoint("/other"), "https://other.example"))
    deposit(line, wake_for(line, service.endpoint("/second"), "https://second.example"))
    assert service.next().line.startswith("POST /second ")
    assert service.pushes.empty()


def test_no_answer_tells_what_became_of_a_wake(bell, service):
    good = wake_for(bell, service.endpoint())
    refused = wake_for(bell, "https://169.254.169.254/latest")
    kinds = [
        None,
        good,
        refused,
        b64(bytes(1_072)),
        "",
        "x",
        "x" * 4_000,
        good[:-1],
        good + "A",
        good.replace("A", "!"),
    ]
    answers = [deposit(bell, kind) for kind in kinds]
    looks = {(answer.status_code, tuple(sorted(answer.headers)), len(answer.data)) for answer in answers}
    assert len(looks) == 1


def test_a_piece_of_a_photo_rings_nobody_and_the_same_letter_again_does(bell, service, clock):
    wake, body = wake_for(bell, service.endpoint("/one")), letter()
    assert deposit(bell, wake_for(bell, service.endpoint("/parcel")), parcel()).status_code == 201
    assert deposit(bell, wake, body).status_code == 201
    assert service.next().line.startswith("POST /one ")
    clock.now += QUIET_SECONDS
    # The first time the relay may have been killed between the disk and the bell.
    key = new_key()
    bell.deposit(key.id, body, bytes(32), **{WAKE_HEADER: b64(bytes(1_072))})
    assert bell.deposit(key.id, body, bytes(32), **{WAKE_HEADER: wake}).status_code == 200
    assert service.next().line.startswith("POST /one ")


def test_a_letter_that_is_refused_rings_nobody(bell, service):
    wake = wake_for(bell, service.endpoint("/refused"))
    assert deposit(bell, wake, b"\x02" + bytes(8_191)).status_code == 400
    assert deposit(bell, wake_for(bell, service.endpoint("/kept"))).status_code == 201
    assert service.next().line.startswith("POST /kept ")
    assert service.pushes.empty()


def test_one_phone_is_rung_once_in_a_minute_and_the_others_all_the_same(bell, service, clock):
    for path in ("/one", "/one", "/two", "/one"):
        deposit(bell, wake_for(bell, service.endpoint(path)))
    deposit(bell, wake_for(bell, service.endpoint("/three")))
    seen = {service.next().line.split()[1] for _ in range(3)}
    assert seen == {"/one", "/two", "/three"}
    clock.now += QUIET_SECONDS
    deposit(bell, wake_for(bell, service.endpoint("/one")))
    assert service.next().line.startswith("POST /one ")
    assert service.pushes.empty()


def test_a_push_service_that_never_answers_keeps_no_depositor_and_no_other_push_service_waiting(
    open_relay, authority, service
):
    with push_service(authority.server("localhost"), answer=None) as silent:
        hosts = (f"localhost:{silent.port}", f"localhost:{service.port}")
        line = open_relay(push=Push(hosts=hosts, ca=authority.file))
        for number in range(20):
            assert deposit(line, wake_for(line, silent.endpoint(f"/{number}"))).status_code == 201
        assert silent.next().line  # it holds a push and goes on saying nothing
        assert deposit(line, wake_for(line, service.endpoint("/quick"))).status_code == 201
        assert service.next().line.startswith("POST /quick ")
        assert not silent.release.is_set()


# The parts


def test_what_waits_too_long_a_line_is_dropped_and_nobody_stands_in_it(monkeypatch):
    monkeypatch.setattr("relay.push.notifier.WAITING", 3)
    hands, go, order = Hands("test", 1), threading.Event(), list[int]()
    for number in range(10):
        hands.do(lambda number=number: (go.wait(PATIENCE), order.append(number)))
    go.set()
    over = threading.Event()
    while not over.is_set():  # as soon as there is space again
        hands.do(over.set)
        over.wait(0.01)
    assert order == [0, 1, 2]
    hands.close()
    hands.do(lambda: order.append(99))
    assert 99 not in order


def test_what_waits_when_a_relay_stops_is_not_done_any_more():
    hands, go, begun, order = Hands("test", 1), threading.Event(), threading.Event(), list[int]()
    hands.do(lambda: (begun.set(), go.wait(PATIENCE), order.append(0)))
    hands.do(lambda: order.append(1))
    assert begun.wait(PATIENCE)
    hands.close()
    go.set()
    hands._threads.shutdown(wait=True)
    assert order == [0]


def test_a_job_that_breaks_breaks_nothing_and_is_not_told(monkeypatch, caplog, capfd):
    monkeypatch.setattr("relay.push.notifier.WAITING", 1)
    hands, over = Hands("test", 1), threading.Event()
    hands.do(lambda: 1 / 0)
    while not over.is_set():
        hands.do(over.set)
        over.wait(0.01)
    hands.close()
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")


def test_only_keyed_hashes_of_a_minute_are_remembered():
    clock = HandClock()
    rung = Rung(clock, os.urandom)
    first, second = (Endpoint.parse(f"https://fcm.googleapis.com/{name}", BROWSERS) for name in ("one", "two"))
    assert (rung.is_new(first), rung.is_new(first), rung.is_new(second)) == (True, False, True)
    assert all(len(mark) == 16 for mark in rung._since)
    before = set(rung._since)
    clock.now += QUIET_SECONDS
    assert rung.is_new(first)
    assert before.isdisjoint(rung._since)  # another salt
    assert len(rung._since) == 1
    clock.now -= 3_600  # a clock that was set back must not silence anybody for an hour
    assert rung.is_new(first)


def test_no_more_are_remembered_than_fit(monkeypatch):
    monkeypatch.setattr("relay.push.notifier.REMEMBERED", 2)
    rung = Rung(HandClock(), os.urandom)
    names = [Endpoint.parse(f"https://fcm.googleapis.com/{number}", BROWSERS) for number in range(3)]
    assert [rung.is_new(name) for name in names] == [True, True, False]
