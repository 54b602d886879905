"""Encoder competence: how well an index's encoder reads each language of its articles, measured on the articles.

An encoder that hardly knows a language puts its texts close together and can't tell them apart. What it says of them
should count little; how little, the archive itself can tell. When it is built, up to 200 articles of each language are
drawn, and one part of each asks for another part among the same parts of all, by vector and by words. With r the ratio
of the two mean reciprocal ranks (Voorhees, TREC-8, 1999) the cosine's weight in that language is the archive's, times
``min(1, r / .95)²``; n articles count ``n / (n + 1)``, the rest speaks for the encoder.

The parts are an article's first and last chunk, whose vectors are there already. Where too few articles have two, they
are the halves of a chunk, which have to be encoded: one for each hundred chunks of the language, but at least 24.

r of MiniLM on 240 paragraphs a language (XQuAD), and nDCG@10 of the hybrid on 100 questions of that language with the
full weight 2.8, with the one so found, and by keyword alone: English 1.0, .989, .989, .981; Russian .20, .918, .966,
.966; Greek .23, .865, .952, .952; Arabic .10, .834, .966, .965; Hindi .18, .875, .964, .964. The bundled samples have
1.04 in English, scifact 1.03, rtqa-news 1.04.

It depends on the index alone, as a weight must: a score stays a function of query, chunk and index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from searchkit.encoders.encoder_checks import checked_rows
from searchkit.index.manifest import EncoderCompetence
from searchkit.index.segment_reader import Segment
from searchkit.index.vector_stats import groups
from searchkit.ingest.indexed_text import compose
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.types import Encoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Vectors = NDArray[np.float32]

_Item = TypeVar("_Item")

_SAMPLE = 200
"""Articles of a language: the more, the harder to find the right one, so their number is bounded."""

_FEWEST = 24
"""Among fewer any encoder finds the right one."""

_CHUNKS_A_PAIR = 100
"""Of a language with so many chunks one is cut in halves and encoded again: 1 % of what encoding them takes."""

_LONGEST = 800
"""Characters of a part that are analysed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The two parts of each article of a sample: their texts, and their vectors, ``(n, dimension)`` each."""

    questions: Sequence[str]
    answers: Sequence[str]
    question_vectors: Vectors
    answer_vectors: Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class _Language:
    """The living articles of a group of languages: the segment and row of each, how many chunks each has."""

    name: str
    articles: Sequence[tuple[Segment, int]]
    sizes: Sequence[int]


def measure_competence(segments: Sequence[Segment], encoder: Encoder) -> dict[str, EncoderCompetence]:
    """Measure an encoder on what lives in segments that all have vectors.

    A language of which too little is there has no entry.
    """
    analyzer = Analyzer()
    measured = {}
    for language in _languages(segments):
        parts = _chunk_pairs(language) or _half_pairs(language, encoder)
        if parts is not None:
            cosines = parts.question_vectors.astype(np.float64) @ parts.answer_vectors.T
            words = _shared_words(parts.questions, parts.answers, analyzer, language.name or None)
            measured[language.name] = EncoderCompetence(
                questions=len(parts.questions),
                vector=_mean_reciprocal_rank(cosines),
                keyword=_mean_reciprocal_rank(words),
            )
    return measured


def _languages(segments: Sequence[Segment]) -> Sequence[_Language]:
    articles: dict[str, list[tuple[Segment, int]]] = {}
    sizes: dict[str, list[int]] = {}
    for segment in segments:
        names, counts = groups(segment), np.diff(segment.starts).tolist()
        for row in np.flatnonzero(segment.living_articles).tolist():
            articles.setdefault(names[row], []).append((segment, row))
            sizes.setdefault(names[row], []).append(counts[row])
    return [_Language(name=name, articles=articles[name], sizes=sizes[name]) for name in sorted(articles)]


def _chunk_pairs(language: _Language) -> _Parts | None:
    """Return the first and last chunks of articles of several; None where these are too few."""
    several = [article for article, size in zip(language.articles, language.sizes, strict=True) if size > 1]
    if len(several) < _FEWEST:
        return None
    sample = _evenly(several, _SAMPLE)
    rows = [(int(segment.starts[row]), int(segment.starts[row + 1]) - 1) for segment, row in sample]
    texts = [_chunk_texts(segment, row, chunks) for (segment, row), chunks in zip(sample, rows, strict=True)]
    first, last = (
        np.asarray(
            [
                segment.vectors.matrix[chunks[side]]
                for (segment, _), chunks in zip(sample, rows, strict=True)
                if segment.vectors is not None
            ]
        )
        for side in (0, 1)
    )
    return _Parts(
        questions=[question for question, _ in texts],
        answers=[answer for _, answer in texts],
        question_vectors=first,
        answer_vectors=last,
    )


def _half_pairs(language: _Language, encoder: Encoder) -> _Parts | None:
    """Return the halves of one chunk of each article, encoded; None where the articles are too few."""
    count = min(_SAMPLE, max(_FEWEST, sum(language.sizes) // _CHUNKS_A_PAIR))
    if len(language.articles) < _FEWEST:
        return None
    texts = []
    for segment, row in _evenly(language.articles, count):
        text = segment.articles.chunks(int(segment.starts[row]), 1)[0].text[: 2 * _LONGEST]
        middle = text.find(" ", len(text) // 2)
        cut = middle if middle >= 0 else len(text) // 2
        if cut:
            texts.append((text[:cut], text[cut:]))
    if len(texts) < _FEWEST:
        return None
    questions, answers = [question for question, _ in texts], [answer for _, answer in texts]
    return _Parts(
        questions=questions,
        answers=answers,
        question_vectors=_encoded(questions, encoder),
        answer_vectors=_encoded(answers, encoder),
    )


def _encoded(texts: Sequence[str], encoder: Encoder) -> Vectors:
    """Return the vectors of some texts, ``(n, dimension)``: as queries, since they are no chunks that anybody keeps."""
    return checked_rows([encoder.encode_query(text) for text in texts], encoder.name, texts, encoder.dimension)


def _chunk_texts(segment: Segment, row: int, chunks: tuple[int, int]) -> tuple[str, str]:
    """Return the texts of two chunks of an article, with the title that their vectors know, too."""
    article = segment.articles.stored(row).article
    first, last = (segment.articles.chunks(chunk, 1, article)[0] for chunk in chunks)
    question, answer = (compose(article, chunk).joined[:_LONGEST] for chunk in (first, last))
    return question, answer


def _evenly(items: Sequence[_Item], count: int) -> Sequence[_Item]:
    """Return ``count`` items at even distances; all where there are no more."""
    return [items[place * len(items) // count] for place in range(count)] if len(items) > count else items


def _shared_words(questions: Sequence[str], answers: Sequence[str], analyzer: Analyzer, language: str | None) -> Scores:
    """Return how much each answer shares with each question, ``(questions, answers)``: rare words weigh more.

    The parts are of like length, so neither that nor how often a word stands there matters.
    """
    sharing: dict[str, Scores] = {}
    for place, answer in enumerate(answers):
        for term in set(_terms(answer, analyzer, language)):
            sharing.setdefault(term, np.zeros(len(answers)))[place] = 1.0
    scores = np.zeros((len(questions), len(answers)))
    for place, question in enumerate(questions):
        for term in set(_terms(question, analyzer, language)) & sharing.keys():
            scores[place] += sharing[term] * np.log1p(len(answers) / sharing[term].sum())
    return scores


def _terms(text: str, analyzer: Analyzer, language: str | None) -> list[str]:
    """Return the terms of a text."""
    return [unit.terms[0] for word in analyzer.query_terms(text, [language]) for unit in word.units if unit.terms]


def _mean_reciprocal_rank(scores: Scores) -> float:
    """Return the mean of 1 / rank of each question's own answer, 0 where its score is 0.

    Equal scores share the middle of their ranks: who can't tell texts apart hasn't found one.
    """
    own = np.diagonal(scores)
    equal = (scores == own[:, None]).sum(axis=1)
    ranks = 1 + (scores > own[:, None]).sum(axis=1) + (equal - 1) / 2
    return float(np.mean(np.where(own > 0, 1 / ranks, 0.0)))
