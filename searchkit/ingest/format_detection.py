"""Format detection: what a file holds, by its first bytes where they say so, by the suffix of its name where not."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Collection
from pathlib import PurePosixPath

from searchkit.ingest.article_builder import COMMON_ALIASES, is_common
from searchkit.ingest.compression import COMPRESSIONS

FORMATS = {
    ".txt": "plain",
    ".text": "plain",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdown": "markdown",
    ".mkd": "markdown",
    ".mdx": "mdx",
    ".rst": "rst",
    ".rest": "rst",
    ".org": "org",
    ".adoc": "asciidoc",
    ".asciidoc": "asciidoc",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".shtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonlines": "jsonl",
    ".json": "json",
    ".csv": "table",
    ".tsv": "table",
    ".tab": "table",
    ".xml": "xml",
    ".rss": "feed",
    ".atom": "feed",
    ".rdf": "feed",
    ".warc": "warc",
    ".arc": "warc",
    ".wacz": "zip",
    ".zip": "zip",
    ".tar": "tar",
    ".tgz": "tar",
    ".tbz": "tar",
    ".tbz2": "tar",
    ".txz": "tar",
    ".tzst": "tar",
    ".eml": "mail",
    ".mbox": "mbox",
    ".mht": "mail",
    ".mhtml": "mail",
    ".parquet": "parquet",
    ".arrow": "parquet",
    ".feather": "parquet",
    ".ipc": "parquet",
    ".xlsx": "zip",
    ".enex": "enex",
    ".ris": "ris",
    ".bib": "bibtex",
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".odt": "odt",
    ".fodt": "odt",
    ".rtf": "rtf",
    ".epub": "epub",
    ".fb2": "news xml",
    ".nitf": "news xml",
    ".nxml": "news xml",
}
"""What a file is, by its suffix; any other is ``unknown`` and tried as plain text."""

_XML_ROOTS = {
    "html": "html",
    "rss": "feed",
    "feed": "feed",
    "rdf": "feed",
    "channel": "feed",
    "urlset": "sitemap",
    "sitemapindex": "sitemap",
    "en-export": "enex",
    **dict.fromkeys(("nitf", "newsml", "newsmessage", "newsitem", "reuters"), "news xml"),
    **dict.fromkeys(("tei", "tei.2", "teicorpus", "fictionbook"), "news xml"),
    "document": "odt",
}
"""What XML holds, by the name of its outermost element, without prefix and in lower case."""

_SHARED_ROOTS = {
    "article": ("docbook", "jats", "nlm//dtd", "<front", "article-type=", "<articleinfo"),
    "book": ("docbook", "<bookinfo", "<chapter"),
    "document": ("urn:oasis:names:tc:opendocument",),
}
"""Roots that other kinds of XML have, too, and what stands in the first characters of the kinds that are read."""
_SHARED_WITHIN = 20_000

_BY_MAGIC = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"WARC/": "warc",
    b"filedesc://": "warc",
    b"%PDF-": "pdf",
    b"{\\rtf": "rtf",
    b"PAR1": "parquet",
    b"ARROW1": "parquet",
    b"FEA1": "parquet",
    b"SQLite format 3\0": "sqlite",
}
_OPEN_TO_CONTENT = {"plain", "unknown", "xml", "feed", "json", "table", "jsonl", "html", "mail", "mbox"}
"""What a suffix speaks for only as long as the text doesn't say otherwise; Markdown may begin with any of it."""

_OFTEN_PAGES = {"pdf", "docx", "odt", "rtf", "epub"}
"""Documents in whose place a server may have sent a page: one that asks for a password, or says that there is none."""

