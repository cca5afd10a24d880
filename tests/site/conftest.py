"""A small app in the form the bundler leaves it, and what an organisation gives."""

import json
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from client.site.build import SiteOptions, build
from client.site.bundle import LISTING, Bundle, bundle
from client.stations.pack import pack
from client.stations.pack.columns import PackStation
from keys import note
from keys.kem import PrivateKey
from keys.organisation import Card, expiry
from keys.wire import digest, week_of

NOW = 1_763_635_200
RELAYS = ("https://relay.example", "http://" + "a" * 56 + ".onion", "https://other.example/below")

PAGE = """<!doctype html>
<html lang="{{lang}}" dir="{{dir}}">
<head>
<meta charset="utf-8">
<title>{{title}}</title>
<meta name="theme-color" content="{{theme}}">
<!--site-->
<link rel="icon" href="{{icon}}">
<link rel="manifest" href="{{manifest}}">
{{preloads}}
<!--/site-->
<style>{{css}}</style>
</head>
<body>
<h1>{{start.hold}}</h1>
<script type="application/json" id="config">{{config}}</script>
<script type="module" src="{{script}}"></script>
</body>
</html>
"""
FILES = {
    "main.js": 'import"./AAAAAAAA.js";import("./RURURURU.js");',
    "AAAAAAAA.js": "export const shared=1;",
    "RURURURU.js": 'export default{dir:"ltr"};',
    "one.js": "const shared=1;",
    "sw.js": "self.addEventListener('install',()=>SITE.cards);",
    "style.css": "body{color:#111}",
    "index.html": PAGE,
    "app.webmanifest": '{"name":"{{title}}","lang":"{{lang}}","theme_color":"{{theme}}","icons":[{"src":"{{icon}}"}]}',
    "licences.txt": "a library\n\nits licence\n",
}
LISTED = {
    "main": "main.js",
    "first": ["AAAAAAAA.js"],
    "pressing": ["AAAAAAAA.js"],
    "chunks": ["AAAAAAAA.js", "RURURURU.js", "main.js"],
    "languages": {"ru": "RURURURU.js"},
    "start": {"ru": {"hold": "Держите <палец>"}},
    "directions": {"ru": "ltr"},
}


@pytest.fixture
def small(tmp_path) -> Bundle:
    folder = tmp_path / "small"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / LISTING).write_text(json.dumps(LISTED), encoding="utf-8")
    return bundle(folder)


def make_card(root: SigningKey, *, name: str = "", relays: tuple[str, ...] = RELAYS, now: int = NOW) -> Card:
    keys = [PrivateKey(digest(b"week", bytes([i]))).public for i in range(2)]
    week = week_of(now)
    return Card(
        name=name,
        root=bytes(root.verify_key),
        seq=now,
        issued=now,
        expires=expiry(week),
        relays=relays,
        mailbox=digest(b"mailbox"),
        week=week,
        weekly=(keys[0],),
        last_resort=keys[1],
    ).sign(root)


def make_pack(root: SigningKey) -> bytes:
    stations = [PackStation("1", ("Центральное ОВД",), "Main street 1", 5_500_000, 3_700_000)]
    heading = pack.Heading("stations", bytes(root.verify_key), 1, NOW)
    return pack.write(heading, stations, lambda text: note.sign(text, pack.KEY_NAME, root))


@pytest.fixture
def root() -> SigningKey:
    return SigningKey(digest(b"root"))


@pytest.fixture
def options(root) -> SiteOptions:
    return SiteOptions([make_card(root)], SigningKey(digest(b"release")), NOW, [make_pack(root)])


@pytest.fixture
def site(options, small, tmp_path) -> Path:
    """A built site on the disk."""
    out = tmp_path / "site"
    build(options, out, small)
    return out
