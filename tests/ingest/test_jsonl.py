from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from searchkit.ingest import read
from searchkit.ingest.charset import LONGEST, NotText
from searchkit.ingest.formats.csv import read_table
from searchkit.ingest.formats.jsonl import read_json, read_json_lines
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Origin, Problem

Entries = tuple[list[Article], list[Problem]]


def sorted_out(entries: list[Article | Problem]) -> Entries:
    return [each for each in entries if isinstance(each, Article)], [
        each for each in entries if isinstance(each, Problem)
    ]


def rows(fields: Mapping[str, str] | None = None) -> Rows:
    return Rows(place="news.x", origin=Origin(path="/news.x", name="news"), fields=fields or {})


def json_lines(given: str | bytes, /, **fields: str) -> Entries:
    data = given if isinstance(given, bytes) else given.encode()
    return sorted_out(list(read_json_lines(io.BytesIO(data), rows(fields))))


def json_file(source: str, /, **fields: str) -> Entries:
    return sorted_out(list(read_json(source.encode(), rows(fields))))


def table(source: str, /, **fields: str) -> Entries:
    return sorted_out(list(read_table(io.BytesIO(source.encode()), rows(fields))))


def test_beirs_form_is_read_with_its_metadata():
    line = {"_id": "7", "title": "T", "text": "A text.", "metadata": {"date": "2024-03-05", "lang": "en", "grade": 3}}
    (article,), problems = json_lines(json.dumps(line))
    assert (article.id, article.title, article.text, article.language) == ("7", "T", "A text.", "en")
    assert article.published is not None
    assert article.published.isoformat() == "2024-03-05T00:00:00+00:00"
    assert article.fields == {"grade": 3}
    assert not problems


def test_bad_lines_are_named_and_the_rest_goes_on():
    articles, problems = json_lines(
        '{"id":1,"text":"a"}\nnot json\n\n[1]\n3\n{"id":4}\n{"id":"\\u0007","text":"b"}\n{"text":"z"}'
    )
    assert [article.id for article in articles] == ["1", "news:8"]
    assert [problem.line for problem in problems] == [2, 4, 5, 6, 7]
    assert [str(problem) for problem in problems[:4]] == [
        "news.x, line 2: isn't valid JSON: expecting value at column 1",
        "news.x, line 4: is a list where an object was expected",
        "news.x, line 5: is a number where an object was expected",
        "news.x, line 6: has neither text nor title (there are: id)",
    ]
    assert "control character" in problems[4].reason


def test_lines_nested_too_deeply_are_problems():
    articles, problems = json_lines("[" * 100_000 + "\n" + '{"a":' * 2000 + "1" + "}" * 2000 + '\n{"text":"fine"}')
    assert [article.id for article in articles] == ["news:3"]
    assert [problem.line for problem in problems] == [1, 2]


def test_a_row_without_an_id_takes_its_url_or_the_number_of_its_line():
    articles, _ = json_lines('{"text":"a","url":"https://example.org/a"}\n{"text":"b"}')
    assert [article.id for article in articles] == ["https://example.org/a", "news:2"]


def test_mapped_fields_are_followed_into_objects_and_lists():
    source = '{"meta":{"headline":"H","body.html":"x"},"parts":[{"t":"T"}],"title":"other","a.b":"dots"}'
    (article,), problems = json_lines(source, title="meta.headline", text="parts.0.t", source="a.b")
    assert (article.title, article.text, article.source) == ("H", "T", "dots")
    assert article.fields["title"] == "other"
    assert "meta.headline" not in article.fields
    assert not problems


def test_a_mapped_path_that_no_row_has_is_said_once_with_what_there_is():
    articles, problems = json_lines('{"id":1,"text":"a","m":{"x":1}}\n{"id":2,"text":"b"}', title="headlin")
    assert len(articles) == 2
    assert [str(problem) for problem in problems] == [
        "news.x: no row has 'headlin', which should be the title; there are: id, text, m.x"
    ]
    assert not problems[0].lost


def test_lines_above_the_limit_are_problems_and_the_next_is_read():
    long = b'{"text":"' + b"a" * LONGEST + b'"}\n'
    articles, problems = json_lines(long + b'{"id":"x","text":"after"}\n')
    assert [article.id for article in articles] == ["x"]
    assert str(problems[0]) == "news.x, line 1: is longer than 64 MiB"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_marks_of_unicode_are_understood(encoding: str):
    articles, problems = json_lines('{"id":"ä","text":"a\u2028b"}\n{"id":"二","text":"c"}\n'.encode(encoding))
    assert [article.id for article in articles] == ["ä", "二"]
    assert articles[0].text == "a\nb"
    assert not problems


