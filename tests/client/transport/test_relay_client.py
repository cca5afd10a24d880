"""Whatever stands where the relay should be: the letter stays here and the error says what happened."""

import json
import os
import socket
import threading

import pytest
from nacl.signing import SigningKey

from client.outbox.retry import OutboxLetter
from client.outbox.sender import OutboxSender
from client.outbox.store import OutboxStore, Waiting
from client.transport.relay_client import BadAnswer, Problem, Redirected, Transport, Unreachable, isolate_circuit
from keys import note, work
from keys.envelope import Sealed
from keys.errors import BadReceipt
from keys.mailbox import MailboxKey, check_collect
from keys.note import NoteKey
from keys.receipt import RECEIPT_KIND
from keys.wire import LETTER_BYTES, b64, digest, unb64
from tests.support.lying_relay import answering, http

NOW = 1_795_168_800
KEY = SigningKey(b"7" * 32)
RELAY_KEY = NoteKey("127.0.0.1", bytes(KEY.verify_key))
SEALED = Sealed(b"\x01" + os.urandom(LETTER_BYTES - 1), os.urandom(32), os.urandom(32))


def receipt(sealed: Sealed = SEALED, key: SigningKey = KEY) -> bytes:
    hour = NOW // 3600 * 3600
    lines = [RECEIPT_KIND, "http://relay", b64(sealed.commitment), b64(sealed.hash), str(hour)]
    return note.sign("\n".join(lines) + "\n", "127.0.0.1", key)


def problem(code: str, **members) -> bytes:
    body = json.dumps({"code": code, "title": "…", **members}).encode()
    return http("400 Bad", body, "Content-Type: application/problem+json", "Retry-After: 77")


def not_listening() -> str:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        return f"http://127.0.0.1:{busy.getsockname()[1]}"


