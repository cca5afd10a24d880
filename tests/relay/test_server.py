"""The server itself: bodies that are cut, slow or endless, calls that wait, and being told to stop."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from keys.wire import COMMIT_HEADER, MAILBOX_HEADER, b64
from relay.config import Limits
from tests.support.relay_post import deposit_headers, frames, letter, new_key, parcel
from tests.support.relay_process import PATIENCE, Relay, relay_command, running

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with running(tmp_path_factory.mktemp("relay") / "data") as started:
        yield started


def connection(relay: Relay) -> socket.socket:
    host, port = relay.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), PATIENCE)


def head(mailbox: bytes, length: str) -> bytes:
    return (
        f"POST /v1/deposit HTTP/1.1\r\nHost: relay\r\n{length}\r\n"
        f"{MAILBOX_HEADER}: {b64(mailbox)}\r\n{COMMIT_HEADER}: {b64(bytes(32))}\r\n\r\n"
    ).encode()


def answered(line: socket.socket) -> tuple[int, bytes]:
    """Status and everything up to the end of the connection."""
    data = b""
    while piece := line.recv(65_536):
        data += piece
    return int(data.split(b" ", 2)[1]) if data else 0, data


def alive(relay: Relay) -> bool:
    key, body = new_key(), letter()
    return relay.deposit(key.id, body, bytes(32)).status_code == 201 and frames(relay.collect(key).content) == [
        (1, b"", body)
    ]


def test_letters_and_parcels_travel(relay: Relay) -> None:
    key, sent = new_key(), [letter(), parcel()]
    for body in sent:
        assert relay.deposit(key.id, body, bytes(32)).status_code == 201
    assert sorted(relay.everything(key).values()) == sorted(sent)


def test_a_body_without_announced_length_is_taken(relay: Relay) -> None:
    key, body = new_key(), letter()
    pieces = (body[start : start + 1_000] for start in range(0, len(body), 1_000))
    answer = relay.http.post("/v1/deposit", content=pieces, headers=deposit_headers(key.id, bytes(32)))
    assert answer.status_code == 201
    assert frames(relay.collect(key).content) == [(1, b"", body)]


def test_an_endless_body_is_refused_and_the_line_is_closed(relay: Relay) -> None:
    with connection(relay) as line:
        line.sendall(head(new_key().id, "Transfer-Encoding: chunked"))
        for _ in range(9):
            line.sendall(b"2000\r\n" + bytes(0x2000) + b"\r\n")
        status, data = answered(line)
    assert status == 413
    assert b'"code": "too-large"' in data
    assert alive(relay)


def test_an_announced_oversize_is_refused_before_it_is_sent(relay: Relay) -> None:
    with connection(relay) as line:
        line.sendall(head(new_key().id, "Content-Length: 5000000000"))
        status, data = answered(line)
    assert status == 413
    assert b"access-control-allow-origin: *" in data
    assert alive(relay)


def test_a_body_that_is_cut_off_leaves_nothing(relay: Relay) -> None:
    key = new_key()
    for _ in range(20):
        with connection(relay) as line:
            line.sendall(head(key.id, "Content-Length: 8192") + bytes([1]) * 5_000)
    assert relay.collect(key).content == b""
    assert alive(relay)


def test_slow_bodies_hold_nobody_up(relay: Relay) -> None:
    body = letter()
    lines = [connection(relay) for _ in range(50)]
    keys = [new_key() for _ in lines]
    for line, key in zip(lines, keys, strict=True):
        line.sendall(head(key.id, "Content-Length: 8192\r\nConnection: close") + body[:10])
    assert alive(relay)
    for line in lines:
        line.sendall(body[10:])
    assert [answered(line)[0] for line in lines] == [201] * 50
    for line in lines:
        line.close()


def test_hundreds_wait_and_letters_still_pass(relay: Relay) -> None:
    keys = [new_key() for _ in range(300)]
    lines = [connection(relay) for _ in keys]
    for line, key in zip(lines, keys, strict=True):
        body, signature = key.collect(relay.address, at=int(time.time()), nonce=os.urandom(16), wait=50)
        fields = f"Content-Length: {len(body)}\r\nTocsin-Signature: {b64(signature)}\r\nConnection: close"
        line.sendall(f"POST /v1/collect HTTP/1.1\r\nHost: relay\r\n{fields}\r\n\r\n".encode() + body)
    assert alive(relay)
    threads = len(list(Path(f"/proc/{relay.process.pid}/task").iterdir()))
    assert threads < 30
    for key in keys:
        assert relay.deposit(key.id, letter(), bytes(32)).status_code == 201
    assert {answered(line)[0] for line in lines} == {200}
    for line in lines:
        line.close()


def test_many_who_ask_and_do_not_read_fill_no_memory(relay: Relay) -> None:
    key = new_key()
    relay.collect(key)
    for _ in range(64):
        relay.deposit(key.id, parcel(), bytes(32))
    lines = [connection(relay) for _ in range(80)]
    for line in lines:
        body, signature = key.collect(relay.address, at=int(time.time()), nonce=os.urandom(16))
        fields = f"Content-Length: {len(body)}\r\nTocsin-Signature: {b64(signature)}"
        line.sendall(f"POST /v1/collect HTTP/1.1\r\nHost: relay\r\n{fields}\r\n\r\n".encode() + body)
    for line in lines:
        assert line.recv(1)  # its answer is made and on its way
    status = Path(f"/proc/{relay.process.pid}/status").read_text()
    (resident,) = (int(row.split()[1]) for row in status.splitlines() if row.startswith("VmHWM"))
    assert resident < 250_000  # 80 pages of 4 MiB would be more
    for line in lines:
        line.close()
    assert alive(relay)
    relay.everything(key)


def test_a_collector_who_hangs_up_leaves_no_trace(relay: Relay) -> None:
    key = new_key()
    for _ in range(40):  # more than may wait for one mailbox
        body, signature = key.collect(relay.address, at=int(time.time()), nonce=os.urandom(16), wait=50)
        with pytest.raises(httpx.ReadTimeout):
            relay.http.post("/v1/collect", content=body, headers={"Tocsin-Signature": b64(signature)}, timeout=0.02)
    assert alive(relay)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
        b"POST /v1/deposit HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/deposit HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /v1/deposit HTTP/1.1\r\nHost: \xff\xfe\r\nTocsin-Mailbox: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
        b"POST /v1/deposit HTTP/1.1\r\n" + b"X-Long: " + b"a" * 2_000_000,
        b"POST /v1/%ff%fe/../deposit HTTP/1.1\r\nHost: relay\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_garbage_on_the_line_harms_nobody(relay: Relay, garbage: bytes) -> None:
    with connection(relay) as line:
        try:
            line.sendall(garbage)
            line.shutdown(socket.SHUT_WR)
            status, _ = answered(line)
        except OSError:
            status = 0
    assert status in (0, 400, 404, 405, 408, 413, 414, 431, 505)
    assert alive(relay)


HEAD = b"GET /v1/relay HTTP/1.1\r\nHost: relay\r\n\r\n"
BODY = b"POST /v1/deposit HTTP/1.1\r\nHost: relay\r\nContent-Length: 8192\r\n\r\n"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A relay that closes a connection after one second of silence."""
    with running(tmp_path_factory.mktemp("impatient") / "data", "--silence-seconds", "1") as started:
        yield started


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"", 0, id="nothing"),
        pytest.param(b"G", 0, id="one byte"),
        pytest.param(HEAD[:-2], 0, id="half a header"),
        pytest.param(HEAD, 200, id="nothing after an answer"),
        pytest.param(HEAD + HEAD[:20], 200, id="half a header after an answer"),
        pytest.param(BODY, 500, id="no body"),
        pytest.param(BODY + b"\x01" * 100, 500, id="half a body"),
        pytest.param(
            BODY.replace(b"Content-Length: 8192", b"Transfer-Encoding: chunked") + b"5\r\n\x01", 500, id="half a chunk"
        ),
    ],
)
def test_a_line_that_falls_silent_is_closed(impatient: Relay, sent: bytes, status: int) -> None:
    with connection(impatient) as line:
        line.sendall(sent)
        started = time.monotonic()
        assert answered(line)[0] == status
        assert time.monotonic() - started < PATIENCE / 2  # by the relay, not by the patience of this socket


