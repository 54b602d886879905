"""Fast parse: the leaves of the simplest queries, without a parser and a tree.

Words alone, words joined by AND, one phrase, one wildcard, one fuzzy word. What comes out are the leaves of the tree
that ``parser.py`` would make, in a tenth of its time; anything else is left to it, as are compounds and whatever a user
must be told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from searchkit.keyword.analysis.analyzer import MAX_TERM
from searchkit.keyword.analysis.stopwords import EACH_MEANT, lists_of, stop_words
from searchkit.keyword.query.ast import TEXT, Fuzzy, Maybe, Pattern, Phrase, Term, Tree
from searchkit.keyword.query.classifier import classify, is_plain
from searchkit.keyword.query.fast_grammar import is_wildcard
from searchkit.keyword.query.query_terms import all_of, any_of, leaves_of
from searchkit.types import Syntax

if TYPE_CHECKING:
    from searchkit.keyword.analysis.analyzer import Analyzer


_MOST = 100
"""Words of a question that is read so, and characters of a pattern."""

_REMEMBERED = 1 << 16
"""Words of which it is remembered what they ask for: people ask for the same ones again and again."""

_OPERATORS = frozenset({"AND", "OR", "NOT"})

Joint = Literal["any", "all"]
Word = tuple[tuple[Term, ...] | None, tuple[bool, ...]]
"""The terms of one word, None where it isn't for this file; and whether it is in each list of stop words."""


class FastQuery(NamedTuple):
    """The leaves of a question, in its order, and whether "all" are required or "any" may stand there.

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
    """Reads the simplest questions. Holds a cache alone, so any number of threads may share one."""

    def __init__(self, analyzer: Analyzer, languages: Sequence[str | None]) -> None:
        """``languages``: of the living articles, whose stems a word stands for."""
        self._analyzer, self._languages = analyzer, tuple(languages) or (None,)
        self._known: dict[str, Word] = {}

    @cached_property
    def _stops(self) -> tuple[frozenset[str], ...]:
        return lists_of(self._languages)

    def read(self, text: str, syntax: Syntax = Syntax.AUTO) -> FastQuery | None:
        """Return what a question asks for; None where it isn't for this file.

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
        asked = list[Term]()
        for place, (terms, _) in enumerate(known):
            if terms is None:
                return None
            if place not in out:
                asked += terms
        return FastQuery("any", asked) if asked else None

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
        asked = surface
        if surface.isascii() and surface.isalpha():  # no compound, one part: what the analyzer makes of it, sooner
            stems = {self._analyzer.stem(surface.lower(), language) for language in self._languages}
            own = (surface.lower()[:MAX_TERM],)
            terms: tuple[Term, ...] | None = (Term(terms=tuple(sorted(stems)), own=own),)
        else:
            words = self._analyzer.query_terms(surface, self._languages)  # none where it is of signs alone
            leaves = [leaf for word in words for leaf in leaves_of(word, TEXT)]
            terms = tuple([leaf for leaf in leaves if isinstance(leaf, Term)])
            terms = terms if len(words) <= 1 and len(terms) == len(leaves) else None
            asked = words[0].surface if terms else surface
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        word = self._known[surface] = terms, tuple([asked.casefold() in stops for stops in self._stops])
        return word


def _is_spaced(text: str, surfaces: list[str]) -> bool:
    """Say whether a text is parted by plain spaces: some others stand within numbers."""
    return text.isascii() or surfaces == [piece for piece in text.split(" ") if piece]
