"""Joint generation: the generations of several indexes as one, for one ranking by scores that mean the same.

Their segments stand one after another, as those of one index do, so that every statistic is summed over all: a word's
df, the number of chunks, their mean length, how vectors lie. A score is what it would be in one index of all the
articles. Only what the questions of a build score (``score_baseline.py``, ``answer_baseline.py``) and how well the
encoder reads a language aren't counted anew: they are the means, by chunks and by questions. An article's id has its
index's name before it: ``news/wire-7``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import astuple, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from searchkit.errors import EncoderMismatch, IndexCorrupt
from searchkit.field_config import FieldConfig
from searchkit.index.generation import Generation
from searchkit.index.manifest import (
    RULES,
    AnswerBaseline,
    AnswerMeans,
    EncoderCompetence,
    Manifest,
    ModeMeans,
    ScoreBaseline,
    VectorStatsFact,
)
from searchkit.index.segment_reader import ids_over
from searchkit.index.vector_stats import combined, spread_facts, spreads_from
from searchkit.types import Article, Chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEPARATOR = "/"
"""Between an index's name, which doesn't have it, and an article's id, which may."""


class JointGeneration(Generation):
    """The opened generations of several indexes as one; closing it closes them. Safe to share among threads."""

    def __init__(self, generations: Mapping[str, Generation], *, keyword_only: bool = False) -> None:
        """Join generations, by their names; ``keyword_only`` lets them be of different encoders.

        Raises ``EncoderMismatch`` for these otherwise, ``IndexCorrupt``.
        """
        self.parts = tuple(generations.values())
        self._names = tuple(name + SEPARATOR for name, each in generations.items() for _ in each.segments)
        first = self.parts[0]
        differing = self._differing(generations)
        if differing and not keyword_only:
            raise EncoderMismatch(
                differing,
                hint="Rebuild one of them with the other's encoder, or search by words: --mode keyword, or in Python"
                " open_many(…, differing='keyword').",
            )
        segments = [segment for part in self.parts for segment in part.segments]
        self._take(first.paths, _joined(self.parts, vectors=not differing), segments, first.seal)
        self._opened = ExitStack()
        if differing:
            self.has_vectors = False
            self.note = f"{differing} They are searched by keyword alone."

    @staticmethod
    def _differing(generations: Mapping[str, Generation]) -> str:
        """Say which indexes have vectors of different encoders; "" where none have."""
        known = [(name, each.manifest.encoder) for name, each in generations.items() if each.manifest.vectors]
        for name, encoder in known[1:]:
            other, fact = known[0]
            if (encoder.fingerprint, encoder.dimension) != (fact.fingerprint, fact.dimension):
                return f"The vectors of '{other}' are of '{fact.name}', those of '{name}' of '{encoder.name}'."
        return ""

    def close(self) -> None:
        """Let go of the files of all."""
        super().close()
        for part in self.parts:
            part.close()

    @property
    def label(self) -> str:
        """The folders of the indexes."""
        return ", ".join(part.label for part in self.parts)

    @cached_property
    def declared(self) -> Mapping[str, FieldConfig]:
        """What was declared of fields, by the first of the indexes that does."""
        return {name: config for part in reversed(self.parts) for name, config in part.declared.items()}

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The fields that no article is shown with, as any of the indexes has it."""
        return frozenset().union(*(part.hidden for part in self.parts))

    def article_ids(self, numbers: NDArray[np.int64]) -> list[str]:
        """Return the ids of some articles, with the names of their indexes, in their order."""
        owners = np.searchsorted(self.article_bases, numbers, side="right") - 1
        ids = ids_over(self.segments, self.article_bases, numbers)
        return [self._names[owner] + article_id for owner, article_id in zip(owners.tolist(), ids, strict=True)]

    def placed_ids(self, numbers: NDArray[np.int64], scores: NDArray[np.float64]) -> list[str]:
        """Return the ids of some articles as their scores stand, which fall; of equal ones in their own order."""
        pairs = sorted(zip((-scores).tolist(), self.article_ids(numbers), strict=True))
        return [article_id for _, article_id in pairs]

    def find_article(self, article_id: str) -> tuple[Article, range] | None:
        """Return a living article by its id with the name of its index, and the rows of its chunks."""
        name, mark, own = article_id.partition(SEPARATOR)
        for segment, base, prefix in zip(self.segments, self.article_bases, self._names, strict=False):
            if prefix == name + mark and (row := segment.living_row(own)) is not None:
                return self.article_at(int(base) + row)
        return None

    def chunks_at(self, rows: range) -> tuple[Chunk, ...]:
        """Return the chunks of consecutive rows of one segment."""
        owner = int(np.searchsorted(self.bases, rows.start, side="right")) - 1
        chunks = super().chunks_at(rows)
        return tuple(replace(chunk, article_id=self._names[owner] + chunk.article_id) for chunk in chunks)

    def living_articles(self, *, of_known_origin: bool = False) -> Iterator[Article]:
        """Yield every article that isn't deleted, in the order of the rows."""
        names = iter(self._names)
        for part in self.parts:
            prefix = next(names, "")
            for article in part.living_articles(of_known_origin=of_known_origin):
                yield replace(article, id=prefix + article.id)
            for _ in part.segments[1:]:
                next(names, "")

    def _read_articles(self, numbers: list[int]) -> Iterator[tuple[int, tuple[Article, range]]]:
        for number, (article, rows) in super()._read_articles(numbers):
            owner = int(np.searchsorted(self.article_bases, number, side="right")) - 1
            yield number, (replace(article, id=self._names[owner] + article.id), rows)


