"""Read-later services: the rows of their exports, with what the reader did with an article.

``saved`` is when it was saved, which isn't when it was published; ``notes`` and ``highlights`` are the reader's words
and the marked ones, ``archived`` and ``favorite`` the reader's states.
"""

from __future__ import annotations

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.formats.export_fields import (
    Beside,
    Row,
    epoch_ms,
    export_article,
    flag,
    inner,
    instant,
    labels,
    rows_in,
    text_of,
)

_FOLDERS_OF_STATES = {"unread", "archive", "starred"}


def wallabag(row: Row, beside: Beside) -> ParsedArticle:
    """Return an entry of wallabag's JSON, whose content is HTML."""
    annotations = rows_in(row, "annotations")
    used = "is_archived is_starred created_at updated_at domain_name published_at published_by annotations tags"
    return export_article(
        row,
        (*used.split(), "preview_picture", "mimetype", "http_status", "headers"),
        source=row.get("domain_name"),
        authors=labels(row.get("published_by")),
        published=row.get("published_at"),
        tags=labels(row.get("tags"), "label", "slug"),
        saved=instant(row.get("created_at")),
        archived=flag(row.get("is_archived")),
        favorite=flag(row.get("is_starred")),
        highlights=[text for each in annotations if (text := text_of(each, "quote"))],
        notes=[text for each in annotations if (text := text_of(each, "text"))],
    )


def omnivore(row: Row, beside: Beside) -> ParsedArticle:
    """Return an item of Omnivore's metadata with its page and its highlights, which are files beside."""
    slug = text_of(row, "slug")
    page = beside(f"content/{slug}.html") if slug else None
    marked = beside(f"highlights/{slug}.md") if slug else None
    quotes, notes = _quotes((marked or b"").decode("utf-8", "replace"))
    return export_article(
        row,
        ("slug", "state", "labels", "savedAt", "updatedAt", "publishedAt", "readingProgress", "thumbnail", "author"),
        text=(page or b"").decode("utf-8", "replace") or text_of(row, "description"),
        authors=text_of(row, "author"),
        published=row.get("publishedAt"),
        tags=labels(row.get("labels")),
        saved=instant(row.get("savedAt")),
        archived=text_of(row, "state").casefold() == "archived",
        highlights=quotes,
        notes=notes,
    )


def _quotes(markdown: str) -> tuple[list[str], list[str]]:
    """Return the quotations of a Markdown file, and the paragraphs that stand between them."""
    blocks = [block.strip() for block in markdown.replace("\r\n", "\n").split("\n\n") if block.strip()]
    marked = [
        "\n".join(line.lstrip("> ").rstrip() for line in block.split("\n")) for block in blocks if block[0] == ">"
    ]
    return marked, [block for block in blocks if block[0] != ">"]


def pocket(row: Row, beside: Beside) -> ParsedArticle:
    """Return a line of Pocket's CSV."""
    return export_article(
        row,
        ("time_added", "tags", "status"),
        tags=labels(row.get("tags"), separator="|"),
        saved=instant(row.get("time_added")),
        archived=flag(row.get("status")),
    )


def instapaper(row: Row, beside: Beside) -> ParsedArticle:
    """Return a line of Instapaper's CSV; a folder that is none of its states is the reader's own."""
    folder = text_of(row, "Folder")
    state = folder.casefold()
    return export_article(
        row,
        ("Folder", "Timestamp", "Tags", "Selection"),
        tags=labels(row.get("Tags")),
        saved=instant(row.get("Timestamp")),
        archived=state == "archive",
        favorite=state == "starred" or None,
        folder=None if state in _FOLDERS_OF_STATES else folder,
        highlights=labels([row.get("Selection")]),
    )


def readwise_csv(row: Row, beside: Beside) -> ParsedArticle:
    """Return a line of Readwise Reader's CSV."""
    return export_article(
        row,
        ("Document tags", "Saved date", "Location", "Reading progress", "Seen", "Document note"),
        tags=labels(row.get("Document tags")),
        saved=instant(row.get("Saved date")),
        archived=text_of(row, "Location").casefold() == "archive",
        notes=text_of(row, "Document note"),
    )


