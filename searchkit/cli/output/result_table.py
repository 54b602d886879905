"""Results for a person: title and how sure they are, where and when, and the chunk that tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import exp

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.styled import Styled
from rich.table import Table
from rich.text import Text

from searchkit.answer import (
    CONFIDENCE_WORDS,
    NOTHING_ANSWERS,
    NOTHING_HERE,
    UNSURE,
    Answer,
    ChunkResult,
    ConfidenceTerm,
    Contribution,
    FacetCount,
    Result,
)
from searchkit.cli.output.console import clean
from searchkit.cli.output.explain_text import signed, sums
from searchkit.cli.output.numbers import count, day, duration, rounded_shares
from searchkit.search.fusion import COVERAGE, NEIGHBOURS, TIME
from searchkit.search.named_articles import TIERS
from searchkit.types import Article, Mode

DIM = "dim"
MARK = "bold yellow"
BAR_WIDTH = 20
SURENESS_WIDTH = 5


def answer_table(answer: Answer, *, explain: bool = False) -> RenderableType:
    """Draw the results and the facets of an answer; with ``explain`` also how each score came about."""
    usual = _usual_language(answer.results)
    number_width = len(str(answer.results[-1].rank)) if answer.results else 1
    parts: list[RenderableType] = []
    if answers_nothing(answer):
        parts += [Text(f"{NOTHING_ANSWERS} The nearest:", style="bold"), ""]
    for result in answer.results:
        parts += [_result(result, usual=usual, number_width=number_width, explain=explain), ""]
    if answer.facets:
        whole = "pass the filters" if answer.query.mode is Mode.VECTOR else "match the query and pass the filters"
        parts += [Text(f"Of the articles that {whole}:", style=DIM), facets(answer.facets), ""]
    if explain and answer.confidence_terms:
        parts += [_confidence_bill(answer.confidence_terms), ""]
    return Group(*parts[:-1])


def answers_nothing(answer: Answer) -> bool:
    """Say whether the best of all results is so unsure that none seems to answer; of later pages nobody knows it."""
    is_first = bool(answer.results) and answer.results[0].rank == 1 and not answer.query.sort
    return is_first and answer.confidence_word == NOTHING_HERE


def footer(answer: Answer, index: str) -> Text:
    """Say in one dim line how many results there are, how they were found and how long it took."""
    results = count(len(answer.results), "result") if answer.results else "Nothing found"
    if answer.results and answer.total > answer.results[-1].rank:
        results = f"{results} · {answer.total:,} match"
    return Text(f"{results} · {answer.query.mode} · {duration(answer.took_s)} · {index}", style=DIM)


def facets(counts: Mapping[str, Sequence[FacetCount]]) -> RenderableType:
    """Draw each facet as a heading and a bar for every value, as long as its share of the largest."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(max_width=40, overflow="fold")  # what may wrap gives way first on a narrow screen
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    for name, values in counts.items():
        grid.add_row(Text(clean(name), style="bold"))
        most = max((value.articles for value in values), default=1)
        for value in values:
            grid.add_row(f"  {clean(value.value)}", f"{value.articles:,}", bar(value.articles, most))
        if not values:
            grid.add_row(Text("  none of the matches has it", style=DIM))
    return grid


def bar(number: int, most: int) -> Text:
    """Draw a bar for a number, as long as its share of the largest, but never nothing."""
    return Text("█" * max(1, round(BAR_WIDTH * number / max(most, 1))), style="cyan")


def highlighted(chunk_result: ChunkResult) -> Text:
    """Return a chunk's snippet as one line of text: its highlights stand out, dots show where the chunk goes on."""
    snippet = chunk_result.snippet
    line = Text("… " if snippet.start > chunk_result.chunk.start else "")
    for text, marked in snippet.pieces():
        line.append(clean(text), style=MARK if marked else None)
    if snippet.end < chunk_result.chunk.end:
        line.append(" …")
    return _tidy(line)


def byline(article: Article, usual: str | None = None) -> Text:
    """Say where and when an article was published, by whom, and in which language if it isn't the usual one."""
    facts = [article.source, day(article.published_local), ", ".join(article.authors)]
    if article.language and article.language != usual:
        facts.append(f"in {article.language}")
    return Text(" · ".join(clean(fact) for fact in facts if fact), style="green")


