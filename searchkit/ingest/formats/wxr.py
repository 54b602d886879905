"""WXR, WordPress's export: its published posts and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from xml.etree.ElementTree import Element

from searchkit.ingest.formats.xml_records import xml_records
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_RECORDS = frozenset({"item", "wp:author", "title", "language"})
_SHORTCODE = re.compile(
    r"\[/?(?:caption|gallery|embed|audio|video|playlist|wp_caption|(?:vc|et_pb|sc)_\w+)\b[^\[\]]*\]"
)
_OF_THE_SITE = re.compile(
    r"attachment|revision|nav_menu_item|custom_css|customize_changeset|oembed_cache|user_request|wp_\w+|acf-.*"
)
"""Types of entries that hold no article; any other that plugins add (``product``, ``event``) may."""


def read_wxr(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each published post and page; drafts, private posts and attachments are counted.

    Raises ``NotText`` and whatever the stream raises, after the articles that came before.
    """
    yield from rows.closing(_posts(stream, rows), expects_html=True)


def _posts(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    names: dict[str, str] = {}
    site: dict[str, str] = {}
    for element, line in xml_records(stream, _RECORDS):
        if element.tag == "wp:author":
            names[_text(element, "wp:author_login")] = _text(element, "wp:author_display_name")
        elif element.tag != "item":
            site.setdefault(element.tag, (element.text or "").strip())
        elif (reason := _left_out(element)) is not None:
            rows.count(f"{reason} was left out", line)
        else:
            yield from rows.take(_post(element, names, site), line)


def _left_out(item: Element) -> str | None:
    if _OF_THE_SITE.fullmatch(_text(item, "wp:post_type")):
        return "an attachment, a menu or a setting"
    if _text(item, "wp:status") not in ("", "publish"):
        return "a post that isn't published"
    return "a post with a password" if _text(item, "wp:post_password") else None


def _post(item: Element, names: Mapping[str, str], site: Mapping[str, str]) -> Mapping[str, object]:
    login = _text(item, "dc:creator")
    content = _SHORTCODE.sub("", _text(item, "content:encoded"))
    terms = [each for each in item.iterfind("category") if each.get("domain") in ("category", "post_tag", None)]
    values = {
        "id": _text(item, "link") or _text(item, "guid") or _text(item, "wp:post_id"),
        "title": _text(item, "title"),
        # WordPress makes paragraphs of lines, so that what surely is HTML needn't look like it.
        "text": (f"<section>{content}</section>" if "<" in content else content) or _text(item, "excerpt:encoded"),
        "url": _text(item, "link"),
        "source": site.get("title", ""),
        "authors": names.get(login) or login,
        "published": _moment(item, "wp:post_date_gmt") or _text(item, "pubDate") or _text(item, "wp:post_date"),
        "updated": _moment(item, "wp:post_modified_gmt"),
        "language": site.get("language", ""),
        "tags": list(dict.fromkeys(text for each in terms if (text := (each.text or "").strip()))),
        "type": _text(item, "wp:post_type"),
        "excerpt": _text(item, "excerpt:encoded") if content else "",
    }
    return {name: value for name, value in values.items() if value not in ("", [])}


def _moment(item: Element, name: str) -> str:
    moment = _text(item, name)
    return f"{moment}Z" if moment and not moment.startswith("0000") else ""


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