def test_lines_that_are_no_utf8_are_read_in_the_encoding_they_seem_to_have():
    lines = '{"id":"1","text":"plain"}\n{"id":"2","text":"Müller läuft"}\n{"id":"3","text":"Größe"}\n'
    articles, problems = json_lines(lines.encode("cp1252"))
    assert [article.text for article in articles] == ["plain", "Müller läuft", "Größe"]
    assert [(problem.line, problem.lost) for problem in problems] == [(2, False)]


def test_a_picture_is_no_lines():
    with pytest.raises(NotText, match="PNG"):
        json_lines(b"\x89PNG\r\n\x1a\n" + bytes(100))


def test_a_json_file_may_hold_a_list_or_one_object_or_a_list_in_an_object():
    articles, _ = json_file('[{"headline":"A","source":{"id":"bbc","name":"BBC"}},{"_id":{"$oid":"5f"},"body":"B"}]')
    assert [(each.id, each.title, each.source) for each in articles] == [("news:1", "A", "BBC"), ("5f", "", None)]
    assert [each.id for each in json_file('{"title":"A"}')[0]] == ["news"]
    assert [each.id for each in json_file('{"status":"ok","articles":[{"title":"A"},{"title":"B"}]}')[0]] == [
        "news:1",
        "news:2",
    ]


def test_a_json_file_that_holds_lines_is_read_as_lines():
    assert [each.id for each in json_file('{"id":"a","text":"x"}\n{"id":"b","text":"y"}')[0]] == ["a", "b"]


def test_a_broken_json_file_names_the_line():
    _, (problem,) = json_file('[{"title":"A"},\n {"title" "B"}]')
    assert str(problem) == "news.x, line 2: isn't valid JSON: expecting ':' delimiter at column 11"
    assert "nested too deeply" in json_file("[" * 100_000)[1][0].reason
    assert "is a string where an object was expected" in json_file("[" + "9" * 5000 + "]")[1][0].reason


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_table_is_told_from_its_rows(delimiter: str):
    source = "ID,Headline,Body,Tags,pubDate\n7,Head,Body text,a;b,2024-03-05\n8,Head,More,,\n".replace(";", "/")
    (article, other), problems = table(source.replace(",", delimiter))
    assert (article.id, article.title, article.text, article.tags) == ("7", "Head", "Body text", ("a/b",))
    assert article.published is not None
    assert other.published is None
    guessed = f"news.x: was read as: `{delimiter}` separated, `Body` as text, `Headline` as title"
    assert [str(problem) for problem in problems] == ([guessed] if delimiter in ";|" else [])


def test_rows_of_a_table_that_are_no_rows_are_problems_at_the_line_where_they_start():
    source = 'id,title,text\n1,a,b\n2,a\n3,a,b,c\n\n4,"two\nlines",x\n5,n\0l,x\n6\n7,ok,ok\n'
    articles, problems = table(source)
    assert [(article.id, article.title) for article in articles] == [
        ("1", "a"),
        ("2", "a"),
        ("3", "a"),
        ("4", "two lines"),
        ("7", "ok"),
    ]
    assert articles[2].fields == {"column 4": "c"}
    assert [(str(problem), problem.lost) for problem in problems] == [
        ("news.x, line 3: has 2 cells, the header 3", False),
        ("news.x, line 4: has 4 cells, the header 3", False),
        ("news.x, line 8: has a NUL character in it", True),
        ("news.x, line 9: has 1 cell, the header 3", True),
    ]


def test_a_cell_may_be_huge():
    (article,), _ = table('id,text\n1,"' + "x" * 300_000 + '"\n')
    assert len(article.text) == 300_000


def test_a_table_without_a_header_is_one_problem_that_names_the_columns():
    articles, problems = table("1,2,3\n4,5,6\n")
    assert not articles
    assert "the columns are: 1, 2, 3" in problems[0].reason
    assert "two columns named 'text'" in table("text,text\na,b\n")[1][0].reason


def test_columns_of_a_table_can_be_mapped():
    (article,), problems = table("nr,was\n1,Ein Text\n", id="nr", text="was")
    assert (article.id, article.text) == ("1", "Ein Text")
    assert not problems
    assert "no column for text or title" in table("nr,was\n1,x\n", text="wass")[1][0].reason


def test_headings_in_the_text_of_a_row_make_sections():
    text = "Intro.\n\n## How to join\n\nSend mail.\n\n```\n# no heading\n```\n### Empty\n#hashtag"
    (article,), _ = json_lines(json.dumps({"id": "1", "title": "T", "text": text}))
    assert article.text == text
    spans = [(each.heading, article.text[each.start : each.end]) for each in article.sections]
    assert spans == [
        ("", "Intro."),
        ("How to join", "Send mail.\n\n```\n# no heading\n```"),
        ("Empty", "#hashtag"),
    ]


