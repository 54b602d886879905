"""Do the loops that write an index refuse what doesn't fit, and give what numpy gives?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.postings.reader import PostingsReader
from searchkit.keyword.postings.writer import PostingsWriter, _move
from searchkit.storage import native
from searchkit.storage.array_file import ArrayFile, ArrayWriter, StringTable, write_strings

compiled = pytest.mark.skipif(native.COMPILED is None, reason="no compiler was there when searchkit was installed")
steady = settings(deadline=None, derandomize=True, max_examples=60)
WIDTHS = (np.uint8, np.uint16, np.uint32)


def moved(source: list[int], runs: list[int], width: Any) -> tuple[list[int], list[int]]:
    """Move runs, which stand one after the other in the source, apart by one, the last one first."""
    counts = np.array(runs, np.uint32)
    starts = (np.cumsum(counts) - counts).astype(np.uint32)
    places = np.array([int(counts[number + 1 :].sum()) + number for number in range(len(runs))], np.int64)
    target = np.full(len(source) + len(runs), 9_999, np.uint32)
    _move(np.array(source, width), starts, counts, places, np.arange(len(runs), dtype=np.uint32), target)
    return target.tolist(), places.tolist()


@compiled
@given(st.lists(st.lists(st.integers(0, 255), max_size=5), max_size=6))
@steady
def test_numbers_are_moved_as_numpy_moves_them(runs: list[list[int]]) -> None:
    source, sizes = [number for run in runs for number in run], [len(run) for run in runs]
    for width in WIDTHS:
        ours = moved(source, sizes, width)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(native, "COMPILED", None)
            assert ours == moved(source, sizes, width)


@compiled
@pytest.mark.parametrize(
    ("starts", "counts", "places", "which"),
    [
        ([3], [2], [0], [0]),  # behind the source
        ([0], [3], [2], [0]),  # behind the target
        ([0], [1], [-1], [0]),  # before the target
        ([0], [1], [0], [1]),  # no such place
        ([0, 1], [1], [0], [0]),  # not as many starts as counts
        ([0xFFFFFFFF], [0xFFFFFFFF], [0], [0]),
    ],
)
def test_numbers_that_would_lie_outside_are_refused(
    starts: list[int], counts: list[int], places: list[int], which: list[int]
) -> None:
    given = (np.array(values, np.uint32) for values in (starts, counts))
    target = np.zeros(4, np.uint32)
    with pytest.raises(ValueError, match=r"lie outside|fit together"):
        native.COMPILED.move(
            np.arange(4, dtype=np.uint8), *given, np.array(places, np.int64), np.array(which, np.uint32), target
        )


@compiled
def test_arrays_of_another_kind_are_refused() -> None:
    number = np.zeros(1, np.uint32)
    with pytest.raises(TypeError):
        native.COMPILED.move(np.zeros(1, np.uint64), number, number, np.zeros(1, np.int64), number, number)
    with pytest.raises(TypeError):
        native.COMPILED.arrange(["a", 1])
    with pytest.raises(TypeError):
        native.COMPILED.Tokens().add(1, 0)
    with pytest.raises(TypeError):
        native.COMPILED.word_bits(["missile", 1])


@compiled
def test_a_scan_numbers_the_words_that_are_wanted_and_refuses_bits_that_no_filter_has() -> None:
    language = np.zeros(1, np.uint32)
    bits = native.COMPILED.word_bits(["missile", "été", "x" * 101, "5bn", "", "antidisestablishmentarianism"])
    assert native.COMPILED.word_bits(["été", ""]) == b""  # of other letters nothing is kept out
    for text in ("Missile", "(missile)", "so missile.", "a “Missile”, and", "ANTIDISESTABLISHMENTARIANISM"):
        tokens = native.COMPILED.Tokens()
        assert len(tokens.scan([text], language, [bits])[1]) == 12, text
    for text in ("missiles", "missil", "radar and a mis sile", "antidisestablishmentarianis"):
        assert native.COMPILED.Tokens().scan([text], language, [bits]) == (bytes(4), b""), text
    for wrong in ([b"\0"], [b"\0\x80"], [b"\xff\xff"]):
        with pytest.raises(ValueError, match="no such bit"):
            native.COMPILED.Tokens().scan(["missile"], language, wrong)
    for unfit in ((bits,), bits, [1], ["missile"]):
        with pytest.raises(TypeError):
            native.COMPILED.Tokens().scan(["missile"], language, unfit)


@given(strings=st.lists(st.text(st.characters(codec="utf-8")) | st.text("ab\0é", max_size=12), unique=True))
@steady
def test_strings_are_sorted_alike_with_and_without_a_compiler(
    tmp_path_factory: pytest.TempPathFactory, strings: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "strings.bin"
    for found in (native.COMPILED, None):
        with pytest.MonkeyPatch.context() as patch, ArrayWriter(path, b"SKTESTS1") as writer:
            patch.setattr(native, "COMPILED", found)
            order = write_strings(writer, "names", strings)
            writer.finish()
        assert [strings[number] for number in order.tolist()] == sorted(strings)
        assert written(path) == sorted(strings)


def written(path: Path) -> list[str]:
    names = StringTable(ArrayFile(path, b"SKTESTS1"), "names")
    return names.slice(0, len(names))


@compiled
def test_words_of_fields_are_inverted_as_numpy_inverts_them(tmp_path: Path) -> None:
    rows = [
        ("Lamp", "", "A brass lamp.", "en", "", None, ("Well-known radar, S-300 and C++", "Ужгород 雷達")),
        ("Lamp", "Head", "It shines on.", "en", "", 0, ()),
        ("Other", "", "Haustür", "de", "", None, ("", "Haustür")),
    ]

    def written(name: str) -> bytes:
        with PostingsWriter(Analyzer(), 2, searchable=("place", "summary")) as writer:
            for row in rows:
                writer.add(*row)
            writer.write(tmp_path / name)
        return (tmp_path / name).read_bytes()

    ours = written("compiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "COMPILED", None)
        assert written("numpy") == ours
    with PostingsReader(tmp_path / "compiled") as reader:
        text = reader.field("text")
        assert reader.searchable == ("place", "summary")
        assert text.term_id("place:radar") is not None
        assert text.term_id("summary:radar") is None
