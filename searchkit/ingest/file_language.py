"""File language: the language of articles too short to have one of their own, told from the others of their file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from searchkit.ingest.language_detection import is_short, main_language
from searchkit.types import Article, Problem

LOOKED_AT = 200
"""Articles at the beginning of a file from which its language, and that of each of its sources, is told."""

LOOKED_AT_CHARACTERS = 4_000_000
"""No more of them are held in memory."""

_FEWEST = 3
"""Articles of a source of which a language is told."""

_MOST_OF = 2 / 3
"""The share of its articles of known language that a file's language has: one of several languages has none."""


def in_its_language(entries: Iterator[Article | Problem]) -> Iterator[Article | Problem]:
    """Give articles too short for their language to be told that of their source in the file, or else that of the file.

    A title alone is too short to be told; the titles of a file together are not. A longer text that can't be told may
    be of any language, and stays without. It depends on the file's first articles alone, so that an article has the
    same language whenever the file is read.
    """
    head: list[Article | Problem] = []
    failure: Exception | None = None
    characters = 0
    try:
        for entry in entries:
            head.append(entry)
            characters += len(entry.text) + len(entry.title) if isinstance(entry, Article) else 0
            if len(head) == LOOKED_AT or characters > LOOKED_AT_CHARACTERS:
                break
    except Exception as error:  # what came before counts, and is told first
        failure = error
    articles = [entry for entry in head if isinstance(entry, Article)]
    of_file = _common_language(articles)
    sources = {article.source for article in articles if article.source and not article.language}
    of_source = {
        source: _common_language([article for article in articles if article.source == source]) or of_file
        for source in sources
    }
    for entry in chain(head, () if failure else entries):
        if isinstance(entry, Article) and not entry.language and is_short(entry.title, entry.text):
            language = of_source.get(entry.source or "", of_file)
            yield replace(entry, language=language or None)
        else:
            yield entry
    if failure is not None:
        raise failure


def _common_language(articles: Sequence[Article]) -> str:
    """Return the language that nearly all of some articles are of, "" where there is none."""
    counts = Counter(article.language or "" for article in articles)
    if len(articles) < _FEWEST:
        return ""
    unknown = [f"{article.title} {article.text[:100]}" for article in articles if not article.language]
    language = main_language(counts, unknown)
    return language if counts[language] >= _MOST_OF * (len(articles) - counts[""]) else ""
