"""What a row or a program hands over can be anything: it is taken, or one article is lost and named, never the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import searchkit
from searchkit import Article, Section, build
from searchkit.index.articles_db import LONGEST_LABEL
from searchkit.index.generation import open_generation
from tests.index.archive import article
from tests.word_encoder import WordEncoder

SOUND = {"id": "sound", "text": "An article like any other."}


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


def circle() -> dict[str, Any]:
    value: dict[str, Any] = {"id": "odd", "text": "It contains itself."}
    value["self"] = value
    return value


class Unwritable:
    def __str__(self) -> str:
        raise ValueError("no text")


TAKEN: dict[str, dict[Any, Any]] = {
    "huge float": {"x": 1e308},
    "infinity": {"x": float("inf")},
    "NaN": {"x": float("nan")},
    "NaN as a title": {"title": float("nan")},
    "an integer of 30 digits": {"x": 10**30},
    "a negative one": {"x": -(10**30)},
    "numpy's integer": {"x": np.int64(3)},
    "numpy's boolean": {"x": np.bool_(True)},
    "numpy's array": {"tags": np.array(["a", "b"])},
    "numpy's array as an unknown field": {"x": np.arange(3)},
    "numpy's date": {"published": np.datetime64("2025-01-02")},
    "a lone surrogate": {"x": "a\ud800b", "title": "\udfff"},
    "a lone surrogate as a key": {"\ud800": "x"},
    "NUL": {"x": "a\0b", "title": "a\0b"},
    "NUL as a key": {"a\0b": "x"},
    "a number as a key": {3: "x", 2.5: "y", None: "z", True: "t"},
    "a tuple as a key": {(1, 2): "x"},
    "an empty key": {"": "x"},
    "bytes": {"x": b"abc"},
    "a set": {"x": {"b", "a"}},
    "a date out of range": {"published": "99999-12-31"},
    "a number that is no date": {"published": 10**40},
    "an infinite date": {"published": float("inf")},
    "a date of year 1": {"published": datetime(1, 1, 1, tzinfo=UTC)},
    "a plain date": {"published": date(2025, 1, 2)},
    "a long language": {"language": "(" * 50_000},
    "a number as a text": {"title": 5},
    "nested 7 deep": {"x": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}},
    "nested 100 deep": {"x": nested(100)},
    "a generator": {"x": (n for n in range(3))},
    "a long key": {"k" * 20_000: "x"},
    "a thousand fields": {f"f{n}": n for n in range(1000)},
    "metadata that is a text": {"metadata": "x"},
    "metadata with a number as a key": {"metadata": {1: 2}},
}
LOST: dict[str, dict[Any, Any]] = {
    "an integer of 5,000 digits": {"x": 10**5000},
    "such an integer in a list": {"x": [1, 10**5000]},
    "such an integer as a title": {"title": 10**5000},
    "such an integer as an id": {"id": 10**5000},
    "nested 100,000 deep": {"x": nested(100_000)},
    "what contains itself": circle(),
    "what can't be written": {"x": Unwritable()},
    "an id with a line break": {"id": "a\nb"},
    "a title that is an object": {"title": {"a": 1}},
}


@pytest.mark.parametrize("kind", TAKEN)
def test_what_a_program_hands_over_is_taken(tmp_path: Path, kind: str) -> None:
    odd = {"id": "odd", "text": "It is odd."} | TAKEN[kind]
    report = build(tmp_path / "index", [SOUND, odd, article(1)], encoder=WordEncoder())
    assert (report.new, report.lost) == (3, 0)
    with open_generation(tmp_path / "index") as generation:
        assert {one.id for one in generation.living_articles()} == {"sound", "odd", "a001"}
    assert searchkit.verify(tmp_path / "index", deep=True, encoder=WordEncoder()).faults == ()


@pytest.mark.parametrize("kind", LOST)
def test_what_cannot_be_taken_costs_one_article(tmp_path: Path, kind: str) -> None:
    odd = {"id": "odd", "text": "It is odd."} | LOST[kind]
    report = build(tmp_path / "index", [SOUND, odd, article(1)], encoder=WordEncoder())
    assert (report.new, report.lost) == (2, 1)
    assert report.problems[0].place == "article 2"


@pytest.mark.parametrize("identifier", [True, 7, 7.5, np.int64(7)])
def test_an_id_may_be_a_number(tmp_path: Path, identifier: object) -> None:
    build(tmp_path / "index", [{"id": identifier, "text": "a text"}], encoder=WordEncoder())
    with open_generation(tmp_path / "index") as generation:
        assert [one.id for one in generation.living_articles()] == [str(identifier).lower()]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": None},
        {"text": None},
        {"text": b"bytes"},
        {"authors": 5},
        {"tags": (None,)},
        {"fields": None},
        {"fields": {"x": 10**5000}},
        {"language": 5},
        {"source": ["a"]},
        {"id": 5},
        {"sections": (Section(heading="x", start=5, end=2),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_article_of_impossible_parts_is_lost_and_named(tmp_path: Path, changes: dict[str, Any]) -> None:
    odd = replace(article(2), **changes)
    report = build(tmp_path / "index", [article(0), odd, article(1)], encoder=WordEncoder())
    assert (report.new, report.lost) == (2, 1)


def test_a_surrogate_in_a_heading_is_stored(tmp_path: Path) -> None:
    odd = Article(id="odd", text="A text of some length.", sections=(Section(heading="a\ud800", start=0, end=22),))
    assert build(tmp_path / "index", [odd], encoder=WordEncoder()).new == 1


JSON = {
    "an integer of 5,000 digits": ('{"id": "odd", "text": "a", "x": %s}' % ("9" * 5000), True),
    "such an integer as a title": ('{"id": "odd", "text": "a", "title": %s}' % ("9" * 5000), True),
    "such an integer as an id": ('{"text": "a", "id": %s}' % ("9" * 5000), True),
    "NaN and Infinity": ('{"id": "odd", "text": "a", "x": NaN, "y": -Infinity, "title": NaN}', True),
    "a huge float": ('{"id": "odd", "text": "a", "x": 1e999}', True),
    "a lone surrogate": ('{"id": "odd", "text": "a \\ud800 b", "\\ud800": 1}', True),
    "NUL": ('{"id": "odd", "text": "a\\u0000b"}', True),
    "nested 100,000 deep": ('{"id": "odd", "text": "a", "x": %s}' % ("[" * 100_000 + "]" * 100_000), False),
    "a boolean as an id": ('{"id": true, "text": "a"}', True),
    "an id of nothing but blanks": ('{"id": "  ", "text": "a"}', True),
    "a list as an id": ('{"id": ["a", "b"], "text": "a"}', True),
    "an object as an id": ('{"id": {"x": 1}, "text": "a"}', False),
    "a date far away": ('{"id": "odd", "text": "a", "published": 1e300, "updated": "0000-00-00"}', True),
    "one key twice": ('{"id": "odd", "text": "a", "text": "b"}', True),
}


FORMS = [(form, kind) for form in ("rows.jsonl", "rows.json") for kind in JSON]
UNREADABLE = [(form, kind) for form, kind in FORMS if form == "rows.json" and kind.startswith("nested")]


@pytest.mark.parametrize(("form", "kind"), [pair for pair in FORMS if pair not in UNREADABLE])
def test_a_row_is_taken_or_lost_alone(tmp_path: Path, kind: str, form: str) -> None:
    row, taken = JSON[kind]
    texts = [json.dumps(SOUND), row, json.dumps({"id": "last", "text": "b"})]
    joined = "\n".join(texts) if form == "rows.jsonl" else "[" + ",".join(texts) + "]"
    (tmp_path / form).write_text(joined)
    report = build(tmp_path / "index", places=[tmp_path / form], encoder=WordEncoder())
    assert (report.new, report.lost) == ((3, 0) if taken else (2, 1))


@pytest.mark.parametrize(("form", "kind"), UNREADABLE)
def test_what_cant_be_read_at_all_is_one_file_and_lost_as_such(tmp_path: Path, form: str, kind: str) -> None:
    (tmp_path / form).write_text(f"[{json.dumps(SOUND)},{JSON[kind][0]}]")
    (tmp_path / "sound.json").write_text(json.dumps(SOUND))
    report = build(tmp_path / "index", places=[tmp_path / form, tmp_path / "sound.json"], encoder=WordEncoder())
    assert (report.new, report.lost) == (1, 1)


def test_a_long_value_is_stored_but_no_label(tmp_path: Path) -> None:
    html = "<p>" + "word " * 4000 + "</p>"
    rows = [
        {"id": "a", "text": "a", "raw_html": html, "desk": "world", "tags": ["short", "t" * 201]},
        {"id": "b", "text": "b", "raw_html": "<p>short</p>", "desk": "d" * LONGEST_LABEL, "author": "A" * 300},
    ]
    report = build(tmp_path / "index", rows, encoder=WordEncoder())
    (note,) = [note for note in report.notes if "characters are stored" in note]
    assert "raw_html (1)" in note
    assert "tag (1)" in note
    assert "author (1)" in note
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert searcher.article("a").fields["raw_html"] == html
        assert searcher.article("a").tags == ("short", "t" * 201)
        facets = searcher.search("desk:world OR a OR b", facets=("raw_html", "desk", "tag")).facets
        assert {one.value for one in facets["raw_html"]} <= {"<p>short</p>"}
    with open_generation(tmp_path / "index") as generation:
        (segment,) = generation.segments
        (longest,) = segment.articles.rows("SELECT max(length(value)) FROM labels")[0]
        assert longest == LONGEST_LABEL


def test_short_values_bring_no_note(tmp_path: Path) -> None:
    assert build(tmp_path / "index", [article(1)], encoder=WordEncoder()).notes == ()
