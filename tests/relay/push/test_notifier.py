"""A closed phone is rung, once and empty; nobody else is ever called, and no depositor can tell."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.wire import WAKE_HEADER, b64, unb64
from relay.config import Push
from relay.push.client import (
    PUSH_HOSTS,
    Endpoint,
    NoAuthority,
    NotRung,
    PushHost,
    is_public,
    push,
    tls,
)
from relay.push.notifier import QUIET_SECONDS, Hands, Rung
from tests.support.push_service import Authority, Drops, PushService, check_vapid, push_service, seal_wake
from tests.support.relay_post import NOON, ORIGIN, HandClock, Line, letter, new_key, parcel
from tests.support.relay_process import PATIENCE, ROOT, relay_command, running

BROWSERS = tuple(PushHost.parse(host) for host in PUSH_HOSTS)


SECRET = "/push/dXMgaXQgdG8gcmluZyBhIHBob25l"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def service(authority: Authority) -> Iterator[PushService]:
    with push_service(authority.server("localhost")) as running:
        yield running


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


# What an endpoint may not be


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:APA91b",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA_-",
        "https://web.push.apple.com/QOz",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%2b%3d",
        "https://fcm.googleapis.com:443/fcm/send/abc",
    ],
)
def test_the_browsers_own_push_services_are_called(endpoint):
    parsed = Endpoint.parse(endpoint, BROWSERS)
    assert parsed.origin + parsed.path == endpoint.replace(":443", "")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com",
        "https://fcm.googleapis.com:8443/fcm/send/abc",
        "https://fcm.googleapis.com:0443/fcm/send/abc",
        "https://fcm.googleapis.com:99999/fcm/send/abc",
        "https://somebody@fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com@127.0.0.1/fcm/send/abc",
        "https://fcm.googleapis.com:x@127.0.0.1/",
        "https://fcm.googleapis.com./fcm/send/abc",
        "https://FCM.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com.example/abc",
        "https://xfcm.googleapis.com/abc",
        "https://evil.example/abc",
        "https://push.apple.com/abc",
        "https://web.push.apple.com.evil.example/abc",
        "https://127.0.0.1/abc",
        "https://2130706433/abc",
        "https://0x7f000001/abc",
        "https://0177.0.0.1/abc",
        "https://10.0.0.1/abc",
        "https://192.168.1.1/abc",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/abc",
        "https://[::ffff:127.0.0.1]/abc",
        "https://localhost/abc",
        "https://fcm.googleapis.com/a#b",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/a\r\nHost: x",
        "https://fcm.googleapis.com/a\\b",
        "https://fcm.googleapis.com\\@127.0.0.1/",
        "https://fcm.googleapis.com/\u0430",
        "https:///abc",
        "file:///etc/passwd",
        "",
    ],
)
def test_no_other_address_is_called(endpoint):
    with pytest.raises(NotRung):
        Endpoint.parse(endpoint, BROWSERS)


@given(
    st.text(max_size=60), st.sampled_from(["", "https://", "https://fcm.googleapis.com", "https://fcm.googleapis.com/"])
)
def test_whatever_is_written_the_request_has_one_line_for_its_path(text, start):
    try:
        endpoint = Endpoint.parse(start + text, BROWSERS)
    except NotRung:
        return
    assert endpoint.by in BROWSERS
    assert set(endpoint.path).isdisjoint(" \r\n\t\0#")
    assert endpoint.path.isascii()


@pytest.mark.parametrize(
    "named", ["", "*", "*.", "Host", "host:0", "host:", "a..b", "https://host", "host/path", "ho st"]
)
def test_a_host_that_is_none_is_not_named(named):
    with pytest.raises(NotRung):
        PushHost.parse(named)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254"),  # noqa: S104
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1"),
        *(
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ),
        *("localhost", "2130706433", ""),
    ],
)
def test_what_is_not_on_the_open_internet_is_refused(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "142.250.1.1", "2a00:1450:4001::1", "2606:4700::1"])
def test_what_is_on_the_open_internet_is_not(address):
    assert is_public(address)


def refused(authority: Authority, service: PushService, endpoint: Endpoint) -> None:
    with pytest.raises((NotRung, OSError)):
        push(endpoint, "vapid", tls(authority.file))
    assert service.pushes.empty()


def test_a_name_on_the_list_that_means_this_machine_is_not_called(authority, service):
    """As when somebody answers falsely for the name: the same host, unless the operator named its port."""
    named = PushHost("localhost", wild=False, port=service.port, own=False)
    refused(authority, service, Endpoint.parse(service.endpoint(), (named,)))
    assert service.connections == 0
    own = PushHost.parse(f"localhost:{service.port}")
    assert push(Endpoint.parse(service.endpoint(), (own,)), "vapid", tls(authority.file)) == 201


def test_a_name_is_asked_once_so_that_it_cannot_mean_another_address_the_second_time(monkeypatch, authority, service):
    asked = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, **more: Any) -> Any:
        asked.append(host)
        return real("192.0.2.1" if len(asked) == 1 else "127.0.0.1", port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    named = PushHost("localhost", wild=False, port=service.port, own=False)
    refused(authority, service, Endpoint.parse(service.endpoint(), (named,)))
    assert (asked, service.connections) == (["localhost"], 0)


def own_endpoint(service: PushService, host: str = "localhost") -> Endpoint:
    return Endpoint.parse(service.endpoint(host=host), (PushHost.parse(f"{host}:{service.port}"),))


def test_a_certificate_for_another_name_or_of_another_authority_is_refused(tmp_path, authority):
    with push_service(authority.server("elsewhere.example")) as service:
        refused(authority, service, own_endpoint(service))
        assert service.connections == 1
    with push_service(Authority(tmp_path).server("localhost")) as service:
        refused(authority, service, own_endpoint(service))


def test_a_push_service_without_tls_is_told_nothing(monkeypatch, authority):
    monkeypatch.setattr("relay.push.client.PUSH_SECONDS", 0.4)
    with push_service(None) as service:
        refused(authority, service, own_endpoint(service))
        assert service.connections == 1


def test_a_redirect_is_not_followed(authority, service):
    moved = f"HTTP/1.1 307 Moved\r\nLocation: {service.endpoint('/elsewhere')}\r\nContent-Length: 0\r\n\r\n".encode()
    with push_service(authority.server("localhost"), answer=moved) as first:
        assert push(own_endpoint(first), "vapid", tls(authority.file)) == 307
    assert service.connections == 0


def test_a_huge_answer_is_cut_off(authority):
    with push_service(authority.server("localhost"), answer=b"x" * 64 * 2**20) as service:
        assert push(own_endpoint(service), "vapid", tls(authority.file)) == 0
        assert service.ended.wait(PATIENCE)
        assert service.broken, "it could not say all of it"


@pytest.mark.parametrize("answer", [None, Drops()])
def test_a_push_service_that_takes_for_ever_is_left(monkeypatch, authority, answer):
    monkeypatch.setattr("relay.push.client.PUSH_SECONDS", 0.4)
    with push_service(authority.server("localhost"), answer=answer) as service:
        with pytest.raises((NotRung, OSError)):
            push(own_endpoint(service), "vapid", tls(authority.file))
        assert not service.release.is_set()


def test_a_file_that_is_no_certificate_is_said_at_the_start(tmp_path, open_relay):
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(NoAuthority):
        open_relay(push=Push(ca=tmp_path / "ca.pem"))


# The parts


def test_what_waits_too_long_a_line_is_dropped_and_nobody_stands_in_it(monkeypatch):
    monkeypatch.setattr("relay.push.notifier.WAITING", 3)
    hands, go, done = Hands("test", 1), threading.Event(), list[int]()
    for number in range(10):
        hands.do(lambda number=number: (go.wait(PATIENCE), done.append(number)))
    go.set()
    over = threading.Event()
    while not over.is_set():  # as soon as there is room again
        hands.do(over.set)
        over.wait(0.01)
    assert done == [0, 1, 2]
    hands.close()
    hands.do(lambda: done.append(99))
    assert 99 not in done


def test_what_waits_when_a_relay_stops_is_not_done_any_more():
    hands, go, begun, done = Hands("test", 1), threading.Event(), threading.Event(), list[int]()
    hands.do(lambda: (begun.set(), go.wait(PATIENCE), done.append(0)))
    hands.do(lambda: done.append(1))
    assert begun.wait(PATIENCE)
    hands.close()
    go.set()
    hands._threads.shutdown(wait=True)
    assert done == [0]


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
    one, two = (Endpoint.parse(f"https://fcm.googleapis.com/{name}", BROWSERS) for name in ("one", "two"))
    assert (rung.is_new(one), rung.is_new(one), rung.is_new(two)) == (True, False, True)
    assert all(len(mark) == 16 for mark in rung._since)
    before = set(rung._since)
    clock.now += QUIET_SECONDS
    assert rung.is_new(one)
    assert before.isdisjoint(rung._since)  # another salt
    assert len(rung._since) == 1
    clock.now -= 3_600  # a clock that was set back must not silence anybody for an hour
    assert rung.is_new(one)


def test_no_more_are_remembered_than_fit(monkeypatch):
    monkeypatch.setattr("relay.push.notifier.REMEMBERED", 2)
    rung = Rung(HandClock(), os.urandom)
    names = [Endpoint.parse(f"https://fcm.googleapis.com/{number}", BROWSERS) for number in range(3)]
    assert [rung.is_new(name) for name in names] == [True, True, False]


# A relay as an operator runs it


def test_after_ringing_nothing_of_the_address_is_in_the_folder_the_log_or_an_answer(tmp_path, authority, service):
    folder = tmp_path / "data"
    hosts = ("--push-host", f"localhost:{service.port}", "--push-ca", str(authority.file))
    with running(folder, *hosts) as relay:
        about = relay.http.get("/v1/relay").json()
        wake = seal_wake(service.endpoint(SECRET), about["wake_key"], relay.address)
        unknown = seal_wake("https://evil.example" + SECRET, about["wake_key"], relay.address)
        said = b""
        for kind in (wake, unknown):
            answer = relay.deposit(new_key().id, letter(), bytes(32), **{WAKE_HEADER: kind})
            assert answer.status_code == 201
            said += answer.content
        rung = service.next()
        assert rung.line == f"POST {SECRET} HTTP/1.1"
        check_vapid(rung, f"https://localhost:{service.port}", int(time.time()))
        while_running = b"".join(path.read_bytes() for path in folder.iterdir())
        relay.process.send_signal(signal.SIGKILL)
        relay.process.wait(PATIENCE)
        found = while_running + b"".join(path.read_bytes() for path in folder.iterdir()) + said
        log = relay.log.read_bytes()
    for trace in (SECRET.encode(), b"evil.example", wake.encode(), unb64(wake), f"localhost:{service.port}".encode()):
        assert trace not in found
    assert log == b""


NODE, PACKAGES = shutil.which("node"), ROOT / "client" / "phone" / "node_modules"


@pytest.mark.skipif(NODE is None or not PACKAGES.is_dir(), reason="node or client/phone/node_modules is missing")
def test_what_the_phone_sealed_after_asking_a_relay_rings(tmp_path, authority, service):
    hosts = ("--push-host", f"localhost:{service.port}", "--push-ca", str(authority.file))
    with running(tmp_path / "data", *hosts) as relay:
        peer = [str(NODE), str(ROOT / "tests" / "relay" / "push" / "wake.mjs"), relay.address, service.endpoint(SECRET)]
        sealed = subprocess.run(peer, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout.strip()
        relay.deposit(new_key().id, letter(), bytes(32), **{WAKE_HEADER: sealed})
        assert service.next().line == f"POST {SECRET} HTTP/1.1"


def test_a_killed_relay_rings_nobody_afterwards(tmp_path, authority):
    """What waited for a push service is in memory and nowhere else."""
    folder = tmp_path / "data"
    with push_service(authority.server("localhost"), answer=None) as silent:
        hosts = ("--push-host", f"localhost:{silent.port}", "--push-ca", str(authority.file))
        with running(folder, *hosts) as relay:
            key = relay.http.get("/v1/relay").json()["wake_key"]
            for number in range(30):
                wake = seal_wake(silent.endpoint(f"/{number}"), key, relay.address)
                assert relay.deposit(new_key().id, letter(), bytes(32), **{WAKE_HEADER: wake}).status_code == 201
            silent.next()
            relay.process.kill()
            relay.process.wait(PATIENCE)
    with push_service(authority.server("localhost")) as service:
        hosts = ("--push-host", f"localhost:{service.port}", "--push-ca", str(authority.file))
        with running(folder, *hosts) as relay:
            wake = seal_wake(service.endpoint("/new"), relay.http.get("/v1/relay").json()["wake_key"], relay.address)
            relay.deposit(new_key().id, letter(), bytes(32), **{WAKE_HEADER: wake})
            assert service.next().line.startswith("POST /new ")
            assert relay.stop() == 0
        assert service.pushes.empty()


def test_a_relay_that_is_stopped_does_not_wait_for_a_push_service(tmp_path, authority):
    with push_service(authority.server("localhost"), answer=None) as silent:
        hosts = ("--push-host", f"localhost:{silent.port}", "--push-ca", str(authority.file))
        with running(tmp_path / "data", *hosts) as relay:
            wake = seal_wake(silent.endpoint(), relay.http.get("/v1/relay").json()["wake_key"], relay.address)
            relay.deposit(new_key().id, letter(), bytes(32), **{WAKE_HEADER: wake})
            silent.next()
            assert relay.stop() == 0
            assert not silent.release.is_set()


def test_an_operator_can_ask_whether_push_services_are_reached(tmp_path, authority, service):
    from click.testing import CliRunner

    from relay.cli import relay

    data = tmp_path / "data"
    with running(data):
        pass
    words = ["check", "--data", str(data), "--push", "--push-host", f"localhost:{service.port}"]
    untrusted = CliRunner().invoke(relay, words)
    assert untrusted.exit_code == 1
    assert "error: localhost cannot be called" in untrusted.output
    trusted = CliRunner().invoke(relay, [*words, "--push-ca", str(authority.file)])
    assert (trusted.exit_code, trusted.output) == (0, "all is well\n")
    assert service.pushes.empty(), "nothing is asked of it"


def test_options_that_cannot_be_are_said(tmp_path, capfd):
    for option, value in (("--push-host", "https://x"), ("--push-contact", "me"), ("--push-ca", "/nowhere")):
        done = subprocess.run(
            relay_command("serve", "--data", tmp_path, option, value),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, option in done.stderr) == (2, True)
