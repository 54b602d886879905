"""AsciiDoc: the header of a document, its sections, and its text without marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.dates import parse_dated
from searchkit.ingest.formats.front_matter import FrontMatter, split_front_matter
from searchkit.ingest.formats.light_markup import assembled, item_mark, paragraph
from searchkit.ingest.formats.sections import Block
from searchkit.ingest.text_cleanup import Vocabulary, clean

_TITLE = re.compile(r"(?:=|#)[ \t]+(?P<text>\S.*)")
_HEADING = re.compile(r"(?P<marks>={1,6}|#{1,6})[ \t]+(?P<text>\S.*?)(?:[ \t]+(?P=marks))?")
_UNDERLINE = re.compile(r"={4,}|-{4,}|~{4,}|\^{4,}|\+{4,}")
_UNDERLINES = "=-~^+"
_ATTRIBUTE = re.compile(r":!?(?P<key>[\w-]{1,60})!?:(?:[ \t]+(?P<value>.*))?")
_AUTHOR = re.compile(
    r"[^\W\d_][^\d=:;<>\[\]{}]{1,80}?(?:[ \t]*<[^<>\s]+>)?(?:;[ \t]*[^\W\d_][^\d=:<>]{1,80}(?:<[^<>\s]+>)?)*"
)
_REVISION = re.compile(r"(?:v?[\d.]+\w*,[ \t]*)?(?P<date>[^:,]*\d{4}[^:,]*|[^\W\d]+ \d{1,2}, \d{4})(?:[:,][ \t]*.*)?")
_KEYS = {
    **{key: key for key in ("author", "authors", "keywords", "tags", "description", "lang", "date", "title", "source")},
    "revdate": "date",
    "page-tags": "tags",
    "docdate": "date",
    "page-date": "date",
}

_FENCES = re.compile(r"(?P<mark>-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|```|--|[|,:!]={3,})(?P<language>\w*)")
_BLOCK_ATTRIBUTES = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]")
_BLOCK_TITLE = re.compile(r"\.(?P<text>[^\s.].*)")
_DIRECTIVE = re.compile(r"(?:include|toc|ifdef|ifndef|ifeval|endif|video|audio|icon)::[^\[\]]*\[.*\]?")
_PICTURE = re.compile(r"image::?(?P<target>[^\[\]\s]+)\[(?P<text>[^\[\]]*)\]")
_SILENT = re.compile(r"//(?:[^/].*)?|<<<|'{3,}|\*{3}|-{3}|\+")
_ITEM = re.compile(r"(?P<mark>\*{1,5}|-|\.{1,5}|\d{1,4}\.|<\d+>)[ \t]+(?P<text>\S.*)")
_TERM = re.compile(r"(?P<term>\S.{0,200}?)(?:::{1,3}|;;)(?:[ \t]+(?P<text>.*))?")
_CHECK = re.compile(r"^\[[ x*]\] ")

_LINK = re.compile(
    r"(?:\blink:|\bxref:|(?=https?://|mailto:))(?P<target>[^\s\[\]<>]{1,2000})\[(?P<text>[^\[\]]{0,1000})\]"
)
_CROSS = re.compile(r"<<(?P<target>[^<>,]{1,200})(?:,(?P<text>[^<>]{0,500}))?>>")
_NOTE = re.compile(r"\bfootnote:[\w-]*\[(?P<text>[^\[\]]{0,2000})\]")
_MACRO = re.compile(r"\b(?:kbd|btn|pass|menu|icon|stem|latexmath|indexterm2?):[\w-]*\[(?P<text>[^\[\]]{0,500})\]")
_ANCHOR = re.compile(r"\[\[[^\[\]]{1,200}\]\]|\[#[\w-]+\](?=\S)|\(\(\([^()]{1,300}\)\)\)")
_REFERENCE = re.compile(r"\{(?P<name>[\w-]{1,60})\}")
_QUOTES = re.compile(r"([\"'])`([^`\n]{1,500})`\1")
_EMPHASIS = re.compile(r"(\*\*|__|``|##|(?<![\w*_`#^~])[*_`#^~])(?=\S)([^\n]{1,400}?)(?<=\S)\1(?!\w)")
_ROLE = re.compile(r"\[\.?[\w. -]{1,60}\](?=[#*_`])")
_HARD_BREAK = re.compile(r"[ \t]\+\n?$")
_CHARACTERS = {"nbsp": " ", "sp": " ", "empty": "", "blank": "", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”"}
_DEEPEST = 20


def parse_asciidoc(text: str) -> ParsedArticle:
    """Return title, text and sections, and what the header tells: authors, date, attributes.

    Raises ``NotText`` where there is a header alone.
    """
    front = split_front_matter(clean(text))
    lines = [line.rstrip() for line in front.body.strip("\n").split("\n")]
    title, attributes, lines = _header(lines)
    values = {**{_KEYS[key]: value for key, value in attributes.items() if key in _KEYS}, **front.values}
    blocks = list(_blocks(lines, Vocabulary(front.body), attributes, 0))
    return assembled(FrontMatter(body="", values=values, notes=front.notes), _shown(title, attributes), blocks)


def _header(lines: Sequence[str]) -> tuple[str, dict[str, str], list[str]]:
    """Return the title, the attributes (authors and date among them), and the lines below the header."""
    at = 0
    title = ""
    attributes: dict[str, str] = {}
    while at < len(lines) and (not lines[at] or lines[at].startswith("//") or _ATTRIBUTE.fullmatch(lines[at])):
        _take_attribute(lines[at], attributes)
        at += 1
    if at < len(lines) and (match := _TITLE.fullmatch(lines[at])):
        title, at = match["text"], at + 1
    elif at + 1 < len(lines) and _is_underlined(lines, at) == 1:
        title, at = lines[at], at + 2
    else:
        return "", attributes, list(lines[at:])
    begin = at
    while at < len(lines) and lines[at]:
        line = lines[at]
        if line.startswith("//") or _take_attribute(line, attributes):
            pass
        elif (revision := _REVISION.fullmatch(line)) and parse_dated(revision["date"].strip()):
            attributes.setdefault("date", revision["date"].strip())
        elif at == begin and _AUTHOR.fullmatch(line):
            names = (re.sub(r"<[^<>]*>", "", name).strip() for name in line.split(";"))
            attributes.setdefault("author", "; ".join(names))
        else:
            break
        at += 1
    return title, attributes, list(lines[at:])


def _take_attribute(line: str, attributes: dict[str, str]) -> bool:
    match = _ATTRIBUTE.fullmatch(line)
    if match and match["value"]:
        attributes[match["key"].lower()] = match["value"].removesuffix(" \\")
    return match is not None


def _is_underlined(lines: Sequence[str], at: int) -> int:
    """Return the level of a title by the line under it; 0 where it is none."""
    if at + 1 >= len(lines) or not _UNDERLINE.fullmatch(lines[at + 1]) or not re.search(r"\w", lines[at]):
        return 0
    return _UNDERLINES.index(lines[at + 1][0]) + 1 if abs(len(lines[at]) - len(lines[at + 1])) <= 2 else 0


def _blocks(lines: Sequence[str], vocabulary: Vocabulary, attributes: Mapping[str, str], depth: int) -> Iterator[Block]:
    """Yield headings, paragraphs, items, rows of tables and the lines of code."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if fence := _FENCES.fullmatch(line):
            end = next((i for i in range(at + 1, len(lines)) if lines[i] == fence["mark"]), len(lines))
            yield from _fenced(fence["mark"], lines[at + 1 : end], vocabulary, attributes, depth)
            at = end + 1
        elif heading := _HEADING.fullmatch(line):
            yield Block(text=_shown(heading["text"], attributes), level=len(heading["marks"]))
            at += 1
        elif level := _is_underlined(lines, at):
            yield Block(text=_shown(line, attributes), level=level)
            at += 2
        elif not line or _is_silent(line):
            at += 1
        elif picture := _PICTURE.fullmatch(line):
            yield Block(text=_shown(_first(picture["text"]), attributes))
            at += 1
        elif title := _BLOCK_TITLE.fullmatch(line):
            yield Block(text=_shown(title["text"], attributes))
            at += 1
        else:
            end = _end_of_text(lines, at)
            yield from _text(lines[at:end], vocabulary, attributes)
            at = end


