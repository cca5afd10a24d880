"""Base64 where no vector looks."""

import pytest

from keys.errors import Malformed
from keys.wire import unb64


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "AA\n", "AA AA", "A+", "A/", "АА", "AAA\n"])
def test_base64_in_any_other_spelling_is_refused(text):
    with pytest.raises(Malformed):
        unb64(text)


def test_base64_of_another_length_is_refused():
    assert unb64("AAAA", 3) == bytes(3)
    for length in (0, 2, 4):
        with pytest.raises(Malformed):
            unb64("AAAA", length)
