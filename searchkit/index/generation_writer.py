"""Generation writer: lays out segments, then publishes all at once."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Self

import numpy as np

from searchkit.config import IndexConfig
from searchkit.index.answer_baseline import ask_general, ask_sentences
from searchkit.index.archive_scores import ArchiveScores
from searchkit.index.article_source import ArticleIntake, rereadable
from searchkit.index.articles_db import LONGEST_LABEL, too_long_for_labels
from searchkit.index.bundled_encoder import carry
from searchkit.index.chunking_pool import ChunkingPool, Cutter, KnownChunks, rules_of
from searchkit.index.deletions import Deletions
from searchkit.index.embedding_source import (
    EmbeddingSource,
    Encode,
    KnownVectors,
    TakenVectors,
    forget,
    prepared_vectors,
)
from searchkit.index.encoder_competence import measure_competence
from searchkit.index.garbage import next_number, numbered, sweep
from searchkit.index.generation import Generation
from searchkit.index.manifest import (
    RULES,
    AnswerBaseline,
    Corpus,
    EncoderCompetence,
    EncoderFact,
    Manifest,
    ScoreBaseline,
    SegmentFact,
    competence_note,
    coverage_note,
    current_generation,
    publish,
    write_manifest,
)
from searchkit.index.paths import IndexPaths, number_name
from searchkit.index.score_baseline import ask_nonsense, is_due
from searchkit.index.segment_merge import MergeInput, groups_to_merge, write_merged
from searchkit.index.segment_reader import Segment, chunk_texts
from searchkit.index.segment_writer import segmented, write_segment
from searchkit.index.vector_stats import VectorStats, all_spreads, changed_spreads, spread_facts
from searchkit.ingest.language_detection import main_language
from searchkit.keyword.postings.deletion_stats import deltas, joined_deltas
from searchkit.types import Article, BuildReport, Chunk, Encoder, Progress
from searchkit.version import __version__

_SAMPLE = 100
"""Articles of unknown language, those of the lowest ids, whose beginnings are read together to tell it."""

MOST_NAMED = 8
LONGEST_NAME = 40
"""How many fields a note names, and how many characters of each."""


def _beginning(title: str, text: str) -> str:
    return f"{title} {text[:100]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learnt:
    """What an archive's answers to the questions of a build tell."""

    zero: ScoreBaseline | None = None
    answers: AnswerBaseline = field(default_factory=AnswerBaseline)
    competence: Mapping[str, EncoderCompetence] = field(default_factory=dict)


