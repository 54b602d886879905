"""Named articles: those that a question names, by URL, title or a sentence of theirs. They come before all others.

People look for an article that they have seen. What they type then isn't a question to be ranked, so such articles
stand in tiers of their own, the higher first, and within a tier in the order of their scores:

| tier | kind | what is typed |
|---|---|---|
| 4 | exact URL | the article's URL, but for what doesn't change the page (``index/article_keys.py``) |
| 3 | exact title | its title, folded as words are, with or without the outlet's name behind it |
| 2 | verbatim sentence | a sentence of its text, of ``FEWEST_WORDS`` or more; or ``FEWEST_IN_PART`` words of it |
| 1 | nearly the title | its title with letters exchanged, a word misspelt, missing or too much, or in another order |
| 1 | nearly verbatim | a sentence of ``FEWEST_NEAR`` words or more, where the text has a word more here and there |
| 1 | title and outlet | words that stand together in its title, and its outlet's name before or behind them |

``score = t * step + s``: t is the tier, 0 for most articles, s the score that the article has by itself, and step what
no two scores s of one question differ by: twice what the legs can give, and what a reranker may move. So a score
depends, as ever, on the question, the article and the index alone; filters, k and pages change none, and who sorts by
score has the order. All chunks of an article get the same, so its votes add up to it, and ``--explain`` names it.

A filter holds for known items as for all others, and so does what an expression excludes or requires. In every mode
URL and title count; sentences, and outlets, where the keyword leg is asked.

Success@1 over 200 articles each (``searchkit evaluate --known-items``) before and with this stands in ``SCORING.md``.
Ordinary questions pay for it the look-up of their words as a title and of the rarest of them in the postings.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from searchkit.index.article_keys import (
    LONGEST_TITLE,
    address_key,
    is_run,
    outlet_names,
    outlet_parts,
    title_keys,
    title_words,
    without_outlet,
)
from searchkit.ingest.sentences import sentence_spans
from searchkit.ingest.url_key import url_key
from searchkit.keyword.query.classifier import is_address
from searchkit.keyword.scoring.word_sequence import rows_of_sequence, rows_with_all, sequence_of
from searchkit.search.near_titles import is_near_title
from searchkit.types import Where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.config import SearchConfig
    from searchkit.index.generation import Generation
    from searchkit.keyword.analysis.analyzer import Analyzer, QueryWord
    from searchkit.keyword.query.ast import Term
    from searchkit.keyword.scoring.segments import KeywordSegments
    from searchkit.search.fusion import Scale
    from searchkit.search.protocols import RowSpace
    from searchkit.types import Article

    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class NamedAs(NamedTuple):
    """By what an article is known, and the tier that it stands in."""

    tier: int
    name: str


URL = NamedAs(4, "exact URL")
TITLE = NamedAs(3, "exact title")
SENTENCE = NamedAs(2, "verbatim sentence")
NEAR_TITLE = NamedAs(1, "nearly the title")
NEAR_SENTENCE = NamedAs(1, "nearly verbatim")
TITLE_AND_OUTLET = NamedAs(1, "title and outlet")
TIERS = {known_as.name for known_as in (URL, TITLE, SENTENCE, NEAR_TITLE, NEAR_SENTENCE, TITLE_AND_OUTLET)}

FEWEST_WORDS = 5
"""Words of a sentence: fewer are a phrase of the language that many articles have ("the end of the year")."""

FEWEST_IN_PART = 8
"""Words that needn't be a whole sentence: fewer may be a name ("Centers for Disease Control and Prevention")."""

FEWEST_NEAR = 8
"""Words of a sentence of which some may be missing."""

MOST_ARTICLES = 20
"""Articles that have a sentence: what more have is a turn of phrase, and names none of them."""

MOST_WORDS = 200
"""Words of a sentence: a paragraph that was pasted has some hundred."""

_MISSING = 3
"""The slop of a sentence with words missing: two positions, since S-300 takes as many."""

