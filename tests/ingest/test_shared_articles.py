from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from searchkit.ingest import read
from searchkit.types import Article, Problem

pytestmark = pytest.mark.shared


def sorted_out(place: Path) -> tuple[list[Article], list[Problem]]:
    entries = list(read([place]))
    return [each for each in entries if isinstance(each, Article)], [
        each for each in entries if isinstance(each, Problem)
    ]


def test_the_model_case_has_its_title_its_caption_and_its_headings(shared: Path):
    (article,), problems = sorted_out(shared / "articles/000_0ab2af8a50018430.txt")
    assert not problems
    assert article.id == "000_0ab2af8a50018430"
    assert article.title == "Moscow reaffirms support for Venezuela leadership amid US threats"
    assert article.language == "en"
    assert [section.heading for section in article.sections] == ["", "Defensive Alliance", "Covert War"]
    first, alliance, _ = (article.text[section.start : section.end] for section in article.sections)
    assert first.startswith("Moscow reaffirmed its unwavering support")
    assert "(Shamil Zhumatov/Pool Photo via AP)" in first
    assert "\n-\n" not in article.text
    assert "5,000 Russian-made Igla-S air defense missiles" in alliance


@pytest.mark.parametrize(
    ("name", "articles", "problems"),
    [
        ("scifact", 5183, 1),
        ("digitalgov-known", 2467, 0),
        ("cranfield", 1398, 2),
        ("xquad-en", 240, 0),
        ("xquad-xling", 2880, 0),
    ],
)
def test_every_corpus_is_read(shared: Path, name: str, articles: int, problems: int):
    found, said = sorted_out(shared / "collections" / name)
    assert (len(found), len(said)) == (articles, problems)
    assert len({article.id for article in found}) == articles


def test_the_empty_articles_of_cranfield_are_named(shared: Path):
    _, problems = sorted_out(shared / "collections/cranfield")
    assert [problem.line for problem in problems] == [471, 995]


def test_languages_of_paragraphs_are_told(shared: Path, tmp_path: Path):
    source = (shared / "collections/xquad-xling/corpus.jsonl").read_text(encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(source.replace('"lang"', '"was"'), encoding="utf-8")
    articles, _ = sorted_out(tmp_path)
    wrong = Counter(article.language for article in articles if article.language != article.fields["was"])
    assert wrong.total() <= 5
    assert set(wrong) <= {None}


def test_news_with_dates_and_sources(shared: Path):
    articles, problems = sorted_out(shared / "articles/wikinews-2019-2020/corpus.jsonl")
    assert len(articles) == 294
    assert not problems
    assert all(article.published and article.source == "Wikinews" and article.url for article in articles)


def test_sections_of_government_posts(shared: Path):
    articles, _ = sorted_out(shared / "collections/digitalgov-known")
    by_id = {article.id: article for article in articles}
    assert [each.heading for each in by_id["communities/a-b-testing"].sections] == [
        "",
        "How to join",
        "What we do",
        "Who we are",
    ]
    assert sum(len(article.sections) > 0 for article in articles) > 1000
