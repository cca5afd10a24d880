"""What a built site is, and what it may do in a browser."""

import base64
import dataclasses
import hashlib
import html
import json
import re

import pytest
from nacl.signing import SigningKey

from client.site import release
from client.site.build import BadTitle, FolderTaken, NoSiteCard, PackStranger, SiteOptions, build
from client.site.bundle import BundleMalformed, BundleMissing, bundle
from client.site.release import ReleaseOlder
from keys.wire import digest
from tests.site.conftest import NOW, make_card, make_pack


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def config_of(page: str):
    return json.loads(re.search(r'id="config">(.*?)</script>', page, re.DOTALL)[1])


def policy_of(page: str) -> dict[str, list[str]]:
    rules = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1])
    return {words[0]: words[1:] for rule in rules.split(";") if (words := rule.split())}


def test_the_same_options_give_the_same_bytes(options, small, tmp_path):
    build(options, tmp_path / "a", small)
    build(options, tmp_path / "b", small)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_the_release_names_every_file_and_nothing_else(site, options):
    files = tree(site)
    signed = release.read(files.pop("release.json"), bytes(options.key.verify_key))
    assert (signed.seq, signed.issued) == (NOW, NOW)
    assert set(signed.files) == set(files)
    assert all(entry.fits(files[path]) for path, entry in signed.files.items())


def test_file_names_say_nothing(site):
    plain = {"index.html", "app.html", "sw.js", "release.json", "licences.txt", "_headers"}
    plain |= {"_host/Caddyfile", "_host/nginx.conf"}
    others = set(tree(site)) - plain
    assert others
    assert all(re.fullmatch(r"[A-Z2-7]{8}(\.[a-z]+)?", name) for name in others), others


def test_the_page_may_call_the_relays_of_its_cards_and_nobody_else(site):
    rules = policy_of((site / "index.html").read_text())
    onion = "http://" + "a" * 56 + ".onion"
    below = "https://other.example/below/"
    assert sorted(rules["connect-src"]) == sorted(["'self'", "https://relay.example", onion, below])
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["worker-src"] == ["'self'"]
    assert rules["require-trusted-types-for"] == ["'script'"]
    assert not [word for words in rules.values() for word in words if "unsafe" in word or "*" in word]


def test_a_relay_address_cannot_write_a_rule_of_its_own(root, options, small, tmp_path):
    card = make_card(root, relays=("https://relay.example/a;script-src-elem,b",))
    build(dataclasses.replace(options, cards=[card], packs=[]), tmp_path / "out", small)
    rules = policy_of((tmp_path / "out" / "index.html").read_text())
    assert rules["connect-src"] == ["'self'", "https://relay.example/a%3Bscript-src-elem%2Cb/"]
    assert "script-src-elem" not in rules


def test_the_host_is_told_the_same_policy_as_the_page(site):
    page = html.unescape((site / "index.html").read_text())
    rules = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)">', page)[1]
    for name in ("_headers", "_host/Caddyfile", "_host/nginx.conf"):
        text = (site / name).read_text()
        assert f"{rules}; frame-ancestors 'none'" in text
        assert "no-referrer" in text
        assert "nosniff" in text
        assert "camera=(self)" in text


def test_the_inline_style_is_the_one_the_policy_allows(site):
    page = (site / "index.html").read_text()
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    allowed = "'sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() + "'"
    assert policy_of(page)["style-src"] == [allowed]


def test_the_config_names_files_that_are_there(site, options):
    config = config_of((site / "index.html").read_text())
    assert config["release"] == release.verifier(bytes(options.key.verify_key))
    assert [(site / name).read_bytes() for name in config["cards"]] == [options.cards[0].signed]
    assert [(site / name).read_bytes() for name in config["packs"]] == list(options.packs)
    assert config["start"]["ru"]["hold"] == "Держите <палец>"
    assert config["worker"] == "sw.js"


def test_everything_the_page_refers_to_is_there(site):
    page = (site / "index.html").read_text()
    names = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(names) == 4
    assert all((site / name).is_file() for name in names), names


def test_the_page_makes_nobody_load_the_words_of_a_language(site):
    assert "RURURURU.js" not in (site / "index.html").read_text()


def test_words_that_hold_marks_cannot_end_their_element(site):
    page = (site / "index.html").read_text()
    assert "<h1>Держите &lt;палец&gt;</h1>" in page
    assert "<палец>" not in page