_OUTLET_WORDS = 4
_JOINING_WORDS = 2
"""Words of an outlet's name, and words that may stand between it and the title ("in the")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRows:
    """What known items get in one search: ``(n,)`` rows, ascending, all those of their articles, and their tiers."""

    rows: Rows
    tiers: NDArray[np.int64]
    names: tuple[str, ...]
    """By what each row's article is known."""
    step: float

    def of(self, rows: Rows) -> NDArray[np.float64]:
        """Return what is added to each row's score."""
        place = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        return np.where(self.rows[place] == rows, self.tiers[place] * self.step, 0.0)

    def told(self, row: int) -> tuple[str, int] | None:
        """Return by what the article of a row is known, and its tier; None where it isn't."""
        place = int(np.searchsorted(self.rows, row))
        if place == len(self.rows) or self.rows[place] != row:
            return None
        return self.names[place], int(self.tiers[place])


def step_of(scale: Scale, idf_sum: float, config: SearchConfig) -> float:
    """Return more than two scores of one question can differ by, whatever dates, neighbours and the reranker say.

    ``idf_sum`` is U: BM25 is below it, quotations add half as much, and so do fields that count more. A nearness lies
    within 2 of 0. Neighbours give no chunk more than the best has.
    """
    words = 2 * idf_sum * (1 + sum(config.boosts.values()))
    others = 1 + config.rerank_weight + config.time_weight + config.coverage_weight
    return scale.bound(words, 4.0) + others * scale.unit


class LookUp(Protocol):
    """Where articles are looked up by their keys, and words."""

    def articles_by(self, keys: Sequence[int]) -> Iterable[tuple[int, Article]]:
        """Return the living articles that have any of some keys (``index/article_keys.py``), each with its number."""
        ...

    def has_any(self, terms: Collection[str]) -> bool:
        """Say whether any of some terms stands in an article."""
        ...


