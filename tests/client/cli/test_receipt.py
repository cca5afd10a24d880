"""`tocsin receipt check` compares offline, says what a receipt proves and what not, and takes nothing that is wrong."""

import json

import pytest
from nacl.signing import SigningKey

from client.cli.inbox import _tell_pulled
from client.cli.main import main
from client.organisation.inbox import PullResult
from keys.envelope import commit, frame
from keys.kem import PrivateKey
from keys.note import NoteKey, sign
from keys.organisation import Card, expiry
from keys.wire import b64, digest, week_of
from tests.vectors.makers.relays import sign_with_mixed_order

NOW = 1_795_168_800
RELAY = SigningKey(digest(b"relay"))
KEY = str(NoteKey("relay.example", bytes(RELAY.verify_key)))
ROOT = SigningKey(digest(b"root"))
CONTENT = frame(b"s" * 32, b'{"v":1}', b"")


def text_of(kind="tocsin/1/receipt", content=CONTENT):
    return "\n".join([kind, "https://relay.example", b64(commit(content)), b64(bytes(32)), str(NOW)]) + "\n"


@pytest.fixture
def check(tmp_path, capsys):
    """Run the command on these bytes; its exit code, output and errors."""
    card = Card(
        name="", root=bytes(ROOT.verify_key), seq=1, issued=NOW, expires=expiry(week_of(NOW)),
        relays=("https://relay.example",), mailbox=b"m" * 32, week=week_of(NOW),
        weekly=(PrivateKey(b"w" * 32).public,), last_resort=PrivateKey(b"l" * 32).public, log=(KEY,),
    ).sign(ROOT)  # fmt: skip
    (tmp_path / "card").write_bytes(card.signed)
    (tmp_path / "content").write_bytes(CONTENT)

    def run(receipt: bytes, *options: str) -> tuple[int, str, str]:
        (tmp_path / "receipt").write_bytes(receipt)
        options = tuple(str(tmp_path / "card") if option == "CARD" else option for option in options)
        with pytest.raises(SystemExit) as ended:
            main(["receipt", "check", str(tmp_path / "receipt"), "--content", str(tmp_path / "content"), *options])
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("options", [("--key", KEY), ("--card", "CARD"), ("--card", "CARD", "--key", KEY)])
@pytest.mark.parametrize("kind", ["receipt", "handover"])
def test_a_right_receipt_is_called_right_with_its_hour_and_its_limits(kind, options, check):
    code, words, errors = check(sign(text_of(f"tocsin/1/{kind}"), "relay.example", RELAY), *options)
    assert (code, errors) == (0, "")
    assert "relay.example" in words
    assert "between 2026-11-20 10:00 UTC and 2026-11-20 11:00 UTC" in words
    assert "written before 2026-11-20 11:00 UTC" in words
    assert "does not prove:  who wrote the message" in words
    assert ("handed this message over" in words) is (kind == "handover")
    _, line, _ = check(sign(text_of(f"tocsin/1/{kind}"), "relay.example", RELAY), *options, "--json")
    found = json.loads(line)
    assert (found["kind"], found["hour"], found["key"]) == ({"receipt": "deposit"}.get(kind, kind), NOW, KEY)
    assert found["commitment"] == b64(commit(CONTENT))


GOOD = sign(text_of(), "relay.example", RELAY)
WRONG = {
    "for another message": sign(text_of(content=CONTENT + b"x"), "relay.example", RELAY),
    "another hour": GOOD.replace(str(NOW).encode(), str(NOW - 3_600).encode()),
    "another kind": GOOD.replace(b"receipt", b"handover"),
    "signed by somebody else": sign(text_of(), "relay.example", SigningKey(digest(b"other"))),
    "a point of small order in the signature": sign_with_mixed_order(text_of(), "relay.example", RELAY),
    "cut": GOOD[:-20],
    "a card": sign("tocsin/1/card\n{}\n", "relay.example", RELAY),
    "no text": b"\xff\xfe\x00",
    "nothing": b"",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_receipt_ends_with_1_and_one_error(name, check):
    for options in (("--key", KEY), ("--card", "CARD")):
        code, words, errors = check(WRONG[name], *options)
        assert (code, words) == (1, "")
        assert "error: this receipt does not prove anything about this message" in errors


def test_without_a_key_it_is_wrong_use(check):
    code, words, errors = check(GOOD)
    assert (code, words) == (2, "")
    assert "--card" in errors


def test_a_key_that_is_none_is_an_error(check):
    assert check(GOOD, "--key", "relay.example+00000000+AAAA")[0] == 1


def test_a_pull_names_the_relay_that_gave_no_receipts_and_ends_well(capsys):
    _tell_pulled(PullResult(new=2, unproved={"https://a.example": 2}), 2, True)
    said, errors = capsys.readouterr()
    assert json.loads(said) == {"new": 2, "duplicate": 0, "bad": 0, "unproved": {"https://a.example": 2}}
    assert "error: https://a.example: the relay gave no valid receipt with what was collected" in errors
    assert "every letter is kept" in errors