def test_the_service_worker_knows_the_key_and_the_cards(site, options):
    config = json.loads(re.match(r"const SITE=(\{.*?\});", (site / "sw.js").read_text())[1])
    cards = config_of((site / "index.html").read_text())["cards"]
    assert config == {"release": release.verifier(bytes(options.key.verify_key)), "cards": cards}


def test_the_one_file_copy_refers_to_nothing(site):
    page = (site / "app.html").read_text()
    rules = policy_of(page)
    assert not re.findall(r'(?:href|src)="(?!data:)', page)
    assert "'self'" not in " ".join(word for words in rules.values() for word in words)
    config = config_of(page)
    assert config["worker"] is None
    assert config["release"] is None


def test_the_one_file_copy_has_cards_and_packs_inside(site, options):
    config = config_of((site / "app.html").read_text())
    inside = {name: base64.b64decode(data) for name, data in config["inline"].items()}
    assert [inside[name] for name in config["cards"]] == [options.cards[0].signed]
    assert [inside[name] for name in config["packs"]] == list(options.packs)


def test_the_one_file_copy_runs_exactly_the_script_its_policy_allows(site):
    page = (site / "app.html").read_text()
    script = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)[1]
    allowed = "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
    assert policy_of(page)["script-src"] == [allowed]


def test_title_and_icon_are_those_that_were_wished_for(options, small, tmp_path):
    build(dataclasses.replace(options, title='Рецепты "дня"'), tmp_path / "out", small)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<title>Рецепты &quot;дня&quot;</title>" in page
    [path] = (tmp_path / "out").glob("*.webmanifest")
    manifest = json.loads(path.read_bytes())
    assert manifest["name"] == 'Рецепты "дня"'
    assert {icon["type"] for icon in manifest["icons"]} == {"image/svg+xml", "image/png"}
    assert all((tmp_path / "out" / icon["src"]).is_file() for icon in manifest["icons"])


@pytest.mark.parametrize("title", ["", "  ", "a\nb", "x" * 41])
def test_a_title_that_is_none_is_refused(options, small, tmp_path, title):
    with pytest.raises(BadTitle):
        build(dataclasses.replace(options, title=title), tmp_path / "out", small)
    assert not (tmp_path / "out").exists()


def test_a_site_without_a_card_is_refused(options, small, tmp_path):
    with pytest.raises(NoSiteCard):
        build(dataclasses.replace(options, cards=[]), tmp_path / "out", small)


def test_a_pack_of_a_stranger_is_refused(options, small, tmp_path):
    other = make_pack(SigningKey(digest(b"stranger")))
    with pytest.raises(PackStranger):
        build(dataclasses.replace(options, packs=[other]), tmp_path / "out", small)


def test_building_again_replaces_what_was_there(options, small, site, root):
    before = set(tree(site))
    newer = make_card(root, now=NOW + 60)
    build(dataclasses.replace(options, cards=[newer], issued=NOW + 60), site, small)
    after = tree(site)
    signed = release.read(after.pop("release.json"), bytes(options.key.verify_key))
    assert set(signed.files) == set(after) != before
    assert signed.seq == NOW + 60


def test_an_older_release_does_not_replace_a_newer_one(options, small, site):
    before = tree(site)
    with pytest.raises(ReleaseOlder):
        build(dataclasses.replace(options, issued=NOW - 1), site, small)
    assert tree(site) == before


def test_a_folder_with_other_things_in_it_stays_as_it_is(options, small, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "diary.txt").write_text("dear diary")
    with pytest.raises(FolderTaken):
        build(options, mine, small)
    assert tree(mine) == {"diary.txt": b"dear diary"}


def test_a_missing_bundle_is_said_plainly(tmp_path):
    with pytest.raises(BundleMissing):
        bundle(tmp_path)


def test_a_bundle_with_places_nobody_fills_is_refused(options, small, tmp_path):
    page = small.folder / "index.html"
    page.write_text(page.read_text().replace("{{title}}", "{{surprise}}"))
    with pytest.raises(BundleMalformed, match="surprise"):
        build(options, tmp_path / "out", small)


def test_the_options_do_not_show_the_key(options):
    assert isinstance(options, SiteOptions)
    assert "SigningKey" not in repr(options)
