"""Who gets in and who does not: other names for this computer, other pages, other browsers, old links."""

import re

import pytest

from client.desk.web.access import COOKIE, POLICY, derive_form_key, is_loopback
from client.desk.web.app import create_app
from tests.support.desk_office import PASSPHRASE
from tests.support.desk_pages import Browser, Page
from tests.support.fake_desk_process import COOKIE as LET_IN
from tests.support.fake_desk_process import ORIGIN, TOKEN

pytestmark = pytest.mark.slow


def every_page(app):
    """Every address that can be asked for with GET, with a number where one belongs."""
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and rule.endpoint != "static":
            yield re.sub(r"<[^>]+>", "1", rule.rule)


def every_form(app):
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods:
            yield re.sub(r"<[^>]+>", "1", rule.rule)


def test_the_link_lets_one_browser_in_once(outside, control):
    looked = outside.get(f"/enter/{TOKEN}")
    assert looked.status_code == 200
    assert control.token == TOKEN, "looking at the link does not use it up"

    answer = outside.post("/enter", token=TOKEN)
    assert (answer.status_code, answer.location) == (303, "/unlock")
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}={LET_IN}; ")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Expires" not in cookie
    assert "Max-Age" not in cookie
    assert outside.get("/unlock").status_code == 200

    second = Browser(outside.app)
    again = second.post("/enter", token=TOKEN)
    assert again.status_code == 410
    assert "used already" in again.text
    assert second.get("/unlock").status_code == 403


@pytest.mark.parametrize("token", ["", "wrong", "the-link ", "\u0000"])
def test_another_token_opens_nothing(outside, control, token):
    assert outside.post("/enter", token=token).status_code == 410
    assert control.token == TOKEN


def test_nothing_is_shown_to_a_browser_that_was_not_let_in(browser, office):
    office.report({"name": "Иванова Анна"})
    stranger = Browser(browser.app)
    for path in every_page(browser.app):
        answer = stranger.get(path)
        if path.startswith("/enter") or path == "/favicon.ico":
            continue
        assert answer.status_code == 403, path
        assert "Иванова" not in answer.text
    for path in every_form(browser.app):
        if path not in ("/enter", "/language"):
            assert stranger.post(path).status_code == 403, path


def test_a_locked_desk_shows_only_where_the_passphrase_goes(outside, control):
    outside.post("/enter", token=TOKEN)
    for path in every_page(outside.app):
        if path in ("/unlock", "/locked", "/favicon.ico") or path.startswith("/enter"):
            continue
        answer = outside.get(path)
        assert (answer.status_code, answer.location) == (303, "/unlock"), path
        assert outside.get(path, Live="1").status_code == 423
    assert outside.post("/case/1/note", text="x").status_code == 423


def test_a_wrong_passphrase_is_said_and_the_name_is_kept(outside, control):
    outside.post("/enter", token=TOKEN)
    answer = outside.post("/unlock", passphrase="wrong", by="Анна")
    assert answer.status_code == 403
    assert "passphrase is wrong" in answer.text
    assert 'value="Анна"' in answer.text
    assert "wrong" not in re.sub(r"is wrong", "", answer.text)
    assert control.desk is None
    nobody = outside.post("/unlock", passphrase=PASSPHRASE, by="  ")
    assert nobody.status_code == 400
    assert control.desk is None
    assert outside.post("/unlock", passphrase=PASSPHRASE, by="Анна").location == "/"
    assert control.desk is not None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:8603",
        "localhost:8602",
        "evil.example:8602",
        "127.0.0.1.evil.example:8602",
        "[::1]:8602",
        "127.0.0.1:8602.",
        "127.1:8602",
    ],
)
def test_a_name_that_was_made_to_point_here_gets_nothing(browser, host):
    """DNS rebinding: the stranger's page has the stranger's name as its host, and the cookie would come along."""
    for path in ("/", "/queue", "/changes", "/unlock", f"/enter/{TOKEN}", "/static/desk.css"):
        answer = browser.ask(path, headers={"Host": host, "Cookie": f"{COOKIE}={LET_IN}"})
        assert answer.status_code == 421, (host, path)
    key = derive_form_key(LET_IN)
    answer = browser.ask("/case/1/note", "POST", data={"form_key": key, "text": "x"}, headers={"Host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site", "elsewhere"])
def test_what_another_page_asks_for_is_not_answered(browser, site):
    """A page on another port of this computer is `same-site`, and its requests carry the cookie."""
    for path in ("/", "/case/1", "/static/desk.js", "/map"):
        assert browser.get(path, Sec_Fetch_Site=site).status_code == 403
    browser.headers = {"Sec-Fetch-Site": site}
    assert browser.post("/lock").status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:8603", "http://localhost:8602", ""]
)
def test_a_form_of_another_origin_changes_nothing(browser, control, origin):
    browser.headers = {"Origin": origin}
    assert browser.post("/handover", text="x").status_code == 403
    assert browser.post("/lock").status_code == 403
    assert control.desk is not None
    assert "x" not in [getattr(entry.action, "text", "") for entry in control.desk.entries]


def test_a_form_without_any_sign_of_its_origin_changes_nothing(browser):
    key = derive_form_key(LET_IN)
    answer = browser.ask("/handover", "POST", data={"form_key": key, "text": "x"})
    assert answer.status_code == 403


