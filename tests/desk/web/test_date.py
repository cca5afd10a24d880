"""The desk's page says which relay kept keys alive, and asks a person for the date only when it has to."""

from datetime import UTC, datetime

import pytest

from client.desk.web.app import create_app
from keys.wire import DAY_SECONDS, WEEK_SECONDS
from tests.support.desk_office import NOW, PASSPHRASE, RELAYS
from tests.support.desk_pages import Browser
from tests.support.fake_desk_process import TOKEN


class Opened:
    """The fake relays as a request opens them."""

    def __init__(self, post):
        self._post = post

    def __enter__(self):
        return self._post

    def __exit__(self, *_):
        pass


@pytest.fixture
def browser(control, office) -> Browser:
    page = Browser(create_app(control, office.clock, lambda: Opened(office.post)))
    page.post("/enter", token=TOKEN)
    page.post("/unlock", passphrase=PASSPHRASE, by="Анна")
    office.sign_hours(control.desk.home)
    return page


def today(office) -> str:
    return datetime.fromtimestamp(office.now, UTC).date().isoformat()


def test_nothing_is_said_while_nothing_is_put_off(browser, control, office):
    office.now += 7 * WEEK_SECONDS
    assert control.desk.rotate_if_due(office.post).has_rotated
    assert 'role="alert"' not in browser.get("/").text
    assert 'name="today"' not in browser.get("/").text


def test_a_silent_relay_is_named_and_the_person_s_date_destroys_what_is_older_by_14_days(browser, control, office):
    desk, week = control.desk, control.desk.home.secrets.week
    office.now, office.post.down = NOW + 9 * WEEK_SECONDS, {RELAYS[1]}
    assert desk.rotate_if_due(office.post).is_put_off
    assert desk.home.secrets.week == week
    page = browser.get("/").text
    assert RELAYS[1] in page
    assert 'name="today"' in page
    assert browser.post("/date", today="2026-01-01").status_code == 303
    assert desk.home.secrets.week == week, "another date than the clock's"
    browser.post("/date", today=today(office))
    assert desk.home.secrets.week == week + 7
    assert 'name="today"' not in browser.get("/").text


def test_before_14_days_nobody_is_asked_for_the_date(browser, control, office):
    office.now, office.post.down = NOW + 13 * DAY_SECONDS, set(RELAYS)
    assert control.desk.rotate_if_due(office.post).is_put_off
    page = browser.get("/").text
    assert RELAYS[0] in page
    assert "Keys could not move on" in page, "nothing is over yet"
    assert 'name="today"' not in page


@pytest.mark.parametrize("weeks", [6, 7, 8, 10, 12])
def test_a_clock_that_ran_ahead_is_told_of_and_named_when_it_came_back(browser, control, office, weeks):
    desk, week = control.desk, control.desk.home.secrets.week
    office.post.clock = lambda: NOW
    office.now = NOW + weeks * WEEK_SECONDS
    report = desk.rotate_if_due(office.post)
    assert (report.is_put_off, report.check.is_contradicted) == (True, True)
    assert 'name="today"' not in browser.get("/").text
    office.now = NOW + 60
    assert desk.rotate_if_due(office.post).came_back_from is not None
    assert datetime.fromtimestamp(NOW + weeks * WEEK_SECONDS, UTC).date().isoformat() in browser.get("/").text
    assert desk.home.secrets.week == week


def test_relays_are_not_asked_again_at_each_letter(browser, control, office):
    office.now, office.post.down = NOW + 3 * WEEK_SECONDS, {RELAYS[1]}
    control.desk.rotate_if_due(office.post)
    calls = office.post.calls
    control.desk.rotate_if_due(office.post)
    assert office.post.calls == calls
