"""News in XML: NITF, NewsML 1 and G2, Reuters' own, JATS, TEI, DocBook and FictionBook, by a table of paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText, decode
from searchkit.ingest.formats.html_fragment import fragment_blocks, is_html
from searchkit.ingest.formats.safe_xml import parse_xml, pieces, without_namespaces, words
from searchkit.ingest.formats.sections import Block, join
from searchkit.ingest.rows import Rows
from searchkit.ingest.text_cleanup import clean, one_line
from searchkit.ingest.text_cleanup import words as names
from searchkit.types import Article, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dialect:
    """Where the parts of an article stand in one kind of XML: paths without namespaces, the likeliest first.

    ``items`` leads to the articles of a file; of ``each`` field all values count, of any other the first.
    """

    items: str
    fields: Mapping[str, tuple[str, ...]]
    body: tuple[str, ...]
    standfirst: tuple[str, ...] = ()
    unseen: frozenset[str] = frozenset()


_EACH = frozenset({"authors", "tags"})
"""Fields of which all values count."""

_NITF = _Dialect(
    items="//nitf",
    fields={
        "title": ("body/body.head/hedline/hl1", "head/title"),
        "subtitle": ("body/body.head/hedline/hl2",),
        "authors": ("body/body.head/byline[person]/person", "body/body.head/byline"),
        "published": (
            "head/docdata/date.issue/@norm",
            "body/body.head/dateline/story.date/@norm",
            "head/pubdata/@date.publication",
            "head/docdata/date.release/@norm",
        ),
        "source": ("head/pubdata/@name", "body/body.head/distributor/org", "body/body.head/distributor"),
        "dateline": ("body/body.head/dateline/location", "body/body.head/dateline"),
        "url": ("head/pubdata/@ex-ref",),
        "identifier": ("head/docdata/doc-id/@id-string",),
        "tags": (
            "head/docdata/key-list/keyword/@key",
            "head/docdata/identified-content/classifier[not(@type) or @type='descriptor']",
        ),
        "section": ("head/docdata/fixture/@fix-id", "head/pubdata/@position.section"),
        "language": ("@lang", "body/@lang"),
    },
    standfirst=("body/body.head/abstract",),
    body=("body/body.content/block[@class='full_text']", "body/body.content", "body"),
    unseen=names("media media-metadata media-producer body.head body.end"),
)
_G2 = _Dialect(
    items="//newsItem",
    fields={
        "title": ("contentMeta/headline", "itemMeta/title", "contentMeta/slugline", "contentSet//hl1"),
        "authors": ("contentMeta/creator/name", "contentMeta/by", "contentSet//byline"),
        "published": ("contentMeta/contentCreated", "itemMeta/firstCreated", "itemMeta/versionCreated"),
        "updated": ("contentMeta/contentModified", "itemMeta/versionCreated"),
        "source": ("itemMeta/provider/name", "itemMeta/provider/@literal", "contentMeta/creditline"),
        "dateline": ("contentMeta/dateline",),
        "identifier": ("@guid",),
        "tags": ("contentMeta/keyword", "contentMeta/subject/name"),
        "language": ("contentMeta/language/@tag", "@lang"),
    },
    standfirst=("contentMeta/description[@role='drol:summary']",),
    body=("contentSet//body.content", "contentSet//body", "contentSet/inlineXML", "contentSet/inlineData"),
    unseen=names("media head style script"),
)
_NEWSML1 = _Dialect(
    items="//NewsItem",
    fields={
        "title": (".//NewsLines/HeadLine", ".//hl1"),
        "subtitle": (".//NewsLines/SubHeadLine",),
        "authors": (".//NewsLines/ByLine", ".//byline"),
        "published": (
            ".//NewsManagement/FirstCreated",
            ".//NewsIdentifier/DateId",
            ".//NewsManagement/ThisRevisionCreated",
        ),
        "updated": (".//NewsManagement/ThisRevisionCreated",),
        "source": (".//NewsLines/CreditLine", ".//NewsIdentifier/ProviderId"),
        "dateline": (".//NewsLines/DateLine",),
        "identifier": (".//NewsIdentifier/PublicIdentifier",),
        "tags": (".//NewsLines/KeywordLine",),
        "language": (".//DescriptiveMetadata/Language/@FormalName", "@lang"),
    },
    body=(".//DataContent//body.content", ".//DataContent//body", ".//DataContent"),
    unseen=names("media head style script"),
)
_RCV1 = _Dialect(
    items="//newsitem",
    fields={
        "title": ("headline", "title"),
        "authors": ("byline",),
        "published": ("@date", "metadata/dc[@element='dc.date.published']/@value"),
        "dateline": ("dateline",),
        "source": ("metadata/dc[@element='dc.source']/@value", "metadata/dc[@element='dc.publisher']/@value"),
        "identifier": ("@itemid",),
        "tags": ("metadata/codes[contains(@class, 'topics')]/code/@code",),
        "language": ("@lang",),
    },
    body=("text",),
)
_JATS = _Dialect(
    items="self::article | //article[not(ancestor::article)]",
    fields={
        "title": ("front//title-group/article-title", "front//article-title"),
        "subtitle": ("front//title-group/subtitle",),
        "authors": (
            "front//contrib-group/contrib[not(@contrib-type) or @contrib-type='author']/name",
            "front//contrib-group/contrib/string-name",
            "front//contrib-group/contrib/collab",
        ),
        "published": (
            "front//article-meta/pub-date[@date-type='pub' or @pub-type='epub']",
            "front//article-meta/pub-date",
        ),
        "source": ("front//journal-title", "front//publisher-name"),
        "doi": ("front//article-id[@pub-id-type='doi']",),
        "tags": ("front//kwd-group/kwd",),
        "section": ("front//article-categories//subject",),
        "language": ("@lang",),
    },
    standfirst=("front//abstract[not(@abstract-type)]", "front//abstract"),
    body=("body",),
    unseen=names("ref-list tex-math object-id label table-wrap-foot journal-meta"),
)
_TEI = _Dialect(
    items="descendant-or-self::TEI | //TEI.2",
    fields={
        "title": ("teiHeader/fileDesc/titleStmt/title[@type='main']", "teiHeader/fileDesc/titleStmt/title"),
        "authors": ("teiHeader/fileDesc/titleStmt/author",),
        "published": (
            "teiHeader//publicationStmt/date/@when",
            "teiHeader//publicationStmt/date",
            "teiHeader//sourceDesc//date/@when",
            "teiHeader//sourceDesc//date",
        ),
        "source": ("teiHeader//sourceDesc//publisher", "teiHeader/fileDesc/publicationStmt/publisher"),
        "tags": ("teiHeader//keywords//term", "teiHeader//keywords//item"),
        "language": ("@lang", "teiHeader//language/@ident"),
    },
    body=("text/body", "text"),
    unseen=names("fw pb gap figDesc"),
)
_DOCBOOK = _Dialect(
    items="self::*",
    fields={
        "title": ("info/title", "articleinfo/title", "bookinfo/title", "title"),
        "subtitle": ("info/subtitle", "articleinfo/subtitle", "subtitle"),
        "authors": ("(info|articleinfo|bookinfo)//author",),
        "published": ("(info|articleinfo|bookinfo)/pubdate", "(info|articleinfo|bookinfo)/date"),
        "tags": ("(info|articleinfo|bookinfo)//keyword",),
        "language": ("@lang",),
    },
    standfirst=("(info|articleinfo|bookinfo)/abstract",),
    body=("self::*",),
    unseen=names("info articleinfo bookinfo sectioninfo indexterm imageobject titleabbrev"),
)
_FICTION_BOOK = _Dialect(
    items="self::FictionBook",
    fields={
        "title": ("description/title-info/book-title",),
        "authors": ("description/title-info/author",),
        "published": (
            "description/title-info/date/@value",
            "description/title-info/date",
            "description/publish-info/year",
        ),
        "source": ("description/publish-info/publisher",),
        "tags": ("description/title-info/genre",),
        "language": ("description/title-info/lang",),
    },
    standfirst=("description/title-info/annotation",),
    body=("self::*",),
    unseen=names("description binary stylesheet"),
)
_REUTERS_21578 = _Dialect(
    items="self::REUTERS",
    fields={
        "title": ("TEXT/TITLE",),
        "authors": ("TEXT/AUTHOR",),
        "published": ("DATE",),
        "dateline": ("TEXT/DATELINE",),
        "identifier": ("@NEWID",),
        "tags": ("TOPICS/D",),
        "places": ("PLACES/D",),
    },
    body=("TEXT/BODY", "TEXT[not(BODY)]"),
    unseen=names("TITLE AUTHOR DATELINE"),
)
_DIALECTS: Mapping[str, _Dialect] = {
    "nitf": _NITF,
    "newsMessage": _G2,
    "newsItem": _G2,
    "NewsML": _NEWSML1,
    "newsitem": _RCV1,
    "TEI": _TEI,
    "teiCorpus": _TEI,
    "TEI.2": _TEI,
    "FictionBook": _FICTION_BOOK,
}
"""By the root's name. An ``article`` is JATS where it has a ``front``, else DocBook."""