@pytest.mark.parametrize("key", [None, "", "x", derive_form_key("another-cookie"), "ключ"])
def test_every_form_needs_the_key_of_this_browser(browser, control, key):
    before = len(control.desk.entries)
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    for path in every_form(browser.app):
        if path in ("/enter", "/language"):
            continue
        data = {"text": "x", "to": "x", "status": "closed"} | ({} if key is None else {"form_key": key})
        assert browser.ask(path, "POST", data=data, headers=headers).status_code == 403, path
    assert control.desk is not None
    assert len(control.desk.entries) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_get_nothing(browser, method):
    answer = browser.ask("/", method, headers={"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code in (403, 405)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_looking_changes_nothing(browser, control, office):
    """But that somebody looked at a case, which is what the journal is for."""
    office.report({"name": "Иванова Анна"}, files=(b"\xff\xd8\xff\xe0",))
    control.desk.pull(office.post)
    before = len(control.desk.entries)
    for path in every_page(browser.app):
        browser.get(path)
    kinds = [entry.action.kind for entry in control.desk.entries[before:]]
    assert kinds in (["viewed"], [])
    for path in every_form(browser.app):
        if path not in every_page(browser.app):
            assert browser.get(path).status_code in (404, 405), path


def test_every_answer_is_closed_to_other_pages_and_kept_nowhere(browser, office, control):
    office.report({"name": "Иванова Анна"})
    control.desk.pull(office.post)
    asked = [*every_page(browser.app), "/static/desk.js", "/static/desk.css", "/nothing"]
    for path in asked:
        answer = browser.get(path)
        sent = answer.headers
        assert sent["Cache-Control"] == "no-store", path
        assert sent["X-Content-Type-Options"] == "nosniff"
        assert sent["X-Frame-Options"] == "DENY"
        assert sent["Cross-Origin-Opener-Policy"] == "same-origin"
        assert sent["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in sent["Content-Security-Policy"]
        assert "default-src 'none'" in sent["Content-Security-Policy"]
        assert "Set-Cookie" not in sent
        assert "Server" not in sent or "Werkzeug" in sent["Server"]
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


def test_pages_hold_no_script_style_or_address_of_their_own(browser, office, control):
    office.report({"name": "Иванова Анна", "account": "x"})
    control.desk.pull(office.post)
    for path in every_page(browser.app):
        answer = browser.get(path)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        page = Page(answer.text)
        assert page.named("style") == []
        for element in page.elements:
            assert "style" not in element.attributes, (path, element)
            assert not [name for name in element.attributes if name.startswith("on")], (path, element)
            for name in ("href", "src", "action", "formaction", "poster", "data"):
                where = element.attributes.get(name, "/")
                assert re.match(r"(/(?!/)|#)", where), (path, where)
        for form in page.named("form"):
            assert form.attributes.get("autocomplete") == "off" or form.attributes["method"] == "dialog", path
        # Neither a spelling nor a translating service is given the page to read.
        assert page.find("body").attributes["spellcheck"] == "false"
        assert page.find("html").attributes["translate"] == "no"
        scripts = page.named("script")
        assert [script.attributes["src"] for script in scripts] in (["/static/forget.js"], ["/static/desk.js"])
        [title] = page.named("title")
        assert title.text in ("Desk", "Стол")


def test_no_name_and_no_id_stands_in_an_address(browser, office, control):
    report = office.report({"name": "Иванова Анна", "stage": "station", "station": {"text": "ОВД Тверской"}})
    control.desk.pull(office.post)
    found = browser.post("/search", text="Иванова")
    assert found.status_code == 303
    assert re.fullmatch(r"/search/\d+", found.location)
    assert "Иванова Анна" in browser.get(found.location).text
    for path in ("/", "/queue", "/people", "/names", "/case/1", "/place/1", "/journal", found.location):
        for element in Page(browser.get(path).text).elements:
            for name in ("href", "src", "action", "formaction"):
                where = element.attributes.get(name, "")
                assert report.case not in where
                assert re.fullmatch(r"[/#a-z0-9?=.-]*", where), where


def test_the_desk_can_be_locked_from_every_page(browser, control):
    for path in ("/", "/queue", "/journal", "/exports"):
        assert 'action="/lock"' in browser.get(path).text
    answer = browser.post("/lock")
    assert (answer.status_code, answer.location) == (303, "/locked")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert control.desk is None
    assert browser.get("/").location == "/unlock"


def test_a_desk_that_is_locked_while_a_request_is_on_its_way_says_that(browser, control):
    control.desk.close()
    for path in ("/", "/queue", "/changes"):
        assert browser.get(path, Live="1").status_code == 423, path


def test_what_a_page_asks_for_by_itself_does_not_put_the_lock_off(browser, control):
    browser.get("/")
    before = control.touched
    browser.get("/changes?after=-1", Live="1")
    browser.get("/", Live="1")
    browser.get("/static/desk.css")
    assert control.touched == before
    browser.post("/here")
    assert control.touched == before + 1


def test_a_form_can_be_too_large(browser, control):
    answer = browser.post("/handover", text="x" * 2_000_000)
    assert answer.status_code == 413
    assert "too much" in answer.text


def test_an_error_says_where_and_never_what(browser, control, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("Иванова Анна, ОВД Тверской")

    monkeypatch.setattr("client.desk.web.views.board.board.load_board", broken)
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "Иванова" not in answer.text
    assert re.search(r"RuntimeError test_access\.py:\d+", answer.text)


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        ("127.0.0.1", True),
        ("[::1]", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.5", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_which_addresses_only_this_computer_reaches(host, is_it):
    assert is_loopback(host) is is_it


def test_the_app_asks_nobody(control, office):
    """No address but its own stands in what is served."""
    app = create_app(control, office.clock)
    browser = Browser(app)
    for path in ("/static/desk.js", "/static/live.js", "/static/keys.js", "/static/idle.js", "/static/desk.css"):
        text = browser.get(path).text
        assert "http:" not in text
        assert "https:" not in text
        assert "//" not in re.sub(r"/\*.*?\*/|// .*", "", text, flags=re.DOTALL)