class SegmentLookUp:
    """Looks up in the segments of a generation; numbers count over all of them."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def articles_by(self, keys: Sequence[int]) -> Iterator[tuple[int, Article]]:
        """Yield the living articles that have any of some keys, each with its number. Raises ``IndexCorrupt``."""
        for segment, base in zip(self._generation.segments, self._generation.article_bases.tolist(), strict=False):
            rows = [row for row in segment.keys.rows(keys) if segment.lives(row)]
            if not rows:
                continue
            numbers = np.asarray(rows, np.int64) + base
            for number, (article, _) in zip(numbers.tolist(), self._generation.articles_at(numbers), strict=True):
                yield number, article

    def has_any(self, terms: Collection[str]) -> bool:
        """Say whether any of some terms stands in an article. Raises ``IndexCorrupt``."""
        fields = [segment.postings.field("text") for segment in self._generation.segments]
        return any(field.term_id(term) is not None for field in fields for term in terms)


class TitleFinder:
    """Finds the articles whose URL or title a question is, wherever they are looked up."""

    def __init__(self, look_up: LookUp, analyzer: Analyzer, languages: tuple[str | None, ...]) -> None:
        self._look_up, self._analyzer, self._languages = look_up, analyzer, languages

    def named(self, text: str) -> dict[int, NamedAs]:
        """Return the articles whose URL or title a text is, by their numbers. All of them live.

        Raises what the look-up does.
        """
        if is_address(text):
            return self._matching([address_key(text)], lambda article: _as_url(article, url_key(text)))
        words = title_words(text)
        if not words or len(words) > LONGEST_TITLE:
            return {}
        known = self._matching(title_keys(words), lambda article: self._as_title(article, words))
        return known or self._with_outlet(text)

    def _with_outlet(self, text: str) -> dict[int, NamedAs]:
        """Return the articles whose title a text is before the name of their outlet."""
        title, site = outlet_parts(text)
        if not site or not (words := title_words(title)):
            return {}
        outlet = "".join(title_words(site))
        return self._matching(
            title_keys(words),
            lambda article: (
                TITLE
                if article.source and outlet in outlet_names(article.source) and words == title_words(article.title)
                else None
            ),
        )

    def _matching(self, keys: Sequence[int], known_as_of: Callable[[Article], NamedAs | None]) -> dict[int, NamedAs]:
        """Return the living articles that have any of some keys and are what ``known_as_of`` says."""
        articles = self._look_up.articles_by(keys)
        return {number: known_as for number, article in articles if (known_as := known_as_of(article)) is not None}

    def _as_title(self, article: Article, words: tuple[str, ...]) -> NamedAs | None:
        forms = [form for form in (article.title, without_outlet(article.title, article.source)) if form]
        titles = [title_words(form) for form in forms]
        if words in titles:
            return TITLE
        return NEAR_TITLE if any(is_near_title(words, title, self._is_unknown) for title in titles) else None

    def _is_unknown(self, word: str) -> bool:
        """Say whether no article has a word: then it may be one that is misspelt."""
        words = self._analyzer.query_terms(word, self._languages)
        return not self._look_up.has_any({stem for each in words for unit in each.units for stem in unit.terms})


class NamedArticleFinder:
    """Finds the articles of a generation that a question names. Holds a cache alone, so threads may share one."""

    def __init__(self, generation: Generation, analyzer: Analyzer) -> None:
        self._generation = generation
        self._titles = TitleFinder(SegmentLookUp(generation), analyzer, generation.languages)

    def named(self, text: str) -> dict[int, NamedAs]:
        """Return what ``TitleFinder.named`` does, by numbers over all segments. Raises ``IndexCorrupt``."""
        return self._titles.named(text)

    def quoted(self, index: KeywordSegments, text: str, words: Sequence[QueryWord]) -> dict[int, NamedAs]:
        """Return the articles of whose text a text is a sentence, or of whose title, with their outlet.

        Raises ``IndexCorrupt``.
        """
        known = self._of_outlet(index, words) if len(words) > 2 else {}
        length = sum([max(1.0, len(word.units) / 2) if is_run(word.surface[0]) else 1.0 for word in words])
        stems = [unit.terms for word in words for unit in word.units if not unit.joined]
        if not FEWEST_WORDS <= length <= MOST_WORDS or not len(rows_with_all(index, stems)):
            return known
        near = length >= FEWEST_NEAR
        sequence = sequence_of(words, slop=_MISSING if near else 1)
        if sequence is None:
            return known
        rows = rows_of_sequence(index, sequence)
        if not len(rows):
            return known
        if near:
            known.update(dict.fromkeys(self._articles(rows), NEAR_SENTENCE))
            exact = sequence_of(words)
            rows = rows_of_sequence(index, exact) if exact is not None else rows[:0]
        elif length < FEWEST_IN_PART:
            rows = self._with_sentence(rows, text)
        known.update(dict.fromkeys(self._articles(rows), SENTENCE))
        return known

    def _with_sentence(self, rows: Rows, text: str) -> Rows:
        """Return those of some rows in whose text a text is a whole sentence, or several."""
        if len(rows) > MOST_ARTICLES:
            return rows[:0]
        sentence = title_words(text)
        return np.asarray([row for row in rows.tolist() if self._has_sentence(row, sentence)], np.int64)

    def _has_sentence(self, row: int, sentence: tuple[str, ...]) -> bool:
        chunk = self._generation.chunks_at(range(row, row + 1))[0]
        sentences = [title_words(chunk.text[start:end]) for start, end in sentence_spans(chunk.text)]
        return sentence in sentences

    def may_quote(self, index: KeywordSegments, text: str, terms: Sequence[Term]) -> bool:
        """Say whether ``quoted`` may have something of a question, ``terms`` being words of it: sooner told."""
        words = text.split()
        if len(words) >= FEWEST_WORDS and len(rows_with_all(index, [tuple(term.terms) for term in terms])):
            return True
        ends = [part for count in range(1, _OUTLET_WORDS + 1) for part in (words[:count], words[-count:])]
        return len(words) > 2 and any("".join(title_words(" ".join(part))) in self._outlets for part in ends)

    def _articles(self, rows: Rows) -> list[int]:
        numbers: list[int] = np.unique(self._generation.article_of_row[rows]).tolist()
        return numbers if len(numbers) <= MOST_ARTICLES else []

    def _of_outlet(self, index: KeywordSegments, words: Sequence[QueryWord]) -> dict[int, NamedAs]:
        """Return the articles of an outlet that the words begin or end with, in whose title the rest stands."""
        for rest, sources in self._parted(words):
            for numbers in self._titled(index, rest):
                of_outlet = self._generation.articles_where(Where(sources=sources)) if len(numbers) else numbers
                if known := numbers[np.isin(numbers, of_outlet)].tolist():
                    return dict.fromkeys(known, TITLE_AND_OUTLET)
        return {}

    def _parted(self, words: Sequence[QueryWord]) -> Iterator[tuple[Sequence[QueryWord], tuple[str, ...]]]:
        """Yield the words without an outlet's name before or behind them, and the sources of that name."""
        letters = [word.units[0].surface for word in words]
        for count in range(min(_OUTLET_WORDS, len(words) - 2), 0, -1):
            if sources := self._outlets.get("".join(letters[-count:])):
                for more in range(min(_JOINING_WORDS, len(words) - count - 2) + 1):
                    yield words[: len(words) - count - more], sources
            if sources := self._outlets.get("".join(letters[:count])):
                yield words[count:], sources

    def _titled(self, index: KeywordSegments, words: Sequence[QueryWord]) -> Iterator[Rows]:
        """Yield the numbers of the articles in whose title some words stand together, then those that have them all."""
        sequence = sequence_of(words, "title")
        if sequence is not None:
            stems = [tuple(unit.terms) for unit in sequence.units]
            rows = rows_with_all(index, stems, "title", len(stems))
            if len(rows):
                yield np.unique(self._generation.article_of_row[rows_of_sequence(index, sequence)])
                yield np.unique(self._generation.article_of_row[rows])

    @cached_property
    def _outlets(self) -> dict[str, tuple[str, ...]]:
        """The sources of the living articles, by what their outlets are called."""
        outlets: dict[str, tuple[str, ...]] = {}
        for source in sorted(
            {source for segment in self._generation.segments for source in segment.articles.sources()}
        ):
            for name in outlet_names(source):
                outlets[name] = (*outlets.get(name, ()), source)
        return outlets


