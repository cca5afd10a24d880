"""A relay as an operator runs it: what it rings, and what of that stays behind."""

import shutil
import signal
import subprocess
import time

import pytest

from keys.wire import WAKE_HEADER, unb64
from tests.support.push_service import SECRET, check_vapid, push_service, seal_wake
from tests.support.relay_post import letter, new_key
from tests.support.relay_process import PATIENCE, ROOT, relay_command, running

pytestmark = pytest.mark.process


def test_after_ringing_nothing_of_the_address_is_in_the_folder_the_log_or_an_answer(tmp_path, authority, service):
    folder = tmp_path / "data"
    hosts = ("--push-host", f"localhost:{service.port}", "--push-ca", str(authority.file))
    with running(folder, *hosts) as relay:
        about = relay.http.get("/v1/relay").json()
        wake = seal_wake(service.endpoint(SECRET), about["wake_key"], relay.address)
        unknown = seal_wake("https://evil.example" + SECRET, about["wake_key"], relay.address)
        answers = b""
        for kind in (wake, unknown):
            answer = relay.deposit(new_key().id, letter(), bytes(32), **{WAKE_HEADER: kind})
            assert answer.status_code == 201
            answers += answer.content
        rung = service.next()
        assert rung.line == f"POST {SECRET} HTTP/1.1"
        check_vapid(rung, f"https://localhost:{service.port}", int(time.time()))
        while_running = b"".join(path.read_bytes() for path in folder.iterdir())
        relay.process.send_signal(signal.SIGKILL)
        relay.process.wait(PATIENCE)
        found = while_running + b"".join(path.read_bytes() for path in folder.iterdir()) + answers
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
        ended = subprocess.run(
            relay_command("serve", "--data", tmp_path, option, value),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, option in ended.stderr) == (2, True)
