"""What is a generation before it is published? Here are articles; lay out their segments, then publish all at once."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np

import searchkit
from searchkit.config import IndexConfig
from searchkit.index import files
from searchkit.index.deletions import Deletions
from searchkit.index.intake import Intake
from searchkit.index.keyword.delta import deltas
from searchkit.index.manifest import (
    Corpus,
    EncoderFact,
    Manifest,
    SegmentFact,
    current_generation,
    publish,
    write_manifest,
)
from searchkit.index.paths import IndexPaths, is_hidden_name, is_number_name, number_name
from searchkit.index.reader import Generation
from searchkit.index.segment import FindVectors, Segment, chunk_texts, write_segment
from searchkit.types import Article, BuildReport, Encoder, Progress

SEGMENT_CHARACTERS = 64_000_000
"""A segment is closed after so much text (about 70,000 chunks): what is held in memory at once stays below .5 GB."""


class Draft:
    """The next generation of an index, while its writer holds the lock.

    Made on top of ``parent``, whose segments it keeps, or of nothing. Left without ``publish`` it removes what it
    wrote.
    """

    def __init__(
        self,
        paths: IndexPaths,
        parent: Generation | None,
        config: IndexConfig,
        encoder: Encoder,
        known: FindVectors,
        progress: Progress | None,
    ) -> None:
        self.articles = 0
        self._paths, self._parent, self._config, self._encoder = paths, parent, config, encoder
        self._known, self._progress = known, progress
        self._facts: list[SegmentFact] = []
        self._languages: Counter[str] = Counter(parent.manifest.languages if parent else {})
        self._segment_of: dict[str, int] = {}
        self._replaced: dict[str, set[str]] = defaultdict(set)
        self._encoded = self._reused = 0
        self._published = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._published:
            for fact in self._facts:
                files.remove(self._paths.segment(fact.name))
            self._sweep_hidden()

    def sweep(self) -> None:
        """Remove what writers left that were stopped: hidden files, and what no published generation can name."""
        self._sweep_hidden()
        current = self._current
        for path in self._numbered(self._paths.generations, ".json"):
            if int(path.stem) > current:
                files.remove(path)
        for path in self._numbered(self._paths.deletions):
            if int(path.name) > current:
                files.remove(path)
        named = set(self._names_in_manifests())
        for path in self._numbered(self._paths.segments):
            if path.name not in named:
                files.remove(path)

    def add(self, articles: Iterable[Article]) -> None:
        """Write the articles' segments; of two with one id the later counts. Raises ``StorageError``."""
        for batch in _batches(articles):
            name = number_name(self._next_segment())
            written = write_segment(
                self._paths,
                name,
                list(batch.values()),
                config=self._config,
                encoder=self._encoder,
                known=self._known,
                progress=self._progress,
            )
            for article_id in batch:
                if article_id in self._segment_of:
                    self._replaced[self._facts[self._segment_of[article_id]].name].add(article_id)
                    self.articles -= 1
                self._segment_of[article_id] = len(self._facts)
            self._facts.append(written.fact)
            self._encoded += written.encoded
            self._reused += written.reused
            self._languages.update(article.language or "" for article in batch.values())
            self.articles += len(batch)

    def publish(self, corpus: Corpus | None) -> Manifest:
        """Write deletions and manifest, flush them, and put the generation in force. Raises ``StorageError``."""
        number = self._current + 1
        kept = tuple(self._parent.manifest.segments) if self._parent else ()
        facts = [self._after_deletions(fact, number) for fact in (*kept, *self._facts)]
        manifest = Manifest(
            generation=number,
            parent=self._current or None,
            created=datetime.now(UTC).replace(microsecond=0),
            writer=searchkit.__version__,
            config=self._config,
            encoder=EncoderFact(
                name=self._encoder.name, fingerprint=self._encoder.fingerprint, dimension=self._encoder.dimension
            ),
            corpus=None if corpus is None or "-" in corpus.places else corpus,
            segments=tuple(fact for fact in facts if fact.living_chunks),
            languages={code: count for code, count in sorted(self._languages.items()) if count > 0},
        )
        write_manifest(self._paths, manifest)
        publish(self._paths, number)
        self._published = True
        return manifest

    def report(self, manifest: Manifest, intake: Intake, started: float, notes: tuple[str, ...] = ()) -> BuildReport:
        """Tell what was done; ``started`` is the monotonic time in seconds at which it began."""
        return BuildReport(
            path=str(self._paths.root),
            generation=manifest.generation,
            articles=self.articles,
            chunks=sum(fact.chunks for fact in self._facts),
            vectors_encoded=self._encoded,
            vectors_reused=self._reused,
            problems=tuple(intake.problems),
            notes=notes,
            took_s=time.monotonic() - started,
        )

    def _after_deletions(self, fact: SegmentFact, generation: int) -> SegmentFact:
        """Delete from a segment the articles that later ones replace."""
        with Segment(self._paths, fact, dimension=self._encoder.dimension) as segment:
            mine = fact.name in {one.name for one in self._facts}
            ids = self._replaced[fact.name] if mine else self._segment_of
            found = {row for row in map(segment.living_row, ids) if row is not None}
            if not found:
                return fact
            for row in found:
                self._languages[segment.articles.stored(row).article.language or ""] -= 1
            gone = ~segment.living_articles
            gone[sorted(found)] = True
            deletions = Deletions(
                rows=segment.rows_of(gone),
                counts=deltas(segment.postings, chunk_texts(segment, map(int, np.flatnonzero(gone)))),
            )
        written = deletions.write(self._paths, generation, fact.name, articles=int(np.count_nonzero(gone)))
        return replace(fact, deletions=written)

    @property
    def _current(self) -> int:
        """The generation in force, 0 where there is none yet."""
        return current_generation(self._paths) if self._paths.current.exists() else 0

    def _next_segment(self) -> int:
        taken = [int(path.name) for path in self._numbered(self._paths.segments)]
        return max(taken, default=0) + 1

    def _sweep_hidden(self) -> None:
        for folder in (self._paths.root, self._paths.generations, self._paths.segments):
            if folder.is_dir():
                for path in folder.iterdir():
                    if is_hidden_name(path.name):
                        files.remove(path)

    def _names_in_manifests(self) -> Iterator[str]:
        """Name every segment that a manifest mentions, read as plain text so that no damage hides a name."""
        for path in self._numbered(self._paths.generations, ".json"):
            text = path.read_text(encoding="utf-8", errors="replace")
            yield from (piece for piece in text.split('"') if is_number_name(piece))

    @staticmethod
    def _numbered(folder: Path, suffix: str = "") -> list[Path]:
        if not folder.is_dir():
            return []
        return [path for path in sorted(folder.iterdir()) if path.suffix == suffix and is_number_name(path.stem)]


def _batches(articles: Iterable[Article]) -> Iterator[dict[str, Article]]:
    """Group articles, by id, into what one segment takes."""
    batch: dict[str, Article] = {}
    characters = 0
    for article in articles:
        batch[article.id] = article
        characters += len(article.text) + len(article.title)
        if characters >= SEGMENT_CHARACTERS:
            yield batch
            batch, characters = {}, 0
    if batch:
        yield batch
