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
from searchkit.ingest.places import Memory
from searchkit.ingest.rows import STANDARD_INPUT
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


def joined(old: Corpus | None, new: Corpus | None) -> Corpus | None:
    """Remember the places of both; where one can't be read again, or they are read differently, none."""
    if old is None or new is None or old.read != new.read:
        return None
    return replace(old, places=tuple(dict.fromkeys((*old.places, *new.places))))


def left_out(old: Corpus | None, new: Corpus | None) -> tuple[str, ...]:
    """Return the places that are remembered and neither given now nor below a place that is."""
    if old is None or new is None:
        return ()
    given = [Path(place) for place in new.places]
    return tuple(place for place in old.places if not any(Path(place).is_relative_to(one) for one in given))
