"""Do the compiled loops and numpy give the same, to the last bit and byte?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.cli.commands.doctor import examine
from searchkit.keyword.postings.bitpacking import (
    PADDING,
    pack_bits,
    pack_lanes,
    packed_bytes,
    unpack_bits,
    unpack_lanes,
)
from searchkit.keyword.postings.writer import PostingsWriter
from searchkit.keyword.query.ast import Filter, Maybe, Or, Term, Tree
from searchkit.storage import native
from tests.keyword.bm25_reference import ANALYZER, Piece, edits, indexed
from tests.keyword.random_trees import archives, trees

T = TypeVar("T")

compiled = pytest.mark.skipif(native.COMPILED is None, reason="no compiler was there when searchkit was installed")
steady = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # what it changes is changed back in each example
)


def both(monkeypatch: pytest.MonkeyPatch, ask: Callable[[], T]) -> tuple[T, T]:
    """Return the answer of the compiled loops and that of numpy."""
    ours = ask()
    with monkeypatch.context() as patch:
        patch.setattr(native, "COMPILED", None)
        return ours, ask()


@pytest.mark.slow
@compiled
@given(archives(chunks=3), trees, st.booleans())
@steady
def test_scores_are_the_same_to_the_last_bit(
    monkeypatch: pytest.MonkeyPatch, archive: list[list[Piece]], tree: Tree, masked: bool
) -> None:
    from searchkit.keyword.scoring.evaluator import evaluate

    with indexed(*archive) as index:
        mask = np.arange(index.rows) % 3 != 1 if masked else None

        def resolve(condition: Filter) -> np.ndarray:
            return np.isin(index.article_of_row, list(map(int, condition.values)))

        def answer() -> list[Any]:
            found = evaluate(index, tree, mask=mask, resolve=resolve)
            return [found.scores.tolist(), found.matched.tolist(), found.allowed.tolist(), found.idf_sum, found.notes]

        ours, theirs = both(monkeypatch, answer)
        assert ours == theirs


@compiled
@pytest.mark.parametrize("rare", [False, True])
def test_many_windows_and_blocks_give_what_numpy_gives(monkeypatch: pytest.MonkeyPatch, rare: bool) -> None:
    from searchkit.keyword.scoring.evaluator import evaluate

    draw = np.random.default_rng(3)
    words = np.array(["oil", "gas", "sea", "dust", "rye"])
    each = [0.01, 0.02, 0.03, 0.01, 0.005] if rare else [0.6, 0.5, 0.3, 0.02, 0.001]
    chosen = draw.random((20_000, 5)) < each
    pieces = [Piece([" ".join(words[row]) or "none"], deleted=bool(n % 11 == 0)) for n, row in enumerate(chosen)]
    with indexed(pieces) as index:
        tree = Or(children=tuple(Term(terms=(ANALYZER.stem(word, None),)) for word in words))

        def answer(mask: np.ndarray | None) -> tuple[list[float], float, list[float]]:
            found = evaluate(index, tree, mask=mask)
            best = found.best(25)
            return sorted(best.scores.tolist()), best.bound, found.at(np.arange(0, 20_000, 37)).tolist()

        for mask in (None, draw.random(20_000) < 0.2):
            ours, theirs = both(monkeypatch, partial(answer, mask))
            assert ours == theirs


@compiled
@given(archives(chunks=3), trees, st.integers(1, 5))
@steady
def test_articles_scored_in_one_call_have_the_scores_of_their_chunks(
    archive: list[list[Piece]], tree: Tree, most: int
) -> None:
    from searchkit.keyword.scoring.evaluator import evaluate
    from searchkit.search.ranking import votes

    with indexed(*archive) as index:
        evaluated = partial(evaluate, index, tree, resolve=lambda _: np.arange(index.rows) % 2 == 0)
        best = (matches := evaluated()).best(8)
        voted = matches.voted(best, most, 0.15, 5)
        assert voted is not None
        of_best = index.article_of_row[best.rows].tolist()
        first = list(dict.fromkeys(of_best))
        assert voted.articles.tolist() == sorted(first[:most])
        assert voted.looked == (of_best.index(first[most]) if len(first) > most else len(of_best))
        rows = np.flatnonzero(np.isin(index.article_of_row, voted.articles))
        assert voted.rows.tolist() == rows.tolist()
        scores, matched = evaluated().scored(rows)
        assert (voted.of_rows.tolist(), voted.matched.tolist()) == (scores.tolist(), matched.tolist())
        assert voted.scores.tolist() == votes(index.article_of_row[rows], scores, 0.15)[1].tolist()


@compiled
def test_rows_and_articles_that_arent_there_are_refused() -> None:
    from searchkit.keyword.scoring.evaluator import evaluate

    with indexed([Piece(["oil gas", "oil"]), Piece(["gas"])]) as index:
        matches = evaluate(index, Maybe(child=Term(terms=("oil",))))
        matches.best(3)
        program, segments = matches._windows._plan_arguments, index.parts.segments
        fine = np.array([0, 2], np.int64)
        with pytest.raises(TypeError):  # nobody has said yet which article each row is of
            segments.voted(*program, fine, 2, 0.15, 5)
        index.parts.make_ready(frozenset({"text"}), articles=True)
        assert np.frombuffer(segments.voted(*program, fine, 2, 0.15, 5)[0], np.int64).tolist() == [0, 1]
        assert segments.voted(*program, np.zeros(0, np.int64), 2, 0.15, 5)[:3] == (b"", b"", 0)
        for row in (-1, 3, 2**62, -(2**62)):
            with pytest.raises(TypeError):
                segments.voted(*program, np.array([0, row], np.int64), 2, 0.15, 5)
        for rows, most, voters in ((fine, 0, 5), (fine, 257, 5), (fine, 2, 0), (fine, 2, 17), (None, 2, 5)):
            with pytest.raises(TypeError):
                segments.voted(*program, rows, most, 0.15, voters)
        with pytest.raises(TypeError):
            segments.voted(*program, np.array([0], np.int32), 2, 0.15, 5)


numbers = st.lists(st.one_of(st.integers(0, 7), st.integers(0, 2**32 - 1)), min_size=128, max_size=128)


@given(st.lists(numbers, max_size=3))
@steady
def test_lanes_hold_what_was_packed(monkeypatch: pytest.MonkeyPatch, blocks: list[list[int]]) -> None:
    given_numbers = np.array([number for block in blocks for number in block], np.uint32)
    (packed, bits), (again, bits_again) = both(monkeypatch, lambda: pack_lanes(given_numbers))
    assert (packed, bits.tolist()) == (again, bits_again.tolist())
    sizes = 16 * bits.astype(np.int64)
    found = unpack_lanes(np.frombuffer(packed, np.uint8), np.cumsum(sizes) - sizes, bits)
    assert found.ravel().tolist() == given_numbers.tolist()


@given(st.lists(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 2**32 - 1)), min_size=1, max_size=40), max_size=5))
@steady
def test_bits_hold_what_was_packed(monkeypatch: pytest.MonkeyPatch, blocks: list[list[int]]) -> None:
    given_numbers = np.array([number for block in blocks for number in block], np.uint32)
    starts = np.cumsum([0, *map(len, blocks)])
    (packed, bits), (again, bits_again) = both(monkeypatch, lambda: pack_bits(given_numbers, starts))
    assert (packed, bits.tolist()) == (again, bits_again.tolist())
    if blocks:
        sizes = packed_bytes(np.diff(starts), bits)
        widths = np.repeat(bits.astype(np.int64), np.diff(starts))
        inside = np.arange(len(given_numbers)) - np.repeat(starts[:-1], np.diff(starts))
        at = 8 * np.repeat(np.cumsum(sizes) - sizes, np.diff(starts)) + inside * widths
        padded = np.frombuffer(packed + bytes(PADDING), np.uint8)
        assert unpack_bits(padded, at, widths).tolist() == given_numbers.tolist()


@compiled
def test_the_same_file_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def write() -> bytes:
        with PostingsWriter(ANALYZER, 2, flush_chunks=30) as builder:
            for row in range(100):
                builder.add("Air bases", "S-300", f"missile {row % 7} x{row} " * (1 + row % 5) + "жаба U.S.", "en")
            builder.write(tmp_path / "p")
        return (tmp_path / "p").read_bytes()

    ours, theirs = both(monkeypatch, write)
    assert ours == theirs


letters = st.text(st.sampled_from("abcé€😀"), min_size=1, max_size=6)


@compiled
@given(st.lists(letters, min_size=1, max_size=40, unique=True), letters, st.integers(0, 3))
@steady
def test_words_within_some_edits_are_all_found(words: list[str], wanted: str, limit: int) -> None:
    words.sort()
    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.uint32)
    rows = np.arange(len(words), dtype=np.uint32) % 5
    points = np.frombuffer(wanted.encode("utf-32-le"), np.uint32)
    places, found = native.COMPILED.near(b"".join(encoded), offsets, rows, points, limit)
    distances = {n: edits(wanted, word) for n, word in enumerate(words) if rows[n]}
    expected = {n: distance for n, distance in distances.items() if distance <= limit}
    assert dict(zip(np.frombuffer(places, np.uint32).tolist(), found, strict=True)) == expected


@compiled
def test_what_is_wrong_is_refused_before_it_is_followed() -> None:
    words = (b"abc", np.array([0, 9], np.uint32))
    with pytest.raises(ValueError, match="fit"):
        native.COMPILED.find(*words, b"a")
    with pytest.raises(ValueError, match="damaged"):
        native.COMPILED.near(*words, np.ones(1, np.uint32), np.array([97], np.uint32), 1)
    with pytest.raises(ValueError, match="whole blocks"):
        native.COMPILED.pack(np.zeros(5, np.uint32))
    with pytest.raises(TypeError):
        native.COMPILED.pack(np.zeros(128, np.uint64))
    with pytest.raises(ValueError, match="outside"):
        native.COMPILED.pack_positions(np.zeros(5, np.uint32), np.array([0, 6], np.int64))


@pytest.mark.slow
def test_doctor_says_which_loops_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        return next(check.found for check in examine() if check.name == "keyword loops")

    with monkeypatch.context() as patch:
        patch.setattr(native, "COMPILED", None)
        assert "numpy" in said()
        patch.setattr(native, "COMPILED", object())
        assert said() == "compiled"
