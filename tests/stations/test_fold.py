"""The form in which names are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.stations.pack import fold


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Усачёва", "усачева"),
        ("ОВД №5", "овд 5"),
        ("ОВД N5", "овд n 5"),
        ("Отдел 05", "отдел 5"),
        ("5-й отдел", "5 й отдел"),
        ("F3 police", "f 3 police"),
        ("Құрманғазы көшесі", "курмангазы кошеси"),
        ("Алмалы ауданы", "алмалы ауданы"),
        ("کلانتری ۱۴۸", "كلانتري ١٤٨"),
        ("می‌رود", "میرود"),
        ("کلانـتری", "کلانتری"),
        ("آزادی", "ازادی"),
        ("Прип'ять", "Прип’ять"),
        ("Тверской", "Tverskoi"),
        ("Хамовники", "Khamovniki"),
        ("Щёлково", "Shchelkovo"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("İzmir", "izmir"),
        ("Ｆｕｌｌ ４２", "full 42"),
        ("थाना ५", "थाना 5"),
    ],
)
def test_these_are_the_same(text, same):
    assert fold.tokens(text) == fold.tokens(same)


@pytest.mark.parametrize(("text", "other"), [("ОВД 5", "ОВД 15"), ("ОВД 5", "ОВД 50"), ("ОВД 5", "ОВД"), ("10", "100")])
def test_these_are_not(text, other):
    assert fold.tokens(text) != fold.tokens(other)


def test_numbers_stand_alone_and_lose_leading_zeros():
    assert fold.tokens("00 007a1 2½") == ["0", "7", "a", "1", "21", "2"]


@given(st.text())
def test_tokens_are_plain_whatever_comes_in(text):
    found = fold.tokens(text)
    assert all(token and " " not in token for token in found)
    assert fold.tokens(" ".join(found)) == found


@given(st.text(), st.text())
def test_words_are_folded_one_by_one(first, second):
    """The phone folds each different word once."""
    assert fold.tokens(f"{first} {second}") == fold.tokens(first) + fold.tokens(second)


def test_grams():
    assert fold.grams(["aba", "5", "aba"]) == [" ab", "aba", "ba ", " 5 "]
