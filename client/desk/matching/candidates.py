"""Candidates for double reports: pairs of persons, and pairs of reports about one van. Specified in `matching.md`.

Only offers. A caseworker decides, and what was decided is not offered again.
"""

import gc
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from weakref import WeakKeyDictionary

from sqlite_utils import Database

from client.desk.matching import features, scoring
from client.desk.matching.features import CaseFeatures
from client.desk.matching.name_index import Vocabulary
from client.desk.matching.names import NameWord, WordKind
from client.desk.matching.scoring import Crowd, Described, Rarity, Reason, probability

OFFERED = 0.5  # as likely one as two
SURELY = 0.8  # persons this alike speak for their vans being one
COMMON = 120  # so many may share a key before a second one is asked for; so many are compared at most
LEAST_PERSONS, LEAST_CROWDS = 64, 16  # in a small night chance is small too, but not nothing
TAKEN = 100  # cases read from the database at once
PATIENCE = 0.1  # seconds that a page gives to what is left to do
MANY = 2_000  # persons; before that the garbage collector is quick enough
GROWN = 1.1  # so many times more people make every weight be worked out anew


@dataclass(frozen=True, slots=True)
class Pair:
    """Two persons ("case#k"), or two cases whose van, cell or crowd is meant; the smaller id first. `score`: how likely
    they are one, OFFERED to 1. `reasons`: the weightiest first."""

    a: str
    b: str
    score: float
    reasons: tuple[Reason, ...]


Find = Callable[[str], Iterable[str]]
Judge = Callable[[str, Iterable[str]], Iterator[Pair]]


class Pairs:
    """Pairs found so far, and whose are out of date. `find` names those who may be meant, `judge` makes the pairs.

    Specified in `client/desk/matching/matching.md`, *Finding candidates*.
    """

    def __init__(self, find: Find, judge: Judge) -> None:
        self._find, self._judge = find, judge
        self._of: dict[str, dict[str, Pair]] = defaultdict(dict)
        self._stale: dict[str, None] = {}

    def touch(self, id_: str) -> None:
        """Mark the pairs of this id as out of date."""
        self._stale[id_] = None

    def drop(self, id_: str) -> None:
        """Forget this id and its pairs."""
        self._stale.pop(id_, None)
        for other in self._of.pop(id_, {}):
            self._of[other].pop(id_, None)

    def of(self, id_: str) -> list[Pair]:
        """Return the pairs of this id, best first, as of now."""
        return sorted(self._judge(id_, {*self._find(id_)}), key=_order)

    def all(self) -> list[Pair]:
        """Return every pair found, best first."""
        return sorted({pair for pairs in self._of.values() for pair in pairs.values()}, key=_order)

    def catch_up(self, enough: Callable[[], bool]) -> bool:
        """Look for the pairs of those who changed, until it is enough; whether all is done."""
        while self._stale and not enough():
            id_ = next(iter(self._stale))
            self.drop(id_)
            try:
                # who is stale too comes later and finds this one
                pairs = list(self._judge(id_, {other for other in self._find(id_) if other not in self._stale}))
            except Exception:  # two whose words cannot be compared keep nobody else from being compared
                pairs = []
            self._store(pairs)
        return not self._stale

    def weigh(self) -> None:
        """Judge the pairs that are known once more."""
        for id_, pairs in list(self._of.items()):
            others = [other for other in pairs if id_ < other]
            for other in others:
                del self._of[id_][other], self._of[other][id_]
            self._store(self._judge(id_, others))

    def _store(self, pairs: Iterable[Pair]) -> None:
        for pair in pairs:
            self._of[pair.a][pair.b] = self._of[pair.b][pair.a] = pair


def _order(pair: Pair) -> tuple[float, str, str]:
    return (-pair.score, pair.a, pair.b)


def _make_pair(a: str, b: str, score: float, reasons: Iterable[Reason]) -> Pair | None:
    if score < OFFERED:
        return None
    weightiest = tuple(sorted(reasons, key=lambda reason: -abs(reason.weight)))
    return Pair(min(a, b), max(a, b), score, weightiest)


