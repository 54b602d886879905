"""Does the default encoder do what its makers' own library does, and start without it?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from searchkit.config import DEFAULT_ENCODER
from searchkit.encoders import load_encoder
from searchkit.encoders.models import find_model
from searchkit.encoders.sentence import SentenceEncoder
from searchkit.types import Encoder

TEXTS = [
    "Russian air defense in Venezuela",
    "",
    "S-300",
    "Rice grows in water. " * 100,
    "俄罗斯向委内瑞拉提供了防空系统。",
]


def test_it_knows_what_it_is(encoder: Encoder) -> None:
    assert encoder.name == DEFAULT_ENCODER
    assert encoder.dimension == 384
    assert encoder.max_tokens == 256 - 2
    assert encoder.fingerprint == load_encoder("all-MiniLM-L6-v2").fingerprint


def test_its_vectors_are_those_of_sentence_transformers(encoder: Encoder) -> None:
    original = SentenceEncoder(find_model(DEFAULT_ENCODER))
    assert original.max_tokens == encoder.max_tokens
    assert original.count_tokens(TEXTS) == encoder.count_tokens(TEXTS)
    assert np.allclose(original.encode_chunks(TEXTS), encoder.encode_chunks(TEXTS), atol=1e-5)
    assert np.allclose(original.encode_query(TEXTS[0]), encoder.encode_query(TEXTS[0]), atol=1e-5)


def test_what_means_the_same_is_near(encoder: Encoder) -> None:
    chunks = encoder.encode_chunks(
        [
            "Five thousand portable missiles guard the sky over Caracas, the president said.",
            "The bakery on the corner sells bread made of rye.",
        ]
    )
    near, far = chunks @ encoder.encode_query("air defense in Venezuela")
    assert near > far + 0.3


START = """
import sys
from searchkit.encoders import load_encoder
encoder = load_encoder(sys.argv[1])
vectors = encoder.encode_chunks(["air defense", "rice"])
print(round(float(encoder.encode_query("air defense") @ vectors[0]), 3))
print(sorted({"torch", "transformers", "sentence_transformers", "huggingface_hub"} & set(sys.modules)))
"""


@pytest.mark.usefixtures("encoder")
def test_a_start_with_a_warm_cache_loads_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", START, DEFAULT_ENCODER], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["1.0", "[]"]
    assert done.stderr == ""


@pytest.mark.shared
def test_it_finds_the_paragraphs_that_answer_english_questions(encoder: Encoder, shared: Path) -> None:
    folder = shared / "collections" / "xquad-en"
    articles = [json.loads(line) for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()][:60]
    chunks = encoder.encode_chunks([f"{article['title']}\n{article['text']}" for article in articles])
    known = {article["_id"]: row for row, article in enumerate(articles)}
    answers = [
        line.split("\t") for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]
    ]
    questions = {
        query["_id"]: query["text"]
        for query in map(json.loads, (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines())
    }
    asked = [(questions[query], known[article]) for query, article, _ in answers if article in known]
    found = [int(np.argmax(chunks @ encoder.encode_query(text))) == row for text, row in asked]
    # Measured: .941 of these 322 questions. Over all 240 paragraphs nDCG@10 is .9433, where ../shared names .943.
    assert np.mean(found) > 0.93
