from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from searchkit.errors import IndexCorrupt, StorageError
from searchkit.index.vectors import VectorsReader, write_parts, write_vectors

ROWS, WIDTH = 3000, 24


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    rows = np.random.default_rng(5).standard_normal((ROWS, WIDTH)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def path(tmp_path: Path, vectors: NDArray[np.float32]) -> Path:
    write_vectors(tmp_path / "vectors.faiss", vectors)
    return tmp_path / "vectors.faiss"


@pytest.mark.parametrize("share", [None, 1.0, 0.3, 0.01, 0.001, 0.0])
def test_the_nearest_are_those_of_a_full_scan(path: Path, vectors: NDArray[np.float32], share: float | None) -> None:
    reader = VectorsReader(path, rows=ROWS, dimension=WIDTH)
    allowed = None if share is None else np.random.default_rng(7).random(ROWS) < share
    scores = vectors @ vectors[11]
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    living = ROWS if allowed is None else int(allowed.sum())
    expected = set(np.argsort(-scores)[: min(20, living)].tolist())
    found, bound = reader.nearest(vectors[11], 20, allowed)
    assert set(found.tolist()) == expected
    rest = np.delete(scores, found)
    assert bound >= (rest.max() if len(rest) else -np.inf)


def test_a_similarity_is_the_same_whoever_stands_beside_it(path: Path, vectors: NDArray[np.float32]) -> None:
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


def test_the_bytes_are_those_that_faiss_writes(path: Path, vectors: NDArray[np.float32], tmp_path: Path) -> None:
    flat = faiss.IndexFlatIP(WIDTH)
    flat.add(vectors)
    faiss.write_index(flat, str(tmp_path / "faiss"))
    assert path.read_bytes() == (tmp_path / "faiss").read_bytes()
    parts = [vectors[:7], vectors[7:7], vectors[7:2000], vectors[2000:]]
    write_parts(tmp_path / "parts", parts, rows=ROWS, dimension=WIDTH)
    assert path.read_bytes() == (tmp_path / "parts").read_bytes()
    with pytest.raises(ValueError, match="2000 rows where 3000"):
        write_parts(tmp_path / "few", parts[:3], rows=ROWS, dimension=WIDTH)


def test_no_rows_are_no_trouble(tmp_path: Path) -> None:
    write_vectors(tmp_path / "empty.faiss", np.empty((0, WIDTH), dtype=np.float32))
    reader = VectorsReader(tmp_path / "empty.faiss", rows=0, dimension=WIDTH)
    found, bound = reader.nearest(np.ones(WIDTH, dtype=np.float32), 5, None)
    assert len(found) == 0
    assert bound == -np.inf


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        write_vectors(tmp_path / "no" / "vectors.faiss", np.empty((1, 2), dtype=np.float32))
