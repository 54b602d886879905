"""What is a generation before it is published? Here are articles; lay out their segments, then publish all at once."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

import numpy as np

import searchkit
from searchkit.config import IndexConfig
from searchkit.index.deletions import Deletions
from searchkit.index.intake import Intake
from searchkit.index.keyword.delta import deltas, joined_deltas
from searchkit.index.manifest import (
    Corpus,
    EncoderFact,
    Manifest,
    SegmentFact,
    current_generation,
    publish,
    write_manifest,
)
from searchkit.index.merging import Part, groups_to_merge, write_merged
from searchkit.index.paths import IndexPaths, number_name
from searchkit.index.reader import Generation
from searchkit.index.segment import FindVectors, Segment, chunk_texts, write_segment
from searchkit.index.sweeping import numbered, sweep
from searchkit.types import Article, BuildReport, Encoder, Progress

SEGMENT_CHARACTERS = 64_000_000
"""A segment is closed after so much text (about 70,000 chunks): what is held in memory at once stays below .5 GB."""


class Draft:
    """The next generation of an index, while its writer holds the lock.

    Made on top of ``parent``, whose segments it keeps, or of nothing. It begins by removing what stopped writers left.
    Left without ``publish`` it removes what it wrote.
    """

    def __init__(
        self,
        paths: IndexPaths,
        parent: Generation | None,
        config: IndexConfig,
        encoder: EncoderFact,
        progress: Progress | None,
    ) -> None:
        self.articles = 0
        self.deleted = 0
        """Articles of the parent that are taken out, counted when it is published."""
        self._paths, self._parent, self._config, self._encoder = paths, parent, config, encoder
        self._progress = progress
        self._facts: list[SegmentFact] = []
        self._languages: Counter[str] = Counter(parent.manifest.languages if parent else {})
        self._segment_of: dict[str, int] = {}
        self._replaced: dict[str, set[str]] = defaultdict(set)
        self._deleted: set[str] = set()
        self._encoded = self._reused = 0
        self._published = False

    def __enter__(self) -> Self:
        sweep(self._paths)
        return self

    def __exit__(self, *_: object) -> None:
        # Swept by what CURRENT says, not by what was meant: it may have been replaced before the disk refused.
        if not self._published:
            sweep(self._paths)

    def add(self, articles: Iterable[Article], encoder: Encoder, known: FindVectors) -> None:
        """Write the articles' segments; of two with one id the later counts. Raises ``StorageError``."""
        for batch in _batches(articles):
            written = write_segment(
                self._paths,
                self._next_name(),
                list(batch.values()),
                config=self._config,
                encoder=encoder,
                known=known,
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

    def delete(self, article_ids: Iterable[str]) -> None:
        """Take articles of the parent out."""
        self._deleted.update(article_ids)

    @property
    def deleting(self) -> bool:
        """Whether articles of the parent are to be taken out."""
        return bool(self._deleted)

    def publish(self, corpus: Corpus | None, *, compact: bool = False) -> Manifest:
        """Merge what has become many, write deletions and manifest, flush them, and put the generation in force.

        With ``compact`` all segments become one. Raises ``StorageError``, ``IndexCorrupt``.
        """
        number = self._current + 1
        with ExitStack() as opened:
            parts = [part for part in self._parts(opened) if part.living_chunks]
            sizes = [(part.living_chunks, part.segment.fact.chunks) for part in parts]
            groups = [list(range(len(parts)))] if compact and parts else groups_to_merge(sizes)
            merged = {place for group in groups for place in group}
            facts = [self._marked(part, number) for place, part in enumerate(parts) if place not in merged]
            facts += [self._merged([parts[place] for place in group]) for group in groups]
        manifest = Manifest(
            generation=number,
            parent=self._current or None,
            created=datetime.now(UTC).replace(microsecond=0),
            writer=searchkit.__version__,
            config=self._config,
            encoder=self._encoder,
            corpus=None if corpus is None or "-" in corpus.places else corpus,
            segments=tuple(facts),
            languages={code: count for code, count in sorted(self._languages.items()) if count > 0},
        )
        write_manifest(self._paths, manifest)
        publish(self._paths, number)
        self._published = True
        if number == 1:  # what a build left that was stopped before it published
            sweep(self._paths)
        return manifest

    def report(self, manifest: Manifest, intake: Intake, started: float, notes: Sequence[str] = ()) -> BuildReport:
        """Tell what was done; ``started`` is the monotonic time in seconds at which it began."""
        return BuildReport(
            path=str(self._paths.root),
            generation=manifest.generation,
            articles=self.articles,
            chunks=sum(fact.chunks for fact in self._facts),
            vectors_encoded=self._encoded,
            vectors_reused=self._reused,
            problems=tuple(intake.problems),
            notes=tuple(notes),
            took_s=time.monotonic() - started,
            new=self.articles,
            deleted=self.deleted,
        )

    def _parts(self, opened: ExitStack) -> Iterator[Part]:
        """Yield every segment, with what is deleted of it."""
        replacing, deleting = list(self._segment_of), list(self._deleted - self._segment_of.keys())
        for segment in self._parent.segments if self._parent else ():
            deleted = segment.living_rows(deleting)
            self.deleted += len(deleted)
            yield self._part(segment, sorted([*deleted, *segment.living_rows(replacing)]))
        for fact in self._facts:
            segment = opened.enter_context(Segment(self._paths, fact, dimension=self._encoder.dimension))
            yield self._part(segment, segment.living_rows(list(self._replaced[fact.name])))

    def _part(self, segment: Segment, fresh: list[int]) -> Part:
        self._languages.subtract(segment.articles.languages(fresh))
        gone = ~segment.living_articles
        gone[fresh] = True
        return Part(segment=segment, gone=gone, fresh=tuple(fresh))

    def _marked(self, part: Part, generation: int) -> SegmentFact:
        """Write what is deleted of a segment that stays: its fact is that of before where nothing new is."""
        segment = part.segment
        if not part.fresh:
            return segment.fact
        counts = deltas(segment.postings, chunk_texts(segment, part.fresh))
        if segment.deletions is not None:
            counts = joined_deltas(segment.deletions.counts, counts)
        deletions = Deletions(rows=segment.rows_of(part.gone), counts=counts)
        written = deletions.write(self._paths, generation, segment.fact.name, articles=int(np.count_nonzero(part.gone)))
        return replace(segment.fact, deletions=written)

    def _merged(self, parts: list[Part]) -> SegmentFact:
        return write_merged(
            self._paths,
            self._next_name(),
            parts,
            title_weight=self._config.title_weight,
            dimension=self._encoder.dimension,
            progress=self._progress,
        )

    @property
    def _current(self) -> int:
        """The generation in force, 0 where there is none yet."""
        return current_generation(self._paths) if self._paths.current.exists() else 0

    def _next_name(self) -> str:
        taken = [int(path.name) for path in numbered(self._paths.segments)]
        return number_name(max(taken, default=0) + 1)


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
