"""A case on the desk, and what the journal says was done with it."""

import pytest

from client.desk.journal import entries
from tests.support.desk_office import reply_block


@pytest.fixture
def case(office, control, browser):
    """A case on the desk; its id."""
    report = office.report(
        {"name": "Иванова Анна", "stage": "station", "station": {"text": "ОВД Тверской"}, "languages": ["uk"]},
        reply=reply_block(),
    )
    control.desk.pull(office.post)
    return report.case


@pytest.fixture
def read_actions(control):
    """What the journal says was done since the last time it was asked."""
    at = len(control.desk.entries) if control.desk else 0

    def read() -> list[entries.Action]:
        nonlocal at
        fresh = [
            entry.action
            for entry in control.desk.entries[at:]
            if not isinstance(entry.action, entries.Viewed | entries.Sent)
        ]
        at = len(control.desk.entries)
        return fresh

    return read