def named_rows(
    generation: RowSpace, known: Mapping[int, NamedAs], searched: Callable[[], Mask | None], step: float
) -> NamedRows | None:
    """Return what the chunks of some articles get that may be shown; None where there are none.

    ``searched`` gives ``(rows,)``: those that live and may be shown; None for all that live.
    """
    if not known:
        return None
    starts, allowed = generation.article_starts, searched()
    rows: list[int] = []
    kinds: list[NamedAs] = []
    for article in sorted(known):
        shown = [
            row for row in range(int(starts[article]), int(starts[article + 1])) if allowed is None or allowed[row]
        ]
        rows += shown
        kinds += [known[article]] * len(shown)
    if not rows:
        return None
    return NamedRows(
        rows=np.asarray(rows, np.int64),
        tiers=np.asarray([kind.tier for kind in kinds], np.int64),
        names=tuple(kind.name for kind in kinds),
        step=step,
    )


def higher(first: dict[int, NamedAs], second: Mapping[int, NamedAs]) -> dict[int, NamedAs]:
    """Return what both know, of each article the higher tier."""
    return first | {
        number: kind for number, kind in second.items() if number not in first or kind.tier > first[number].tier
    }


def _as_url(article: Article, key: str) -> NamedAs | None:
    return URL if article.url and url_key(article.url) == key else None
