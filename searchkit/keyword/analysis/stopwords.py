"""Stop words: which words of a query say what it is about.

"the", "of", "who" stand in every article and in half of the questions; in an archive of several languages those of the
rarer languages even look rare. Left out of plain queries (never of phrases or expressions, and never all of a query),
they gain, in nDCG@10: cranfield .524 to .532 by keyword and .571 to .580 hybrid, xquad-en .968 to .983 and .981 to
.986 (the first 150 queries of each). The index holds them all, so that a phrase finds them. The lists are Snowball's,
as Whoosh carries them, for 13 languages.

The same letters are other words elsewhere: "war" is a stop word in German, WHO isn't one at all. So nothing is left out

- of a query of up to three words: any may be meant (doctor who, war crimes, Estados Unidos, canicule été); only
  the stop words that it begins with (What is DECnet?) count ``IN_SHORT`` times as much as others;
- but what is in the list of the question's language, the one of those searched that has most of its words, homographs
  of other languages' words not counted (``_AMBIGUOUS``); of languages with as many only what is in all of their lists;
- of names: an acronym (WHO, IT, US) or a word with a capital inside of a question that has small letters, too;
- of words that mean something beside (``_MEANINGFUL``).

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
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchkit.keyword.analysis.analyzer import QueryWord


EACH_MEANT = 3
"""Words of a query that are searched for whatever they are."""

IN_SHORT = 0.2
"""What a stop word counts in so short a query. On xquad-xling by keyword: 1 .4080, .3 and .2 .4100, .1 and 0 .4098."""

_AMBIGUOUS = frozenset((
    "alt", "also", "aura", "bare", "bin", "come", "die", "dig", "dog", "door", "dove", "eller", "end", "era",
    "ha", "han", "hat", "hem", "ill", "im", "inn", "man", "men", "met", "mi", "min", "mine", "mint", "om",
    "on", "per", "sa", "sea", "seas", "sedan", "sit", "son", "sue", "till", "ton", "ut", "van", "want", "war",
))  # fmt: skip
"""Stop words of some language that are words or names in English texts: they don't say what language a question is."""

_MEANINGFUL = {
    "en": frozenset(
        ("above", "against", "below", "between", "down", "just", "now", "off", "over", "own", "same", "under")
    ),
    "fr": frozenset(("été", "étés")),
    "es": frozenset(
        ("estada", "estadas", "estado", "estados", "nada", "poco", "sentida", "sentidas", "sentido", "sentidos")
    ),
    "nl": frozenset(("wezen",)),
    "ru": frozenset(("раз", "два", "три", "человек", "жизнь")),
}
"""What the lists hold as a form of a frequent verb, or as an adverb, and names things, too: estado is the state."""


def telling_words(words: Sequence[QueryWord], languages: Sequence[str | None]) -> list[QueryWord]:
    """Return the words of a query that count, be it less than others; all where nothing else is left."""
    return [word for word, weight in zip(words, word_weights(words, languages), strict=True) if weight]


def word_weights(words: Sequence[QueryWord], languages: Sequence[str | None]) -> list[float]:
    """Return what each word of a query counts: 1, or as a stop word 0 (left out) or, in a short query, ``IN_SHORT``."""
    lists = lists_of(tuple(languages))
    surfaces = [word.surface for word in words]
    stops = stop_words(surfaces, [tuple(surface.casefold() in stops for stops in lists) for surface in surfaces])
    weight = IN_SHORT if len(surfaces) <= EACH_MEANT else 0.0
    return [weight if place in stops else 1.0 for place in range(len(surfaces))]


def stop_words(surfaces: Sequence[str], listed: Sequence[tuple[bool, ...]]) -> frozenset[int]:
    """Return the places of the words of a query that are stop words in it, never all.

    ``listed`` says of each word in which of the lists, of the languages searched, it is.
    """
    if not any(map(any, listed)):
        return _NONE
    different = {surface.casefold(): row for surface, row in zip(surfaces, listed, strict=True)}
    telling = [row for word, row in different.items() if word not in _AMBIGUOUS]
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


def _is_name(surface: str, *, first: bool) -> bool:
    return surface[:1].isupper() and ((len(surface) > 1 and surface.isupper()) or not first)


@lru_cache(maxsize=64)
def lists_of(languages: tuple[str | None, ...]) -> tuple[frozenset[str], ...]:
    """Return the stop words of those languages that have a list, in small letters."""
    from whoosh.lang.stopwords import stoplists

    return tuple(
        stoplists[language] - _MEANINGFUL.get(language, frozenset())
        for language in languages
        if language and language in stoplists
    )
