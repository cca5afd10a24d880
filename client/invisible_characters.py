"""Characters that nobody can see, in a stranger's words: spelled out before a person reads them."""

import unicodedata

MARKS = 4  # accents on one letter; no script needs more, and a hundred of them paint over the lines around
LAYOUT = frozenset("\n\t")
_JOINERS = frozenset("\u200c\u200d")  # Persian words and many emoji are written with them
_JOINED = ("ARABIC", "DEVANAGARI", "BENGALI", "GUJARATI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180b\u180c\u180d\u034f\u17b4\u17b5")  # letters nobody can see


def is_hidden(text: str, at: int) -> bool:
    """Return whether the character at this index is seen by nobody, or changes how its neighbours are read.

    Line feed and tab are hidden too; who lays out lines allows `LAYOUT`. A joiner is not, where it joins.
    """
    character = text[at]
    if character in _JOINERS:
        return not _joins(text, at)
    return character in BLANK or unicodedata.category(character) in _HIDDEN


def is_mark(character: str) -> bool:
    """Return whether this character is painted over the one before it."""
    return bool(unicodedata.combining(character)) or unicodedata.category(character) == "Me"


def spell(character: str) -> str:
    """Return a character that cannot be shown as its code point."""
    return f"⟨U+{ord(character):04X}⟩"


def is_visible(text: str) -> bool:
    """Return whether text of one line has no hidden character. An empty text has none."""
    return not any(is_hidden(text, at) for at in range(len(text)))


def to_visible(text: str) -> str:
    """Return a stranger's text as a terminal may show it: nothing hidden, no control character but `LAYOUT`, and no
    pile of accents."""
    if text.isascii() and text.isprintable():
        return text
    parts = []
    marks = 0
    for at, character in enumerate(text):
        marks = marks + 1 if is_mark(character) else 0
        is_spelled = marks > MARKS or (character not in LAYOUT and is_hidden(text, at))
        parts.append(spell(character) if is_spelled else character)
    return "".join(parts)


def _joins(text: str, at: int) -> bool:
    """Return whether the joiner at this index stands between two characters that are written joined."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    return bool(before and after) and (
        (_script(before) in _JOINED and _script(after) in _JOINED)
        or (text[at] == "\u200d" and _is_picture(before) and _is_picture(after))
    )


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk") or character == "\ufe0f"
