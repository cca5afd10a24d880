"""A stranger's words as a page shows them: never markup, nothing invisible, nothing so long that it hides the rest."""

import re
from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Any, TypeVar

from markupsafe import Markup, escape

from client.invisible_characters import BLANK, LAYOUT, MARKS, is_hidden, is_mark, spell

FOLD = 600  # characters of a text that stand open; the rest unfolds
UNSHOWN = Markup('<span class="odd">⟨?⟩</span>')  # words that could not be shown; the case they came in has them
Words = TypeVar("Words", str, Markup)

_EASY = re.compile(r"""[\w .,:;!?()/'"«»№+-]*""")  # nearly every text; beside BLANK none of them is invisible


def render_text(value: object, fold: int = FOLD) -> Markup:
    """Render text for a page, in a direction of its own. What is invisible is spelled out, what is longer than `fold`
    characters is folded."""
    text = str(value)
    if len(text) <= fold:
        return Markup("<bdi>{}</bdi>").format(_spell_hidden(text))
    head = Markup("<bdi>{}…</bdi>").format(_spell_hidden(text[:fold]))
    size = Markup(' <span class="size">({:,})</span>').format(len(text))
    whole = Markup('<p class="whole"><bdi>{}</bdi></p>').format(_spell_hidden(text))
    return Markup('<details class="long"><summary>{}{}</summary>{}</details>').format(head, size, whole)


def render_short(value: object, longest: int = 60) -> Markup:
    """Render text for one line of a list: after `longest` characters it is cut, and stands whole where it came from."""
    text = str(value)
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return Markup("<bdi>{}</bdi>").format(_spell_hidden(cut))


def render_plain(value: object, longest: int = 120) -> str:
    """Return text for a place that takes no markup: an option, a label for a screen reader. At most `longest` signs,
    and more where some are spelled out."""
    text = str(value)
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(
        _render_sign(sign) if sign in "\n\t" or is_hidden(short, at) else sign for at, sign in enumerate(short)
    )


def isolate(show: Callable[..., Words]) -> Callable[..., Words | Markup]:
    """Return the same renderer for a page about many: whatever raises falls on these words alone, and the rest of the
    page is made."""

    @wraps(show)
    def guarded(*words: Any, **more: Any) -> Words | Markup:
        try:
            return show(*words, **more)
        except Exception:  # what is wrong with one person's words must not hide everybody else
            return UNSHOWN

    return guarded


def _spell_hidden(text: str) -> Markup:
    if _EASY.fullmatch(text) and BLANK.isdisjoint(text):
        return escape(text)
    parts: list[Markup | str] = []
    at = marks = 0
    for sign, run in groupby(text):
        count = sum(1 for _ in run)
        is_accent = is_mark(sign)
        spelled = max(0, marks + count - MARKS) if is_accent else count * (sign not in LAYOUT and is_hidden(text, at))
        spelled = min(spelled, count)
        parts.append(sign * (count - spelled))
        if spelled:
            parts.append(_render_spelled(sign, spelled))
        at, marks = at + count, (marks + count) * is_accent
    return Markup("").join(parts)  # which escapes what is no markup yet


def _render_sign(sign: str) -> str:
    return " " if sign in LAYOUT else spell(sign)


def _render_spelled(sign: str, count: int) -> Markup:
    times = f" × {count:,}" if count > 1 else ""
    return Markup('<span class="odd">{}{}</span>').format(_render_sign(sign), times)