_BLOCKS = names(
    "p para simpara l v li item listitem list-item tr row pre programlisting screen preformat literallayout title head "
    "hl2 h1 h2 h3 h4 h5 h6 bridgehead quote block blockquote disp-quote list ul ol itemizedlist orderedlist table sec "
    "section div div1 div2 div3 div4 chapter sect1 sect2 sect3 sect4 lg stanza poem fig figure caption note epigraph "
    "cite subtitle ab sp abstract fn variablelist varlistentry term body text-author empty-line disp-formula "
    "boxed-text"
)
_HEADINGS = names("title head hl2 h1 h2 h3 h4 h5 h6 bridgehead")
_SECTIONS = names("sec section div div1 div2 div3 div4 chapter appendix part preface sect1 sect2 sect3 sect4 body")
_ITEMS = names("li item listitem list-item")
_ROWS = names("tr row")
_PREFORMATTED = names("pre programlisting screen preformat literallayout")
_PARTED_NAMES = (
    ("given-names", "surname"),
    ("firstname", "surname"),
    ("first-name", "middle-name", "last-name"),
    ("forename", "surname"),
)
_BY = re.compile(r"^by\s+", re.IGNORECASE)
_STAMP = re.compile(r"(\d{8})T(\d{4}(?:\d\d)?)(Z|[+-]\d{4})?")
_FEW_HEADINGS = 6


