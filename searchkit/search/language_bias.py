"""Language bias: how much nearer a chunk is to a query than its language alone makes it.

An encoder puts the texts of a language it hardly knows close together, and a question in that language close to all of
them: what the cosine says then is the language, not the matter. So what a query's vector has in common with the middle
of a chunk's language, beyond what it has with the middle of the archive, is taken off its cosine in a hybrid's score::

    nearness = share * (cosine - query . lean)      lean = (mean of the language - mean of all) * n / (n + 30)

``share`` is what the encoder is worth in the chunk's language, 1 where it knows it well
(``index/encoder_competence.py``). Where all is of one such language, nearness is the cosine itself. nDCG@10 without and
with lean: the bundled samples (3 languages) .776 and .784, XQuAD in 12 languages .401 and .425, where keyword alone has
.411; on English collections the same.
It depends on the query, the chunk and the index alone, as every score does (``index/vector_stats.py`` counts the
means).

``mixed = max(0, foreign - 1) / (known - 1)``, 0 to 1: known are the question's words that stand in the archive, each
once; its language is the one in whose chunks most of them stand, and foreign are those that don't. One may be: a name
that only the articles of another language tell of. It depends on the question and the index alone, and where all is of
one language it is 0, and nobody asks.

Of the bundled samples' own questions 1 % have more than one foreign word, of those of XQuAD in 12 languages none; of
words drawn at random from all languages 63 and 99 %. So it makes a search less confident (``confidence.py``), and never
moves a score. Words drawn from one language it can't tell from a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from searchkit.errors import IndexCorrupt
from searchkit.index.vector_stats import VectorStats, groups, leans, learnt_weight, spreads_from
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.query.ast import TEXT
from searchkit.keyword.query.query_terms import telling_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.analysis.analyzer import Analyzer, QueryWord
    from searchkit.keyword.scoring.segments import KeywordSegments
    from searchkit.search.protocols import SearchedIndex

    Vector = NDArray[np.float32]
    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Scores = NDArray[np.float64]
    LanguagesOf = Callable[[Sequence[tuple[str, ...]]], Sequence[Mask]]
    """Of each word, ``(groups + 1,)``: in the chunks of which languages any of its terms stands; the last are those
    without vectors."""


_REMEMBERED = 1 << 16
"""Words whose languages are remembered: the list of a frequent one is long."""


class MixedLanguageDetector:
    """Knows in which languages' chunks an index's words stand. Holds a cache alone: safe to share among threads."""

    def __init__(
        self, languages: tuple[str | None, ...], groups: Sequence[str], analyzer: Analyzer, languages_of: LanguagesOf
    ) -> None:
        """Take by which languages the index is analysed, the groups that its vectors are counted in, and who knows."""
        self._languages, self._analyzer, self._languages_of_words = languages, analyzer, languages_of
        self._standing: BoundedCache[tuple[str, ...], int] = BoundedCache(_REMEMBERED)
        self._any: Mask = np.asarray([*(not name for name in groups), True])
        """``(groups + 1,)``: the groups that are of no language: not recognised, or without vectors."""

    def mixed(self, text: str, telling: Sequence[QueryWord] | None = None) -> float:
        """Return how much of a question is of other languages than the rest, 0 to 1.

        ``telling`` has the words of it that count, where they are known. Raises ``IndexCorrupt``.
        """
        words = telling
        if words is None:
            words = telling_words(self._analyzer.query_terms(text, self._languages), self._languages)
        units = dict.fromkeys(tuple(unit.terms) for word in words for unit in word.units)
        known = [languages for languages in self._languages_of(list(units)) if languages]
        if len(known) < 3:
            return 0.0
        most = max(sum(languages >> group & 1 for languages in known) for group in range(len(self._any)))
        return max(0, len(known) - most - 1) / (len(known) - 1)

    def _languages_of(self, words: Sequence[tuple[str, ...]]) -> list[int]:
        """Return of each word a bit for each language in which it stands; all where an unknown one has it, too."""
        groups = {terms: bits for terms in words if (bits := self._standing.get(terms)) is not None}
        absent = [terms for terms in words if terms not in groups]
        for terms, seen in zip(absent, self._languages_of_words(absent), strict=True):
            chosen = np.ones_like(seen) if (seen & self._any).any() else seen
            groups[terms] = self._standing[terms] = sum(1 << group for group in np.flatnonzero(chosen).tolist())
        return [groups[terms] for terms in words]


def languages_in_postings(keyword: KeywordSegments, leaning: LanguageBias) -> LanguagesOf:
    """Return who looks into the postings of a generation. Raises ``IndexCorrupt``, when asked."""

    def look(words: Sequence[tuple[str, ...]]) -> list[Mask]:
        return [_seen(terms) for terms in words]

    def _seen(terms: tuple[str, ...]) -> Mask:
        seen = np.zeros(len(leaning.spreads) + 1, dtype=bool)
        for number, base in enumerate(keyword.bases[:-1]):
            rows, _ = keyword.postings(number, TEXT, terms)
            seen[leaning.group_of_row[rows + base]] = True
        return seen

    return look


_AT_ONCE = 16
"""Languages whose products are worked out at once: OpenBLAS starts a thread a core for more than some 9,000 numbers."""

_SETS = 16
"""Sets of languages whose rows are remembered, a byte a row each."""

_ALIKE = 0.02
"""Languages whose leans differ by less are looked for together: the bound on what lies further is looser by so much."""


class GroupOfRow(Protocol):
    """The place of rows' languages in ``LanguageBias.spreads``: an array, or what has no end yet."""

    def __getitem__(self, rows: Any, /) -> NDArray[np.int16]:
        """Return the group of each of some rows, ``(n,)``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryBias:
    """What a query's vector leans towards each language, and what its cosines are worth there.

    ``of_group`` is what is taken off a cosine, ``shares`` what the rest is worth, 0 to 1, ``(groups,)`` each; and there
    is the group of each row. The last group, of 0, has the rows without a vector. ``masks`` has the rows of some groups
    together, which questions share.
    """

    of_group: Scores
    shares: Scores
    group_of_row: GroupOfRow
    masks: BoundedCache[bytes, Mask] | None = None
    """The rows of sets of languages, remembered; None where rows come up while a search goes on."""

    def nearness(self, cosines: Scores, rows: Rows) -> Scores:
        """Return what rows' cosines are worth, ``(n,)``."""
        groups_ = self.group_of_row[rows]
        return (cosines - self.of_group[groups_]) * self.shares[groups_]

    def bound(self, cosine: float) -> float:
        """Return the highest nearness of a row, of whatever language, whose cosine is at most this."""
        return float((self.shares * (cosine - self.of_group)).max()) if cosine > -np.inf else -np.inf

    def shares_of(self, rows: Rows) -> Scores:
        """Return what the rest of rows' cosines is worth, ``(n,)``."""
        shares: Scores = self.shares[self.group_of_row[rows]]
        return shares

    def sets(self) -> Iterator[tuple[Mask, float, float]]:
        """Yield ``(rows,)`` masks of all rows with a vector, the least that is taken off in each, and their share."""
        order = np.lexsort((self.of_group[:-1], self.shares[:-1]))
        values, shares = self.of_group[order], self.shares[order]
        cuts = [0]
        for place in range(1, len(order)):
            if shares[place] != shares[cuts[-1]] or values[place] - values[cuts[-1]] > _ALIKE:
                cuts.append(place)
        for start, end in pairwise([*cuts, len(order)]):
            chosen = np.zeros(len(self.of_group), dtype=bool)
            chosen[order[start:end]] = True
            yield self._rows_of(chosen), float(values[start]), float(shares[start])

    def _rows_of(self, chosen: Mask) -> Mask:
        """Return ``(rows,)``: the rows of some languages."""
        if self.masks is None:
            return chosen[self.group_of_row[:]]
        mask = self.masks.get(key := chosen.tobytes())
        if mask is None:
            mask = self.masks[key] = chosen[self.group_of_row[:]]
        return mask


