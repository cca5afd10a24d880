"""A letter is decoded once on its way to the board, whether it comes from a relay or from the disk."""

from collections import Counter

import msgspec
import pytest

from client.desk.cases import view
from client.desk.cases.rows import Values
from client.organisation import decoded_letters
from client.organisation.records import Page, RecordLetter
from keys import message
from keys.envelope import commit, frame
from tests.support.case_reports import NOW, case_id, letter
from tests.support.desk_office import Office


@pytest.fixture
def decoded(monkeypatch) -> Counter[str]:
    """How often the message with each id was read."""
    times: Counter[str] = Counter()
    true = message.read

    def read(fields):
        times[fields["id"]] += 1
        return true(fields)

    monkeypatch.setattr(message, "read", read)
    return times


def test_a_letter_from_a_relay_is_decoded_once(office: Office, decoded: Counter[str]) -> None:
    cases = [office.report({"name": f"Человек {n}"}).case for n in range(3)]
    with office.desk() as desk:
        desk.pull(office.post)
        with desk.reading() as db:
            assert sorted(view.list_case_ids(db)) == sorted(cases)
    assert list(decoded.values()) == [1, 1, 1]


def test_a_letter_from_the_disk_is_decoded_once(office: Office, decoded: Counter[str]) -> None:
    for n in range(3):
        office.report({"name": f"Человек {n}"})
    with office.desk() as desk:
        desk.pull(office.post)
    decoded.clear()
    with office.desk() as desk, desk.reading() as db:
        assert len(view.list_case_ids(db)) == 3
    assert list(decoded.values()) == [1, 1, 1]


def test_a_page_is_decoded_from_what_the_inbox_read_and_without_it_alike() -> None:
    report = letter(case_id(1), {"name": "Иванова", "x": 1}, odd=2)
    header = msgspec.json.decode(message_header(report))
    with_read = decoded_letters.decode_page(
        Page(letters=[report], read=[(commit(report.content), message.read(header))])
    )
    assert with_read == decoded_letters.decode_page(Page(letters=[report])) == [decoded_letters.decode(report)]
    assert (with_read[0].case, with_read[0].other) == (case_id(1), {"odd": 2})


def message_header(report: RecordLetter) -> bytes:
    length = int.from_bytes(report.content[32:36], "big")
    return report.content[36 : 36 + length]


NO_MESSAGES = [b"", b"short", *(frame(bytes(32), header, b"") for header in (b"not json", b"[]", b'{"v":9}'))]


@pytest.mark.parametrize("content", NO_MESSAGES)
def test_what_is_no_message_is_decoded_to_none(content: bytes) -> None:
    found = decoded_letters.decode(RecordLetter(content, True, bytes(32), False, NOW))
    assert (found.message, found.case) == (None, "")


def test_values_are_what_their_json_says() -> None:
    values = Values()
    for value in (None, True, 1, 1.0, "я", [1, {"a": 10**30}]):
        assert values.decode(values.encode(value)) == msgspec.json.decode(msgspec.json.encode(value))
    assert values.decode("true") is True
    assert values.decode('"never seen"') == "never seen"
