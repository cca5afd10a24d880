"""The browser opens what Python wrote, and Python opens what the browser seals: in this very browser, in each run."""

import json
import os

import pytest

from keys.envelope import Address
from keys.kem import PrivateKey
from keys.opening import open_envelope
from keys.wire import Purpose, b64, unb64
from tests.browser.modules import load, modules
from tests.keys import vectors

pytestmark = pytest.mark.browser

KINDS = ("xwing", "envelope", "note", "card", "code", "receipt", "message", "reply", "work", "mailbox")


@pytest.fixture(scope="module")
def script() -> str:
    return modules()


@pytest.fixture
def page(private, script):
    return load(private(), script)


@pytest.mark.parametrize("kind", KINDS)
def test_the_browser_reads_every_vector_of_python(page, kind):
    # The phone signs requests and never checks one.
    asked = [vector for vector in vectors.load(kind) if kind != "mailbox" or vector["expect"] == "ok"]
    answers = page.evaluate(
        "([kind, asked]) => Promise.all(asked.map((vector) => vectors.check(kind, vector)))", [kind, asked]
    )
    assert asked
    for vector, answer in zip(asked, answers, strict=True):
        assert answer["outcome"] == vector["expect"], vector["name"]
        for name, value in answer["read"].items():
            assert value == vector.get(name, value), (vector["name"], name)


@pytest.mark.parametrize("purpose", Purpose)
def test_python_opens_what_the_browser_seals(page, purpose):
    key = PrivateKey(os.urandom(32))
    to = {"purpose": int(purpose), "recipient": b64(os.urandom(32)), "mailbox": b64(os.urandom(32))}
    header = {"v": 1, "text": "Задержана у метро", "at": 1_763_635_200}
    sealed = page.evaluate("(options) => vectors.sealed(options)", {"public": b64(key.public), "header": header, **to})
    address = Address(purpose, unb64(to["recipient"]), unb64(to["mailbox"]))
    opened = open_envelope(unb64(sealed["envelope"]), [PrivateKey(os.urandom(32)), key], address)
    assert json.loads(opened.header) == header
    assert opened.commitment == unb64(sealed["commitment"])
