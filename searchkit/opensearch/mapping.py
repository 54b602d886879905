"""Mapping: the settings and fields of a physical index, and the names of fields, which stand here once.

One document is an article; its id is the article's. Its chunks are nested documents: conditions hold for articles,
scores belong to chunks. ``_source`` keeps the article and the spans of its chunks alone; all else is only searched.

====================  ==================================================================================================
``id``                the article's id, by which equal ones are sorted
``article``           the article's columns, as ``index/articles_db.py`` writes them; not searched
``spans``             ordinal, start, end and heading of each chunk; not searched
``digest``            of the article's content
``chunk_count``       how many chunks it has
``group``             its group of languages (``index/vector_stats.py``)
``labels``            ``name US key`` of each value that filters compare (US: the unit separator, ``label_key``)
``shown``             ``name US key US value`` of each, as the article spells it: for facets
``numbers``           ``name US number`` of each value that is a number, so written that text order is number order
``published``         the date, for tools that look at the index
``instant``           the same in microseconds since 1970, UTC
``clock``             the same by the clock that the article names
``names_day``         whether the article names a day and no time
``keys``              what it is found by where its URL or title is typed (``index/article_keys.py``)
``chunks.id``         ``article-id#ordinal``
``chunks.terms``      words, BM25 as ours (``chunk_terms.py``); ``title`` of the title alone
``chunks.forms``      the same words unstemmed; ``title_forms``, ``border``
``chunks.vector``     for the nearest; ``vector_bytes`` its float32, to be read back exactly
====================  ==================================================================================================
"""

from __future__ import annotations

from typing import Any

from searchkit.keyword.postings.inverter import PART_GAP
from searchkit.keyword.scoring.bm25 import K1, B
from searchkit.opensearch.chunk_terms import GAP, STACKED

FORMAT = 1
META = "searchkit"
"""Where the manifest stands in the mapping's ``_meta``."""

UNFINISHED = "unfinished"
"""What stands there instead until all is written."""

CHUNKS = "chunks"
CHUNK_ID = "chunks.id"
TERMS = "chunks.terms"
FORMS = "chunks.forms"
TITLE = "chunks.title"
TITLE_FORMS = "chunks.title_forms"
BORDER = "chunks.border"
VECTOR = "chunks.vector"
VECTOR_BYTES = "chunks.vector_bytes"

MOST_CHUNKS = 10_000
"""Chunks of an article: OpenSearch's own limit of nested documents."""

MOST_RESULTS = 1_000_000
"""Articles that a search may rank."""

TEXT_BM25, TITLE_BM25 = "text_bm25", "title_bm25"

_LONGEST_TOKEN = 4_096
"""Several terms of 100 characters each may stand at one position."""


def index_body(dimension: int, meta: dict[str, Any], *, shards: int) -> dict[str, Any]:
    """Return the body by which a physical index is made, to be filled: without replicas, without refreshes."""
    return {"settings": _settings(shards), "mappings": _mappings(dimension, meta)}


def _settings(shards: int) -> dict[str, Any]:
    return {
        "index": {
            "number_of_shards": shards,
            "number_of_replicas": 0,
            "refresh_interval": "-1",
            "knn": True,
            "max_inner_result_window": MOST_CHUNKS,
            "max_result_window": MOST_RESULTS,
            "similarity": similarities(),
        },
        "analysis": {
            "tokenizer": {"at_spaces": {"type": "whitespace", "max_token_length": _LONGEST_TOKEN}},
            "filter": {
                "stacked": {
                    "type": "pattern_capture",
                    "preserve_original": False,
                    "patterns": [f"([^{STACKED}]+)"],
                },
                "gaps": {"type": "stop", "stopwords": [GAP]},
            },
            "analyzer": {"terms": {"tokenizer": "at_spaces", "filter": ["gaps", "stacked"]}},
        },
    }


def similarities(text: float = 1.0, title: float = 1.0) -> dict[str, Any]:
    """Return BM25 of both fields, ours.

    ``text`` and ``title``: how many tokens Lucene takes in for one that we count. Its average length is so many times
    ours, which other constants make good: ``k1 * ((1 - b) + b * length / average)`` stays what it is.
    """
    return {TEXT_BM25: _bm25(text), TITLE_BM25: _bm25(title)}


def _bm25(share: float) -> dict[str, Any]:
    k1 = K1 * (1 - B + B * share)
    return {"type": "BM25", "k1": k1, "b": K1 * B * share / k1, "discount_overlaps": True}


def _mappings(dimension: int, meta: dict[str, Any]) -> dict[str, Any]:
    words = {"type": "text", "analyzer": "terms", "similarity": TEXT_BM25, "position_increment_gap": PART_GAP}
    title = words | {"similarity": TITLE_BM25}
    unseen = {"type": "object", "enabled": False}
    chunk: dict[str, Any] = {
        "id": {"type": "keyword"},
        "terms": words,
        "forms": words,
        "title": title,
        "title_forms": title,
        "border": {**words, "norms": False},
    }
    if dimension:
        chunk["vector"] = {
            "type": "knn_vector",
            "dimension": dimension,
            "method": {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"},
        }
        chunk["vector_bytes"] = {"type": "binary", "doc_values": True}
    return {
        "dynamic": "strict",
        "_meta": {META: meta},
        "_source": {"includes": ["article", "spans", "digest"]},
        "properties": {
            "id": {"type": "keyword"},
            "article": unseen,
            "spans": unseen,
            "digest": {"type": "keyword", "index": False, "doc_values": False},
            "chunk_count": {"type": "integer"},
            "group": {"type": "keyword"},
            "labels": {"type": "keyword", "ignore_above": 8_000},
            "shown": {"type": "keyword", "ignore_above": 8_000},
            "numbers": {"type": "keyword"},
            "published": {"type": "date", "format": "strict_date_optional_time"},
            "instant": {"type": "long"},
            "clock": {"type": "long"},
            "names_day": {"type": "boolean"},
            "keys": {"type": "long"},
            "chunks": {"type": "nested", "properties": chunk},
        },
    }
