"""Ranking: which articles come first, exactly as if every chunk were scored; chunks vote for their article.

The threshold algorithm (Fagin, Lotem, Naor 2003, doi 10.1016/S0022-0000(03)00026-6): each leg gives its best ``depth``
rows, every row found by either gets its exact score in both, and no row found by neither can score more than the legs'
bounds together. An article can't score more than its best chunk, so all chunks of an article are looked
at only while it may still be among the first k. Articles above the bound are final; where they are fewer than k, the
legs are asked for more. So depth decides speed alone, and the first k don't depend on k.

``S = .85 * best + .15 * mean of the five best`` (of all, where there are fewer): an article that speaks of the matter
in several places comes before one that mentions it, and one passage that answers is enough to be found. No article
scores more than its best chunk does, which gives the ranking its bound; and S depends on the article's own chunks
alone, all of them, whether or not a search came by them.

nDCG@10 of the best alone and of this, hybrid: samples .772, .776; scifact test .740, .742, train .744, .744; cranfield
.570, .572; digitalgov-known (long articles) .830, .835; xquad-en .981, .981. .05 to .2, of three, five or all chunks,
were within .003 of it. BM25 of the whole article beside the best chunk (.2 to .6 of the keyword leg) came to the same
in the mean and needs statistics of its own; the second best chunk with a weight of its own, log-sum-exp of all, and the
best of each word over the chunks ranked worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from searchkit.search.fusion import KEYWORD, CandidateScale, Scale, fused
from searchkit.search.language_bias import QueryBias
from searchkit.search.named_articles import NamedRows
from searchkit.search.neighbours import LEG_DEPTH, LegScores, NeighbourShift, RowShift, neighbour_shift
from searchkit.search.protocols import KeywordScores, RowSpace
from searchkit.search.time_prior import TimePrior
from searchkit.storage import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]
    Mask = NDArray[np.bool_]


VOTERS = 5
VOTE = 0.15


def vote_of(scale: Scale | CandidateScale) -> float:
    """Return how much the mean counts: nothing in the fusions that know the day's candidates alone."""
    return VOTE if isinstance(scale, Scale) else 0.0


