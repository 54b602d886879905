from __future__ import annotations

import csv
import io
import json
import re

from searchkit.cli.output import formats
from tests.cli.answers import ANSWER, HARM, IGLA, NOTHING

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def test_json_says_all_that_the_answer_holds() -> None:
    read = json.loads(formats.to_json(formats.answer_json(ANSWER, index="indexes/news")))
    assert list(read) == [
        "query",
        "mode",
        "k",
        "index",
        "sort",
        "generation",
        "total",
        "total_of",
        "next_cursor",
        "took_s",
        "confidence",
        "confidence_word",
        "reading",
        "notes",
        "suggestions",
        "facets",
        "results",
    ]
    assert (read["query"], read["mode"], read["k"], read["index"]) == (ANSWER.query.text, "hybrid", 10, "indexes/news")
    assert read["facets"]["source"][0] == {"value": "Harbor Ledger", "articles": 120}
    assert read["notes"] == ["It was searched as plain words."]
    first = read["results"][0]
    assert list(first) == ["rank", "score", "confidence", "confidence_word", "contributions", "article", "chunks"]
    assert first["confidence"] == read["confidence"] == 0.75
    assert first["confidence_word"] == read["confidence_word"] == "likely"
    assert sum(part["share"] for part in first["contributions"]) == first["score"]
    assert first["article"]["published"] == "2025-11-04"
    assert first["article"]["updated"] == "2025-11-05T09:30:00Z"
    assert first["article"]["fields"] == {"pages": 3, "ratio": None}
    chunk = first["chunks"][0]
    assert IGLA.text[chunk["start"] : chunk["end"]] == chunk["text"]
    assert [IGLA.text[start:end] for start, end in chunk["snippet"]["highlights"]] == ["Igla-S", "air defence"]
    assert sum(part["share"] for part in chunk["contributions"]) == chunk["score"] == first["score"]


def test_json_keeps_every_script_and_every_character_but_sends_no_control_to_a_terminal() -> None:
    text = formats.to_json(formats.answer_json(ANSWER, index="x"))
    assert "俄罗斯在委内瑞拉" in text
    assert not CONTROLS.search(text)
    assert json.loads(text)["results"][3]["article"]["title"] == HARM


def test_jsonl_has_one_result_a_line() -> None:
    lines = formats.to_jsonl(ANSWER).splitlines()
    assert [json.loads(line)["rank"] for line in lines] == [1, 2, 3, 4, 10]
    assert formats.to_jsonl(NOTHING) == ""


def test_csv_has_a_heading_and_one_row_a_result() -> None:
    text = formats.to_csv(ANSWER)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", "10"]
    assert rows[0]["authors"] == "Ines Calloway; Bo Lind"
    assert rows[0]["chunk_id"] == "ledger/igla#0"
    assert rows[1]["published"] == ""
    assert not CONTROLS.search(text)


def test_trec_has_six_columns_even_where_an_id_has_spaces() -> None:
    lines = [line.split() for line in formats.to_trec(ANSWER, "q 7").splitlines()]
    assert lines[1] == ["q%207", "Q0", "zh%201", "2", "1.68", "searchkit"]
    assert all(len(line) == 6 for line in lines)


def test_markdown_links_only_to_the_web_and_escapes_what_an_article_says() -> None:
    text = formats.to_markdown(ANSWER)
    assert "1. [Moscow signals readiness](https://harbor.example/igla%20%281%29) — Harbor Ledger, 2025-11-04" in text
    assert "5,000 **Igla-S** missiles in key positions of **air defence**" in text
    assert "javascript" not in text
    assert r"\[bold red\]markup\[/\]" in text
    assert not CONTROLS.search(text)


def test_markdown_of_nothing_says_what_was_asked() -> None:
    assert formats.to_markdown(NOTHING) == "**rusian**\n"
