"""Stored documents: a framework's documents as articles, and back, the same to the last value of their metadata.

What an article can hold stands in its own place, so that it is searched and filtered by: ``title``, ``url``,
``source``, ``language``, ``published``, ``authors`` and ``tags`` of the metadata are the article's, all else its
fields. What the article then tells otherwise than the metadata did, such as a list of numbers, stands beside it as
JSON in one field more (``REST``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from searchkit.answer import article_dict
from searchkit.errors import SourceError
from searchkit.ingest.article_builder import checked_article, content_id
from searchkit.ingest.dates import parse_date
from searchkit.types import Article

REST = "searchkit_document"
"""The field that holds what an article can't: its values are too long to be filtered by, or nobody asks for them."""

_TEXTS = ("url", "source", "language")
_LISTS = ("authors", "tags")
_ALSO_FIELDS = ("title", "url")
"""What no filter compares of an article itself."""


def document_article(
    document_id: str | None, text: str, metadata: Mapping[str, Any], others: Mapping[str, Any] | None = None
) -> Article:
    """Return a document as an article.

    Args:
        document_id: Its id; None for one that is made of what the document holds, so that equal ones are one.
        text: Its text.
        metadata: Its metadata: what JSON can hold.
        others: What else a framework keeps with a document: what JSON can hold.

    Returns:
        The article, of which ``document_metadata`` and the others here make the same again.

    Raises:
        SourceError: It has no text, its id can't be kept as it is, or its metadata holds what JSON can't.
    """
    name = document_id or content_id("document", {"text": text, "metadata": metadata, "others": others})
    article = _article(name, text, metadata)
    if article.id != name:
        raise SourceError(f"The id {name!r} can't be kept as it is.", hint=f"Give it as {article.id!r}.")
    rest = _rest(article, text, metadata, others)
    return replace(article, fields={**article.fields, REST: rest}) if rest else article


def document_text(article: Article) -> str:
    """Return the text of a document as it came in."""
    text: str = _kept(article).get("text", article.text)
    return text


def document_metadata(article: Article) -> dict[str, Any]:
    """Return the metadata of a document as it came in; of an article that never was one, what it has."""
    kept = _kept(article)
    without = kept.get("without", ())
    metadata = {name: value for name, value in _shown(article).items() if name not in without}
    differing: dict[str, Any] = kept.get("metadata", {})
    return metadata | differing


def document_others(article: Article) -> dict[str, Any]:
    """Return what else a framework kept with a document."""
    others: dict[str, Any] = _kept(article).get("others", {})
    return others


def _article(name: str, text: str, metadata: Mapping[str, Any]) -> Article:
    own: dict[str, Any] = {key: metadata[key] for key in ("title", *_TEXTS) if isinstance(metadata.get(key), str)}
    own |= {key: tuple(metadata[key]) for key in _LISTS if _is_texts(metadata.get(key))}
    if isinstance(metadata.get("published"), str) and parse_date(metadata["published"]) is not None:
        own["published"] = metadata["published"]
    fields = {key: value for key, value in metadata.items() if key not in own or key in _ALSO_FIELDS}
    return checked_article(Article(id=name, text=text, **own, fields=fields))


def _rest(article: Article, text: str, metadata: Mapping[str, Any], others: Mapping[str, Any] | None) -> str:
    """Return as JSON what an article doesn't tell as the document did; "" where that is nothing."""
    shown = _shown(article)
    try:
        differing = {
            name: value for name, value in metadata.items() if name not in shown or not _same(shown[name], value)
        }
        kept = {
            "text": text if text != article.text else None,
            "metadata": differing,
            "without": [name for name in shown if name not in metadata],
            "others": others,
        }
        return json.dumps({name: value for name, value in kept.items() if value}) if any(kept.values()) else ""
    except (TypeError, ValueError, RecursionError) as error:
        raise SourceError(
            f"The metadata of the document '{article.id}' can't be kept: {error}.",
            hint="Give what JSON has: text, numbers, true and false, null, lists, and objects of these.",
        ) from error


def _shown(article: Article) -> dict[str, Any]:
    """Return what an article tells of itself, as metadata."""
    own = article_dict(article)
    fields = own.pop("fields")
    known = {name: value for name, value in own.items() if name != "id" and value}
    return {name: value for name, value in fields.items() if name != REST} | known


def _kept(article: Article) -> dict[str, Any]:
    """Return what stands beside an article; nothing where its field of that name is something else."""
    rest = article.fields.get(REST)
    try:
        kept = json.loads(rest) if isinstance(rest, str) else {}
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _same(left: object, right: object) -> bool:
    """Say whether two values are the same in JSON: 1, 1.0 and true aren't."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