class Persons:
    """Everybody who was named or can be called, found by surname, telephone number and birthday."""

    def __init__(self) -> None:
        self.known: dict[str, Described] = {}
        self.rarity = Rarity()
        self.pairs = Pairs(self._near, self._judge_all)
        self._words = Vocabulary()
        # what is heard of a word -> first letter of another word of the name -> persons
        self._heard: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        self._shared: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._given: dict[str, frozenset[int]] = {}
        self._weighed = 0

    def put(self, described: Described) -> None:
        """Add a person; without a name and a telephone number nobody can be found."""
        if not described.names and not described.phones:
            return
        self.known[described.person], self._given[described.person] = described, _find_given(described)
        self.rarity.add(_find_things(described))
        for word, letters in _find_blocks(described):
            self._words.add(word)
            for sound in word.sounds:
                for letter in letters:
                    self._heard[sound][letter][described.person] = None
        for key in _find_keys(described):
            self._shared[key][described.person] = None
        self.pairs.touch(described.person)

    def drop(self, person: str) -> None:
        """Forget a person ("case#k"); nothing happens when nobody has the id."""
        described = self.known.pop(person, None)
        if described is None:
            return
        self.rarity.add(_find_things(described), -1)
        for word, letters in _find_blocks(described):
            for sound in word.sounds:
                for letter in letters:
                    self._heard[sound][letter].pop(person, None)
        for key in _find_keys(described):
            self._shared[key].pop(person, None)
        self.pairs.drop(person)

    def catch_up(self, enough: Callable[[], bool]) -> bool:
        """Find the pairs that are out of date, until it is enough. Returns whether all are found."""
        is_done = self.pairs.catch_up(enough)
        if len(self.known) > self._weighed * GROWN:
            self.pairs.weigh()
            self._weighed = len(self.known)
        return is_done

    def _near(self, person: str) -> Iterator[str]:
        described = self.known[person]
        for word, letters in _find_blocks(described):
            for sound in self._words.like(word):
                yield from self._sounding(sound, letters)
        for key in _find_keys(described):
            yield from _take_newest(self._shared[key])

    def _sounding(self, sound: str, letters: Iterable[str]) -> Iterator[str]:
        by_letter = self._heard.get(sound, {})
        if sum(map(len, by_letter.values())) <= COMMON:
            yield from (person for some in by_letter.values() for person in some)
            return
        for letter in {*letters, ""}:
            yield from _take_newest(by_letter.get(letter, {}))

    def _judge_all(self, person: str, others: Iterable[str]) -> Iterator[Pair]:
        described = self.known[person]
        for other in others:
            if (pair := self._judge(described, self.known[other])) is not None:
                yield pair

    def _judge(self, described: Described, other: Described) -> Pair | None:
        if described.case == other.case or self._are_others(described, other):
            return None
        reasons = scoring.compare_persons(described, other, self.rarity)
        if not scoring.is_offerable(described, other, reasons):
            return None
        return _make_pair(described.person, other.person, probability(reasons, len(self.known), LEAST_PERSONS), reasons)

    def _are_others(self, described: Described, other: Described) -> bool:
        """Judge at first sight: of those who share a surname most have another given name."""
        if described.sex and other.sex and described.sex != other.sex and not described.phones & other.phones:
            return True
        mine, theirs = self._given[described.person], self._given[other.person]
        return bool(mine and theirs) and mine.isdisjoint(theirs)


def _take_newest(some: dict[str, None]) -> Iterator[str]:
    """Return the newest ids, so few that nobody can stop the desk by sending one name a thousand times."""
    return islice(reversed(some), COMMON)


def _find_blocks(described: Described) -> Iterator[tuple[NameWord, frozenset[str]]]:
    """Return the surnames, each with the first letters of the other words; given names only when there is nothing
    else."""
    for name in described.names:
        whole = [word for word in name.words if word.kind in (WordKind.OTHER, WordKind.GIVEN)]
        chosen = [word for word in whole if word.kind is WordKind.OTHER] or whole
        for word in chosen:
            letters = [letter for other in name.words if other is not word for letter in other.letters]
            yield word, frozenset(letters or [""])


def _find_given(described: Described) -> frozenset[int]:
    """Return the given names that this person may have; empty when one of them is not known for sure."""
    words = [word for word in described.words if word.kind is WordKind.GIVEN]
    return frozenset().union(*(word.full | word.short for word in words if all(word.full for word in words)))


def _find_keys(described: Described) -> Iterator[tuple[str, str]]:
    yield from (("phone", phone) for phone in described.phones)
    born = scoring.parse_birth(described.birth)
    if len(born) > 1:
        yield "birth", "-".join(map(str, born))


def _find_things(described: Described) -> set[tuple[str, str]]:
    """Return the things of a person that are counted, to know how rare each is."""
    words = {("word", word.key) for word in described.words if word.kind is not WordKind.INITIAL}
    return (
        words | {("phone", phone) for phone in described.phones} | {("place", stay.place) for stay in described.stays}
    )