def _joined(parts: Sequence[Generation], *, vectors: bool) -> Manifest:
    """Return what a manifest of all would say, as far as searches read it. Raises ``IndexCorrupt``."""
    manifests = [part.manifest for part in parts]
    with_vectors = [each for each in manifests if each.vectors] or manifests
    first = with_vectors[0]
    languages: Counter[str] = Counter()
    for each in manifests:
        languages.update(each.languages)
    same = all(each.settings == first.settings for each in manifests)
    unknown = {each.unknown_as for each in manifests}
    return replace(
        first,
        segments=tuple(segment for each in manifests for segment in each.segments),
        languages=dict(languages),
        settings=first.settings if same else None,
        unknown_as=unknown.pop() if len(unknown) == 1 else "",
        rules=next((each.rules for each in manifests if each.rules != RULES), RULES),
        corpus=None,
        spreads=_spreads(parts, first.encoder.dimension) if vectors else {},
        zero=_zero(manifests),
        answers=_answers(manifests),
        competence=_competence(manifests) if vectors else {},
    )


def _spreads(parts: Sequence[Generation], dimension: int) -> dict[str, VectorStatsFact]:
    sums = []
    for part in parts:
        try:
            sums.append((spreads_from(part.manifest.spreads, dimension), 1))
        except ValueError as error:
            path = part.paths.manifest(part.manifest.generation)
            raise IndexCorrupt(f"{path} holds {error}.") from error
    return spread_facts(combined(sums))


def _zero(manifests: Sequence[Manifest]) -> ScoreBaseline | None:
    """Return the mean of what nonsense scores in each, by their chunks."""
    known = [(each.zero, each.chunks) for each in manifests if each.zero is not None and each.chunks]
    chunks = sum(count for _, count in known)
    if not chunks:
        return None

    def mean(name: str) -> float:
        return float(sum(getattr(zero, name) * count for zero, count in known) / chunks)

    return ScoreBaseline(
        queries=sum(zero.queries for zero, _ in known),
        keyword=mean("keyword"),
        vector=mean("vector"),
        words=mean("words"),
        nearness=mean("nearness"),
        chunks=chunks,
    )


def _answers(manifests: Sequence[Manifest]) -> AnswerBaseline:
    """Return the means of what the best chunks are like in each, by their chunks."""

    def joined(kind: str) -> ModeMeans | None:
        known = [(getattr(each.answers, kind), each.chunks) for each in manifests]
        return _mode_means([(means, count) for means, count in known if means is not None and count])

    return AnswerBaseline(nonsense=joined("nonsense"), general=joined("general"), sentences=joined("sentences"))


def _mode_means(known: Sequence[tuple[ModeMeans, int]]) -> ModeMeans | None:
    chunks = sum(count for _, count in known)
    if not chunks:
        return None

    def mean(mode: str) -> AnswerMeans:
        sums = np.sum([count * np.asarray(astuple(getattr(means, mode))) for means, count in known], axis=0)
        words, nearness, lead, coverage = (sums / chunks).tolist()
        return AnswerMeans(words=words, nearness=nearness, lead=lead, coverage=coverage)

    questions = sum(means.questions for means, _ in known)
    return ModeMeans(questions=questions, hybrid=mean("hybrid"), keyword=mean("keyword"), vector=mean("vector"))


def _competence(manifests: Sequence[Manifest]) -> dict[str, EncoderCompetence]:
    """Return the means of how well the encoder reads each language, by the questions that were asked."""
    names = sorted({name for each in manifests for name in each.competence})
    return {name: _mean([each.competence[name] for each in manifests if name in each.competence]) for name in names}


def _mean(known: Sequence[EncoderCompetence]) -> EncoderCompetence:
    questions = sum(each.questions for each in known)
    return EncoderCompetence(
        questions=questions,
        vector=sum(each.vector * each.questions for each in known) / max(1, questions),
        keyword=sum(each.keyword * each.questions for each in known) / max(1, questions),
    )