def test_a_heading_that_repeats_the_title_is_none():
    (article,), _ = json_lines(json.dumps({"id": "1", "title": "T", "text": "# T\n\nIntro.\n\n## Part\n\nMore."}))
    assert [each.heading for each in article.sections] == ["", "Part"]


SEVERAL = {
    "pretty-printed": '{\n "id": 1,\n "text": "x"\n}\n{\n "id": 2,\n "text": "y"\n}\n',
    "on one line": '{"id": 1, "text": "x"}{"id": 2, "text": "y"}\n',
    "with a comma at each end": '{"id": 1, "text": "x"},\n{"id": 2, "text": "y"},\n',
    "a list over lines": '[\n{"id": 1, "text": "x"},\n{"id": 2, "text": "y"}\n]\n',
    "a list on one line": '[{"id": 1, "text": "x"}, {"id": 2, "text": "y"}]\n',
    "a pretty list": json.dumps([{"id": 1, "text": "x"}, {"id": 2, "text": "y"}], indent=2),
    "record separators": '\x1e{"id": 1, "text": "x"}\n\x1e{"id": 2, "text": "y"}\n',
    "marks between files": '\ufeff{"id": 1, "text": "x"}\n\ufeff{"id": 2, "text": "y"}\n',
    "carriage returns": '{"id": 1, "text": "x"}\r{"id": 2, "text": "y"}\r',
    "answers of an interface": '{"status": "ok", "articles": [{"id": 1, "text": "x"}, {"id": 2, "text": "y"}]}\n',
}


@pytest.mark.parametrize("form", SEVERAL)
def test_lines_of_json_may_be_written_in_other_ways(form: str) -> None:
    articles, problems = json_lines(SEVERAL[form])
    assert [(article.id, article.text) for article in articles] == [("1", "x"), ("2", "y")]
    assert not problems


@pytest.mark.parametrize("form", ["pretty-printed", "on one line", "a list on one line", "answers of an interface"])
def test_a_json_file_may_be_written_in_these_ways(form: str) -> None:
    articles, problems = json_file(SEVERAL[form])
    assert [(article.id, article.text) for article in articles] == [("1", "x"), ("2", "y")]
    assert not problems


def test_a_line_that_was_cut_short_costs_no_other() -> None:
    articles, problems = json_lines('{"id": 1, "text": "x",\n{"id": 2, "text": "y"}\n{\n"id": 3,\n')
    assert [article.id for article in articles] == ["2"]
    assert [(problem.line, problem.lost) for problem in problems] == [(1, True), (3, True)]


LISTS = {
    "a list beside a title": {"title": "Export", "articles": [{"id": 1, "text": "x"}, {"id": 2, "text": "y"}]},
    "a list in an object in an object": {
        "data": {"page": 1, "posts": [{"id": 1, "text": "x"}, {"id": 2, "text": "y"}]}
    },
    "objects under their ids": {"1": {"text": "x"}, "2": {"text": "y"}},
    "objects under their ids, in an object": {"articles": {"1": {"text": "x"}, "2": {"text": "y"}}},
    "a list of lists": [[{"id": 1, "text": "x"}], [{"id": 2, "text": "y"}]],
    "two lists": {"news": [{"id": 1, "text": "x"}], "sports": [{"id": 2, "text": "y"}]},
    "hits of a search engine": {
        "hits": {"hits": [{"_id": "1", "_source": {"text": "x"}}, {"_id": "2", "_source": {"text": "y"}}]}
    },
}


@pytest.mark.parametrize("form", LISTS)
def test_articles_are_found_where_they_stand_in_json(form: str) -> None:
    articles, problems = json_file(json.dumps(LISTS[form]))
    assert [(article.id, article.text) for article in articles] == [("1", "x"), ("2", "y")]
    assert not problems


def test_an_article_with_lists_of_its_own_is_one() -> None:
    value = {"title": "T", "text": "x", "comments": [{"text": "No."}, {"text": "Yes."}]}
    (article,), _ = json_file(json.dumps(value))
    assert article.title == "T"
    titled = {"id": 1, "title": "T", "related": [{"title": "U", "url": "https://example.org"}]}
    (article,), _ = json_file(json.dumps(titled))
    assert article.id == "1"
    assert [each.id for each in json_file('{"article": {"title": "T", "text": "x"}}')[0]] == ["news:1"]


def test_the_articles_on_one_line_have_ids_of_their_own(tmp_path: Path):
    path = tmp_path / "news.jsonl"
    path.write_text('[{"title": "A"}, {"title": "B"}]\n[{"title": "C"}]\n{"title": "D"}{"title": "E"}\n')
    assert {entry.title: entry.id for entry in read([path]) if isinstance(entry, Article)} == {
        "A": "news:1.1",
        "B": "news:1.2",
        "C": "news:2",
        "D": "news:3",
        "E": "news:3.2",
    }
