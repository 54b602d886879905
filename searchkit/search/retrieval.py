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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from searchkit.config import SearchConfig
from searchkit.errors import VectorsMissing
from searchkit.index.articles_db import label_key
from searchkit.index.filters import articles_for
from searchkit.index.generation import FIELDS_EVERYWHERE, Generation, check_fields
from searchkit.index.manifest import RULES, rules_note
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.ast import TEXT, Compound, Filter, Maybe, Or, Term, filters, highlighted, without_filters
from searchkit.keyword.query.filter_values import dated
from searchkit.keyword.query.parser import ParsedQuery, parse
from searchkit.keyword.query.query_terms import leaves_of, telling_words
from searchkit.keyword.query.spelling import suggest
from searchkit.keyword.scoring.evaluator import KeywordMatches, evaluate
from searchkit.keyword.scoring.segments import KeywordSegments, SegmentPostings
from searchkit.search.fast_ranking import FastQueryReader, RankedIds, rank_fast
from searchkit.search.fusion import Scale, candidate_scale, hybrid, keyword_alone, vector_alone
from searchkit.search.highlight import Highlighter
from searchkit.search.language_bias import LanguageBias, MixedLanguageDetector
from searchkit.search.query import check_query, notes_on_arguments, notes_on_text
from searchkit.search.ranking import RetrieverScores
from searchkit.types import NO_FILTER, Mode, Query, QueryReading, Where

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from searchkit.types import Vector

    Mask = NDArray[np.bool_]


def index_notes(generation: Generation, mode: Mode) -> tuple[str, ...]:
    """Say what an index lacks that matters to a search in this mode: vectors, or the rules that the query is read by.

    Raises ``VectorsMissing`` for a search by vector alone where none has.
    """
    notes = (_coverage(generation, mode), "" if mode is Mode.VECTOR else rules_note(generation.manifest))
    return tuple(note for note in notes if note)


def _coverage(generation: Generation, mode: Mode) -> str:
    manifest = generation.manifest
    if mode is Mode.KEYWORD or manifest.vectors == manifest.chunks:
        return ""
    note = f"{generation.paths.root} has vectors for {manifest.vectors:,} of {manifest.chunks:,} chunks"
    if not manifest.vectors and mode is Mode.VECTOR:
        raise VectorsMissing(f"{note}: nothing can be found by vector.")
    rest = "can't be found by vector" if mode is Mode.VECTOR else "are found by keyword alone"
    return f"{note}; the others {rest} until 'searchkit rebuild' or 'searchkit update' has made theirs."


class SearchContext:
    """A generation as searches see it: its keyword leg is put together when it is first asked."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.analyzer = Analyzer()
        self._standing: dict[Mode, tuple[str, ...]] = {}
        self._noted: tuple[tuple[Where, bool] | None, tuple[str, ...]] = (None, ())

    def close(self) -> None:
        """Let go of the files, at once: what was put together from them, and refers to itself, is taken apart."""
        keyword = self.__dict__.pop("keyword", None)
        if keyword is not None:
            vars(keyword).clear()
        for name in ("leaning", "_tongues"):
            self.__dict__.pop(name, None)
        self.generation.close()

    @cached_property
    def leaning(self) -> LanguageBias:
        """How the vectors of each language lie, and the weight that follows."""
        return LanguageBias(self.generation)

    @cached_property
    def _tongues(self) -> MixedLanguageDetector:
        return MixedLanguageDetector(self.generation, self.keyword, self.leaning, self.analyzer)

    def mixed(self, text: str) -> float:
        """Return how much a question's words are of several languages, 0 to 1."""
        return self._tongues.mixed(text) if len(self.generation.manifest.spreads) > 1 else 0.0

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
    def _fast_reader(self) -> FastQueryReader:
        return FastQueryReader(self.analyzer, self.generation.languages)

    def rank_fast(self, query: Query) -> RankedIds | None:
        """Return the ids and scores of the best articles where a query is one of the simplest; or None.

        Raises as ``retrieve`` does.
        """
        if query.mode is not Mode.KEYWORD or not self.generation.rows_are_articles:
            return None
        return rank_fast(query, self._fast_reader, self.generation, self.keyword, searched_rows(self, query))

    def standing(self, mode: Mode) -> tuple[str, ...]:
        """Say what the index lacks that matters to a search in a mode. Raises ``VectorsMissing``."""
        if mode not in self._standing:
            self._standing[mode] = index_notes(self.generation, mode)
        return self._standing[mode]

    def parse(self, query: Query) -> ParsedQuery:
        """Read the query language."""
        # Of all its articles, also where a filter leaves those of one language: no filter may change a score.
        return parse(
            query.text,
            analyzer=self.analyzer,
            languages=self.generation.languages,
            filter_fields=self._filter_fields,
            syntax=query.syntax,
        )

    @cached_property
    def _filter_fields(self) -> frozenset[str]:
        return FIELDS_EVERYWHERE | self.generation.field_names

    def resolve(self, condition: Filter, time_zone: str = "") -> Mask:
        """Return ``(rows,)``: the living rows of the articles that meet a condition of the query language."""
        conditions: tuple[Filter, ...] = (condition,)
        if condition.field == "published":
            from searchkit.ingest.dates import now_in

            conditions = dated(condition, now_in(time_zone))
        rows = [
            self.generation.spread([articles_for(segment, each) for segment in self.generation.segments])
            for each in conditions
        ]
        mask = rows[0]
        for more in rows[1:]:
            mask = mask | more
        return mask

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
        if candidates.parsed is None:
            return False
        df = self.keyword.df
        for word in candidates.parsed.words:  # most words are found by the first of their terms
            if not df("text", word.units[0].terms[0]) and not any(
                df("text", term) for unit in word.units for term in unit.terms
            ):
                return True
        return False

    def suggestions(self, candidates: Candidates) -> tuple[str, ...]:
        """Return other spellings of the query, from the index's own words."""
        return suggest(self.keyword, candidates.parsed.words, candidates.query.text) if candidates.parsed else ()


