"""Do the statistics without deleted rows equal those of an index that never had them?"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.errors import IndexCorrupt
from searchkit.keyword.postings.deletion_stats import FieldDelta, PostingsDelta, deltas, read_delta, write_delta
from searchkit.keyword.postings.reader import FieldName, PostingsReader
from tests.keyword.chunks import CHUNKS, LISTS, Chunk, build


@given(LISTS, st.sets(st.integers(0, 11)), st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_what_is_left_counts_like_an_index_built_without(chunks: list[Chunk], gone: set[int], weight: int):
    deleted = [chunk for row, chunk in enumerate(chunks) if row in gone]
    kept = [chunk for row, chunk in enumerate(chunks) if row not in gone]
    with (
        TemporaryDirectory() as folder,
        build(Path(folder) / "all", chunks, title_weight=weight) as reader,
        build(Path(folder) / "kept", kept, title_weight=weight) as afresh,
    ):
        delta = deltas(reader, deleted)
        write_delta(Path(folder) / "delta", delta)
        delta = read_delta(Path(folder) / "delta", reader)
        assert delta.rows == len(deleted)
        for name in ("text", "title"):
            assert living(reader, delta, name) == statistics(afresh, name)
        assert living_words(reader, delta) == {
            afresh.words.word(at): afresh.words.count(at) for at in range(len(afresh.words))
        }


def test_the_same_deletions_give_the_same_bytes_in_any_order(tmp_path: Path):
    with build(tmp_path / "p", CHUNKS) as reader:
        write_delta(tmp_path / "a", deltas(reader, CHUNKS))
        write_delta(tmp_path / "b", deltas(reader, CHUNKS[::-1]))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "stranger",
    [
        ("", "", "a word that isn't there: xylophone", "en"),
        ("", "", "missiles " * 500, "en"),
        ("Missiles", "", "", "en"),
    ],
)
def test_a_chunk_that_the_segment_never_held_is_refused(tmp_path: Path, stranger: Chunk):
    with build(tmp_path / "segment", CHUNKS) as reader, pytest.raises(IndexCorrupt, match="segment"):
        deltas(reader, [stranger])


def test_a_missing_delta_is_named(tmp_path: Path):
    with build(tmp_path / "p", CHUNKS) as reader, pytest.raises(IndexCorrupt, match="nothing"):
        read_delta(tmp_path / "nothing", reader)


@pytest.mark.parametrize("harm", ["rows", "ids", "order", "much", "total", "words", "word_counts", "uneven"])
def test_a_delta_that_doesnt_fit_its_segment_is_refused(tmp_path: Path, harm: str):
    with build(tmp_path / "p", CHUNKS) as reader:
        good = deltas(reader, CHUNKS[:2])
        write_delta(tmp_path / "delta", harmed(good, harm))
        with pytest.raises(IndexCorrupt, match="delta"):
            read_delta(tmp_path / "delta", reader)


def harmed(good: PostingsDelta, harm: str) -> PostingsDelta:
    ids, df, cf, total = good.text.term_ids.copy(), good.text.df.copy(), good.text.cf.copy(), good.text.total_length
    rows, words, counts = good.rows, good.words.copy(), good.word_counts.copy()
    if harm == "rows":
        rows = 100
    elif harm == "ids":
        ids[-1] = 4_000_000_000
    elif harm == "order":
        ids[:2] = ids[1::-1]
    elif harm == "much":
        df[0] += 100
    elif harm == "total":
        total += 1
    elif harm == "words":
        words[-1] = 4_000_000_000
    elif harm == "word_counts":
        counts[0] += 100
    else:
        df = df[:-1]
    text = FieldDelta(term_ids=ids, df=df, cf=cf, total_length=total)
    return PostingsDelta(rows=rows, text=text, title=good.title, words=words, word_counts=counts)


Statistics = tuple[dict[str, tuple[int, int]], int]


def statistics(reader: PostingsReader, name: FieldName) -> Statistics:
    field = reader.field(name)
    terms = {field.term(at): (field.df(at), field.cf(at)) for at in range(field.term_count)}
    return terms, field.total_length


def living(reader: PostingsReader, delta: PostingsDelta, name: FieldName) -> Statistics:
    field, taken = reader.field(name), {"text": delta.text, "title": delta.title}[name]
    df, cf = field.frequencies(np.arange(field.term_count))
    df[taken.term_ids] -= taken.df
    cf[taken.term_ids] -= taken.cf.astype(np.int64)
    assert not np.any((df == 0) != (cf == 0))
    left = {field.term(at): (int(df[at]), int(cf[at])) for at in np.flatnonzero(df).tolist()}
    return left, field.total_length - taken.total_length


def living_words(reader: PostingsReader, delta: PostingsDelta) -> dict[str, int]:
    counts = reader.words.counts.astype(np.int64)
    counts[delta.words] -= delta.word_counts
    return {reader.words.word(at): int(counts[at]) for at in np.flatnonzero(counts).tolist()}
