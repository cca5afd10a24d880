"""From the camera to the organisation's computer: one press, whatever the network and the battery do."""

import pytest
from playwright.sync_api import expect

from tests.browser import camera
from tests.browser.app import App
from tests.browser.chromium import CAMERA
from tests.browser.phone import wait_until_nothing_waits, wait_until_offline_copy, wait_until_stored

pytestmark = pytest.mark.browser

NAME = "Анна Сергеевна Иванова"


def test_scan_press_receipt_and_the_organisation_opens_it(phone, own_world, tmp_path):
    world = own_world
    film = camera.film(tmp_path / "film.mjpeg", world.code)
    browser = phone(*CAMERA, f"--use-file-for-fake-video-capture={film}")
    app = App(browser.page()).open(world.address)
    app.at("welcome").do("scan").at("card")
    shown = app.show("fingerprint").locator("li").all_inner_texts()
    assert " ".join(shown) == world.office.ok("org", "code").json["fingerprint"]
    expect(app.show("name")).to_have_text(world.name)

    app.do("next").about_me({"name": NAME}).pins("739150462").finish()
    app.press().status("done")
    expect(app.show("confirmed")).to_have_text(app.show("total").inner_text())
    app.say("stage", "van").say("people", "20").say("minors", "2").status("done")

    [case] = world.fresh()
    case_view = world.case(case["case"])
    facts = {name: value for message in case_view["messages"] for name, value in message["header"]["facts"].items()}
    assert (case["name"], case["stage"], case["practice"]) == (NAME, "van", False)
    assert (facts["people"], facts["minors"]) == (20, 2)
    assert {message["commitment"] for message in case_view["messages"]} == {"ok"}
    assert not any(message["other"] for message in case_view["messages"])
    assert NAME.encode() not in world.relay.everything()


def test_a_press_without_a_network_leaves_after_the_phone_died_and_came_back(phone, own_world):
    world = own_world
    browser = phone()
    app = App(browser.page()).open(world.address).set_up(profile={"name": NAME}, pin="739150462")
    wait_until_offline_copy(app.page)
    world.line.mode = "cut"
    app.press().status("waiting")
    expect(app.show("confirmed")).to_have_text("0")
    wait_until_stored(app.page)
    assert world.line.mode == "cut"

    browser.kill()
    world.line.mode = "pass"
    app = App(browser.start().page()).open(world.address)
    [case] = arrived(world, app)
    case_view = world.case(case["case"])
    assert case["name"] == NAME
    assert len({message["id"] for message in case_view["messages"]}) == len(case_view["messages"])
    assert world.fresh() == [case], "and it does not come again"


def test_it_starts_and_presses_with_no_network_at_all(phone, own_world):
    world = own_world
    browser = phone()
    app = App(browser.page()).open(world.address).set_up()
    wait_until_offline_copy(app.page)
    browser.kill()
    world.stop_serving()
    world.line.mode = "cut"

    app = App(browser.start().page()).open(world.address)
    app.at("start").press().status("waiting")
    app.say("stage", "station")
    wait_until_stored(app.page)
    world.line.mode = "pass"
    [case] = arrived(world, app)
    assert case["stage"] == "station"


def test_a_practice_press_is_marked_as_one(app, world):
    app.join().about_me().pins()
    app.do("next").at("ready")
    expect(app.button("finish")).to_be_enabled()
    app.do("practice").at("practice").press().status("done")
    expect(app.show("practice")).to_be_visible()
    assert any(case["practice"] for case in world.reports())


def test_an_answer_comes_back_and_is_gone_after_reading(app, world):
    app.set_up(profile={"name": "Тот, кому ответят"}, pin="739150462").press().status("done")
    [case] = world.named("Тот, кому ответят")
    answer = "Адвокат А. Петрова едет к вам"
    assert world.office.ok("inbox", "reply", case["case"], answer, "--status", "lawyer").json["pending"] == 0
    app.do("hide").unlock("739150462").do("answers").at("answers")
    expect(app.show("answer")).to_contain_text(answer)


def test_everything_that_can_be_told_arrives(app, world):
    app.set_up(profile={"name": "Тот, кто расскажет всё"}).press().status("done")
    app.do("text").at("text").fill(text="Нас семеро, двое без сознания").do("send").at("pressed")
    app.do("phone_taken")
    app.button("needs", "doctor").click()
    app.status("done")
    [case] = world.named("Тот, кто расскажет всё")
    messages = world.case(case["case"])["messages"]
    facts = {name: value for message in messages for name, value in message["header"]["facts"].items()}
    assert facts["account"] == "Нас семеро, двое без сознания"
    assert facts["phone_taken"] is True
    assert facts["needs"] == ["doctor"]


def arrived(world, app):
    wait_until_nothing_waits(app.page)
    return world.fresh()