Encode = Callable[[SearchContext, str], "Vector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """A query, and what the legs say to it."""

    query: Query
    parsed: ParsedQuery | None
    legs: RetrieverScores
    mask: Mask | None
    """``(rows,)``: the rows that live and pass the filters; None for all that live."""
    notes: tuple[str, ...]
    reading: QueryReading
    """What the query was read as."""
    words: tuple[Term | Compound, ...] = ()
    """Those of a search by vector alone."""

    @property
    def highlights(self) -> Sequence[Term | Compound]:
        """What stands out in a chunk."""
        return self.words if self.legs.keyword is None else self.legs.keyword.highlights

    @property
    def matching(self) -> Mask | None:
        """``(rows,)``: the rows that match, for facets; None for all that live. In hybrid mode those with a word asked
        for.
        """  # noqa: D205
        return self.mask if self.legs.keyword is None else self.legs.keyword.matched


def retrieve(context: SearchContext, query: Query, config: SearchConfig, encode: Encode) -> Candidates:
    """Ask the legs that a query's mode names. Raises ``QueryError``, and what ``encode`` and the index raise."""
    mask = searched_rows(context, query)
    absent = (*context.standing(query.mode), *context.notes_on(query, mask))
    parsed = context.parse(query)
    resolve = partial(context.resolve, time_zone=config.time_zone)
    if not parsed.plain:
        absent += notes_on_text(context.generation, filters(parsed.tree), mask)
    if query.mode is Mode.VECTOR:
        candidates = _by_vector(context, query, parsed, mask, encode, resolve, _weight(context, config))
        return replace(candidates, notes=(*candidates.notes, *absent))
    tree = parsed.tree
    if query.mode is Mode.KEYWORD and isinstance(tree, Or) and all(isinstance(child, Term) for child in tree.children):
        tree = Maybe(child=tree)  # a row with one of the words meets it anyway, and words alone take half the time
    both = query.mode is Mode.HYBRID and bool(parsed.text.strip())
    summed = both and context.generation.has_vectors and config.fusion == "sum"
    coverage = config.coverage_weight if summed else 0.0
    matches = evaluate(context.keyword, tree, mask=mask, resolve=resolve, coverage=coverage)
    notes = (*parsed.notes, *absent, *matches.notes)
    vector, scale, allowed = None, keyword_alone(matches.idf_sum), mask
    if both:
        if context.generation.has_vectors:
            vector = encode(context, parsed.text)
        scale = hybrid(matches.idf_sum, _weight(context, config))
        # An expression says what an article must hold, and the vector leg obeys it; plain words only say what is
        # wanted.
        allowed = mask if parsed.plain else matches.allowed
    legs = _scaled(context, _legs(context, scale, matches, vector, allowed), config)
    if summed and matches.idf_sum and config.neighbour_weight:
        whole = _unfiltered(context, legs, parsed, mask, partial(evaluate, resolve=resolve, coverage=coverage))
        legs = replace(legs, neighbour_weight=config.neighbour_weight, whole=whole)
    return Candidates(
        query=query,
        parsed=parsed,
        legs=legs,
        mask=mask,
        notes=notes,
        reading=parsed.reading,
    )


def _unfiltered(
    context: SearchContext,
    legs: RetrieverScores,
    parsed: ParsedQuery,
    mask: Mask | None,
    ask: Callable[..., KeywordMatches],
) -> RetrieverScores | None:
    """Return what the legs say where no filter holds, of an argument or of the text; None where that is ``legs``."""
    living = context.generation.living
    tree = without_filters(parsed.tree)
    if mask is living and tree is parsed.tree:
        return None
    matches = ask(context.keyword, tree, mask=living)
    words = parsed.plain or isinstance(tree, Maybe)
    return replace(legs, keyword=matches, allowed=living if words else matches.allowed, looked={}, leaned={})


def searched_rows(context: SearchContext, query: Query) -> Mask | None:
    """Return ``(rows,)``: the rows that live and pass the filters, None for all. Raises ``QueryError``."""
    check_query(query)
    check_fields(context.generation, query.where)
    return context.generation.rows_where(query.where)


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
    filtered = tuple(label_key("language", code) for code in query.where.languages or ())
    languages = filtered or context.generation.languages
    words = telling_words(context.analyzer.query_terms(text, languages), languages)
    return Candidates(
        query=query,
        parsed=None,
        legs=_legs(context, vector_alone(weight), None, vector, _vectored(context, allowed)),
        words=tuple(leaf for word in words for tree in leaves_of(word, TEXT) for leaf in highlighted(tree)),
        mask=_vectored(context, allowed),
        notes=notes,
        reading=parsed.reading,
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
    rows, _ = legs.candidates(config.depth)
    keyword, cosine = legs.bm25(rows), legs.cosine(rows)
    if keyword is None or cosine is None:
        return legs
    return replace(legs, scale=candidate_scale(config.fusion, keyword, cosine, config.depth))
