"""Generation: an index in its state in force, opened; it never changes, whatever a writer does."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from itertools import product
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self
from weakref import finalize

import numpy as np

from searchkit.config import SearchConfig
from searchkit.errors import IndexCorrupt, QueryError
from searchkit.field_config import FieldConfig
from searchkit.index.bundled_encoder import encoder_of
from searchkit.index.declared_dates import ranges_of, with_dates
from searchkit.index.declared_fields import refuse_words
from searchkit.index.filters import articles_for, articles_where, field_names
from searchkit.index.label_columns import LabelColumn, label_column
from searchkit.index.lock import hold_for_reading, release
from searchkit.index.manifest import Manifest, in_force, manifest_of, read_manifest
from searchkit.index.paths import ARTICLES, EIGHT_BITS, IDS, POSTINGS, VECTORS, IndexPaths
from searchkit.index.segment_reader import Segment, ids_over, placed_ids
from searchkit.index.sort_keys import sort_keys
from searchkit.index.vector_index import best_of
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.storage.files import unreadable
from searchkit.types import NO_FILTER, Article, Chunk, Encoder, Filter, IndexInfo, Where

if TYPE_CHECKING:
    from numpy.typing import NDArray


_FILTERS = 16
"""Filters whose rows are remembered, a byte a row each: people search again with the same filter."""


_CHARACTERS = 1 << 24
"""Characters of articles that are remembered, since those that were found are found again: 16 to 32 MB."""

_SORTED = 8
"""Fields and directions whose sort keys are remembered, eight bytes an article each."""

_LABELS = 2_000_000
"""Values of articles that are remembered as columns, 17 bytes each: a million articles' sources and languages."""

_RECORD = 1_000
"""What a record takes beside its text."""


def _article_size(read: tuple[Article, range]) -> int:
    return len(read[0].text) + _RECORD


def _chunk_size(chunk: Chunk) -> int:
    return len(chunk.text) + _RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentVectors:
    """An article of a generation: the digest of its content, and the path of the file that it was read from.

    The path is "" where a program handed the article over, None where it isn't known (format 1).
    """

    digest: bytes
    path: str | None


