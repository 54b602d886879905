"""Spelling suggestions: other spellings of a query, from the index's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchkit.keyword.analysis.analyzer import QueryTerm, QueryWord
    from searchkit.keyword.scoring.segments import KeywordSegments


MIN_LETTERS = 3
"""Shorter words are near to everything."""

LONG = 6
"""From so many letters on, two edits may be wrong; below, one."""

MAX_CORRECTED = 5
"""A query with more unknown words than this isn't misspelt, it is about something else."""


def suggest(index: KeywordSegments, words: Sequence[QueryWord], text: str, *, limit: int = 3) -> tuple[str, ...]:
    """Return up to ``limit`` whole queries in which each unknown word stands corrected, best first.

    ``words`` are those that the query asks for, placed in ``text``, the query as typed. A word is known when an article
    has it, in whatever form; it stays, and so does everything between. The nearest word of the index is taken, then the
    one in most rows. Nothing comes back where no word is unknown, or where one has nothing near.
    """
    parts: dict[str, list[QueryTerm]] = {}
    for word in words:
        if word.surface not in parts:
            parts[word.surface] = _unknown(index, word)
    unknown = [(word, unit) for word in words for unit in parts[word.surface]]
    if not unknown or len({word.surface for word, _ in unknown}) > MAX_CORRECTED:
        return ()
    near = {surface: _near(index, surface, limit) for surface in dict.fromkeys(unit.surface for _, unit in unknown)}
    if not all(near.values()):
        return ()
    variants = []
    for i in range(max(map(len, near.values()))):
        # The first takes the best of every word; each further one takes, where a word has it, its next best.
        better = {surface: words[min(i, len(words) - 1)] for surface, words in near.items()}
        variants.append(_corrected(text, [(word, unit, better[unit.surface]) for word, unit in unknown]))
    whole = [_without_stray_quote(variant) for variant in variants]
    return tuple(variant for variant in dict.fromkeys(whole) if variant != text)[:limit]


def _without_stray_quote(text: str) -> str:
    """Take out a quotation mark that nothing closes: what is suggested should be a query that can be read."""
    return text if text.count('"') % 2 == 0 else text[: text.rindex('"')] + text[text.rindex('"') + 1 :]


def _unknown(index: KeywordSegments, word: QueryWord) -> list[QueryTerm]:
    """Return the parts of a word that no article has; none where one has the joined form. Numbers are no words."""
    joined = [unit for unit in word.units if unit.joined]
    if any(_is_known(index, unit) for unit in joined):
        return []
    parts = [unit for unit in word.units if not unit.joined and len(unit.surface) >= MIN_LETTERS]
    return [unit for unit in parts if not re.search(r"\d", unit.surface) and not _is_known(index, unit)]


def _is_known(index: KeywordSegments, unit: QueryTerm) -> bool:
    return index.lexicon.count(unit.surface) > 0 or any(index.df("text", term) for term in unit.terms)


def _near(index: KeywordSegments, surface: str, limit: int) -> list[str]:
    """Return the nearest words: one edit away if there are any, else two where the word is long enough."""
    return index.lexicon.nearest(surface, 1, limit) or (
        index.lexicon.nearest(surface, 2, limit) if len(surface) >= LONG else []
    )


def _corrected(text: str, corrections: Sequence[tuple[QueryWord, QueryTerm, str]]) -> str:
    """Put corrections into a query, from its end on, so that places before stay what they are."""
    for word, unit, better in reversed(corrections):
        start, end = _place(text, word, unit)
        text = text[:start] + _cased(text[start:end], better) + text[end:]
    return text


def _place(text: str, word: QueryWord, unit: QueryTerm) -> tuple[int, int]:
    """Find the part of a word that a unit stands for: the run of letters of its number, or else the whole word."""
    runs = [match.span() for match in re.finditer(r"[^\W\d_]+", text[word.start : word.end])]
    parts = sum(not unit.joined for unit in word.units)
    if parts > 1 and len(runs) == parts:
        start, end = runs[unit.offset]
        return word.start + start, word.start + end
    return word.start, word.end


def _cased(typed: str, better: str) -> str:
    """Write a word in the case of the one it stands for: all capitals, a first capital, or small."""
    if len(typed) > 1 and typed.isupper():
        return better.upper()
    return better[:1].upper() + better[1:] if typed[:1].isupper() else better
