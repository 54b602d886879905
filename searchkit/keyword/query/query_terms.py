"""Query terms: which words of a query count, and the leaves of a tree that they make.

"the", "of", "who" stand in every article and in half of the questions; in an archive of several languages those of the
rarer languages even look rare. Left out of plain queries (never of phrases or expressions, and never all of a query),
they gain, in nDCG@10: cranfield .524 to .532 by keyword and .571 to .580 hybrid, xquad-en .968 to .983 and .981 to
.986 (the first 150 queries of each). The index holds them all, so that a phrase finds them. The lists are Snowball's,
as Whoosh carries them, for 13 languages.

The same letters are other words elsewhere: "war" is a stop word in German, WHO isn't one at all. So nothing is left out

- of a query of up to three words: any may be meant (doctor who, war crimes, Estados Unidos, canicule été); only
  the stop words that it begins with (What is DECnet?) count ``IN_SHORT`` times as much as others;
- but what is in the list of the question's language, the one of those searched that has most of its words, homographs
  of other languages' words not counted (``AMBIGUOUS``); of languages with as many only what is in all of their lists;
- of names: an acronym (WHO, IT, US) or a word with a capital inside of a question that has small letters, too;
- of words that mean something beside (``stopwords.py`` has them).

What stays weighs what its idf says: little where it is frequent. In longer queries a small weight isn't as good: at .2,
nDCG@10 by keyword and hybrid is .4031 and .4199 instead of .4098 and .4236 on xquad-xling (at .1 and .3 .4063 and .3996
by keyword); it is better by .001 to .003 where all articles are English (cranfield .5279 and .5733 instead of .5247 and
.5719, xquad-en .9717 and .9820 instead of .9697 and .9810, rtqa-news-a .7563 instead of .7559; scifact .7095 instead of
.7100), but to rank questions of 16 words takes 1.15 ms instead of .65. Nor does a word count as telling because few
chunks have it: in articles it is the question's own words that are rare ("what" stands in 1 % of cranfield's chunks,
"how" in 2 %, "why" in .1 %; on xquad-xling "welcher", "кто", "when" in less than .5 %).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from searchkit.keyword.analysis.stopwords import AMBIGUOUS, lists_of
from searchkit.keyword.query.ast import (
    TEXT,
    TITLE,
    And,
    Boost,
    Compound,
    FieldName,
    Maybe,
    Nothing,
    Or,
    Phrase,
    Term,
    Tree,
)

if TYPE_CHECKING:
    from searchkit.keyword.analysis.analyzer import Analyzer, QueryWord


MAX_WORDS = 1_000
"""Different words of a query that are searched."""

NAMED = 10
"""Stop words that a note names."""

WITHOUT_SIGN = 0.25
"""What C counts for C++: enough to be found, too little to come before any C++."""

EACH_MEANT = 3
"""Words of a query that are searched for whatever they are."""

IN_SHORT = 0.2
"""What a stop word counts in so short a query. On xquad-xling by keyword: 1 .4080, .3 and .2 .4100, .1 and 0 .4098."""


class QueryWords:
    """The words of a query as they are found, and the leaves they make."""

    def __init__(self, analyzer: Analyzer, languages: Sequence[str | None]) -> None:
        self.analyzer = analyzer
        self.found: list[QueryWord] = []
        self.languages = languages
        self.telling: tuple[QueryWord, ...] | None = None
        """Those that count, of a plain query all of whose words are searched."""
        self._different: set[str] = set()
        self._left_out = False
        self._stop_words: list[str] = []

    def analysed(self, text: str, start: int, *, wanted: bool = True) -> list[QueryWord]:
        """Return the words of a part of the query that starts at a place in it, and keep them if they are wanted."""
        words = []
        for word in self.analyzer.query_terms(text, self.languages):
            if word.surface not in self._different and len(self._different) >= MAX_WORDS:
                self._left_out = True
                continue
            self._different.add(word.surface)
            words.append(replace(word, start=word.start + start, end=word.end + start) if start else word)
        if wanted:
            self.found += words
        return words

    def leaves(self, text: str, start: int, field: FieldName, *, wanted: bool = True) -> list[Tree]:
        """Return a leaf for each word; a run of a script without spaces gives a leaf for each of its terms."""
        return [leaf for word in self.analysed(text, start, wanted=wanted) for leaf in leaves_of(word, field)]

    def telling_leaves(self, text: str) -> list[Tree]:
        """Return a leaf for each word of a plain query that says what it is about."""
        weighted = list(zip(words := self.analysed(text, 0), word_weights(words, self.languages), strict=True))
        self._stop_words = list(dict.fromkeys(word.surface for word, weight in weighted if not weight))
        self.telling = None if self._left_out else tuple([word for word, weight in weighted if weight])
        leaves: list[Tree] = []
        for word, weight in weighted:
            if weight == 1:
                leaves += leaves_of(word, TEXT)
            elif weight:
                leaves += [Boost(child=leaf, factor=weight) for leaf in leaves_of(word, TEXT)]
        return leaves

    def notes(self, tree: Tree) -> list[str]:
        """Say what the user must know of the words."""
        notes = []
        if self._left_out:
            notes.append(f"Of the query's words, the first {MAX_WORDS:,} different ones were searched.")
        if self._stop_words:
            shown = ", ".join(self._stop_words[:NAMED]) + (", …" if len(self._stop_words) > NAMED else "")
            notes.append(f"Not searched by keyword, as words that most texts have: {shown}.")
        if isinstance(tree, Nothing):
            notes.append("The query has no words to search for.")
        return notes


def leaves_of(word: QueryWord, field: FieldName) -> list[Tree]:
    """Return the leaves of one word: a compound is one, a run of a script without spaces one for each of its terms.

    The letters of AT&T count where they stand side by side (AT & T), those of C++ a little, so that C++ comes first.
    Of a title's word any form is enough, and its own form counts once more: titles are short, and would tie.
    """
    unit = word.units[0]
    if len(word.units) == 1 and field == TEXT and not unit.joined and "&" not in unit.surface:  # as most are
        return [Term(terms=unit.terms, field=field, own=unit.surfaces)]
    units = [Term(terms=unit.terms, field=field, own=unit.surfaces) for unit in word.units]
    if word.has_sign_outside:
        return [Or(children=(units[0], *(Boost(child=unit, factor=WITHOUT_SIGN) for unit in units[1:])))]
    if word.is_initials:
        offsets = tuple(unit.offset for unit in word.units[1:])
        return [Or(children=(units[0], Phrase(units=tuple(units[1:]), offsets=offsets)))]
    if word.units[0].joined:
        return [Compound(joined=units[0], parts=tuple(units[1:]))]
    if field == TITLE:
        own = [Term(terms=unit.terms, field=field, surfaces=unit.surfaces) for unit in word.units]
        return [And(children=(unit, Maybe(child=form))) for unit, form in zip(units, own, strict=True)]
    return list(units)


def any_of(children: Sequence[Tree]) -> Tree:
    """Return the tree that holds where any child does."""
    return children[0] if len(children) == 1 else Or(children=tuple(children))


def all_of(children: Sequence[Tree]) -> Tree:
    """Return the tree that holds where all children do."""
    return children[0] if len(children) == 1 else And(children=tuple(children))


def telling_words(words: Sequence[QueryWord], languages: Sequence[str | None]) -> list[QueryWord]:
    """Return the words of a query that count, be it less than others; all where nothing else is left."""
    return [word for word, weight in zip(words, word_weights(words, languages), strict=True) if weight]


def word_weights(words: Sequence[QueryWord], languages: Sequence[str | None]) -> list[float]:
    """Return what each word of a query counts: 1, or as a stop word 0 (left out) or, in a short query, ``IN_SHORT``."""
    lists = lists_of(tuple(languages))
    surfaces = [word.surface for word in words]
    stops = stop_words(surfaces, [tuple([word in stops for stops in lists]) for word in map(str.casefold, surfaces)])
    weight = IN_SHORT if len(surfaces) <= EACH_MEANT else 0.0
    return [weight if place in stops else 1.0 for place in range(len(surfaces))]


def stop_words(surfaces: Sequence[str], listed: Sequence[tuple[bool, ...]]) -> frozenset[int]:
    """Return the places of the words of a query that are stop words in it, never all.

    ``listed`` says of each word in which of the lists, of the languages searched, it is.
    """
    if not any(map(any, listed)):
        return _NONE
    different = {surface.casefold(): row for surface, row in zip(surfaces, listed, strict=True)}
    telling = [row for word, row in different.items() if word not in AMBIGUOUS]
    counts = [sum(column) for column in zip(*telling, strict=True)]
    most = max(counts, default=0)
    if not most:
        return _NONE
    chosen = [number for number, count in enumerate(counts) if count == most]
    stops = [place for place, row in enumerate(listed) if all(row[number] for number in chosen)]
    names: set[int] = set()
    in_capitals = all(map(str.isupper, surfaces))
    if any(map(str.islower, surfaces)) or (len(surfaces) <= EACH_MEANT and not in_capitals):
        names = {place for place in stops if _is_name(surfaces[place], first=place == 0)}
    # Else capitals say nothing: all is in them, or each word of a headline begins with one.
    out = frozenset(stops) - names
    if len(surfaces) <= EACH_MEANT:  # those that a question begins with: What is DECnet, but not doctor who
        out = frozenset(takewhile(out.__contains__, range(len(surfaces))))
    return out if len(out) < len(surfaces) else _NONE


_NONE: frozenset[int] = frozenset()

_REQUESTS = frozenset(("tell", "please", "explain"))
"""What asks and names nothing where all else is stop words: tell me more."""

_OPERATORS = frozenset(("AND", "OR", "NOT"))


def may_say_nothing(words: Sequence[QueryWord], languages: Sequence[str | None]) -> bool:
    """Say whether ``says_nothing`` may hold for a query some of whose words these are: sooner told."""
    lists = (_REQUESTS, *(lists_of(tuple(languages)) or lists_of(("en",))))
    return all(any(_bare(word.surface) in stops for stops in lists) for word in words)


def _bare(surface: str) -> str:
    return surface.casefold().replace("’", "'").removesuffix("'s")


def says_nothing(words: Sequence[QueryWord], languages: Sequence[str | None]) -> bool:
    """Say whether no word of a query tells what it is about: all are stop words of one language, none is a name."""
    surfaces = [word.surface for word in words]
    folded = set(map(_bare, surfaces)) - _REQUESTS
    if not folded - AMBIGUOUS or not any(folded <= stops for stops in lists_of(tuple(languages)) or lists_of(("en",))):
        return False
    if surfaces[0].isupper() and len(surfaces) == 1 and surfaces[0] not in _OPERATORS:
        return len(surfaces[0]) == 1  # WHO, IT, US
    cased = any(map(str.islower, surfaces)) or (len(surfaces) <= EACH_MEANT and not all(map(str.isupper, surfaces)))
    names = (_is_name(surface, first=not place) for place, surface in enumerate(surfaces))
    return not (cased and any(names))


def _is_name(surface: str, *, first: bool) -> bool:
    return surface[:1].isupper() and ((len(surface) > 1 and surface.isupper()) or not first)
