"""Who is compared, and how far do their answers have to agree? Each peer with its module, package and largest size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.benchmarks.peers.peer import Build, Open

OURS, KEYWORD = "searchkit", "searchkit, keyword leg"
TANTIVY, BM25S, FTS5, WHOOSH = "Tantivy", "bm25s (numba)", "SQLite FTS5", "plain Whoosh"
FAISS, LANCE, TXTAI = "FAISS alone", "LanceDB", "txtai"
BARE = "ONNX Runtime + FAISS"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One of those compared.

    ``module``, ``builder`` and ``opener``: where its code is, of the folder ``peers``; without an opener it is built
    and not asked. ``package``: whose version is printed. ``largest``: the largest archive it is given, and ``why`` not
    more. ``floor``: the least share of searchkit's best ten that it must have too in each class that scores by BM25, in
    the mean; ``differs``: why not all of them.
    """

    name: str
    module: str
    builder: str
    opener: str = ""
    package: str = ""
    largest: int = 1_000_000
    why: str = ""
    floor: float = 0.0
    differs: str = ""

    def build(self) -> Build:
        """Return what builds its index."""
        return self._find(self.builder)  # type: ignore[no-any-return]

    def open(self) -> Open:
        """Return what opens its index."""
        return self._find(self.opener)  # type: ignore[no-any-return]

    def update(self) -> Callable[..., Any] | None:
        """Return what changes its index, if the benchmark has it."""
        found: Callable[..., Any] | None = getattr(self._module, "update", None) if self.opener else None
        return found

    @property
    def version(self) -> str:
        """The version that is installed."""
        if self.name == FTS5:
            import sqlite3

            return sqlite3.sqlite_version
        return version(self.package)

    @property
    def sources(self) -> list[Path]:
        """The files of the benchmark that decide what its index is."""
        here = Path(__file__).parent
        return [here / "corpus.py", here / "peers" / f"{self.module}.py"]

    @property
    def _module(self) -> Any:
        return import_module(f"scripts.benchmarks.peers.{self.module}")

    def _find(self, name: str) -> Any:
        return getattr(self._module, name)


SYSTEMS = (
    System(name=OURS, module="ours", builder="build", opener="Ours", package="searchkit"),
    System(name=KEYWORD, module="ours", builder="build_keyword", package="searchkit"),
    System(
        name=TANTIVY,
        module="tantivy_peer",
        builder="build",
        opener="Tantivy",
        package="tantivy",
        floor=0.85,
        differs="it rounds the lengths of chunks to one byte",
    ),
    System(name=BM25S, module="lexical", builder="build_bm25s", opener="Bm25s", package="bm25s", floor=0.97),
    System(
        name=FTS5,
        module="lexical",
        builder="build_fts5",
        opener="Fts5",
        package="sqlite3",
        floor=0.75,
        differs="Porter's first stemmer, another idf",
    ),
    System(
        name=WHOOSH,
        module="lexical",
        builder="build_whoosh",
        opener="Whoosh",
        package="Whoosh-Reloaded",
        largest=100_000,
        why="its writer takes 5 minutes for 100,000 chunks, so about an hour for 1,000,000",
        floor=0.7,
        differs="Porter's first stemmer, another idf, lengths rounded to one byte",
    ),
    System(name=FAISS, module="hybrids", builder="build_faiss", opener="Faiss", package="faiss-cpu"),
    System(
        name=LANCE,
        module="hybrids",
        builder="build_lance",
        opener="Lance",
        package="lancedb",
        largest=100_000,
        why="its exact search reads all vectors from the disk, and training an index takes long",
    ),
    System(
        name=TXTAI,
        module="hybrids",
        builder="build_txtai",
        opener="Txtai",
        package="txtai",
        largest=100_000,
        why="it indexes 1,000 to 1,800 chunks a second: 10 to 20 minutes for 1,000,000",
    ),
)


def system(name: str) -> System:
    """Return a system by its name."""
    return next(one for one in SYSTEMS if one.name == name)
