"""Chunk terms: what the cluster's analyzer is given stands for the words and lengths of our own index."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchkit import Article, Chunk, build
from searchkit.index.generation import open_generation
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.opensearch.chunk_terms import FILL, GAP, STACKED, kept_length, terms_of
from tests.contract.archive import ARTICLES
from tests.word_encoder import WordEncoder


def test_joined_words_share_a_position_and_parts_follow() -> None:
    article = Article(id="a", title="S-300", text="Russia gave the S-300 missiles.", language="en")
    chunk = _chunks(article)[0]
    (terms,) = terms_of(Analyzer(), article, [chunk], title_weight=1, unknown_as="")
    assert terms.title.terms[0] == "s300|s 300"
    assert terms.text.terms[:2] == ("s300|s 300", "russia gave the s300|s 300 missil")
    assert terms.text.forms[:2] == ("s300|s 300", "russia gave the s300|s 300 missiles")
    assert terms.text.length == 3 + 7


def test_terms_and_lengths_are_those_of_an_index_in_a_folder(tmp_path: Path) -> None:
    build(tmp_path / "index", ARTICLES, encoder=WordEncoder())
    with open_generation(tmp_path / "index") as generation:
        (segment,) = generation.segments
        text, unknown_as = segment.postings.field("text"), generation.manifest.unknown_as
        weight, row = generation.manifest.config.title_weight, 0
        for number in range(segment.fact.articles):
            stored = segment.articles.stored(number)
            chunks = segment.articles.chunks(stored.chunk, stored.chunks, stored.article)
            for terms in terms_of(Analyzer(), stored.article, chunks, title_weight=weight, unknown_as=unknown_as):
                assert terms.text.length == int(text.lengths[row])
                words = {part for value in terms.text.terms for place in value.split() for part in place.split(STACKED)}
                for word in words - {FILL, GAP}:
                    term_id = text.term_id(word)
                    assert term_id is not None
                    assert row in text.postings(term_id)[0]
                row += 1


@given(st.integers(0, 200_000))
def test_the_length_that_is_kept_is_the_nearest(length: int) -> None:
    article = Article(id="a", text=" ".join(["word"] * min(length, 2_000)), language="en")
    if not article.text:
        return
    (terms,) = terms_of(Analyzer(), article, [_chunks(article)[0]], title_weight=1, unknown_as="")
    positions = sum(len(value.split()) for value in terms.text.terms)
    steps = [kept for kept in range(24, 4_000) if kept_length(kept) == kept]
    nearest = min((abs(step - terms.text.length) for step in steps), default=0)
    if terms.text.length >= 24:
        assert abs(kept_length(positions) - terms.text.length) == nearest
    assert terms.text.tokens == positions


@pytest.mark.parametrize(
    ("length", "kept"), [(0, 0), (23, 23), (39, 39), (40, 40), (41, 40), (57, 56), (152, 152), (167, 152)]
)
def test_lucene_keeps_four_bits_of_a_length(length: int, kept: int) -> None:
    assert kept_length(length) == kept


def _chunks(article: Article) -> list[Chunk]:
    return [Chunk(article_id=article.id, ordinal=0, start=0, end=len(article.text), text=article.text)]
