"""Here are articles from a program, or places; what is read now, and what does an index remember to read again?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from searchkit.config import ReadConfig
from searchkit.errors import ConfigError
from searchkit.index.facts import Corpus
from searchkit.index.intake import Given
from searchkit.ingest import read as read_places
from searchkit.ingest.article_reader import Memory
from searchkit.ingest.formats.jsonl import STANDARD_INPUT
from searchkit.types import Article, Progress

Handed = Iterable[Article | Mapping[str, Any]]
"""Articles from a program: records, or dicts with the keys that JSONL has."""


def corpus_of(articles: Handed | None, places: Sequence[str | Path], read: ReadConfig | None) -> Corpus | None:
    """Name what a rebuild can read again: places, as absolute paths. Raises ``ConfigError`` unless one is given."""
    if (articles is None) == (not places):
        raise ConfigError("Either articles or places are needed.", hint="Give one of the two.")
    if articles is not None:
        return None
    return Corpus(
        places=tuple(
            STANDARD_INPUT if str(place) == STANDARD_INPUT else str(Path(place).expanduser().absolute())
            for place in places
        ),
        read=read or ReadConfig(),
    )


def given_of(
    articles: Handed | None, corpus: Corpus | None, progress: Progress | None, memory: Memory | None = None
) -> Iterable[Given]:
    """Return what was handed over, or what is read at the places; ``memory`` knows their files."""
    if articles is not None:
        return articles
    return read_places(corpus.places, corpus.read, progress=progress, memory=memory) if corpus else ()


def rereadable(corpus: Corpus | None) -> Corpus | None:
    """Leave out standard input, which can't be read a second time; None where no place is left."""
    if corpus is None:
        return None
    places = tuple(place for place in corpus.places if place != STANDARD_INPUT)
    return replace(corpus, places=places) if places else None


def is_without_file(path: str | None) -> bool:
    """Say whether an article came from a program or standard input, by the path of its origin."""
    return path in ("", STANDARD_INPUT)


def brings_articles_without_file(corpus: Corpus | None) -> bool:
    """Say whether articles without a file may be among what is read: a program's (None), or those of standard input."""
    return corpus is None or STANDARD_INPUT in corpus.places


def joined(old: Corpus | None, new: Corpus | None) -> Corpus | None:
    """Remember the places of both; none where those of before aren't known, or the new ones are read differently.

    Articles that no file holds change nothing in it: they stay in the index, whatever is read again.
    """
    new = rereadable(new)
    if new is None:
        return old
    if old is None or old.read != new.read:
        return None
    return replace(old, places=tuple(dict.fromkeys((*old.places, *new.places))))


def left_out(old: Corpus | None, new: Corpus | None) -> tuple[str, ...]:
    """Return the places that are remembered and neither given now nor below a place that is."""
    if old is None:
        return ()
    current = [Path(place) for place in new.places] if new else []
    return tuple(place for place in old.places if not any(Path(place).is_relative_to(one) for one in current))
