"""Full-text search in any script. How words are compared stands in `board.md`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from anyascii import anyascii
from sqlite_utils import Database

from client.stations.pack import fold

if TYPE_CHECKING:
    from client.desk.cases.rows import CaseRows

HITS = 100
WORDS = 20_000  # of one case: what a long account has; a liar gets no more room than that
LETTERS = 40  # of one word; nobody types more of it
CHARACTERS = 200_000  # of one case that are looked at
KNOWN = 65_536  # words remembered, so that each is worked out once
QUESTION = 400  # characters of a question that are looked at
QUESTION_WORDS = 12

NAMES = frozenset({"name", "other_names", "contact", "tell"})
# What is chosen from a list, counted or measured is no word to be searched for.
CHOSEN = frozenset(
    {"role", "stage", "people", "minors", "injured", "force", "coerced", "phone_taken", "sex", "languages", "files"}
    | {"lawyer", "call", "interpreter", "food", "doctor", "detained_at", "consent"}
)
CHOSEN_PARTS = frozenset({"pack", "id", "certainty", "candidates", "kind"})

# Scripts that are written without blanks: every character and every two neighbours are words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_NAME_SIGNS = 3  # of a Chinese name, which is written as one word in Latin letters

# What Persian and Armenian letters sound like, where a table by shape says otherwise.
_SOUNDS = str.maketrans(
    {
        **dict(zip("بپتثجچحخدذرزژسشصضطظغفقکگلمنوهی", "bptsjjhhdzrzjsjsztzgfkkglmnwhy", strict=True)),
        **{"ا": "a", "آ": "a", "ع": "a", "ւ": "u", "ց": "c", "ծ": "c"},
    }
)
# How one consonant is spelt here and there; what is left when vowels are gone is the bones of a word.
_BONES = [
    (re.compile(pattern), put)
    for pattern, put in (
        ("ou|ow(?=[^aeiouy])", "u"),
        ("shch|sch|sh|ss", "s"),
        ("tch|ch|dzh|zh|dj|j", "s"),
        ("kh|gh|x", "k"),
        ("ts|tz|z", "s"),
        ("ph|f", "v"),
        ("th|d", "t"),
        ("ck|q|g", "k"),
        ("b", "v"),
        ("h$", ""),
        ("h", "k"),
    )
]
_NO_BONES = re.compile("[^a-z]|[aeiouy]")
_DOUBLE = re.compile(r"(.)\1+")
# One letter, two sounds: Carl and Kuznecova, Davoud and Navid as Persian writes them.
_READINGS = [str.maketrans({"c": first, "w": second}) for first in "ks" for second in ("v", "")]
_LEAST_BONES = 2
_BONE = "~"  # stands before bones, so that they are never taken for a word


@dataclass(frozen=True, slots=True)
class Hit:
    """A case that has what was asked for. `score`: higher is better, comparable within one answer only; `whole`: every
    word was found as it stands, not only something like it."""

    number: int
    case: str
    score: float
    whole: bool


def search(db: Database, text: str, limit: int = HITS) -> list[Hit]:
    """Return the cases in which all words of `text` occur, in any script and spelling, best first. Never raises."""
    asked = _read_questions(text)
    if not asked:
        return []
    found: dict[int, tuple[float, bool]] = {}
    for score, whole, match in _attempts(asked):
        for (number,) in db.execute(_FOUND, [match, limit]):
            found.setdefault(number, (score, whole))
    best = sorted(found, key=lambda number: (-found[number][0], -number))[:limit]
    cases = [(number, db.execute('SELECT id FROM "case" WHERE number = ?', [number]).fetchone()) for number in best]
    return [Hit(number, row[0], *found[number]) for number, row in cases if row]


_FOUND = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?"


# A question


@dataclass(frozen=True, slots=True)
class _Question:
    """One word that is asked for: what must be found of it as it stands, and its bones."""

    terms: tuple[str, ...]
    prefix: str
    bones: tuple[str, ...]

    def exactly(self) -> str:
        """Return the FTS5 query for the word as it stands."""
        parts = [_quote(term) for term in self.terms]
        return " AND ".join([*parts, *([f"{_quote(self.prefix)} *"] if self.prefix else [])])

    def alike(self) -> str:
        """Return the FTS5 query for the word, or something that sounds like it."""
        return " OR ".join([f"({self.exactly()})", *(_quote(bone) for bone in self.bones)])


def _read_questions(text: str) -> list[_Question]:
    words = [word for token in fold.tokens(text[:QUESTION]) for word in _cut(token)]
    return [_read_question(word) for word in words][:QUESTION_WORDS]


def _read_question(word: str) -> _Question:
    if _UNSPACED.match(word):
        pairs = [word[at : at + 2] for at in range(len(word) - 1)]
        return _Question(tuple(pairs or [word]), "", ())
    return _Question((), word, _bones(word))


def _attempts(asked: list[_Question]) -> Iterator[tuple[float, bool, str]]:
    """Yield the queries for FTS5 from the surest to the vaguest: score, whether it is exact, query."""
    exactly = " AND ".join(f"({question.exactly()})" for question in asked)
    alike = " AND ".join(f"({question.alike()})" for question in asked)
    yield 4.0, True, f"{{names}} : ({exactly})"
    yield 3.0, True, exactly
    if any(question.bones for question in asked):
        yield 2.0, False, f"{{names}} : ({alike})"
        yield 1.0, False, alike


def _quote(term: str) -> str:
    """Return a string of FTS5: nothing in it is taken for a sign of its language. Folding left letters and digits
    only."""
    return '"' + term.replace('"', "") + '"'


# What is found


def make_document(db: Database, case: str, rows: "CaseRows") -> tuple[str, str]:
    """Return the names of a case, and everything else that was said or noted about it, as words to be found."""
    names: list[Any] = [fact.value for fact, _ in rows.facts if fact.field in NAMES]
    texts: list[Any] = [[fact.field, fact.value] for fact, fits in rows.facts if not fits]
    fitting = [fact for fact, fits in rows.facts if fits and fact.field not in CHOSEN | NAMES]
    texts += [_pick_written(fact.value) for fact in fitting]
    texts += [fact.source for fact, _ in rows.facts if fact.source]
    texts += [msgspec.json.decode(letter.other) for letter in rows.letters]
    texts += [[value for name, value in entry.fields.items() if name not in _NOT_SAID] for entry in rows.entries]
    names += list(db.execute(_OFFICIALS, [case]))
    texts += list(db.execute(_PLACES, [case]))
    return _index_words(names, case), _index_words(texts, case)


_NOT_SAID = frozenset({"case", "id", "ways", "official", "kind", "a", "b", "person", "envelope", "receipt", "relay"})
_OFFICIALS = 'SELECT name, rank, badge, unit FROM part JOIN official ON official = official.id WHERE "case" = ?'
_PLACES = 'SELECT DISTINCT name, address, city FROM stay JOIN place ON place = number WHERE "case" = ?'


def _pick_written(value: Any) -> Any:
    """Return the parts of a fact that somebody wrote."""
    if isinstance(value, dict):
        return [part for name, part in value.items() if name not in CHOSEN_PARTS and not isinstance(part, int)]
    return [_pick_written(part) for part in value] if isinstance(value, list) else value


def _index_words(values: list[Any], case: str) -> str:
    text = " ".join(_strings(values))[:CHARACTERS]
    found: dict[str, None] = dict.fromkeys([case[:LETTERS].lower()])
    for token in fold.tokens(text):
        for word in _cut(token):
            for term in _terms(word):
                found[term] = None
        if len(found) > WORDS:
            break
    return " ".join(found)


def _strings(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value. No deeper than a parser goes that gave it to us."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, int | float) and not isinstance(part, bool):
            yield str(part)
        elif isinstance(part, dict):
            waiting.extend([*part.keys(), *part.values()])
        elif isinstance(part, list | tuple):
            waiting.extend(reversed(part))


def _cut(token: str) -> Iterator[str]:
    """Cut a token into words, none longer than is looked at. Runs of a script without blanks stand apart from what is
    around them; one piece of a long run begins with the sign that ends the piece before, so that no pair is lost."""
    end = 0
    for run in _UNSPACED.finditer(token):
        if run.start() > end:
            yield token[end : run.start()][:LETTERS]
        for at in range(run.start(), max(run.end() - 1, run.start() + 1), LETTERS - 1):
            yield token[at : min(at + LETTERS, run.end())]
        end = run.end()
    if token[end:]:
        yield token[end:][:LETTERS]


@lru_cache(KNOWN)
def _terms(word: str) -> tuple[str, ...]:
    """Return the terms that a word is stored as."""
    if not _UNSPACED.match(word):
        return (word, *_bones(word))
    pairs = (word[at : at + 2] for at in range(len(word) - 1))
    return (*word, *pairs, *_romanise(word))


def _romanise(word: str) -> Iterable[str]:
    """Chinese names as they are written in Latin letters: each sign, and signs of a name together."""
    signs = [" ".join(fold.tokens(anyascii(sign))) for sign in word if _HAN.match(sign)]
    for at in range(len(signs)):
        for length in range(1, _NAME_SIGNS + 1):
            yield "".join(signs[at : at + length])[:LETTERS]
    yield from _bones(word)


@lru_cache(KNOWN)
def _bones(word: str) -> tuple[str, ...]:
    """Return the consonants of a word, whatever script and habit it is written in; none when too little is left."""
    if fold.is_number(word):
        return ()
    plain = anyascii(word.translate(_SOUNDS)).lower()
    for pattern, put in _BONES:
        plain = pattern.sub(put, plain)
    read = (plain.translate(reading) for reading in _READINGS)
    bones = dict.fromkeys(_NO_BONES.sub("", _DOUBLE.sub(r"\1", reading)) for reading in read)
    return tuple(_BONE + bone for bone in bones if len(bone) >= _LEAST_BONES)