def readwise(row: Row, beside: Beside) -> ParsedArticle:
    """Return a document as Readwise Reader's API gives it."""
    used = "source_url site_name published_date saved_at created_at updated_at last_moved_at first_opened_at location "
    used += "last_opened_at html_content content tags notes reading_progress image_url url source"
    return export_article(
        row,
        used.split(),
        text=text_of(row, "html_content", "content", "summary"),
        url=text_of(row, "source_url", "url"),
        source=text_of(row, "site_name"),
        published=row.get("published_date"),
        tags=labels(row.get("tags")),
        saved=instant(row.get("saved_at") or row.get("created_at")),
        archived=text_of(row, "location").casefold() == "archive",
        notes=text_of(row, "notes"),
    )


def raindrop(row: Row, beside: Beside) -> ParsedArticle:
    """Return a line of Raindrop's CSV; the excerpt is all that it has of the page."""
    marked = text_of(row, "highlights").splitlines()
    return export_article(
        row,
        ("note", "excerpt", "created", "highlights", "favorite", "cover", "tags"),
        text=text_of(row, "excerpt"),
        tags=labels(row.get("tags")),
        saved=instant(row.get("created")),
        favorite=flag(row.get("favorite")),
        highlights=[line.removeprefix("Highlight:").strip() for line in marked if line.strip()],
        notes=text_of(row, "note"),
    )


def linkwarden(row: Row, beside: Beside) -> ParsedArticle:
    """Return a link of Linkwarden's backup; its text is there where it was preserved."""
    used = "name tags createdAt updatedAt importDate textContent description lastPreserved pinned"
    return export_article(
        row,
        used.split(),
        title=text_of(row, "name"),
        text=text_of(row, "textContent", "description"),
        tags=labels(row.get("tags")),
        saved=instant(row.get("importDate") or row.get("createdAt")),
        favorite=True if row.get("pinned") else None,
        description=text_of(row, "description") if text_of(row, "textContent") else None,
    )


def karakeep(row: Row, beside: Beside) -> ParsedArticle:
    """Return a bookmark of Karakeep: a link or a text; its API gives the page's content, too."""
    content = inner(row, "content")
    used = "createdAt modifiedAt content tags note favourited taggingStatus assets lists title"
    return export_article(
        row,
        used.split(),
        title=text_of(row, "title") or text_of(content, "title", "fileName"),
        text=text_of(content, "htmlContent", "text", "content", "description"),
        url=text_of(content, "url", "sourceUrl"),
        source=text_of(content, "publisher"),
        authors=text_of(content, "author"),
        published=content.get("datePublished"),
        tags=labels(row.get("tags")),
        saved=instant(row.get("createdAt")),
        archived=flag(row.get("archived")),
        favorite=flag(row.get("favourited")),
        notes=text_of(row, "note"),
    )


def starred(row: Row, beside: Beside) -> ParsedArticle:
    """Return an item of ``starred.json`` as Google Reader wrote it, and Feedly, Inoreader and FreshRSS after it."""
    origin = inner(row, "origin")
    links = [*rows_in(row, "canonical"), *rows_in(row, "alternate")]
    categories = labels(row.get("categories"), "label", "id")
    used = "content summary canonical alternate origin categories tags keywords crawled crawlTimeMsec timestampUsec "
    used += "published updated actionTimestamp annotations comments likingUsers visual engagement fingerprint"
    published, updated = row.get("published"), row.get("updated")
    return export_article(
        row,
        (
            *used.split(),
            *["actionTimestamp", "annotations", "comments", "likingUsers", "visual", "engagement", "fingerprint"],
        ),
        text=text_of(inner(row, "content"), "content") or text_of(inner(row, "summary"), "content"),
        url=next((link for each in links if (link := text_of(each, "href"))), text_of(row, "canonicalUrl")),
        source=text_of(origin, "title", "htmlUrl"),
        published=published,
        updated=None if updated == published else updated,
        tags=labels(
            [
                *(name.rpartition("/label/")[2] for name in categories if not _is_state(name)),
                *labels(row.get("keywords")),
                *(name for name in labels(row.get("tags"), "label") if not _is_state(name)),
            ]
        ),
        saved=epoch_ms(row.get("actionTimestamp")),
        favorite=any(name.endswith(("/starred", "global.saved")) for name in categories) or None,
        notes=labels(row.get("annotations"), "content", "comment"),
    )


def _is_state(name: str) -> bool:
    return "/state/" in name or ("global." in name and name.startswith("user/"))
