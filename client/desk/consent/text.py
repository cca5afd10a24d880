"""A stranger's words as they leave the desk: nothing invisible in them, and no line break where there may be none."""

from client.desk.consent.untrusted_text import render_plain

# Letters and marks that are printed as nothing. `str.isprintable` takes them for visible.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180b\u180c\u180d\u034f\u17b4\u17b5")


def line(value: object) -> str:
    """Return a value as one line. Controls, and whatever turns the direction of writing, are spelled out: ⟨U+202E⟩."""
    text = str(value)
    if text.isprintable() and _BLANK.isdisjoint(text):
        return text
    return render_plain(text, longest=len(text))


def lines(value: object) -> str:
    """Return a value as `line` does, with line breaks left as they are."""
    text = str(value)
    return text if text.isprintable() else "\n".join(line(part) for part in text.splitlines())
