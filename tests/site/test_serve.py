"""Serving for trying it: the site's own headers, right types, nothing from outside the folder, nothing written down."""

import gzip
import http.client
import socket
import threading
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


def test_a_link_that_leads_out_of_the_folder_is_not_followed(ask, site, tmp_path):
    (tmp_path / "elsewhere.txt").write_text("not of the site", encoding="utf-8")
    (site / "link.txt").symlink_to(tmp_path / "elsewhere.txt")
    answer, _ = ask("/link.txt")
    assert answer.status == 404


def test_what_can_be_packed_is_packed_for_a_browser_that_says_so(ask, site):
    page = (site / "index.html").read_bytes()
    answer, body = ask("/", **{"Accept-Encoding": "br, gzip"})
    assert (answer.headers["Content-Encoding"], gzip.decompress(body)) == ("gzip", page)
    assert int(answer.headers["Content-Length"]) == len(body) < len(page)
    picture = next(path for path in site.iterdir() if path.suffix == ".png")
    answer, body = ask("/" + picture.name, **{"Accept-Encoding": "gzip"})
    assert (answer.headers["Content-Encoding"], body) == (None, picture.read_bytes())


@pytest.mark.parametrize("path", ["/", "/release.json", "/nothing"])
def test_an_answer_says_nothing_of_this_computer_and_is_not_kept_by_its_age(ask, path):
    answer, _ = ask(path)
    assert answer.headers["Server"] == "-"
    assert not {"etag", "last-modified", "expires", "via"} & {name.lower() for name in answer.headers}
    assert answer.headers.get_all("Cache-Control") == ["no-cache"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_is_for_reading_only(ask, site, method):
    page = (site / "index.html").read_bytes()
    answer, body = ask("/index.html", method=method)
    assert (answer.status, body) == (501, b"")
    assert (site / "index.html").read_bytes() == page


def test_when_the_block_ends_the_port_is_free_at_once_and_no_thread_is_left(site):
    before = set(threading.enumerate())
    with serving(site) as address:
        line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        line.request("GET", "/")
        line.getresponse().read()
    assert set(threading.enumerate()) <= before
    with serving(site, ("127.0.0.1", urlsplit(address).port)) as again:
        assert again == address
    line.close()


def has_ipv6_loopback() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6_loopback(), reason="this computer has no address ::1")
def test_the_address_of_this_computer_in_version_6_stands_in_brackets(site):
    with serving(site, ("::1", 0)) as address:
        assert address.startswith("http://[::1]:")
        line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        line.request("GET", "/")
        assert line.getresponse().status == 200
        line.close()
