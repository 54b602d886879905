"""What is the archive asked? Queries of every class, their words drawn from a chunk that answers them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from whoosh.lang.stopwords import stoplists

from scripts.benchmarks.corpus import BLOCK, DAYS, FIRST_DAY, PLAIN_FROM, Corpus

K = (10, 100)

STOPS: frozenset[str] = stoplists["en"]
"""Words that searchkit leaves out of plain questions, and its peers don't."""

DATE_SHARE = 0.1
"""The share of the archive that a date filter lets through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One query.

    ``kind``: "or", "and", "phrase", "prefix", "wildcard", "fuzzy", "hybrid" or
    "given": hybrid with a query's vector given for nothing. ``days``: only articles from the first
    day to the last, both included. ``tag``: only articles that have it.
    """

    kind: str
    words: tuple[str, ...]
    days: tuple[int, int] | None = None
    tag: str | None = None

    @property
    def needs(self) -> frozenset[str]:
        """What a peer must be able to do to answer it."""
        return frozenset([self.kind, *(["date"] if self.days else []), *(["tag"] if self.tag else [])])

    @property
    def since(self) -> datetime | None:
        """The first instant of ``days``."""
        return FIRST_DAY + timedelta(days=self.days[0]) if self.days else None

    @property
    def until(self) -> datetime | None:
        """The last day's midnight: articles are published at midnight."""
        return FIRST_DAY + timedelta(days=self.days[1]) if self.days else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class of queries: its name, the kind, how many words, and its filter."""

    name: str
    kind: str
    words: int
    date: bool = False
    tag: str | None = None


CLASSES = (
    Class(name="OR 2", kind="or", words=2),
    Class(name="OR 4", kind="or", words=4),
    Class(name="OR 8", kind="or", words=8),
    Class(name="AND 2", kind="and", words=2),
    Class(name="AND 4", kind="and", words=4),
    Class(name="phrase 2", kind="phrase", words=2),
    Class(name="phrase 3", kind="phrase", words=3),
    Class(name="prefix", kind="prefix", words=1),
    Class(name="wildcard", kind="wildcard", words=1),
    Class(name="fuzzy", kind="fuzzy", words=1),
    Class(name="OR 4, date 10 %", kind="or", words=4, date=True),
    Class(name="OR 4, tag 10 %", kind="or", words=4, tag="tenth"),
    Class(name="OR 4, tag 1 %", kind="or", words=4, tag="hundredth"),
    Class(name="hybrid", kind="hybrid", words=6),
    Class(name="hybrid, vectors given", kind="given", words=6),
)


def questions(corpus: Corpus, one: Class, number: int, *, salt: int = 0) -> list[Asked]:
    """Return ``number`` queries of a class: the same for the same archive and salt."""
    place = [known.name for known in CLASSES].index(one.name)
    draw = np.random.default_rng((7, place, salt))
    chunks = _chunks(corpus)
    return [_question(corpus, one, chunks, draw) for _ in range(number)]


def _question(corpus: Corpus, one: Class, chunks: list[list[int]], draw: np.random.Generator) -> Asked:
    days = None
    if one.date:
        first = int(draw.integers(0, int(DAYS * (1 - DATE_SHARE))))
        days = (first, first + int(DAYS * DATE_SHARE) - 1)
    return Asked(kind=one.kind, words=tuple(_asked_words(corpus, one, chunks, draw)), days=days, tag=one.tag)


def _asked_words(corpus: Corpus, one: Class, chunks: list[list[int]], draw: np.random.Generator) -> list[str]:
    if one.kind == "phrase":
        return corpus.phrase(draw, one.words)
    while True:
        ranks = dict.fromkeys(chunks[int(draw.integers(0, len(chunks)))])
        words = [corpus.words[rank] for rank in ranks if rank >= PLAIN_FROM]
        words = [word for word in words if word.isalpha() and len(word) >= (7 if one.words == 1 else 4)]
        words = [word for word in words if word not in STOPS]
        if len(words) >= one.words:
            break
    chosen = [words[place] for place in draw.choice(len(words), one.words, replace=False)]
    if one.kind == "prefix":
        return [chosen[0][:4]]
    if one.kind == "wildcard":
        return [f"{chosen[0][:2]}?{chosen[0][3:5]}*"]
    if one.kind == "fuzzy":
        return [_misspelt(chosen[0], draw)]
    return chosen


def _misspelt(word: str, draw: np.random.Generator) -> str:
    """Return the word with one letter, not the first, replaced."""
    place = int(draw.integers(1, len(word) - 1))
    letter = "abcdefghijklmnopqrstuvwxyz"[int(draw.integers(0, 26))]
    return f"{word[:place]}{letter}{word[place + 1 :]}"


def _chunks(corpus: Corpus) -> list[list[int]]:
    """Return the ranks of the words of the first block's chunks, as far as they belong to the archive."""
    ids, ends = corpus.ids(0)
    return [part.tolist() for part in np.split(ids, ends[:-1])][: min(BLOCK, corpus.chunks)]
