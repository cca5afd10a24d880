"""Serving for trying it: the site's own headers, right types, nothing from outside the folder, nothing written down."""

import http.client
from urllib.parse import urlsplit

import pytest

from client.site.serve import NotASite, serving
from keys.errors import CannotListen


@pytest.fixture
def ask(site):
    with serving(site) as address:

        def get(path, method="GET", **headers):
            line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
            line.request(method, path, headers=headers)
            answer = line.getresponse()
            body = answer.read()
            line.close()
            return answer, body

        yield get


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/release.json", "application/json"),
    ],
)
def test_files_come_with_their_type_and_the_sites_policy(ask, site, path, kind):
    answer, body = ask(path)
    assert answer.status == 200
    assert body == (site / (path.lstrip("/") or "index.html")).read_bytes()
    assert answer.headers["Content-Type"] == kind
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_manifest_has_its_type(ask, site):
    [path] = site.glob("*.webmanifest")
    answer, _ = ask("/" + path.name)
    assert answer.headers["Content-Type"] == "application/manifest+json"


def test_a_head_request_has_no_body(ask):
    answer, body = ask("/", method="HEAD")
    assert (answer.status, body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    "path", ["/_headers", "/_host/Caddyfile", "/nothing", "/../conftest.py", "/%2e%2e/small/main.js", "/a%00b"]
)
def test_nothing_else_is_handed_out(ask, path):
    answer, _ = ask(path)
    assert answer.status == 404


def test_what_it_serves_is_written_down_nowhere(ask, capfd):
    ask("/")
    ask("/nothing")
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_no_site_is_refused(tmp_path):
    with pytest.raises(NotASite), serving(tmp_path):
        pass


def test_an_address_that_is_not_this_computers_is_an_error(site):
    with pytest.raises(CannotListen, match=r"203\.0\.113\.9:1 "), serving(site, ("203.0.113.9", 1)):
        pass
