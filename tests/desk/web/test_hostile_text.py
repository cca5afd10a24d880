"""A hostile report is text on every page."""

import re
from typing import Any

import pytest

from client.desk.journal import entries
from tests.support.desk_office import reply_block

pytestmark = pytest.mark.slow


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "</td></table></main><h1>",
    "{{ 7 * 7 }}",
    "=cmd|' /C calc'!A0",
    "a\u202eb\u200bc\u0000d",
    "x" * 3_000,
]


PATHS = [
    "/",
    "/queue",
    "/map",
    "/people",
    "/names",
    "/officials",
    "/official/1",
    "/handover",
    "/journal",
    "/exports",
    "/case/1",
    "/place/1",
    "/place/1/names",
    "/duplicates",
]


def hostile_facts(text: str, line: str) -> dict[str, Any]:
    """Return facts of a report that have this text wherever a person may write, and its first line in short fields."""
    return {
        "name": line,
        "other_names": line,
        "birth": line,
        "account": text,
        "reason": text,
        "event": line,
        "stage": "van",
        "van": {"plate": line, "side": line},
        "by": {"names": [line], "badges": [line]},
        "needs": [line],
        "languages": [line],
        "contact": line,
        "tell": text,
        "citizenship": line,
        "place": {"text": line},
        "invented": {line: [text, {line: text}]},
        "lawyer": {"asked": "yes", "who": text},
        line[:50]: line,
    }


def hostile_entries(case: str, text: str, line: str) -> list[entries.Action]:
    """Return one entry of each kind that shows words of a caseworker."""
    return [
        entries.Noted(case=case, text=text),
        entries.Assigned(case=case, to=line[:80]),
        entries.Official(id=case, name=line, rank=line, badge=line, unit=line),
        entries.Linked(official=case, case=case, part=line),
        entries.Lawyer(case=case, state="on_way", name=line),
        entries.HandedOver(text=text, to=line[:80]),
        entries.Named(case=case, person=f"{case}#1", name=line, source=line),
        entries.Stated(case=case, facts={"health": text}, source=line),
    ]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_report_is_text_on_every_page(browser, office, held, text):
    line = text[:400]
    made = office.report(hostile_facts(text, line), reply=reply_block())
    held.desk.pull(office.post)
    held.desk.append_all(hostile_entries(made.case, text, line))
    found = browser.post("/search", text=line).location
    browser.post("/case/1/draft", template="lawyer", language="fa", lawyer="Петрова")
    for path in [*PATHS, found]:
        page = browser.page(path)
        assert not page.named("img"), path
        assert len(page.named("h1")) == 1, path
        assert len(page.named("script")) == 1, path
        assert not [one for one in page.elements if any(name.startswith("on") for name in one.attributes)], path
        for hidden in "\u202e\u200b\u0000":
            assert hidden not in re.sub(r' value="[^"]*"', "", page.html), path
