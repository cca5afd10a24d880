"""A stranger's words as a page shows them: never markup, nothing invisible, nothing so long that it hides the rest."""

import re
import unicodedata
from itertools import groupby

from markupsafe import Markup, escape

FOLD = 600  # characters of a text that stand open; the rest unfolds
MARKS = 4  # accents on one letter; no script needs more, and a hundred of them paint over the lines around
_KEPT = frozenset("\n\t")
_JOINERS = frozenset("\u200c\u200d")  # Persian words and many emoji are written with them
_JOINED = ("ARABIC", "DEVANAGARI", "BENGALI", "GUJARATI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180b\u180c\u180d\u034f\u17b4\u17b5")  # letters nobody can see

_EASY = re.compile(r"""[\w .,:;!?()/'"«»№+-]*""")  # nearly every text; beside _BLANK none of them is invisible


def shown(value: object, fold: int = FOLD) -> Markup:
    """Text for a page, in a direction of its own; what is invisible is spelled out, what is long is folded."""
    text = str(value)
    if len(text) <= fold:
        return Markup("<bdi>{}</bdi>").format(_visible(text))
    head = Markup("<bdi>{}…</bdi>").format(_visible(text[:fold]))
    size = Markup(' <span class="size">({:,})</span>').format(len(text))
    whole = Markup('<p class="whole"><bdi>{}</bdi></p>').format(_visible(text))
    return Markup('<details class="long"><summary>{}{}</summary>{}</details>').format(head, size, whole)


def short(value: object, longest: int = 60) -> Markup:
    """The same on one line of a list: what is longer is cut, and stands whole where it came from."""
    text = str(value)
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return Markup("<bdi>{}</bdi>").format(_visible(cut))


def plain(value: object, longest: int = 120) -> str:
    """The same for a place that takes no markup: an option, a label for a screen reader."""
    text = str(value)
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(_word(one) if one in "\n\t" or _is_hidden(short, at) else one for at, one in enumerate(short))


def _visible(text: str) -> Markup:
    if _EASY.fullmatch(text) and _BLANK.isdisjoint(text):
        return escape(text)
    parts: list[Markup | str] = []
    at = marks = 0
    for one, run in groupby(text):
        count = sum(1 for _ in run)
        is_mark = bool(unicodedata.combining(one)) or unicodedata.category(one) == "Me"
        spelled = max(0, marks + count - MARKS) if is_mark else count * (one not in _KEPT and _is_hidden(text, at))
        spelled = min(spelled, count)
        parts.append(one * (count - spelled))
        if spelled:
            parts.append(_spelled(one, spelled))
        at, marks = at + count, (marks + count) * is_mark
    return Markup("").join(parts)  # which escapes what is no markup yet


def _is_hidden(text: str, at: int) -> bool:
    one = text[at]
    if one in _JOINERS:
        return not _joins(text, at)
    return one in _BLANK or unicodedata.category(one) in _HIDDEN


def _joins(text: str, at: int) -> bool:
    """Whether a joiner stands between two characters that are written joined."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    return bool(before and after) and (
        (_script(before) in _JOINED and _script(after) in _JOINED)
        or (text[at] == "\u200d" and _is_picture(before) and _is_picture(after))
    )


def _script(one: str) -> str:
    return unicodedata.name(one, "").partition(" ")[0]


def _is_picture(one: str) -> bool:
    return unicodedata.category(one) in ("So", "Sk") or one == "\ufe0f"


def _word(one: str) -> str:
    return " " if one in _KEPT else f"⟨U+{ord(one):04X}⟩"


def _spelled(one: str, count: int) -> Markup:
    times = f" × {count:,}" if count > 1 else ""
    return Markup('<span class="odd">{}{}</span>').format(_word(one), times)
