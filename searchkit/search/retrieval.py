"""Retrieval: the candidates and scores of both retrievers for a query.

An index that was published by keyword first (``build --keyword-first``) has segments that wait for their vectors. In
hybrid mode a chunk without a vector counts a cosine of 0, which is what the default encoder gives two texts that have
nothing to do with each other: its score is what its words alone are worth, and it has no neighbours. So it is found by
the keyword leg alone, no guess puts it above a chunk whose nearness is known, and every score depends, as ever, on the
query, the chunk and the index alone: when its vector comes, its own cosine is added; only what the index learns from
all its vectors together, a weight and how languages lean, moves with them. While no chunk has one, the order is that of
the keyword leg, and no encoder is needed. By vector alone such chunks can't be found; where there are no others, asking
is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from searchkit.config import SearchConfig
from searchkit.errors import QueryError
from searchkit.index.declared_fields import check_boosts
from searchkit.index.generation import Generation, check_fields, info_of
from searchkit.index.manifest import RULES, seal_of
from searchkit.keyword.analysis.analyzer import Analyzer, QueryWord
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.query.ast import (
    Filter,
    Maybe,
    Or,
    Term,
    Tree,
    filters,
    without_filters,
)
from searchkit.keyword.query.parser import ParsedQuery
from searchkit.keyword.query.spelling import suggest
from searchkit.keyword.query.vocabulary import boost_wishes, with_boosts
from searchkit.keyword.scoring.evaluator import KeywordMatches, evaluate
from searchkit.keyword.scoring.segments import KeywordSegments, SegmentPostings
from searchkit.search.candidates import (
    NO_BOOSTS,
    Candidates,
    Encode,
    IndexContext,
    encoded,
    highlights_of,
    index_notes,
    scaled_by_candidates,
)
from searchkit.search.cursor import SEAL_BYTES, Clock
from searchkit.search.deep_ranking import DeepRanking
from searchkit.search.facets import count_facets
from searchkit.search.fast_ranking import FastQueryReader, RankedIds, rank_fast
from searchkit.search.fusion import Scale, hybrid, keyword_alone, vector_alone
from searchkit.search.highlight import Highlighter
from searchkit.search.language_bias import LanguageBias, MixedLanguageDetector, languages_in_postings
from searchkit.search.matching_articles import matching_articles
from searchkit.search.named_articles import NamedArticleFinder, NamedAs, higher, named_rows, step_of
from searchkit.search.query import check_query, notes_on_arguments, notes_on_text
from searchkit.search.query_reader import QueryReader
from searchkit.search.query_time import QueryTime, asked_time, timed_reading, until_newest, where_at
from searchkit.search.ranking import RetrieverScores
from searchkit.search.suggestions import Suggester
from searchkit.search.time_prior import ArticleDates, is_felt, prior_of
from searchkit.types import NO_FILTER, Mode, Query, QueryReading, Where

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from searchkit.answer import FacetCount
    from searchkit.types import Article, Chunk, IndexInfo, Vector

    Mask = NDArray[np.bool_]


_PAGED = 16
"""Queries of which pages are turned whose rankings are kept: some 20 bytes for each article of the pages, and what the
keyword leg found, up to 10 bytes a chunk."""


class SearchContext:
    """A generation as searches see it: its keyword leg is put together when it is first asked."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.analyzer = Analyzer()
        self._standing: dict[Mode, tuple[str, ...]] = {}
        self._noted: tuple[tuple[Where, bool] | None, tuple[str, ...]] = (None, ())
        self.paged: BoundedCache[bytes, tuple[Candidates, DeepRanking]] = BoundedCache(_PAGED)
        """By the digest of the query: what its next page goes on with."""
        self.levels: BoundedCache[tuple[Mode, float], float] = BoundedCache(_PAGED)
        """What the archive scores on what it shouldn't be sure of, by mode and weight (``confidence.py``)."""
        self.gave_cursor = False
        """Whether somebody may come back to this generation."""

    def close(self) -> None:
        """Let go of the files, at once: what was put together from them, and refers to itself, is taken apart."""
        self.paged.clear()
        keyword = self.__dict__.pop("keyword", None)
        if keyword is not None:
            vars(keyword).clear()
        for name in ("leaning", "_mixed_languages", "_finder", "suggester"):
            self.__dict__.pop(name, None)
        self.generation.close()

    @cached_property
    def dates(self) -> ArticleDates:
        """The dates of all articles."""
        return ArticleDates(self.generation)

    def time_of(self, query: Query, parsed: ParsedQuery, config: SearchConfig, clock: Clock) -> QueryTime | None:
        """Return the time that a query is of; None where dates don't count, or its words name one far from all here."""
        time = asked_time(query, parsed, config, clock)
        if time is None or not time.words:
            return time
        time = until_newest(time, self.dates.newest_day)
        return time if is_felt(self.dates, time, config) else None

    @cached_property
    def seal(self) -> bytes:
        """What tells the generation from another of the same number. Raises ``IndexCorrupt``."""
        generation = self.generation
        seal = generation.seal or seal_of(generation.paths, generation.manifest.generation)
        return bytes.fromhex(seal)[:SEAL_BYTES]

    @cached_property
    def leaning(self) -> LanguageBias:
        """How the vectors of each language lie, and the weight that follows."""
        return LanguageBias(self.generation)

    @cached_property
    def _mixed_languages(self) -> MixedLanguageDetector:
        return MixedLanguageDetector(
            self.generation.languages,
            list(self.leaning.spreads),
            self.analyzer,
            languages_in_postings(self.keyword, self.leaning),
        )

    def mixed(self, text: str, telling: Sequence[QueryWord] | None = None) -> float:
        """Return how much a question's words are of several languages, 0 to 1; ``telling`` are those, if known."""
        return self._mixed_languages.mixed(text, telling) if len(self.generation.manifest.spreads) > 1 else 0.0

    @cached_property
    def keyword(self) -> KeywordSegments:
        """The postings of all segments, with the statistics of what lives."""
        return KeywordSegments(
            [
                SegmentPostings(
                    postings=segment.postings,
                    deleted=segment.deletions.rows if segment.deletions else None,
                    delta=segment.deletions.counts if segment.deletions else None,
                    article_of_row=partial(getattr, segment, "article_of_row"),
                )
                for segment in self.generation.segments
            ]
        )

    @cached_property
    def snippets(self) -> Highlighter:
        """What cuts chunks to what is worth showing."""
        # An index of other rules knows its words by other terms than we do.
        return Highlighter(self.analyzer, self.keyword.words_of if self.generation.manifest.rules == RULES else None)

    @cached_property
    def suggester(self) -> Suggester:
        """What tells what a beginning may go on to."""
        return Suggester(self.generation, self.keyword, self.analyzer)

    @cached_property
    def _fast_reader(self) -> FastQueryReader:
        return FastQueryReader(self.analyzer, self.generation.languages)

    def rank_fast(self, query: Query) -> RankedIds | None:
        """Return the ids and scores of the best articles where a query is one of the simplest; or None.

        Raises as ``retrieve`` does.
        """
        if query.mode is not Mode.KEYWORD or not self.generation.rows_are_articles:
            return None
        mask = searched_rows(self, query)
        if self._finder.named(query.text):
            return None
        quotes = partial(self._finder.may_quote, self.keyword)
        return rank_fast(query, self._fast_reader, self.generation, self.keyword, mask, quotes)

    @cached_property
    def _finder(self) -> NamedArticleFinder:
        return NamedArticleFinder(self.generation, self.analyzer)

    def names(self, text: str, words: Sequence[QueryWord] = ()) -> dict[int, NamedAs]:
        """Return the articles that a question names; with its words also those that it quotes."""
        known = self._finder.named(text)
        return higher(known, self._finder.quoted(self.keyword, text, words)) if words else known

    def standing(self, mode: Mode) -> tuple[str, ...]:
        """Say what the index lacks that matters to a search in a mode. Raises ``VectorsMissing``."""
        if mode not in self._standing:
            self._standing[mode] = index_notes(self.generation, mode)
        return self._standing[mode]

    @cached_property
    def _reader(self) -> QueryReader:
        names, searchable = self.generation.field_names, self.generation.searchable
        return QueryReader(self.analyzer, self.generation.languages, names, searchable)

    def parse(self, query: Query) -> ParsedQuery:
        """Read the query language. Raises ``QueryError``."""
        return self._reader.parse(query)

    def reread(self, parsed: ParsedQuery, config: SearchConfig) -> tuple[Tree, tuple[str, ...]]:
        """Return a query's tree as the settings have it, and notes on that. Raises as ``QueryReader.reread`` does."""
        return self._reader.reread(parsed, config)

    def reading_of(self, query: Query, config: SearchConfig, clock: Clock) -> QueryReading:
        """Tell what a query is read as, with the time that it is of. Raises ``QueryError``."""
        parsed = self.parse(query)
        return timed_reading(parsed.reading, self.time_of(query, parsed, config, clock))

    def retrieve(self, query: Query, config: SearchConfig, encode: Encode, clock: Clock | None = None) -> Candidates:
        """Ask the legs that a query's mode names. Raises as ``retrieve`` does."""
        return retrieve(self, query, config, encode, clock)

    def count(self, candidates: Candidates) -> int:
        """Count the articles that match, exactly."""
        if candidates.legs.keyword is not None:
            return candidates.legs.keyword.count_articles(self.generation.article_of_row)
        if candidates.mask is None:
            return self.generation.manifest.articles
        return len(matching_articles(self.generation, candidates.matching))

    def count_facets(self, candidates: Candidates) -> dict[str, tuple[FacetCount, ...]]:
        """Count the values of the fields that a query names, over the articles that match. Raises ``QueryError``."""
        return count_facets(self.generation, candidates.query.facets, candidates.matching)

    def article(self, article_id: str) -> tuple[Article, tuple[Chunk, ...]] | None:
        """Return an article and its chunks; None where there is none of that id. Raises ``IndexCorrupt``."""
        known = self.generation.find_article(article_id)
        return None if known is None else (known[0], self.generation.chunks_at(known[1]))

    def ids_where(self, where: Where) -> list[str]:
        """Return the ids of the articles that pass a filter, in the order in which they came in."""
        return self.generation.article_ids(self.generation.articles_where(where))

    def count_where(self, where: Where) -> int:
        """Count the articles that pass a filter."""
        return len(self.generation.articles_where(where))

    def meets(self, article_id: str, where: Where) -> bool:
        """Say whether there is an article of an id, and it passes a filter."""
        number = self.generation.article_number(article_id)
        return number is not None and bool((self.generation.articles_where(where) == number).any())

    def info(self, time_zone: str) -> IndexInfo:
        """Tell what the index is made of, to who asks in a time zone. Raises ``IndexCorrupt``."""
        return info_of(self.generation, time_zone)

    def resolve(self, condition: Filter, clock: Clock | None = None) -> Mask:
        """Return ``(rows,)``: the living rows of the articles that meet a condition of the query language."""
        return self.generation.spread(self.generation.meeting(condition, clock or Clock(lambda: "")))

    def notes_on(self, query: Query, mask: Mask | None) -> tuple[str, ...]:
        """Return the notes on a program's filter, whose rows the mask has; those of the latest are remembered."""
        if query.where == NO_FILTER:
            return ()
        filters = (query.where, query.suggest_values)
        noted = self._noted  # once: another thread may put another here
        if filters != noted[0]:
            notes = notes_on_arguments(self.generation, query.where, mask, suggest=query.suggest_values)
            self._noted = noted = (filters, notes)
        return noted[1]

    def lacks_words(self, candidates: Candidates) -> bool:
        """Say whether the query has a word none of whose forms stands in a living article."""
        df = self.keyword.df
        for word in candidates.topic_words:  # most words are found by the first of their terms
            if not df("text", word.units[0].terms[0]) and not any(
                df("text", term) for unit in word.units for term in unit.terms
            ):
                return True
        return False

    def suggestions(self, candidates: Candidates) -> tuple[str, ...]:
        """Return other spellings of the query, from the index's own words."""
        return suggest(self.keyword, candidates.topic_words, candidates.query.text)