_TAR = (257, b"ustar")
_PROLOGUE = re.compile(
    r"\s*(?:<\?[^>]{0,1000}\?>|<!--.{0,10000}?-->|<!doctype\s+(?P<type>[\w:.-]+)[^<>\[]*(?:\[.{0,10000}?\]\s*)?>)",
    re.IGNORECASE | re.DOTALL,
)
_ROOT = re.compile(r"\s*<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)[\s/>]")
_JSON_FEED = re.compile(r"\s*\{.{0,5000}?\"version\"\s*:\s*\"https?:\\?/\\?/jsonfeed\.org\\?/version", re.DOTALL)
_JSON = re.compile(r"\s*(?:\{\s*\"|\[\s*\{\s*\")")
_JSON_KEY = re.compile(r'"[^"\\]{1,80}"\s{0,9}:')
_CUT = 2**15
"""Characters of a beginning from which on the file may go on."""
_FEWEST_KEYS = 3
_FEWEST_COLUMNS = 2
_BOOKMARKS = re.compile(
    r"\s*(?:<!doctype\s+netscape-bookmark-file|<!doctype html>.{0,300}?<title>\s*Pocket Export\s*</title>)",
    re.IGNORECASE | re.DOTALL,
)
_WXR = re.compile(r"\s*<\?xml.{0,8000}?<rss\b[^>]{0,2000}\bxmlns:wp=[\"']http://wordpress\.org/export/", re.DOTALL)
_RIS = re.compile(r"\s*TY  - [A-Z]{2,8}\s*\n[A-Z][A-Z0-9]  - ")
_MBOX = re.compile(r"(?:\r?\n)?>?From [^\n]{0,300}\b\d{4}\b[^\n]{0,40}\r?\n[!-9;-~]+:")
_HEADER = re.compile(r"([!-9;-~]{2,60}):(?:[ \t]|$)")
_URL_LINE = re.compile(r"https?://[^\s<>\"]+\Z")
_OF_MAIL = {"from", "date", "subject", "message-id", "received", "mime-version", "return-path", "to", "delivered-to"}
_FEWEST_MAIL_HEADERS = 3
_MAIL_SURELY = {"message-id", "received", "mime-version", "return-path", "delivered-to"}
"""A press release may begin with From, Date and Subject; these stand in letters only that were sent."""


def format_of_name(name: str) -> tuple[str, str]:
    """Return the format that a file's name speaks for (or ``unknown``), and how it is compressed (or "")."""
    path = PurePosixPath(name)
    compression = COMPRESSIONS.get(path.suffix.lower(), "")
    suffix = PurePosixPath(path.stem).suffix if compression else path.suffix
    return FORMATS.get(suffix.lower(), "unknown"), compression


def without_suffixes(name: str) -> tuple[str, str, str]:
    """Return a name without the suffixes of format and compression, with that of its format, and with all."""
    form, compression = format_of_name(name)
    with_format = name.removesuffix(PurePosixPath(name).suffix) if compression else name
    bare = with_format.removesuffix(PurePosixPath(with_format).suffix) if form != "unknown" else with_format
    return bare, with_format, name


def detect_format(head: bytes, by_suffix: str) -> str:
    """Return the format of a file; ``unknown`` where neither its content nor its suffix tells it.

    Args:
        head: Its first bytes, decompressed, as many as the stream shows at once (``compression.HEAD``).
        by_suffix: The format that its suffix speaks for, ``unknown`` where it speaks for none.
    """
    if (by_magic := _by_magic(head)) is not None:
        return by_magic
    if by_suffix in _OFTEN_PAGES:
        return "html" if _outermost(_decoded(head)) == "html" else by_suffix
    if by_suffix not in _OPEN_TO_CONTENT:
        return by_suffix
    return _by_text(_decoded(head), by_suffix) or by_suffix


def detect_zip(names: Collection[str], read: Callable[[str], bytes]) -> str:
    """Return what a ZIP archive is, by the names of its members; ``zip`` where it is no more than an archive.

    Args:
        names: The names in its directory.
        read: Returns the first bytes of a member; called for ``mimetype`` alone.
    """
    mimetype = read("mimetype").strip().decode("ascii", "replace") if "mimetype" in names else ""
    if mimetype == "application/epub+zip" or "META-INF/container.xml" in names:
        return "epub"
    if mimetype.startswith("application/vnd.oasis.opendocument."):
        return "odt" if mimetype.partition("opendocument.")[2].startswith("text") else "office"
    if "[Content_Types].xml" in names:
        return "docx" if "word/document.xml" in names else "xlsx" if "xl/workbook.xml" in names else "office"
    if "datapackage.json" in names and any(name.startswith("archive/") for name in names):
        return "wacz"
    if any(re.fullmatch(r"(?:.*/)?metadata_\d+_to_\d+\.json", name) for name in names):
        return "omnivore"
    return "zip"


def _by_magic(head: bytes) -> str | None:
    """Return what the first bytes can be nothing but."""
    start = head[:1024].lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    for magic, form in _BY_MAGIC.items():
        if head.startswith(magic) or (form in ("pdf", "rtf", "warc") and start.startswith(magic)):
            return form
    return "tar" if _is_tar(head[:512]) else None


