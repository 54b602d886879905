"""The whole contract, by schemathesis: whatever fits the description is answered as the description says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

pytest.importorskip("schemathesis")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from searchkit.server.server_settings import Limits
from tests.index.archive import built
from tests.server.running_server import TOKENS, WRITE, bearer, serving
from tests.word_encoder import WordEncoder

schemathesis.serializer.alias("application/x-ndjson", "text/plain")

EXAMPLES = {"POSITIVE": 4, "NEGATIVE": 2}
"""Requests a route, those that fit its description and those that don't. Twelve find nothing more, in a minute."""

NO_HTTP = "Invalid HTTP request received."
"""What uvicorn says to what isn't HTTP, before any route is asked."""

PATIENCE_S = 120.0
"""The first date in words loads what reads it, which takes seconds, and more on a busy machine."""

KNOWN = {"index": "news", "article_id": "a003", "chunk_id": "a003#0"}
"""What addresses name: at random they would name nothing, and every answer were 404."""

HELD = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.ignored_auth,
]
"""All of its checks but that every request which fits is taken: a text that fits may be no query, no date or no id."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served") / "news"
    built(folder)
    state, limits = (
        tmp_path_factory.mktemp("state"),
        Limits(jobs=1, timeout_s=PATIENCE_S),
    )  # each job is a process, and the first will do
    with serving({"news": folder}, state, WordEncoder(), tokens=TOKENS, limits=limits) as url:
        yield url


@pytest.fixture(scope="module")
def description(url: str):
    return schemathesis.openapi.from_url(f"{url}/openapi.json", headers=bearer(WRITE))


@pytest.mark.parametrize("kind", ["POSITIVE", "NEGATIVE"])
def test_every_route_keeps_the_contract(description, kind: str) -> None:
    routes = 0
    with requests.Session() as session:
        for operation in description.get_all_operations():
            check_route(operation.ok(), schemathesis.GenerationMode[kind], session)
            routes += 1
    assert routes == len([method for path in description.raw_schema["paths"].values() for method in path])


def check_route(operation, mode, session: requests.Session) -> None:
    """Ask a route in many ways."""
    # Any line of a body may be an article or not: what became of it, the job tells.
    takes_lines = (operation.method.upper(), operation.path) == ("POST", "/v1/{index}/articles")
    checked = [check for check in HELD if not (takes_lines and check is checks.negative_data_rejection)]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES[mode.name],
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case) -> None:
        case.path_parameters.update({name: KNOWN[name] for name in case.path_parameters if name in KNOWN})
        response = case.call(headers=bearer(WRITE), session=session, timeout=PATIENCE_S)
        if (response.status_code, response.text) != (400, NO_HTTP):
            case.validate_response(response, checks=checked, headers=bearer(WRITE))

    with suppress(Unsatisfiable if mode is schemathesis.GenerationMode.NEGATIVE else ()):  # nothing to get wrong
        check()
