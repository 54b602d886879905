"""Do the loops that move from row to row give what numpy gives for all rows at once, over many blocks and segments?"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.keyword.query.ast import And, Boost, Filter, Fuzzy, Maybe, Not, Or, Pattern, Phrase, Term, Tree
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.scoring.segments import KeywordSegments
from searchkit.storage import native
from tests.keyword.bm25_reference import ANALYZER, Piece, edits, indexed

pytestmark = pytest.mark.skipif(native.COMPILED is None, reason="no compiler was there when searchkit was installed")

WORDS = np.array(["oil", "gas", "sea", "dust", "rye", "oak", "seal", "oats"])
SHARES = [0.6, 0.45, 0.3, 0.03, 0.002, 0.001, 0.01, 0.2]


def term(*words: str) -> Term:
    """Return a word, or several that count as one."""
    return Term(terms=tuple(ANALYZER.stem(word, None) for word in words))


def phrase(*words: str, slop: int = 1) -> Phrase:
    """Return words in order."""
    return Phrase(units=tuple(map(term, words)), offsets=tuple(range(len(words))), slop=slop)


def every(*children: Tree) -> And:
    """Return what all children hold for."""
    return And(children=children)


def pieces(rows: int, chunks: int, seed: int) -> list[Piece]:
    """Return articles of words drawn each by its share, some of them twice, in any order."""
    draw = np.random.default_rng(seed)
    texts = []
    for chosen in draw.random((rows, len(WORDS))) < SHARES:
        words = np.repeat(WORDS[chosen], draw.integers(1, 3, int(chosen.sum())))
        draw.shuffle(words)
        texts.append(" ".join(words) or "none")
    sizes = draw.integers(1, chunks + 1, rows)
    starts = np.cumsum(sizes)[np.cumsum(sizes) < rows].tolist()
    return [
        Piece(texts[first:last], deleted=bool(draw.random() < 0.1))
        for first, last in zip([0, *starts], [*starts, rows], strict=True)
    ]


@pytest.fixture(scope="module", params=[1, 4], ids=["one chunk an article", "several"])
def index(request: pytest.FixtureRequest) -> Iterator[KeywordSegments]:
    with ExitStack() as stack:
        yield stack.enter_context(indexed(pieces(3000, request.param, 1), pieces(700, request.param, 2)))


TREES: list[Tree] = [
    every(term("oil"), term("gas")),
    every(term("sea"), term("rye")),
    every(term("oak"), term("oil"), term("seal"), term("gas")),
    every(term("rye"), term("absent")),
    every(term("dust"), term("dust"), Boost(child=term("oil"), factor=2.0)),
    every(term("dust"), Maybe(child=Or(children=(term("gas"), term("rye"))))),
    every(term("dust"), Not(child=term("oil"))),
    every(term("rye"), Or(children=(term("gas"), term("sea")))),
    every(term("oak"), Filter(field="number", values=("3",))),
    every(phrase("oil", "gas"), term("sea")),
    every(term("gas", "rye"), term("oil", "seal")),
    every(Pattern(text="o*"), Fuzzy(word="seas", distance=1)),
    phrase("oil", "gas"),
    phrase("gas", "oil", "sea"),
    phrase("oil", "oil"),
    phrase("sea", "gas", slop=3),
    phrase("rye", "oil"),
    phrase("rye", "absent"),
    Phrase(units=(term("oil", "rye"), term("gas")), offsets=(0, 1)),
    Not(child=phrase("oil", "gas")),
    term("dust"),
    term("gas", "rye"),
    Pattern(text="sea*"),
    Pattern(text="o?l"),
    Or(children=(phrase("oil", "gas"), every(term("sea"), term("oats")))),
]


@pytest.mark.slow
@pytest.mark.parametrize("tree", TREES, ids=range(len(TREES)))
def test_the_best_rows_are_those_of_numpy_to_the_last_bit(
    monkeypatch: pytest.MonkeyPatch, index: KeywordSegments, tree: Tree
) -> None:
    def resolve(condition: Filter) -> np.ndarray:
        return np.asarray(index.article_of_row % 3 == int(condition.values[0]) % 3)

    draw = np.random.default_rng(5)
    for mask in (None, draw.random(index.rows) < 0.3, draw.random(index.rows) < 0.01):
        found = evaluate(index, tree, mask=mask, resolve=resolve)
        with monkeypatch.context() as patch:
            patch.setattr(native, "COMPILED", None)
            other = evaluate(index, tree, mask=mask, resolve=resolve)
            scores, matched = other.scores, other.matched
        assert found.idf_sum == other.idf_sum
        ranking = sorted(np.flatnonzero(matched).tolist(), key=lambda row: (-scores[row], row))
        for depth in (1, 10, 300):
            best = found.best(depth)
            assert best.rows.tolist() == ranking[:depth]
            assert best.scores.tolist() == scores[ranking[:depth]].tolist()
            assert best.bound == (scores[ranking[depth]] if len(ranking) > depth else -np.inf)


def test_threads_that_share_leaves_get_what_one_gets(index: KeywordSegments) -> None:
    tree = Or(children=(phrase("oil", "gas"), phrase("gas", "sea", "oil"), Pattern(text="o*")))
    alone = evaluate(index, tree).best(50)
    shared = [evaluate(index, tree) for _ in range(5)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: shared[n % 5].best(50 - n % 3), range(80)))
    for n, best in enumerate(found):
        assert best.rows.tolist() == alone.rows[: 50 - n % 3].tolist()
        assert best.scores.tolist() == alone.scores[: 50 - n % 3].tolist()


letters = st.text(st.sampled_from("abcé€😀"), min_size=1, max_size=5)


@given(st.lists(letters, min_size=1, max_size=30, unique=True), st.lists(letters, min_size=1, max_size=4))
@settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_a_sieve_lets_through_all_words_within_one_edit(known: list[str], asked: list[str]) -> None:
    known.sort()
    encoded = [word.encode() for word in known]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.uint32)
    rows = np.arange(len(known), dtype=np.uint32) % 4
    segments = empty_segments()
    starts, terms = np.arange(len(known) + 1, dtype=np.uint32), np.zeros(len(known), np.uint32)
    segments.set_words(0, b"".join(encoded), offsets, rows, starts, terms)
    for _ in range(10):  # after some misspellings the sieve is made
        for word in asked:
            points = np.frombuffer(word.encode("utf-32-le"), np.uint32)
            (found,) = segments.words(2, word.encode(), points, 1)
            expected = [n for n, other in enumerate(known) if rows[n] and edits(word, other) <= 1]
            assert np.frombuffer(found, np.uint32).tolist() == expected


def test_words_of_too_many_letters_are_found_without_a_sieve() -> None:
    known = sorted(chr(0x4E00 + n) * 2 for n in range(1_500))
    encoded = [word.encode() for word in known]
    segments = empty_segments()
    count = len(known)
    offsets = np.arange(0, 6 * count + 1, 6, dtype=np.uint32)
    ones, starts = np.ones(count, np.uint32), np.arange(count + 1, dtype=np.uint32)
    segments.set_words(0, b"".join(encoded), offsets, ones, starts, np.zeros(count, np.uint32))
    for _ in range(12):
        points = np.frombuffer((known[7] + "x").encode("utf-32-le"), np.uint32)
        (found,) = segments.words(2, b"", points, 1)
        assert np.frombuffer(found, np.uint32).tolist() == [7]


def empty_segments(rows: int = 0) -> Any:
    """Return one segment without postings, for the loops."""
    none, zero = np.zeros(0, np.uint32), np.zeros(1, np.uint32)
    bits = np.zeros(0, np.uint8)
    arrays = (bits, none, bits, bits, none, np.zeros(8, np.uint8), none, bits, zero)
    field = native.COMPILED.Field(*arrays, rows, 0, b"", zero, zero, None, None, None)
    return native.COMPILED.Segments([(field, field, *[None] * 8)])


def test_what_does_not_fit_is_refused_before_it_is_followed() -> None:
    segments = empty_segments(2)
    with pytest.raises(IndexError):
        segments.set_articles(1, np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="ascending"):
        segments.set_articles(0, np.array([1, 0], np.int32))
    with pytest.raises(ValueError, match="each row"):
        segments.set_table(0, 0, np.zeros(3, np.uint16), np.zeros(1), np.zeros(4))
    with pytest.raises(ValueError, match="each length"):
        segments.set_table(0, 0, np.array([0, 9], np.uint16), np.zeros(2), np.zeros(8))
    with pytest.raises(TypeError, match="words of a segment"):
        segments.words(0, b"a", np.zeros(0, np.uint32), 0)
    with pytest.raises(TypeError, match="two fields"):
        segments.term(2, b"a")
    leaf = segments.term(0, b"a")
    assert leaf.df == 0
    with pytest.raises(TypeError, match="two words"):
        segments.phrase([leaf], (0,), 1)
    with pytest.raises(TypeError, match="ascend"):
        segments.phrase([leaf, leaf], (1, 0), 1)
    with pytest.raises(TypeError, match="of one field"):
        segments.phrase([leaf, segments.term(1, b"a")], (0, 1), 1)
    with pytest.raises(TypeError, match="packed terms"):
        segments.together(0, [empty_segments(2).term(0, b"a")])
    with pytest.raises(ValueError, match="damaged"):  # there is no such term
        segments.forms(0, [[(4, 0)]], False)
    with pytest.raises(TypeError, match="each segment"):
        segments.forms(0, [], True)
    program = (np.zeros(3, np.int32), np.array([0, 0, 0], np.int32), np.ones(1), np.zeros(0, np.int32), 0, 1, 1)
    with pytest.raises(TypeError, match="fit together"):  # no table was given
        segments.best([leaf], *program, None, [], 5)
    with pytest.raises(TypeError, match="fit together"):  # a step without its leaf
        segments.best([], *program, None, [], 5)
    with pytest.raises(TypeError, match="fit together"):  # a mask of too many rows
        segments.best([leaf], *program, np.zeros(3, bool), [], 5)
    segments.set_words(
        0, b"", np.zeros(1, np.uint32), np.zeros(0, np.uint32), np.zeros(1, np.uint32), np.zeros(0, np.uint32)
    )
    with pytest.raises(TypeError, match="another size"):
        segments.words(2, b"a", np.zeros(1, np.uint8), 1)
    with pytest.raises(ValueError, match="damaged"):
        segments.union(0, (np.array([4], np.uint32).tobytes(),))