class Crowds:
    """Reports of several people, and of one who names a van, found by its number, by place, by persons."""

    def __init__(self, persons: Persons) -> None:
        self.known: dict[str, Crowd] = {}
        self.rarity = Rarity()
        self.pairs = Pairs(self._near, self._judge_all)
        self._persons = persons
        self._members: dict[str, list[str]] = {}
        self._shared: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)

    def put(self, crowd: Crowd, persons: Sequence[str]) -> None:
        """Add a crowd and its persons ("case#k"); a single person without a van is none."""
        if crowd.people < 2 and not crowd.plates and not crowd.sides:  # noqa: PLR2004 - nobody but the person
            return
        self.known[crowd.case], self._members[crowd.case] = crowd, list(persons)
        self.rarity.add(_find_marks(crowd))
        for key in _find_marks(crowd):
            self._shared[key][crowd.case] = None
        self.pairs.touch(crowd.case)

    def drop(self, case: str) -> None:
        """Forget the crowd of a case; nothing happens when it has none."""
        crowd = self.known.pop(case, None)
        if crowd is None:
            return
        self.rarity.add(_find_marks(crowd), -1)
        for key in _find_marks(crowd):
            self._shared[key].pop(case, None)
        self.pairs.drop(case)

    def _near(self, case: str) -> Iterator[str]:
        crowd = self.known[case]
        for key in _find_marks(crowd):
            if key[0] != "people":
                yield from (other for other in _take_newest(self._shared[key]) if other != case)
        yield from self._through_persons(case)

    def _through_persons(self, case: str) -> set[str]:
        """Return the cases that most likely tell of the same persons."""
        members = [person for person in self._members[case] if person in self._persons.known]
        pairs = ((person, pair) for person in members for pair in self._persons.pairs.of(person))
        sure = (pair.b if pair.a == person else pair.a for person, pair in pairs if pair.score >= SURELY)
        return {self._persons.known[other].case for other in sure}

    def _judge_all(self, case: str, others: Iterable[str]) -> Iterator[Pair]:
        crowd, same = self.known[case], self._through_persons(case)
        for other in others:
            if (pair := self._judge(crowd, self.known.get(other), other in same)) is not None:
                yield pair

    def _judge(self, crowd: Crowd, other: Crowd | None, persons_same: bool) -> Pair | None:
        if other is None or max(crowd.people, other.people) < 2:  # noqa: PLR2004
            return None
        reasons = scoring.compare_crowds(crowd, other, self.rarity, persons_same)
        return _make_pair(crowd.case, other.case, probability(reasons, len(self.known), LEAST_CROWDS), reasons)


def _find_marks(crowd: Crowd) -> set[tuple[str, str]]:
    """Return the marks by which crowds are found and counted."""
    vans = {("plate", _digits(plate)) for plate in crowd.plates} | {("side", side) for side in crowd.sides}
    return vans | {("place", stay.place) for stay in crowd.stays if stay.place} | {("people", str(crowd.people))}


def _digits(plate: str) -> str:
    """Return the longest row of digits: letters are misread, and the region is left out."""
    return max(re.findall(r"\d+", plate), key=len, default=plate)


class CandidateIndex:
    """Everything that is compared, case by case."""

    def __init__(self) -> None:
        self.persons = Persons()
        self.crowds = Crowds(self.persons)
        self._cases: dict[str, CaseFeatures] = {}

    def put(self, case: str, features: CaseFeatures) -> None:
        """Replace what a case tells. Its pairs are found when somebody asks."""
        before = self._cases.get(case, CaseFeatures())
        if features == before:
            return
        for person in before.persons:
            self.persons.drop(person.person)
        self.crowds.drop(case)
        for person in features.persons:
            self.persons.put(person)
        if features.crowd is not None:
            self.crowds.put(features.crowd, [person.person for person in features.persons])
        self._cases[case] = features

    def catch_up(self, enough: Callable[[], bool] = lambda: False) -> bool:
        """Do what is left to do, until it is enough; whether all is done."""
        return self.persons.catch_up(enough) and self.crowds.pairs.catch_up(enough)


# Over the desk's database


@dataclass
class _IndexState:
    """The index of a database, up to which row it was looked through, and the cases that are not in it yet."""

    index: CandidateIndex = field(default_factory=CandidateIndex)
    letter: int = 0
    entry: int = 0
    waiting: dict[str, None] = field(default_factory=dict)
    frozen: int = 0  # persons there were when the index was last put out of the garbage collector's sight

    def index_cases(self, db: Database, cases: Sequence[str]) -> None:
        """Put these cases into the index as they are now."""
        for case, case_features in features.load_features(db, cases):
            self.index.put(case, case_features)
            self.waiting.pop(case, None)

    def work(self, db: Database, enough: Callable[[], bool]) -> bool:
        """Do what is left to do, until it is enough. Returns whether all is done."""
        while self.waiting and not enough():
            self.index_cases(db, list(islice(self.waiting, TAKEN)))
        # how rare a name is can only be told when everybody is there
        is_done = not self.waiting and self.index.catch_up(enough)
        if is_done:
            self._freeze()
        return is_done

    def _freeze(self) -> None:
        """Half a million objects without a cycle among them: to look for one stops every page for 0.3 s."""
        people = len(self.index.persons.known)
        if people >= MANY and people > self.frozen * GROWN:
            gc.freeze()
            self.frozen = people


