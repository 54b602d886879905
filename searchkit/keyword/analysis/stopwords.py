"""Stop word lists: Snowball's, as Whoosh carries them, for 13 languages.

``keyword/query/query_terms.py`` says which of them a query leaves out.
"""

from __future__ import annotations

from functools import lru_cache

AMBIGUOUS = frozenset((
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


@lru_cache(maxsize=64)
def lists_of(languages: tuple[str | None, ...]) -> tuple[frozenset[str], ...]:
    """Return the stop words of those languages that have a list, in small letters."""
    from whoosh.lang.stopwords import stoplists

    return tuple(
        stoplists[language] - _MEANINGFUL.get(language, frozenset())
        for language in languages
        if language and language in stoplists
    )
