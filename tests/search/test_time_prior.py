from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import exp, sqrt
from pathlib import Path

import pytest

import searchkit
from searchkit import Article, Mode, Query, SearchConfig, Searcher, Where
from searchkit.answer import Contribution, Result
from searchkit.errors import ConfigError, QueryError
from searchkit.types import TimeSpan
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

MODES = tuple(Mode)
DAY = date(2025, 1, 15)


def dated(name: str, day: date | None, **values: object) -> Article:
    """Make an article whose text is always the same."""
    published = None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Article(id=name, text="The ferry is on strike.", language="en", published=published, **values)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def strike(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """Open an index of six articles alike, of which one is deleted and one has no date, in two segments."""
    folder = tmp_path_factory.mktemp("strike") / "index"
    first = [dated("same", DAY), dated("week", DAY - timedelta(days=7)), dated("gone", DAY)]
    searchkit.build(folder, first, encoder=WordEncoder())
    later = [dated("two", DAY + timedelta(days=2)), dated("ten", DAY + timedelta(days=10)), dated("none", None)]
    searchkit.add(folder, later, encoder=WordEncoder())
    searchkit.delete(folder, ["gone"])
    with searchkit.open(folder, encoder=WordEncoder()) as opened:
        yield opened


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build an index of three segments with deletions, long articles, some without a date, one read from the west."""
    folder = tmp_path_factory.mktemp("archive") / "index"
    built(folder, range(40))
    long = " ".join(["Oil and rice of Venezuela fell in a new wave of the harvest."] * 30)
    more = [article(n, text=long if n % 5 == 0 else None, published=None if n % 7 == 0 else day_of(n)) for n in ODD]
    searchkit.add(folder, more, encoder=WordEncoder())
    searchkit.add(folder, [article(n, text=f"Oil, {n}. A new wave.") for n in range(70, 80)], encoder=WordEncoder())
    searchkit.delete(folder, ["a003", "a044", "a071"])
    return folder


ODD = range(40, 70)


def day_of(number: int) -> datetime:
    return datetime(2025, 1, 1, 22, tzinfo=UTC) + timedelta(days=number // 2)


@pytest.fixture(scope="module")
def searcher(archive: Path) -> Iterator[Searcher]:
    with searchkit.open(archive, encoder=WordEncoder()) as opened:
        yield opened


def shares(results: tuple[Result, ...]) -> dict[str, Contribution]:
    """Return what each article's date added."""
    return {result.article.id: part for result in results for part in result.contributions if part.leg == "time"}


def test_a_date_adds_its_weight_by_how_many_days_ago_it_is(strike: Searcher) -> None:
    answer = strike.search("ferry strike", as_of=DAY, include_later=True, explain=True)
    parts = shares(answer.results)
    mean = (1 + exp(-7 / 14) + exp(-2 / 14) + 0) / 4
    assert parts["same"].share == pytest.approx(1.5)
    assert parts["week"].share == pytest.approx(1.5 * exp(-7 / 14))
    assert parts["two"].share == pytest.approx(1.5 * exp(-2 / 14))
    assert parts["ten"].share == 0
    assert parts["none"].share == pytest.approx(1.5 * mean)
    assert [part.score for part in parts.values()] == pytest.approx([0, 2, mean, 7, 10])
    assert [result.article.id for result in answer.results] == ["same", "two", "none", "week", "ten"]


def test_later_articles_are_left_out_and_those_without_a_date_are_not(strike: Searcher) -> None:
    answer = strike.search("ferry strike", as_of=DAY)
    assert [result.article.id for result in answer.results] == ["same", "none", "week"]
    filtered = strike.search("ferry strike", as_of=DAY, where={"not": {"field": "published", "lt": "2025-01-15"}})
    assert [result.article.id for result in filtered.results] == ["same", "none"]


def test_a_weight_and_a_scale_are_settings(strike: Searcher) -> None:
    config = SearchConfig(time_weight=0.5, time_scale_days=30.0)
    with searchkit.open(strike.info().path, encoder=WordEncoder(), config=config) as opened:
        parts = shares(opened.search("ferry strike", as_of=DAY, explain=True).results)
    assert parts["week"].share == pytest.approx(0.5 * exp(-7 / 30))
    for values in ({"time_weight": 0.0}, {"time_scale_days": -1.0}, {"time_scale_days": float("nan")}):
        with pytest.raises(ConfigError, match="above 0"):
            SearchConfig(**values)  # type: ignore[arg-type]


def test_a_span_is_near_on_both_sides(strike: Searcher) -> None:
    parts = shares(strike.search("ferry strike", around="2025-01-15..2025-01-17", explain=True).results)
    assert parts["same"].share == parts["two"].share == pytest.approx(1.5)
    assert parts["week"].share == pytest.approx(1.5 * exp(-7 / 14))
    assert parts["ten"].share == pytest.approx(1.5 * exp(-8 / 14))
    mean = (1 + 1 + exp(-7 / 14) + exp(-8 / 14)) / 4
    assert parts["none"].share == pytest.approx(1.5 * mean)


def test_a_time_of_the_words_counts_half_where_it_is_of_the_calendar(strike: Searcher) -> None:
    answer = strike.search("ferry strike of 8 January 2025", explain=True)
    assert answer.reading.time == "2025-01-08 (“8 January 2025”)"
    assert str(answer.reading) == "as words, nearer to 2025-01-08 (“8 January 2025”) first"
    parts = shares(answer.results)
    assert parts["week"].share == pytest.approx(0.75)
    assert parts["same"].share == pytest.approx(0.75 * exp(-7 / 14))


def test_instants_are_as_far_as_time_passes(strike: Searcher) -> None:
    noon = datetime(2025, 1, 15, 12, tzinfo=UTC)
    parts = shares(strike.search("ferry strike", as_of=noon, explain=True).results)
    assert parts["same"].share == pytest.approx(1.5 * exp(-0.5 / 14))
    assert parts["week"].share == pytest.approx(1.5 * exp(-7.5 / 14))


@pytest.mark.parametrize("mode", MODES)
def test_a_date_weighs_as_much_in_every_mode(strike: Searcher, mode: Mode) -> None:
    answer = strike.search("ferry strike", mode=mode, as_of=DAY, explain=True)
    legs = strike.legs(Query(text="ferry strike", mode=mode))
    idf_sum = legs.keyword.idf_sum if legs.keyword is not None else 1.0
    unit = {Mode.HYBRID: 1.0, Mode.KEYWORD: sqrt(idf_sum), Mode.VECTOR: 1 / max(2.8, strike.vector_weight())}[mode]
    assert shares(answer.results)["week"].share == pytest.approx(1.5 * unit * exp(-7 / 14))


def test_a_day_is_that_which_the_article_names(tmp_path: Path) -> None:
    eve = replace(dated("eve", None), published=datetime(2025, 1, 1, 3, 30, tzinfo=UTC), utc_offset_s=-18_000)
    searchkit.build(tmp_path / "index", [eve], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as opened:
        assert shares(opened.search("ferry", around="2024-12-31", explain=True).results)["eve"].score == 0
        assert opened.search("ferry", as_of="2024-12-31").results
        assert not opened.search("ferry", as_of="2024-12-30").results
        assert opened.search("ferry", as_of="2024-12-30").notes == (
            "No article that passes the filters was published by 2024-12-30.",
        )


@pytest.fixture(scope="module", params=[(0.2, 200), (1.5, 3), (9.0, 3)], ids=str)
def weighed(archive: Path, request: pytest.FixtureRequest) -> Iterator[Searcher]:
    """Open the archive with a weight of dates and a depth."""
    weight, depth = request.param
    config = SearchConfig(depth=depth, time_weight=weight, time_scale_days=5.0)
    with searchkit.open(archive, encoder=WordEncoder(), config=config) as opened:
        yield opened


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ["Venezuela", "new wave of the harvest", "Patriot AND border", "oil -rice", "report*"])
def test_the_first_k_do_not_depend_on_k_or_depth(weighed: Searcher, text: str, mode: Mode) -> None:
    asked = Query(text=text, mode=mode, k=1000)
    for day in (-20, 7, 33, 100):
        first = date(2025, 1, 1) + timedelta(days=day)
        for query in (
            replace(asked, as_of=first),
            replace(asked, as_of=first, include_later=True),
            replace(asked, around=TimeSpan(first=first, last=first + timedelta(days=day % 9))),
        ):
            every = weighed.rank(query)
            assert all(weighed.rank(replace(query, k=k)) == every[:k] for k in (1, 4, 15))


@pytest.mark.parametrize("mode", MODES)
def test_a_score_is_what_it_is_without_dates_and_the_date_s_share(searcher: Searcher, mode: Mode) -> None:
    query = Query(text="a new wave of oil", mode=mode, k=100, explain=True)
    plain = {result.article.id: result for result in searcher.ask(query).results}
    timed = searcher.ask(replace(query, around=TimeSpan(first=DAY, last=DAY))).results
    assert {result.article.id for result in timed} == plain.keys()
    for result in timed:
        share = shares((result,))[result.article.id].share
        before = plain[result.article.id]
        assert result.score == pytest.approx(before.score + share, abs=1e-12)
        assert result.confidence == pytest.approx(before.confidence, abs=1e-12)
        assert result.score == pytest.approx(sum(part.share for part in result.contributions), abs=1e-12)
        assert result.score == pytest.approx(sum(vote.counts * vote.score for vote in result.votes), abs=1e-12)
        for vote in result.votes:
            assert vote.score == pytest.approx(sum(part.share for part in vote.contributions), abs=1e-12)
            (part,) = [part for part in vote.contributions if part.leg == "time"]
            assert part.share == pytest.approx(worked_out(part), abs=1e-12)


def worked_out(part: Contribution) -> float:
    """Return a share as its ``how`` says."""
    names = {"score": part.score, "times": part.times, "exp": exp}
    return float(eval(part.how, {"__builtins__": {}}, names))


@pytest.mark.parametrize("mode", MODES)
def test_a_filter_changes_no_score(searcher: Searcher, mode: Mode) -> None:
    query = Query(text="oil wave", mode=mode, k=100, around=TimeSpan(first=DAY, last=DAY))
    free = dict(searcher.rank(query))
    filtered = searcher.rank(replace(query, where=Where(sources=("el correo",))))
    assert filtered
    assert all(free[article_id] == score for article_id, score in filtered)
    assert [article_id for article_id, _ in filtered] == [name for name in free if name in dict(filtered)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ["Venezuela in 1984", "What is the latest wave?", "oil this week", "oil of 2025"])
def test_what_names_no_time_near_the_archive_is_scored_to_the_last_bit_as_ever(
    searcher: Searcher, text: str, mode: Mode
) -> None:
    query = Query(text=text, mode=mode, k=100)
    assert searcher.rank(query) == searcher.rank(replace(query, recency=False))
    assert not searcher.read_query(query).time


@pytest.mark.parametrize("mode", MODES)
def test_a_time_in_the_words_moves_the_order_unless_dates_are_left_out(searcher: Searcher, mode: Mode) -> None:
    query = Query(text="oil in February 2025", mode=mode, k=100)
    timed, plain = searcher.rank(query), searcher.rank(replace(query, recency=False))
    assert timed != plain
    assert dict(timed).keys() == dict(plain).keys()
    assert searcher.read_query(query).time == "2025-02-01 to 2025-02-28 (“February 2025”)"
    assert not searcher.read_query(replace(query, recency=False)).time


def test_a_filter_of_dates_is_the_time_then(searcher: Searcher) -> None:
    for text in ("oil in February 2025 published:2025", "published:>2024 oil in February 2025"):
        assert not searcher.search(text).reading.time
    assert not searcher.search("oil in February 2025", since="2024").reading.time
    assert searcher.search("oil in February 2025 tag:odd").reading.time


def test_recency_is_from_today_where_nothing_names_a_time(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    articles = [dated("old", today - timedelta(days=400)), dated("new", today - timedelta(days=1))]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), config=SearchConfig(time_zone="UTC")) as opened:
        assert [result.article.id for result in opened.search("ferry strike", recency=True).results] == ["new", "old"]
        latest = opened.search("the latest on the ferry", explain=True)
        assert latest.reading.time.endswith("(“latest”)")
        assert shares(latest.results)["new"].share == pytest.approx(1.5 * exp(-1 / 14), rel=0.1)
        assert opened.search("ferry", as_of="now").query.as_of in {today, today + timedelta(days=1)}


