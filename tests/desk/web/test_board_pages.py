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


def test_a_stations_telephones_stand_beside_its_address(browser, office, held, case):
    known = station(1, "ОВД Арбат", phone="102; +7 495 1234567")
    held.opening = lambda passphrase, by: Desk.unlock(
        office.folder, passphrase, by, clock=office.clock, packs=[pack(known)]
    )
    held.lock()
    browser.post("/unlock", passphrase=PASSPHRASE, by="Анна")
    office.report(at_station(known))
    held.desk.pull(office.post)
    links = [one.attributes["href"] for one in browser.page("/").named("a")]
    for where in {one for one in links if re.fullmatch(r"/place/\d+", one)}:
        has = "Арбат" in browser.page(where).find("h1").text
        for page in (where, where + "/names"):
            assert ("Тверская улица, 1 · tel. 102; +7 495 1234567" in browser.page(page).text) == has
    assert "102; +7 495 1234567" in browser.page("/names").text


def test_the_board_can_be_narrowed_and_widened_again(browser, office, held, case):
    office.report({"event": "Пушкинская", "name": "Ким Олег", "stage": "station", "station": {"text": "ОВД Арбат"}})
    held.desk.pull(office.post)
    assert "ОВД Тверской" in browser.page("/").text
    browser.post("/filter", event="Пушкинская")
    narrowed = browser.page("/")
    assert "ОВД Арбат" in narrowed.find("table").text
    assert "ОВД Тверской" not in narrowed.find("table").text
    assert "Иванова" not in browser.page("/names").text
    browser.post("/filter")
    assert "ОВД Тверской" in browser.page("/").text
