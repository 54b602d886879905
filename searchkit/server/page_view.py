"""Page view: what the page's templates are filled with: results, filters with counts, the dates, an article."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from searchkit.answer import NOTHING_ANSWERS, NOTHING_HERE, Answer, FacetCount, Result
from searchkit.filter_expression import F
from searchkit.search.searcher import Searcher
from searchkit.server.access import Access
from searchkit.server.page_state import EVERYTHING, FILTER_FIELDS, PageState
from searchkit.server.problem_details import NotFound
from searchkit.server.request_models import conditions
from searchkit.types import Article

Span = tuple[int, int]

SHOWN_VALUES, MOST_VALUES = 6, 60
"""Values of a filter that stand there at once, and those that can be opened."""

_PLURAL_VERB = re.compile(r"\b(?:hold|match|pass)\b")

_BESIDE = 3
"""Articles before and after that an article's page names."""

_LINES = re.compile(r"[^\n]*\S[^\n]*")
_PERIOD = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_CHART_HEIGHT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterValue:
    """A value of a field that the page offers."""

    value: str
    articles: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How many articles are of a day, a month or a year; heights are of 100."""

    period: str
    articles: int
    height: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a line of an article: a hit by its number from 1, or text between hits; in the passage or not."""

    text: str
    hit: int
    in_passage: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an article: a heading, or a paragraph."""

    is_heading: bool
    pieces: tuple[Piece, ...]


def results_view(searcher: Searcher, state: PageState, access: Access) -> dict[str, Any]:
    """Return what the list of results shows."""
    hides = access.where is not None
    answer = searcher.search(
        state.text(), where=access.within(conditions(state.where)), suggest_values=not hides, **state.options()
    )
    return {
        "answer": answer,
        "counted": counted(answer),
        "spellings": () if hides else answer.suggestions,
        "best": _best(answer),
        "nothing_here": NOTHING_HERE,
        "nothing_answers": NOTHING_ANSWERS,
    }


def counted(answer: Answer) -> str:
    """Return in a sentence how many articles match."""
    if answer.results and not answer.total:
        return "No article holds a word asked for and passes the filters: these are near in meaning."
    if answer.total == 1:
        text = answer.total_of.replace("articles", "article")
        return f"1 {_PLURAL_VERB.sub(_singular_verb, text)}."
    return f"{answer.total:,} {answer.total_of}."


def _singular_verb(match: re.Match[str]) -> str:
    return match[0] + ("s" if match[0] == "hold" else "es")


def _best(answer: Answer) -> Result | None:
    """Return the result that says how sure the answer is."""
    return answer.results[0] if answer.results else answer.nearest


def filters_view(searcher: Searcher, state: PageState, access: Access) -> dict[str, Any]:
    """Return the values that can be chosen with their counts, and the histogram of dates.

    What is chosen of a field leaves its other values there: their counts are those without that filter.
    """
    chosen = {name: getattr(state, name) or () for name in FILTER_FIELDS}
    counts = _counts(searcher, state, access, [name for name, values in chosen.items() if not values], ())
    for name in [name for name, values in chosen.items() if values]:
        counts |= _counts(searcher, state, access, [name], (name,))
    dates = _counts(searcher, state, access, ["published"], ("since", "until"))["published"]
    return {
        "values": {name: _offered(counts[name], chosen[name]) for name in FILTER_FIELDS},
        "bars": _bars(dates, state),
    }


def article_view(searcher: Searcher, state: PageState, access: Access) -> dict[str, Any]:
    """Return what an article's page shows. Raises ``NotFound``."""
    assert state.article is not None
    article = searcher.article(state.article)
    if article is None or not searcher.meets(article.id, where=access.where):
        raise NotFound(f"No article here has the id '{state.article[:100]}'.", hint="Search for it.")
    hits: Sequence[Span] = () if state.browses else searcher.highlights(article.id, state.text())
    before, after = _beside(searcher, article, access)
    return {
        "article": article,
        "lines": tuple(article_lines(article, hits, state.passage)),
        "hits": len(hits),
        "before": before,
        "after": after,
    }


def article_lines(article: Article, hits: Sequence[Span], passage: Span) -> Iterator[Line]:
    """Yield the lines of an article with the hits and the passage in place.

    In an article of sections a line that no section holds is a heading. Where a section's heading isn't in the text, it
    stands before the section.
    """
    sections, ends = article.sections, [section.end for section in article.sections]
    shown, follows_heading = -1, False
    for match in _LINES.finditer(article.text):
        place = bisect_right(ends, match.start())
        is_inside = place < len(sections) and sections[place].start < match.end()
        if is_inside and place != shown:
            if sections[place].heading and not follows_heading:
                yield Line(is_heading=True, pieces=(Piece(text=sections[place].heading, hit=0, in_passage=False),))
            shown = place
        follows_heading = bool(sections) and not is_inside
        yield Line(is_heading=follows_heading, pieces=tuple(_pieces(article.text, match.span(), hits, passage)))


