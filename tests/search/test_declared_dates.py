"""Are conditions on a declared field of dates read as those on ``published``: periods, days, instants, spans?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit import F, Searcher
from searchkit.errors import QueryError
from tests.word_encoder import WordEncoder

BORN = {
    "march": "2025-03-01",
    "june": "2025-06-04T10:00:00+02:00",
    "eve": "2025-12-31T23:30:00-05:00",
    "old": "1999",
    "twice": ["2020-01-05", "2025-03-20"],
}
"""``eve`` is of 2025 by its own clock, and its instant is of 2026."""

PERIODS: list[tuple[str, set[str]]] = [
    ("2025", {"march", "june", "eve", "twice"}),
    ("2025-03", {"march", "twice"}),
    ("2025-03-01", {"march"}),
    ("2025-06-04", {"june"}),
    ("2025-06-04T08:00:00Z", {"june"}),
    ("2025-12-31", {"eve"}),
    ("2026", set()),
    ("1999", {"old"}),
    ("2020-01", {"twice"}),
]


def source(value: object) -> dict[str, Any]:
    return {"text": "A lamp.", "language": "en", "born": value}


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    index = tmp_path_factory.mktemp("dates") / "index"
    articles = [{"id": name, **source(value)} for name, value in BORN.items()]
    searchkit.build(
        index, [*articles, {"id": "none", "text": "A lamp."}], fields={"born": "list[date]"}, encoder=WordEncoder()
    )
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def by_text(searcher: Searcher, text: str, **more: Any) -> set[str]:
    return {result.article.id for result in searcher.search(text, mode="keyword", k=20, **more).results}


@pytest.mark.parametrize(("period", "expected"), PERIODS)
def test_a_period_is_a_range_however_it_is_asked_for(searcher: Searcher, period: str, expected: set[str]) -> None:
    assert by_text(searcher, f"lamp +born:{period}") == expected
    assert by_text(searcher, f'lamp +born:"{period}"') == expected
    assert by_text(searcher, "lamp", fields={"born": period}) == expected
    assert by_text(searcher, "lamp", fields={"born": [period, "1970"]}) == expected
    assert set(searcher.article_ids(where=F("born") == period)) == expected
    assert set(searcher.article_ids(where={"field": "born", "eq": period})) == expected
    assert set(searcher.article_ids(where=F("born").between(period, period))) == expected
    assert set(searcher.article_ids(where=F("born").any(period, "1970-01"))) == expected


def test_days_and_instants_compare_as_those_of_published(searcher: Searcher) -> None:
    def ids(where: Any) -> set[str]:
        return set(searcher.article_ids(where=where))

    assert ids(F("born") == date(2025, 6, 4)) == {"june"}
    assert ids(F("born") == datetime(2025, 6, 4, 8, tzinfo=UTC)) == {"june"}
    assert ids(F("born") > datetime(2025, 6, 4, 8, tzinfo=UTC)) == {"eve"}
    assert ids(F("born") >= datetime(2025, 6, 4, 8, tzinfo=UTC)) == {"june", "eve"}
    assert ids(F("born") < "2025") == {"old", "twice"}
    assert ids(F("born") <= "2025-03") == {"march", "old", "twice"}
    assert ids(F("born") > "2025-03") == {"june", "eve"}
    assert ids(F("born").between("2021", "2024")) == set()
    assert ids(F("born").exists()) == set(BORN)
    assert ids(~(F("born") == "2025")) == {"old", "none"}
    assert by_text(searcher, "lamp +born:[2025-03 TO 2025-06]") == {"march", "june", "twice"}
    assert by_text(searcher, "lamp +born:*") == set(BORN)


def test_published_of_the_same_dates_gives_the_same(tmp_path: Path) -> None:
    single = {name: value for name, value in BORN.items() if name != "twice"}
    articles = [{"id": name, "published": value, **source(value)} for name, value in single.items()]
    searchkit.build(tmp_path / "index", articles, fields={"born": "date"}, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        for period, _ in PERIODS:
            for low, high in ((period, None), (None, period), (period, period)):
                pair = [set(searcher.article_ids(where=F(name).between(low, high))) for name in ("born", "published")]
                assert pair[0] == pair[1], (low, high)


def test_a_span_back_from_now_and_what_is_counted_are_conditions(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    articles = [
        {"id": "new", **source(now - timedelta(hours=2))},
        {"id": "late", **source(now - timedelta(days=9))},
        {"id": "day", **source("2025-06-04")},
    ]
    searchkit.build(tmp_path / "index", articles, fields={"born": "date"}, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert by_text(searcher, "lamp +born:>=24h") == {"new"}
        assert searcher.article_ids(where=F("born") >= "3d") == ("new",)
        for count in searcher.search("lamp", facets="born").facets["born"]:
            assert len(searcher.article_ids(where=F("born") == count.value)) == count.articles
        searchkit.delete(tmp_path / "index", where=F("born") == "2025-06")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert set(searcher.article_ids()) == {"new", "late"}


def test_notes_say_what_no_article_has_and_what_is_no_date_is_an_error(searcher: Searcher) -> None:
    assert searcher.search("lamp +born:2025-03", mode="keyword").notes == ()
    notes = searcher.search("lamp +born:2031", mode="keyword").notes
    assert any("No article has the born '2031'." in note for note in notes)
    empty = searcher.search("lamp", where=F("born").between("2025-06", "June 2024")).notes
    assert any("ends before it begins" in note for note in empty)
    assert not any(
        "ends" in note for note in searcher.search("lamp", where=F("born").between("May 2024", "2025")).notes
    )
    for ask in (lambda: searcher.search("lamp +born:soon"), lambda: searcher.article_ids(where=F("born") == "soon")):
        with pytest.raises(QueryError, match="'soon' names no date or time"):
            ask()