def test_what_counts_from_today_is_not_read_in_an_archive_of_the_past(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    old = [dated(f"old{number}", today - timedelta(days=400 + number)) for number in range(149)]
    searchkit.build(tmp_path / "index", [*old, dated("stray", today)], encoder=WordEncoder())
    config = SearchConfig(time_zone="UTC")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), config=config) as opened:
        assert not opened.search("Why is the ferry on strike this week?").reading.time
        day = today - timedelta(days=410)
        assert opened.search(f"Why was the ferry on strike on {day.isoformat()}?").reading.time
    searchkit.add(tmp_path / "index", [dated("fresh", today)], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), config=config) as opened:
        assert opened.search("Why is the ferry on strike this week?").reading.time


def test_dates_are_scored_on_the_way_of_the_simplest_queries_too(strike: Searcher) -> None:
    query = Query(text="ferry", mode=Mode.KEYWORD, as_of=DAY)
    scored = [(result.article.id, result.score) for result in strike.ask(query).results]
    assert strike.rank(query) == tuple(scored)
    assert [name for name, _ in scored] == ["same", "none", "week"]


def test_an_archive_without_dates_says_that_none_counts(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", [dated("a", None), dated("b", None)], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as opened:
        answer = opened.search("ferry", as_of=DAY)
        assert [result.score for result in answer.results] == [
            result.score for result in opened.search("ferry").results
        ]
        assert "No article here has a date, so none counts." in answer.notes


def test_dates_beside_another_fusion_are_refused_or_not_read(archive: Path) -> None:
    with searchkit.open(archive, encoder=WordEncoder(), config=SearchConfig(fusion="rrf")) as opened:
        with pytest.raises(ConfigError, match="recency=False"):
            opened.search("oil", as_of=DAY)
        assert opened.search("oil", as_of=DAY, recency=False).results
        assert not opened.search("oil in February 2025").reading.time


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"as_of": "2025-13-40"}, "names no date"),
        ({"as_of": 7}, "no date"),
        ({"around": "2025-02..2025-01"}, "ends before it begins"),
        ({"around": ["2025", "2026", "2027"]}, "3 dates"),
        ({"around": ("2025", None)}, "names no time"),
        ({"recency": "yes"}, "recency is 'yes'"),
    ],
)
def test_what_is_no_time_is_an_error(strike: Searcher, values: dict[str, object], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        strike.search("ferry", **values)  # type: ignore[arg-type]


def test_a_query_made_by_hand_is_checked(strike: Searcher) -> None:
    naive = datetime(2025, 1, 15)
    for query in (
        Query(text="ferry", as_of=naive),
        Query(text="ferry", around=TimeSpan(first=naive, last=naive)),
        Query(text="ferry", around=TimeSpan(first=DAY, last=naive.replace(tzinfo=UTC))),
        Query(text="ferry", as_of="2025"),  # type: ignore[arg-type]
    ):
        with pytest.raises(QueryError):
            strike.ask(query)


def test_periods_and_spans_are_read_as_dates_are_elsewhere(strike: Searcher) -> None:
    def around(value: object) -> TimeSpan | None:
        return strike.search("ferry", around=value).query.around  # type: ignore[arg-type]

    january = TimeSpan(first=date(2025, 1, 1), last=date(2025, 1, 31))
    assert around("2025-01") == around(("2025-01-01", date(2025, 1, 31))) == around(january) == january
    mixed = around((DAY, datetime(2025, 1, 16, 12, tzinfo=UTC)))
    assert mixed is not None
    assert isinstance(mixed.first, datetime)
    assert strike.search("ferry", as_of="2025-01").query.as_of == date(2025, 1, 31)
    day_back = strike.search("ferry", as_of="24h").query.as_of
    assert isinstance(day_back, datetime)
    assert timedelta(hours=23) < datetime.now(UTC) - day_back < timedelta(hours=25)


def test_what_has_no_date_is_told_where_the_archive_is_searched_as_it_stood(tmp_path: Path) -> None:
    articles = [
        {"id": "old", "text": "The ferry burned.", "published": "2024-01-02"},
        {"id": "undated", "text": "The ferry burned again."},
    ]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        answer = searcher.search("ferry", as_of="2024-02-01")
        assert any(note.startswith("1 of the articles searched have no date") for note in answer.notes)
        assert not any("no date" in note for note in searcher.search("ferry").notes)
        with pytest.raises(QueryError, match="there is no as_of"):
            searcher.search("ferry", include_later=True)


def test_what_is_new_counts_from_the_newest_article(tmp_path: Path) -> None:
    days = [date.today() - timedelta(days=ago) for ago in (40, 60, 100)]
    articles = [{"id": f"{day}", "text": "The ferry burned.", "published": f"{day}"} for day in days]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        answer = searcher.search("latest on the ferry", explain=True)
        assert [result.article.id for result in answer.results] == [f"{day}" for day in days]
        (share,) = [part.share for part in answer.results[0].contributions if part.leg == "time"]
        assert share == pytest.approx(1.5)
        assert f"{days[0]}" in answer.reading.time


def test_words_that_name_a_time_are_no_spelling_to_be_mended() -> None:
    articles = [{"id": "a", "text": "Missiles guard the port. The week was lost.", "published": "2025-03-01"}]
    now = datetime(2025, 3, 3, tzinfo=UTC)
    with searchkit.open_temporary(articles, encoder=WordEncoder()) as searcher:
        for text, meant in (
            ("missles yesterday", ("missiles yesterday",)),
            ("missiles this week", ()),
            ("port lately", ()),
        ):
            answer = searcher.ask(searchkit.Query(text=text, mode=Mode.KEYWORD, now=now))
            assert answer.suggestions == meant