class Generation:
    """A complete, immutable state of an index, opened. Safe to share among threads.

    Its rows are its segments' rows one after another: row = base of the segment + row in the segment.
    """

    def __init__(self, paths: IndexPaths, number: int, *, seal: str | None = None) -> None:
        """Read the manifest of a generation and open all its segments; until ``close``, ``gc`` leaves them alone.

        ``seal`` is the digest that the manifest must have, where CURRENT names it.

        Raises ``IndexCorrupt`` naming the file that is missing or damaged, ``FormatTooOld`` or ``FormatTooNew``.
        """
        with ExitStack() as opened:
            opened.callback(_held(paths.manifest(number), self))
            manifest = read_manifest(paths, number, seal=seal)
            segments = [
                opened.enter_context(Segment(paths, fact, dimension=manifest.encoder.dimension))
                for fact in manifest.segments
            ]
            self._opened = opened.pop_all()
        self._take(paths, manifest, segments, seal)

    def _take(self, paths: IndexPaths, manifest: Manifest, segments: Sequence[Segment], seal: str | None) -> None:
        """Take what was opened, and lay out the rows."""
        self.paths = paths
        self.seal = seal
        self.manifest = manifest
        self.segments = tuple(segments)
        self.note = ""
        """What every search should tell of it."""
        self._filtered: dict[Where, NDArray[np.bool_]] = {}
        self._articles: BoundedCache[int, tuple[Article, range]] = BoundedCache(_CHARACTERS, _article_size)
        self._chunks: BoundedCache[int, Chunk] = BoundedCache(_CHARACTERS // 2, _chunk_size)
        self._sort_keys: BoundedCache[tuple[str, bool], NDArray[np.int64]] = BoundedCache(_SORTED)
        self._label_columns: BoundedCache[str, LabelColumn] = BoundedCache(_LABELS, len)
        self._guard = Lock()
        sizes = [segment.fact.chunks for segment in self.segments]
        self.bases: NDArray[np.int64] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        """``(segments + 1,)``: the first row of each segment, and the number of rows at the end."""

    holds_all_rows = True
    """Sets of its rows can be searched in."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._articles.clear()
        self._chunks.clear()
        self._opened.close()

    @property
    def label(self) -> str:
        """The folder of the index, as it is shown."""
        return str(self.paths.root)

    @cached_property
    def rows(self) -> int:
        """Count the rows, deleted ones included."""
        return int(self.bases[-1])

    @cached_property
    def article_bases(self) -> NDArray[np.int64]:
        """``(segments + 1,)``: the number of the first article of each segment, counted over all."""
        return np.concatenate([[0], np.cumsum([segment.fact.articles for segment in self.segments])]).astype(np.int64)

    @cached_property
    def article_count(self) -> int:
        """Count the articles, deleted ones included."""
        return int(self.article_bases[-1])

    @cached_property
    def rows_are_articles(self) -> bool:
        """Whether each article has one chunk, so that the number of an article is its row."""
        return self.article_count == self.rows

    @cached_property
    def article_starts(self) -> NDArray[np.int64]:
        """``(articles + 1,)``: the first row of each article, counted over all segments, and the number of rows."""
        parts = [segment.starts[:-1] + base for segment, base in zip(self.segments, self.bases, strict=False)]
        return np.concatenate([*parts, self.bases[-1:]])

    @cached_property
    def article_of_row(self) -> NDArray[np.int64]:
        """``(rows,)``: the number of each row's article, counted over all segments."""
        parts = [
            segment.article_of_row + base for segment, base in zip(self.segments, self.article_bases, strict=False)
        ]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    @cached_property
    def living(self) -> NDArray[np.bool_] | None:
        """``(rows,)``: which rows aren't deleted; None where all live."""
        if all(segment.deletions is None for segment in self.segments):
            return None
        return self.spread([segment.living_articles for segment in self.segments])

    @cached_property
    def vectored(self) -> NDArray[np.bool_] | None:
        """``(rows,)``: which rows have a vector, deleted ones included; None where all have."""
        if all(segment.vectors is not None for segment in self.segments):
            return None
        has = [segment.vectors is not None for segment in self.segments]
        return np.repeat(np.asarray(has, dtype=bool), np.diff(self.bases))

    @cached_property
    def field_names(self) -> frozenset[str]:
        """Name the fields that articles can be filtered by: those they have, and those that were declared."""
        declared = frozenset(name for name, config in self.declared.items() if not config.is_text)
        return declared.union(*(field_names(segment) for segment in self.segments))

    @cached_property
    def declared(self) -> Mapping[str, FieldConfig]:
        """What was declared of fields."""
        return self.manifest.config.fields

    @cached_property
    def searchable(self) -> tuple[str, ...]:
        """The articles' own fields whose words are found, sorted."""
        return tuple(sorted({name for segment in self.segments for name in segment.postings.searchable}))

    @cached_property
    def date_names(self) -> frozenset[str]:
        """The fields that were declared as dates."""
        return frozenset(name for name, config in self.declared.items() if config.single_type == "date")

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The fields that no article is shown with."""
        return frozenset(name for name, config in self.declared.items() if not config.stored)

    @cached_property
    def has_vectors(self) -> bool:
        """Whether any living chunk has a vector."""
        return self.manifest.vectors > 0

    @cached_property
    def languages(self) -> tuple[str | None, ...]:
        """By which languages the living articles are analysed, the most frequent first; None where some have none."""
        counted = sorted(self.manifest.languages.items(), key=lambda item: (-item[1], item[0]))
        return tuple(dict.fromkeys(self.analysed_as(code) for code, _ in counted))

    def analysed_as(self, language: str | None) -> str | None:
        """Return the language by which articles of a language are analysed: of an unknown one, the archive's main."""
        return language or self.manifest.unknown_as or None

    @cached_property
    def settings(self) -> SearchConfig:
        """What a search that names no settings uses: those that the manifest names, or else the defaults."""
        return self.manifest.settings.to_config() if self.manifest.settings else SearchConfig()

    def load_encoder(self) -> Encoder:
        """Return the encoder that made the vectors. Raises as ``bundled_encoder.encoder_of`` does."""
        return encoder_of(self.paths, self.manifest)

    def spread(self, articles: list[NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """Turn a choice of articles for each segment into a choice of rows, ``(rows,)``."""
        parts = [segment.rows_of(mask) for segment, mask in zip(self.segments, articles, strict=True)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.empty(0, dtype=bool)

    def rows_where(self, where: Where) -> NDArray[np.bool_] | None:
        """Return ``(rows,)``: the living rows whose article passes the filter; None where all do."""
        if where == NO_FILTER:
            return self.living
        where = with_dates(where, self.date_names, self._now)
        mask = self._filtered.get(where)
        if mask is None:
            mask = self.spread([articles_where(segment, where) for segment in self.segments])
            mask.setflags(write=False)
            with self._guard:
                while len(self._filtered) >= _FILTERS:
                    del self._filtered[next(iter(self._filtered))]
                self._filtered[where] = mask
        return mask

    def meeting(self, condition: Filter, now: Callable[[], datetime] | None = None) -> list[NDArray[np.bool_]]:
        """Return for each segment ``(articles,)``: the living ones that meet a condition, whose dates are read here.

        ``now`` tells the time by the asker's clock. Raises ``QueryError`` where a value of a field of dates is none.
        """
        ranges = ranges_of(condition, self.date_names, now or self._now)
        masks = []
        for segment in self.segments:
            mask = np.zeros(segment.fact.articles, dtype=bool)
            for each in ranges:
                mask |= articles_for(segment, each)
            masks.append(mask)
        return masks

    def _now(self) -> datetime:
        from searchkit.ingest.dates import now_in

        return now_in(self.settings.time_zone)

    def articles_where(self, where: Where) -> NDArray[np.int64]:
        """Return the numbers over all segments of the living articles that pass the filter, ascending."""
        where = with_dates(where, self.date_names, self._now)
        passing = [np.flatnonzero(articles_where(segment, where)) for segment in self.segments]
        parts = [rows + base for rows, base in zip(passing, self.article_bases, strict=False)]
        return np.concatenate([np.empty(0, dtype=np.int64), *parts])

    def sort_keys(self, name: str, *, descending: bool) -> NDArray[np.int64]:
        """Return ``(articles,)`` what ``index/sort_keys.py`` says of a field; the latest are remembered.

        Raises ``IndexCorrupt``.
        """
        keys = self._sort_keys.get((name, descending))
        if keys is None:
            keys = self._sort_keys[name, descending] = sort_keys(self.segments, name, descending=descending)
        return keys

    def label_column(self, name: str) -> LabelColumn:
        """Return which articles have which values of a field; the latest are remembered. Raises ``IndexCorrupt``."""
        column = self._label_columns.get(name)
        if column is None:
            column = self._label_columns[name] = label_column(self.segments, self.article_bases, name)
        return column

    def place(self, row: int) -> tuple[Segment, int]:
        """Return the segment of a row, and the row in it."""
        number = int(np.searchsorted(self.bases, row, side="right")) - 1
        return self.segments[number], row - int(self.bases[number])

    def article_ids(self, numbers: NDArray[np.int64]) -> list[str]:
        """Return the ids of some articles, in their order, by their numbers over all segments."""
        return ids_over(self.segments, self.article_bases, numbers)

    def placed_ids(self, numbers: NDArray[np.int64], scores: NDArray[np.float64]) -> list[str]:
        """Return the ids of some articles as their scores stand, which fall; of equal ones in their own order."""
        return placed_ids(self.segments, self.article_bases, numbers, scores)

    def article_at(self, number: int) -> tuple[Article, range]:
        """Return an article by its number over all segments, and the rows of its chunks."""
        return self.articles_at(np.asarray([number], dtype=np.int64))[0]

    def articles_at(self, numbers: NDArray[np.int64]) -> list[tuple[Article, range]]:
        """Return some articles by their numbers over all segments, each with the rows of its chunks, in their order.

        All of a segment's are read together; those that were read lately are remembered.
        """
        wanted = numbers.tolist()
        articles = {number: article for number in wanted if (article := self._articles.get(number))}
        if absent := [number for number in wanted if number not in articles]:
            for number, article in self._read_articles(absent):
                articles[number] = self._articles[number] = article
        return [articles[number] for number in wanted]

    def _read_articles(self, numbers: list[int]) -> Iterator[tuple[int, tuple[Article, range]]]:
        """Yield the number of each of some articles, and the article with the rows of its chunks."""
        for segment, places, own in self._by_segment(np.asarray(numbers, dtype=np.int64), self.article_bases):
            starts = segment.starts
            for place, stored in zip(places, segment.articles.stored_at(own), strict=True):
                if (starts[stored.row], starts[stored.row + 1]) != (stored.chunk, stored.chunk + stored.chunks):
                    raise segment.articles.corrupt(f"the article in row {stored.row} has chunks that aren't its own")
                first = int(self.article_starts[numbers[place]])
                yield numbers[place], (stored.article, range(first, first + stored.chunks))

    def chunks_of(self, rows: Sequence[int], articles: Sequence[Article]) -> list[Chunk]:
        """Return the chunks of some rows, in their order; ``articles`` has the article of each.

        All of a segment's are read together; those that were read lately are remembered.
        """
        chunks = {row: chunk for row in rows if (chunk := self._chunks.get(row))}
        if absent := {row: article for row, article in zip(rows, articles, strict=True) if row not in chunks}:
            wanted, owners = list(absent), list(absent.values())
            for segment, places, own in self._by_segment(np.asarray(wanted, dtype=np.int64), self.bases):
                read = segment.articles.chunks_at(own, [owners[place] for place in places])
                for place, chunk in zip(places, read, strict=True):
                    chunks[wanted[place]] = self._chunks[wanted[place]] = chunk
        return [chunks[row] for row in rows]

    def _by_segment(
        self, numbers: NDArray[np.int64], bases: NDArray[np.int64]
    ) -> Iterator[tuple[Segment, Sequence[int], list[int]]]:
        """Yield each segment that has some of the numbers: their places among all, and what they are within it."""
        if len(self.segments) == 1:
            yield self.segments[0], range(len(numbers)), numbers.tolist()
            return
        owners = np.searchsorted(bases, numbers, side="right") - 1
        for owner in np.unique(owners).tolist():
            places = np.flatnonzero(owners == owner)
            yield self.segments[owner], places.tolist(), (numbers[places] - bases[owner]).tolist()

    def chunks_at(self, rows: range) -> tuple[Chunk, ...]:
        """Return the chunks of consecutive rows of one segment."""
        segment, first = self.place(rows.start)
        return segment.articles.chunks(first, len(rows))

    def find_article(self, article_id: str) -> tuple[Article, range] | None:
        """Return a living article by its id, and the rows of its chunks."""
        number = self.article_number(article_id)
        return None if number is None else self.article_at(number)

    def article_number(self, article_id: str) -> int | None:
        """Return the number over all segments of a living article; None where none has the id."""
        for segment, base in zip(self.segments, self.article_bases, strict=False):
            row = segment.living_row(article_id)
            if row is not None:
                return int(base) + row
        return None

    def held(self, ids: Sequence[str] | None) -> dict[str, SegmentVectors]:
        """Return what is known of the living articles that have these ids, or of all, by id."""
        held: dict[str, SegmentVectors] = {}
        for segment in self.segments:
            living = segment.living_articles
            listed = segment.articles.held(ids)
            if ids is None and len(listed) != len(living):
                raise segment.articles.corrupt(f"it doesn't hold {len(living)} articles")
            for row, article_id, digest, path in listed:
                if segment.lives(row):
                    held[article_id] = SegmentVectors(digest=digest, path=path)
        return held

    def held_below(self, paths: Iterable[str]) -> dict[str, SegmentVectors]:
        """Return by id what is known of the living articles that were read from some files, or below some folders."""
        held: dict[str, SegmentVectors] = {}
        for segment, path in product(self.segments, paths):
            for row, article_id, digest, file in segment.articles.held_below(path):
                if segment.lives(row):
                    held[article_id] = SegmentVectors(digest=digest, path=file)
        return held

    def digests(self) -> dict[str, bytes]:
        """Return the digest of every living article by its id."""
        return {article_id: article.digest for article_id, article in self.held(None).items()}

    def file_names(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the names of files, by path (``Origin``): of those that articles were read from, deleted ones too."""
        names: dict[str, str] = {}
        for segment in self.segments:
            names.update(segment.articles.file_names(paths))
        return names

    def files_called(self, names: Sequence[str]) -> dict[str, set[str]]:
        """Return by name the paths of the files that have these names, and had articles at some time."""
        paths: dict[str, set[str]] = {}
        for segment in self.segments:
            for name, path in segment.articles.files_called(names):
                paths.setdefault(name, set()).add(path)
        return paths

    def has_articles_of(self, path: str) -> bool:
        """Say whether an article that was read from a file lives."""
        return any(segment.lives(row) for segment in self.segments for row in segment.articles.rows_of_file(path))

    def begins_ids(self, name: str) -> bool:
        """Say whether an article of unknown origin has this id, or one that goes on with a colon."""
        return any(segment.articles.is_of_first_form and segment.articles.begins_ids(name) for segment in self.segments)

    def living_articles(self, *, of_known_origin: bool = False) -> Iterator[Article]:
        """Yield every article that isn't deleted, in the order of the rows.

        ``of_known_origin`` leaves out those of format 1, which doesn't say where an article came from.
        """
        for segment in self.segments:
            if of_known_origin and segment.articles.is_of_first_form:
                continue
            for row in np.flatnonzero(segment.living_articles):
                yield segment.articles.stored(int(row)).article

    def similarity(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the inner product of each row's vector with a query's, ``(len(rows),)`` float64.

        It is 0 where a row has no vector.
        """
        if len(self.segments) == 1 and (alone := self.segments[0].vectors) is not None:
            return alone.similarity(query, rows)
        scores = np.zeros(len(rows), dtype=np.float64)
        owners = np.searchsorted(self.bases, rows, side="right") - 1
        for number in np.unique(owners):
            if (vectors := self.segments[number].vectors) is not None:
                chosen = owners == number
                scores[chosen] = vectors.similarity(query, rows[chosen] - self.bases[number])
        return scores

    def vectors_of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of some rows, each of which must have one: ``(len(rows), dimension)``."""
        if len(self.segments) == 1 and (alone := self.segments[0].vectors) is not None:
            return alone.matrix[rows]
        gathered = np.zeros((len(rows), self.manifest.encoder.dimension), dtype=np.float32)
        owners = np.searchsorted(self.bases, rows, side="right") - 1
        for number in np.unique(owners):
            if (vectors := self.segments[number].vectors) is not None:
                chosen = owners == number
                gathered[chosen] = vectors.matrix[rows[chosen] - self.bases[number]]
        return gathered

    def nearest(
        self, query: NDArray[np.float32], depth: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], float]:
        """Return at least the ``depth`` nearest rows, in no order, and a bound that no other allowed row exceeds.

        A row without a vector is never among them, and the bound says nothing of it.
        """
        chunks = []
        for segment, base, end in zip(self.segments, self.bases, self.bases[1:], strict=False):
            if segment.vectors is not None:
                chosen = None if allowed is None else allowed[base:end]
                chunks.append((int(base), segment.vectors.nearest(query, depth, chosen)))
        return best_of(chunks, depth)


FIELDS_EVERYWHERE = frozenset({"source", "language", "tag", "author", "published", "year"})
"""Fields that every query may filter by, whether or not an article has them."""


def check_fields(field_names: frozenset[str], declared: Mapping[str, FieldConfig], where: Where) -> None:
    """Raise ``QueryError`` for a field that no article here has: the name is wrong, not the archive.

    An empty list is taken on any field: whoever may see nothing sees nothing.
    """
    names = [name for name, values in where.fields if values]
    if where.expression is not None:
        names += [condition.field for condition in where.expression.conditions() if condition.values != ()]
    for name in names:
        refuse_words(declared, name)
        if name not in field_names | FIELDS_EVERYWHERE:
            raise unknown_field(name, field_names | {"published"})


def unknown_field(name: str, names: Iterable[str]) -> QueryError:
    """Make the error for a field that no article has, with the nearest of those that there are."""
    known = sorted(names)
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known) or 'none'}."
    return QueryError(f"No article here has a field '{name}'.", hint=hint)


def open_generation(path: Path) -> Generation:
    """Open the generation in force.

    A reader can lose a race with a writer that publishes and sweeps; it tries again only where CURRENT has moved on.
    Raises ``IndexNotFound``, ``IndexCorrupt``, ``FormatTooOld`` or ``FormatTooNew``.
    """
    paths = IndexPaths(path)
    current = in_force(paths)
    while True:
        try:
            return Generation(paths, current.generation, seal=current.seal)
        except IndexCorrupt as error:
            later = in_force(paths)
            if later == current:
                manifest_of(paths, current)
                raise _placed(error, paths) from error
            current = later


def _placed(error: IndexCorrupt, paths: IndexPaths) -> IndexCorrupt:
    """Say in an error's hint which index it is about."""
    return IndexCorrupt(error.message, hint=error.hint.replace("--index PATH", f"--index {paths.quoted}"))


def _held(manifest: Path, generation: Generation) -> Callable[[], object]:
    """Lock a generation's manifest as a reader; return what lets go of it, which its end does too."""
    try:
        return finalize(generation, release, hold_for_reading(manifest), os.getpid())
    except OSError as error:
        raise unreadable(manifest, error) from error


def index_info(path: Path) -> IndexInfo:
    """Tell what an index is made of. Raises as ``open_generation`` does."""
    with open_generation(path) as generation:
        return info_of(generation)


def info_of(generation: Generation, time_zone: str | None = None) -> IndexInfo:
    """Tell what an opened generation is made of; ``time_zone`` is the searcher's, where it isn't the generation's."""
    manifest = generation.manifest
    sources: Counter[str] = Counter()
    instants: list[datetime] = []
    for segment in generation.segments:
        living = segment.living_articles
        if len(origins := segment.articles.origins()) != len(living):
            raise segment.articles.corrupt(f"it doesn't hold {len(living)} articles")
        for row, source, published in origins:
            if living[row]:
                sources[source or ""] += 1
                if published is not None:
                    instants.append(published)
    eight_bits = [
        (segment.fact.chunks, vectors.eight_bits.recall)
        for segment in generation.segments
        if (vectors := segment.vectors) is not None and vectors.eight_bits is not None
    ]
    legs = leg_bytes(manifest)
    return IndexInfo(
        path=generation.label,
        format=manifest.format,
        generation=manifest.generation,
        created=manifest.created,
        articles=manifest.articles,
        chunks=manifest.chunks,
        vectors=manifest.vectors,
        segments=len(manifest.segments),
        deleted_chunks=sum(fact.chunks - fact.living_chunks for fact in manifest.segments),
        bytes=sum(legs.values()),
        leg_bytes=legs,
        encoder=manifest.encoder.name,
        encoder_fingerprint=manifest.encoder.fingerprint,
        dimension=manifest.encoder.dimension,
        eight_bit_chunks=sum(count for count, _ in eight_bits),
        vector_recall=min((recall for _, recall in eight_bits), default=None),
        places=manifest.corpus.places if manifest.corpus else (),
        languages=dict(sorted(manifest.languages.items(), key=lambda item: (-item[1], item[0]))),
        sources=dict(sorted(sources.items(), key=lambda item: (-item[1], item[0]))),
        first_published=min(instants, default=None),
        last_published=max(instants, default=None),
        config=manifest.config.to_dict(),
        settings=dict(manifest.settings.search) if manifest.settings else {},
        time_zone=zone_name(generation.settings.time_zone if time_zone is None else time_zone),
        encoder_shares={name: measured.weight_share for name, measured in manifest.competence.items()},
        confidence_measured=manifest.answers.general is not None,
    )


def zone_name(time_zone: str) -> str:
    """Name a time zone; this machine's for ""."""
    from searchkit.ingest.dates import zone_of

    return time_zone or str(zone_of(""))


def leg_bytes(manifest: Manifest) -> dict[str, int]:
    """Sum the sizes of a generation's files by what they are for."""
    legs = {ARTICLES: "articles", IDS: "articles", POSTINGS: "postings", VECTORS: "vectors", EIGHT_BITS: "vectors"}
    sizes = dict.fromkeys([*legs.values(), "deletions"], 0)
    for fact in manifest.segments:
        for name, file in fact.files.items():
            sizes[legs[name]] += file.bytes
        if fact.deletions is not None:
            sizes["deletions"] += fact.deletions.rows.bytes + fact.deletions.counts.bytes
    if manifest.carried is not None:
        sizes["encoder"] = sum(file.bytes for file in manifest.carried.files.values())
    return sizes
