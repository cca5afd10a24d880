"""Limits by address: generous, in whole minutes, and no address is kept."""

from collections.abc import Callable

import pytest
from flask import Flask

from keys.problems import TooMany
from relay.http import rate_limits
from relay.http.rate_limits import Addresses, FixedWindowStorage
from tests.support.relay_post import NOON, Line, letter, new_key

START = NOON - NOON % 3600


class Counter:
    """Limits with a clock that a test sets."""

    def __init__(self, per_address: int = 3, per_loopback: int = 0) -> None:
        numbers = iter(range(1000))
        self.now = START
        self.limits = Addresses(
            Flask("relay"),
            per_address=per_address,
            per_loopback=per_loopback,
            clock=lambda: self.now,
            random_bytes=lambda size: next(numbers).to_bytes(size, "big"),
        )

    @property
    def entries(self) -> dict[str, int]:
        storage = self.limits.limiter.storage
        assert isinstance(storage, FixedWindowStorage)
        return storage._counts


def counter(per_address: int = 3, per_loopback: int = 0) -> Counter:
    return Counter(per_address, per_loopback)


def calls(count: Counter, address: str, now: int = START) -> int:
    """How many calls are taken before one is refused, looking no further than 50."""
    count.now = now
    for number in range(50):
        try:
            count.limits.count(address, "/v1/deposit")
        except TooMany:
            return number
    return 50


def test_an_address_has_so_many_calls_a_minute() -> None:
    count = counter()
    assert calls(count, "192.0.2.1") == 3
    assert calls(count, "192.0.2.1", START + 59) == 0
    assert calls(count, "192.0.2.1", START + 60) == 3


def test_addresses_do_not_take_each_others_calls() -> None:
    count = counter()
    calls(count, "192.0.2.1")
    assert calls(count, "192.0.2.2") == 3


def test_one_customer_of_ipv6_is_one_address() -> None:
    count = counter()
    calls(count, "2001:db8:1:2::1")
    assert calls(count, "2001:db8:1:2:ffff::9") == 0
    assert calls(count, "2001:db8:1:3::1") == 3


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1"])
def test_an_onion_service_does_not_starve(address: str) -> None:
    assert calls(counter(), address) == 50
    assert calls(counter(per_loopback=7), address) == 7


def test_no_limit_means_none() -> None:
    assert calls(counter(per_address=0), "192.0.2.1") == 50


@pytest.mark.parametrize("address", ["", "not an address", ":::", "fe80::1%eth0", "ＦＦ::1"])
def test_whatever_stands_for_an_address_is_counted(address: str) -> None:
    assert calls(counter(), address) == 3


def test_no_address_is_remembered_and_the_salt_is_new_every_hour() -> None:
    count = counter(per_address=100)
    calls(count, "192.0.2.1")
    first = set(count.entries)
    assert first
    assert not any("192" in key for key in first)
    calls(count, "192.0.2.1", START + 3600)
    assert count.entries
    assert not first & set(count.entries)


def test_a_flood_of_addresses_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "ADDRESSES", 10)
    count = counter()
    for number in range(100):
        assert calls(count, f"192.0.2.{number}") >= 3
    assert len(count.entries) == 10


def test_too_many_says_when_to_come_back(open_relay: Callable[..., Line]) -> None:
    line = open_relay(per_address=1)
    line.environ = {"REMOTE_ADDR": "192.0.2.1"}
    key = new_key()
    assert line.deposit(key.id, letter()).status_code == 201
    refused = line.deposit(key.id, letter())
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too-many")
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_behind_a_proxy_the_address_before_it_counts(open_relay: Callable[..., Line]) -> None:
    line = open_relay(per_address=1, trusted_proxies=1)
    key = new_key()
    from_two = [line.deposit(key.id, letter(), **{"X-Forwarded-For": f"192.0.2.{end}"}) for end in (1, 1, 2)]
    assert [answer.status_code for answer in from_two] == [201, 429, 201]


def test_without_a_proxy_nobody_chooses_their_address(open_relay: Callable[..., Line]) -> None:
    line = open_relay(per_address=1)
    line.environ = {"REMOTE_ADDR": "192.0.2.1"}
    key = new_key()
    answers = [line.deposit(key.id, letter(), **{"X-Forwarded-For": f"192.0.2.{end}"}) for end in (1, 2)]
    assert [answer.status_code for answer in answers] == [201, 429]