class GenerationWriter:
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
        *,
        cache: bool = True,
        reuse: bool = True,
        jobs: int | None = None,
    ) -> None:
        self.articles = 0
        self.deleted = 0
        """Articles of the parent that are taken out, counted when it is published."""
        self.carried = parent.manifest.carried if parent else None
        """The encoder that it brings along."""
        self.settings = parent.manifest.settings if parent else None
        """What searches of it use where they name no other settings."""
        self._paths, self._parent, self._config, self._encoder = paths, parent, config, encoder
        self._progress, self._cache, self._jobs = progress, cache, jobs
        self._reuse = reuse
        self._facts: list[SegmentFact] = []
        self._languages: Counter[str] = Counter(parent.manifest.languages if parent else {})
        self._unknown_as: dict[str, str] = {}  # by segment, of those written here
        self._segment_of: dict[str, int] = {}
        self._unlabelled: Counter[str] = Counter()
        self._replaced: dict[int, set[str]] = defaultdict(set)
        self._deleted: set[str] = set()
        self._encodings: list[EmbeddingSource] = []
        self._taken = 0
        self._left: KnownVectors | None = None
        self._completing: EmbeddingSource | None = None
        self._baseline_encoder: Encoder | None = None
        self._opened = ExitStack()
        self._published = False
        self._number = 0
        self._spared: int | None = None  # a prepared generation, which has vectors that nothing else has

    def __enter__(self) -> Self:
        self._number = next_number(self._paths)
        if self._reuse:
            self._left = prepared_vectors(self._paths, self._number, self._encoder)
        self._spared = self._number if self._left else None
        sweep(self._paths, spare=self._spared)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
        # Swept by what CURRENT says, not by what was meant: it may have been replaced before the disk refused.
        if not self._published:
            sweep(self._paths, spare=self._spared)

    def add(self, articles: Iterable[Article], encoder: Encoder, known: KnownVectors | None) -> None:
        """Write the articles' segments; of two with one id the later counts. Raises ``StorageError``.

        Without ``known`` they are left without vectors, for ``complete`` to add in a later generation.
        """
        encode = None if known is None else self._encoding(encoder, known)
        self._baseline_encoder = None if known is None else encoder
        with ChunkingPool(rules_of(self._config, encoder), encoder, jobs=self._jobs) as cutter:
            self._write(cutter.ahead(articles), cutter, encode)

    def add_as_cut(
        self, articles: Iterable[Article], chunks: Mapping[str, tuple[Chunk, ...]], known: KnownVectors | None
    ) -> None:
        """Write articles whose chunks are known, by their ids, with known vectors; without ``known`` with none.

        Raises ``StorageError``, ``IndexCorrupt`` where a vector isn't among those that are known.
        """
        encode = None if known is None else TakenVectors(self._paths.root, known, self._encoder.dimension)
        self._write(articles, KnownChunks(chunks), encode)
        self._taken += encode.taken if encode else 0

    def _write(self, articles: Iterable[Article], cutter: Cutter, encode: Encode | None) -> None:
        for _, batches in groupby(self._numbered(articles), key=itemgetter(0)):
            fact, unknown_as = write_segment(
                self._paths,
                self._next_name(),
                (batch for _, batch in batches),
                config=self._config,
                dimension=self._encoder.dimension,
                cutter=cutter,
                encode=encode,
                unknown_as=self._guessed,
                progress=self._progress,
            )
            self._facts.append(fact)
            self._unknown_as[fact.name] = unknown_as

    def _guessed(self, batch: Sequence[Article]) -> str:
        """Guess the archive's main language from what came so far: mostly it is still so at the end."""
        unknown = sorted((article.id, article.title, article.text) for article in batch if article.language is None)
        return main_language(self._languages, [_beginning(title, text) for _, title, text in unknown[:_SAMPLE]])

    def _numbered(self, articles: Iterable[Article]) -> Iterator[tuple[int, list[Article]]]:
        """Yield batch by batch, each with the number of its segment, and note what it takes the place of."""
        for number, batch in segmented(articles, self._segment_of):
            for article_id in batch:
                if article_id in self._segment_of:
                    self._replaced[self._segment_of[article_id]].add(article_id)
                    self.articles -= 1
                self._segment_of[article_id] = number
            self._languages.update(article.language or "" for article in batch.values())
            words = self._config.unlabelled
            self._unlabelled.update(name for article in batch.values() for name in too_long_for_labels(article, words))
            self.articles += len(batch)
            yield number, list(batch.values())

    def carry(self, encoder: Encoder) -> None:
        """Put the encoder's files into the index. Raises ``ConfigError`` where it can't travel, ``StorageError``."""
        self.carried = carry(self._paths, self._number, encoder)

    def delete(self, article_ids: Iterable[str]) -> None:
        """Take articles of the parent out."""
        self._deleted.update(article_ids)

    def complete(self, encoder: Encoder, known: KnownVectors) -> None:
        """Have the vectors made that segments of the parent wait for; when it is published they are written anew."""
        self._completing = self._encoding(encoder, known)
        self._baseline_encoder = encoder

    @property
    def completing(self) -> bool:
        """Whether vectors are to be made that segments of the parent wait for."""
        return self._completing is not None

    @property
    def encoded(self) -> int:
        """Count the vectors that were computed."""
        return sum(encoding.encoded for encoding in self._encodings)

    @property
    def reused(self) -> int:
        """Count the vectors that were known already."""
        return self._taken + sum(encoding.reused for encoding in self._encodings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of where vectors came from, and of what can't be filtered by."""
        notes = [note for encoding in self._encodings for note in encoding.notes]
        if self._unlabelled:
            named = ", ".join(
                f"{name[:LONGEST_NAME]} ({number:,})" for name, number in self._unlabelled.most_common(MOST_NAMED)
            )
            notes.append(
                f"Values of more than {LONGEST_LABEL} characters are stored, but can't be filtered by or counted: those"
                f" of {named}{', …' if len(self._unlabelled) > MOST_NAMED else ''}."
            )
        return tuple(dict.fromkeys(notes))

    def forget(self) -> None:
        """Remove what a stopped writer left of the work that is done now. Raises ``StorageError``."""
        self._spared = None
        forget(self._paths, whole=self._whole)

    @property
    def deleting(self) -> bool:
        """Whether articles of the parent are to be taken out."""
        return bool(self._deleted)

    def publish(self, corpus: Corpus | None, *, compact: bool = False) -> Manifest:
        """Make the generation whole and put it in force. Raises as ``prepare`` does."""
        manifest = self.prepare(corpus, compact=compact)
        self.put_in_force(manifest)
        return manifest

    def prepare(self, corpus: Corpus | None, *, compact: bool = False) -> Manifest:
        """Merge what has become many, write deletions and manifest, and flush them: it can be opened by its number.

        With ``compact`` all segments become one, but for those that wait for their vectors, which become another.
        Raises ``StorageError``, ``IndexCorrupt``.
        """
        number = self._number
        with ExitStack() as opened:
            every = list(self._parts(opened))
            parts = [part for part in every if part.living_chunks]
            unknown_as = self._main_language(parts)
            groups = self._groups(parts, compact=compact)
            groups += self._of_another_language(parts, groups, unknown_as)
            merged = {place for group in groups for place in group}
            facts = [self._marked(part, number) for place, part in enumerate(parts) if place not in merged]
            facts += [self._merged([parts[place] for place in group], unknown_as) for group in groups]
            spreads, learnt = self._learnt(every, facts, opened, unknown_as)
        manifest = Manifest(
            generation=number,
            parent=self._current or None,
            created=datetime.now(UTC).replace(microsecond=0),
            writer=__version__,
            config=self._config,
            encoder=self._encoder,
            corpus=rereadable(corpus),
            segments=tuple(facts),
            languages={code: count for code, count in sorted(self._languages.items()) if count > 0},
            carried=self.carried,
            settings=self.settings,
            rules=RULES,
            unknown_as=unknown_as,
            spreads=spread_facts(spreads),
            zero=learnt.zero,
            answers=learnt.answers,
            competence=learnt.competence,
        )
        write_manifest(self._paths, manifest)
        return manifest

    def put_in_force(self, manifest: Manifest) -> None:
        """Publish a generation that was prepared. Raises ``StorageError``, ``IndexCorrupt``."""
        # Before, so that nothing is left where this ends a moment later; killed in between, or refused by the disk, the
        # next writer finds the vectors in the generation that was prepared.
        if self._spared:  # in its place there is this one now
            sweep(self._paths, spare=manifest.generation)
        if self._encodings:
            self.forget()
            self._spared = manifest.generation
        publish(self._paths, manifest.generation)
        self._published = True
        if manifest.parent is None:  # what a build left that was stopped before it published
            sweep(self._paths)

    def report(
        self, manifest: Manifest, intake: ArticleIntake, started: float, notes: Sequence[str] = ()
    ) -> BuildReport:
        """Tell what was done; ``started`` is the monotonic time in seconds at which it began."""
        return BuildReport(
            path=str(self._paths.root),
            generation=manifest.generation,
            articles=self.articles,
            chunks=sum(fact.chunks for fact in self._facts),
            vectors_encoded=self.encoded,
            vectors_reused=self.reused,
            problems=tuple(intake.problems),
            notes=(*notes, *self.notes, *filter(None, [coverage_note(manifest), self._competence_note(manifest)])),
            took_s=time.monotonic() - started,
            new=self.articles,
            deleted=self.deleted,
        )

    def _competence_note(self, manifest: Manifest) -> str:
        """Say it once: where it was measured now."""
        before = self._parent.manifest.competence if self._parent else {}
        return competence_note(manifest) if manifest.competence != before else ""

    def _parts(self, opened: ExitStack) -> Iterator[MergeInput]:
        """Yield every segment, with what is deleted of it."""
        replacing, deleting = list(self._segment_of), list(self._deleted - self._segment_of.keys())
        for segment in self._parent.segments if self._parent else ():
            deleted = segment.living_rows(deleting)
            self.deleted += len(deleted)
            yield self._part(segment, sorted([*deleted, *segment.living_rows(replacing)]))
        for number, fact in enumerate(self._facts):
            segment = opened.enter_context(Segment(self._paths, fact, dimension=self._encoder.dimension))
            yield self._part(segment, segment.living_rows(list(self._replaced[number])))

    def _groups(self, parts: Sequence[MergeInput], *, compact: bool) -> list[list[int]]:
        """Choose the parts that are written anew: as the policy has it, and those that get their vectors now.

        A segment has all its vectors or none, so those that wait for theirs are merged among themselves.
        """
        waiting = [place for place, part in enumerate(parts) if part.segment.vectors is None]
        kinds = [[place for place in range(len(parts)) if place not in waiting], waiting]
        if self._completing is not None:
            kinds = [list(range(len(parts)))]
        groups = []
        for kind in kinds:
            sizes = [(parts[place].living_chunks, parts[place].segment.fact.chunks) for place in kind]
            chosen = [list(range(len(kind)))] if compact and kind else groups_to_merge(sizes)
            groups += [[kind[place] for place in group] for group in chosen]
        if self._completing is not None:
            merged = {place for group in groups for place in group}
            groups += [[place] for place in waiting if place not in merged]
        return groups

    def _analysed_as(self, part: MergeInput) -> str:
        """Return the language by which a segment's articles without one were analysed."""
        before = self._parent.manifest.unknown_as if self._parent else ""
        return self._unknown_as.get(part.segment.fact.name, before)

    def _main_language(self, parts: Sequence[MergeInput]) -> str:
        """Return the archive's main language, by what lives in it alone; that of before where none is unknown."""
        if self._languages[""] <= 0:
            return self._parent.manifest.unknown_as if self._parent else ""
        if 2 * self._languages[""] <= sum(self._languages.values()):
            return main_language(self._languages, ())
        unknown: list[tuple[str, str]] = []
        for part in parts:
            living = (row for row in part.segment.articles.without_language() if not part.gone[row])
            articles = (part.segment.articles.stored(row).article for row in islice(living, _SAMPLE))
            unknown += [(article.id, _beginning(article.title, article.text)) for article in articles]
        return main_language(self._languages, [text for _, text in sorted(unknown)[:_SAMPLE]])

    def _of_another_language(
        self, parts: Sequence[MergeInput], groups: Sequence[Sequence[int]], unknown_as: str
    ) -> list[list[int]]:
        """Return the parts to be analysed anew, since their articles without a language are taken to be of another.

        So an index answers like one built afresh, whatever came first.
        """
        merged = {place for group in groups for place in group}
        return [
            [place]
            for place, part in enumerate(parts)
            if place not in merged and self._analysed_as(part) != unknown_as and part.has_unknown_language
        ]

    def _part(self, segment: Segment, fresh: list[int]) -> MergeInput:
        self._languages.subtract(segment.articles.languages(fresh))
        gone = ~segment.living_articles
        gone[fresh] = True
        return MergeInput(segment=segment, gone=gone, fresh=tuple(fresh))

    def _marked(self, part: MergeInput, generation: int) -> SegmentFact:
        """Write what is deleted of a segment that stays: its fact is that of before where nothing new is."""
        segment = part.segment
        if not part.fresh:
            return segment.fact
        counts = deltas(segment.postings, chunk_texts(segment, part.fresh, self._analysed_as(part)))
        if segment.deletions is not None:
            counts = joined_deltas(segment.deletions.counts, counts)
        deletions = Deletions(rows=segment.rows_of(part.gone), counts=counts)
        written = deletions.write(self._paths, generation, segment.fact.name, articles=int(np.count_nonzero(part.gone)))
        return replace(segment.fact, deletions=written)

    def _learnt(
        self, parts: Sequence[MergeInput], facts: Sequence[SegmentFact], opened: ExitStack, unknown_as: str
    ) -> tuple[dict[str, VectorStats], _Learnt]:
        """Learn how the vectors lie.

        Where all of them are new or many, also what questions without sense and the archive's own sentences score, and
        how well the encoder reads each language.
        """
        before = self._parent.manifest if self._parent else None
        known = (
            _Learnt()
            if before is None
            else _Learnt(zero=before.zero, answers=before.answers, competence=before.competence)
        )
        spreads = changed_spreads(before, parts) if self._completing is None else None
        anew = before is None or self._completing is not None
        due = anew or is_due(known.zero, sum(fact.living_chunks for fact in facts))
        if spreads is not None and not (due and spreads and self._baseline_encoder):
            return spreads, known
        segments = [
            opened.enter_context(Segment(self._paths, fact, dimension=self._encoder.dimension)) for fact in facts
        ]
        spreads = all_spreads(segments) if anew or spreads is None else spreads
        if not due or self._baseline_encoder is None or any(segment.vectors is None for segment in segments):
            return spreads, known
        counted = [code or unknown_as or None for code, count in self._languages.items() if count > 0]
        languages = list(dict.fromkeys(counted))
        competence = measure_competence(segments, self._baseline_encoder)
        shares = {name: measured.weight_share for name, measured in competence.items()}
        archive = ArchiveScores(segments, languages, self._baseline_encoder, spreads, shares)
        zero, nonsense = ask_nonsense(archive) or (known.zero, known.answers.nonsense)
        answers = AnswerBaseline(
            nonsense=nonsense, general=ask_general(archive), sentences=ask_sentences(archive) or known.answers.sentences
        )
        return spreads, _Learnt(zero=zero, answers=answers, competence=competence)

    def _merged(self, parts: list[MergeInput], unknown_as: str) -> SegmentFact:
        return write_merged(
            self._paths,
            self._next_name(),
            parts,
            config=self._config,
            dimension=self._encoder.dimension,
            unknown_as=unknown_as,
            encode=self._completing,
            progress=self._progress,
        )

    def _encoding(self, encoder: Encoder, known: KnownVectors) -> EmbeddingSource:
        for earlier in self._encodings:  # they write the same record
            earlier.close()
        encoding = EmbeddingSource(
            self._paths,
            encoder,
            [known] if self._left is None else [known, self._left],
            whole=self._whole,
            cache=self._cache,
            progress=self._progress,
            reuse=self._reuse,
        )
        self._opened.callback(encoding.close)
        self._encodings.append(encoding)
        return encoding

    @property
    def _whole(self) -> bool:
        """Whether this makes or completes a whole generation."""
        return self._parent is None or self._completing is not None

    @property
    def _current(self) -> int:
        """The generation in force, 0 where there is none yet."""
        return current_generation(self._paths) if self._paths.current.exists() else 0

    def _next_name(self) -> str:
        numbers = [int(path.name) for path in numbered(self._paths.segments)]
        return number_name(max(numbers, default=0) + 1)
