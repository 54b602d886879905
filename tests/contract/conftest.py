"""Which engines does the contract hold for? A folder, and one node of a real cluster."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.engines import ENGINES, Engine, running_cluster


@pytest.fixture(scope="session")
def cluster(worker_name: str) -> Iterator[str]:
    """The address of a running cluster, without an index's name."""
    # No folder of pytest's: another run would remove it.
    folder = Path(tempfile.mkdtemp(prefix="searchkit-cluster-"))
    try:
        with running_cluster(folder, worker_name) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """The name of this process among those that tests run in."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "alone"))


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Each engine."""
    place: str | Path = tmp_path_factory.mktemp("indexes")
    if request.param == "cluster":
        place = request.getfixturevalue("cluster")
    return Engine(name=request.param, place=str(place))
