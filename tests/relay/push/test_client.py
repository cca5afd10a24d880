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
