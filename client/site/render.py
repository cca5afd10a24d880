"""The page with everything filled in: as one file of a site, or as a single file with everything inside."""

import base64
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from client.site import csp
from client.site.bundle import Bundle, BundleMalformed

TEMPLATE = "index.html"
STYLE = "style.css"
ONE = "one.js"
THEME = "#f4f4f1"
LANGUAGES = ("ru", "en", "uk", "be", "kk", "fa")

_CHARSET = '<meta charset="utf-8">'
_ONLY_IN_SITE = re.compile(r"[ \t]*<!--site-->.*?<!--/site-->\n?", re.DOTALL)
_MARKS = re.compile(r"[ \t]*<!--/?site-->\n?")
_SCRIPT = '<script type="module" src="{{script}}"></script>'
_PLACE = re.compile(r"\{\{([a-z]+(?:\.[A-Za-z0-9_.]+)?)\}\}")


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """What the page finds in itself. All names are those of files of the site."""

    title: str
    relays: tuple[str, ...]
    cards: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    release: str | None = None
    worker: str | None = None
    inline: Mapping[str, bytes] = field(default_factory=dict)

    def json(self, start: Mapping[str, Mapping[str, str]]) -> str:
        """Return it as the page reads it; no `<`, so that nothing in it can end the element it stands in."""
        fields = {
            "title": self.title,
            "languages": list(languages(start)),
            "start": {language: start[language] for language in languages(start)},
            "cards": list(self.cards),
            "packs": list(self.packs),
            "release": self.release,
            "worker": self.worker,
            "inline": {name: base64.b64encode(data).decode() for name, data in self.inline.items()},
        }
        return msgspec.json.encode(fields).decode().replace("<", "\\u003c")


def languages(start: Iterable[str]) -> tuple[str, ...]:
    """Return the languages the bundle has, ours first and in our order."""
    have = set(start)
    return tuple(language for language in LANGUAGES if language in have) + tuple(sorted(have - set(LANGUAGES)))


def site_page(bundle: Bundle, config: SiteConfig, names: Mapping[str, str]) -> str:
    """Return `index.html`. `names`: where `script`, `icon` and `manifest` lie."""
    preloads = "\n".join(f'<link rel="modulepreload" href="{name}">' for name in bundle.listing.first)
    style = bundle.text(STYLE).strip()
    rules = csp.policy(config.relays, style=style)
    template = _MARKS.sub("", bundle.text(TEMPLATE))
    return _filled(bundle, template, config, rules, {**names, "preloads": preloads, "css": style})


def single_page(bundle: Bundle, config: SiteConfig, icon: bytes) -> str:
    """Return `app.html`, which works from a disk, because it loads nothing."""
    style, script = bundle.text(STYLE).strip(), bundle.text(ONE).strip()
    rules = csp.policy(config.relays, style=style, script=script)
    template = _ONLY_IN_SITE.sub("", bundle.text(TEMPLATE))
    if _SCRIPT not in template or "</script" in script.lower():
        raise BundleMalformed(TEMPLATE)
    template = template.replace(_SCRIPT, '<script type="module">{{script}}</script>')
    drawn = f'<link rel="icon" href="data:image/svg+xml;base64,{base64.b64encode(icon).decode()}">'
    return _filled(
        bundle, template.replace("</head>", f"{drawn}\n</head>", 1), config, rules, {"script": script, "css": style}
    )


def manifest(bundle: Bundle, name: str, title: str, icons: Iterable[dict[str, str]]) -> bytes:
    """Return the manifest that lets the app be installed; it says nothing but the title.

    Source: W3C Web Application Manifest.
    """
    first = languages(bundle.listing.start)[0]
    values = {"title": title, "theme": THEME, "icon": "", **_of_language(bundle, first)}
    fields: dict[str, Any] = msgspec.json.decode(_fill(bundle.text(name), values, _in_json))
    return msgspec.json.format(msgspec.json.encode({**fields, "icons": list(icons)})) + b"\n"


def _filled(bundle: Bundle, template: str, config: SiteConfig, rules: str, raw: Mapping[str, str]) -> str:
    first = languages(bundle.listing.start)[0]
    start = {f"start.{key}": word for key, word in bundle.listing.start[first].items()}
    texts = {"title": config.title, "theme": THEME, **_of_language(bundle, first), **start}
    escaped = {key: html.escape(text) for key, text in texts.items()}
    metas = f'{_CHARSET}\n<meta http-equiv="Content-Security-Policy" content="{html.escape(rules)}">'
    if _CHARSET not in template:
        raise BundleMalformed(f"{TEMPLATE}: no {_CHARSET}")
    values = {**escaped, **raw, "config": config.json(bundle.listing.start)}
    return _fill(template.replace(_CHARSET, metas, 1), values, str)


def _of_language(bundle: Bundle, language: str) -> dict[str, str]:
    return {"lang": language, "dir": bundle.listing.directions.get(language, "ltr")}


def _in_json(text: str) -> str:
    return msgspec.json.encode(text).decode()[1:-1]


def _fill(template: str, values: Mapping[str, str], escape: Any) -> str:
    """Put the values in their places, all at once: what is filled in is not looked through again."""
    unknown = {name for name in _PLACE.findall(template) if name not in values}
    if unknown:
        raise BundleMalformed(f"places nobody fills: {', '.join(sorted(unknown))}")
    return _PLACE.sub(lambda place: escape(values[place[1]]), template)
