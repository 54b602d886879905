"""Quotations: the passage that a text quotes, word for word or from memory.

Passages are looked for by shingles: each three words that stand side by side in the text are a phrase, and the chunks
that have the rarest and most of them are read; then those that have the most of its words. Phrases are read in the
article's text, wherever its chunks end, and in any form of their words. A word that is wrong spoils three shingles, so
of a sentence of ten words with two wrong ones some are left.

In what is read both are laid side by side, word by word (``difflib``: the longest run of equal words first), around the
longest run. Words are equal where they are but for case, accents, hyphens and apostrophes; in scripts without spaces
each character is compared as a word. Of a passage that has half of the words or more, the share of equal words says how
near it is, and the rest what differs.

Where no passage has the words, the vectors are asked: the sentence that comes nearest to the text, in the articles of
which the archive is sure that they are about it, by vector alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from searchkit.errors import QueryError
from searchkit.index.article_keys import is_run, word_key
from searchkit.index.declared_fields import shown_article
from searchkit.ingest.sentences import sentence_spans
from searchkit.keyword.analysis.normalization import fold
from searchkit.keyword.query.ast import Phrase, Term, Tree
from searchkit.keyword.query.query_terms import any_of
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.scoring.word_sequence import sequence_of
from searchkit.search.candidates import Encode
from searchkit.search.near_titles import edits
from searchkit.search.ranking import rank_articles
from searchkit.search.results import make_results
from searchkit.search.retrieval import SearchContext, retrieve
from searchkit.types import Article, Mode, Query, Quotation, QuoteDifference, Syntax

if TYPE_CHECKING:
    from difflib import Match

    from searchkit.config import SearchConfig

FEWEST_WORDS = 3
"""Words of a text: fewer are no quotation."""

SHINGLE = 3
"""Words of a shingle: two stand everywhere, and four are spoilt by every fourth wrong word."""

MOST_SHINGLES = 64
"""Shingles that are looked for, spread over a longer text."""

READ = 30
"""Chunks that are read for their shingles, and as many for their words."""

LEAST_SHARE = 0.5
"""Of a passage with fewer equal words it can't be said that it is quoted."""

_BESIDE = 0.75
"""What another passage must have of the best one's share, or cosine: beside it, what has half of it says nothing."""

SURE = 0.5
"""The confidence, by vector, from which on a passage is looked for that has none of the words."""

_MEANING_ARTICLES = 3

_AROUND = 2
"""How many times the text's length is read before and behind a chunk: a passage may begin in another."""

_SPARE = 3
"""A passage may be longer than the text by three words and a third of its own."""

_ALIKE = 3
"""A word at an end of the text is a slip of another where at most every third letter is to be changed."""


class PlacedWord(NamedTuple):
    """A word as it is compared, and where it stands."""

    key: str
    start: int
    end: int


def quotations(
    context: SearchContext, text: str, k: int, config: SearchConfig, encode: Encode
) -> tuple[Quotation, ...]:
    """Return the ``k`` passages that are most like a text, the nearest first.

    Raises ``QueryError``, and what ``encode`` and the index raise.
    """
    typed = placed_words(context, text)
    if len(typed) < FEWEST_WORDS:
        raise QueryError(
            f"A quotation has {FEWEST_WORDS} words or more, not {len(typed)}.",
            hint="Type more of it, or search for its words.",
        )
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise QueryError(f"k is {k!r}: at least one passage is asked for.", hint="Give 1 or more.")
    passages: dict[tuple[str, int], Quotation] = {}
    for tree in _trees(context, text):
        for row in evaluate(context.keyword, tree).best(READ).rows.tolist():
            quotation = _passage(context, text, typed, row)
            if quotation is not None:
                passages.setdefault((quotation.article.id, quotation.start), quotation)
        if any(quotation.share > LEAST_SHARE for quotation in passages.values()):
            break
    nearest = sorted(passages.values(), key=lambda quotation: (-quotation.share, quotation.article.id, quotation.start))
    like = [quotation for quotation in nearest if quotation.share >= _BESIDE * nearest[0].share]
    return tuple(like[:k]) or _by_meaning(context, text, config, encode)[:k]


