"""What must every encoder do? The same tests for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from searchkit.encoders import from_function
from searchkit.encoders.endpoint_encoder import EndpointEncoder
from searchkit.types import Encoder
from tests.encoders.embedding_server import embedding_server
from tests.word_encoder import WordEncoder

TEXTS = [
    "Russian air defense in Venezuela",
    "",
    "rice",
    "A wave of oil, the rice of Venezuela. " * 30,
    "今日は良い天気です。",
    "air defense",
    "a\ud800b \x00",
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Encoder]:
    with embedding_server() as served:
        yield EndpointEncoder(served.url)


@pytest.fixture(scope="module")
def function() -> Encoder:
    return from_function(WordEncoder().encode_chunks, name="words")


COUNTING = ["default", "prompted", "static", "unexported", "words"]
"""Those that know their tokens; of the others they are estimated."""


@pytest.fixture(params=[*COUNTING, "endpoint", "function"])
def any_encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "words":
        return WordEncoder()
    found: Encoder = request.getfixturevalue("encoder" if request.param == "default" else request.param)
    return found


def test_chunks_become_rows_of_float32_and_length_one(any_encoder: Encoder) -> None:
    vectors = any_encoder.encode_chunks(TEXTS)
    assert vectors.shape == (len(TEXTS), any_encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_query_becomes_one_vector_of_length_one(any_encoder: Encoder) -> None:
    for text in TEXTS:
        vector = any_encoder.encode_query(text)
        assert vector.shape == (any_encoder.dimension,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_no_chunks_become_no_rows(any_encoder: Encoder) -> None:
    vectors = any_encoder.encode_chunks([])
    assert vectors.shape == (0, any_encoder.dimension)
    assert vectors.dtype == np.float32
    assert any_encoder.count_tokens([]) == []


def test_rows_come_in_the_order_of_the_texts(any_encoder: Encoder) -> None:
    vectors = any_encoder.encode_chunks(TEXTS)
    turned = any_encoder.encode_chunks(TEXTS[::-1])[::-1]
    assert np.allclose(vectors, turned, atol=1e-5)


def test_a_vector_does_not_depend_on_its_company(any_encoder: Encoder) -> None:
    together = any_encoder.encode_chunks(TEXTS)
    alone = np.vstack([any_encoder.encode_chunks([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)


def test_the_same_texts_give_the_same_numbers(any_encoder: Encoder) -> None:
    assert np.array_equal(any_encoder.encode_chunks(TEXTS), any_encoder.encode_chunks(TEXTS))
    assert np.array_equal(any_encoder.encode_query(TEXTS[0]), any_encoder.encode_query(TEXTS[0]))


def test_an_encoder_can_be_shared_among_threads(any_encoder: Encoder) -> None:
    queries = TEXTS * 4
    expected = [any_encoder.encode_query(text) for text in queries]
    rows = any_encoder.encode_chunks(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        vectors = pool.map(any_encoder.encode_query, queries)
        others = [pool.submit(any_encoder.encode_chunks, TEXTS) for _ in range(3)]
        counts = [pool.submit(any_encoder.count_tokens, TEXTS) for _ in range(3)]
        assert all(np.allclose(one, other, atol=1e-5) for one, other in zip(vectors, expected, strict=True))
        assert all(np.allclose(other.result(), rows, atol=1e-5) for other in others)
        assert all(count.result() == any_encoder.count_tokens(TEXTS) for count in counts)


def test_progress_reaches_the_total(any_encoder: Encoder) -> None:
    told: list[tuple[str, int, int]] = []
    any_encoder.encode_chunks(TEXTS, lambda *step: told.append(step))
    assert told[-1] == ("encode", len(TEXTS), len(TEXTS))
    done = [step[1] for step in told]
    assert done == sorted(set(done))


@pytest.mark.parametrize("any_encoder", COUNTING, indirect=True)
def test_what_is_beyond_the_limit_changes_nothing(any_encoder: Encoder) -> None:
    full = "rice " * any_encoder.max_tokens
    assert any_encoder.count_tokens([full]) == [any_encoder.max_tokens]
    ends = any_encoder.encode_chunks([full, full + "wave oil"])
    assert np.allclose(ends[0], ends[1], atol=1e-5)
    within = any_encoder.encode_chunks([full, "rice " * (any_encoder.max_tokens - 1) + "wave"])
    assert not np.allclose(within[0], within[1], atol=1e-5)


@pytest.mark.parametrize("any_encoder", COUNTING, indirect=True)
def test_tokens_are_counted_without_a_limit(any_encoder: Encoder) -> None:
    assert any_encoder.count_tokens(["", "rice", "rice wave", "rice " * 1000]) == [0, 1, 2, 1000]


@pytest.mark.parametrize("any_encoder", ["endpoint", "function"], indirect=True)
def test_where_tokens_are_estimated_they_are_rather_too_many(any_encoder: Encoder) -> None:
    assert any_encoder.count_tokens(["", "rice", "rice wave", "今日は"]) == [0, 2, 3, 3]


def test_a_name_and_a_fingerprint_tell_encoders_apart(encoder: Encoder, prompted: Encoder, unexported: Encoder) -> None:
    encoders = [encoder, prompted, unexported, WordEncoder()]
    assert len({each.fingerprint for each in encoders}) == len(encoders)
    assert all(each.name for each in encoders)
