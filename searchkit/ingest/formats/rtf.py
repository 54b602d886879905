"""RTF: the text of a rich text file, in whatever code pages, and what its information group tells."""

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


def parse_rtf(data: bytes) -> ParsedArticle:
    """Return title, text, sections and properties. A file's text is read as plain text is: title, headings, paragraphs.

    Raises ``NotText`` where nothing is written in it.
    """
    codec = _code_page(data)
    source = _CODE_PAGE_MARK.sub("", data.decode(codec, "replace"))
    properties = _properties(source, codec)
    written = _text(source, codec)
    draft = parse_plain(written)
    title = str(properties.pop("title", ""))
    text = str(draft.values["text"])
    if not text.strip() and not draft.values["title"]:
        raise NotText("has no text")
    if title and draft.values["title"] and title.casefold() != str(draft.values["title"]).casefold():
        draft = parse_plain(f"{title}\n\n{written}")
    return ParsedArticle(values={**draft.values, **properties}, sections=draft.sections, notes=draft.notes)


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
