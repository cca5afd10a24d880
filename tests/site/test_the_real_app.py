"""The app as it is built today: what lies open on a phone before it is unlocked tells nothing."""

import gzip
import json
import os
import re
from dataclasses import replace

import pytest

from client.organisation import home
from client.site import release
from client.site.build import SINGLE, assemble
from client.site.bundle import DIST, LISTING, BundleMissing, bundle
from client.site.render import LANGUAGES
from keys.keystore import Cost
from tests.site.conftest import make_card

TELLTALE = (
    "tocsin", "alarm", "arrest", "police", "detain", "lawyer", "report", "help", "rights", "prison",
    "арест", "полици", "задерж", "адвокат", "помощь", "права", "тюрьм", "автозак",
    "адвакат", "паліц", "затрым", "поліц", "затрим", "қамау", "полиция", "адвокат", "بازداشت", "پلیس", "وکیل",
)  # fmt: skip
ORGANISATION = "Ночная хартия Приречья"
FIRST_LOAD_BYTES = 45 * 1024
TEXT_BYTES = 14 * 1024


@pytest.fixture(scope="module")
def built():
    try:
        return bundle()
    except BundleMissing:
        pytest.skip("the app is not built: `make` builds it")


@pytest.fixture
def files(built, options, root):
    return assemble(replace(options, cards=[make_card(root, name=ORGANISATION)], packs=[]), built).files


def tells(text: str) -> list[str]:
    return [word for word in (*TELLTALE, *ORGANISATION.split()) if word.lower() in text.lower()]


def visible(page: str) -> str:
    """What a person sees and a screen reader says: texts and attributes for people, without scripts and styles."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    named = re.sub(r"<meta http-equiv[^>]*>", "", body)
    attributes = re.findall(r'(?:content|title|alt|aria-label|placeholder)="([^"]*)"', named)
    return " ".join([re.sub(r"<[^>]*>", " ", body), *attributes])


@pytest.mark.parametrize("name", ["index.html", SINGLE])
def test_the_first_screen_tells_nothing(files, name):
    assert tells(visible(files[name].decode())) == []


def test_the_words_of_the_first_screen_tell_nothing_in_any_language(built):
    assert set(built.listing.start) == set(LANGUAGES)
    for language, words in built.listing.start.items():
        assert tells(" ".join(words.values())) == [], language


def test_file_names_and_manifest_tell_nothing(files):
    [manifest] = [data for name, data in files.items() if name.endswith(".webmanifest")]
    assert tells(" ".join(files) + json.dumps(json.loads(manifest), ensure_ascii=False)) == []


def test_no_file_that_a_phone_keeps_names_the_organisation(files, built):
    page = files["index.html"].decode()
    cards = json.loads(re.search(r'id="config">(.*?)</script>', page, re.DOTALL)[1])["cards"]
    holds = {name for name, data in files.items() if ORGANISATION.encode() in data}
    assert holds == set(cards)
    assert json.dumps(cards, separators=(",", ":")).encode() in files["sw.js"], "which it is told to leave out"


def test_the_policy_has_nothing_unsafe_in_it(files):
    for name in ("index.html", SINGLE, "_headers"):
        policy = re.search(r"default-src [^\n]*", files[name].decode())[0]
        assert "unsafe" not in policy.partition("</head>")[0].partition('">')[0]


def test_the_first_load_is_light(files, built):
    page = files["index.html"]
    names = set(re.findall(rb'(?:modulepreload" href|script type="module" src)="([^"]+)"', page))
    assert names
    first = [page, *(files[name.decode()] for name in names)]
    assert len(gzip.compress(page, 9)) <= TEXT_BYTES
    assert sum(len(gzip.compress(data, 9)) for data in first) <= FIRST_LOAD_BYTES + TEXT_BYTES


def test_every_language_is_in_the_bundle_and_every_chunk_is_there(built):
    assert set(built.listing.languages) == set(LANGUAGES)
    assert built.listing.directions["fa"] == "rtl"
    for name in [*built.listing.chunks, *built.listing.first, *built.listing.languages.values()]:
        assert (DIST / name).is_file()
    assert (DIST / LISTING).is_file()


def test_the_organisations_root_can_sign(tmp_path, options, built):
    profile = home.Profile("", ("https://relay.example",))
    office = home.create(
        tmp_path / "home", "words", profile, now=options.issued, cost=Cost(1, 8 * 2**10), random_bytes=os.urandom
    )
    card = office.card
    site = assemble(replace(options, cards=[card], packs=[], key=office.root_key(None, lambda: "words")), built)
    assert release.read(site.signed, card.root).seq == options.issued