def read_news_xml(data: bytes, rows: Rows) -> Iterator[Article | Problem]:
    """Yield the articles of an XML file of any of these kinds.

    Raises ``NotText`` where it is none of them, damaged or hostile.
    """
    if not data.strip():
        raise NotText("is empty")
    drafts = list(_reuters(data)) if b"<REUTERS" in data[:10_000] else list(_drafts(data))
    if not drafts:
        raise NotText("holds no article")
    for number, draft in enumerate(drafts, start=1):
        only = len(drafts) == 1
        part = str(draft.values.get("identifier") or number)
        named = {"id": rows.origin.name, **draft.values} if only else draft.values
        yield from rows.add(replace(draft, values=named), part=None if only else part)


def _drafts(data: bytes) -> Iterator[ParsedArticle]:
    root = without_namespaces(parse_xml(data))
    dialect = _DIALECTS.get(str(root.tag)) or _of_article(root)
    if dialect is None:
        raise NotText(f"is XML of an unknown kind ({one_line(str(root.tag))[:60]})")
    for item in root.xpath(dialect.items):
        draft = _draft(item, dialect)
        if draft.values["text"] or draft.values.get("title"):
            yield draft


def _of_article(root: Any) -> _Dialect | None:
    if root.tag in ("article", "book"):
        return _JATS if root.find("front") is not None else _DOCBOOK
    return None


_RECORD = re.compile(r"<REUTERS\b.*?</REUTERS>", re.DOTALL)
_CONTROL_REFERENCE = re.compile(r"&#(?:[0-8]|1[124-9]|2\d|3[01]|127);")

_SIGNATURE = re.compile(r"\s+reuter\s*(?=</BODY>)", re.IGNORECASE)


def _reuters(data: bytes) -> Iterator[ParsedArticle]:
    """Yield the articles of a file of the Reuters-21578 collection, which is SGML."""
    for record in _RECORD.findall(decode(data).text):
        source = _SIGNATURE.sub("", _CONTROL_REFERENCE.sub("", record))
        yield _draft(parse_xml(source), _REUTERS_21578)


def _draft(item: Any, dialect: _Dialect) -> ParsedArticle:
    values: dict[str, object] = {}
    for field, paths in dialect.fields.items():
        texts = next((texts for path in paths if (texts := _values(item, path, field))), [])
        if texts:
            values[field] = texts if field in _EACH else texts[0]
    title = one_line(str(values.get("title", "")))
    blocks = [*_standfirst(item, dialect), *_body(item, dialect)]
    subtitle = str(values.get("subtitle", ""))
    if subtitle and not any(one_line(block.text).casefold() == subtitle.casefold() for block in blocks[:3]):
        blocks.insert(0, Block(text=subtitle))
    while blocks and one_line(blocks[0].text).casefold() in ("", title.casefold()):
        blocks.pop(0)
    text, sections = join(blocks)
    return ParsedArticle(values={**values, "title": title, "text": text}, sections=sections)