def votes(articles: Rows, scores: Scores, vote: float) -> tuple[Rows, Scores]:
    """Return each article once, ascending, and its score; all chunks of each must be given, ``(n,)`` each."""
    order = np.lexsort((-scores, articles))
    articles, scores = articles[order], scores[order]
    first = np.ones(len(articles), dtype=bool)
    np.not_equal(articles[1:], articles[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    keys, best = articles[starts], scores[starts]
    if not vote or not len(keys):
        return keys, best
    counts = np.diff(starts, append=len(articles))
    place = np.arange(len(scores)) - np.repeat(starts, counts)
    heard = place < VOTERS
    behind = np.repeat(best, counts)[heard] - scores[heard]
    number = np.repeat(np.arange(len(keys)), counts)[heard]
    return keys, best - vote * np.bincount(number, behind, len(keys)) / np.minimum(counts, VOTERS)


def votes_of_all(counts: Rows, scores: Scores, vote: float) -> Scores:
    """Return each article's score; ``scores`` has those of all chunks of each, ``counts`` of them, in any order."""
    if native.COMPILED is not None:
        return np.frombuffer(native.COMPILED.vote(counts, scores, vote, VOTERS), np.float64)
    return votes(np.repeat(np.arange(len(counts)), counts), scores, vote)[1]


def weights(count: int, vote: float) -> Scores:
    """Return what each of an article's ``count`` chunks counts, the best first: they add up to 1."""
    heard = min(count, VOTERS)
    each = np.full(heard, vote / heard)
    each[0] += 1 - vote
    return each


_DEEPER = 4
"""Each time the bound isn't reached, the depth grows so many times: the last look costs as much as all before."""


_ROUNDING = 1e-9
"""Sums of the same numbers in another order may differ by some 1e-15: what is nearer than this isn't decided yet."""

_AT_LEAST = 32
"""So many articles are looked at whole at once."""

_SPARE = 8
"""So many more than k are asked for, so that the bound lies below the k-th."""

_SEVERAL = 4
"""Chunks of an article that are counted on to be among the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankShift(RowShift):
    """What a reranker adds to some rows' scores, and its own ``(n,)`` scores of them."""

    scores: Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverScores:
    """One query's view of a generation: what each leg says of any row.

    ``keyword`` is what the keyword leg found, None where that leg isn't asked; ``vector`` is the query's, None where
    that leg isn't asked; ``allowed`` is ``(rows,)``, the rows that live and pass the filters, None for all; ``shift``
    is what a reranker adds to some rows, None where there is none; ``lean`` is what is taken off the cosines of each
    language and what the rest is worth, None for nothing and all. ``neighbour_weight`` is how much of a row's keyword
    score is its neighbours', and ``whole`` what the legs say of all that lives, where a filter leaves them less; None
    where it doesn't.
    """

    generation: RowSpace
    scale: Scale | CandidateScale
    keyword: KeywordScores | None
    vector: NDArray[np.float32] | None
    allowed: Mask | None
    looked: dict[int, tuple[Rows, float]] = field(default_factory=dict)
    """What the vector leg said already, by depth: it is asked for the ranking and again for the ranks shown."""
    leaned: dict[int, tuple[Rows, float]] = field(default_factory=dict)
    """The same by nearness: it is asked again where other settings are tried on these legs."""
    near_to: list[tuple[Rows, Scores]] = field(default_factory=list)
    """Rows, ascending, and their nearness: that of the best is asked for again, with and without a filter."""
    shift: RerankShift | None = None
    named: NamedRows | None = None
    """What the question names, which comes before all others."""
    lean: QueryBias | None = None
    prior: TimePrior | None = None
    """What dates add to the scores; None where the question is of no time."""
    neighbour_weight: float = 0.0
    whole: RetrieverScores | None = None
    boosted: Mapping[str, KeywordScores] = field(default_factory=dict)
    """What each field that counts more adds to the keyword scores, by its name: ``(rows,)`` of BM25 alone."""
    near: list[NeighbourShift] = field(default_factory=list, init=False)
    """What neighbours add, once it was worked out. Not handed over by ``replace``, as ``known`` isn't."""
    first: dict[int, tuple[Rows, float]] = field(default_factory=dict, init=False)
    """Rows that are among the best of a leg and the bound on others, by depth: for neighbours and for the ranking."""
    read: list[tuple[Rows, Scores, Scores]] = field(default_factory=list, init=False)
    """What both legs say of the rows that neighbours were looked for among."""
    known: list[tuple[Rows, Scores]] = field(default_factory=list, init=False)
    """Rows whose score was worked out, ascending, and these scores: of what ranks first all chunks are shown, too.
    Not handed over by ``replace``: with another scale or shift the scores are others."""

    @property
    def alone(self) -> RetrieverScores:
        """The same without what dates, boosts and a reranker add."""
        return replace(self, prior=None, shift=None, boosted={}) if self.is_shifted else self

    @property
    def is_shifted(self) -> bool:
        """Whether ``alone`` scores otherwise."""
        return self.prior is not None or self.shift is not None or bool(self.boosted)

    def cosine(self, rows: Rows) -> Scores | None:
        """Return each row's cosine with the query, exactly; None where the vector leg isn't asked."""
        return None if self.vector is None else self.generation.similarity(self.vector, rows)

    def nearness(self, rows: Rows) -> Scores | None:
        """Return of each row's cosine what counts beside its language; None where the vector leg isn't asked."""
        for known, nearness in self.near_to:
            if not len(known):
                continue
            place = known.searchsorted(rows)
            same = known.take(place, mode="clip") == rows
            missing = len(rows) - int(np.count_nonzero(same))
            if 2 * missing > len(rows):
                continue
            values = nearness.take(place, mode="clip")
            if missing:
                absent = ~same
                values[absent] = self._new_nearness(rows[absent])
            return values
        return self._new_nearness(rows)

    def _new_nearness(self, rows: Rows) -> Scores | None:
        cosine = self.cosine(rows)
        return cosine if cosine is None or self.lean is None else self.lean.nearness(cosine, rows)

    def nearest(self, vector: NDArray[np.float32], depth: int) -> tuple[Rows, float]:
        """Return at least the ``depth`` nearest rows, and a bound that no other exceeds."""
        if depth not in self.looked:
            self.looked[depth] = self.generation.nearest(vector, depth, self.allowed)
        return self.looked[depth]

    def bm25(self, rows: Rows) -> Scores | None:
        """Return each row's BM25; None where the keyword leg isn't asked."""
        return None if self.keyword is None else self.keyword.at(rows)

    def score(self, rows: Rows, bm25: Scores | None = None) -> Scores:
        """Return each row's score; ``bm25`` is what ``bm25`` gives for the rows, where it is known already."""
        near = self.neighbours
        known = next((read for read in self.read if read[0] is rows), None)
        if known is not None:
            scores = fused(self.scale, known[1], known[2])
        else:
            scores = fused(self.scale, self.bm25(rows) if bm25 is None else bm25, self.nearness(rows))
        for shift in (near, self.prior, self.named):
            if shift is not None:
                scores = scores + shift.of(rows)
        for boost in self.boosted.values():
            scores = scores + self.scale.share(KEYWORD, boost.at(rows))
        return scores if self.shift is None else scores + self.shift.of(rows)

    def score_all(self, rows: Rows) -> Scores:
        """Return each row's score, of ascending ones, and remember what ``alone`` scores them by."""
        if self.keyword is None or self.vector is None:
            return self.score(rows)
        if (nearness := self.nearness(rows)) is not None:
            self.near_to.append((rows, nearness))
        return self.score(rows, self.keyword.at_both(rows))

    @property
    def neighbours(self) -> NeighbourShift | None:
        """What neighbours add to the scores; None where it is nothing, or one leg alone is asked."""
        if not self.neighbour_weight or self.vector is None or not isinstance(self.scale, Scale):
            return None
        if not self.near:
            whole = self.whole or self
            self.near.append(
                neighbour_shift(self.generation, whole.both(), self.scale, self.neighbour_weight, self.lean)
            )
        return self.near[0]

    def both(self) -> LegScores:
        """Return what both legs say of the rows that neighbours are looked for among, and remember it."""
        rows, _ = self.best(LEG_DEPTH)
        if self.keyword is None or self.vector is None:
            raise ValueError("one leg alone is asked")
        keyword, cosines = self.keyword.at(rows), self.generation.similarity(self.vector, rows)
        nearness = cosines if self.lean is None else self.lean.nearness(cosines, rows)
        self.read.append((rows, keyword, nearness))
        self.near_to.append((rows, nearness))
        bound = self.keyword.best(LEG_DEPTH).bound
        return LegScores(rows=rows, keyword=keyword, cosines=cosines, nearness=nearness, bound=bound)

    def scored(self, rows: Rows) -> Scores:
        """Return what ``score`` does, without working out anew what is known."""
        for known, scores in self.known:
            place = np.minimum(np.searchsorted(known, rows), len(known) - 1)
            if (known[place] == rows).all():
                return scores[place]
        return self.score(rows)

    def forget(self) -> None:
        """Let go of the scores that a ranking kept for what is shown of it."""
        self.known.clear()
        self.near_to.clear()
        if self.keyword is not None:
            self.keyword.forget()

    def candidates(self, depth: int) -> tuple[Rows, float]:
        """Return the rows that are among the best ``depth`` of a leg, and the highest score that any other can have.

        Those that a reranker or neighbours move, or that the question names, are always among them, so that no bound
        need count their shares.
        """
        near = self.neighbours
        rows, bound = self.best(depth)
        if near is not None and (self.whole is not None or depth < LEG_DEPTH):
            moved = near.rows if self.allowed is None else near.rows[self.allowed[near.rows]]
            rows = np.union1d(rows, moved)
        if self.prior is not None and bound > -np.inf:
            dated, most = self.prior.best(depth, self.allowed)
            rows, bound = _each_once([rows, dated[self._answering(dated)]]), bound + most
        if self.boosted and bound > -np.inf:
            rows, bound = self._with_boosted(rows, bound, depth)
        if self.named is not None:
            rows = np.union1d(rows, self.named.rows)
        return (rows if self.shift is None else np.union1d(rows, self.shift.rows)), bound

    def _with_boosted(self, rows: Rows, bound: float, depth: int) -> tuple[Rows, float]:
        """Return some rows with those that boosts add most to, and the bound on all others."""
        for boost in self.boosted.values():
            best = boost.best(depth)
            rows = _each_once([rows, best.rows[self._answering(best.rows)]])
            bound += float(self.scale.share(KEYWORD, np.asarray([max(best.bound, 0.0)]))[0])
        return rows, bound

    def _answering(self, rows: Rows) -> Mask:
        """Say which of some allowed rows a leg can find, however deep it looks."""
        if self.vector is None:
            return np.ones(len(rows), dtype=bool) if self.keyword is None else self.keyword.matching(rows)
        vectored = self.generation.vectored
        if vectored is None:
            return np.ones(len(rows), dtype=bool)
        return vectored[rows] if self.keyword is None else vectored[rows] | self.keyword.matching(rows)

    def best(self, depth: int) -> tuple[Rows, float]:
        """Return the rows that are among the best ``depth`` of a leg by themselves, and the bound on all others."""
        if depth not in self.first:
            self.first[depth] = self._best(depth)
        return self.first[depth]

    def _best(self, depth: int) -> tuple[Rows, float]:
        parts, keyword_bound, vector_bound = [], 0.0, 0.0
        if self.keyword is not None:
            rows, _, keyword_bound = self.keyword.best(depth)
            parts.append(rows)
        if self.vector is None:
            return parts[0], self.scale.bound(keyword_bound, 0.0) if keyword_bound > -np.inf else -np.inf
        rows, vector_bound = self._nearest(self.vector, depth)
        parts.append(rows)
        if self.keyword is not None and self.generation.vectored is not None and keyword_bound > -np.inf:
            vector_bound = max(vector_bound, 0.0)  # a row without a vector counts 0, and only the keyword leg finds it
        if vector_bound == -np.inf:
            return _each_once(parts), -np.inf
        return _each_once(parts), self.scale.bound(max(keyword_bound, 0.0), vector_bound)

    def _nearest(self, vector: NDArray[np.float32], depth: int) -> tuple[Rows, float]:
        """Return at least the ``depth`` rows of the greatest nearness, and a bound that no other's exceeds."""
        if self.lean is None:
            return self.nearest(vector, depth)
        if depth in self.leaned:
            return self.leaned[depth]
        if not self.generation.holds_all_rows:
            near, rest = self.nearest(vector, depth)
            return near, self.lean.bound(rest)
        parts, bound = [np.empty(0, dtype=np.int64)], -np.inf
        many: list[tuple[Mask, float, float]] = []
        for rows, taken, share in self.lean.sets():
            searched = rows if self.allowed is None else rows & self.allowed
            if np.count_nonzero(searched) <= depth:
                parts.append(np.flatnonzero(searched))
            else:
                many.append((searched, taken, share))
        for searched, taken, share in many:
            alone = len(many) == 1  # one language and some strays: the nearest of all are those of the language
            nearest, rest = self.nearest(vector, depth) if alone else self.generation.nearest(vector, depth, searched)
            parts.append(nearest)
            bound = max(bound, share * (rest - taken))
        self.leaned[depth] = np.concatenate(parts), bound
        return self.leaned[depth]


def _each_once(parts: Sequence[Rows]) -> Rows:
    """Return the rows of some lists, ascending: ``np.unique``, whose table of hashes takes ten times as long."""
    rows = np.concatenate(parts)
    rows.sort()
    first = np.ones(len(rows), dtype=bool)
    np.not_equal(rows[1:], rows[:-1], out=first[1:])
    return rows[first]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedKeys:
    """The best groups of rows: their keys and scores, best first, ties in the order of the keys' names."""

    keys: Rows
    scores: Scores


def rank_articles(legs: RetrieverScores, k: int, depth: int) -> RankedKeys:
    """Return the ``k`` best articles as numbers over all segments."""
    if legs.generation.rows_are_articles:
        return _rank(legs, k, depth, lambda rows, _: (rows, legs.score(rows)), legs.generation.article_ids)
    vote = vote_of(legs.scale)

    def look(rows: Rows, bound: float) -> tuple[Rows, Scores]:
        of_row, starts = legs.generation.article_of_row, legs.generation.article_starts
        if (few := _voted_few(legs, rows, k, vote)) is not None:
            return few
        scores, articles = legs.score(rows), of_row[rows]
        if not np.any(starts[articles + 1] - starts[articles] > 1):
            return articles, scores  # each has one chunk, which is its best and all that votes
        voted, best = votes(articles, scores, 0.0) if legs.vector is None else _best_by_article(articles, scores)
        return (voted, best) if not vote else _voted(legs, voted, np.maximum(best, bound), k, vote)

    return _rank(legs, k, depth, look, legs.generation.article_ids)


def depth_for(legs: RetrieverScores, k: int, depth: int) -> int:
    """Return how deep to look at first for the ``k`` best articles alone: mostly as deep as that takes.

    ``depth`` is that of the settings. A fusion that knows the candidates alone sees so many; where articles have
    several chunks, more of these are needed for k articles. What both legs find is looked up in the other one: of 100
    questions each to cranfield and xquad-en none had to look twice at 72 (k = 10), 8 at 25. Where neighbours
    count, so many are asked for anyway.
    """
    if not isinstance(legs.scale, Scale) or legs.shift is not None:
        return depth
    chunks = -(-legs.generation.rows // max(1, legs.generation.article_count))
    several = min(chunks, _SEVERAL) if legs.vector is None else _SEVERAL
    enough = min(depth, (k + _SPARE) * several)
    return max(enough, LEG_DEPTH) if legs.neighbour_weight and legs.vector is not None else enough


def rank_chunks(legs: RetrieverScores, k: int, depth: int) -> RankedKeys:
    """Return the ``k`` best rows."""

    def names_of(rows: Rows) -> list[str]:
        return [legs.generation.chunks_at(range(row, row + 1))[0].id for row in rows.tolist()]

    return _rank(legs, k, depth, lambda rows, _: (rows, legs.score(rows)), names_of)


def _rank(
    legs: RetrieverScores,
    k: int,
    depth: int,
    look: Callable[[Rows, float], tuple[Rows, Scores]],
    names_of: Callable[[Rows], list[str]],
) -> RankedKeys:
    """Return the best of what ``look`` makes of the candidates and of the bound on the scores of all other rows."""
    while True:
        rows, bound = legs.candidates(depth)
        keys, scores = look(rows, bound)
        if bound == -np.inf or np.count_nonzero(scores > bound + _ROUNDING) >= k:
            break
        depth *= _DEEPER
    order = (-scores).argsort(kind="stable")
    falling = scores[order]
    if len(order) > k:
        last = k + int((falling[k:] == falling[k - 1]).sum())
        order, falling = order[:last], falling[:last]
    keys = keys[order]
    same = falling[1:] == falling[:-1]
    if same.any():
        chosen = _ties_by_name(keys, falling, same, names_of)[:k]
        return RankedKeys(keys=keys[chosen], scores=falling[chosen])
    return RankedKeys(keys=keys[:k], scores=falling[:k])


def _best_by_article(articles: Rows, scores: Scores) -> tuple[Rows, Scores]:
    """Return each article once and its best score; ``articles`` ascend."""
    first = np.ones(len(articles), dtype=bool)
    np.not_equal(articles[1:], articles[:-1], out=first[1:])
    starts = first.nonzero()[0]
    return articles[starts], np.maximum.reduceat(scores, starts)


def _voted_few(legs: RetrieverScores, rows: Rows, k: int, vote: float) -> tuple[Rows, Scores] | None:
    """Return what ``_voted`` does where the keyword leg alone is asked and the first articles tell; or None.

    ``rows`` are the candidates, best first: what any article can have is the score of its first.
    """
    plain = legs.named is None and not legs.is_shifted
    alone = legs.vector is None and plain and isinstance(legs.scale, Scale) and legs.scale.keyword == 1.0
    if not alone or legs.keyword is None:
        return None
    best = legs.keyword.best_of(rows)
    voted = best and legs.keyword.voted(best, max(_AT_LEAST, 2 * k), vote, VOTERS)
    if not best or not voted:
        return None
    if voted.looked < len(rows):
        first = np.sort(voted.scores)[-k:]
        if len(first) < k or first[0] <= best.scores[voted.looked] + _ROUNDING:
            return None
    return voted.articles, voted.scores


def _voted(legs: RetrieverScores, articles: Rows, ceilings: Scores, k: int, vote: float) -> tuple[Rows, Scores]:
    """Return the articles that may be among the ``k`` best, and their scores; ``ceilings`` is what each may have."""
    starts = legs.generation.article_starts
    order = np.argsort(-ceilings, kind="stable")
    articles, ceilings = articles[order], ceilings[order]
    keys, scores = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    step = max(_AT_LEAST, 2 * k)
    for start in range(0, len(articles), step):
        joined = np.concatenate(scores)
        if len(joined) >= k and -np.partition(-joined, k - 1)[k - 1] > ceilings[start] + _ROUNDING:
            break
        these = np.sort(articles[start : start + step])
        firsts = starts[these]
        counts = starts[these + 1] - firsts
        rows = np.arange(int(counts.sum())) + np.repeat(firsts - (np.cumsum(counts) - counts), counts)
        keys.append(these)
        own = legs.score_all(rows)
        legs.known.append((rows, own))
        scores.append(votes_of_all(counts, own, vote))
    return np.concatenate(keys), np.concatenate(scores)


def _ties_by_name(keys: Rows, scores: Scores, same: Mask, names_of: Callable[[Rows], list[str]]) -> Rows:
    """Return the order in which equal scores stand by name; names are looked up for those alone.

    ``same``: ``(n - 1,)``, whether the score after each is the same.
    """
    tied = np.zeros(len(scores), dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    places = tied.nonzero()[0]
    sort_keys = list(zip((-scores[places]).tolist(), names_of(keys[places]), strict=True))
    order = np.arange(len(scores))
    order[places] = places[sorted(range(len(places)), key=sort_keys.__getitem__)]
    return order