class LanguageBias:
    """What a generation knows of how its vectors lie. Safe to share among threads."""

    def __init__(self, generation: SearchedIndex) -> None:
        self._generation = generation
        self._masks: BoundedCache[bytes, Mask] = BoundedCache(_SETS)

    @cached_property
    def spreads(self) -> dict[str, VectorStats]:
        """How the vectors of each language lie. Raises ``IndexCorrupt``."""
        manifest = self._generation.manifest
        try:
            return spreads_from(manifest.spreads, manifest.encoder.dimension)
        except ValueError as error:
            raise IndexCorrupt(
                f"Generation {manifest.generation} of {self._generation.label} holds {error}."
            ) from error

    @cached_property
    def weight(self) -> float:
        """The weight of the vector leg where no other is asked for."""
        return learnt_weight(self.spreads, self._generation.manifest.encoder.name)

    @cached_property
    def _leans(self) -> Scores:
        """``(groups, dimension)``."""
        return np.asarray([*leans(self.spreads).values()])

    @cached_property
    def _leans_matter(self) -> bool:
        return len(self.spreads) > 1 or not (self._shares == 1).all()

    @cached_property
    def _shares_of_groups(self) -> Scores:
        """``(groups + 1,)``: the same, and 0 for rows without a vector."""
        return np.append(self._shares, 0.0)

    @cached_property
    def _shares(self) -> Scores:
        """``(groups,)``: what of the vector's weight the encoder is worth in each language."""
        competence = self._generation.manifest.competence
        return np.asarray([competence[name].weight_share if name in competence else 1.0 for name in self.spreads])

    @cached_property
    def group_of_row(self) -> NDArray[np.int16]:
        """``(rows,)``: the place of each row's language in ``spreads``; of a row without a vector their number."""
        parts: list[NDArray[np.int16]] = [np.empty(0, dtype=np.int16)]
        for segment in self._generation.segments:
            known = segment.vectors is not None
            group_numbers = [self.number_of(group) if known else len(self.spreads) for group in groups(segment)]
            parts.append(np.repeat(np.asarray(group_numbers, dtype=np.int16), np.diff(segment.starts)))
        return np.concatenate(parts)

    def number_of(self, group: str) -> int:
        """Return the place of a group of languages in ``spreads``; their number where it isn't among them."""
        return self._numbers.get(group, len(self._numbers))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.spreads)}

    def towards(self, vector: Vector, group_of_row: GroupOfRow | None = None) -> QueryBias | None:
        """Return how a query's vector leans; None where there is one language, which the encoder knows well.

        ``group_of_row`` is of the rows of one search, where the index has none of its own.
        """
        if not self._leans_matter:
            return None
        of_group = np.zeros(len(self._leans) + 1)
        exact = vector.astype(np.float64)
        for first in range(0, len(self._leans), _AT_ONCE):
            part = self._leans[first : first + _AT_ONCE]
            of_group[first : first + len(part)] = part @ exact
        return QueryBias(
            of_group=of_group,
            shares=self._shares_of_groups,
            group_of_row=self.group_of_row if group_of_row is None else group_of_row,
            masks=self._masks if group_of_row is None else None,
        )
