"""Pages: which articles stand on the page that a query asks for, by score or sorted by a field, and how many match.

Sorted are the articles that match: those that ``Answer.total`` counts, or with ``min_confidence`` all of that
confidence, near in meaning alone or not. A sorted page looks at the sort keys of what matches once, whichever page it
is; a page by score goes on in a ranking that is kept (``deep_ranking.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import SearchConfig
from searchkit.errors import QueryError
from searchkit.index.declared_fields import refuse_unsorted
from searchkit.index.generation import FIELDS_EVERYWHERE, Generation, unknown_field
from searchkit.index.sort_keys import MISSING, OWN_COLUMNS
from searchkit.keyword.query.parser import KNOWN_AS
from searchkit.search.candidates import Candidates, IndexContext
from searchkit.search.cursor import Clock, Cursor, query_digest
from searchkit.search.deep_ranking import DeepRanking
from searchkit.search.matching_articles import matching_articles
from searchkit.search.ranking import RankedKeys, RetrieverScores
from searchkit.search.results import article_scores, confidence_of, is_wordless, refuse_without_confidence
from searchkit.search.retrieval import SearchContext
from searchkit.types import Mode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_CONFIDENT_FROM = 64
"""Articles that are ranked at first to see where confidence ends; four times as many each time that it doesn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The articles of a page by number, with their scores.

    ``shown`` articles stand on the pages before; ``more`` says whether any follow. ``key`` and ``last``: sort key and
    id of the page's last article, where it is sorted.
    """

    ranked: RankedKeys
    shown: int
    more: bool
    key: int = 0
    last: str = ""


def page_by_score(ranking: DeepRanking, k: int, cursor: Cursor | None) -> Page:
    """Return the page of the next ``k`` articles by score."""
    shown = 0 if cursor is None else cursor.shown
    ranked = ranking.first(shown + k + 1)
    page = slice(shown, shown + k)
    return Page(
        ranked=RankedKeys(keys=ranked.keys[page], scores=ranked.scores[page]),
        shown=shown,
        more=len(ranked.keys) > shown + k,
    )


def page_by_field(context: SearchContext, candidates: Candidates, config: SearchConfig, cursor: Cursor | None) -> Page:
    """Return the page of the next articles that match, sorted as the query says. Raises ``QueryError``."""
    generation, query = context.generation, candidates.query
    name, descending = _field_of(generation, query.sort)
    articles = _sortable(context, candidates, config)
    keys = generation.sort_keys(name, descending=descending)[articles]
    if cursor is not None:
        behind = _behind(generation, articles, keys, cursor)
        articles, keys = articles[behind], keys[behind]
    order = _first(generation, articles, keys, query.k)
    chosen = articles[order]
    return Page(
        ranked=RankedKeys(keys=chosen, scores=_scores(candidates.legs, chosen)),
        shown=0 if cursor is None else cursor.shown,
        more=len(articles) > len(chosen),
        key=int(keys[order[-1]]) if len(order) else MISSING,
        last=generation.article_ids(chosen[-1:])[0] if len(order) else "",
    )


def _field_of(generation: Generation, sort: str) -> tuple[str, bool]:
    """Return the field to sort by and whether the last comes first. Raises ``QueryError``."""
    descending = sort.startswith("-")
    name = sort.removeprefix("-")
    refuse_unsorted(generation.declared, name)
    known = generation.field_names | OWN_COLUMNS
    if name not in known | FIELDS_EVERYWHERE:
        raise _unsortable(name, known, descending=descending)
    return name, descending


def _unsortable(name: str, known: Collection[str], *, descending: bool) -> QueryError:
    """Make the error for a field that isn't there, with what it is called here as it is to be typed."""
    near = get_close_matches(name, sorted(known), n=1)
    own_name = KNOWN_AS.get(name.lower()) or (near[0] if near else "")
    if not own_name:
        return unknown_field(name, known)
    return QueryError(f"No article here has a field '{name}'.", hint=f"Did you mean '{'-' * descending}{own_name}'?")


