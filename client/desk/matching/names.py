"""Names of people as they are compared: across scripts, romanisations, initials and short forms. See `matching.md`.

Nothing here stores or shows a name: a caseworker always reads what was written.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from importlib import resources

import msgspec
from rapidfuzz.distance import OSA

from client.stations.pack import fold

WORDS = 8  # of one name that are compared; a passport has fewer
LETTERS = 40  # of one word
SPELLINGS = 4  # readings of one word in Latin letters
ALIKE = 0.7  # below this two words are different words
KNOWN = 65_536  # words remembered, so that each is worked out once

_PERSIAN = re.compile("[\u0600-\u06ff]")
_WORD = re.compile(r"[^\s\d.,;:/\\()\[\]{}<>«»\"„“”|+=*_!?#@&%~\-\u2010-\u2015\u060c]+\.?")

# Letters whose mark is worth a letter of its own; what remains is folded as names of stations are.
_MARKED = str.maketrans(
    {
        "ў": "в",
        "ŭ": "v",
        "č": "ch",
        "ć": "ch",
        "ç": "ch",
        "š": "sh",
        "ş": "sh",
        "ș": "sh",
        "ŝ": "shch",
        "ž": "zh",
        "ż": "zh",
    }
)

# In this order: every habit of writing Cyrillic in Latin letters comes to the same word, and so do its misspellings.
_HABITS = [
    (re.compile(pattern), put)
    for pattern, put in (
        ("schtsch|shtsh|chtch|shch|szcz", "sh"),
        ("tsch|tch|cz", "ch"),
        ("sch|shh", "sh"),
        ("dzh|dj", "zh"),
        ("cki$", "tski"),
        ("kh", "h"),
        ("gh", "g"),
        ("ph", "f"),
        ("th", "t"),
        ("tz", "ts"),
        ("ck|q", "k"),
        ("w", "v"),
        ("iou$|eu$", "ev"),
        ("[ao]u$", "ov"),
        ("ou", "u"),
        ("i+", "i"),
        ("i[eo]", "e"),
        (r"(sh|ch|zh|ts|.)\1+", r"\1"),
        ("nder$", "ndr"),
    )
]
# One letter of the alphabet, several sounds: each is a reading of its own.
_READINGS = (("x", ("ks", "h")), ("j", ("i", "zh")), ("c(?!h)", ("k", "ts")))

# What is heard alike or mistyped most: unstressed vowels, the Ukrainian and Belarusian h, soft vowels, last letters.
_HEARD = [
    (re.compile(pattern), put)
    for pattern, put in (
        ("(?<![csz])h", "g"),
        ("i([aou])", r"\1"),
        ("i", "e"),
        ("o", "a"),
        ("v$", "f"),
        ("d$", "t"),
        (r"(.)\1+", r"\1"),
    )
]

_SHORT_VOWELS = re.compile("[aeiouvy]")
_ABJAD = dict(zip("بپتثدذرزسصضطظفقکگغلمنجژچشحخه", "bptsdzrzssztzfkkkklmnjjcxhhh", strict=True))

_FATHER = re.compile("(ovich|evich|avich|ich|ovna|evna|ivna|avna|ichna)$")
_SURELY_FATHER = re.compile("(ovna|evna|ivna|avna|ichna)$|.{3}(uli|ogli|kizi)$")
_OF_FATHER = frozenset({"uli", "ogli", "oglu", "kizi"})  # written as words of their own
_SON, _DAUGHTER = re.compile("(ich|uli|ogli)$"), re.compile("(vna|ichna|kizi)$")
_HER_SURNAME = re.compile("(?:ov|ev|in)a$|aia$")
_HIS_SURNAME = re.compile("(?:ov|ev|in|ski)$")


class WordKind(Enum):
    """The kind of a word in a name; a surname is what is nothing else."""

    INITIAL = "initial"
    GIVEN = "given"
    FATHER = "father"
    OTHER = "other"


@dataclass(frozen=True, slots=True, eq=False)
class NameWord:
    """`spellings`: readings in Latin letters, the likeliest first; `sounds`: what is heard of each, vowels and voices
    blurred, and of a wife's surname her husband's; `bones`: the consonants that Persian writes; `full`, `short`:
    numbers of the given names it is, or is a short form of."""

    spellings: tuple[str, ...]
    sounds: tuple[str, ...]
    bones: str
    persian: bool
    kind: WordKind
    letters: frozenset[str]  # with which it may begin, also as the given name that it is short for
    full: frozenset[int] = frozenset()
    short: frozenset[int] = frozenset()

    @property
    def heard(self) -> str:
        return self.sounds[0]

    @property
    def key(self) -> str:
        """The word under which it is counted, to tell a rare name from a common one."""
        return f"given {min(self.full)}" if self.full else self.heard


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart. `sex`: "m", "f" or "" when its words do not tell."""

    words: tuple[NameWord, ...]
    sex: str

    def __bool__(self) -> bool:
        return any(word.kind is not WordKind.INITIAL for word in self.words)