def retrieve(
    context: SearchContext, query: Query, config: SearchConfig, encode: Encode, clock: Clock | None = None
) -> Candidates:
    """Ask the legs that a query's mode names. Raises ``QueryError``, and what ``encode`` and the index raise.

    ``clock`` is the asker's; None shows ``Query.now``, or the present.
    """
    clock = clock or Clock(lambda: config.time_zone, query.now)
    parsed = context.parse(query)
    time = context.time_of(query, parsed, config, clock)
    candidates = _untimed(context, query, parsed, config, encode, clock)
    if notes := _notes_on_time(context, query, time, candidates.mask):
        candidates = replace(candidates, notes=(*candidates.notes, *notes))
    if time is None:
        return candidates
    legs = candidates.legs
    if isinstance(legs.scale, Scale):  # with another fusion dates are refused, or not read
        legs = replace(legs, prior=prior_of(context.dates, context.generation, time, config, legs.scale))
    words = frozenset(time.words.casefold().split())
    return replace(candidates, legs=legs, reading=timed_reading(candidates.reading, time), time_words=words)


def _notes_on_time(context: SearchContext, query: Query, time: QueryTime | None, mask: Mask | None) -> tuple[str, ...]:
    """Say where a time that a program gave changes nothing, or leaves nothing."""
    if time is not None and not time.words and not context.dates.known.any():
        return ("No article here has a date, so none counts.",)
    if query.as_of is not None and mask is not None and not mask.any():
        return (f"No article that passes the filters was published by {query.as_of}.",)
    if query.as_of is not None and not query.include_later and (undated := _undated(context, mask)):
        return (f"{undated} of the articles searched have no date: they may be later than {query.as_of}.",)
    return ()


