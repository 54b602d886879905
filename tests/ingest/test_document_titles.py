"""The title of a whole HTML document in a row's text is the article's, where the row has none."""

from __future__ import annotations

import pytest

from searchkit.ingest.article_builder import article_from_dict

BODY = "<body><p>A bird hovers over the field.</p></body></html>"


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"text": f"<html><head><title>The kestrel</title></head>{BODY}"}, "The kestrel"),
        (
            {"text": f"<!DOCTYPE html><HTML><HEAD lang=en><TITLE id=t>\n The &amp; kestrel\n</TITLE></HEAD>{BODY}"},
            "The & kestrel",
        ),
        ({"text": f"<html><head><meta charset=utf-8><title>K &#8211; x</title></head>{BODY}"}, "K – x"),
        ({"text": f"<html><head><title>The kestrel</title></head>{BODY}", "title": "Its own"}, "Its own"),
        ({"text": f"<html><head></head><svg><title>Icon</title></svg>{BODY}"}, ""),
        ({"text": f"<html><head><title></title></head>{BODY}"}, ""),
        ({"text": "<p>No head here, <b>only</b> words.</p>"}, ""),
        ({"text": "It says <head><title> in words."}, ""),
    ],
)
def test_the_title_of_a_document_is_that_of_its_row(values: dict[str, str], title: str) -> None:
    article = article_from_dict({"id": "1", **values})
    assert article.title == title
    assert "kestrel" not in article.text
