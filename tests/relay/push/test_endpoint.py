"""An address that a relay may call, and everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.push.client import Endpoint, NotRung, PushHost, is_public
from tests.support.push_service import BROWSERS


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
