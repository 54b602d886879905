"""Documents: an article and its chunks as the document that the cluster holds, and back."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.errors import IndexCorrupt
from searchkit.index.article_keys import keys_of
from searchkit.index.articles_db import (
    COLUMNS,
    article_digest,
    article_of,
    cells_of,
    label_key,
    labels_of,
    microseconds,
)
from searchkit.index.filters import number_of
from searchkit.index.vector_stats import group_of
from searchkit.opensearch.chunk_terms import ChunkTerms
from searchkit.types import Article, Chunk, Origin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SEPARATOR = "\x1f"
"""Between the name of a field and a value: the unit separator, which neither has."""

_COLUMNS = COLUMNS.split(", ")
DAY = 86_400_000_000
"""Microseconds."""


def label(name: str, key: str) -> str:
    """Return what stands in ``labels`` for the key of a value."""
    return f"{name}{SEPARATOR}{key}"


def sortable(number: float) -> str:
    """Write a number in 16 digits whose order as text is that of the numbers."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", number + 0.0))
    return f"{bits ^ (0xFFFFFFFFFFFFFFFF if bits >> 63 else 1 << 63):016x}"


def document(
    article: Article, chunks: Sequence[Chunk], terms: Sequence[ChunkTerms], vectors: Vectors | None
) -> dict[str, Any]:
    """Return the document of an article; ``vectors`` are its chunks', ``(n, dimension)``, None where they have none."""
    labels = [(name, label_key(name, value), value) for name, value in labels_of(article)]
    numbers = [(name, number) for name, key, _ in labels if (number := number_of(key)) is not None]
    origin = {} if article.origin is None else {"path": article.origin.path, "name": article.origin.name}
    values: dict[str, Any] = {
        "id": article.id,
        "article": {**dict(zip(_COLUMNS, cells_of(article), strict=True)), **origin},
        "spans": {"of": [[chunk.start, chunk.end, chunk.heading] for chunk in chunks]},
        "digest": article_digest(article).hex(),
        "chunk_count": len(chunks),
        "group": group_of(article.language),
        "labels": sorted({label(name, key) for name, key, _ in labels}),
        "shown": sorted({SEPARATOR.join(parts) for parts in labels}),
        "numbers": sorted({label(name, sortable(number)) for name, number in numbers}),
        "keys": sorted(set(keys_of(article.title, article.url, article.source))),
        "chunks": [
            _chunk(chunk, words, None if vectors is None else vectors[place])
            for place, (chunk, words) in enumerate(zip(chunks, terms, strict=True))
        ],
    }
    return values | _dates(article)


def _chunk(chunk: Chunk, words: ChunkTerms, vector: Vectors | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": chunk.id,
        "terms": words.text.terms,
        "forms": words.text.forms,
        "title": words.title.terms,
        "title_forms": words.title.forms,
        "border": words.border,
    }
    if vector is not None:
        values["vector"] = vector.tolist()
        values["vector_bytes"] = b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return values


def _dates(article: Article) -> dict[str, Any]:
    if article.published is None:
        return {}
    instant = microseconds(article.published)
    names_day = instant % DAY == 0 and not article.utc_offset_s
    return {
        "published": article.published.isoformat(timespec="seconds"),
        "instant": instant,
        "clock": instant + article.utc_offset_s * 1_000_000,
        "names_day": names_day,
    }


def article_from(source: Mapping[str, Any], where: str) -> tuple[Article, tuple[Chunk, ...]]:
    """Return the article of a document's ``_source``, and its chunks. Raises ``IndexCorrupt`` naming ``where``."""
    try:
        values = source["article"]
        origin = Origin(path=values["path"], name=values["name"]) if "path" in values else None
        article = article_of(tuple(values[name] for name in _COLUMNS), origin)
        chunks = tuple(
            Chunk(
                article_id=article.id,
                ordinal=ordinal,
                start=start,
                end=end,
                text=article.text[start:end],
                heading=heading,
            )
            for ordinal, (start, end, heading) in enumerate(source["spans"]["of"])
        )
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise IndexCorrupt(f"{where} isn't a document that searchkit wrote: {error}.", hint=_ANEW) from error
    return article, chunks


_ANEW = "Copy or build the index anew: searchkit copy FROM TO."


def vector_from(encoded: str, dimension: int, where: str) -> Vectors:
    """Return a vector as it was written. Raises ``IndexCorrupt``."""
    vector = np.frombuffer(b64decode(encoded + "=" * (-len(encoded) % 4)), "<f4")  # the cluster leaves padding out
    if len(vector) != dimension:
        raise IndexCorrupt(f"{where} has a vector of {len(vector)} values where {dimension} were written.", hint=_ANEW)
    return vector