def _result(result: Result, *, usual: str | None, number_width: int, explain: bool) -> RenderableType:
    """Draw a result: three columns, of which the last holds the score and, explained, the shares that make it."""
    best = result.chunks[0]
    score, shares = rounded_shares(result.score, [part.share for part in result.contributions])
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(justify="right", width=number_width, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")  # some scripts have no spaces to break at
    grid.add_column(justify="right", no_wrap=True)
    title = Text(clean(result.article.title).strip() or clean(result.article.id), style="bold")
    grid.add_row(Text(str(result.rank), style="bold cyan"), title, _sureness(result, score))
    for line in _below_title(result, best, usual):
        grid.add_row("", line, "")
    if explain:
        for line, share in _bill(result, score, shares):
            grid.add_row("", Text(f"  {line}", style=DIM), Text(share, style=DIM))
    unlikely = result.confidence is not None and result.confidence < CONFIDENCE_WORDS[UNSURE]
    return Styled(grid, DIM) if unlikely else grid


def _sureness(result: Result, score: str) -> Text:
    """Return a result's confidence as a word and a bar; its score where it has none."""
    if result.confidence is None:
        return Text(score, style="cyan")
    full = round(SURENESS_WIDTH * result.confidence)
    return Text(f"{result.confidence_word} {'█' * full}{'░' * (SURENESS_WIDTH - full)}", style="cyan")


def _confidence_bill(terms: Sequence[ConfidenceTerm]) -> RenderableType:
    """Draw what the question's confidence is read from: each number, and what it adds."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(justify="right")
    for number, term in enumerate(terms):
        grid.add_row(f"  {term.name}", f"{term.value:.3f}", signed(f"{term.share:.2f}", first=not number), style=DIM)
    total = sum(term.share for term in terms)
    grid.add_row(f"  sum, which is a confidence of {1 / (1 + exp(-total)):.2f}", "", f"= {total:.2f}", style=DIM)
    return Group(Text("How sure it is that the archive has an answer, filters aside:", style=DIM), grid)


def _below_title(result: Result, best: ChunkResult, usual: str | None) -> Iterator[RenderableType]:
    """Yield the lines of a result under its title: byline, best chunk, further chunks, id."""
    about = byline(result.article, usual)
    if about:
        yield about
    yield Text.assemble(_heading(best), highlighted(best))
    for other in result.chunks[1:]:
        line = Text.assemble((f"#{other.chunk.ordinal} ", DIM), _heading(other), highlighted(other))
        line.no_wrap, line.overflow = True, "ellipsis"
        yield Padding(line, (0, 0, 0, 2))
    yield Text(clean(best.chunk.id), style=DIM, overflow="fold")


def _heading(chunk_result: ChunkResult) -> Text:
    return Text(f"{clean(chunk_result.chunk.heading)}: ", style="italic") if chunk_result.chunk.heading else Text()


def _bill(result: Result, score: str, shares: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a line for each retriever with its share, and their sum, as on a bill; then the sums behind it."""
    width = max((len(part.leg) for part in result.contributions), default=0)
    for number, (part, share) in enumerate(zip(result.contributions, shares, strict=True)):
        yield f"{part.leg:<{width}}  {_grounds(part)}", signed(share, first=not number)
    yield "sum of the shares", f"= {score}"
    for line in sums(result):
        yield line, ""
    if result.confidence is not None:
        yield f"confidence {result.confidence:.2f}", ""


def _grounds(part: Contribution) -> str:
    """Say what a share is for: a rank and an own score, the words that stand there, the neighbours, or a name."""
    if part.leg == COVERAGE:
        return f"{part.score:.0%} of the query's words by weight"
    if part.leg == NEIGHBOURS:
        return (
            f"those of {', '.join(map(clean, part.chunk_ids))}"
            if part.chunk_ids
            else "those of chunks that the filters hide"
        )
    if part.leg == TIME:
        return f"by its date · own score {part.score:.3f}"
    if part.leg in TIERS:
        return f"what the query is · tier {part.score:.0f}"
    rank = f"rank {part.rank}" if part.rank is not None else "not among its hits"
    return f"{rank} · own score {part.score:.3f}"


def _usual_language(results: Sequence[Result]) -> str | None:
    """Return the language of more than half of the results, which needn't be said at each."""
    languages = Counter(result.article.language for result in results if result.article.language)
    if not languages:
        return None
    language, times = languages.most_common(1)[0]
    return language if times * 2 > len(results) else None


def _tidy(line: Text) -> Text:
    """Join runs of spaces into one, so that a chunk's paragraphs read on."""
    return Text(" ").join(word for word in line.split() if word.plain)