@pytest.fixture
def transport():
    with Transport(os.urandom, clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def outbox(tmp_path):
    with OutboxStore(tmp_path) as store:
        yield store


def sent_to(relay: str, transport: Transport, outbox: OutboxStore, keys=(str(RELAY_KEY),)):
    """Carry one letter to one relay; what came of it, and the letter if it is still here."""
    outbox.put([Waiting(SEALED, OutboxLetter((relay,)), keys)])
    outcome = OutboxSender(outbox, transport, clock=lambda: NOW).carry([SEALED.hash])
    return outcome, outbox.get(SEALED.hash)


FAULTS = {
    "500": (http("500 Oops", b"<h1>oops</h1>"), BadAnswer),
    "a page of a hotel": (http("200 OK", b"<html>please log in</html>"), BadReceipt),
    "an empty 201": (http("201 Created"), BadReceipt),
    "somebody else's receipt": (http("201 Created", receipt(key=SigningKey(b"8" * 32))), BadReceipt),
    "a receipt for another letter": (http("201 Created", receipt(Sealed(b"x", bytes(32), bytes(32)))), BadReceipt),
    "half an answer": (http("201 Created", receipt())[:-40], Unreachable),
    "half a header": (b"HTTP/1.1 201 Cre", Unreachable),
    "garbage": (os.urandom(300), Unreachable),
    "nothing": (b"", Unreachable),
    "a redirect": (http("302 Found", b"", "Location: http://127.0.0.1:1/"), Redirected),
    "an endless answer": (http("201 Created", b"x" * 1_000_000), BadAnswer),
    "an unknown problem": (problem("no-such-code"), BadAnswer),
    "a problem that is no JSON": (http("400 Bad", b"{"), BadAnswer),
    "a compressed bomb": (http("201 Created", b"\x1f\x8b" + bytes(100), "Content-Encoding: gzip"), BadReceipt),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_letter_stays_and_the_error_says_what_happened(fault, transport, outbox):
    answer, kind = FAULTS[fault]
    with answering(answer) as relay:
        outcome, waiting = sent_to(relay, transport, outbox)
    assert type(outcome.refusals[relay]) is kind
    assert outcome.refusals[relay].hint
    assert (outcome.pending, outcome.receipts) == (1, [])
    assert waiting.sealed == SEALED
    assert waiting.letter.attempts[relay].said == kind.code
    assert waiting.letter.next_time() > NOW


def test_a_relay_that_is_not_there(transport, outbox):
    relay = not_listening()
    outcome, waiting = sent_to(relay, transport, outbox)
    assert outcome.refusals[relay].code == "relay-unreachable"
    assert waiting is not None


def test_a_good_receipt_lets_it_go(transport, outbox):
    with answering(http("201 Created", receipt())) as relay:
        outcome, waiting = sent_to(relay, transport, outbox)
    assert outcome.receipts == [(relay, receipt().decode())]
    assert (outcome.pending, outcome.refusals, waiting) == (0, {}, None)


@pytest.mark.parametrize("code", ["busy", "relay-full", "too-many", "mailbox-full", "internal", "bad-mailbox"])
def test_every_refusal_keeps_the_letter_and_its_reason(code, transport, outbox):
    with answering(problem(code)) as relay:
        outcome, waiting = sent_to(relay, transport, outbox)
    assert outcome.refusals[relay].code == code
    assert waiting.letter.attempts[relay].not_before == NOW + 77, "the relay's own wait is kept to"


def test_work_that_is_asked_for_is_done(transport, outbox):
    seed, asked = os.urandom(32), []

    def answer(request: bytes) -> bytes:
        header = next((line for line in request.split(b"\r\n") if line.lower().startswith(b"tocsin-work:")), None)
        if header is None:
            return problem("work-needed", seed=b64(seed), bits=8)
        asked.append(work.weighs(seed, SEALED.mailbox, SEALED.hash, unb64(header[12:].strip().decode())))
        return http("201 Created", receipt())

    with answering(answer) as relay:
        outcome, waiting = sent_to(relay, transport, outbox)
    assert asked[0] >= 8
    assert (outcome.pending, waiting) == (0, None)


def test_a_relay_that_asks_for_endless_work_is_not_obeyed(transport, outbox):
    with answering(problem("work-needed", seed=b64(bytes(32)), bits=200)) as relay:
        outcome, waiting = sent_to(relay, transport, outbox)
    assert outcome.refusals[relay].code == "work-needed"
    assert waiting is not None


def test_a_clock_that_is_off_by_a_year_is_put_right_by_the_relays(transport):
    key, times = MailboxKey(bytes(32)), []
    theirs = NOW + 365 * 86_400

    def answer(request: bytes) -> bytes:
        body = request.partition(b"\r\n\r\n")[2]
        times.append(json.loads(body)["at"])
        return http("200 OK") if times[-1] == theirs else problem("wrong-clock", time=theirs)

    with answering(answer) as relay:
        assert transport.collect(relay, key) == []
        assert transport.collect(relay, key) == []
    assert times == [NOW, theirs, theirs], "the second call knows already"


def test_a_relay_that_never_agrees_on_the_time_is_given_up(transport):
    with answering(problem("wrong-clock", time=5)) as relay, pytest.raises(Problem) as caught:
        transport.collect(relay, MailboxKey(bytes(32)))
    assert caught.value.error.code == "wrong-clock"


def test_what_is_collected_is_signed_for_this_relay_only(transport):
    key, seen = MailboxKey(bytes(range(32))), []

    def answer(request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        signature = next(line[17:].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"tocsin-sig"))
        seen.append((body, signature.decode()))
        return http("200 OK")

    with answering(answer) as relay:
        transport.collect(relay, key, ack=[bytes(32)], wait=3_600)
        assert check_collect(*seen[0], (relay,), NOW).ack == (bytes(32),)
        assert json.loads(seen[0][0])["wait"] == 50, "a proxy would cut the line after 60"
        assert "?" not in relay
        assert b64(key.id) not in seen[0][0].decode(), "the mailbox id follows from the key and is not repeated"


@pytest.mark.parametrize(
    "page",
    [b"\x01" + bytes(100), b"\x07" + bytes(LETTER_BYTES + 32), bytes([1]) + bytes(32 + LETTER_BYTES) + b"\x01"],
    ids=["cut", "unknown kind", "cut after the first"],
)
def test_a_page_that_is_cut_off_is_no_page(page, transport):
    with answering(http("200 OK", page)) as relay, pytest.raises(BadAnswer):
        transport.collect(relay, MailboxKey(bytes(32)))


def test_fillers_are_left_out_and_commitments_come_along(transport):
    envelope = os.urandom(LETTER_BYTES)
    page = b"\x00" + bytes(32) + os.urandom(LETTER_BYTES) + b"\x01" + b"c" * 32 + envelope
    with answering(http("200 OK", page)) as relay:
        [frame] = transport.collect(relay, MailboxKey(bytes(32)))
    assert (frame.envelope, frame.commitment) == (envelope, b"c" * 32)


def test_a_relay_that_gives_the_same_page_for_ever_is_noticed(transport):
    page = b"\x01" + bytes(32) + os.urandom(LETTER_BYTES)
    with answering(http("200 OK", page)) as relay, pytest.raises(BadAnswer):
        list(transport.pages(relay, MailboxKey(bytes(32)), 64))


def test_a_relay_that_makes_letters_up_for_ever_comes_to_an_end(transport, monkeypatch):
    monkeypatch.setattr("client.transport.relay_client.PAGES", 5)
    pages = []
    with (
        answering(lambda _: http("200 OK", b"\x01" + bytes(32) + os.urandom(LETTER_BYTES))) as relay,
        pytest.raises(BadAnswer) as caught,
    ):
        pages.extend(page for page in transport.pages(relay, MailboxKey(bytes(32)), 64))
    assert caught.value.code == "relay-more"
    assert len(pages) == 5, "what came before counts"


def test_no_request_tells_more_than_it_must(transport, outbox):
    requests = []

    def answer(request: bytes) -> bytes:
        requests.append(request)
        return http("201 Created", receipt())

    with answering(answer) as relay:
        sent_to(relay, transport, outbox)
    line, *headers = requests[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert line == "POST /v1/deposit HTTP/1.1"
    names = {header.partition(":")[0].lower() for header in headers}
    assert names == {
        *("host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length"),
        *("tocsin-mailbox", "tocsin-commit"),
    }
    assert "User-Agent: -" in headers


def test_a_card_that_is_known_comes_without_a_body(transport):
    requests = []

    def answer(request: bytes) -> bytes:
        requests.append(request)
        return http("200 OK", b"a card") if len(requests) == 1 else http("204 No Content")

    with answering(answer) as relay:
        assert transport.newer_card(relay, bytes(32), 6) == b"a card"
        assert transport.newer_card(relay, bytes(32), 7) is None
    assert b"GET /v1/card" in requests[0]
    assert b"\r\nTocsin-Seq: 7\r\n" in requests[1]


def test_the_environments_proxy_learns_nothing(transport, outbox, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", not_listening())
    monkeypatch.setenv("ALL_PROXY", not_listening())
    with (
        answering(http("201 Created", receipt())) as relay,
        Transport(os.urandom, clock=lambda: NOW) as fresh,
    ):
        outcome, _ = sent_to(relay, fresh, outbox)
    assert outcome.pending == 0


def test_an_onion_goes_through_tor_and_its_name_to_no_name_server(outbox):
    """A stand-in for Tor on loopback: it must be asked, by SOCKS5, for the name itself."""
    onion = "a" * 56 + ".onion"
    asked = []
    listener = socket.create_server(("127.0.0.1", 0))

    def tor() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(64)
            connection.sendall(b"\x05\x00")
            asked.append(connection.recv(512))
            connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
            connection.recv(65_536)
            connection.sendall(http("200 OK", b"{}"))

    thread = threading.Thread(target=tor, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    with Transport(os.urandom, tor=f"socks5://127.0.0.1:{port}") as transport, pytest.raises(BadAnswer):
        transport.info(f"http://{onion}")
    thread.join(5)
    listener.close()
    assert asked[0][:4] == b"\x05\x01\x00\x03", "connect, to a name"
    assert onion.encode() in asked[0]


def test_an_isolated_circuit_has_a_name_and_password_of_its_own():
    """Tor keeps streams with other SOCKS credentials on other circuits (RFC 1929)."""
    asked, listener = [], socket.create_server(("127.0.0.1", 0))

    def tor() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(64)
                connection.sendall(b"\x05\x02")
                asked.append(connection.recv(512))
                connection.sendall(b"\x01\x00")
                connection.recv(512)
                connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
                connection.recv(65_536)
                connection.sendall(http("200 OK", b"{}"))

    thread = threading.Thread(target=tor, daemon=True)
    thread.start()
    place = f"socks5://127.0.0.1:{listener.getsockname()[1]}"
    for _ in range(2):
        with Transport(os.urandom, tor=isolate_circuit(os.urandom, place)) as transport, pytest.raises(BadAnswer):
            transport.info("http://" + "a" * 56 + ".onion")
    thread.join(5)
    listener.close()
    assert [len(credentials) for credentials in asked] == [3 + 32 + 32] * 2
    assert asked[0] != asked[1]


def test_tor_that_does_not_run_is_said_plainly():
    with (
        Transport(os.urandom, tor=not_listening().replace("http", "socks5")) as transport,
        pytest.raises(Unreachable) as caught,
    ):
        transport.info("http://" + "b" * 56 + ".onion")
    assert "onion" not in str(caught.value)


def test_the_hash_of_an_envelope_is_what_the_relay_hashes():
    assert SEALED.hash == digest(SEALED.envelope)
