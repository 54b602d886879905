"""Org: the keys at the top of an Emacs note, its headings, and its text without marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.formats.front_matter import FrontMatter, split_front_matter
from searchkit.ingest.formats.light_markup import ITEM, assembled, dedented, item_mark, paragraph
from searchkit.ingest.formats.sections import Block
from searchkit.ingest.text_cleanup import Vocabulary, clean

_KEYWORD = re.compile(r"\s*#\+(?P<key>[A-Za-z_]{2,40})(?:\[[^\]]*\])?:[ \t]*(?P<value>.*)")
_KEYS = {
    "title": "title",
    "subtitle": "subtitle",
    "author": "author",
    "date": "date",
    "description": "description",
    "keywords": "keywords",
    "filetags": "tags",
    "tags": "tags",
    "categories": "tags",
    "language": "language",
    "lastmod": "lastmod",
    "slug": "slug",
}
"""The keywords of Org, and of its exporters, that say something about the text."""

_HEADING = re.compile(
    r"(?P<stars>\*+)[ \t]+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED|HOLD)[ \t]+)?(?:\[#\w\][ \t]+)?(?P<text>.*?)"
    r"(?:[ \t]+:(?:[\w@#%]+:)+)?[ \t]*"
)
_BEGIN = re.compile(r"[ \t]*#\+begin_(?P<kind>\w+)\b.*", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:[\w-]+:[ \t]*")
_DRAWER_END = re.compile(r"[ \t]*:end:[ \t]*", re.IGNORECASE)
_PLANNING = re.compile(r"[ \t]*(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):.*")
_COMMENT = re.compile(r"[ \t]*#(?:[ \t].*)?")
_TABLE_RULE = re.compile(r"[ \t]*\|[-+|]+\|?[ \t]*")
_RULE = re.compile(r"[ \t]*-{5,}[ \t]*")
_FOOTNOTE = re.compile(r"\[fn:[\w-]*\][ \t]+")

_LINK = re.compile(r"\[\[(?P<target>[^\[\]]{1,1000})\](?:\[(?P<text>[^\[\]]{1,1000})\])?\]")
_PICTURE = re.compile(r"(?:file:|\./|attachment:|https?:).*\.(?:png|jpe?g|gif|svg|webp)", re.IGNORECASE)
_NOTE_MARK = re.compile(r"\[fn:[\w-]*(?::(?P<text>[^\[\]]*))?\]")
_STAMP = re.compile(
    r"[<\[](?P<date>\d{4}-\d\d-\d\d)(?: [^\W\d]+\.?)?(?P<time> \d{1,2}:\d\d(?:-\d{1,2}:\d\d)?)?[^<>\[\]\n]{0,20}[>\]]"
)
_EMPHASIS = re.compile(r"(?<![\w*/_=~+])([*/_=~+])(?=\S)([^\n]{1,300}?)(?<=\S)\1(?![\w*/_=~+])")
_MACRO = re.compile(r"\{\{\{[^{}\n]*\}\}\}|@@[\w]+:[^@\n]*@@")


def parse_org(text: str) -> ParsedArticle:
    """Return title, text and sections, and the keys (``#+title:``, ``#+date:``, …) of a note.

    Raises ``NotText`` where there are keys alone.
    """
    front = split_front_matter(clean(text))
    lines = [line.rstrip() for line in front.body.split("\n")]
    values = {**front.values, **_keys(lines)}
    blocks = list(_blocks(lines, Vocabulary(front.body)))
    return assembled(FrontMatter(body="", values=values, notes=front.notes), "", blocks)


def _keys(lines: Sequence[str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for line in lines:
        match = _KEYWORD.fullmatch(line) if line.lstrip().startswith("#+") else None
        key = _KEYS.get(match["key"].lower()) if match else None
        if match is None or key is None or not (value := _shown(match["value"].strip())):
            continue
        tags = value.strip(":").split(":") if value.startswith(":") else value
        values[key] = f"{values[key]} {value}" if key in values and key == "title" else tags
    return values


def _blocks(lines: Sequence[str], vocabulary: Vocabulary) -> Iterator[Block]:
    """Yield headings, paragraphs, items, rows of tables and the lines of code."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if heading := _HEADING.fullmatch(line):
            yield Block(text=_shown(heading["text"]), level=len(heading["stars"]))
            at += 1
        elif begin := _BEGIN.fullmatch(line):
            end = _end(lines, at + 1, re.compile(rf"[ \t]*#\+end_{begin['kind']}\b.*", re.IGNORECASE))
            yield from _block(begin["kind"].lower(), lines[at + 1 : end], vocabulary)
            at = end + 1
        elif _DRAWER.fullmatch(line) and _end(lines, at + 1, _DRAWER_END) < len(lines):
            at = _end(lines, at + 1, _DRAWER_END) + 1
        elif not line or _is_silent(line):
            caption = _KEYWORD.fullmatch(line)
            if caption and caption["key"].lower() == "caption":
                yield Block(text=_shown(caption["value"]))
            at += 1
        else:
            end = _end_of_text(lines, at)
            yield from _text(lines[at:end], vocabulary)
            at = end


def _end(lines: Sequence[str], at: int, mark: re.Pattern[str]) -> int:
    """Return the line that closes what is open; a heading or the end does, too."""
    while at < len(lines) and not mark.fullmatch(lines[at]):
        if lines[at].startswith("* "):
            return len(lines) if mark is _DRAWER_END else at - 1
        at += 1
    return at


def _is_silent(line: str) -> bool:
    patterns = (_KEYWORD, _PLANNING, _COMMENT, _TABLE_RULE, _RULE)
    return any(pattern.fullmatch(line) for pattern in patterns)


def _end_of_text(lines: Sequence[str], at: int) -> int:
    end = at
    while end < len(lines) and lines[end] and not (_HEADING.fullmatch(lines[end]) or _BEGIN.fullmatch(lines[end])):
        if end > at and _is_silent(lines[end]) and not _TABLE_RULE.fullmatch(lines[end]):
            break
        end += 1
    return end


def _block(kind: str, lines: Sequence[str], vocabulary: Vocabulary) -> Iterator[Block]:
    if kind in {"src", "example", "verse"}:
        yield Block(text="\n".join(dedented(lines)))
    elif kind not in {"comment", "export"}:
        yield from _blocks([line.strip() for line in lines], vocabulary)


def _text(lines: Sequence[str], vocabulary: Vocabulary) -> Iterator[Block]:
    """Yield the paragraph, the items or the rows that lines without a blank one between them are."""
    gap = "\n\n"
    held: list[str] = []
    mark = ""
    for line in [*lines, None]:
        item = ITEM.fullmatch(line.strip()) if line is not None else None
        row = line is not None and line.strip().startswith("|")
        if held and (line is None or item or row):
            yield Block(text=mark + _shown(paragraph(held, vocabulary)), gap=gap)
            gap, mark, held = "\n", "", []
        if line is None or _TABLE_RULE.fullmatch(line):
            continue
        if row:
            cells = (_shown(cell.strip()) for cell in line.strip().strip("|").split("|"))
            yield Block(text=" | ".join(filter(None, cells)), gap=gap)
            gap = "\n"
        elif item and (line[:1] != "*" or held == []):
            mark = f"{' ' * (len(line) - len(line.lstrip()))}{item_mark(item['mark'])} "
            held = [re.sub(r"^\[[ X-]\] ", "", item["text"]).replace(" :: ", ": ")]
        else:
            held.append(_FOOTNOTE.sub("", line) if not held else line)


def _shown(text: str) -> str:
    """Return a text without the marks of links, notes, time stamps and emphasis."""
    if "[" in text:
        text = _NOTE_MARK.sub(lambda match: f" ({match['text']})" if match["text"] else "", text)
        text = _LINK.sub(_link, text)
    text = _STAMP.sub(r"\g<date>\g<time>", text)
    text = _EMPHASIS.sub(r"\2", text)
    return _MACRO.sub("", text) if "{{{" in text or "@@" in text else text


def _link(link: re.Match[str]) -> str:
    if link["text"]:
        return "" if _PICTURE.fullmatch(link["text"]) else link["text"]
    return "" if _PICTURE.fullmatch(link["target"]) else link["target"].removeprefix("file:").lstrip("*#")
