"""The forms of an answer: plain values, rows of a frame, Arrow, HTML."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest

import searchkit
from searchkit import Article, Searcher
from searchkit.answer import Answer, Snippet, article_dict
from searchkit.errors import MissingExtra
from tests.word_encoder import WordEncoder

HARM = "<script>alert(1)</script> & \"quotes\" 'too' <mark>"


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    folder = tmp_path_factory.mktemp("answer") / "index"
    zone = timezone(timedelta(hours=2))
    articles = [
        Article(id="a", title=HARM, text=f"Missiles {HARM} guard", fields={"price": 7, "rank": "first", "mixed": 1}),
        Article(id="b", text="Missiles too", source=HARM, fields={"price": 7.5, "mixed": "x", "topics": ("x", "y")}),
        Article(
            id="c",
            text="Missiles again",
            published=datetime(2025, 1, 2, 3, 4, 5, tzinfo=zone),
            tags=("t",),
            fields={"topics": "z"},
        ),
    ]
    searchkit.build(folder, articles, encoder=WordEncoder())
    with searchkit.open(folder, encoder=WordEncoder()) as opened:
        yield opened


@pytest.fixture(scope="module")
def answer(searcher: Searcher) -> Answer:
    return searcher.search("missiles guard", explain=True, facets="source")


def test_plain_values_go_through_json_and_come_back_the_same(answer: Answer) -> None:
    values = answer.to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["total"] == 3
    assert [result["article"]["id"] for result in values["results"]] == [r.article.id for r in answer.results]
    assert values["results"][0]["votes"]
    assert "votes" not in answer.to_dict(votes=False)["results"][0]


def test_rows_have_the_same_columns_of_one_type_each(answer: Answer) -> None:
    rows = {row["id"]: row for row in answer.to_records()}
    assert len({tuple(row) for row in rows.values()}) == 1
    assert [rows[name]["price"] for name in "abc"] == [7.0, 7.5, None]
    assert [rows[name]["mixed"] for name in "abc"] == ["1", "x", None]
    assert [rows[name]["topics"] for name in "abc"] == [None, ["x", "y"], ["z"]]
    assert [rows[name]["field_rank"] for name in "abc"] == ["first", None, None]
    assert sorted(row["rank"] for row in rows.values()) == [1, 2, 3]
    assert rows["c"]["published"] == datetime(2025, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert rows["c"]["tags"] == ["t"]
    assert rows["b"]["snippet"] == "Missiles too"


def test_an_arrow_table_has_the_rows_and_its_columns_also_when_it_is_empty(answer: Answer, searcher: Searcher) -> None:
    arrow = pytest.importorskip("pyarrow")
    table = answer.to_arrow()
    assert [row["id"] for row in table.to_pylist()] == [result.article.id for result in answer.results]
    assert table.schema.field("price").type == arrow.float64()
    assert table.schema.field("published").type == arrow.timestamp("us", tz="UTC")
    empty = searcher.search("missiles", source=[]).to_arrow()
    assert empty.num_rows == 0
    assert empty.schema.names == table.schema.names[: len(empty.schema.names)]


def test_without_pyarrow_it_is_said_what_installs_it(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"An Arrow table needs pyarrow\. Run 'pip install pyarrow'"):
        answer.to_arrow()


class Elements(HTMLParser):
    """Collects the names of elements and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_no_text_of_an_article_becomes_an_element(answer: Answer) -> None:
    page = Elements()
    page.feed(answer._repr_html_())
    assert page.names <= {"table", "tbody", "tr", "td", "b", "small", "br", "mark", "p"}
    assert page.text.count("<script>alert(1)</script>") == 3, "in a title, in a snippet, in a source"


def test_a_snippet_in_html_is_its_text_with_marks() -> None:
    snippet = Snippet(text="a <b> & c", start=10, end=19, highlights=((10, 11), (12, 15), (18, 19)))
    assert snippet.to_html() == "<mark>a</mark> <mark>&lt;b&gt;</mark> &amp; <mark>c</mark>"
    page = Elements()
    page.feed(snippet.to_html())
    assert (page.text, page.names) == (snippet.text, {"mark"})
    assert Snippet(text="", start=3, end=3).to_html() == ""


def test_a_number_that_json_can_not_write_is_none() -> None:
    article = Article(id="n", text="missiles", fields={"ratio": math.inf, "tags": ("a", "b")})
    assert article_dict(article)["fields"] == {"ratio": None, "tags": ["a", "b"]}