@dataclass(frozen=True, slots=True)
class Givens:
    """Given names by their spelling: numbers of those it is in full, of those it is short for. Of each number the sex
    and the first letter."""

    full: dict[str, frozenset[int]]
    short: dict[str, frozenset[int]]
    sexes: dict[int, str]
    letters: dict[int, str]


@cache
def givens() -> Givens:
    """Return the given names of `names.json`, the small list beside this file. Read once."""
    listed = msgspec.json.decode(
        (resources.files(__package__) / "names.json").read_bytes(), type=dict[str, list[list[str]]]
    )
    full: dict[str, set[int]] = {}
    short: dict[str, set[int]] = {}
    sexes: dict[int, str] = {}
    letters: dict[int, str] = {}
    number = 0
    for sex, rows in listed.items():
        for whole, small in rows:
            sexes[number], letters[number] = sex, blur(spellings(whole.split()[0])[0])[:1]
            for table, words in ((full, whole), (short, small)):
                for spelling in _spell_words(words):
                    table.setdefault(spelling, set()).add(number)
            number += 1
    return Givens(_freeze(full), _freeze(short), sexes, letters)


def _spell_words(words: str) -> Iterable[str]:
    return [spelling for word in words.split() for spelling in spellings(word)]


def _freeze(table: dict[str, set[int]]) -> dict[str, frozenset[int]]:
    return {spelling: frozenset(numbers) for spelling, numbers in table.items()}


# From text to words


@lru_cache(KNOWN)
def read(text: str) -> Name:
    """Take a name apart, whatever the order of its words. Specified in `client/desk/matching/matching.md`, *Names*."""
    raw = _WORD.findall(unicodedata.normalize("NFC", text[: WORDS * LETTERS]))[:WORDS]
    words = [word for part in raw if (word := _word(part)).spellings[0] not in ("", *_OF_FATHER)]
    words = _mark_patronymics(words)
    return Name(tuple(words), _sex(words))


@lru_cache(KNOWN)
def _word(raw: str) -> NameWord:
    spelt = spellings(raw.rstrip("."))
    full, short = (
        frozenset().union(*(table.get(spelling, ()) for spelling in spelt)) for table in (givens().full, givens().short)
    )
    kind = WordKind.INITIAL if _is_initial(raw) else WordKind.GIVEN if full or short else WordKind.OTHER
    if kind is WordKind.OTHER and _SURELY_FATHER.search(spelt[0]):
        kind = WordKind.FATHER
    persian = bool(_PERSIAN.search(raw))
    sounds = tuple(dict.fromkeys(map(blur, (*spelt, _his(spelt[0])))))
    found = bones(raw, spelt)
    firsts = {spelling[:1] for spelling in (*spelt, *sounds)} | {givens().letters[number] for number in full | short}
    letters = frozenset({*found[:1]} if persian else {*firsts, *found[:1]})
    return NameWord(spelt, sounds, found, persian, kind, letters, full, short)


def _is_initial(raw: str) -> bool:
    """Return whether this is an initial: one letter, or two with a dot (Yu., Kh.)."""
    letters = raw.rstrip(".")
    return len(letters) == 1 or (raw.endswith(".") and len(letters) == 2)  # noqa: PLR2004


def _mark_patronymics(words: list[NameWord]) -> list[NameWord]:
    """Patronymics are known by their end, but so are surnames: one is the son of a known name, or stands third."""
    whole = [word for word in words if word.kind is not WordKind.INITIAL]
    kinds = {word.kind for word in whole}
    crowded = len(whole) > 2 and WordKind.GIVEN in kinds and WordKind.FATHER not in kinds  # noqa: PLR2004
    return [_as_father(word) if _may_be_father(word, words, crowded) else word for word in words]


def _may_be_father(word: NameWord, words: list[NameWord], crowded: bool) -> bool:
    if word.kind is not WordKind.OTHER or (found := _FATHER.search(word.spellings[0])) is None:
        return False
    stem = word.spellings[0][: found.start()]
    known = any(stem + end in givens().full for end in ("", "i", "a", "ei", "ii", "r"))
    return known or (crowded and word is not words[0])


@lru_cache(KNOWN)
def _as_father(word: NameWord) -> NameWord:
    return NameWord(word.spellings, word.sounds, word.bones, word.persian, WordKind.FATHER, word.letters)


