"""A case on the desk, and what the journal says was done with it."""

import pytest

from client.desk.journal import entries
from tests.support.desk_office import reply_block


@pytest.fixture
def case(office, held, browser):
    """A case on the desk; its id."""
    made = office.report(
        {"name": "Иванова Анна", "stage": "station", "station": {"text": "ОВД Тверской"}, "languages": ["uk"]},
        reply=reply_block(),
    )
    held.desk.pull(office.post)
    return made.case


@pytest.fixture
def done(held):
    """What the journal says was done since the last time it was asked."""
    at = len(held.desk.entries) if held.desk else 0

    def since() -> list[entries.Action]:
        nonlocal at
        actions = [entry.action for entry in held.desk.entries[at:]]
        fresh = [action for action in actions if not isinstance(action, entries.Viewed | entries.Sent)]
        at = len(held.desk.entries)
        return fresh

    return since