def _is_tar(header: bytes) -> bool:
    """Say whether a block of 512 bytes is a member's header in a tar archive: by its mark, or its sum in old ones."""
    if len(header) < 512:
        return False
    if header.startswith(_TAR[1], _TAR[0]):
        return True
    try:
        total = int(header[148:156].strip(b"\0 ") or b"x", 8)
    except ValueError:
        return False
    return bool(header[0]) and total == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _decoded(head: bytes) -> str:
    """Return the beginning of a text well enough to see its signs, whatever its encoding."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace").lstrip("\ufeff")
    if head[:4] in (b"<\0?\0", b"\0<\0?"):
        return head.decode("utf-16-le" if head[1] == 0 else "utf-16-be", "replace")
    return head.decode("utf-8", "replace").lstrip("\ufeff")


def _by_text(text: str, by_suffix: str) -> str | None:
    """Return what the beginning of a text gives away; None where it may be anything."""
    if (export := _export(text, by_suffix)) is not None:
        return export
    root = _outermost(text)
    if root is not None and (by_suffix != "html" or _XML_ROOTS.get(root) == "feed"):
        if root in _SHARED_ROOTS and not _is_read(root, text):
            root = ""
        if root in _XML_ROOTS or root in _SHARED_ROOTS:
            return _XML_ROOTS.get(root, "news xml")
        if text.lstrip().startswith("<?xml"):
            return "xml"
    if by_suffix in ("plain", "unknown", "mbox", "mail") and (form := _letters(text, by_suffix)):
        return form
    if by_suffix in ("json", "plain", "unknown") and _JSON_FEED.match(text):
        return "jsonfeed"
    if (by_suffix == "unknown" and _JSON.match(text)) or (by_suffix in ("plain", "table") and _is_json(text)):
        return "json"
    if by_suffix in ("plain", "unknown") and _is_table(text):
        return "table"
    return "urls" if by_suffix in ("plain", "unknown") and _is_list_of_urls(text) else None


def _export(text: str, by_suffix: str) -> str | None:
    """Return which export a text is, of those that nothing else looks like."""
    if _BOOKMARKS.match(text):
        return "bookmarks"
    if _WXR.match(text):
        return "wxr"
    if by_suffix in ("plain", "unknown"):
        return "twitter" if text.startswith("window.YTD.") else "ris" if _RIS.match(text) else None
    return None


def _is_read(root: str, text: str) -> bool:
    """Say whether XML is of the kind that is read, where others have the same outermost element."""
    start = text[:_SHARED_WITHIN].lower()
    return any(mark in start for mark in _SHARED_ROOTS[root])


def _outermost(text: str) -> str | None:
    """Return the name of the outermost element of XML or HTML, None where a text doesn't begin with one."""
    position = 0
    while (match := _PROLOGUE.match(text, position)) is not None:
        if (match["type"] or "").lower() == "html":
            return "html"
        position = match.end()
    root = _ROOT.match(text, position)
    return root[1].lower() if root else None


def _letters(text: str, by_suffix: str) -> str | None:
    if _MBOX.match(text):
        return "mbox"
    names = set()
    for line in text.split("\n")[:200]:
        header = _HEADER.match(line.rstrip("\r"))
        if header:
            names.add(header[1].lower())
        elif not line.strip() or not line.startswith((" ", "\t")):
            break
    known = names & _OF_MAIL
    if by_suffix == "mail" and known:
        return "mail"
    return "mail" if len(known) >= _FEWEST_MAIL_HEADERS and known & _MAIL_SURELY else None


def _is_json(text: str) -> bool:
    """Say whether a text is JSON: its first line or all of it is an object or a list of objects, as far as it goes."""
    if not _JSON.match(text):
        return False
    try:
        json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        # The beginning of a long file ends within its value.
        return len(text) >= _CUT and len(_JSON_KEY.findall(text)) >= _FEWEST_KEYS
    return True


def _is_table(text: str) -> bool:
    """Say whether a text is CSV: its first line names several of an article's fields, title or text among them."""
    header, *rows = [line for line in text.split("\n", 20) if line.strip()][:20] or [""]
    for delimiter in ",;\t|":
        names = [name.strip('\r"') for name in header.split(delimiter)]
        known = [field for field in COMMON_ALIASES if any(is_common(name, field) for name in names)]
        if len(known) >= _FEWEST_COLUMNS and not any(" " in name[:1] or not name for name in names):
            return {"title", "text"} & {*known} != set() and any(delimiter in row for row in rows)
    return False


def _is_list_of_urls(text: str) -> bool:
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
    # The last line may be cut where the head ends.
    return bool(lines) and all(_URL_LINE.match(line) for line in lines[: max(1, len(lines) - 1)])