def _is_silent(line: str) -> bool:
    patterns = (_SILENT, _BLOCK_ATTRIBUTES, _ATTRIBUTE, _DIRECTIVE)
    return any(pattern.fullmatch(line) for pattern in patterns)


def _end_of_text(lines: Sequence[str], at: int) -> int:
    end = at + 1
    while end < len(lines) and lines[end] and not (_FENCES.fullmatch(lines[end]) or _is_silent(lines[end])):
        end += 1
    return end


def _fenced(
    mark: str, lines: Sequence[str], vocabulary: Vocabulary, attributes: Mapping[str, str], depth: int
) -> Iterator[Block]:
    """Yield what stands between two fences: code as it is, a table by rows, a comment not at all."""
    kind = mark[0]
    if mark.endswith("==="):
        yield from _rows(lines, attributes, mark[0]) if kind != "=" else _inner(lines, vocabulary, attributes, depth)
    elif kind in ".`" or (kind == "-" and len(mark) > 2):
        yield Block(text="\n".join(lines))
    elif kind not in "/+":
        yield from _inner(lines, vocabulary, attributes, depth)


def _inner(lines: Sequence[str], vocabulary: Vocabulary, attributes: Mapping[str, str], depth: int) -> Iterator[Block]:
    if depth < _DEEPEST:
        yield from _blocks(lines, vocabulary, attributes, depth + 1)
    else:
        yield Block(text="\n".join(lines))


