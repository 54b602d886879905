"""Cluster search: how a query is answered by an index on a cluster, with the ranking that serves an index in a folder.

Both retrievers are asked on the cluster (``opensearch/query_rows.py``); reading, fusion, votes, neighbours, snippets,
confidence and explanations are those of this room. What differs: wildcards, fuzzy words and words near each other are
refused; dates don't rank; a sentence that is quoted word by word doesn't put its article first; no other spellings are
suggested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.answer import FacetCount
from searchkit.config import SearchConfig
from searchkit.errors import NotOnCluster
from searchkit.index.declared_fields import check_boosts
from searchkit.index.generation import FIELDS_EVERYWHERE, check_fields, unknown_field
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.query.ast import Filter, Maybe, Or, Tree, without_filters
from searchkit.keyword.query.filter_values import dated
from searchkit.keyword.query.vocabulary import boost_wishes, with_boosts
from searchkit.opensearch.cluster_index import ClusterIndex
from searchkit.opensearch.filter_query import Clause, all_of, any_of, clause_of, clauses_of
from searchkit.opensearch.keyword_query import KeywordQuery
from searchkit.opensearch.mapping import TERMS
from searchkit.opensearch.query_rows import QueryRows, Side
from searchkit.opensearch.query_view import RowView, WordScores
from searchkit.search.candidates import (
    NO_BOOSTS,
    Candidates,
    Encode,
    encoded,
    highlights_of,
    index_notes,
    scaled_by_candidates,
)
from searchkit.search.cursor import SEAL_BYTES, Clock
from searchkit.search.deep_ranking import DeepRanking
from searchkit.search.facets import facet_of
from searchkit.search.fusion import Scale, hybrid, keyword_alone, vector_alone
from searchkit.search.highlight import Highlighter
from searchkit.search.language_bias import LanguageBias, MixedLanguageDetector
from searchkit.search.named_articles import TitleFinder, named_rows, step_of
from searchkit.search.query import check_query
from searchkit.search.query_reader import QueryReader
from searchkit.search.query_time import asked_time, where_at
from searchkit.search.ranking import RetrieverScores
from searchkit.types import NO_FILTER, Article, Chunk, IndexInfo, Mode, Query, QueryReading, Where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.analysis.analyzer import QueryWord
    from searchkit.keyword.query.parser import ParsedQuery

_PAGED = 16
"""Queries of which pages are turned whose rankings are kept."""

_FOR_CONFIDENCE = 1.0
"""What a word's presence counts where coverage is no part of the score: confidence asks how much is covered."""

NO_DATES = "Over OpenSearch dates don't rank yet: a time in the query lifts no article."


