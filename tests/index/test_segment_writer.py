from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.index.build import build
from searchkit.index.paths import ARTICLES, POSTINGS, VECTORS
from searchkit.index.segment_writer import segmented
from searchkit.types import Article
from tests.index.archive import article
from tests.word_encoder import WordEncoder

TEN = "ten chars."


def cut(ids: str) -> list[tuple[int, str]]:
    """Cut articles of ten characters, each with a letter as its id, and say what went where."""
    put: dict[str, int] = {}
    cuts = []
    for number, batch in segmented((Article(id=one, text=TEN) for one in ids), put):
        put |= dict.fromkeys(batch, number)
        cuts.append((number, "".join(batch)))
    return cuts


def test_batches_go_into_one_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchkit.index.segment_writer.BATCH_CHARACTERS", 20)
    assert cut("abcde") == [(0, "ab"), (0, "cd"), (0, "e")]
    assert cut("") == []


def test_an_id_that_came_in_an_earlier_batch_begins_the_next_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchkit.index.segment_writer.BATCH_CHARACTERS", 20)
    assert cut("aabcadeabf") == [(0, "a"), (0, "bc"), (1, "ad"), (2, "ea"), (2, "bf")]


def test_a_segment_that_would_grow_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchkit.index.segment_writer.BATCH_CHARACTERS", 20)
    monkeypatch.setattr("searchkit.index.segment_writer.SEGMENT_CHARACTERS", 50)
    assert cut("abcdefg") == [(0, "ab"), (0, "cd"), (1, "ef"), (1, "g")]
    monkeypatch.setattr("searchkit.index.segment_writer.SEGMENT_CHARACTERS", 10)
    assert cut("abc") == [(0, "a"), (1, "b"), (2, "c")]


def test_a_build_writes_the_same_bytes_whatever_is_held_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [article(number) for number in range(30)]
    build(tmp_path / "whole", given, encoder=WordEncoder())
    monkeypatch.setattr("searchkit.index.segment_writer.BATCH_CHARACTERS", 200)
    build(tmp_path / "cut", given, encoder=WordEncoder())
    for name in (ARTICLES, POSTINGS, VECTORS):
        whole, parts = (tmp_path / built / "segments" / "000001" / name for built in ("whole", "cut"))
        assert parts.read_bytes() == whole.read_bytes()
    assert [path.name for path in (tmp_path / "cut" / "segments").iterdir()] == ["000001"]
