"""Whatever a program gives in the place of an argument, the error is searchkit's and says what to give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit import IndexConfig
from searchkit.errors import ConfigError
from searchkit.index.history import history
from searchkit.index.lock import LockHolder, writer_at_work
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

ONE = [{"id": "a", "text": "The old bridge is closed."}]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong") / "index"
    built(folder, range(3))
    return folder


def _chunk(index: Path) -> object:
    with searchkit.open(index) as searcher:
        return searcher.chunk(None)  # type: ignore[arg-type]


def _whoosh(index: Path) -> object:
    with searchkit.open(index) as searcher:
        return searcher.whoosh(weighting=5)


def _build(index: Path, *arguments: Any, **named: Any) -> object:
    return searchkit.build(index.with_name("new"), *arguments, encoder=WordEncoder(), **named)


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (lambda index: searchkit.gc(index, keep="x"), "can't keep 'x'", "1 or more"),
        (lambda index: searchkit.gc(index, keep=True), "can't keep True", "1 or more"),
        (lambda index: searchkit.gc(index, keep=0), "can't keep 0", "1 or more"),
        (lambda index: searchkit.rollback(index, "x"), "a number, not 'x'", "searchkit info"),
        (lambda index: searchkit.rollback(index, 1.0), "a number, not 1.0", "searchkit info"),
        (lambda index: searchkit.delete(index, 5), "takes ids, not 5", "a list of ids"),
        (lambda index: searchkit.add(index, 5, encoder=WordEncoder()), "not int", "in a list"),
        (lambda index: searchkit.update(index, 5, encoder=WordEncoder()), "not int", "in a list"),
        (lambda index: searchkit.rebuild(index, 5, encoder=WordEncoder()), "not int", "in a list"),
        (lambda index: _build(index, 5), "not int", "in a list"),
        (lambda index: _build(index, ONE[0]), "not dict", "in a list"),
        (lambda index: _build(index, article(1)), "not Article", "in a list"),
        (lambda index: _build(index, "articles"), "not 'articles'", "places=['articles']"),
        (lambda index: _build(index, places="articles"), "list of places, not 'articles'", "places=['articles']"),
        (lambda index: _build(index, places=5), "list of places, not 5", "places=['articles']"),
        (lambda index: _build(index, ONE, jobs="x"), "jobs is 'x'", "1 or more"),
        (lambda index: _build(index, ONE, jobs=0), "jobs is 0", "1 or more"),
        (_chunk, "a text, not None", "'ID#0'"),
        (_whoosh, "not 5", "whoosh.scoring"),
    ],
)
def test_a_wrong_argument_is_named_with_what_to_give(
    index: Path, call: Callable[[Path], object], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        call(index)
    assert message in raised.value.message
    assert hint in raised.value.hint
    assert not index.with_name("new").exists()
    assert len(history(index)) == 1


def test_chunks_that_the_encoder_cannot_read_at_once_are_shorter_and_a_note_says_so(tmp_path: Path) -> None:
    encoder, config = WordEncoder(), IndexConfig(chunk_tokens=100_000)
    expected = f"Chunks have {encoder.max_tokens:,} tokens at most, not 100,000: the encoder reads no more at once."
    assert expected in searchkit.build(tmp_path / "index", ONE, encoder=encoder, config=config).notes
    assert expected in searchkit.rebuild(tmp_path / "index", ONE, encoder=encoder).notes
    assert not searchkit.build(
        tmp_path / "short", ONE, encoder=encoder, config=IndexConfig(chunk_tokens=encoder.max_tokens)
    ).notes


def test_a_deletion_names_the_places_that_are_still_there(tmp_path: Path) -> None:
    for name in ("here", "gone"):
        (tmp_path / name).mkdir()
        for number in range(2):
            (tmp_path / name / f"{name}{number}.txt").write_text(f"{name} {number} is a bridge.", encoding="utf-8")
    index, places = tmp_path / "index", [tmp_path / "here", tmp_path / "gone"]
    searchkit.build(index, places=places, encoder=WordEncoder())
    assert searchkit.delete(index, "here0").notes == (
        f"A rebuild or update brings back what is still at {places[0]}, {places[1]}.",
    )
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    assert searchkit.delete(index, "gone0").notes == (f"A rebuild or update brings back what is still at {places[0]}.",)
    (tmp_path / "here").rename(tmp_path / "moved")
    assert searchkit.delete(index, "here1").notes == ()


def test_an_index_is_being_made_only_where_its_lock_says_that_it_is_built(index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    built(folder, range(2))
    (folder / "CURRENT").unlink()
    text = '{"pid": 1, "host": "\'build\'", "purpose": "update", "since": "2026-01-02T03:04:05+00:00"}'
    (folder / "LOCK").write_text(text, encoding="utf-8")
    holder = LockHolder(pid=1, host="'build'", purpose="update", since="2026-01-02T03:04:05+00:00")
    assert writer_at_work(folder / "LOCK") == holder
    with pytest.raises(searchkit.errors.IndexCorrupt, match="nothing says which generation"):
        searchkit.open(folder)
    (folder / "LOCK").write_text(text.replace("update", "build"), encoding="utf-8")
    with pytest.raises(searchkit.errors.IndexNotFound, match="it is being made by process 1 on 'build'"):
        searchkit.open(folder)
