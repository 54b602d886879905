"""Filters as values, and dates as the asker means them: which articles pass, whatever gave the condition."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import searchkit
from searchkit import Article, SearchConfig, Searcher
from searchkit.answer import Answer
from searchkit.errors import ConfigError, IndexCorrupt, QueryError
from searchkit.index.articles_db import DateColumns
from searchkit.ingest import article_from_dict
from searchkit.types import Query, Where
from tests.index.golden import FOLDER
from tests.word_encoder import WordEncoder

NEW_YORK = timezone(timedelta(hours=-5))

ROWS: dict[str, dict[str, Any]] = {
    "both": {"tags": ["rock", "pop"], "acl": ["team-1", "team-2"]},
    "rock": {"tags": ["Rock"], "acl": "team-1"},
    "pop": {"tags": ["pop"], "acl": "team-3", "source": "Secret Paper"},
    "dc": {"tags": ["Washington, D.C."], "authors": ["Department of Health and Human Services"]},
    "nfd": {"source": unicodedata.normalize("NFD", "Süddeutsche Zeitung")},
    "street": {"source": "  Straßen   Blatt "},
    "two": {"pages": 2.0, "rating": 4.5, "agent": "007", "paid": True},
    "three": {"pages": "3", "rating": "4.50", "tiny": 1e-05, "paid": False},
    "many": {"pages": 300, "rating": "1e3", "version": "1.2.3"},
    "istanbul": {"tags": ["İstanbul"], "language": "en-GB"},
    "american": {"language": "en-US", "tags": ["C++"]},
    "german": {"language": "de", "tags": ["C#"]},
    "quote": {"source": 'The "Live" News'},
    "year": {"published": "2024-05-06", "year": 2023, "source": "Wire", "metadata": {"source": "wire.example"}},
}


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("filters") / "index"
    rows = [article_from_dict({"id": id_, "text": "ferry " + id_, **values}) for id_, values in ROWS.items()]
    searchkit.build(path, rows[:7], encoder=WordEncoder())
    searchkit.add(path, [*rows[7:], Article(id="gone", text="ferry", tags=("gone",))], encoder=WordEncoder())
    searchkit.delete(path, ["gone"])
    with searchkit.open(path, encoder=WordEncoder()) as opened:
        yield opened


def ids(answer: Answer) -> set[str]:
    return {result.article.id for result in answer.results}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"tag": "rock"}, {"both", "rock"}),
        ({"tag": " ROCK "}, {"both", "rock"}),
        ({"tag": ["rock", "pop"]}, {"both", "rock", "pop"}),
        ({"tag": {"rock", "pop"}}, {"both", "rock", "pop"}),
        ({"tag": {"rock": 1, "pop": 2}.values()}, set()),
        ({"tag": {"rock": 1}.keys()}, {"both", "rock"}),
        ({"tag": np.array(["rock"])}, {"both", "rock"}),
        ({"tag": "Washington, D.C."}, {"dc"}),
        ({"tag": "Washington"}, set()),
        ({"tag": "roc*"}, set()),
        ({"tag": "istanbul"}, {"istanbul"}),
        ({"tag": "İSTANBUL"}, {"istanbul"}),
        ({"tag": "C++"}, {"american"}),
        ({"tag": "c#"}, {"german"}),
        ({"author": "Department of Health and Human Services"}, {"dc"}),
        ({"source": "Süddeutsche Zeitung"}, {"nfd"}),
        ({"source": unicodedata.normalize("NFD", "süddeutsche  zeitung")}, {"nfd"}),
        ({"source": "Strassen Blatt"}, {"street"}),
        ({"source": 'The "Live" News'}, {"quote"}),
        ({"source": "wire.example"}, set()),
        ({"language": "en-GB"}, {"istanbul", "american"}),
        ({"language": "en"}, {"istanbul", "american"}),
        ({"language": "EN_us"}, {"istanbul", "american"}),
        ({"language": "German"}, {"german"}),
        ({"fields": {"pages": 2}}, {"two"}),
        ({"fields": {"pages": "2"}}, {"two"}),
        ({"fields": {"pages": np.int64(2)}}, {"two"}),
        ({"fields": {"pages": np.float32(2)}}, {"two"}),
        ({"fields": {"pages": [300.0, "3.00"]}}, {"many", "three"}),
        ({"fields": {"pages": np.arange(4)}}, {"two", "three"}),
        ({"fields": {"rating": 4.50}}, {"two", "three"}),
        ({"fields": {"rating": 1000}}, {"many"}),
        ({"fields": {"tiny": 0.00001}}, {"three"}),
        ({"fields": {"agent": "007"}}, {"two"}),
        ({"fields": {"agent": 7}}, set()),
        ({"fields": {"version": "1.2.3"}}, {"many"}),
        ({"fields": {"paid": True}}, {"two"}),
        ({"fields": {"paid": [np.bool_(False)]}}, {"three"}),
        ({"fields": {"year": 2024}}, {"year"}),
        ({"fields": {"year": 2023}}, set()),
        ({"fields": {"acl": ["team-1"], "pages": None}}, {"both", "rock"}),
        ({"source": None, "tag": None, "fields": None}, set(ROWS)),
        ({"source": []}, set()),
        ({"language": ()}, set()),
        ({"fields": {"acl": []}}, set()),
        ({"fields": {"acl": np.array([])}}, set()),
        ({"tag": ["rock"], "fields": {"acl": set()}}, set()),
    ],
)
@pytest.mark.parametrize("mode", ["keyword", "vector"])
def test_arguments_let_through(searcher: Searcher, mode: str, arguments: dict[str, Any], expected: set[str]) -> None:
    assert ids(searcher.search("ferry", mode=mode, k=100, **arguments)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ferry tag:rock AND tag:pop", {"both"}),
        ("ferry pages:2", {"two"}),
        ("ferry pages:2.00", {"two"}),
        ("ferry pages:[2 TO 2]", {"two"}),
        ("ferry pages:[2.5 TO 300]", {"three", "many"}),
        ("ferry pages:>2", {"three", "many"}),
        ("ferry pages:>=2e0", {"two", "three", "many"}),
        ("ferry tiny:[0 TO 1]", {"three"}),
        ("ferry rating:4.50", {"two", "three"}),
        ("ferry rating:[4.5 TO 1e3]", {"two", "three", "many"}),
        ("ferry tag:roc*", {"both", "rock"}),
        ("ferry tag:*c*", {"both", "rock", "dc", "american", "german"}),
        ("ferry tag:*", {"both", "rock", "pop", "dc", "istanbul", "american", "german"}),
        ("ferry source:süd*", {"nfd"}),
        ("ferry source:sud*zei*", {"nfd"}),
        ("ferry tag:100%* OR tag:_*", set()),
        ('ferry tag:"roc*"', set()),
        ("ferry NOT tag:roc*", set(ROWS) - {"both", "rock"}),
        ("ferry language:en-GB", {"istanbul", "american"}),
        ("ferry published:*", {"year"}),
        ("ferry year:2024", {"year"}),
    ],
)
def test_values_in_a_query_compare_as_arguments_do(searcher: Searcher, text: str, expected: set[str]) -> None:
    assert ids(searcher.search(text, mode="keyword", k=100)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ferry OR tag:pop",
        "ferry OR tag:rock OR source:wire",
        "NOT tag:rock",
        "ferry NOT acl:team-1",
        "-acl:team-1 ferry",
        "acl:team-3 ferry",
        "acl:team-3 OR ferry",
        "(ferry OR acl:team-3) OR NOT acl:team-1",
        "ferry (tag:rock",
        'a "quote tag:rock',
        "acl:* ferry",
        "*",
        "*:*",
        "acl:[a TO z]",
        "NOT ferry",
        "ferry OR NOT acl:team-1",
        "pop",
        '"ferry pop"',
        "ferry^9 acl:team*",
    ],
)
@pytest.mark.parametrize("mode", ["keyword", "vector", "hybrid"])
def test_no_text_undoes_a_filter_of_the_program(searcher: Searcher, mode: str, text: str) -> None:
    for arguments in ({"fields": {"acl": ["team-1"]}}, {"fields": {"acl": "team-1"}, "tag": ["rock", "pop"]}):
        answer = searcher.search(text, mode=mode, k=100, facets=["acl", "tag"], **arguments)
        assert ids(answer) <= {"both", "rock"}
        assert {count.value for count in answer.facets["tag"]} <= {"rock", "Rock", "pop"}
        assert "team-3" not in " ".join(answer.notes).replace(text, "").replace("the acl 'team-3'", "")
    assert not searcher.search(text, mode=mode, k=100, fields={"acl": []}).results


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": [None]}, "'source' can't accept None"),
        ({"source": 3 + 4j}, "'source' is"),
        ({"source": b"wire"}, "'source' is b'wire'"),
        ({"source": [b"wire"]}, "can't accept b'wire'"),
        ({"source": {"wire": True}}, "'source' is"),
        ({"source": object()}, "'source' is <object"),
        ({"tag": [["rock"]]}, "can't accept"),
        ({"fields": {"pages": float("nan")}}, "can't accept nan"),
        ({"fields": {"pages": [np.inf]}}, "can't accept inf"),
        ({"fields": ["acl"]}, "'fields' is"),
        ({"fields": {7: "x"}}, "7 names no field"),
        ({"fields": {"published": "2024"}}, "published"),
        ({"since": 2020}, "'since' is 2020"),
        ({"since": [date(2024, 1, 1)]}, "no date"),
        ({"since": 10**5000}, "no date"),
        ({"until": -(10**5000)}, "no date"),
        ({"tag": 10**5000}, "'tag' is a number"),
        ({"source": [-(10**5000)]}, "'source' is a number"),
        ({"fields": {"pages": 10**5000}}, "'pages' is a number"),
        ({"fields": {10**5000: "x"}}, "names no field"),
        ({"fields": {"pages": Fraction(10**5000)}}, "can't accept"),
        ({"fields": 10**5000}, "'fields' is"),
        ({"facets": None}, "'facets' is None"),
        ({"facets": 7}, "'facets' is 7"),
        ({"facets": [None]}, "None names no field"),
        ({"facets": [1]}, "1 names no field"),
        ({"facets": {"tag": 1}}, "'facets' is"),
        ({"facets": b"tag"}, "'facets' is"),
        ({"min_confidence": None}, "min_confidence is None"),
        ({"min_confidence": "x"}, "min_confidence is 'x'"),
        ({"min_confidence": [0.5]}, "min_confidence is"),
        ({"min_confidence": float("nan")}, "min_confidence is nan"),
        ({"k": None}, "k is None"),
        ({"k": 10**5000}, "k is"),
        ({"mode": None}, "no mode None"),
        ({"mode": 10**5000}, "no mode"),
        ({"syntax": [1]}, "no syntax"),
    ],
)
def test_an_argument_that_is_no_value_is_named(searcher: Searcher, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message.replace("(", r"\(")) as caught:
        searcher.search("ferry", **arguments)
    assert caught.value.hint


def test_a_generator_is_read_once_and_serves_for_the_whole_search(searcher: Searcher) -> None:
    for mode in ("keyword", "vector", "hybrid"):
        assert ids(searcher.search("ferry", mode=mode, tag=(tag for tag in ("rock", "pop")))) == {"both", "rock", "pop"}


def test_dates_are_values_too(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "ferry", "due": "2024-05-06"}, {"id": "b", "text": "ferry", "due": "2024-05-07"}]
    searchkit.build(tmp_path / "index", rows, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as opened:
        assert ids(opened.search("ferry", fields={"due": date(2024, 5, 6)})) == {"a"}
        assert ids(opened.search("ferry", fields={"due": np.datetime64("2024-05-07").item()})) == {"b"}
        assert ids(opened.search("ferry due:[2024-05-07 TO 2024-06-01]", mode="keyword")) == {"b"}


def test_a_note_tells_no_value_that_the_callers_filter_hides(searcher: Searcher) -> None:
    for mode in ("keyword", "vector", "hybrid"):
        notes = searcher.search("ferry", mode=mode, fields={"acl": ["team-9"]}).notes
        assert notes == ("No article has the acl 'team-9'.",)
        notes = searcher.search("ferry", mode=mode, fields={"acl": "team-9"}, tag=["team-4"]).notes
        assert "Did you mean" not in " ".join(notes)
    # What lies outside the filter might as well not be there.
    hidden = searcher.search("ferry", fields={"acl": ["team-1"]}, source="Secret Paper").notes
    absent = searcher.search("ferry", fields={"acl": ["team-1"]}, source="Secret Pepar").notes
    assert [note.replace("Pepar", "Paper") for note in absent] == list(hidden)
    hidden = searcher.search("ferry acl:team-3", mode="keyword", fields={"acl": ["team-1"]}).notes
    assert hidden == ("No article has the acl 'team-3'. Did you mean 'team-2'?",)  # of an article that passes


def test_a_value_that_no_article_has_is_noted_alike_in_text_and_argument(searcher: Searcher) -> None:
    notes = ("No article has the source 'Unknown'.",)
    assert searcher.search("ferry", mode="keyword", source="Unknown").notes == notes
    assert searcher.search("ferry source:Unknown", mode="keyword").notes == notes
    assert searcher.search("ferry tag:xyz*", mode="keyword").notes == ("No article has the tag 'xyz*'.",)
    near = ("No article has the tag 'rok'. Did you mean 'Rock'?",)
    assert searcher.search("ferry tag:rok", mode="keyword").notes == near
    assert searcher.search("ferry", mode="keyword", tag="rok", suggest_values=True).notes == near
    assert searcher.search("ferry", mode="keyword", tag="rok").notes == ("No article has the tag 'rok'.",)
    assert searcher.search("ferry", tag=["rock", "rok"]).notes == ("No article has the tag 'rok'.",)


def test_a_list_without_values_says_why_nothing_is_found(searcher: Searcher) -> None:
    answer = searcher.search("ferry", fields={"acl": []})
    assert answer.notes == ("The filter 'acl' accepts no value, so no article passes.",)


def test_an_archive_without_a_field_counts_and_admits_nothing_of_it(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", [Article(id="a", text="ferry")], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as opened:
        names = ["source", "year", "language", "tag", "author", "published"]
        assert opened.search("ferry", facets=names).facets == dict.fromkeys(names, ())
        with pytest.raises(QueryError, match="has a field 'desk'"):
            opened.search("ferry", facets=["desk"])
        for mode in ("keyword", "vector", "hybrid"):
            answer = opened.search("ferry", mode=mode, fields={"acl": []})
            assert not answer.results
            assert "The filter 'acl' accepts no value, so no article passes." in answer.notes
        with pytest.raises(QueryError, match="has a field 'acl'"):
            opened.search("ferry", fields={"acl": ["team-1"]})


def test_a_long_list_of_values_is_looked_up_once_and_never_spelt_out(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [f"group-{number}" for number in range(50_000)]
    monkeypatch.setattr("searchkit.search.query.get_close_matches", None)  # nothing is compared with anything
    monkeypatch.setattr("searchkit.search.query.has_value", None)
    assert ids(searcher.search("ferry", fields={"acl": [*groups, "team-3"]})) == {"pop"}
    notes = searcher.search("ferry", fields={"acl": groups}, suggest_values=True).notes
    assert notes == ("No article has any of the 50,000 values of 'acl'.",)


def test_a_condition_of_none_is_told_from_one_of_no_value() -> None:
    assert not Where()
    assert Where(sources=())
    assert Where(fields=(("acl", ()),))
    assert [condition.values for condition in Where(tags=(), authors=None).filters()] == [()]


def test_facets_count_an_article_once_for_each_value(searcher: Searcher) -> None:
    facets = searcher.search("ferry", mode="keyword", facets=["year", "source", "tag", "language", "rating"]).facets
    assert {count.value: count.articles for count in facets["year"]} == {"2024": 1}
    assert "wire.example" not in {count.value for count in facets["source"]}
    assert {count.value: count.articles for count in facets["tag"]}["pop"] == 2
    assert max(count.articles for count in facets["tag"]) == 2
    assert {count.value: count.articles for count in facets["rating"]} == {"4.5": 2, "1e3": 1}
    assert {count.value for count in searcher.search("ferry", facets="tag", tag="pop").facets["tag"]} == {"pop", "rock"}


@pytest.fixture(scope="module")
def first_form(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("first") / "index"
    with zipfile.ZipFile(FOLDER / "1.zip") as archive:
        archive.extractall(path)
    with searchkit.open(path, encoder=WordEncoder()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("report", {"source": " HARBOR  LEDGER "}, lambda n: n % 3 == 0),
        ("report", {"source": "HARBOR LEDGER "}, lambda n: n % 3 == 0),
        ("report source:harb*", {}, lambda n: n % 3 == 0),
        ("report", {"fields": {"pages": 7}}, lambda n: n == 7),
        ("report pages:[7 TO 9.5]", {}, lambda n: 7 <= n <= 9),
        ("report", {"language": "de-AT"}, lambda n: n % 3 == 2),
        ("report", {"since": "2025-01-05", "until": "2025-01-06"}, lambda n: n in (4, 5)),
        ("report published:2025-01-05", {}, lambda n: n == 4),
        ("report", {"tag": []}, lambda n: False),
    ],
)
def test_an_index_of_before_there_were_keys_is_filtered_as_it_was(
    first_form: Searcher, text: str, arguments: dict[str, Any], expected: Callable[[int], bool]
) -> None:
    wanted = {f"a{n:03d}" for n in range(30) if n not in (3, 25) and expected(n)}
    assert ids(first_form.search(text, mode="keyword", k=100, **arguments)) == wanted


def test_dates_that_lie_are_damage() -> None:
    class Articles:
        def __init__(self, offsets: list[tuple[int, int]]) -> None:
            self._offsets = offsets

        def offsets(self) -> list[tuple[int, int]]:
            return self._offsets

        def rows(self, *_: object, **__: object) -> list[tuple[int, int]]:
            return [(0, 0)]

        def corrupt(self, reason: str) -> IndexCorrupt:
            return IndexCorrupt(reason)

    for offsets in ([(1, 60)], [(-1, 60)], [(0, 86_400)], [(0, -(2**63))], [(2**62, 0)]):
        with pytest.raises(IndexCorrupt, match=r"belongs to no article|a day or more from UTC"):
            DateColumns(Articles(offsets), 1).between(0, 1, by_own_clock=True)  # type: ignore[arg-type]


# Dates

DATED = {
    "nye": datetime(2024, 12, 31, 22, 30, tzinfo=NEW_YORK),
    "kiritimati": datetime(2025, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=14))),
    "utc": datetime(2024, 12, 31, 23, 59, tzinfo=UTC),
    "day": datetime(2025, 1, 1, tzinfo=UTC),
    "noon": datetime(2025, 1, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    "summer": datetime(2025, 3, 30, 1, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    "none": None,
}


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dated") / "index"
    rows = [Article(id=id_, text="ferry", published=published) for id_, published in DATED.items()]
    searchkit.build(path, rows[:4], encoder=WordEncoder())
    searchkit.add(path, rows[4:], encoder=WordEncoder())
    return path


def asked(path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> set[str]:
    monkeypatch.setattr("searchkit.ingest.dates.now_in", lambda zone: now.astimezone(ZoneInfo(zone or "UTC")))
    zone = arguments.pop("zone", "")
    with searchkit.open(path, encoder=WordEncoder(), config=SearchConfig(time_zone=zone)) as searcher:
        text = f"ferry {arguments.pop('text', '')}"
        for _ in range(2):  # the first time SQL says, then memory does
            answer = ids(searcher.search(text, mode="keyword", **arguments))
        return answer


NOW = datetime(2025, 1, 1, 4, tzinfo=UTC)  # 31 December, 23:00, in New York; 1 January, 18:00, in Kiritimati


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"text": "published:2024-12-31"}, {"nye", "utc"}),
        ({"text": "published:2025-01-01"}, {"kiritimati", "day", "noon"}),
        ({"text": "published:2024"}, {"nye", "utc"}),
        ({"text": "published:>2024-12-31"}, {"kiritimati", "day", "noon", "summer"}),
        ({"text": "published:<2025"}, {"nye", "utc"}),
        ({"text": "published:{2024-12-31 TO 2025-01]"}, {"kiritimati", "day", "noon"}),
        ({"text": "published:2024 published:2025-03"}, {"nye", "utc", "summer"}),
        ({"text": "year:2024"}, {"nye", "utc"}),
        ({"since": "2024-12-31", "until": "2024-12-31"}, {"nye", "utc"}),
        ({"since": date(2025, 1, 1)}, {"kiritimati", "day", "noon", "summer"}),
        ({"until": date(2024, 12, 31)}, {"nye", "utc"}),
        ({"since": "2025-01-01T00:00Z", "until": "2025-01"}, {"nye", "day", "noon"}),
        ({"since": "2025-01-01T03:30:00Z"}, {"nye", "noon", "summer"}),
        ({"until": "2024-12-31T10:30:00Z"}, {"kiritimati"}),
        ({"since": datetime(2025, 1, 1, 3, 30, tzinfo=UTC), "until": date(2024, 12, 31)}, {"nye"}),
        ({"since": "2024-12-31T19:00", "zone": "America/New_York"}, {"nye", "day", "noon", "summer"}),
        ({"since": datetime(2024, 12, 31, 22, 30), "zone": "America/New_York"}, {"nye", "noon", "summer"}),
        ({"since": "today", "until": "today"}, {"kiritimati", "day", "noon"}),
        ({"since": "today", "until": "today", "zone": "America/New_York"}, {"nye", "utc"}),
        ({"since": "today", "until": "today", "zone": "Pacific/Kiritimati"}, {"kiritimati", "day", "noon"}),
        ({"since": "last month", "until": "last month", "zone": "America/New_York"}, set()),
        ({"since": "last month", "until": "last month"}, {"nye", "utc"}),
        ({"since": "this year", "until": "this year", "zone": "America/New_York"}, {"nye", "utc"}),
        ({"text": "published:yesterday"}, {"nye", "utc"}),
        ({"since": "3h", "until": "now"}, {"nye", "day"}),
        ({"since": "24h", "until": "now"}, {"nye", "kiritimati", "utc", "day"}),
        ({"text": 'published:"past 24 hours"'}, {"nye", "kiritimati", "utc", "day"}),
        # Who asks on the evening of 1 January in Honolulu is told of what is dated the 1st, and no more.
        ({"since": "20h", "zone": "Pacific/Honolulu"}, {"nye", "kiritimati", "utc", "day", "noon", "summer"}),
        ({"since": "2025-03-30", "until": "2025-03-30"}, {"summer"}),
        ({"text": "published:*"}, set(DATED) - {"none"}),
    ],
)
def test_dates_are_those_that_articles_name_and_askers_mean(
    dated: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], expected: set[str]
) -> None:
    assert asked(dated, NOW, monkeypatch, **arguments) == expected


@pytest.mark.parametrize(
    ("zone", "hours", "expected"),
    [
        ("UTC", 27, {"day"}),  # 2 January, 03:00
        ("America/Los_Angeles", 27, {"day"}),  # 1 January, 19:00: the article of today is of the last three hours
        ("Pacific/Kiritimati", 27, set()),  # 2 January, 17:00
        ("UTC", 24, {"day"}),
    ],
)
def test_an_article_of_a_day_and_no_time_is_in_a_span_that_touches_its_day(
    dated: Path, monkeypatch: pytest.MonkeyPatch, zone: str, hours: int, expected: set[str]
) -> None:
    now = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    article_ids = asked(dated, now, monkeypatch, zone=zone, text='published:"last 4 hours"', until="2025-02")
    assert article_ids - {"noon"} == expected


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2025-02-01", "2025-01-31"),
        ("2025-02", "2025-01"),
        ("2025", "2024"),
        ("today", "yesterday"),
        ("2025-01-01T08:00:01Z", "2025-01-01T08:00:00Z"),
        ("2025-01-01T08:00:00-05:00", "2025-01-01T12:00:00Z"),
        ("24h", "48h ago"),
        ("2025-01-03", "2025-01-01T00:00Z"),
        ("2025-01-03T00:00Z", "2025-01-01"),
        (date(2025, 2, 1), date(2025, 1, 1)),
        ("this week", "last week"),
    ],
)
def test_bounds_that_nothing_lies_between_are_refused(searcher: Searcher, since: Any, until: Any) -> None:
    with pytest.raises(QueryError, match="is later than 'until'"):
        searcher.search("ferry", since=since, until=until)


@pytest.mark.parametrize("range_", ["published:[2025-02 TO 2025-01]", "pages:[60 TO 10]", "desk:[world TO city]"])
def test_a_range_in_a_query_that_ends_before_it_begins_is_noted(searcher: Searcher, range_: str) -> None:
    range_ = range_.replace("desk", "acl")
    answer = searcher.search(f"ferry {range_}", mode="keyword")
    assert not answer.results
    assert answer.notes == (f"'{range_}' ends before it begins, so no article is in it.",)


def test_bounds_that_clocks_may_bring_together_are_not_refused(searcher: Searcher) -> None:
    searcher.search("ferry", since="2025-01-01", until="2024-12-31T12:00Z")  # it was the 1st in Kiritimati
    searcher.search("ferry", since="2025-01-01T10:00Z", until="2024-12-31")  # it was the 31st west of Hawaii


def test_an_instant_without_a_zone_is_refused_in_a_query(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="names no time zone"):
        searcher.ask(Query(text="ferry", where=Where(since=datetime(2025, 1, 1))))


def test_the_zone_is_a_setting_that_info_states(dated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with searchkit.open(dated, encoder=WordEncoder(), config=SearchConfig(time_zone="Asia/Tokyo")) as opened:
        assert opened.info().time_zone == "Asia/Tokyo"
    with pytest.raises(ConfigError, match="no time zone 'Mars/Olympus'"):
        SearchConfig(time_zone="Mars/Olympus")


def test_an_article_keeps_the_clock_it_was_published_by(dated: Path) -> None:
    with searchkit.open(dated, encoder=WordEncoder()) as opened:
        article = opened.article("nye")
        assert article is not None
        assert article.published == datetime(2025, 1, 1, 3, 30, tzinfo=UTC)
        assert article.published.utcoffset() == timedelta()
        assert article.published_day == date(2024, 12, 31)
        assert article.published_local is not None
        assert article.published_local.isoformat() == "2024-12-31T22:30:00-05:00"
        read = article_from_dict({"id": "nye", "text": "ferry", "published": "2024-12-31T22:30:00-05:00"})
        assert (read.published, read.utc_offset_s) == (article.published, -18_000)
    searchkit.compact(dated)
    with searchkit.open(dated, encoder=WordEncoder()) as opened:
        assert opened.article("nye") == article
        assert ids(opened.search("ferry", since="2024-12-31", until="2024-12-31")) == {"nye", "utc"}


def test_facets_count_dates_by_day_month_or_year_in_the_order_of_time(tmp_path: Path) -> None:
    def counted(*days: str) -> dict[str, int]:
        folder = tmp_path / "-".join(days)
        articles = [Article(id=day, text="ferry", published=datetime.fromisoformat(f"{day}T12:00Z")) for day in days]
        searchkit.build(folder, [*articles, Article(id="undated", text="ferry")], encoder=WordEncoder())
        with searchkit.open(folder, encoder=WordEncoder()) as opened:
            facets = opened.search("ferry", mode="keyword", facets="published").facets
        assert list(facets["published"]) == sorted(facets["published"], key=lambda count: count.value)
        return {count.value: count.articles for count in facets["published"]}

    assert counted("2025-03-03", "2025-01-01") == {"2025-01-01": 1, "2025-03-03": 1}
    assert counted("2025-01-01", "2025-03-04", "2025-03-05") == {"2025-01": 1, "2025-03": 2}
    assert counted("0999-06-01", "2025-03-04") == {"0999": 1, "2025": 1}


def test_dates_are_counted_by_the_clock_of_each_article_and_within_the_filters(dated: Path) -> None:
    with searchkit.open(dated, encoder=WordEncoder()) as opened:
        answer = opened.search("ferry", mode="keyword", facets="published", since="2024-12-31", until="2024-12-31")
    assert [(count.value, count.articles) for count in answer.facets["published"]] == [("2024-12-31", 2)]