def placed_words(context: SearchContext, text: str) -> list[PlacedWord]:
    """Return the words of a text with their places; of a script without spaces each character."""
    words: list[PlacedWord] = []
    for raw, start, end in context.analyzer.word_spans(text):
        key = word_key(raw)
        if not is_run(key):
            words += [PlacedWord(key, start, end)] if key else []
            continue
        places = range(start, end)
        words += [PlacedWord(key, place, place + 1) for place in places if (key := word_key(text[place]))]
    return words


def _trees(context: SearchContext, text: str) -> Iterator[Tree]:
    """Yield what is asked of the postings, one after the other: shingles, then words."""
    sequence = sequence_of(context.analyzer.query_terms(text, context.generation.languages))
    if sequence is None:
        return
    if shingles := list(_shingles(sequence)):
        yield any_of(shingles)
    words: tuple[Term, ...] = tuple(dict.fromkeys(sequence.units))
    yield any_of(words)


def _shingles(sequence: Phrase) -> Iterator[Phrase]:
    places = range(max(1, len(sequence.units) - SHINGLE + 1))
    step = -(-len(places) // MOST_SHINGLES)
    for place in places[::step]:
        units, offsets = sequence.units[place : place + SHINGLE], sequence.offsets[place : place + SHINGLE]
        yield Phrase(units=units, offsets=tuple(offset - offsets[0] for offset in offsets))


def _passage(context: SearchContext, text: str, typed: Sequence[PlacedWord], row: int) -> Quotation | None:
    """Return the passage in or around a chunk that is most like the text; None where none is."""
    generation = context.generation
    article, _ = generation.article_at(int(generation.article_of_row[row]))
    chunk = generation.chunks_of([row], [article])[0]
    around = _AROUND * len(text)
    first = max(0, chunk.start - around)
    written = placed_words(context, article.text[first : chunk.end + around])
    passage = _aligned([word.key for word in typed], [word.key for word in written])
    if passage is None:
        return None
    low, high, share, blocks = passage
    start, end = first + written[low].start, first + written[high - 1].end
    differences = _differences(text, typed, article.text[first:], written, blocks)
    return Quotation(
        article=shown_article(article, generation.hidden),
        start=start,
        end=end,
        text=article.text[start:end],
        share=share,
        differences=differences,
    )


class _Block(NamedTuple):
    """Words that differ: those from ``typed`` to ``typed_end``, and ``written`` to ``written_end``."""

    typed: int
    typed_end: int
    written: int
    written_end: int


def _aligned(typed: list[str], written: list[str]) -> tuple[int, int, float, list[_Block]] | None:
    """Lay a text and what is read side by side.

    Return the first word of the passage and the one behind its last, the share of equal words, and where they differ;
    None where too few are equal.
    """
    anchor = SequenceMatcher(None, typed, written, autojunk=False).find_longest_match()
    if not anchor.size:
        return None
    spare = _SPARE + len(typed) // _SPARE
    before = max(0, anchor.b - anchor.a - spare)
    behind = min(len(written), anchor.b + len(typed) - anchor.a + spare)
    here = written[before:behind]
    runs = [run for run in SequenceMatcher(None, typed, here, autojunk=False).get_matching_blocks() if run.size]
    runs = _without_strays(runs)
    low, high = runs[0].b, runs[-1].b + runs[-1].size
    begin, end = runs[0].a, runs[-1].a + runs[-1].size
    while begin and low and _is_slip(typed[begin - 1], here[low - 1]):
        begin, low = begin - 1, low - 1
    while end < len(typed) and high < len(here) and _is_slip(typed[end], here[high]):
        end, high = end + 1, high + 1
    equal = sum(run.size for run in runs)
    share = equal / max(len(typed), high - low)
    if share < LEAST_SHARE or equal < FEWEST_WORDS:
        return None
    blocks = list(_gaps(runs, len(typed), low, high, before, begin, end))
    return before + low, before + high, share, blocks


def _without_strays(runs: Sequence[Match]) -> list[Match]:
    """Leave out single words at the ends that stand far from the others, such as an "of" of the sentence before."""
    kept = list(runs)
    while len(kept) > 1 and kept[0].size == 1 and kept[1].b - kept[0].b - 1 > kept[1].a - kept[0].a:
        kept.pop(0)
    while (
        len(kept) > 1 and kept[-1].size == 1 and _gap(kept[-2], kept[-1]) > 1 + kept[-1].a - kept[-2].a - kept[-2].size
    ):
        kept.pop()
    return kept


def _gap(run: Match, following: Match) -> int:
    return following.b - run.b - run.size


def _gaps(
    runs: Sequence[Match], length: int, low: int, high: int, before: int, begin: int, end: int
) -> Iterator[_Block]:
    """Yield what lies between runs of equal words, and at both ends."""
    if begin:
        yield _Block(0, begin, before + low, before + low)
    typed, written = begin, low
    for run in runs:
        if run.a > typed or run.b > written:
            yield _Block(typed, run.a, before + written, before + run.b)
        typed, written = run.a + run.size, run.b + run.size
    if end > typed or high > written:
        yield _Block(typed, end, before + written, before + high)
    if length > end:
        yield _Block(end, length, before + high, before + high)


def _is_slip(typed: str, written: str) -> bool:
    return edits(typed, written) * _ALIKE <= len(written)


def _differences(
    text: str, typed: Sequence[PlacedWord], source: str, written: Sequence[PlacedWord], blocks: Sequence[_Block]
) -> tuple[QuoteDifference, ...]:
    differences = []
    for block in blocks:
        own = _shown(text, typed[block.typed : block.typed_end])
        theirs = _shown(source, written[block.written : block.written_end])
        kind = "changed" if own and theirs else "added" if own else "missing"
        differences.append(QuoteDifference(kind=kind, typed=own, written=theirs))
    return tuple(_moved(differences))


def _shown(text: str, words: Sequence[PlacedWord]) -> str:
    return " ".join(text[words[0].start : words[-1].end].split()) if words else ""


def _moved(differences: Sequence[QuoteDifference]) -> Iterator[QuoteDifference]:
    """Yield the differences; words that were added in one place and are missing in another have moved."""
    added = {fold(difference.typed) for difference in differences if difference.kind == "added"}
    missing = {fold(difference.written) for difference in differences if difference.kind == "missing"}
    for difference in differences:
        if difference.kind == "added" and fold(difference.typed) in missing:
            yield replace(difference, kind="moved", written=difference.typed)
        elif difference.kind != "missing" or fold(difference.written) not in added:
            yield difference


def _by_meaning(context: SearchContext, text: str, config: SearchConfig, encode: Encode) -> tuple[Quotation, ...]:
    """Return the sentences that mean what a text does, in the articles that are surely about it, the nearest first."""
    if not context.generation.has_vectors:
        return ()
    query = Query(text=text, mode=Mode.VECTOR, k=_MEANING_ARTICLES, syntax=Syntax.WORDS)
    candidates = retrieve(context, query, config, encode)
    results = make_results(context, candidates, rank_articles(candidates.legs, query.k, config.depth), config)
    wanted = encode(context, text)
    nearest: list[tuple[float, str, int, Quotation]] = []
    for result in results:
        if result.confidence is None or result.confidence < SURE:
            continue
        chunk = result.chunks[0].chunk
        spans = [(chunk.start + start, chunk.start + end) for start, end in sentence_spans(chunk.text)]
        passages = [(float(np.dot(wanted, encode(context, result.article.text[s:e]))), s, e) for s, e in spans]
        cosine, start, end = max(passages, key=lambda passage: (passage[0], -passage[1]))
        quotation = _meant(context, text, result.article, start, end)
        nearest.append((-cosine, result.article.id, start, quotation))
    nearest.sort(key=lambda passage: passage[:3])
    return tuple(quotation for cosine, *_, quotation in nearest if -cosine >= -_BESIDE * nearest[0][0])


def _meant(context: SearchContext, text: str, article: Article, start: int, end: int) -> Quotation:
    passage = article.text[start:end]
    typed, written = ([word.key for word in placed_words(context, each)] for each in (text, passage))
    equal = sum(run.size for run in SequenceMatcher(None, typed, written, autojunk=False).get_matching_blocks())
    share = equal / max(len(typed), len(written), 1)
    return Quotation(article=article, start=start, end=end, text=passage, share=share, by="meaning")
