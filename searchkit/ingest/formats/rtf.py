"""RTF: the text of a rich text file, in whatever code pages, its notes, and what its information group tells.

The notes stand behind the text, as those of a Word document do. Headers, footers and comments are fields. What was
deleted while changes were tracked is left out. Pictures and what is drawn are lost.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.document_properties import file_properties, sensible_authors, sensible_title
from searchkit.ingest.formats.plain_text import parse_plain
from searchkit.ingest.text_cleanup import clean

_CODE_PAGE = re.compile(rb"\\ansicpg(\d{1,5})")
_CODE_PAGE_MARK = re.compile(r"\\ansicpg\d*")
"""The library stops at a code page that it doesn't know."""
_CODE_PAGES: Mapping[str, str] = {"10000": "mac_roman", "65001": "utf-8", "0": "cp1252", "1": "cp1252"}
_PICTURE_DATA = re.compile(r"(?:[0-9a-fA-F]{40,}+\s*+)+")
_PICTURE = re.compile(r"\\pict(?![a-z])")
_BINARY = re.compile(r"\\bin(\d{1,9}) ?")
_HIDDEN = re.compile(r"\{[^{}\\]*\\v\b[^{}]*\}")
_INFO = re.compile(r"\{\\info\b")
_GROUP = r"\{{\\(?:\*\\)?{name}\b\s?(?P<text>(?:[^{{}}\\]|\\.|\{{\\(?:upr|\*)[^{{}}]*\}})*)\}}"
_TIME = re.compile(
    r"\\yr(?P<year>\d{4})\\mo(?P<month>\d{1,2})\\dy(?P<day>\d{1,2})(?:\\hr(?P<hour>\d{1,2})\\min(?P<minute>\d{1,2}))?"
)
_INFO_WITHIN = 100_000
_ASIDE = re.compile(
    r"\{\s*+(?:\\\*\s*+)?"
    r"\\(?P<name>footnote|annotation|(?:header|footer)(?=[lrf]?(?![a-z])))[lrf]?(?![a-z])(?:-?\d+)? ?"
)
"""What begins a group that stands aside of the text."""
_BRACE = re.compile(r"\\[\\{}]|[{}]")
_DELETED = re.compile(r"(?<!\\)(?:\\\\)*+(?P<mark>\\deleted(?:1(?!\d)|(?![-\da-z])) ?)")
_DELETED_END = re.compile(r"\\[\\{}]|[{}]|\\(?:deleted0+|plain)(?![\da-z]) ?")
_OPEN_WORD = re.compile(r"(?<!\\)(?:\\\\)*\\[a-z]{1,32}(?:-?\d{1,10})?\Z")
"""A control word that ends a text: the next space would be taken for its end."""
_NOTE_MARK = re.compile(r"\\(?:chftn|ftnalt|chatn)(?![a-z]) ?|\{\s*\\super\s*\}")
_LONGEST_PAGE_NUMBER = 30
_PAGE_NUMBER = re.compile(r"[\W\d]*(?:\w{1,6}[\W\d]*)?")
"""A header that says no more than the page's number: ``- 3 -``, ``Page 3``."""


def parse_rtf(data: bytes) -> ParsedArticle:
    """Return title, text, sections and properties. A file's text is read as plain text is: title, headings, paragraphs.

    Raises ``NotText`` where nothing is written in it.
    """
    codec = _code_page(data)
    source = _CODE_PAGE_MARK.sub("", data.decode(codec, "replace"))
    properties = _properties(source, codec)
    source, aside = _parted(_without_deleted(source))
    body = _text(source, codec)
    notes = [text for content in aside.get("footnote", ()) if (text := _aside_text(content, codec))]
    written = "\n\n".join([body.rstrip(), *notes]) if notes else body
    draft = parse_plain(written)
    title = str(properties.pop("title", ""))
    text = str(draft.values["text"])
    if not text.strip() and not draft.values["title"]:
        raise NotText("has no text")
    if title and draft.values["title"] and title.casefold() != str(draft.values["title"]).casefold():
        draft = parse_plain(f"{title}\n\n{written}")
    values = {**draft.values, **properties, **_aside_fields(aside, codec)}
    return ParsedArticle(values=values, sections=draft.sections, notes=draft.notes)


def _parted(source: str) -> tuple[str, dict[str, list[str]]]:
    """Return a file without its notes, comments, headers and footers, and these by their names."""
    aside: dict[str, list[str]] = {}
    parts: list[str] = []
    at = 0
    while (start := _ASIDE.search(source, at)) is not None:
        end = _group_end(source, start.end())
        aside.setdefault(start["name"], []).append(source[start.end() : end])
        parts.append(_closed(source[at : start.start()]))
        at = end + 1
    return "".join([*parts, source[at:]]), aside


