"""Names of people who did not allow it, taken out of what others wrote."""

import re
from collections.abc import Iterable
from functools import lru_cache

from client.stations.pack.fold import tokens

MARK = "[…]"
SHORTEST = 4  # letters; less would be found in every second word
_WORD = re.compile(r"""[^\s.,;:!?()\[\]{}<>«»"„“”/\\|…=_*#&+]+""")


class Names:
    """Whole names, however they are spelled in upper and lower case, in Cyrillic or Latin."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for name in names:
            words = _fold_name(name)
            if sum(map(len, words)) >= SHORTEST:
                self._by_first.setdefault(words[0], []).append(words)
        for known in self._by_first.values():
            known.sort(key=len, reverse=True)
        self._longest = max((len(words) for known in self._by_first.values() for words in known), default=0)

    def remove(self, text: str) -> str:
        """Return the text with a mark in place of each name."""
        spans = self._spans(text)
        for begin, end in reversed(spans):
            text = text[:begin] + MARK + text[end:]
        return text

    def remove_beside(self, name: str) -> str:
        """Return somebody's own name without others' names: that another person has the very same name does not
        matter."""
        return name if self._spans(name) == [(0, len(name))] else self.remove(name)

    def occurs_in(self, text: str) -> bool:
        """Tell whether one of the names stands in a text."""
        return bool(self._spans(text))

    def _spans(self, text: str) -> list[tuple[int, int]]:
        if not self._by_first:
            return []
        words = [(match.start(), match.end(), _fold_word(match[0])) for match in _WORD.finditer(text)]
        spans: list[tuple[int, int]] = []
        at = 0
        while at < len(words):
            length = self._count_matching([word for _, _, word in words[at : at + self._longest]])
            if length:
                spans.append((words[at][0], words[at + length - 1][1]))
            at += length or 1
        return spans

    def _count_matching(self, words: list[str]) -> int:
        """Return how many of these words, from the first one on, are a name."""
        for name in self._by_first.get(words[0], ()):
            if tuple(words[: len(name)]) == name:
                return len(name)
        return 0


@lru_cache(maxsize=65_536)
def _fold_word(word: str) -> str:
    return "".join(tokens(word))


def _fold_name(name: str) -> tuple[str, ...]:
    return tuple(word for word in map(_fold_word, _WORD.findall(name)) if word)
