from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt, IndexNotFound
from searchkit.index.manifest import FORMAT, current_generation, read_manifest, sealed, write_manifest
from searchkit.index.paths import IndexPaths
from tests.index.archive import built


@pytest.fixture
def paths(tmp_path: Path) -> IndexPaths:
    built(tmp_path / "index", range(4))
    return IndexPaths(tmp_path / "index")


def changed(paths: IndexPaths, **values: Any) -> None:
    path = paths.manifest(1)
    path.write_text(json.dumps(sealed(json.loads(path.read_text()) | values)))


def test_a_manifest_reads_as_it_was_written(paths: IndexPaths) -> None:
    manifest = read_manifest(paths, 1)
    write_manifest(paths, manifest)
    assert read_manifest(paths, 1) == manifest
    assert manifest.articles == 4
    assert manifest.languages == {"de": 1, "en": 3}


def test_a_later_format_says_update(paths: IndexPaths) -> None:
    changed(paths, format=FORMAT + 1)
    with pytest.raises(FormatTooNew, match=r"000001\.json has format 3.*Update searchkit"):
        read_manifest(paths, 1)


def test_a_format_no_longer_read_says_rebuild(paths: IndexPaths) -> None:
    changed(paths, format=0)
    with pytest.raises(FormatTooOld, match="rebuild"):
        read_manifest(paths, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"format": "1"},
        {"generation": 7},
        {"generation": -1},
        {"segments": [{"name": "../../etc", "articles": 1, "chunks": 1, "files": {}, "deletions": None}]},
        {"segments": 3},
        {"config": {"colour": "red"}},
        {"encoder": {"name": "x"}},
        {"created": "yesterday"},
        {"languages": {"en": True}},
    ],
)
def test_a_manifest_that_cannot_be_is_corrupt(paths: IndexPaths, values: dict[str, Any]) -> None:
    changed(paths, **values)
    with pytest.raises(IndexCorrupt, match=r"000001\.json"):
        read_manifest(paths, 1)


def test_one_altered_letter_is_noticed(paths: IndexPaths) -> None:
    path = paths.manifest(1)
    path.write_text(path.read_text().replace('"de"', '"dk"'))
    with pytest.raises(IndexCorrupt, match=r"000001\.json was altered"):
        read_manifest(paths, 1)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_not_json_is_corrupt(paths: IndexPaths, content: bytes) -> None:
    paths.manifest(1).write_bytes(content)
    with pytest.raises(IndexCorrupt, match=r"000001\.json"):
        read_manifest(paths, 1)


def test_no_folder_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match="nothing"):
        current_generation(IndexPaths(tmp_path / "nothing"))


def test_a_lost_current_is_damage_not_absence(paths: IndexPaths) -> None:
    paths.current.unlink()
    with pytest.raises(IndexCorrupt, match="CURRENT is missing"):
        current_generation(paths)


@pytest.mark.parametrize("content", ["", "seven", "../../x", "000001/..", "1", "000001\n\n"])
def test_a_current_that_names_no_generation_is_corrupt(paths: IndexPaths, content: str) -> None:
    paths.current.write_text(content)
    with pytest.raises(IndexCorrupt, match="CURRENT"):
        current_generation(paths)
