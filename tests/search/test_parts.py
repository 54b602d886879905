"""What is made of results, snippets for known ids, and many questions at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import searchkit
from searchkit import F, Part, Query, Searcher, delete
from searchkit.answer import Answer
from searchkit.errors import ConfigError, QueryError
from searchkit.index.articles_db import ArticlesReader
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Vector

TEXT = "report missiles Venezuela"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts") / "index"
    long = " ".join(f"Paragraph {n} tells of trams and missiles.\n\nAnother {n} of rice and oil." for n in range(30))
    searchkit.build(folder, [article(n, text=long if n % 5 == 0 else None) for n in range(20)], encoder=WordEncoder())
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def ranking(answer: Answer) -> list[tuple[int, str, float, float | None]]:
    return [(result.rank, result.article.id, result.score, result.confidence) for result in answer.results]


@pytest.mark.parametrize("mode", ["keyword", "hybrid", "vector"])
@pytest.mark.parametrize(
    "parts", [(), "articles", ("chunks",), ("articles", "snippets"), ("snippets",), ("explanations",), tuple(Part)]
)
def test_what_is_made_changes_no_result(searcher: Searcher, mode: str, parts: Any) -> None:
    whole = searcher.search(TEXT, mode=mode, explain=True)
    answer = searcher.search(TEXT, mode=mode, parts=parts)
    names = {parts} if isinstance(parts, str) else set(parts)
    assert ranking(answer) == ranking(whole)
    assert (answer.total, answer.notes, answer.next_cursor) == (whole.total, whole.notes, whole.next_cursor)
    for result, full in zip(answer.results, whole.results, strict=True):
        assert (result.article == full.article) == ("articles" in names)
        has_chunks = bool(names & {"chunks", "snippets"})
        assert [each.chunk for each in result.chunks] == ([each.chunk for each in full.chunks] if has_chunks else [])
        for chunk, other in zip(result.chunks, full.chunks, strict=False):
            assert (chunk.snippet == other.snippet) == ("snippets" in names)
            assert chunk.score == other.score
        assert result.votes == (full.votes if "explanations" in names else ())


def test_ids_and_scores_alone_read_no_article(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("an article was read")

    monkeypatch.setattr(ArticlesReader, "stored_at", refused)
    monkeypatch.setattr(ArticlesReader, "chunks_at", refused)
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        assert searcher.search(TEXT, parts=()).results
        assert searcher.search(TEXT, parts=(), sort="-published").results


def test_a_part_that_there_is_not_is_refused(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match=r"There is no part 'article'\. Choose among: articles, chunks"):
        searcher.search(TEXT, parts="article")
    with pytest.raises(QueryError, match="'parts' is 3"):
        searcher.search(TEXT, parts=3)  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="There is no part 'x'"):
        searcher.ask(Query(text=TEXT, parts=("x",)))  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["keyword", "hybrid", "vector"])
def test_snippets_for_ids_are_those_of_the_results(searcher: Searcher, mode: Any) -> None:
    answer = searcher.search(TEXT, mode=mode, k=100)
    ids = [result.article.id for result in answer.results][::-1]
    snippets = searcher.snippets_for(ids, Query(text=TEXT, mode=searchkit.Mode(mode)))
    assert list(snippets) == ids
    assert snippets == {r.article.id: tuple(chunk.snippet for chunk in r.chunks) for r in answer.results}


def test_snippets_are_given_of_what_the_filters_let_pass_alone(searcher: Searcher) -> None:
    where = searchkit.Where(expression=F("tag").any("odd"))
    snippets = searcher.snippets_for(["a001", "a002", "a003", "unknown"], Query(text=TEXT, where=where))
    assert list(snippets) == ["a001", "a003"]
    assert searcher.snippets_for([], TEXT) == {}


@pytest.mark.parametrize("ids", ["a001", 7, [1], {"a": 1}, None])
def test_what_is_no_list_of_ids_is_refused(searcher: Searcher, ids: Any) -> None:
    with pytest.raises(QueryError, match="id"):
        searcher.snippets_for(ids, TEXT)


class BatchEncoder(WordEncoder):
    """Counts how its queries come."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.alone = 0

    def encode_queries(self, texts: Sequence[str]) -> Vector:
        self.batches.append(len(texts))
        return self.encode_chunks(texts)

    def encode_query(self, text: str) -> Vector:
        self.alone += 1
        return super().encode_query(text)


QUESTIONS = ("report missiles", "orchestra", "rice harvest", "nurses warned", "report missiles")


def test_many_questions_have_the_answers_that_each_has_alone(index: Path, searcher: Searcher) -> None:
    for options in ({}, {"mode": "vector"}, {"mode": "keyword", "sort": "-published"}, {"where": F("pages") > 4}):
        many = searcher.search_many(QUESTIONS, k=5, **options)
        alone = [searcher.search(text, k=5, **options) for text in QUESTIONS]
        assert [ranking(answer) for answer in many] == [ranking(answer) for answer in alone]
        assert [answer.query for answer in many] == [answer.query for answer in alone]


def test_queries_are_encoded_in_one_batch(index: Path) -> None:
    encoder = BatchEncoder()
    with searchkit.open(index, encoder=encoder) as searcher:
        many = searcher.search_many([*QUESTIONS, Query(text="court of appeal"), Query(text="tag:odd")], threads=3)
    assert encoder.batches == [5], "each text once; the filter alone has no words"
    assert [answer.query.text for answer in many] == [*QUESTIONS, "court of appeal", "tag:odd"]


def test_many_questions_are_answered_from_one_generation_and_cursors_from_their_own(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), refresh_after_s=0) as searcher:
        first = searcher.search(TEXT, k=3)
        delete(tmp_path / "index", ["a001"])
        answers = searcher.search_many([Query(text=TEXT, k=3, cursor=first.next_cursor), *[TEXT] * 5])
        assert [answer.generation for answer in answers] == [1, 2, 2, 2, 2, 2]


def test_the_first_question_that_has_an_error_raises_it(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="The query is empty"):
        searcher.search_many(["missiles", " ", "tag:"])
    with pytest.raises(QueryError, match="There is no mode"):
        searcher.search_many(["missiles"], mode="nonsense")
    for threads in (0, 65, True, "4"):
        with pytest.raises(ConfigError, match="threads can't be"):
            searcher.search_many(["missiles"], threads=threads)  # type: ignore[arg-type]
    assert searcher.search_many([]) == ()
