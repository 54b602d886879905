"""Fast ranking: ids and scores of the simplest keyword queries, where each article has one chunk.

Words alone, words joined by AND, one phrase, one wildcard, one fuzzy word. What comes out is what ``ranking.py`` gives,
to the last bit and with the same order of ties: an article's score is its chunk's BM25, so that the best rows are the
best articles. Anything else is left to the way that every query can take: other queries, compounds, articles of several
chunks, whatever a user must be told of.

What it buys: ``Searcher.rank`` takes .29 to .4 of the time for eight words, two joined by AND, phrases of two (10,000
articles); nothing where many articles tie with the last. A program that only wants ids spends it there, and so does a
comparison with other engines' bare rankings. ``Searcher.search`` doesn't come here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from searchkit.index.generation import Generation
from searchkit.keyword.analysis.analyzer import MAX_TERM
from searchkit.keyword.analysis.stopwords import lists_of
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.query.ast import TEXT, Fuzzy, Maybe, Pattern, Phrase, Term, Tree
from searchkit.keyword.query.classifier import classify, is_plain
from searchkit.keyword.query.fast_grammar import is_wildcard
from searchkit.keyword.query.plan import own_word
from searchkit.keyword.query.query_terms import EACH_MEANT, all_of, any_of, leaves_of, stop_words
from searchkit.keyword.query.rewrite import TermExpander
from searchkit.keyword.scoring.native_executor import Joint, LeafPostings, plan_arrays
from searchkit.keyword.scoring.segments import KeywordSegments
from searchkit.storage import native
from searchkit.types import Query, Syntax

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from searchkit.keyword.analysis.analyzer import Analyzer

    Mask = NDArray[np.bool_]

_MOST = 100
"""Words of a query that is read so, and characters of a pattern."""

_REMEMBERED = 1 << 16
"""Words of which it is remembered what they ask for: people ask for the same ones again and again."""

_OPERATORS = frozenset({"AND", "OR", "NOT"})

Word = tuple[tuple[Term, ...] | None, tuple[bool, ...]]
"""The terms of one word, None where it isn't for this file; and whether it is in each list of stop words."""


class FastQuery(NamedTuple):
    """The leaves of a query, in its order, and whether "all" are required or "any" may stand there.

    Of "any" a leaf may be asked for several times; "all" are different.
    """

    joint: Joint
    leaves: Sequence[Term | Phrase | Pattern | Fuzzy]

    @property
    def tree(self) -> Tree:
        """The tree that the parser makes of it."""
        if self.joint == "all" or isinstance(self.leaves[0], (Pattern, Fuzzy)):
            return all_of(self.leaves)
        return Maybe(child=any_of(self.leaves))


class FastQueryReader:
    """Reads the simplest queries. Holds a cache alone, so any number of threads may share one."""

    def __init__(self, analyzer: Analyzer, languages: Sequence[str | None]) -> None:
        """``languages``: of the living articles, whose stems a word stands for."""
        self._analyzer, self._languages = analyzer, tuple(languages) or (None,)
        self._known: BoundedCache[str, Word] = BoundedCache(_REMEMBERED)

    @cached_property
    def _stops(self) -> tuple[frozenset[str], ...]:
        return lists_of(self._languages)

    def read(self, text: str, syntax: Syntax = Syntax.AUTO) -> FastQuery | None:
        """Return what a query asks for; None where it isn't for this file.

        What lies between two spaces is read alone: no rule of the language looks across a space.
        """
        surfaces = text.split()
        if len(surfaces) > _MOST:
            return None
        if text.replace(" ", "").isalnum():
            return self._joined(text, surfaces, syntax)
        if syntax is not Syntax.EXPRESSION and is_plain(text):
            return self._words(surfaces) if _is_spaced(text, surfaces) else None
        if syntax is Syntax.WORDS or (syntax is Syntax.AUTO and not classify(text).expression):
            return None
        if text[0] == '"':
            return self._phrase(text)
        return self._pattern(text) if len(surfaces) == 1 and text == surfaces[0] else None

    def _joined(self, text: str, surfaces: list[str], syntax: Syntax) -> FastQuery | None:
        if not _OPERATORS.isdisjoint(surfaces) and (
            syntax is Syntax.EXPRESSION or (syntax is Syntax.AUTO and classify(text).expression)
        ):
            words = surfaces[::2]
            joined = text == " AND ".join(words) and _OPERATORS.isdisjoint(words)
            terms = self._different(words) if joined else None
            return FastQuery("all", terms) if terms else None
        return self._words(surfaces)

    def _words(self, surfaces: list[str]) -> FastQuery | None:
        known = [self._known.get(surface) or self._look(surface) for surface in surfaces]
        out = stop_words(surfaces, [listed for _, listed in known])
        if out and len(surfaces) <= EACH_MEANT:  # they count less: in a tree
            return None
        terms_asked = list[Term]()
        for place, (terms, _) in enumerate(known):
            if terms is None:
                return None
            if place not in out:
                terms_asked += terms
        return FastQuery("any", terms_asked) if terms_asked else None

    def _phrase(self, text: str) -> FastQuery | None:
        inner = text[1:-1]
        if len(text) < 3 or text[-1] != '"' or not inner.replace(" ", "").isalnum() or inner != " ".join(inner.split()):
            return None
        words = inner.split(" ")
        terms = self._different(words) or ()
        if not 1 < len(terms) <= _MOST:
            return None
        units = tuple([self._own_form(word, term) for word, term in zip(words, terms, strict=True)])
        return FastQuery("all", [Phrase(units=units, offsets=tuple(range(len(terms))))])

    def _own_form(self, word: str, term: Term) -> Term:
        """Return what a word asks for in quotes: its own form."""
        if word.isascii() and word.isalpha():
            return Term(terms=term.terms, surfaces=(word.lower()[:MAX_TERM],))
        ((unit,),) = (query_word.units for query_word in self._analyzer.query_terms(word, self._languages))
        return Term(terms=term.terms, surfaces=unit.surfaces)

    def _different(self, surfaces: Sequence[str]) -> list[Term] | None:
        """Return a term for each of some words; None where one is asked for twice, or isn't one term."""
        known = [(self._known.get(surface) or self._look(surface))[0] for surface in surfaces]
        terms = [word_terms[0] for word_terms in known if word_terms is not None and len(word_terms) == 1]
        return terms if len(terms) == len(surfaces) == len({term.terms for term in terms}) else None

    def _pattern(self, text: str) -> FastQuery | None:
        if len(text) > _MOST or not text.isascii():
            return None
        if text[-1] == "~" and text[:-1].isalpha():
            return FastQuery("any", [Fuzzy(word=self._analyzer.fold(text[:-1]))])
        return FastQuery("any", [Pattern(text=self._analyzer.fold(text))]) if is_wildcard(text) else None

    def _look(self, surface: str) -> Word:
        terms_asked = surface
        if surface.isascii() and surface.isalpha():  # no compound, one part: what the analyzer makes of it, sooner
            stems = {self._analyzer.stem(surface.lower(), language) for language in self._languages}
            own = (surface.lower()[:MAX_TERM],)
            terms: tuple[Term, ...] | None = (Term(terms=tuple(sorted(stems)), own=own),)
        else:
            words = self._analyzer.query_terms(surface, self._languages)  # none where it is of signs alone
            leaves = [leaf for word in words for leaf in leaves_of(word, TEXT)]
            terms = tuple([leaf for leaf in leaves if isinstance(leaf, Term)])
            terms = terms if len(words) <= 1 and len(terms) == len(leaves) else None
            terms_asked = words[0].surface if terms else surface
        word = self._known[surface] = terms, tuple([terms_asked.casefold() in stops for stops in self._stops])
        return word