def _pieces(text: str, line: Span, hits: Sequence[Span], passage: Span) -> Iterator[Piece]:
    """Yield a line cut where hits, which are in order, and the passage begin and end."""
    start, end = line
    first_hit = bisect_right(hits, start, key=lambda span: span[1])
    inside = hits[first_hit : bisect_left(hits, end, key=lambda span: span[0])]
    borders = {start, end, *(at for span in (*inside, passage) for at in span if start < at < end)}
    for first, last in pairwise(sorted(borders)):
        hit = next((number for number, span in enumerate(inside, first_hit + 1) if span[0] <= first < span[1]), 0)
        yield Piece(text=text[first:last], hit=hit, in_passage=passage[0] <= first < passage[1])


def _counts(
    searcher: Searcher, state: PageState, access: Access, names: Iterable[str], without: Sequence[str]
) -> dict[str, tuple[FacetCount, ...]]:
    """Count the values of fields over the articles that match, but for some filters."""
    filters = {name: value for name, value in state.filters().items() if name not in without}
    answer = searcher.search(
        EVERYTHING if state.mode == "vector" else state.text(),
        k=1,
        mode="keyword",
        syntax=state.syntax,
        as_of=state.as_of,
        include_later=state.include_later,
        where=access.within(conditions(state.where)),
        facets=tuple(names),
        parts=(),
        sort="-published",  # costs less than a ranking, and nothing is shown
        **filters,
    )
    return dict(answer.facets)


def _offered(counts: Sequence[FacetCount], chosen: Iterable[str]) -> list[FilterValue]:
    """Return the most frequent values, those that are chosen first."""
    folded = {value.casefold(): value for value in chosen}
    among = counts if folded else counts[:MOST_VALUES]
    offered = [
        FilterValue(value=count.value, articles=count.articles, is_chosen=count.value.casefold() in folded)
        for count in among
    ]
    known = {value.value.casefold() for value in offered}
    lost = [FilterValue(value=value, articles=0, is_chosen=True) for key, value in folded.items() if key not in known]
    first = [value for value in offered if value.is_chosen]
    return [*lost, *first, *(value for value in offered if not value.is_chosen)][:MOST_VALUES]


def _bars(dates: Sequence[FacetCount], state: PageState) -> list[Bar]:
    """Return a bar for every period from the first to the last, also where it has no article."""
    counts = {count.value: count.articles for count in dates}
    highest = max(counts.values(), default=0)
    return (
        [
            Bar(
                period=period,
                articles=counts.get(period, 0),
                height=-(-counts.get(period, 0) * _CHART_HEIGHT // highest),
                is_chosen=_lies_within(period, state.since, state.until),
            )
            for period in periods(min(counts), max(counts))
        ]
        if counts
        else []
    )


def periods(first: str, last: str) -> list[str]:
    """Return the days, months or years from one to another, as ISO 8601 writes them."""
    if len(first) == len("2025"):
        return [f"{year:04}" for year in range(int(first), int(last) + 1)]
    if len(first) == len("2025-01"):
        months = range(_month(first), _month(last) + 1)
        return [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]
    begin, end = date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal()
    return [date.fromordinal(day).isoformat() for day in range(begin, end + 1)]


def _month(text: str) -> int:
    return int(text[:4]) * 12 + int(text[5:7]) - 1


def _lies_within(period: str, since: str | None, until: str | None) -> bool:
    """Say whether a period is among those that are chosen, as far as these are named by days, months or years."""
    bounds = [bound for bound in (since, until) if bound is not None]
    if not bounds or not all(_PERIOD.fullmatch(bound) for bound in bounds):
        return False
    size = len(period)
    return (since is None or period >= since[:size]) and (until is None or period[: len(until)] <= until[:size])


def _beside(searcher: Searcher, article: Article, access: Access) -> tuple[list[Article], list[Article]]:
    """Return the articles that were published just before and just after, the nearest first."""
    if article.published is None:
        return [], []
    earlier, later = F("published") < article.published, F("published") >= article.published
    sides = []
    for where, sort in ((earlier, "-published"), (later, "published")):
        answer = searcher.search(
            EVERYTHING, k=_BESIDE + 1, mode="keyword", where=access.within(where), sort=sort, parts=("articles",)
        )
        others = [result.article for result in answer.results if result.article.id != article.id]
        sides.append(others[:_BESIDE])
    return sides[0], sides[1]