def _closed(text: str) -> str:
    """Return a part of a file so that a space behind it is one of the text."""
    return f"{text} " if _OPEN_WORD.search(text, max(0, len(text) - 100)) else text


def _without_deleted(source: str) -> str:
    """Return a file without what was deleted while changes were tracked: it is still there, to be taken back."""
    parts: list[str] = []
    at = 0
    while (start := _DELETED.search(source, at)) is not None:
        parts.append(_closed(source[at : start.start("mark")]))
        at = _deleted_end(source, start.end())
    return "".join([*parts, source[at:]])


def _deleted_end(source: str, at: int) -> int:
    """Return where the text ends that is marked as deleted: with its group, or where the mark is taken back."""
    depth = 0
    for match in _DELETED_END.finditer(source, at):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth < 0:
            return match.start()
        if not depth and match[0].startswith(("\\deleted", "\\plain")):
            return match.end()
    return len(source)


def _group_end(source: str, at: int) -> int:
    """Return where the group ends that has begun before a place."""
    depth = 1
    for match in _BRACE.finditer(source, at):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if not depth:
            return match.start()
    return len(source)


def _aside_text(content: str, codec: str) -> str:
    text = _text(f"{{\\rtf1 {_NOTE_MARK.sub('', content)}}}", codec)
    return " ".join(text.split())


def _aside_fields(aside: Mapping[str, list[str]], codec: str) -> dict[str, object]:
    """Return comments, headers and footers as fields; what says no more than the page's number is none."""
    names = {"annotation": "notes", "header": "page_header", "footer": "page_footer"}
    fields: dict[str, object] = {}
    for name, field in names.items():
        texts = dict.fromkeys(_aside_text(content, codec) for content in aside.get(name, ()))
        kept = [text for text in texts if text and (name == "annotation" or not _is_page_number(text))]
        if kept:
            fields[field] = kept
    return fields


def _is_page_number(text: str) -> bool:
    return len(text) < _LONGEST_PAGE_NUMBER and bool(_PAGE_NUMBER.fullmatch(text))


def _code_page(data: bytes) -> str:
    match = _CODE_PAGE.search(data[:10_000])
    name = match[1].decode() if match else "1252"
    codec = _CODE_PAGES.get(name, f"cp{name}")
    try:
        codecs.lookup(codec)
    except LookupError:
        return "cp1252"
    return codec


def _text(source: str, codec: str) -> str:
    from striprtf import striprtf

    convert: Any = striprtf.rtf_to_text
    # The library looks for links by an expression that is slow in long lines; it meets none in this spelling. Its own
    # way around pictures fails at some: to it they are another group that isn't shown.
    source = _PICTURE.sub(r"\\private", _PICTURE_DATA.sub("", _HIDDEN.sub("", _without_binary(source))))
    source = source.replace("\\fldinst{", "\\fldinst {")
    text = str(convert(source, encoding=codec, errors="replace"))
    rows = (line.rstrip("|").replace("|", " | ") if line.endswith("|") else line for line in text.split("\n"))
    return clean("\n".join(rows))


def _without_binary(source: str) -> str:
    """Leave out what stands in the file as bytes: a ``bin`` says how many follow."""
    parts: list[str] = []
    at = 0
    for match in _BINARY.finditer(source):
        if match.start() >= at:
            parts.append(source[at : match.start()])
            at = match.end() + int(match[1])
    return "".join(parts) + source[at:]


def _properties(source: str, codec: str) -> dict[str, object]:
    info = _INFO.search(source, 0, _INFO_WITHIN)
    if info is None:
        return {}
    group = source[info.start() : info.start() + _INFO_WITHIN]

    def told(name: str) -> str:
        match = re.search(_GROUP.format(name=name), group)
        return _text(f"{{\\rtf1 {match['text']}}}", codec).strip() if match else ""

    others = {
        "title": sensible_title(told("title")),
        "authors": sensible_authors([told("author")]),
        "keywords": told("keywords"),
        "subject": told("subject"),
    }
    return file_properties(_time(group, "creatim"), _time(group, "revtim"), others)


def _time(group: str, name: str) -> str:
    at = group.find(f"{{\\{name}")
    match = _TIME.search(group, at, at + 100) if at >= 0 else None
    if match is None or match["year"] == "0000":
        return ""
    day = f"{match['year']}-{match['month']:0>2}-{match['day']:0>2}"
    return f"{day}T{match['hour']:0>2}:{match['minute']:0>2}" if match["hour"] else day
