"""Chunk terms: the words of a chunk as the cluster's analyzer takes them, which does nothing but to cut at spaces.

Words that stand at one position have ``|`` between them (``s300|s 300 missil``); a position where no term stands has
``GAP``, which a stop filter takes away again, so that phrases count it. Title, heading and text are values of their
own, which ``position_increment_gap`` keeps apart.

Lucene keeps a chunk's length in a byte, rounded down, and counts positions, not the terms that share one. ``FILL``
stands behind the text as often as it takes for the length that Lucene keeps to be the nearest to ours.

Beside each chunk's terms stand their forms, folded and not stemmed, at the same positions. Where the article's text
goes on behind a chunk, ``border`` has the forms around the end of it: in these a phrase is found that begins in one
chunk and ends in the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from searchkit.ingest.indexed_text import compose
from searchkit.keyword.analysis.analyzer import Analyzer, Expansion, run_over
from searchkit.keyword.postings.inverter import rows_of
from searchkit.types import Article, Chunk

GAP = "\u2423"
"""An open box. No term has one: it is no letter, no digit and no mark."""

FILL = "\u2422"
"""A blank symbol: it is no term either."""

STACKED = "|"
BORDER_WORDS = 30
"""Words on each side of a border: a quoted phrase that crosses it is found up to so many words on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTerms:
    """A field's values: terms, and forms at the same positions. ``length`` is ours, ``tokens`` what Lucene takes in."""

    terms: tuple[str, ...]
    forms: tuple[str, ...]
    length: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkTerms:
    """What the cluster indexes of a chunk's words: of the whole, of the title alone, and around its end."""

    text: FieldTerms
    title: FieldTerms
    border: str


def terms_of(
    analyzer: Analyzer, article: Article, chunks: Sequence[Chunk], *, title_weight: int, unknown_as: str
) -> Iterator[ChunkTerms]:
    """Yield the terms of an article's chunks, all of them, in order."""
    language = article.language or unknown_as or None
    title = _expanded(analyzer, compose(article, chunks[0]).title if chunks else "", language)
    for chunk, row in zip(chunks, rows_of(article, chunks, unknown_as), strict=True):
        text = row.text + (run_over(row.text + row.following, len(row.text)) if row.following else "")
        body = _expanded(analyzer, text, language)
        border = ""
        if row.following:
            after = article.text[chunk.end : chunk.end + 20 * BORDER_WORDS]
            behind = _expanded(analyzer, after, language)[:BORDER_WORDS]
            border = _written([*body[-BORDER_WORDS:], *behind], "surfaces")
        yield ChunkTerms(
            text=_field([*[title] * title_weight, _expanded(analyzer, row.heading, language), body]),
            title=_field([title]),
            border=border,
        )


def kept_length(length: int) -> int:
    """Return the length that Lucene keeps of a field of so many positions (``SmallFloat.intToByte4``)."""
    above = length - _EXACT
    shift = max(0, above.bit_length() - _BITS)
    return length if above < 0 else _EXACT + (above >> shift << shift)


_EXACT = 24
"""Lengths below it are kept as they are; of what is above it the first four bits are."""

_BITS = 4


def _nearest_length(length: int) -> int:
    """Return the least number of positions whose kept length is the nearest to a length."""
    below = kept_length(length)
    if below == length:
        return length
    above = below + (1 << (below - _EXACT).bit_length() - _BITS)
    return above if above - length < length - below else length


def _field(parts: Sequence[Sequence[Expansion]]) -> FieldTerms:
    words = [word for part in parts for word in part]
    length = sum(len(word.terms) - word.uncounted for word in words)
    positions = sum(len(set(word.offsets)) for word in words)
    fill = max(0, _nearest_length(length) - positions)
    filling = [" ".join([FILL] * fill)] if fill else []
    return FieldTerms(
        terms=(*filter(None, (_written(part, "terms") for part in parts)), *filling),
        forms=(*filter(None, (_written(part, "surfaces") for part in parts)), *filling),
        length=length,
        tokens=sum(len(word.terms) for word in words) + fill,
    )


def _expanded(analyzer: Analyzer, text: str, language: str | None) -> list[Expansion]:
    return [analyzer.expand(word, language) for word in analyzer.words(text)]


def _written(words: Sequence[Expansion], kind: str) -> str:
    """Write the terms or the surfaces of some words, position by position."""
    positions: list[str] = []
    for word in words:
        names: tuple[str, ...] = getattr(word, kind)
        if word.advance == 1 and len(names) == 1:  # as most are
            positions.append(names[0])
            continue
        stacks: list[list[str]] = [[] for _ in range(word.advance)]
        for name, offset in zip(names, word.offsets, strict=True):
            if offset < len(stacks):
                stacks[offset].append(name)
        positions += [STACKED.join(stack) or GAP for stack in stacks]
    return " ".join(positions)
