from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from searchkit.errors import IndexCorrupt, StorageError
from searchkit.index import vector_index
from searchkit.index.paths import EIGHT_BITS, VECTORS
from searchkit.index.vector_index import (
    Nearest,
    VectorsReader,
    VectorsWriter,
    add_eight_bits,
    best_of,
    map_vectors,
    measured_recall,
    parts_of,
)
from searchkit.storage import native
from searchkit.storage.files import let_go

ROWS, WIDTH = 5000, 24

Vectors = NDArray[np.float32]


def write_vectors(path: Path, *parts: Vectors, rows: int | None = None) -> None:
    """Write the rows of some parts, of which ``rows`` are announced: as many as there are, unless it is said."""
    with VectorsWriter(path, parts[0].shape[1]) as writer:
        for part in parts:
            writer.add(part)
        writer.finish(sum(map(len, parts)) if rows is None else rows)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Rows in clusters, as texts are: many are nearly as near to a query as the nearest."""
    random = np.random.default_rng(5)
    rows = random.standard_normal((30, WIDTH))[random.integers(0, 30, ROWS)] + 0.3 * random.standard_normal(
        (ROWS, WIDTH)
    )
    rows[70:90] = rows[69]
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture
def path(tmp_path: Path, vectors: Vectors) -> Path:
    write_vectors(tmp_path / VECTORS, vectors)
    return tmp_path / VECTORS


@pytest.fixture(params=["codes in memory", "float32", "8 bits"])
def reader(request: pytest.FixtureRequest, path: Path, monkeypatch: pytest.MonkeyPatch) -> VectorsReader:
    if request.param == "float32":
        monkeypatch.setattr(native, "COMPILED", None)
    if request.param != "8 bits":
        return VectorsReader(path, rows=ROWS, dimension=WIDTH)
    return eight_bits(path, monkeypatch)


def eight_bits(path: Path, monkeypatch: pytest.MonkeyPatch) -> VectorsReader:
    monkeypatch.setattr(vector_index, "EIGHT_BITS_FROM", 100)
    add_eight_bits(path.parent, rows=ROWS, dimension=WIDTH)
    return VectorsReader(path, rows=ROWS, dimension=WIDTH, eight_bits=path.with_name(EIGHT_BITS))


@pytest.mark.parametrize("share", [None, 1.0, 0.3, 0.01, 0.001, 0.0])
@pytest.mark.parametrize("depth", [1, 20, 700])
def test_the_nearest_are_those_of_a_full_scan(
    reader: VectorsReader, vectors: Vectors, share: float | None, depth: int
) -> None:
    allowed = None if share is None else np.random.default_rng(7).random(ROWS) < share
    for query in (vectors[11], vectors[70], np.float32(3.0) * vectors[500]):
        scores = vectors.astype(np.float64) @ query.astype(np.float64)
        if allowed is not None:
            scores = np.where(allowed, scores, -np.inf)
        living = ROWS if allowed is None else int(allowed.sum())
        found, bound = best_of([(0, reader.nearest(query, depth, allowed))], depth)
        assert len(set(found.tolist())) == len(found) >= min(depth, living)
        assert np.all(scores[found] > -np.inf)
        # Whatever isn't there has no more than the bound, and what has more than that is there.
        assert bound >= np.delete(scores, found).max(initial=-np.inf)
        nearest = np.sort(scores)[::-1][: min(depth, living)]
        mine = np.sort(reader.similarity(query, found))[::-1][: min(depth, living)]
        assert mine[mine > bound] == pytest.approx(nearest[nearest > bound], abs=1e-12)
        assert bound <= nearest[-1] + 0.05 if living else bound == -np.inf


@pytest.mark.parametrize("rows", [0, 1, 19, 20, 21, 900])
@pytest.mark.parametrize("share", [None, 0.5])
def test_few_rows_are_found_without_faiss(tmp_path: Path, vectors: Vectors, rows: int, share: float | None) -> None:
    write_vectors(tmp_path / VECTORS, vectors[:rows])
    reader = VectorsReader(tmp_path / VECTORS, rows=rows, dimension=WIDTH)
    allowed = None if share is None else np.random.default_rng(7).random(rows) < share
    found, bound = best_of([(0, reader.nearest(vectors[11], 20, allowed))], 20)
    scores = np.where(True if allowed is None else allowed, vectors[:rows] @ vectors[11], -np.inf)
    best = np.sort(scores[scores > -np.inf])[::-1]
    assert np.sort(scores[found])[::-1][:20] == pytest.approx(best[:20])
    assert bound == (-np.inf if len(best) <= 20 else pytest.approx(best[19], abs=1e-4))
    assert "_index" not in vars(reader)


def test_several_segments_find_what_one_finds(tmp_path: Path, vectors: Vectors) -> None:
    parts = [(0, 700), (700, 701), (701, ROWS)]
    readers = []
    for first, end in parts:
        write_vectors(tmp_path / f"{first}", vectors[first:end])
        readers.append(VectorsReader(tmp_path / f"{first}", rows=end - first, dimension=WIDTH))
    found = [(first, reader.nearest(vectors[3], 20, None)) for (first, _), reader in zip(parts, readers, strict=True)]
    rows, bound = best_of(found, 20)
    scores = vectors @ vectors[3]
    assert len(rows) < 40
    assert bound == pytest.approx(np.sort(scores)[-20], abs=1e-4)


def test_eight_bits_change_no_answer_and_no_score(
    path: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = VectorsReader(path, rows=ROWS, dimension=WIDTH)
    small = eight_bits(path, monkeypatch)
    for query in vectors[::300]:
        best = []
        for reader in (exact, small):
            rows = np.sort(best_of([(0, reader.nearest(query, 50, None))], 50)[0])
            scores = reader.similarity(query, rows)
            best.append([(float(scores[at]), int(rows[at])) for at in np.argsort(-scores, kind="stable")[:40]])
        assert best[0] == best[1]


def test_the_rows_at_eight_bits_say_how_far_they_are_off(path: Path, vectors: Vectors, monkeypatch) -> None:
    reader = eight_bits(path, monkeypatch)
    assert reader.eight_bits is not None
    known = reader.eight_bits
    meant = known.least + (reader.codes.astype(np.float64) + 0.5) / 255 * known.width
    longest = np.linalg.norm(vectors - meant, axis=1).max()
    assert longest <= known.error <= longest * 1.001
    assert known.error <= 0.5 / 255 * known.width * WIDTH**0.5 + 1e-6
    assert known.recall == 1.0


def test_few_rows_have_no_eight_bits(path: Path) -> None:
    add_eight_bits(path.parent, rows=ROWS, dimension=WIDTH)
    assert not path.with_name(EIGHT_BITS).exists()


def test_eight_bits_that_find_too_little_are_taken_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchkit.index.vector_index.LEAST_RECALL", 1.01)
    monkeypatch.setattr(vector_index, "EIGHT_BITS_FROM", 100)
    add_eight_bits(path.parent, rows=ROWS, dimension=WIDTH)
    assert not path.with_name(EIGHT_BITS).exists()


def test_who_asks_the_same_for_more_is_answered_from_one_scan(
    path: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("searchkit.index.vector_index._AHEAD", 2)
    monkeypatch.setattr("searchkit.index.vector_index._FEW", 10)
    reader = eight_bits(path, monkeypatch)
    asked = []
    search = reader._search
    monkeypatch.setattr(reader, "_search", lambda *given: asked.append(given[1]) or search(*given))
    some = np.arange(ROWS) % 3 != 0
    for query, allowed, scans in ((vectors[0], None, 1), (vectors[1], None, 2), (vectors[1], some, 3)):
        for depth in (10, 40, 100):
            rows, _ = best_of([(0, reader.nearest(query.copy(), depth, allowed))], depth)
            scores = np.where(True if allowed is None else allowed, vectors @ query, -1)
            least = np.sort(scores)[-depth]
            assert np.count_nonzero(scores[rows] >= least - 1e-6) >= depth
        assert len(asked) == scans
    assert asked == [ROWS // 2] * 3


def test_the_recall_is_measured_against_a_full_scan(
    path: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_BLOCK", 700)
    reader = eight_bits(path, monkeypatch)
    assert measured_recall(reader) == 1.0

    def half(query: Vectors, depth: int, allowed: None) -> Nearest:
        rows = np.argsort(-(vectors @ query))[: depth // 2]
        return Nearest(rows=rows, scores=(vectors @ query)[rows].astype(np.float64), slack=0.0, rest=1.0)

    monkeypatch.setattr(reader, "nearest", half)
    assert measured_recall(reader) == 0.5


def test_mapped_rows_are_the_same_after_their_pages_were_given_back(path: Path, vectors: Vectors) -> None:
    rows = map_vectors(path, ROWS, WIDTH)
    assert np.concatenate(list(parts_of(rows))).tolist() == vectors.tolist()
    let_go(rows[5:9])
    let_go(vectors)
    assert rows.tolist() == vectors.tolist()


def test_a_file_that_was_never_finished_is_no_file_of_vectors(tmp_path: Path, vectors: Vectors) -> None:
    with VectorsWriter(tmp_path / VECTORS, WIDTH) as writer:
        writer.add(vectors)
    with pytest.raises(IndexCorrupt, match="isn't a flat index"):
        map_vectors(tmp_path / VECTORS, ROWS, WIDTH)


def test_a_similarity_is_the_same_whoever_stands_beside_it(path: Path, vectors: Vectors) -> None:
    reader = VectorsReader(path, rows=ROWS, dimension=WIDTH)
    every = reader.similarity(vectors[0], np.arange(ROWS))
    for rows in ([5], [5, 6, 7], list(range(2, 900))):
        assert reader.similarity(vectors[0], np.asarray(rows)).tolist() == every[rows].tolist()


@pytest.mark.parametrize("cut", [0, 10, 44, 45, 5000])
def test_a_file_cut_short_is_named(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(IndexCorrupt, match=r"vectors\.faiss"):
        VectorsReader(path, rows=ROWS, dimension=WIDTH)


@pytest.mark.parametrize("byte", [0, 4, 8, 32, 33, 37])
def test_an_altered_head_never_reaches_faiss(path: Path, byte: int) -> None:
    content = bytearray(path.read_bytes())
    content[byte] ^= 0x41
    path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match=r"vectors\.faiss"):
        VectorsReader(path, rows=ROWS, dimension=WIDTH)


def test_no_altered_head_at_eight_bits_reaches_faiss(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eight_bits(path, monkeypatch)
    small = path.with_name(EIGHT_BITS)
    content = small.read_bytes()
    meaningless = {*range(16, 32), *range(73, 80)}  # of the range any number will do but a width below 0
    for byte in [at for at in range(89) if at not in meaningless]:
        altered = bytearray(content)
        altered[byte] ^= 0x80
        small.write_bytes(altered)
        with pytest.raises(IndexCorrupt, match=r"vectors8\.faiss"):
            VectorsReader(path, rows=ROWS, dimension=WIDTH, eight_bits=small)


@pytest.mark.parametrize("values", [(np.nan, 1.0), (-0.1, 1.0), (np.inf, 1.0), (0.1, 1.5), (0.1, np.nan)])
def test_an_error_or_a_recall_that_cannot_be_is_damage(path: Path, monkeypatch, values: tuple[float, float]) -> None:
    eight_bits(path, monkeypatch)
    small = path.with_name(EIGHT_BITS)
    small.write_bytes(small.read_bytes()[:-16] + np.asarray(values, dtype="<f8").tobytes())
    with pytest.raises(IndexCorrupt, match=r"vectors8\.faiss"):
        VectorsReader(path, rows=ROWS, dimension=WIDTH, eight_bits=small)


@pytest.mark.parametrize("cut", [0, 20, 88, 89, 5000, -1])
def test_eight_bits_cut_short_are_named(path: Path, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    eight_bits(path, monkeypatch)
    small = path.with_name(EIGHT_BITS)
    small.write_bytes(small.read_bytes()[:cut])
    with pytest.raises(IndexCorrupt, match=r"vectors8\.faiss"):
        VectorsReader(path, rows=ROWS, dimension=WIDTH, eight_bits=small)


def test_the_bytes_are_those_that_faiss_writes(
    path: Path, vectors: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = faiss.IndexFlatIP(WIDTH)
    flat.add(vectors)
    faiss.write_index(flat, str(tmp_path / "faiss"))
    assert path.read_bytes() == (tmp_path / "faiss").read_bytes()
    parts = [vectors[:7], vectors[7:7], vectors[7:2000], vectors[2000:]]
    write_vectors(tmp_path / "parts", *parts)
    assert path.read_bytes() == (tmp_path / "parts").read_bytes()
    with pytest.raises(ValueError, match="2000 rows where 5000"):
        write_vectors(tmp_path / "few", *parts[:3], rows=ROWS)
    small = faiss.IndexScalarQuantizer(WIDTH, faiss.ScalarQuantizer.QT_8bit_uniform, faiss.METRIC_INNER_PRODUCT)
    small.train(vectors)
    small.add(vectors)
    faiss.write_index(small, str(tmp_path / "faiss8"))
    eight_bits(path, monkeypatch)
    assert path.with_name(EIGHT_BITS).read_bytes()[:-16] == (tmp_path / "faiss8").read_bytes()


def test_no_rows_are_no_trouble(tmp_path: Path) -> None:
    write_vectors(tmp_path / "empty.faiss", np.empty((0, WIDTH), dtype=np.float32))
    reader = VectorsReader(tmp_path / "empty.faiss", rows=0, dimension=WIDTH)
    found, bound = best_of([(0, reader.nearest(np.ones(WIDTH, dtype=np.float32), 5, None))], 5)
    assert len(found) == 0
    assert bound == -np.inf
    assert len(best_of([], 5)[0]) == 0


def test_rows_that_are_all_the_same_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    same = np.full((ROWS, WIDTH), WIDTH**-0.5, dtype=np.float32)
    write_vectors(tmp_path / VECTORS, same)
    reader = eight_bits(tmp_path / VECTORS, monkeypatch)
    rows, bound = best_of([(0, reader.nearest(same[0], 10, None))], 10)
    assert len(rows) >= 10
    assert bound >= 1.0 - 1e-6


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        write_vectors(tmp_path / "no" / "vectors.faiss", np.empty((1, 2), dtype=np.float32))


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
def test_a_small_segments_products_are_right_wherever_its_numbers_begin() -> None:
    draw = np.random.default_rng(3)
    for dimension in (1, 7, 16, 33, 384):
        values = draw.standard_normal((50, dimension)).astype(np.float32)
        query = draw.standard_normal(dimension).astype(np.float32)
        odd = np.frombuffer(b"x" + values.tobytes(), dtype="<f4", offset=1).reshape(values.shape)
        expected = values.astype(np.float64) @ query.astype(np.float64)
        for rows in (None, np.asarray([3, 3, 49, 0])):
            products = np.frombuffer(native.COMPILED.products(odd, query, rows), np.float32)
            np.testing.assert_allclose(products, expected if rows is None else expected[rows], rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="outside the matrix"):
        native.COMPILED.products(odd, query, np.asarray([50]))
    with pytest.raises(ValueError, match="different widths"):
        native.COMPILED.products(odd, query[:-1], None)


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
def test_a_scan_of_codes_gives_the_best_and_what_lies_within_the_margin() -> None:
    draw = np.random.default_rng(4)
    for dimension in (1, 7, 16, 33, 384):
        codes = draw.integers(0, 256, (300, dimension)).astype(np.uint8)
        query = draw.integers(-400, 400, dimension).astype(np.int16)
        sums = codes.astype(np.int64) @ query.astype(np.int64)
        for allowed in (None, np.arange(300) % 3 > 0):
            living = sums if allowed is None else sums[allowed]
            for depth, margin in ((1, 0), (20, 500), (len(living), 0), (300, 5)):
                least = np.sort(living)[-depth] - margin if depth <= len(living) else -np.inf
                expected = np.flatnonzero((sums >= least) & (True if allowed is None else allowed))
                rows, values = native.COMPILED.nearest_codes(codes, query, allowed, depth, margin)
                assert np.frombuffer(rows, np.int64).tolist() == expected.tolist()
                assert np.frombuffer(values, np.int32).tolist() == sums[expected].tolist()
    for wrong in (
        (codes, query[:-1], None, 5, 0),
        (codes, query, np.ones(299, dtype=bool), 5, 0),
        (codes, query, None, 0, 0),
        (codes, query, None, 301, 0),
        (codes, np.full(384, 32_767, dtype=np.int16), None, 5, 0),
    ):
        with pytest.raises(ValueError, match="don't fit together"):
            native.COMPILED.nearest_codes(*wrong)


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
def test_only_who_asks_again_waits_for_codes_and_faiss_is_not_needed(path: Path, vectors: Vectors) -> None:
    reader = VectorsReader(path, rows=ROWS, dimension=WIDTH)
    first = reader.nearest(vectors[11], 20, None)
    assert "_coded" not in vars(reader)
    second = reader.nearest(vectors[11], 20, None)
    assert {"_coded", "_index"} & vars(reader).keys() == {"_coded"}
    assert set(first.rows.tolist()) <= set(second.rows.tolist())


@pytest.mark.parametrize("damage", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_scanned_as_they_are(tmp_path: Path, vectors: Vectors, damage: float) -> None:
    damaged = vectors.copy()
    damaged[17, 3] = damage
    write_vectors(tmp_path / VECTORS, damaged)
    reader = VectorsReader(tmp_path / VECTORS, rows=ROWS, dimension=WIDTH)
    for _ in range(2):
        assert 11 in reader.nearest(vectors[11], 20, None).rows


class Watched(np.ndarray):  # type: ignore[type-arg]
    """A matrix that OpenBLAS must not be given: it answers each caller with a thread a core."""

    def __matmul__(self, other: object) -> NoReturn:
        raise AssertionError("numpy's matrix product was used")

    __rmatmul__ = __matmul__


@pytest.mark.parametrize("compiled", [True, False])
def test_a_search_of_few_rows_wakes_no_threads_of_its_own(
    path: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    if not compiled:
        monkeypatch.setattr(native, "COMPILED", None)
    write_vectors(path, vectors[:4000])
    reader = VectorsReader(path, rows=4000, dimension=WIDTH)
    reader.matrix = reader.matrix.view(Watched)
    even = np.arange(4000) % 2 == 0
    for allowed, rows in ((None, np.arange(4000)), (even, np.flatnonzero(even))):
        exact = vectors[rows].astype(np.float64) @ vectors[69].astype(np.float64)
        best = rows[np.argsort(-exact)[:40]]
        assert set(best) <= set(reader.nearest(vectors[69], 60, allowed).rows.tolist())


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
def test_similarity_is_the_same_to_the_last_bit_with_the_loops_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.default_rng(3)
    for dimension in (1, 2, 7, 8, 9, 24, 100, 127, 128, 129, 136, 250, 255, 256, 257, 384, 511, 768, 1024, 1111):
        write_vectors(tmp_path / VECTORS, draw.standard_normal((40, dimension)).astype(np.float32))
        reader = VectorsReader(tmp_path / VECTORS, rows=40, dimension=dimension)
        query, rows = draw.standard_normal(dimension).astype(np.float32), draw.integers(0, 40, 60)
        with monkeypatch.context() as without:
            compiled = reader.similarity(query, rows)
            without.setattr(native, "COMPILED", None)
            assert reader.similarity(query, rows).tobytes() == compiled.tobytes()