def _undated(context: SearchContext, mask: Mask | None) -> int:
    """Count the articles searched that have no date."""
    import numpy as np

    living = context.generation.living if mask is None else mask
    rows = np.arange(context.generation.rows) if living is None else np.flatnonzero(living)
    return int(np.count_nonzero(~context.dates.known[np.unique(context.generation.article_of_row[rows])]))


def _untimed(
    context: SearchContext, query: Query, parsed: ParsedQuery, config: SearchConfig, encode: Encode, clock: Clock
) -> Candidates:
    """Ask the legs, whatever time the query is of."""
    mask = searched_rows(context, query)
    check_boosts(context.generation.searchable, config.boosts)
    absent = (*context.standing(query.mode), *context.notes_on(query, mask))
    resolve = partial(context.resolve, clock=clock)
    if not parsed.plain:
        absent += notes_on_text(context.generation, filters(parsed.tree), mask)
    if query.mode is Mode.VECTOR:
        candidates = _by_vector(context, query, parsed, mask, encode, resolve, _weight(context, config))
        legs = candidates.legs
        named = named_rows(
            context.generation,
            context.names(query.text if parsed.plain else parsed.text),
            lambda: legs.allowed,
            step_of(vector_alone(_weight(context, config)), 0.0, config),
        )
        absent += (NO_BOOSTS,) if config.boosts else ()
        return replace(candidates, legs=replace(legs, named=named), notes=(*candidates.notes, *absent))
    tree, reading_notes = context.reread(parsed, config)
    absent += reading_notes
    if query.mode is Mode.KEYWORD and isinstance(tree, Or) and all(isinstance(child, Term) for child in tree.children):
        tree = Maybe(child=tree)  # a row with one of the words meets it anyway, and words alone take half the time
    vector: Vector | None = None
    lost: tuple[str, ...] = ()
    both = query.mode is Mode.HYBRID and bool(parsed.text.strip())
    if both and context.generation.has_vectors:
        vector, lost = encoded(context, parsed.text, encode, config)
    summed = vector is not None and config.fusion == "sum"
    coverage = config.coverage_weight if summed else 0.0
    is_sum = summed or vector is None
    asked_tree = tree if is_sum else with_boosts(tree, config.boosts)  # the other fusions go by the ranks it gives
    matches = evaluate(context.keyword, asked_tree, mask=mask, resolve=resolve, coverage=coverage)
    notes = (*parsed.notes, *absent, *matches.notes, *lost)
    scale, allowed = keyword_alone(matches.idf_sum), mask
    if both:
        scale = hybrid(matches.idf_sum, _weight(context, config))
        # An expression says what an article must hold, and the vector leg obeys it; plain words only say what is
        # wanted.
        allowed = mask if parsed.plain else matches.allowed
    words = parsed.words if parsed.plain or parsed.reading.rest_is_words else ()
    legs = RetrieverScores(
        generation=context.generation,
        scale=scale,
        keyword=matches,
        vector=vector,
        allowed=allowed,
        lean=context.leaning.towards(vector) if summed and vector is not None else None,
        neighbour_weight=config.neighbour_weight if summed and matches.idf_sum else 0.0,
        named=named_rows(
            context.generation,
            context.names(query.text if parsed.plain else parsed.text, words),
            lambda: mask if parsed.plain else matches.allowed,
            step_of(scale, matches.idf_sum, config),
        ),
        boosted=_boosted(context, tree, config, allowed) if is_sum and config.boosts else {},
    )
    if matches.idf_sum and is_sum:
        ask = partial(evaluate, resolve=resolve, coverage=coverage)
        if whole := _unfiltered(context, legs, matches, tree, mask, ask, plain=parsed.plain):
            legs = replace(legs, whole=replace(whole, neighbour_weight=legs.neighbour_weight))
    if config.fusion != "sum":
        legs = replace(_scaled(context, replace(legs, named=None), config), named=legs.named)
    return Candidates(
        query=query,
        parsed=parsed,
        legs=legs,
        mask=mask,
        notes=notes,
        reading=parsed.reading,
        telling=parsed.telling,
    )


