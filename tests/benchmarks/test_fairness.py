from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from scripts.benchmarks import timing
from scripts.benchmarks.corpus import BLOCK, MEAN_WORDS, TAGS, Corpus, MadeEncoder
from scripts.benchmarks.questions import CLASSES, DATE_SHARE, Asked, questions
from scripts.benchmarks.systems import BM25S, OURS, SYSTEMS, TANTIVY

CORPUS = Corpus(100)


@dataclass
class Fixed:
    """Answers every query with the same rows, and counts how often it was asked."""

    rows: Sequence[int]
    can: frozenset[str] = frozenset({"or"})
    asked: list[Asked] = field(default_factory=list)
    takes_s: float = 1e-6

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        self.asked.append(asked)
        return self.rows[:k]

    def close(self) -> None:
        """Nothing is to be closed."""


def test_the_archive_is_the_same_each_time_and_a_larger_one_begins_with_it() -> None:
    (small,) = CORPUS.blocks()
    larger = next(iter(Corpus(BLOCK + 50).blocks()))
    assert len(small) == 100
    assert larger[:100] == small


def test_an_archive_that_was_kept_is_the_one_that_was_made(tmp_path: Path) -> None:
    kept = Corpus(BLOCK, kept=tmp_path)
    assert kept.block(0) == kept.block(0) == CORPUS.block(0)
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_the_archive_is_as_long_as_it_says_and_tagged_as_often() -> None:
    chunks = CORPUS.block(0)
    assert abs(np.mean([made.text.count(" ") + 1 for made in chunks]) - MEAN_WORDS) < 5
    for tag, share in TAGS.items():
        assert abs(np.mean([tag in made.tags for made in chunks]) - share) < 0.02


def test_made_vectors_have_length_1_and_stand_in_clusters() -> None:
    vectors = MadeEncoder().encode_chunks([made.text for made in CORPUS.block(0)[:2000]])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    nearest = np.sort(vectors[:50] @ vectors.T, axis=1)[:, -2]
    assert nearest.mean() > 0.3


def test_each_class_asks_what_it_says_and_what_the_archive_can_answer() -> None:
    words = {word for made in CORPUS.block(0)[:100] for word in made.text.lower().replace(",", "").split()}
    for one in CLASSES:
        for asked in questions(CORPUS, one, 5):
            assert len(asked.words) == one.words
            assert asked.tag == one.tag
            if one.date:
                assert asked.days is not None
                assert asked.days[1] - asked.days[0] + 1 == 4000 * DATE_SHARE
            if one.kind in {"or", "and"} and not one.date:
                assert any(word in words for word in asked.words)


def test_every_system_that_is_left_out_of_large_archives_says_why() -> None:
    assert all(one.why for one in SYSTEMS if one.largest < 1_000_000)


def test_peers_are_asked_the_same_queries_in_turn_and_slow_rounds_are_forgiven() -> None:
    mine, theirs = Fixed(range(10)), Fixed(range(10))
    found = timing.time_class({OURS: mine, TANTIVY: theirs}, CORPUS, CLASSES[0], 10, number=7, budget_s=9.0)
    assert mine.asked == theirs.asked
    assert len(mine.asked) == 3 * 7
    assert found[OURS]["ratio"] == [1.0, 1.0, 1.0]
    assert found[TANTIVY]["n"] == 7


def test_a_hybrid_query_is_never_asked_twice() -> None:
    one = next(known for known in CLASSES if known.kind == "hybrid")
    mine = Fixed(range(10), can=frozenset({"hybrid"}))
    timing.time_class({OURS: mine}, CORPUS, one, 10, number=7, budget_s=9.0)
    assert len(mine.asked) == len({asked.words for asked in mine.asked}) == 12


def test_fresh_queries_are_asked_once_and_by_no_other_measurement() -> None:
    mine, theirs = Fixed(range(10)), Fixed(range(10))
    timing.time_class({OURS: mine, TANTIVY: theirs}, CORPUS, CLASSES[1], 10, number=7, budget_s=9.0, fresh=True)
    asked = {one.words for one in mine.asked}
    assert mine.asked == theirs.asked
    assert len(mine.asked) == len(asked) == 5 + 7
    assert asked.isdisjoint(one.words for one in questions(CORPUS, CLASSES[1], 100))


@pytest.mark.parametrize(("fresh", "asked"), [(True, 5 + 8), (False, 5 * 3)])
def test_a_slow_peer_is_asked_less(monkeypatch: pytest.MonkeyPatch, fresh: bool, asked: int) -> None:
    def timed(peer: Fixed, query: Asked, k: int) -> tuple[float, float]:
        peer.search(query, k)
        return peer.takes_s, peer.takes_s

    monkeypatch.setattr(timing, "_timed", timed)
    peers = {OURS: Fixed(range(10)), TANTIVY: Fixed(range(10), takes_s=0.01)}
    found = timing.time_class(peers, CORPUS, CLASSES[0], 10, number=30, budget_s=0.08, fresh=fresh)
    assert found[OURS]["n"] == 30
    assert found[TANTIVY]["n"] == (8 if fresh else 5)
    assert found[TANTIVY]["ratio"] == [1e-4] * 3
    assert len(peers[TANTIVY].asked) == asked


def test_a_peer_that_cannot_answer_a_class_is_not_asked() -> None:
    other = Fixed(range(10), can=frozenset({"and"}))
    found = timing.time_class({OURS: Fixed(range(10)), TANTIVY: other}, CORPUS, CLASSES[0], 10, number=2, budget_s=9.0)
    assert list(found) == [OURS]
    assert other.asked == []


def test_answers_that_differ_too_much_are_named() -> None:
    peers = {OURS: Fixed(range(10)), TANTIVY: Fixed(range(1, 11)), BM25S: Fixed(range(5, 15))}
    shares = {"OR 2": timing.agreement(peers, CORPUS, CLASSES[0], number=2)}
    assert shares == {"OR 2": {TANTIVY: 0.9, BM25S: 0.5}}
    (message,) = timing.disagreeing(shares)
    assert message.startswith(f"{BM25S} shares only 0.50 of the best ten of 'OR 2'")


def test_quantiles_are_values_that_so_many_percent_do_not_exceed() -> None:
    assert timing.quantiles([float(value) for value in range(1, 101)]) == [50.5, 95.0, 99.0]
    assert timing.quantiles([3.0]) == [3.0, 3.0, 3.0]