class ClusterContext:
    """A generation on a cluster as searches see it: what ``SearchContext`` is to one in a folder."""

    def __init__(self, index: ClusterIndex) -> None:
        self.generation = index
        self.analyzer = Analyzer()
        self.paged: BoundedCache[bytes, tuple[Candidates, DeepRanking]] = BoundedCache(_PAGED)
        self.gave_cursor = False
        self.levels: BoundedCache[tuple[Mode, float], float] = BoundedCache(_PAGED)
        self._reader = QueryReader(self.analyzer, index.languages, index.field_names)

    @cached_property
    def seal(self) -> bytes:
        """What tells the generation from another of the same number."""
        return bytes.fromhex(self.generation.seal)[:SEAL_BYTES]

    @cached_property
    def leaning(self) -> LanguageBias:
        """How the vectors of each language lie, and the weight that follows."""
        return LanguageBias(self.generation)

    @cached_property
    def snippets(self) -> Highlighter:
        """What cuts chunks to what is worth showing."""
        return Highlighter(self.analyzer)

    def parse(self, query: Query) -> ParsedQuery:
        """Read the query language. Raises ``QueryError``."""
        return self._reader.parse(query)

    def reread(self, parsed: ParsedQuery, config: SearchConfig) -> tuple[Tree, tuple[str, ...]]:
        """Return a query's tree as the settings have it, and notes on that. Raises as ``QueryReader.reread`` does."""
        return self._reader.reread(parsed, config)

    def reading_of(self, query: Query, config: SearchConfig, clock: Clock) -> QueryReading:
        """Tell what a query is read as. Raises ``QueryError``."""
        return self.parse(query).reading

    def standing(self, mode: Mode) -> tuple[str, ...]:
        """Say what the index lacks that matters to a search in a mode. Raises ``VectorsMissing``."""
        return index_notes(self.generation, mode)

    def retrieve(self, query: Query, config: SearchConfig, encode: Encode, clock: Clock | None = None) -> Candidates:
        """Ask the retrievers that a query's mode names.

        Raises ``QueryError``, ``BackendError``, and what ``encode`` raises.
        """
        return _Retrieval(self, query, config, encode, clock or Clock(lambda: config.time_zone, query.now)).candidates()

    def count(self, candidates: Candidates) -> int:
        """Count the articles that match, exactly. Raises ``BackendError``."""
        if candidates.legs.keyword is not None:
            return candidates.legs.keyword.count_articles(candidates.legs.generation.article_of_row)
        return self.generation.count(_matching(candidates))

    def count_facets(self, candidates: Candidates) -> dict[str, tuple[FacetCount, ...]]:
        """Count the values of the fields that a query names, over the articles that match.

        Raises ``QueryError``, ``NotOnCluster``, ``BackendError``.
        """
        names, fields = candidates.query.facets, self.generation.field_names
        for name in names:
            if name not in fields | FIELDS_EVERYWHERE:
                raise unknown_field(name, fields)
        if "published" in names:
            raise NotOnCluster("Articles can't be counted by their dates over OpenSearch yet.", hint="Count by 'year'.")
        values = self.generation.values_of(names, _matching(candidates))
        return {name: facet_of(values[name].keys, values[name].spellings) for name in names}

    def article(self, article_id: str) -> tuple[Article, tuple[Chunk, ...]] | None:
        """Return an article and its chunks; None where there is none of that id. Raises ``BackendError``."""
        return self.generation.articles([article_id]).get(article_id)

    def ids_where(self, where: Where) -> list[str]:
        """Return the ids of the articles that pass a filter, sorted. Raises ``BackendError``."""
        return self.generation.ids_where(where)

    def count_where(self, where: Where) -> int:
        """Count the articles that pass a filter. Raises ``BackendError``."""
        return self.generation.count(all_of(clauses_of(where)))

    def meets(self, article_id: str, where: Where) -> bool:
        """Say whether there is an article of an id, and it passes a filter. Raises ``BackendError``."""
        return bool(self.generation.count(all_of([{"ids": {"values": [article_id]}}, *clauses_of(where)])))

    def mixed(self, text: str, telling: Sequence[QueryWord] | None = None) -> float:
        """Return how much a question's words are of several languages, 0 to 1. Raises ``BackendError``."""
        if len(self.generation.manifest.spreads) < 2:
            return 0.0
        return self._mixed_languages.mixed(text, telling)

    @cached_property
    def _mixed_languages(self) -> MixedLanguageDetector:
        groups = list(self.leaning.spreads)
        return MixedLanguageDetector(self.generation.languages, groups, self.analyzer, self._languages_of)

    def _languages_of(self, words: Sequence[tuple[str, ...]]) -> list[NDArray[np.bool_]]:
        """Return of each word ``(groups + 1,)``: in the articles of which languages it stands."""
        masks = []
        for groups in self.generation.statistics.groups_of([(TERMS, terms) for terms in words]):
            seen = np.zeros(len(self.leaning.spreads) + 1, dtype=bool)
            seen[[self.leaning.number_of(group) for group in sorted(groups)]] = True
            masks.append(seen)
        return masks

    def info(self, time_zone: str) -> IndexInfo:
        """Tell what the index is made of, to who asks in a time zone. Raises ``BackendError``."""
        return self.generation.info(time_zone)

    def rank_fast(self, query: Query) -> None:
        """Return None: there is no shorter way."""
        return

    def lacks_words(self, candidates: Candidates) -> bool:
        """Return False: other spellings can't be suggested."""
        return False

    def suggestions(self, candidates: Candidates) -> tuple[str, ...]:
        """Return none: the cluster isn't asked for words that are nearly alike."""
        return ()