def _boosted(
    context: SearchContext, tree: Tree, config: SearchConfig, allowed: Mask | None
) -> dict[str, KeywordMatches]:
    """Return what each field that counts more adds to the keyword scores of some rows.

    By itself, so that it is in the order alone: not in coverage, in what neighbours give, or in confidence.
    """
    wishes = {name: boost_wishes(tree, name, boost) for name, boost in config.boosts.items()}
    return {
        name: evaluate(context.keyword, Maybe(child=Or(children=tuple(some))), mask=allowed)
        for name, some in wishes.items()
        if some
    }


def batch_texts(context: IndexContext, queries: Iterable[str | Query], options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts that several queries have encoded, each once; ``options`` go with those that are plain text.

    Of one that can't be understood there is none: who asks it is told.
    """
    texts: dict[str, None] = {}
    for each in queries:
        try:
            query = each if isinstance(each, Query) else Query(text=each, mode=Mode(options.get("mode", Mode.HYBRID)))
            check_query(query)
            if query.mode is not Mode.KEYWORD and context.generation.has_vectors:
                text = context.parse(query).text
                texts |= dict.fromkeys([text if text.strip() or query.mode is Mode.HYBRID else query.text])
        except (QueryError, ValueError):
            continue
    return tuple(text for text in texts if text.strip())


def _unfiltered(
    context: SearchContext,
    legs: RetrieverScores,
    matches: KeywordMatches,
    tree: Tree,
    mask: Mask | None,
    ask: Callable[..., KeywordMatches],
    *,
    plain: bool,
) -> RetrieverScores | None:
    """Return what the legs say where no filter holds, of an argument or of the text; None where that is ``legs``."""
    living = context.generation.living
    bare = without_filters(tree)
    if mask is living and bare is tree:
        return None
    matches = matches.among(living) if bare is tree else ask(context.keyword, bare, mask=living)
    words = plain or isinstance(bare, Maybe)
    return replace(
        legs,
        keyword=matches,
        allowed=living if words else matches.allowed,
        looked={},
        leaned={},
        neighbour_weight=0.0,
        named=None,
    )


def searched_rows(context: SearchContext, query: Query) -> Mask | None:
    """Return ``(rows,)``: the rows that live and pass the filters, None for all. Raises ``QueryError``."""
    check_query(query)
    check_fields(context.generation.field_names, context.generation.declared, query.where)
    return context.generation.rows_where(where_at(query))


def _by_vector(
    context: SearchContext,
    query: Query,
    parsed: ParsedQuery,
    mask: Mask | None,
    encode: Encode,
    resolve: Callable[[Filter], Mask],
    weight: float,
) -> Candidates:
    notes = parsed.notes if parsed.plain else ()
    allowed = mask
    if not parsed.plain:  # what an expression says of articles holds in every mode
        matches = evaluate(context.keyword, parsed.tree, mask=mask, resolve=resolve)
        allowed, notes = matches.allowed, (*parsed.notes, *matches.notes)
    text = parsed.text if parsed.text.strip() else query.text
    vector = encode(context, text)
    legs = _legs(context, vector_alone(weight), None, vector, _vectored(context, allowed))
    living = context.generation.living
    if allowed is not living:
        legs = replace(legs, whole=replace(legs, allowed=_vectored(context, living), looked={}))
    return Candidates(
        query=query,
        parsed=None,
        legs=legs,
        words=highlights_of(text, query.where, context.analyzer, context.generation.languages),
        mask=_vectored(context, allowed),
        notes=notes,
        reading=parsed.reading,
        telling=parsed.telling,
    )


def _weight(context: SearchContext, config: SearchConfig) -> float:
    return context.leaning.weight if config.vector_weight is None else config.vector_weight


def _vectored(context: SearchContext, mask: Mask | None) -> Mask | None:
    """Leave those rows that have a vector."""
    vectored = context.generation.vectored
    return mask if vectored is None else vectored if mask is None else mask & vectored


def _legs(
    context: SearchContext, scale: Scale, matches: KeywordMatches | None, vector: Vector | None, allowed: Mask | None
) -> RetrieverScores:
    return RetrieverScores(
        generation=context.generation,
        scale=scale,
        keyword=matches,
        vector=vector,
        allowed=allowed,
    )


def _scaled(context: SearchContext, legs: RetrieverScores, config: SearchConfig) -> RetrieverScores:
    """Complete the scale where there are two legs: by what a language's cosines share, or as another fusion has it."""
    if config.fusion == "sum":
        if legs.keyword is None or legs.vector is None:
            return legs
        return replace(legs, lean=context.leaning.towards(legs.vector))
    return scaled_by_candidates(legs, config)


def legs_of(
    context: SearchContext,
    scale: Scale,
    matches: KeywordMatches | None,
    vector: Vector | None,
    allowed: Mask | None,
    config: SearchConfig,
) -> RetrieverScores:
    """Return both legs of what isn't a typed query: what was found by keyword, a vector, the rows to search in."""
    rows = allowed if vector is None else _vectored(context, allowed) if matches is None else allowed
    return _scaled(context, _legs(context, scale, matches, vector, rows), config)


def weight_of(context: SearchContext, config: SearchConfig) -> float:
    """Return the vector's weight: the settings', or the index's own."""
    return _weight(context, config)
