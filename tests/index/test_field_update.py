"""Are metadata changed without an encoder, and is all else as it was?"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import searchkit
from searchkit import F
from searchkit.errors import ConfigError, IndexNotFound
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder


@pytest.fixture
def index(tmp_path: Path) -> Path:
    built(tmp_path / "index", range(8))
    return tmp_path / "index"


def test_metadata_change_and_nothing_is_encoded(index: Path) -> None:
    changes = {
        "a001": {"source": "Der Bote", "tags": ["round", "new"], "desk": None, "acl": ["red", "blue"]},
        "a002": {"published": "2020-02-03", "authors": "Ines Calloway", "url": "https://harbor.example/2"},
    }
    report = searchkit.update_fields(index, changes)  # no encoder is given, and nobody could load this one
    assert (report.changed, report.new, report.vectors_encoded, report.problems) == (2, 0, 0, ())
    assert report.vectors_reused == report.chunks > 0
    with searchkit.open(index) as searcher:
        first, second = searcher.article("a001"), searcher.article("a002")
        assert first == replace(
            article(1), source="Der Bote", tags=("round", "new"), fields={"pages": 1, "acl": ("red", "blue")},
            sections=first.sections if first else (),
        )  # fmt: skip
        assert second is not None
        assert (second.published, second.authors) == (datetime(2020, 2, 3, tzinfo=UTC), ("Ines Calloway",))
        assert second.url == "https://harbor.example/2"
        assert searcher.article_ids(where=F("acl") == "blue") == ("a001",)
        assert searcher.article_ids(where=F("published") < "2021") == ("a002",)
        assert searcher.count() == 8


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_scores_stay_what_they_were(index: Path, mode: str) -> None:
    query = searchkit.Query(text="missiles guard Venezuela", mode=searchkit.Mode(mode))
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        before = dict(searcher.rank(query))
    searchkit.update_fields(index, {f"a{number:03}": {"desk": "moved"} for number in range(0, 8, 3)})
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        assert dict(searcher.rank(query)) == pytest.approx(before, abs=1e-9)
    assert not searchkit.verify(index, deep=True).faults


def test_what_was_cut_stays_cut_and_updates_see_it_as_changed(tmp_path: Path) -> None:
    long = replace(article(1), text=" ".join(f"Sentence {number} of the harvest." for number in range(90)))
    searchkit.build(tmp_path / "index", [long], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index") as searcher:
        before = searcher.chunks("a001")
    assert len(before) > 2
    searchkit.update_fields(tmp_path / "index", {"a001": {"desk": "moved"}})
    with searchkit.open(tmp_path / "index") as searcher:
        assert searcher.chunks("a001") == before
    report = searchkit.update(tmp_path / "index", [long], encoder=WordEncoder(), cache=False)
    assert (report.changed, report.vectors_encoded) == (1, 0)


def test_nothing_new_is_no_generation_and_unknown_ids_are_told(index: Path) -> None:
    report = searchkit.update_fields(index, {"a001": {"desk": article(1).fields["desk"]}, "nobody": {"desk": "x"}})
    assert (report.changed, report.generation) == (0, 1)
    assert [str(problem) for problem in report.problems] == ["nobody: no article has this id"]


def test_segments_that_wait_for_their_vectors_go_on_waiting(tmp_path: Path) -> None:
    index = tmp_path / "index"
    searchkit.build(index, [article(number) for number in range(4)], encoder=WordEncoder(), keyword_first=True)
    searchkit.rollback(index, 1)
    assert searchkit.update_fields(index, {"a001": {"desk": "moved"}}).changed == 1
    with searchkit.open(index) as searcher:
        assert searcher.info().vectors == 0
        assert searcher.article_ids(where=F("desk") == "moved") == ("a001",)


def test_what_was_changed_stays_until_its_file_changes(tmp_path: Path) -> None:
    corpus, index = tmp_path / "corpus.jsonl", tmp_path / "index"
    corpus.write_text('{"id": "a", "text": "Quokkas are fond of leaves.", "desk": "world"}\n')
    os.utime(corpus, (1_700_000_000, 1_700_000_000))  # what was written a moment ago is read again anyway
    searchkit.build(index, places=[corpus], encoder=WordEncoder())
    searchkit.update_fields(index, {"a": {"desk": "moved"}})
    report = searchkit.update(index, encoder=WordEncoder())
    assert (report.unchanged, report.changed) == (1, 0)
    with searchkit.open(index) as searcher:
        assert searcher.article_ids(where=F("desk") == "moved") == ("a",)
    corpus.write_text('{"id": "a", "text": "Quokkas are fond of leaves.", "desk": "city"}\n')
    assert searchkit.update(index, encoder=WordEncoder()).changed == 1
    with searchkit.open(index) as searcher:
        assert searcher.article_ids(where=F("desk") == "city") == ("a",)


def test_asyncio_has_it(index: Path) -> None:
    assert asyncio.run(searchkit.aio.update_fields(index, {"a001": {"desk": "moved"}})).changed == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"a001": {"title": "New"}},
        {"a001": {"language": "de"}},
        {"a001": {"published": "the other day"}},
        {"a001": {"tags": [1]}},
        {"a001": {"source": 5}},
        {"a001": {5: "x"}},
        {5: {"desk": "x"}},
        {"a001": "desk"},
        ["a001"],
    ],
)
def test_what_can_not_be_changed_so_is_refused_and_nothing_is(index: Path, changes: object) -> None:
    with pytest.raises(ConfigError):
        searchkit.update_fields(index, changes)  # type: ignore[arg-type]
    with searchkit.open(index) as searcher:
        assert searcher.info().generation == 1


def test_there_has_to_be_an_index(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound):
        searchkit.update_fields(tmp_path / "nothing", {"a": {"b": 1}})