_CHANGED = 'SELECT "case" FROM letter WHERE number > ? UNION SELECT "case" FROM about WHERE entry > ?'
_NEWEST = "SELECT (SELECT MAX(number) FROM letter), (SELECT MAX(number) FROM entry)"
_STATES: "WeakKeyDictionary[Database, _IndexState]" = WeakKeyDictionary()


def _load_state(db: Database) -> _IndexState:
    """Return the state kept for this database, with the cases marked about which something came since."""
    state = _STATES.setdefault(db, _IndexState())
    newest = db.execute(_NEWEST).fetchone()
    changed = db.execute(_CHANGED, (state.letter, state.entry)).fetchall()
    state.waiting.update(dict.fromkeys(row[0] for row in changed))
    state.letter, state.entry = newest[0] or 0, newest[1] or 0
    return state


# Whoever calls these holds the desk's lock.


def work(db: Database, seconds: float = PATIENCE, clock: Callable[[], float] = monotonic) -> bool:
    """Do some of what is left to do; whether all is done. With 20,000 cases there is much to do after unlocking."""
    until = clock() + seconds
    return _load_state(db).work(db, lambda: clock() > until)


def find_candidates(db: Database, limit: int) -> list[Pair]:
    """Return the persons who are likely one, best first, each pair of groups once, without what was decided. Only of
    what is found so far: `work` tells whether that is all."""
    work(db)
    return list(islice(_skip_decided_persons(db, _STATES[db].index.persons.pairs.all()), limit))


def find_candidates_of_person(db: Database, person: str) -> list[Pair]:
    """Return who is likely this person, best first."""
    index = _index_with(db, person.partition("#")[0])
    return list(_skip_decided_persons(db, index.persons.pairs.of(person))) if person in index.persons.known else []


def find_group_candidates(db: Database, limit: int) -> list[Pair]:
    """Return the cases that likely tell of one van, cell or crowd, best first, as with `find_candidates`."""
    work(db)
    return list(islice(_skip_decided_groups(db, _STATES[db].index.crowds.pairs.all()), limit))


def find_group_candidates_of_case(db: Database, case: str) -> list[Pair]:
    """Return the cases that likely tell of this case's van, cell or crowd, best first."""
    index = _index_with(db, case)
    return list(_skip_decided_groups(db, index.crowds.pairs.of(case))) if case in index.crowds.known else []


def _index_with(db: Database, case: str) -> CandidateIndex:
    """Return the index, in which at least this case stands as it is now."""
    state = _load_state(db)
    if case in state.waiting:
        state.index_cases(db, [case])
    return state.index


def _skip_decided_persons(db: Database, pairs: Iterable[Pair]) -> Iterator[Pair]:
    group = _lookup(db, "SELECT grp FROM person WHERE id = ?")
    return _skip_decided(pairs, group, _load_linked(db, "different_person", group))


def _skip_decided_groups(db: Database, pairs: Iterable[Pair]) -> Iterator[Pair]:
    crowd = _lookup(db, 'SELECT crowd FROM "case" WHERE id = ?')
    return _skip_decided(pairs, crowd, _load_linked(db, "different_group", crowd))


def _lookup(db: Database, sql: str) -> Callable[[str], str]:
    def find(id_: str) -> str:
        row = db.execute(sql, (id_,)).fetchone()
        return str(row[0]) if row else id_

    return find


def _load_linked(db: Database, kind: str, whole: Callable[[str], str]) -> set[frozenset[str]]:
    rows = db.execute("SELECT a, b FROM link WHERE kind = ?", (kind,)).fetchall()
    return {frozenset((whole(a), whole(b))) for a, b in rows}


def _skip_decided(pairs: Iterable[Pair], whole: Callable[[str], str], apart: set[frozenset[str]]) -> Iterator[Pair]:
    """Yield the pairs of two groups that nobody has judged yet; of several between the same two the best."""
    seen = set(apart)
    for pair in pairs:
        both = frozenset((whole(pair.a), whole(pair.b)))
        if len(both) > 1 and both not in seen:
            seen.add(both)
            yield pair
