"""Which engines does the contract hold for? A folder, and one node of a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.engines import ENGINES, Engine, running_cluster


@pytest.fixture(scope="session")
def cluster(worker_name: str) -> Iterator[str]:
    """The address of a running cluster, without an index's name."""
    with running_cluster(worker_name) as address:
        yield address


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