def _values(item: Any, path: str, field: str) -> list[str]:
    """Return the texts that a path leads to."""
    expanded = path.replace("(info|articleinfo|bookinfo)", "*[self::info or self::articleinfo or self::bookinfo]")
    values = (each if isinstance(each, str) else _field_text(each, field) for each in item.xpath(expanded))
    texts = [text for value in values if (text := one_line(clean(str(value))))]
    if field in {"published", "updated"}:
        return [_STAMP.sub(_spelled, text) for text in texts]
    return [_BY.sub("", text) for text in texts] if field == "authors" else texts


def _field_text(element: Any, field: str) -> str:
    if field == "authors":
        name_parts = ([words(child) for tag in parts for child in element.iter(tag)] for parts in _PARTED_NAMES)
        if fullest := max(name_parts, key=len):
            return " ".join(fullest)
        person = element.find(".//personname")
        return words(element if person is None else person, ("virtloc", "bytag", "affiliation", "email", "idno"))
    if element.tag == "pub-date":
        return element.get("iso-8601-date") or "-".join(
            f"{words(part):0>2}" for tag in ("year", "month", "day") for part in element.findall(tag)
        )
    return words(element)


def _spelled(stamp: re.Match[str]) -> str:
    """Return an instant in ISO's short form with its signs: 20240506T101500+0200; midnight is a day alone."""
    day, clock, zone = stamp[1], stamp[2], stamp[3] or ""
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if not clock.strip("0") and not zone:
        return date
    zone = f"{zone[:3]}:{zone[3:]}" if len(zone) == 5 else zone
    return f"{date}T{':'.join(clock[i : i + 2] for i in range(0, len(clock), 2))}{zone}"


def _standfirst(item: Any, dialect: _Dialect) -> Iterator[Block]:
    for path in dialect.standfirst:
        elements = item.xpath(path.replace("(info|articleinfo|bookinfo)", "*"))
        if elements:
            yield from _blocks(elements[0], 2, dialect.unseen)
            return


def _body(item: Any, dialect: _Dialect) -> Iterator[Block]:
    for path in dialect.body:
        elements = item.xpath(path)
        blocks = [block for each in elements for block in _blocks(each, 1, dialect.unseen)]
        if any(block.text.strip() for block in blocks):
            yield from blocks
            return


def _blocks(element: Any, level: int, unseen: frozenset[str], mark: str = "") -> Iterator[Block]:
    """Yield the blocks in an element: headings by the depth of their sections, items with a dash, rows with bars."""
    tag = element.tag
    if not isinstance(tag, str) or tag in unseen:
        return
    if tag in _HEADINGS:
        yield Block(text=words(element, unseen), level=min(level, _FEW_HEADINGS))
    elif tag in _ROWS:
        yield Block(text=" | ".join(filter(None, (words(cell, unseen) for cell in element))), gap="\n")
    elif tag in _PREFORMATTED:
        yield Block(text=clean("".join(pieces(element))).strip("\n"))
    elif any(child.tag in _BLOCKS for child in element.iterdescendants() if isinstance(child.tag, str)):
        yield from _within(element, level + (tag in _SECTIONS), unseen, "- " if tag in _ITEMS else mark)
    else:
        yield from _paragraphs(element, unseen, "- " if tag in _ITEMS else mark)


def _within(element: Any, level: int, unseen: frozenset[str], mark: str) -> Iterator[Block]:
    if text := one_line(clean(element.text or "")):
        yield Block(text=mark + text, gap="\n" if mark else "\n\n")
        mark = ""
    for child in element:
        blocks = [block for block in _blocks(child, level, unseen, mark) if block.text.strip()]
        yield from blocks
        mark = "" if blocks else mark
        if text := one_line(clean(child.tail or "")):
            yield Block(text=text)


def _paragraphs(element: Any, unseen: frozenset[str], mark: str) -> Iterator[Block]:
    """Yield what an element of text holds: markup that was escaped, paragraphs by blank lines, or one paragraph."""
    raw = clean("".join(pieces(element, unseen)))
    if is_html(raw):
        yield from fragment_blocks(raw)
    elif element.tag in ("BODY", "inlineData", "DataContent", "TEXT", "body.content"):
        parts = re.split(r"\n[ \t]*\n|\n {3,}", raw)
        yield from (Block(text=one_line(part)) for part in parts)
    else:
        text = one_line(raw)
        yield Block(text=mark + text if text else "", gap="\n" if mark else "\n\n")