def _sortable(context: SearchContext, candidates: Candidates, config: SearchConfig) -> Rows:
    """Return the articles that are sorted, ascending."""
    least = candidates.query.min_confidence
    if not least or is_wordless(candidates.legs):
        return matching_articles(context.generation, candidates.matching)
    refuse_without_confidence(candidates.legs, config)
    question = confidence_of(context, candidates.legs, candidates.plain_text, candidates.telling)
    if question is None:
        return matching_articles(context.generation, candidates.matching)
    ranking, count = DeepRanking(candidates.legs.alone, config.depth, whole_depth=False), _CONFIDENT_FROM
    while True:
        ranked = ranking.first(count)
        # Confidence is in the order of the score without dates and a reranker.
        sure = np.asarray([question.of(score) for score in ranked.scores.tolist()]) >= least
        if len(ranked.keys) < count or not sure.all():
            return np.sort(ranked.keys[sure])
        count *= 4


def _behind(generation: Generation, articles: Rows, keys: Rows, cursor: Cursor) -> Mask:
    """Return which articles come after the last one of the page before."""
    behind = keys > cursor.key
    tied = np.flatnonzero(keys == cursor.key)
    if len(tied):
        ids = generation.article_ids(articles[tied])
        behind[tied] = [article_id > cursor.last for article_id in ids]
    return behind


def _first(generation: Generation, articles: Rows, keys: Rows, k: int) -> Rows:
    """Return the places of the first ``k`` articles by key, ties by id."""
    bound = np.partition(keys, k - 1)[k - 1] if len(keys) > k else MISSING
    places = np.flatnonzero(keys <= bound)
    places = places[np.argsort(keys[places], kind="stable")]
    sorted_keys = keys[places]
    tied = np.zeros(len(places), dtype=bool)
    same = sorted_keys[1:] == sorted_keys[:-1]
    tied[1:] |= same
    tied[:-1] |= same
    where = np.flatnonzero(tied)
    ids = generation.article_ids(articles[places[where]])
    pairs = sorted(zip(sorted_keys[where].tolist(), ids, where.tolist(), strict=True))
    order = places.copy()
    order[where] = places[[place for _, _, place in pairs]]
    return order[:k]


def _scores(legs: RetrieverScores, articles: Rows) -> NDArray[np.float64]:
    starts = legs.generation.article_starts
    return article_scores(legs, [range(int(starts[number]), int(starts[number + 1])) for number in articles])


def scored_articles(candidates: Candidates, ids: Iterable[str]) -> RankedKeys:
    """Return those of some articles that the query's filters let pass, in the order of the ids, with their scores."""
    generation, mask = candidates.legs.generation, candidates.legs.allowed
    numbers = [number for article_id in ids if (number := generation.article_number(article_id)) is not None]
    starts = generation.article_starts  # those that were looked up among them
    keys = np.asarray([n for n in numbers if mask is None or mask[starts[n]]], dtype=np.int64)
    return RankedKeys(keys=keys, scores=_scores(candidates.legs, keys))


_COUNTED = {
    Mode.KEYWORD: "articles that match the query and pass the filters",
    Mode.HYBRID: "articles that hold a word asked for and pass the filters; near in meaning alone aren't counted",
    Mode.VECTOR: "articles that pass the filters: each is more or less near",
}


def what_is_counted(candidates: Candidates) -> str:
    """Say what ``Answer.total`` counts."""
    return _COUNTED[candidates.query.mode]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTurn:
    """A page of a query, and what its next cursor is made of."""

    candidates: Candidates
    config: SearchConfig
    page: Page
    clock: Clock
    is_reranked: bool

    def next_cursor(self, context: IndexContext) -> str | None:
        """Return the cursor of the next page; None where nothing follows."""
        page, shift = self.page, self.candidates.legs.shift
        if not page.more or not self._may_follow(context):
            return None
        context.gave_cursor = True
        return Cursor(
            generation=context.generation.manifest.generation,
            seal=context.seal,
            query=query_digest(self.candidates.query, self.config, reranked=self.is_reranked),
            shown=page.shown + len(page.ranked.keys),
            reranked=None if shift is None else len(shift.rows),
            now=self.clock.reading,
            key=page.key,
            last=page.last,
        ).to_text()

    def _may_follow(self, context: IndexContext) -> bool:
        """Say whether an article behind the page can have the confidence that is asked for.

        It is that of the score before a reranker, which took no more off an article than off any of its chunks.
        """
        candidates = self.candidates
        least, shift = candidates.query.min_confidence, candidates.legs.shift
        if not least or candidates.query.sort:
            return True
        question = confidence_of(context, candidates.legs, candidates.plain_text, candidates.telling)
        reduction = 0.0 if shift is None or not len(shift.shares) else max(0.0, -float(shift.shares.min()))
        return question is None or question.of(float(self.page.ranked.scores[-1]) + reduction) >= least
