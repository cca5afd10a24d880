"""The relay calls a push service under its own name and address, for a bounded time, and follows nobody."""

import socket
from typing import Any

import pytest

from relay.config import Push
from relay.push.client import Endpoint, NoAuthority, NotRung, PushHost, push, tls
from tests.support.push_service import Authority, Drops, PushService, push_service
from tests.support.relay_process import PATIENCE


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


def test_a_certificate_whose_time_is_over_is_refused(authority):
    with push_service(authority.server("localhost", days=-1)) as service:
        refused(authority, service, own_endpoint(service))
        assert service.connections == 1


def test_a_certificate_for_the_address_does_not_stand_for_the_name(authority):
    with push_service(authority.server("127.0.0.1")) as service:
        refused(authority, service, own_endpoint(service))
        assert service.connections == 1


def test_a_push_is_these_bytes(authority, service):
    push(own_endpoint(service), "vapid t=a, k=b", tls(authority.file))
    rung = service.next()
    assert rung.body == b""
    assert rung.head.decode("ascii").split("\r\n") == [
        "POST /push/secret HTTP/1.1",
        f"Host: localhost:{service.port}",
        "Authorization: vapid t=a, k=b",
        "TTL: 2419200",
        "Urgency: high",
        "Content-Length: 0",
        "Connection: close",
    ]


def test_a_push_service_without_tls_is_told_nothing(monkeypatch, authority):
    monkeypatch.setattr("relay.push.client.PUSH_SECONDS", 0.4)
    with push_service(None) as service:
        refused(authority, service, own_endpoint(service))
        assert service.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(authority, service, status):
    moved = (
        f"HTTP/1.1 {status} Moved\r\nLocation: {service.endpoint('/elsewhere')}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    with push_service(authority.server("localhost"), answer=moved) as first:
        assert push(own_endpoint(first), "vapid", tls(authority.file)) == status
        first.next()
        assert first.pushes.empty()
    assert service.connections == 0


def test_a_redirect_to_the_same_host_is_not_followed_either(authority):
    moved = b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    with push_service(authority.server("localhost"), answer=moved) as service:
        assert push(own_endpoint(service), "vapid", tls(authority.file)) == 307
        assert service.ended.wait(PATIENCE)
        assert (service.connections, service.pushes.qsize()) == (1, 1)


def test_a_huge_answer_is_cut_off(authority):
    with push_service(authority.server("localhost"), answer=b"x" * 64 * 2**20) as service:
        assert push(own_endpoint(service), "vapid", tls(authority.file)) == 0
        assert service.ended.wait(PATIENCE)
        assert service.broken, "it could not say all of it"


CREATED = b"HTTP/1.1 201 Created\r\n"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (CREATED + b"X: " + b"y" * 16 * 2**20, 201),
        (CREATED + b"X: y\r\n" * 2**21, 0),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 2**19, 0),
    ],
    ids=["one header", "headers", "answers before the answer"],
)
def test_a_header_without_an_end_is_cut_off(authority, answer, status):
    with push_service(authority.server("localhost"), answer=answer) as service:
        assert push(own_endpoint(service), "vapid", tls(authority.file)) == status
        assert service.ended.wait(PATIENCE)
        assert service.broken, "it could not say all of it"


@pytest.mark.parametrize("answer", [b"", b"\r\n", b"SSH-2.0-x\r\n", b"HTTP/2 201\r\n\r\n", b"HTTP/1.1 two\r\n\r\n"])
def test_an_answer_that_is_no_http_has_no_status(authority, answer):
    with push_service(authority.server("localhost"), answer=answer) as service:
        assert push(own_endpoint(service), "vapid", tls(authority.file)) == 0


def test_a_body_is_not_waited_for(authority):
    with push_service(authority.server("localhost"), answer=Drops(CREATED + b"Content-Length: 99\r\n\r\n")) as service:
        assert push(own_endpoint(service), "vapid", tls(authority.file)) == 201


@pytest.mark.parametrize("answer", [None, Drops(), Drops(CREATED + b"X: ")], ids=["silent", "slow", "slow header"])
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
