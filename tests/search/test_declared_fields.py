"""Are declared fields held to: checked when articles come in, searched by their words, boosted, counted, hidden?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import isclose
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit import Answer, F, Searcher
from searchkit.errors import ConfigError, QueryError, SearchkitError
from searchkit.ingest.indexed_text import is_field_term
from searchkit.keyword.analysis.analyzer import Analyzer
from tests.word_encoder import WordEncoder

FIELDS: dict[str, Any] = {
    "price": "number",
    "summary": "text",
    "acl": {"type": "list[keyword]", "facet": False, "stored": False},
    "born": {"type": "date", "sort": False},
    "kept": "boolean",
}
ARTICLES = [
    {
        "id": "lamp",
        "title": "Lamp",
        "text": "A brass lamp stands on the table. " * 40,
        "price": "12.50",
        "summary": "Radar watch at the harbour",
        "acl": ["staff"],
        "born": "2025-03-01",
        "kept": "yes",
    },
    {
        "id": "port",
        "title": "Radar",
        "text": "A radar in the port.",
        "price": "cheap",
        "summary": "Lamps",
        "acl": "all",
    },
    {"id": "rest", "title": "Rest", "text": "Nothing of harbours.", "price": 7, "born": "soon"},
]


@pytest.fixture(scope="module")
def searcher() -> Iterator[Searcher]:
    with searchkit.open_temporary(
        [{**each, "language": "en"} for each in ARTICLES], fields=FIELDS, encoder=WordEncoder()
    ) as opened:
        yield opened


def built(folder: Path, **more: Any) -> searchkit.BuildReport:
    articles = [{**each, "language": "en"} for each in ARTICLES]
    return searchkit.build(folder / "index", articles, encoder=WordEncoder(), **more)


def ids(answer: Answer) -> list[str]:
    return [result.article.id for result in answer.results]


def by_keyword(searcher: Searcher, text: str, **more: Any) -> list[str]:
    return ids(searcher.search(text, mode="keyword", **more))


def test_values_that_do_not_fit_are_problems_that_name_article_and_field(tmp_path: Path) -> None:
    report = built(tmp_path, fields=FIELDS)
    assert report.articles == 3
    assert [(problem.place, problem.lost) for problem in report.problems] == [("port", False), ("rest", False)]
    assert (
        report.problems[0].reason
        == "the field 'price' is 'cheap', which is no number; it is kept as the field price_raw"
    )
    assert report.problems[1].reason.startswith("the field 'born' is 'soon', which is no date such as 2025-10-21")


def test_articles_have_typed_values_and_none_of_what_is_not_stored(searcher: Searcher) -> None:
    article = searcher.article("lamp")
    assert article is not None
    shown = {"price": 12.5, "summary": "Radar watch at the harbour", "born": "2025-03-01", "kept": True}
    assert article.fields == shown
    assert searcher.search("lamp", mode="keyword").results[0].article.fields == shown
    assert searcher.quote("A brass lamp stands")[0].article.fields == shown
    assert searcher.article_ids(where=F("acl") == "staff") == ("lamp",)


def test_a_word_of_a_searchable_field_is_found_everywhere_and_in_its_field(searcher: Searcher) -> None:
    assert set(by_keyword(searcher, "radar")) == {"lamp", "port"}
    assert by_keyword(searcher, "summary:radar") == ["lamp"]
    assert by_keyword(searcher, "SUMMARY:Radars") == ["lamp"]
    assert by_keyword(searcher, "summary:rad*") == ["lamp"]
    assert by_keyword(searcher, "summary:radr~1") == ["lamp"]
    assert by_keyword(searcher, 'summary:"radar watch"') == ["lamp"]
    assert by_keyword(searcher, 'summary:"watch radar"') == []
    assert by_keyword(searcher, "summary:radar AND brass") == ["lamp"]
    assert by_keyword(searcher, "radar -summary:radar") == ["port"]
    assert by_keyword(searcher, "summary:brass") == []


def test_no_phrase_leads_from_a_field_into_the_text(searcher: Searcher) -> None:
    assert by_keyword(searcher, '"harbour a brass"') == []


def test_words_of_fields_are_no_words_of_wildcards_spellings_and_suggestions(searcher: Searcher) -> None:
    assert by_keyword(searcher, "summ*") == []
    assert [suggestion.text for suggestion in searcher.suggest("radar", kinds="word")] == ["radar"]


def test_a_boost_moves_up_what_has_the_word_in_its_field_and_is_explained(searcher: Searcher) -> None:
    for mode in ("keyword", "hybrid"):
        plain = {each.article.id: each for each in searcher.search("harbour watch", mode=mode, explain=True).results}
        answer = searcher.search("harbour watch", mode=mode, explain=True, boosts={"summary": 1.5})
        boosted = {each.article.id: each for each in answer.results}
        assert "A match in the field 'summary' adds 1.5 times its own score." in answer.notes
        added = [each for each in boosted["lamp"].votes[0].contributions if each.leg == "boost of summary"]
        assert added[0].share > 0
        assert not [each for each in plain["lamp"].votes[0].contributions if each.leg.startswith("boost")]
        for result in answer.results:
            assert isclose(sum(each.share for each in result.contributions), result.score, rel_tol=1e-9)
        keyword = [
            next(c for c in each["lamp"].votes[0].contributions if c.leg == "keyword") for each in (plain, boosted)
        ]
        assert isclose(keyword[0].score, keyword[1].score, rel_tol=1e-9)


def test_a_boost_adds_so_many_times_the_score_of_the_fields_own_words(searcher: Searcher) -> None:
    def lamp(boosts: dict[str, float] | None) -> float:
        results = searcher.search("watch", mode="keyword", boosts=boosts).results
        return next(each.score for each in results if each.article.id == "lamp")

    own = searcher.search("summary:watch", mode="keyword").results[0].score
    assert isclose(lamp({"summary": 2.0}), lamp(None) + 2.0 * own, rel_tol=1e-9)


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
def test_a_boost_is_in_the_order_alone_and_in_no_coverage_neighbour_or_confidence(
    searcher: Searcher, mode: str
) -> None:
    plain = searcher.search("harbour watch", mode=mode, explain=True)
    boosted = searcher.search("harbour watch", mode=mode, explain=True, boosts={"summary": 50.0, "title": 3.0})
    assert boosted.results[0].score > plain.results[0].score
    assert boosted.confidence_terms == plain.confidence_terms
    before, after = ({each.article.id: each for each in answer.results} for answer in (plain, boosted))
    assert {key: each.confidence for key, each in after.items()} == {k: each.confidence for k, each in before.items()}
    for key, result in after.items():
        unboosted = [each for each in result.votes[0].contributions if not each.leg.startswith("boost")]
        assert unboosted == list(before[key].votes[0].contributions)


def test_a_search_by_vector_says_that_it_has_no_boosts(searcher: Searcher) -> None:
    note = "Boosts count by keyword alone: this search by vector has none."
    assert note in searcher.search("harbour", mode="vector", boosts={"title": 3.0}).notes
    assert note not in searcher.search("harbour", mode="vector").notes


def test_boosts_of_settings_give_way_to_those_of_the_question(tmp_path: Path) -> None:
    built(tmp_path, fields=FIELDS)
    config = searchkit.SearchConfig(boosts={"summary": 5.0})
    with searchkit.open(tmp_path / "index", config=config, encoder=WordEncoder()) as opened:
        assert opened.search("radar", mode="keyword").notes
        answer = opened.search("radar", mode="keyword", boosts={}, k=1)
        assert not answer.notes
        assert answer.next_cursor is not None
        with pytest.raises(searchkit.SearchkitError, match="another query"):
            opened.search("radar", mode="keyword", boosts={"title": 1.0}, k=1, cursor=answer.next_cursor)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"facets": "acl"}, "The field 'acl' can't be counted: it was declared with facet = false."),
        ({"facets": "summary"}, "The field 'summary' can't be counted: it was declared as text."),
        ({"sort": "-born"}, "Results can't be sorted by 'born': it was declared with sort = false."),
        ({"where": F("summary") == "Lamps"}, "The field 'summary' holds words, and no values to filter by."),
        ({"fields": {"summary": "Lamps"}}, "The field 'summary' holds words, and no values to filter by."),
        ({"boosts": {"price": 2}}, "The field 'price' has no words here that could count more."),
        ({"boosts": {"title": -1}}, "The boost of 'title' can't be -1."),
        ({"boosts": "title"}, "'boosts' can't be 'title'."),
    ],
)
def test_what_a_field_is_not_declared_for_is_refused(searcher: Searcher, more: dict[str, Any], message: str) -> None:
    for mode in ("keyword", "vector"):
        with pytest.raises(QueryError) as raised:
            searcher.search("radar", mode=mode, **more)
        assert message in str(raised.value)


def test_numbers_and_dates_compare_and_a_field_that_nobody_has_is_no_error(searcher: Searcher) -> None:
    assert by_keyword(searcher, "radar", where=F("price") > 10) == ["lamp"]
    assert by_keyword(searcher, "radar", where=F("born") >= date(2025, 1, 1)) == ["lamp"]
    assert by_keyword(searcher, "*", sort="price")[:2] == ["rest", "lamp"]
    with searchkit.open_temporary(
        [{"id": "a", "text": "Radar."}], fields={"price": "number"}, encoder=WordEncoder()
    ) as bare:
        assert by_keyword(bare, "radar", where=F("price") > 10) == []
        assert bare.search("radar", mode="keyword", facets="price").facets == {"price": ()}


def test_a_long_text_that_was_declared_is_no_note(tmp_path: Path) -> None:
    long = [{"id": "a", "text": "Radar.", "summary": "A watch. " * 60}]
    assert searchkit.build(tmp_path / "plain", long, encoder=WordEncoder()).notes
    assert not searchkit.build(tmp_path / "declared", long, fields={"summary": "text"}, encoder=WordEncoder()).notes


def test_writers_follow_the_fields_of_an_index(tmp_path: Path) -> None:
    index = tmp_path / "index"
    built(tmp_path, fields=FIELDS)
    added = searchkit.add(
        index, [{"id": "new", "text": "x y", "price": "a lot", "summary": "radar"}], encoder=WordEncoder()
    )
    assert [problem.place for problem in added.problems] == ["new"]
    again = searchkit.add(index, [{**ARTICLES[0], "language": "en"}], encoder=WordEncoder())
    assert (again.unchanged, again.changed) == (1, 0)
    assert searchkit.update_fields(index, {"rest": {"summary": "Radar again", "price": "9"}}).vectors_encoded == 0
    with pytest.raises(ConfigError, match="The article 'rest': the field 'price' is 'x', which is no number"):
        searchkit.update_fields(index, {"rest": {"price": "x"}})
    searchkit.delete(index, "lamp")
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        assert set(by_keyword(opened, "summary:radar")) == {"new", "rest"}
        before = opened.search("summary:radar", mode="keyword").results
    searchkit.compact(index)
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        after = opened.search("summary:radar", mode="keyword").results
        assert [(each.article.id, each.score) for each in after] == [(each.article.id, each.score) for each in before]
    assert searchkit.verify(index, deep=True).faults == ()


def test_other_fields_ask_for_a_rebuild_which_applies_them(tmp_path: Path) -> None:
    index = tmp_path / "index"
    built(tmp_path, fields={"price": "number"})
    same = searchkit.add(index, [{"id": "a", "text": "b"}], fields={"price": "number"}, encoder=WordEncoder())
    assert same.new == 1
    for change in (searchkit.add, searchkit.update):
        with pytest.raises(ConfigError) as raised:
            change(
                index, [{"id": "a", "text": "c"}], fields={"price": "integer", "summary": "text"}, encoder=WordEncoder()
            )
        assert "was built with other fields: 'price', 'summary' are declared otherwise." in raised.value.message
        assert "searchkit rebuild" in raised.value.hint
    report = searchkit.rebuild(index, fields={"price": "integer", "summary": "text"}, encoder=WordEncoder())
    assert report.vectors_encoded == 0
    assert [problem.place for problem in report.problems] == ["lamp", "port"]
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        assert by_keyword(opened, "summary:radar") == ["lamp"]
        assert opened.info().config["fields"] == {
            "price": {"type": "integer", "stored": True},
            "summary": {"type": "text", "stored": True},
        }


def test_without_fields_and_boosts_the_postings_are_the_same_to_the_byte(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "plain", ARTICLES, encoder=WordEncoder())
    searchkit.build(tmp_path / "other", ARTICLES, fields={"price": "number"}, encoder=WordEncoder())
    without, declared = (next((tmp_path / name).rglob("postings.bin")).read_bytes() for name in ("plain", "other"))
    assert without == declared


def test_several_indexes_find_what_each_declares(tmp_path: Path) -> None:
    searchkit.build(
        tmp_path / "a",
        [{"id": "1", "text": "x", "summary": "Radar"}],
        fields={"summary": "text"},
        encoder=WordEncoder(),
    )
    searchkit.build(tmp_path / "b", [{"id": "1", "text": "radar", "summary": "Radar"}], encoder=WordEncoder())
    with searchkit.open_many([tmp_path / "a", tmp_path / "b"], encoder=WordEncoder()) as opened:
        assert by_keyword(opened, "summary:radar") == ["a/1"]
        assert set(by_keyword(opened, "radar", boosts={"summary": 1.0})) == {"a/1", "b/1"}


def test_a_forged_number_of_fields_is_told(tmp_path: Path) -> None:
    from searchkit.keyword.analysis.analyzer import Analyzer
    from searchkit.keyword.postings.reader import PostingsReader
    from searchkit.keyword.postings.writer import PostingsWriter

    names = [f"f{number:02}" for number in range(17)]
    with PostingsWriter(Analyzer(), 2, searchable=names) as writer:
        writer.add("t", "", "text", "en", fields=("",) * 17)
        writer.write(tmp_path / "p")
    with pytest.raises(SearchkitError, match="more fields than there can be"):
        PostingsReader(tmp_path / "p")


def test_whooshs_own_searcher_has_no_terms_of_fields(searcher: Searcher) -> None:
    with searcher.whoosh() as whoosh:
        assert b"radar" in set(whoosh.lexicon("text"))
        assert not [term for term in whoosh.lexicon("text") if b":" in term]
        assert not [term for term, _ in whoosh.key_terms([0], "text", numterms=50) if ":" in term]


def test_no_word_of_a_text_looks_like_a_term_of_a_field() -> None:
    analyzer = Analyzer()
    text = "EU:s 12:30 a:b http://example.org:80/x::y summary:radar ratio 3：4 ::: C:\\ 10:e std::vector"
    for language in ("en", "sv", "fi", "de", None):
        for word in analyzer.words(text):
            assert not any(map(is_field_term, analyzer.expand(word, language).terms))


def test_a_value_that_did_not_fit_is_taken_by_a_rebuild_with_another_type(tmp_path: Path) -> None:
    index = tmp_path / "index"
    rows = [{"id": "a", "text": "A lamp.", "price": "12,50", "acl": ["x", "y"]}]
    fields: dict[str, Any] = {"price": "number", "acl": {"type": "keyword", "stored": False}}
    report = searchkit.build(index, rows, fields=fields, encoder=WordEncoder())
    assert [problem.reason.rpartition("; ")[2] for problem in report.problems] == [
        "it is kept as the field price_raw",
        "the article is indexed without it",
    ]
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        article = searcher.article("a")
        assert article is not None
        assert article.fields == {"price_raw": "12,50"}
    again = searchkit.rebuild(index, fields={"price": "keyword"}, encoder=WordEncoder())
    assert again.problems == ()
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        article = searcher.article("a")
        assert article is not None
        assert article.fields == {"price": "12,50"}


def test_a_field_of_ones_own_with_the_name_of_a_value_kept_aside_stays(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "A lamp.", "price": "cheap", "price_raw": "12 EUR"}, {"id": "b", "text": "A cup."}]
    report = searchkit.build(tmp_path / "index", rows, fields={"price": "number"}, encoder=WordEncoder())
    assert [problem.reason.rpartition("; ")[2] for problem in report.problems] == ["the article is indexed without it"]
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        article = searcher.article("a")
        assert article is not None
        assert article.fields == {"price_raw": "12 EUR"}


def test_a_list_in_a_csv_file_is_split_and_open_dates_are_named(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text(
        "id,title,text,acl,born\na,Lamp,A brass lamp.,staff;public,03/04/2025\nb,Cup,A cup.,staff | board,4 June 2025\n"
    )
    fields = {"acl": "list[keyword]", "born": "date"}
    report = searchkit.build(tmp_path / "index", places=[table], fields=fields, encoder=WordEncoder())
    assert [problem.reason for problem in report.problems] == [
        "the field 'born' is '03/04/2025', with the day or the month first; the month was read first"
    ]
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert len(searcher.article_ids(where=F("acl") == "staff")) == 2
        assert len(searcher.article_ids(where=F("acl") == "board")) == 1
        assert len(searcher.article_ids(where=F("born") == "2025-06-04")) == 1


def test_why_a_field_is_not_counted_is_told_as_it_was_declared(tmp_path: Path) -> None:
    fields: dict[str, Any] = {
        "acl": {"type": "list[keyword]", "stored": False},
        "born": {"type": "date", "facet": False},
        "summary": "text",
    }
    reasons = {"acl": "with stored = false", "born": "with facet = false", "summary": "as text"}
    with searchkit.open_temporary(ARTICLES, fields=fields, encoder=WordEncoder()) as searcher:
        for name, reason in reasons.items():
            with pytest.raises(QueryError, match=f"it was declared {reason}"):
                searcher.search("lamp", facets=name, mode="keyword")


def test_a_bare_star_in_a_field_of_words_is_told_not_to_be_possible(searcher: Searcher) -> None:
    try:
        message = " ".join(searcher.search("summary:*", mode="keyword").notes)
    except QueryError as error:
        message = error.message
    assert "'summary:*' names no word" in message