class _Retrieval:
    """One query to a cluster, from its text to the rows."""

    def __init__(
        self, context: ClusterContext, query: Query, config: SearchConfig, encode: Encode, clock: Clock
    ) -> None:
        self._context, self._query, self._config, self._encode, self._clock = context, query, config, encode, clock
        self._index = context.generation

    def candidates(self) -> Candidates:
        """Return what the retrievers say. Raises as ``ClusterContext.retrieve`` does."""
        query, config = self._query, self._config
        check_query(query)
        check_fields(self._index.field_names, self._index.manifest.config.fields, query.where)
        check_boosts((), config.boosts)
        parsed = self._context.parse(query)
        where = where_at(query)
        filters = tuple(clauses_of(where))
        notes = (*self._context.standing(query.mode), *self._notes_on(parsed))
        weight = self._context.leaning.weight if config.vector_weight is None else config.vector_weight
        if query.mode is Mode.VECTOR:
            return self._by_vector(parsed, filters, notes, weight)
        tree, reading_notes = self._context.reread(parsed, config)
        vector, lost = self._vector(parsed)
        summed = vector is not None and config.fusion == "sum"
        coverage = config.coverage_weight if summed else 0.0
        is_sum = summed or vector is None
        asked_tree = tree if is_sum else with_boosts(tree, config.boosts)  # the other fusions go by the ranks it gives
        words = self._words(asked_tree, coverage or _FOR_CONFIDENCE)
        sides = [_side(words, filters, plain=parsed.plain)]
        if words.idf_sum and is_sum:
            sides += self._unfiltered(tree, words, where != NO_FILTER, coverage or _FOR_CONFIDENCE, plain=parsed.plain)
        unboosted = len(sides)
        boosts = self._boosts(tree) if is_sum else {}
        conditions = filters if parsed.plain else (*filters, *words.conditions)
        sides += [_side(each, conditions, plain=True) for each in boosts.values()]
        rows = QueryRows(self._index, sides, vector)
        scale = hybrid(words.idf_sum, weight) if self._is_both(parsed) else keyword_alone(words.idf_sum)
        legs = self._scaled(self._legs(rows, 0, scale, vector, covers=bool(coverage)), rows)
        neighbour_weight = config.neighbour_weight if summed and words.idf_sum else 0.0
        boosted = {name: WordScores(rows, place, covers=False) for place, name in enumerate(boosts, start=unboosted)}
        legs = replace(legs, neighbour_weight=neighbour_weight, boosted=boosted)
        if unboosted > 1:
            whole = self._legs(rows, 1, scale, vector, covers=bool(coverage))
            legs = replace(legs, whole=replace(whole, lean=legs.lean, neighbour_weight=neighbour_weight))
        named = self._named(rows, parsed, legs, step_of(scale, words.idf_sum, config))
        return Candidates(
            query=query,
            parsed=parsed,
            legs=named,
            mask=None,
            notes=(*parsed.notes, *notes, *reading_notes, *lost),
            reading=parsed.reading,
        )

    def _by_vector(
        self, parsed: ParsedQuery, filters: tuple[Clause, ...], notes: tuple[str, ...], weight: float
    ) -> Candidates:
        query = self._query
        conditions: tuple[Clause, ...] = ()
        if not parsed.plain:  # what an expression says of articles holds in every mode
            conditions = tuple(self._words(parsed.tree, 0.0).conditions)
        text = parsed.text if parsed.text.strip() else query.text
        vector = self._encode(self._context, text)
        rows = QueryRows(self._index, [Side(words=None, filters=filters, nearest=conditions)], vector)
        scale = vector_alone(weight)
        legs = self._legs(rows, 0, scale, vector)
        return Candidates(
            query=query,
            parsed=None,
            legs=self._named(rows, parsed, legs, step_of(scale, 0.0, self._config)),
            words=highlights_of(text, query.where, self._context.analyzer, self._index.languages),
            mask=None,
            notes=(*parsed.notes, *notes, *((NO_BOOSTS,) if self._config.boosts else ())),
            reading=parsed.reading,
        )

    def _is_both(self, parsed: ParsedQuery) -> bool:
        return self._query.mode is Mode.HYBRID and bool(parsed.text.strip())

    def _vector(self, parsed: ParsedQuery) -> tuple[NDArray[np.float32] | None, tuple[str, ...]]:
        if not self._is_both(parsed) or not self._index.has_vectors:
            return None, ()
        return encoded(self._context, parsed.text, self._encode, self._config)

    def _words(self, tree: Tree, coverage: float) -> KeywordQuery:
        return KeywordQuery(tree, self._index.statistics, self._condition, coverage=coverage)

    def _boosts(self, tree: Tree) -> dict[str, KeywordQuery]:
        """Return what each field that counts more adds to the keyword scores, asked by itself."""
        wishes = {name: boost_wishes(tree, name, boost) for name, boost in self._config.boosts.items()}
        return {name: self._words(Maybe(child=Or(children=tuple(some))), 0.0) for name, some in wishes.items() if some}

    def _condition(self, condition: Filter) -> Clause:
        """Compile a condition of the query language."""
        if condition.field == "published":
            return any_of([clause_of(each) for each in dated(condition, self._clock())])
        return clause_of(condition)

    def _unfiltered(
        self, tree: Tree, words: KeywordQuery, is_filtered: bool, coverage: float, *, plain: bool
    ) -> list[Side]:
        """Return the same search where no filter holds; none where that is the search itself."""
        bare = without_filters(tree)
        if not is_filtered and bare is tree:
            return []
        return [_side(words if bare is tree else self._words(bare, coverage), (), plain=plain)]

    def _legs(
        self, rows: QueryRows, side: int, scale: Scale, vector: NDArray[np.float32] | None, *, covers: bool = True
    ) -> RetrieverScores:
        words = rows.sides[side].words
        return RetrieverScores(
            generation=RowView(rows, side),
            scale=scale,
            keyword=None if words is None else WordScores(rows, side, covers=covers),
            vector=vector,
            allowed=rows.allowed[side] if vector is not None else None,
        )

    def _scaled(self, legs: RetrieverScores, rows: QueryRows) -> RetrieverScores:
        """Complete the scale where both retrievers are asked."""
        if legs.keyword is None or legs.vector is None:
            return legs
        if self._config.fusion == "sum":
            groups = _RowGroups(rows, self._context.leaning)
            return replace(legs, lean=self._context.leaning.towards(legs.vector, groups))
        return scaled_by_candidates(legs, self._config)

    def _named(self, rows: QueryRows, parsed: ParsedQuery, legs: RetrieverScores, step: float) -> RetrieverScores:
        """Put what the question names, by URL or title, before all others."""
        text = self._query.text if parsed.plain else parsed.text
        look_up = _ClusterLookUp(rows)
        known = TitleFinder(look_up, self._context.analyzer, self._index.languages).named(text)
        if not known:
            return legs
        allowed = rows.allowed[0]
        return replace(legs, named=named_rows(legs.generation, known, lambda: allowed, step))

    def _notes_on(self, parsed: ParsedQuery) -> Iterator[str]:
        query = self._query
        if asked_time(query, parsed, self._config, self._clock) is not None:
            yield NO_DATES
        if query.where != NO_FILTER and not self._context.count_where(where_at(query)):
            yield "No article passes the filter."


