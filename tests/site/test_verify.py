"""A copy is as it was signed, or it is said what is wrong with it."""

import os
import shutil

import pytest
from nacl.signing import SigningKey

from client.site import release
from client.site.serve import serving
from client.site.verify import BadSiteAddress, Folder, Served, SiteUnreachable, check, site_address
from client.transport.relay_client import Transport
from keys.wire import digest


@pytest.fixture
def public(options) -> bytes:
    return bytes(options.key.verify_key)


def found(report):
    return [(problem.path, problem.problem.code) for problem in report.problems]


def spoil(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_copy_as_it_was_built_is_right(site, public):
    report = check(Folder(site), public)
    assert report.ok
    assert report.files == len([path for path in site.rglob("*") if path.is_file()]) - 1


@pytest.mark.parametrize("name", ["index.html", "sw.js", "app.html", "_headers", "AAAAAAAA.js"])
def test_a_changed_file_is_noticed(site, public, name):
    spoil(site / name)
    assert found(check(Folder(site), public)) == [(name, "file-changed")]


def test_a_file_that_grew_is_noticed(site, public):
    with (site / "sw.js").open("ab") as file:
        file.write(b"\n")
    assert found(check(Folder(site), public)) == [("sw.js", "file-changed")]


def test_a_missing_file_is_noticed(site, public):
    (site / "AAAAAAAA.js").unlink()
    assert found(check(Folder(site), public)) == [("AAAAAAAA.js", "file-missing")]


@pytest.mark.parametrize("name", ["extra.js", "below/extra.js", ".hidden", "_worker.js"])
def test_an_added_file_is_noticed(site, public, name):
    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_text("1")
    assert found(check(Folder(site), public)) == [(name, "file-added")]


def test_everything_that_is_wrong_is_said_at_once(site, public):
    spoil(site / "index.html")
    (site / "sw.js").unlink()
    (site / "extra").write_text("1")
    assert len(check(Folder(site), public).problems) == 3


def test_a_missing_release_is_noticed(site, public):
    (site / "release.json").unlink()
    assert found(check(Folder(site), public)) == [("release.json", "file-missing")]


def test_a_changed_release_is_unsigned(site, public):
    path = site / "release.json"
    path.write_bytes(path.read_bytes().replace(b'"index.html"', b'"index.htm_"'))
    assert found(check(Folder(site), public)) == [("release.json", "release-unsigned")]


def test_a_release_of_another_key_is_told_apart(site):
    other = bytes(SigningKey(digest(b"other")).verify_key)
    assert found(check(Folder(site), other)) == [("release.json", "release-other-key")]


def test_garbage_is_no_release(site, public):
    (site / "release.json").write_bytes(os.urandom(300))
    assert found(check(Folder(site), public)) == [("release.json", "release-malformed")]


def test_an_older_release_than_the_one_known_is_noticed(site, public, options):
    newer = release.Release.of({"index.html": b""}, seq=options.issued + 1, issued=options.issued + 1)
    assert found(check(Folder(site), public, previous=newer)) == [("release.json", "release-older")]
    same = release.read_unverified((site / "release.json").read_bytes())
    assert check(Folder(site), public, previous=same).ok


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a//b", "./a", "a/..", "", "a\\b", "a\nb"])
def test_a_release_that_points_outside_is_refused(options, path):
    signed = release.Release.of({path: b""}, seq=1, issued=1).sign(options.key)
    with pytest.raises(release.ReleaseMalformed):
        release.read(signed, bytes(options.key.verify_key))


def test_a_note_of_another_kind_is_no_release(options, root):
    with pytest.raises(release.ReleaseMalformed):
        release.read(options.cards[0].signed, bytes(root.verify_key))


@pytest.fixture
def transport():
    with Transport(os.urandom) as opened:
        yield opened


def test_a_served_copy_is_checked_file_by_file(site, public, transport):
    with serving(site) as address:
        report = check(Served(site_address(address), transport), public)
        assert report.ok
        assert report.files == len([path for path in site.iterdir() if path.is_file()]) - 2  # release.json, _headers

        spoil(site / "AAAAAAAA.js")
        (site / "sw.js").unlink()
        problems = found(check(Served(site_address(address), transport), public))
        assert sorted(problems) == [("AAAAAAAA.js", "file-changed"), ("sw.js", "file-missing")]


def test_a_copy_below_a_path_is_found(site, public, transport, tmp_path):
    outer = tmp_path / "outer"
    shutil.copytree(site, outer / "below")
    for name in ("_headers", "release.json"):
        shutil.copy(site / name, outer)
    with serving(outer) as address:
        assert check(Served(site_address(address + "below/index.html"), transport), public).ok


def test_a_host_that_is_gone_is_unreachable(site, public, transport):
    with serving(site) as address:
        pass
    with pytest.raises(SiteUnreachable):
        check(Served(site_address(address), transport), public)


@pytest.mark.parametrize("text", ["http://plain.example/", "ftp://a", "nothing", "https://a.example/?x=1"])
def test_an_address_that_anybody_could_change_on_the_way_is_refused(text):
    with pytest.raises(BadSiteAddress):
        site_address(text)
