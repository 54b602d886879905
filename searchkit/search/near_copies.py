"""Near copies: whether an article is another one printed again, be it changed a little or cut.

Texts are compared by their shingles, the runs of ``WIDTH`` words in them (Broder 1997, On the resemblance and
containment of documents, doi 10.1109/SEQUEN.1997.666900): two resemble each other by the share of the shingles of both
that both have, and the smaller is contained in the larger by the share of its own. A copy resembles by ``RESEMBLANCE``
or is contained by ``CONTAINMENT``: an agency's report with another headline and a paragraph less is one, a report of
the same event in other words isn't. Case, accents and signs don't count.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.types import Article

WIDTH = 5
RESEMBLANCE = 0.5
"""Broder clustered the web at this."""

CONTAINMENT = 0.8

_LEAST = 8
"""Shingles of which containment says something: a line that another article has, too, makes no copy of it."""

Shingles = frozenset[str]


def shingles(article: Article, analyzer: Analyzer) -> Shingles:
    """Return the runs of words of an article's text, or of its title where it has no text."""
    words = [analyzer.fold(word) for word in analyzer.words(article.text or article.title)]
    last = max(1, len(words) - WIDTH + 1)
    return frozenset(" ".join(words[start : start + WIDTH]) for start in range(last))


def are_copies(first: Shingles, second: Shingles) -> bool:
    """Say whether two articles are copies of each other, by their shingles."""
    return _are_copies(len(first & second), len(first), len(second))


def _are_copies(both: int, first: int, second: int) -> bool:
    """Say so by how many shingles both have, and how many each."""
    smaller = min(first, second)
    contained = smaller >= _LEAST and both >= CONTAINMENT * smaller
    return contained or both >= RESEMBLANCE * (first + second - both)


class SeenArticles:
    """Articles of which none is a copy of another, by their shingles: a new one is held against all of them at once."""

    def __init__(self) -> None:
        self._sizes: list[tuple[str, int]] = []
        self._having: dict[str, list[int]] = defaultdict(list)

    def original(self, own: Shingles) -> str | None:
        """Return the name of the first article that one is a copy of; None where it is of none."""
        shared = Counter(number for shingle in own for number in self._having.get(shingle, ()))
        copied = [number for number, both in shared.items() if _are_copies(both, len(own), self._sizes[number][1])]
        return self._sizes[min(copied)][0] if copied else None

    def add(self, name: str, own: Shingles) -> None:
        """Take in an article."""
        for shingle in own:
            self._having[shingle].append(len(self._sizes))
        self._sizes.append((name, len(own)))