def _rows(lines: Sequence[str], attributes: Mapping[str, str], between: str) -> Iterator[Block]:
    """Yield the rows of a table; cells that stand on lines of their own are lines of the text."""
    gap = "\n\n"
    for line in lines:
        cells = (cell.strip() for cell in re.split(rf"(?:(?<=\s)|^)[\d.*+^<>a-z]{{0,8}}\{between}", line))
        if row := " | ".join(_shown(cell, attributes) for cell in cells if cell):
            yield Block(text=row, gap=gap)
            gap = "\n"


def _text(lines: Sequence[str], vocabulary: Vocabulary, attributes: Mapping[str, str]) -> Iterator[Block]:
    """Yield the paragraph, or the items, that lines without a blank one between them are."""
    gap = "\n\n"
    mark = ""
    held: list[str] = []
    for line in [*lines, None]:
        item = _ITEM.fullmatch(line.strip()) if line is not None else None
        term = _TERM.fullmatch(line.strip()) if line is not None and not item else None
        if held and (line is None or item or term):
            yield Block(text=mark + _shown(_lines(held, vocabulary), attributes), gap=gap)
            gap, mark, held = "\n", "", []
        if line is None:
            return
        if item:
            depth = len(item["mark"]) - 1 if item["mark"][0] in "*." else 0
            number = "" if item["mark"][0] in "*.<" else item["mark"]
            mark, held = f"{'  ' * depth}{item_mark(number or '-')} ", [_CHECK.sub("", item["text"])]
        elif term:
            held = [f"{term['term']}: {term['text']}" if term["text"] else f"{term['term']}:"]
        else:
            held.append(line)


def _lines(lines: Sequence[str], vocabulary: Vocabulary) -> str:
    """Return a paragraph; a line that ends with a plus breaks there."""
    parts: list[list[str]] = [[]]
    for line in lines:
        parts[-1].append(_HARD_BREAK.sub("", line))
        if _HARD_BREAK.search(line):
            parts.append([])
    return "\n".join(paragraph(part, vocabulary) for part in parts if part)


def _first(attributes: str) -> str:
    """Return what a picture's attributes say of it: the first, where it has no name."""
    first = attributes.split(",", maxsplit=1)[0].strip().strip('"')
    return "" if "=" in first else first


def _shown(text: str, attributes: Mapping[str, str]) -> str:
    """Return a text without the marks of links, notes, anchors and emphasis."""
    if "{" in text:
        text = _REFERENCE.sub(lambda match: _value(match["name"], attributes, match[0]), text)
    if "[" in text or "<<" in text:
        text = _PICTURE.sub(lambda match: _first(match["text"]), text)
        text = _NOTE.sub(r" (\g<text>)", _MACRO.sub(r"\g<text>", _ANCHOR.sub("", text)))
        text = _LINK.sub(lambda match: match["text"].rstrip("^").split(",window")[0] or match["target"], text)
        text = _CROSS.sub(lambda match: (match["text"] or match["target"].lstrip("#")).strip(), text)
        text = _ROLE.sub("", text)
    return _EMPHASIS.sub(r"\2", _QUOTES.sub(r"\1\2\1", text))


def _value(name: str, attributes: Mapping[str, str], written: str) -> str:
    return attributes.get(name.lower(), _CHARACTERS.get(name, written))