def test_a_header_that_comes_letter_by_letter_buys_no_time(impatient: Relay) -> None:
    with connection(impatient) as line:
        line.settimeout(0.2)
        for number in range(10 * PATIENCE):
            try:
                line.sendall(HEAD[number : number + 1] or b"x")
                if not line.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    pytest.fail("the line was never closed")


def test_a_call_that_is_held_open_is_not_silent(impatient: Relay) -> None:
    answer = impatient.collect(new_key(), wait=4)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.elapsed.total_seconds() >= 4


def test_ten_seconds_of_silence_unless_the_operator_says_otherwise() -> None:
    assert Limits().silence_seconds == 10


def test_newer_versions_of_http_are_not_spoken(relay: Relay) -> None:
    with connection(relay) as line:
        line.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04\x00" + bytes(4))
        try:
            status, data = answered(line)
        except ConnectionResetError:
            return
    assert status in (0, 400, 505)
    assert not data.startswith(bytes(2))  # no settings frame


def test_nothing_was_logged_by_all_this(relay: Relay) -> None:
    assert relay.log.read_text() == ""


def test_told_to_stop_it_finishes_what_is_in_flight(tmp_path: Path) -> None:
    folder, key = tmp_path / "data", new_key()
    receipted: list[bytes] = []
    lost: list[bytes] = []
    with running(folder) as relay:
        relay.collect(key, want=0)
        begun = threading.Semaphore(0)

        def phone() -> None:
            with httpx.Client(base_url=relay.address, timeout=PATIENCE) as http:
                for _ in range(10_000):
                    body = letter()
                    try:
                        answer = http.post("/v1/deposit", content=body, headers=deposit_headers(key.id, bytes(32)))
                    except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                        lost.append(body)
                        return
                    if answer.status_code != 201:
                        return
                    receipted.append(body)
                    begun.release()

        phones = [threading.Thread(target=phone) for _ in range(8)]
        for thread in phones:
            thread.start()
        for _ in range(100):
            begun.acquire()
        assert relay.stop() == 0
        for thread in phones:
            thread.join()
    with running(folder) as relay:
        got = set(relay.everything(key).values())
    assert set(receipted) <= got
    # a deposit that was taken was also answered: nothing lies there that nobody got a receipt for
    assert got == set(receipted)


