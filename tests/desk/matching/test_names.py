"""The same person's name, as different people write it; and names of different people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desk.matching import names
from client.desk.matching.names import ALIKE, NameWord, WordKind, read
from tests.support import invented_names


def word(text: str) -> NameWord:
    [word] = read(text).words
    return word


@pytest.mark.parametrize(
    "spellings",
    [
        "Щербаков Shcherbakov Scherbakov Ščerbakov Schtscherbakow Chtcherbakov Shherbakov Щербакоў",
        "Юлия Юлія Yuliya Yulia Julia Julija Iuliia Ioulia",
        "Чайковский Chaikovskii Chaykovsky Tchaikovsky Tschaikowskij Čajkovskij Чайковський",
        "Соловьёв Соловьев Solovyov Soloviev Solov'ev Solovjev Solov’yov",
        "Хрущёв Khrushchev Khrushchyov Hruščëv",
        "Жуков Zhukov Žukov Joukov",
        "Филатов Filatov Philatov Filatow",
        "Цой Tsoy Tsoi Coj Tzoy",
        "Троцкий Trotsky Trotskiy Trockij Trocki Троцький",
        "Нұрлан Нурлан Nurlan Nūrlan",
        "Қайрат Кайрат Qairat Kairat Kayrat",
        "Жансая Zhansaya Jansaya Žansaja",
        "Кавалёў Kavaliou Кавалёв Kavalev",
        "Ильин Ilyin Il'in Iljin Ильін",
        "Дмитриев Dmitriev Dmitriyev Dmitrijev",
        "Королёв Королев Korolyov Koroliov Korolev",
    ],
)
def test_every_habit_of_writing_comes_to_the_same_word(spellings):
    first, *others = map(word, spellings.split())
    assert {b.spellings[0]: names.alike(first, b) for b in others if names.alike(first, b) < 1} == {}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Григорий", "Hryhorii"),
        ("Гусев", "Husev"),
        ("Лукашенко", "Лукашэнка"),
        ("Королёв", "Каралёў"),
        ("Александр", "Oleksandr"),
        ("Александр", "Aliaksandr"),
        ("Владимир", "Володимир"),
        ("Екатерина", "Кацярына"),
        ("محمد", "Mohammad"),
        ("حسینی", "Хоссейни"),
        ("Иванов", "Иваонв"),
        ("Кузнецов", "Кузнцов"),
        ("Саша", "Александра"),
        ("Костя", "Konstantin"),
    ],
)
def test_other_alphabets_slips_and_short_forms_are_alike(a, b):
    assert ALIKE < names.alike(word(a), word(b)) < 1


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Иванов", "Иванченко"),
        ("Ли", "Ни"),
        ("Ким", "Кин"),
        ("Орлов", "Козлов"),
        ("Яна", "Диана"),
        ("Мария", "Марина"),
        ("Александр", "Александра"),
        ("Анна", "Антон"),
        ("حسن", "Мехди"),
        ("علی", "Саид"),
    ],
)
def test_other_names_are_not_alike(a, b):
    assert names.alike(word(a), word(b)) < ALIKE


def kinds(text: str) -> list[WordKind]:
    return [word.kind for word in read(text).words]


def test_words_of_a_name_are_told_apart_in_any_order():
    surname, given_name, father, initial = WordKind.OTHER, WordKind.GIVEN, WordKind.FATHER, WordKind.INITIAL
    assert kinds("Иванов Александр Петрович") == [surname, given_name, father]
    assert kinds("Alexander Petrovich Ivanov") == [given_name, father, surname]
    assert kinds("Иванов А.П.") == [surname, initial, initial]
    assert kinds("Yu. Ivanov") == [initial, surname]
    assert kinds("Петров-Водкин, Кузьма Сергеевич") == [surname, surname, surname, father]
    assert kinds("Шостакович Дмитрий") == [surname, given_name]
    assert kinds("Нұрлан Серікұлы Ахметов") == [given_name, father, surname]
    assert kinds("Мамедов Ахмад Али оглы") == [surname, given_name, given_name]
    assert kinds("محمد رضایی") == [given_name, surname]
    assert kinds("") == kinds("?!, 12") == []


@pytest.mark.parametrize("surname", [*invented_names.SURNAMES, *invented_names.RARE])
def test_a_surname_is_not_taken_for_a_given_name(surname):
    assert set(kinds(surname)) == {WordKind.OTHER}


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("Иванов Саша", "m"),
        ("Иванова Саша", "f"),
        ("Саша", ""),
        ("Иванова", "f"),
        ("Рабинович", ""),
        ("Anna Ivanov", "f"),
        ("Ли Анна Петрович", "m"),
        ("Ким Олеговна", "f"),
    ],
)
def test_the_sex_is_what_patronymic_given_name_or_surname_tell(text, sex):
    assert read(text).sex == sex


@given(st.text(max_size=600), st.text(max_size=600))
def test_whatever_was_typed_is_read_and_compared(text, other_text):
    for a in read(text).words:
        assert 0 < len(a.spellings) <= names.SPELLINGS
        for b in read(other_text).words:
            assert 0 <= names.alike(a, b) <= 1
            assert names.alike(a, b) == names.alike(b, a)


def test_a_word_without_end_takes_no_longer_than_a_word():
    assert len(read("щ" * 100_000).words) == 1
    assert len(read("а б " * 100_000).words) <= names.WORDS
