"""Here are the engines that the contract holds for, and a real cluster that is started for it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import searchkit
from searchkit import Article, SearchConfig, build
from searchkit.opensearch import build as cluster_build
from searchkit.opensearch.address import address_of
from searchkit.opensearch.client import Cluster
from tests.word_encoder import WordEncoder

URL, HOME = "SEARCHKIT_TEST_OPENSEARCH", "SEARCHKIT_TEST_OPENSEARCH_HOME"
_START_S = 240
NO_CLUSTER = f"no cluster to test: 'scripts/test --cluster' starts one, {URL}=HOST:PORT names one"

ENGINES = ("folder", "cluster")


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine, and where an index of some name is made on it."""

    name: str
    place: str

    def index(self, name: str) -> str:
        return f"{self.place}/{name}"

    def build(self, name: str, articles: Sequence[Article]) -> str:
        """Build an index with the small encoder; return what names it."""
        index = self.index(name)
        if self.name == "folder":
            build(index, articles, encoder=WordEncoder())
        else:
            remove(index)
            cluster_build.build(index, articles, encoder=WordEncoder())
        return index


def opened(index: str, config: SearchConfig | None = None) -> searchkit.Searcher:
    return searchkit.open(index, encoder=WordEncoder(), config=config)


def remove(index: str) -> None:
    """Remove all generations of an index on a cluster."""
    cluster = Cluster(address_of(index))
    cluster.ask("DELETE", f"/{cluster.address.name}-*", params={"expand_wildcards": "open"})
    cluster.close()


@contextmanager
def running_cluster(worker: str) -> Iterator[str]:
    """Yield the address of a cluster: one that runs, or one that is started and stopped again. Skips without either."""
    if named := os.environ.get(URL):
        yield f"opensearch://{named.removeprefix('http://').rstrip('/')}"
        return
    scripts = Path(__file__).resolve().parents[3] / "shared" / "opensearch"
    if HOME not in os.environ or not (scripts / "start").is_file():
        pytest.skip(NO_CLUSTER)
    number = int(worker.removeprefix("gw")) if worker.startswith("gw") else 0
    home = Path(os.environ[HOME]) / worker
    port = 19200 + 200 * number
    environment = os.environ | {"OPENSEARCH_PORT": str(port), "OPENSEARCH_HEAP": "512m"}
    log = home / "start.log"
    home.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("wb") as written:  # a file: the server would keep a pipe open for as long as it runs
            command = [scripts / "start", home, "1"]
            try:
                started = subprocess.run(
                    command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=written,
                    stderr=written,
                    check=False,
                    timeout=_START_S,
                )
            except subprocess.TimeoutExpired:
                pytest.skip(f"no cluster to test: it didn't start within {_START_S} s")
        if started.returncode:
            pytest.skip(f"no cluster to test: {scripts / 'start'} says: {log.read_text().strip()[-300:]}")
        yield f"opensearch://127.0.0.1:{port}"
    finally:
        subprocess.run([scripts / "stop", home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
