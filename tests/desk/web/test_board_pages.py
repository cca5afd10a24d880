"""The board says who is where."""

import re

import pytest

from client.desk.desk import Desk
from tests.support.case_reports import at_station, pack, station
from tests.support.desk_office import PASSPHRASE
from tests.support.desk_pages import place

pytestmark = pytest.mark.slow


def test_the_board_says_who_is_where(browser, case):
    page = browser.page("/")
    assert "ОВД Тверской" in page.text
    where = place(page)
    assert "Иванова" in browser.page(where).text
    assert "Иванова Анна" in browser.page(where + "/names").text
    assert "Иванова Анна" in browser.page("/names").text


def test_a_stations_telephones_stand_beside_its_address(browser, office, control, case):
    known = station(1, "ОВД Арбат", phone="102; +7 495 1234567")
    control.opening = lambda passphrase, by: Desk.unlock(
        office.folder, passphrase, by, clock=office.clock, packs=[pack(known)]
    )
    control.lock()
    browser.post("/unlock", passphrase=PASSPHRASE, by="Анна")
    office.report(at_station(known))
    control.desk.pull(office.post)
    paths = [link.attributes["href"] for link in browser.page("/").named("a")]
    for where in {link for link in paths if re.fullmatch(r"/place/\d+", link)}:
        has = "Арбат" in browser.page(where).find("h1").text
        for page in (where, where + "/names"):
            assert ("Тверская улица, 1 · tel. 102; +7 495 1234567" in browser.page(page).text) == has
    assert "102; +7 495 1234567" in browser.page("/names").text


def test_the_board_can_be_narrowed_and_widened_again(browser, office, control, case):
    office.report({"event": "Пушкинская", "name": "Ким Олег", "stage": "station", "station": {"text": "ОВД Арбат"}})
    control.desk.pull(office.post)
    assert "ОВД Тверской" in browser.page("/").text
    browser.post("/filter", event="Пушкинская")
    narrowed = browser.page("/")
    assert "ОВД Арбат" in narrowed.find("table").text
    assert "ОВД Тверской" not in narrowed.find("table").text
    assert "Иванова" not in browser.page("/names").text
    browser.post("/filter")
    assert "ОВД Тверской" in browser.page("/").text
