"""Here are articles in a stream; which of them are worked on at once, and which become one segment?

A build makes one segment, however many articles there are: each distinct word is analysed once, nothing is merged
afterwards, and a search has one place to look in. 1,000,000 chunks in segments of 70,000 would be analysed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from searchkit.types import Article

BATCH_CHARACTERS = 32_000_000
"""Text (about 32,000 chunks) that is cut, inverted and encoded before more is read: what is held in memory at once."""

SEGMENT_CHARACTERS = 4_000_000_000
"""A segment is closed after so much text, about 4,000,000 chunks."""


def segmented(articles: Iterable[Article], segment_of: Mapping[str, int]) -> Iterator[tuple[int, dict[str, Article]]]:
    """Yield batches of articles by their ids, each with the number, from 0 on, of the segment that it goes into.

    Of two articles of a batch with one id the later counts. No id comes twice in a segment: ``segment_of`` says where
    each of those was put that came before, by who puts them there before the next batch is asked for.
    """
    number = characters = 0
    for batch, size in _batches(articles):
        there = any(segment_of.get(article_id) == number for article_id in batch)
        if there or (characters and characters + size > SEGMENT_CHARACTERS):
            number, characters = number + 1, 0
        characters += size
        yield number, batch


def _batches(articles: Iterable[Article]) -> Iterator[tuple[dict[str, Article], int]]:
    """Group articles by what is held at once; yield the characters of each group too."""
    batch: dict[str, Article] = {}
    characters = 0
    for article in articles:
        batch[article.id] = article
        characters += len(article.text) + len(article.title)
        if characters >= min(BATCH_CHARACTERS, SEGMENT_CHARACTERS):
            yield batch, characters
            batch, characters = {}, 0
    if batch:
        yield batch, characters
