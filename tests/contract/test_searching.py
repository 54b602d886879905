"""Searching: what holds for an index in a folder holds for one on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit
from searchkit import Article, F, Mode, Query, SearchConfig
from searchkit.errors import CursorError, NotOnCluster, QueryError
from tests.contract.archive import ARTICLES, LONG
from tests.contract.engines import Engine, opened
from tests.word_encoder import WordEncoder, WordReranker

pytestmark = pytest.mark.slow

QUESTIONS = (
    "missiles that guard Venezuela",
    "orchestra",
    "launchers of the S-300",
    "die gesperrte Brücke",
    "nurses warned of a wave in the towns",
    "東京の橋",
    "rice rice rice harvest",
    'the "old bridge" and trams',
    "C++",
    "nothingofthekind",
)

EXPRESSIONS = (
    "missiles AND venezuela",
    "missiles OR orchestra",
    "(missiles AND venezuela) OR brahms",
    "venezuela NOT missiles",
    "-missiles venezuela",
    '"poor harvest"',
    '"5,000 Igla-S missiles"',
    '"old bridge" AND NOT tag:odd',
    '"court of appeal"',
    "title:missiles",
    'title:"the long report"',
    "S-300 AND launcher",
    "tag:even AND orchestra",
    "desk:world",
    "pages:>20",
    "pages:[5 TO 12] AND (rice OR trams)",
    "published:2025-01",
    "source:harbor* AND missiles",
    'author:"Writer 1" OR brücke',
    "NOT missiles",
    "missiles^3 OR trams",
    "*:*",
)


@pytest.fixture(scope="module")
def searcher(engine: Engine) -> Iterator[searchkit.Searcher]:
    index = engine.build("searching", ARTICLES)
    with opened(index) as searcher:
        yield searcher


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[searchkit.Searcher]:
    """The same articles in a folder: what answers are held against."""
    path = tmp_path_factory.mktemp("reference") / "index"
    searchkit.build(path, ARTICLES, encoder=WordEncoder())
    with opened(str(path)) as searcher:
        yield searcher


def ids(answer: searchkit.Answer) -> list[str]:
    return [result.article.id for result in answer.results]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("question", QUESTIONS)
def test_scores_are_those_of_a_folder(
    searcher: searchkit.Searcher, reference: searchkit.Searcher, question: str, mode: Mode
) -> None:
    query = Query(text=question, mode=mode, k=40)
    expected, scores = dict(reference.rank(query)), dict(searcher.rank(query))
    assert scores.keys() == expected.keys()
    tolerance = {"rel": 1e-5, "abs": 1e-5} if mode is Mode.VECTOR else {"rel": 0.04, "abs": 0.04}
    assert scores == pytest.approx(expected, **tolerance)


@pytest.mark.parametrize("mode", [Mode.KEYWORD, Mode.HYBRID])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_has_the_same_articles(
    searcher: searchkit.Searcher, reference: searchkit.Searcher, expression: str, mode: Mode
) -> None:
    expected = reference.search(expression, k=100, mode=mode, parts=())
    answer = searcher.search(expression, k=100, mode=mode, parts=())
    assert set(ids(answer)) == set(ids(expected))
    assert answer.total == expected.total
    assert answer.reading == expected.reading


@pytest.mark.parametrize("mode", [Mode.KEYWORD, Mode.VECTOR])
def test_a_filter_changes_no_score_and_lets_no_other_article_pass(searcher: searchkit.Searcher, mode: Mode) -> None:
    where = F("tag") == "odd"
    everything = dict(searcher.rank(Query(text="missiles and trams", mode=mode, k=100)))
    filtered = searcher.search("missiles and trams", mode=mode, k=100, where=where)
    assert filtered.results
    for result in filtered.results:
        assert "odd" in {tag.lower() for tag in result.article.tags}
        assert result.score == pytest.approx(everything[result.article.id], abs=1e-6)


def test_a_filter_changes_no_score_of_both_retrievers_either(searcher: searchkit.Searcher) -> None:
    everything = dict(searcher.rank(Query(text="missiles and trams", k=100)))
    filtered = searcher.search("missiles and trams", k=100, where=F("pages") > 10)
    assert len(filtered.results) > 5
    assert {r.article.id: r.score for r in filtered.results} == pytest.approx(
        {r.article.id: everything[r.article.id] for r in filtered.results}, abs=1e-6
    )


def test_results_show_what_those_of_a_folder_show(searcher: searchkit.Searcher, reference: searchkit.Searcher) -> None:
    for question in ("missiles that guard Venezuela", "the S-300 launcher of part 7"):
        expected = {r.article.id: r for r in reference.search(question, k=5).results}
        for result in searcher.search(question, k=5).results:
            other = expected[result.article.id]
            assert result.article == other.article
            assert [chunk.snippet for chunk in result.chunks] == [chunk.snippet for chunk in other.chunks]
            assert result.confidence == pytest.approx(other.confidence, abs=0.1)


def test_an_explanation_adds_up_to_the_score(searcher: searchkit.Searcher) -> None:
    for mode in Mode:
        for result in searcher.search("missiles of the S-300", k=8, mode=mode, explain=True).results:
            shares = sum(contribution.share for contribution in result.contributions)
            assert shares == pytest.approx(result.score, abs=1e-6)


def test_the_first_k_do_not_depend_on_k_and_pages_follow_each_other(searcher: searchkit.Searcher) -> None:
    for mode in Mode:
        whole = searcher.search("venezuela missiles bridge", k=30, mode=mode)
        read, cursor = [], None
        while len(read) < 30:
            page = searcher.search("venezuela missiles bridge", k=7, mode=mode, cursor=cursor)
            read += ids(page)
            cursor = page.next_cursor
            if cursor is None:
                break
        assert read[: len(ids(whole))] == ids(whole)


def test_a_cursor_of_another_query_is_refused(searcher: searchkit.Searcher) -> None:
    page = searcher.search("venezuela missiles bridge", k=2)
    with pytest.raises(CursorError):
        searcher.search("orchestra", k=2, cursor=page.next_cursor)


def test_a_title_that_very_many_have_hides_no_rarer_one(engine: Engine) -> None:
    articles = [Article(id=f"{number:03}", title="Morning Paper", text=f"News {number}.") for number in range(400)]
    articles.append(Article(id="rare", title="Morning Paper Notes", text="Nothing else."))
    with opened(engine.build("crowd", articles)) as searcher:
        assert searcher.rank(Query(text="Morning Paper Notes", k=1))[0][0] == "rare"
        result = searcher.search("Morning Paper Notes", k=1, explain=True).results[0]
        assert "exact title" in {part.leg for part in result.contributions}


def test_facets_and_totals_are_those_of_a_folder(searcher: searchkit.Searcher, reference: searchkit.Searcher) -> None:
    names = ["source", "tag", "year", "desk", "language"]
    for text, options in (("missiles", {}), ("missiles", {"mode": "vector"}), ("trams", {"where": F("tag") == "odd"})):
        answer = searcher.search(text, facets=names, **options)
        expected = reference.search(text, facets=names, **options)
        assert answer.total == expected.total
        assert {name: set(counts) for name, counts in answer.facets.items()} == {
            name: set(counts) for name, counts in expected.facets.items()
        }


@pytest.mark.parametrize("mode", [Mode.KEYWORD, Mode.HYBRID])
@pytest.mark.parametrize("text", ["report of the missiles", "missiles OR report"])
def test_a_boost_changes_the_order_and_no_confidence(
    searcher: searchkit.Searcher, reference: searchkit.Searcher, text: str, mode: Mode
) -> None:
    boosts = {"title": 3.0}
    plain, boosted, expected = (
        each.search(text, mode=mode, k=200, boosts=more, explain=True)
        for each, more in ((searcher, None), (searcher, boosts), (reference, boosts))
    )
    before = {each.article.id: each for each in plain.results}
    after = {each.article.id: each for each in boosted.results}
    scores = {each.article.id: each.score for each in expected.results}
    assert {key: each.score for key, each in after.items()} == pytest.approx(scores, rel=0.04, abs=0.04)
    assert any(each.score > before[key].score + 0.01 for key, each in after.items())
    for key, each in after.items():
        assert each.confidence == pytest.approx(before[key].confidence, abs=1e-6)
        assert sum(part.share for part in each.contributions) == pytest.approx(each.score, abs=1e-9)


@pytest.mark.parametrize("fusion", ["rrf", "minmax"])
def test_another_fusion_ranks_alike(
    engine: Engine, searcher: searchkit.Searcher, reference: searchkit.Searcher, fusion: str
) -> None:
    config = SearchConfig(fusion=fusion)
    with opened(searcher.info().path, config) as other, opened(reference.info().path, config) as expected:
        first = ids(other.search("missiles that guard Venezuela", k=3))
        assert first == ids(expected.search("missiles that guard Venezuela", k=3))


def test_a_reranker_looks_again(searcher: searchkit.Searcher) -> None:
    with searchkit.open(searcher.info().path, encoder=WordEncoder(), reranker=WordReranker()) as reranking:
        result = reranking.search("nurses warned of a new wave", k=1, explain=True).results[0]
    assert "reranker" in {contribution.leg for contribution in result.contributions}


def test_an_article_is_found_by_its_title_and_its_url(searcher: searchkit.Searcher) -> None:
    for typed in ("The long report", "the long repotr", "https://example.org/long"):
        result = searcher.search(typed, k=1, explain=True).results[0]
        assert result.article.id == "long/1"
        assert {"exact title", "nearly the title", "exact URL"} & {c.leg for c in result.contributions}


def test_articles_and_chunks_are_there_by_their_ids(
    searcher: searchkit.Searcher, reference: searchkit.Searcher
) -> None:
    for each in ARTICLES:
        assert searcher.article(each.id) == reference.article(each.id)
        assert searcher.chunks(each.id) == reference.chunks(each.id)
    chunks = searcher.chunks("long/1")
    assert len(chunks) > 5
    assert all(LONG[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert searcher.chunk("naïve|id#2#0") == searcher.chunks("naïve|id#2")[0]
    assert searcher.article("absent") is None
    assert searcher.chunk("long/1#99") is None


def test_the_index_tells_what_it_is_made_of(searcher: searchkit.Searcher, reference: searchkit.Searcher) -> None:
    info, expected = searcher.info(), reference.info()
    for name in ("articles", "chunks", "vectors", "encoder_fingerprint", "languages", "sources", "config", "places"):
        assert getattr(info, name) == getattr(expected, name), name
    assert info.first_published == expected.first_published
    assert info.last_published == expected.last_published


def test_conditions_count_and_list_articles(searcher: searchkit.Searcher, reference: searchkit.Searcher) -> None:
    where = (F("pages") > 5) & ~(F("tag") == "odd")
    assert searcher.count(where=where) == reference.count(where=where)
    assert set(searcher.article_ids(where=where)) == set(reference.article_ids(where=where))
    assert searcher.meets("long/1", where=F("code") == "007")
    assert not searcher.meets("absent", where=F("code") == "007")


def test_what_can_not_be_understood_is_a_query_error(searcher: searchkit.Searcher) -> None:
    for text, options in (
        ("", {}),
        ("x", {"k": 0}),
        ("x", {"where": F("nofield") == "1"}),
        ("x", {"facets": "nofield"}),
        ("x", {"boosts": {"nofield": 2.0}}),
    ):
        with pytest.raises(QueryError):
            searcher.search(text, **options)


def test_what_a_cluster_can_not_do_says_so(engine: Engine, searcher: searchkit.Searcher) -> None:
    if engine.name == "folder":
        assert searcher.search("mis*", mode="keyword").results
        return
    for text in ("mis*", "misiles~", '"missiles venezuela"~5'):
        with pytest.raises(QueryError, match="OpenSearch"):
            searcher.search(text, syntax="expression")
    for call in (
        lambda: searcher.quote("the harvest of rice was poor"),
        lambda: searcher.suggest("mis"),
        lambda: searcher.more_like("long/1"),
        lambda: searcher.search("trams", sort="published"),
        lambda: searcher.search("trams", facets="published"),
        searcher.whoosh,
    ):
        with pytest.raises(NotOnCluster):
            call()


def test_who_searches_loads_neither_faiss_nor_whooshs_storage(engine: Engine, searcher: searchkit.Searcher) -> None:
    if engine.name == "folder":
        pytest.skip("an index in a folder is searched with both")
    import subprocess
    import sys

    root = Path(__file__).resolve().parents[2]
    code = f"""
import sys
import searchkit
from tests.word_encoder import WordEncoder
with searchkit.open({searcher.info().path!r}, encoder=WordEncoder()) as searcher:
    assert searcher.search("missiles that guard Venezuela").results
print(sorted({{"faiss", "whoosh.filedb", "searchkit.keyword.whoosh_codec"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