def test_told_to_stop_it_answers_who_waits(tmp_path: Path) -> None:
    with running(tmp_path / "data") as relay:
        answers: list[httpx.Response] = []
        threads = len(list(Path(f"/proc/{relay.process.pid}/task").iterdir()))
        waiting = threading.Thread(target=lambda: answers.append(relay.collect(new_key(), wait=50)))
        waiting.start()
        while len(list(Path(f"/proc/{relay.process.pid}/task").iterdir())) == threads:
            pass  # the first collect starts the first thread for views
        started = time.monotonic()
        assert relay.stop() == 0
        waiting.join()
        assert time.monotonic() - started < 30
    assert [answer.status_code for answer in answers] == [200]


def test_interrupted_at_the_keyboard_it_ends_well(tmp_path: Path) -> None:
    with running(tmp_path / "data") as relay:
        relay.process.send_signal(signal.SIGINT)
        assert relay.process.wait(PATIENCE) == 0
        assert relay.log.read_text() == ""


def said_by(*arguments: str | Path) -> tuple[int, str]:
    ended = subprocess.run(relay_command(*arguments), capture_output=True, text=True, check=False, timeout=PATIENCE)
    return ended.returncode, ended.stderr


def test_a_taken_port_is_an_error(relay: Relay, tmp_path: Path) -> None:
    address = relay.address.removeprefix("http://")
    code, words = said_by("serve", "--data", tmp_path / "data", "--listen", address)
    assert code == 1
    assert words.startswith(f"error: this address cannot be listened on: {address} (Address already in use)\nhint: ")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    code, words = said_by("serve", "--data", folder, "--listen", "127.0.0.1:0")
    assert code == 1
    assert words == f"error: the relay's store cannot be used: {folder} (Not a directory)\n"


def test_two_relays_on_one_folder_are_an_error(relay: Relay) -> None:
    folder = relay.log.with_suffix("")
    code, words = said_by("serve", "--data", folder, "--listen", "127.0.0.1:0")
    assert code == 1
    assert words.startswith("error: another relay is running on this data folder\nhint: ")


def test_the_first_origin_stands_in_receipts_and_every_one_may_be_signed_for(tmp_path: Path) -> None:
    origins = ("--origin", "https://relay.example/", "--origin", "http://relayrelay.onion")
    with running(tmp_path / "data", *origins) as relay:
        assert json.loads(relay.http.get("/v1/relay").text)["origin"] == "https://relay.example"
        key, body = new_key(), letter()
        receipt = relay.deposit(key.id, body, bytes(32)).text
        assert receipt.splitlines()[1] == "https://relay.example"
        assert "\n— relay.example " in receipt
        relay.address = "http://relayrelay.onion"
        assert frames(relay.collect(key).content) == [(1, b"", body)]
