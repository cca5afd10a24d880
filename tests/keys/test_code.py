"""Edges of an organisation's code that no vector shows."""

import pytest

from keys import code
from keys.errors import BadCode, CodeTooLong, Malformed
from keys.wire import digest

ROOT = digest(b"root")


def raw(data: bytes) -> str:
    return code.CARD_PREFIX + code._base32(data)


def relays_of(characters: int) -> tuple[str, ...]:
    """A relay address so long that the code has about this many characters."""
    return ("https://r.example/" + "a" * (characters - 18),)


def test_a_code_is_as_long_as_version_9_at_level_m_holds():
    # 262 characters less 11 of the prefix are 251: 156 bytes, less root, flags and a length byte
    fits = str(code.CardCode(ROOT, relays_of(122)))
    assert len(fits) <= 262
    assert code.draw_png(fits).startswith(b"\x89PNG")
    assert b"<svg" in code.draw_svg(fits)
    assert len(code.draw_text(fits).splitlines()) > 20
    assert code._drawn(fits).version == 9
    with pytest.raises(CodeTooLong):
        str(code.CardCode(ROOT, relays_of(123)))


def test_what_is_too_long_is_not_drawn_either():
    assert code._drawn("A" * 262).version == 9
    for draw in (code.draw_png, code.draw_svg, code.draw_text):
        with pytest.raises(CodeTooLong):
            draw("A" * 263)


@pytest.mark.parametrize(
    "data",
    [
        ROOT[:-1],
        ROOT,
        ROOT + b"\0",
        ROOT + b"\x01\x15https://relay.example",
        ROOT + b"\0\x15https://relay.exampl",
        ROOT + b"\0\x16https://relay.example/",
        ROOT + b"\0\x15HTTPS://relay.example",
        ROOT + b"\0\x00",
        ROOT + b"\0\x04\xff\xff\xff\xff",
    ],
)
def test_a_code_that_says_something_else_is_refused(data):
    with pytest.raises(Malformed):
        code.read_card_code(raw(data))


def test_a_code_with_spare_bits_or_padding_is_refused():
    good = str(code.CardCode(ROOT, ("https://r.example",)))
    for changed in (good + "=", good + "A", good[:-1] + chr(ord(good[-1]) + 1)):
        with pytest.raises(BadCode):
            code.read_card_code(changed)