def _side(words: KeywordQuery, filters: tuple[Clause, ...], *, plain: bool) -> Side:
    # An expression says what an article must hold, and vectors obey it; plain words only say what is wanted.
    return Side(words=words, filters=filters, nearest=() if plain else tuple(words.conditions))


class _RowGroups:
    """The place of each row's language among those that vectors were counted in."""

    def __init__(self, rows: QueryRows, leaning: LanguageBias) -> None:
        self._rows, self._leaning = rows, leaning

    def __getitem__(self, rows: Any, /) -> NDArray[np.int16]:
        numbers = np.asarray([self._leaning.number_of(group) for group in self._rows.groups], np.int16)
        groups: NDArray[np.int16] = numbers[self._rows.article_of_row[rows]]
        return groups


class _ClusterLookUp:
    """Looks articles up on a cluster; their numbers are those of one search."""

    def __init__(self, rows: QueryRows) -> None:
        self._rows = rows

    def articles_by(self, keys: Sequence[int]) -> Iterator[tuple[int, Article]]:
        """Yield the articles that have any of some keys, each with its number. Raises ``BackendError``."""
        ids = self._rows.index.ids_by_keys(keys)
        self._rows.add(ids)
        for article_id, (article, _) in self._rows.articles(ids).items():
            yield self._rows.places[article_id], article

    def has_any(self, terms: Collection[str]) -> bool:
        """Say whether any of some terms stands in an article. Raises ``BackendError``."""
        statistics = self._rows.index.statistics
        statistics.learn([(TERMS, (term,)) for term in sorted(terms)])
        return any(statistics.df((TERMS, (term,))) for term in terms)


def _matching(candidates: Candidates) -> Clause:
    view = candidates.legs.generation
    if not isinstance(view, RowView):
        raise TypeError("these candidates aren't a cluster's")
    return view.matching
