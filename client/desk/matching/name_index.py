"""Which of the words known here are like a given one, without comparing it with each of them."""

from collections import defaultdict
from collections.abc import Iterator

from rapidfuzz.distance import OSA

from client.desk.matching.names import NameWord

SLIPS_FROM = 5  # letters; in a shorter word one slip makes another word
LIKE = 0.6  # blurred words are shorter than those that are compared later
LEAST_BONES = 2  # fewer consonants are like too much


class Vocabulary:
    """Words by what is heard of them, and by that with one letter left out: two that differ by one slip meet there."""

    def __init__(self) -> None:
        self._slipped: dict[str, set[str]] = defaultdict(set)
        self._bones: dict[bool, dict[str, set[str]]] = {True: defaultdict(set), False: defaultdict(set)}
        self._known: set[NameWord] = set()

    def add(self, word: NameWord) -> None:
        """Add a word. Words stay: nothing goes wrong when a word is known that nobody has any more."""
        if word in self._known:
            return
        self._known.add(word)
        for sound, spelling in zip(word.sounds, (*word.spellings, *word.sounds), strict=False):
            for slip in {*_slips(sound), *_slips(spelling)}:
                self._slipped[slip].add(sound)
        self._bones[word.persian][word.bones].update(word.sounds)

    def like(self, word: NameWord) -> Iterator[str]:
        """Return what is heard of the words that may be this one."""
        slips = {slip for form in (*word.sounds, *word.spellings) for slip in _slips(form)}
        found = {near for slip in slips for near in self._slipped.get(slip, ())}
        yield from (near for near in found if _is_like(near, word))
        if len(word.bones) >= LEAST_BONES:
            yield from self._bones[not word.persian].get(word.bones, set()) - found


def _is_like(near: str, word: NameWord) -> bool:
    return any(OSA.normalized_similarity(near, sound, score_cutoff=LIKE) for sound in word.sounds)


def _slips(sound: str) -> Iterator[str]:
    yield sound
    if len(sound) >= SLIPS_FROM:
        yield from {sound[:at] + sound[at + 1 :] for at in range(len(sound))}
