"""Does a document come back as it was written, and is it found by what it holds?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.errors import SourceError
from searchkit.ingest.article_builder import checked_article
from searchkit.integrations.stored_documents import (
    REST,
    document_article,
    document_metadata,
    document_others,
    document_text,
)
from searchkit.types import Article

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS
_VALUES = st.recursive(_PLAIN, lambda each: st.lists(each, max_size=3) | st.dictionaries(_TEXTS, each, max_size=3))
_NAMES = _TEXTS | st.sampled_from(
    ["title", "url", "source", "language", "published", "authors", "tags", "updated", REST]
)


def come_back(text: str, metadata: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    article = document_article("a", text, metadata)
    stored = checked_article(article)
    assert stored == article
    return document_text(stored), document_metadata(stored)


@settings(max_examples=200, deadline=None)
@given(metadata=st.dictionaries(_NAMES, _VALUES, max_size=5))
def test_any_metadata_comes_back_as_it_was(metadata: dict[str, Any]) -> None:
    text, returned = come_back("The ferry sails at nine.", metadata)
    assert text == "The ferry sails at nine."
    assert repr(sorted(returned.items())) == repr(sorted(metadata.items()))


@pytest.mark.parametrize("text", ["  spaces  \n\n", "a\x00b", "soft\u00adhyphen", "line\r\nend", "e\u0301"])
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert come_back(text, {})[0] == text


def test_what_an_article_holds_itself_stands_in_its_own_place() -> None:
    metadata = {
        "title": "Cocoa",
        "url": "https://harbour.example/cocoa",
        "source": "Meridian Wire",
        "language": "en",
        "published": "2025-03-02",
        "authors": ["Ada Quill"],
        "tags": ["sea"],
        "price": 3,
        "open": True,
    }
    article = document_article("cocoa", "The price has doubled.", metadata)
    assert (article.title, article.source, article.language) == ("Cocoa", "Meridian Wire", "en")
    assert article.published == datetime(2025, 3, 2, tzinfo=UTC)
    assert (article.authors, article.tags) == (("Ada Quill",), ("sea",))
    assert article.fields == {
        "title": "Cocoa",
        "url": "https://harbour.example/cocoa",
        "price": 3,
        "open": True,
    }


def test_a_nested_value_is_a_field_by_its_path_and_comes_back_nested() -> None:
    article = document_article("a", "Text.", {"place": {"pier": 4}})
    assert article.fields["place.pier"] == 4
    assert document_metadata(article) == {"place": {"pier": 4}}


def test_what_else_a_framework_keeps_comes_back() -> None:
    article = document_article("a", "Text.", {}, {"embedding": [0.1, 2.0]})
    assert document_others(article) == {"embedding": [0.1, 2.0]}
    assert document_metadata(article) == {}


def test_an_article_that_never_was_a_document_tells_what_it_has() -> None:
    article = Article(
        id="a", text="Text.", title="Cocoa", tags=("sea",), fields={"price": 3, REST: "{not JSON"}, language="en"
    )
    assert document_metadata(article) == {"price": 3, "title": "Cocoa", "language": "en", "tags": ["sea"]}
    assert document_text(article) == "Text."


def test_documents_without_an_id_get_the_same_for_the_same_content() -> None:
    first, again, other = (document_article(None, "Text.", {"page": page}) for page in (1, 1, 2))
    assert first.id == again.id != other.id


@pytest.mark.parametrize(
    ("document_id", "text", "metadata", "message"),
    [
        ("a", "", {}, "neither text nor title"),
        (" a ", "Text.", {}, "can't be kept as it is"),
        ("a\n", "Text.", {}, "control character"),
        ("a", "Text.", {"when": [object()]}, "can't be kept"),
        ("a", "Text.", {"raw": b"bytes"}, "can't be kept"),
    ],
)
def test_what_can_not_be_kept_is_refused(document_id: str, text: str, metadata: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        document_article(document_id, text, metadata)
