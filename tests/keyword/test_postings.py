"""Does the file give back every occurrence of every term, and nothing else?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.errors import StorageError
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.postings.inverter import PART_GAP
from searchkit.keyword.postings.reader import FieldName, PostingsReader
from searchkit.keyword.postings.writer import PostingsStats, PostingsWriter
from searchkit.storage import native
from tests.keyword.chunks import CHUNKS, LISTS, Chunk, build


def test_postings_tell_rows_counts_and_positions(tmp_path: Path):
    with build(tmp_path / "p", CHUNKS) as reader:
        text = reader.field("text")
        missil = known(text.term_id("missil"))
        rows, counts = text.postings(missil)
        assert (rows.tolist(), counts.tolist()) == ([0, 1], [2, 1])
        assert (text.df(missil), text.cf(missil)) == (2, 3)
        positions, starts = text.positions(missil)
        begin = (
            2 * PART_GAP + 8 + PART_GAP
        )  # the title's four words twice, then title, title and heading are left behind
        assert positions.tolist() == [begin + 5, begin + 7, begin + 2]
        assert starts.tolist() == [0, 2, 3]


def test_title_counts_as_often_as_it_weighs_in_text_and_once_in_title(tmp_path: Path):
    with build(tmp_path / "p", CHUNKS, title_weight=3) as reader:
        text, title = reader.field("text"), reader.field("title")
        assert text.postings(known(text.term_id("caraca")))[1].tolist() == [4, 3]
        assert title.postings(known(title.term_id("caraca")))[1].tolist() == [1, 1]
        assert title.term_id("missil") is None
        assert reader.title_weight == 3


def test_lengths_are_the_sums_of_counts_without_what_is_uncounted(tmp_path: Path):
    with build(tmp_path / "p", CHUNKS) as reader:
        assert reader.rows == len(CHUNKS)
        for name in ("text", "title"):
            field = reader.field(name)
            lengths = np.zeros(reader.rows, np.int64)
            for term_id in range(field.term_count):
                rows, counts = field.postings(term_id)
                lengths[rows] += counts
            uncounted = lengths - field.lengths
            assert field.total_length == field.lengths.sum()
            assert field.uncounted == uncounted.sum()


@pytest.mark.parametrize(
    ("text", "language", "length"),
    [
        ("警方在码头找到导弹", "zh", 8),  # pairs of characters; each character alone is found, too
        ("猫", "ja", 1),
        ("S-300VM", "en", 5),  # s300vm, s, 300, vm, s300
        ("ışıklar", "tr", 1),  # two stems
        ("the missiles", "en", 2),
    ],
)
@pytest.mark.parametrize("compiled", [True, False])
def test_a_length_counts_what_a_query_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, language: str, length: int, compiled: bool
):
    if not compiled:
        monkeypatch.setattr(native, "COMPILED", None)
    with build(tmp_path / "p", [("", "", text, language)]) as reader:
        assert reader.field("text").lengths.tolist() == [length]


def test_no_phrase_crosses_from_title_to_heading_to_chunk(tmp_path: Path):
    with build(tmp_path / "p", [("alpha", "beta", "gamma", None)]) as reader:
        text = reader.field("text")
        alpha, beta, gamma = (
            text.positions(known(text.term_id(term)))[0].tolist() for term in ("alpha", "beta", "gamma")
        )
        places = sorted(alpha + beta + gamma)
        assert len(places) == 4
        assert min(np.diff(places)) > PART_GAP


def test_words_are_surfaces_with_their_terms_and_rows(tmp_path: Path):
    with build(tmp_path / "p", CHUNKS) as reader:
        words, text = reader.words, reader.field("text")
        index = known(words.find("missiles"))
        assert [text.term(term) for term in words.terms_of(index)] == ["missil", "missiles"]
        assert words.count(index) == words.counts[index] == 3
        assert [words.word(at) for at in words.prefix("pan")] == ["panzer"]
        assert words.find("panz") is None
        everything = words.slice(0, len(words))
        assert everything == sorted(everything)
        assert [word for _, batch in words.scan(range(len(words)), batch=3) for word in batch] == everything
        assert words.terms_of_many(words.prefix("")).tolist() == list(range(text.term_count))
        assert words.terms_of_many([]).tolist() == []
        for term_id in range(text.term_count):
            assert words.words_of(term_id) == [
                word for word in everything if term_id in words.terms_of(known(words.find(word)))
            ]
        assert words.words_of(text.term_count) == []


def test_terms_are_found_by_prefix_and_place(tmp_path: Path):
    with build(tmp_path / "p", CHUNKS) as reader:
        text = reader.field("text")
        terms = [text.term(term_id) for term_id in range(text.term_count)]
        assert terms == sorted(terms)
        assert text.terms([terms.index("missiles"), 0]) == ["missiles", terms[0]]
        assert terms[text.first_id_from("missiles")] == "missiles"
        assert text.first_id_from("\U0010ffff") == text.term_count
        with pytest.raises(IndexError):
            text.terms([0, text.term_count])
        assert text.term_id("") is None
        df, cf = text.frequencies(np.arange(text.term_count))
        assert df.tolist() == [text.df(term_id) for term_id in range(text.term_count)]
        assert cf.tolist() == [text.cf(term_id) for term_id in range(text.term_count)]


@pytest.mark.parametrize("term_id", [-1, 10_000])
def test_a_term_id_that_doesnt_exist_is_an_index_error(tmp_path: Path, term_id: int):
    with build(tmp_path / "p", CHUNKS) as reader:
        text = reader.field("text")
        for ask in (text.term, text.df, text.cf, text.postings, text.positions, reader.words.terms_of):
            with pytest.raises(IndexError):
                ask(term_id)
        with pytest.raises(IndexError):
            text.frequencies(np.array([term_id]))


@given(LISTS, st.integers(1, 4), st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_the_file_equals_what_counting_by_hand_gives(chunks: list[Chunk], flush: int, weight: int):
    with TemporaryDirectory() as folder, build(Path(folder) / "p", chunks, title_weight=weight, flush=flush) as reader:
        for name in ("text", "title"):
            assert dump(reader, name) == by_hand(chunks, name, weight)
        assert words_of(reader) == words_by_hand(chunks, weight)


@given(LISTS, st.integers(1, 5))
@settings(deadline=None, max_examples=40)
def test_where_runs_end_changes_no_byte(chunks: list[Chunk], flush: int):
    with TemporaryDirectory() as folder:
        whole, parts = Path(folder) / "whole", Path(folder) / "parts"
        build(whole, chunks).close()
        build(parts, chunks, flush=flush).close()
        assert whole.read_bytes() == parts.read_bytes()


def test_the_hash_seed_changes_no_byte(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from tests.keyword.chunks import CHUNKS, build;"
        "build(Path(sys.argv[1]), CHUNKS, flush=2).close()"
    )
    written = []
    for seed in ("1", "2"):
        path = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=environment)
        written.append(path.read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("flush", [100, 3])
def test_large_counts_long_rows_and_many_positions_are_exact(tmp_path: Path, flush: int):
    chunks: list[Chunk] = [("", "", "x " * count + "y", None) for count in (254, 255, 300, 70_000, 1)]
    with build(tmp_path / "p", chunks, flush=flush) as reader:
        text = reader.field("text")
        x, y = known(text.term_id("x")), known(text.term_id("y"))
        assert text.postings(x)[1].tolist() == [254, 255, 300, 70_000, 1]
        assert text.lengths.tolist() == [255, 256, 301, 70_001, 2]
        begin = 3 * PART_GAP
        assert text.positions(y)[0].tolist() == [begin + count for count in (254, 255, 300, 70_000, 1)]
        flat, starts = text.positions_of(x, np.array([1, 3], np.uint32))
        assert starts.tolist() == [0, 255, 70_255]
        assert flat.tolist() == [*range(begin, begin + 255), *range(begin, begin + 70_000)]


@pytest.mark.parametrize("step", [1, 7, 900])
def test_positions_of_some_rows_are_those_of_all(tmp_path: Path, step: int):
    chunks: list[Chunk] = [
        ("", "", "b " * (row % 3) + "a " * (300 if row % 97 == 0 else row % 4), None) for row in range(2000)
    ]
    with build(tmp_path / "p", chunks) as reader:
        text = reader.field("text")
        for term in ("a", "b"):
            term_id = known(text.term_id(term))
            rows, _ = text.postings(term_id)
            flat, starts = text.positions(term_id)
            all_positions = {row: flat[starts[at] : starts[at + 1]].tolist() for at, row in enumerate(rows.tolist())}
            asked = np.arange(0, 2000, step, dtype=np.uint32)
            flat, starts = text.positions_of(term_id, asked)
            assert [flat[starts[at] : starts[at + 1]].tolist() for at in range(len(asked))] == [
                all_positions.get(row, []) for row in asked.tolist()
            ]
        assert text.positions_of(term_id, np.zeros(0, np.uint32))[1].tolist() == [0]


def test_no_chunks_make_a_file_that_finds_nothing(tmp_path: Path):
    with build(tmp_path / "p", []) as reader:
        text = reader.field("text")
        assert (reader.rows, text.term_count, text.total_length, len(text.lengths), len(reader.words)) == (
            0,
            0,
            0,
            0,
            0,
        )
        assert text.term_id("a") is None
        assert reader.words.prefix("a") == range(0)


def test_stats_tell_what_was_written(tmp_path: Path):
    with PostingsWriter(Analyzer(), 2) as builder:
        for chunk in CHUNKS:
            builder.add(*chunk)
        stats = builder.write(tmp_path / "p")
    with PostingsReader(tmp_path / "p") as reader:
        assert stats == PostingsStats(
            rows=reader.rows,
            terms=reader.field("text").term_count,
            words=len(reader.words),
            occurrences=reader.field("text").total_length + reader.field("text").uncounted,
            bytes=(tmp_path / "p").stat().st_size,
        )


def test_what_was_put_aside_is_gone_after_writing_and_after_giving_up(tmp_path: Path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    build(tmp_path / "p", CHUNKS, flush=1, scratch=scratch).close()
    assert list(scratch.iterdir()) == []
    with PostingsWriter(Analyzer(), 1, scratch=scratch, flush_chunks=1) as builder:
        for chunk in CHUNKS:
            builder.add(*chunk)
        assert list(scratch.iterdir()) != []
    assert list(scratch.iterdir()) == []


def test_a_folder_that_isnt_there_is_a_storage_error(tmp_path: Path):
    with PostingsWriter(Analyzer(), 1) as builder, pytest.raises(StorageError, match="nowhere"):
        builder.write(tmp_path / "nowhere" / "p")
    with PostingsWriter(Analyzer(), 1, scratch=tmp_path / "nowhere", flush_chunks=1) as builder:
        builder.add(*CHUNKS[0])
        builder.add(*CHUNKS[1])
        with pytest.raises(StorageError, match="nowhere"):
            builder.add(*CHUNKS[2])


def test_arrays_stay_valid_after_closing(tmp_path: Path):
    reader = build(tmp_path / "p", CHUNKS)
    text = reader.field("text")
    rows, _ = text.postings(known(text.term_id("missil")))
    reader.close()
    del reader, text
    assert rows.tolist() == [0, 1]


def known(index: int | None) -> int:
    assert index is not None
    return index


def dump(reader: PostingsReader, name: FieldName) -> dict[str, dict[int, list[int]]]:
    """Read everything: term -> row -> positions."""
    field, found = reader.field(name), {}
    for term_id in range(field.term_count):
        rows, counts = field.postings(term_id)
        flat, starts = field.positions(term_id)
        assert np.diff(starts).tolist() == counts.tolist()
        found[field.term(term_id)] = {
            row: flat[starts[at] : starts[at + 1]].tolist() for at, row in enumerate(rows.tolist())
        }
        assert field.term_id(field.term(term_id)) == term_id
    return found


def by_hand(chunks: list[Chunk], name: FieldName, weight: int) -> dict[str, dict[int, list[int]]]:
    analyzer = Analyzer()
    found: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, (title, heading, text, language) in enumerate(chunks):
        position = 0
        for part in [title] * weight + [heading, text] if name == "text" else [title]:
            for word in analyzer.words(part):
                expansion = analyzer.expand(word, language)
                for term, offset in zip(expansion.terms, expansion.offsets, strict=True):
                    found[term][row].append(position + offset)
                position += expansion.advance
            position += PART_GAP
    return {term: {row: sorted(positions) for row, positions in rows.items()} for term, rows in sorted(found.items())}


def words_of(reader: PostingsReader) -> dict[str, tuple[list[str], int]]:
    words, text = reader.words, reader.field("text")
    return {
        words.word(at): ([text.term(term) for term in words.terms_of(at)], words.count(at)) for at in range(len(words))
    }


def words_by_hand(chunks: list[Chunk], weight: int) -> dict[str, tuple[list[str], int]]:
    analyzer = Analyzer()
    terms: dict[str, set[str]] = defaultdict(set)
    rows: Counter[str] = Counter()
    for title, heading, text, language in chunks:
        surfaces = set()
        for word in analyzer.words(f"{title} {heading} {text}"):
            expansion = analyzer.expand(word, language)
            surfaces |= set(expansion.surfaces)
            for surface, term in zip(expansion.surfaces, expansion.terms, strict=True):
                terms[surface].add(term)
        rows.update(surfaces)
    return {surface: (sorted(terms[surface]), rows[surface]) for surface in sorted(rows)}