def _is_spaced(text: str, surfaces: list[str]) -> bool:
    """Say whether a text is parted by plain spaces: some others stand within numbers."""
    return text.isascii() or surfaces == [piece for piece in text.split(" ") if piece]


_SPARE = 8
"""So many rows more than k are looked at, so that those which tie with the last are among them."""

Quotes = Callable[[str, Sequence[Term]], bool]
RankedIds = tuple[tuple[str, float], ...]
"""Ids and scores, best first."""


def rank_fast(
    query: Query,
    reader: FastQueryReader,
    generation: Generation,
    index: KeywordSegments,
    mask: Mask | None,
    quotes: Quotes,
) -> RankedIds | None:
    """Return the ids and scores of the best articles by keyword; None where the ranking is for ``ranking.py``.

    Each article of the generation must have one chunk.
    ``mask``, ``(rows,)``: the rows that live and pass the filters; None for all. ``quotes`` says whether articles may
    come first for what the question quotes of them (``named_articles.py``). Raises ``IndexCorrupt``.
    """
    if native.COMPILED is None or (fast := reader.read(query.text, query.syntax)) is None:
        return None
    words = [leaf for leaf in fast.leaves if isinstance(leaf, Term)]
    if words and fast.joint == "any" and quotes(query.text, words):
        return None
    leaves, weights = _weighed(index, fast)
    rows, values = index.parts.best(plan_arrays(fast.joint, len(leaves)), leaves, weights, mask, query.k + _SPARE)
    scores, end = values.tolist(), query.k
    if len(scores) > end:
        while end < len(scores) and scores[end] == scores[query.k - 1]:
            end += 1
        if end == len(scores) > query.k + _SPARE:
            return None  # perhaps more of them tie with the last
    ids = generation.placed_ids(rows[:end], values[:end])
    return tuple(zip(ids[: query.k], scores, strict=False))


def _weighed(index: KeywordSegments, query: FastQuery) -> tuple[list[Any], list[float]]:
    """Return the postings of each different leaf, and what it weighs: its idf, as often as it is asked for."""
    lists = LeafPostings(index)
    times: dict[Sequence[str], float] = {}
    different: list[Term] = []
    for leaf in query.leaves:
        if not isinstance(leaf, Term):  # a phrase or a pattern stands alone
            expanded = TermExpander(index).of(leaf)
            if not isinstance(expanded, Term | Phrase):
                raise ValueError("patterns and fuzzy words are expanded before they are looked up")
            return [lists.leaf(expanded)], [lists.idf(expanded)]
        if leaf.terms not in times:
            different.append(leaf)
        times[leaf.terms] = times.get(leaf.terms, 0.0) + 1.0
    if len(different) == 1 and query.joint == "any" and (word := own_word(different[0])) is not None:
        leaf = index.parts.preferring(word)
        return [leaf], [times[word.terms] * index.idf(leaf.df)]
    terms = index.parts.term
    leaves = [terms(TEXT, term.terms[0]) if len(term.terms) == 1 else lists.leaf(term) for term in different]
    return leaves, [often * index.idf(leaf.df) for leaf, often in zip(leaves, times.values(), strict=True)]
