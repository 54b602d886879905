"""Publishing exports: posts as WordPress, Ghost, Mastodon, Twitter and search engines give them out."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.formats.export_fields import (
    Beside,
    LeftOut,
    Row,
    export_article,
    inner,
    is_row,
    labels,
    rows_in,
    text_of,
)


def search_hit(row: Row, beside: Beside) -> ParsedArticle:
    """Return a document as Elasticsearch and OpenSearch give it, whose fields are in an object of their own."""
    return export_article({"id": row.get("_id"), **inner(row, "_source")}, ())


def wordpress(row: Row, beside: Beside) -> ParsedArticle:
    """Return a post of WordPress's REST interface; names of authors and tags are there where they were embedded."""
    if text_of(row, "status") not in ("", "publish"):
        raise LeftOut("a post that isn't published")
    embedded = inner(row, "_embedded")
    terms = embedded.get("wp:term")
    names = [each for group in terms if isinstance(group, list) for each in group] if isinstance(terms, list) else []
    used = (
        "title content excerpt link date date_gmt modified modified_gmt guid author categories tags _embedded _links "
    )
    used += "class_list featured_media comment_status ping_status template meta format status"
    return export_article(
        row,
        (
            *used.split(),
            *["class_list", "featured_media", "comment_status", "ping_status", "template", "meta", "format", "status"],
        ),
        title=text_of(inner(row, "title"), "rendered", "raw"),
        text=text_of(inner(row, "content"), "rendered", "raw") or text_of(inner(row, "excerpt"), "rendered"),
        url=text_of(row, "link"),
        authors=labels(embedded.get("author"), "name"),
        published=_gmt(row, "date_gmt") or row.get("date"),
        updated=_gmt(row, "modified_gmt") or row.get("modified"),
        tags=labels(names, "name"),
    )


def _gmt(row: Row, key: str) -> str:
    moment = text_of(row, key)
    return f"{moment}Z" if moment and not moment.startswith("0000") else ""


def ghost_posts(export: Row) -> list[Row] | None:
    """Return the posts of Ghost's export, each with the names of its authors and tags; None for anything else."""
    databases = rows_in(export, "db") or [export]
    data = inner(databases[0], "data")
    if not (isinstance(data.get("posts"), list) and "meta" in databases[0]):
        return None
    users, names = _names(rows_in(data, "users")), _names(rows_in(data, "tags"))
    tags = _joined(rows_in(data, "posts_tags"), "tag_id", names)
    authors = _joined(rows_in(data, "posts_authors"), "author_id", users)
    posts: list[Row] = []
    for post in rows_in(data, "posts"):
        own = str(post.get("id"))
        writers = authors.get(own) or [users.get(str(post.get("author_id")), "")]
        posts.append({**post, "ghost_tags": tags.get(own, []), "ghost_authors": [name for name in writers if name]})
    return posts


def _names(rows: list[Row]) -> dict[str, str]:
    return {str(each.get("id")): text_of(each, "name") for each in rows}


def _joined(pairs: list[Row], key: str, names: dict[str, str]) -> dict[str, list[str]]:
    joined: dict[str, list[str]] = {}
    for pair in pairs:
        if name := names.get(str(pair.get(key))):
            joined.setdefault(str(pair.get("post_id")), []).append(name)
    return joined


def ghost(row: Row, beside: Beside) -> ParsedArticle:
    """Return a post of Ghost's export."""
    if text_of(row, "status") not in ("", "published", "sent"):
        raise LeftOut("a post that isn't published")
    text = text_of(row, "html", "plaintext")
    text = text or _lexical(text_of(row, "lexical")) or _mobiledoc(text_of(row, "mobiledoc"))
    kept = ("id", "title", "slug", "type", "visibility")
    return export_article(
        {key: row.get(key) for key in kept},
        (),
        text=text or text_of(row, "custom_excerpt"),
        url=text_of(row, "canonical_url"),
        authors=row.get("ghost_authors"),
        published=row.get("published_at"),
        updated=row.get("updated_at"),
        language=text_of(row, "locale", "language"),
        tags=row.get("ghost_tags"),
        excerpt=text_of(row, "custom_excerpt") if text else None,
        favorite=True if row.get("featured") in (True, 1) else None,
    )


def _lexical(source: str) -> str:
    """Return the text of Ghost's editor: its paragraphs."""
    try:
        root = inner(json.loads(source), "root") if source else {}
    except (ValueError, RecursionError, AttributeError):
        return ""
    blocks = ("".join(_texts(block, 0)) or text_of(block, "html", "markdown") for block in rows_in(root, "children"))
    return "\n\n".join(block for block in blocks if block.strip())


def _texts(node: Row, depth: int) -> Iterator[str]:
    if text := text_of(node, "text"):
        yield text
    if depth < 50:
        for child in rows_in(node, "children"):
            yield from _texts(child, depth + 1)


def _mobiledoc(source: str) -> str:
    """Return the text of Ghost's earlier editor: its cards of Markdown and HTML, and its paragraphs."""
    try:
        document = json.loads(source) if source else {}
    except (ValueError, RecursionError):
        return ""
    if not is_row(document):
        return ""
    cards = [card[1] for card in _lists(document.get("cards")) if len(card) > 1 and is_row(card[1])]
    sections = [section[2] for section in _lists(document.get("sections")) if len(section) > 2]
    paragraphs = ["".join(str(mark[-1]) for mark in _lists(marks)) for marks in sections]
    return "\n\n".join([*(part for part in paragraphs if part), *(text_of(card, "markdown", "html") for card in cards)])


def _lists(value: object) -> list[list[object]]:
    return [each for each in value if isinstance(each, list) and each] if isinstance(value, list) else []


def mastodon(row: Row, beside: Beside) -> ParsedArticle:
    """Return a post of Mastodon's outbox (ActivityPub); what was only passed on is none of the author's."""
    note = inner(row, "object")
    if not note:
        raise LeftOut("a post of somebody else that was passed on")
    tags = [text_of(tag, "name").lstrip("#") for tag in rows_in(note, "tag") if tag.get("type") == "Hashtag"]
    return export_article(
        {"type": note.get("type"), "inReplyTo": note.get("inReplyTo"), "sensitive": note.get("sensitive")},
        (),
        id=text_of(note, "id"),
        title=text_of(note, "name", "summary"),
        text=text_of(note, "content"),
        url=text_of(note, "url", "id"),
        published=note.get("published") or row.get("published"),
        updated=note.get("updated"),
        tags=tags,
        attachments=[text_of(each, "name", "url") for each in rows_in(note, "attachment")],
    )


def tweet(row: Row, beside: Beside) -> ParsedArticle:
    """Return a post of Twitter's archive, with the addresses that it was written with."""
    post = inner(row, "tweet") or row
    text = text_of(post, "full_text", "text")
    if text.startswith("RT @"):
        raise LeftOut("a post of somebody else that was passed on")
    entities = inner(post, "entities")
    for link in [*rows_in(entities, "urls"), *rows_in(inner(post, "extended_entities"), "media")]:
        if short := text_of(link, "url"):
            text = text.replace(short, text_of(link, "expanded_url") or short)
    own = str(post.get("id_str") or post.get("id") or "")
    return export_article(
        {key: post.get(key) for key in ("favorite_count", "retweet_count", "in_reply_to_screen_name")},
        (),
        id=own,
        text=html.unescape(text),
        published=post.get("created_at"),
        language=post.get("lang"),
        tags=labels(entities.get("hashtags"), "text"),
    )
