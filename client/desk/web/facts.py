"""Facts in words: what was stated of a field, whatever its form, and never as markup."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from markupsafe import Markup

from client.desk.cases.view import FactView
from client.desk.consent.untrusted_text import render_plain, render_text
from client.desk.web.i18n import Speech
from client.desk.web.times import Times

DEPTH = 4  # of a value that has no form we know
LISTED = 100
_TERMS = {"stage", "role", "certainty", "kind", "publish", "precision", "state"}
_TIMES = {"time", "when", "taken", "from", "to"}
_SURE = {"certainty", "precision"}  # said in brackets
_PLAIN = {"confirmed", "exact"}  # goes without saying
_DEGREE = 100_000


def render_fact(say: Speech, times: Times, field: str, value: Any) -> Markup:
    """Render the value of a fact for a page, four levels deep."""
    return _render_value(say, times, field, value, 0)


def group_statements(facts: Iterable[FactView]) -> list[list[FactView]]:
    """Group facts of one message, or of one entry of the journal, that follow each other."""
    return [
        list(statements)
        for _, statements in groupby(facts, key=lambda fact: (fact.letter, fact.entry, fact.stated_at, fact.flags))
    ]


def _render_value(say: Speech, times: Times, field: str, value: Any, depth: int) -> Markup:
    if isinstance(value, bool) or value is None:
        return Markup("<span>{}</span>").format(say({True: "yes", False: "no", None: "unknown"}[value]))
    if isinstance(value, int) and field in _TIMES:
        return times.render_time(value)
    if isinstance(value, str):
        return _render_text(say, field, value)
    if isinstance(value, list | dict) and depth < DEPTH:
        return _render_container(say, times, field, value, depth)
    return render_text(value)


def _render_container(say: Speech, times: Times, field: str, value: list[Any] | dict[str, Any], depth: int) -> Markup:
    if isinstance(value, dict):
        return _render_fields(say, times, field, value, depth)
    return Markup(", ").join(_render_value(say, times, field, inner, depth + 1) for inner in value[:LISTED])


def _render_text(say: Speech, field: str, value: str) -> Markup:
    kind = {"kind": "by", "needs": "need", "type": "file"}.get(field, field)
    if (field in _TERMS or field == "needs") and say.has_key(f"{kind}.{value}"):
        return Markup("<span>{}</span>").format(say(f"{kind}.{value}"))
    return render_text(value)


def _render_fields(say: Speech, times: Times, field: str, value: dict[str, Any], depth: int) -> Markup:
    parts: list[Markup] = []
    rest = dict(value)
    if {"lat", "lon"} <= rest.keys() and all(isinstance(rest[name], int) for name in ("lat", "lon")):
        parts.append(_render_position(rest.pop("lat"), rest.pop("lon")))
    for name in ("text", "time"):  # what a place, a station and a moment are first of all
        if rest.get(name) not in (None, ""):
            parts.insert(0, _render_value(say, times, name, rest.pop(name), depth + 1))
    for name, inner in list(rest.items())[:LISTED]:
        if name in _SURE and isinstance(inner, str):
            if inner not in _PLAIN:
                parts.append(Markup("({})").format(say.term(name, inner)))
        elif inner not in ("", [], None) and name not in ("pack", "id"):
            label = render_plain(say.term("part", name), 60)
            parts.append(
                Markup("<small>{}</small> {}").format(label, _render_value(say, times, name, inner, depth + 1))
            )
    return Markup("; ").join(parts) or Markup("<span>{}</span>").format(say("unknown"))


def _render_position(lat: int, lon: int) -> Markup:
    return Markup('<span class="number">{:.5f}, {:.5f}</span>').format(lat / _DEGREE, lon / _DEGREE)
