"""Here are the words of a question; which of them say what it is about?

"the", "of", "who" stand in every article and in half of the questions; in an archive of several languages those of the
rarer languages even look rare. Left out of plain queries (never of phrases or expressions, and never all of a query),
they gain, in nDCG@10: cranfield .524 to .532 by keyword and .571 to .580 hybrid, xquad-en .968 to .983 and .981 to
.986 (the first 150 queries of each). The index holds them all, so that a phrase finds them. The lists are Snowball's,
as Whoosh carries them, for 13 languages.

The same letters are other words elsewhere: "war" is a stop word in German, WHO isn't one at all. So nothing is left out

- of a query of up to three words: each was meant (Doctor Who, war crimes, Estados Unidos, canicule été);
- but what is in the list of the question's language, the one of those searched that has most of its words, homographs
  of other languages' words not counted (``_AMBIGUOUS``); of languages with as many only what is in all of their lists;
- of names: an acronym (WHO, IT, US) or a word with a capital inside of a question that has small letters, too;
- of words that mean something beside (``_MEANINGFUL``).

What stays weighs what its idf says: little where it is frequent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchkit.index.keyword.analysis import QueryWord

EACH_MEANT = 3
"""Words of a query that are searched for whatever they are."""

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
    """Return the words of a query without the stop words of its language, or all where nothing else is left."""
    lists = lists_of(tuple(languages))
    surfaces = [word.surface for word in words]
    out = left_out(surfaces, [tuple(surface.casefold() in stops for stops in lists) for surface in surfaces])
    return [word for place, word in enumerate(words) if place not in out] if out else list(words)


def left_out(surfaces: Sequence[str], listed: Sequence[tuple[bool, ...]]) -> frozenset[int]:
    """Return the places of the words of a query that are stop words in it.

    ``listed`` says of each word in which of the lists, of the languages searched, it is.
    """
    if len(surfaces) <= EACH_MEANT:
        return _NONE
    different = {surface.casefold(): row for surface, row in zip(surfaces, listed, strict=True)}
    telling = [row for word, row in different.items() if word not in _AMBIGUOUS]
    counts = [sum(column) for column in zip(*telling, strict=True)]
    most = max(counts, default=0)
    if not most:
        return _NONE
    chosen = [number for number, count in enumerate(counts) if count == most]
    stops = [place for place, row in enumerate(listed) if all(row[number] for number in chosen)]
    if not any(map(str.islower, surfaces)):  # all in capitals, or each word with one: they say nothing
        names: set[int] = set()
    else:
        names = {place for place in stops if _is_name(surfaces[place], first=place == 0)}
    out = frozenset(stops) - names
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
