"""What does an encoder at an endpoint do when all is well, and when the endpoint fails?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import IndexConfig, SearchConfig
from searchkit.encoders import endpoint_encoder, load_encoder
from searchkit.encoders.endpoint_encoder import KEY, EndpointEncoder, Patience
from searchkit.errors import BackendError, ConfigError, EncoderMismatch
from tests.encoders.embedding_server import Endpoint, embedding_server
from tests.index.archive import article
from tests.word_encoder import WordEncoder

SHORT = Patience(timeout_s=5.0, tries=3, pause_s=0.01)
BUSY = (503, {}, b"loading")


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    for name in ("http_proxy", "HTTP_PROXY", KEY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(endpoint_encoder, "CHUNKS", SHORT)
    with embedding_server() as served:
        yield served


def encoder_at(endpoint: Endpoint) -> EndpointEncoder:
    return EndpointEncoder(endpoint.url, chunks=SHORT, query=SHORT)


def test_an_index_is_built_and_searched_through_an_endpoint(endpoint: Endpoint, tmp_path: Path) -> None:
    config = IndexConfig(encoder=endpoint.url)
    report = searchkit.build(tmp_path / "index", [article(number) for number in range(8)], config=config, cache=False)
    assert report.vectors_encoded == report.chunks
    with searchkit.open(tmp_path / "index") as searcher:  # which finds it again by the name in the index
        answer = searcher.search("missiles guard Venezuela", mode="vector", k=1)
        expected = float(
            WordEncoder().encode_query("missiles guard Venezuela")
            @ WordEncoder().encode_query(f"{article(0).title}\n{article(0).text}")
        )
        assert answer.results[0].article.id == "a000"
        assert answer.results[0].score == pytest.approx(expected, abs=1e-5)
        assert searcher.info().encoder == endpoint.url
    assert set(endpoint.paths) == {"/v1/embeddings"}
    assert {body["model"] for body in endpoint.bodies} == {"words"}


def test_rows_are_of_length_1_and_in_the_order_of_the_texts(endpoint: Endpoint) -> None:
    texts = [f"text number {number}" for number in range(130)]
    told: list[tuple[str, int, int]] = []
    rows = encoder_at(endpoint).encode_chunks(texts, lambda *stage: told.append(stage))
    assert np.allclose(rows, WordEncoder().encode_chunks(texts), atol=1e-5)
    assert [len(body["input"]) for body in endpoint.bodies] == [1, 64, 64, 2]  # first how many values there are
    assert told == [("encode", 64, 130), ("encode", 128, 130), ("encode", 130, 130)]


def test_the_key_comes_from_the_environment(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder_at(endpoint).encode_query("rice")
    monkeypatch.setenv(KEY, "secret-1")
    encoder_at(endpoint).encode_query("rice")
    assert [headers.get("Authorization") for headers in endpoint.headers] == [None, "Bearer secret-1"]


def test_what_may_pass_is_tried_again_after_growing_pauses(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    endpoint.answers = [BUSY, (429, {"Retry-After": "7"}, b"slow down"), None]
    assert encoder_at(endpoint).encode_query("rice").shape == (64,)
    assert pauses == [0.01, 7.0]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([BUSY, BUSY, BUSY], r"answered 503 .*: loading"),
        ([(401, {}, b"bad key")], r"answered 401 .*: bad key"),
        ([(302, {"Location": "http://127.0.0.1:9/"}, b"")], "answered 302"),
        ([(200, {}, b"hello")], "gave no vectors: hello"),
        ([(200, {}, b'{"data": [{"index": 1, "embedding": [1]}]}')], r"of the shape \(1, 1\) for 1 texts"),
        ([(200, {}, b'{"data": [{"index": 0, "embedding": ["x"]}]}')], "gave no vectors"),
    ],
)
def test_what_does_not_pass_is_an_error_that_says_what_was_answered(
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[tuple[int, dict[str, str], bytes] | None],
    says: str,
) -> None:
    monkeypatch.setenv(KEY, "secret-1")
    endpoint.answers, tries = list(answers), 3 if BUSY in answers else 1
    with pytest.raises(BackendError, match=says) as raised:
        encoder_at(endpoint).encode_query("rice")
    assert "secret-1" not in str(raised.value)
    assert len(endpoint.bodies) == tries


def test_silence_ends_after_a_time(endpoint: Endpoint) -> None:
    endpoint.silent_s = 20
    encoder = EndpointEncoder(endpoint.url, query=Patience(timeout_s=0.1, tries=2, pause_s=0.01))
    started = time.monotonic()
    with pytest.raises(BackendError, match="can't be reached in 2 tries"):
        encoder.encode_query("rice")
    assert time.monotonic() - started < 5


def test_a_search_falls_back_to_keyword_only_where_that_is_wanted(endpoint: Endpoint, tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", [article(number) for number in range(8)], encoder=encoder_at(endpoint))
    encoder = EndpointEncoder(endpoint.url, query=Patience(timeout_s=1.0, tries=1))
    endpoint.answers = [BUSY] * 4
    with searchkit.open(tmp_path / "index", encoder=encoder) as searcher, pytest.raises(BackendError):
        searcher.search("missiles")
    config = SearchConfig(keyword_fallback=True)
    with searchkit.open(tmp_path / "index", encoder=encoder, config=config) as searcher:
        answer = searcher.search("missiles", explain=True)
        assert answer.results[0].article.id == "a000"
        assert [part.leg for part in answer.results[0].contributions] == ["keyword"]
        assert any(note.startswith("Answered by keyword alone: The encoder at") for note in answer.notes)
        with pytest.raises(BackendError):
            searcher.search("missiles", mode="vector")
        endpoint.answers = []
        assert searcher.search("missiles").notes == ()


def test_an_endpoint_that_an_index_names_is_asked_only_where_the_user_trusts_it(
    endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = "https://embeddings.example/v1#words"
    with pytest.raises(ConfigError, match="queries would be sent there"):
        load_encoder(stranger, relative=False)
    monkeypatch.setenv(endpoint_encoder.ALLOWED, "https://other.example/v1, https://embeddings.example/v1/")
    assert load_encoder(stranger, relative=False).name == stranger
    monkeypatch.delenv(endpoint_encoder.ALLOWED)
    assert load_encoder(stranger).name == stranger
    assert load_encoder(endpoint.url, relative=False).name == endpoint.url


def test_an_index_refuses_another_model_and_other_numbers(endpoint: Endpoint, tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", [article(number) for number in range(3)], encoder=encoder_at(endpoint))
    other = EndpointEncoder(endpoint.url.replace("#words", "#other"), query=SHORT)
    with searchkit.open(tmp_path / "index", encoder=other) as searcher, pytest.raises(EncoderMismatch):
        searcher.search("missiles")
    endpoint.encoder = WordEncoder(dimension=32)
    with (
        searchkit.open(tmp_path / "index", encoder=encoder_at(endpoint)) as searcher,
        pytest.raises(EncoderMismatch, match="64 dimensions"),
    ):
        searcher.search("missiles")


@pytest.mark.parametrize("name", ["http://host/v1", "http:///v1#m", "https://me:secret@host/v1#m", "http://h/v1?a=b#m"])
def test_a_name_that_is_no_endpoint_and_model_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_encoder(name)
    assert "secret" not in str(raised.value)
