"""Tables as programs and people write them: what breaks the rules is mended, and said once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from searchkit import Article, Problem
from searchkit.ingest import read
from searchkit.ingest.charset import LONGEST
from searchkit.ingest.formats.csv import read_table
from searchkit.ingest.rows import Rows
from searchkit.types import Origin


def table(source: str | bytes) -> tuple[list[Article], list[str]]:
    data = source if isinstance(source, bytes) else source.encode()
    rows = Rows(place="news.csv", origin=Origin(path="/a/news.csv", name="news"), fields={})
    entries = list(read_table(io.BytesIO(data), rows))
    problems = [f"{'lost: ' if entry.lost else ''}{entry}" for entry in entries if isinstance(entry, Problem)]
    return [entry for entry in entries if isinstance(entry, Article)], problems


def texts(source: str | bytes) -> list[tuple[str, str]]:
    return [(article.title, article.text) for article in table(source)[0]]


MENDED = {
    "a line that says the delimiter": ("sep=;\nid;title;text\n1;The weir;It leaks, they say.\n", "It leaks, they say."),
    "carriage returns": ("id,title,text\r1,The weir,It leaks.\r", "It leaks."),
    "a lone quotation mark": ('id\ttitle\ttext\n1\tThe weir\t"It leaks.\n2\tThe mill\tIt turns.\n', '"It leaks.'),
    "quotation marks that aren't doubled": (
        'id,title,text\n1,The weir,"He said "no" twice"\n2,The mill,It turns.\n',
        'He said "no" twice',
    ),
    "quotation marks at a cell's start": ('id\ttitle\ttext\n1\tThe weir\t"It" leaks.\n', '"It" leaks.'),
    "backslashes": ('id,title,text\n1,The weir,"He said \\"no\\", twice."\n', 'He said "no", twice.'),
    "backslashes over lines": (
        'id,title,text\n1,The weir,"He said \\"no\nway\\", he did."\n',
        'He said "no\nway", he did.',
    ),
    "blanks around cells": ('id, title, text\n1, The weir, "It leaks, they say."\n', "It leaks, they say."),
    "a blank before one quotation mark": ('id,title,text\n1,The weir, "It leaks, they say."\n', "It leaks, they say."),
    "single quotation marks": ("id,title,text\n1,'The weir','It leaks, they say.'\n", "It leaks, they say."),
    "a text that isn't quoted": ("id,title,text\n1,The weir,It leaks, they say.\n", "It leaks, they say."),
    "delimiters at the end": ("id,title,text\n1,The weir,It leaks.,,\n", "It leaks."),
    "UTF-16 with carriage returns": ("id,title,text\r1,The weir,It leaks.\r".encode("utf-16"), "It leaks."),
}


@pytest.mark.parametrize("kind", MENDED)
def test_what_breaks_the_rules_is_mended(kind: str) -> None:
    source, text = MENDED[kind]
    articles, problems = table(source)
    assert (articles[0].id, articles[0].title, articles[0].text) == ("1", "The weir", text)
    assert not [problem for problem in problems if problem.startswith("lost")]


def test_what_was_mended_is_said_once_with_the_first_line() -> None:
    rows = [f'{number},The weir,"He said "no" to {number}"' for number in range(1, 4)]
    articles, problems = table("\n".join(["id,title,text", *rows]))
    assert len(articles) == 3
    assert problems == [
        "news.csv: a quotation mark that nothing closes or doubles was mended in 3 rows, the first at line 2"
    ]


def test_a_quotation_that_nothing_closes_costs_no_row_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    path.write_text('id,title,text\n1,One,"fine, ok"\n2,Two,"open here\n3,Three,x\n4,Four,y\n')
    *articles, problem = list(read([path]))
    assert [article.text for article in articles if isinstance(article, Article)] == [
        "fine, ok",
        '"open here',
        "x",
        "y",
    ]
    assert isinstance(problem, Problem)
    assert (problem.line, problem.lost) == (3, False)
    assert "nothing closes" in problem.reason


def test_a_file_that_was_cut_off_within_a_cell_is_named_where_the_cell_begins() -> None:
    articles, problems = table('id,title,text\n1,One,"fine"\n2,Two,"It leaks.\n\nNobody knows\nwhy it does')
    assert [article.id for article in articles] == ["1"]
    reason = "has a quotation mark that nothing closes: all lines from here to the end are in one cell"
    assert problems == [f"lost: news.csv, line 3: {reason}"]


def test_many_lone_quotation_marks_take_linear_time() -> None:
    rows = [f'{number}\tThe weir\t"It leaks {number}' for number in range(20_000)]
    articles, _ = table("\n".join(["id\ttitle\ttext", *rows]))
    assert len(articles) == 20_000


def test_spreadsheets_forms_are_what_they_stand_for() -> None:
    source = 'id,title,text,date,page\n="007",The weir,It leaks.,45418,#N/A\n008,The mill,It turns.,45418.5,#REF!\n'
    (weir, mill), _ = table(source)
    assert (weir.id, weir.published_day.isoformat() if weir.published_day else "") == ("007", "2024-05-06")
    assert mill.published is not None
    assert mill.published.isoformat() == "2024-05-06T12:00:00+00:00"
    assert weir.fields == mill.fields == {}


@pytest.mark.parametrize("nothing", ["nan", "NaN", "NULL", "None", "NaT", "<NA>", "\\N", "null"])
def test_what_programs_write_for_nothing_is_nothing(nothing: str) -> None:
    (article,), problems = table(
        f"id,title,text,author,date,url,desk\n1,{nothing},It leaks.,{nothing},{nothing},{nothing},{nothing}\n"
    )
    assert (article.title, article.authors, article.published, article.url, article.fields) == ("", (), None, None, {})
    assert not problems


def test_a_second_column_of_one_name_is_a_field_of_its_own() -> None:
    (article,), problems = table("id,title,text,text\n1,The weir,It leaks.,A note\n")
    assert (article.text, article.fields) == ("It leaks.", {"text.1": "A note"})
    assert problems == ["news.csv, line 1: has two columns named 'text'; the later is the field 'text.1'"]


def test_a_table_without_a_header_is_named_as_such() -> None:
    articles, (problem,) = table("1,The weir,It leaks.\n2,The mill,It turns.\n")
    assert not articles
    assert "has no header" in problem


def test_what_was_guessed_is_said_once() -> None:
    rows = ["The weir;It leaks, says he.;04.03.2024", "The mill;It turns.;05/04/2024", "The dam;It holds.;25/12/2024"]
    articles, problems = table("\n".join(["headline;body;date", *rows]))
    assert [str(article.published_day) for article in articles] == ["2024-03-04", "2024-04-05", "2024-12-25"]
    assert problems == ["news.csv: was read as: `;` separated, dates day first, `body` as text, `headline` as title"]


def test_columns_in_other_languages_are_known() -> None:
    (article,), _ = table("Titel;Text;Datum;Autor;Preis\nDas Wehr;Es ist undicht, sagt er.;06.05.2024;Jana Doe;1,5\n")
    assert (article.title, str(article.published_day), article.authors) == ("Das Wehr", "2024-05-06", ("Jana Doe",))
    assert article.fields == {"Preis": "1,5"}


def test_rows_that_were_encoded_twice_are_repaired_and_counted() -> None:
    twice = "Le barrage cède".encode().decode("cp1252")
    articles, problems = table(f"id,title,text,author\n1,{twice},{twice},JosÃ©\n2,été,déjà,José\n")
    assert [article.title for article in articles] == ["Le barrage cède", "été"]
    assert articles[0].authors == articles[1].authors == ("José",)
    assert problems == ["news.csv, line 2: text that was encoded in UTF-8 twice was repaired in 1 row"]


def test_a_line_above_the_limit_is_named_and_the_rows_around_it_are_read() -> None:
    articles, problems = table("id,title,text\n1,One,x\n2,Two," + "a" * (LONGEST + 1) + "\n3,Three,z\n")
    assert [article.id for article in articles] == ["1", "3"]
    assert problems == ["lost: news.csv, line 3: is longer than 64 MiB"]


def test_json_that_is_called_a_table_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_text('[{"id": "a", "title": "The bridge", "text": "It was closed, it seems."}]')
    (article,) = read([path])
    assert isinstance(article, Article)
    assert (article.id, article.text) == ("a", "It was closed, it seems.")
