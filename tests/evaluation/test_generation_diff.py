from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit
from searchkit import Searcher, rebuild
from searchkit.errors import ConfigError, SourceError
from searchkit.evaluation.generation_diff import (
    SAMPLE,
    JudgedQueries,
    compare_answers,
    read_judged_queries,
    sampled_queries,
)
from searchkit.evaluation.judgments import Judgments
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

OTHER = WordEncoder(dimension=8, name="other words")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("switching") / "index"
    built(folder)
    rebuild(folder, [article(number) for number in range(12)], encoder=OTHER)
    return folder


@pytest.fixture(scope="module")
def before(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder(), generation=1) as searcher:
        yield searcher


@pytest.fixture(scope="module")
def after(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=OTHER, generation=2) as searcher:
        yield searcher


def test_a_generation_beside_itself_changes_nothing(before: Searcher) -> None:
    done = compare_answers(before, before, sampled_queries(before))
    assert (done.overlap, done.same_first, done.changed, done.sampled) == (1.0, 1.0, (), True)
    assert done.measured is None


def test_overlap_is_the_share_of_the_first_ten_that_both_have(before: Searcher, after: Searcher) -> None:
    queries = {"1": "rice harvest", "2": "Brahms", "3": "opera of the moon"}
    done = compare_answers(before, after, JudgedQueries(queries=queries))
    found = {
        text: [[one.article.id for one in searcher.search(text).results] for searcher in (before, after)]
        for text in queries.values()
    }
    shares = {text: len({*old} & {*new}) / 10 for text, (old, new) in found.items()}
    assert done.overlap == pytest.approx(sum(shares.values()) / 3)
    assert done.overlap < 1
    assert done.same_first == pytest.approx(sum(old[0] == new[0] for old, new in found.values()) / 3)
    assert [one.query for one in done.changed] == sorted(
        (text for text in shares if shares[text] < 1), key=lambda text: (shares[text], text)
    )
    for one in done.changed:
        assert (one.overlap, one.before, one.after) == (
            shares[one.query],
            found[one.query][0][0],
            found[one.query][1][0],
        )
    assert (done.queries, done.sampled) == (3, False)


def test_a_shorter_list_lowers_the_overlap_and_two_empty_ones_agree(before: Searcher, after: Searcher) -> None:
    many = compare_answers(before, after, JudgedQueries(queries={"1": "title:report"})).changed
    assert all(0 < one.overlap < 1 for one in many)
    none = compare_answers(before, after, JudgedQueries(queries={"1": '"nothing says this"'}))
    assert (none.overlap, none.same_first) == (1.0, 1.0)


def test_with_judgements_both_are_measured(before: Searcher, after: Searcher) -> None:
    judged = Judgments(
        name="few",
        queries={"q": "rice harvest", "r": "Brahms"},
        qrels={"q": {"a018": 1}, "r": {"a001": 1}, "s": {"a": 1}},
    )
    done = compare_answers(
        before, after, JudgedQueries(queries={"z": "trams"}, judged=judged), measures=["R@100", "P@1"]
    )
    assert done.queries == 1
    assert done.measured is not None
    old, new = done.measured
    assert (old.mean("R@100"), new.mean("R@100")) == pytest.approx((2 / 3, 1 / 3))  # a018 is gone, "s" has no text
    assert [one.measure for one in done.comparisons] == ["R@100", "P@1"]
    assert done.comparisons[0].difference == pytest.approx(-1 / 3)


def test_the_archive_s_own_queries_are_the_same_every_time_and_nothing_in_them_is_an_operator(tmp_path: Path) -> None:
    articles = [
        article(
            number, title=f'"Oil" AND (NOT gas): title:{number}*', text=f"Farmers expect {number} poor harvests soon."
        )
        for number in range(SAMPLE + 10)
    ]
    searchkit.build(tmp_path / "one", articles, encoder=WordEncoder())
    searchkit.build(tmp_path / "two", articles[::-1], encoder=WordEncoder())
    asked = []
    for name in ("one", "two"):
        with searchkit.open(tmp_path / name, encoder=WordEncoder()) as searcher:
            asked.append(sampled_queries(searcher).queries)
    assert asked[0] == asked[1]
    texts = list(asked[0].values())
    assert len(texts) == SAMPLE
    assert {text.split()[0] for text in texts[::2]} == {'"Oil"'}
    assert {text.split()[0] for text in texts[1::2]} == {"Farmers"}
    with searchkit.open(tmp_path / "one", encoder=WordEncoder()) as searcher:
        done = compare_answers(searcher, searcher, sampled_queries(searcher))
        words = compare_answers(searcher, searcher, JudgedQueries(queries=asked[0], sampled=True))
    assert (done.overlap, done.notes) == (words.overlap, words.notes) == (1.0, ())


def test_articles_without_title_or_sentence_are_passed_over(tmp_path: Path) -> None:
    articles = [
        article(1, title="", text="Farmers expect a poor harvest."),
        article(2, title="Only a title", text=""),
        article(3, title="", text=""),
    ]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        asked = sampled_queries(searcher)
    assert sorted(asked.queries) == ["a001", "a002"]


def test_queries_are_read_one_a_line_or_as_judged_collections_have_them(tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("rice harvest\n\n  who plays Brahms?  \n", encoding="utf-8")
    asked = read_judged_queries(plain, None)
    assert asked is not None
    assert dict(asked.queries) == {"1": "rice harvest", "3": "who plays Brahms?"}
    assert not asked.sampled
    beir = tmp_path / "queries.jsonl"
    beir.write_text(json.dumps({"_id": "a", "text": "rice"}) + "\n" + json.dumps({"_id": "b", "text": "oil"}))
    tabs = tmp_path / "queries.tsv"
    tabs.write_text("a\trice\nb\toil\n")
    for path in (beir, tabs):
        read = read_judged_queries(path, None)
        assert read is not None
        assert dict(read.queries) == {"a": "rice", "b": "oil"}
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query\tid\tgrade\na\ta001\t1\n")
    folder = read_judged_queries(None, str(tmp_path))
    files = read_judged_queries(beir, str(tmp_path / "qrels" / "test.tsv"))
    both = read_judged_queries(plain, str(tmp_path))
    for one, queries in ((folder, {"a": "rice"}), (files, {"a": "rice", "b": "oil"}), (both, dict(asked.queries))):
        assert one is not None
        assert one.judged is not None
        assert dict(one.judged.queries) == {"a": "rice"}
        assert dict(one.queries) == queries
    assert read_judged_queries(None, None) is None


def test_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    with pytest.raises(SourceError, match=r"empty\.txt holds no query"):
        read_judged_queries(empty, None)
    with pytest.raises(ConfigError, match="no folder"):
        read_judged_queries(None, str(tmp_path / "nowhere"))
    (tmp_path / "alone.tsv").write_text("a 0 a001 1\n")
    with pytest.raises(SourceError, match="no queries"):
        read_judged_queries(None, str(tmp_path / "alone.tsv"))
