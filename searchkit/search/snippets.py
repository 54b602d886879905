"""Here is a chunk and the terms that were asked for; which part of it is worth reading, and what in it stands out?"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection

from searchkit.index.keyword.analysis import Analyzer, cluster_starts
from searchkit.types import Chunk, Snippet

SNIPPET_CHARACTERS = 320
"""About two sentences of news prose (54 words): enough to see whether a result tells what was asked."""

_REPEAT = 0.05
_SENTENCE_END = re.compile("[.!?。！？।؟…\n]")
_CLOSERS = "\"'”’»)]"

_TYPOGRAPHY = str.maketrans({**dict.fromkeys("’‘´", "'"), **dict.fromkeys("“”„«»–—…•€£", " ")})
"""What English prose has beside ASCII, as the rules of words see it: apostrophes join, the others stand between words.
In a text that has nothing else words are found three times as fast, at the same places."""

Span = tuple[int, int]


def snippet(chunk: Chunk, terms: Collection[str], analyzer: Analyzer, language: str | None) -> Snippet:
    """Return the part of a chunk that holds most of the terms, whole where it is short, and where they stand in it.

    Offsets count characters of the article. Without a term in the chunk it is the chunk's beginning.
    """
    found = _found(chunk.text, frozenset(terms), analyzer, language)
    start, end = _window(chunk.text, found)
    spans = _merged([span for span, _ in found if start <= span[0] and span[1] <= end])
    return Snippet(
        text=chunk.text[start:end],
        start=chunk.start + start,
        end=chunk.start + end,
        highlights=tuple((chunk.start + first, chunk.start + last) for first, last in spans),
    )


def _found(
    text: str, terms: frozenset[str], analyzer: Analyzer, language: str | None
) -> list[tuple[Span, frozenset[str]]]:
    """Return where words stand that mean one of the terms, and which terms each means."""
    found: list[tuple[Span, frozenset[str]]] = []
    if not terms:
        return found
    if not text.isascii() and (plain := text.translate(_TYPOGRAPHY)).isascii():
        text = plain
    words = analyzer.words(text)
    expansions = {word: analyzer.expand(word, language) for word in set(words)}
    meaning = {word: one for word, one in expansions.items() if not terms.isdisjoint(one.terms)}
    end = 0
    for word in words if meaning else ():
        start = text.index(word, end)  # the next of its characters is a word's first: every one that can be, is
        end = start + len(word)
        if (expansion := meaning.get(word)) is None:
            continue
        if expansion.joined or expansion.advance <= 1:
            if meant := terms.intersection(expansion.terms):
                found.append(((start, end), meant))
            continue
        # A run of a script without spaces: each term is a pair of grapheme clusters, counted by its offset.
        borders = [start + place for place in cluster_starts(word)] + [end]
        for place, (term, offset) in enumerate(zip(expansion.terms, expansion.offsets, strict=True)):
            if term in terms:
                last = min(offset + (2 if place < expansion.asked else 1), len(borders) - 1)
                found.append(((borders[min(offset, last)], borders[last]), frozenset((term,))))
    return found


def _window(text: str, found: list[tuple[Span, frozenset[str]]]) -> Span:
    """Choose the span: the earliest that holds most different terms, at a sentence's beginning where it can be."""
    if len(text) <= SNIPPET_CHARACTERS:
        return 0, len(text)
    starts = _sentence_starts(text)
    best, best_worth = 0, 0.0
    for (position, _), _ in found:
        start = _opening(text, starts, position)
        worth = _worth(found, start, start + SNIPPET_CHARACTERS)
        if worth > best_worth:
            best, best_worth = start, worth
    return best, _closing(text, best)


def _worth(found: list[tuple[Span, frozenset[str]]], start: int, end: int) -> float:
    inside = [terms for span, terms in found if start <= span[0] and span[1] <= end]
    return len(frozenset().union(*inside)) + _REPEAT * len(inside)


def _sentence_starts(text: str) -> list[int]:
    """Guess where sentences begin: good enough to open a snippet, which may open anywhere."""
    starts = [0]
    for end in _SENTENCE_END.finditer(text):
        after = end.end()
        while after < len(text) and text[after] in _CLOSERS:
            after += 1
        if after < len(text) and (end[0] in "。！？\n" or text[after].isspace()):
            while after < len(text) and text[after].isspace():
                after += 1
            starts.append(after)
    return starts


def _opening(text: str, starts: list[int], position: int) -> int:
    """Return where to open so that a position is read in its sentence: its beginning, or a word shortly before it."""
    start = starts[max(0, bisect_left(starts, position + 1) - 1)]
    if position - start <= SNIPPET_CHARACTERS // 2:
        return start
    start = position - SNIPPET_CHARACTERS // 4
    while start < position and not text[start - 1].isspace():
        start += 1
    return start


def _closing(text: str, start: int) -> int:
    end = start + SNIPPET_CHARACTERS
    if end >= len(text):
        return len(text.rstrip())
    cut = end
    while cut > start + SNIPPET_CHARACTERS // 2 and not text[cut].isspace():
        cut -= 1
    return len(text[: cut if text[cut].isspace() else end].rstrip())


def _merged(spans: list[Span]) -> list[Span]:
    """Join spans that touch or overlap, in order."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