def _sex(words: list[NameWord]) -> str:
    """Return the sex by the patronymic, else by the given name, else by the end of the surname."""
    for word in words:
        if word.kind is WordKind.FATHER:
            return "m" if _SON.search(word.spellings[0]) else "f" if _DAUGHTER.search(word.spellings[0]) else ""
    sexes = {givens().sexes[number] for word in words for number in word.full or word.short}
    if len(sexes) == 1:
        return sexes.pop()
    ends = [word.spellings[0] for word in words if word.kind is WordKind.OTHER]
    her, his = any(map(_HER_SURNAME.search, ends)), any(map(_HIS_SURNAME.search, ends))
    return "" if her == his else "f" if her else "m"


@lru_cache(KNOWN)
def spellings(raw: str) -> tuple[str, ...]:
    """Return the readings of a word in plain Latin letters; other scripts as they are folded."""
    small = unicodedata.normalize("NFC", raw[:LETTERS].lower()).translate(_MARKED)
    readings = ["".join(fold.tokens(small))]
    for letter, sounds in _READINGS:
        readings = [
            re.sub(letter, sound, reading)
            for reading in readings
            for sound in (sounds if re.search(letter, reading) else ("",))
        ]
    return tuple(dict.fromkeys(map(_plain, readings)))[:SPELLINGS]


def _plain(word: str) -> str:
    for habit, put in _HABITS:
        word = habit.sub(put, word)
    return word


def blur(spelling: str) -> str:
    """Return what remains of a word said aloud."""
    for sound, put in _HEARD:
        spelling = sound.sub(put, spelling)
    return spelling


def bones(raw: str, spelt: tuple[str, ...]) -> str:
    """Return the consonants of a word without v and y, which Persian writes as it writes vowels; without a last silent
    h."""
    if _PERSIAN.search(raw):
        consonants = "".join(_ABJAD.get(mark, "") for mark in spelt[0])
    else:
        spelling = next((form for form in spelt if "zh" in form), spelt[0])
        for sound, put in (("zh", "j"), ("ch", "c"), ("sh", "x"), ("ts", "s"), ("g", "k")):
            spelling = spelling.replace(sound, put)
        consonants = _SHORT_VOWELS.sub("", spelling)
    consonants = re.sub(r"(.)\1+", r"\1", consonants)
    return consonants[:-1] if len(consonants) > 2 and consonants.endswith("h") else consonants  # noqa: PLR2004


# How alike


@lru_cache(KNOWN)
def alike(a: NameWord, b: NameWord) -> float:
    """Return how alike two words are, from 0 to 1; below ALIKE they are different words.

    Specified in `client/desk/matching/matching.md`, *Names*.
    """
    if WordKind.INITIAL in (a.kind, b.kind):
        return _initials(a, b)
    if WordKind.FATHER in (a.kind, b.kind):
        return _fathers_alike(a, b)
    named = _named_alike(a, b)
    if named < 0:
        return 0.0
    return max(named, _bones_alike(a.bones, b.bones) if a.persian != b.persian else _spelt_alike(a, b))


def _fathers_alike(a: NameWord, b: NameWord) -> float:
    """Compare patronymics by the father's name, for all end alike."""
    if a.kind is not b.kind:
        return 0.0
    return max(
        _near(_FATHER.sub("", spelling), _FATHER.sub("", other)) for spelling in a.spellings for other in b.spellings
    )


def _initials(a: NameWord, b: NameWord) -> float:
    return 1.0 if a.letters & b.letters else 0.0


def _named_alike(a: NameWord, b: NameWord) -> float:
    """Compare given names: forms of the same name; -1 for two names of which nobody has both."""
    if a.full & b.full:
        return 0.97
    if (a.full | a.short) & (b.full | b.short):
        return 0.9
    return -1.0 if a.full and b.full else 0.0


def _spelt_alike(a: NameWord, b: NameWord) -> float:
    if set(a.spellings) & set(b.spellings):
        return 1.0
    if a.heard == b.heard or _one_surname(a.spellings[0], b.spellings[0]):
        return 0.95
    return max(_near(spelling, other) for spelling in a.spellings for other in b.spellings)


def _near(spelling: str, other: str) -> float:
    return float(OSA.normalized_similarity(spelling, other, score_cutoff=ALIKE))


def _one_surname(a: str, b: str) -> bool:
    """Return whether these are a wife's and her husband's surname; other facts say whether it is the same person."""
    return a != b and _his(a) == _his(b)


def _his(surname: str) -> str:
    return surname[:-1] if re.search("(?:ov|ev|in)a$", surname) else re.sub("aia$", "i", surname)


def _bones_alike(a: str, b: str) -> float:
    """Compare consonants: the fewer there are, the less is certain."""
    if a != b:
        return _near(a, b) - 0.1 if min(len(a), len(b)) > 3 else 0.0  # noqa: PLR2004
    return {0: 0.0, 1: 0.72, 2: 0.82}.get(len(a), 0.92)
