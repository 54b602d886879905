"""Here are the words of a question; which of them say what it is about?

"the", "of", "who" stand in every article and in half of the questions; in an archive of several languages those of the
rarer languages even look rare. Left out of plain queries (never of phrases or expressions, and never all of a query),
they gain, in nDCG@10: cranfield .524 to .532 by keyword and .571 to .580 hybrid, xquad-en .968 to .983 and .981 to
.986 (the first 150 queries of each). The index holds them all, so that a phrase finds them. The lists are Snowball's,
as Whoosh carries them, for 13 languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchkit.index.keyword.analysis import QueryWord


def telling_words(words: Sequence[QueryWord], languages: Sequence[str | None]) -> list[QueryWord]:
    """Return the words of a query without the stop words of its language, or all where nothing else is left.

    Its language is the one, among those searched, whose list has most of the words; the first of equals.
    """
    folded = [word.surface.casefold() for word in words]
    lists = lists_of(tuple(languages))
    if len(lists) == 1:
        (chosen,) = lists
    else:
        chosen = max(lists, key=lambda stops: sum(word in stops for word in folded), default=frozenset())
    return [word for word, text in zip(words, folded, strict=True) if text not in chosen] or list(words)


@lru_cache(maxsize=64)
def lists_of(languages: tuple[str | None, ...]) -> tuple[frozenset[str], ...]:
    """Return the stop words of those languages that have a list, in small letters."""
    from whoosh.lang.stopwords import stoplists

    return tuple(stoplists[language] for language in languages if language in stoplists)
