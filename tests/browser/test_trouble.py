"""A relay that is down, lies or is shut off: the screen tells the truth, nothing is lost, nothing arrives twice."""

import pytest
from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.phone import wait_until_nothing_waits, wait_until_stored

pytestmark = pytest.mark.browser


@pytest.fixture
def ready(phone, own_world):
    """An app that is set up, and the world around it."""
    return App(phone().page()).open(own_world.address).set_up(), own_world


@pytest.mark.parametrize("mode", ["cut", "500", "garbage", "no-cors", "lost-answer"])
def test_nothing_is_lost_and_nothing_arrives_twice(ready, mode):
    app, world = ready
    world.line.mode = mode
    app.press().status("waiting", "partly")
    expect(app.show("confirmed")).to_have_text("0")
    expect(app.show("trouble")).not_to_be_empty()
    app.say("stage", "van")
    expect(app.show("confirmed")).to_have_text("0")
    wait_until_stored(app.page)

    world.line.mode = "pass"
    app.status("done", timeout=90_000)
    expect(app.show("confirmed")).to_have_text(app.show("total").inner_text())
    wait_until_nothing_waits(app.page)
    pulled = world.office.ok("inbox", "pull").json
    assert (pulled["duplicate"], pulled["bad"]) == (0, 0)
    [case] = world.fresh()
    messages = world.case(case["case"])["messages"]
    assert len({message["id"] for message in messages}) == len(messages) == pulled["new"]
    assert case["stage"] == "van"


def test_a_relay_that_is_stopped_and_started_again_gets_everything_once(ready):
    app, world = ready
    world.relay.stop()
    app.press().status("waiting")
    world.relay.start()
    app.status("done", timeout=90_000)
    assert world.office.ok("inbox", "pull").json["duplicate"] == 0
    assert len(world.fresh()) == 1


def test_while_a_receipt_is_missing_the_screen_never_says_that_it_left(ready):
    app, world = ready
    world.line.mode = "garbage"
    app.press()
    seen = app.page.evaluate(
        """() => new Promise((resolve) => {
          const box = document.querySelector('[data-show="status"]');
          const seen = new Set([box.dataset.state]);
          new MutationObserver(() => {
            seen.add(box.dataset.state);
            if (seen.has("waiting")) resolve([...seen]);
          }).observe(box, { attributes: true });
          if (seen.has("waiting")) resolve([...seen]);
        })"""
    )
    assert not {"done", "partly"} & set(seen)
    assert world.line.deposits > 0
    world.line.mode = "pass"
    app.status("done", timeout=90_000)
    assert len(world.fresh()) == 1
