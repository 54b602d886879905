"""A program that uses searchkit as its users do: index a folder, search it, read the results.

``scripts/test --package`` runs it with the installed wheel, and checks it with mypy and pyright, both strict: it uses
nothing but what ``searchkit`` exports. Arguments: a folder of articles, and the index to make of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date

import searchkit
from searchkit import (
    Answer,
    Article,
    BuildReport,
    Encoder,
    Hit,
    Mode,
    Query,
    Reranker,
    Result,
    Retriever,
    Searcher,
    SearchkitError,
    Syntax,
    Where,
)


class LengthReranker:
    """Prefers long texts: an object of the caller's own fits the protocol."""

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        return [float(len(text) > len(query)) for text in texts]


def titles(answer: Answer) -> list[str]:
    return [result.article.title for result in answer.results]


def describe(result: Result) -> Iterator[str]:
    article: Article = result.article
    published = article.published.isoformat() if article.published else "undated"
    confidence = "" if result.confidence is None else f"{result.confidence:.0%}"
    yield f"{result.rank} {result.score:.3f} {confidence} {article.id} {published} {', '.join(article.tags)}"
    for chunk in result.chunks:
        snippet = chunk.snippet
        marked = [article.text[start:end] for start, end in snippet.highlights]
        yield f"  {chunk.chunk.id} {chunk.score:.3f} {snippet.text!r} {marked}"
    for contribution in result.contributions:
        yield f"  {contribution.leg} {contribution.rank} {contribution.share:.3f}"


def texts(place: str) -> Iterator[Article]:
    """Read without an index; whatever couldn't be read stops it."""

    def refuse(problem: searchkit.Problem) -> None:
        if problem.lost:
            raise ValueError(problem.reason)

    for article in searchkit.read(place, on_problem=refuse):
        if article.text:
            yield article


def own_source(place: str) -> Iterator[Article | searchkit.Problem]:
    """Yield what ``articles`` may be, problems in the place of some."""
    yield from texts(place)
    yield searchkit.Problem(place=place, reason="is all that was read", lost=False)


def add_own(index: str, place: str) -> BuildReport:
    return searchkit.add(index, own_source(place))


def best_chunks(retriever: Retriever, query: Query) -> list[str]:
    hits: Sequence[Hit] = retriever.retrieve(query, 5)
    return [hit.chunk_id for hit in hits]


def main(folder: str, index: str) -> int:
    report: BuildReport = searchkit.build(index, places=[folder])
    reranker: Reranker = LengthReranker()
    encoder: Encoder | None = None
    with searchkit.open(index, encoder=encoder, reranker=reranker) as searcher:
        opened: Searcher = searcher
        answer = opened.search(
            "Russian air defense in Venezuela",
            k=3,
            mode="hybrid",
            since="2024",
            until=date(2030, 1, 1),
            language=["en", "es"],
            source="Harbor Ledger",
            facets=["language"],
            explain=True,
        )
        for result in answer.results:
            print(*describe(result), sep="\n")
        for name, counts in answer.facets.items():
            print(name, {count.value: count.articles for count in counts})
        where = Where(since=date(2024, 1, 1), languages=("en",))
        query = Query(text='"air defence"', mode=Mode.KEYWORD, k=5, where=where, syntax=Syntax.EXPRESSION)
        precise = opened.ask(query)
        ranked: tuple[tuple[str, float], ...] = opened.rank(query)
        print(titles(precise), ranked, best_chunks(opened, query), precise.reading, *precise.notes, sep="\n")
        try:
            opened.search("nothing", k=0)
        except SearchkitError as error:
            print(f"refused: {error} ({error.hint})")
    return 0 if answer.results and precise.results and report.articles and not report.lost else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
