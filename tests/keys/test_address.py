"""What is the address of a relay, and how it is spelt."""

import pytest

from keys.address import relay_address
from keys.errors import BadAddress


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://relay.example", None),
        ("HTTPS://Relay.Example/Path/", "https://relay.example/Path"),
        (" https://relay.example/ \n", "https://relay.example"),
        ("https://relay.example:8443/t", None),
        ("https://relay.example:443", None),
        ("https://[2001:db8::1]:8443", None),
        ("http://" + "a" * 56 + ".onion", None),
        ("http://localhost:5000", None),
        ("http://127.0.0.1:5000", None),
        ("http://[::1]:5000", None),
        ("https://[2001:DB8:0:0::1]:08443", "https://[2001:db8::1]:8443"),
        ("\t\v https://relay.example// ", "https://relay.example"),
        ("https://relay.example/" + "a" * 233, None),
    ],
)
def test_an_address_is_kept_in_one_spelling(typed, stored):
    assert relay_address(typed) == (stored or typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "relay.example",
        "http://relay.example",
        "http://192.168.1.5",
        "http://0.0.0.0",
        "http://onion.example",
        "http://localhost.example",
        "ftp://relay.example",
        "https://",
        "https://relay.example?q",
        "https://relay.example#f",
        "https://name@relay.example",
        "https://name:word@relay.example",
        "https://:word@relay.example",
        "https://relay.example:99999",
        "https://реле.example",
        "https://xn--e1afmkfd.xn--p1ai",
        "https://127.1",
        "https://0x7f.1",
        "https://relay.example.",
        "https://rel\nay.example",
        "\u00a0https://relay.example",
        "https://relay.example\u0085",
        "https://[::ffff:127.0.0.1]",
        "https://\u212aelay.example",
        "https://relay.example/a b",
        "https://relay.example/<",
        "https://relay.example/" + "a" * 234,
    ],
)
def test_anything_else_is_no_address(typed):
    with pytest.raises(BadAddress):
        relay_address(typed)
